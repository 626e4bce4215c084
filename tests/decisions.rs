//! Decisions and their explanations: who sees what, when, in which order, and why.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{
    DAY, HOUR, MINUTE, SECOND, at, broken_engine, config, engine, loaded, offer, one, shown, shows, value, view, why,
};
use maitre::Engine;
use maitre::condition::Outcome;
use maitre::decide::Status;
use maitre::host::Native;
use maitre::time::Millis;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const NOON: &str = "2026-11-20T12:00:00Z";

// ── ranking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn worth(id: &str, site: f64, visitor: f64) -> Json {
    offer(id, json!({ "value": { "site": site, "visitor": visitor } }))
}

#[test]
fn the_most_valuable_comes_first_and_ties_go_to_the_order_of_the_config() {
    let offers = [
        worth("a", 1.0, 1.0),
        worth("b", 3.0, 0.0),
        worth("c", 0.0, 3.0),
        offer("d", json!({})),
        worth("e", 2.0, 1.0),
        offer("f", json!({ "value": { "visitor": 9 } })),
        offer("g", json!({ "value": {} })),
    ];
    // The balance of site and visitor, and the order it makes.
    let cases = [
        (json!(null), "f b c e a d g"),
        (json!({ "site": 1, "visitor": 1 }), "f b c e a d g"),
        (json!({ "visitor": 2 }), "f c e a b d g"),
        (json!({ "site": 2 }), "f b e a c d g"),
        (json!({ "site": 0 }), "f c a e b d g"),
        (json!({ "site": 1, "visitor": 0 }), "b e a c d f g"),
        (json!({ "site": 0, "visitor": 0 }), "a b c d e f g"),
        (json!({ "site": 0.5, "visitor": 0.1 }), "b e f a c d g"),
    ];
    for (balance, order) in cases {
        let mut config = config(&offers);
        if !balance.is_null() {
            config["site"] = json!({ "balance": balance });
        }
        assert_eq!(shown(&engine(&config), "hero", at(NOON)).join(" "), order, "{balance}");
    }
}

#[test]
fn a_placement_takes_as_many_as_it_says_and_one_without_saying() {
    let offers: Vec<Json> = (0..5)
        .map(|index| worth(&format!("o{index}"), f64::from(index), 0.0))
        .collect();
    for (take, wanted) in [
        (json!({}), "o4"),
        (json!({ "take": 2 }), "o4 o3"),
        (json!({ "take": 9 }), "o4 o3 o2 o1 o0"),
    ] {
        let config = json!({ "placements": { "hero": take, "aside": {} }, "offers": offers });
        let engine = engine(&config);
        assert_eq!(shown(&engine, "hero", at(NOON)).join(" "), wanted);
        assert_eq!(shown(&engine, "aside", at(NOON)), [""; 0]);
        assert_eq!(engine.decide("elsewhere", at(NOON)), None);
        assert_eq!(engine.explain("elsewhere", at(NOON)), None);
    }
}

#[test]
fn an_offer_that_steps_back_makes_room_for_the_next() {
    let capped = |id: &str, site: u8| offer(id, json!({ "value": { "site": site }, "cap": { "exposures": 1 } }));
    let config =
        json!({ "placements": { "hero": { "take": 2 } }, "offers": [capped("a", 3), capped("b", 2), capped("c", 1)] });
    let mut engine = engine(&config);
    for wanted in ["a b", "b c", "c", ""] {
        let now = shown(&engine, "hero", at(NOON))
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        assert_eq!(now.join(" "), wanted);
        if let Some(first) = now.first() {
            engine.outcome(first, Outcome::Exposed, at(NOON));
        }
    }
}

#[test]
fn the_fallback_stands_by_for_when_no_offer_fits_or_none_is_left() {
    let fallback = json!({ "template": "text", "text": "Hello" });
    let config = json!({
        "placements": { "hero": { "fallback": fallback }, "aside": {} },
        "offers": [offer("a", json!({ "eligible": { "page.path": "/" } }))],
    });
    let mut engine = engine(&config);
    for (path, offers) in [("/elsewhere", 0), ("/", 1)] {
        view(&mut engine, path, at(NOON));
        let decision = engine.decide("hero", at(NOON)).unwrap();
        assert_eq!(decision.offers.len(), offers);
        assert_eq!(decision.fallback, fallback.to_string());
        assert_eq!(engine.decide("aside", at(NOON)).unwrap().fallback, "");
    }
    let decision = engine.decide("hero", at(NOON)).unwrap();
    let content: Json = serde_json::from_str(decision.offers[0].content()).unwrap();
    assert_eq!(content["text"], "a");
}

// ── schedules ──────────────────────────────────────────────────────────────────────────────────────────────────────────

fn scheduled(zone: &str, schedule: &Json) -> Engine {
    let mut config = one(json!({ "schedule": schedule }));
    config["site"] = json!({ "timezone": zone });
    engine(&config)
}

