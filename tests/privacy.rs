//! What the visitor is owed: a ledger of all that is kept, corrections, and silence about what is nobody's business.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{DAY, HOUR, MINUTE, SECOND, at, broken_engine, engine, offer, shown, value, view};
use maitre::condition::Outcome;
use maitre::decide::Status;
use maitre::host::Native;
use maitre::ledger::ledger;
use maitre::time::Millis;
use maitre::{Engine, Found};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const NOON: &str = "2026-11-20T12:00:00Z";

/// The ledger of what an engine knows, under its config.
fn ledger_of(config: &Json, engine: &Engine, now: Millis) -> Json {
    let written = ledger(&config.to_string(), &engine.known(), now, &Native);
    serde_json::from_str(&written.to_json(&Native)).expect("JSON")
}

fn entries(ledger: &Json) -> &Vec<Json> {
    ledger["entries"].as_array().expect("entries")
}

/// The shop's own config.
fn shop() -> Json {
    let text = std::fs::read_to_string("www/offers.json").expect("the shop's offers");
    serde_json::from_str(&text).expect("JSON")
}

/// What a visitor of the shop may do.
const DEEDS: [(&str, &str); 9] = [
    (
        "view_item",
        r#"{ "item_id": "LF-101", "item_category": "running", "item_category2": "shoes", "price": 120 }"#,
    ),
    (
        "view_item",
        r#"{ "item_id": "LF-301", "item_category": "hiking", "price": 80 }"#,
    ),
    (
        "add_to_cart",
        r#"{ "item_id": "LF-101", "item_category": "running", "item_category2": "shoes", "price": 120 }"#,
    ),
    ("view_cart", "{}"),
    ("purchase", r#"{ "value": 120 }"#),
    ("share", "{}"),
    ("file_download", r#"{ "file_name": "/guide/size-chart.pdf" }"#),
    ("form_submit", r#"{ "form_id": "letter" }"#),
    ("view_search_results", r#"{ "search_term": "size" }"#),
];

fn live(config: &Json, deeds: &[(u8, Millis)], from: Millis) -> (Engine, Millis) {
    let mut engine = engine(config);
    let mut now = from;
    let offers = config["offers"].as_array().expect("offers");
    for (deed, pause) in deeds {
        now += pause;
        let deed = usize::from(*deed);
        match deed % 12 {
            index @ 0..9 => {
                let (event, params) = DEEDS[index];
                engine.observe(event, value(&serde_json::from_str(params).unwrap()), now);
            }
            9 => view(&mut engine, "/running/", now),
            10 => view(&mut engine, "/guide/", now),
            _ => {
                let id = offers[deed / 12 % offers.len()]["id"].as_str().unwrap();
                let outcome = [Outcome::Exposed, Outcome::Clicked, Outcome::Dismissed][deed % 3];
                engine.outcome(id, outcome, now);
            }
        }
    }
    (engine, now)
}

/// What an entry is about, whatever it says of it.
fn about(entry: &Json) -> String {
    let parts = [
        "kind",
        "fact",
        "what",
        "events",
        "of",
        "topic",
        "offer",
        "placements",
        "name",
    ];
    parts.map(|part| entry[part].to_string()).join(" ")
}

fn deeds() -> impl Strategy<Value = Vec<(u8, Millis)>> {
    let pause = prop_oneof![SECOND..MINUTE, HOUR..DAY, DAY..20 * DAY];
    prop::collection::vec((any::<u8>(), pause), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing is kept that the ledger doesn't name, with a reason.
    #[test]
    fn every_record_that_is_kept_is_in_the_ledger_with_a_reason(deeds in deeds()) {
        let config = shop();
        let (engine, now) = live(&config, &deeds, at(NOON));
        let ledger = ledger_of(&config, &engine, now);
        prop_assert_eq!(&ledger["others"], &json!(0));
        for entry in entries(&ledger) {
            prop_assert!(!entry["why"].as_array().unwrap().is_empty(), "{}", entry);
        }
        // A record each, but for the one that says when the profile was touched, and for how the visit began, which is in that of the visit;
        // topics are named before anything is known of them.
        let records = engine.known().split('.').count().saturating_sub(2);
        let is_record = |entry: &&Json| {
            entry["kind"] != "arrival" && (entry["kind"] != "interest" || entry["score"] != json!(0) || entry["muted"] == json!(true))
        };
        let named = entries(&ledger).iter().filter(is_record).count();
        let faded = entries(&ledger).iter().filter(|entry| entry["kind"] == "interest" && entry["score"] == json!(0)).count();
        prop_assert!(named <= records && records <= named + faded, "{} in {}", records, ledger);
    }

    /// A reason is one: with nothing but one offer that is named, the thing is kept still; with none of those that are, it is not.
    #[test]
    fn the_rules_that_the_ledger_names_are_those_that_need_it(deeds in deeds(), choice in any::<prop::sample::Index>(), reason in any::<prop::sample::Index>()) {
        let config = shop();
        let (lived, now) = live(&config, &deeds, at(NOON));
        let whole = ledger_of(&config, &lived, now);
        let asked: Vec<&Json> = entries(&whole).iter().filter(|entry| ["count", "interest", "cart", "offer"].contains(&entry["kind"].as_str().unwrap())).collect();
        let entry = asked[choice.index(asked.len())];
        let why = entry["why"].as_array().unwrap();
        let ids: Vec<&str> = why.iter().filter(|why| why["by"] == "offer").map(|why| why["id"].as_str().unwrap()).collect();
        let is_named = |offer: &Json| ids.contains(&offer["id"].as_str().unwrap());
        // The profile as it was stored, read under another config.
        let under = |offers: Vec<Json>| {
            let mut other = config.clone();
            other["offers"] = offers.into();
            other["pressure"] = json!([]);
            let mut engine = broken_engine(&other.to_string());
            engine.load([lived.known().as_str()], "", now);
            let ledger = ledger_of(&other, &engine, now);
            entries(&ledger).iter().any(|other| about(other) == about(entry))
        };
        let all = config["offers"].as_array().unwrap();
        if !ids.is_empty() {
            let one = ids[reason.index(ids.len())];
            // Stages are asked for by an offer, and kept for the lifecycle; a family's silence needs both.
            let kin = all.iter().find(|offer| offer["id"] == one).unwrap()["family"].clone();
            let close = |offer: &&Json| offer["id"] == one || (!kin.is_null() && offer["family"] == kin);
            prop_assert!(under(all.iter().filter(close).cloned().collect()), "{} for {}", entry, one);
        }
        let others = ["lifecycle", "freshness"];
        if !why.iter().any(|why| others.contains(&why["by"].as_str().unwrap())) {
            prop_assert!(!under(all.iter().filter(|offer| !is_named(offer)).cloned().collect()), "{}", entry);
        }
    }
}

#[test]
fn the_ledger_says_what_why_and_until_when() {
    let config = json!({
        "site": { "timezone": "Europe/Paris", "retention": "180d", "keep": ["plan"] },
        "interests": { "running": { "title": "Running", "halfLife": "14d", "from": [{ "event": "view_item", "where": { "item_category": "running" } }] } },
        "audiences": { "fan": { "$title": "Fans", "interest.running": { "$gte": 1 } } },
        "placements": { "hero": {} },
        "pressure": [{ "cap": { "exposures": 5, "per": "1d" } }],
        "offers": [
            { "id": "a", "placement": "hero", "eligible": { "audience": "fan" }, "cap": { "exposures": 3, "per": "7d" }, "content": { "template": "text", "title": "Hello" } },
            { "id": "b", "placement": "hero", "eligible": { "$did": { "event": "purchase", "within": "7d", "sum": "value", "is": { "$gte": 9 } }, "user.plan": "pro" }, "content": { "template": "text", "text": "Thank you" } },
        ],
    });
    let mut engine = engine(&config);
    let noon = at(NOON);
    engine.user(&value(&json!({ "plan": "pro", "name": "no rule asks" })), noon);
    engine.observe("view_item", value(&json!({ "item_category": "running" })), noon);
    engine.observe("purchase", value(&json!({ "value": 20 })), noon);
    engine.outcome("a", Outcome::Exposed, noon);
    let written = ledger_of(&config, &engine, noon + HOUR);
    assert_eq!(written["until"], json!(noon + 180 * DAY));
    let find = |kind: &str| {
        entries(&written)
            .iter()
            .find(|entry| entry["kind"] == kind)
            .cloned()
            .unwrap_or_default()
    };
    let interest = find("interest");
    assert_eq!(
        interest["why"],
        json!([{ "by": "offer", "id": "a", "title": "Hello" }, { "by": "audience", "id": "fan", "title": "Fans" }])
    );
    assert_eq!(
        [&interest["topic"], &interest["muted"], &interest["private"]],
        [&json!("running"), &json!(false), &json!(false)]
    );
    assert_eq!(
        interest["events"],
        json!([{ "event": "view_item", "where": [{ "name": "item_category", "values": ["running"] }] }])
    );
    let count = find("count");
    assert_eq!(
        [&count["what"], &count["of"], &count["figure"], &count["window"]],
        [&json!("sum"), &json!("value"), &json!(20), &json!(7 * DAY)]
    );
    // The last hour that the window reaches over.
    assert_eq!(count["until"], json!(noon.div_euclid(HOUR) * HOUR + 7 * DAY));
    assert_eq!(find("attribute")["name"], json!("plan"));
    assert_eq!(find("attribute")["why"], json!([{ "by": "site" }]));
    assert_eq!(find("offer")["exposed"], json!({ "times": 1, "last": noon }));
    assert_eq!(find("pressure")["why"], json!([{ "by": "pressure" }]));
    assert_eq!(find("pressure")["placements"], json!(["hero"]));
    assert_eq!(find("visit"), Json::Null, "no rule asks for it");
}

#[test]
fn what_the_ledger_says_goes_by_itself_goes_then() {
    let condition = json!({ "$did": { "event": "view", "within": "3d" } });
    let config = kit::config(&[offer("a", json!({ "eligible": condition }))]);
    for hour in 0..30 {
        let mut visitor = engine(&config);
        let then = at(NOON) + hour * HOUR;
        visitor.observe("view", value(&json!({})), then);
        let written = ledger_of(&config, &visitor, then);
        let until = entries(&written)[0]["until"].as_i64().expect("an end");
        assert!(until > then + 3 * DAY - HOUR && until <= then + 3 * DAY, "{hour}");
        let left = |now: Millis| {
            let mut later = engine(&config);
            later.load([visitor.save().as_str()], "", now);
            entries(&ledger_of(&config, &later, now))
                .iter()
                .filter(|entry| entry["figure"] == json!(1))
                .count()
        };
        assert_eq!([left(until - 1), left(until)], [1, 0], "{hour}");
    }
}

#[test]
fn what_no_rule_asks_for_any_more_is_counted() {
    let config = kit::config(&[
        offer("a", json!({ "eligible": { "$did": { "event": "view" } } })),
        offer("b", json!({ "cap": { "exposures": 1 } })),
    ]);
    let mut engine = engine(&config);
    engine.observe("view", value(&json!({})), at(NOON));
    engine.outcome("b", Outcome::Exposed, at(NOON));
    let less = kit::config(&[offer("a", json!({ "eligible": { "$did": { "event": "view" } } }))]);
    let written = ledger_of(&less, &engine, at(NOON));
    assert_eq!(written["others"], json!(1));
    assert_eq!(entries(&written).len(), 1);
}

// ── corrections ────────────────────────────────────────────────────────────────────────────────────────────────────────

fn topics(more: Json) -> Json {
    let mut running = json!({ "halfLife": "1d", "from": [{ "event": "view" }] });
    running
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let mut config = kit::config(&[
        offer("fan", json!({ "eligible": { "interest.running": { "$gte": 2 } } })),
        offer("top", json!({ "eligible": { "interest.top": "running" } })),
        offer("other", json!({ "eligible": { "page.path": "/" } })),
    ]);
    config["interests"] = json!({ "running": running });
    config
}

fn score(engine: &Engine, now: Millis) -> f64 {
    engine.interests(now)[0].2
}

#[test]
fn what_the_visitor_corrects_counts_from_then_on_and_fades() {
    let mut engine = engine(&topics(json!({})));
    let noon = at(NOON);
    for _ in 0..5 {
        engine.observe("view", value(&json!({})), noon);
    }
    assert!(engine.correct("running", 3.0, noon + SECOND));
    assert!((score(&engine, noon + SECOND) - 3.0).abs() < 1e-9);
    assert!((score(&engine, noon + SECOND + DAY) - 1.5).abs() < 1e-9);
    engine.observe("view", value(&json!({})), noon + SECOND + DAY);
    assert!((score(&engine, noon + SECOND + DAY) - 2.5).abs() < 1e-9);
    assert!(engine.correct("running", 0.0, noon + 2 * DAY));
    assert_eq!(score(&engine, noon + 2 * DAY), 0.0);
    engine.mute("running", true, noon + 2 * DAY);
    assert!(
        engine.correct("running", 1.0, noon + 2 * DAY),
        "whoever corrects a topic wants it noticed"
    );
    assert!((score(&engine, noon + 2 * DAY) - 1.0).abs() < 1e-9);
    for nonsense in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(!engine.correct("running", nonsense, noon + 3 * DAY));
    }
    assert!(!engine.correct("nothing", 1.0, noon + 3 * DAY));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever tabs do and in which order they are read: the last correction, and what was added since.
    #[test]
    fn a_correction_is_one_in_every_tab(steps in prop::collection::vec((0..2_usize, 0..3_u8, SECOND..DAY), 1..20), turned in any::<bool>()) {
        let config = topics(json!({}));
        let mut tabs = [engine(&config), engine(&config)];
        let mut now = at(NOON);
        let mut naive: Option<(f64, Millis)> = None;
        for (tab, deed, pause) in steps {
            now += pause;
            let faded = naive.map_or(0.0, |(score, at)| score * 2_f64.powf(-((now - at) as f64) / DAY as f64));
            if deed == 0 {
                prop_assert!(tabs[tab].correct("running", 4.0, now));
                naive = Some((4.0, now));
            } else {
                tabs[tab].observe("view", value(&json!({})), now);
                naive = Some((faded + 1.0, now));
            }
            let text = tabs[tab].save();
            tabs[tab].written();
            tabs[1 - tab].load([text.as_str()], "", now);
        }
        let mut texts = [tabs[0].save(), tabs[1].save()];
        if turned {
            texts.reverse();
        }
        let mut third = engine(&config);
        prop_assert_eq!(third.load(texts.iter().map(String::as_str), "", now), Found::Tidy);
        let faded = naive.map_or(0.0, |(score, at)| score * 2_f64.powf(-((now - at) as f64) / DAY as f64));
        prop_assert!((score(&third, now) - faded).abs() < 1e-6, "{} {}", score(&third, now), faded);
    }
}

// ── nobody's business ──────────────────────────────────────────────────────────────────────────────────────────────────

fn problems(config: &Json) -> Vec<(String, String, String)> {
    let engine = broken_engine(&config.to_string());
    engine
        .problems()
        .iter()
        .map(|problem| (problem.path.clone(), problem.what.clone(), problem.remedy.clone()))
        .collect()
}

#[test]
fn an_interest_in_what_is_nobodys_business_needs_a_ground() {
    for (interest, matter, word) in [
        (
            json!({ "title": "Living with diabetes", "from": [{ "event": "view" }] }),
            "health",
            "diabetes",
        ),
        (
            json!({ "from": [{ "event": "view", "where": { "item_category": { "$in": ["books", "Catholic life"] } } }] }),
            "belief",
            "catholic",
        ),
        (
            json!({ "title": "Weight loss", "from": [{ "event": "view" }] }),
            "health",
            "weight loss",
        ),
        (
            json!({ "from": [{ "event": "view", "where": { "item_category": "Umstandsmode" } }] }),
            "health",
            "umstandsmode",
        ),
        (
            json!({ "from": [{ "event": "view_election_news" }] }),
            "politics",
            "election",
        ),
    ] {
        let mut config = topics(json!({}));
        config["interests"]["running"] = interest.clone();
        let found = problems(&config);
        assert_eq!(found[0].0, "$.interests.running", "{interest}");
        assert!(
            found[0].1.contains(&format!("about {matter} (`{word}`)")),
            "{}",
            found[0].1
        );
        assert!(
            found[0].2.contains("\"explicit_consent\"") && found[0].2.contains("\"unrelated\""),
            "{}",
            found[0].2
        );
        // The offers that ask for it are left out, the others run.
        let mut engine = broken_engine(&config.to_string());
        view(&mut engine, "/", at(NOON));
        assert_eq!(shown(&engine, "hero", at(NOON)), ["other"]);
        for ground in ["explicit_consent", "members", "made_public", "unrelated"] {
            config["interests"]["running"]["ground"] = json!(ground);
            assert_eq!(problems(&config), [], "{ground}");
        }
        config["interests"]["running"]["ground"] = json!("because");
        assert!(problems(&config)[0].1.contains("unknown ground `because`"));
    }
}

#[test]
fn what_is_nobodys_business_is_told_to_no_script_but_in_the_ledger() {
    let config = topics(json!({ "title": "Health", "ground": "explicit_consent" }));
    let mut engine = engine(&config);
    let noon = at(NOON);
    view(&mut engine, "/", noon);
    for _ in 0..3 {
        engine.observe("view", value(&json!({})), noon);
    }
    assert_eq!(engine.interests(noon), []);
    // It decides, can be muted and corrected.
    assert!(shown(&engine, "hero", noon).contains(&"fan"));
    let explanation = engine.explain("hero", noon).unwrap();
    let is_told = explanation.offers.iter().all(|offer| offer.status != Status::Private);
    assert!(is_told, "who writes offers may know");
    let discreet = explanation.discreet(engine.plan());
    for offer in &discreet.offers {
        assert_eq!(
            offer.status == Status::Private,
            offer.offer != "other",
            "{}",
            offer.offer
        );
        if offer.status == Status::Private {
            assert_eq!((offer.held.len(), offer.rank.total, offer.rank.fit), (0, 0.0, 0.0));
            assert!(!format!("{offer:?}").contains("running"), "{offer:?}");
        }
    }
    let written = ledger_of(&config, &engine, noon);
    let entry = entries(&written)
        .iter()
        .find(|entry| entry["kind"] == "interest")
        .unwrap();
    assert_eq!([&entry["private"], &entry["score"]], [&json!(true), &json!(3)]);
    assert!(engine.correct("running", 1.0, noon + SECOND));
    assert!(engine.mute("running", true, noon + SECOND));
    // The words mean something else: then it is an interest like any.
    let plain = kit::engine(&topics(json!({ "title": "Health", "ground": "unrelated" })));
    assert_eq!(plain.interests(noon).len(), 1);
}

#[test]
fn a_stage_that_rests_on_what_is_nobodys_business_is_told_to_no_script() {
    let mut config = topics(json!({ "title": "Health", "ground": "members" }));
    config["lifecycle"] =
        json!([{ "stage": "patient", "when": { "interest.running": { "$gte": 1 } } }, { "stage": "new" }]);
    config["offers"]
        .as_array_mut()
        .unwrap()
        .push(offer("staged", json!({ "eligible": { "stage.now": "patient" } })));
    let mut engine = engine(&config);
    view(&mut engine, "/", at(NOON));
    let discreet = engine.explain("hero", at(NOON)).unwrap().discreet(engine.plan());
    let staged = discreet.offers.iter().find(|offer| offer.offer == "staged").unwrap();
    assert_eq!(staged.status, Status::Private);
}
