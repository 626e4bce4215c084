//! Caps and rests: how often, and when to keep silent.

use super::Moment;
use crate::condition::Outcome;
use crate::config::{Cap, Offer, Period, Rest};
use crate::time::Millis;

/// A cap that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UsedUp {
    /// When the offer can be shown again, in ms since the epoch; without it, not by waiting.
    pub until: Option<Millis>,
}

/// A cap holds while the n-th last exposure is younger than its period.
pub(super) fn used_up(offer: &Offer, cap: &Cap, moment: &Moment) -> Option<UsedUp> {
    let history = moment.profile.histories.get(offer.id)?;
    let (used, until) = match cap.per {
        Period::Ever => (history.count(Outcome::Exposed) >= cap.exposures, None),
        Period::Visit => {
            let start = moment.profile.visit.as_ref().map_or(moment.now, |visit| visit.start);
            (history.nth_last_shown(cap.exposures)? >= start, None)
        }
        Period::Span(span) => {
            let nth_last = history.nth_last_shown(cap.exposures)?;
            (moment.age(nth_last) < span, Some(nth_last.min(moment.now) + span))
        }
    };
    used.then_some(UsedUp { until })
}

/// When a rest that isn't over will be, in ms since the epoch.
pub(super) fn silent_until(offer: &Offer, rest: &Rest, moment: &Moment) -> Option<Millis> {
    let last = moment.profile.histories.get(offer.id)?.last(rest.after)?;
    (moment.age(last) < rest.span).then_some(last.min(moment.now) + rest.span)
}
