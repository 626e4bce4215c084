//! Deciding for the page view that is still to come: what is sure of it, and nothing else.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{MINUTE, SECOND, at, engine, offer, value, view};
use maitre::Engine;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const START: &str = "2026-11-20T10:00:00Z";

/// What is sure of a page of which `page` is known, by placement; `on_page` as of `fill`.
fn sure(engine: &mut Engine, page: &Json, on_page: Option<&Json>, seconds: i64) -> Vec<(String, Vec<String>)> {
    let on_page = on_page.map(|names| engine.on_page(&value(names)));
    let arrangement = engine.ahead(value(page), on_page.as_ref(), at(START) + seconds * SECOND);
    named(engine, &engine.decisions(&arrangement))
}

fn named(engine: &Engine, decisions: &[maitre::decide::Decision]) -> Vec<(String, Vec<String>)> {
    let plan = engine.plan();
    let ids = |offers: &[maitre::plan::Offer]| offers.iter().map(|offer| plan.id(*offer).to_owned()).collect();
    let named = decisions.iter().map(|made| {
        (
            plan.placement(made.placement).unwrap().name().to_owned(),
            ids(&made.offers),
        )
    });
    named.collect()
}

/// What is sure to be in the hero of the next page; `None` when nothing is.
fn hero(engine: &mut Engine, page: &Json) -> Option<Vec<String>> {
    let found = sure(engine, page, None, 10);
    found.into_iter().find(|(name, _)| name == "hero").map(|(_, ids)| ids)
}

/// An engine whose visitor is on a page.
fn met(config: &Json) -> Engine {
    let mut engine = engine(config);
    view(&mut engine, "/", at(START));
    engine
}

fn heroes(offers: &[Json], more: Json) -> Json {
    let mut config = json!({ "placements": { "hero": {} }, "offers": offers });
    for (key, member) in more.as_object().unwrap() {
        config[key] = member.clone();
    }
    config
}

fn ids(ids: &[&str]) -> Option<Vec<String>> {
    Some(ids.iter().map(|id| (*id).to_owned()).collect())
}

#[test]
fn what_does_not_ask_about_the_page_is_sure_of_any() {
    let mut engine = met(&heroes(
        &[
            offer("second", json!({ "eligible": { "visit.pages": 2 } })),
            offer("else", json!({})),
        ],
        json!({}),
    ));
    assert_eq!(hero(&mut engine, &json!({})), ids(&["second"]));
    view(&mut engine, "/a", at(START) + 5 * SECOND);
    assert_eq!(hero(&mut engine, &json!({})), ids(&["else"]));
}

#[test]
fn what_depends_on_the_page_is_sure_once_that_is_known() {
    let eligible = json!({ "page.path": { "$regex": "^/run" } });
    let mut engine = met(&heroes(
        &[offer("run", json!({ "eligible": eligible })), offer("else", json!({}))],
        json!({}),
    ));
    assert_eq!(hero(&mut engine, &json!({})), None);
    assert_eq!(hero(&mut engine, &json!({ "path": "/running" })), ids(&["run"]));
    assert_eq!(hero(&mut engine, &json!({ "path": "/" })), ids(&["else"]));
}

#[test]
fn each_fact_of_a_page_is_known_only_when_given() {
    let cases = [
        ("page.path", json!({ "path": "x" })),
        ("page.title", json!({ "title": "x" })),
        ("page.kind", json!({ "kind": "x" })),
        ("page.query.q", json!({ "query": { "q": "x" } })),
        ("page.item.id", json!({ "item": { "id": "x" } })),
        ("page.item.category", json!({ "item": { "category": "x" } })),
    ];
    for (path, page) in cases {
        let mut engine = met(&heroes(&[offer("x", json!({ "eligible": { path: "x" } }))], json!({})));
        for (_, other) in cases_but(path) {
            assert_eq!(hero(&mut engine, &other), None, "{path} given {other}");
        }
        assert_eq!(hero(&mut engine, &page), ids(&["x"]), "{path}");
        let mut negated = met(&heroes(
            &[offer("x", json!({ "eligible": { path: { "$ne": "x" } } }))],
            json!({}),
        ));
        assert_eq!(hero(&mut negated, &json!({})), None, "not {path}");
        assert_eq!(hero(&mut negated, &page), ids(&[]), "not {path}");
    }

    fn cases_but(path: &str) -> Vec<(&'static str, Json)> {
        let all = [
            ("page.path", json!({ "path": "x" })),
            ("page.kind", json!({ "kind": "x" })),
            ("", json!({})),
        ];
        all.into_iter().filter(|(known, _)| *known != path).collect()
    }
}

