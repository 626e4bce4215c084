//! What the tests of the public face share: engines at a given moment, and what they answer.

#![allow(dead_code, reason = "each test file uses the part it needs")]

use maitre::Engine;
use maitre::config::Problem;
use maitre::decide::OfferExplanation;
use maitre::host::Native;
use maitre::json::{Value, read};
use maitre::time::Millis;
use serde_json::{Value as Json, json};

pub const SECOND: Millis = 1000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// An instant, written as RFC 3339 has it.
pub fn at(text: &str) -> Millis {
    text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond()
}

/// An engine on a config that has no problem, but perhaps an interest more than its rules ask about.
pub fn engine(config: &Json) -> Engine {
    let engine = broken_engine(&config.to_string());
    let is_unasked = |problem: &&Problem| problem.what.starts_with("no rule asks about the interest");
    let problems: Vec<_> = engine
        .problems()
        .iter()
        .filter(|problem| !is_unasked(problem))
        .collect();
    assert!(problems.is_empty(), "{config}: {problems:?}");
    engine
}

/// An engine on any text.
pub fn broken_engine(config: &str) -> Engine {
    Engine::new(config, "Europe/Paris", Box::new(Native))
}

/// A JSON value as the engine takes it.
pub fn value(json: &Json) -> Value {
    read(&json.to_string(), &Native).0.expect("JSON")
}

/// A page view.
pub fn view(engine: &mut Engine, path: &str, now: Millis) {
    engine.page(value(&json!({ "path": path })), now);
}

/// An offer in the placement `hero`, with more members.
pub fn offer(id: &str, more: Json) -> Json {
    let mut offer = json!({ "id": id, "placement": "hero", "content": { "template": "text", "text": id } });
    for (key, member) in more.as_object().expect("an object") {
        offer[key] = member.clone();
    }
    offer
}

/// A config with offers for `hero`, which shows as many of them as can be shown.
pub fn config(offers: &[Json]) -> Json {
    json!({ "placements": { "hero": { "take": 100 } }, "offers": offers })
}

/// A config with one offer, called `a`.
pub fn one(more: Json) -> Json {
    config(&[offer("a", more)])
}

/// The ids of what a placement shows.
pub fn shown<'e>(engine: &'e Engine, placement: &str, now: Millis) -> Vec<&'e str> {
    let decision = engine.decide(placement, now).expect("the placement");
    decision.offers.iter().map(|offer| engine.plan().id(*offer)).collect()
}

/// Whether `hero` shows the offer.
pub fn shows(engine: &Engine, offer: &str, now: Millis) -> bool {
    shown(engine, "hero", now).contains(&offer)
}

/// What `hero` has to say of an offer.
pub fn why<'e>(engine: &'e Engine, offer: &str, now: Millis) -> OfferExplanation<'e> {
    let explanation = engine.explain("hero", now).expect("the placement");
    let mut offers = explanation.offers.into_iter();
    offers.find(|found| found.offer == offer).expect("the offer")
}

/// An engine on the same config that knows what `texts` hold.
pub fn loaded(config: &Json, texts: &[&str], now: Millis) -> Engine {
    let mut engine = engine(config);
    engine.load(texts.iter().copied(), "", now);
    engine
}
