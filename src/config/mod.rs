//! What marketers write: `offers.json`, read and checked whole.
//!
//! Everything wrong is reported in one go. What is sound is kept: an offer with an error is left out, the others stay.

mod condition;
mod content;
mod happening;
mod interest;
mod lifecycle;
pub mod limits;
mod offer;
pub mod pattern;
mod pressure;
mod private;
mod problem;
mod reader;
mod schedule;
mod site;
mod tally;
mod trigger;

pub use condition::open_condition;
pub use happening::Happening;
pub use interest::{Ground, Interest};
pub use lifecycle::{STAGE_CHANGE, Stage};
pub use offer::{After, Cap, Offer, Period, Rest};
pub use pressure::{Limit, Pressure};
pub use problem::{Problem, Severity};
pub use schedule::{Edge, Schedule};
pub use site::Site;
pub use tally::{Fold, Signal, Tally};

use crate::condition::{Condition, Known, Path};
use crate::host::Host;
use crate::json::{self, Value};
use crate::names::Names;
use crate::words::decimal;
use condition::Rules;
use limits::{Reach, Weight};
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
    /// The ids of all offers, sound or not, by the numbers that conditions refer to them by.
    pub ids: Names,
    /// The families that offers belong to.
    pub families: Names,
    /// Each event, with each filter, that anything asks about.
    pub happenings: Vec<Happening>,
    /// Everything that any rule asks to be kept of them, in the order that conditions refer to it by.
    pub tallies: Vec<Tally>,
    /// The name of each tally: equal for equal tallies, in every version of the config.
    pub tally_names: Names,
    /// The topics.
    pub interests: Vec<Interest>,
    /// The lifecycle, when any rule asks about it.
    pub stages: Vec<Stage>,
    /// The rules of pressure.
    pub pressures: Vec<Pressure>,
    /// The sets of placements they are about.
    pub scopes: Vec<Vec<usize>>,
    /// The offers that are left out, with the placement they were meant for.
    pub skipped: Vec<(String, String)>,
    /// There is no error: what no rule asks for any more may be erased.
    pub sound: bool,
}

impl Config {
    /// The name under which the exposures in a scope are stored.
    #[must_use]
    pub fn scope_name(&self, scope: &[usize]) -> String {
        pressure::identity(scope, self)
    }
}

/// A named condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Audience {
    /// Its name.
    pub name: String,
    /// Its name for the visitor's eyes.
    pub title: String,
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
    /// It appears over the page rather than in it.
    pub overlay: bool,
    /// What it shows when no offer fits; without it, what the page has there.
    pub fallback: Option<Value>,
}

const SECTIONS: [&str; 9] = [
    "$schema",
    "site",
    "savedGroups",
    "interests",
    "audiences",
    "lifecycle",
    "placements",
    "pressure",
    "offers",
];

