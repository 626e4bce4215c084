//! Interests: Σ add · 2^(−age / half-life), muted or not, against a naive twin that keeps every addition.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{DAY, HOUR, MINUTE, SECOND, at, broken_engine, engine, loaded, offer, shown, shows, value, why};
use maitre::Engine;
use maitre::time::{Millis, duration};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const NOON: &str = "2026-11-20T12:00:00Z";

/// An interest in `what`, in which views count 1.
fn in_views_of(what: &str) -> Json {
    json!({ "halfLife": "1d", "from": [{ "event": "view", "where": { "about": what }, "add": 1 }] })
}

/// A config with these interests and these conditions, each of an offer of its own.
fn asking(interests: &Json, conditions: &[(&str, Json)]) -> Json {
    let offers: Vec<Json> = conditions
        .iter()
        .map(|(id, condition)| offer(id, json!({ "eligible": condition })))
        .collect();
    let mut config = kit::config(&offers);
    config["interests"] = interests.clone();
    config["site"] = json!({ "timezone": "Europe/Paris", "retention": "9000d" });
    config
}

fn view(engine: &mut Engine, about: &str, now: Millis) {
    engine.observe("view", value(&json!({ "about": about })), now);
}

fn score(engine: &Engine, topic: &str, now: Millis) -> f64 {
    let interests = engine.interests(now);
    interests.iter().find(|(name, ..)| *name == topic).expect("a topic").2
}

fn is_close(found: f64, wanted: f64, of: f64) -> bool {
    (found - wanted).abs() <= 1e-6 * of + 1e-9
}

// ── the twin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const TOPICS: [&str; 3] = ["cooking", "hiking", "running"];
const KINDS: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
struct Topic {
    half_life: Option<&'static str>,
    /// The event, what its `kind` has to be, and what it adds.
    from: Vec<(&'static str, Option<&'static str>, f64)>,
}

impl Topic {
    fn half_life(&self) -> Millis {
        self.half_life.map_or(14 * DAY, |span| duration(span).unwrap())
    }

    fn added(&self, event: &str, kind: &str) -> Option<f64> {
        let fitting = self
            .from
            .iter()
            .filter(|(name, wanted, _)| *name == event && wanted.is_none_or(|wanted| wanted == kind));
        let adds: Vec<f64> = fitting.map(|(_, _, add)| *add).collect();
        (!adds.is_empty()).then(|| adds.iter().sum())
    }

    fn json(&self) -> Json {
        let from = self.from.iter().map(|(event, kind, add)| {
            let mut source = json!({ "event": event, "add": add });
            if let Some(kind) = kind {
                source["where"] = json!({ "kind": kind });
            }
            if *add == 1.0 {
                source.as_object_mut().unwrap().remove("add");
            }
            source
        });
        let mut topic = json!({ "from": from.collect::<Vec<_>>() });
        if let Some(half_life) = self.half_life {
            topic["halfLife"] = json!(half_life);
        }
        topic
    }
}

/// When a topic was last muted (`true`) or unmuted; what was collected before is gone.
type Since = Option<(Millis, bool)>;

#[derive(Clone, Debug)]
struct Added {
    topic: usize,
    at: Millis,
    add: f64,
    since: Since,
}

/// What one tab told of, and until when it knows of its topics being muted.
#[derive(Clone, Debug, Default)]
struct Known {
    added: Vec<Added>,
    since: [Since; 3],
}

impl Known {
    fn with(&self, other: &Known) -> Known {
        let mut both = self.clone();
        both.added.extend(other.added.iter().cloned());
        for (since, other) in both.since.iter_mut().zip(other.since) {
            *since = (*since).max(other);
        }
        both
    }

    fn is_muted(&self, topic: usize) -> bool {
        self.since[topic].is_some_and(|(_, muted)| muted)
    }

