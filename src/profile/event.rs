//! An event: something that happened, with parameters. It is folded into the profile at once and then gone.

use crate::condition::{Condition, Facts, Path, Truth, holds};
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

    /// The tallies that count it, by the plan's index.
    #[must_use]
    pub fn tallies(&self, plan: &Plan, host: &dyn Host) -> Vec<usize> {
        let mut counting = Vec::new();
        for (_, tallies) in plan.events.iter().filter(|(name, _)| *name == self.name) {
            for index in tallies {
                let filter = plan.tallies.get(*index).and_then(|tally| tally.filter.as_ref());
                if filter.is_none_or(|filter| self.passes(filter, host)) {
                    counting.push(*index);
                }
            }
        }
        counting
    }

    /// Whether the event passes a filter. With `items`, each is asked, its fields over those of the event: one is enough.
    pub fn passes(&self, filter: &Condition, host: &dyn Host) -> bool {
        let passes = |item: &Value| {
            holds(
                filter,
                &Parameters {
                    event: &self.params,
                    item,
                },
                host,
            ) == Truth::Yes
        };
        match self.items() {
            [] => passes(&Value::Null),
            items => items.iter().any(passes),
        }
    }
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
