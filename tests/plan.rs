//! The plan as bytes: what is made ahead runs as the config itself does, and what is damaged is not run at all.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{at, value};
use maitre::condition::Outcome;
use maitre::config::{self, Signal};
use maitre::host::Native;
use maitre::plan::Plan;
use maitre::{Engine, json};
use proptest::prelude::*;
use serde_json::json;

const OFFERS: &str = include_str!("../www/offers.json");
const START: &str = "2026-11-20T10:00:00+01:00";

/// Every part that a plan can have.
const ALL: &str = r#"{
  "site": { "timezone": "visitor", "visit": { "timeout": "20m" }, "retention": "90d", "balance": { "site": 2 }, "keep": ["plan"] },
  "savedGroups": { "pros": { "type": "list", "attributeKey": "user.id", "values": ["a", 1] } },
  "interests": { "running": { "title": "Running", "halfLife": "3d", "from": [{ "event": "view_item", "where": { "item_category": "running" }, "add": 1.5 }] } },
  "audiences": { "back": { "visit.number": { "$gte": 2 } }, "either": { "$or": [{ "audience": "back" }, { "$not": { "page.path": { "$regexi": "^/a" } } }] } },
  "lifecycle": [{ "stage": "keen", "when": { "$did": { "event": "view_item", "times": { "$gte": 3 } } } }, { "stage": "new" }],
  "placements": { "hero": { "fallback": { "template": "card", "title": "Hello" } }, "aside": { "take": 2 }, "over": { "kind": "overlay" } },
  "pressure": [{ "placements": "over", "cap": [{ "exposures": 1, "per": "page" }, { "exposures": 3, "per": "2d" }] },
    { "rest": "1h", "after": { "event": "purchase" } }, { "placements": "aside", "quiet": "23-6" }],
  "offers": [
    { "id": "a", "placement": ["hero", "aside"], "family": "f", "eligible": { "audience": "either", "interest.running": { "$gte": 0.5 } }, "value": { "site": 2, "visitor": 1.25 }, "fit": "interest.running", "content": { "template": "card", "title": "A" } },
    { "id": "b", "placement": "aside", "family": "f", "eligible": { "user.plan": { "$in": ["pro", null], "$not": { "$size": 3 } }, "user.tags": { "$elemMatch": { "$eq": "x" } } }, "cap": { "exposures": 2, "per": "visit" }, "rest": { "after": "dismissed", "for": "2d" }, "content": { "template": "own", "count": 3 } },
    { "id": "c", "placement": "hero", "eligible": { "$did": { "event": "purchase", "within": "7d", "sum": "value", "is": { "$gte": 20 } } }, "schedule": { "from": "2026-11-20T09:00", "to": "2027-02-01", "hours": "6-23" }, "content": { "template": "card", "title": "C" } },
    { "id": "d", "placement": "over", "trigger": ["exit_intent", { "dwell": "30s" }, { "event": "add_to_cart" }, { "stage": "keen" }], "cap": { "exposures": 4 }, "content": { "template": "modal", "title": "D" } },
    { "id": "e", "placement": "hero", "eligible": { "$did": { "sequence": [{ "event": "view_item" }, { "event": "add_to_cart" }], "without": { "event": "purchase" }, "within": "2h" }, "stage.before": { "$exists": true }, "user.version": { "$vgte": "1.2" }, "offer.a.exposures": { "$lt": 9 } }, "content": { "template": "card", "title": "E" } },
    { "id": "f", "placement": "aside", "eligible": { "$did": { "event": "view_item", "distinct": "item_id", "is": { "$gt": 1 } }, "user.id": { "$inGroup": "pros" }, "interest.top": "running", "cart.items": 1 }, "content": { "template": "card", "title": "F" } } ] }"#;

fn compiled(text: &str) -> Vec<u8> {
    let (config, problems) = config::read(text, &Native);
    assert!(config.sound, "{problems:?}");
    Plan::compile(&config, false, &Native).encode()
}

fn from_plan(bytes: &[u8]) -> Engine {
    let plan = Plan::decode(bytes, "Europe/Paris", &Native).expect("a plan");
    Engine::run(plan, Box::new(Native))
}

