//! The profile as text: compact, versioned, each record with a checksum of its own, so that a damaged one is dropped and
//! the rest stays.
//!
//! `1.<record>.<record>…` – the version, then records in base64url. A record is its bytes and 3 bytes of checksum; its bytes
//! are a letter for its kind and LEB128 numbers. Each record is described once, for both directions. What this version of
//! the plan doesn't ask for is dropped on reading.

use super::{Cart, Count, History, Profile, STAGE, Visit};
use crate::host::Host;
use crate::json;
use crate::plan::{ARRIVAL, HistoryKeep, Plan};
use crate::time::Millis;

const VERSION: &str = "1";

/// Times are counted from 1 January 2020: smaller numbers, shorter text.
const EPOCH: Millis = 1_577_836_800_000;
/// No date in JavaScript lies further from the Unix epoch.
const FARTHEST: Millis = 8_640_000_000_000_000;

impl Profile {
    /// This profile as text; empty when there is nothing to keep.
    #[must_use]
    pub fn encode(mut self, plan: &Plan, host: &dyn Host) -> String {
        let mut text = VERSION.to_owned();
        let mut pass = Pass::writing(b'p');
        pass.time(&mut self.touched);
        pass.end(&mut text);
        let empty = text.len();
        if let (Some(visit), true) = (&mut self.visit, plan.hold.visit) {
            let mut pass = Pass::writing(b'v');
            pass.visit(visit);
            pass.end(&mut text);
        }
        for (index, count) in self.counts.iter_mut() {
            let keeps = (plan.tallies.get(index), plan.hold.tallies.get(index));
            let (Some(tally), Some(hold)) = keeps else { continue };
            count.trim(hold);
            if *count != Count::default() {
                let mut pass = Pass::writing(b't');
                pass.key(&mut tally.key.clone());
                pass.count(count);
                pass.end(&mut text);
            }
        }
        for (index, history) in self.histories.iter_mut() {
            if *history != History::default() {
                let mut pass = Pass::writing(b'o');
                pass.key(&mut plan.history_key(index));
                pass.history(history);
                pass.end(&mut text);
            }
        }
        if self.cart != Cart::default() {
            let mut pass = Pass::writing(b'c');
            pass.cart(&mut self.cart);
            pass.end(&mut text);
        }
        for (name, value, at) in &mut self.user {
            if asks_for(name, plan) {
                let mut pass = Pass::writing(b'u');
                pass.time(at);
                pass.text(name);
                pass.text(&mut value.to_json(host));
                pass.end(&mut text);
            }
        }
        for record in self.strangers {
            Pass {
                bytes: record,
                at: 0,
                reading: false,
                broken: false,
            }
            .end(&mut text);
        }
        if text.len() == empty { String::new() } else { text }
    }

    /// What `text` holds, as far as it is whole and the plan asks for it.
    #[must_use]
    pub fn decode(text: &str, plan: &Plan, host: &dyn Host) -> Profile {
        let mut profile = Profile::default();
        let mut parts = text.split('.');
        if parts.next() != Some(VERSION) {
            return profile;
        }
        for part in parts {
            let Some(record) = decode_base64(part).and_then(unsealed) else {
                continue;
            };
            let mut pass = Pass {
                bytes: record,
                at: 0,
                reading: true,
                broken: false,
            };
            let mut found = Profile::default();
            if found.take(&mut pass, plan, host).is_some() && !pass.broken {
                profile.merge(&found, plan, host);
            } else if !plan.sound {
                profile.strangers.push(pass.bytes);
            }
        }
        // When it was touched can't be read any more: then as if now.
        if profile.touched == 0 && profile != Profile::default() {
            profile.touched = FARTHEST;
        }
        profile
    }

    /// Takes one record in; `None` when it is not understood or not asked for.
    fn take(&mut self, pass: &mut Pass, plan: &Plan, host: &dyn Host) -> Option<()> {
        match pass.byte(0) {
            b'p' => pass.time(&mut self.touched),
            b'v' if plan.hold.visit => {
                let mut visit = Visit::default();
                pass.visit(&mut visit);
                let asked = |fact: u8| {
                    ARRIVAL
                        .get(usize::from(fact))
                        .is_some_and(|known| plan.hold.arrival.contains(known))
                };
                visit.arrival.retain(|(fact, _)| asked(*fact));
                self.visit = Some(visit);
            }
            b't' => {
                let mut key = 0;
                pass.key(&mut key);
                let index = plan.tally_keyed(key)?;
                plan.hold.tallies.get(index).filter(|hold| hold.anything())?;
                pass.count(self.counts.entry(index)?);
            }
            b'o' => {
                let mut key = 0;
                pass.key(&mut key);
                let index = plan.history_keyed(key)?;
                let keep = plan.hold.histories.get(index).filter(|keep| keep.anything())?;
                let history = self.histories.entry(index)?;
                pass.history(history);
                history.narrow(keep);
            }
            b'c' if plan.hold.cart => pass.cart(&mut self.cart),
            b'u' => {
                let (mut at, mut name, mut value) = (0, String::new(), String::new());
                pass.time(&mut at);
                pass.text(&mut name);
                pass.text(&mut value);
                if !asks_for(&name, plan) {
                    return None;
                }
                self.user.push((name, json::read(&value, host).0?, at));
            }
            _ => return None,
        }
        Some(())
    }
}