    /// The score, and the sum of what it is made of.
    fn score(&self, topics: &[Topic], topic: usize, now: Millis) -> (f64, f64) {
        let (mut score, mut of) = (0.0, 0.0);
        let counting = |added: &&Added| added.topic == topic && added.since == self.since[topic];
        let last = self.added.iter().filter(counting).map(|added| added.at).max();
        let ahead = last.map_or(0, |last| (last - now).max(0));
        for added in self.added.iter().filter(counting) {
            let age = now + ahead - added.at;
            let faded = added.add * 2_f64.powf(-(age as f64) / topics[topic].half_life() as f64);
            (score, of) = (score + faded, of + faded.abs());
        }
        if self.is_muted(topic) { (0.0, 0.0) } else { (score, of) }
    }

    /// A clock set back takes a score along: what it has faded to goes on fading from now.
    fn notice(&mut self, now: Millis) {
        for topic in 0..TOPICS.len() {
            let of_it = |added: &&mut Added| added.topic == topic;
            let last = self.added.iter_mut().filter(of_it).map(|added| added.at).max();
            let ahead = last.map_or(0, |last| (last - now).max(0));
            self.added.iter_mut().filter(of_it).for_each(|added| added.at -= ahead);
        }
        let of_added = self.added.iter_mut().map(|added| &mut added.since);
        for (at, _) in of_added.chain(&mut self.since).flatten() {
            *at = (*at).min(now);
        }
    }
}

struct Tab {
    engine: Engine,
    own: Known,
    other: Known,
}

impl Tab {
    fn new(config: &Json) -> Tab {
        Tab {
            engine: engine(config),
            own: Known::default(),
            other: Known::default(),
        }
    }

    fn known(&self) -> Known {
        self.own.with(&self.other)
    }

    fn notice(&mut self, now: Millis) {
        self.own.notice(now);
        self.other.notice(now);
    }

    fn observe(&mut self, topics: &[Topic], event: &str, kind: &str, now: Millis) {
        self.engine.observe(event, value(&json!({ "kind": kind })), now);
        self.notice(now);
        let known = self.known();
        for (index, topic) in topics.iter().enumerate() {
            if let Some(add) = topic.added(event, kind) {
                let since = known.since[index];
                // Whoever tells of it from now on knows what it was told.
                self.own.since[index] = since;
                if known.is_muted(index) {
                    continue;
                }
                self.own.added.push(Added {
                    topic: index,
                    at: now,
                    add,
                    since,
                });
            }
        }
    }

    fn mute(&mut self, topic: usize, muted: bool, now: Millis) {
        assert!(self.engine.mute(TOPICS[topic], muted, now));
        self.notice(now);
        // Said again, it changes nothing.
        if self.known().is_muted(topic) == muted {
            return;
        }
        let before = self.known().since[topic];
        self.own.added.retain(|added| added.topic != topic);
        self.own.since[topic] = Some((before.map_or(now, |(at, _)| now.max(at + 1)), muted));
    }

    fn reload(&mut self, config: &Json, now: Millis) {
        let stored = self.engine.save();
        self.engine = engine(config);
        self.engine.load([], &stored, now);
        self.other = Known::default();
        self.notice(now);
    }
}

/// Where the engine and the twin differ.
fn differences(engine: &Engine, topics: &[Topic], known: &Known, now: Millis) -> Vec<String> {
    let mut differences = Vec::new();
    let scores: Vec<(f64, f64)> = (0..TOPICS.len()).map(|topic| known.score(topics, topic, now)).collect();
    for ((topic, _, found, muted), (index, (wanted, of))) in
        engine.interests(now).into_iter().zip(scores.iter().enumerate())
    {
        if !is_close(found, *wanted, *of) || muted != known.is_muted(index) {
            differences.push(format!("{topic}: {found}, not {wanted}; muted: {muted}; at {now}"));
        }
    }
    // The strongest of all, unless it is too close to tell.
    let most = scores.iter().map(|(score, _)| *score).fold(0.0, f64::max);
    let near = |(score, of): &&(f64, f64)| (most - score).abs() <= 1e-5 * of + 1e-7;
    if most > 1e-6 && scores.iter().filter(near).count() == 1 {
        let top = scores.iter().position(|(score, _)| *score == most).unwrap();
        if shown(engine, "top", now) != [TOPICS[top]] {
            differences.push(format!("{:?}, not {}", shown(engine, "top", now), TOPICS[top]));
        }
    }
    differences
}

