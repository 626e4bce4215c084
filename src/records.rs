//! Numbers and texts, laid out once and never changed: what the engine runs is read where it lies, so that there is nothing to
//! build when a page loads, and what is equal is kept once.
//!
//! A record is a run of words in one long row; what a word means, its reader knows: a number, an index, or the place of
//! another record or text. A record refers only to what was laid down before it. Word 0 is an empty list, text 0 the empty text.
//! What can't be read is 0 or empty, never a panic.

use crate::codec::{FARTHEST, Pass};
use crate::time::Millis;
use std::cell::Cell;
use std::cmp::Ordering;

/// All records, with their texts and amounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    words: Vec<u32>,
    /// Which words are the places of records. Not looked at, once they are laid down, but by who writes them out.
    #[cfg(feature = "authoring")]
    leads: Vec<bool>,
    amounts: Vec<f64>,
    /// All texts, one after the other, and where each of them ends.
    texts: String,
    ends: Vec<u32>,
    /// How deep what is being read lies in what, and how much more of it may be read: bytes from outside may lead anywhere.
    depth: Cell<u32>,
    left: Cell<u32>,
}

/// Deeper than any config nests, and shallow enough for the stack.
const DEEPEST: u32 = 100;
/// More than any config has in one condition.
const LONGEST: u32 = 1_000_000;

/// One record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    all: &'r Records,
    at: u32,
}

/// A list: a record that begins with its length.
#[derive(Clone, Copy, Debug)]
pub struct List<'r> {
    record: Record<'r>,
    next: usize,
    end: usize,
}

impl Records {
    /// The record at a place.
    #[must_use]
    pub fn at(&self, at: usize) -> Record<'_> {
        Record {
            all: self,
            at: at as u32,
        }
    }

    /// The last record, from which all others are reached: `length` words.
    #[must_use]
    pub fn root(&self, length: usize) -> Record<'_> {
        self.at(self.words.len().saturating_sub(length))
    }

    /// How many words there are: no plan has more tests.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words.len()
    }

    /// How many bytes they take.
    #[must_use]
    pub fn size(&self) -> usize {
        4 * (self.words.len() + self.ends.len()) + 8 * self.amounts.len() + self.texts.len()
    }

    #[inline(never)]
    fn text(&self, number: usize) -> &str {
        let end = |number: usize| self.ends.get(number).map_or(0, |end| *end as usize);
        let start = if number == 0 { 0 } else { end(number - 1) };
        self.texts.get(start..end(number)).unwrap_or_default()
    }

    /// In or out as bytes. The places of records go as how far back they lead, which repeats itself more.
    pub(crate) fn pass(&mut self, pass: &mut Pass) {
        let mut numbers = Vec::new();
        #[cfg(feature = "authoring")]
        for (index, (word, leads)) in self.words.iter().zip(&self.leads).enumerate() {
            let far = if *leads { index as u32 - word } else { *word };
            numbers.push(far << 1 | u32::from(*leads));
        }
        pass.numbers(&mut numbers);
        for (index, number) in numbers.iter_mut().enumerate() {
            let far = *number >> 1;
            *number = if *number & 1 == 0 {
                far
            } else {
                (index as u32).wrapping_sub(far)
            };
        }
        self.words = numbers;
        let mut before = 0;
        for end in &mut self.ends {
            (*end, before) = (*end - before, *end);
        }
        pass.numbers(&mut self.ends);
        before = 0;
        for end in &mut self.ends {
            before = end.saturating_add(before);
            *end = before;
        }
        let length = pass.length(self.amounts.len());
        self.amounts.resize(length, 0.0);
        for amount in &mut self.amounts {
            pass.amount(amount);
        }
        pass.utf8(&mut self.texts);
    }
}

impl<'r> Record<'r> {
    /// Where it lies: equal records lie in one place.
    #[must_use]
    pub fn place(self) -> usize {
        self.at as usize
    }

    /// The word of a field.
    #[must_use]
    #[inline(never)]
    pub fn word(self, field: usize) -> usize {
        self.all
            .words
            .get(self.at as usize + field)
            .map_or(0, |word| *word as usize)
    }

    /// Whether the word of a field is anything but 0.
    #[must_use]
    pub fn flag(self, field: usize) -> bool {
        self.word(field) != 0
    }

    /// The number at a field that may be missing.
    #[must_use]
    pub fn maybe(self, field: usize) -> Option<usize> {
        self.word(field).checked_sub(1)
    }

