//! Names and their numbers, found without looking at all of them: a config may have thousands.

use std::collections::BTreeMap;

/// Names, numbered in the order they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    names: Vec<String>,
    numbers: BTreeMap<String, usize>,
}

impl Names {
    /// The number of a name, which is added when it is new.
    pub fn add(&mut self, name: &str) -> usize {
        let number = self.names.len();
        self.find(name).unwrap_or_else(|| {
            self.numbers.insert(name.to_owned(), number);
            self.names.push(name.to_owned());
            number
        })
    }

    /// The number of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// The name of that number, "" when there is none.
    #[must_use]
    pub fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }

    /// All names, in the order of their numbers.
    #[must_use]
    pub fn all(&self) -> &[String] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_numbers() {
        let mut names = Names::default();
        for number in 0..1000 {
            assert_eq!(names.add(&number.to_string()), number);
        }
        assert_eq!(
            (names.add("7"), names.find("999"), names.find("1000")),
            (7, Some(999), None)
        );
        assert_eq!(names.name(42), "42");
    }
}
