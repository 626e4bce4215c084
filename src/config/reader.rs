//! Walks through the JSON of a config and notes what is wrong, with the way to it.

use super::problem::{Problem, Severity, nearest};
use crate::host::Host;
use crate::json::{Fault, Place, Value, find};
use crate::time::{Millis, duration};

/// A value in the config and the way to it.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub value: &'a Value,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a Node<'a>, &'a str),
    Index(&'a Node<'a>, usize),
}

impl<'a> Node<'a> {
    pub fn root(value: &'a Value) -> Self {
        Node {
            value,
            step: Step::Root,
        }
    }

    pub fn get<'b>(&'b self, key: &'b str) -> Option<Node<'b>> {
        Some(Node {
            value: self.value.get(key)?,
            step: Step::Key(self, key),
        })
    }

    pub fn members<'b>(&'b self) -> impl Iterator<Item = (&'b str, Node<'b>)> {
        self.value.members().iter().map(|(key, value)| {
            (
                key.as_str(),
                Node {
                    value,
                    step: Step::Key(self, key),
                },
            )
        })
    }

    pub fn items<'b>(&'b self) -> impl Iterator<Item = Node<'b>> {
        self.value.items().iter().enumerate().map(|(index, value)| Node {
            value,
            step: Step::Index(self, index),
        })
    }

    /// The items of a list, or this one thing, where either may be written.
    pub fn one_or_more<'b>(&'b self) -> Vec<Node<'b>> {
        match self.value {
            Value::List(_) => self.items().collect(),
            _ => vec![*self],
        }
    }

    fn steps(&self) -> (Vec<String>, String) {
        match self.step {
            Step::Root => (Vec::new(), "$".to_owned()),
            Step::Key(parent, key) => {
                let (mut steps, mut path) = parent.steps();
                push_key(key, &mut path);
                steps.push(key.to_owned());
                (steps, path)
            }
            Step::Index(parent, index) => {
                let (mut steps, mut path) = parent.steps();
                let index = index.to_string();
                path.push_str(&["[", &index, "]"].concat());
                steps.push(index);
                (steps, path)
            }
        }
    }
}

fn push_key(key: &str, path: &mut String) {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !key.starts_with(|first: char| first.is_ascii_digit());
    if plain && !key.is_empty() {
        path.push('.');
        path.push_str(key);
    } else {
        path.push_str("['");
        path.push_str(&key.replace('\\', "\\\\").replace('\'', "\\'"));
        path.push_str("']");
    }
}

/// Collects problems while a config is read.
pub(super) struct Report<'a> {
    text: &'a str,
    pub host: &'a dyn Host,
    pub problems: Vec<Problem>,
    /// The offer being read.
    pub offer: Option<String>,
}

impl<'a> Report<'a> {
    pub fn new(text: &'a str, faults: &[Fault], host: &'a dyn Host) -> Self {
        let mut report = Report {
            text,
            host,
            problems: Vec::new(),
            offer: None,
        };
        for fault in faults {
            report.push(
                Severity::Error,
                "$".to_owned(),
                fault.offset,
                fault.what.to_owned(),
                fault.remedy.to_owned(),
            );
        }
        report
    }

    /// How many errors there are so far: an offer during which it grew is skipped.
    pub fn errors(&self) -> usize {
        self.problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .count()
    }

    fn push(&mut self, severity: Severity, path: String, offset: usize, what: String, remedy: String) {
        let place = Place::of(self.text, offset);
        self.problems.push(Problem {
            severity,
            path,
            place,
            what,
            remedy,
            offer: self.offer.clone(),
        });
    }

    fn note(&mut self, severity: Severity, node: &Node, key: bool, what: String, remedy: String) {
        let (steps, path) = node.steps();
        let offset = find(self.text, &steps, key, self.host);
        self.push(severity, path, offset, what, remedy);
    }

    /// The value is wrong.
    pub fn error(&mut self, node: &Node, what: &str, remedy: &str) {
        self.note(Severity::Error, node, false, what.to_owned(), remedy.to_owned());
    }

    /// The key is wrong.
    pub fn wrong_key(&mut self, node: &Node, what: &str, remedy: &str) {
        self.note(Severity::Error, node, true, what.to_owned(), remedy.to_owned());
    }

    /// It runs, but hardly as meant.
    pub fn warn(&mut self, node: &Node, what: &str, remedy: &str) {
        self.note(Severity::Warning, node, false, what.to_owned(), remedy.to_owned());
    }