#[test]
fn a_schedule_is_open_from_its_first_to_before_its_last_millisecond() {
    // Time zone, schedule, its first instant, and the first after it.
    let cases = [
        // A date is a whole day of the site, the last one included.
        (
            "Europe/Paris",
            json!({ "from": "2026-11-27", "to": "2026-12-01" }),
            "2026-11-26T23:00:00Z",
            "2026-12-01T23:00:00Z",
        ),
        (
            "America/New_York",
            json!({ "from": "2026-11-27", "to": "2026-11-27" }),
            "2026-11-27T05:00:00Z",
            "2026-11-28T05:00:00Z",
        ),
        (
            "Asia/Kolkata",
            json!({ "from": "2026-11-27", "to": "2026-11-27" }),
            "2026-11-26T18:30:00Z",
            "2026-11-27T18:30:00Z",
        ),
        (
            "UTC",
            json!({ "from": "2024-02-29", "to": "2024-02-29" }),
            "2024-02-29T00:00:00Z",
            "2024-03-01T00:00:00Z",
        ),
        // Days of 23 and of 25 hours.
        (
            "Europe/Paris",
            json!({ "from": "2026-03-29", "to": "2026-03-29" }),
            "2026-03-28T23:00:00Z",
            "2026-03-29T22:00:00Z",
        ),
        (
            "Europe/Paris",
            json!({ "from": "2026-10-25", "to": "2026-10-25" }),
            "2026-10-24T22:00:00Z",
            "2026-10-25T23:00:00Z",
        ),
        // Times are the site's, or as written.
        (
            "Europe/Paris",
            json!({ "from": "2026-11-27T18:00", "to": "2026-11-27T20:30:30" }),
            "2026-11-27T17:00:00Z",
            "2026-11-27T19:30:30Z",
        ),
        (
            "Europe/Paris",
            json!({ "from": "2026-07-27 18:00", "to": "2026-07-27T20:00" }),
            "2026-07-27T16:00:00Z",
            "2026-07-27T18:00:00Z",
        ),
        (
            "Europe/Paris",
            json!({ "from": "2026-11-27T18:00Z", "to": "2026-11-27T20:00-05:00" }),
            "2026-11-27T18:00:00Z",
            "2026-11-28T01:00:00Z",
        ),
        (
            "Asia/Tokyo",
            json!({ "from": "2026-11-27T18:00+05:30", "to": "2026-11-28" }),
            "2026-11-27T12:30:00Z",
            "2026-11-28T15:00:00Z",
        ),
        // An hour that the clocks skip begins when they do, and one that they repeat begins once.
        (
            "Europe/Paris",
            json!({ "from": "2026-03-29T02:30", "to": "2026-03-29T04:00" }),
            "2026-03-29T01:00:00Z",
            "2026-03-29T02:00:00Z",
        ),
        // Hours.
        (
            "Europe/Paris",
            json!({ "hours": "9-21" }),
            "2026-11-27T08:00:00Z",
            "2026-11-27T20:00:00Z",
        ),
        (
            "Europe/Paris",
            json!({ "hours": "9:30-18:15" }),
            "2026-11-27T08:30:00Z",
            "2026-11-27T17:15:00Z",
        ),
        (
            "Europe/Paris",
            json!({ "hours": "22-6" }),
            "2026-11-27T21:00:00Z",
            "2026-11-28T05:00:00Z",
        ),
        (
            "Europe/Paris",
            json!({ "hours": "22-6" }),
            "2026-03-28T21:00:00Z",
            "2026-03-29T04:00:00Z",
        ),
        (
            "Europe/Paris",
            json!({ "hours": "18-24" }),
            "2026-11-27T17:00:00Z",
            "2026-11-27T23:00:00Z",
        ),
        (
            "Europe/Paris",
            json!({ "hours": "0-1" }),
            "2026-11-26T23:00:00Z",
            "2026-11-27T00:00:00Z",
        ),
        // Both have to hold.
        (
            "UTC",
            json!({ "from": "2026-11-27", "hours": "9-21" }),
            "2026-11-27T09:00:00Z",
            "2026-11-27T21:00:00Z",
        ),
        (
            "UTC",
            json!({ "to": "2026-11-27", "hours": "22-6" }),
            "2026-11-27T22:00:00Z",
            "2026-11-28T00:00:00Z",
        ),
    ];
    for (zone, schedule, first, after) in cases {
        let engine = scheduled(zone, &schedule);
        let open = [at(first) - 1, at(first), at(after) - 1, at(after)].map(|now| shows(&engine, "a", now));
        assert_eq!(open, [false, true, true, false], "{zone} {schedule}");
        assert_eq!(why(&engine, "a", at(first) - 1).status, Status::Unscheduled);
    }
}

#[test]
fn a_schedule_with_one_bound_is_open_on_its_other_side() {
    let from = scheduled("UTC", &json!({ "from": "2026-11-27" }));
    assert!(!shows(&from, "a", at("2026-11-26T23:59:59.999Z")) && shows(&from, "a", at("2099-01-01T00:00:00Z")));
    let to = scheduled("UTC", &json!({ "to": "2026-11-27" }));
    assert!(
        shows(&to, "a", 0)
            && shows(&to, "a", at("2026-11-27T23:59:59.999Z"))
            && !shows(&to, "a", at("2026-11-28T00:00:00Z"))
    );
    assert!(shows(&scheduled("UTC", &json!({})), "a", at(NOON)));
    assert!(shows(&scheduled("UTC", &json!({ "hours": "0-24" })), "a", at(NOON)));
}

/// When clocks go back, an hour is told twice: what has begun has begun, and what is over stays over.
#[test]
fn a_schedule_opens_once_and_closes_once_also_when_clocks_go_back() {
    for schedule in [
        json!({ "from": "2026-10-25T02:30" }),
        json!({ "to": "2026-10-25T02:30" }),
        json!({ "from": "2026-10-24", "to": "2026-10-25T02:15" }),
        json!({ "from": "2026-10-25T02:45", "to": "2026-10-25T04:00" }),
    ] {
        let engine = scheduled("Europe/Paris", &schedule);
        let start = at("2026-10-24T20:00:00Z");
        let open: Vec<bool> = (0..48)
            .map(|quarter| shows(&engine, "a", start + quarter * 15 * MINUTE))
            .collect();
        let changes = open.windows(2).filter(|pair| pair[0] != pair[1]).count();
        let edges = schedule
            .as_object()
            .unwrap()
            .values()
            .filter(|edge| edge.as_str().unwrap().len() > 10)
            .count();
        assert_eq!(changes, edges, "{schedule}");
    }
}