fn topic() -> impl Strategy<Value = Topic> {
    let half_life = prop::option::weighted(0.8, prop::sample::select(vec!["1m", "1h", "1d", "14d", "300d"]));
    let source = (
        prop::sample::select(vec!["view", "buy"]),
        prop::option::of(prop::sample::select(KINDS.to_vec())),
        prop_oneof![3 => Just(1.0), 3 => Just(3.0), 1 => Just(0.1), 1 => Just(-2.0), 1 => -5.0..5.0_f64],
    );
    (half_life, prop::collection::vec(source, 1..4)).prop_map(|(half_life, from)| Topic { half_life, from })
}

fn config_of(topics: &[Topic]) -> Json {
    let mut interests = json!({});
    let mut config = json!({ "placements": { "hero": { "take": 9 }, "top": { "take": 9 } }, "offers": [] });
    for (name, topic) in TOPICS.iter().zip(topics) {
        interests[name] = topic.json();
        let asks = offer(
            &format!("some-{name}"),
            json!({ "eligible": { format!("interest.{name}"): { "$gt": 0 } } }),
        );
        let top = offer(
            name,
            json!({ "placement": "top", "eligible": { "interest.top": name } }),
        );
        config["offers"].as_array_mut().unwrap().extend([asks, top]);
    }
    config["interests"] = interests;
    config["site"] = json!({ "retention": "9000d" });
    config
}

#[derive(Clone, Debug)]
enum Act {
    Wait(Millis),
    Event(&'static str, &'static str),
    Mute(usize, bool),
    Reload,
    Learn,
    Look,
}

