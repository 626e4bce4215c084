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
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // Names are short, and looking for slips in what is not takes long.
    if name.len() > 100 {
        return None;
    }
    let mut fewest = 1 + name.len() / 5;
    let mut found = None;
    for candidate in candidates {
        if candidate.len().abs_diff(name.len()) > fewest {
            continue;
        }
        let slips = slips(name, candidate);
        if slips < fewest || (slips == fewest && found.is_none()) {
            (fewest, found) = (slips, Some(*candidate));
        }
    }
    found
}

/// How many letters were left out, added, swapped or replaced (optimal string alignment); case doesn't count.
fn slips(left: &str, right: &str) -> usize {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let width = right.len() + 1;
    let mut table: Vec<usize> = (0..width).collect();
    let at = |table: &[usize], back: usize| {
        table
            .len()
            .checked_sub(back)
            .and_then(|index| table.get(index))
            .copied()
            .unwrap_or(0)
    };
    for (row, letter) in left.iter().enumerate() {
        table.push(row + 1);
        for (column, other) in right.iter().enumerate() {
            let replaced = at(&table, width + 1) + usize::from(letter != other);
            let mut fewest = replaced.min(at(&table, 1) + 1).min(at(&table, width) + 1);
            let swapped =
                row > 0 && column > 0 && left.get(row - 1) == Some(other) && right.get(column - 1) == Some(letter);
            if swapped {
                fewest = fewest.min(at(&table, 2 * width + 2) + 1);
            }
            table.push(fewest);
        }
    }
    at(&table, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_with_the_fewest_slips() {
        let known = ["eligible", "schedule", "visit.number", "id"];
        assert_eq!(nearest("elligible", &known), Some("eligible"));
        assert_eq!(nearest("shcedule", &known), Some("schedule"));
        assert_eq!(nearest("Visit.Nubmer", &known), Some("visit.number"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(slips("ab", "ba"), 1);
        assert_eq!(slips("", "abc"), 3);
    }
}
