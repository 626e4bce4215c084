//! Tallies: counts, amounts, values, steps and scores, in true rolling windows of whole buckets where a rule asks for that.

use super::Profile;
use super::event::Change;
use crate::condition::record::did;
use crate::condition::{Grain, Measure};
use crate::host::{Host, Zone};
use crate::json::Value;
use crate::plan::{Fold, GRAINS, Plan, TallyKeep};
use crate::records::Record;
use crate::time::Millis;

/// What is kept of one tally.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Count {
    /// The figure in all; of a score, what it was at `last`.
    pub total: Option<f64>,
    /// When it first happened.
    pub first: Option<Millis>,
    /// When it last happened.
    pub last: Option<Millis>,
    /// The figure of each bucket, by [`GRAINS`].
    pub rings: [Ring; 3],
    /// When each of these last was: different values by their hash; of a sequence the latest beginning that reached each step
    /// (at 0: when `without` last happened); of a score whether (1) or not (0) it is muted since.
    pub recent: Vec<(u32, Millis)>,
}

/// Figures by bucket, the oldest first; empty buckets are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ring(pub Vec<(i64, f64)>);

/// The bucket that an instant falls into.
pub fn bucket(grain: Grain, at: Millis, zone: &Zone, host: &dyn Host) -> i64 {
    match grain {
        Grain::Day => zone.day(at, host),
        smaller => at.div_euclid(smaller.size()),
    }
}

/// Two figures of the same thing, together.
pub(super) fn join(fold: Fold, left: f64, right: f64) -> f64 {
    match fold {
        Fold::Max(..) => left.max(right),
        _ => finite(left + right),
    }
}

/// What no number can hold is the largest there is: a page may say anything.
#[inline(never)]
#[expect(clippy::manual_clamp, reason = "what is no number comes to one, too")]
pub(super) fn finite(figure: f64) -> f64 {
    figure.max(f64::MIN).min(f64::MAX)
}

/// What a `$did` measures; `Null` where there is no figure. What lies in the future counts as now.
pub fn measured(behaviour: Record, profile: &Profile, now: Millis, plan: &Plan, host: &dyn Host) -> Value {
    let nothing = Count::default();
    let count = profile.counts.get(behaviour.word(did::TALLY)).unwrap_or(&nothing);
    let measure = Measure::numbered(behaviour.word(did::MEASURE));
    let Some(fold) = plan.fold(behaviour.word(did::TALLY)) else {
        return Value::Null;
    };
    let grain = behaviour.maybe(did::GRAIN).and_then(|grain| GRAINS.get(grain).copied());
    let oldest = grain.map(|grain| {
        let buckets = behaviour.word(did::BUCKETS) as i64;
        (grain, bucket(grain, now, &plan.zone, host) - buckets + 1)
    });
    let ago = |at: Option<Millis>| at.map(|at| (now - at).max(0) as f64);
    let counts = |at: Millis| oldest.is_none_or(|(grain, oldest)| bucket(grain, at, &plan.zone, host) >= oldest);
    let figure = match (measure, fold) {
        (Measure::First, _) => ago(count.first),
        (Measure::Last, _) => ago(count.last),
        (Measure::Distinct, _) => {
            let mut different = 0.0;
            for (_, at) in &count.recent {
                different += f64::from(counts(*at));
            }
            Some(different)
        }
        (Measure::Sequence, Fold::Sequence(steps, _)) => Some(f64::from(count.step(steps.len()).is_some_and(counts))),
        (_, fold) => {
            let mut figure = count.total.filter(|_| oldest.is_none());
            if let Some((grain, oldest)) = oldest {
                for (bucket, amount) in count.rings.get(grain as usize).map_or(&[][..], |ring| &ring.0) {
                    if *bucket >= oldest {
                        figure = Some(figure.map_or(*amount, |figure| join(fold, figure, *amount)));
                    }
                }
            }
            match measure {
                Measure::Max => figure,
                // Sums of decimal fractions are off by less than this, whatever their order.
                _ => Some(finite((figure.unwrap_or(0.0) * 1e6).round() / 1e6)),
            }
        }
    };
    figure.map_or(Value::Null, Value::Number)
}