/// One thing that happens.
fn happen(engine: &mut Engine, what: u8, now: i64) {
    let category = if what.is_multiple_of(2) { "running" } else { "hiking" };
    let plan = engine.plan();
    let ids: Vec<String> = plan.offers().map(|offer| plan.id(offer).to_owned()).collect();
    let id = ids.get(usize::from(what) % ids.len()).cloned().unwrap_or_default();
    match what % 12 {
        0 | 1 => engine.page(value(&json!({ "path": if what > 99 { "/a" } else { "/b" } })), now),
        2 | 3 => {
            engine.observe(
                "view_item",
                value(&json!({ "item_category": category, "item_id": what })),
                now,
            );
        }
        4 => {
            engine.observe(
                "add_to_cart",
                value(&json!({ "item_category": category, "price": 9.5 })),
                now,
            );
        }
        5 => {
            engine.observe("purchase", value(&json!({ "value": f64::from(what) / 4.0 })), now);
        }
        6 => engine.user(
            &value(&json!({ "plan": "pro", "tags": ["x"], "version": "1.3", "id": 1 })),
            now,
        ),
        7 => {
            engine.signal(Signal::ExitIntent, 0.0, now);
        }
        8 => {
            engine.signal(Signal::Dwell, f64::from(what) * 1000.0, now);
        }
        9 => {
            engine.raised(&id, now);
        }
        other => {
            let outcome = if other == 10 {
                Outcome::Exposed
            } else {
                Outcome::Dismissed
            };
            engine.outcome(&id, outcome, now);
        }
    }
}

fn decisions(engine: &Engine, now: i64) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for placement in engine.plan().placements() {
        let decision = engine.decide(placement.name(), now).expect("a placement");
        all.push(
            decision
                .offers
                .iter()
                .map(|offer| engine.plan().id(*offer).to_owned())
                .collect(),
        );
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_runs_as_its_config_does(demo in any::<bool>(), steps in prop::collection::vec((any::<u8>(), 1_000_i64..4_000_000), 1..40)) {
        let text = if demo { OFFERS } else { ALL };
        let mut ahead = from_plan(&compiled(text));
        let mut now = at(START);
        let mut read = Engine::new(text, "Europe/Paris", Box::new(Native));
        for (what, gap) in steps {
            now += gap;
            happen(&mut ahead, what, now);
            happen(&mut read, what, now);
            prop_assert_eq!(decisions(&ahead, now), decisions(&read, now));
        }
        prop_assert_eq!(ahead.save(), read.save());
    }

    #[test]
    fn a_damaged_plan_is_refused(place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = compiled(ALL);
        let index = place.index(bytes.len());
        bytes[index] ^= 1 << bit;
        prop_assert!(Plan::decode(&bytes, "UTC", &Native).is_none());
        bytes.truncate(index);
        prop_assert!(Plan::decode(&bytes, "UTC", &Native).is_none());
    }
}

#[test]
fn a_plan_is_the_same_every_time_and_smaller_than_its_config() {
    assert_eq!(compiled(OFFERS), compiled(OFFERS));
    assert!(compiled(OFFERS).len() < OFFERS.len());
    // What it says is said with the config's own words.
    let shown = from_plan(&compiled(ALL));
    let content = shown.plan().offers().map(|offer| offer.content().to_owned());
    let (whole, _) = json::read(ALL, &Native);
    let offers = whole
        .as_ref()
        .and_then(|whole| whole.get("offers"))
        .map(json::Value::items);
    let written = offers
        .into_iter()
        .flatten()
        .filter_map(|offer| Some(offer.get("content")?.to_json(&Native)));
    assert!(content.eq(written));
}

#[test]
fn another_version_is_refused() {
    let mut bytes = compiled(ALL);
    assert_eq!(bytes[..4], *b"MTR\x05");
    bytes[4] = b'9';
    assert!(Plan::decode(&bytes, "UTC", &Native).is_none());
    assert!(Plan::decode(b"", "UTC", &Native).is_none());
    assert!(Plan::decode(ALL.as_bytes(), "UTC", &Native).is_none());
}
