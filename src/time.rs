//! Instants, spans and calendar days. Nothing here reads a clock: every instant comes from outside.

use crate::words::{decimal, whole};

/// An instant in milliseconds since the Unix epoch, or a span in milliseconds.
pub type Millis = i64;

/// One second.
pub const SECOND: Millis = 1000;
/// One minute.
pub const MINUTE: Millis = 60 * SECOND;
/// One hour.
pub const HOUR: Millis = 60 * MINUTE;
/// 24 hours.
pub const DAY: Millis = 24 * HOUR;

/// The day of the week of a day number: 0 is Monday.
#[must_use]
pub fn weekday(day: i64) -> usize {
    // 1 January 1970 was a Thursday.
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// The day number of a date of the Gregorian calendar; `None` when there is no such date.
/// Algorithm: Howard Hinnant, <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
#[must_use]
pub fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let number = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    (date(number) == (year, month, day)).then_some(number)
}

/// Year, month and day of a day number, the inverse of [`day_number`].
#[must_use]
pub fn date(number: i64) -> (i64, i64, i64) {
    let shifted = number + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// A day number as `2026-11-27`.
#[must_use]
pub fn date_text(number: i64) -> String {
    let (year, month, day) = date(number);
    let mut text = decimal(year);
    for part in [month, day] {
        text.push('-');
        push_two(part, &mut text);
    }
    text
}

/// A local instant as `2026-11-27 09:05`.
#[must_use]
pub fn moment_text(local: Millis) -> String {
    let mut text = date_text(local.div_euclid(DAY));
    text.push(' ');
    text.push_str(&clock_text(local.rem_euclid(DAY)));
    text
}

/// A time of day, in ms since midnight, as `09:05`.
#[must_use]
pub fn clock_text(at: Millis) -> String {
    let mut text = String::new();
    push_two(at / HOUR, &mut text);
    text.push(':');
    push_two(at % HOUR / MINUTE, &mut text);
    text
}

fn push_two(number: i64, text: &mut String) {
    if number < 10 {
        text.push('0');
    }
    text.push_str(&decimal(number));
}

/// The units of a duration, from large to small.
const UNITS: [(char, Millis); 5] = [('w', 7 * DAY), ('d', DAY), ('h', HOUR), ('m', MINUTE), ('s', SECOND)];

/// Reads a duration: whole numbers with the units `w d h m s`, joined from large to small, each at most once
/// (`30m`, `2d3s`). `None` when it isn't one.
#[must_use]
pub fn duration(text: &str) -> Option<Millis> {
    let mut units = UNITS.iter();
    let mut total: Millis = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let amount = whole(rest.get(..digits)?)?;
        let unit = rest.get(digits..)?.chars().next()?;
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(amount.checked_mul(*size)?)?;
        rest = rest.get(digits + 1..)?;
    }
    // Beyond the range of a JavaScript date, arithmetic on instants would be nonsense.
    (!text.is_empty() && total <= 100_000_000 * DAY).then_some(total)
}

/// A duration as [`duration`] reads it. Weeks are written as days, less than a second is left out.
#[must_use]
pub fn duration_text(mut span: Millis) -> String {
    let mut text = String::new();
    for (unit, size) in UNITS.iter().skip(1) {
        if span >= *size {
            text.push_str(&decimal(span / size));
            text.push(*unit);
            span %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_days() {
        assert_eq!(day_number(1970, 1, 1), Some(0));
        assert_eq!(day_number(2026, 11, 27), Some(20_784));
        assert_eq!(day_number(2024, 2, 29), Some(19_782));
        assert_eq!(day_number(2026, 2, 29), None);
        assert_eq!(day_number(2026, 13, 1), None);
        assert_eq!(date_text(20_784), "2026-11-27");
        assert_eq!(weekday(20_784), 4);
        assert_eq!(moment_text(20_784 * DAY + 9 * HOUR + 5 * MINUTE), "2026-11-27 09:05");
        for number in (-800_000..800_000).step_by(17) {
            let (year, month, day) = date(number);
            assert_eq!(day_number(year, month, day), Some(number));
        }
    }

    #[test]
    fn durations_join_units_from_large_to_small() {
        assert_eq!(duration("30m"), Some(30 * MINUTE));
        assert_eq!(duration("2d3s"), Some(2 * DAY + 3 * SECOND));
        assert_eq!(duration("1w"), Some(7 * DAY));
        assert_eq!(duration("0s"), Some(0));
        for wrong in [
            "",
            "30",
            "m",
            "3s2d",
            "1h1h",
            "1.5h",
            "-1d",
            "2 d",
            "30 days",
            "1M",
            "99999999999999999999d",
            "9999999999w",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        assert_eq!(duration_text(2 * DAY + 3 * SECOND), "2d3s");
        assert_eq!(duration_text(90 * MINUTE), "1h30m");
    }
}
