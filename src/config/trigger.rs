//! `trigger`: the moment an offer may appear.

use super::condition::Rules;
use super::lifecycle::STAGE_CHANGE;
use super::reader::{Node, Report};
use super::tally::{Fold, Signal};
use crate::condition::{Check, Condition, Path, Test};
use crate::json::Value;
use crate::words::say;

const KINDS: [&str; 8] = [
    "page_view",
    "exit_intent",
    "return_to_tab",
    "dwell",
    "scroll",
    "idle",
    "event",
    "stage",
];

/// The tallies that say when each of the triggers last fired.
pub(super) fn read(node: &Node, rules: &mut Rules, report: &mut Report) -> Vec<usize> {
    let mut triggers = Vec::new();
    let list = if node.value.get("on").is_some() && report.object(node, "a trigger", &["on"], &[]) {
        node.get("on")
    } else {
        Some(*node)
    };
    let Some(list) = list.filter(|list| report.few(list, super::limits::IN_TURN)) else {
        return triggers;
    };
    if list.one_or_more().is_empty() {
        report.error(&list, "there is no trigger", "write for example `\"exit_intent\"`", &[]);
    }
    for one in list.one_or_more() {
        triggers.extend(rules.trigger(&one, report));
    }
    triggers
}

impl Rules<'_> {
    fn trigger(&mut self, node: &Node, report: &mut Report) -> Option<usize> {
        if let Some(name) = node.value.text() {
            match name {
                "page_view" => {
                    let happening = self.happening_of(name, None, "");
                    return Some(self.count_of(happening));
                }
                "exit_intent" | "return_to_tab" => return Some(self.signal(name, 0.0, report)),
                _ => {}
            }
            let remedy = match name {
                "dwell" | "idle" => "write `{ \"%\": \"40s\" }`",
                "scroll" => "write `{ \"%\": 0.6 }`",
                "stage" => "write `{ \"%\": \"loyal\" }`",
                _ if super::problem::nearest(name, &KINDS).is_none() => {
                    "if it is an event, write `{ \"event\": \"%\" }`"
                }
                _ => {
                    report.unknown(node, false, "trigger", name, &KINDS);
                    return None;
                }
            };
            report.error(node, "`%` is not a whole trigger", remedy, &[name, name]);
            return None;
        }
        if node.value.get("event").is_some() {
            let happening = self.step(node, "a trigger", report)?;
            return Some(self.count_of(happening));
        }
        if !report.object(node, "a trigger", &KINDS, &[]) {
            return None;
        }
        let members = node.value.members();
        if members.len() != 1 {
            report.error(
                node,
                "a trigger is one thing",
                "write a list of triggers, each of which is enough",
                &[],
            );
            return None;
        }
        let (name, value) = node.members().next()?;
        match name {
            "dwell" | "idle" => {
                let span = report.span(&value)?;
                Some(self.signal(name, span as f64, report))
            }
            "scroll" => {
                let share = value.value.number().filter(|share| *share > 0.0 && *share <= 1.0);
                if share.is_none() {
                    report.expected(
                        &value,
                        "a share of the page, above 0 and up to 1",
                        "write for example `0.6`",
                    );
                }
                Some(self.signal(name, share?, report))
            }
            "stage" => {
                let stage = report.text(&value, "loyal")?;
                self.stage_named(stage, &value, report);
                self.need_lifecycle(&value, report);
                let filter = Condition::Is(Test {
                    path: Path::Field(vec!["stage".to_owned()]),
                    name: "stage".to_owned(),
                    check: Check::Equals(Value::from(stage)),
                });
                let mut text = Value::Map(Vec::new());
                text.set("stage", stage.into());
                let happening = self.happening_of(STAGE_CHANGE, Some(filter), &text.to_json(report.host));
                Some(self.count_of(happening))
            }
            name => {
                if KINDS.contains(&name) {
                    report.error(node, "`%` takes no value", "write `\"%\"`", &[name, name]);
                }
                None
            }
        }
    }

    fn signal(&mut self, name: &str, threshold: f64, report: &Report) -> usize {
        let signal = Signal::named(name).unwrap_or(Signal::ExitIntent);
        let identity = say("signal\n%\n%", &[name, &report.host.digits(threshold)]);
        self.tally(&identity, Fold::Signal(signal, threshold))
    }
}
