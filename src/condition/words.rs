//! A check in words, as an explanation quotes it.

use super::Measure;
use super::record::{op, order, part, parts_of};
use crate::host::Host;
use crate::json::Value;
use crate::records::{List, Record};
use crate::time::{Millis, duration_text};
use crate::words::{add_to_list, say};

/// What a check asks for: `at least 2`, `one of "a", "b"`. Spans are written as durations.
#[must_use]
pub fn check_words(check: Record, measure: Option<Measure>, host: &dyn Host) -> String {
    check.within(|| ops_words(check, measure, host)).unwrap_or_default()
}

fn ops_words(check: Record, measure: Option<Measure>, host: &dyn Host) -> String {
    if !check.flag(0) {
        return operand_words(check.record(1), measure, host);
    }
    let ops = check.tail(1);
    if ops.is_empty() {
        return "anything".to_owned();
    }
    let mut words = String::new();
    for op in ops.records() {
        add_to_list(&mut words, " and ", &op_words(op, measure, host));
    }
    words
}

fn operand_words(operand: Record, measure: Option<Measure>, host: &dyn Host) -> String {
    value_words(&Value::of(operand), measure, host)
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

fn op_words(op: Record, measure: Option<Measure>, host: &dyn Host) -> String {
    let operand = |field: usize| operand_words(op.record(field), measure, host);
    let inner = || check_words(op.record(1), measure, host);
    let (template, words) = match op.word(0) {
        op::SAME if op.flag(1) => ("%", operand(2)),
        op::SAME => ("other than %", operand(2)),
        op::ORDER => (order_words(op.word(1)), operand(2)),
        op::VERSION => return say(order_words(op.word(1)), &[&say("version %", &[&operand(2)])]),
        op::IN => {
            let template = if op.flag(1) { "one of %" } else { "none of %" };
            (
                template,
                listed(op.tail(3), ", ", |value| operand_words(value, measure, host)),
            )
        }
        op::EVERY => (
            "a list with %",
            listed(op.tail(2), " and ", |check| check_words(check, measure, host)),
        ),
        op::SIZE => ("a list of length %", inner()),
        op::ITEM => ("a list with an item that is %", inner()),
        op::FIELDS => ("a list with an item whose %", fields_words(op.record(1), host)),
        op::EXISTS => (if op.flag(1) { "set" } else { "not set" }, String::new()),
        op::TYPE => ("of type %", op.text(1).to_owned()),
        op::REGEX => ("matching /%/", op.text(2).to_owned()),
        op::NOT => ("not %", inner()),
        _ => ("something that can't be", String::new()),
    };
    say(template, &[&words])
}

fn listed(list: List, separator: &str, words_of: impl Fn(Record) -> String) -> String {
    let mut words = String::new();
    for record in list.records() {
        add_to_list(&mut words, separator, &words_of(record));
    }
    words
}

fn order_words(order: usize) -> &'static str {
    match order {
        order::EQUAL => "%",
        order::NOT_EQUAL => "other than %",
        order::LESS => "less than %",
        order::LESS_OR_EQUAL => "at most %",
        order::GREATER => "more than %",
        _ => "at least %",
    }
}

/// A condition on fields: `item_category is "running" and price is more than 50`.
#[must_use]
pub fn fields_words(condition: Record, host: &dyn Host) -> String {
    condition.within(|| parts_words(condition, host)).unwrap_or_default()
}

fn parts_words(condition: Record, host: &dyn Host) -> String {
    let inner = |part: Record| fields_words(part, host);
    match condition.word(0) {
        part::IS => {
            let check = check_words(condition.record(part::CHECK), None, host);
            say("% is %", &[condition.text(part::WORDS), &check])
        }
        part::NOT => say("not (%)", &[&inner(condition.record(1))]),
        part::ALL => listed(parts_of(condition), " and ", inner),
        part::ANY => listed(parts_of(condition), " or ", inner),
        _ => "condition holds".to_owned(),
    }
}
