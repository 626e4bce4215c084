//! Reads JSON as machines write it, without a word about what is wrong: [`read`](super::read) is for what people write.

use super::Value;
use super::read::DEPTH;
use crate::host::Host;
use crate::words::{pieces, whole};

/// The value that `text` stands for; `None` when it is no JSON, or is nested too deeply. Spaces between tokens are no JSON here.
pub fn parse(text: &str, host: &dyn Host) -> Option<Value> {
    let mut parser = Parser { text, at: 0, host };
    let value = parser.value(DEPTH);
    value.filter(|_| parser.at == text.len())
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    host: &'a dyn Host,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at).copied();
        self.at += 1;
        byte
    }

    /// What stands from here up to the first byte that `ends` it.
    fn up_to(&mut self, ends: fn(u8) -> bool) -> Option<&'a str> {
        let from = self.at;
        while !ends(*self.text.as_bytes().get(self.at)?) {
            self.at += 1;
        }
        self.text.get(from..self.at)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let first = self.next()?;
        Some(match first {
            b'"' => Value::Text(self.string()?),
            b'{' | b'[' => {
                let (mut items, mut members) = (Vec::new(), Vec::new());
                let is_map = first == b'{';
                let end = if is_map { b'}' } else { b']' };
                if self.text.as_bytes().get(self.at) == Some(&end) {
                    self.at += 1;
                } else {
                    loop {
                        if is_map {
                            let key = (self.next()? == b'"').then(|| self.string())??;
                            let value = (self.next()? == b':').then(|| self.value(depth))??;
                            members.push((key, value));
                        } else {
                            items.push(self.value(depth)?);
                        }
                        match self.next()? {
                            b',' => {}
                            byte if byte == end => break,
                            _ => return None,
                        }
                    }
                }
                if is_map {
                    Value::Map(members)
                } else {
                    Value::List(items)
                }
            }
            _ => {
                self.at -= 1;
                let rest = self.text.get(self.at..)?;
                let length = rest
                    .bytes()
                    .take_while(|byte| !matches!(byte, b',' | b'}' | b']'))
                    .count();
                self.at += length;
                match rest.get(..length)? {
                    "null" => Value::Null,
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    digits => {
                        let number = short(digits).unwrap_or_else(|| self.host.number(digits));
                        Value::Number(Some(number).filter(|number| number.is_finite())?)
                    }
                }
            }
        })
    }

    /// What follows an opening quote, up to and with the closing one.
    fn string(&mut self) -> Option<String> {
        let is_end = |byte| byte == b'"' || byte == b'\\';
        let mut out = self.up_to(is_end)?.to_owned();
        loop {
            if self.next()? == b'"' {
                return Some(out);
            }
            out.push(match self.next()? {
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => {
                    let hex = self.text.get(self.at..self.at + 4)?;
                    self.at += 4;
                    // Half of a pair alone is no letter; whole ones are written as they are.
                    char::from_u32(u32::from_str_radix(hex, 16).ok()?).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
                other => char::from(other),
            });
            out.push_str(self.up_to(is_end)?);
        }
    }
}

/// The number that a few decimal digits stand for, without asking the host. Both sides of the division are exact, so the quotient
/// is the closest there is: <https://doi.org/10.1145/93548.93557>, "the fast path".
fn short(digits: &str) -> Option<f64> {
    let mut parts = pieces(digits, b".");
    let (before, after) = (parts.next()?, parts.rest());
    let mut number = whole(before)?;
    let mut scale = 1.0;
    for digit in after.unwrap_or_default().bytes() {
        number = number.wrapping_mul(10) + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        scale *= 10.0;
    }
    (digits.len() <= 15).then(|| number as f64 / scale)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::host::Native;

    #[test]
    fn what_is_written_is_read_back() {
        let texts = [
            "null",
            "true",
            "-1.5e-7",
            "\"\"",
            "[]",
            "{}",
            r#"[1,[],{"a":null}]"#,
            r#"{"a":{"b":[true,false,"\"\\\n\u001f/é😀"]},"":0}"#,
        ];
        for text in texts {
            let value = parse(text, &Native);
            assert_eq!(value, read(text, &Native).0, "{text}");
            let again = value.map(|value| value.to_json(&Native));
            assert_eq!(
                again.as_deref().and_then(|text| parse(text, &Native)),
                read(text, &Native).0
            );
        }
        assert_eq!(parse(r#""\ud800\u00e9""#, &Native), Some(Value::from("\u{fffd}é")));
    }

    #[test]
    fn short_numbers_are_the_closest_there_are() {
        let mut state = 7_u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let digits = (state >> 33).to_string();
            let (before, after) = digits.split_at(digits.len() * (state as usize >> 20 & 7) / 8);
            for text in [
                [before, after].concat(),
                [before, ".", after].concat(),
                [before, ".00000", after].concat(),
            ] {
                let wanted = if text.starts_with('.') {
                    None
                } else {
                    Some(Native.number(&text))
                };
                assert_eq!(short(&text).or(wanted), wanted, "{text}");
            }
        }
        assert_eq!(
            (short("0.1"), short("12"), short("999999999999.99")),
            (Some(0.1), Some(12.0), Some(999_999_999_999.99))
        );
        for text in [
            "",
            ".5",
            "-1",
            "1e5",
            "1.e",
            "1.2.3",
            "1234567890123456",
            "0.12345678901234",
        ] {
            assert_eq!(short(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        for text in [
            "",
            "tru",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "{\"a\"",
            "{\"a\":",
            "{a:1}",
            "\"a",
            "\"\\",
            "\"\\u12",
            "1 ",
            "[1}",
            "{\"a\":1]",
            "}",
        ] {
            assert_eq!(parse(text, &Native), None, "{text}");
        }
        let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
        assert_eq!(parse(&deep, &Native), None);
    }
}
