//! `$did`: the windows of the engine against a naive twin that keeps every event.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use jiff::{Timestamp, civil, tz::TimeZone};
use kit::{DAY, HOUR, MINUTE, at, config, engine, offer, one, shown, shows, value, why};
use maitre::Engine;
use maitre::time::{Millis, duration};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Windows of each grain, at the limits between them; before them some that are no multiple of their grain, for which the
/// config gets a warning, whose place is found faster near its start.
const WINDOWS: [&str; 14] = [
    "90s", "2h1m", "36h30m", "7d1h", "10d12h", "1m", "30m", "2h", "3h", "2d", "7d", "8d", "30d", "400d",
];
/// So many of them are odd.
const ODD: usize = 5;
/// What is counted: an event, and a filter on its parameters.
const TALLIES: [(&str, Option<&str>); 3] = [("view", None), ("view", Some("a")), ("buy", None)];
/// Counts are told apart up to here.
const MOST: usize = 3;

/// One placement for each tally and window (and one for "ever"), that shows as many offers as there were events.
fn counting() -> Json {
    let mut placements = json!({});
    let mut offers = Vec::new();
    for (window, within) in WINDOWS.iter().map(Some).chain([None]).enumerate() {
        for (tally, (event, kind)) in TALLIES.iter().enumerate() {
            let placement = format!("p{tally}-{window}");
            placements[&placement] = json!({ "take": MOST });
            // An odd window is asked for fewer times: each is worth a warning, and finding its place takes its time.
            let asked = if window < ODD { 1 } else { MOST };
            for times in 1..=asked {
                let mut did = json!({ "event": event, "times": { "$gte": times } });
                if let Some(within) = within {
                    did["within"] = json!(within);
                }
                if let Some(kind) = kind {
                    did["where"] = json!({ "kind": kind });
                }
                let id = format!("{placement}-{times}");
                offers.push(offer(
                    &id,
                    json!({ "placement": placement, "eligible": { "$did": did } }),
                ));
            }
        }
    }
    let site = json!({ "timezone": "Europe/Paris", "retention": "9000d" });
    json!({ "site": site, "placements": placements, "offers": offers })
}

/// The same engine without the warnings that windows of odd lengths call for.
fn counting_engine(text: &str) -> Engine {
    let engine = kit::broken_engine(text);
    let errors = engine
        .problems()
        .iter()
        .filter(|problem| problem.severity.name() == "error");
    assert_eq!(errors.count(), 0);
    engine
}

/// What the engine counts, for each tally and each window, "ever" last.
fn counts(engine: &Engine, now: Millis) -> Vec<Vec<usize>> {
    let count = |tally: usize, window: usize| shown(engine, &format!("p{tally}-{window}"), now).len();
    (0..TALLIES.len())
        .map(|tally| (0..=WINDOWS.len()).map(|window| count(tally, window)).collect())
        .collect()
}

// ── the twin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug)]
struct Happened {
    event: &'static str,
    kind: &'static str,
    at: Millis,
}

/// The day in Paris, counted from the Unix epoch.
fn day(at: Millis) -> i64 {
    let date = Timestamp::from_millisecond(at)
        .unwrap()
        .to_zoned(TimeZone::get("Europe/Paris").unwrap())
        .date();
    date.duration_since(civil::date(1970, 1, 1)).as_hours() / 24
}

fn bucket(span: Millis, at: Millis) -> (i64, Millis) {
    if span <= 2 * HOUR {
        (at.div_euclid(MINUTE), MINUTE)
    } else if span <= 7 * DAY {
        (at.div_euclid(HOUR), HOUR)
    } else {
        (day(at), DAY)
    }
}

/// `bucket(event) > bucket(now) − W/g`; what lies in the future counts as now.
fn within(span: Millis, event: Millis, now: Millis) -> bool {
    let ((then, grain), (present, _)) = (bucket(span, event.min(now)), bucket(span, now));
    then as f64 > present as f64 - span as f64 / grain as f64
}

