//! `offers`: what may be shown where, to whom, at which moment, how often, and what it is worth.

use super::condition::{Ground, Rules};
use super::reader::{Node, Report};
use super::schedule::{self, Schedule};
use super::{Config, Site, content, limits, trigger};
use crate::condition::{Condition, Outcome, Path, Shape};
use crate::json::Value;
use crate::names::Names;
use crate::time::Millis;

/// An offer without an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The number of its id in [`Config::ids`].
    pub id: usize,
    /// The indexes of its placements in [`Config::placements`], the preferred first.
    pub placements: Vec<usize>,
    /// The number of its family in [`Config::families`].
    pub family: Option<usize>,
    /// Who may see it.
    pub eligible: Condition,
    /// The tallies that say when its triggers last fired; of none: it may appear at once.
    pub triggers: Vec<usize>,
    /// When.
    pub schedule: Schedule,
    /// How often at the most; all of them count.
    pub caps: Vec<Cap>,
    /// When it keeps silent; each of them.
    pub rests: Vec<Rest>,
    /// What it is worth, the weights of the site applied.
    pub value: f64,
    /// Where the figure lies that says how well it fits the visitor. Without one: 1.
    pub fit: Option<Path>,
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
    /// This page view; only across offers.
    Page,
    /// This visit.
    Visit,
    /// The last so many ms.
    Span(Millis),
    /// All time.
    Ever,
}

/// Silence after something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// After what.
    pub after: After,
    /// For how many ms.
    pub span: Millis,
}

/// After what there is silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// An outcome of the offer, or, as pressure, of any.
    Outcome(Outcome),
    /// An event, that the tally of this index counts.
    Event(usize),
}

/// The last exposures are kept one by one, so their number is limited.
const MOST_EXPOSURES: u32 = 200;

const KEYS: [&str; 11] = [
    "id",
    "placement",
    "family",
    "eligible",
    "trigger",
    "schedule",
    "cap",
    "rest",
    "value",
    "fit",
    "content",
];
const LATER: [&str; 2] = ["goal", "variants"];

/// The ids of all offers, whatever else is wrong with them.
pub(super) fn ids(offers: &Value) -> Names {
    let mut ids = Names::default();
    for id in offers.items().iter().filter_map(|offer| offer.get("id")?.text()) {
        ids.add(id);
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
            let id = node.value.get("id").and_then(Value::text).unwrap_or_default();
            for placement in node.get("placement").iter().flat_map(Node::one_or_more) {
                let placement = placement.value.text().unwrap_or_default();
                config.skipped.push((id.to_owned(), placement.to_owned()));
            }
        }
    }
    report.offer = None;
}

fn read_offer(node: &Node, config: &mut Config, rules: &mut Rules, report: &mut Report) -> Option<Offer> {
    if !report.object(node, "an offer", &KEYS, &LATER) {
        return None;
    }
    let id = report
        .required(node, "id", "\"running-10\"")
        .and_then(|id| read_id(&id, config, rules, report));
    let mut placements = Vec::new();
    if let Some(names) = report
        .required(node, "placement", "\"hero\"")
        .filter(|names| report.few(names, limits::NAMED))
    {
        for name in names.one_or_more() {
            let named = read_placement(&name, config, report);
            placements.extend(named.filter(|named| !placements.contains(named)));
        }
        if names.value == &Value::List(Vec::new()) {
            report.error(&names, "there is no placement", "write the name of one", &[]);
        }
    }
    let mut family = None;
    if let Some(node) = node.get("family") {
        family = report.text(&node, "shoes").map(|name| config.families.add(name));
    }
    let eligible = node.get("eligible").map_or(Condition::All(Vec::new()), |eligible| {
        rules.condition(&eligible, report)
    });
    let schedule = node
        .get("schedule")
        .map(|schedule| schedule::read(&schedule, report))
        .unwrap_or_default();
    let triggers = node
        .get("trigger")
        .map_or_else(Vec::new, |node| trigger::read(&node, rules, report));
    let mut caps = Vec::new();
    if let Some(node) = node.get("cap").filter(|node| report.few(node, limits::IN_TURN)) {
        for cap in node.one_or_more() {
            caps.extend(read_cap(&cap, false, report));
        }
    }
    let mut rests = Vec::new();
    if let Some(node) = node.get("rest").filter(|node| report.few(node, limits::IN_TURN)) {
        for rest in node.one_or_more() {
            rests.extend(read_rest(&rest, rules, report));
        }
    }
    let value = node
        .get("value")
        .map_or(0.0, |value| read_value(&value, &config.site, report));
    let fit = node.get("fit").and_then(|fit| read_fit(&fit, rules, report));
    let content = report.required(node, "content", "{ \"template\": \"card\", \"title\": \"…\" }");
    if let Some(content) = &content {
        let mut overlays = placements.iter().map(|index| is_overlay(*index, config));
        let first = overlays.next();
        // Of both kinds: then templates for either.
        let overlay = first.filter(|first| overlays.all(|other| other == *first));
        content::check(content, overlay, report);
    }
    Some(Offer {
        id: id?,
        placements,
        family,
        eligible,
        triggers,
        schedule,
        caps,
        rests,
        value,
        fit,
        content: content?.value.clone(),
    })
}