fn act(back: bool, mute: u32) -> impl Strategy<Value = Act> {
    let forth = prop_oneof![
        1 => Just(0),
        2 => 1..2 * MINUTE,
        2 => 1..3 * HOUR,
        2 => 1..3 * DAY,
        1 => 1..50 * DAY,
        1 => prop::sample::select(vec![MINUTE, HOUR, DAY, 14 * DAY, 300 * DAY]),
    ];
    let wait = (forth, 0..if back { 5 } else { 1 }).prop_map(|(span, turn)| if turn == 4 { -span } else { span });
    let event = (
        prop::sample::select(vec!["view", "buy", "other"]),
        prop::sample::select(KINDS.to_vec()),
    );
    prop_oneof![
        4 => wait.prop_map(Act::Wait),
        6 => event.prop_map(|(event, kind)| Act::Event(event, kind)),
        mute => (0..TOPICS.len(), prop::bool::weighted(0.4)).prop_map(|(topic, muted)| Act::Mute(topic, muted)),
        1 => Just(Act::Reload),
        1 => Just(Act::Learn),
        2 => Just(Act::Look),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_score_is_the_sum_of_what_was_added_faded_by_its_age(
        topics in prop::collection::vec(topic(), TOPICS.len()),
        acts in prop::collection::vec(act(true, 1), 1..50),
        looks in prop::bool::ANY,
    ) {
        let config = config_of(&topics);
        let mut tab = Tab::new(&config);
        let mut now = at(NOON);
        for act in acts.into_iter().chain([Act::Wait(HOUR), Act::Look]) {
            match act {
                Act::Wait(span) => now += span,
                Act::Event(event, kind) => tab.observe(&topics, event, kind, now),
                Act::Mute(topic, muted) => tab.mute(topic, muted, now),
                Act::Reload => tab.reload(&config, now),
                Act::Learn | Act::Look => {
                    if looks {
                        let _ = (tab.engine.save(), tab.engine.explain("hero", now), tab.engine.decide("top", now));
                    }
                    prop_assert_eq!(differences(&tab.engine, &topics, &tab.known(), now), [""; 0]);
                }
            }
        }
    }

    /// Two tabs, each of which knows of the other what it looked up; whoever muted or unmuted last is right, and what others
    /// collected before they heard of it is gone.
    #[test]
    fn tabs_add_up_and_whoever_muted_last_is_right(
        topics in prop::collection::vec(topic(), TOPICS.len()),
        acts in prop::collection::vec((act(false, 2), 0..2_usize), 1..50),
        later in prop::sample::select(vec![0, 1, HOUR, 3 * DAY]),
    ) {
        let config = config_of(&topics);
        let mut tabs = [Tab::new(&config), Tab::new(&config)];
        let mut now = at(NOON);
        for (act, tab) in acts {
            match act {
                Act::Wait(span) => now += span,
                Act::Event(event, kind) => tabs[tab].observe(&topics, event, kind, now),
                Act::Mute(topic, muted) => {
                    // A moment of its own.
                    now += 5;
                    tabs[tab].mute(topic, muted, now);
                }
                Act::Reload => tabs[tab].reload(&config, now),
                Act::Learn => {
                    let (text, other) = (tabs[1 - tab].engine.save(), tabs[1 - tab].own.clone());
                    tabs[tab].engine.load([text.as_str()], "", now);
                    tabs[tab].other = other;
                    tabs[tab].notice(now);
                }
                Act::Look => prop_assert_eq!(differences(&tabs[tab].engine, &topics, &tabs[tab].known(), now), [""; 0]),
            }
        }
        now += later;
        let both = tabs[0].own.with(&tabs[1].own);
        let (left, right) = (tabs[0].engine.save(), tabs[1].engine.save());
        for texts in [[left.as_str(), &right], [&right, &left]] {
            let mut third = engine(&config);
            third.load(texts, "", now);
            prop_assert_eq!(differences(&third, &topics, &both, now), [""; 0]);
            let folded = third.fold_texts(texts, now);
            prop_assert_eq!(differences(&loaded(&config, &[&folded], now), &topics, &both, now), [""; 0]);
        }
    }
}

// ── in so many words ───────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn half_of_it_is_left_after_the_half_life() {
    let interests = json!({ "running": in_views_of("running"), "hiking": { "from": [{ "event": "view" }] } });
    let config = asking(
        &interests,
        &[
            ("a", json!({ "interest.running": { "$gte": 1 } })),
            ("b", json!({ "interest.hiking": { "$gte": 1 } })),
        ],
    );
    let mut engine = engine(&config);
    let noon = at(NOON);
    assert_eq!(
        (score(&engine, "running", noon), shown(&engine, "hero", noon)),
        (0.0, vec![])
    );
    view(&mut engine, "running", noon);
    view(&mut engine, "running", noon);
    for (after, running, hiking) in [
        (0, 2.0, 2.0),
        (DAY, 1.0, 2.0 / 2_f64.powf(1.0 / 14.0)),
        (2 * DAY, 0.5, 1.811_447),
        (14 * DAY, 0.000_122_07, 1.0),
    ] {
        assert!(
            is_close(score(&engine, "running", noon + after), running, 1.0),
            "{after}"
        );
        assert!(is_close(score(&engine, "hiking", noon + after), hiking, 1.0), "{after}");
    }
    assert_eq!(shown(&engine, "hero", noon + DAY), ["a", "b"]);
    assert_eq!(shown(&engine, "hero", noon + DAY + SECOND), ["b"]);
    assert_eq!(shown(&engine, "hero", noon + 14 * DAY + SECOND), [""; 0]);
    // Whatever the visitor does besides.
    for hour in 0..24 {
        engine.observe("page", value(&json!({})), noon + hour * HOUR);
        let stored = engine.save();
        engine = kit::engine(&config);
        engine.load([], &stored, noon + hour * HOUR);
    }
    assert!(is_close(score(&engine, "running", noon + DAY), 1.0, 1.0));
}

