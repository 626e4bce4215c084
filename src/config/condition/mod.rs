//! Reads conditions: GrowthBook's language on the ground of Maitre's vocabulary, or of any fields at all.
//!
//! Here is how conditions are joined; what they are made of is beside: [`path`], [`check`], [`behaviour`], [`group`].

mod behaviour;
mod check;
mod group;
mod path;

use super::happening::Happening;
use super::limits::{self, Weight};
use super::reader::{Node, Report};
use super::tally::Tally;
use crate::condition::{Condition, Test};
use crate::host::Host;
use crate::json::Value;
use crate::names::Names;
use crate::words::decimal;

/// Where the paths of a condition lead.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ground {
    /// To what Maitre knows.
    Maitre,
    /// To the fields of whatever is at hand: an event's parameters, an element of a list.
    Fields,
    /// To another system's attributes, by GrowthBook's rules alone: slips are not reported but have the meaning that
    /// GrowthBook gives them.
    Open,
}

/// The names that conditions may use, and what they have asked for so far.
pub(super) struct Rules<'a> {
    groups: &'a Value,
    audiences: Names,
    offers: Names,
    pub topics: Vec<&'a str>,
    /// The tally of each topic.
    pub topic_tallies: Vec<usize>,
    pub broken_topics: Vec<String>,
    /// Which of the topics some rule asks about.
    pub asked_topics: Vec<bool>,
    pub stages: Vec<&'a str>,
    pub lifecycle_is_broken: bool,
    /// Some rule asks about stages.
    pub asks_stage: bool,
    /// The greatest number of an offer's id so far.
    pub newest: Option<usize>,
    pub happenings: Vec<Happening>,
    pub happening_names: Names,
    pub tallies: Vec<Tally>,
    pub tally_names: Names,
    /// The saved groups that are being followed: one that leads back to itself names nobody.
    inside: Vec<String>,
    /// The saved groups that have an error.
    broken: Vec<String>,
    /// The audiences that have an error, or lean on one that has.
    pub broken_audiences: Vec<usize>,
    /// How heavy the audiences are.
    pub weights: Vec<Weight>,
    /// How many tests and values were read in all, how many levels of condition the one at hand is in, and after how many of them in all
    /// it is too big.
    read: usize,
    depth: usize,
    most: usize,
    /// How often a limit was exceeded.
    exceeded: usize,
}

/// A condition on any attributes, exactly as GrowthBook understands it, with its saved groups.
#[must_use]
pub fn open_condition(condition: &Value, groups: &Value, host: &dyn Host) -> Condition {
    let mut rules = Rules::new(groups, &[], Names::default());
    rules.read(&Node::root(condition), Ground::Open, &mut Report::new("", host))
}

const COMBINERS: [&str; 5] = ["$and", "$or", "$nor", "$not", "$savedGroup"];

impl<'a> Rules<'a> {
    pub fn new(groups: &'a Value, audiences: &[&str], offers: Names) -> Self {
        let mut names = Names::default();
        for name in audiences {
            names.add(name);
        }
        Rules {
            groups,
            audiences: names,
            offers,
            topics: Vec::new(),
            topic_tallies: Vec::new(),
            broken_topics: Vec::new(),
            asked_topics: Vec::new(),
            stages: Vec::new(),
            lifecycle_is_broken: false,
            asks_stage: false,
            newest: None,
            happenings: Vec::new(),
            happening_names: Names::default(),
            tallies: Vec::new(),
            tally_names: Names::default(),
            inside: Vec::new(),
            broken: Vec::new(),
            broken_audiences: Vec::new(),
            weights: Vec::new(),
            read: 0,
            depth: 0,
            most: limits::TESTS,
            exceeded: 0,
        }
    }

    /// A condition of the config.
    pub fn condition(&mut self, node: &Node, report: &mut Report) -> Condition {
        let condition = self.read(node, Ground::Maitre, report);
        if self.is_too_heavy(&condition, node, report) {
            return Condition::Broken;
        }
        condition
    }

    /// Whether a condition is too much with the audiences that it names.
    pub fn is_too_heavy(&self, condition: &Condition, node: &Node, report: &mut Report) -> bool {
        let weight = Weight::of(condition, &self.weights);
        let (what, most) = if weight.tests > limits::TESTS {
            (
                "this condition comes to more than % tests, those of its audiences counted each time",
                limits::TESTS,
            )
        } else if weight.levels > limits::LEVELS {
            (
                "this condition is more than % levels deep, with its audiences",
                limits::LEVELS,
            )
        } else if weight.chain > limits::CHAIN {
            ("more than % audiences name each other in turn here", limits::CHAIN)
        } else {
            return false;
        };
        report.error(
            node,
            what,
            "name fewer audiences, or say it more simply",
            &[&decimal(most as i64)],
        );
        true
    }

    pub(super) fn read(&mut self, node: &Node, ground: Ground, report: &mut Report) -> Condition {
        if !report.map(node, "a condition") {
            return Condition::Broken;
        }
        let is_whole = self.depth == 0;
        if is_whole {
            self.most = self.read.saturating_add(limits::TESTS);
        }
        if self.depth >= limits::LEVELS {
            self.exceeded += 1;
            let what = "this condition is more than % levels deep, with its groups";
            report.error(node, what, "use fewer levels", &[&decimal(limits::LEVELS as i64)]);
            return Condition::Broken;
        }
        let mut parts = Vec::new();
        self.depth += 1;
        for (key, child) in node.members() {
            if self.is_full(1, &child, report) {
                parts.push(Condition::Broken);
                break;
            }
            parts.push(self.member(key, &child, ground, report));
        }
        self.depth -= 1;
        match parts.len() {
            1 => parts.pop().unwrap_or(Condition::Never),
            _ => Condition::All(parts),
        }
    }

