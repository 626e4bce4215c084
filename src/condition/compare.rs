//! How a value compares with an operand: strictly by type, as JavaScript's `===` and `<` do between two numbers or two strings.

use super::is_text;
use super::record::{kind, order};
use crate::host::Host;
use crate::json::Value;
use crate::records::Record;
use crate::words::pieces;
use std::cmp::Ordering;

/// JavaScript's `===`: arrays and objects are never the same.
pub(super) fn same(value: &Value, operand: Record) -> bool {
    !matches!(value, Value::List(_) | Value::Map(_)) && equals(value, operand)
}

/// Equal in type and value, arrays and objects in depth and order.
pub(super) fn equals(value: &Value, operand: Record) -> bool {
    match (value, operand.word(0)) {
        (Value::Null, kind::NULL) => true,
        (Value::Bool(truth), kind::BOOL) => *truth == operand.flag(1),
        (Value::Number(number), kind::NUMBER) => *number == operand.amount(1),
        (Value::Text(text), kind::TEXT) => text == operand.text(1),
        (Value::List(items), kind::LIST) => {
            let wanted = operand.tail(1);
            items.len() == wanted.len()
                && items
                    .iter()
                    .zip(wanted.records())
                    .all(|(item, wanted)| equals(item, wanted))
        }
        (Value::Map(members), kind::MAP) => {
            let wanted = operand.tail(1);
            members.len() == wanted.len()
                && members
                    .iter()
                    .zip(wanted.records())
                    .all(|((key, member), wanted)| key == wanted.text(0) && equals(member, wanted.record(1)))
        }
        _ => false,
    }
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
pub(super) fn meets_order(order: usize, value: &Value, bound: Record) -> bool {
    let ordering = match (value, bound.word(0)) {
        (Value::Number(value), kind::NUMBER) => value.partial_cmp(&bound.amount(1)),
        (Value::Text(value), kind::TEXT) => Some(compare_text(value, bound.text(1))),
        _ => None,
    };
    ordering.is_some_and(|ordering| is(order, ordering))
}

/// Two versions in the order asked for. What is no version differs from every version.
pub(super) fn meets_version(order: usize, value: &Value, version: Record, host: &dyn Host) -> bool {
    let (value, version) = match value {
        Value::Number(number) if version.word(0) == kind::NUMBER => {
            (&host.digits(*number), &host.digits(version.amount(1)))
        }
        Value::Text(text) if is_text(version) => (text, &version.text(1).to_owned()),
        _ => return order == order::NOT_EQUAL,
    };
    is(order, compare_text(&padded(value), &padded(version)))
}

fn is(order: usize, ordering: Ordering) -> bool {
    match order {
        order::EQUAL => ordering.is_eq(),
        order::NOT_EQUAL => ordering.is_ne(),
        order::LESS => ordering.is_lt(),
        order::LESS_OR_EQUAL => ordering.is_le(),
        order::GREATER => ordering.is_gt(),
        _ => ordering.is_ge(),
    }
}

/// By UTF-16 code units, as JavaScript does: an emoji sorts before `\u{ffff}`.
fn compare_text(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// A version as text that sorts: numbers padded to five places, a release after its pre-releases.
/// <https://docs.growthbook.io/lib/build-your-own>, "Version comparison".
fn padded(text: &str) -> String {
    let text = if text.is_empty() { "0" } else { text };
    let text = text.strip_prefix('v').unwrap_or(text);
    let text = pieces(text, b"+").next().unwrap_or_default();
    let mut out = String::new();
    let mut parts = 0;
    let mut pad = |part: &str| {
        if parts > 0 {
            out.push('-');
        }
        parts += 1;
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            (part.len()..5).for_each(|_| out.push(' '));
        }
        out.push_str(part);
        parts
    };
    let mut last = 0;
    for part in pieces(text, b"-.") {
        last = pad(part);
    }
    if last == 3 {
        pad("~");
    }
    out
}