fn naive(events: &[Happened], now: Millis) -> Vec<Vec<usize>> {
    let count = |event: &str, kind: Option<&str>, window: usize, span: Option<Millis>| {
        let most = if window < ODD { 1 } else { MOST };
        let fitting = events.iter().filter(|happened| {
            happened.event == event
                && kind.is_none_or(|kind| kind == happened.kind)
                && span.is_none_or(|span| within(span, happened.at, now))
        });
        fitting.count().min(most)
    };
    let spans = WINDOWS.iter().map(|window| duration(window)).chain([None]);
    let spans: Vec<Option<Millis>> = spans.collect();
    TALLIES
        .iter()
        .map(|(event, kind)| {
            spans
                .iter()
                .enumerate()
                .map(|(window, span)| count(event, *kind, window, *span))
                .collect()
        })
        .collect()
}

// ── histories ──────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug)]
enum Step {
    Wait(Millis),
    Event(&'static str, &'static str),
    /// The page is left, and another one goes on with what this tab has stored.
    Reload,
    Ask,
}

/// Waits of every size, most of them around the length of a bucket or of a window.
fn wait() -> impl Strategy<Value = Millis> {
    let edges: Vec<Millis> = [MINUTE, HOUR, DAY, 25 * HOUR, 23 * HOUR]
        .into_iter()
        .chain(WINDOWS.iter().filter_map(|window| duration(window)))
        .collect();
    prop_oneof![
        Just(0),
        1..2000_i64,
        1..3 * HOUR,
        1..3 * DAY,
        1..50 * DAY,
        (prop::sample::select(edges), -1..=1_i64).prop_map(|(edge, off)| edge + off),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec!["a", "b"]);
    let event = prop::sample::select(vec!["view", "buy", "other"]);
    prop_oneof![
        4 => wait().prop_map(Step::Wait),
        4 => (event, kind).prop_map(|(event, kind)| Step::Event(event, kind)),
        1 => Just(Step::Reload),
        2 => Just(Step::Ask),
    ]
}