    /// A value of the wrong kind, or out of range.
    pub fn expected(&mut self, node: &Node, wanted: &str, remedy: &str) {
        let found = self.show(node.value);
        self.error(node, &["this has to be ", wanted, ", but is ", &found].concat(), remedy);
    }

    /// A value in backticks, cut short when long.
    pub fn show(&self, value: &Value) -> String {
        let text = value.to_json(self.host);
        let short: String = text.chars().take(40).collect();
        let dots = if short.len() < text.len() { "…" } else { "" };
        ["`", &short, dots, "`"].concat()
    }

    /// An unknown name where one of `known` has to stand. `at_key`: the name is the key of the node rather than its value.
    pub fn unknown(&mut self, node: &Node, at_key: bool, kind: &str, name: &str, known: &[&str]) {
        let what = ["unknown ", kind, " `", name, "`"].concat();
        let remedy = match nearest(name, known.iter().copied()) {
            Some(near) => ["write `", near, "`"].concat(),
            None if known.is_empty() => ["remove it: there is no ", kind, " here"].concat(),
            None => ["write one of ", &listed(known)].concat(),
        };
        self.note(Severity::Error, node, at_key, what, remedy);
    }

    /// Whether this is an object. Its keys have to be among `known`; those in `later` are told apart as not built yet.
    pub fn object(&mut self, node: &Node, kind: &str, known: &[&str], later: &[&str]) -> bool {
        if !self.map(node, kind) {
            return false;
        }
        for (key, child) in node.members() {
            if later.contains(&key) {
                self.not_built(&child, key);
            } else if !known.contains(&key) {
                let all: Vec<&str> = known
                    .iter()
                    .copied()
                    .filter(|known| node.value.get(known).is_none())
                    .collect();
                self.unknown(&child, true, "key", key, &all);
            }
        }
        true
    }

    /// Something of the language that this version doesn't know yet.
    pub fn not_built(&mut self, node: &Node, name: &str) {
        self.wrong_key(
            node,
            &["`", name, "` is not supported by this version"].concat(),
            "remove it",
        );
    }

    /// Whether this is an object, of any keys.
    pub fn map(&mut self, node: &Node, kind: &str) -> bool {
        let is_map = matches!(node.value, Value::Map(_));
        if !is_map {
            self.expected(node, &["an object: ", kind].concat(), "write `{…}`");
        }
        is_map
    }

    /// A member that has to be there.
    pub fn required<'b>(&mut self, node: &'b Node, key: &'b str, example: &str) -> Option<Node<'b>> {
        let found = node.get(key);
        if found.is_none() {
            self.error(
                node,
                &["`", key, "` is missing"].concat(),
                &["write `\"", key, "\": ", example, "`"].concat(),
            );
        }
        found
    }

    /// A text that is not empty.
    pub fn text<'b>(&mut self, node: &Node<'b>, example: &str) -> Option<&'b str> {
        let text = node.value.text().filter(|text| !text.is_empty());
        if text.is_none() {
            self.expected(node, "a text", &["write for example `\"", example, "\"`"].concat());
        }
        text
    }

    /// A number of 0 or more.
    pub fn amount(&mut self, node: &Node) -> Option<f64> {
        let amount = node
            .value
            .number()
            .filter(|number| *number >= 0.0 && number.is_finite());
        if amount.is_none() {
            self.expected(node, "a number of 0 or more", "write for example `5`");
        }
        amount
    }

    /// A whole number from 1 to `most`.
    pub fn count(&mut self, node: &Node, most: u32) -> Option<u32> {
        let count = node
            .value
            .number()
            .filter(|number| *number >= 1.0 && *number <= f64::from(most) && number.trunc() == *number);
        if count.is_none() {
            self.expected(
                node,
                &["a whole number from 1 to ", &most.to_string()].concat(),
                "write for example `3`",
            );
        }
        count.map(|number| number as u32)
    }

    /// A duration of more than nothing, in ms.
    pub fn span(&mut self, node: &Node) -> Option<Millis> {
        let span = node.value.text().and_then(duration).filter(|span| *span > 0);
        if span.is_none() {
            let units =
                "write a whole number with a unit of s, m, h, d or w, such as `\"30m\"`, `\"7d\"` or `\"1d12h\"`";
            self.expected(node, "a duration", units);
        }
        span
    }
}

/// Names in backticks, with commas.
pub(super) fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| ["`", name, "`"].concat())
        .collect::<Vec<_>>()
        .join(", ")
}