#[test]
fn of_equals_the_first_of_the_config_is_the_strongest() {
    let top = |topic: &str| json!({ "interest.top": topic });
    let conditions = [
        ("z", top("z")),
        ("m", top("m")),
        ("a", top("a")),
        ("none", json!({ "interest.top": { "$exists": false } })),
        ("null", json!({ "interest.top": null })),
    ];
    // In this order, which `json!` would not keep.
    let topics = ["z", "m", "a"].map(|topic| format!("\"{topic}\": {}", in_views_of(topic)));
    let config = asking(&json!("topics"), &conditions)
        .to_string()
        .replace("\"topics\"", &format!("{{ {} }}", topics.join(", ")));
    let fresh = || {
        let engine = broken_engine(&config);
        assert_eq!(engine.problems(), []);
        engine
    };
    let noon = at(NOON);
    let tops = |texts: &[&str], now: Millis| -> String {
        let mut engine = fresh();
        engine.load(texts.iter().copied(), "", now);
        shown(&engine, "hero", now).join(" ")
    };
    assert_eq!(tops(&[], noon), "none null");
    let saw = |what: &[(&str, Millis)]| {
        let mut engine = fresh();
        for (about, after) in what {
            view(&mut engine, about, noon + after);
        }
        engine.save()
    };
    let later = noon + 3 * DAY + 17;
    for (tabs, wanted) in [
        (vec![saw(&[("a", 0)])], "a"),
        (vec![saw(&[("a", 0), ("z", 0)])], "z"),
        (vec![saw(&[("a", 0), ("m", 0)])], "m"),
        (vec![saw(&[("a", 0), ("m", 0), ("a", 1)])], "a"),
        (vec![saw(&[("a", 0), ("m", 1)])], "m"),
        // The same, added up in another order.
        (
            vec![
                saw(&[("a", 0), ("a", HOUR), ("a", DAY)]),
                saw(&[("m", 0), ("m", DAY)]),
                saw(&[("m", HOUR)]),
            ],
            "m",
        ),
        (
            vec![
                saw(&[("z", HOUR)]),
                saw(&[("z", 0)]),
                saw(&[("a", 0), ("a", HOUR), ("m", 0), ("m", HOUR)]),
            ],
            "z",
        ),
    ] {
        let mut texts: Vec<&str> = tabs.iter().map(String::as_str).collect();
        assert_eq!(tops(&texts, later), wanted, "{tabs:?}");
        texts.reverse();
        assert_eq!(tops(&texts, later), wanted, "{tabs:?}");
    }
}

#[test]
fn what_speaks_against_an_interest_takes_from_it() {
    let from = json!([{ "event": "view", "add": 2 }, { "event": "hide", "add": -3 }]);
    let interests = json!({ "x": { "from": from }, "y": { "from": { "event": "view" } } });
    let config = asking(
        &interests,
        &[
            ("low", json!({ "interest.x": { "$lt": 0 } })),
            ("x", json!({ "interest.top": "x" })),
            ("y", json!({ "interest.top": "y" })),
            ("none", json!({ "interest.top": { "$exists": false } })),
        ],
    );
    let mut engine = engine(&config);
    let noon = at(NOON);
    engine.observe("hide", value(&json!({})), noon);
    assert_eq!(
        shown(&engine, "hero", noon),
        ["low", "none"],
        "below 0 is not the strongest"
    );
    engine.observe("view", value(&json!({})), noon);
    assert_eq!(
        (score(&engine, "x", noon), shown(&engine, "hero", noon)),
        (-1.0, vec!["low", "y"])
    );
    engine.observe("view", value(&json!({})), noon);
    assert_eq!(score(&engine, "x", noon), 1.0);
    assert_eq!(shown(&engine, "hero", noon), ["y"], "1 of 2");
    engine.observe("view", value(&json!({})), noon);
    assert_eq!(shown(&engine, "hero", noon), ["x"], "3 and 3");
}

#[test]
fn an_event_adds_once_for_each_line_it_fits_however_many_of_its_items_do() {
    let from = json!([
        { "event": "view", "where": { "kind": "a" } },
        { "event": "view", "where": { "kind": { "$in": ["a", "b"] } }, "add": 10 },
        { "event": "view", "where": { "kind": "a" }, "add": 100 },
    ]);
    let config = asking(
        &json!({ "x": { "from": from } }),
        &[("a", json!({ "interest.x": { "$gte": 1 } }))],
    );
    for (params, wanted) in [
        (json!({ "kind": "a" }), 111.0),
        (json!({ "kind": "b" }), 10.0),
        (json!({ "kind": "c" }), 0.0),
        (
            json!({ "items": [{ "kind": "a" }, { "kind": "a" }, { "kind": "b" }] }),
            111.0,
        ),
        (json!({ "kind": "a", "items": [{ "kind": "b" }] }), 10.0),
    ] {
        let mut engine = engine(&config);
        engine.observe("view", value(&params), at(NOON));
        assert_eq!(score(&engine, "x", at(NOON)), wanted, "{params}");
    }
}

