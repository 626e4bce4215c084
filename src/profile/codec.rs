//! The profile as text: compact, versioned, each record with a checksum of its own, so that a damaged one is dropped and
//! the rest stays.
//!
//! `1.<record>.<record>…` – the version, then records in base64url. A record is its bytes and 3 bytes of checksum; its bytes
//! are a letter for its kind and LEB128 numbers. What this version of the plan doesn't ask for is dropped on reading.

use super::{Cart, Count, History, Profile, Ring, Visit};
use crate::host::Host;
use crate::json;
use crate::plan::Plan;
use crate::time::Millis;

const VERSION: &str = "1";

/// Times are counted from 1 January 2020: smaller numbers, shorter text.
const EPOCH: Millis = 1_577_836_800_000;
/// No date in JavaScript lies further from the Unix epoch.
const FARTHEST: Millis = 8_640_000_000_000_000;

impl Profile {
    /// This profile as text; empty when there is nothing to keep.
    #[must_use]
    pub fn encode(&self, plan: &Plan, host: &dyn Host) -> String {
        let mut records: Vec<Vec<u8>> = Vec::new();
        if let (Some(visit), true) = (&self.visit, plan.keep.visit) {
            records.push(visit_record(visit));
        }
        for (count, tally) in self.counts.iter().zip(&plan.tallies) {
            if *count != Count::default() {
                records.push(count_record(count, tally.key));
            }
        }
        for (history, (_, key)) in self.histories.iter().zip(&plan.ids) {
            if *history != History::default() {
                records.push(history_record(history, *key));
            }
        }
        if self.cart != Cart::default() {
            let cart = &self.cart;
            let record = Record::new(b'c')
                .time(cart.emptied)
                .signed(cart.items)
                .bytes(&cart.value.to_le_bytes());
            records.push(record.0);
        }
        for (name, value, at) in &self.user {
            if plan.keep.user.contains(name) {
                records.push(Record::new(b'u').time(*at).text(name).text(&value.to_json(host)).0);
            }
        }
        records.extend(self.strangers.iter().cloned());
        if records.is_empty() {
            return String::new();
        }
        records.insert(0, Record::new(b'p').time(self.touched).0);
        let mut text = VERSION.to_owned();
        for mut record in records {
            let sum = checksum(&record);
            record.extend(sum);
            text.push('.');
            encode_base64(&record, &mut text);
        }
        text
    }

    /// What `text` holds, as far as it is whole and the plan asks for it.
    #[must_use]
    pub fn decode(text: &str, plan: &Plan, host: &dyn Host) -> Profile {
        let mut profile = Profile::new(plan);
        let mut parts = text.split('.');
        if parts.next() != Some(VERSION) {
            return profile;
        }
        for part in parts {
            let Some(bytes) = decode_base64(part) else { continue };
            let Some((record, sum)) = bytes.split_last_chunk::<3>() else {
                continue;
            };
            if checksum(record) != *sum {
                continue;
            }
            if profile.take(record, plan, host).is_none() && !plan.sound {
                profile.strangers.push(record.to_vec());
            }
        }
        profile
    }

    /// Takes one record in; `None` when it is not understood or not asked for.
    fn take(&mut self, record: &[u8], plan: &Plan, host: &dyn Host) -> Option<()> {
        let (kind, rest) = record.split_first()?;
        let mut read = Reader(rest);
        let mut part = Profile::new(plan);
        match kind {
            b'p' => part.touched = read.time()?,
            b'v' if plan.keep.visit => part.visit = Some(read.visit(plan)?),
            b't' => {
                let key = read.key()?;
                let index = plan
                    .tallies
                    .iter()
                    .position(|tally| tally.key == key && tally.keep.anything())?;
                *part.counts.get_mut(index)? = read.count(&plan.tallies.get(index)?.keep)?;
            }
            b'o' => {
                let key = read.key()?;
                let index = plan.ids.iter().position(|(_, known)| *known == key)?;
                let keep = plan.keep.histories.get(index).filter(|keep| keep.anything())?;
                *part.histories.get_mut(index)? = read.history(keep)?;
            }
            b'c' if plan.keep.cart => {
                part.cart = Cart {
                    emptied: read.time()?,
                    items: read.signed()?,
                    value: f64::from_le_bytes(*read.0.first_chunk()?),
                };
                if !part.cart.value.is_finite() {
                    return None;
                }
            }
            b'u' => {
                let (at, name, value) = (read.time()?, read.text()?, read.text()?);
                if !plan.keep.user.contains(&name) {
                    return None;
                }
                part.user.push((name, json::read(&value, host).0?, at));
            }
            _ => return None,
        }
        self.merge(&part, plan);
        Some(())
    }
}

