//! GrowthBook's saved groups: lists of values and shared conditions, written beside the audiences.

use super::super::limits;
use super::super::reader::{Node, Report};
use super::{Ground, Rules};
use crate::condition::{Check, Condition, Op, Path, Test};
use crate::json::Value;
use crate::words::decimal;

impl Rules<'_> {
    /// The groups themselves: what is wrong in one is reported where it stands, used or not.
    pub fn check_groups(&mut self, node: &Node, report: &mut Report) {
        if !report.map(node, "saved groups by id") {
            return;
        }
        for (id, group) in node.members() {
            let before = report.errors();
            let kind = group.value.get("type").and_then(Value::text);
            match (group.value, kind) {
                (Value::List(_), _) => {}
                (_, Some("list")) => {
                    if let Some(key) = report.required(&group, "attributeKey", "\"user.id\"")
                        && let Some(name) = report.text(&key, "user.id")
                        && !name.starts_with("user.")
                    {
                        report.error(
                            &key,
                            "`%` is not an attribute of the visitor",
                            "write `user.%`",
                            &[name, name],
                        );
                    }
                    if let Some(values) = report.required(&group, "values", "[ … ]")
                        && !matches!(values.value, Value::List(_))
                    {
                        report.expected(&values, "a list", "write `[ … ]`");
                    }
                }
                (_, Some("condition")) => {
                    if let Some(condition) = report.required(&group, "condition", "{ … }") {
                        self.inside.push(id.to_owned());
                        self.read(&condition, Ground::Maitre, report);
                        self.inside.pop();
                    }
                }
                (_, Some(other)) => {
                    if let Some(kind) = group.get("type") {
                        report.unknown(&kind, false, "type of group", other, &["list", "condition"]);
                    }
                }
                _ => report.expected(
                    &group,
                    "a saved group",
                    "write a list of values, or an object with a `type`",
                ),
            }
            if report.errors() > before {
                self.broken.push(id.to_owned());
            }
        }
    }

    pub(super) fn saved_group(&mut self, node: &Node, ground: Ground, report: &mut Report) -> Condition {
        let Some(id) = node.value.get("id").and_then(Value::text) else {
            report.expected(node, "a reference to a saved group", "write `{ \"id\": \"…\" }`");
            return Condition::Never;
        };
        let groups = self.groups;
        let Some(group) = groups.get(id) else {
            self.unknown_group(node, id, report);
            return Condition::Never;
        };
        if self.is_broken(id, node, report) {
            return Condition::Broken;
        }
        match group.get("type").and_then(Value::text) {
            Some("list") => self.listed_group(node, group, ground, report),
            Some("condition") => {
                if self.inside.iter().any(|open| open == id) {
                    report.error(node, "saved group `%` is defined by itself", "break the circle", &[id]);
                    return Condition::Never;
                }
                let Some(condition @ Value::Map(_)) = group.get("condition") else {
                    return Condition::Never;
                };
                self.inside.push(id.to_owned());
                // What is wrong inside was reported at the group itself.
                let before = self.exceeded;
                let read = self.read(&Node::root(condition), ground, &mut Report::new("", report.host));
                self.inside.pop();
                if self.exceeded > before {
                    let what = "with saved group `%` this condition has more than % tests, or more than % levels";
                    let (tests, levels) = (decimal(limits::TESTS as i64), decimal(limits::LEVELS as i64));
                    let remedy = "name fewer groups, or say it more simply";
                    report.error(node, what, remedy, &[id, &tests, &levels]);
                }
                read
            }
            Some("remote") => Condition::Is(Test {
                path: Path::Field(vec!["__gb_remoteGroupIds".to_owned()]),
                name: "__gb_remoteGroupIds".to_owned(),
                check: Check::Meets(vec![Op::In {
                    within: true,
                    any_case: false,
                    list: vec![id.into()],
                }]),
            }),
            Some(_) => Condition::Unknown,
            None => {
                let remedy = "write `\"user.id\": { \"$inGroup\": \"%\" }`";
                report.error(node, "saved group `%` is a plain list", remedy, &[id, id]);
                Condition::Never
            }
        }
    }

    fn is_broken(&mut self, id: &str, node: &Node, report: &mut Report) -> bool {
        let broken = self.broken.iter().any(|broken| broken == id);
        if broken {
            report.error(node, "saved group `%` has an error", "mend it there", &[id]);
        }
        broken
    }

    fn listed_group(&mut self, node: &Node, group: &Value, ground: Ground, report: &mut Report) -> Condition {
        let key = node
            .value
            .get("attributeKey")
            .or_else(|| group.get("attributeKey"))
            .and_then(Value::text);
        let (Some(key), Some(Value::List(values))) = (key, group.get("values")) else {
            return Condition::Never;
        };
        if self.is_full_of(values.len(), node, report) {
            return Condition::Broken;
        }
        let (path, _) = self.path(key, node, ground, report);
        let check = Check::Meets(vec![Op::In {
            within: true,
            any_case: false,
            list: values.clone(),
        }]);
        Condition::Is(Test {
            path,
            name: key.to_owned(),
            check,
        })
    }

    /// Malformed groups and groups of another kind match nobody, neither in nor out; one that isn't there is empty.
    pub(super) fn in_group(&mut self, within: bool, node: &Node, ground: Ground, report: &mut Report) -> Op {
        let id = node.value.text().unwrap_or_default();
        let groups = self.groups;
        let Some(group) = groups.get(id) else {
            self.unknown_group(node, id, report);
            return Op::In {
                within,
                any_case: false,
                list: Vec::new(),
            };
        };
        if self.is_broken(id, node, report) {
            return Op::Never;
        }
        let list = match (group, group.get("type").and_then(Value::text)) {
            (Value::List(list), _) => Some(list),
            (_, Some("list")) => group.get("values").map(|values| match values {
                Value::List(list) => list,
                _ => &EMPTY,
            }),
            (_, Some("condition") | None) => None,
            (_, Some(_)) => return Op::Unknown,
        };
        if self.is_full_of(list.map_or(0, Vec::len), node, report) {
            return Op::Never;
        }
        match list {
            Some(list) => Op::In {
                within,
                any_case: false,
                list: list.clone(),
            },
            None => {
                if ground != Ground::Open {
                    let remedy = "write `$savedGroup` with its id, beside the path";
                    report.error(node, "saved group `%` is not a list", remedy, &[id]);
                }
                Op::Never
            }
        }
    }

    fn unknown_group(&mut self, node: &Node, id: &str, report: &mut Report) {
        let known: Vec<&str> = self.groups.members().iter().map(|(id, _)| id.as_str()).collect();
        report.unknown(node, false, "saved group", id, &known);
    }
}

static EMPTY: Vec<Value> = Vec::new();
