//! Sentences for people, put together without the machinery of `format!`, which every visitor would have to download.

/// `template` with each `%` replaced by the next of `parts`.
#[must_use]
pub fn say(template: &str, parts: &[&str]) -> String {
    say_with(template, &mut parts.iter())
}

/// [`say`], for several templates that share their parts.
pub(crate) fn say_with(template: &str, parts: &mut std::slice::Iter<&str>) -> String {
    let mut out = String::new();
    for (index, piece) in pieces(template, b"%").enumerate() {
        if index > 0 {
            out.push_str(parts.next().unwrap_or(&""));
        }
        out.push_str(piece);
    }
    out
}

/// Appends an item to a list, after `separator` unless it is the first.
pub fn add_to_list(list: &mut String, separator: &str, item: &str) {
    if !list.is_empty() {
        list.push_str(separator);
    }
    list.push_str(item);
}

/// A whole number in decimal digits.
#[must_use]
pub fn decimal(number: i64) -> String {
    let mut text = String::new();
    if number < 0 {
        text.push('-');
    }
    push_digits(number.unsigned_abs(), &mut text);
    text
}

/// Appends the decimal digits of a number.
pub(crate) fn push_digits(number: u64, text: &mut String) {
    if number > 9 {
        push_digits(number / 10, text);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// The number that decimal digits, and nothing else, stand for; `None` also when there are more than 15 of them.
#[must_use]
pub fn whole(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = digits && !text.is_empty() && text.len() <= 15;
    fits.then(|| {
        text.bytes()
            .fold(0, |number, byte| number * 10 + i64::from(byte - b'0'))
    })
}

/// The pieces of a text between the bytes, all of them ASCII, of `ends`. The library's `split` weighs three times as much.
#[must_use]
pub fn pieces<'t>(text: &'t str, ends: &'static [u8]) -> Pieces<'t> {
    Pieces { rest: Some(text), ends }
}

/// See [`pieces`].
#[derive(Clone, Debug)]
pub struct Pieces<'t> {
    rest: Option<&'t str>,
    ends: &'static [u8],
}

impl<'t> Pieces<'t> {
    /// What was not gone through yet, if anything is left.
    #[must_use]
    pub fn rest(self) -> Option<&'t str> {
        self.rest
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let text = self.rest?;
        for (end, byte) in text.bytes().enumerate() {
            #[allow(
                clippy::manual_contains,
                reason = "the library's search for bytes weighs more than all of this"
            )]
            if self.ends.iter().any(|end| *end == byte) {
                self.rest = text.get(end + 1..);
                return text.get(..end);
            }
        }
        self.rest = None;
        Some(text)
    }
}

/// Whether `part` stands somewhere in `text`.
#[must_use]
pub fn has(text: &str, part: &str) -> bool {
    text.as_bytes()
        .windows(part.len().max(1))
        .any(|window| window == part.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_and_numbers() {
        assert_eq!(say("unknown % `%`", &["key", "x%"]), "unknown key `x%`");
        assert_eq!(
            (decimal(0), decimal(-120), decimal(i64::MIN)),
            ("0".into(), "-120".into(), i64::MIN.to_string())
        );
        assert_eq!(
            (whole("007"), whole(""), whole("+1"), whole("9999999999999999")),
            (Some(7), None, None, None)
        );
        let found: Vec<&str> = pieces(",é,b;", b",;").collect();
        assert_eq!(found, ["", "é", "b", ""]);
        assert!(has("paid_social", "social") && !has("soc", "social"));
    }
}