#[test]
fn a_placement_whose_outcome_does_not_depend_on_the_unknown_is_sure() {
    let below = offer(
        "below",
        json!({ "eligible": { "page.kind": "product" }, "value": { "site": 1 } }),
    );
    let above = offer("above", json!({ "value": { "site": 2 } }));
    let never = offer(
        "never",
        json!({ "eligible": { "page.kind": "product", "visit.number": 9 }, "value": { "site": 3 } }),
    );
    let mut engine = met(&heroes(&[below.clone(), above, never.clone()], json!({})));
    assert_eq!(hero(&mut engine, &json!({})), ids(&["above"]));
    let mut engine = met(&heroes(&[below, never], json!({})));
    assert_eq!(hero(&mut engine, &json!({})), None);
}

#[test]
fn what_the_page_view_may_count_is_not_sure() {
    let did = |more: Json| {
        let mut did = json!({ "event": "page_view" });
        for (key, member) in more.as_object().unwrap() {
            did[key] = member.clone();
        }
        json!({ "$did": did })
    };
    let runner = |eligible: Json| heroes(&[offer("x", json!({ "eligible": eligible }))], json!({}));
    let mut plain = met(&runner(did(json!({ "times": { "$gte": 2 } }))));
    assert_eq!(hero(&mut plain, &json!({})), ids(&["x"]), "every page view counts");
    let mut kind = met(&runner(did(json!({ "where": { "page_kind": "product" } }))));
    assert_eq!(hero(&mut kind, &json!({ "path": "/" })), None);
    let mut path = met(&runner(did(json!({ "where": { "page_path": "/run" } }))));
    assert_eq!(hero(&mut path, &json!({})), None);
    assert_eq!(hero(&mut path, &json!({ "path": "/run" })), ids(&["x"]));
    assert_eq!(hero(&mut path, &json!({ "path": "/" })), ids(&[]));
    let mut distinct = met(&runner(did(
        json!({ "within": "1d", "distinct": "page_path", "is": { "$gte": 2 } }),
    )));
    assert_eq!(hero(&mut distinct, &json!({})), None);
    assert_eq!(hero(&mut distinct, &json!({ "path": "/b" })), ids(&["x"]));
}

#[test]
fn interests_stages_triggers_and_rests_that_it_may_change_are_not_sure() {
    let views = json!({ "event": "page_view", "where": { "page_kind": "product" } });
    let interest = json!({ "interests": { "shoes": { "from": [views] } } });
    for eligible in [
        json!({ "interest.shoes": { "$gte": 1 } }),
        json!({ "interest.top": "shoes" }),
    ] {
        let mut engine = met(&heroes(
            &[offer("x", json!({ "eligible": eligible }))],
            interest.clone(),
        ));
        assert_eq!(hero(&mut engine, &json!({})), None);
    }
    let ranked = [
        offer("x", json!({ "fit": "interest.shoes", "value": { "site": 1 } })),
        offer("y", json!({ "value": { "site": 1 } })),
    ];
    assert_eq!(
        hero(&mut met(&heroes(&ranked, interest.clone())), &json!({})),
        None,
        "how it ranks"
    );
    let worthless = [
        offer("x", json!({ "fit": "interest.shoes" })),
        offer("y", json!({ "value": { "site": 1 } })),
    ];
    assert_eq!(
        hero(&mut met(&heroes(&worthless, interest)), &json!({})),
        ids(&["y"]),
        "how it ranks does not matter"
    );

    let stages =
        json!({ "lifecycle": [{ "stage": "shopping", "when": { "page.kind": "product" } }, { "stage": "new" }] });
    let mut staged = met(&heroes(
        &[offer("x", json!({ "eligible": { "stage.now": "new" } }))],
        stages.clone(),
    ));
    assert_eq!(hero(&mut staged, &json!({})), None);
    let mut changed = met(&heroes(
        &[offer("x", json!({ "trigger": { "on": { "stage": "shopping" } } }))],
        stages,
    ));
    assert_eq!(hero(&mut changed, &json!({})), None);

    let triggered = |name: &str| json!({ "trigger": { "on": { "event": "page_view", "where": { name: "/" } } } });
    let mut kind = met(&heroes(&[offer("x", triggered("page_kind"))], json!({})));
    assert_eq!(hero(&mut kind, &json!({ "path": "/" })), None);
    let mut path = met(&heroes(&[offer("x", triggered("page_path"))], json!({})));
    assert_eq!(hero(&mut path, &json!({})), ids(&["x"]), "it has fired already");

    let rests = json!({ "rest": { "after": { "event": "page_view", "where": { "page_kind": "help" } }, "for": "1h" } });
    let mut resting = met(&heroes(&[offer("x", rests)], json!({})));
    assert_eq!(hero(&mut resting, &json!({})), None);
    assert_eq!(hero(&mut resting, &json!({ "kind": "help" })), ids(&[]));
    assert_eq!(hero(&mut resting, &json!({ "kind": "product" })), ids(&["x"]));
}

