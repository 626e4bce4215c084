//! An event: something that happened, with parameters. It is folded into the profile at once and then gone.

use crate::condition::{Condition, Did, Facts, Path, Truth, holds};
use crate::host::Host;
use crate::json::Value;
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

    fn audience(&self, _: usize) -> Option<&Condition> {
        None
    }

    fn measure(&self, _: &Did) -> Value {
        Value::Null
    }
}