    /// Whether so much more is too much: said where it first is, then every condition that is being read just ends.
    fn is_full(&mut self, more: usize, node: &Node, report: &mut Report) -> bool {
        let before = self.read;
        self.read = before.saturating_add(more);
        let (most, what) = if self.read > limits::IN_ALL {
            (
                limits::IN_ALL,
                "all conditions together have more than % tests and values",
            )
        } else if self.read > self.most {
            (
                self.most,
                "this condition has more than % tests, those of its groups counted each time",
            )
        } else {
            return false;
        };
        if before <= most {
            self.exceeded += 1;
            let limit = if most == limits::IN_ALL { most } else { limits::TESTS };
            report.error(node, what, "leave some out", &[&decimal(limit as i64)]);
        }
        true
    }

    fn member(&mut self, key: &str, node: &Node, ground: Ground, report: &mut Report) -> Condition {
        match (key, ground) {
            ("$and", _) => self
                .list(node, ground, report)
                .map_or(Condition::Broken, Condition::All),
            ("$or", _) => self.any(node, ground, report),
            ("$nor", _) => Condition::Not(Box::new(self.any(node, ground, report))),
            ("$not", _) => Condition::Not(Box::new(self.read(node, ground, report))),
            ("$savedGroup", _) => self.saved_group(node, ground, report),
            ("$savedGroups", _) => {
                let remedy = "write `$savedGroup` with one id";
                report.wrong_key(node, "`$savedGroups` is not a condition", remedy, &[]);
                Condition::Never
            }
            ("audience", Ground::Maitre) => self.audience(node, report),
            ("$did", Ground::Maitre) => self.did(node, report).map_or(Condition::Broken, Condition::Did),
            _ => {
                if self.is_full_of(limits::values(node.value), node, report) {
                    return Condition::Broken;
                }
                let (path, shape) = self.path(key, node, ground, report);
                let check = self.check(node, shape, ground, report);
                Condition::Is(Test {
                    path,
                    name: key.to_owned(),
                    check,
                })
            }
        }
    }

    /// The same for values, which are no tests.
    fn is_full_of(&mut self, values: usize, node: &Node, report: &mut Report) -> bool {
        self.most = self.most.saturating_add(values);
        self.is_full(values, node, report)
    }

    /// An empty `$or` holds in GrowthBook.
    fn any(&mut self, node: &Node, ground: Ground, report: &mut Report) -> Condition {
        match self.list(node, ground, report) {
            None => Condition::Broken,
            Some(parts) if parts.is_empty() => Condition::All(parts),
            Some(parts) => Condition::Any(parts),
        }
    }

    fn list(&mut self, node: &Node, ground: Ground, report: &mut Report) -> Option<Vec<Condition>> {
        if !matches!(node.value, Value::List(_)) {
            report.expected(node, "a list of conditions", "write `[ {…}, {…} ]`");
            return None;
        }
        if node.value.items().is_empty() {
            report.warn(
                node,
                "this list of conditions is empty",
                "write conditions, or remove it",
                &[],
            );
        }
        let mut parts = Vec::new();
        for part in node.items() {
            parts.push(self.read(&part, ground, report));
        }
        Some(parts)
    }

    /// A name, or `$in` (any of), `$all`, `$nin` (none of) with a list of names.
    fn audience(&mut self, node: &Node, report: &mut Report) -> Condition {
        if matches!(node.value, Value::List(_)) {
            report.expected(node, "one audience", "write `{ \"$in\": [ … ] }` for one of several");
            return Condition::Broken;
        }
        if !matches!(node.value, Value::Map(_)) {
            return self.audience_named(node, report);
        }
        report.object(node, "audiences", &["$in", "$all", "$nin", "$ne"], &[]);
        let mut parts = Vec::new();
        for (key, names) in node.members() {
            let mut named = Vec::new();
            if report.few(&names, limits::NAMED) {
                for name in names.one_or_more() {
                    named.push(self.audience_named(&name, report));
                }
            }
            parts.push(match key {
                "$all" => Condition::All(named),
                "$nin" | "$ne" => Condition::Not(Box::new(Condition::Any(named))),
                _ => Condition::Any(named),
            });
        }
        Condition::All(parts)
    }

    fn audience_named(&mut self, node: &Node, report: &mut Report) -> Condition {
        let Some(name) = report.text(node, "returning") else {
            return Condition::Broken;
        };
        match self.audiences.find(name) {
            Some(index) if self.broken_audiences.contains(&index) => {
                report.error(node, "audience `%` has an error", "mend it there", &[name]);
                Condition::Broken
            }
            Some(index) => Condition::Audience(index),
            None => {
                let known: Vec<&str> = self.audiences.all().iter().map(String::as_str).collect();
                report.unknown(node, false, "audience", name, &known);
                Condition::Broken
            }
        }
    }
}
