//! What has to be kept of the visitor, derived from the rules alone.

#[cfg(feature = "authoring")]
pub use derive::Keep;

use crate::condition::{Grain, Known};
use crate::records::Record;

/// What is kept of a tally.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TallyKeep {
    /// Of each [`Grain`], how many buckets.
    pub buckets: [i64; 3],
    /// The figure in all.
    pub total: bool,
    /// When first.
    pub first: bool,
    /// When last.
    pub last: bool,
    /// How many different values, or steps, the most recent ones.
    pub recent: usize,
}

impl TallyKeep {
    /// All there is to keep.
    pub const ALL: TallyKeep = TallyKeep {
        buckets: [i64::MAX; 3],
        total: true,
        first: true,
        last: true,
        recent: usize::MAX,
    };

    /// What a record of a plan says.
    pub(super) fn of(record: Record) -> TallyKeep {
        let figures = record.word(0);
        TallyKeep {
            buckets: [1, 2, 3].map(|field| record.word(field) as i64),
            total: figures & 1 != 0,
            first: figures & 2 != 0,
            last: figures & 4 != 0,
            recent: record.word(4),
        }
    }

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
    pub counts: [bool; 5],
    /// When each outcome last happened.
    pub last: [bool; 5],
}

impl HistoryKeep {
    /// All there is to keep.
    pub const ALL: HistoryKeep = HistoryKeep {
        shown: usize::MAX,
        counts: [true; 5],
        last: [true; 5],
    };

    /// What a record of a plan says.
    pub(super) fn of(record: Record) -> HistoryKeep {
        let flags = |field: usize| [1, 2, 4, 8, 16].map(|flag| record.word(field) & flag != 0);
        HistoryKeep {
            shown: record.word(0),
            counts: flags(1),
            last: flags(2),
        }
    }