/// Starts, many of them on the days when clocks in Paris go forward and back.
fn start() -> impl Strategy<Value = Millis> {
    let (spring, autumn) = (at("2026-03-29T01:00:00Z"), at("2026-10-25T01:00:00Z"));
    prop_oneof![
        (spring - 30 * HOUR)..(spring + 30 * HOUR),
        (autumn - 30 * HOUR)..(autumn + 30 * HOUR),
        (spring - 200 * DAY)..(spring + 800 * DAY),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two tabs that know nothing of each other, each left and come back to, and a third that loads what both stored.
    #[test]
    fn windows_count_as_one_who_keeps_every_event(
        start in start(),
        steps in prop::collection::vec((step(), 0..2_usize), 1..40),
        later in wait(),
    ) {
        let text = counting().to_string();
        let mut tabs = [counting_engine(&text), counting_engine(&text)];
        let mut kept: [Vec<Happened>; 2] = Default::default();
        let mut now = start;
        for (step, tab) in steps {
            match step {
                Step::Wait(span) => now += span,
                Step::Event(event, kind) => {
                    tabs[tab].observe(event, value(&json!({ "kind": kind })), now);
                    kept[tab].push(Happened { event, kind, at: now });
                }
                Step::Reload => {
                    let stored = tabs[tab].save();
                    tabs[tab] = counting_engine(&text);
                    tabs[tab].load([], &stored, now);
                }
                Step::Ask => prop_assert_eq!(counts(&tabs[tab], now), naive(&kept[tab], now)),
            }
        }
        now += later;
        let both = kept.concat();
        let (one, other) = (tabs[0].save(), tabs[1].save());
        let mut third = counting_engine(&text);
        third.load([one.as_str(), &other], "", now);
        prop_assert_eq!(counts(&third, now), naive(&both, now));
        let folded = third.fold_texts([one.as_str(), &other], now);
        let mut fourth = counting_engine(&text);
        fourth.load([folded.as_str()], "", now);
        prop_assert_eq!(counts(&fourth, now), naive(&both, now));
        // A tab that learns of the other goes on with its own part, and counts nothing twice.
        tabs[0].load([other.as_str()], "", now);
        prop_assert_eq!(counts(&tabs[0], now), naive(&both, now));
        prop_assert_eq!(tabs[0].save(), one);
    }

    /// The promise in words, bucket arithmetic aside; days are those of the wall clock.
    #[test]
    fn a_window_is_never_longer_than_asked_and_at_most_one_bucket_shorter(
        start in start(),
        window in prop::sample::select(vec!["1m", "30m", "2h", "3h", "2d", "7d", "8d", "30d", "400d"]),
        share in 0.0..1.2_f64,
        off in -1..=1_i64,
    ) {
        let span = duration(window).unwrap();
        let (_, grain) = bucket(span, 0);
        let mut engine = engine(&json!({
            "site": { "timezone": "Europe/Paris" },
            "placements": { "hero": {} },
            "offers": [offer("a", json!({ "eligible": { "$did": { "event": "view", "within": window } } }))]
        }));
        engine.observe("view", value(&json!({})), start);
        let age = ((span as f64 * share) as Millis + off).max(0);
        let now = start + age;
        let wall = |at: Millis| if grain == DAY { local(at) } else { at };
        let age = wall(now) - wall(start);
        if age >= span {
            prop_assert!(!shows(&engine, "a", now));
        }
        if age <= span - grain {
            prop_assert!(shows(&engine, "a", now));
        }
    }

    /// A clock that was ahead, or is set back: what lies in the future counts as now, from when it is noticed.
    #[test]
    fn what_lies_in_the_future_counts_as_now(
        start in start(),
        gaps in prop::collection::vec((-3 * DAY..3 * DAY, prop::bool::ANY), 1..20),
        later in 0..500 * DAY,
    ) {
        let text = counting().to_string();
        let mut engine = counting_engine(&text);
        let mut kept: Vec<Happened> = Vec::new();
        let mut now = start;
        let mut lost = false;
        for (gap, reload) in gaps {
            now += gap;
            if reload {
                let stored = engine.save();
                engine = counting_engine(&text);
                engine.load([stored.as_str()], "", now);
                engine.load([], &stored, now);
            }
            // Noticed: from here on it ages.
            for happened in &mut kept {
                happened.at = happened.at.min(now);
            }
            engine.observe("view", value(&json!({ "kind": "a" })), now);
            kept.push(Happened { event: "view", kind: "a", at: now });
            // What the clock says is older than a window is gone, and does not return when the clock is set back.
            for span in WINDOWS.iter().filter_map(|window| duration(window)) {
                lost |= kept.iter().any(|happened| !within(span, happened.at, now));
            }
        }
        now += later;
        for (counted, most) in counts(&engine, now).concat().into_iter().zip(naive(&kept, now).concat()) {
            prop_assert!(counted <= most);
            prop_assert!(lost || counted == most);
        }
    }

    #[test]
    fn ago_is_exact(
        start in start(),
        gaps in prop::collection::vec(wait(), 1..5),
        bound in prop::sample::select(vec!["1s", "30m", "1d", "30d", "1d12h"]),
        later in wait(),
        off in -1..=1_i64,
    ) {
        let rule = |operator: &str| json!({ "eligible": { "$did": { "event": "view", "ago": { operator: bound } } } });
        let operators = ["$gt", "$gte", "$lt", "$lte"];
        let offers: Vec<Json> = operators.iter().map(|operator| offer(&operator[1..], rule(operator))).collect();
        let mut engine = engine(&config(&offers));
        let mut now = start;
        for gap in gaps {
            now += gap;
            engine.observe("view", value(&json!({})), now);
        }
        let span = duration(bound).unwrap();
        for age in [later, span + off] {
            let age = age.max(0);
            let wanted = [("gt", age > span), ("gte", age >= span), ("lt", age < span), ("lte", age <= span)];
            let wanted: Vec<&str> = wanted.iter().filter(|(_, holds)| *holds).map(|(id, _)| *id).collect();
            prop_assert_eq!(shown(&engine, "hero", now + age), wanted);
        }
    }
}

/// The wall clock in Paris, as if it were UTC.
fn local(at: Millis) -> Millis {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    at + Millis::from(zone.to_offset(Timestamp::from_millisecond(at).unwrap()).seconds()) * 1000
}

const NOON: &str = "2026-11-20T12:00:00+01:00";

#[test]
fn a_window_ends_at_its_bucket_and_not_a_millisecond_earlier() {
    // When the event was, the window, and the last bucket's end: from there on it doesn't count.
    let cases = [
        ("2026-11-20T12:00:00.000Z", "30m", "2026-11-20T12:30:00.000Z"),
        ("2026-11-20T12:00:59.999Z", "30m", "2026-11-20T12:30:00.000Z"),
        ("2026-11-20T12:00:59.999Z", "90s", "2026-11-20T12:02:00.000Z"),
        ("2026-11-20T12:00:00.000Z", "2h", "2026-11-20T14:00:00.000Z"),
        ("2026-11-20T12:59:59.999Z", "2h1m", "2026-11-20T15:00:00.000Z"),
        ("2026-11-20T12:30:00.000Z", "3h", "2026-11-20T15:00:00.000Z"),
        ("2026-11-20T12:30:00.000Z", "36h30m", "2026-11-22T01:00:00.000Z"),
        ("2026-11-20T12:30:00.000Z", "2d", "2026-11-22T12:00:00.000Z"),
        ("2026-11-20T12:30:00.000Z", "7d", "2026-11-27T12:00:00.000Z"),
        // Days begin and end on the site's wall clock: in Paris, an hour before UTC's in winter, two in summer.
        ("2026-11-20T22:59:59.999Z", "8d", "2026-11-27T23:00:00.000Z"),
        ("2026-11-20T23:00:00.000Z", "8d", "2026-11-28T23:00:00.000Z"),
        ("2026-11-20T12:30:00.000Z", "10d12h", "2026-11-30T23:00:00.000Z"),
        ("2026-10-20T12:30:00.000Z", "8d", "2026-10-27T23:00:00.000Z"),
        ("2026-03-25T12:30:00.000Z", "8d", "2026-04-01T22:00:00.000Z"),
        ("2026-11-20T12:30:00.000Z", "400d", "2027-12-24T23:00:00.000Z"),
    ];
    for (event, window, end) in cases {
        let rule = |times: usize| json!({ "eligible": { "$did": { "event": "view", "within": window, "times": { "$gte": times } } } });
        let text = json!({
            "site": { "timezone": "Europe/Paris" },
            "placements": { "hero": { "take": 2 } },
            "offers": [offer("once", rule(1)), offer("twice", rule(2))]
        });
        let mut engine = counting_engine(&text.to_string());
        engine.observe("view", value(&json!({})), at(event));
        assert_eq!(shown(&engine, "hero", at(end) - 1), ["once"], "{event} {window}");
        assert_eq!(shown(&engine, "hero", at(end)), [""; 0], "{event} {window}");
        // Nor does another one make it forget a moment too early.
        engine.observe("view", value(&json!({})), at(end) - 1);
        assert_eq!(
            shown(&engine, "hero", at(end) - 1),
            ["once", "twice"],
            "{event} {window}"
        );
        assert_eq!(shown(&engine, "hero", at(end)), ["once"], "{event} {window}");
    }
}

#[test]
fn bounds_on_times() {
    // The bound, and for 0, 1, 2, 3 and 4 times whether it holds.
    let cases = [
        (json!(null), [false, true, true, true, true]),
        (json!({ "$lt": 1 }), [true, false, false, false, false]),
        (json!({ "$lte": 1 }), [true, true, false, false, false]),
        (json!({ "$gte": 0 }), [true, true, true, true, true]),
        (json!({ "$gte": 3 }), [false, false, false, true, true]),
        (json!({ "$gt": 3 }), [false, false, false, false, true]),
        (json!({ "$eq": 2 }), [false, false, true, false, false]),
        (json!({ "$ne": 2 }), [true, true, false, true, true]),
        (json!({ "$gte": 1, "$lt": 3 }), [false, true, true, false, false]),
        (json!({ "$in": [0, 4] }), [true, false, false, false, true]),
        (json!({ "$not": { "$gte": 2 } }), [true, true, false, false, false]),
    ];
    for (times, wanted) in cases {
        for within in [None, Some("30m"), Some("7d"), Some("30d")] {
            let mut did = json!({ "event": "view" });
            if !times.is_null() {
                did["times"] = times.clone();
            }
            if let Some(within) = within {
                did["within"] = json!(within);
            }
            let mut engine = engine(&one(json!({ "eligible": { "$did": did } })));
            let mut held = Vec::new();
            for _ in 0..5 {
                held.push(shows(&engine, "a", at(NOON)));
                engine.observe("view", value(&json!({})), at(NOON));
            }
            assert_eq!(held, wanted, "{times} {within:?}");
        }
    }
}

#[test]
fn of_what_never_happened_ago_is_false_and_its_negation_true() {
    let ago = |bound: Json| json!({ "$did": { "event": "view", "ago": bound } });
    for bound in [
        json!({ "$gt": "1s" }),
        json!({ "$lt": "400d" }),
        json!({ "$gte": "1s", "$lte": "9w" }),
    ] {
        let engine = engine(&config(&[
            offer("plain", json!({ "eligible": ago(bound.clone()) })),
            offer("not", json!({ "eligible": { "$not": ago(bound.clone()) } })),
        ]));
        assert_eq!(shown(&engine, "hero", at(NOON)), ["not"], "{bound}");
    }
}

#[test]
fn ago_of_a_time_in_the_future_is_none_at_all() {
    let mut engine = engine(&one(
        json!({ "eligible": { "$did": { "event": "view", "ago": { "$lt": "1s" } } } }),
    ));
    engine.observe("view", value(&json!({})), at(NOON));
    assert!(shows(&engine, "a", at(NOON) - 30 * DAY));
}

/// A tab whose clock ran ahead takes nothing away from what another one saw a minute ago.
#[test]
fn what_lies_in_the_future_drops_nothing_of_the_present() {
    let rule = |times: usize| json!({ "eligible": { "$did": { "event": "view", "within": "7d", "times": { "$gte": times } } } });
    let config = config(&[offer("once", rule(1)), offer("twice", rule(2))]);
    let saw = |now: Millis| {
        let mut engine = engine(&config);
        engine.observe("view", value(&json!({})), now);
        engine.save()
    };
    let (present, ahead) = (saw(at(NOON)), saw(at(NOON) + 100 * DAY));
    let now = at(NOON) + MINUTE;
    let both = kit::loaded(&config, &[&present, &ahead], now);
    assert_eq!(shown(&both, "hero", now), ["once", "twice"]);
    let folded = both.fold_texts([present.as_str(), &ahead], now);
    assert_eq!(
        shown(&kit::loaded(&config, &[&folded], now), "hero", now),
        ["once", "twice"]
    );
}

#[test]
fn with_items_an_event_counts_once_and_a_filter_is_asked_of_each_item() {
    let counted = |filter: Json, params: Json| {
        let rule = |times: usize| json!({ "eligible": { "$did": { "event": "add_to_cart", "where": filter, "times": { "$gte": times } } } });
        let mut engine = engine(&config(&[offer("once", rule(1)), offer("twice", rule(2))]));
        engine.observe("add_to_cart", value(&params), at(NOON));
        shown(&engine, "hero", at(NOON)).len()
    };
    let two = json!({ "currency": "EUR", "price": 5, "items": [
        { "item_id": "r1", "item_category": "running", "price": 90 },
        { "item_id": "h1", "item_category": "hiking", "price": 20 },
    ] });
    let cases = [
        (json!({ "item_category": "running" }), 1),
        (json!({ "item_category": { "$in": ["running", "hiking"] } }), 1),
        (json!({ "item_category": "swimming" }), 0),
        // An item's fields lie over those of the event, and one item has to match as a whole.
        (json!({ "currency": "EUR", "item_id": "r1" }), 1),
        (json!({ "price": 5 }), 0),
        (json!({ "item_id": "r1", "price": { "$lt": 50 } }), 0),
        (json!({ "item_id": "h1", "price": { "$lt": 50 } }), 1),
        (json!({ "$not": { "item_id": "r1" } }), 1),
        (json!({ "$or": [{ "item_id": "x" }, { "price": 20 }] }), 1),
        (json!({}), 1),
    ];
    for (filter, wanted) in cases {
        assert_eq!(counted(filter.clone(), two.clone()), wanted, "{filter}");
    }
    assert_eq!(counted(json!({ "item_id": "r1" }), json!({ "item_id": "r1" })), 1);
    assert_eq!(
        counted(json!({ "item_id": "r1" }), json!({ "item_id": "r1", "items": [] })),
        1
    );
    assert_eq!(counted(json!({ "item_id": "r1" }), json!(null)), 0);
    assert_eq!(counted(json!({ "item_id": "r1" }), json!([1, 2])), 0);
}

#[test]
fn the_explanation_of_a_window_names_figure_window_and_what_it_has_to_be() {
    let rule = json!({ "event": "view", "within": "7d", "times": { "$gte": 3 } });
    let mut engine = engine(&one(json!({ "eligible": { "$did": rule } })));
    engine.observe("view", value(&json!({})), at(NOON));
    let why = why(&engine, "a", at(NOON));
    for word in ["`view`", "once", "7d", "at least 3"] {
        assert!(why.failed[0].text.contains(word), "{}", why.failed[0].text);
    }
}