fn asks_for(name: &str, plan: &Plan) -> bool {
    if name == STAGE {
        plan.hold.stage
    } else {
        plan.keep.user.iter().any(|kept| kept == name)
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

/// One record on its way, in or out: what is named is written, or else read into its place.
struct Pass {
    bytes: Vec<u8>,
    /// How far it was read.
    at: usize,
    reading: bool,
    /// It ended too early, or holds what can't be.
    broken: bool,
}

impl Pass {
    fn writing(kind: u8) -> Self {
        Pass {
            bytes: vec![kind],
            at: 0,
            reading: false,
            broken: false,
        }
    }

    /// Seals the record with its checksum and adds it to the text.
    fn end(mut self, text: &mut String) {
        let sum = checksum(&self.bytes);
        self.bytes.extend_from_slice(&sum);
        text.push('.');
        encode_base64(&self.bytes, text);
    }

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

    // ── what records are made of ──────────────────────────────────────────────────────────────────────────────────

    fn byte(&mut self, mut byte: u8) -> u8 {
        if self.reading {
            let next = self.bytes.get(self.at);
            self.broken |= next.is_none();
            byte = next.copied().unwrap_or(0);
            self.at += 1;
        } else {
            self.bytes.push(byte);
        }
        byte
    }

    /// LEB128.
    fn number(&mut self, number: &mut u64) {
        let mut rest = *number;
        *number = 0;
        for shift in (0..64).step_by(7) {
            let more = u8::from(rest > 0x7f) << 7;
            let byte = self.byte(rest as u8 & 0x7f | more);
            rest >>= 7;
            *number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return;
            }
        }
        self.broken = true;
    }

    /// Whole numbers and those of two decimals are short; any other goes by its bits.
    fn amount(&mut self, amount: &mut f64) {
        const KINDS: u64 = 3;
        let mut number = 2;
        for (kind, scale) in [(1, 100.0), (0, 1.0)] {
            let scaled = (*amount * scale).round();
            if scaled / scale == *amount && scaled.abs() < 1e15 {
                number = zigzag(scaled as i64) * KINDS + kind;
            }
        }
        self.number(&mut number);
        let mut bits = amount.to_bits();
        let short = unzigzag(number / KINDS) as f64;
        *amount = match number % KINDS {
            0 => short,
            1 => short / 100.0,
            _ => {
                self.number(&mut bits);
                f64::from_bits(bits)
            }
        };
        self.broken |= !amount.is_finite();
    }

    fn small(&mut self, small: &mut u32) {
        let mut number = u64::from(*small);
        self.number(&mut number);
        self.broken |= number > u64::from(u32::MAX);
        *small = number as u32;
    }

    fn key(&mut self, key: &mut u32) {
        for byte in 0..4 {
            let shift = 8 * byte;
            let read = self.byte((*key >> shift) as u8);
            *key = *key & !(0xff << shift) | u32::from(read) << shift;
        }
    }

    /// How many follow; no more than there are bytes left.
    fn length(&mut self, length: usize) -> usize {
        let mut number = length as u64;
        self.number(&mut number);
        if self.reading && number > self.bytes.len() as u64 {
            self.broken = true;
            return 0;
        }
        number as usize
    }

    fn signed(&mut self, signed: &mut i64) {
        let mut number = zigzag(*signed);
        self.number(&mut number);
        *signed = unzigzag(number);
    }

    /// As the difference to the one before, which is at least `least`.
    fn step(&mut self, at: &mut i64, previous: &mut i64, least: i64) {
        let mut step = at.wrapping_sub(*previous);
        self.signed(&mut step);
        *at = previous.saturating_add(step);
        self.broken |= step < least || at.abs() > FARTHEST;
        *previous = *at;
    }

    fn time(&mut self, at: &mut Millis) {
        self.step(at, &mut EPOCH.clone(), -2 * FARTHEST);
    }

    /// Whether something follows.
    fn some(&mut self, is_there: bool) -> bool {
        self.byte(is_there.into()) != 0
    }

    fn optional(&mut self, at: &mut Option<Millis>) {
        if self.some(at.is_some()) {
            self.time(at.get_or_insert(0));
        } else {
            *at = None;
        }
    }

    /// As its letters' numbers in Unicode.
    fn text(&mut self, text: &mut String) {
        let mut letters = text.chars();
        let mut read = String::new();
        for _ in 0..self.length(text.chars().count()) {
            let mut letter = letters.next().map_or(0, u32::from);
            self.small(&mut letter);
            read.push(char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        *text = read;
    }
}

/// The sign goes to the lowest bit, so that small negative numbers stay short.
fn zigzag(signed: i64) -> u64 {
    ((signed << 1) ^ (signed >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// The record without its checksum, when that is right.
fn unsealed(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let length = bytes.len().checked_sub(3)?;
    let sum = bytes.split_off(length);
    (checksum(&bytes).as_slice() == sum).then_some(bytes)
}

/// 24 bits of FNV-1a.
fn checksum(bytes: &[u8]) -> [u8; 3] {
    let hash = bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    let [a, b, c, d] = hash.to_le_bytes();
    [a ^ d, b, c]
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn encode_base64(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain(&[0, 0])
            .take(3)
            .fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for place in 0..=chunk.len() {
            let digit = group >> (18 - 6 * place) & 63;
            out.push(ALPHABET.get(digit).map_or('A', |byte| char::from(*byte)));
        }
    }
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let mut group = 0_usize;
        for place in 0..4 {
            let digit = match chunk.get(place) {
                Some(byte) => ALPHABET.iter().position(|known| known == byte)?,
                None => 0,
            };
            group = group << 6 | digit;
        }
        let whole = [(group >> 16) as u8, (group >> 8) as u8, group as u8];
        bytes.extend_from_slice(whole.get(..chunk.len().checked_sub(1)?)?);
    }
    Some(bytes)
}