fn is_overlay(placement: usize, config: &Config) -> bool {
    config
        .placements
        .get(placement)
        .is_some_and(|placement| placement.overlay)
}

fn read_id(node: &Node, config: &Config, rules: &mut Rules, report: &mut Report) -> Option<usize> {
    let id = report.text(node, "running-10")?;
    let index = config.ids.find(id)?;
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
    // Ids are numbered in the order they come, so all before the last new one are taken.
    if rules.newest.is_some_and(|newest| index <= newest) {
        let what = "there is another offer with the id `%`";
        report.error(node, what, "write an id of its own", &[id]);
    } else {
        rules.newest = Some(index);
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

pub(super) fn read_cap(node: &Node, per_page: bool, report: &mut Report) -> Option<Cap> {
    if !report.object(node, "a cap", &["exposures", "per"], &[]) {
        return None;
    }
    let exposures = report
        .required(node, "exposures", "3")
        .and_then(|exposures| report.count(&exposures, MOST_EXPOSURES));
    let per = match node.get("per") {
        None => Some(Period::Ever),
        Some(per) if per.value.text() == Some("visit") => Some(Period::Visit),
        Some(per) if per_page && per.value.text() == Some("page") => Some(Period::Page),
        Some(per)
            if per
                .value
                .text()
                .is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_alphabetic())) =>
        {
            let periods = if per_page {
                "`page`, `visit` or a duration"
            } else {
                "`visit` or a duration"
            };
            report.expected(&per, periods, "write `\"visit\"`, or for example `\"30d\"`");
            None
        }
        Some(per) => report.span(&per).map(Period::Span),
    };
    Some(Cap {
        exposures: exposures?,
        per: per?,
    })
}

pub(super) fn read_rest(node: &Node, rules: &mut Rules, report: &mut Report) -> Option<Rest> {
    if !report.object(node, "a rest", &["after", "for"], &[]) {
        return None;
    }
    let after = report
        .required(node, "after", "\"dismissed\"")
        .and_then(|after| read_after(&after, rules, report));
    let span = report
        .required(node, "for", "\"30d\"")
        .and_then(|span| report.span(&span));
    Some(Rest {
        after: after?,
        span: span?,
    })
}

/// An outcome by its name, or an event.
pub(super) fn read_after(node: &Node, rules: &mut Rules, report: &mut Report) -> Option<After> {
    if matches!(node.value, Value::Map(_)) {
        let happening = rules.step(node, "what there is silence after", report)?;
        return Some(After::Event(rules.count_of(happening)));
    }
    let name = report.text(node, "dismissed")?;
    let outcome = Outcome::named(name);
    if outcome.is_none() {
        let names: Vec<&str> = Outcome::ALL.iter().map(|entry| entry.1).collect();
        report.unknown(node, false, "outcome", name, &names);
    }
    outcome.map(After::Outcome)
}

/// The path of a number.
fn read_fit(node: &Node, rules: &mut Rules, report: &mut Report) -> Option<Path> {
    let name = report.text(node, "interest.running")?;
    if rules.topics.contains(&name) {
        report.error(
            node,
            "`%` is an interest, and a fit is a path",
            "write `interest.%`",
            &[name, name],
        );
        return None;
    }
    let (path, shape) = rules.path(name, node, Ground::Maitre, report);
    if !matches!(shape, Shape::Number | Shape::Any) {
        let remedy = "write the path of a number, such as `interest.running`";
        report.error(node, "`%` is not a number", remedy, &[name]);
    }
    Some(path)
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
    (worth("site") * site.balance.0 + worth("visitor") * site.balance.1).min(f64::MAX)
}
