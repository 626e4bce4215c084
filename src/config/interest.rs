//! `interests`: topics, and what the visitor does that speaks of them.

use super::condition::Rules;
use super::private;
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
    /// On what ground it may be kept, where it is about what is nobody's business.
    pub ground: Option<Ground>,
}

/// Why an interest that seems to be about health, belief, politics, sexuality, origin or a union may be kept: a case of
/// article 9(2) of the GDPR, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The visitor explicitly consented to that (a).
    Consent,
    /// The site is that of a body with such an aim, and the visitor is its member (d).
    Members,
    /// The visitor made it public (e).
    Public,
    /// It isn't about that: the words mean something else here.
    Unrelated,
}

impl Ground {
    const ALL: [(Ground, &'static str); 4] = [
        (Ground::Consent, "explicit_consent"),
        (Ground::Members, "members"),
        (Ground::Public, "made_public"),
        (Ground::Unrelated, "unrelated"),
    ];
}

impl Interest {
    /// It is told to nobody but the visitor.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.ground.is_some_and(|ground| ground != Ground::Unrelated)
    }
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
        let ground = node.get("ground").and_then(|ground| read_ground(&ground, report));
        if node.get("ground").is_none()
            && let Some((matter, word)) = private::matter(topic, node.value)
        {
            let what = "the interest `%` seems to be about % (`%`), which is nobody's business (GDPR, article 9)";
            let remedy = "remove it; or say why it may be kept, by `\"ground\"`: `\"explicit_consent\"`, `\"members\"`, `\"made_public\"`, \
                          or `\"unrelated\"` if the word means something else here";
            report.wrong_key(&node, what, remedy, &[topic, matter, &word]);
        }
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
            ground,
        });
    }
    interests
}

fn read_ground(node: &Node, report: &mut Report) -> Option<Ground> {
    let name = report.text(node, "explicit_consent")?;
    let known = Ground::ALL.iter().find(|(_, known)| *known == name);
    if known.is_none() {
        report.unknown(node, false, "ground", name, &Ground::ALL.map(|(_, known)| known));
    }
    known.map(|(ground, _)| *ground)
}

fn read_fold(node: &Node, rules: &mut Rules, report: &mut Report) -> Fold {
    let mut half_life = HALF_LIFE;
    let mut sources = Vec::new();
    if report.object(node, "an interest", &["title", "halfLife", "from", "ground"], &[]) {
        if let Some(title) = node.get("title") {
            report.text(&title, "Running");
        }
        if let Some(span) = node.get("halfLife").and_then(|span| report.span(&span)) {
            half_life = span;
        }
        let example = "[{ \"event\": \"view_item\", \"add\": 1 }]";
        if let Some(from) = report
            .required(node, "from", example)
            .filter(|from| report.few(from, super::limits::NAMED))
        {
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