    /// The record that a field refers to.
    #[must_use]
    #[inline(never)]
    pub fn record(self, field: usize) -> Record<'r> {
        self.all.at(self.before(self.word(field)))
    }

    /// References lead back, so that they come to an end; one that doesn't leads to nothing.
    fn before(self, at: usize) -> usize {
        if at < self.at as usize {
            at
        } else {
            self.all.words.len()
        }
    }

    /// The text that a field refers to.
    #[must_use]
    #[inline(never)]
    pub fn text(self, field: usize) -> &'r str {
        self.all.text(self.word(field))
    }

    /// The amount that a field refers to.
    #[must_use]
    #[inline(never)]
    pub fn amount(self, field: usize) -> f64 {
        self.all.amounts.get(self.word(field)).copied().unwrap_or(0.0)
    }

    /// The amount that a field refers to, a time in ms: no further than any date.
    #[must_use]
    pub fn time(self, field: usize) -> Millis {
        (self.amount(field) as Millis).clamp(-FARTHEST, FARTHEST)
    }

    /// Whether there may be one more look at what a record leads to, which has no end perhaps.
    #[must_use]
    pub fn is_within_bounds(self) -> bool {
        let all = self.all;
        if all.depth.get() == 0 {
            all.left.set(LONGEST);
        }
        let left = all.left.get();
        all.left.set(left.saturating_sub(1));
        left > 0
    }

    /// Goes into what the record leads to; nothing, when that has no end.
    pub fn within<T>(self, read: impl FnOnce() -> T) -> Option<T> {
        let all = self.all;
        if !self.is_within_bounds() || all.depth.get() == DEEPEST {
            return None;
        }
        all.depth.set(all.depth.get() + 1);
        let found = read();
        all.depth.set(all.depth.get() - 1);
        Some(found)
    }

    /// The 32 bits at a field and the next.
    #[must_use]
    pub fn bits(self, field: usize) -> u32 {
        (self.word(field) << 16 | self.word(field + 1)) as u32
    }

    /// The list that a field refers to.
    #[must_use]
    #[inline(never)]
    pub fn list(self, field: usize) -> List<'r> {
        self.record(field).tail(0)
    }

    /// The list that this record ends with; its length is at `field`.
    #[must_use]
    #[inline(never)]
    pub fn tail(self, field: usize) -> List<'r> {
        let length = self.word(field).min(self.all.words.len());
        List {
            record: self,
            next: field + 1,
            end: field + 1 + length,
        }
    }
}

impl<'r> List<'r> {
    /// How many are left.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.next
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The word at an index.
    #[must_use]
    #[inline(never)]
    pub fn get(self, index: usize) -> Option<usize> {
        (index < self.len()).then(|| self.record.word(self.next + index))
    }

    /// The record at an index.
    #[must_use]
    #[inline(never)]
    pub fn at(self, index: usize) -> Option<Record<'r>> {
        (index < self.len()).then(|| self.record.record(self.next + index))
    }

    /// The text at an index, "" when there is none.
    #[must_use]
    #[inline(never)]
    pub fn text(self, index: usize) -> &'r str {
        if index < self.len() {
            self.record.text(self.next + index)
        } else {
            ""
        }
    }

    /// The record that a word of this list leads to.
    #[must_use]
    pub fn lead(self, place: usize) -> Record<'r> {
        self.record.all.at(self.record.before(place))
    }

    /// An empty one.
    #[must_use]
    pub fn none(self) -> List<'r> {
        List { next: self.end, ..self }
    }

    /// Whether a word is in it.
    #[must_use]
    #[inline(never)]
    pub fn has(self, word: usize) -> bool {
        self.into_iter().any(|known| known == word)
    }

    /// Its records, one after the other.
    pub fn records(self) -> impl Iterator<Item = Record<'r>> {
        Each(self)
    }

    /// In a sorted list: the first entry that `is` the one, of those that `order` finds equal to what is looked for.
    #[inline(never)]
    pub fn lookup(self, order: &dyn Fn(usize) -> Ordering, is: &dyn Fn(usize) -> bool) -> Option<usize> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.get(middle).is_some_and(|entry| order(entry).is_lt()) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        while let Some(entry) = self.get(from).filter(|entry| order(*entry).is_eq()) {
            if is(entry) {
                return Some(entry);
            }
            from += 1;
        }
        None
    }
}

impl Iterator for List<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let word = self.get(0)?;
        self.next += 1;
        Some(word)
    }
}

