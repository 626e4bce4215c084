//! The profile as text: compact, versioned, each record with a checksum of its own, so that a damaged one is dropped and
//! the rest stays.
//!
//! `1.<record>.<record>…` – the version, then records in base64url. A record is its bytes and 3 bytes of checksum; its bytes
//! are a letter for its kind and LEB128 numbers. Each record is described once, for both directions. What this version of
//! the plan doesn't ask for is dropped on reading.

use super::{Cart, Count, History, Profile, STAGE, Visit};
use crate::codec::{EPOCH, FARTHEST, Pass, decode_base64, unsealed};
use crate::host::Host;
use crate::json;
use crate::plan::{ARRIVAL, HistoryKeep, Plan};
use crate::words::{pieces, whole};

const VERSION: &str = "1";

/// How a text was found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// Some of it can't be read.
    pub damaged: bool,
    /// How many records no rule asks for.
    pub unasked: usize,
}

impl Reading {
    /// Both together.
    pub(crate) fn add(&mut self, other: Reading) {
        self.damaged |= other.damaged;
        self.unasked += other.unasked;
    }
}

impl Profile {
    /// This profile as text; empty when there is nothing to keep.
    #[must_use]
    pub fn encode(mut self, plan: &Plan, host: &dyn Host) -> String {
        let mut text = VERSION.to_owned();
        let mut pass = Pass::writing(vec![b'p']);
        pass.time(&mut self.touched);
        pass.end(&mut text);
        let empty = text.len();
        if let (Some(visit), true) = (&mut self.visit, plan.holds_visit()) {
            let mut pass = Pass::writing(vec![b'v']);
            pass.visit(visit);
            pass.end(&mut text);
        }
        for (index, count) in self.counts.iter_mut() {
            count.trim(&plan.hold_tally(index));
            if *count != Count::default() {
                let mut pass = Pass::writing(vec![b't']);
                pass.key(&mut plan.tally_key(index));
                pass.count(count);
                pass.end(&mut text);
            }
        }
        for (index, history) in self.histories.iter_mut() {
            if *history != History::default() {
                let mut pass = Pass::writing(vec![b'o']);
                pass.key(&mut plan.history_key(index));
                pass.history(history);
                pass.end(&mut text);
            }
        }
        if self.cart != Cart::default() {
            let mut pass = Pass::writing(vec![b'c']);
            pass.cart(&mut self.cart);
            pass.end(&mut text);
        }
        for (name, value, at) in &mut self.user {
            if asks_for(name, plan) {
                let mut pass = Pass::writing(vec![b'u']);
                pass.time(at);
                pass.text(name);
                pass.text(&mut value.to_json(host));
                pass.end(&mut text);
            }
        }
        for record in self.strangers {
            Pass::writing(record).end(&mut text);
        }
        if text.len() == empty { String::new() } else { text }
    }

    /// Adds what `text` holds, as far as it is whole and the plan asks for it; nothing of what another version wrote.
    pub fn read(&mut self, text: &str, plan: &Plan, host: &dyn Host) -> Reading {
        let mut reading = Reading::default();
        let mut parts = pieces(text, b".");
        let version = parts.next().unwrap_or_default();
        // Each record is sealed by itself: that the version can't be read must not cost any.
        reading.damaged = version != VERSION && !text.is_empty();
        if reading.damaged && whole(version).is_some_and(|version| version > 0) {
            return Reading::default();
        }
        let (mut is_anything, mut touched) = (false, 0);
        for part in parts {
            let Some(record) = decode_base64(part).and_then(unsealed) else {
                reading.damaged = true;
                continue;
            };
            let mut pass = Pass::reading(record);
            let mut found = Profile::default();
            if found.take(&mut pass, plan, host).is_some() && !pass.broken {
                touched = found.touched.max(touched);
                is_anything |= found.touched == 0;
                self.merge(&found, plan, host);
                continue;
            }
            reading.unasked += 1;
            if !plan.is_sound() {
                self.strangers.push(pass.bytes);
                is_anything = true;
            }
        }
        // When it was touched can't be read any more: then as if now.
        if touched == 0 && is_anything {
            self.touched = FARTHEST;
        }
        reading
    }

