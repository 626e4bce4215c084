//! `lifecycle`: the stages, the first that holds being the visitor's.

use super::condition::Rules;
use super::reader::{Node, Report};
use super::{Audience, asks_stage};
use crate::condition::Condition;
use crate::json::Value;

/// One stage of the lifecycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// When the visitor is in it, unless an earlier stage holds.
    pub when: Condition,
}

/// The event that a change of stage is.
pub const STAGE_CHANGE: &str = "stage_change";

/// What holds when rules ask about stages and the config has no lifecycle of its own.
pub(super) const BUILT_IN: &str = r#"[
{"stage":"lapsed","when":{"visit.daysSinceLast":{"$gt":90}}},
{"stage":"lapsing","when":{"visit.daysSinceLast":{"$gt":45}}},
{"stage":"advocate","when":{"$or":[{"$did":{"event":"share","within":"180d"}},{"$did":{"event":"refer","within":"180d"}}]}},
{"stage":"loyal","when":{"$did":{"event":"purchase","within":"180d","times":{"$gte":3}}}},
{"stage":"active","when":{"$or":[{"$did":{"event":"purchase","within":"90d"}},{"$did":{"event":"sign_up","within":"90d"}},{"$did":{"event":"generate_lead","within":"90d"}}]}},
{"stage":"exploring","when":{"visit.number":{"$gte":2}}},
{"stage":"new"}]"#;

/// The names of the stages, whatever else is wrong with them.
pub(super) fn names(lifecycle: &Value) -> Vec<&str> {
    let stages = lifecycle.items().iter();
    stages.filter_map(|stage| stage.get("stage")?.text()).collect()
}

pub(super) fn read(node: &Node, audiences: &[Audience], rules: &mut Rules, report: &mut Report) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    if !matches!(node.value, Value::List(_)) {
        report.expected(node, "a list of stages", "write `[ { \"stage\": \"new\" } ]`");
        return stages;
    }
    if !report.few(node, super::limits::IN_TURN) {
        return stages;
    }
    if node.value.items().is_empty() {
        let remedy = "write stages, or leave `lifecycle` out for the built-in one";
        report.warn(node, "there are no stages", remedy, &[]);
    }
    let last = node.value.items().len().saturating_sub(1);
    for (index, stage) in node.items().enumerate() {
        if !report.object(&stage, "a stage", &["stage", "when"], &[]) {
            continue;
        }
        let Some(name_node) = report.required(&stage, "stage", "\"loyal\"") else {
            continue;
        };
        let Some(name) = report.text(&name_node, "loyal") else {
            continue;
        };
        if stages.iter().any(|known| known.name == name) {
            let remedy = "join the conditions of both by `$or`";
            report.error(&name_node, "there is another stage `%`", remedy, &[name]);
        }
        let when = match stage.get("when") {
            Some(when) => {
                let condition = rules.condition(&when, report);
                if asks_stage(&condition, audiences, &mut Vec::new()) {
                    let remedy = "ask for what the visitor did instead";
                    report.error(&when, "a stage can't depend on stages", remedy, &[]);
                }
                if index == last {
                    let remedy = "add a last stage without `when`, such as `{ \"stage\": \"new\" }`";
                    report.warn(&stage, "a visitor may be in no stage at all", remedy, &[]);
                }
                condition
            }
            None => {
                if index < last {
                    let remedy = "write a `when`, or put this stage last";
                    report.error(&stage, "the stages after this one are never reached", remedy, &[]);
                }
                Condition::All(Vec::new())
            }
        };
        stages.push(Stage {
            name: name.to_owned(),
            when,
        });
    }
    stages
}
