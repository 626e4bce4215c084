//! Reads conditions: GrowthBook's language on the ground of Maitre's vocabulary, or of any fields at all.

use super::Tally;
use super::problem::nearest;
use super::reader::{Node, Report, listed};
use crate::condition::{
    Check, Condition, Did, Known, Measure, OfferFact, Op, Order, Outcome, Path, Shape, Test, VOCABULARY, Window,
};
use crate::host::Host;
use crate::json::Value;
use crate::time::{Millis, duration_text};
use crate::words::{add_to_list, say};

/// Where the paths of a condition lead.
#[derive(Clone, Copy, PartialEq)]
enum Ground {
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
    pub groups: &'a Value,
    pub audiences: Vec<&'a str>,
    pub offers: Vec<&'a str>,
    pub tallies: Vec<Tally>,
    /// The saved groups that are being followed: one that leads back to itself names nobody.
    pub inside: Vec<String>,
    /// The saved groups that have an error.
    pub broken: Vec<String>,
    /// The audiences that have an error, or lean on one that has.
    pub broken_audiences: Vec<usize>,
}

/// A condition on any attributes, exactly as GrowthBook understands it, with its saved groups.
#[must_use]
pub fn open_condition(condition: &Value, groups: &Value, host: &dyn Host) -> Condition {
    let mut rules = Rules {
        groups,
        audiences: Vec::new(),
        offers: Vec::new(),
        tallies: Vec::new(),
        inside: Vec::new(),
        broken: Vec::new(),
        broken_audiences: Vec::new(),
    };
    rules.read(&Node::root(condition), Ground::Open, &mut Report::new("", host))
}

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
const TYPES: [&str; 6] = ["string", "number", "boolean", "array", "object", "null"];
const COMBINERS: [&str; 5] = ["$and", "$or", "$nor", "$not", "$savedGroup"];
const DID: [&str; 5] = ["event", "where", "within", "times", "ago"];
const DID_LATER: [&str; 6] = ["sum", "distinct", "max", "is", "sequence", "without"];