    /// Whether any rule needs anything of it.
    #[must_use]
    pub fn anything(&self) -> bool {
        *self != HistoryKeep::default()
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

#[cfg(feature = "authoring")]
mod derive {
    use super::{ARRIVAL, HistoryKeep, TallyKeep};
    use crate::condition::{Condition, Did, Known, Measure, OfferFact, Outcome, Path, greatest};
    use crate::config::{After, Cap, Config, Fold, Limit, Offer, Period, Pressure, Rest, STAGE_CHANGE, Signal};
    use crate::records::Writer;

    /// Everything the rules need to be kept, and nothing else.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Keep {
        /// Of each tally.
        pub tallies: Vec<TallyKeep>,
        /// Of the history with each offer, by the number of its id, and after those with each scope of pressure.
        pub histories: Vec<HistoryKeep>,
        /// The visit: its number, its times, its pages.
        pub visit: bool,
        /// The active time of the visit.
        pub dwell: bool,
        /// The stage of the lifecycle: this one, the one before, and since when.
        pub stage: bool,
        /// How the visit began: those facts of it that are asked for.
        pub arrival: Vec<Known>,
        /// The cart.
        pub cart: bool,
        /// The attributes of the visitor that the config names.
        pub user: Vec<String>,
    }

    impl Keep {
        /// What the offers of `config` need, and the audiences, the lifecycle and the pressure they are under. `links` is a group for
        /// each placement, in which offers compete.
        pub(in crate::plan) fn of(config: &Config, families: &[Vec<usize>], links: &[usize]) -> Keep {
            let mut keep = Keep {
                user: config.site.keep.clone(),
                ..Keep::nothing(config)
            };
            let mut audiences = Vec::new();
            let mut stages = false;
            for offer in &config.offers {
                stages |= keep.offer(offer, config, families, &mut audiences);
            }
            keep.freshness(config, links);
            for pressure in &config.pressures {
                keep.pressure(pressure, config);
            }
            keep.fed(config);
            if stages || keep.stage {
                for stage in &config.stages {
                    keep.condition(&stage.when, config, &mut audiences);
                }
                keep.fed(config);
            }
            keep
        }

        /// Room for what may be kept, and nothing of it.
        pub(in crate::plan) fn nothing(config: &Config) -> Keep {
            Keep {
                tallies: vec![TallyKeep::default(); config.tallies.len()],
                histories: vec![HistoryKeep::default(); config.ids.all().len() + config.scopes.len()],
                ..Keep::default()
            }
        }

        /// Adds what an offer needs for itself; says whether it asks about the stage. What `audiences` need that are listed is known
        /// already, and those that it names are added to them.
        pub(in crate::plan) fn offer(
            &mut self,
            offer: &Offer,
            config: &Config,
            families: &[Vec<usize>],
            audiences: &mut Vec<usize>,
        ) -> bool {
            let mut stages = self.condition(&offer.eligible, config, audiences);
            if let Some(path) = &offer.fit {
                stages |= self.path(path, config);
            }
            for tally in &offer.triggers {
                self.trigger(*tally, config);
            }
            for cap in &offer.caps {
                self.cap(offer.id, cap);
            }
            for rest in &offer.rests {
                self.rest(offer.id, rest);
                if rest.after == After::Outcome(Outcome::Dismissed) {
                    let family = offer.family.and_then(|family| families.get(family));
                    for member in family
                        .into_iter()
                        .flatten()
                        .filter_map(|index| config.offers.get(*index))
                    {
                        self.rest(member.id, rest);
                    }
                }
            }
            let is_overlay = |index: &usize| config.placements.get(*index).is_some_and(|place| place.overlay);
            if !offer.triggers.is_empty() && offer.placements.iter().any(is_overlay) {
                self.history(offer.id, |history| set(&mut history.last, Outcome::Raised));
            }
            stages
        }

        /// Adds what a rule of pressure needs.
        pub(in crate::plan) fn pressure(&mut self, pressure: &Pressure, config: &Config) {
            let history = config.ids.all().len() + pressure.scope;
            match &pressure.limit {
                Limit::Cap(cap) => self.cap(history, cap),
                Limit::Rest(rest) => self.rest(history, rest),
                Limit::Quiet(..) => {}
            }
        }

        /// An offer that competes with others is ranked by when it was last seen, too.
        pub(in crate::plan) fn freshness(&mut self, config: &Config, groups: &[usize]) {
            // All placements of an offer are of one group.
            let group = |offer: &Offer| groups.get(*offer.placements.first()?).copied();
            let mut rivals = vec![0_usize; groups.len()];
            for offer in &config.offers {
                if let Some(count) = group(offer).and_then(|group| rivals.get_mut(group)) {
                    *count += 1;
                }
            }
            for offer in &config.offers {
                if group(offer)
                    .and_then(|group| rivals.get(group))
                    .is_some_and(|count| *count > 1)
                {
                    self.history(offer.id, |history| set(&mut history.last, Outcome::Exposed));
                }
            }
        }

        fn cap(&mut self, history: usize, cap: &Cap) {
            match cap.per {
                Period::Page => {}
                Period::Ever => self.history(history, |history| set(&mut history.counts, Outcome::Exposed)),
                Period::Visit | Period::Span(_) => {
                    self.visit |= cap.per == Period::Visit;
                    self.history(history, |history| {
                        history.shown = history.shown.max(cap.exposures as usize)
                    });
                }
            }
        }

        fn rest(&mut self, history: usize, rest: &Rest) {
            match rest.after {
                After::Outcome(outcome) => self.history(history, |history| set(&mut history.last, outcome)),
                After::Event(tally) => self.tally(tally, |tally| tally.last = true),
            }
        }

        fn trigger(&mut self, index: usize, config: &Config) {
            // A trigger that fired counts until the visit ends.
            self.visit = true;
            self.tally(index, |tally| tally.last = true);
            let fold = config.tallies.get(index).map(|tally| &tally.fold);
            self.dwell |= matches!(fold, Some(Fold::Signal(Signal::Dwell, _)));
        }

        /// Whoever counts changes of stage needs to know the stage.
        pub(in crate::plan) fn fed(&mut self, config: &Config) {
            if config.stages.is_empty() {
                return;
            }
            for (index, tally) in config.tallies.iter().enumerate() {
                let is_change = |happening: &usize| {
                    let happening = config.happenings.get(*happening);
                    happening.is_some_and(|happening| happening.event == STAGE_CHANGE)
                };
                self.stage |= self.asks(index) && tally.fold.happenings().iter().any(is_change);
            }
        }

        fn tally(&mut self, index: usize, change: impl FnOnce(&mut TallyKeep)) {
            if let Some(tally) = self.tallies.get_mut(index) {
                change(tally);
            }
        }

        /// Whether any rule needs anything of a tally.
        #[must_use]
        pub fn asks(&self, tally: usize) -> bool {
            self.tallies.get(tally).is_some_and(TallyKeep::anything)
        }

        fn history(&mut self, id: usize, change: impl FnOnce(&mut HistoryKeep)) {
            if let Some(history) = self.histories.get_mut(id) {
                change(history);
            }
        }

        /// Notes what a condition needs; says whether it asks about the stage.
        pub(in crate::plan) fn condition(
            &mut self,
            condition: &Condition,
            config: &Config,
            audiences: &mut Vec<usize>,
        ) -> bool {
            let mut named = Vec::new();
            let mut stages = false;
            condition.walk(&mut |part| match part {
                Condition::Is(test) => stages |= self.path(&test.path, config),
                Condition::Did(did) => self.did(did, config),
                Condition::Audience(index) => named.push(*index),
                _ => {}
            });
            for index in named {
                if !audiences.contains(&index) {
                    audiences.push(index);
                    if let Some(audience) = config.audiences.get(index) {
                        stages |= self.condition(&audience.condition, config, audiences);
                    }
                }
            }
            stages
        }

        fn did(&mut self, did: &Did, config: &Config) {
            let steps = match config.tallies.get(did.tally).map(|tally| &tally.fold) {
                // One entry for each step, and when the steps began anew.
                Some(Fold::Sequence { steps, .. }) => steps.len() + 1,
                _ => 0,
            };
            self.tally(did.tally, |tally| match (did.measure, did.window) {
                (Measure::First, _) => tally.first = true,
                (Measure::Last, _) => tally.last = true,
                (Measure::Sequence, _) => tally.recent = steps,
                // Of any more than what it is compared with, the answer is the same.
                (Measure::Distinct, _) => tally.recent = tally.recent.max(greatest(&did.check) as usize + 1),
                (_, None) => tally.total = true,
                (_, Some(window)) => {
                    if let Some(buckets) = tally.buckets.get_mut(window.grain as usize) {
                        *buckets = window.buckets().max(*buckets);
                    }
                }
            });
        }

        /// Notes what a path needs; says whether it leads to the stage.
        fn path(&mut self, path: &Path, config: &Config) -> bool {
            match path {
                Path::Offer(id, OfferFact::Count(outcome)) => {
                    self.history(*id, |history| set(&mut history.counts, *outcome))
                }
                Path::Offer(id, OfferFact::Days(outcome)) => {
                    self.history(*id, |history| set(&mut history.last, *outcome))
                }
                Path::Interest(tally) => self.interest(*tally),
                Path::Known(known) => match known {
                    Known::TopInterest => config
                        .interests
                        .iter()
                        .for_each(|interest| self.interest(interest.tally)),
                    Known::StageNow => return true,
                    Known::StageBefore | Known::StageDays => {
                        self.stage = true;
                        return true;
                    }
                    Known::CartItems | Known::CartValue => self.cart = true,
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
            false
        }

        fn interest(&mut self, tally: usize) {
            self.tally(tally, |tally| {
                *tally = TallyKeep {
                    total: true,
                    last: true,
                    recent: 1,
                    ..TallyKeep::default()
                };
            });
        }
    }

    fn set(flags: &mut [bool; 5], outcome: Outcome) {
        if let Some(flag) = flags.get_mut(outcome as usize) {
            *flag = true;
        }
    }

    impl TallyKeep {
        /// As a record of a plan.
        pub(crate) fn write(&self, writer: &mut Writer) -> usize {
            let figures = usize::from(self.total) | usize::from(self.first) << 1 | usize::from(self.last) << 2;
            let [minutes, hours, days] = self.buckets.map(|buckets| buckets as usize);
            writer.record(&[figures, minutes, hours, days, self.recent])
        }
    }

    impl HistoryKeep {
        /// As a record of a plan.
        pub(crate) fn write(&self, writer: &mut Writer) -> usize {
            let flags = |flags: [bool; 5]| flags.iter().rev().fold(0, |all, flag| all << 1 | usize::from(*flag));
            writer.record(&[self.shown, flags(self.counts), flags(self.last)])
        }
    }
}
