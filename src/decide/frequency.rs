//! Caps and rests, of an offer and across offers: how often, and when to keep silent.

use super::Moment;
use crate::condition::Outcome;
use crate::config::{After, Edge};
use crate::plan::{Cap, Limit, Offer, Period, Rest};
use crate::time::{DAY, Millis};

/// A limit that forbids an exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocked {
    /// When it ends, in ms since the epoch; without it, not by waiting.
    pub until: Option<Millis>,
}

/// A cap holds while the n-th last exposure is younger than its period. `history` is an offer's, or that of a scope of
/// pressure; `on_page` is how often it happened on this page view, and `planned` how many exposures are about to happen.
pub(super) fn used_up(history: usize, cap: Cap, on_page: u32, planned: u32, moment: &Moment) -> Option<Blocked> {
    let Some(left) = cap.exposures.checked_sub(planned).filter(|left| *left > 0) else {
        return Some(Blocked { until: None });
    };
    let known = moment.history(history);
    let (used, until) = match cap.per {
        Period::Page => (on_page >= left, None),
        Period::Ever => (known?.count(Outcome::Exposed) >= left, None),
        Period::Visit => (known?.nth_last_shown(left)? >= moment.visit_start(), None),
        Period::Span(span) => {
            let nth_last = known?.nth_last_shown(left)?;
            (
                moment.age(nth_last) < span,
                Some(nth_last.min(moment.now).saturating_add(span)),
            )
        }
    };
    used.then_some(Blocked { until })
}

/// When a rest that isn't over will be, in ms since the epoch. `history` is an offer's, or that of a scope of pressure.
pub(super) fn silent_until(history: usize, rest: Rest, moment: &Moment) -> Option<Millis> {
    let last = match rest.after {
        After::Outcome(outcome) => moment.history(history)?.last(outcome)?,
        After::Event(tally) if moment.is_unsure(tally) && !moment.is_hopeful() => moment.now,
        After::Event(tally) => moment.profile.counts.get(tally)?.last?,
    };
    (moment.age(last) < rest.span).then_some(last.min(moment.now).saturating_add(rest.span))
}

/// Every rest that an offer is under, with the offer whose history counts: its own, and after a dismissal those of its family
/// (its own rule after the dismissal of another, and another's rule after the dismissal of that one).
pub(super) fn rests<'a>(offer: Offer<'a>, moment: &Moment<'a>) -> Vec<(Offer<'a>, Rest)> {
    let mut all: Vec<(Offer, Rest)> = Vec::new();
    offer.rests().for_each(|rest| all.push((offer, rest)));
    let Some(family) = offer.family() else { return all };
    for index in moment.plan.family(family) {
        let Some(member) = moment.plan.offer(index).filter(|member| *member != offer) else {
            continue;
        };
        for rests in [offer, member] {
            for rest in rests.rests() {
                if rest.after == After::Outcome(Outcome::Dismissed) {
                    all.push((member, rest));
                }
            }
        }
    }
    all
}

/// Whether a limit across offers forbids an exposure in a scope. `planned` exposures there are about to happen.
pub(super) fn pressed(scope: usize, limit: Limit, planned: u32, moment: &Moment) -> Option<Blocked> {
    let history = moment.plan.scope_history(scope);
    match limit {
        Limit::Cap(cap) => used_up(history, cap, exposed_here(scope, moment), planned, moment),
        Limit::Rest(rest) => silent_until(history, rest, moment).map(|until| Blocked { until: Some(until) }),
        Limit::Quiet(from, to) => {
            let zone = &moment.plan.visitor_zone;
            let local = zone.local(moment.now, moment.host);
            let clock = local.rem_euclid(DAY);
            super::schedule::is_within(clock, from, to).then(|| {
                let left = (to - clock).rem_euclid(DAY);
                let end = Edge {
                    at: local + left,
                    is_local: true,
                };
                // Of an hour that comes twice, the first may have passed.
                let first = Some(end.instant(zone, moment.host)).filter(|end| *end > moment.now);
                Blocked {
                    until: first.or(Some(moment.now + left)),
                }
            })
        }
    }
}

/// How many exposures in a scope this page view has seen.
fn exposed_here(scope: usize, moment: &Moment) -> u32 {
    let shown = moment.here.exposed.iter();
    shown
        .filter(|placements| moment.plan.is_about(scope, placements))
        .count() as u32
}