/// Reads a config. What it holds is sound; what is not is among the problems, in the order of the text.
pub fn read(text: &str, host: &dyn Host) -> (Config, Vec<Problem>) {
    let mut report = Report::new(text, host);
    if text.len() > limits::CONFIG {
        let what = "this config has more than % bytes";
        let remedy = "leave offers out that are over, or write several configs for several parts of the site";
        report.error(
            &Node::root(&Value::Null),
            what,
            remedy,
            &[&decimal(limits::CONFIG as i64)],
        );
        return (Config::default(), report.finish(&[]));
    }
    let (value, faults) = json::read(text, host);
    let mut config = Config::default();
    if let Some(value) = &value {
        let root = Node::root(value);
        if report.object(&root, "the config", &SECTIONS, &[]) {
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
    config.ids = offer::ids(section("offers"));
    // Where there are too many, which is an error, none is known.
    let names = |key| -> Vec<&str> {
        let members = Some(section(key).members()).filter(|members| members.len() <= limits::NAMED);
        members.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    };
    let built_in = json::read(lifecycle::BUILT_IN, report.host).0.unwrap_or_default();
    let lifecycle = root.get("lifecycle").unwrap_or(Node::root(&built_in));
    let mut rules = Rules::new(section("savedGroups"), &names("audiences"), config.ids.clone());
    rules.topics = names("interests");
    rules.stages = lifecycle::names(lifecycle.value);
    if let Some(groups) = root.get("savedGroups")
        && report.few(&groups, limits::NAMED)
    {
        rules.check_groups(&groups, report);
    }
    if let Some(interests) = root.get("interests").filter(|node| report.few(node, limits::NAMED)) {
        config.interests = interest::read(&interests, &mut rules, report);
        for interest in &config.interests {
            rules.topic_tallies.push(interest.tally);
            rules.asked_topics.push(false);
        }
    }
    if let Some(audiences) = root
        .get("audiences")
        .filter(|node| report.map(node, "audiences by name") && report.few(node, limits::NAMED))
    {
        for (name, node) in audiences.members() {
            let before = report.errors();
            let title = node
                .get("$title")
                .and_then(|title| report.text(&title, "Regulars").map(str::to_owned));
            let rest = node.value.without("$title");
            let mut condition = rules.condition(&node.standing_for(&rest), report);
            if report.errors() > before {
                condition = Condition::Broken;
            }
            config.audiences.push(Audience {
                name: name.to_owned(),
                title: title.unwrap_or_else(|| name.to_owned()),
                condition,
            });
        }
        let reach = Reach::of(&config.audiences);
        break_cycles(&audiences, &reach, config, report);
        weigh(&audiences, &reach, config, &mut rules, report);
        rules.broken_audiences = broken(&reach, &config.audiences);
    }
    if root.get("lifecycle").is_some() {
        let before = report.errors();
        config.stages = lifecycle::read(&lifecycle, &config.audiences, &mut rules, report);
        if report.errors() > before {
            rules.lifecycle_is_broken = true;
            // A stage that depends on itself would be asked for without end.
            config.stages.clear();
            for (index, audience) in config.audiences.iter().enumerate() {
                if asks_stage(&audience.condition, &config.audiences, &mut Vec::new()) {
                    rules.broken_audiences.push(index);
                }
            }
        }
    }
    if let Some(placements) = root
        .get("placements")
        .filter(|node| report.map(node, "placements by name") && report.few(node, limits::NAMED))
    {
        for (name, node) in placements.members() {
            config.placements.push(placement(name, &node, report));
        }
    }
    if let Some(pressure) = root.get("pressure").filter(|node| report.few(node, limits::IN_TURN)) {
        pressure::read(&pressure, config, &mut rules, report);
    }
    match root.get("offers") {
        Some(offers) if matches!(offers.value, Value::List(_)) => {
            if report.few(&offers, limits::OFFERS) {
                for node in offers.items() {
                    offer::read(&node, config, &mut rules, report);
                }
            }
        }
        Some(offers) => report.expected(&offers, "a list of offers", "write `[ {…}, {…} ]`"),
        None => report.warn(root, "there are no offers", "write `\"offers\": [ … ]`", &[]),
    }
    if rules.asks_stage && root.get("lifecycle").is_none() {
        config.stages = lifecycle::read(&lifecycle, &config.audiences, &mut rules, report);
    }
    // The rule that asks may be the one with an error.
    if let Some(interests) = root.get("interests").filter(|_| report.errors() == 0) {
        for (interest, is_asked) in config.interests.iter().zip(&rules.asked_topics) {
            if let (false, Some(node)) = (*is_asked, interests.get(&interest.topic)) {
                let what = "no rule asks about the interest `%`, so it is not kept";
                let remedy = "ask about `interest.%` in a condition or a `fit`, or remove it";
                report.warn(&node, what, remedy, &[&interest.topic, &interest.topic]);
            }
        }
    }
    config.happenings = rules.happenings;
    config.tallies = rules.tallies;
    config.tally_names = rules.tally_names;
}

fn placement(name: &str, node: &Node, report: &mut Report) -> Placement {
    let mut placement = Placement {
        name: name.to_owned(),
        take: 1,
        overlay: false,
        fallback: None,
    };
    if report.object(node, "a placement", &["kind", "take", "fallback"], &[]) {
        if let Some(kind) = node.get("kind") {
            match report.text(&kind, "overlay") {
                Some("overlay") => placement.overlay = true,
                Some(other) => report.unknown(&kind, false, "kind", other, &["overlay"]),
                None => {}
            }
            for key in ["take", "fallback"] {
                if let (true, Some(node)) = (placement.overlay, node.get(key)) {
                    let what = "an overlay shows one offer or nothing, so `%` says nothing here";
                    report.wrong_key(&node, what, "remove it", &[key]);
                }
            }
        }
        if let Some(take) = node.get("take").and_then(|take| report.count(&take, 100)) {
            placement.take = take as usize;
        }
        if let Some(fallback) = node.get("fallback") {
            let before = report.errors();
            content::check(&fallback, Some(false), report);
            placement.fallback = (report.errors() == before).then(|| fallback.value.clone());
        }
    }
    placement
}

/// An audience that needs itself can't be known.
fn break_cycles(node: &Node, reach: &Reach, config: &mut Config, report: &mut Report) {
    for (index, audience) in config.audiences.iter_mut().enumerate() {
        if reach.leads(index, index) {
            audience.condition = Condition::Broken;
            if let Some(own) = node.get(&audience.name) {
                let remedy = "leave the audience out of its own condition";
                report.wrong_key(&own, "audience `%` is defined by itself", remedy, &[&audience.name]);
            }
        }
    }
}

/// Audiences that name others more than once grow with each of them.
fn weigh(node: &Node, reach: &Reach, config: &mut Config, rules: &mut Rules, report: &mut Report) {
    rules.weights = vec![Weight::default(); config.audiences.len()];
    for index in reach.in_order() {
        let Some(audience) = config.audiences.get_mut(index) else {
            continue;
        };
        let own = node.get(&audience.name).unwrap_or(*node);
        if rules.is_too_heavy(&audience.condition, &own, report) {
            audience.condition = Condition::Broken;
        }
        let weight = Weight::of(&audience.condition, &rules.weights);
        if let Some(known) = rules.weights.get_mut(index) {
            *known = weight;
        }
    }
}

/// The audiences that have an error, or name one that has, or one that names it.
fn broken(reach: &Reach, audiences: &[Audience]) -> Vec<usize> {
    let is_broken = |index: &usize| {
        let audience = audiences.get(*index);
        audience.is_some_and(|audience| matches!(audience.condition, Condition::Broken))
    };
    let count = audiences.len();
    let known: Vec<usize> = (0..count).filter(is_broken).collect();
    (0..count)
        .filter(|index| is_broken(index) || known.iter().any(|wanted| reach.leads(*index, *wanted)))
        .collect()
}

/// Whether a condition, or an audience that it names, asks about the stage.
fn asks_stage(condition: &Condition, audiences: &[Audience], seen: &mut Vec<usize>) -> bool {
    let mut asks = false;
    condition.walk(&mut |part| match part {
        Condition::Is(test) => {
            asks |= matches!(
                test.path,
                Path::Known(Known::StageNow | Known::StageBefore | Known::StageDays)
            );
        }
        Condition::Audience(index) if !seen.contains(index) => {
            seen.push(*index);
            let named = audiences.get(*index);
            asks |= named.is_some_and(|audience| asks_stage(&audience.condition, audiences, seen));
        }
        _ => {}
    });
    asks
}
