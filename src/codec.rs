//! Bytes, in and out: what is to be stored is described once, for both directions.
//!
//! Numbers are LEB128, times are counted from 2020, texts are the numbers of their letters. What can't be read is `broken`,
//! never a panic.

use crate::time::Millis;

/// Times are counted from 1 January 2020: smaller numbers, shorter text.
pub(crate) const EPOCH: Millis = 1_577_836_800_000;
/// No date in JavaScript lies further from the Unix epoch.
pub(crate) const FARTHEST: Millis = 8_640_000_000_000_000;

/// One record on its way, in or out: what is named is written, or else read into its place.
pub(crate) struct Pass {
    /// All of it, or what was written so far.
    pub bytes: Vec<u8>,
    /// How far it was read.
    at: usize,
    /// It goes in, rather than out.
    pub reading: bool,
    /// It ended too early, or holds what can't be.
    pub broken: bool,
}

impl Pass {
    /// Bytes to be written on.
    pub fn writing(bytes: Vec<u8>) -> Self {
        Pass {
            bytes,
            at: 0,
            reading: false,
            broken: false,
        }
    }

    /// Bytes to be read.
    pub fn reading(bytes: Vec<u8>) -> Self {
        Pass {
            reading: true,
            ..Pass::writing(bytes)
        }
    }

    /// Seals the record with its checksum and adds it to the text.
    pub fn end(self, text: &mut String) {
        text.push('.');
        encode_base64(&self.sealed(), text);
    }

    /// The bytes with their checksum.
    pub fn sealed(mut self) -> Vec<u8> {
        let sum = checksum(&self.bytes);
        self.bytes.extend_from_slice(&sum);
        self.bytes
    }

    /// Goes over bytes that were looked at already.
    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub fn byte(&mut self, mut byte: u8) -> u8 {
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
    pub fn number(&mut self, number: &mut u64) {
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

    /// Many numbers: a plan has a hundred thousand, so they are read in one go.
    pub fn numbers(&mut self, numbers: &mut Vec<u32>) {
        let length = self.length(numbers.len());
        if !self.reading {
            numbers.iter_mut().for_each(|number| self.small(number));
            return;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut bytes = rest.iter();
        numbers.extend((0..length).map(|_| {
            let (mut number, mut shift) = (0, 0);
            for byte in bytes.by_ref() {
                number |= u32::from(byte & 0x7f) << (shift & 31);
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            number
        }));
        self.at = self.bytes.len() - bytes.len();
    }

    /// Whole numbers and those of two decimals are short; any other goes by its bits.
    pub fn amount(&mut self, amount: &mut f64) {
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

    pub fn small(&mut self, small: &mut u32) {
        let mut number = u64::from(*small);
        self.number(&mut number);
        self.broken |= number > u64::from(u32::MAX);
        *small = number as u32;
    }

    pub fn key(&mut self, key: &mut u32) {
        for byte in 0..4 {
            let shift = 8 * byte;
            let read = self.byte((*key >> shift) as u8);
            *key = *key & !(0xff << shift) | u32::from(read) << shift;
        }
    }

    /// How many follow; no more than there are bytes left.
    pub fn length(&mut self, length: usize) -> usize {
        let mut number = length as u64;
        self.number(&mut number);
        if self.reading && number > self.bytes.len() as u64 {
            self.broken = true;
            return 0;
        }
        number as usize
    }

    pub fn signed(&mut self, signed: &mut i64) {
        let mut number = zigzag(*signed);
        self.number(&mut number);
        *signed = unzigzag(number);
    }

    /// As the difference to the one before, which is at least `least`.
    pub fn step(&mut self, at: &mut i64, previous: &mut i64, least: i64) {
        let mut step = at.wrapping_sub(*previous);
        self.signed(&mut step);
        *at = previous.saturating_add(step);
        self.broken |= step < least || at.unsigned_abs() > FARTHEST.unsigned_abs();
        *previous = *at;
    }

    pub fn time(&mut self, at: &mut Millis) {
        self.step(at, &mut EPOCH.clone(), -2 * FARTHEST);
    }

    /// Whether something follows.
    pub fn some(&mut self, is_there: bool) -> bool {
        self.byte(is_there.into()) != 0
    }

    pub fn optional(&mut self, at: &mut Option<Millis>) {
        if self.some(at.is_some()) {
            self.time(at.get_or_insert(0));
        } else {
            *at = None;
        }
    }

    /// A text as its bytes.
    pub fn utf8(&mut self, text: &mut String) {
        let length = self.length(text.len());
        if self.reading {
            let bytes = self.bytes.get(self.at..self.at.saturating_add(length));
            let read = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
            self.broken |= read.is_none();
            read.unwrap_or_default().clone_into(text);
            self.at += length;
        } else {
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// As its letters' numbers in Unicode.
    pub fn text(&mut self, text: &mut String) {
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
pub(crate) fn unsealed(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
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

/// Bytes with a checksum of 32 bits that is quick to tell: a plan has many, and is not to be waited for.
#[cfg(feature = "authoring")]
pub(crate) fn sealed_in_words(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = checksum_of_words(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

/// The bytes without that checksum, when it is right.
pub(crate) fn unsealed_in_words(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    (checksum_of_words(bytes).as_slice() == sum).then_some(bytes)
}

/// FNV-1a's two steps, four bytes at a time and turned in between, so that high bits tell, too.
fn checksum_of_words(bytes: &[u8]) -> [u8; 4] {
    let mut hash = 0x811c_9dc5_u32;
    let mut add = |word: [u8; 4]| {
        hash = (hash ^ u32::from_le_bytes(word))
            .wrapping_mul(0x0100_0193)
            .rotate_left(15);
    };
    let words = bytes.chunks_exact(4);
    for byte in words.remainder() {
        add([*byte, 0, 0, 1]);
    }
    for word in words {
        add(<[u8; 4]>::try_from(word).unwrap_or_default());
    }
    hash.to_le_bytes()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn encode_base64(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(3) {
        let mut group = 0;
        for place in 0..3 {
            group = group << 8 | chunk.get(place).copied().map_or(0, usize::from);
        }
        for place in 0..=chunk.len() {
            let digit = group >> (18 - 6 * place) & 63;
            out.push(ALPHABET.get(digit).map_or('A', |byte| char::from(*byte)));
        }
    }
}

pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        // One letter alone holds no byte: it was put in, or is what was left.
        let length = chunk.len().checked_sub(1).filter(|length| *length > 0)?;
        let mut group = 0_usize;
        for place in 0..4 {
            let digit = match chunk.get(place) {
                Some(byte) => ALPHABET.iter().position(|known| known == byte)?,
                None => 0,
            };
            group = group << 6 | digit;
        }
        let whole = [(group >> 16) as u8, (group >> 8) as u8, group as u8];
        bytes.extend_from_slice(whole.get(..length)?);
    }
    Some(bytes)
}
