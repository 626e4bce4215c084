//! Which happenings an event may be: found by its name and its parameters, without asking those it can't be.

use crate::condition::{Check, Condition, Op, Path};
use crate::json::Value;
use crate::names::Names;
use crate::words::say;

/// A happening that is counted, and what it changes.
#[derive(Clone, Debug, Default)]
pub struct Happening {
    /// The event's name.
    pub event: String,
    /// The filter on the event's parameters.
    pub filter: Option<Condition>,
    /// The tallies that it changes, by index.
    pub tallies: Vec<usize>,
}

/// All events that anything asks about.
#[derive(Clone, Debug, Default)]
pub struct Events {
    names: Names,
    /// By the number of the event's name.
    by_name: Vec<Candidates>,
}

/// The happenings that an event of one name may be, by index.
#[derive(Clone, Debug, Default)]
struct Candidates {
    /// Those without a parameter that has to be a certain text.
    open: Vec<usize>,
    /// The parameters that have to be a certain text, for any happening.
    params: Vec<String>,
    /// The parameter and the text, for each of `keyed`.
    keys: Names,
    keyed: Vec<Vec<usize>>,
}

impl Events {
    /// Notes that an event may be a happening.
    pub(super) fn add(&mut self, index: usize, happening: &Happening) {
        let event = self.names.add(&happening.event);
        if event == self.by_name.len() {
            self.by_name.push(Candidates::default());
        }
        let Some(candidates) = self.by_name.get_mut(event) else {
            return;
        };
        match happening.filter.as_ref().and_then(wanted_text) {
            Some((param, text)) => {
                if !candidates.params.iter().any(|known| known == param) {
                    candidates.params.push(param.to_owned());
                }
                let key = candidates.keys.add(&key(param, text));
                if key == candidates.keyed.len() {
                    candidates.keyed.push(Vec::new());
                }
                if let Some(happenings) = candidates.keyed.get_mut(key) {
                    happenings.push(index);
                }
            }
            None => candidates.open.push(index),
        }
    }

    /// The names of all events.
    #[must_use]
    pub fn names(&self) -> &[String] {
        self.names.all()
    }

    /// The happenings that an event may be; their filters are still to be asked. `grounds` are its parameters and those of
    /// its items.
    #[must_use]
    pub fn candidates(&self, event: &str, grounds: &[&Value]) -> Vec<usize> {
        let Some(candidates) = self.names.find(event).and_then(|event| self.by_name.get(event)) else {
            return Vec::new();
        };
        let mut found = candidates.open.clone();
        for param in &candidates.params {
            let mut seen = Vec::new();
            for text in grounds.iter().filter_map(|ground| ground.get(param)?.text()) {
                let happenings = candidates
                    .keys
                    .find(&key(param, text))
                    .filter(|key| !seen.contains(key));
                if let Some(key) = happenings {
                    seen.push(key);
                    found.extend(candidates.keyed.get(key).into_iter().flatten());
                }
            }
        }
        found
    }
}

fn key(param: &str, text: &str) -> String {
    say("%\n%", &[param, text])
}

/// A parameter, and the text that it has to be for the filter to pass.
fn wanted_text(filter: &Condition) -> Option<(&str, &str)> {
    match filter {
        Condition::All(parts) => parts.iter().find_map(wanted_text),
        Condition::Is(test) => {
            let Path::Field(steps) = &test.path else { return None };
            let [param] = steps.as_slice() else { return None };
            let value = match &test.check {
                Check::Equals(value) => value,
                Check::Meets(ops) => ops.iter().find_map(|op| match op {
                    Op::Same(true, value) => Some(value),
                    _ => None,
                })?,
            };
            Some((param, value.text()?))
        }
        _ => None,
    }
}
