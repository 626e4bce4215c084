//! `$did`: what the visitor did, how often within which window, or how long ago.

use super::super::Tally;
use super::super::reader::{Node, Report};
use super::check::order;
use super::{Ground, Rules};
use crate::condition::{Check, Condition, Did, Measure, Op, Order, Shape, Window};
use crate::json::Value;
use crate::time::{Millis, duration_text};
use crate::words::say;

const DID: [&str; 5] = ["event", "where", "within", "times", "ago"];
const DID_LATER: [&str; 6] = ["sum", "distinct", "max", "is", "sequence", "without"];

impl Rules<'_> {
    pub(super) fn did(&mut self, node: &Node, report: &mut Report) -> Option<Did> {
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