#[test]
fn what_else_is_on_the_page_matters_where_offers_are_shared() {
    let both = |id: &str, site: u32| offer(id, json!({ "placement": ["hero", "aside"], "value": { "site": site } }));
    let mut engine = met(&json!({
        "placements": { "hero": {}, "aside": {}, "foot": {} },
        "offers": [both("a", 2), both("b", 1), offer("f", json!({ "placement": "foot" }))],
    }));
    let any = sure(&mut engine, &json!({}), None, 10);
    let as_text = |found: &[(String, Vec<String>)]| json!(found).to_string();
    assert_eq!(
        as_text(&any),
        r#"[["foot",["f"]],["hero",["a"]]]"#,
        "alone the aside would show `a`"
    );
    let here = sure(
        &mut engine,
        &json!({}),
        Some(&json!({ "hero": null, "aside": null })),
        10,
    );
    assert_eq!(as_text(&here), r#"[["aside",["b"]],["hero",["a"]]]"#);
}

#[test]
fn overlays_wait_for_their_moment_and_another_visit_is_not_foreseen() {
    let config = json!({ "placements": { "over": { "kind": "overlay" }, "hero": {} }, "offers": [offer("o", json!({ "placement": "over" })), offer("h", json!({}))] });
    let mut engine = engine(&config);
    assert_eq!(sure(&mut engine, &json!({}), None, 0), []);
    view(&mut engine, "/", at(START));
    assert_eq!(
        sure(&mut engine, &json!({}), None, 10),
        [("hero".to_owned(), vec!["h".to_owned()])]
    );
    assert_eq!(sure(&mut engine, &json!({}), None, 30 * MINUTE / SECOND), []);
}

fn condition() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        prop::sample::select(&["/", "/a", "/b"]).prop_map(|path| json!({ "page.path": path })),
        prop::sample::select(&["product", "page"]).prop_map(|kind| json!({ "page.kind": kind })),
        (1..4).prop_map(|pages| json!({ "visit.pages": { "$gte": pages } })),
        (1..3).prop_map(|score| json!({ "interest.shoes": { "$gt": f64::from(score) - 0.5 } })),
        prop::sample::select(&["page_path", "page_kind"]).prop_map(|param| json!({ "$did": { "event": "page_view", "where": { param: "/a" } } })),
        Just(json!({ "stage.now": "shopping" })),
        (1..3).prop_map(|n| json!({ "$did": { "event": "page_view", "distinct": "page_path", "within": "1d", "is": { "$gte": n } } })),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| json!({ "$not": part })),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| json!({ "$and": parts })),
            prop::collection::vec(inner, 1..3).prop_map(|parts| json!({ "$or": parts })),
        ]
    })
}

