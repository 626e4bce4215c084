//! `pressure`: how much is too much, across offers.

use super::condition::Rules;
use super::offer::{read_after, read_cap, read_rest};
use super::reader::{Node, Report};
use super::schedule::parse_hours;
use super::{Cap, Config, Rest};
use crate::json::Value;
use crate::time::Millis;
use crate::words::say;

/// A limit on all that is shown in some placements together.
#[derive(Clone, Debug, PartialEq)]
pub struct Pressure {
    /// The index of the placements it is about, in [`Config::scopes`].
    pub scope: usize,
    /// What it asks for.
    pub limit: Limit,
}

/// What a pressure rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// At most so many exposures.
    Cap(Cap),
    /// Silence after something.
    Rest(Rest),
    /// Silence at these hours of the visitor's own day, in ms since midnight; wraps midnight when the second is smaller.
    Quiet(Millis, Millis),
}

pub(super) fn read(node: &Node, config: &mut Config, rules: &mut Rules, report: &mut Report) {
    for entry in node.one_or_more() {
        let before = report.errors();
        let limits = read_entry(&entry, rules, report);
        let scope = read_scope(&entry, config, report);
        if report.errors() == before {
            let scope = intern(scope, &mut config.scopes);
            for limit in limits {
                config.pressures.push(Pressure { scope, limit });
            }
        }
    }
}

fn read_entry(node: &Node, rules: &mut Rules, report: &mut Report) -> Vec<Limit> {
    let mut limits = Vec::new();
    let keys = ["placements", "cap", "rest", "after", "quiet"];
    if !report.object(node, "a pressure rule", &keys, &[]) {
        return limits;
    }
    for cap in node.get("cap").iter().flat_map(Node::one_or_more) {
        limits.extend(read_cap(&cap, true, report).map(Limit::Cap));
    }
    if let Some(rest) = node.get("rest").filter(|rest| matches!(rest.value, Value::Map(_))) {
        // As an offer's is written.
        limits.extend(read_rest(&rest, rules, report).map(Limit::Rest));
    } else {
        limits.extend(read_silence(node, rules, report));
    }
    if let Some(quiet) = node.get("quiet") {
        match quiet.value.text().and_then(parse_hours) {
            Some((from, to)) => limits.push(Limit::Quiet(from, to)),
            None => report.expected(&quiet, "a span of hours", "write for example `\"22-8\"`"),
        }
    }
    let asks = ["cap", "rest", "after", "quiet"];
    if !asks.iter().any(|key| node.value.get(key).is_some()) {
        let remedy = "write a `cap`, a `rest` with `after`, or `quiet`";
        report.error(node, "this limits nothing", remedy, &[]);
    }
    limits
}

/// `rest` and `after`, side by side.
fn read_silence(node: &Node, rules: &mut Rules, report: &mut Report) -> Option<Limit> {
    match (node.get("rest"), node.get("after")) {
        (Some(rest), Some(after)) => {
            let span = report.span(&rest);
            let after = read_after(&after, rules, report);
            return Some(Limit::Rest(Rest {
                after: after?,
                span: span?,
            }));
        }
        (Some(_), None) => {
            report.required(node, "after", "{ \"event\": \"purchase\" }");
        }
        (None, Some(_)) => {
            report.required(node, "rest", "\"14d\"");
        }
        (None, None) => {}
    }
    None
}

/// The placements it is about: all, if it doesn't say.
fn read_scope(node: &Node, config: &Config, report: &mut Report) -> Vec<usize> {
    let Some(named) = node.get("placements") else {
        return (0..config.placements.len()).collect();
    };
    let mut scope = Vec::new();
    let known: Vec<&str> = config
        .placements
        .iter()
        .map(|placement| placement.name.as_str())
        .collect();
    for name in named.one_or_more() {
        let Some(text) = report.text(&name, "overlay") else {
            continue;
        };
        match known.iter().position(|known| *known == text) {
            Some(index) => scope.push(index),
            None => report.unknown(&name, false, "placement", text, &known),
        }
    }
    if named.value == &Value::List(Vec::new()) {
        report.error(
            &named,
            "there is no placement",
            "write names of `placements`, or leave it out for all",
            &[],
        );
    }
    scope
}

fn intern(scope: Vec<usize>, scopes: &mut Vec<Vec<usize>>) -> usize {
    match scopes.iter().position(|known| *known == scope) {
        Some(index) => index,
        None => {
            scopes.push(scope);
            scopes.len() - 1
        }
    }
}

/// The name under which the exposures in a scope are stored.
pub(super) fn identity(scope: &[usize], config: &Config) -> String {
    let mut names = "pressure".to_owned();
    for index in scope {
        let name = config.placements.get(*index).map_or("", |placement| &placement.name);
        names = say("%\n%", &[&names, name]);
    }
    names
}
