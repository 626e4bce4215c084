//! Paths: where a fact is found, and what to write for a path that isn't known.

use super::super::problem::nearest;
use super::super::reader::{Node, Report};
use super::{COMBINERS, Ground, Rules};
use crate::condition::{Known, OfferFact, Outcome, Path, Shape, VOCABULARY};
use crate::words::{add_to_list, say};

impl Rules<'_> {
    pub(in super::super) fn path(
        &mut self,
        name: &str,
        node: &Node,
        ground: Ground,
        report: &mut Report,
    ) -> (Path, Shape) {
        let steps = || name.split('.').map(str::to_owned).collect::<Vec<_>>();
        if ground != Ground::Maitre {
            if name.starts_with('$') {
                report.unknown(node, true, "condition", name, &COMBINERS);
            }
            return (Path::Field(steps()), Shape::Any);
        }
        if let Some((known, _, shape)) = VOCABULARY.iter().find(|(_, path, _)| *path == name) {
            if *known == Known::TopInterest {
                self.asked_topics.fill(true);
                if let Some(broken) = self.broken_topics.first() {
                    report.wrong_key(node, "the interest `%` has an error", "mend it there", &[broken]);
                }
            }
            if matches!(known, Known::StageNow | Known::StageBefore | Known::StageDays) {
                self.need_lifecycle(node, report);
            }
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
            "interest" if !rest.is_empty() => match self.topics.iter().position(|known| *known == rest) {
                Some(index) => {
                    if self.broken_topics.iter().any(|broken| broken == rest) {
                        report.wrong_key(node, "the interest `%` has an error", "mend it there", &[rest]);
                    }
                    let tally = self.topic_tallies.get(index).copied().unwrap_or_default();
                    if let Some(is_asked) = self.asked_topics.get_mut(index) {
                        *is_asked = true;
                    }
                    return (Path::Interest(tally), Shape::Number);
                }
                None => report.unknown(node, true, "topic", rest, &self.topics),
            },
            _ => self.unknown_path(name, root, node, report),
        }
        (Path::Known(Known::PagePath), Shape::Any)
    }

    fn offer_path(&mut self, name: &str, rest: &str, node: &Node, report: &mut Report) -> Option<Path> {
        let (id, fact) = rest.split_once('.').unwrap_or((rest, ""));
        let Some(index) = self.offers.find(id) else {
            let known: Vec<&str> = self.offers.all().iter().map(String::as_str).collect();
            report.unknown(node, true, "offer", id, &known);
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

    /// A rule asks about stages.
    pub(in super::super) fn need_lifecycle(&mut self, node: &Node, report: &mut Report) {
        self.asks_stage = true;
        if self.lifecycle_is_broken {
            report.wrong_key(node, "the lifecycle has an error", "mend it there", &[]);
        }
    }

    /// The name of a stage stands here.
    pub(in super::super) fn stage_named(&mut self, name: &str, node: &Node, report: &mut Report) {
        if !self.stages.contains(&name) {
            report.unknown(node, false, "stage", name, &self.stages);
        }
    }

    fn unknown_path(&mut self, name: &str, root: &str, node: &Node, report: &mut Report) {
        let mut candidates = vec!["$did", "audience", "user.", "page.query.", "offer.", "interest."];
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
        let roots = [
            "page", "visit", "device", "time", "interest", "stage", "offer", "cart", "user", "audience",
        ];
        let slip = nearest(root, &roots).filter(|near| *near != root).map(|near| {
            let rest = name.strip_prefix(root).unwrap_or_default();
            say("%%", &[near, rest])
        });
        let (remedy, help) = match nearest(name, &candidates).or(same_end) {
            Some(near) if near.ends_with('.') => ("write `%<name>`", near),
            Some(near) => ("write `%`", near),
            None if slip.is_some() => ("write `%`", slip.as_deref().unwrap_or_default()),
            None if !siblings.is_empty() => ("write one of %", siblings.as_str()),
            None if is_condition => ("write one of `$and`, `$or`, `$nor`, `$not`, `$savedGroup`, `$did`", ""),
            None => (
                "write `user.%` if your page sets it, or a path of page, visit, device, time, interest, stage, offer or cart",
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
}

fn last_step(path: &str) -> &str {
    path.split('.').fold("", |_, step| step)
}
