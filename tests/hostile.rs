//! What comes from outside stays small and shallow, whoever wrote it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{at, broken_engine, engine, one, shows, value, view};
use maitre::host::Native;
use maitre::json::{parse, read};
use serde_json::json;

const NOON: &str = "2026-11-20T12:00:00Z";

#[test]
fn an_address_does_not_swell_a_profile() {
    const LONGEST: usize = 256;
    let asked = [
        "visit.entry",
        "visit.referrer",
        "visit.utm.source",
        "visit.utm.campaign",
    ];
    let nowhere = json!({ "$or": asked.map(|path| json!({ path: "nowhere" })) });
    let mut engine = engine(&one(json!({ "eligible": { "$nor": [nowhere] } })));
    let long = "x".repeat(100_000);
    let page = json!({
        "path": format!("/{long}"),
        "referrer": format!("https://elsewhere.example/{long}"),
        "query": { "utm_source": long, "utm_campaign": long }
    });
    engine.page(value(&page), at(NOON));
    assert!(shows(&engine, "a", at(NOON)));
    // As text, four letters for three bytes; and some for what else is kept of a visit.
    let most = asked.len() * LONGEST * 4 / 3 + 200;
    let stored = engine.save();
    assert!((LONGEST..most).contains(&stored.len()), "{} letters", stored.len());
}

#[test]
fn what_is_nested_too_deeply_is_nothing() {
    let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    for levels in [95, 96, 97, 1_000_000] {
        let text = nested(levels);
        assert_eq!(parse(&text, &Native).is_some(), levels == 95, "{levels}");
        assert_eq!(read(&text, &Native).0.is_some(), levels == 95, "{levels}");
    }
    // A condition is no deeper than the JSON that it is written in.
    let denied = |levels: usize| format!("{}{{}}{}", r#"{"$not":"#.repeat(levels), "}".repeat(levels));
    for levels in [40, 1_000_000] {
        let config = one(json!({ "eligible": "HERE" }))
            .to_string()
            .replace(r#""HERE""#, &denied(levels));
        let mut engine = broken_engine(&config);
        assert_eq!(engine.problems().is_empty(), levels == 40, "{levels}");
        view(&mut engine, "/", at(NOON));
        let decision = engine.decide("hero", at(NOON));
        assert_eq!(
            decision.is_some_and(|decision| !decision.offers.is_empty()),
            levels == 40,
            "{levels}"
        );
    }
}
