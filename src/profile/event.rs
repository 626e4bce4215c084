//! An event: something that happened, with parameters. It is folded into the profile at once and then gone.

use super::tally::join;
use crate::bucket::fnv1a;
use crate::condition::{Condition, Facts, Path, Truth, holds};
use crate::config::Fold;
use crate::host::Host;
use crate::json::Value;
use crate::plan::Plan;
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
        for index in plan.events.candidates(&self.name, &grounds) {
            let Some(happening) = plan.happenings.get(index) else {
                continue;
            };
            if self.passes(happening.filter.as_ref(), host) {
                passed.push(index);
                for tally in &happening.tallies {
                    if !tallies.contains(tally) {
                        tallies.push(*tally);
                    }
                }
            }
        }
        let mut changes = Vec::new();
        for index in tallies {
            if let Some(tally) = plan.tallies.get(index)
                && let Some(change) = self.change(&tally.fold, &passed, plan, host)
            {
                changes.push((index, change));
            }
        }
        changes
    }

    /// What it means to one tally; `passed` are the happenings that it is.
    fn change(&self, fold: &Fold, passed: &[usize], plan: &Plan, host: &dyn Host) -> Option<Change> {
        Some(match fold {
            Fold::Count(_) => Change::Add(1.0),
            Fold::Sum(happening, param) | Fold::Max(happening, param) => {
                let values = self.values(*happening, param, plan, host);
                let numbers = values.into_iter().filter_map(Value::number);
                let numbers = numbers.filter(|number| number.is_finite());
                Change::Add(numbers.reduce(|left, right| join(fold, left, right))?)
            }
            Fold::Distinct(happening, param) => {
                let values = self.values(*happening, param, plan, host).into_iter();
                let hashes: Vec<u32> = values.map(|value| fnv1a(&value.to_json(host))).collect();
                Change::Values(hashes)
            }
            Fold::Sequence { steps, without } => Change::Steps {
                reached: steps.iter().map(|step| passed.contains(step)).collect(),
                without: without.is_some_and(|without| passed.contains(&without)),
            },
            Fold::Fading { sources, .. } => {
                let added = sources.iter().filter(|(happening, _)| passed.contains(happening));
                Change::Add(added.map(|(_, add)| add).sum())
            }
            Fold::Signal(..) => return None,
        })
    }

    /// The values of a parameter: of each item that passes the filter, where items have it, else of the event.
    fn values(&self, happening: usize, param: &[String], plan: &Plan, host: &dyn Host) -> Vec<&Value> {
        let filter = plan
            .happenings
            .get(happening)
            .and_then(|happening| happening.filter.as_ref());
        let items = self.items().iter();
        let of_items: Vec<(&Value, &Value)> = items
            .map(|item| (item, item.down(param)))
            .filter(|(_, value)| **value != Value::Null)
            .collect();
        if of_items.is_empty() {
            let value = self.params.down(param);
            return if *value == Value::Null { Vec::new() } else { vec![value] };
        }
        let passing = of_items
            .into_iter()
            .filter(|(item, _)| self.item_passes(item, filter, host));
        passing.map(|(_, value)| value).collect()
    }

    /// Whether the event passes a filter. With `items`, each is asked, its fields over those of the event: one is enough.
    fn passes(&self, filter: Option<&Condition>, host: &dyn Host) -> bool {
        match self.items() {
            [] => self.item_passes(&Value::Null, filter, host),
            items => items.iter().any(|item| self.item_passes(item, filter, host)),
        }
    }

    fn item_passes(&self, item: &Value, filter: Option<&Condition>, host: &dyn Host) -> bool {
        let event = &self.params;
        filter.is_none_or(|filter| holds(filter, &Parameters { event, item }, host) == Truth::Yes)
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
}

impl Facts for Parameters<'_> {
    fn fact(&self, path: &Path) -> Cow<'_, Value> {
        let Path::Field(steps) = path else {
            return Cow::Owned(Value::Null);
        };
        let of_item = steps.first().is_some_and(|step| self.item.get(step).is_some());
        Cow::Borrowed(if of_item { self.item } else { self.event }.down(steps))
    }
}
