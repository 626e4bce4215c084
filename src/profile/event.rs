//! An event: something that happened, with parameters. It is folded into the profile at once and then gone.

use super::tally::join;
use crate::bucket::fnv1a;
use crate::condition::{Facts, Truth, Where, holds};
use crate::host::Host;
use crate::json::Value;
use crate::plan::{Fold, Plan};
use crate::records::{List, Record};
use std::borrow::Cow;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name, GA4's where GA4 has one.
    pub name: String,
    /// Its parameters, an object.
    pub params: Value,
}

impl Event {
    /// The items of a GA4 e-commerce event.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        self.params.get("items").map_or(&[], Value::items)
    }

    /// What it changes: tallies, by the plan's index, and how.
    #[must_use]
    pub fn changes(&self, plan: &Plan, host: &dyn Host) -> Vec<(usize, Change)> {
        let mut grounds = vec![&self.params];
        grounds.extend(self.items());
        let mut passed = Vec::new();
        let mut tallies = Vec::new();
        for index in plan.candidates(&self.name, &grounds) {
            if self.passes(plan.filter(index), host) {
                passed.push(index);
                for tally in plan.changed_by(index) {
                    if !tallies.contains(&tally) {
                        tallies.push(tally);
                    }
                }
            }
        }
        let mut changes = Vec::new();
        for index in tallies {
            if let Some(fold) = plan.fold(index)
                && let Some(change) = self.change(fold, &passed, plan, host)
            {
                changes.push((index, change));
            }
        }
        changes
    }

    /// The tallies of which it isn't known what it does to them, as long as the parameters aren't known that it lacks.
    #[must_use]
    pub fn unsure(&self, plan: &Plan, host: &dyn Host) -> Vec<usize> {
        let lacks = |param: List| self.params.get(param.text(0)).is_none();
        let mut tallies = Vec::new();
        for index in 0..plan.happenings() {
            if plan.happening_event(index) != self.name {
                continue;
            }
            let params = &self.params;
            let truth = plan.filter(index).map(|filter| holds(filter, &Partly { params, host }));
            for tally in plan.changed_by(index) {
                let is_open = match plan.fold(tally) {
                    Some(Fold::Sum(of, param) | Fold::Max(of, param) | Fold::Distinct(of, param)) => {
                        of == index && lacks(param) && truth.is_none_or(|truth| truth == Truth::Yes)
                    }
                    _ => false,
                };
                if (is_open || truth == Some(Truth::Unknown)) && !tallies.contains(&tally) {
                    tallies.push(tally);
                }
            }
        }
        tallies
    }

    /// What it means to one tally; `passed` are the happenings that it is.
    fn change(&self, fold: Fold, passed: &[usize], plan: &Plan, host: &dyn Host) -> Option<Change> {
        Some(match fold {
            Fold::Count(_) => Change::Add(1.0),
            Fold::Sum(happening, param) | Fold::Max(happening, param) => {
                let mut figure: Option<f64> = None;
                for value in self.values(happening, param, plan, host) {
                    if let Some(number) = value.number().filter(|number| number.is_finite()) {
                        figure = Some(figure.map_or(number, |figure| join(fold, figure, number)));
                    }
                }
                Change::Add(figure?)
            }
            Fold::Distinct(happening, param) => {
                let mut hashes = Vec::new();
                for value in self.values(happening, param, plan, host) {
                    hashes.push(fnv1a(&value.to_json(host)));
                }
                Change::Values(hashes)
            }
            Fold::Sequence(steps, without) => {
                let mut reached = Vec::new();
                for step in steps {
                    reached.push(passed.contains(&step));
                }
                let without = without.is_some_and(|without| passed.contains(&without));
                Change::Steps { reached, without }
            }
            Fold::Fading(_, sources) => {
                let mut added = 0.0;
                for source in sources.records() {
                    if passed.contains(&source.word(0)) {
                        added += source.amount(1);
                    }
                }
                Change::Add(added)
            }
            Fold::Signal(..) => return None,
        })
    }

    /// The values of a parameter: of each item that passes the filter, where items have it, else of the event.
    fn values(&self, happening: usize, param: List, plan: &Plan, host: &dyn Host) -> Vec<&Value> {
        let filter = plan.filter(happening);
        let mut values = Vec::new();
        let mut items_have_it = false;
        for item in self.items() {
            let value = item.down(param);
            if *value != Value::Null {
                items_have_it = true;
                if self.item_passes(item, filter, host) {
                    values.push(value);
                }
            }
        }
        let value = self.params.down(param);
        if !items_have_it && *value != Value::Null {
            values.push(value);
        }
        values
    }

    /// Whether the event passes a filter. With `items`, each is asked, its fields over those of the event: one is enough.
    fn passes(&self, filter: Option<Record>, host: &dyn Host) -> bool {
        match self.items() {
            [] => self.item_passes(&Value::Null, filter, host),
            items => items.iter().any(|item| self.item_passes(item, filter, host)),
        }
    }

    fn item_passes(&self, item: &Value, filter: Option<Record>, host: &dyn Host) -> bool {
        let event = &self.params;
        filter.is_none_or(|filter| holds(filter, &Parameters { event, item, host }) == Truth::Yes)
    }
}

/// What an event does to a tally.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Adds a figure.
    Add(f64),
    /// Had these values, as hashes.
    Values(Vec<u32>),
    /// Is these steps of a sequence, or what must not happen in between.
    Steps {
        /// Whether it is each of the steps.
        reached: Vec<bool>,
        /// Whether it starts the sequence anew.
        without: bool,
    },
}

struct Parameters<'a> {
    event: &'a Value,
    item: &'a Value,
    host: &'a dyn Host,
}

impl Facts for Parameters<'_> {
    fn fact(&self, path: Where) -> Option<Cow<'_, Value>> {
        let Where::Field(steps) = path else {
            return Some(Cow::Owned(Value::Null));
        };
        let of_item = self.item.get(steps.text(0)).is_some();
        Some(Cow::Borrowed(if of_item { self.item } else { self.event }.down(steps)))
    }

    fn host(&self) -> &dyn Host {
        self.host
    }
}

/// Parameters of which some aren't known yet: those that are missing.
struct Partly<'a> {
    params: &'a Value,
    host: &'a dyn Host,
}

impl Facts for Partly<'_> {
    fn fact(&self, path: Where) -> Option<Cow<'_, Value>> {
        let Where::Field(steps) = path else { return None };
        self.params.get(steps.text(0))?;
        Some(Cow::Borrowed(self.params.down(steps)))
    }

    fn host(&self) -> &dyn Host {
        self.host
    }
}
