//! Caps and rests: how often, and when to keep silent.

use super::Moment;
use crate::condition::Outcome;
use crate::config::{Cap, Offer, Period, Rest};
use crate::time::Millis;

/// A cap that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capped {
    /// The cap.
    pub cap: Cap,
    /// When it can be shown again, in ms since the epoch; without it, not by waiting.
    pub until: Option<Millis>,
}

/// A rest that isn't over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// The rest.
    pub rest: Rest,
    /// When it is over, in ms since the epoch.
    pub until: Millis,
}

/// The cap that holds the longest.
pub(super) fn capped(offer: &Offer, moment: &Moment) -> Option<Capped> {
    let capped = offer.caps.iter().filter_map(|cap| used_up(offer, cap, moment));
    capped.max_by_key(|capped| capped.until.unwrap_or(Millis::MAX))
}

/// A cap holds while the n-th last exposure is younger than its period.
pub(super) fn used_up(offer: &Offer, cap: &Cap, moment: &Moment) -> Option<Capped> {
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
    used.then_some(Capped { cap: *cap, until })
}

/// The rest that lasts the longest.
pub(super) fn resting(offer: &Offer, moment: &Moment) -> Option<Resting> {
    offer
        .rests
        .iter()
        .filter_map(|rest| silent(offer, rest, moment))
        .max_by_key(|resting| resting.until)
}

pub(super) fn silent(offer: &Offer, rest: &Rest, moment: &Moment) -> Option<Resting> {
    let last = moment.profile.histories.get(offer.id)?.last(rest.after)?;
    (moment.age(last) < rest.span).then_some(Resting {
        rest: *rest,
        until: last.min(moment.now) + rest.span,
    })
}
