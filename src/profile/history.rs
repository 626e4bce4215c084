//! The visitor's history with one offer.

use crate::condition::Outcome;
use crate::plan::HistoryKeep;
use crate::time::Millis;

/// What is kept of the history with one offer. Outcomes are indexes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// How often each outcome happened.
    pub counts: [u32; 5],
    /// When each outcome last happened.
    pub last: [Option<Millis>; 5],
    /// The times of the last exposures, the oldest first.
    pub shown: Vec<Millis>,
}

impl History {
    /// How often an outcome happened.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u32 {
        self.counts.get(outcome as usize).copied().unwrap_or(0)
    }

    /// When an outcome last happened.
    #[must_use]
    pub fn last(&self, outcome: Outcome) -> Option<Millis> {
        self.last.get(outcome as usize).copied().flatten()
    }

    /// The time of the `n`-th last exposure, 1 being the last.
    #[must_use]
    pub fn nth_last_shown(&self, n: u32) -> Option<Millis> {
        self.shown.iter().rev().nth(n.checked_sub(1)? as usize).copied()
    }

    /// Something became of the offer. `keep` says what is noted, `hold` what is not to be dropped for it.
    pub fn note(&mut self, outcome: Outcome, now: Millis, keep: &HistoryKeep, hold: &HistoryKeep) {
        let mut one = History::default();
        let index = outcome as usize;
        if let (Some(count), Some(true)) = (one.counts.get_mut(index), keep.counts.get(index)) {
            *count = 1;
        }
        if let (Some(last), Some(true)) = (one.last.get_mut(index), keep.last.get(index)) {
            *last = Some(now);
        }
        if outcome == Outcome::Exposed && keep.shown > 0 {
            one.shown.push(now);
        }
        self.merge(&one, hold);
    }

    pub(super) fn merge(&mut self, other: &History, keep: &HistoryKeep) {
        for (count, other) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(other);
        }
        for (last, other) in self.last.iter_mut().zip(other.last) {
            *last = (*last).max(other);
        }
        for at in &other.shown {
            let place = self.shown.partition_point(|known| known <= at);
            self.shown.insert(place, *at);
        }
        self.shown = self.shown.split_off(self.shown.len().saturating_sub(keep.shown));
    }

    pub(super) fn settle(&mut self, now: Millis) {
        for time in self.last.iter_mut().flatten().chain(&mut self.shown) {
            *time = (*time).min(now);
        }
    }
}
