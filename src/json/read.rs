//! Reads JSON text. What a person easily gets wrong (a comma too many or too few, a comment) is reported and read over,
//! so that everything else in the file can be checked in the same go.

use super::Value;
use crate::host::Host;
use std::collections::BTreeMap;

/// Deeper nesting than this is refused: it would only exhaust the stack.
pub(super) const DEPTH: usize = 96;

/// No key, and no text, is longer than so many bytes, and no object has more keys: what is that big was not written by hand.
const LONGEST_KEY: usize = 2000;
const LONGEST_TEXT: usize = 100_000;
const MOST_KEYS: usize = 100_000;
/// Among so many keys one is found by looking at them all.
const FEW_KEYS: usize = 16;
/// So many faults are told.
const FAULTS: usize = 1000;

/// Something that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong.
    pub what: &'static str,
    /// What to write instead.
    pub remedy: &'static str,
}

/// Reads `text`. `None` when it can't be made sense of at all; the faults say why, and what was read over.
pub fn read(text: &str, host: &dyn Host) -> (Option<Value>, Vec<Fault>) {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        faults: Vec::new(),
        host,
    };
    let value = reader.value();
    if value.is_some() {
        reader.space();
        if reader.at < text.len() {
            reader.fault(
                "there is more text after the end of the JSON value",
                "remove it, or a bracket closed too early",
            );
        }
    }
    (value, reader.faults)
}

pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) at: usize,
    depth: usize,
    faults: Vec<Fault>,
    host: &'a dyn Host,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, host: &'a dyn Host) -> Self {
        Reader {
            text,
            at: 0,
            depth: 0,
            faults: Vec::new(),
            host,
        }
    }

    fn fault(&mut self, what: &'static str, remedy: &'static str) {
        self.fault_at(self.at, what, remedy);
    }

    fn fault_at(&mut self, offset: usize, what: &'static str, remedy: &'static str) {
        if self.faults.len() < FAULTS {
            self.faults.push(Fault { offset, what, remedy });
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn space(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                // A byte order mark, which some editors write.
                Some(0xEF) if self.at == 0 && self.rest().starts_with('\u{feff}') => self.at += 3,
                Some(b'/') if self.rest().starts_with("//") || self.rest().starts_with("/*") => {
                    self.fault("JSON has no comments", "remove the comment");
                    self.comment();
                }
                _ => return,
            }
        }
    }

    /// To the end of the line, or of the block.
    fn comment(&mut self) {
        let block = self.rest().starts_with("/*");
        self.at += 2;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if (!block && byte == b'\n') || (block && byte == b'*' && self.eat(b'/')) {
                return;
            }
        }
    }

    pub(super) fn value(&mut self) -> Option<Value> {
        self.space();
        if self.depth >= DEPTH {
            self.fault("this is nested too deeply", "use fewer levels");
            return None;
        }
        match self.peek() {
            Some(b'{') => self.nested(Self::map),
            Some(b'[') => self.nested(Self::list),
            // What it belongs to is told to be without it.
            Some(b'"') => self.string().map(|text| match text.len() {
                0..=LONGEST_TEXT => Value::Text(text),
                _ => Value::Null,
            }),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        self.at += 1;
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn map(&mut self) -> Option<Value> {
        let mut members: Vec<(String, Value)> = Vec::new();
        let mut numbers = BTreeMap::new();
        self.space();
        while !self.eat(b'}') {
            let start = self.at;
            let key = self.key()?;
            let value = self.value()?;
            let mut number = members.iter().take(FEW_KEYS).position(|(name, _)| *name == key);
            if number.is_none() && members.len() >= FEW_KEYS {
                let new = members.len();
                number = Some(*numbers.entry(key.clone()).or_insert(new));
            }
            match number.and_then(|number| members.get_mut(number)) {
                // As in JavaScript, the last one counts.
                Some((_, earlier)) => {
                    *earlier = value;
                    self.fault_at(start, "this key stands twice in the same object", "keep one of the two");
                }
                None => members.push((key, value)),
            }
            if members.len() > MOST_KEYS {
                self.fault_at(start, "this object has more than 100000 keys", "write fewer");
                return None;
            }
            self.comma(b'}')?;
        }
        Some(Value::Map(members))
    }

    /// A key and its colon.
    pub(super) fn key(&mut self) -> Option<String> {
        if self.peek() != Some(b'"') {
            self.fault("a key is expected here", "write a key in double quotes");
            return None;
        }
        let start = self.at;
        let mut key = self.string()?;
        if key.len() > LONGEST_KEY {
            self.fault_at(start, "this key has more than 2000 bytes", "write a shorter one");
            // As much as is fit to be told.
            key = key.chars().take(40).collect::<String>() + "…";
        }
        self.space();
        if !self.eat(b':') {
            self.fault("a `:` is missing after the key", "write `:` between key and value");
        }
        Some(key)
    }

    fn list(&mut self) -> Option<Value> {
        let mut items = Vec::new();
        self.space();
        while !self.eat(b']') {
            items.push(self.value()?);
            self.comma(b']')?;
        }
        Some(Value::List(items))
    }

    /// What may stand between two members: one comma, and none before the end.
    pub(super) fn comma(&mut self, end: u8) -> Option<()> {
        self.space();
        let comma = self.at;
        if self.eat(b',') {
            self.space();
            if self.peek() == Some(end) {
                self.fault_at(comma, "there is a comma too many", "remove the last `,`");
            }
            return Some(());
        }
        match self.peek() {
            Some(byte) if byte == end => Some(()),
            Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                self.fault("a comma is missing", "write `,` before this");
                Some(())
            }
            Some(_) => {
                self.fault("this is not JSON", "write `,` or close the bracket");
                None
            }
            None => {
                self.fault("the text ends too early", "close the open bracket");
                None
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(stop) = rest
                .bytes()
                .position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20)
            else {
                self.fault("this string has no end", "write the closing `\"`");
                return None;
            };
            out.push_str(rest.get(..stop).unwrap_or_default());
            self.at += stop;
            match self.peek() {
                Some(b'"') => {
                    if out.len() > LONGEST_TEXT {
                        self.fault_at(start, "this text has more than 100000 bytes", "write a shorter one");
                    }
                    self.at += 1;
                    return Some(out);
                }
                Some(b'\\') => self.escape(&mut out)?,
                _ => {
                    self.fault(
                        "a string ends at the end of its line",
                        "write the closing `\"`, or `\\n` for a line break",
                    );
                    return None;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Option<()> {
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        let plain = match letter {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'u') => return self.unicode(out),
            _ => {
                self.fault("this escape is unknown", "write `\\\\` for a backslash");
                return None;
            }
        };
        out.push(plain);
        self.at += 2;
        Some(())
    }

    fn unicode(&mut self, out: &mut String) -> Option<()> {
        let unit = |at: usize| {
            let hex = self.text.get(at..at + 4)?;
            hex.chars()
                .try_fold(0, |code, digit| Some(code * 16 + digit.to_digit(16)?))
        };
        let Some(first) = unit(self.at + 2) else {
            self.fault("`\\u` needs four hexadecimal digits", "write for example `\\u00e9`");
            return None;
        };
        let paired = (0xD800..0xDC00).contains(&first) && self.text.get(self.at + 6..self.at + 8) == Some("\\u");
        let second = if paired {
            unit(self.at + 8).filter(|low| (0xDC00..0xE000).contains(low))
        } else {
            None
        };
        let code = second.map_or(first, |low| 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00));
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        self.at += if second.is_some() { 12 } else { 6 };
        Some(())
    }

    fn number(&mut self) -> Option<Value> {
        let rest = self.rest();
        let end = rest
            .bytes()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let digits = rest.get(..end).unwrap_or_default();
        if !is_number(digits) {
            self.fault("this is not a number", "write a number such as `3`, `-0.5` or `1e6`");
            return None;
        }
        self.at += end;
        Some(Value::Number(self.host.number(digits)))
    }

    fn word(&mut self) -> Option<Value> {
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Some(value);
            }
        }
        match self.peek() {
            None => self.fault("the text ends too early", "write a value and close the open brackets"),
            Some(b'\'') => self.fault("JSON has no single quotes", "write `\"`"),
            Some(_) => self.fault(
                "a value is expected here",
                "write text in double quotes, a number, `true`, `false`, `null`, `[…]` or `{…}`",
            ),
        }
        None
    }
}

