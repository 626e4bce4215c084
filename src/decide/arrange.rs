//! One voice: which offers a page shows where. The best-ranked goes first, wherever it is on the page; an offer appears once, a
//! family speaks with one offer, one overlay is up at a time, and what is planned counts against the pressure.

use super::rank::{Rank, rank};
use super::{Moment, frequency, moment_has_come};
use crate::condition::{Truth, holds};
use crate::config::{Limit, Offer};

/// What is known of the placements on the page, by index, in the page's order: the offers that have been seen there and stay, or
/// else that it is to be decided.
pub type OnPage = Vec<(usize, Option<Vec<usize>>)>;

/// The offers of each placement to be decided, the best first.
pub(super) type Arrangement = Vec<(usize, Vec<usize>)>;

/// What is taken already, while a page is arranged.
#[derive(Default)]
struct Taken {
    offers: Vec<usize>,
    families: Vec<usize>,
    /// The placement of each offer that is planned.
    planned: Vec<usize>,
    overlay: bool,
}

/// The best offer of a placement that is still to be placed.
type Candidate = Option<(Rank, usize)>;

/// Arranges the placements of a page. `on_page` without an overlay among them leaves the overlays out.
pub(super) fn arrange(on_page: &OnPage, moment: &Moment) -> Arrangement {
    let mut taken = Taken::default();
    let mut open = Vec::new();
    for (placement, seen) in on_page {
        match seen {
            Some(offers) => offers.iter().for_each(|offer| taken.take(*offer, None, moment)),
            None => open.push(*placement),
        }
    }
    if let Some((offer, placement)) = moment.here.open {
        let ahead = (!moment.here.is_seen).then_some(placement);
        taken.take(offer, ahead, moment);
        taken.overlay = true;
    }
    let mut arranged: Arrangement = open.iter().map(|placement| (*placement, Vec::new())).collect();
    let mut candidates: Vec<Candidate> = Vec::new();
    for placement in &open {
        candidates.push(best(*placement, &taken, moment));
    }
    while let Some((place, candidate)) = first(&open, &candidates, moment) {
        let (Some((placement, shown)), Some(slot)) = (arranged.get_mut(place), candidates.get_mut(place)) else {
            break;
        };
        *slot = None;
        let Some(known) = moment.plan.placements.get(*placement) else {
            break;
        };
        // What is planned only grows, so a placement under pressure stays so.
        let is_pressed = pressures(*placement, &taken.planned, moment).next().is_some();
        if is_pressed || (known.overlay && taken.overlay) {
            continue;
        }
        if !taken.has(candidate.1, moment) {
            taken.take(candidate.1, Some(*placement), moment);
            taken.overlay |= known.overlay;
            shown.push(candidate.1);
        }
        if shown.len() < known.take {
            *slot = best(*placement, &taken, moment);
        }
    }
    arranged
}

impl Taken {
    /// `placement`: where it is about to be exposed; without one it has been.
    fn take(&mut self, offer: usize, placement: Option<usize>, moment: &Moment) {
        self.offers.push(offer);
        self.families
            .extend(moment.plan.offers.get(offer).and_then(|offer| offer.family));
        self.planned.extend(placement);
    }

    /// The offer, or one of its family, is on the page or about to be.
    fn has(&self, index: usize, moment: &Moment) -> bool {
        let family = moment.plan.offers.get(index).and_then(|offer| offer.family);
        self.offers.contains(&index) || family.is_some_and(|family| self.families.contains(&family))
    }
}

/// The candidate that goes first, and which of the open placements it is for: of an offer's several, the one it names first.
fn first(open: &[usize], candidates: &[Candidate], moment: &Moment) -> Option<(usize, (Rank, usize))> {
    let mut found: Option<(usize, (Rank, usize))> = None;
    for (place, candidate) in candidates.iter().enumerate() {
        let Some(candidate) = *candidate else { continue };
        let is_better = found.is_none_or(|(other, best)| {
            if candidate.1 == best.1 {
                preference(candidate.1, open.get(place), moment) < preference(best.1, open.get(other), moment)
            } else {
                is_ahead(&candidate, &best)
            }
        });
        if is_better {
            found = Some((place, candidate));
        }
    }
    found
}

fn preference(offer: usize, placement: Option<&usize>, moment: &Moment) -> Option<usize> {
    let offer = moment.plan.offers.get(offer)?;
    offer.placements.iter().position(|known| Some(known) == placement)
}

/// Ranked higher, or as high and earlier in the config.
pub(super) fn is_ahead(candidate: &(Rank, usize), other: &(Rank, usize)) -> bool {
    candidate.0.total > other.0.total || (candidate.0.total == other.0.total && candidate.1 < other.1)
}

/// The best of a placement's offers that fit and aren't taken.
fn best(placement: usize, taken: &Taken, moment: &Moment) -> Candidate {
    let known = moment.plan.placements.get(placement)?;
    let mut best: Candidate = None;
    let mut most_fitting: f64 = 1.0;
    for fit in &known.fits {
        most_fitting = most_fitting.max(super::rank::figure(fit, moment));
    }
    for index in &known.ranking {
        let Some(offer) = moment.plan.offers.get(*index) else {
            continue;
        };
        // The ranking goes by value, so nothing better can follow.
        if best.is_some_and(|(best, _)| offer.value * most_fitting < best.total) {
            break;
        }
        let candidate = (rank(offer, moment), *index);
        if best.is_none_or(|best| is_ahead(&candidate, &best))
            && !taken.has(*index, moment)
            && fits(*index, offer, known.overlay, moment)
        {
            best = Some(candidate);
        }
    }
    best
}

/// Whether an offer may be shown now, as far as it alone is concerned.
fn fits(index: usize, offer: &Offer, is_overlay: bool, moment: &Moment) -> bool {
    moment_has_come(index, offer, is_overlay, moment) && fits_otherwise(offer, moment)
}

/// Whether an offer may be shown, its trigger aside. What is cheap to know is asked first.
pub(super) fn fits_otherwise(offer: &Offer, moment: &Moment) -> bool {
    super::schedule::closed(&offer.schedule, moment).is_none()
        && !offer
            .caps
            .iter()
            .any(|cap| frequency::used_up(offer.id, cap, 0, 0, moment).is_some())
        && !frequency::rests(offer, moment)
            .iter()
            .any(|(whose, rest)| frequency::silent_until(whose.id, rest, moment).is_some())
        && holds(&offer.eligible, moment, moment.host) == Truth::Yes
}

/// The limits across offers that forbid an exposure in a placement. `planned`: the placements of exposures about to happen.
pub(super) fn pressures<'m>(
    placement: usize,
    planned: &'m [usize],
    moment: &'m Moment<'m>,
) -> impl Iterator<Item = (&'m Limit, frequency::Blocked)> {
    let plan = moment.plan;
    plan.pressures.iter().filter_map(move |pressure| {
        let is_about = |placement: &usize| plan.is_about(pressure.scope, &[*placement]);
        let blocked = is_about(&placement).then(|| {
            let planned = planned.iter().filter(|placement| is_about(placement)).count() as u32;
            frequency::pressed(pressure.scope, &pressure.limit, planned, moment)
        });
        Some((&pressure.limit, blocked??))
    })
}