#[test]
fn a_muted_topic_is_nothing_and_collects_nothing() {
    let interests = json!({ "x": in_views_of("x"), "y": in_views_of("y") });
    let conditions = [
        ("x", json!({ "interest.top": "x" })),
        ("y", json!({ "interest.top": "y" })),
        ("zero", json!({ "interest.x": 0 })),
    ];
    let mut config = asking(&interests, &conditions);
    config["interests"]["x"]["title"] = json!("Running and jogging");
    let mut engine = engine(&config);
    let noon = at(NOON);
    for about in ["x", "x", "y"] {
        view(&mut engine, about, noon);
    }
    assert_eq!(
        engine.interests(noon),
        [("x", "Running and jogging", 2.0, false), ("y", "y", 1.0, false)]
    );
    assert_eq!(shown(&engine, "hero", noon), ["x"]);
    assert!(engine.mute("x", true, noon));
    assert_eq!(
        engine.interests(noon),
        [("x", "Running and jogging", 0.0, true), ("y", "y", 1.0, false)]
    );
    assert_eq!(shown(&engine, "hero", noon), ["y", "zero"]);
    view(&mut engine, "x", noon);
    let mut engine = loaded(&config, &[&engine.save()], noon);
    assert_eq!(
        engine.interests(noon)[0],
        ("x", "Running and jogging", 0.0, true),
        "it stays muted"
    );
    view(&mut engine, "x", noon);
    assert_eq!(score(&engine, "x", noon), 0.0);
    // Muted again, or switched on: what was is gone.
    assert!(engine.mute("x", true, noon) && engine.mute("x", false, noon));
    assert_eq!(engine.interests(noon)[0], ("x", "Running and jogging", 0.0, false));
    view(&mut engine, "x", noon);
    assert_eq!(score(&engine, "x", noon), 1.0);
    assert!(engine.mute("x", false, noon), "it is on already");
    assert_eq!(score(&engine, "x", noon), 1.0);
    assert!(!engine.mute("z", true, noon), "there is no such topic");
}

#[test]
fn muted_in_one_tab_is_muted_in_all() {
    let config = asking(
        &json!({ "x": in_views_of("x") }),
        &[("x", json!({ "interest.x": { "$gt": 0 } }))],
    );
    let noon = at(NOON);
    let (mut one, mut other) = (engine(&config), engine(&config));
    view(&mut one, "x", noon);
    view(&mut other, "x", noon + SECOND);
    one.mute("x", true, noon + 2 * SECOND);
    // What the other collects before it hears of it is gone with the rest.
    view(&mut other, "x", noon + 3 * SECOND);
    let both = loaded(&config, &[&other.save(), &one.save()], noon + 4 * SECOND);
    assert_eq!(both.interests(noon + 4 * SECOND), [("x", "x", 0.0, true)]);
    other.load([one.save().as_str()], "", noon + 4 * SECOND);
    assert_eq!(other.interests(noon + 4 * SECOND), [("x", "x", 0.0, true)]);
    view(&mut other, "x", noon + 5 * SECOND);
    // Switched on in the other: nothing of the first comes back.
    other.mute("x", false, noon + 6 * SECOND);
    view(&mut other, "x", noon + 6 * SECOND);
    one.load([other.save().as_str()], "", noon + 6 * SECOND);
    assert_eq!(one.interests(noon + 6 * SECOND), [("x", "x", 1.0, false)]);
    view(&mut one, "x", noon + 6 * SECOND);
    let both = loaded(&config, &[&other.save(), &one.save()], noon + 6 * SECOND);
    assert_eq!(both.interests(noon + 6 * SECOND), [("x", "x", 2.0, false)]);
}