#[test]
fn a_site_may_follow_the_time_zone_of_the_visitor() {
    let mut config = one(json!({ "schedule": { "hours": "9-10" } }));
    config["site"] = json!({ "timezone": "visitor" });
    let open_at = |zone: &str, now: &str| {
        let engine = Engine::new(&config.to_string(), zone, Box::new(Native));
        shows(&engine, "a", at(now))
    };
    assert!(open_at("Asia/Tokyo", "2026-11-27T00:00:00Z") && !open_at("Asia/Tokyo", "2026-11-27T08:00:00Z"));
    assert!(open_at("Europe/Paris", "2026-11-27T08:00:00Z") && !open_at("Europe/Paris", "2026-11-27T09:00:00Z"));
    // A time zone that isn't known counts as UTC; so does a site that names none.
    assert!(open_at("Not/AZone", "2026-11-27T09:00:00Z") && open_at("", "2026-11-27T09:00:00Z"));
    config["site"] = json!({});
    let engine = Engine::new(&config.to_string(), "Asia/Tokyo", Box::new(Native));
    assert!(shows(&engine, "a", at("2026-11-27T09:00:00Z")));
}

// ── what conditions can ask about ──────────────────────────────────────────────────────────────────────────────────────

/// Which of the conditions hold, by their place.
fn holding(engine: &mut Engine, now: Millis) -> Vec<usize> {
    shown(engine, "hero", now)
        .iter()
        .map(|id| id[1..].parse().unwrap())
        .collect()
}

/// An engine with an offer for each condition.
fn asking(conditions: &[Json]) -> Engine {
    let offers: Vec<Json> = conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| offer(&format!("o{index}"), json!({ "eligible": condition })))
        .collect();
    let mut config = config(&offers);
    config["site"] = json!({ "timezone": "Europe/Paris" });
    engine(&config)
}

/// Every condition marked true has to hold, every other must not.
fn check(mut engine_of: impl FnMut(&[Json]) -> (Engine, Millis), cases: &[(Json, bool)]) {
    let conditions: Vec<Json> = cases.iter().map(|(condition, _)| condition.clone()).collect();
    let (mut engine, now) = engine_of(&conditions);
    let holding = holding(&mut engine, now);
    for (index, (condition, wanted)) in cases.iter().enumerate() {
        assert_eq!(holding.contains(&index), *wanted, "{condition}");
    }
}

#[test]
fn paths_of_the_page() {
    check(
        |conditions| {
            let mut engine = asking(conditions);
            let page = json!({ "path": "/running/shoe", "title": "A Shoe", "kind": "product", "query": { "q": "x", "empty": "" },
                "item": { "id": "r1", "name": "Canter", "category": "running", "brand": "Lf", "price": 89.5 } });
            engine.page(value(&page), at(NOON));
            (engine, at(NOON))
        },
        &[
            (json!({ "page.path": "/running/shoe" }), true),
            (json!({ "page.path": { "$regex": "^/running/" } }), true),
            (json!({ "page.path": { "$regex": "^/hiking/" } }), false),
            (json!({ "page.path": { "$regexi": "^/RUNNING/" } }), true),
            (json!({ "page.title": { "$ini": ["a shoe"] } }), true),
            (json!({ "page.kind": "product" }), true),
            (json!({ "page.item.id": { "$in": ["r1", "r2"] } }), true),
            (
                json!({ "page.item.name": "Canter", "page.item.category": "running", "page.item.brand": "Lf" }),
                true,
            ),
            (json!({ "page.item.price": { "$gt": 89, "$lt": 90 } }), true),
            (json!({ "page.item.price": { "$gt": 90 } }), false),
            (json!({ "page.query.q": "x" }), true),
            (json!({ "page.query.q": "y" }), false),
            (json!({ "page.query.empty": "" }), true),
            (json!({ "page.query.none": { "$exists": false } }), true),
            (json!({ "page.query.none": null }), true),
        ],
    );
    // Another page, another answer; nothing is known of a page that was not viewed yet.
    let mut engine = asking(&[
        json!({ "page.item.id": { "$exists": false } }),
        json!({ "page.path": "/" }),
    ]);
    assert_eq!(holding(&mut engine, at(NOON)), [0]);
    engine.page(value(&json!({ "path": "/", "item": { "id": "r1" } })), at(NOON));
    assert_eq!(holding(&mut engine, at(NOON)), [1]);
    view(&mut engine, "/", at(NOON));
    assert_eq!(holding(&mut engine, at(NOON)), [0, 1]);
}

#[test]
fn a_page_view_is_an_event_with_the_parameters_of_the_page() {
    let did = |filter: Json| json!({ "$did": { "event": "page_view", "where": filter } });
    check(
        |conditions| {
            let mut engine = asking(conditions);
            let page = json!({ "path": "/a", "title": "A", "referrer": "https://x.example/", "kind": "product",
                "item": { "id": "r1", "name": "Canter", "category": "running", "brand": "Lf", "price": 89.5 } });
            engine.page(value(&page), at(NOON));
            view(&mut engine, "/b", at(NOON));
            (engine, at(NOON))
        },
        &[
            (
                did(
                    json!({ "page_path": "/a", "page_title": "A", "page_referrer": "https://x.example/", "page_kind": "product" }),
                ),
                true,
            ),
            (
                did(
                    json!({ "item_id": "r1", "item_name": "Canter", "item_category": "running", "item_brand": "Lf", "price": 89.5 }),
                ),
                true,
            ),
            (did(json!({ "page_path": "/b", "item_id": { "$exists": false } })), true),
            (did(json!({ "page_path": "/c" })), false),
            (json!({ "$did": { "event": "page_view", "times": { "$eq": 2 } } }), true),
        ],
    );
}

