//! From plan and profile to a decision: eligible → scheduled → not capped or resting → ranked → taken.
//!
//! Nothing here changes what is known: a cap is used up by an exposure, not by deciding.

mod explain;
mod frequency;
mod moment;
mod schedule;

pub use explain::{Explanation, OfferExplanation, Reason, Status};
pub use moment::Moment;

use crate::condition::{Truth, holds};
use crate::config::Offer;
use crate::json::Value;

/// What a placement shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'a> {
    /// The offers, the most valuable first; none: the fallback.
    pub offers: Vec<&'a Offer>,
    /// The fallback that the config gives, for when there is no offer, or none is left.
    pub fallback: Option<&'a Value>,
}

/// What the placement called `name` shows; `None` when there is no such placement.
#[must_use]
pub fn decide<'a>(name: &str, moment: &Moment<'a>) -> Option<Decision<'a>> {
    let placement = moment.plan.placement(name)?;
    let offers = placement
        .ranking
        .iter()
        .filter_map(|index| moment.plan.offers.get(*index));
    let offers: Vec<&Offer> = offers
        .filter(|offer| fits(offer, moment))
        .take(placement.take)
        .collect();
    Some(Decision {
        offers,
        fallback: placement.fallback.as_ref(),
    })
}

/// Whether an offer may be shown now. What is cheap to know is asked first.
fn fits(offer: &Offer, moment: &Moment) -> bool {
    schedule::closed(&offer.schedule, moment).is_none()
        && !offer
            .caps
            .iter()
            .any(|cap| frequency::used_up(offer, cap, moment).is_some())
        && !offer
            .rests
            .iter()
            .any(|rest| frequency::silent_until(offer, rest, moment).is_some())
        && holds(&offer.eligible, moment, moment.host) == Truth::Yes
}

/// Which offers of a placement are shown, and for each of all: what held, what did not, and what would change that.
#[must_use]
pub fn explain<'a>(name: &str, moment: &Moment<'a>) -> Option<Explanation<'a>> {
    explain::explain(name, moment)
}