#[test]
fn only_topics_that_a_rule_asks_about_are_kept() {
    let interests = json!({ "x": in_views_of("x"), "y": in_views_of("x") });
    let told = |config: &Json| {
        let mut engine = broken_engine(&config.to_string());
        assert!(
            engine
                .problems()
                .iter()
                .all(|problem| problem.severity.name() == "warning")
        );
        view(&mut engine, "x", at(NOON));
        engine
    };
    let nobody_asks = asking(&interests, &[("a", json!({ "page.path": "/" }))]);
    let mut engine = told(&nobody_asks);
    assert_eq!((engine.save().as_str(), engine.interests(at(NOON)).len()), ("", 0));
    assert!(!engine.mute("x", true, at(NOON)));
    assert_eq!(engine.save(), "");
    let mut unused = nobody_asks.clone();
    unused["audiences"] = json!({ "fans": { "interest.x": { "$gt": 1 } } });
    assert_eq!(told(&unused).save(), "", "an audience that no offer names");

    let only_x = asking(
        &json!({ "x": interests["x"] }),
        &[("a", json!({ "interest.x": { "$gt": 1 } }))],
    );
    let asked_for = told(&only_x).save();
    assert_ne!(asked_for, "");
    let audience = json!({ "fans": { "$or": [{ "page.path": "/" }, { "$not": { "interest.x": { "$gt": 1 } } }] } });
    let mut by_audience = asking(&interests, &[("a", json!({ "audience": { "$nin": ["fans"] } }))]);
    by_audience["audiences"] = audience;
    let mut by_fit = nobody_asks.clone();
    by_fit["offers"][0]["fit"] = json!("interest.x");
    let by_condition = asking(&interests, &[("a", json!({ "interest.x": { "$gt": 1 } }))]);
    for config in [&by_condition, &by_audience, &by_fit] {
        let engine = told(config);
        assert_eq!(engine.save(), asked_for, "{config}");
        assert_eq!(engine.interests(at(NOON)).len(), 1, "{config}");
    }
    let top = asking(&interests, &[("a", json!({ "interest.top": "x" }))]);
    assert_eq!(told(&top).interests(at(NOON)).len(), 2);
    // When the rule goes, so does what only it needed.
    assert_eq!(loaded(&nobody_asks, &[&told(&top).save()], at(NOON)).save(), "");
    assert_eq!(
        loaded(&by_condition, &[&told(&top).save()], at(NOON)).fold_texts([told(&top).save().as_str()], at(NOON)),
        asked_for
    );
}

/// Whether the lifecycle alone asks for it, or a change of stage alone feeds it.
#[test]
fn interests_and_stages_know_of_each_other() {
    let lifecycle = json!([{ "stage": "fan", "when": { "interest.x": { "$gte": 2 } } }, { "stage": "new" }]);
    let mut by_stage = asking(
        &json!({ "x": in_views_of("x") }),
        &[("a", json!({ "stage.now": "fan" }))],
    );
    by_stage["lifecycle"] = lifecycle.clone();
    let mut engine = engine(&by_stage);
    view(&mut engine, "x", at(NOON));
    view(&mut engine, "x", at(NOON));
    assert!(shows(&engine, "a", at(NOON)) && !shows(&engine, "a", at(NOON) + DAY));

    let from = json!([{ "event": "stage_change", "where": { "stage": "loyal" }, "add": 5 }]);
    let mut fed = asking(
        &json!({ "x": { "from": from } }),
        &[("a", json!({ "interest.x": { "$gte": 5 } }))],
    );
    fed["lifecycle"] = json!([{ "stage": "loyal", "when": { "$did": { "event": "buy" } } }, { "stage": "new" }]);
    let mut engine = kit::engine(&fed);
    engine.observe("view", value(&json!({})), at(NOON));
    engine.observe("buy", value(&json!({})), at(NOON));
    assert!(shows(&engine, "a", at(NOON)));
}