#[test]
fn paths_of_the_device_and_of_what_the_page_says_of_the_visitor() {
    check(
        |conditions| {
            let mut engine = asking(conditions);
            let device = json!({ "kind": "phone", "touch": true, "language": "fr-CH", "saveData": false, "reducedMotion": true });
            engine.device(value(&device));
            engine.user(&value(&json!({ "plan": "pro", "age": 40, "tags": ["a", "b"], "address": { "city": "Lyon" }, "none": null })), at(NOON));
            engine.user(&value(&json!({ "age": 41 })), at(NOON));
            (engine, at(NOON))
        },
        &[
            (json!({ "device.kind": { "$in": ["phone", "tablet"] } }), true),
            (
                json!({ "device.touch": true, "device.saveData": false, "device.reducedMotion": true }),
                true,
            ),
            (json!({ "device.language": { "$regex": "^fr" } }), true),
            (json!({ "user.plan": "pro", "user.age": 41 }), true),
            (json!({ "user.age": { "$lt": 41 } }), false),
            (json!({ "user.tags": { "$all": ["b", "a"] } }), true),
            (json!({ "user.tags": { "$in": ["b", "z"] } }), true),
            (json!({ "user.tags": { "$nin": ["b"] } }), false),
            (json!({ "user.tags": { "$size": 2 } }), true),
            (json!({ "user.tags": { "$elemMatch": { "$eq": "a" } } }), true),
            (json!({ "user.address.city": "Lyon" }), true),
            // What isn't set is as GrowthBook's missing attribute.
            (json!({ "user.other": { "$exists": false } }), true),
            (json!({ "user.other": "x" }), false),
            (json!({ "user.other": { "$ne": "x" } }), true),
            (json!({ "user.other": { "$nin": ["x"] } }), true),
            (json!({ "user.other": { "$gt": 1 } }), false),
            (json!({ "$not": { "user.other": { "$gt": 1 } } }), true),
            (json!({ "user.none": { "$exists": true } }), false),
        ],
    );
}

#[test]
fn paths_of_time_are_those_of_the_sites_wall_clock() {
    for (now, hour, weekday, date) in [
        ("2026-11-20T12:00:00Z", 13, "fri", "2026-11-20"),
        ("2026-11-20T23:00:00Z", 0, "sat", "2026-11-21"),
        ("2026-11-20T22:59:59.999Z", 23, "fri", "2026-11-20"),
        ("2026-07-01T22:00:00Z", 0, "thu", "2026-07-02"),
        ("2026-03-29T01:00:00Z", 3, "sun", "2026-03-29"),
        ("2026-03-29T00:59:59.999Z", 1, "sun", "2026-03-29"),
        ("2026-10-25T00:30:00Z", 2, "sun", "2026-10-25"),
        ("2026-10-25T01:30:00Z", 2, "sun", "2026-10-25"),
        ("2024-02-29T12:00:00Z", 13, "thu", "2024-02-29"),
    ] {
        let cases = [
            (
                json!({ "time.hour": hour, "time.weekday": weekday, "time.date": date }),
                true,
            ),
            (json!({ "time.date": { "$gte": date, "$lte": date } }), true),
            (json!({ "time.hour": { "$ne": hour } }), false),
        ];
        check(|conditions| (asking(conditions), at(now)), &cases);
    }
}

#[test]
fn paths_of_the_visit() {
    let day = at(NOON);
    check(
        |conditions| {
            let mut engine = asking(conditions);
            view(&mut engine, "/first", day - 10 * DAY);
            view(&mut engine, "/second", day - 3 * DAY - HOUR);
            engine.page(
                value(&json!({ "path": "/entry", "query": { "utm_campaign": "spring" } })),
                day,
            );
            view(&mut engine, "/next", day + 20 * MINUTE);
            engine.observe("scroll", value(&json!({})), day + 40 * MINUTE);
            (engine, day + 41 * MINUTE + 59 * SECOND + 999)
        },
        &[
            (json!({ "visit.number": 3 }), true),
            (json!({ "visit.pages": 2 }), true),
            (json!({ "visit.seconds": 41 * 60 + 59 }), true),
            (json!({ "visit.entry": "/entry" }), true),
            (json!({ "visit.utm.campaign": "spring" }), true),
            (json!({ "visit.utm.source": { "$exists": false } }), true),
            (json!({ "visit.daysSinceLast": 3 }), true),
            (json!({ "visit.daysSinceFirst": 10 }), true),
        ],
    );
    // Before anything has happened, the first visit is about to begin.
    check(
        |conditions| (asking(conditions), day),
        &[
            (
                json!({ "visit.number": 1, "visit.pages": 0, "visit.seconds": 0, "visit.daysSinceFirst": 0 }),
                true,
            ),
            (json!({ "visit.daysSinceLast": { "$exists": true } }), false),
            (json!({ "visit.daysSinceLast": { "$lt": 1 } }), false),
        ],
    );
    // A visit that begins in the midst of a page has that page for its entry, and came from nowhere.
    check(
        |conditions| {
            let mut engine = asking(conditions);
            engine.page(
                value(&json!({ "path": "/long-read", "query": { "utm_source": "mail" } })),
                day,
            );
            engine.observe("scroll", value(&json!({})), day + HOUR);
            (engine, day + HOUR)
        },
        &[
            (
                json!({ "visit.number": 2, "visit.entry": "/long-read", "visit.channel": "direct", "visit.pages": 0 }),
                true,
            ),
            (json!({ "visit.utm.source": { "$exists": false } }), true),
        ],
    );
}

