//! Walks through the JSON of a config and notes what is wrong, with the way to it.

use super::limits;
use super::problem::{Problem, Severity, nearest};
use crate::host::Host;
use crate::json::{Fault, Place, Value, Wanted, find, push_index, push_key};
use crate::time::{Millis, duration};
use crate::words::{add_to_list, decimal, say, say_with};

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

    /// Another value in its place.
    pub fn standing_for(&self, value: &'a Value) -> Self {
        Node { value, ..*self }
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

    fn path(&self) -> String {
        let mut path;
        match self.step {
            Step::Root => path = "$".to_owned(),
            Step::Key(parent, key) => {
                path = parent.path();
                push_key(key, &mut path);
            }
            Step::Index(parent, index) => {
                path = parent.path();
                push_index(index, &mut path);
            }
        }
        path
    }
}

/// Collects problems while a config is read.
pub(super) struct Report<'a> {
    text: &'a str,
    pub host: &'a dyn Host,
    /// What was found, and whether it is about a key; where it stands is looked for in the end.
    found: Vec<(Problem, bool)>,
    /// How many errors there are, and how many problems more than are told.
    errors: usize,
    untold: usize,
    /// The offer being read.
    pub offer: Option<String>,
}

impl<'a> Report<'a> {
    pub fn new(text: &'a str, host: &'a dyn Host) -> Self {
        Report {
            text,
            host,
            found: Vec::new(),
            errors: 0,
            untold: 0,
            offer: None,
        }
    }

    /// All problems, in the order of the text.
    pub fn finish(self, faults: &[Fault]) -> Vec<Problem> {
        let mut wanted: Vec<Wanted> = Vec::new();
        for (problem, is_key) in &self.found {
            wanted.push((&problem.path, *is_key));
        }
        let places = if wanted.is_empty() {
            Vec::new()
        } else {
            find(self.text, &wanted, self.host)
        };
        let mut problems: Vec<Problem> = Vec::new();
        let mut insert = |problem: Problem| {
            let index = problems.partition_point(|other| other.place <= problem.place);
            problems.insert(index, problem);
        };
        for fault in faults {
            insert(Problem {
                severity: Severity::Error,
                path: "$".to_owned(),
                place: Place::of(self.text, fault.offset),
                what: fault.what.to_owned(),
                remedy: fault.remedy.to_owned(),
                offer: None,
            });
        }
        for ((problem, _), place) in self.found.into_iter().zip(places) {
            insert(Problem { place, ..problem });
        }
        if self.untold > 0 {
            problems.push(Problem {
                severity: Severity::Error,
                path: "$".to_owned(),
                place: Place::START,
                what: say(
                    "there are % problems more than are told",
                    &[&decimal(self.untold as i64)],
                ),
                remedy: "mend these first".to_owned(),
                offer: None,
            });
        }
        problems
    }

    /// How many errors there are so far: an offer during which it grew is skipped.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Counts a problem, and says whether it is to be told: what is read of a config may be wrong everywhere.
    fn counts(&mut self, severity: Severity) -> bool {
        self.errors += usize::from(severity == Severity::Error);
        let is_told = self.found.len() < limits::PROBLEMS;
        self.untold += usize::from(!is_told);
        is_told
    }

    /// `what` and `remedy` are templates that share `parts`, see [`say`](crate::words::say).
    fn note(&mut self, severity: Severity, node: &Node, is_key: bool, what: &str, remedy: &str, parts: &[&str]) {
        if !self.counts(severity) {
            return;
        }
        let parts = &mut parts.iter();
        let (what, remedy) = (say_with(what, parts), say_with(remedy, parts));
        let offer = self.offer.clone();
        self.found.push((
            Problem {
                severity,
                path: node.path(),
                place: Place::START,
                what,
                remedy,
                offer,
            },
            is_key,
        ));
    }

    /// The value is wrong.
    pub fn error(&mut self, node: &Node, what: &str, remedy: &str, parts: &[&str]) {
        self.note(Severity::Error, node, false, what, remedy, parts);
    }

    /// The key is wrong.
    pub fn wrong_key(&mut self, node: &Node, what: &str, remedy: &str, parts: &[&str]) {
        self.note(Severity::Error, node, true, what, remedy, parts);
    }

    /// It runs, but hardly as meant.
    pub fn warn(&mut self, node: &Node, what: &str, remedy: &str, parts: &[&str]) {
        self.note(Severity::Warning, node, false, what, remedy, parts);
    }

