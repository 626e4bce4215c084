//! `interests`: topics, and what the visitor does that speaks of them.

use super::condition::Rules;
use super::reader::{Node, Report};
use super::tally::Fold;
use crate::json::Value;
use crate::time::{DAY, Millis};
use crate::words::say;

/// A topic that the visitor may care for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interest {
    /// Its name.
    pub topic: String,
    /// Its name for the visitor's eyes.
    pub title: String,
    /// The tally that keeps its score.
    pub tally: usize,
}

/// If the config doesn't say.
const HALF_LIFE: Millis = 14 * DAY;

/// Reads all topics, in the order that conditions refer to them by.
pub(super) fn read(node: &Node, rules: &mut Rules, report: &mut Report) -> Vec<Interest> {
    let mut interests = Vec::new();
    if !report.map(node, "interests by topic") {
        return interests;
    }
    for (topic, node) in node.members() {
        let before = report.errors();
        if topic == "top" || topic.is_empty() {
            let remedy = "write another name: `interest.top` is the strongest of all";
            report.wrong_key(&node, "`%` can't be a topic", remedy, &[topic]);
        }
        let fold = read_fold(&node, rules, report);
        let tally = rules.tally(&say("interest\n%", &[topic]), fold);
        if report.errors() > before {
            rules.broken_topics.push(topic.to_owned());
        }
        interests.push(Interest {
            topic: topic.to_owned(),
            title: node
                .value
                .get("title")
                .and_then(Value::text)
                .unwrap_or(topic)
                .to_owned(),
            tally,
        });
    }
    interests
}

fn read_fold(node: &Node, rules: &mut Rules, report: &mut Report) -> Fold {
    let mut half_life = HALF_LIFE;
    let mut sources = Vec::new();
    if report.object(node, "an interest", &["title", "halfLife", "from"], &[]) {
        if let Some(title) = node.get("title") {
            report.text(&title, "Running");
        }
        if let Some(span) = node.get("halfLife").and_then(|span| report.span(&span)) {
            half_life = span;
        }
        let example = "[{ \"event\": \"view_item\", \"add\": 1 }]";
        if let Some(from) = report.required(node, "from", example) {
            if from.one_or_more().is_empty() {
                report.warn(&from, "nothing speaks of this interest", "write `%`", &[example]);
            }
            for source in from.one_or_more() {
                if !report.object(&source, "what speaks of an interest", &["event", "where", "add"], &[]) {
                    continue;
                }
                let happening = rules.happening(&source, report);
                let add = match source.get("add") {
                    Some(add) => add.value.number().filter(|number| number.is_finite()).or_else(|| {
                        report.expected(&add, "a number", "write for example `1`");
                        None
                    }),
                    None => Some(1.0),
                };
                if let (Some(happening), Some(add)) = (happening, add) {
                    sources.push((happening, add));
                }
            }
        }
    }
    Fold::Fading { half_life, sources }
}
