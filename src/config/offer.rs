//! `offers`: what may be shown where, to whom, when, how often, and what it is worth.

use super::condition::Rules;
use super::reader::{Node, Report};
use super::schedule::{self, Schedule};
use super::{Config, Site, content};
use crate::condition::{Condition, Outcome};
use crate::json::Value;
use crate::time::Millis;

/// An offer without an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The index of its id in [`Config::ids`].
    pub id: usize,
    /// The index of its placement in [`Config::placements`].
    pub placement: usize,
    /// Who may see it.
    pub eligible: Condition,
    /// When.
    pub schedule: Schedule,
    /// How often at the most; all of them count.
    pub caps: Vec<Cap>,
    /// When it keeps silent; each of them.
    pub rests: Vec<Rest>,
    /// What it is worth, the weights of the site applied.
    pub value: f64,
    /// What it says.
    pub content: Value,
}

/// At most so many exposures per period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// How many.
    pub exposures: u32,
    /// In which time.
    pub per: Period,
}

/// The time that a cap counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// This visit.
    Visit,
    /// The last so many ms.
    Span(Millis),
    /// All time.
    Ever,
}

/// Silence after an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// After which.
    pub after: Outcome,
    /// For how many ms.
    pub span: Millis,
}

/// The last exposures are kept one by one, so their number is limited.
const MOST_EXPOSURES: u32 = 200;

const KEYS: [&str; 8] = [
    "id",
    "placement",
    "eligible",
    "schedule",
    "cap",
    "rest",
    "value",
    "content",
];
const LATER: [&str; 4] = ["trigger", "fit", "goal", "variants"];

/// The ids of all offers, whatever else is wrong with them.
pub(super) fn ids(offers: &Value) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in offers.items().iter().filter_map(|offer| offer.get("id")?.text()) {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

pub(super) fn read(node: &Node, config: &mut Config, rules: &mut Rules, report: &mut Report) {
    let before = report.errors();
    report.offer = node.value.get("id").and_then(Value::text).map(str::to_owned);
    let offer = read_offer(node, config, rules, report);
    match offer {
        Some(offer) if report.errors() == before => config.offers.push(offer),
        _ => {
            let name = |key| node.value.get(key).and_then(Value::text).unwrap_or_default().to_owned();
            config.skipped.push((name("id"), name("placement")));
        }
    }
    report.offer = None;
}

fn read_offer(node: &Node, config: &Config, rules: &mut Rules, report: &mut Report) -> Option<Offer> {
    if !report.object(node, "an offer", &KEYS, &LATER) {
        return None;
    }
    let id = report
        .required(node, "id", "\"running-10\"")
        .and_then(|id| read_id(&id, config, report));
    let placement = report
        .required(node, "placement", "\"hero\"")
        .and_then(|name| read_placement(&name, config, report));
    let eligible = node.get("eligible").map_or(Condition::All(Vec::new()), |eligible| {
        rules.condition(&eligible, report)
    });
    let schedule = node
        .get("schedule")
        .map(|schedule| schedule::read(&schedule, report))
        .unwrap_or_default();
    let mut caps = Vec::new();
    if let Some(node) = node.get("cap") {
        for cap in node.one_or_more() {
            caps.extend(read_cap(&cap, report));
        }
    }
    let mut rests = Vec::new();
    if let Some(node) = node.get("rest") {
        for rest in node.one_or_more() {
            rests.extend(read_rest(&rest, report));
        }
    }
    let value = node
        .get("value")
        .map_or(0.0, |value| read_value(&value, &config.site, report));
    let content = report.required(node, "content", "{ \"template\": \"card\", \"title\": \"…\" }");
    if let Some(content) = &content {
        content::check(content, report);
    }
    Some(Offer {
        id: id?,
        placement: placement?,
        eligible,
        schedule,
        caps,
        rests,
        value,
        content: content?.value.clone(),
    })
}

fn read_id(node: &Node, config: &Config, report: &mut Report) -> Option<usize> {
    let id = report.text(node, "running-10")?;
    let index = config.ids.iter().position(|known| known == id)?;
    if !id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    {
        let plain: String = id
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        let what = "an id is made of letters, digits, `-` and `_`, since conditions name it in `offer.<id>.exposures`";
        report.error(node, what, "write for example `\"%\"`", &[&plain]);
    }
    // The first of two with the same id is good; the second is not.
    let taken =
        config.offers.iter().any(|offer| offer.id == index) || config.skipped.iter().any(|(other, _)| other == id);
    if taken {
        report.error(
            node,
            "there is another offer with the id `%`",
            "write an id of its own",
            &[id],
        );
    }
    Some(index)
}

fn read_placement(node: &Node, config: &Config, report: &mut Report) -> Option<usize> {
    let name = report.text(node, "hero")?;
    let index = config.placements.iter().position(|placement| placement.name == name);
    if index.is_none() {
        let known: Vec<&str> = config
            .placements
            .iter()
            .map(|placement| placement.name.as_str())
            .collect();
        match super::problem::nearest(name, &known) {
            Some(_) => report.unknown(node, false, "placement", name, &known),
            None => {
                report.error(
                    node,
                    "unknown placement `%`",
                    "add `\"%\": {}` to `placements`",
                    &[name, name],
                );
            }
        }
    }
    index
}

fn read_cap(node: &Node, report: &mut Report) -> Option<Cap> {
    if !report.object(node, "a cap", &["exposures", "per"], &[]) {
        return None;
    }
    let exposures = report
        .required(node, "exposures", "3")
        .and_then(|exposures| report.count(&exposures, MOST_EXPOSURES));
    let per = match node.get("per") {
        None => Some(Period::Ever),
        Some(per) if per.value.text() == Some("visit") => Some(Period::Visit),
        Some(per)
            if per
                .value
                .text()
                .is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_alphabetic())) =>
        {
            report.expected(
                &per,
                "`visit` or a duration",
                "write `\"visit\"`, or for example `\"30d\"`",
            );
            None
        }
        Some(per) => report.span(&per).map(Period::Span),
    };
    Some(Cap {
        exposures: exposures?,
        per: per?,
    })
}

fn read_rest(node: &Node, report: &mut Report) -> Option<Rest> {
    if !report.object(node, "a rest", &["after", "for"], &[]) {
        return None;
    }
    let names: Vec<&str> = Outcome::ALL.iter().map(|entry| entry.1).collect();
    let after = report.required(node, "after", "\"dismissed\"").and_then(|after| {
        let name = report.text(&after, "dismissed")?;
        if Outcome::named(name).is_none() {
            report.unknown(&after, false, "outcome", name, &names);
        }
        Outcome::named(name)
    });
    let span = report
        .required(node, "for", "\"30d\"")
        .and_then(|span| report.span(&span));
    Some(Rest {
        after: after?,
        span: span?,
    })
}

fn read_value(node: &Node, site: &Site, report: &mut Report) -> f64 {
    if let Some(number) = node.value.number() {
        let number = report.host.digits(number);
        let what = "a value is what the offer is worth to the site and to the visitor";
        report.error(node, what, "write `{ \"site\": %, \"visitor\": … }`", &[&number]);
        return 0.0;
    }
    if !report.object(node, "what the offer is worth", &["site", "visitor"], &[]) {
        return 0.0;
    }
    let mut worth = |key| node.get(key).and_then(|worth| report.amount(&worth)).unwrap_or(0.0);
    worth("site") * site.balance.0 + worth("visitor") * site.balance.1
}
