//! JSON: the one format that crosses the border, read with the place of every fault and written without ceremony.
//!
//! Its own, because it is downloaded by every visitor: a general library would weigh as much as the rest of the module.
//! Numbers are turned into text and back by the [`Host`](crate::host::Host), which has that code already.

mod find;
#[cfg(feature = "authoring")]
mod object;
mod parse;
mod read;
mod write;

pub use find::{Place, Wanted, find, push_index, push_key};
#[cfg(feature = "authoring")]
pub use object::Object;
pub use parse::parse;
pub use read::{Fault, read};
pub use write::{quote, write};

use crate::records::List;
use crate::words::whole;

/// Any JSON value. Objects keep the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, and everything that is missing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as JavaScript holds it.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The member called `key`, when this is an object that has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.members()
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The members of an object; none of anything else.
    #[must_use]
    pub fn members(&self) -> &[(String, Value)] {
        match self {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// An object but for one member.
    #[must_use]
    pub fn without(&self, key: &str) -> Value {
        match self {
            Value::Map(members) => {
                let others = members.iter().filter(|(name, _)| name != key);
                Value::Map(others.cloned().collect())
            }
            other => other.clone(),
        }
    }

    /// The items of an array; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The string, when this is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, when this is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// What follows `steps` down from here: own members of objects, indexes of arrays. `Null` where there is nothing.
    #[must_use]
    pub fn down(&self, steps: List) -> &Value {
        let mut here = self;
        for index in 0..steps.len() {
            let step = steps.text(index);
            let next = match here {
                Value::List(items) => index_of(step).and_then(|index| items.get(index)),
                other => other.get(step),
            };
            match next {
                Some(value) => here = value,
                None => return &Value::Null,
            }
        }
        here
    }

    /// Sets or replaces a member of an object; anything else becomes an object first.
    pub fn set(&mut self, key: &str, value: Value) {
        if !matches!(self, Value::Map(_)) {
            *self = Value::Map(Vec::new());
        }
        if let Value::Map(members) = self {
            match members.iter_mut().find(|(name, _)| name == key) {
                Some((_, old)) => *old = value,
                None => members.push((key.to_owned(), value)),
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

/// JavaScript knows the index `0` but not `00` or `+1`.
fn index_of(step: &str) -> Option<usize> {
    let canonical = step == "0" || !step.starts_with('0');
    whole(step).filter(|_| canonical).map(|index| index as usize)
}
