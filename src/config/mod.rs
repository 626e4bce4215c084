//! What marketers write: `offers.json`, read and checked whole.
//!
//! Everything wrong is reported in one go. What is sound is kept: an offer with an error is left out, the others stay.

mod condition;
mod content;
mod offer;
mod problem;
mod reader;
mod schedule;
mod site;

pub use condition::open_condition;
pub use offer::{Cap, Offer, Period, Rest};
pub use problem::{Problem, Severity};
pub use schedule::{Edge, Schedule};
pub use site::Site;

use crate::condition::Condition;
use crate::host::Host;
use crate::json::{self, Value};
use condition::Rules;
use reader::{Node, Report};

/// A config as far as it is sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// What holds for the whole site.
    pub site: Site,
    /// The audiences, in the order that conditions refer to them by.
    pub audiences: Vec<Audience>,
    /// The placements.
    pub placements: Vec<Placement>,
    /// The sound offers, in the order they were written.
    pub offers: Vec<Offer>,
    /// The ids of all offers, sound or not, in the order that conditions refer to them by.
    pub ids: Vec<String>,
    /// Each different behaviour that any rule asks about, in the order that conditions refer to them by.
    pub tallies: Vec<Tally>,
    /// The offers that are left out, with the placement they were meant for.
    pub skipped: Vec<(String, String)>,
    /// There is no error: what no rule asks for any more may be erased.
    pub sound: bool,
}

/// A named condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Audience {
    /// Its name.
    pub name: String,
    /// What has to hold; [`Condition::Broken`] when it has an error.
    pub condition: Condition,
}

/// A named place on the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// Its name.
    pub name: String,
    /// How many offers it shows at the most.
    pub take: usize,
    /// What it shows when no offer fits; without it, what the page has there.
    pub fallback: Option<Value>,
}

/// An event, narrowed by a filter on its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// The event's name.
    pub event: String,
    /// The filter; everything passes without one.
    pub filter: Option<Condition>,
    /// Event and filter as text: equal for equal tallies, in every version of the config.
    pub identity: String,
}

const SECTIONS: [&str; 6] = ["$schema", "site", "savedGroups", "audiences", "placements", "offers"];
const LATER: [&str; 3] = ["interests", "lifecycle", "pressure"];

/// Reads a config. What it holds is sound; what is not is among the problems, in the order of the text.
pub fn read(text: &str, host: &dyn Host) -> (Config, Vec<Problem>) {
    let (value, faults) = json::read(text, host);
    let mut report = Report::new(text, host);
    let mut config = Config::default();
    if let Some(value) = &value {
        let root = Node::root(value);
        if report.object(&root, "the config", &SECTIONS, &LATER) {
            sections(&root, &mut config, &mut report);
        }
    }
    config.sound = report.errors() == 0 && faults.is_empty();
    (config, report.finish(&faults))
}

fn sections(root: &Node, config: &mut Config, report: &mut Report) {
    if let Some(site) = root.get("site") {
        config.site = site::read(&site, report);
    }
    let nothing = Value::Null;
    let section = |key| root.value.get(key).unwrap_or(&nothing);
    let ids = offer::ids(section("offers"));
    config.ids.clone_from(&ids);
    let names = section("audiences").members().iter().map(|(name, _)| name.as_str());
    let offers = ids.iter().map(String::as_str).collect();
    let mut rules = Rules::new(section("savedGroups"), names.collect(), offers);
    if let Some(groups) = root.get("savedGroups") {
        rules.check_groups(&groups, report);
    }
    if let Some(audiences) = root
        .get("audiences")
        .filter(|node| report.map(node, "audiences by name"))
    {
        for (name, node) in audiences.members() {
            let before = report.errors();
            let mut condition = rules.condition(&node, report);
            if report.errors() > before {
                condition = Condition::Broken;
            }
            config.audiences.push(Audience {
                name: name.to_owned(),
                condition,
            });
        }
        break_cycles(&audiences, config, report);
        rules.broken_audiences = broken(&config.audiences);
    }
    if let Some(placements) = root
        .get("placements")
        .filter(|node| report.map(node, "placements by name"))
    {
        for (name, node) in placements.members() {
            config.placements.push(placement(name, &node, report));
        }
    }
    match root.get("offers") {
        Some(offers) if matches!(offers.value, Value::List(_)) => {
            for node in offers.items() {
                offer::read(&node, config, &mut rules, report);
            }
        }
        Some(offers) => report.expected(&offers, "a list of offers", "write `[ {…}, {…} ]`"),
        None => report.warn(root, "there are no offers", "write `\"offers\": [ … ]`", &[]),
    }
    config.tallies = rules.tallies;
}

fn placement(name: &str, node: &Node, report: &mut Report) -> Placement {
    let mut placement = Placement {
        name: name.to_owned(),
        take: 1,
        fallback: None,
    };
    if report.object(node, "a placement", &["take", "fallback"], &["kind"]) {
        if let Some(take) = node.get("take").and_then(|take| report.count(&take, 100)) {
            placement.take = take as usize;
        }
        if let Some(fallback) = node.get("fallback") {
            let before = report.errors();
            content::check(&fallback, report);
            placement.fallback = (report.errors() == before).then(|| fallback.value.clone());
        }
    }
    placement
}

/// An audience that needs itself can't be known.
fn break_cycles(node: &Node, config: &mut Config, report: &mut Report) {
    let mut circular = Vec::new();
    for index in 0..config.audiences.len() {
        circular.push(needs(index, index, &config.audiences, &mut Vec::new()));
    }
    for (audience, is_circular) in config.audiences.iter_mut().zip(circular) {
        if is_circular {
            audience.condition = Condition::Broken;
            if let Some(own) = node.get(&audience.name) {
                let remedy = "leave the audience out of its own condition";
                report.wrong_key(&own, "audience `%` is defined by itself", remedy, &[&audience.name]);
            }
        }
    }
}

/// The audiences that have an error, or name one that has, or one that names it.
fn broken(audiences: &[Audience]) -> Vec<usize> {
    let mut broken = Vec::new();
    for (index, audience) in audiences.iter().enumerate() {
        if matches!(audience.condition, Condition::Broken) {
            broken.push(index);
        }
    }
    let known = broken.clone();
    for index in 0..audiences.len() {
        if !broken.contains(&index)
            && known
                .iter()
                .any(|wanted| needs(*wanted, index, audiences, &mut Vec::new()))
        {
            broken.push(index);
        }
    }
    broken
}

/// Whether an audience, or one that it names, names `wanted`.
fn needs(wanted: usize, index: usize, audiences: &[Audience], seen: &mut Vec<usize>) -> bool {
    if seen.contains(&index) {
        return false;
    }
    seen.push(index);
    let mut found = false;
    if let Some(audience) = audiences.get(index) {
        audience.condition.walk(&mut |part| {
            if let Condition::Audience(named) = part {
                found |= *named == wanted || needs(wanted, *named, audiences, seen);
            }
        });
    }
    found
}
