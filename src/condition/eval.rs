//! What a condition means, read where the plan has laid it down. Three-valued: what can't be evaluated passes neither plainly nor
//! negated.

use super::compare::{equals, meets_order, meets_version, same, type_name};
use super::record::{number_of, op, part, parts_of};
use super::{Where, is_text};
use crate::host::Host;
use crate::json::Value;
use crate::records::{List, Record};
use std::borrow::Cow;
use std::cell::Cell;

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
    /// What lies at the end of a path; `Null` when nothing does, and nothing at all when that can't be known.
    fn fact(&self, path: Where) -> Option<Cow<'_, Value>>;

    /// The figure a behaviour (its record) is measured by; `Null` where there is none, as on most grounds, and nothing at all when
    /// that can't be known.
    fn measure(&self, _behaviour: Record) -> Option<Value> {
        Some(Value::Null)
    }

    /// What was found out before about the facts at hand.
    fn findings(&self) -> Option<&Findings> {
        None
    }

    /// The platform's pure functions.
    fn host(&self) -> &dyn Host;
}

/// What was found out, part by part of conditions, until what it was found out from changes.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// For each part that is remembered, by its number.
    found: Vec<Cell<Found>>,
    /// For each whole condition, by its number: what it failed on the last time.
    failed: Vec<Cell<Failure>>,
    /// For each source of facts: when it last changed.
    changed: Vec<Cell<u32>>,
    /// Counts the changes.
    turn: Cell<u32>,
}

/// What depends on more sources than this is evaluated each time.
const SOURCES: usize = 6;

/// What a part came to.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// When it was evaluated; 0: not yet.
    turn: u32,
    /// Where it lies.
    place: u32,
    truth: Truth,
    /// All that it hangs on, the last one repeated.
    sources: [u16; SOURCES],
}

/// Why a whole condition failed.
#[derive(Clone, Copy, Debug)]
struct Failure {
    /// The number of a part, and what it came to: as long as it comes to that, the whole fails.
    number: u32,
    truth: Truth,
    /// The index of the part of the whole that this is in.
    part: u8,
}

impl Findings {
    /// Nothing yet, of so many parts on so many sources, in so many whole conditions.
    #[must_use]
    pub fn of(parts: usize, sources: usize, wholes: usize) -> Findings {
        let nothing = Found {
            turn: 0,
            place: 0,
            truth: Truth::No,
            sources: [0; SOURCES],
        };
        let nowhere = Failure {
            number: u32::MAX,
            truth: Truth::No,
            part: 0,
        };
        Findings {
            found: vec![Cell::new(nothing); parts],
            failed: vec![Cell::new(nowhere); wholes],
            changed: vec![Cell::new(1); sources],
            turn: Cell::new(1),
        }
    }

    /// The facts of a source are not what they were.
    pub fn forget(&self, source: usize) {
        // No page sees four billion changes.
        let turn = self.turn.get().wrapping_add(1);
        self.turn.set(turn);
        if let Some(changed) = self.changed.get(source) {
            changed.set(turn);
        }
    }

    /// No facts are what they were.
    pub fn forget_all(&self) {
        (0..self.changed.len()).for_each(|source| self.forget(source));
    }

    /// Nothing that it hangs on has changed since.
    fn is_fresh(&self, found: &Found) -> bool {
        let is_unchanged = |source: &u16| {
            let changed = self.changed.get(usize::from(*source));
            changed.is_some_and(|changed| changed.get() <= found.turn)
        };
        found.turn > 0 && found.sources.iter().all(is_unchanged)
    }

