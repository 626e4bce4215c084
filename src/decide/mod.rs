//! From plan and profile to a decision: eligible → scheduled → not capped or resting → ranked → taken.
//!
//! Nothing here changes what is known: a cap is used up by an exposure, not by deciding.

mod explain;
mod frequency;
mod moment;
mod schedule;

pub use explain::{Explanation, OfferExplanation, Reason, Status};
pub use frequency::{Capped, Resting};
pub use moment::Moment;
pub use schedule::Closed;

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

/// Why an offer that is otherwise fine may not be shown now.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// It is not its time.
    Unscheduled(Closed),
    /// It was shown often enough.
    Capped(Capped),
    /// It keeps silent after an outcome.
    Resting(Resting),
    /// The visitor isn't among those it is for.
    Ineligible,
}

/// What the placement called `name` shows; `None` when there is no such placement.
#[must_use]
pub fn decide<'a>(name: &str, moment: &Moment<'a>) -> Option<Decision<'a>> {
    let placement = moment.plan.placements.iter().find(|placement| placement.name == name)?;
    let offers = placement
        .ranking
        .iter()
        .filter_map(|index| moment.plan.offers.get(*index));
    let offers: Vec<&Offer> = offers
        .filter(|offer| held(offer, moment).is_none())
        .take(placement.take)
        .collect();
    Some(Decision {
        offers,
        fallback: placement.fallback.as_ref(),
    })
}

/// The first thing that holds an offer back: what is cheap to know is asked first.
fn held(offer: &Offer, moment: &Moment) -> Option<Held> {
    schedule::closed(&offer.schedule, moment)
        .map(Held::Unscheduled)
        .or_else(|| frequency::capped(offer, moment).map(Held::Capped))
        .or_else(|| frequency::resting(offer, moment).map(Held::Resting))
        .or_else(|| (holds(&offer.eligible, moment, moment.host) != Truth::Yes).then_some(Held::Ineligible))
}

/// Which offers of a placement are shown, and for each of all: what held, what did not, and what would change that.
#[must_use]
pub fn explain<'a>(name: &str, moment: &Moment<'a>) -> Option<Explanation<'a>> {
    explain::explain(name, moment)
}
