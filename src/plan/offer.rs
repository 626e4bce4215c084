//! Placements and offers, and what is asked of them.

use super::layout::{fold, offer, placement, schedule};
use crate::condition::{Outcome, Where};
use crate::config::{After, Signal};
pub use crate::config::{Cap, Limit, Period, Rest};
use crate::records::{List, Record};
use crate::time::Millis;

/// A placement and its offers.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'p>(pub(super) Record<'p>);

impl<'p> Placement<'p> {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'p str {
        self.0.text(placement::NAME)
    }

    /// How many offers it shows at the most.
    #[must_use]
    pub fn take(self) -> usize {
        self.0.word(placement::TAKE)
    }

    /// It appears over the page rather than in it.
    #[must_use]
    pub fn is_overlay(self) -> bool {
        self.0.flag(placement::OVERLAY)
    }

    /// What it shows when no offer fits, as JSON; without it (""), what the page has there.
    #[must_use]
    pub fn fallback(self) -> &'p str {
        self.0.text(placement::FALLBACK)
    }

    /// Its offers, the most valuable first; equals in the order of the config.
    pub fn ranking(self) -> impl Iterator<Item = Offer<'p>> {
        self.0.list(placement::RANKING).records().map(Offer)
    }

    /// How many there are in the ranking.
    #[must_use]
    pub fn ranked(self) -> usize {
        self.0.list(placement::RANKING).len()
    }

    /// The offer at a place of the ranking.
    #[must_use]
    pub fn ranked_at(self, place: usize) -> Option<Offer<'p>> {
        self.0.list(placement::RANKING).at(place).map(Offer)
    }

    /// The number of the first entry of the ranking among those of all placements: the others follow.
    #[must_use]
    pub fn first_entry(self) -> usize {
        self.0.word(placement::FIRST)
    }

    /// Where the figures lie that say how well its offers fit.
    pub fn fits(self) -> impl Iterator<Item = Where<'p>> {
        self.0.list(placement::FITS).records().map(Where::of)
    }

    /// What is shown here depends on what is shown in these, by index, itself included.
    #[must_use]
    pub fn linked(self) -> List<'p> {
        self.0.list(placement::LINKED)
    }
}

/// An offer.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'p>(pub(super) Record<'p>);

impl PartialEq for Offer<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.place() == other.0.place()
    }
}

impl<'p> Offer<'p> {
    /// Its index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.word(offer::INDEX)
    }

    /// The number of its id.
    #[must_use]
    pub fn id(self) -> usize {
        self.0.word(offer::ID)
    }

    /// Its placements, by index, the preferred first.
    #[must_use]
    pub fn placements(self) -> List<'p> {
        self.0.list(offer::PLACEMENTS)
    }

    /// Its family, by index.
    #[must_use]
    pub fn family(self) -> Option<usize> {
        self.0.maybe(offer::FAMILY)
    }

    /// Who may see it.
    #[must_use]
    pub fn eligible(self) -> Record<'p> {
        self.0.record(offer::ELIGIBLE)
    }

    /// The tallies that say when its triggers last fired; of none: it may appear at once.
    #[must_use]
    pub fn triggers(self) -> List<'p> {
        self.0.list(offer::TRIGGERS)
    }

    /// When it may be shown.
    #[must_use]
    pub fn schedule(self) -> Schedule {
        let record = self.0.record(offer::SCHEDULE);
        Schedule {
            from: record.maybe(schedule::FROM),
            to: record.maybe(schedule::TO),
            hours: record
                .flag(schedule::HOURS)
                .then(|| (record.time(schedule::OPENS), record.time(schedule::CLOSES))),
        }
    }

    /// How often at the most; all of them count.
    pub fn caps(self) -> impl Iterator<Item = Cap> {
        self.0.list(offer::CAPS).records().map(Cap::of)
    }

    /// When it keeps silent; each of them.
    pub fn rests(self) -> impl Iterator<Item = Rest> {
        self.0.list(offer::RESTS).records().map(Rest::of)
    }

    /// What it is worth, the weights of the site applied.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0.amount(offer::VALUE)
    }

    /// Where the figure lies that says how well it fits the visitor. Without one: 1.
    #[must_use]
    pub fn fit(self) -> Option<Where<'p>> {
        self.0.flag(offer::FIT).then(|| Where::of(self.0.record(offer::FIT)))
    }

    /// What it says, as JSON.
    #[must_use]
    pub fn content(self) -> &'p str {
        self.0.text(offer::CONTENT)
    }
}

/// When an offer may be shown. Without a bound: always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// From this edge of the plan on.
    pub from: Option<usize>,
    /// Up to, not including, this edge of the plan.
    pub to: Option<usize>,
    /// From the first time of day up to, not including, the second; wraps midnight when the second is smaller. In ms.
    pub hours: Option<(Millis, Millis)>,
}

impl Cap {
    fn of(record: Record) -> Cap {
        Cap {
            exposures: record.word(0) as u32,
            per: match record.word(1) {
                0 => Period::Ever,
                1 => Period::Page,
                2 => Period::Visit,
                _ => Period::Span(record.time(2)),
            },
        }
    }
}

impl Rest {
    fn of(record: Record) -> Rest {
        let after = record.word(1);
        Rest {
            after: if record.flag(0) {
                After::Outcome(Outcome::numbered(after))
            } else {
                After::Event(after)
            },
            span: record.time(2),
        }
    }
}

impl Limit {
    pub(super) fn of(record: Record) -> Limit {
        match record.word(0) {
            0 => Limit::Cap(Cap::of(record.record(1))),
            1 => Limit::Rest(Rest::of(record.record(1))),
            _ => Limit::Quiet(record.time(1), record.time(2)),
        }
    }
}

/// How a tally makes figures of happenings, which are indexes. The texts lead to a parameter.
#[derive(Clone, Copy, Debug)]
pub enum Fold<'p> {
    /// One for each.
    Count(usize),
    /// A parameter, summed up.
    Sum(usize, List<'p>),
    /// The greatest value of a parameter.
    Max(usize, List<'p>),
    /// The different values of a parameter.
    Distinct(usize, List<'p>),
    /// Steps in their order, with none of what must not happen between the first and the last.
    Sequence(List<'p>, Option<usize>),
    /// A score of which half is left after so many ms, and what adds to it: records of a happening and an amount.
    Fading(Millis, List<'p>),
    /// A signal that reaches a threshold.
    Signal(Signal, f64),
}

impl<'p> Fold<'p> {
    pub(super) fn of(record: Record<'p>) -> Fold<'p> {
        let happening = record.word(1);
        let rest = record.tail(2);
        match record.word(0) {
            fold::COUNT => Fold::Count(happening),
            fold::SUM => Fold::Sum(happening, rest),
            fold::MAX => Fold::Max(happening, rest),
            fold::DISTINCT => Fold::Distinct(happening, rest),
            fold::SEQUENCE => Fold::Sequence(rest, record.maybe(1)),
            fold::FADING => Fold::Fading(record.time(1), rest),
            _ => Fold::Signal(Signal::numbered(happening), record.amount(2)),
        }
    }
}
