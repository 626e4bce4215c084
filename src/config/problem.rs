//! What is wrong with a config: where, what, and what to write instead.

use crate::json::Place;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The part it stands in is skipped.
    Error,
    /// It runs, but surely not as meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One problem of a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The JSONPath (RFC 9535) of what it is about: `$.offers[3].eligible['visit.number']`.
    pub path: String,
    /// Its line and column in the text.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub remedy: String,
    /// The offer it stands in, which is skipped when this is an error.
    pub offer: Option<String>,
}

/// The candidate that `name` was probably meant to be: the one with the fewest slips, when they are few.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 1 + name.chars().count() / 4;
    let scored = candidates
        .into_iter()
        .map(|candidate| (slips(name, candidate), candidate));
    scored
        .filter(|(slips, _)| *slips <= allowed)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// How many letters were left out, added, swapped or replaced (optimal string alignment); case doesn't count.
fn slips(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let right: Vec<char> = right.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let width = right.len() + 1;
    let mut table: Vec<usize> = (0..width).collect();
    let at =
        |table: &[usize], row: usize, column: usize| table.get(row * width + column).copied().unwrap_or(usize::MAX / 2);
    for (row, letter) in left.iter().enumerate() {
        table.push(row + 1);
        for (column, other) in right.iter().enumerate() {
            let replaced = at(&table, row, column) + usize::from(letter != other);
            let added = at(&table, row + 1, column) + 1;
            let removed = at(&table, row, column + 1) + 1;
            let swap =
                row > 0 && column > 0 && left.get(row - 1) == Some(other) && right.get(column - 1) == Some(letter);
            let swapped = if swap {
                at(&table, row - 1, column - 1) + 1
            } else {
                usize::MAX
            };
            table.push(replaced.min(added).min(removed).min(swapped));
        }
    }
    table.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_with_the_fewest_slips() {
        let known = ["eligible", "schedule", "visit.number", "id"];
        assert_eq!(nearest("elligible", known), Some("eligible"));
        assert_eq!(nearest("shcedule", known), Some("schedule"));
        assert_eq!(nearest("Visit.Nubmer", known), Some("visit.number"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(slips("ab", "ba"), 1);
        assert_eq!(slips("", "abc"), 3);
    }
}
