//! A check in words, as an explanation quotes it.

use super::{Check, Condition, Measure, Op, Order};
use crate::host::Host;
use crate::json::Value;
use crate::time::{Millis, duration_text};

/// What a check asks for: `at least 2`, `one of "a", "b"`. Figures of [`Measure::Ago`] are written as durations.
pub fn check_words(check: &Check, measure: Option<Measure>, host: &dyn Host) -> String {
    match check {
        Check::Equals(value) => value_words(value, measure, host),
        Check::Meets(ops) if ops.is_empty() => "anything".to_owned(),
        Check::Meets(ops) => ops
            .iter()
            .map(|op| op_words(op, measure, host))
            .collect::<Vec<_>>()
            .join(" and "),
    }
}

/// A value as its author would write it; `nothing` for what isn't there.
pub fn value_words(value: &Value, measure: Option<Measure>, host: &dyn Host) -> String {
    match (value, measure) {
        (Value::Null, Some(_)) => "never".to_owned(),
        (Value::Null, None) => "nothing".to_owned(),
        (Value::Number(span), Some(Measure::Ago)) => duration_text(*span as Millis),
        _ => value.to_json(host),
    }
}

fn op_words(op: &Op, measure: Option<Measure>, host: &dyn Host) -> String {
    let words = |value: &Value| value_words(value, measure, host);
    let list = |values: &[Value]| values.iter().map(words).collect::<Vec<_>>().join(", ");
    match op {
        Op::Same(true, value) => words(value),
        Op::Same(false, value) => ["not ", &words(value)].concat(),
        Op::Order(order, value) => [order_words(*order), &words(value)].concat(),
        Op::Version(order, value) => [order_words(*order), "version ", &words(value)].concat(),
        Op::In {
            within, list: values, ..
        } => [if *within { "one of " } else { "none of " }, &list(values)].concat(),
        Op::Every(_, checks) => {
            let parts: Vec<String> = checks.iter().map(|check| check_words(check, measure, host)).collect();
            ["a list with ", &parts.join(" and ")].concat()
        }
        Op::Size(check) => ["a list of length ", &check_words(check, measure, host)].concat(),
        Op::Item(check) => ["a list with an item that is ", &check_words(check, measure, host)].concat(),
        Op::Fields(condition) => ["a list with an item whose ", &fields_words(condition, host)].concat(),
        Op::Exists(true) => "set".to_owned(),
        Op::Exists(false) => "not set".to_owned(),
        Op::Type(name) => ["of type ", name].concat(),
        Op::Regex(_, pattern) => ["matching /", pattern, "/"].concat(),
        Op::Not(check) => ["not ", &check_words(check, measure, host)].concat(),
        Op::Never | Op::Unknown => "something that can't be".to_owned(),
    }
}

fn order_words(order: Order) -> &'static str {
    match order {
        Order::Equal => "",
        Order::NotEqual => "other than ",
        Order::Less => "less than ",
        Order::LessOrEqual => "at most ",
        Order::Greater => "more than ",
        Order::GreaterOrEqual => "at least ",
    }
}

fn fields_words(condition: &Condition, host: &dyn Host) -> String {
    match condition {
        Condition::Is(test) => [&test.name, " is ", &check_words(&test.check, None, host)].concat(),
        Condition::All(parts) => parts
            .iter()
            .map(|part| fields_words(part, host))
            .collect::<Vec<_>>()
            .join(" and "),
        Condition::Any(parts) => parts
            .iter()
            .map(|part| fields_words(part, host))
            .collect::<Vec<_>>()
            .join(" or "),
        Condition::Not(part) => ["not (", &fields_words(part, host), ")"].concat(),
        _ => "condition holds".to_owned(),
    }
}