impl Rules<'_> {
    /// A condition of the config.
    pub fn condition(&mut self, node: &Node, report: &mut Report) -> Condition {
        self.read(node, Ground::Maitre, report)
    }

    fn read(&mut self, node: &Node, ground: Ground, report: &mut Report) -> Condition {
        if !report.map(node, "a condition") {
            return Condition::Broken;
        }
        let mut parts = Vec::new();
        for (key, child) in node.members() {
            parts.push(self.member(key, &child, ground, report));
        }
        match parts.len() {
            1 => parts.pop().unwrap_or(Condition::Never),
            _ => Condition::All(parts),
        }
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

    // ── audiences ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// A name, or `$in` (any of), `$all`, `$nin` (none of) with a list of names.
    fn audience(&mut self, node: &Node, report: &mut Report) -> Condition {
        if !matches!(node.value, Value::Map(_)) {
            return self.audience_named(node, report);
        }
        report.object(node, "audiences", &["$in", "$all", "$nin", "$ne"], &[]);
        let mut parts = Vec::new();
        for (key, names) in node.members() {
            let mut named = Vec::new();
            for name in names.one_or_more() {
                named.push(self.audience_named(&name, report));
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
        match self.audiences.iter().position(|known| *known == name) {
            Some(index) if self.broken_audiences.contains(&index) => {
                report.error(node, "audience `%` has an error", "mend it there", &[name]);
                Condition::Broken
            }
            Some(index) => Condition::Audience(index),
            None => {
                report.unknown(node, false, "audience", name, &self.audiences);
                Condition::Broken
            }
        }
    }

    // ── behaviour ──────────────────────────────────────────────────────────────────────────────────────────────────

    fn did(&mut self, node: &Node, report: &mut Report) -> Option<Did> {
        if !report.object(node, "what the visitor did", &DID, &DID_LATER) {
            return None;
        }
        let event = report
            .required(node, "event", "\"purchase\"")
            .and_then(|event| report.text(&event, "purchase").map(str::to_owned));
        let filter = node.get("where").map(|filter| {
            (
                self.read(&filter, Ground::Fields, report),
                filter.value.to_json(report.host),
            )
        });
        let (measure, check) = match node.get("ago") {
            Some(ago) => self.ago(node, &ago, report),
            None => self.times(node, report)?,
        };
        let event = event?;
        let words = match &filter {
            Some((_, text)) => say("`%` where %", &[&event, text]),
            None => say("`%`", &[&event]),
        };
        let tally = self.tally(&event, filter);
        Some(Did {
            tally,
            event: words,
            measure,
            check,
        })
    }

    fn ago(&mut self, node: &Node, ago: &Node, report: &mut Report) -> (Measure, Check) {
        for other in ["within", "times"] {
            if let Some(other_node) = node.get(other) {
                let remedy = "use two `$did`, joined by `$and`";
                report.wrong_key(&other_node, "`%` can't stand beside `ago`", remedy, &[other]);
            }
        }
        let mut ops = Vec::new();
        let bounds = ["$gt", "$gte", "$lt", "$lte"];
        if let Value::Text(text) = ago.value {
            let remedy = "write `{ \"$gt\": \"%\" }` for longer ago, `$lt` for more recently";
            report.error(ago, "`ago` needs a bound", remedy, &[text]);
        } else if report.object(ago, "bounds on how long ago", &bounds, &[]) {
            for (key, bound) in ago.members() {
                if let (Some(order), Some(span)) = (order(key), report.span(&bound)) {
                    ops.push(Op::Order(order, Value::Number(span as f64)));
                }
            }
            if ago.value.members().is_empty() {
                report.error(
                    ago,
                    "`ago` needs a bound",
                    "write for example `{ \"$gt\": \"30d\" }`",
                    &[],
                );
            }
        }
        (Measure::Ago, Check::Meets(ops))
    }

    fn times(&mut self, node: &Node, report: &mut Report) -> Option<(Measure, Check)> {
        let window = node.get("within").map(|within| read_window(&within, report));
        let mut check = Check::Meets(Vec::new());
        if let Some(times) = node.get("times") {
            check = self.check(&times, Shape::Number, Ground::Fields, report);
            if let Check::Equals(Value::Number(number)) = &check {
                let number = report.host.digits(*number);
                let remedy = "write `{ \"$gte\": % }` for at least, `{ \"$eq\": % }` for exactly";
                report.warn(
                    &times,
                    "this means exactly % times",
                    remedy,
                    &[&number, &number, &number],
                );
            }
        }
        if matches!(&check, Check::Meets(ops) if ops.is_empty()) {
            check = Check::Meets(vec![Op::Order(Order::GreaterOrEqual, Value::Number(1.0))]);
        }
        match window {
            Some(window) => Some((Measure::Times(Some(window?)), check)),
            None => Some((Measure::Times(None), check)),
        }
    }

    /// The index of a tally; equal ones are shared.
    fn tally(&mut self, event: &str, filter: Option<(Condition, String)>) -> usize {
        let (filter, text) = filter.map_or((None, String::new()), |(condition, text)| (Some(condition), text));
        let identity = say("%\n%", &[event, &text]);
        match self.tallies.iter().position(|tally| tally.identity == identity) {
            Some(index) => index,
            None => {
                self.tallies.push(Tally {
                    event: event.to_owned(),
                    filter,
                    identity,
                });
                self.tallies.len() - 1
            }
        }
    }

    // ── paths ──────────────────────────────────────────────────────────────────────────────────────────────────────

    fn path(&mut self, name: &str, node: &Node, ground: Ground, report: &mut Report) -> (Path, Shape) {
        let steps = || name.split('.').map(str::to_owned).collect::<Vec<_>>();
        if ground != Ground::Maitre {
            if name.starts_with('$') {
                report.unknown(node, true, "condition", name, &COMBINERS);
            }
            return (Path::Field(steps()), Shape::Any);
        }
        if let Some((known, _, shape)) = VOCABULARY.iter().find(|(_, path, _)| *path == name) {
            return (Path::Known(*known), *shape);
        }
        let (root, rest) = name.split_once('.').unwrap_or((name, ""));
        match root {
            "user" if !rest.is_empty() && !rest.split('.').any(str::is_empty) => {
                return (Path::User(rest.split('.').map(str::to_owned).collect()), Shape::Any);
            }
            "page" if rest.strip_prefix("query.").is_some_and(|key| !key.is_empty()) => {
                return (
                    Path::Query(rest.strip_prefix("query.").unwrap_or_default().to_owned()),
                    Shape::Text,
                );
            }
            "offer" => {
                if let Some(path) = self.offer_path(name, rest, node, report) {
                    return (path, Shape::Number);
                }
            }
            "interest" | "stage" => report.not_built(node, name),
            _ => self.unknown_path(name, root, node, report),
        }
        (Path::Known(Known::PagePath), Shape::Any)
    }

    fn offer_path(&mut self, name: &str, rest: &str, node: &Node, report: &mut Report) -> Option<Path> {
        let (id, fact) = rest.split_once('.').unwrap_or((rest, ""));
        let Some(index) = self.offers.iter().position(|known| *known == id) else {
            report.unknown(node, true, "offer", id, &self.offers);
            return None;
        };
        for (outcome, _, count, days) in Outcome::ALL {
            if fact == count {
                return Some(Path::Offer(index, OfferFact::Count(outcome)));
            }
            if fact == days {
                return Some(Path::Offer(index, OfferFact::Days(outcome)));
            }
        }
        let mut facts = Vec::new();
        for (_, _, count, days) in Outcome::ALL {
            facts.push(say("offer.%.%", &[id, count]));
            facts.push(say("offer.%.%", &[id, days]));
        }
        let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
        report.unknown(node, true, "path", name, &facts);
        None
    }

    fn unknown_path(&mut self, name: &str, root: &str, node: &Node, report: &mut Report) {
        let mut candidates = vec!["$did", "audience", "user.", "page.query.", "offer."];
        candidates.extend(COMBINERS);
        let mut siblings = String::new();
        let mut same_end = None;
        for (_, path, _) in VOCABULARY {
            candidates.push(path);
            if path.split('.').next() == Some(root) {
                add_to_list(&mut siblings, ", ", &say("`%`", &[path]));
            }
            // A part of the name is often right: `category` for `page.item.category`.
            if same_end.is_none() && last_step(path) == last_step(name) {
                same_end = Some(*path);
            }
        }
        let is_condition = name.starts_with('$');
        let (remedy, help) = match nearest(name, &candidates).or(same_end) {
            Some(near) if near.ends_with('.') => ("write `%<name>`", near),
            Some(near) => ("write `%`", near),
            None if !siblings.is_empty() => ("write one of %", siblings.as_str()),
            None if is_condition => ("write one of `$and`, `$or`, `$nor`, `$not`, `$savedGroup`, `$did`", ""),
            None => (
                "write `user.%` if your page sets it, or a path of page, visit, device, time, offer or cart",
                name,
            ),
        };
        report.wrong_key(
            node,
            if is_condition {
                "unknown condition `%`"
            } else {
                "unknown path `%`"
            },
            remedy,
            &[name, help],
        );
    }

    // ── checks ─────────────────────────────────────────────────────────────────────────────────────────────────────

    fn check(&mut self, node: &Node, shape: Shape, ground: Ground, report: &mut Report) -> Check {
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
            let operator = say("$%", &[key]);
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
                _ => never(node, "a list", report),
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
                None => never(node, "the name of a type", report),
            },
            "$regex" | "$regexi" => match node.value.text() {
                Some(pattern) => {
                    if report.host.matches(pattern, key == "$regexi", "").is_none() {
                        let remedy = "write it as in JavaScript, with `\\\\` for a backslash";
                        report.error(node, "this is not a valid regular expression", remedy, &[]);
                    }
                    Op::Regex(key == "$regexi", pattern.to_owned())
                }
                None => never(node, "a regular expression", report),
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
            return never(node, "a list", report);
        };
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
        let fitting = match (shape, node.value) {
            (_, Value::Null) | (Shape::Any, _) | (Shape::Text | Shape::OneOf(_), Value::Text(_)) => true,
            (Shape::Number, value) => matches!(value, Value::Number(_)),
            (Shape::Truth, value) => matches!(value, Value::Bool(_)),
            _ => false,
        };
        match (shape, node.value) {
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

    // ── saved groups ───────────────────────────────────────────────────────────────────────────────────────────────

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

    fn saved_group(&mut self, node: &Node, ground: Ground, report: &mut Report) -> Condition {
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
                let read = self.read(&Node::root(condition), ground, &mut Report::new("", report.host));
                self.inside.pop();
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
    fn in_group(&mut self, within: bool, node: &Node, ground: Ground, report: &mut Report) -> Op {
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

fn never(node: &Node, wanted: &str, report: &mut Report) -> Op {
    report.expected(node, wanted, "see the operator's meaning");
    Op::Never
}

fn last_step(path: &str) -> &str {
    path.split('.').fold("", |_, step| step)
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

fn order(key: &str) -> Option<Order> {
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

fn read_window(node: &Node, report: &mut Report) -> Option<Window> {
    let span: Millis = report.span(node)?;
    if span > Window::LONGEST {
        report.error(
            node,
            "this window is too long",
            "write `\"400d\"` or less, or leave `within` out for ever",
            &[],
        );
        return None;
    }
    let window = Window::of(span);
    let grain = window.grain.size();
    if span % grain != 0 {
        let whole = duration_text(window.buckets() * grain);
        let what = "a window of this length counts in steps of %, so it reaches up to %";
        report.warn(node, what, "write `\"%\"`", &[&duration_text(grain), &whole, &whole]);
    }
    Some(window)
}
