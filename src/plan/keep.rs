//! What has to be kept of the visitor, derived from the rules alone.

use crate::condition::{Condition, Did, Grain, Known, Measure, OfferFact, Outcome, Path};
use crate::config::{Config, Period};

/// Everything the rules need to be kept, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Of each tally.
    pub tallies: Vec<TallyKeep>,
    /// Of the history with each offer, by the index of its id.
    pub histories: Vec<HistoryKeep>,
    /// The visit: its number, its times, its pages.
    pub visit: bool,
    /// How the visit began: those facts of it that are asked for.
    pub arrival: Vec<Known>,
    /// The cart.
    pub cart: bool,
    /// The attributes of the visitor that the config names.
    pub user: Vec<String>,
}

/// What is kept of a tally.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TallyKeep {
    /// Of each [`Grain`], how many buckets.
    pub buckets: [i64; 3],
    /// How often in all.
    pub total: bool,
    /// When last.
    pub last: bool,
}

impl TallyKeep {
    /// Whether any rule needs anything of it.
    #[must_use]
    pub fn anything(&self) -> bool {
        *self != TallyKeep::default()
    }
}

/// What is kept of the history with an offer. Outcomes are indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryKeep {
    /// The times of this many last exposures.
    pub shown: usize,
    /// How often each outcome happened.
    pub counts: [bool; 4],
    /// When each outcome last happened.
    pub last: [bool; 4],
}

impl HistoryKeep {
    /// Whether any rule needs anything of it.
    #[must_use]
    pub fn anything(&self) -> bool {
        *self != HistoryKeep::default()
    }
}

impl Keep {
    /// What the offers of `config` need, and the audiences they name.
    pub(super) fn of(config: &Config) -> Keep {
        let mut keep = Keep {
            user: config.site.keep.clone(),
            ..Keep::default()
        };
        keep.tallies.resize_with(config.tallies.len(), TallyKeep::default);
        keep.histories.resize_with(config.ids.len(), HistoryKeep::default);
        let mut audiences = Vec::new();
        for offer in &config.offers {
            keep.condition(&offer.eligible, config, &mut audiences);
            for cap in &offer.caps {
                match cap.per {
                    Period::Ever => keep.history(offer.id, |history| set(&mut history.counts, Outcome::Exposed)),
                    Period::Visit | Period::Span(_) => {
                        keep.visit |= cap.per == Period::Visit;
                        keep.history(offer.id, |history| {
                            history.shown = history.shown.max(cap.exposures as usize)
                        });
                    }
                }
            }
            for rest in &offer.rests {
                keep.history(offer.id, |history| set(&mut history.last, rest.after));
            }
        }
        keep
    }

    /// While the config has an error, nothing that is stored is erased: the rule that needs it may be the broken one.
    pub(super) fn loosened(&self) -> Keep {
        let mut all = self.clone();
        all.visit = true;
        all.cart = true;
        all.arrival = ARRIVAL.to_vec();
        for tally in &mut all.tallies {
            *tally = TallyKeep {
                buckets: [i64::MAX; 3],
                total: true,
                last: true,
            };
        }
        for history in &mut all.histories {
            *history = HistoryKeep {
                shown: usize::MAX,
                counts: [true; 4],
                last: [true; 4],
            };
        }
        all
    }

    fn history(&mut self, id: usize, change: impl FnOnce(&mut HistoryKeep)) {
        if let Some(history) = self.histories.get_mut(id) {
            change(history);
        }
    }

    fn condition(&mut self, condition: &Condition, config: &Config, audiences: &mut Vec<usize>) {
        let mut named = Vec::new();
        condition.walk(&mut |part| match part {
            Condition::Is(test) => self.path(&test.path),
            Condition::Did(did) => self.did(did),
            Condition::Audience(index) => named.push(*index),
            _ => {}
        });
        for index in named {
            if !audiences.contains(&index) {
                audiences.push(index);
                if let Some(audience) = config.audiences.get(index) {
                    self.condition(&audience.condition, config, audiences);
                }
            }
        }
    }

    fn did(&mut self, did: &Did) {
        let Some(tally) = self.tallies.get_mut(did.tally) else {
            return;
        };
        match did.measure {
            Measure::Ago => tally.last = true,
            Measure::Times(None) => tally.total = true,
            Measure::Times(Some(window)) => {
                if let Some(buckets) = tally.buckets.get_mut(window.grain as usize) {
                    *buckets = window.buckets().max(*buckets);
                }
            }
        }
    }

    fn path(&mut self, path: &Path) {
        match path {
            Path::Offer(id, OfferFact::Count(outcome)) => {
                self.history(*id, |history| set(&mut history.counts, *outcome))
            }
            Path::Offer(id, OfferFact::Days(outcome)) => self.history(*id, |history| set(&mut history.last, *outcome)),
            Path::Known(Known::CartItems | Known::CartValue) => self.cart = true,
            Path::Known(known) => match known {
                Known::VisitNumber
                | Known::VisitPages
                | Known::VisitSeconds
                | Known::DaysSinceLast
                | Known::DaysSinceFirst => self.visit = true,
                arrival if ARRIVAL.contains(arrival) => {
                    self.visit = true;
                    if !self.arrival.contains(arrival) {
                        self.arrival.push(*arrival);
                    }
                }
                _ => {}
            },
            Path::Query(_) | Path::User(_) | Path::Field(_) => {}
        }
    }
}

fn set(flags: &mut [bool; 4], outcome: Outcome) {
    if let Some(flag) = flags.get_mut(outcome as usize) {
        *flag = true;
    }
}

/// The facts of how a visit began. Their order is how they are stored.
pub const ARRIVAL: [Known; 8] = [
    Known::VisitEntry,
    Known::Referrer,
    Known::Channel,
    Known::UtmSource,
    Known::UtmMedium,
    Known::UtmCampaign,
    Known::UtmTerm,
    Known::UtmContent,
];

/// The grains in the order of [`TallyKeep::buckets`].
pub const GRAINS: [Grain; 3] = [Grain::Minute, Grain::Hour, Grain::Day];
