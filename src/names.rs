//! Names and their numbers, found without looking at all of them: a config may have thousands.

use crate::bucket::fnv1a;

/// Names, numbered in the order they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    names: Vec<String>,
    /// The key and the number of each name, by key.
    by_key: Vec<(u32, u32)>,
}

impl Names {
    /// The number of a name, which is added when it is new.
    pub fn add(&mut self, name: &str) -> usize {
        let number = self.names.len();
        match self.place(name) {
            Ok(known) => known,
            Err(place) => {
                self.by_key.insert(place, (fnv1a(name), number as u32));
                self.names.push(name.to_owned());
                number
            }
        }
    }

    /// The number of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.place(name).ok()
    }

    /// The number of the (first) name of that key, under which what is known of it is stored.
    #[must_use]
    pub fn keyed(&self, key: u32) -> Option<usize> {
        let place = self.by_key.partition_point(|(known, _)| *known < key);
        let found = self.by_key.get(place).filter(|(known, _)| *known == key);
        found.map(|(_, number)| *number as usize)
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

    /// The number of a name, or else where it would stand among the keys.
    fn place(&self, name: &str) -> Result<usize, usize> {
        let key = fnv1a(name);
        let mut place = self.by_key.partition_point(|(known, _)| *known < key);
        while let Some((_, number)) = self.by_key.get(place).filter(|(known, _)| *known == key) {
            if self.name(*number as usize) == name {
                return Ok(*number as usize);
            }
            place += 1;
        }
        Err(place)
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
        assert_eq!((names.keyed(fnv1a("42")), names.name(42)), (Some(42), "42"));
        // Two names of one key.
        for name in ["costarring", "liquid"] {
            names.add(name);
        }
        assert_eq!(fnv1a("costarring"), fnv1a("liquid"));
        assert_eq!(
            (names.find("costarring"), names.find("liquid")),
            (Some(1000), Some(1001))
        );
    }
}