    /// Whether there are no more than `most` of what is listed or named here.
    pub fn few(&mut self, node: &Node, most: usize) -> bool {
        let is_few = node.value.items().len() <= most && node.value.members().len() <= most;
        if !is_few {
            self.error(
                node,
                "there are more than % here",
                "leave some out",
                &[&decimal(most as i64)],
            );
        }
        is_few
    }

    /// A value of the wrong kind, or out of range.
    pub fn expected(&mut self, node: &Node, wanted: &str, remedy: &str) {
        let found = self.show(node.value);
        self.error(node, "this has to be %, but is `%`", "%", &[wanted, &found, remedy]);
    }

    /// A value as it was written, cut short when long.
    fn show(&self, value: &Value) -> String {
        let text = value.to_json(self.host);
        match text.char_indices().nth(40) {
            Some((end, _)) => [text.get(..end).unwrap_or_default(), "…"].concat(),
            None => text,
        }
    }

    /// An unknown name where one of `known` has to stand. `at_key`: the name is the key of the node rather than its value.
    pub fn unknown(&mut self, node: &Node, at_key: bool, kind: &str, name: &str, known: &[&str]) {
        if self.found.len() >= limits::PROBLEMS {
            self.counts(Severity::Error);
            return;
        }
        // Among very many names none is looked for again and again.
        let is_long = known.len() > limits::NAMED && self.found.len() > limits::IN_TURN;
        let near = if is_long { None } else { nearest(name, known) };
        let (remedy, help) = match near {
            Some(near) => ("write `%`", near.to_owned()),
            None if known.is_empty() => ("remove it: there is no % here", kind.to_owned()),
            None => ("write one of %", listed(known)),
        };
        self.note(
            Severity::Error,
            node,
            at_key,
            "unknown % `%`",
            remedy,
            &[kind, name, &help],
        );
    }

    /// Whether this is an object. Its keys have to be among `known`; those in `later` are told apart as not built yet.
    pub fn object(&mut self, node: &Node, kind: &str, known: &[&str], later: &[&str]) -> bool {
        if !self.map(node, kind) {
            return false;
        }
        for (key, child) in node.members() {
            if later.contains(&key) {
                self.not_built(&child, key);
            } else if self.found.len() >= limits::PROBLEMS && !known.contains(&key) {
                self.counts(Severity::Error);
            } else if !known.contains(&key) {
                let mut free = known.to_vec();
                free.retain(|known| nearest(key, &[known]).is_some() || node.value.get(known).is_none());
                self.unknown(&child, true, "key", key, &free);
            }
        }
        true
    }

    /// Something of the language that this version doesn't know yet.
    pub fn not_built(&mut self, node: &Node, name: &str) {
        self.wrong_key(node, "`%` is not supported by this version", "remove it", &[name]);
    }

    /// Whether this is an object, of any keys.
    pub fn map(&mut self, node: &Node, kind: &str) -> bool {
        let is_map = matches!(node.value, Value::Map(_));
        if !is_map {
            let found = self.show(node.value);
            self.error(
                node,
                "this has to be an object: %, but is `%`",
                "write `{…}`",
                &[kind, &found],
            );
        }
        is_map
    }

    /// A member that has to be there.
    pub fn required<'b>(&mut self, node: &'b Node, key: &'b str, example: &str) -> Option<Node<'b>> {
        let found = node.get(key);
        if found.is_none() {
            self.error(node, "`%` is missing", "write `\"%\": %`", &[key, key, example]);
        }
        found
    }

    /// A text that is not empty.
    pub fn text<'b>(&mut self, node: &Node<'b>, example: &str) -> Option<&'b str> {
        let text = node.value.text().filter(|text| !text.is_empty());
        if text.is_some_and(|text| text.len() > limits::NAME) {
            let what = "this has more than % bytes";
            self.error(node, what, "write a shorter one", &[&decimal(limits::NAME as i64)]);
            return None;
        }
        if text.is_none() {
            let found = self.show(node.value);
            self.error(
                node,
                "this has to be a text, but is `%`",
                "write for example `\"%\"`",
                &[&found, example],
            );
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
            let found = self.show(node.value);
            let what = "this has to be a whole number from 1 to %, but is `%`";
            self.error(node, what, "write for example `3`", &[&decimal(most.into()), &found]);
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

/// Nobody reads more names than this.
const LISTED: usize = 50;

/// Names in backticks, with commas.
pub(super) fn listed(names: &[&str]) -> String {
    let mut list = String::new();
    for name in names.iter().take(LISTED) {
        add_to_list(&mut list, ", ", "`");
        list.push_str(name);
        list.push('`');
    }
    if names.len() > LISTED {
        list.push_str(" …");
    }
    list
}
