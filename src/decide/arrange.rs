//! One voice: which offers a page shows where. The best-ranked goes first, wherever it is on the page; an offer appears once, a
//! family speaks with one offer, one overlay is up at a time, and what is planned counts against the pressure.

use super::rank::{Rank, rank};
use super::{Moment, frequency, moment_has_come};
use crate::condition::{Facts, Truth, holds};
use crate::plan::{Limit, Offer};

/// What is known of the placements on the page, by index, in the page's order: the offers that have been seen there and stay, or
/// else that it is to be decided.
pub type OnPage = Vec<Place>;

/// One of them.
pub type Place = (usize, Option<Vec<usize>>);

/// The offers of each placement to be decided, all by index, the best first.
pub type Arrangement = Vec<(usize, Vec<usize>)>;

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
pub(super) fn arrange(on_page: &[Place], moment: &Moment) -> Arrangement {
    let mut taken = Taken::default();
    let mut arranged = Arrangement::new();
    for (placement, seen) in on_page {
        match seen {
            Some(offers) => offers.iter().for_each(|offer| taken.take(*offer, None, moment)),
            None => arranged.push((*placement, Vec::new())),
        }
    }
    if let Some((offer, placement)) = moment.here.open {
        let ahead = (!moment.here.is_seen).then_some(placement);
        taken.take(offer, ahead, moment);
        taken.overlay = true;
    }
    let mut candidates: Vec<Candidate> = Vec::with_capacity(arranged.len());
    for (placement, _) in &arranged {
        candidates.push(best(*placement, &taken, moment));
    }
    while let Some((place, candidate)) = first(&arranged, &candidates, moment) {
        if let Some(slot) = candidates.get_mut(place) {
            *slot = None;
        }
        let Some((placement, shown)) = arranged.get_mut(place) else {
            break;
        };
        let Some(known) = moment.plan.placement(*placement) else {
            break;
        };
        // What is planned only grows, so a placement under pressure stays so.
        let is_pressed = pressures(*placement, &taken.planned, moment).next().is_some();
        if is_pressed || (known.is_overlay() && taken.overlay) {
            continue;
        }
        if !taken.has(candidate.1, moment) {
            shown.push(candidate.1);
            if shown.len() >= known.take() && candidates.iter().all(Option::is_none) {
                break;
            }
            taken.take(candidate.1, Some(*placement), moment);
            taken.overlay |= known.is_overlay();
        }
        if shown.len() < known.take()
            && let Some(slot) = candidates.get_mut(place)
        {
            *slot = best(*placement, &taken, moment);
        }
    }
    arranged
}

impl Taken {
    /// `placement`: where it is about to be exposed; without one it has been.
    fn take(&mut self, offer: usize, placement: Option<usize>, moment: &Moment) {
        self.offers.push(offer);
        self.families.extend(moment.plan.offer(offer).and_then(Offer::family));
        self.planned.extend(placement);
    }

    /// The offer, or one of its family, is on the page or about to be.
    fn has(&self, index: usize, moment: &Moment) -> bool {
        let family = moment.plan.offer(index).and_then(Offer::family);
        self.offers.contains(&index) || family.is_some_and(|family| self.families.contains(&family))
    }
}

/// The candidate that goes first, and which of the open placements it is for: of an offer's several, the one it names first.
fn first(open: &Arrangement, candidates: &[Candidate], moment: &Moment) -> Option<(usize, (Rank, usize))> {
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

fn preference(offer: usize, placement: Option<&(usize, Vec<usize>)>, moment: &Moment) -> Option<usize> {
    let mut placements = moment.plan.offer(offer)?.placements();
    placements.position(|known| placement.is_some_and(|(placement, _)| *placement == known))
}

/// Ranked higher, or as high and earlier in the config.
pub(super) fn is_ahead(candidate: &(Rank, usize), other: &(Rank, usize)) -> bool {
    candidate.0.total > other.0.total || (candidate.0.total == other.0.total && candidate.1 < other.1)
}

/// The best of a placement's offers that fit and aren't taken.
fn best(placement: usize, taken: &Taken, moment: &Moment) -> Candidate {
    let known = moment.plan.placement(placement)?;
    let mut best: Candidate = None;
    let mut most_fitting: f64 = 1.0;
    for fit in known.fits() {
        most_fitting = most_fitting.max(super::rank::figure(fit, moment));
    }
    let first = known.first_entry();
    for place in 0..known.ranked() {
        let offer = || known.ranked_at(place);
        // The ranking goes by value, so nothing better can follow.
        let is_beaten =
            |(best, _): (Rank, usize)| offer().is_some_and(|offer| offer.value() * most_fitting < best.total);
        if best.is_some_and(is_beaten) {
            break;
        }
        let record_at = |place| moment.plan.record_at(place);
        if moment.findings.still_fails(first + place, moment, record_at) {
            continue;
        }
        let Some(offer) = offer() else { continue };
        let truth = moment.findings.all_hold(first + place, offer.eligible(), moment);
        if !is_eligible(offer, truth, moment) {
            continue;
        }
        let candidate = (rank(offer, moment), offer.index());
        if best.is_none_or(|best| is_ahead(&candidate, &best))
            && !taken.has(candidate.1, moment)
            && moment_has_come(offer, known.is_overlay(), moment)
            && is_free(offer, moment)
        {
            best = Some(candidate);
        }
    }
    best
}

/// Whether an offer may be shown, its trigger aside.
pub(super) fn fits_otherwise(offer: Offer, moment: &Moment) -> bool {
    is_eligible(offer, holds(offer.eligible(), moment), moment) && is_free(offer, moment)
}

/// `truth`: what its condition comes to.
fn is_eligible(offer: Offer, truth: Truth, moment: &Moment) -> bool {
    match truth {
        Truth::Yes => moment.is_hopeful() || offer.fit().is_none_or(|fit| moment.fact(fit).is_some()),
        Truth::Unknown => moment.is_hopeful(),
        _ => false,
    }
}

/// Whether neither schedule nor cap nor rest keeps an offer back.
fn is_free(offer: Offer, moment: &Moment) -> bool {
    super::schedule::closed(offer.schedule(), moment).is_none()
        && !offer
            .caps()
            .any(|cap| frequency::used_up(offer.id(), cap, 0, 0, moment).is_some())
        && !frequency::rests(offer, moment)
            .into_iter()
            .any(|(whose, rest)| frequency::silent_until(whose.id(), rest, moment).is_some())
}

/// The limits across offers that forbid an exposure in a placement. `planned`: the placements of exposures about to happen.
pub(super) fn pressures<'m>(
    placement: usize,
    planned: &'m [usize],
    moment: &'m Moment<'m>,
) -> impl Iterator<Item = (Limit, frequency::Blocked)> {
    let plan = moment.plan;
    plan.pressures().filter_map(move |(scope, limit)| {
        if !plan.is_about(scope, &[placement]) {
            return None;
        }
        let mut ahead = 0;
        for placement in planned {
            ahead += u32::from(plan.is_about(scope, &[*placement]));
        }
        Some((limit, frequency::pressed(scope, limit, ahead, moment)?))
    })
}