/// The grammar of RFC 8259, section 6.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text
        .split_once(['e', 'E'])
        .map_or((text, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa
        .split_once('.')
        .map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Native;

    fn faults(text: &str) -> Vec<(usize, &'static str)> {
        read(text, &Native)
            .1
            .into_iter()
            .map(|fault| (fault.offset, fault.what))
            .collect()
    }

    #[test]
    fn reads_what_json_is() {
        let (value, faults) = read(
            r#" {"a": [1, -2.5e3, true, null], "b": "x\n\u00e9\ud83d\ude00"} "#,
            &Native,
        );
        assert!(faults.is_empty());
        let list = Value::List(vec![
            Value::Number(1.0),
            Value::Number(-2500.0),
            Value::Bool(true),
            Value::Null,
        ]);
        assert_eq!(
            value,
            Some(Value::Map(vec![("a".into(), list), ("b".into(), "x\né😀".into())]))
        );
    }

    #[test]
    fn names_every_slip_and_reads_on() {
        let text = "{\"a\": 1 \"b\": [2,], // c\n \"a\": 3}";
        let (value, _) = read(text, &Native);
        assert_eq!(value.map(|value| value.members().len()), Some(2));
        assert_eq!(
            faults(text),
            [
                (8, "a comma is missing"),
                (15, "there is a comma too many"),
                (19, "JSON has no comments"),
                (25, "this key stands twice in the same object")
            ]
        );
    }

    #[test]
    fn gives_up_where_nothing_can_be_guessed() {
        for (text, at) in [
            ("{'a': 1}", 1),
            ("[1", 2),
            ("\"abc", 1),
            ("01", 0),
            ("[1.]", 1),
            ("", 0),
            ("\"\\x\"", 1),
        ] {
            let (value, faults) = read(text, &Native);
            assert_eq!(
                (value, faults.first().map(|fault| fault.offset)),
                (None, Some(at)),
                "{text}"
            );
        }
        assert!(read(&"[".repeat(100_000), &Native).0.is_none());
    }
}
