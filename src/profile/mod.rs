//! What is known of the visitor: visits, tallies, interests, the stage, the history with each offer, the cart, and what the
//! page said.
//!
//! Events are folded in and gone. Everything here can be merged: what two tabs saw, in any order, comes out the same.
//! What enters is a plan, that says what to keep, and instants; where the bytes are kept is not known here.

mod arrival;
mod cart;
mod codec;
mod event;
mod history;
mod sparse;
mod tally;
mod visit;

pub(crate) use arrival::arrival_fact;
pub use arrival::{Arrival, arrival};
pub use cart::Cart;
pub use codec::Reading;
pub use event::{Change, Event};
pub use history::History;
pub use sparse::Sparse;
pub use tally::{Count, Ring, bucket, measured};
pub use visit::Visit;

use crate::condition::Outcome;
use crate::host::Host;
use crate::json::Value;
use crate::plan::{Fold, Plan};
use crate::time::Millis;

/// The stage is kept like an attribute of the visitor, as `[now, before]`. No page can say this one.
pub const STAGE: &str = "\u{1}stage";

/// Everything that is known of the visitor, or of what one tab added to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// When something was last folded in.
    pub touched: Millis,
    /// The visit at hand.
    pub visit: Option<Visit>,
    /// The tallies, by the plan's index.
    pub counts: Sparse<Count>,
    /// The history with each offer, by the number of its id, and after those with each scope of pressure.
    pub histories: Sparse<History>,
    /// The cart.
    pub cart: Cart,
    /// Attributes of the visitor that may be kept: name, value, when the page said so.
    pub user: Vec<(String, Value, Millis)>,
    /// Stored records that no rule of this config asks for, kept as they are while the config has an error.
    strangers: Vec<Vec<u8>>,
}

impl Profile {
    /// All of these together.
    #[must_use]
    pub fn of(parts: &[&Profile], plan: &Plan, host: &dyn Host) -> Profile {
        let mut whole = Profile::default();
        for part in parts {
            whole.merge(part, plan, host);
        }
        whole
    }

    /// Adds what another profile of the same visitor holds. The order of merging doesn't matter.
    pub fn merge(&mut self, other: &Profile, plan: &Plan, host: &dyn Host) {
        self.touched = self.touched.max(other.touched);
        self.visit = visit::merge(self.visit.take(), other.visit.as_ref());
        for (index, other) in other.counts.iter() {
            if let (Some(count), Some(fold)) = (self.counts.entry(index), plan.fold(index)) {
                count.merge(other, fold, host);
            }
        }
        for (index, other) in other.histories.iter() {
            if let Some(history) = self.histories.entry(index) {
                history.merge(other, &plan.hold_history(index));
            }
        }
        self.cart.merge(&other.cart);
        for (name, value, at) in &other.user {
            // Of two said at once, the same in whatever order it is merged.
            self.learn(name, value, *at, &|known| known.to_json(host) < value.to_json(host));
        }
        self.strangers.extend(other.strangers.iter().cloned());
    }

    /// Notes that an event happened, as far as it is about the cart.
    pub fn observe(&mut self, event: &Event, now: Millis, plan: &Plan) {
        self.touched = self.touched.max(now);
        if plan.keeps_cart() {
            self.cart.observe(event, now);
        }
    }

    /// Changes one tally. `whole` is what all tabs know together, this change included for sequences and before it else: steps
    /// go on from where another tab left off, and what the visitor muted in another stays so.
    pub fn fold(
        &mut self,
        index: usize,
        change: &Change,
        whole: Option<&Profile>,
        now: Millis,
        plan: &Plan,
        host: &dyn Host,
    ) {
        let (Some(count), Some(fold)) = (self.counts.entry(index), plan.fold(index)) else {
            return;
        };
        self.touched = self.touched.max(now);
        if let Some(whole) = whole.and_then(|whole| whole.counts.get(index)) {
            match fold {
                Fold::Sequence(..) => {
                    count.recent.clone_from(&whole.recent);
                    return;
                }
                Fold::Fading(..) if count.recent != whole.recent => {
                    *count = Count {
                        recent: whole.recent.clone(),
                        ..Count::default()
                    };
                }
                _ => {}
            }
        }
        count.fold(change, fold, &plan.keep_tally(index), now, &plan.zone, host);
        count.trim(&plan.hold_tally(index));
    }

    /// Something became of an offer, or of any offer in a scope of pressure.
    pub fn note(&mut self, history: usize, outcome: Outcome, now: Millis, plan: &Plan) {
        let (keep, hold) = (plan.keep_history(history), plan.hold_history(history));
        if keep.anything()
            && let Some(history) = self.histories.entry(history)
        {
            history.note(outcome, now, &keep, &hold);
            self.touched = self.touched.max(now);
        }
    }

    /// The stage that the visitor was seen in, the one before it, and since when.
    #[must_use]
    pub fn stage(&self) -> Option<(&Value, &Value, Millis)> {
        let (_, stages, since) = self.user.iter().find(|(name, _, _)| name == STAGE)?;
        let [now, before] = stages.items() else { return None };
        Some((now, before, *since))
    }

    /// From when what is said now counts: of two in the same ms the second is the later.
    #[must_use]
    pub fn told_at(&self, name: &str, now: Millis) -> Millis {
        let before = self.user.iter().find(|(known, _, _)| known == name);
        before.map_or(now, |(_, _, at)| now.max(at + 1))
    }

    /// The page says something of the visitor, which counts from `at` on.
    pub fn tell(&mut self, name: &str, value: &Value, at: Millis, now: Millis) {
        self.touched = self.touched.max(now);
        self.learn(name, value, at, &|_| true);
    }

    /// What was said last counts; of what was said at once, the same in whatever order it is merged.
    fn learn(&mut self, name: &str, value: &Value, at: Millis, wins: &dyn Fn(&Value) -> bool) {
        match self.user.iter_mut().find(|(known, _, _)| known == name) {
            Some(entry) if entry.2 < at || (entry.2 == at && wins(&entry.1)) => {
                *entry = (name.to_owned(), value.clone(), at);
            }
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
        for (index, count) in self.counts.iter_mut() {
            if let Some(fold) = plan.fold(index) {
                count.settle(now, fold, &plan.zone, host);
            }
        }
        for (_, history) in self.histories.iter_mut() {
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
        self.touched > 0 && now - self.touched >= plan.retention()
    }
}