impl Count {
    /// The latest beginning that reached a step, 1 being the first.
    fn step(&self, step: usize) -> Option<Millis> {
        self.recent(step as u32)
    }

    fn recent(&self, key: u32) -> Option<Millis> {
        let entry = self.recent.iter().find(|(known, _)| *known == key);
        entry.map(|(_, at)| *at)
    }

    fn note_recent(&mut self, key: u32, at: Millis) {
        match self.recent.iter_mut().find(|(known, _)| *known == key) {
            Some(entry) => entry.1 = entry.1.max(at),
            None => {
                let place = self.recent.partition_point(|(known, _)| *known < key);
                self.recent.insert(place, (key, at));
            }
        }
    }

    /// A score is muted: it counts for nothing and collects nothing.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.recent.first().is_some_and(|(muted, _)| *muted == 1)
    }

    /// Switches a score off or on; what it was is erased.
    pub fn mute(&mut self, muted: bool, now: Millis) {
        // Of two in the same ms the second is the later.
        let at = self.recent.first().map_or(now, |(_, at)| now.max(at + 1));
        *self = Count {
            recent: vec![(muted.into(), at)],
            ..Count::default()
        };
    }

    /// A score, faded to now: Σ add · 2^(−age / half-life).
    #[must_use]
    pub fn score(&self, half_life: Millis, now: Millis, host: &dyn Host) -> f64 {
        match (self.total, self.last, self.is_muted()) {
            (Some(total), Some(last), false) => {
                let score = faded(total, (now - last).max(0), half_life, host);
                // Whatever the order of adding and fading, it is off by less than this.
                (score * 1e9).round() / 1e9
            }
            _ => 0.0,
        }
    }

    /// Folds in what happened.
    pub(super) fn fold(
        &mut self,
        change: &Change,
        fold: Fold,
        keep: &TallyKeep,
        now: Millis,
        zone: &Zone,
        host: &dyn Host,
    ) {
        match change {
            Change::Add(amount) => {
                if let Fold::Fading(half_life, _) = fold {
                    let score = Count {
                        total: Some(*amount),
                        last: Some(now),
                        recent: self.recent.clone(),
                        ..Count::default()
                    };
                    if !self.is_muted() {
                        self.merge_score(&score, half_life, host);
                    }
                    return;
                }
                if keep.total {
                    self.total = Some(self.total.map_or(*amount, |total| join(fold, total, *amount)));
                }
                for ((ring, grain), buckets) in self.rings.iter_mut().zip(GRAINS).zip(keep.buckets) {
                    if buckets > 0 {
                        ring.add(bucket(grain, now, zone, host), *amount, fold);
                    }
                }
                if keep.first {
                    self.first = Some(self.first.map_or(now, |first| first.min(now)));
                }
                if keep.last {
                    self.last = self.last.max(Some(now));
                }
            }
            Change::Values(values) => {
                for value in values {
                    self.note_recent(*value, now);
                }
            }
            Change::Steps { reached, without } => self.advance(reached, *without, now),
        }
    }

    /// Takes the steps of a sequence that an event is, the last ones first, so that one event is one step only.
    fn advance(&mut self, reached: &[bool], without: bool, now: Millis) {
        let last = reached.len();
        for step in (2..=last).rev() {
            if reached.get(step - 1) == Some(&true)
                && let Some(began) = self.step(step - 1)
            {
                self.note_recent(step as u32, began);
            }
        }
        if without {
            self.recent.retain(|(step, _)| *step as usize == last);
            self.note_recent(0, now);
        }
        if reached.first() == Some(&true) {
            self.note_recent(1, now);
        }
    }

    /// Nothing is dropped here: what seems old beside a clock that was ahead may be of today.
    pub(super) fn merge(&mut self, other: &Count, fold: Fold, host: &dyn Host) {
        if let Fold::Fading(half_life, _) = fold {
            return self.merge_score(other, half_life, host);
        }
        if let Some(amount) = other.total {
            self.total = Some(self.total.map_or(amount, |total| join(fold, total, amount)));
        }
        self.first = match (self.first, other.first) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        };
        self.last = self.last.max(other.last);
        for (ring, other) in self.rings.iter_mut().zip(&other.rings) {
            for (bucket, amount) in &other.0 {
                ring.add(*bucket, *amount, fold);
            }
        }
        for (key, at) in &other.recent {
            self.note_recent(*key, *at);
        }
        if let (Fold::Sequence(steps, _), Some(cleared)) = (fold, self.recent(0)) {
            let last = steps.len() as u32;
            self.recent
                .retain(|(step, began)| *step == 0 || *step == last || *began >= cleared);
        }
    }

    fn merge_score(&mut self, other: &Count, half_life: Millis, host: &dyn Host) {
        // Whoever was muted or unmuted later knows better.
        let since = |count: &Count| count.recent.first().map(|(muted, at)| (*at, *muted));
        if since(self) != since(other) {
            if since(self) < since(other) {
                *self = other.clone();
            }
            return;
        }
        let (Some(score), Some(at)) = (other.total, other.last) else {
            return;
        };
        let own = self.last.unwrap_or(at);
        let latest = own.max(at);
        let fade = |score: f64, at: Millis| faded(score, latest - at, half_life, host);
        self.total = Some(finite(
            self.total.map_or(0.0, |total| fade(total, own)) + fade(score, at),
        ));
        self.last = Some(latest);
    }

    /// Drops what no window can reach any more, and what is not asked for.
    pub(super) fn trim(&mut self, hold: &TallyKeep) {
        self.total = self.total.filter(|_| hold.total);
        self.first = self.first.filter(|_| hold.first);
        self.last = self.last.filter(|_| hold.last);
        for (ring, buckets) in self.rings.iter_mut().zip(hold.buckets) {
            ring.trim(buckets);
        }
        while self.recent.len() > hold.recent {
            let mut oldest = 0;
            for (index, (_, at)) in self.recent.iter().enumerate() {
                if self.recent.get(oldest).is_some_and(|(_, known)| at < known) {
                    oldest = index;
                }
            }
            self.recent.remove(oldest);
        }
    }

    pub(super) fn settle(&mut self, now: Millis, fold: Fold, zone: &Zone, host: &dyn Host) {
        let times = self.recent.iter_mut().map(|(_, at)| at);
        for at in times.chain(&mut self.first).chain(&mut self.last) {
            *at = (*at).min(now);
        }
        for (ring, grain) in self.rings.iter_mut().zip(GRAINS) {
            let present = bucket(grain, now, zone, host);
            let ahead = ring
                .0
                .split_off(ring.0.partition_point(|(bucket, _)| *bucket <= present));
            for (_, amount) in ahead {
                ring.add(present, amount, fold);
            }
        }
    }
}

fn faded(score: f64, age: Millis, half_life: Millis, host: &dyn Host) -> f64 {
    score * host.power(2.0, -(age as f64) / half_life as f64)
}

impl Ring {
    fn add(&mut self, bucket: i64, amount: f64, fold: Fold) {
        let place = self.0.partition_point(|(known, _)| *known < bucket);
        match self.0.get_mut(place) {
            Some((known, figure)) if *known == bucket => *figure = join(fold, *figure, amount),
            _ => self.0.insert(place, (bucket, amount)),
        }
    }

    /// Drops what no window of so many buckets can reach any more.
    fn trim(&mut self, buckets: i64) {
        if let Some((newest, _)) = self.0.last().copied() {
            let old = self
                .0
                .partition_point(|(bucket, _)| *bucket <= newest.saturating_sub(buckets));
            if old > 0 {
                self.0 = self.0.split_off(old);
            }
        }
    }
}
