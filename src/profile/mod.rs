//! What is known of the visitor: visits, tallies, the history with each offer, the cart, and what the page said.
//!
//! Events are folded in and gone. Everything here can be merged: what two tabs saw, in any order, comes out the same.
//! What enters is a plan, that says what to keep, and instants; where the bytes are kept is not known here.

mod arrival;
mod cart;
mod codec;
mod event;
mod history;
mod tally;
mod visit;

pub(crate) use arrival::arrival_fact;
pub use arrival::{Arrival, arrival};
pub use cart::Cart;
pub use event::Event;
pub use history::History;
pub use tally::{Count, Ring, bucket, count_within};
pub use visit::Visit;

use crate::host::Host;
use crate::json::Value;
use crate::plan::Plan;
use crate::time::Millis;

/// Everything that is known of the visitor, or of what one tab added to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// When something was last folded in.
    pub touched: Millis,
    /// The visit at hand.
    pub visit: Option<Visit>,
    /// The tallies, by the plan's index.
    pub counts: Vec<Count>,
    /// The history with each offer, by the plan's index of its id.
    pub histories: Vec<History>,
    /// The cart.
    pub cart: Cart,
    /// Attributes of the visitor that may be kept: name, value, when the page said so.
    pub user: Vec<(String, Value, Millis)>,
    /// Stored records that no rule of this config asks for, kept as they are while the config has an error.
    strangers: Vec<Vec<u8>>,
}

impl Profile {
    /// A profile that knows nothing.
    #[must_use]
    pub fn new(plan: &Plan) -> Profile {
        let mut profile = Profile::default();
        profile.counts.resize_with(plan.tallies.len(), Count::default);
        profile.histories.resize_with(plan.ids.len(), History::default);
        profile
    }

    /// All of these together.
    #[must_use]
    pub fn of(parts: &[&Profile], plan: &Plan) -> Profile {
        let mut whole = Profile::new(plan);
        for part in parts {
            whole.merge(part, plan);
        }
        whole
    }

    /// Adds what another profile of the same visitor holds. The order of merging doesn't matter.
    pub fn merge(&mut self, other: &Profile, plan: &Plan) {
        self.touched = self.touched.max(other.touched);
        self.visit = visit::merge(self.visit.take(), other.visit.as_ref());
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            count.merge(other);
        }
        for ((history, other), keep) in self
            .histories
            .iter_mut()
            .zip(&other.histories)
            .zip(&plan.hold.histories)
        {
            history.merge(other, keep);
        }
        self.cart.merge(&other.cart);
        for (name, value, at) in &other.user {
            self.learn(name, value, *at);
        }
        self.strangers.extend(other.strangers.iter().cloned());
    }

    /// Folds an event in, at the tallies that count it.
    pub fn observe(&mut self, event: &Event, tallies: &[usize], now: Millis, plan: &Plan, host: &dyn Host) {
        self.touched = self.touched.max(now);
        if plan.keep.cart {
            self.cart.observe(event, now);
        }
        for index in tallies {
            let keeps = (plan.keep.tallies.get(*index), plan.hold.tallies.get(*index));
            if let (Some(count), (Some(keep), Some(hold))) = (self.counts.get_mut(*index), keeps) {
                count.add(now, keep, &plan.zone, host);
                count.trim(hold);
            }
        }
    }

    /// The page says something of the visitor, which counts from now on.
    pub fn tell(&mut self, name: &str, value: &Value, now: Millis) {
        self.touched = self.touched.max(now);
        let before = self.user.iter().find(|(known, _, _)| known == name);
        // Of two in the same ms the second is the later.
        let at = before.map_or(now, |(_, _, at)| now.max(at + 1));
        self.learn(name, value, at);
    }

    /// What was said last counts; of what was said at once, the same in whatever order it is merged.
    fn learn(&mut self, name: &str, value: &Value, at: Millis) {
        match self.user.iter_mut().find(|(known, _, _)| known == name) {
            Some(entry) if (entry.2, &entry.1) < (at, value) => *entry = (name.to_owned(), value.clone(), at),
            Some(_) => {}
            None => self.user.push((name.to_owned(), value.clone(), at)),
        }
    }

    /// Brings what lies in the future of a clock set back to now, so that nobody is capped, resting or counted for longer
    /// than the stated period from here on. Says whether there was anything.
    pub fn settle(&mut self, now: Millis, plan: &Plan, host: &dyn Host) -> bool {
        if self.touched <= now {
            return false;
        }
        self.touched = now;
        if let Some(visit) = &mut self.visit {
            visit.settle(now);
        }
        for count in &mut self.counts {
            count.settle(now, &plan.zone, host);
        }
        for history in &mut self.histories {
            history.settle(now);
        }
        self.cart.settle(now);
        for entry in &mut self.user {
            entry.2 = entry.2.min(now);
        }
        true
    }

    /// It was not touched for longer than the site keeps it; of nothing, that can't be said.
    #[must_use]
    pub fn is_stale(&self, now: Millis, plan: &Plan) -> bool {
        self.touched > 0 && now - self.touched >= plan.retention
    }
}
