//! Sentences for people, put together without the machinery of `format!`, which every visitor would have to download.

/// `template` with each `%` replaced by the next of `parts`.
#[must_use]
pub fn say(template: &str, parts: &[&str]) -> String {
    say_with(template, &mut parts.iter())
}

/// [`say`], for several templates that share their parts.
pub(crate) fn say_with(template: &str, parts: &mut std::slice::Iter<&str>) -> String {
    let mut out = String::new();
    for letter in template.chars() {
        match letter {
            '%' => out.push_str(parts.next().unwrap_or(&"")),
            other => out.push(other),
        }
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

fn push_digits(number: u64, text: &mut String) {
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
        assert!(has("paid_social", "social") && !has("soc", "social"));
    }
}
