//! A check in words, as an explanation quotes it.

use super::{Check, Condition, Measure, Op, Order};
use crate::host::Host;
use crate::json::Value;
use crate::time::{Millis, duration_text};
use crate::words::{add_to_list, say};

/// What a check asks for: `at least 2`, `one of "a", "b"`. Spans are written as durations.
#[must_use]
pub fn check_words(check: &Check, measure: Option<Measure>, host: &dyn Host) -> String {
    let ops = match check {
        Check::Equals(value) => return value_words(value, measure, host),
        Check::Meets(ops) if ops.is_empty() => return "anything".to_owned(),
        Check::Meets(ops) => ops,
    };
    let mut words = String::new();
    for op in ops {
        add_to_list(&mut words, " and ", &op_words(op, measure, host));
    }
    words
}

/// A value as its author would write it; `nothing` for what isn't there.
#[must_use]
pub fn value_words(value: &Value, measure: Option<Measure>, host: &dyn Host) -> String {
    match (value, measure) {
        (Value::Null, Some(measure)) if measure.is_span() => "never".to_owned(),
        (Value::Null, _) => "nothing".to_owned(),
        (Value::Number(span), Some(measure)) if measure.is_span() => duration_text(*span as Millis),
        _ => value.to_json(host),
    }
}

fn op_words(op: &Op, measure: Option<Measure>, host: &dyn Host) -> String {
    let inner = |check: &Check| check_words(check, measure, host);
    let (template, words) = match op {
        Op::Same(true, value) => ("%", value_words(value, measure, host)),
        Op::Same(false, value) => ("other than %", value_words(value, measure, host)),
        Op::Order(order, value) => (order_words(*order), value_words(value, measure, host)),
        Op::Version(order, value) => {
            return say(
                order_words(*order),
                &[&say("version %", &[&value_words(value, measure, host)])],
            );
        }
        Op::In { within, list, .. } => {
            let mut words = String::new();
            for value in list {
                add_to_list(&mut words, ", ", &value_words(value, measure, host));
            }
            (if *within { "one of %" } else { "none of %" }, words)
        }
        Op::Every(_, checks) => {
            let mut words = String::new();
            for check in checks {
                add_to_list(&mut words, " and ", &inner(check));
            }
            ("a list with %", words)
        }
        Op::Size(check) => ("a list of length %", inner(check)),
        Op::Item(check) => ("a list with an item that is %", inner(check)),
        Op::Fields(condition) => ("a list with an item whose %", fields_words(condition, host)),
        Op::Exists(wanted) => (if *wanted { "set" } else { "not set" }, String::new()),
        Op::Type(name) => ("of type %", name.clone()),
        Op::Regex(_, pattern) => ("matching /%/", pattern.clone()),
        Op::Not(check) => ("not %", inner(check)),
        Op::Never | Op::Unknown => ("something that can't be", String::new()),
    };
    say(template, &[&words])
}

fn order_words(order: Order) -> &'static str {
    match order {
        Order::Equal => "%",
        Order::NotEqual => "other than %",
        Order::Less => "less than %",
        Order::LessOrEqual => "at most %",
        Order::Greater => "more than %",
        Order::GreaterOrEqual => "at least %",
    }
}

/// A condition on fields: `item_category is "running" and price is more than 50`.
#[must_use]
pub fn fields_words(condition: &Condition, host: &dyn Host) -> String {
    let (separator, parts) = match condition {
        Condition::Is(test) => return say("% is %", &[&test.name, &check_words(&test.check, None, host)]),
        Condition::Not(part) => return say("not (%)", &[&fields_words(part, host)]),
        Condition::All(parts) => (" and ", parts),
        Condition::Any(parts) => (" or ", parts),
        _ => return "condition holds".to_owned(),
    };
    let mut words = String::new();
    for part in parts {
        add_to_list(&mut words, separator, &fields_words(part, host));
    }
    words
}