    /// Whether a whole condition fails for the reason that it failed for the last time; nothing but that is looked at. `at`: the
    /// record at a place.
    #[must_use]
    pub fn still_fails<'r>(&self, whole: usize, facts: &dyn Facts, at: impl FnOnce(usize) -> Record<'r>) -> bool {
        let Some(failure) = self.failed.get(whole).map(Cell::get) else {
            return false;
        };
        let found = self.found.get(failure.number as usize).map(Cell::get);
        let Some(found) = found.filter(|found| found.turn > 0) else {
            return false;
        };
        let truth = if self.is_fresh(&found) {
            found.truth
        } else {
            holds(at(found.place as usize), facts)
        };
        truth == failure.truth
    }

    /// What a whole condition comes to; what failed the last time is asked first, as most conditions fail most of the time.
    pub fn all_hold(&self, whole: usize, condition: Record, facts: &dyn Facts) -> Truth {
        let Some(failed) = self.failed.get(whole) else {
            return holds(condition, facts);
        };
        let fails = |truth: Truth| matches!(truth, Truth::No | Truth::Broken);
        if condition.word(0) != part::WHOLE {
            let truth = holds(condition, facts);
            if fails(truth) {
                self.note(failed, condition, 0);
            }
            return truth;
        }
        let parts = condition.tail(1);
        let last = failed.get().part.into();
        let mut result = Truth::Yes;
        let mut look = |index: usize, part: Record| {
            let truth = holds(part, facts);
            match truth {
                Truth::Yes => {}
                Truth::Unknown => result = truth,
                _ => self.note(failed, part, index),
            }
            fails(truth)
        };
        let first = parts.at(last).filter(|part| look(last, *part));
        let is_other = |(index, _): &(usize, Record)| *index != last;
        if first.is_some()
            || parts
                .records()
                .enumerate()
                .filter(is_other)
                .any(|(index, part)| look(index, part))
        {
            return Truth::No;
        }
        result
    }

    fn note(&self, failed: &Cell<Failure>, mut part: Record, index: usize) {
        while matches!(part.word(0), part::NOT | part::AUDIENCE) {
            part = part.record(1);
        }
        let number = number_of(part).unwrap_or(usize::MAX);
        failed.set(Failure {
            number: number as u32,
            truth: self.found.get(number).map_or(Truth::No, |found| found.get().truth),
            part: index as u8,
        });
    }

    /// What a part comes to; it is evaluated again once one of its sources has changed.
    fn find(&self, part: Record, evaluate: impl FnOnce() -> Truth) -> Truth {
        let Some(place) = number_of(part).and_then(|number| self.found.get(number)) else {
            return evaluate();
        };
        let found = place.get();
        if self.is_fresh(&found) && part.is_within_bounds() {
            return found.truth;
        }
        let truth = evaluate();
        let sources = if found.turn > 0 {
            Some(found.sources)
        } else {
            sources_of(part)
        };
        if let Some(sources) = sources {
            place.set(Found {
                turn: self.turn.get(),
                place: part.place() as u32,
                truth,
                sources,
            });
        }
        truth
    }
}

/// What a part that has a number hangs on, if that is little enough.
fn sources_of(part: Record) -> Option<[u16; SOURCES]> {
    let list = part.list(part::SOURCE);
    let is_single = matches!(part.word(0), part::IS | part::DID);
    let mut sources = [0; SOURCES];
    for (index, place) in sources.iter_mut().enumerate() {
        let source = if is_single {
            part.word(part::SOURCE)
        } else {
            list.get(index.min(list.len().checked_sub(1)?))?
        };
        *place = u16::try_from(source).ok()?;
    }
    (is_single || list.len() <= SOURCES).then_some(sources)
}

/// Whether a condition holds of `facts`.
pub fn holds(mut condition: Record, facts: &dyn Facts) -> Truth {
    // Audiences may name each other in long chains.
    while condition.word(0) == part::AUDIENCE {
        condition = condition.record(1);
    }
    let evaluate = || condition.within(|| truth(condition, facts)).unwrap_or(Truth::Broken);
    match facts.findings() {
        Some(findings) => findings.find(condition, evaluate),
        None => evaluate(),
    }
}

fn truth(condition: Record, facts: &dyn Facts) -> Truth {
    match condition.word(0) {
        part::ALL | part::WHOLE => all(parts_of(condition).records(), |part| holds(part, facts)),
        part::ANY => any(parts_of(condition).records(), |part| holds(part, facts)),
        part::NOT => !holds(condition.record(1), facts),
        part::IS | part::DID => test(condition, facts),
        part::UNKNOWN => Truth::Unknown,
        part::NEVER => Truth::No,
        _ => Truth::Broken,
    }
}

fn test(condition: Record, facts: &dyn Facts) -> Truth {
    let check = condition.record(part::CHECK);
    if condition.word(0) == part::DID {
        let figure = facts.measure(condition.record(part::WHAT));
        return figure.map_or(Truth::Unknown, |figure| meets(check, &figure, facts.host()));
    }
    let fact = facts.fact(Where::of(condition.record(part::WHAT)));
    fact.map_or(Truth::Unknown, |fact| meets(check, &fact, facts.host()))
}