#[test]
fn channels_are_told_by_campaign_click_id_and_referrer() {
    let cases = [
        (json!({}), "direct"),
        (json!({ "referrer": "https://www.google.com/" }), "organic_search"),
        (
            json!({ "referrer": "https://www.google.com/", "query": { "gclid": "x" } }),
            "paid_search",
        ),
        (json!({ "query": { "msclkid": "x" } }), "paid_search"),
        (
            json!({ "query": { "utm_source": "newsletter", "utm_medium": "email" } }),
            "email",
        ),
        (
            json!({ "query": { "utm_source": "Facebook", "utm_medium": "PAID_SOCIAL" } }),
            "paid_social",
        ),
        (
            json!({ "query": { "utm_source": "youtube", "utm_medium": "cpc" } }),
            "paid_video",
        ),
        (
            json!({ "query": { "utm_source": "amazon", "utm_medium": "cpc" } }),
            "paid_shopping",
        ),
        (
            json!({ "query": { "utm_source": "someone", "utm_medium": "cpm" } }),
            "display",
        ),
        (
            json!({ "query": { "utm_source": "someone", "utm_medium": "cpc" } }),
            "paid_other",
        ),
        (
            json!({ "query": { "utm_source": "x", "utm_campaign": "cross-network" } }),
            "cross_network",
        ),
        (
            json!({ "query": { "utm_source": "radio", "utm_medium": "audio" } }),
            "audio",
        ),
        (json!({ "query": { "utm_source": "sms" } }), "sms"),
        (
            json!({ "query": { "utm_source": "app", "utm_medium": "webpush" } }),
            "mobile_push",
        ),
        (
            json!({ "query": { "utm_source": "ada", "utm_medium": "affiliate" } }),
            "affiliates",
        ),
        (json!({ "referrer": "https://l.instagram.com/" }), "organic_social"),
        (json!({ "referrer": "https://m.youtube.com/watch" }), "organic_video"),
        (json!({ "referrer": "https://www.amazon.co.uk/" }), "organic_shopping"),
        (json!({ "referrer": "https://blog.example/post" }), "referral"),
        // One's own pages are nowhere to come from, whatever the host is called.
        (
            json!({ "referrer": "https://shop.example/a", "host": "shop.example" }),
            "direct",
        ),
        (
            json!({ "referrer": "https://www.shop.example/a", "host": "www.shop.example" }),
            "direct",
        ),
        (
            json!({ "referrer": "https://www.shop.example/a", "host": "shop.example" }),
            "direct",
        ),
        (
            json!({ "referrer": "http://localhost:8080/a", "host": "localhost" }),
            "direct",
        ),
    ];
    let mut wrong = Vec::new();
    for (mut page, channel) in cases {
        page["path"] = json!("/");
        let mut engine = asking(&[json!({ "visit.channel": channel })]);
        engine.page(value(&page), at(NOON));
        if holding(&mut engine, at(NOON)) != [0] {
            wrong.push(format!(
                "{page} is not {channel}: {}",
                why(&engine, "o0", at(NOON)).failed[0].text
            ));
        }
        // It is the visit's, not the page's.
        view(&mut engine, "/next", at(NOON) + MINUTE);
        assert_eq!(
            holding(&mut engine, at(NOON) + MINUTE).len(),
            holding(&mut engine, at(NOON)).len()
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn paths_of_the_cart_follow_the_events_of_ga4() {
    let item = |quantity: i64, price: f64| json!({ "item_id": "r1", "quantity": quantity, "price": price });
    let cases = [
        (vec![], 0, 0.0),
        (
            vec![(
                "add_to_cart",
                json!({ "items": [item(2, 9.99), item(1, 5.0)], "value": 99 }),
            )],
            3,
            24.98,
        ),
        (vec![("add_to_cart", json!({ "price": 9.99 }))], 1, 9.99),
        (
            vec![("add_to_cart", json!({ "items": [{ "item_id": "x" }], "value": 12.5 }))],
            1,
            12.5,
        ),
        (vec![("add_to_cart", json!({}))], 1, 0.0),
        (
            vec![
                ("add_to_cart", json!({ "items": [item(3, 0.1)] })),
                ("remove_from_cart", json!({ "items": [item(2, 0.1)] })),
            ],
            1,
            0.1,
        ),
        (
            vec![
                ("add_to_cart", json!({ "items": [item(1, 5.0)] })),
                ("remove_from_cart", json!({ "items": [item(1, 5.0)] })),
            ],
            0,
            0.0,
        ),
        (
            vec![
                ("add_to_cart", json!({ "items": [item(1, 5.0)] })),
                ("purchase", json!({ "items": [item(1, 5.0)] })),
            ],
            0,
            0.0,
        ),
        (
            vec![
                ("purchase", json!({})),
                ("add_to_cart", json!({ "items": [item(1, 5.0)] })),
            ],
            1,
            5.0,
        ),
        (vec![("add_to_cart", json!({ "items": [item(-5, 5.0)] }))], 0, 0.0),
        (
            vec![("add_to_cart", json!({ "price": "free", "quantity": "two" }))],
            1,
            0.0,
        ),
        (vec![("view_cart", json!({ "items": [item(2, 9.99)] }))], 0, 0.0),
    ];
    for (events, items, worth) in cases {
        check(
            |conditions| {
                let mut engine = asking(conditions);
                for (event, params) in &events {
                    engine.observe(event, value(params), at(NOON));
                }
                (engine, at(NOON))
            },
            &[
                (json!({ "cart.items": items }), true),
                (json!({ "cart.value": worth }), true),
            ],
        );
    }
}

#[test]
fn paths_of_an_offers_own_history() {
    for (outcome, _, count, days) in Outcome::ALL {
        let conditions = [
            json!({ format!("offer.o0.{count}"): 0 }),
            json!({ format!("offer.o0.{count}"): 2 }),
            json!({ format!("offer.o0.{days}"): { "$exists": false } }),
            json!({ format!("offer.o0.{days}"): 0 }),
            json!({ format!("offer.o0.{days}"): 3 }),
        ];
        let mut engine = asking(&conditions);
        assert_eq!(holding(&mut engine, at(NOON)), [0, 2]);
        engine.outcome("o0", outcome, at(NOON));
        engine.outcome("o0", outcome, at(NOON) + HOUR);
        for (other, ..) in Outcome::ALL {
            if other != outcome {
                engine.outcome("o0", other, at(NOON) + 2 * DAY);
            }
        }
        engine.outcome("o1", outcome, at(NOON) + 2 * DAY);
        assert_eq!(holding(&mut engine, at(NOON) + HOUR + DAY - 1), [1, 3], "{outcome:?}");
        assert_eq!(holding(&mut engine, at(NOON) + HOUR + DAY), [1]);
        assert_eq!(holding(&mut engine, at(NOON) + HOUR + 3 * DAY), [1, 4]);
    }
}

#[test]
fn audiences_by_name_any_of_all_of_and_none_of() {
    let named = |audience: Json| json!({ "audience": audience });
    let cases = [
        (named(json!("yes")), true),
        (named(json!("no")), false),
        (named(json!("through")), true),
        (named(json!({ "$in": ["no", "yes"] })), true),
        (named(json!({ "$in": ["no"] })), false),
        (named(json!({ "$in": "yes" })), true),
        (named(json!({ "$all": ["yes", "through"] })), true),
        (named(json!({ "$all": ["yes", "no"] })), false),
        (named(json!({ "$nin": ["no"] })), true),
        (named(json!({ "$nin": ["no", "yes"] })), false),
        (named(json!({ "$ne": "no" })), true),
        (named(json!({ "$all": ["yes"], "$nin": ["no"] })), true),
        (json!({ "$not": named(json!("no")), "audience": "yes" }), true),
        (
            json!({ "$and": [named(json!("yes")), { "$or": [named(json!("no")), { "page.path": "/" }] }] }),
            true,
        ),
        (json!({ "$nor": [named(json!("no")), { "page.path": "/x" }] }), true),
        (json!({ "$nor": [named(json!("no")), { "page.path": "/" }] }), false),
    ];
    for (condition, wanted) in cases {
        let mut config = one(json!({ "eligible": condition }));
        config["audiences"] = json!({
            "through": { "$and": [{ "audience": "yes" }, { "$not": { "audience": "no" } }] },
            "yes": { "page.path": "/" }, "no": { "page.path": "/elsewhere" },
        });
        let mut engine = engine(&config);
        view(&mut engine, "/", at(NOON));
        assert_eq!(shows(&engine, "a", at(NOON)), wanted, "{condition}");
    }
}

#[test]
fn saved_groups_are_growthbooks() {
    let cases = [
        (json!({ "user.id": { "$inGroup": "vip" } }), true),
        (json!({ "user.id": { "$notInGroup": "vip" } }), false),
        (json!({ "user.id": { "$inGroup": "listed" } }), true),
        (json!({ "$savedGroup": { "id": "listed" } }), true),
        (json!({ "$savedGroup": { "id": "paying" } }), true),
        (json!({ "$savedGroup": { "id": "both" } }), true),
        (json!({ "$not": { "$savedGroup": { "id": "both" } } }), false),
    ];
    for (condition, wanted) in cases {
        let mut config = one(json!({ "eligible": condition }));
        config["savedGroups"] = json!({
            "vip": ["ada", "bob"],
            "listed": { "type": "list", "attributeKey": "user.id", "values": ["ada"] },
            "paying": { "type": "condition", "condition": { "user.plan": { "$ne": "free" } } },
            "both": { "type": "condition", "condition": { "$savedGroup": { "id": "paying" }, "user.id": { "$inGroup": "vip" } } },
        });
        let mut engine = engine(&config);
        engine.user(&value(&json!({ "id": "ada", "plan": "pro" })), at(NOON));
        assert_eq!(shows(&engine, "a", at(NOON)), wanted, "{condition}");
    }
}

// ── explanations ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn each_status_says_what_became_of_the_offer_and_what_would_change_it() {
    let text = json!({
        "site": { "timezone": "Europe/Paris" },
        "placements": { "hero": { "take": 1 } },
        "offers": [
            offer("first", json!({ "value": { "site": 5 } })),
            offer("second", json!({ "value": { "site": 4 } })),
            offer("ineligible", json!({ "eligible": { "visit.number": { "$gte": 2 } }, "value": { "site": 9 } })),
            offer("early", json!({ "schedule": { "from": "2026-11-27" } })),
            offer("late", json!({ "schedule": { "to": "2026-11-01" } })),
            offer("night", json!({ "schedule": { "hours": "22-6" } })),
            offer("capped", json!({ "cap": { "exposures": 1, "per": "30d" } })),
            offer("visited", json!({ "cap": { "exposures": 1, "per": "visit" } })),
            offer("ever", json!({ "cap": { "exposures": 1 } })),
            offer("resting", json!({ "rest": { "after": "dismissed", "for": "2d" } })),
            offer("skipped", json!({ "valeu": 1 })),
        ],
    });
    let mut engine = broken_engine(&text.to_string());
    view(&mut engine, "/", at(NOON));
    for id in ["capped", "visited", "ever"] {
        engine.outcome(id, Outcome::Exposed, at(NOON));
    }
    engine.outcome("resting", Outcome::Dismissed, at(NOON));
    // The offer, its status, what was found, what to change, and until when it is so.
    let cases = [
        ("first", Status::Shown, "", "", None),
        (
            "second",
            Status::Outranked,
            "ranked at 4, it comes after `first` (5), and the placement shows 1",
            "its rank is above 5",
            None,
        ),
        (
            "ineligible",
            Status::Ineligible,
            "`visit.number` is 1, has to be at least 2",
            "`visit.number` is at least 2",
            None,
        ),
        (
            "early",
            Status::Unscheduled,
            "it begins at 2026-11-27 00:00 (Europe/Paris)",
            "it is 2026-11-27 00:00 (Europe/Paris) or later",
            Some(at("2026-11-26T23:00:00Z") - at(NOON)),
        ),
        (
            "late",
            Status::Unscheduled,
            "it ended at 2026-11-02 00:00 (Europe/Paris)",
            "its schedule ends later",
            None,
        ),
        (
            "night",
            Status::Unscheduled,
            "it is 13:00 (Europe/Paris), and it is shown only at 22:00–06:00",
            "it is between 22:00–06:00 (Europe/Paris)",
            None,
        ),
        (
            "capped",
            Status::Capped,
            "as often as the cap allows: 1 per 30d",
            "it is 2026-12-20 13:00 (Europe/Paris) or later",
            Some(30 * DAY),
        ),
        (
            "visited",
            Status::Capped,
            "as often as the cap allows: 1 per visit",
            "another visit begins",
            None,
        ),
        (
            "ever",
            Status::Capped,
            "as often as the cap allows: 1 in all",
            "the cap is raised",
            None,
        ),
        (
            "resting",
            Status::Resting,
            "it was dismissed less than 2d ago",
            "it is 2026-11-22 13:00 (Europe/Paris) or later",
            Some(2 * DAY),
        ),
        ("skipped", Status::Skipped, "has an error", "the error is mended", None),
    ];
    assert_eq!(engine.explain("hero", at(NOON)).unwrap().offers.len(), cases.len());
    for (id, status, found, change, until) in cases {
        let why = why(&engine, id, at(NOON));
        assert_eq!(why.status, status, "{id}");
        let texts: Vec<&str> = why.failed.iter().map(|reason| reason.text.as_str()).collect();
        assert!(texts.join("; ").contains(found), "{id}: {texts:?}");
        assert!(why.change.contains(change), "{id}: {}", why.change);
        assert_eq!(why.change.is_empty(), status == Status::Shown, "{id}");
        assert_eq!(
            why.failed.iter().find_map(|reason| reason.until),
            until.map(|span| at(NOON) + span),
            "{id}"
        );
    }
}

#[test]
fn an_explanation_names_every_thing_that_speaks_against_an_offer() {
    let mut config = one(json!({
        "eligible": { "audience": "returning", "page.path": "/running", "$or": [{ "device.kind": "phone" }, { "user.plan": "pro" }] },
        "schedule": { "hours": "1-2" },
        "cap": [{ "exposures": 1, "per": "1d" }, { "exposures": 2, "per": "30d" }],
        "rest": { "after": "clicked", "for": "1d" },
    }));
    config["audiences"] = json!({ "returning": { "visit.number": { "$gte": 2 } } });
    let mut engine = engine(&config);
    view(&mut engine, "/", at(NOON));
    engine.outcome("a", Outcome::Exposed, at(NOON));
    engine.outcome("a", Outcome::Clicked, at(NOON));
    let why = why(&engine, "a", at(NOON));
    let checks: Vec<&str> = why.failed.iter().map(|reason| reason.check).collect();
    let mut sorted = checks.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        ["cap", "eligible", "eligible", "eligible", "rest", "schedule"],
        "{why:#?}"
    );
    assert_eq!(
        why.held.iter().filter(|reason| reason.check == "cap").count(),
        1,
        "the other cap has room"
    );
    for word in [
        "audience `returning`",
        "`visit.number`",
        "`page.path`",
        "`device.kind`",
        "`user.plan`",
        " or ",
    ] {
        assert!(
            why.failed.iter().any(|reason| reason.text.contains(word)),
            "{word}: {:?}",
            why.failed
        );
    }
}

/// The parts of a small config, put together at random.
fn condition() -> impl Strategy<Value = Json> {
    let leaf = prop::sample::select(vec![
        json!({ "page.path": "/a" }),
        json!({ "page.path": { "$ne": "/a" } }),
        json!({ "visit.number": { "$gte": 2 } }),
        json!({ "visit.pages": { "$gt": 1, "$lt": 4 } }),
        json!({ "user.plan": "pro" }),
        json!({ "user.tags": { "$elemMatch": { "$eq": "x" } } }),
        json!({ "cart.items": { "$gte": 1 } }),
        json!({ "time.hour": { "$gte": 12 } }),
        json!({ "offer.o0.exposures": { "$lt": 2 } }),
        json!({ "$did": { "event": "view_item", "within": "2d" } }),
        json!({ "$did": { "event": "view_item", "times": { "$lt": 1 } } }),
        json!({ "$did": { "event": "view_item", "ago": { "$gt": "1h" } } }),
        json!({ "audience": "one" }),
        json!({ "audience": "broken" }),
        json!({ "audience": { "$nin": ["one", "two"] } }),
        json!({ "audience": { "$in": ["two", "one"] } }),
        json!({}),
    ]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list().prop_map(|parts| json!({ "$and": parts })),
            list().prop_map(|parts| json!({ "$or": parts })),
            list().prop_map(|parts| json!({ "$nor": parts })),
            inner.clone().prop_map(|part| json!({ "$not": part })),
        ]
    })
}

