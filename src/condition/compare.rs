//! How two values compare: strictly by type, as JavaScript's `===` and `<` do between two numbers or two strings.

use super::Order;
use crate::host::Host;
use crate::json::Value;
use std::cmp::Ordering;

/// JavaScript's `===`: arrays and objects are never the same.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    !matches!(left, Value::List(_) | Value::Map(_)) && left == right
}

pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// Two numbers or two strings in the order asked for. Anything else: no.
pub(super) fn meets_order(order: Order, value: &Value, bound: &Value) -> bool {
    let ordering = match (value, bound) {
        (Value::Number(value), Value::Number(bound)) => value.partial_cmp(bound),
        (Value::Text(value), Value::Text(bound)) => Some(compare_text(value, bound)),
        _ => None,
    };
    ordering.is_some_and(|ordering| is(order, ordering))
}

/// Two versions in the order asked for. What is no version differs from every version.
pub(super) fn meets_version(order: Order, value: &Value, version: &Value, host: &dyn Host) -> bool {
    match (value, version) {
        (Value::Number(_), Value::Number(_)) | (Value::Text(_), Value::Text(_)) => {
            is(order, compare_text(&padded(value, host), &padded(version, host)))
        }
        _ => order == Order::NotEqual,
    }
}

fn is(order: Order, ordering: Ordering) -> bool {
    match order {
        Order::Equal => ordering.is_eq(),
        Order::NotEqual => ordering.is_ne(),
        Order::Less => ordering.is_lt(),
        Order::LessOrEqual => ordering.is_le(),
        Order::Greater => ordering.is_gt(),
        Order::GreaterOrEqual => ordering.is_ge(),
    }
}

/// By UTF-16 code units, as JavaScript does: an emoji sorts before `\u{ffff}`.
fn compare_text(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// A version as text that sorts: numbers padded to five places, a release after its pre-releases.
/// <https://docs.growthbook.io/lib/build-your-own>, "Version comparison".
fn padded(version: &Value, host: &dyn Host) -> String {
    let text = match version {
        Value::Number(number) => host.digits(*number),
        other => other.text().unwrap_or_default().to_owned(),
    };
    let text = if text.is_empty() { "0" } else { &text };
    let text = text.strip_prefix('v').unwrap_or(text);
    let text = text.split('+').next().unwrap_or_default();
    let mut parts: Vec<&str> = text.split(['-', '.']).collect();
    if parts.len() == 3 {
        parts.push("~");
    }
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push('-');
        }
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            (part.len()..5).for_each(|_| out.push(' '));
        }
        out.push_str(part);
    }
    out
}
