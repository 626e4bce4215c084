//! Whether it is an offer's time.

use super::Moment;
use crate::config::{Edge, Schedule};
use crate::time::{DAY, Millis};

/// It is not its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It has yet to begin.
    Before(Edge),
    /// It is over.
    After(Edge),
    /// Only at these hours, in ms since midnight.
    Hours(Millis, Millis),
}

pub(super) fn closed(schedule: &Schedule, moment: &Moment) -> Option<Closed> {
    let reached = |edge: Edge| match edge {
        Edge::Local(at) => moment.local() >= at,
        Edge::Exact(at) => moment.now >= at,
    };
    if let Some(from) = schedule.from.filter(|from| !reached(*from)) {
        return Some(Closed::Before(from));
    }
    if let Some(to) = schedule.to.filter(|to| reached(*to)) {
        return Some(Closed::After(to));
    }
    let (from, to) = schedule.hours?;
    let clock = moment.local().rem_euclid(DAY);
    let open = if from < to {
        from <= clock && clock < to
    } else {
        from <= clock || clock < to
    };
    (!open).then_some(Closed::Hours(from, to))
}