struct Each<'r>(List<'r>);

impl<'r> Iterator for Each<'r> {
    type Item = Record<'r>;

    fn next(&mut self) -> Option<Record<'r>> {
        let record = self.0.at(0)?;
        self.0.next += 1;
        Some(record)
    }
}

#[cfg(feature = "authoring")]
pub use writer::Writer;

#[cfg(feature = "authoring")]
mod writer {
    use super::{Record, Records};
    use std::collections::BTreeMap;

    /// Marks the place of a record among the words of another: such words are told from numbers by it, until they are laid down.
    const REFERENCE: usize = 1 << 31;

    /// Lays records down, equal ones once. A place that it answers with goes into other records as it is.
    #[derive(Debug)]
    pub struct Writer {
        records: Records,
        known: BTreeMap<(bool, Vec<usize>), usize>,
        texts: BTreeMap<String, u32>,
        amounts: BTreeMap<u64, u32>,
        numbered: usize,
    }

    impl Default for Writer {
        fn default() -> Self {
            let mut writer = Writer {
                records: Records::default(),
                known: BTreeMap::new(),
                texts: BTreeMap::new(),
                amounts: BTreeMap::new(),
                numbered: 0,
            };
            writer.record(&[0]);
            writer.text("");
            writer
        }
    }

    impl Writer {
        /// The place of a record of these words.
        pub fn record(&mut self, words: &[usize]) -> usize {
            self.lay(words, false)
        }

        /// The place of a record that ends with its number: how many others of such there were before it.
        pub fn numbered(&mut self, words: &[usize]) -> usize {
            self.lay(words, true)
        }

        fn lay(&mut self, words: &[usize], is_numbered: bool) -> usize {
            let key = (is_numbered, words.to_vec());
            if let Some(place) = self.known.get(&key) {
                return *place;
            }
            let place = REFERENCE | self.records.words.len();
            self.known.insert(key, place);
            for word in words {
                self.push(*word);
            }
            if is_numbered {
                self.push(self.numbered);
                self.numbered += 1;
            }
            place
        }

        fn push(&mut self, word: usize) {
            self.records.leads.push(word & REFERENCE != 0);
            self.records.words.push((word & !REFERENCE) as u32);
        }

        /// The record at a place.
        pub fn at(&self, place: usize) -> Record<'_> {
            self.records.at(place & !REFERENCE)
        }

        /// How many records are numbered.
        pub fn numbers(&self) -> usize {
            self.numbered
        }

        /// The place of a list.
        pub fn list(&mut self, words: impl IntoIterator<Item = usize>) -> usize {
            let words: Vec<usize> = words.into_iter().collect();
            self.record(&[&[words.len()], words.as_slice()].concat())
        }

        /// The place of a list of the entries of these keys, sorted by them.
        pub fn sorted<K: Ord>(&mut self, keys: &[K]) -> usize {
            let mut entries: Vec<usize> = (0..keys.len()).collect();
            entries.sort_by_key(|entry| keys.get(*entry));
            self.list(entries)
        }

        /// The number of a text.
        pub fn text(&mut self, text: &str) -> usize {
            let number = self.records.ends.len() as u32;
            let known = *self.texts.entry(text.to_owned()).or_insert(number);
            if known == number {
                self.records.texts.push_str(text);
                self.records.ends.push(self.records.texts.len() as u32);
            }
            known as usize
        }

        /// The number of an amount.
        pub fn amount(&mut self, amount: f64) -> usize {
            // JSON may hold larger ones than can be read back.
            let amount = amount.clamp(f64::MIN, f64::MAX);
            let number = self.records.amounts.len() as u32;
            let known = *self.amounts.entry(amount.to_bits()).or_insert(number);
            if known == number {
                self.records.amounts.push(amount);
            }
            known as usize
        }

        /// All of them; `root` is the last, whatever equals it.
        pub fn done(mut self, root: &[usize]) -> Records {
            root.iter().for_each(|word| self.push(*word));
            self.records
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_itself_leads_to_nothing() {
        let records = Records {
            words: vec![4, 0, 9],
            ..Records::default()
        };
        for (at, field) in [(0, 0), (0, 1), (1, 1), (2, 0)] {
            let mut record = records.at(at).record(field);
            let mut steps = 0;
            // As a chain of audiences is followed.
            while record.word(0) == 4 {
                record = record.record(1);
                steps += 1;
                assert!(steps < 3, "from {at} by {field}");
            }
        }
    }
}
