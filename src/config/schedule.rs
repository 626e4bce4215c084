//! `schedule`: from when to when, and at which hours, an offer may be shown.

use super::reader::{Node, Report};
use crate::host::{Host, Zone};
use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND, day_number};
use crate::words::whole;

/// When an offer may be shown. Without a bound: always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// From this instant on.
    pub from: Option<Edge>,
    /// Up to, not including, this instant.
    pub to: Option<Edge>,
    /// From the first minute of the day up to, not including, the second; wraps midnight when the second is smaller.
    pub hours: Option<(Millis, Millis)>,
}

/// An instant as it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// In ms since the epoch.
    pub at: Millis,
    /// It was written without an offset, so `at` is the site's wall clock, as if that were UTC.
    pub is_local: bool,
}

impl Edge {
    /// The instant on the world's clock. Of an hour that comes twice, the first.
    #[must_use]
    pub fn instant(self, zone: &Zone, host: &dyn Host) -> Millis {
        if !self.is_local {
            return self.at;
        }
        // Clocks change at most once within two days, so one of the two offsets is right.
        let offset = |near: Millis| zone.local(near, host) - near;
        let (before, after) = (self.at - offset(self.at - DAY), self.at - offset(self.at + DAY));
        for instant in [before, after] {
            if zone.local(instant, host) == self.at {
                return instant;
            }
        }
        // In a skipped hour neither is: then it is when the clocks skip it.
        let (mut earlier, mut later) = (after, before);
        while later - earlier > 1 {
            let middle = earlier + (later - earlier) / 2;
            *(if zone.local(middle, host) < self.at {
                &mut earlier
            } else {
                &mut later
            }) = middle;
        }
        later
    }
}

pub(super) fn read(node: &Node, report: &mut Report) -> Schedule {
    let mut schedule = Schedule::default();
    if !report.object(node, "a schedule", &["from", "to", "hours"], &[]) {
        return schedule;
    }
    schedule.from = node.get("from").and_then(|from| read_edge(&from, 0, report));
    schedule.to = node.get("to").and_then(|to| read_edge(&to, DAY, report));
    if let Some(hours) = node.get("hours") {
        schedule.hours = hours.value.text().and_then(parse_hours);
        if schedule.hours.is_none() {
            report.expected(
                &hours,
                "a span of hours",
                "write for example `\"9-21\"`, `\"9:30-18\"` or, over midnight, `\"22-6\"`",
            );
        }
    }
    let empty = match (schedule.from, schedule.to) {
        (Some(from), Some(to)) if from.is_local == to.is_local => from.at >= to.at,
        _ => false,
    };
    if empty && let Some(to) = node.get("to") {
        report.error(
            &to,
            "this schedule ends before it begins",
            "write a `to` that is not before `from`",
            &[],
        );
    }
    schedule
}

fn read_edge(node: &Node, whole_day: Millis, report: &mut Report) -> Option<Edge> {
    let edge = node.value.text().and_then(|text| parse_edge(text, whole_day));
    if edge.is_none() {
        report.expected(
            node,
            "a date",
            "write for example `\"2026-11-27\"` or `\"2026-11-27T18:00\"`",
        );
    }
    edge
}

fn local(at: Millis) -> Edge {
    Edge { at, is_local: true }
}

/// `2026-11-27`, `2026-11-27T18:00`, with seconds, with `Z` or an offset. A date alone stands for its start plus `whole_day`.
fn parse_edge(text: &str, whole_day: Millis) -> Option<Edge> {
    let (date, time) = text
        .split_once(['T', ' '])
        .map_or((text, None), |(date, time)| (date, Some(time)));
    let mut parts = date.split('-');
    let (year, month, day) = (
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    if parts.next().is_some() {
        return None;
    }
    let midnight = day_number(year, month, day)? * DAY;
    let Some(time) = time else {
        return Some(local(midnight + whole_day));
    };
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let wall = midnight + parse_clock(time.get(..zone)?)?;
    let offset = time.get(zone..)?;
    if offset.is_empty() {
        return Some(local(wall));
    }
    if offset == "Z" {
        return Some(Edge {
            at: wall,
            is_local: false,
        });
    }
    let ahead = parse_clock(offset.get(1..)?)?;
    let at = if offset.starts_with('-') {
        wall + ahead
    } else {
        wall - ahead
    };
    Some(Edge { at, is_local: false })
}

/// `18:00` or `18:00:30`, in ms since midnight.
fn parse_clock(text: &str) -> Option<Millis> {
    let mut parts = text.split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0), |seconds| digits(seconds, 2))?;
    let valid = hours < 24 && minutes < 60 && seconds < 60 && parts.next().is_none();
    valid.then_some(hours * HOUR + minutes * MINUTE + seconds * SECOND)
}

/// `9-21` or `9:30-18`, in ms since midnight.
pub(super) fn parse_hours(text: &str) -> Option<(Millis, Millis)> {
    let (from, to) = text.split_once('-')?;
    let clock = |text: &str| {
        let (hours, minutes) = text.trim_ascii().split_once(':').unwrap_or((text.trim_ascii(), "00"));
        let hours = whole(hours).filter(|_| hours.len() <= 2)?;
        let at = hours * HOUR + digits(minutes, 2).filter(|minutes| *minutes < 60)? * MINUTE;
        (at <= DAY).then_some(at)
    };
    let (from, to) = (clock(from)?, clock(to)?);
    (from != to && from < DAY).then_some((from, to))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    whole(text).filter(|_| text.len() == count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_stand_for_whole_days_and_times_for_instants() {
        let day = 20_784 * DAY;
        assert_eq!(parse_edge("2026-11-27", 0), Some(local(day)));
        assert_eq!(parse_edge("2026-11-27", DAY), Some(local(day + DAY)));
        assert_eq!(parse_edge("2026-11-27T18:00", DAY), Some(local(day + 18 * HOUR)));
        assert_eq!(
            parse_edge("2026-11-27T18:00:30Z", DAY),
            Some(Edge {
                at: day + 18 * HOUR + 30 * SECOND,
                is_local: false
            })
        );
        assert_eq!(
            parse_edge("2026-11-27T18:00+01:00", DAY),
            Some(Edge {
                at: day + 17 * HOUR,
                is_local: false
            })
        );
        assert_eq!(
            parse_edge("2026-11-27T18:00-05:30", DAY),
            Some(Edge {
                at: day + 23 * HOUR + 30 * MINUTE,
                is_local: false
            })
        );
        for wrong in [
            "2026-02-30",
            "27.11.2026",
            "2026-11",
            "2026-11-27T25:00",
            "2026-11-27T",
            "2026-11-27T18",
            "tomorrow",
            "2026-11-27T18:00+1",
        ] {
            assert_eq!(parse_edge(wrong, 0), None, "{wrong}");
        }
    }

    #[test]
    fn hours_may_wrap_midnight() {
        assert_eq!(parse_hours("9-21"), Some((9 * HOUR, 21 * HOUR)));
        assert_eq!(parse_hours("9:30-18"), Some((9 * HOUR + 30 * MINUTE, 18 * HOUR)));
        assert_eq!(parse_hours("22-6"), Some((22 * HOUR, 6 * HOUR)));
        assert_eq!(parse_hours("0-24"), Some((0, DAY)));
        for wrong in ["9", "9-9", "9-25", "24-6", "9:60-10", "-1-5", "a-b", "9-24:30"] {
            assert_eq!(parse_hours(wrong), None, "{wrong}");
        }
    }
}
