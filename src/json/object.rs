//! Objects in the making.

use super::Value;

/// An object, member by member.
#[derive(Debug, Default)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// With another member.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.0.push((key.to_owned(), value));
        self
    }

    /// With a text.
    #[must_use]
    pub fn text(self, key: &str, text: &str) -> Self {
        self.with(key, text.into())
    }

    /// With a number.
    #[must_use]
    pub fn number(self, key: &str, number: f64) -> Self {
        self.with(key, number.into())
    }

    /// With a number, if there is one.
    #[must_use]
    pub fn maybe(self, key: &str, number: Option<f64>) -> Self {
        match number {
            Some(number) => self.number(key, number),
            None => self,
        }
    }

    /// The object.
    #[must_use]
    pub fn done(self) -> Value {
        Value::Map(self.0)
    }
}
