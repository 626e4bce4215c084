//! What the platform lends, so that visitors don't download it a second time: numbers and their text, regular
//! expressions, letter case and time zones.
//!
//! Only pure functions may enter: the same arguments give the same answer. A clock, chance or storage may not.

use crate::time::{DAY, Millis};
#[cfg(not(target_arch = "wasm32"))]
use crate::time::{HOUR, MINUTE};

/// Of a text so many letters, as JavaScript counts them, are looked at for a pattern: up to there it is known which patterns are fast
/// enough (`config::pattern`).
pub const SUBJECT: usize = 1000;

/// The pure functions that browsers have anyway. Meanings are JavaScript's.
pub trait Host {
    /// The number that `text`, a JSON number, stands for.
    fn number(&self, text: &str) -> f64;
    /// The shortest text that stands for `number`, as `String(number)` gives it.
    fn digits(&self, number: f64) -> String;
    /// `base` to the power of `exponent`.
    fn power(&self, base: f64, exponent: f64) -> f64;
    /// `text` in lower case, by all of Unicode's rules.
    fn lower(&self, text: &str) -> String;
    /// Whether the JavaScript regular expression `pattern` is found in the first [`SUBJECT`] letters of `text`; `None` when it is not a
    /// valid one.
    fn matches(&self, pattern: &str, ignore_case: bool, text: &str) -> Option<bool>;
    /// How far the local time of an IANA time zone, or of an offset such as `+01:00`, is ahead of UTC at an instant, in ms; `None` when there is no such zone.
    fn offset(&self, zone: &str, at: Millis) -> Option<Millis>;
    /// The names of time zones, to suggest one for a misspelt name: none where no config is read.
    fn zones(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The time zone in which rules speak of days and hours: an IANA name, an offset such as `+01:00`, or "" for that of the platform,
/// where it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone(pub String);

impl Zone {
    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.0.is_empty() {
            "the visitor's own time"
        } else {
            &self.0
        }
    }

    /// The local wall clock at `at`, as if it were UTC. An unknown zone counts as UTC.
    #[must_use]
    pub fn local(&self, at: Millis, host: &dyn Host) -> Millis {
        at + host.offset(&self.0, at).unwrap_or(0)
    }

    /// The number of the local day, counted from 1 January 1970.
    #[must_use]
    pub fn day(&self, at: Millis, host: &dyn Host) -> i64 {
        self.local(at, host).div_euclid(DAY)
    }
}

/// The host of a native program, as tests are.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

#[cfg(not(target_arch = "wasm32"))]
impl Host for Native {
    fn number(&self, text: &str) -> f64 {
        text.parse().unwrap_or(f64::NAN)
    }

    fn digits(&self, number: f64) -> String {
        let magnitude = number.abs();
        if number == 0.0 || (1e-6..1e21).contains(&magnitude) {
            return if number == 0.0 {
                "0".to_owned()
            } else {
                number.to_string()
            };
        }
        let text = format!("{number:e}");
        if text.contains("e-") {
            text
        } else {
            text.replace('e', "e+")
        }
    }

    fn power(&self, base: f64, exponent: f64) -> f64 {
        base.powf(exponent)
    }

    fn lower(&self, text: &str) -> String {
        text.to_lowercase()
    }

    fn matches(&self, pattern: &str, ignore_case: bool, text: &str) -> Option<bool> {
        let flags = if ignore_case { "i" } else { "" };
        let mut left = SUBJECT;
        let end = text.find(|letter: char| {
            let length = letter.len_utf16();
            let is_beyond = length > left;
            left = left.saturating_sub(length);
            is_beyond
        });
        let text = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
        regress::Regex::with_flags(pattern, flags)
            .ok()
            .map(|regex| regex.find(text).is_some())
    }

    fn offset(&self, zone: &str, at: Millis) -> Option<Millis> {
        if let Some((hours, minutes)) = zone.strip_prefix(['+', '-']).and_then(|span| span.split_once(':')) {
            let span =
                Millis::from(hours.parse::<i16>().ok()?) * HOUR + Millis::from(minutes.parse::<i16>().ok()?) * MINUTE;
            return Some(if zone.starts_with('-') { -span } else { span });
        }
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let instant = jiff::Timestamp::from_millisecond(at).ok()?;
        Some(Millis::from(zone.to_offset(instant).seconds()) * 1000)
    }

    fn zones(&self) -> Vec<String> {
        jiff::tz::db().available().map(|name| name.to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        let texts = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
        ];
        for (number, text) in texts {
            assert_eq!(Native.digits(number), text);
        }
    }
}
