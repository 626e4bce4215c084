//! The visit at hand: one session, shared by all tabs of the site.

use super::Arrival;
use crate::time::Millis;

/// A visit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Visit {
    /// 1 for the first.
    pub number: u32,
    /// When the first visit of all began.
    pub first: Millis,
    /// When the visit before this one began.
    pub previous: Option<Millis>,
    /// When this one began.
    pub start: Millis,
    /// Its last event.
    pub last: Millis,
    /// How many pages were viewed in it.
    pub pages: u32,
    /// For how long pages were looked at in it, in ms.
    pub dwell: Millis,
    /// How it began.
    pub arrival: Arrival,
}

impl Visit {
    /// The visit that begins at `now`, after `before`.
    #[must_use]
    pub fn after(before: Option<&Visit>, now: Millis, arrival: Arrival) -> Visit {
        Visit {
            number: before.map_or(1, |before| before.number.saturating_add(1)),
            first: before.map_or(now, |before| before.first),
            previous: before.map(|before| before.start),
            start: now,
            last: now,
            pages: 0,
            dwell: 0,
            arrival,
        }
    }

    /// Whether it is over: nothing happened for the timeout.
    #[must_use]
    pub fn is_over(&self, now: Millis, timeout: Millis) -> bool {
        now - self.last >= timeout
    }

    /// This visit was begun without knowing of what was stored. Counts it on from there: as the same visit when the stored
    /// one wasn't over yet, else as a later one.
    pub fn follow(&mut self, stored: &Visit, timeout: Millis) {
        let goes_on = !stored.is_over(self.first, timeout);
        if self.number == 1 {
            self.previous = if goes_on { stored.previous } else { Some(stored.start) };
        } else if self.number == 2 && goes_on {
            self.previous = Some(stored.start);
        }
        self.number = self
            .number
            .saturating_add(stored.number - u32::from(goes_on && stored.number > 0));
        self.first = self.first.min(stored.first);
    }

    pub(super) fn settle(&mut self, now: Millis) {
        self.first = self.first.min(now);
        self.start = self.start.min(now);
        self.last = self.last.min(now);
        self.previous = self.previous.map(|previous| previous.min(now));
    }
}

/// The later of two visits; of the same visit in two tabs, the whole of it.
pub(super) fn merge(left: Option<Visit>, right: Option<&Visit>) -> Option<Visit> {
    let (Some(left), Some(right)) = (left.as_ref(), right) else {
        return left.or_else(|| right.cloned());
    };
    let (mut later, other) = if left.number >= right.number {
        (left.clone(), right)
    } else {
        (right.clone(), left)
    };
    later.first = later.first.min(other.first);
    if later.number == other.number {
        let earlier = if (other.start, &other.arrival) < (later.start, &later.arrival) {
            other
        } else {
            &later
        };
        later.arrival = earlier.arrival.clone();
        later.previous = later.previous.max(other.previous);
        later.start = later.start.min(other.start);
        later.last = later.last.max(other.last);
        later.pages = later.pages.saturating_add(other.pages);
        later.dwell = later.dwell.saturating_add(other.dwell);
    }
    Some(later)
}
