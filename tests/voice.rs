//! One voice: which offers a page shows where, ranked by what, and why not the others. The engine against a naive twin.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;
mod twin;

use kit::{DAY, HOUR, MINUTE, SECOND, at, engine, loaded, offer, shown, value, view, why};
use maitre::Engine;
use maitre::condition::Outcome::{self, Exposed};
use maitre::decide::{Decision, OfferExplanation, OnPage, Status};
use maitre::time::{Millis, duration};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use twin::{Seen, Twin};

const NOON: &str = "2026-11-20T12:00:00Z";

fn on_page(engine: &Engine, seen: &Seen) -> OnPage {
    let members: serde_json::Map<String, Json> = seen.iter().map(|(name, ids)| (name.clone(), json!(ids))).collect();
    engine.on_page(&value(&Json::Object(members)))
}

/// Placements and what they show, by name.
fn named(engine: &Engine, decisions: &[Decision]) -> Vec<(String, Vec<String>)> {
    let id = |offer| engine.plan().id(offer).to_owned();
    let mut all: Vec<(String, Vec<String>)> = decisions
        .iter()
        .map(|known| {
            let name = engine.plan().placement(known.placement).unwrap().name().to_owned();
            (name, known.offers.iter().copied().map(id).collect())
        })
        .collect();
    all.sort();
    all
}

fn sorted(mut arranged: Vec<(String, Vec<String>)>) -> Vec<(String, Vec<String>)> {
    arranged.sort();
    arranged
}

