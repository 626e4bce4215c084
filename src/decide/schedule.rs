//! Whether it is an offer's time.

use super::Moment;
use crate::plan::Schedule;
use crate::time::{DAY, Millis};

/// It is not its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It has yet to begin, at this instant.
    Before(Millis),
    /// It is over since this instant.
    After(Millis),
    /// Only at these hours, in ms since midnight.
    Hours(Millis, Millis),
}

pub(super) fn closed(schedule: Schedule, moment: &Moment) -> Option<Closed> {
    // The plan has put both on the world's clock.
    let edge = |edge: usize| moment.plan.edge(edge);
    if let Some(from) = schedule.from.map(edge).filter(|from| moment.now < *from) {
        return Some(Closed::Before(from));
    }
    if let Some(to) = schedule.to.map(edge).filter(|to| moment.now >= *to) {
        return Some(Closed::After(to));
    }
    let (from, to) = schedule.hours?;
    let clock = moment.local().rem_euclid(DAY);
    (!is_within(clock, from, to)).then_some(Closed::Hours(from, to))
}

/// Whether a time of day lies in a span, which wraps midnight when its end is smaller. All in ms since midnight.
pub(super) fn is_within(clock: Millis, from: Millis, to: Millis) -> bool {
    if from < to {
        from <= clock && clock < to
    } else {
        from <= clock || clock < to
    }
}