fn random_config() -> impl Strategy<Value = Json> {
    let placement = prop::sample::select(&["hero", "aside", "foot"]);
    let made = (
        condition(),
        prop::collection::vec(placement, 1..3),
        0..4u32,
        prop::bool::ANY,
        prop::option::of(0..2),
    );
    prop::collection::vec(made, 1..8).prop_map(|made| {
        let offers = made
            .into_iter()
            .enumerate()
            .map(|(i, (eligible, placements, site, fits, family))| {
                let mut offer = offer(
                    &format!("o{i}"),
                    json!({ "eligible": eligible, "value": { "site": site } }),
                );
                offer["placement"] = if placements.len() == 2 && placements[0] == placements[1] {
                    json!(placements[0])
                } else {
                    json!(placements)
                };
                if fits {
                    offer["fit"] = json!("interest.shoes");
                }
                if let Some(family) = family {
                    offer["family"] = json!(format!("f{family}"));
                }
                offer
            });
        json!({
            "interests": { "shoes": { "from": [{ "event": "page_view", "where": { "page_kind": "product" } }] } },
            "lifecycle": [{ "stage": "shopping", "when": { "page.kind": "product" } }, { "stage": "new" }],
            "placements": { "hero": {}, "aside": { "take": 2 }, "foot": {} },
            "pressure": [{ "placements": ["hero", "foot"], "cap": { "exposures": 1, "per": "page" } }],
            "offers": offers.collect::<Vec<_>>(),
        })
    })
}

proptest! {
    /// Whatever the page turns out to be, what was sure of it is what it shows; and asking changed nothing.
    #[test]
    fn what_is_sure_comes_true(
        config in random_config(),
        path in prop::sample::select(&["/", "/a", "/b"]),
        kind in prop::option::of(prop::sample::select(&["product", "page"])),
        knows in 0..3,
        present in prop::sample::subsequence(vec!["hero", "aside", "foot"], 1..=3),
        knows_present in prop::bool::ANY,
    ) {
        let mut engine = maitre::Engine::new(&config.to_string(), "Europe/Paris", Box::new(maitre::host::Native));
        view(&mut engine, "/", at(START));
        view(&mut engine, "/a", at(START) + SECOND);
        let mut page = json!({ "path": path, "title": "T" });
        if let Some(kind) = kind {
            page["kind"] = json!(kind);
        }
        let known = match knows { 0 => json!({}), 1 => json!({ "path": path }), _ => page.clone() };
        // Not known, it may be alone or with all; what is between these is left to the page's own decision.
        let present = if !knows_present && present.len() == 2 { vec!["hero", "aside", "foot"] } else { present };
        let names: Json = present.iter().map(|name| ((*name).to_owned(), Json::Null)).collect::<serde_json::Map<_, _>>().into();
        let before = (engine.save(), engine.profile().clone());
        let foreseen = sure(&mut engine, &known, knows_present.then_some(&names), 10);
        prop_assert_eq!((engine.save(), engine.profile().clone()), before);
        engine.page(value(&page), at(START) + 10 * SECOND);
        let on_page = engine.on_page(&value(&names));
        let shown = named(&engine, &engine.fill(&on_page, at(START) + 10 * SECOND));
        for (placement, ids) in foreseen {
            if let Some((_, shown)) = shown.iter().find(|(name, _)| *name == placement) {
                prop_assert_eq!(shown, &ids, "{}", placement);
            }
        }
    }
}

#[test]
fn looking_ahead_changes_nothing() {
    let config = heroes(
        &[offer(
            "x",
            json!({ "cap": { "exposures": 1, "per": "visit" }, "eligible": { "page.path": "/" } }),
        )],
        json!({ "placements": { "hero": {}, "over": { "kind": "overlay" } } }),
    );
    let mut config = config;
    config["offers"]
        .as_array_mut()
        .unwrap()
        .push(offer("o", json!({ "placement": "over" })));
    let mut engine = met(&config);
    engine.raised("o", at(START) + SECOND);
    let look = |engine: &Engine| {
        let now = at(START) + 20 * SECOND;
        (
            engine.save(),
            engine.profile().clone(),
            format!("{:?}", engine.explain("hero", now)),
            format!("{:?}", engine.decide("over", now)),
        )
    };
    let before = look(&engine);
    sure(&mut engine, &json!({ "path": "/elsewhere" }), None, 10);
    assert_eq!(look(&engine), before);
}