/// An engine and a twin with the same past.
#[derive(Clone, Debug)]
enum Past {
    Outcome(prop::sample::Index, Outcome),
    User(&'static str, Json),
    Cart,
    View,
}

fn past() -> impl Strategy<Value = Vec<(Millis, Past)>> {
    let figures = prop::sample::select(vec![json!(0.25), json!(1), json!(3), json!(0), json!("much")]);
    let one = prop_oneof![
        4 => (any::<prop::sample::Index>(), twin::outcome()).prop_map(|(offer, outcome)| Past::Outcome(offer, outcome)),
        1 => any::<prop::sample::Index>().prop_map(|offer| Past::Outcome(offer, Exposed)),
        2 => (prop::sample::select(vec!["x", "y"]), figures).prop_map(|(key, figure)| Past::User(key, figure)),
        1 => any::<bool>().prop_map(|is| Past::User("member", json!(is))),
        1 => Just(Past::Cart),
        2 => Just(Past::View),
    ];
    prop::collection::vec((prop_oneof![1..MINUTE, 1..10 * HOUR], one), 0..15)
}

fn lived(config: &Json, past: &[(Millis, Past)]) -> (Engine, Twin, Millis) {
    let (mut engine, mut twin, mut now) = (engine(config), Twin::new(config, "Europe/Paris"), at(NOON));
    let offers = twin.offers();
    view(&mut engine, "/", now);
    twin.view(now);
    for (span, what) in past {
        now += span;
        match what {
            Past::Outcome(offer, outcome) => {
                let offer = offers[offer.index(offers.len())]["id"].as_str().unwrap();
                engine.outcome(offer, *outcome, now);
                twin.outcome(offer, *outcome, now);
            }
            Past::User(key, told) => {
                engine.user(&value(&json!({ *key: told })), now);
                twin.user(key, told);
            }
            Past::Cart => {
                let red = json!({ "colour": "red" });
                engine.observe("add_to_cart", value(&red), now);
                twin.event("add_to_cart", &red, now);
            }
            Past::View => {
                view(&mut engine, "/", now);
                twin.view(now);
            }
        }
    }
    (engine, twin, now + 1)
}

/// Of some placements what was seen there, of others nothing, and some that the page doesn't have.
fn partly_seen(twin: &Twin, picks: &[(u8, prop::sample::Index)]) -> Seen {
    let mut seen = Seen::new();
    let mut used = Vec::new();
    for ((name, _), (pick, index)) in twin.whole_page().into_iter().zip(picks) {
        let offers = twin
            .offers()
            .into_iter()
            .map(|offer| (offer["id"].as_str().unwrap().to_owned(), offer));
        let is_for = |offer: &Json| {
            offer["placement"] == *name
                || offer["placement"]
                    .as_array()
                    .is_some_and(|names| names.contains(&json!(name)))
        };
        let meant: Vec<String> = offers
            .filter(|(id, offer)| is_for(offer) && !used.contains(id))
            .map(|(id, _)| id)
            .collect();
        match pick {
            0 => {}
            1 if !meant.is_empty() => {
                let one = meant[index.index(meant.len())].clone();
                used.push(one.clone());
                seen.push((name, Some(vec![one])));
            }
            2 => seen.push((name, Some(Vec::new()))),
            _ => seen.push((name, None)),
        }
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_page_is_arranged_as_by_one_who_sorts_all_offers_by_rank(
        config in twin::config(1..14),
        past in past(),
        picks in prop::collection::vec((0..8_u8, any::<prop::sample::Index>()), 3),
    ) {
        let (engine, twin, now) = lived(&config, &past);
        let page = partly_seen(&twin, &picks);
        let known = on_page(&engine, &page);
        let filled = engine.fill(&known, now);
        prop_assert_eq!(named(&engine, &filled), sorted(twin.arranged(&page, false, now)), "{} {:?}", config, page);
        // Again the same, and in whatever order the page has its placements.
        prop_assert_eq!(&engine.fill(&known, now), &filled);
        let backwards: OnPage = known.iter().cloned().rev().collect();
        prop_assert_eq!(named(&engine, &engine.fill(&backwards, now)), named(&engine, &filled));
        let raised = engine.raise(Some(&known), now).map(|(placement, offer)| (placement.to_owned(), engine.plan().id(offer).to_owned()));
        prop_assert_eq!(raised, twin.raise(&page, now));
        for placement in engine.plan().placements() {
            let name = placement.name();
            // What is asked about is to be decided, whatever was seen there.
            let mut beside: Seen = page.iter().filter(|(other, _)| other != name).cloned().collect();
            if !placement.is_overlay() {
                beside.push((name.to_owned(), None));
            }
            let wanted = twin.arranged(&beside, placement.is_overlay(), now);
            let (_, wanted) = wanted.iter().find(|(known, _)| known == name).unwrap();
            let decision = engine.decide_beside(name, Some(&known), now).unwrap();
            let ids: Vec<&str> = decision.offers.iter().map(|offer| engine.plan().id(*offer)).collect();
            prop_assert_eq!(&ids, wanted, "{} {} {:?}", name, config, page);
            let explanation = engine.explain_beside(name, Some(&known), now).unwrap();
            prop_assert_eq!(&explanation.shows, wanted);
            check_words(&explanation.offers, name, wanted, &twin, now)?;
        }
    }

    /// Page after page: of what is planned and seen, there is never more than a cap allows.
    #[test]
    fn no_cap_is_ever_exceeded_by_what_is_planned_together(
        config in twin::config(4..10),
        pages in prop::collection::vec(twin::wait(), 1..8),
    ) {
        let mut engine = engine(&config);
        let all = Twin::new(&config, "Europe/Paris").whole_page();
        let mut now = at(NOON);
        // When, on which page, in which visit, and where.
        let mut exposures: Vec<(Millis, usize, u32, String)> = Vec::new();
        for (page, span) in pages.into_iter().enumerate() {
            now += span;
            view(&mut engine, "/", now);
            let up = engine.raise(None, now).map(|(name, offer)| (name.to_owned(), engine.plan().id(offer).to_owned()));
            if let Some((_, offer)) = &up {
                engine.raised(offer, now);
            }
            let mut seen = named(&engine, &engine.fill(&on_page(&engine, &all), now));
            seen.extend(up.map(|(name, offer)| (name, vec![offer])));
            let visit = engine.profile().visit.as_ref().unwrap().number;
            for (name, offers) in seen {
                for offer in offers {
                    engine.outcome(&offer, Exposed, now);
                    exposures.push((now, page, visit, name.clone()));
                }
            }
        }
        for rule in config["pressure"].as_array().unwrap() {
            let caps = rule["cap"].as_array().cloned().unwrap_or(vec![rule["cap"].clone()]);
            for cap in caps.iter().filter(|cap| cap.is_object()) {
                let is_meant = |name: &String| rule["placements"].is_null() || rule["placements"] == **name || rule["placements"].as_array().is_some_and(|names| names.contains(&json!(name)));
                for (at, page, visit, _) in &exposures {
                    let counted = exposures.iter().filter(|(then, on, during, name)| is_meant(name) && then <= at && match cap["per"].as_str() {
                        None => true,
                        Some("page") => on == page,
                        Some("visit") => during == visit,
                        Some(span) => at - then < duration(span).unwrap(),
                    });
                    prop_assert!(counted.count() as u64 <= cap["exposures"].as_u64().unwrap(), "{} {:?}", config, exposures);
                }
            }
        }
    }

    /// What was planned stays so while one placement after the other is seen.
    #[test]
    fn what_is_seen_changes_nothing_of_the_rest(config in twin::config(2..12), past in past(), order in Just(vec![0, 1, 2]).prop_shuffle()) {
        let mut config = config;
        // Where an offer of several placements was seen is not told, and what rests after being seen is meant to change.
        for offer in config["offers"].as_array_mut().unwrap() {
            if let Some(first) = offer["placement"].get(0).cloned() {
                offer["placement"] = first;
            }
        }
        config["pressure"].as_array_mut().unwrap().retain(|rule| rule["after"] != "exposed");
        let (mut engine, twin, now) = lived(&config, &past);
        let mut page = twin.whole_page();
        let planned = named(&engine, &engine.fill(&on_page(&engine, &page), now));
        for place in order {
            let (name, seen) = &mut page[place];
            let (_, offers) = planned.iter().find(|(known, _)| known == name).unwrap();
            *seen = Some(offers.clone());
            for offer in offers {
                engine.outcome(offer, Exposed, now);
            }
            for (name, offers) in named(&engine, &engine.fill(&on_page(&engine, &page), now)) {
                prop_assert!(planned.contains(&(name.clone(), offers.clone())), "{} {:?}: {:?} {:?} {:?}", config, page, name, offers, planned);
            }
        }
    }
}

/// What an explanation says fits what is shown, and the twin's view of each rule.
fn check_words(
    offers: &[OfferExplanation],
    placement: &str,
    shown: &[String],
    twin: &Twin,
    now: Millis,
) -> Result<(), TestCaseError> {
    let all = twin.offers();
    let place = |why: &OfferExplanation| all.iter().position(|offer| offer["id"] == why.offer);
    prop_assert!(
        offers
            .is_sorted_by(|a, b| a.rank.total > b.rank.total || (a.rank.total == b.rank.total && place(a) < place(b)))
    );
    for why in offers {
        prop_assert_eq!(
            why.status,
            twin.status(why.offer, placement, shown, now),
            "{} in {}",
            why.offer,
            placement
        );
        let offer = all.iter().find(|offer| offer["id"] == why.offer).unwrap();
        let [fit, value, freshness] = twin.factors(offer, now);
        prop_assert_eq!((why.rank.fit, why.rank.value), (fit, value));
        // When an offer without rivals was seen is not kept: it makes no difference.
        if offers.len() > 1 {
            prop_assert_eq!(
                (why.rank.freshness, why.rank.total),
                (freshness, fit * value * freshness)
            );
        }
        prop_assert_eq!(why.failed.is_empty(), why.status == Status::Shown);
        prop_assert_eq!(why.change.is_empty(), why.failed.is_empty());
        for reason in &why.failed {
            prop_assert!(
                !reason.text.is_empty() && !reason.change.is_empty() && !reason.text.contains('%'),
                "{:?}",
                reason
            );
            prop_assert!(reason.until.is_none_or(|until| until > now));
        }
        let checks: Vec<&str> = why.failed.iter().map(|reason| reason.check).collect();
        match why.status {
            Status::Outranked => prop_assert!(
                matches!(checks[..], ["rank" | "family" | "page" | "pressure"]),
                "{:?}",
                checks
            ),
            Status::Untriggered => prop_assert_eq!(checks[0], "trigger"),
            Status::Ineligible => prop_assert_eq!(checks[0], "eligible"),
            Status::Capped => prop_assert!(checks.contains(&"cap")),
            Status::Resting => prop_assert!(checks.contains(&"rest")),
            Status::Pressed => prop_assert!(checks.iter().all(|check| *check == "pressure")),
            _ => {}
        }
    }
    Ok(())
}

// ── rank ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_rank_is_fit_times_value_times_freshness() {
    let fitting = |id: &str, more: Json| {
        let mut offer = offer(id, json!({ "value": { "site": 2, "visitor": 4 } }));
        for (key, member) in more.as_object().unwrap() {
            offer[key] = member.clone();
        }
        offer
    };
    let mut config = kit::config(&[
        fitting("plain", json!({})),
        fitting("keen", json!({ "fit": "interest.shoes" })),
        fitting("told", json!({ "fit": "user.x" })),
        fitting("never", json!({ "fit": "user.y" })),
        fitting("worthless", json!({ "value": {} })),
    ]);
    config["site"] = json!({ "balance": { "site": 3, "visitor": 0.5 } });
    config["interests"] = json!({ "shoes": { "halfLife": "1d", "from": [{ "event": "view_item", "add": 3 }] } });
    let mut engine = engine(&config);
    let now = at(NOON);
    view(&mut engine, "/", now);
    engine.observe("view_item", value(&json!({})), now);
    engine.user(&value(&json!({ "x": 0.25, "y": -3 })), now);
    engine.outcome("plain", Exposed, now);
    engine.outcome("keen", Exposed, now);
    let rank = |offer: &str, span: Millis| {
        let rank = why(&engine, offer, now + span).rank;
        (rank.fit, rank.value, rank.freshness, rank.total)
    };
    assert_eq!(rank("plain", 0), (1.0, 8.0, 0.8, 6.4));
    assert_eq!(rank("plain", DAY), (1.0, 8.0, 0.9, 7.2));
    assert_eq!(rank("plain", 2 * DAY), (1.0, 8.0, 0.95, 7.6));
    assert_eq!(rank("keen", 0), (3.0, 8.0, 0.8, 3.0 * 8.0 * 0.8));
    assert_eq!(rank("keen", DAY), (1.5, 8.0, 0.9, 1.5 * 8.0 * 0.9));
    assert_eq!(rank("told", 0), (0.25, 8.0, 1.0, 2.0));
    assert_eq!(rank("never", 0), (0.0, 8.0, 1.0, 0.0));
    assert_eq!(rank("worthless", 0), (1.0, 0.0, 1.0, 0.0));
    assert_eq!(
        shown(&engine, "hero", now),
        ["keen", "plain", "told", "never", "worthless"]
    );
    // A score fades faster than what was seen is forgotten.
    assert_eq!(
        shown(&engine, "hero", now + 9 * DAY),
        ["plain", "told", "keen", "never", "worthless"]
    );
}

/// Also among offers that meet nowhere but under the same cap, and over a page load.
#[test]
fn what_was_just_seen_steps_back_for_what_is_nearly_as_good() {
    let worth =
        |id: &str, placement: &str, site: f64| offer(id, json!({ "placement": placement, "value": { "site": site } }));
    let cap = json!([{ "cap": { "exposures": 1, "per": "page" } }]);
    let apart = json!({ "placements": { "hero": {}, "aside": {} }, "pressure": cap, "offers": [worth("a", "hero", 10.0), worth("b", "aside", 9.5)] });
    let over = json!({
        "placements": { "over": { "kind": "overlay" }, "top": { "kind": "overlay" } },
        "offers": [worth("a", "over", 10.0), worth("b", "top", 9.5)],
    });
    let together =
        json!({ "placements": { "hero": {} }, "offers": [worth("a", "hero", 10.0), worth("b", "hero", 9.5)] });
    for config in [apart, over, together] {
        let best = |engine: &Engine, now: Millis| {
            let names: Vec<String> = engine
                .plan()
                .placements()
                .map(|known| known.name().to_owned())
                .collect();
            names
                .iter()
                .flat_map(|name| shown(engine, name, now))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let mut engine = engine(&config);
        let now = at(NOON);
        view(&mut engine, "/", now);
        assert_eq!(best(&engine, now), "a");
        engine.outcome("a", Exposed, now);
        let engine = loaded(&config, &[&engine.save()], now + SECOND);
        // 10 × (1 − 0.2 × 2^−2) = 9.5, and ties go to the first.
        for (span, wanted) in [
            (SECOND, "b"),
            (DAY, "b"),
            (2 * DAY - 1, "b"),
            (2 * DAY, "a"),
            (9 * DAY, "a"),
        ] {
            assert_eq!(best(&engine, now + span), wanted, "{config} {span}");
        }
    }
}

/// When an offer was seen is kept only where that may make a difference.
#[test]
fn of_an_offer_without_rivals_nothing_is_kept() {
    for family in [json!({}), json!({ "family": "shoes", "placement": ["hero", "aside"] })] {
        let config = json!({ "placements": { "hero": {}, "aside": {} }, "offers": [offer("a", family)] });
        let mut engine = engine(&config);
        engine.outcome("a", Exposed, at(NOON));
        assert_eq!(engine.save(), "");
    }
}

// ── the page ───────────────────────────────────────────────────────────────────────────────────────────────────────────

fn page_of(offers: &[Json]) -> Json {
    json!({ "placements": { "hero": {}, "aside": { "take": 2 }, "footer": {} }, "offers": offers })
}

fn fill(engine: &Engine, page: &Json, now: Millis) -> Vec<(String, Vec<String>)> {
    named(engine, &engine.fill(&engine.on_page(&value(page)), now))
}

fn filled(list: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    list.iter()
        .map(|(name, ids)| ((*name).to_owned(), ids.iter().map(|id| (*id).to_owned()).collect()))
        .collect()
}

#[test]
fn what_was_seen_stays_and_speaks_for_its_family() {
    let config = page_of(&[
        offer(
            "a",
            json!({ "placement": ["hero", "aside"], "value": { "site": 9 }, "cap": { "exposures": 1 } }),
        ),
        offer(
            "b",
            json!({ "placement": ["hero", "aside"], "family": "shoes", "value": { "site": 8 } }),
        ),
        offer(
            "c",
            json!({ "placement": "aside", "family": "shoes", "value": { "site": 7 } }),
        ),
        offer("d", json!({ "placement": ["aside", "footer"] })),
    ]);
    let mut engine = engine(&config);
    let now = at(NOON);
    view(&mut engine, "/", now);
    let all = json!({ "hero": null, "aside": null, "footer": null });
    assert_eq!(
        fill(&engine, &all, now),
        filled(&[("aside", &["b", "d"]), ("footer", &[]), ("hero", &["a"])])
    );
    // Its cap is used up now, and it stays where it is.
    engine.outcome("a", Exposed, now);
    assert_eq!(
        fill(&engine, &json!({ "hero": ["a"], "aside": null }), now),
        filled(&[("aside", &["b", "d"])])
    );
    assert_eq!(
        fill(&engine, &json!({ "aside": null, "hero": ["a"] }), now),
        filled(&[("aside", &["b", "d"])])
    );
    assert_eq!(
        fill(&engine, &json!({ "hero": ["b"], "aside": null }), now),
        filled(&[("aside", &["d"])])
    );
    assert_eq!(
        fill(&engine, &json!({ "hero": ["b"], "aside": null, "footer": ["d"] }), now),
        filled(&[("aside", &[])])
    );
    assert_eq!(
        fill(&engine, &json!({ "hero": [], "aside": null }), now),
        filled(&[("aside", &["b", "d"])])
    );
    assert_eq!(
        fill(&engine, &json!({ "hero": ["a"], "aside": ["b"], "footer": ["d"] }), now),
        []
    );
    assert_eq!(
        fill(
            &engine,
            &json!({ "hero": ["nobody"], "nowhere": ["b"], "elsewhere": null, "footer": null }),
            now
        ),
        filled(&[("footer", &["d"])])
    );
}

#[test]
fn an_offer_goes_to_the_first_of_its_placements_that_has_room() {
    let config = page_of(&[
        offer("a", json!({ "placement": ["aside", "hero"], "value": { "site": 9 } })),
        offer("b", json!({ "placement": ["aside", "footer"], "value": { "site": 8 } })),
        offer(
            "c",
            json!({ "placement": ["aside", "footer", "hero"], "value": { "site": 7 } }),
        ),
        offer("d", json!({ "placement": ["hero", "footer"], "value": { "site": 6 } })),
        offer("e", json!({ "placement": ["aside", "footer", "hero"] })),
    ]);
    let engine = engine(&config);
    let now = at(NOON);
    let all = json!({ "hero": null, "aside": null, "footer": null });
    assert_eq!(
        fill(&engine, &all, now),
        filled(&[("aside", &["a", "b"]), ("footer", &["c"]), ("hero", &["d"])])
    );
    assert_eq!(
        fill(&engine, &json!({ "hero": null, "footer": null }), now),
        filled(&[("footer", &["b"]), ("hero", &["a"])])
    );
    assert_eq!(
        fill(&engine, &json!({ "hero": null }), now),
        filled(&[("hero", &["a"])])
    );
    // What would change it.
    let why = |placement: &str, offer: &str| {
        let explained = engine
            .explain(placement, now)
            .unwrap()
            .offers
            .into_iter()
            .find(|found| found.offer == offer)
            .unwrap();
        let reason = explained.failed.into_iter().next().unwrap();
        (explained.status, reason.check, reason.text)
    };
    let page = |place: &str| {
        (
            Status::Outranked,
            "page",
            format!("it is on the page already, in `{place}`"),
        )
    };
    assert_eq!(why("aside", "c"), page("footer"));
    assert_eq!(why("hero", "a"), page("aside"));
    let ranked = "ranked at 0, it comes after `a` (9), `b` (8), and the placement shows 2";
    assert_eq!(why("aside", "e"), (Status::Outranked, "rank", ranked.to_owned()));
}

#[test]
fn a_placement_named_twice_is_one() {
    let config = kit::config(&[
        offer("a", json!({ "value": { "site": 1 } })),
        offer("b", json!({ "placement": ["hero", "hero"], "value": { "site": 2 } })),
    ]);
    let engine = engine(&config);
    assert_eq!(shown(&engine, "hero", at(NOON)), ["b", "a"]);
    assert_eq!(engine.explain("hero", at(NOON)).unwrap().offers.len(), 2);
    // It has no rivals there.
    let config = kit::config(&[offer("a", json!({ "placement": ["hero", "hero"] }))]);
    let mut alone = kit::engine(&config);
    alone.outcome("a", Exposed, at(NOON));
    assert_eq!(alone.save(), "");
}

#[test]
fn what_the_rest_of_the_page_leaves_no_room_for_is_said_to_be_so() {
    let cap = json!([{ "cap": { "exposures": 2, "per": "visit" } }]);
    let mut config = page_of(&[
        offer("a", json!({ "value": { "site": 9 } })),
        offer("b", json!({ "placement": "aside", "value": { "site": 8 } })),
        offer("c", json!({ "placement": "aside", "value": { "site": 7 } })),
        offer("d", json!({ "placement": "footer" })),
    ]);
    config["pressure"] = cap;
    let engine = engine(&config);
    let now = at(NOON);
    for (placement, offer) in [("aside", "c"), ("footer", "d")] {
        let explained = engine
            .explain(placement, now)
            .unwrap()
            .offers
            .into_iter()
            .find(|found| found.offer == offer)
            .unwrap();
        let reason = &explained.failed[0];
        assert_eq!(
            (explained.status, reason.check, reason.until),
            (Status::Outranked, "pressure", None),
            "{offer}"
        );
        assert_eq!(
            reason.text, "what is shown elsewhere on the page leaves no room for it",
            "{offer}"
        );
    }
}

/// Equal ranks are ordered by the config, also where fit and value trade places.
#[test]
fn an_explanation_is_in_the_order_of_the_ranks() {
    let config = kit::config(&[
        offer("a", json!({ "value": { "site": 2 } })),
        offer("b", json!({ "value": { "site": 4 }, "fit": "user.half" })),
        offer("c", json!({ "value": { "site": 1 }, "fit": "user.three" })),
    ]);
    let mut engine = engine(&config);
    engine.user(&value(&json!({ "half": 0.5, "three": 3 })), at(NOON));
    let order: Vec<&str> = engine
        .explain("hero", at(NOON))
        .unwrap()
        .offers
        .iter()
        .map(|offer| offer.offer)
        .collect();
    assert_eq!(order, ["c", "a", "b"]);
    assert_eq!(shown(&engine, "hero", at(NOON)), order);
}

// ── many ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Numbers that look like chance, always the same.
fn chance(seed: &mut u64, below: u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[test]
fn of_ten_thousand_offers_the_right_ones_are_shown() {
    let mut seed = 7;
    let places = ["hero", "aside", "footer"];
    let mut offers = Vec::new();
    for index in 0..10_000 {
        let mut more = json!({ "value": { "site": chance(&mut seed, 500), "visitor": chance(&mut seed, 500) } });
        let first = chance(&mut seed, 3) as usize;
        more["placement"] = match chance(&mut seed, 3) {
            0 => json!([places[first], places[(first + 1) % 3]]),
            _ => json!(places[first]),
        };
        if chance(&mut seed, 3) == 0 {
            more["fit"] = json!(["user.x", "user.y"][chance(&mut seed, 2) as usize]);
        }
        if chance(&mut seed, 2) == 0 {
            more["family"] = json!(format!("f{}", chance(&mut seed, 40)));
        }
        if chance(&mut seed, 4) > 0 {
            more["eligible"] = json!({ "user.group": chance(&mut seed, 4) });
        }
        offers.push(offer(&format!("o{index}"), more));
    }
    let config =
        json!({ "placements": { "hero": { "take": 5 }, "aside": { "take": 20 }, "footer": {} }, "offers": offers });
    let mut engine = engine(&config);
    let now = at(NOON);
    for (group, x) in [(0, 1.0), (1, 0.3), (2, 2.5)] {
        view(&mut engine, "/", now);
        engine.user(&value(&json!({ "group": group, "x": x, "y": 1.1 })), now);
        let figure = |offer: &Json, of: &str| offer["value"][of].as_f64().unwrap();
        let fit = |offer: &Json| match offer["fit"].as_str() {
            None => 1.0,
            Some("user.x") => x,
            Some(_) => 1.1,
        };
        let mut ranked: Vec<(f64, &Json)> = offers
            .iter()
            .map(|offer| (fit(offer) * (figure(offer, "site") + figure(offer, "visitor")), offer))
            .collect();
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
        let mut wanted = filled(&[("aside", &[]), ("footer", &[]), ("hero", &[])]);
        let mut families: Vec<&str> = Vec::new();
        for (_, offer) in ranked {
            let family = offer["family"].as_str();
            let is_meant = offer["eligible"].is_null() || offer["eligible"]["user.group"] == group;
            if !is_meant || family.is_some_and(|family| families.contains(&family)) {
                continue;
            }
            let one = [offer["placement"].clone()];
            for place in offer["placement"].as_array().map_or(&one[..], Vec::as_slice) {
                let room = [20, 1, 5];
                let at = wanted.iter().position(|(name, _)| place == name).unwrap();
                if wanted[at].1.len() < room[at] {
                    wanted[at].1.push(offer["id"].as_str().unwrap().to_owned());
                    families.extend(family);
                    break;
                }
            }
        }
        assert_eq!(
            fill(&engine, &json!({ "hero": null, "footer": null, "aside": null }), now),
            wanted
        );
        for (name, ids) in &wanted {
            assert_eq!(&shown(&engine, name, now), ids);
        }
    }
}
