//! Writes JSON text.

use super::Value;
use crate::host::Host;

/// Appends `value` to `out`. Numbers are written as JavaScript writes them; what JSON can't say (NaN) becomes `null`.
pub fn write(value: &Value, host: &dyn Host, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) if number.is_finite() => out.push_str(&host.digits(*number)),
        Value::Number(_) => out.push_str("null"),
        Value::Text(text) => quote(text, out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, host, out);
            }
            out.push(']');
        }
        Value::Map(members) => {
            out.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quote(key, out);
                out.push(':');
                write(member, host, out);
            }
            out.push('}');
        }
    }
}

/// Appends `text` to `out` as a JSON string.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                let hex = |nibble: u32| char::from_digit(nibble, 16).unwrap_or('0');
                out.push_str("\\u00");
                out.push(hex(control as u32 >> 4));
                out.push(hex(control as u32 & 15));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

impl Value {
    /// This value as JSON text.
    #[must_use]
    pub fn to_json(&self, host: &dyn Host) -> String {
        let mut out = String::new();
        write(self, host, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use crate::host::Native;
    use crate::json::read;

    #[test]
    fn what_is_written_reads_back() {
        let text = r#"{"a":[1,0.1,-2.5e-7,1e+21,true,null],"b\"\\\n\u0001":"é😀"}"#;
        let (value, _) = read(text, &Native);
        assert_eq!(value.map(|value| value.to_json(&Native)).as_deref(), Some(text));
    }
}
