//! Finds the lines and columns of paths. The text is read a second time for it, once, and only when there is a problem.

use super::read::Reader;
use crate::host::Host;

/// A position in a text, as editors count: both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Place {
    /// Where every text begins.
    pub const START: Place = Place { line: 1, column: 1 };

    /// The place of a byte offset.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Place {
        Place::START.after(text.get(..offset).unwrap_or(text))
    }

    /// The place behind `text`, which begins here.
    fn after(mut self, text: &str) -> Place {
        for letter in text.chars() {
            self.column += 1;
            if letter == '\n' {
                self = Place {
                    line: self.line + 1,
                    column: 1,
                };
            }
        }
        self
    }
}

/// What is looked for: the JSONPath of a value, and whether its key is meant rather than the value itself.
pub type Wanted<'a> = (&'a str, bool);

/// The places of paths. What isn't there is at the start of the text; of what is there twice, the last counts.
pub fn find(text: &str, wanted: &[Wanted], host: &dyn Host) -> Vec<Place> {
    let mut places = vec![Place::START; wanted.len()];
    let reader = Reader::new(text, host);
    let mut walk = Walk {
        text,
        reader,
        path: "$".to_owned(),
        wanted,
        places: &mut places,
        offset: 0,
        place: Place::START,
    };
    walk.value();
    places
}

struct Walk<'a> {
    text: &'a str,
    reader: Reader<'a>,
    path: String,
    wanted: &'a [Wanted<'a>],
    places: &'a mut [Place],
    /// As far as lines were counted.
    offset: usize,
    place: Place,
}

impl Walk<'_> {
    /// Notes this place for whoever looks for the path.
    fn note(&mut self, offset: usize, is_key: bool) {
        for ((path, key), place) in self.wanted.iter().zip(self.places.iter_mut()) {
            if *key == is_key && *path == self.path {
                self.place = self.place.after(self.text.get(self.offset..offset).unwrap_or_default());
                self.offset = offset;
                *place = self.place;
            }
        }
    }

    fn value(&mut self) -> Option<()> {
        self.reader.space();
        self.note(self.reader.at, false);
        let length = self.path.len();
        if self.reader.eat(b'{') {
            self.reader.space();
            while !self.reader.eat(b'}') {
                let start = self.reader.at;
                let key = self.reader.key()?;
                push_key(&key, &mut self.path);
                self.note(start, true);
                self.value()?;
                self.path.truncate(length);
                self.reader.comma(b'}')?;
            }
        } else if self.reader.eat(b'[') {
            let mut index = 0;
            self.reader.space();
            while !self.reader.eat(b']') {
                push_index(index, &mut self.path);
                self.value()?;
                self.path.truncate(length);
                self.reader.comma(b']')?;
                index += 1;
            }
        } else {
            self.reader.value()?;
        }
        Some(())
    }
}

/// Appends a key to a JSONPath (RFC 9535).
pub fn push_key(key: &str, path: &mut String) {
    let mut plain = !key.is_empty();
    for (index, byte) in key.bytes().enumerate() {
        plain &= byte == b'_' || byte.is_ascii_alphabetic() || (index > 0 && byte.is_ascii_digit());
    }
    if plain {
        path.push('.');
        path.push_str(key);
        return;
    }
    path.push_str("['");
    for letter in key.chars() {
        if letter == '\\' || letter == '\'' {
            path.push('\\');
        }
        path.push(letter);
    }
    path.push_str("']");
}

/// Appends an index to a JSONPath.
pub fn push_index(index: usize, path: &mut String) {
    path.push('[');
    path.push_str(&crate::words::decimal(index as i64));
    path.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Native;

    #[test]
    fn a_path_leads_to_its_line_and_column() {
        let text = "{\n  \"é\": 1, \"b\": [10,\n    {\"c\": 5}], \"b.c\": 7}";
        let cases = [
            ("$", false, (1, 1)),
            ("$.b", true, (2, 11)),
            ("$.b", false, (2, 16)),
            ("$.b[1].c", true, (3, 6)),
            ("$.b[1].c", false, (3, 11)),
            ("$['b.c']", false, (3, 23)),
            ("$.b[1].missing", true, (1, 1)),
        ];
        let wanted: Vec<Wanted> = cases.iter().map(|(path, key, _)| (*path, *key)).collect();
        let places = find(text, &wanted, &Native);
        for ((path, _, place), found) in cases.iter().zip(places) {
            assert_eq!((found.line, found.column), *place, "{path}");
        }
    }
}