    /// Takes one record in; `None` when it is not understood or not asked for.
    fn take(&mut self, pass: &mut Pass, plan: &Plan, host: &dyn Host) -> Option<()> {
        match pass.byte(0) {
            b'p' => pass.time(&mut self.touched),
            b'v' if plan.holds_visit() => {
                let mut visit = Visit::default();
                pass.visit(&mut visit);
                let asked = |fact: u8| {
                    ARRIVAL
                        .get(usize::from(fact))
                        .is_some_and(|known| !plan.is_sound() || plan.keeps_arrival(*known))
                };
                visit.arrival.retain(|(fact, _)| asked(*fact));
                self.visit = Some(visit);
            }
            b't' => {
                let mut key = 0;
                pass.key(&mut key);
                let index = plan.tally_keyed(key)?;
                if !plan.hold_tally(index).anything() {
                    return None;
                }
                pass.count(self.counts.entry(index)?);
            }
            b'o' => {
                let mut key = 0;
                pass.key(&mut key);
                let index = plan.history_keyed(key)?;
                let keep = plan.hold_history(index);
                if !keep.anything() {
                    return None;
                }
                let history = self.histories.entry(index)?;
                pass.history(history);
                history.narrow(&keep);
            }
            b'c' if plan.holds_cart() => pass.cart(&mut self.cart),
            b'u' => {
                let (mut at, mut name, mut value) = (0, String::new(), String::new());
                pass.time(&mut at);
                pass.text(&mut name);
                pass.text(&mut value);
                if !asks_for(&name, plan) {
                    return None;
                }
                self.user.push((name, json::parse(&value, host)?, at));
            }
            _ => return None,
        }
        Some(())
    }
}

fn asks_for(name: &str, plan: &Plan) -> bool {
    if name == STAGE {
        plan.holds_stage()
    } else {
        plan.keeps_user(name)
    }
}

impl History {
    /// Drops what is not asked for any more.
    fn narrow(&mut self, keep: &HistoryKeep) {
        for (count, keep) in self.counts.iter_mut().zip(keep.counts) {
            *count *= u32::from(keep);
        }
        for (last, keep) in self.last.iter_mut().zip(keep.last) {
            *last = last.filter(|_| keep);
        }
    }
}

impl Pass {
    fn visit(&mut self, visit: &mut Visit) {
        self.small(&mut visit.number);
        self.time(&mut visit.first);
        self.time(&mut visit.start);
        self.time(&mut visit.last);
        self.optional(&mut visit.previous);
        self.small(&mut visit.pages);
        self.signed(&mut visit.dwell);
        for index in 0..self.length(visit.arrival.len()) {
            if self.reading {
                visit.arrival.push((0, String::new()));
            }
            if let Some((fact, value)) = visit.arrival.get_mut(index) {
                *fact = self.byte(*fact);
                self.text(value);
            }
        }
    }

    fn count(&mut self, count: &mut Count) {
        if self.some(count.total.is_some()) {
            self.amount(count.total.get_or_insert(0.0));
        }
        self.optional(&mut count.first);
        self.optional(&mut count.last);
        for ring in &mut count.rings {
            let mut previous = 0;
            for index in 0..self.length(ring.0.len()) {
                if self.reading {
                    ring.0.push((0, 0.0));
                }
                if let Some((bucket, amount)) = ring.0.get_mut(index) {
                    let first = index == 0;
                    self.step(bucket, &mut previous, if first { -FARTHEST } else { 1 });
                    self.amount(amount);
                }
            }
        }
        let mut previous = EPOCH;
        for index in 0..self.length(count.recent.len()) {
            if self.reading {
                count.recent.push((0, 0));
            }
            if let Some((key, at)) = count.recent.get_mut(index) {
                self.small(key);
                self.step(at, &mut previous, -2 * FARTHEST);
            }
        }
    }

    fn history(&mut self, history: &mut History) {
        for (count, last) in history.counts.iter_mut().zip(&mut history.last) {
            self.small(count);
            self.optional(last);
        }
        let mut previous = EPOCH;
        for index in 0..self.length(history.shown.len()) {
            if self.reading {
                history.shown.push(0);
            }
            if let Some(at) = history.shown.get_mut(index) {
                self.step(at, &mut previous, if index == 0 { -FARTHEST } else { 0 });
            }
        }
    }

    fn cart(&mut self, cart: &mut Cart) {
        self.time(&mut cart.emptied);
        self.signed(&mut cart.items);
        self.amount(&mut cart.value);
    }
}