fn any_offer() -> impl Strategy<Value = Json> {
    let pick = |choices: Vec<Json>| prop::sample::select(choices);
    (
        condition(),
        pick(vec![json!([]), json!({ "exposures": 1, "per": "visit" }), json!([{ "exposures": 2, "per": "1d" }, { "exposures": 3 }])]),
        pick(vec![json!([]), json!({ "after": "dismissed", "for": "2d" }), json!({ "after": "exposed", "for": "1h" })]),
        pick(vec![json!({}), json!({ "hours": "9-21" }), json!({ "from": "2026-11-21" }), json!({ "to": "2026-11-22" })]),
        pick(vec![json!({}), json!({ "site": 2 }), json!({ "site": 1, "visitor": 3 })]),
    )
        .prop_map(|(eligible, cap, rest, schedule, value)| {
            json!({ "eligible": eligible, "cap": cap, "rest": rest, "schedule": schedule, "value": value })
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// An explanation and the decision it explains are the same story, told twice.
    #[test]
    fn decision_and_explanation_agree(
        offers in prop::collection::vec(any_offer(), 1..5),
        audience in condition(),
        take in 1..3_usize,
        steps in prop::collection::vec((0..9_u8, prop::sample::select(vec![0, MINUTE, HOUR, DAY])), 0..15),
    ) {
        let offers: Vec<Json> =
            offers.into_iter().enumerate().map(|(index, more)| offer(&format!("o{index}"), more)).collect();
        let text = json!({
            "audiences": { "one": { "page.path": "/a" }, "two": audience, "broken": { "visit.nubmer": 1 } },
            "placements": { "hero": { "take": take } },
            "offers": offers,
        });
        let mut engine = broken_engine(&text.to_string());
        let mut now = at(NOON);
        for (step, gap) in steps {
            now += gap;
            match step {
                0 => view(&mut engine, "/a", now),
                1 => view(&mut engine, "/b", now),
                2 => { engine.observe("view_item", value(&json!({})), now); }
                3 => { engine.observe("add_to_cart", value(&json!({})), now); }
                4 => engine.user(&value(&json!({ "plan": "pro", "tags": ["x"] })), now),
                5 => { engine.outcome("o0", Outcome::Dismissed, now); }
                6 => { engine.outcome("o1", Outcome::Exposed, now); }
                _ => { engine.outcome("o0", Outcome::Exposed, now); }
            }
            let explanation = engine.explain("hero", now).unwrap();
            prop_assert_eq!(&explanation.shows, &shown(&engine, "hero", now));
            prop_assert_eq!(explanation.offers.len(), offers.len());
            for offer in &explanation.offers {
                let is_shown = explanation.shows.contains(&offer.offer);
                prop_assert_eq!(offer.status == Status::Shown, is_shown, "{:?}", offer);
                prop_assert_eq!(offer.failed.is_empty(), is_shown, "{:?}", offer);
                prop_assert_eq!(offer.change.is_empty(), is_shown, "{:?}", offer);
                prop_assert!(offer.failed.iter().all(|reason| !reason.text.is_empty() && !reason.change.is_empty()), "{:?}", offer);
                let says = offer.failed.iter().map(|reason| reason.check).next();
                let expected = match offer.status {
                    Status::Shown => None,
                    Status::Ineligible | Status::Private => Some("eligible"),
                    Status::Unscheduled => Some("schedule"),
                    Status::Capped => Some("cap"),
                    Status::Resting => Some("rest"),
                    Status::Outranked => Some("rank"),
                    Status::Untriggered => Some("trigger"),
                    Status::Pressed => Some("pressure"),
                    Status::Skipped => Some("config"),
                };
                prop_assert_eq!(says, expected, "{:?}", offer);
            }
        }
    }

    /// What an explanation asks for is enough: of a visitor, a page or an hour for which it holds, the offer is shown.
    #[test]
    fn what_would_change_the_answer_changes_it(
        paths in prop::collection::vec(prop::sample::select(vec!["/a", "/b", "/c"]), 1..4),
        pages in 1..5_i64,
        views in 1..4_i64,
    ) {
        let rule = json!({ "page.path": { "$in": paths }, "visit.pages": { "$gte": pages },
            "$did": { "event": "view_item", "times": { "$gte": views } } });
        let mut engine = engine(&one(json!({ "eligible": rule })));
        let mut now = at(NOON);
        // Does what it says, one thing after the other, until there is nothing left to say.
        for _ in 0..10 {
            let why = why(&engine, "a", now);
            let Some(reason) = why.failed.first() else { break };
            prop_assert!(why.change.contains(&reason.change));
            now += SECOND;
            if reason.change.starts_with("`view_item` happens") {
                engine.observe("view_item", value(&json!({})), now);
            } else {
                let asks = reason.change.starts_with("`page.path` is") || reason.change.starts_with("`visit.pages` is");
                prop_assert!(asks, "{}", reason.change);
                view(&mut engine, paths[0], now);
            }
        }
        prop_assert!(shows(&engine, "a", now));
    }
}

#[test]
fn an_explanation_changes_nothing() {
    let config = one(json!({ "eligible": { "visit.number": 1 }, "cap": { "exposures": 1, "per": "visit" } }));
    let mut engine = engine(&config);
    view(&mut engine, "/", at(NOON));
    let before = engine.save();
    for span in [0, DAY, 400 * DAY, -DAY] {
        engine.explain("hero", at(NOON) + span).unwrap();
        engine.decide("hero", at(NOON) + span).unwrap();
    }
    assert_eq!(engine.save(), before);
    assert!(shows(&loaded(&config, &[&before], at(NOON)), "a", at(NOON)));
}
