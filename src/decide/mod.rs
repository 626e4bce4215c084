//! From plan and profile to a decision: eligible → triggered → scheduled → not capped or resting → ranked → not under pressure →
//! taken.
//!
//! Nothing here changes what is known: a cap is used up by an exposure, not by deciding.

mod ahead;
mod arrange;
#[cfg(feature = "authoring")]
mod explain;
mod frequency;
mod moment;
mod rank;
mod schedule;

pub(crate) use ahead::ahead;
pub use arrange::{Arrangement, OnPage, Place};
#[cfg(feature = "authoring")]
pub use explain::{Explanation, OfferExplanation, Reason, Status};
pub use moment::{Ahead, Here, Moment};
pub use rank::Rank;

use crate::condition::Outcome;
use crate::plan::{Offer, Placement, Plan};

/// What a placement shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'a> {
    /// The placement, by index.
    pub placement: usize,
    /// The offers, the best first; none: the fallback.
    pub offers: Vec<Offer<'a>>,
    /// The fallback that the config gives, as JSON, for when there is no offer, or none is left; "" without one.
    pub fallback: &'a str,
}

/// What each placement of the page that is to be decided shows, overlays left out.
#[must_use]
pub fn fill<'a>(on_page: &OnPage, moment: &Moment<'a>) -> Vec<Decision<'a>> {
    let mut decisions = Vec::new();
    let mut done: Vec<usize> = Vec::new();
    for (placement, seen) in on_page {
        if seen.is_some() || done.contains(placement) {
            continue;
        }
        let group = places(*placement, Some(on_page), false, moment);
        for (placement, offers) in arrange::arrange(&group, moment) {
            done.push(placement);
            if let Some(decision) = decision(placement, &offers, moment.plan) {
                decisions.push(decision);
            }
        }
    }
    decisions
}

/// The overlay that is to appear now: its placement, by index, and the offer.
#[must_use]
pub fn raise<'a>(on_page: Option<&OnPage>, moment: &Moment<'a>) -> Option<(usize, Offer<'a>)> {
    let is_overlay = |index: &usize| moment.plan.placement(*index).is_some_and(Placement::is_overlay);
    if moment.here.open.is_some() {
        return None;
    }
    let overlay = moment.plan.placements().position(Placement::is_overlay)?;
    let arranged = arrange::arrange(&places(overlay, on_page, true, moment), moment);
    let (placement, offers) = arranged
        .iter()
        .find(|(placement, offers)| is_overlay(placement) && !offers.is_empty())?;
    Some((*placement, moment.plan.offer(*offers.first()?)?))
}

/// What the placement of that index shows. `on_page`: what else is on the page; without it, every placement of the config is.
#[must_use]
pub fn decide<'a>(placement: usize, on_page: Option<&OnPage>, moment: &Moment<'a>) -> Option<Decision<'a>> {
    let known = moment.plan.placement(placement)?;
    let is_overlay = known.is_overlay();
    if let Some((offer, place)) = moment.here.open.filter(|_| is_overlay) {
        let stays = place == placement
            && moment
                .plan
                .offer(offer)
                .is_some_and(|known| arrange::fits_otherwise(known, moment))
            && arrange::pressures(placement, &[], moment).next().is_none();
        let offers = [offer];
        return decision(placement, if stays { &offers } else { &[] }, moment.plan);
    }
    let arranged = if known.linked().len() == 1 {
        // Nothing else has a say in it.
        arrange::arrange(&[(placement, None)], moment)
    } else {
        arrange::arrange(&places(placement, on_page, is_overlay, moment), moment)
    };
    let (_, offers) = arranged.iter().find(|(place, _)| *place == placement)?;
    decision(placement, offers, moment.plan)
}

/// A placement that shows these offers, all by index.
#[must_use]
pub fn decision<'a>(placement: usize, offers: &[usize], plan: &'a Plan) -> Option<Decision<'a>> {
    let mut known = Vec::with_capacity(offers.len());
    for index in offers {
        if let Some(offer) = plan.offer(*index) {
            known.push(offer);
        }
    }
    Some(Decision {
        placement,
        offers: known,
        fallback: plan.placement(placement)?.fallback(),
    })
}

/// The placements on the page that what is shown in this one depends on, itself included, and to be decided.
fn places(placement: usize, on_page: Option<&OnPage>, overlays: bool, moment: &Moment) -> OnPage {
    let mut places = OnPage::new();
    let Some(known) = moment.plan.placement(placement) else {
        return places;
    };
    for (index, seen) in on_page.into_iter().flatten() {
        if known.linked().has(*index) && !places.iter().any(|(known, _)| known == index) {
            places.push((*index, if *index == placement { None } else { seen.clone() }));
        }
    }
    for index in known.linked() {
        let is_overlay = || moment.plan.placement(index).is_some_and(Placement::is_overlay);
        let belongs = index == placement || if is_overlay() { overlays } else { on_page.is_none() };
        if belongs && !places.iter().any(|(known, _)| *known == index) {
            places.push((index, None));
        }
    }
    places
}

/// Whether the moment for an offer has come: a trigger has fired in this visit, and an overlay has not used it up by appearing.
fn moment_has_come(offer: Offer, is_overlay: bool, moment: &Moment) -> bool {
    if offer.triggers().is_empty() {
        // The page view is the moment.
        return !is_overlay || !moment.here.raised.contains(&offer.index());
    }
    let raised = moment
        .history(offer.id())
        .and_then(|history| history.last(Outcome::Raised));
    let raised = raised.filter(|_| is_overlay);
    let fired = offer
        .triggers()
        .filter_map(|tally| moment.profile.counts.get(tally)?.last);
    let has_fired = fired
        .max()
        .is_some_and(|fired| fired >= moment.visit_start() && raised.is_none_or(|raised| fired > raised));
    has_fired || (moment.is_hopeful() && offer.triggers().any(|tally| moment.is_unsure(tally)))
}

#[cfg(feature = "authoring")]
/// Which offers of a placement are shown, and for each of all: what held, what did not, and what would change that.
#[must_use]
pub fn explain<'a>(placement: usize, on_page: Option<&OnPage>, moment: &Moment<'a>) -> Option<Explanation<'a>> {
    explain::explain(placement, on_page, moment)
}