fn visit_record(visit: &Visit) -> Vec<u8> {
    let mut record = Record::new(b'v')
        .number(visit.number.into())
        .time(visit.first)
        .time(visit.start)
        .time(visit.last)
        .optional(visit.previous);
    record = record.number(visit.pages.into());
    for (fact, value) in &visit.arrival {
        record = record.number(u64::from(*fact)).text(value);
    }
    record.0
}

fn count_record(count: &Count, key: u32) -> Vec<u8> {
    let mut record = Record::new(b't')
        .bytes(&key.to_le_bytes())
        .number(count.total.into())
        .optional(count.last);
    for ring in &count.rings {
        record = record.number(ring.0.len() as u64);
        let mut previous = 0;
        for (bucket, times) in &ring.0 {
            record = record.signed(bucket - previous).number((*times).into());
            previous = *bucket;
        }
    }
    record.0
}

fn history_record(history: &History, key: u32) -> Vec<u8> {
    let mut record = Record::new(b'o').bytes(&key.to_le_bytes());
    for (count, last) in history.counts.iter().zip(&history.last) {
        record = record.number((*count).into()).optional(*last);
    }
    let mut previous = EPOCH;
    for time in &history.shown {
        record = record.signed(time - previous);
        previous = *time;
    }
    record.0
}

// ── bytes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Record(Vec<u8>);

impl Record {
    fn new(kind: u8) -> Self {
        Record(vec![kind])
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn number(mut self, mut number: u64) -> Self {
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
        self
    }

    /// The sign goes to the lowest bit, so that small negative numbers stay short.
    fn signed(self, number: i64) -> Self {
        self.number(((number << 1) ^ (number >> 63)) as u64)
    }

    fn time(self, at: Millis) -> Self {
        self.signed(at - EPOCH)
    }

    fn optional(self, at: Option<Millis>) -> Self {
        match at {
            None => self.number(0),
            Some(at) => self.number(1).time(at),
        }
    }

    fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).bytes(text.as_bytes())
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn key(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*bytes))
    }

    fn time(&mut self) -> Option<Millis> {
        self.signed()?
            .checked_add(EPOCH)
            .filter(|at| (-FARTHEST..=FARTHEST).contains(at))
    }

    fn optional(&mut self) -> Option<Option<Millis>> {
        match self.number()? {
            0 => Some(None),
            _ => self.time().map(Some),
        }
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(bytes.to_vec()).ok()
    }

    fn visit(&mut self, plan: &Plan) -> Option<Visit> {
        let mut visit = Visit {
            number: self.small()?,
            first: self.time()?,
            start: self.time()?,
            last: self.time()?,
            previous: self.optional()?,
            pages: self.small()?,
            arrival: Vec::new(),
        };
        while !self.0.is_empty() {
            let fact = u8::try_from(self.number()?).ok()?;
            let value = self.text()?;
            if super::arrival::FACTS
                .get(usize::from(fact))
                .is_some_and(|known| plan.keep.arrival.contains(known))
            {
                visit.arrival.push((fact, value));
            }
        }
        Some(visit)
    }

    fn count(&mut self, keep: &crate::plan::TallyKeep) -> Option<Count> {
        let mut count = Count {
            total: self.small()?,
            last: self.optional()?,
            rings: <[Ring; 3]>::default(),
        };
        for ring in &mut count.rings {
            let mut bucket: i64 = 0;
            for _ in 0..self.number()? {
                let step = self.signed()?;
                bucket = bucket
                    .checked_add(step)
                    .filter(|bucket| (-FARTHEST..=FARTHEST).contains(bucket))?;
                if step <= 0 && !ring.0.is_empty() {
                    return None;
                }
                ring.0.push((bucket, self.small()?));
            }
        }
        count.total *= u32::from(keep.total);
        count.last = count.last.filter(|_| keep.last);
        Some(count)
    }

    fn history(&mut self, keep: &crate::plan::HistoryKeep) -> Option<History> {
        let mut history = History::default();
        let kept = keep.counts.iter().zip(&keep.last);
        for ((count, last), (keep_count, keep_last)) in history.counts.iter_mut().zip(&mut history.last).zip(kept) {
            *count = self.small()? * u32::from(*keep_count);
            *last = self.optional()?.filter(|_| *keep_last);
        }
        let mut previous = EPOCH;
        while !self.0.is_empty() {
            previous = previous
                .checked_add(self.signed()?)
                .filter(|at| (-FARTHEST..=FARTHEST).contains(at))?;
            history.shown.push(previous);
        }
        Some(history)
    }
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
        bytes.extend(whole.iter().take(chunk.len().checked_sub(1)?));
    }
    Some(bytes)
}
