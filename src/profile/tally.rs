//! Tallies: how often something happened, in true rolling windows of whole buckets.

use crate::condition::{Grain, Window};
use crate::host::{Host, Zone};
use crate::plan::{GRAINS, TallyKeep};
use crate::time::Millis;

/// What is kept of one tally.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Count {
    /// How often it happened in all.
    pub total: u32,
    /// When it last happened.
    pub last: Option<Millis>,
    /// How often it happened in each bucket, by [`GRAINS`].
    pub rings: [Ring; 3],
}

/// Counts by bucket, the oldest first; empty buckets are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ring(pub Vec<(i64, u32)>);

/// The bucket that an instant falls into.
pub fn bucket(grain: Grain, at: Millis, zone: &Zone, host: &dyn Host) -> i64 {
    match grain {
        Grain::Day => zone.day(at, host),
        smaller => at.div_euclid(smaller.size()),
    }
}

/// How often it happened within `window` before `now`. What lies in the future counts as now.
pub fn count_within(count: &Count, window: Window, now: Millis, zone: &Zone, host: &dyn Host) -> u32 {
    let oldest = bucket(window.grain, now, zone, host) - window.buckets() + 1;
    let ring = count.rings.get(window.grain as usize).map_or(&[][..], |ring| &ring.0);
    ring.iter()
        .rev()
        .take_while(|(bucket, _)| *bucket >= oldest)
        .fold(0, |sum, (_, times)| sum.saturating_add(*times))
}

impl Count {
    pub(super) fn add(&mut self, now: Millis, keep: &TallyKeep, zone: &Zone, host: &dyn Host) {
        if keep.total {
            self.total = self.total.saturating_add(1);
        }
        if keep.last {
            self.last = self.last.max(Some(now));
        }
        for ((ring, grain), buckets) in self.rings.iter_mut().zip(GRAINS).zip(keep.buckets) {
            if buckets > 0 {
                ring.add(bucket(grain, now, zone, host), 1);
            }
        }
    }

    /// Nothing is dropped here: what seems old beside a clock that was ahead may be of today.
    pub(super) fn merge(&mut self, other: &Count) {
        self.total = self.total.saturating_add(other.total);
        self.last = self.last.max(other.last);
        for (ring, other) in self.rings.iter_mut().zip(&other.rings) {
            for (bucket, times) in &other.0 {
                ring.add(*bucket, *times);
            }
        }
    }

    /// Drops what no window can reach any more, and what is not asked for.
    pub(super) fn trim(&mut self, hold: &TallyKeep) {
        self.total *= u32::from(hold.total);
        self.last = self.last.filter(|_| hold.last);
        for (ring, buckets) in self.rings.iter_mut().zip(hold.buckets) {
            ring.trim(buckets);
        }
    }

    pub(super) fn settle(&mut self, now: Millis, zone: &Zone, host: &dyn Host) {
        self.last = self.last.map(|last| last.min(now));
        for (ring, grain) in self.rings.iter_mut().zip(GRAINS) {
            let present = bucket(grain, now, zone, host);
            let ahead = ring
                .0
                .split_off(ring.0.partition_point(|(bucket, _)| *bucket <= present));
            for (_, times) in ahead {
                ring.add(present, times);
            }
        }
    }
}

impl Ring {
    fn add(&mut self, bucket: i64, times: u32) {
        let place = self.0.partition_point(|(known, _)| *known < bucket);
        match self.0.get_mut(place) {
            Some((known, count)) if *known == bucket => *count = count.saturating_add(times),
            _ => self.0.insert(place, (bucket, times)),
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
