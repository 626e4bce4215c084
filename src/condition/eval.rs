//! What a condition means. Three-valued: what can't be evaluated passes neither plainly nor negated.

use super::compare::{meets_order, meets_version, same, type_name};
use super::{Check, Condition, Did, Op, Path};
use crate::host::Host;
use crate::json::Value;
use std::borrow::Cow;

/// What came out of an evaluation. Only [`Truth::Yes`] passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It doesn't.
    No,
    /// It can't be evaluated; its negation can't either.
    Unknown,
    /// It is malformed; so is everything that contains it.
    Broken,
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Truth::Yes } else { Truth::No }
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            other => other,
        }
    }
}

/// Where conditions get their facts.
pub trait Facts {
    /// What lies at `path`; `Null` when nothing does.
    fn fact(&self, path: &Path) -> Cow<'_, Value>;

    /// The condition of an audience. Most grounds know of none.
    fn audience(&self, _index: usize) -> Option<&Condition> {
        None
    }

    /// The figure a behaviour is measured by; `Null` where there is none, as on most grounds.
    fn measure(&self, _did: &Did) -> Value {
        Value::Null
    }
}

/// Whether `condition` holds of `facts`.
pub fn holds(condition: &Condition, facts: &dyn Facts, host: &dyn Host) -> Truth {
    match condition {
        Condition::All(parts) => all(parts.iter().map(|part| holds(part, facts, host))),
        Condition::Any(parts) => any(parts.iter().map(|part| holds(part, facts, host))),
        Condition::Not(part) => !holds(part, facts, host),
        Condition::Is(test) => meets(&test.check, &facts.fact(&test.path), host),
        Condition::Audience(index) => facts
            .audience(*index)
            .map_or(Truth::Unknown, |audience| holds(audience, facts, host)),
        Condition::Did(did) => meets(&did.check, &facts.measure(did), host),
        Condition::Never => Truth::No,
        Condition::Unknown => Truth::Unknown,
        Condition::Broken => Truth::Broken,
    }
}

/// One "no" decides; without it, one "unknown" does.
fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut result = Truth::Yes;
    for truth in truths {
        match truth {
            Truth::Yes => {}
            Truth::Unknown => result = Truth::Unknown,
            Truth::No | Truth::Broken => return truth,
        }
    }
    result
}

/// One "yes" decides; without it, one "unknown" does.
fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    !all(truths.map(|truth| !truth))
}

/// Whether `value` is what `check` asks for.
pub(super) fn meets(check: &Check, value: &Value, host: &dyn Host) -> Truth {
    match check {
        Check::Equals(wanted) => (wanted == value).into(),
        Check::Meets(ops) => all(ops.iter().map(|op| meets_op(op, value, host))),
    }
}

fn meets_op(op: &Op, value: &Value, host: &dyn Host) -> Truth {
    match op {
        Op::Same(equal, wanted) => (same(value, wanted) == *equal).into(),
        Op::Order(order, bound) => meets_order(*order, value, bound).into(),
        Op::Version(order, version) => meets_version(*order, value, version, host).into(),
        Op::In { within, any_case, list } => (is_in(value, list, *any_case, host) == *within).into(),
        Op::Every(any_case, checks) => match value {
            Value::List(items) => all(checks
                .iter()
                .map(|check| any(items.iter().map(|item| meets_folded(check, item, *any_case, host))))),
            _ => Truth::No,
        },
        Op::Size(check) => match value {
            Value::List(items) => meets(check, &Value::Number(items.len() as f64), host),
            _ => Truth::No,
        },
        Op::Item(check) => any(elements(value).map(|item| meets(check, item, host))),
        Op::Fields(condition) => any(elements(value).map(|item| holds(condition, &Element(item), host))),
        Op::Exists(wanted) => ((*value != Value::Null) == *wanted).into(),
        Op::Type(name) => (type_name(value) == name).into(),
        Op::Regex(any_case, pattern) => value
            .text()
            .is_some_and(|text| host.matches(pattern, *any_case, text).unwrap_or(false))
            .into(),
        Op::Not(check) => !meets(check, value, host),
        Op::Never => Truth::No,
        Op::Unknown => Truth::Unknown,
    }
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.items().iter().filter(|item| **item != Value::Null)
}

fn is_in(value: &Value, list: &[Value], any_case: bool, host: &dyn Host) -> bool {
    let listed = |value: &Value| {
        list.iter().any(|entry| {
            if any_case {
                same_folded(value, entry, host)
            } else {
                same(value, entry)
            }
        })
    };
    match value {
        Value::List(items) => items.iter().any(listed),
        single => listed(single),
    }
}

/// `$alli` folds the case of plain strings; any other check is as it is.
fn meets_folded(check: &Check, value: &Value, any_case: bool, host: &dyn Host) -> Truth {
    match check {
        Check::Equals(wanted @ Value::Text(_)) if any_case => same_folded(value, wanted, host).into(),
        other => meets(other, value, host),
    }
}

fn same_folded(left: &Value, right: &Value, host: &dyn Host) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => host.lower(left) == host.lower(right),
        _ => same(left, right),
    }
}

/// An element of an array as the ground for a condition of its own.
struct Element<'a>(&'a Value);

impl Facts for Element<'_> {
    fn fact(&self, path: &Path) -> Cow<'_, Value> {
        match (path, self.0) {
            (Path::Field(steps), Value::List(items))
                if steps.len() == 1 && steps.first().is_some_and(|step| step == "length") =>
            {
                Cow::Owned(Value::Number(items.len() as f64))
            }
            (Path::Field(steps), element) => Cow::Borrowed(element.down(steps)),
            _ => Cow::Owned(Value::Null),
        }
    }
}