/// One "no" decides; without it, one "unknown" does.
fn all<T>(parts: impl Iterator<Item = T>, truth: impl Fn(T) -> Truth) -> Truth {
    let mut result = Truth::Yes;
    for part in parts {
        match truth(part) {
            Truth::Yes => {}
            Truth::Unknown => result = Truth::Unknown,
            other => return other,
        }
    }
    result
}

/// One "yes" decides; without it, one "unknown" does.
fn any<T>(parts: impl Iterator<Item = T>, truth: impl Fn(T) -> Truth) -> Truth {
    !all(parts, |part| !truth(part))
}

/// Whether `value` is what `check` asks for.
fn meets(check: Record, value: &Value, host: &dyn Host) -> Truth {
    let truth = || {
        if check.flag(0) {
            all(check.tail(1).records(), |op| meets_op(op, value, host))
        } else {
            equals(value, check.record(1)).into()
        }
    };
    check.within(truth).unwrap_or(Truth::Broken)
}

fn meets_op(op: Record, value: &Value, host: &dyn Host) -> Truth {
    let truth = match op.word(0) {
        op::SAME => same(value, op.record(2)) == op.flag(1),
        op::ORDER => meets_order(op.word(1), value, op.record(2)),
        op::VERSION => meets_version(op.word(1), value, op.record(2), host),
        op::IN => is_in(value, op.tail(3), op.flag(2), host) == op.flag(1),
        op::EVERY => {
            return match value {
                Value::List(items) => all(op.tail(2).records(), |check| {
                    any(items.iter(), |item| meets_folded(check, item, op.flag(1), host))
                }),
                _ => Truth::No,
            };
        }
        op::SIZE => {
            return match value {
                Value::List(items) => meets(op.record(1), &Value::Number(items.len() as f64), host),
                _ => Truth::No,
            };
        }
        op::ITEM => return any_item(value, |item| meets(op.record(1), item, host)),
        op::FIELDS => return any_item(value, |item| holds(op.record(1), &Element(item, host))),
        op::EXISTS => (*value != Value::Null) == op.flag(1),
        op::TYPE => type_name(value) == op.text(1),
        op::REGEX => value
            .text()
            .is_some_and(|text| host.matches(op.text(2), op.flag(1), text).unwrap_or(false)),
        op::NOT => return !meets(op.record(1), value, host),
        op::UNKNOWN => return Truth::Unknown,
        _ => false,
    };
    truth.into()
}

fn any_item(value: &Value, truth: impl Fn(&Value) -> Truth) -> Truth {
    any(value.items().iter(), |item| {
        if *item == Value::Null { Truth::No } else { truth(item) }
    })
}

fn is_in(value: &Value, list: List, any_case: bool, host: &dyn Host) -> bool {
    let single = std::slice::from_ref(value);
    let items = if let Value::List(items) = value { items } else { single };
    items
        .iter()
        .any(|item| list.records().any(|entry| same_folded(item, entry, any_case, host)))
}

/// `$alli` folds the case of plain strings; any other check is as it is.
fn meets_folded(check: Record, value: &Value, any_case: bool, host: &dyn Host) -> Truth {
    if any_case && !check.flag(0) && is_text(check.record(1)) {
        same_folded(value, check.record(1), true, host).into()
    } else {
        meets(check, value, host)
    }
}

fn same_folded(left: &Value, right: Record, any_case: bool, host: &dyn Host) -> bool {
    match left {
        Value::Text(left) if any_case && is_text(right) => host.lower(left) == host.lower(right.text(1)),
        _ => same(left, right),
    }
}

/// An element of an array as the ground for a condition of its own.
struct Element<'a>(&'a Value, &'a dyn Host);

impl Facts for Element<'_> {
    fn fact(&self, path: Where) -> Option<Cow<'_, Value>> {
        let Where::Field(steps) = path else {
            return Some(Cow::Owned(Value::Null));
        };
        Some(match self.0 {
            Value::List(items) if steps.len() == 1 && steps.text(0) == "length" => {
                Cow::Owned(Value::Number(items.len() as f64))
            }
            element => Cow::Borrowed(element.down(steps)),
        })
    }

    fn host(&self) -> &dyn Host {
        self.1
    }
}
