//! Finds the line and column of a path. Text is read a second time for it, but only when there is a problem to report.

use super::read::Reader;
use crate::host::Host;
use crate::words::whole;

/// A position in a text, as editors count: both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte offset.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Place {
        let (mut line, mut column) = (1, 1);
        for letter in text.get(..offset).unwrap_or(text).chars() {
            column += 1;
            if letter == '\n' {
                (line, column) = (line + 1, 1);
            }
        }
        Place { line, column }
    }
}

/// The byte offset of what `steps` leads to (keys of objects, indexes of arrays): of the key itself where `key` is set,
/// else of the value. As much of the way as exists is gone.
pub fn find(text: &str, steps: &[String], key: bool, host: &dyn Host) -> usize {
    let mut reader = Reader::new(text, host);
    for (depth, step) in steps.iter().enumerate() {
        reader.space();
        let parent = reader.at;
        let found = if reader.eat(b'{') {
            find_key(&mut reader, step, key && depth + 1 == steps.len())
        } else if reader.eat(b'[') {
            find_item(&mut reader, step)
        } else {
            None
        };
        if found.is_none() {
            return parent;
        }
    }
    reader.space();
    reader.at
}

/// Leaves the reader before the value of `step`, or before the key itself. Of two with the same key the last one counts.
fn find_key(reader: &mut Reader, step: &str, at_key: bool) -> Option<()> {
    let mut found = None;
    loop {
        reader.space();
        let start = reader.at;
        if reader.peek() == Some(b'}') {
            break;
        }
        let Some(key) = reader.key() else { break };
        if key == step {
            found = Some(if at_key { start } else { reader.at });
        }
        if reader.value().is_none() || reader.comma(b'}').is_none() {
            break;
        }
    }
    reader.at = found?;
    Some(())
}

fn find_item(reader: &mut Reader, step: &str) -> Option<()> {
    for _ in 0..whole(step)? {
        reader.value()?;
        reader.comma(b']')?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Native;

    #[test]
    fn a_path_leads_to_its_line_and_column() {
        let text = "{\n  \"é\": 1, \"b\": [10,\n    {\"c\": 5}]\n}";
        let place = |steps: &[&str], key| {
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            let place = Place::of(text, find(text, &steps, key, &Native));
            (place.line, place.column)
        };
        assert_eq!(place(&[], false), (1, 1));
        assert_eq!(place(&["b"], true), (2, 11));
        assert_eq!(place(&["b"], false), (2, 16));
        assert_eq!(place(&["b", "1", "c"], true), (3, 6));
        assert_eq!(place(&["b", "1", "c"], false), (3, 11));
        assert_eq!(place(&["b", "1", "missing"], true), (3, 5));
    }
}