#[test]
fn an_explanation_names_the_interest_its_score_and_what_it_has_to_be() {
    let config = asking(
        &json!({ "running": in_views_of("x"), "hiking": in_views_of("y") }),
        &[
            ("a", json!({ "interest.running": { "$gte": 2 } })),
            ("b", json!({ "interest.top": "hiking" })),
        ],
    );
    let mut engine = engine(&config);
    view(&mut engine, "x", at(NOON));
    for (offer, words) in [
        ("a", ["`interest.running`", "is 1", "at least 2"]),
        ("b", ["`interest.top`", "\"running\"", "\"hiking\""]),
    ] {
        let why = why(&engine, offer, at(NOON));
        for word in words {
            assert!(why.failed[0].text.contains(word), "{word}: {why:?}");
        }
    }
}

/// What it says of the score is true, and short enough to be read.
#[test]
fn an_explanation_says_a_faded_score_in_few_digits() {
    let config = asking(
        &json!({ "running": in_views_of("x") }),
        &[("a", json!({ "interest.running": { "$gte": 2 } }))],
    );
    let mut engine = engine(&config);
    view(&mut engine, "x", at(NOON));
    let why = why(&engine, "a", at(NOON) + 7 * HOUR);
    let text = &why.failed[0].text;
    let figure: String = text
        .split(" is ")
        .nth(1)
        .unwrap()
        .chars()
        .take_while(|letter| *letter != ',')
        .collect();
    assert!(is_close(figure.parse().unwrap(), 0.816_94, 1000.0), "{text}");
    assert!(figure.len() <= 11, "{text}");
}

#[test]
fn a_topic_that_is_none_is_reported_with_the_nearest() {
    for (condition, remedy) in [
        (json!({ "interest.runing": { "$gt": 1 } }), "`running`"),
        (json!({ "interest.top": "runnning" }), "`running`"),
        (
            json!({ "interest.top": { "$in": ["hiking", "cooking"] } }),
            "`hiking`, `running`",
        ),
    ] {
        let interests = json!({ "running": in_views_of("x"), "hiking": in_views_of("y") });
        let engine = broken_engine(&asking(&interests, &[("a", condition.clone())]).to_string());
        let [problem] = engine.problems() else {
            panic!("{condition}: {:?}", engine.problems());
        };
        assert!(
            problem.what.starts_with("unknown topic `") && problem.remedy.contains(remedy),
            "{problem:?}"
        );
    }
}

#[test]
fn a_fit_that_names_an_interest_is_told_its_path() {
    let mut config = asking(&json!({ "running": in_views_of("x") }), &[("a", json!({}))]);
    config["offers"][0]["fit"] = json!("running");
    let engine = broken_engine(&config.to_string());
    let [problem] = engine.problems() else {
        panic!("{:?}", engine.problems());
    };
    assert_eq!(problem.path, "$.offers[0].fit");
    assert_eq!(problem.remedy, "write `interest.running`");
}

/// What it would be can't be known, so neither it nor its negation is shown.
#[test]
fn an_offer_that_asks_about_a_broken_interest_is_not_shown() {
    let broken = json!({ "halfLife": "soon", "from": [{ "event": "view" }] });
    let conditions = [
        ("fine", json!({ "interest.y": { "$gte": 0 } })),
        ("broken", json!({ "interest.x": { "$gte": 0 } })),
        ("not", json!({ "$not": { "interest.x": { "$gt": 5 } } })),
        ("top", json!({ "interest.top": "y" })),
    ];
    let config = asking(&json!({ "x": broken, "y": in_views_of("y") }), &conditions);
    let mut engine = broken_engine(&config.to_string());
    view(&mut engine, "y", at(NOON));
    assert_eq!(shown(&engine, "hero", at(NOON)), ["fine"]);
    let skipped: Vec<Option<&str>> = engine
        .problems()
        .iter()
        .map(|problem| problem.offer.as_deref())
        .collect();
    assert!(
        ["broken", "not", "top"].iter().all(|id| skipped.contains(&Some(id))),
        "{skipped:?}"
    );
}
