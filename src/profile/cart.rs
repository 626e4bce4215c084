//! The cart, as far as GA4's e-commerce events tell: how much is in it and what it is worth.

use super::Event;
use super::tally::finite;
use crate::json::Value;
use crate::time::Millis;

/// What was put in and taken out since the cart was last emptied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cart {
    /// When it was last emptied by a purchase; 0: never.
    pub emptied: Millis,
    /// How many items were put in, less those taken out.
    pub items: i64,
    /// What they cost, in the site's currency.
    pub value: f64,
}

impl Cart {
    /// How many items are in it.
    #[must_use]
    pub fn items(&self) -> i64 {
        self.items.max(0)
    }

    /// What they cost, to the cent; an empty cart costs nothing.
    #[must_use]
    pub fn value(&self) -> f64 {
        if self.items > 0 {
            (self.value * 100.0).round() / 100.0
        } else {
            0.0
        }
    }

    /// A tab counts from the last time that any tab emptied the cart.
    pub(crate) fn count_from(&mut self, emptied: Millis) {
        if emptied > self.emptied {
            *self = Cart {
                emptied,
                ..Cart::default()
            };
        }
    }

    pub(super) fn observe(&mut self, event: &Event, now: Millis) {
        let sign = match event.name.as_str() {
            "add_to_cart" => 1,
            "remove_from_cart" => -1,
            "purchase" => {
                *self = Cart {
                    emptied: now,
                    ..Cart::default()
                };
                return;
            }
            _ => return,
        };
        let (items, value) = worth(event);
        self.items = self.items.saturating_add(sign * items);
        self.value = finite(self.value + sign as f64 * value);
    }

    /// After a purchase in one tab, what another tab had counted before it is gone too.
    pub(super) fn merge(&mut self, other: &Cart) {
        if other.emptied > self.emptied {
            *self = other.clone();
        } else if other.emptied == self.emptied {
            self.items = self.items.saturating_add(other.items);
            self.value = finite(self.value + other.value);
        }
    }

    pub(super) fn settle(&mut self, now: Millis) {
        self.emptied = self.emptied.min(now);
    }
}

/// How many items an event moves and what they cost: price times quantity, or the event's `value` where prices are missing.
fn worth(event: &Event) -> (i64, f64) {
    let number = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::number)
            .filter(|number| number.is_finite())
    };
    let items = match event.items() {
        [] => std::slice::from_ref(&event.params),
        items => items,
    };
    let quantity = |item: &Value| number(item, "quantity").unwrap_or(1.0).clamp(0.0, 1e6).trunc();
    let (mut count, mut priced) = (0.0, Some(0.0));
    for item in items {
        count += quantity(item);
        let price = number(item, "price").map(|price| price * quantity(item));
        priced = priced.and_then(|sum| Some(sum + price?));
    }
    let value = priced.or_else(|| number(&event.params, "value")).unwrap_or(0.0);
    (count as i64, value)
}
