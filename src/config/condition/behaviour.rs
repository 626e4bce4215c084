//! `$did`: what the visitor did, how often or how much within which window, in which order, or how long ago.

use super::super::limits;
use super::super::reader::{Node, Report};
use super::super::tally::Fold;
use super::check::order;
use super::{Ground, Rules};
use crate::condition::{Check, Did, Measure, Op, Order, Shape, Window, greatest};
use crate::json::Value;
use crate::time::{Millis, duration_text};
use crate::words::{add_to_list, say};

const DID: [&str; 13] = [
    "event", "where", "within", "times", "sum", "max", "distinct", "is", "ago", "first", "last", "sequence", "without",
];

/// What may be measured, one at a time.
const MEASURES: [(&str, Measure); 8] = [
    ("sequence", Measure::Sequence),
    ("ago", Measure::Last),
    ("last", Measure::Last),
    ("first", Measure::First),
    ("sum", Measure::Sum),
    ("max", Measure::Max),
    ("distinct", Measure::Distinct),
    ("times", Measure::Times),
];

/// Different values are kept one by one, so what is asked of their number is limited.
const MOST_VALUES: f64 = 1000.0;

impl Rules<'_> {
    pub(super) fn did(&mut self, node: &Node, report: &mut Report) -> Option<Did> {
        if !report.object(node, "what the visitor did", &DID, &[]) {
            return None;
        }
        let mut present = MEASURES.iter().filter(|(key, _)| node.value.get(key).is_some());
        let (key, measure) = *present.next().unwrap_or(&("times", Measure::Times));
        for (other, _) in present {
            apart(node, other, key, report);
        }
        let window = match node.get("within") {
            Some(_) if measure.is_span() => {
                apart(node, "within", key, report);
                None
            }
            Some(within) => Some(read_window(&within, report)?),
            None => None,
        };
        if measure == Measure::Sequence {
            return self.sequence(node, window, report);
        }
        if let Some(without) = node.get("without") {
            let remedy = "put a `sequence` in place of `event`, or use `$not` with another `$did`";
            report.wrong_key(&without, "`without` belongs to a `sequence`", remedy, &[]);
        }
        let happening = self.happening(node, report);
        let asked = node.get(key);
        let check = match measure {
            Measure::First | Measure::Last => self.bounds(key, &asked?, report),
            Measure::Times => self.figure(asked.as_ref(), "this means exactly % times", report),
            _ => {
                let is = report.required(node, "is", "{ \"$gte\": 200 }");
                self.figure(is.as_ref(), "this means exactly %", report)
            }
        };
        if let (Measure::Times | Measure::First | Measure::Last, Some(is)) = (measure, node.get("is")) {
            let remedy = "write it beside one of them, or use `times`";
            report.wrong_key(&is, "`is` belongs to `sum`, `max` or `distinct`", remedy, &[]);
        }
        let happening = happening?;
        let mut words = self.happening_words(happening);
        let mut identity = self.happening_names.name(happening).to_owned();
        let mut param = Vec::new();
        if matches!(measure, Measure::Sum | Measure::Max | Measure::Distinct) {
            let name = report.text(&asked?, "value")?;
            param = name.split('.').map(str::to_owned).collect();
            words = say("`%` of %", &[name, &words]);
            identity = say("%\n% %", &[&identity, key, name]);
        }
        let fold = match measure {
            Measure::Sum => Fold::Sum(happening, param),
            Measure::Max => Fold::Max(happening, param),
            Measure::Distinct => {
                if greatest(&check) > MOST_VALUES {
                    let what = "different values are counted up to 1000";
                    report.error(node, what, "ask for fewer", &[]);
                }
                Fold::Distinct(happening, param)
            }
            _ => Fold::Count(happening),
        };
        Some(Did {
            tally: self.tally(&identity, fold),
            event: words,
            measure,
            window,
            check,
        })
    }

    fn sequence(&mut self, node: &Node, window: Option<Window>, report: &mut Report) -> Option<Did> {
        for other in ["event", "where", "is"] {
            apart(node, other, "sequence", report);
        }
        let list = node.get("sequence").filter(|list| report.few(list, limits::IN_TURN))?;
        let what = "a step of a sequence";
        let (mut steps, mut words, mut identity) = (Vec::new(), String::new(), "sequence".to_owned());
        for step in list.items() {
            let step = self.step(&step, what, report);
            if let Some(step) = step {
                add_to_list(&mut words, ", then ", &self.happening_words(step));
                identity = say("%\n\n%", &[&identity, self.happening_names.name(step)]);
                steps.push(step);
            }
        }
        if list.value.items().len() < 2 {
            let remedy = "write `[ { \"event\": \"view_item\" }, { \"event\": \"add_to_cart\" } ]`";
            report.expected(&list, "a list of two or more steps", remedy);
        }
        let mut without = None;
        if let Some(node) = node.get("without") {
            without = self.step(&node, what, report);
            if let Some(step) = without {
                words = say("% without % in between", &[&words, &self.happening_words(step)]);
                identity = say("%\n\nwithout %", &[&identity, self.happening_names.name(step)]);
            }
        }
        Some(Did {
            tally: self.tally(&identity, Fold::Sequence { steps, without }),
            event: words,
            measure: Measure::Sequence,
            window,
            check: at_least_one(),
        })
    }

    /// Bounds on how long ago.
    fn bounds(&mut self, key: &str, ago: &Node, report: &mut Report) -> Check {
        let mut ops = Vec::new();
        let bounds = ["$gt", "$gte", "$lt", "$lte"];
        if let Value::Text(text) = ago.value {
            let remedy = "write `{ \"$gt\": \"%\" }` for longer ago, `$lt` for more recently";
            report.error(ago, "`%` needs a bound", remedy, &[key, text]);
        } else if report.object(ago, "bounds on how long ago", &bounds, &[]) {
            for (key, bound) in ago.members() {
                if let (Some(order), Some(span)) = (order(key), report.span(&bound)) {
                    ops.push(Op::Order(order, Value::Number(span as f64)));
                }
            }
            if ago.value.members().is_empty() {
                let remedy = "write for example `{ \"$gt\": \"30d\" }`";
                report.error(ago, "`%` needs a bound", remedy, &[key]);
            }
        }
        Check::Meets(ops)
    }

    /// What a figure has to be; at least 1 when nothing is said.
    fn figure(&mut self, node: Option<&Node>, exactly: &str, report: &mut Report) -> Check {
        let mut check = Check::Meets(Vec::new());
        if let Some(node) = node {
            check = self.check(node, Shape::Number, Ground::Fields, report);
            if let Check::Equals(Value::Number(number)) = &check {
                let number = report.host.digits(*number);
                let remedy = "write `{ \"$gte\": % }` for at least, `{ \"$eq\": % }` for exactly";
                report.warn(node, exactly, remedy, &[&number, &number, &number]);
            }
        }
        match check {
            Check::Meets(ops) if ops.is_empty() => at_least_one(),
            check => check,
        }
    }
}

fn at_least_one() -> Check {
    Check::Meets(vec![Op::Order(Order::GreaterOrEqual, Value::Number(1.0))])
}

/// Two keys that exclude each other.
fn apart(node: &Node, other: &str, key: &str, report: &mut Report) {
    if let Some(other_node) = node.get(other) {
        let remedy = "use two `$did`, joined by `$and`";
        report.wrong_key(&other_node, "`%` can't stand beside `%`", remedy, &[other, key]);
    }
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
