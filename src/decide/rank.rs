//! What an offer is ranked by: fit × value × freshness.

use super::Moment;
use crate::condition::{Facts, Outcome, Where};
use crate::plan::Offer;
use crate::time::DAY;

/// What an offer is ranked by, and what that is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rank {
    /// The product of the three.
    pub total: f64,
    /// How well it fits the visitor: the figure at its `fit`; 1 without one, 0 where there is no figure above 0.
    pub fit: f64,
    /// What it is worth, weighed by the site's balance.
    pub value: f64,
    /// 1 for what was never seen; less the more recently it was.
    pub freshness: f64,
}

/// What an offer just seen loses…
const FATIGUE: f64 = 0.2;
/// … and the time in which half of that comes back, in ms.
const RECOVERY: f64 = DAY as f64;

pub(super) fn rank(offer: Offer, moment: &Moment) -> Rank {
    let fit = offer.fit().map_or(1.0, |path| figure(path, moment));
    let seen = moment
        .history(offer.id())
        .and_then(|history| history.last(Outcome::Exposed));
    let freshness = seen.map_or(1.0, |seen| {
        1.0 - FATIGUE * moment.host.power(2.0, -(moment.age(seen) as f64) / RECOVERY)
    });
    Rank {
        total: fit * offer.value() * freshness,
        fit,
        value: offer.value(),
        freshness,
    }
}

/// The number at a path, if it is above 0.
pub(super) fn figure(path: Where, moment: &Moment) -> f64 {
    let Some(fact) = moment.fact(path) else {
        // As if it ranked before all others: then it is known not to matter when it does not.
        return if moment.is_hopeful() { f64::MAX } else { 0.0 };
    };
    let number = fact.number();
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .unwrap_or(0.0)
}
