//! Checks: operators and their operands.

use super::super::limits;
use super::super::pattern;
use super::super::reader::{Node, Report, listed};
use super::{Ground, Rules};
use crate::condition::{Check, Op, Order, Shape};
use crate::json::Value;
use crate::words::say;

const OPERATORS: [&str; 27] = [
    "$eq",
    "$ne",
    "$lt",
    "$lte",
    "$gt",
    "$gte",
    "$in",
    "$nin",
    "$ini",
    "$nini",
    "$all",
    "$alli",
    "$size",
    "$elemMatch",
    "$exists",
    "$type",
    "$regex",
    "$regexi",
    "$not",
    "$veq",
    "$vne",
    "$vgt",
    "$vgte",
    "$vlt",
    "$vlte",
    "$inGroup",
    "$notInGroup",
];
/// How operators are called elsewhere.
const MEANT: [(&str, &str); 9] = [
    ("=", "$eq"),
    ("==", "$eq"),
    ("!=", "$ne"),
    ("<", "$lt"),
    ("<=", "$lte"),
    (">", "$gt"),
    (">=", "$gte"),
    ("contains", "$regex"),
    ("startsWith", "$regex"),
];
const TYPES: [&str; 6] = ["string", "number", "boolean", "array", "object", "null"];

impl Rules<'_> {
    pub(super) fn check(&mut self, node: &Node, shape: Shape, ground: Ground, report: &mut Report) -> Check {
        let is_operators =
            matches!(node.value, Value::Map(members) if members.iter().all(|(key, _)| key.starts_with('$')));
        if is_operators {
            let mut ops = Vec::new();
            for (key, child) in node.members() {
                ops.push(self.op(key, &child, shape, ground, report));
            }
            return Check::Meets(ops);
        }
        if let (Some((key, _)), false) = (node.value.members().first(), shape == Shape::Any) {
            let meant = MEANT.iter().find(|(sign, _)| sign == key);
            let operator = meant.map_or_else(|| say("$%", &[key]), |(_, operator)| (*operator).to_owned());
            if OPERATORS.contains(&operator.as_str()) {
                report.error(node, "unknown operator `%`", "write `%`", &[key, &operator]);
                return Check::Equals(node.value.clone());
            }
        }
        self.fits(node, shape, report);
        Check::Equals(node.value.clone())
    }

    fn op(&mut self, key: &str, node: &Node, shape: Shape, ground: Ground, report: &mut Report) -> Op {
        if let Some(order) = order(key) {
            self.fits(node, shape, report);
            if !matches!(node.value, Value::Number(_) | Value::Text(_)) {
                report.expected(node, "a number or a text", "write for example `5`");
            }
            return Op::Order(order, node.value.clone());
        }
        if let Some(order) = version_order(key) {
            if !matches!(node.value, Value::Number(_) | Value::Text(_)) {
                report.expected(node, "a version", "write for example `\"1.2.3\"`");
            }
            return Op::Version(order, node.value.clone());
        }
        match key {
            "$eq" | "$ne" => {
                self.fits(node, shape, report);
                Op::Same(key == "$eq", node.value.clone())
            }
            "$in" | "$nin" | "$ini" | "$nini" => self.membership(key, node, shape, report),
            "$all" | "$alli" => match node.value {
                Value::List(_) => {
                    let mut checks = Vec::new();
                    for item in node.items() {
                        checks.push(self.check(&item, Shape::Any, ground, report));
                    }
                    Op::Every(key == "$alli", checks)
                }
                _ => never(node, "a list", "write `[ … ]`, with the values in it", report),
            },
            "$size" => Op::Size(Box::new(self.check(node, Shape::Number, ground, report))),
            "$elemMatch" => self.element(node, ground, report),
            "$exists" => {
                if !matches!(node.value, Value::Bool(_)) && ground != Ground::Open {
                    report.expected(node, "true or false", "write `true` or `false`");
                }
                Op::Exists(truthy(node.value))
            }
            "$type" => match node.value.text() {
                Some(name) => {
                    if !TYPES.contains(&name) {
                        report.unknown(node, false, "type", name, &TYPES);
                    }
                    Op::Type(name.to_owned())
                }
                None => never(node, "the name of a type", "write for example `\"string\"`", report),
            },
            "$regex" | "$regexi" => match node.value.text() {
                Some(pattern) => {
                    if report.host.matches(pattern, key == "$regexi", "").is_none() {
                        let remedy = "write it as in JavaScript, with `\\\\` for a backslash";
                        report.error(node, "this is not a valid regular expression", remedy, &[]);
                    } else if let Some((what, remedy)) = pattern::refusal(pattern, key == "$regexi") {
                        report.error(node, what, remedy, &[]);
                        return Op::Never;
                    }
                    Op::Regex(key == "$regexi", pattern.to_owned())
                }
                None => never(
                    node,
                    "a regular expression",
                    "write a text, such as `\"^/running\"`",
                    report,
                ),
            },
            "$not" => Op::Not(Box::new(self.check(node, shape, ground, report))),
            "$inGroup" | "$notInGroup" => self.in_group(key == "$inGroup", node, ground, report),
            "$and" | "$or" | "$nor" | "$savedGroup" => {
                let remedy = "put it beside the path, with whole conditions inside";
                report.wrong_key(node, "`%` can't stand under a path", remedy, &[key]);
                Op::Never
            }
            _ => {
                report.unknown(node, true, "operator", key, &OPERATORS);
                Op::Unknown
            }
        }
    }

    fn membership(&mut self, key: &str, node: &Node, shape: Shape, report: &mut Report) -> Op {
        let Value::List(list) = node.value else {
            return never(node, "a list", "write `[ … ]`, with the values in it", report);
        };
        if matches!(key, "$ini" | "$nini") && !report.few(node, limits::ANY_CASE) {
            return Op::Never;
        }
        for item in node.items() {
            self.fits(&item, shape, report);
        }
        if list.is_empty() {
            report.warn(node, "this list is empty", "write the values to look for", &[]);
        }
        Op::In {
            within: matches!(key, "$in" | "$ini"),
            any_case: matches!(key, "$ini" | "$nini"),
            list: list.clone(),
        }
    }

    fn element(&mut self, node: &Node, ground: Ground, report: &mut Report) -> Op {
        let fields = if ground == Ground::Open {
            Ground::Open
        } else {
            Ground::Fields
        };
        let operators = |(key, _): &(String, Value)| {
            key.starts_with('$') && !matches!(key.as_str(), "$and" | "$or" | "$nor" | "$savedGroup")
        };
        match node.value {
            Value::Map(members) if !members.is_empty() && members.iter().all(operators) => {
                Op::Item(Box::new(self.check(node, Shape::Any, fields, report)))
            }
            _ => Op::Fields(Box::new(self.read(node, fields, report))),
        }
    }

    /// An operand of another kind than what lies at the path can never match, which its author can't have meant.
    fn fits(&mut self, node: &Node, shape: Shape, report: &mut Report) {
        if let (Shape::Stage, Value::Text(name)) = (shape, node.value) {
            return self.stage_named(name, node, report);
        }
        if let (Shape::Topic, Value::Text(name)) = (shape, node.value) {
            if !self.topics.contains(&name.as_str()) {
                report.unknown(node, false, "topic", name, &self.topics);
            }
            return;
        }
        let fitting = match (shape, node.value) {
            (_, Value::Null) | (Shape::Any, _) | (Shape::Text | Shape::OneOf(_), Value::Text(_)) => true,
            (Shape::Number, value) => matches!(value, Value::Number(_)),
            (Shape::Truth, value) => matches!(value, Value::Bool(_)),
            _ => false,
        };
        match (shape, node.value) {
            (_, Value::List(_)) if !fitting => {
                report.expected(node, "one value", "write `{ \"$in\": [ … ] }` for one of several");
            }
            (Shape::OneOf(names), Value::Text(name)) if !names.contains(&name.as_str()) => {
                report.unknown(node, false, "value", name, names)
            }
            (Shape::OneOf(names), _) if !fitting => {
                report.expected(node, "a text", &say("write one of %", &[&listed(names)]))
            }
            (Shape::Number, _) if !fitting => report.expected(node, "a number", "write a number without quotes"),
            (Shape::Truth, _) if !fitting => {
                report.expected(node, "true or false", "write `true` or `false` without quotes")
            }
            (_, _) if !fitting => report.expected(node, "a text", "write a text in double quotes"),
            _ => {}
        }
    }
}

fn never(node: &Node, wanted: &str, remedy: &str, report: &mut Report) -> Op {
    report.expected(node, wanted, remedy);
    Op::Never
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => *number != 0.0,
        Value::Text(text) => !text.is_empty(),
        _ => true,
    }
}

pub(super) fn order(key: &str) -> Option<Order> {
    Some(match key {
        "$lt" => Order::Less,
        "$lte" => Order::LessOrEqual,
        "$gt" => Order::Greater,
        "$gte" => Order::GreaterOrEqual,
        _ => return None,
    })
}

fn version_order(key: &str) -> Option<Order> {
    Some(match key {
        "$veq" => Order::Equal,
        "$vne" => Order::NotEqual,
        _ => return order(&say("$%", &[key.strip_prefix("$v")?])),
    })
}
