//! From plan and profile to a decision: eligible → triggered → scheduled → not capped or resting → ranked → not under pressure →
//! taken.
//!
//! Nothing here changes what is known: a cap is used up by an exposure, not by deciding.

mod arrange;
mod explain;
mod frequency;
mod moment;
mod rank;
mod schedule;

pub use arrange::OnPage;
pub use explain::{Explanation, OfferExplanation, Reason, Status};
pub use moment::{Here, Moment};
pub use rank::Rank;

use crate::condition::Outcome;
use crate::config::Offer;
use crate::json::Value;

/// What a placement shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'a> {
    /// The placement, by index.
    pub placement: usize,
    /// The offers, the best first; none: the fallback.
    pub offers: Vec<&'a Offer>,
    /// The fallback that the config gives, for when there is no offer, or none is left.
    pub fallback: Option<&'a Value>,
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
        done.extend(group.iter().map(|(placement, _)| *placement));
        for (placement, offers) in arrange::arrange(&group, moment) {
            decisions.extend(decision(placement, &offers, moment));
        }
    }
    decisions
}

/// The overlay that is to appear now: its placement, by index, and the offer.
#[must_use]
pub fn raise<'a>(on_page: Option<&OnPage>, moment: &Moment<'a>) -> Option<(usize, &'a Offer)> {
    let is_overlay = |index: &usize| moment.plan.placements.get(*index).is_some_and(|known| known.overlay);
    if moment.here.open.is_some() {
        return None;
    }
    let overlay = (0..moment.plan.placements.len()).find(is_overlay)?;
    let arranged = arrange::arrange(&places(overlay, on_page, true, moment), moment);
    let (placement, offers) = arranged
        .iter()
        .find(|(placement, offers)| is_overlay(placement) && !offers.is_empty())?;
    Some((*placement, moment.plan.offers.get(*offers.first()?)?))
}

/// What the placement of that index shows. `on_page`: what else is on the page; without it, every placement of the config is.
#[must_use]
pub fn decide<'a>(placement: usize, on_page: Option<&OnPage>, moment: &Moment<'a>) -> Option<Decision<'a>> {
    let is_overlay = moment.plan.placements.get(placement)?.overlay;
    if let Some((offer, place)) = moment.here.open.filter(|_| is_overlay) {
        let stays = place == placement
            && moment
                .plan
                .offers
                .get(offer)
                .is_some_and(|known| arrange::fits_otherwise(known, moment))
            && arrange::pressures(placement, &[], moment).next().is_none();
        let offers = [offer];
        return decision(placement, if stays { &offers } else { &[] }, moment);
    }
    let mut arranged = arrange::arrange(&places(placement, on_page, is_overlay, moment), moment).into_iter();
    let (_, offers) = arranged.find(|(place, _)| *place == placement)?;
    decision(placement, &offers, moment)
}

fn decision<'a>(placement: usize, offers: &[usize], moment: &Moment<'a>) -> Option<Decision<'a>> {
    let known = moment.plan.placements.get(placement)?;
    Some(Decision {
        placement,
        offers: offers
            .iter()
            .filter_map(|index| moment.plan.offers.get(*index))
            .collect(),
        fallback: known.fallback.as_ref(),
    })
}

/// The placements on the page that what is shown in this one depends on, itself included, and to be decided.
fn places(placement: usize, on_page: Option<&OnPage>, overlays: bool, moment: &Moment) -> OnPage {
    let plan = moment.plan;
    let linked = plan.placements.get(placement).map_or(&[][..], |known| &known.linked);
    let mut places = OnPage::new();
    let mut add = |index: usize, seen: Option<Vec<usize>>| {
        if linked.contains(&index) && !places.iter().any(|(known, _)| *known == index) {
            places.push((index, if index == placement { None } else { seen }));
        }
    };
    for (index, seen) in on_page.into_iter().flatten() {
        add(*index, seen.clone());
    }
    for (index, known) in plan.placements.iter().enumerate() {
        if index == placement || (known.overlay && overlays) || (!known.overlay && on_page.is_none()) {
            add(index, None);
        }
    }
    places
}

/// Whether the moment for an offer has come: a trigger has fired in this visit, and an overlay has not used it up by appearing.
fn moment_has_come(index: usize, offer: &Offer, is_overlay: bool, moment: &Moment) -> bool {
    if offer.triggers.is_empty() {
        // The page view is the moment.
        return !is_overlay || !moment.here.raised.contains(&index);
    }
    let raised = moment
        .history(offer.id)
        .and_then(|history| history.last(Outcome::Raised));
    let raised = raised.filter(|_| is_overlay);
    let fired = offer
        .triggers
        .iter()
        .filter_map(|tally| moment.profile.counts.get(*tally)?.last);
    fired
        .max()
        .is_some_and(|fired| fired >= moment.visit_start() && raised.is_none_or(|raised| fired > raised))
}

/// Which offers of a placement are shown, and for each of all: what held, what did not, and what would change that.
#[must_use]
pub fn explain<'a>(placement: usize, on_page: Option<&OnPage>, moment: &Moment<'a>) -> Option<Explanation<'a>> {
    explain::explain(placement, on_page, moment)
}
