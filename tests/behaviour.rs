//! `$did`: amounts, different values, items, filters, sequences and spans of the engine against a naive twin that keeps every
//! event whole.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use jiff::{Timestamp, civil, tz::TimeZone};
use kit::{DAY, HOUR, MINUTE, SECOND, at, config, engine, offer, one, shows, value, why};
use maitre::Engine;
use maitre::condition::behaviour_of;
use maitre::profile::measured;
use maitre::time::{Millis, duration};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

const NOON: &str = "2026-11-20T12:00:00Z";

// ── rules ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// An event and the index of a filter, as a step of a sequence is written.
type Step = (&'static str, usize);

#[derive(Clone, Debug)]
enum Ask {
    Times,
    Sum(&'static str),
    Max(&'static str),
    Distinct(&'static str),
    First,
    Last,
    Sequence(Vec<Step>, Option<Step>),
}

/// One `$did`.
#[derive(Clone, Debug)]
struct Rule {
    step: Step,
    ask: Ask,
    within: Option<&'static str>,
    operator: &'static str,
    /// A number, or a duration in ms where a span is asked for.
    bound: f64,
}

const EVENTS: [&str; 3] = ["view", "buy", "share"];
const PARAMS: [&str; 4] = ["value", "kind", "deep.kind", "deep.worth"];
/// Of each grain, at its limits and well inside them.
const WINDOWS: [&str; 11] = ["1m", "5m", "30m", "2h", "3h", "1d", "2d", "7d", "8d", "30d", "400d"];
const SPANS: [&str; 5] = ["1s", "30m", "1d", "30d", "1d12h"];
const OPERATORS: [&str; 6] = ["$gte", "$gt", "$lte", "$lt", "$eq", "$ne"];

/// What a filter looks at: the value at a path.
type Look<'a> = &'a dyn Fn(&str) -> Json;

fn is_more(value: &Json, bound: f64) -> bool {
    value.as_f64().is_some_and(|number| number > bound)
}

type Filter = (Json, fn(Look) -> bool);

/// Each filter as it is written, and what it means in plain Rust; those that name a text are found by that text.
static FILTERS: LazyLock<Vec<Filter>> = LazyLock::new(|| {
    vec![
        (json!(null), |_| true),
        (json!({ "kind": "a" }), |look| look("kind") == "a"),
        (json!({ "kind": { "$eq": "a" } }), |look| look("kind") == "a"),
        (json!({ "kind": { "$eq": "a", "$ne": "b" } }), |look| {
            look("kind") == "a"
        }),
        (json!({ "kind": { "$ne": "b", "$eq": "b" } }), |_| false),
        (json!({ "kind": { "$in": ["a", "b"] } }), |look| {
            look("kind") == "a" || look("kind") == "b"
        }),
        (json!({ "kind": { "$in": ["b"] } }), |look| look("kind") == "b"),
        (json!({ "kind": { "$ne": "a" } }), |look| look("kind") != "a"),
        (json!({ "kind": 3 }), |look| look("kind") == 3),
        (json!({ "kind": { "$eq": 3 } }), |look| look("kind") == 3),
        (json!({ "kind": null }), |look| look("kind").is_null()),
        (json!({ "deep.kind": "a" }), |look| look("deep.kind") == "a"),
        (json!({ "deep.kind": { "$eq": "b" } }), |look| look("deep.kind") == "b"),
        (json!({ "$or": [{ "kind": "a" }, { "deep.kind": "b" }] }), |look| {
            look("kind") == "a" || look("deep.kind") == "b"
        }),
        (json!({ "$or": [{ "kind": "a" }] }), |look| look("kind") == "a"),
        (json!({ "$not": { "kind": "a" } }), |look| look("kind") != "a"),
        (json!({ "$nor": [{ "kind": "a" }, { "kind": "b" }] }), |look| {
            look("kind") != "a" && look("kind") != "b"
        }),
        (json!({ "kind": "a", "value": { "$gt": 1 } }), |look| {
            look("kind") == "a" && is_more(&look("value"), 1.0)
        }),
        (json!({ "value": { "$gt": 1 }, "shop": "b" }), |look| {
            look("shop") == "b" && is_more(&look("value"), 1.0)
        }),
        (
            json!({ "$and": [{ "value": { "$exists": true } }, { "$and": [{ "kind": "b" }] }] }),
            |look| look("kind") == "b" && !look("value").is_null(),
        ),
        (json!({ "$and": [{ "kind": "a" }, { "kind": "b" }] }), |_| false),
        (
            json!({ "$and": [{ "shop": "a" }, { "kind": { "$eq": "b" } }] }),
            |look| look("shop") == "a" && look("kind") == "b",
        ),
        (json!({ "kind": { "$regex": "^a$" } }), |look| look("kind") == "a"),
        (json!({ "kind": { "$not": { "$eq": "a" } } }), |look| {
            look("kind") != "a"
        }),
        (json!({}), |_| true),
    ]
});

fn step_json(step: &Step) -> Json {
    let (event, filter) = step;
    match &FILTERS[*filter].0 {
        Json::Null => json!({ "event": event }),
        filter => json!({ "event": event, "where": filter }),
    }
}

impl Rule {
    /// What is kept of it is dropped by the bucket.
    fn is_ring(&self) -> bool {
        self.within.is_some() && matches!(self.ask, Ask::Times | Ask::Sum(_) | Ask::Max(_))
    }

    fn span(&self) -> Option<Millis> {
        self.within.and_then(duration)
    }

    fn did(&self) -> Json {
        let check = json!({ self.operator: self.bound });
        let mut did = step_json(&self.step);
        match &self.ask {
            Ask::Times => did["times"] = check,
            Ask::Sum(param) | Ask::Max(param) | Ask::Distinct(param) => {
                let key = match self.ask {
                    Ask::Sum(_) => "sum",
                    Ask::Max(_) => "max",
                    _ => "distinct",
                };
                did[key] = json!(param);
                did["is"] = check;
            }
            Ask::First | Ask::Last => {
                let key = match (&self.ask, self.bound as i64 % 2) {
                    (Ask::First, _) => "first",
                    // Two words for the same.
                    (_, 0) => "ago",
                    _ => "last",
                };
                let bound = format!("{}s", self.bound as i64 / 1000);
                did[key] = json!({ self.operator: bound });
            }
            Ask::Sequence(steps, without) => {
                did = json!({ "sequence": steps.iter().map(step_json).collect::<Vec<_>>() });
                if let Some(without) = without {
                    did["without"] = step_json(without);
                }
            }
        }
        if let Some(within) = self.within {
            did["within"] = json!(within);
        }
        did
    }
}

fn step() -> impl Strategy<Value = Step> {
    // Mostly a few of them, so that rules meet.
    let filter = prop_oneof![3 => 0..3_usize, 1 => 0..FILTERS.len()];
    (prop::sample::select(EVENTS.to_vec()), filter)
}

fn rule(sequences: u32) -> impl Strategy<Value = Rule> {
    let any_step = (prop::sample::select(EVENTS.to_vec()), 0..FILTERS.len());
    let within = prop::option::weighted(0.7, prop::sample::select(WINDOWS.to_vec()));
    let param = || prop::sample::select(PARAMS.to_vec());
    let ask = prop_oneof![
        2 => Just(Ask::Times),
        3 => param().prop_map(Ask::Sum),
        3 => param().prop_map(Ask::Max),
        3 => param().prop_map(Ask::Distinct),
        1 => Just(Ask::First),
        1 => Just(Ask::Last),
        sequences => (prop::collection::vec(step(), 2..5), prop::option::of(step()))
            .prop_map(|(steps, without)| Ask::Sequence(steps, without)),
    ];
    let span = prop::sample::select(SPANS.to_vec()).prop_map(|span| duration(span).unwrap() as f64);
    (any_step, ask, within, 0..OPERATORS.len(), -4..12_i32, span).prop_map(
        |(step, ask, within, operator, bound, span)| {
            let mut rule = Rule {
                step,
                ask,
                within,
                operator: OPERATORS[operator],
                bound: f64::from(bound),
            };
            match rule.ask {
                Ask::Sum(_) | Ask::Max(_) => rule.bound /= 2.0,
                Ask::Times | Ask::Distinct(_) => rule.bound = f64::from(bound.rem_euclid(5)),
                Ask::First | Ask::Last => {
                    rule.operator = OPERATORS[operator % 4];
                    rule.bound = span;
                    rule.within = None;
                }
                Ask::Sequence(..) => (rule.operator, rule.bound) = ("$gte", 1.0),
            }
            rule
        },
    )
}

fn config_of(rules: &[Rule], zone: &str) -> Json {
    let offers: Vec<Json> = rules
        .iter()
        .enumerate()
        .map(|(index, rule)| offer(&format!("r{index}"), json!({ "eligible": { "$did": rule.did() } })))
        .collect();
    let mut config = config(&offers);
    config["site"] = json!({ "timezone": zone, "retention": "9000d" });
    config
}

// ── the twin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug)]
struct Happened {
    event: &'static str,
    params: Json,
    at: Millis,
    /// By rule: the clock once said that it was too old to count.
    was_out: Vec<bool>,
}

fn down<'j>(from: &'j Json, path: &str) -> &'j Json {
    path.split('.').fold(from, |here, key| &here[key])
}

/// Items of an event, `[null]` when it has none.
fn grounds(params: &Json) -> Vec<Json> {
    let items = params["items"].as_array().cloned().unwrap_or_default();
    if items.is_empty() { vec![json!(null)] } else { items }
}

/// Whether an item, its fields over those of the event, passes.
fn item_passes(filter: usize, params: &Json, item: &Json) -> bool {
    let look = |path: &str| {
        let first = path.split('.').next().unwrap();
        let is_of_item = item.get(first).is_some();
        down(if is_of_item { item } else { params }, path).clone()
    };
    FILTERS[filter].1(&look)
}

fn is(happened: &Happened, step: &Step) -> bool {
    let passes = |item: &Json| item_passes(step.1, &happened.params, item);
    happened.event == step.0 && grounds(&happened.params).iter().any(passes)
}

/// The values of a parameter that an event brings.
fn values(happened: &Happened, filter: usize, param: &str) -> Vec<Json> {
    let items = grounds(&happened.params);
    let items_have_it = items.iter().any(|item| !down(item, param).is_null());
    let found: Vec<Json> = if items_have_it {
        let passing = items.iter().filter(|item| item_passes(filter, &happened.params, item));
        passing.map(|item| down(item, param).clone()).collect()
    } else {
        vec![down(&happened.params, param).clone()]
    };
    found.into_iter().filter(|value| !value.is_null()).collect()
}

fn day(at: Millis, zone: &TimeZone) -> i64 {
    let date = Timestamp::from_millisecond(at).unwrap().to_zoned(zone.clone()).date();
    date.duration_since(civil::date(1970, 1, 1)).as_hours() / 24
}

/// `bucket(event) > bucket(now) − W/g`; what lies in the future counts as now.
fn counts(span: Option<Millis>, event: Millis, now: Millis, zone: &TimeZone) -> bool {
    let Some(span) = span else { return true };
    let event = event.min(now);
    let (then, present, grain) = if span <= 2 * HOUR {
        (event.div_euclid(MINUTE), now.div_euclid(MINUTE), MINUTE)
    } else if span <= 7 * DAY {
        (event.div_euclid(HOUR), now.div_euclid(HOUR), HOUR)
    } else {
        (day(event, zone), day(now, zone), DAY)
    };
    then > present - span / grain
}

/// Whether there are events that pass the steps in their order, with no `without` between the first and the last of them: every
/// choice of events is tried.
fn holds(steps: &[Step], without: Option<&Step>, events: &[&Happened]) -> bool {
    fn choose(
        steps: &[Step],
        events: &[&Happened],
        from: usize,
        chosen: &mut Vec<usize>,
        ok: &dyn Fn(&[usize]) -> bool,
    ) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            return ok(chosen);
        };
        for index in from..events.len() {
            if is(events[index], step) {
                chosen.push(index);
                if choose(rest, events, index + 1, chosen, ok) {
                    return true;
                }
                chosen.pop();
            }
        }
        false
    }
    let ok = |chosen: &[usize]| {
        let between = &events[chosen[0] + 1..chosen[chosen.len() - 1]];
        !between
            .iter()
            .any(|happened| without.is_some_and(|without| is(happened, without)))
    };
    choose(steps, events, 0, &mut Vec::new(), &ok)
}

/// The figure of a rule; of a sequence 1 or 0, of no value none.
fn naive(rule: &Rule, events: &[Happened], now: Millis, zone: &TimeZone) -> Option<f64> {
    let counting: Vec<&Happened> = events
        .iter()
        .filter(|happened| counts(rule.span(), happened.at, now, zone))
        .collect();
    if let Ask::Sequence(steps, without) = &rule.ask {
        return Some(f64::from(holds(steps, without.as_ref(), &counting)));
    }
    let fitting: Vec<&Happened> = counting
        .into_iter()
        .filter(|happened| is(happened, &rule.step))
        .collect();
    let values = |param: &str| -> Vec<Json> {
        let values = fitting.iter().map(|happened| values(happened, rule.step.1, param));
        values.collect::<Vec<_>>().concat()
    };
    // Amounts are whole cents.
    let cents = |param: &str| {
        values(param)
            .iter()
            .filter_map(Json::as_f64)
            .map(|value| (value * 100.0).round() as i64)
            .collect::<Vec<_>>()
    };
    let age = |at: Millis| (now - at).max(0) as f64;
    match &rule.ask {
        Ask::Times => Some(fitting.len() as f64),
        Ask::Sum(param) => Some(cents(param).iter().sum::<i64>() as f64 / 100.0),
        Ask::Max(param) => cents(param).iter().max().map(|cents| *cents as f64 / 100.0),
        Ask::Distinct(param) => {
            let mut different: Vec<String> = values(param).iter().map(Json::to_string).collect();
            different.sort();
            different.dedup();
            Some(different.len() as f64)
        }
        Ask::First => fitting.first().map(|happened| age(happened.at)),
        Ask::Last => fitting.last().map(|happened| age(happened.at)),
        Ask::Sequence(..) => None,
    }
}

fn meets(figure: Option<f64>, operator: &str, bound: f64) -> bool {
    let Some(figure) = figure else { return operator == "$ne" };
    match operator {
        "$gte" => figure >= bound,
        "$gt" => figure > bound,
        "$lte" => figure <= bound,
        "$lt" => figure < bound,
        "$eq" => figure == bound,
        _ => figure != bound,
    }
}

/// The figure that the engine has for a rule.
fn figure(engine: &Engine, rule: usize, now: Millis) -> Option<f64> {
    let offer = engine.plan().offer(rule).expect("an offer");
    let behaviour = behaviour_of(offer.eligible()).expect("a `$did`");
    measured(behaviour, engine.profile(), now, engine.plan(), engine.host()).number()
}

/// Where the engine and the twin differ.
fn differences(engine: &Engine, rules: &[Rule], events: &[Happened], now: Millis, zone: &TimeZone) -> Vec<String> {
    let mut differences = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        // What a clock that was ahead made too old is gone, and does not return when it is set back.
        let is_back = |happened: &Happened| happened.was_out[index] && counts(rule.span(), happened.at, now, zone);
        if rule.is_ring() && events.iter().any(is_back) {
            continue;
        }
        let wanted = naive(rule, events, now, zone);
        let found = figure(engine, index, now);
        let exact = !matches!(rule.ask, Ask::Distinct(_));
        let holds = meets(wanted, rule.operator, rule.bound);
        if (exact && wanted != found) || holds != shows(engine, &format!("r{index}"), now) {
            differences.push(format!("{}: {found:?}, not {wanted:?}, at {now}", rule.did()));
        }
    }
    differences
}

// ── histories ──────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug)]
enum Act {
    Wait(Millis),
    Event(&'static str, Json),
    /// The page is left, and another one goes on with what this tab has stored.
    Reload,
    /// Takes in what the other tab has stored.
    Learn,
    Ask,
}

/// Waits of every size, most of them around the length of a bucket or of a window; a few go back.
fn wait(back: bool) -> impl Strategy<Value = Millis> {
    let edges: Vec<Millis> = [MINUTE, HOUR, DAY, 25 * HOUR, 23 * HOUR, 30 * MINUTE]
        .into_iter()
        .chain(WINDOWS.iter().chain(&SPANS).filter_map(|window| duration(window)))
        .collect();
    let forth = prop_oneof![
        2 => Just(0),
        2 => 1..2000_i64,
        2 => 1..3 * HOUR,
        2 => 1..3 * DAY,
        1 => 1..50 * DAY,
        2 => (prop::sample::select(edges), -1..=1_i64).prop_map(|(edge, off)| edge + off),
    ];
    (forth, 0..if back { 5 } else { 1 }).prop_map(|(span, turn)| if turn == 4 { -span } else { span })
}

fn kind() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => Just(json!("a")),
        3 => Just(json!("b")),
        1 => Just(json!("c")),
        1 => Just(json!(3)),
        1 => Just(json!(null)),
    ]
}

fn amount() -> impl Strategy<Value = Json> {
    prop_oneof![
        6 => (-200..1000_i64).prop_map(|cents| json!(cents as f64 / 100.0)),
        3 => (0..5_i64).prop_map(|whole| json!(whole)),
        1 => Just(json!("12")),
        1 => Just(json!(true)),
        1 => Just(json!([1])),
    ]
}

/// Parameters of an event, or of an item.
fn fields() -> impl Strategy<Value = Json> {
    let deep = (prop::option::of(kind()), prop::option::of(amount()));
    let fields = (
        prop::option::weighted(0.8, kind()),
        prop::option::weighted(0.6, amount()),
        prop::option::weighted(0.3, deep),
        prop::option::weighted(0.2, kind()),
    );
    fields.prop_map(|(kind, value, deep, shop)| {
        let mut fields = json!({});
        let deep = deep.map(|(kind, worth)| {
            let mut deep = json!({});
            for (key, value) in [("kind", kind), ("worth", worth)] {
                if let Some(value) = value {
                    deep[key] = value;
                }
            }
            deep
        });
        for (key, value) in [("kind", kind), ("value", value), ("deep", deep), ("shop", shop)] {
            if let Some(value) = value {
                fields[key] = value;
            }
        }
        fields
    })
}

fn params() -> impl Strategy<Value = Json> {
    let items = prop::option::weighted(0.4, prop::collection::vec(fields(), 0..4));
    (fields(), items).prop_map(|(mut params, items)| {
        if let Some(items) = items {
            params["items"] = json!(items);
        }
        params
    })
}

fn event() -> impl Strategy<Value = Act> {
    (prop::sample::select(EVENTS.to_vec()), params()).prop_map(|(event, params)| Act::Event(event, params))
}

fn act(back: bool) -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => wait(back).prop_map(Act::Wait),
        5 => event(),
        1 => Just(Act::Reload),
        1 => Just(Act::Learn),
        2 => Just(Act::Ask),
    ]
}

/// A time zone, and a start, mostly about when its clocks change.
fn start() -> impl Strategy<Value = (&'static str, Millis)> {
    let changes = vec![
        ("Europe/Paris", "2026-03-29T01:00:00Z"),
        ("Europe/Paris", "2026-10-25T01:00:00Z"),
        ("America/New_York", "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-11-01T06:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ];
    let around = prop_oneof![3 => -30 * HOUR..30 * HOUR, 1 => -300 * DAY..300 * DAY];
    (prop::sample::select(changes), around).prop_map(|((zone, change), off)| (zone, at(change) + off))
}

/// A tab, and what its twin knows: of itself, and of the other when it last looked.
struct Tab {
    engine: Engine,
    own: Vec<Happened>,
    other: Vec<Happened>,
}

impl Tab {
    fn new(config: &Json) -> Tab {
        Tab {
            engine: engine(config),
            own: Vec::new(),
            other: Vec::new(),
        }
    }

    /// A clock set back is noticed: from here on, what lay in the future ages.
    fn notice(&mut self, now: Millis) {
        for happened in self.own.iter_mut().chain(&mut self.other) {
            happened.at = happened.at.min(now);
        }
    }

    fn observe(&mut self, event: &'static str, params: &Json, now: Millis, rules: &[Rule], zone: &TimeZone) {
        self.engine.observe(event, value(params), now);
        self.notice(now);
        let was_out = vec![false; rules.len()];
        let (params, at) = (params.clone(), now);
        self.own.push(Happened {
            event,
            params,
            at,
            was_out,
        });
        for happened in self.own.iter_mut().chain(&mut self.other) {
            for (rule, was_out) in rules.iter().zip(&mut happened.was_out) {
                *was_out |= !counts(rule.span(), happened.at, now, zone);
            }
        }
    }

    fn reload(&mut self, config: &Json, now: Millis) {
        let stored = self.engine.save();
        self.engine = engine(config);
        self.engine.load([], &stored, now);
        self.other.clear();
        self.notice(now);
    }

    fn learn(&mut self, text: &str, of: Vec<Happened>, now: Millis) {
        self.engine.load([text], "", now);
        self.other = of;
        self.notice(now);
    }

    fn known(&self) -> Vec<Happened> {
        [self.own.clone(), self.other.clone()].concat()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// One tab, left and come back to, whose clock may be set back.
    #[test]
    fn everything_is_measured_as_by_one_who_keeps_every_event(
        rules in prop::collection::vec(rule(8), 1..10),
        (zone, start) in start(),
        acts in prop::collection::vec(act(true), 1..40),
        later in wait(false),
    ) {
        let config = config_of(&rules, zone);
        let zone = TimeZone::get(zone).unwrap();
        let mut tab = Tab::new(&config);
        let mut now = start;
        for act in acts.into_iter().chain([Act::Ask, Act::Wait(later), Act::Reload, Act::Ask]) {
            match act {
                Act::Wait(span) => now += span,
                Act::Event(event, params) => tab.observe(event, &params, now, &rules, &zone),
                Act::Reload => tab.reload(&config, now),
                Act::Learn | Act::Ask => {
                    prop_assert_eq!(differences(&tab.engine, &rules, &tab.known(), now, &zone), [""; 0]);
                }
            }
        }
    }

    /// Two tabs, each of which knows of the other what it looked up; a third puts together what both stored.
    #[test]
    fn tabs_measure_together_what_each_saw(
        rules in prop::collection::vec(rule(0), 1..8),
        (zone, start) in start(),
        acts in prop::collection::vec((act(true), 0..2_usize), 1..40),
        later in wait(false),
    ) {
        let config = config_of(&rules, zone);
        let zone = TimeZone::get(zone).unwrap();
        let mut tabs = [Tab::new(&config), Tab::new(&config)];
        let mut now = start;
        for (act, tab) in acts {
            match act {
                Act::Wait(span) => now += span,
                Act::Event(event, params) => tabs[tab].observe(event, &params, now, &rules, &zone),
                Act::Reload => tabs[tab].reload(&config, now),
                Act::Learn => {
                    let (text, of) = (tabs[1 - tab].engine.save(), tabs[1 - tab].own.clone());
                    tabs[tab].learn(&text, of, now);
                }
                Act::Ask => {
                    let mut known = tabs[tab].known();
                    known.sort_by_key(|happened| happened.at);
                    prop_assert_eq!(differences(&tabs[tab].engine, &rules, &known, now, &zone), [""; 0]);
                }
            }
        }
        now += later;
        let mut both = [tabs[0].own.clone(), tabs[1].own.clone()].concat();
        both.sort_by_key(|happened| happened.at);
        let (left, right) = (tabs[0].engine.save(), tabs[1].engine.save());
        for texts in [[left.as_str(), &right], [&right, &left]] {
            let mut third = engine(&config);
            third.load(texts, "", now);
            prop_assert_eq!(differences(&third, &rules, &both, now, &zone), [""; 0]);
            let folded = third.fold_texts(texts, now);
            let fourth = kit::loaded(&config, &[&folded], now);
            prop_assert_eq!(differences(&fourth, &rules, &both, now, &zone), [""; 0]);
        }
    }

    /// Tabs that look at what the others stored before they tell of something: steps go on from one tab to the other.
    #[test]
    fn a_sequence_goes_on_in_another_tab(
        rules in prop::collection::vec(rule(20), 1..8),
        (zone, start) in start(),
        acts in prop::collection::vec((act(false), 0..3_usize), 1..30),
    ) {
        let config = config_of(&rules, zone);
        let zone = TimeZone::get(zone).unwrap();
        let mut tabs = [Tab::new(&config), Tab::new(&config), Tab::new(&config)];
        // In the order in which it happened, whichever tab saw it.
        let mut all = Tab::new(&config);
        let mut base = String::new();
        let (mut now, mut before) = (start, None);
        for (act, tab) in acts {
            match act {
                Act::Wait(span) => now += span,
                Act::Event(event, params) => {
                    // Nobody is in two tabs in the same millisecond.
                    now += i64::from(before.is_some_and(|before| before != tab));
                    before = Some(tab);
                    let mut texts: Vec<String> = tabs.iter().map(|tab| tab.engine.save()).collect();
                    texts[tab] = base.clone();
                    tabs[tab].engine.load(texts.iter().map(String::as_str), "", now);
                    tabs[tab].engine.observe(event, value(&params), now);
                    all.observe(event, &params, now, &rules, &zone);
                }
                Act::Reload => {
                    let stored = tabs[tab].engine.save();
                    tabs[tab].engine = engine(&config);
                    tabs[tab].engine.load([base.as_str()], &stored, now);
                }
                // A tab is closed, and what it told becomes part of the base.
                Act::Learn => {
                    base = tabs[tab].engine.fold_texts([base.as_str(), &tabs[tab].engine.save()], now);
                    tabs[tab].engine = engine(&config);
                }
                Act::Ask => {
                    let mut texts: Vec<String> = tabs.iter().map(|tab| tab.engine.save()).collect();
                    texts.push(base.clone());
                    texts.rotate_left(tab);
                    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                    let reader = kit::loaded(&config, &texts, now);
                    prop_assert_eq!(differences(&reader, &rules, &all.own, now, &zone), [""; 0]);
                }
            }
        }
    }

    /// Only sequences, and little else: few events, many meetings at once, all steps of every kind.
    #[test]
    fn a_sequence_holds_when_there_is_any_way_through_it(
        rules in prop::collection::vec(
            (prop::collection::vec((prop::sample::select(EVENTS.to_vec()), 0..2_usize), 2..5),
             prop::option::of((prop::sample::select(EVENTS.to_vec()), 0..2_usize)),
             prop::option::of(prop::sample::select(vec!["1m", "2m", "3h", "8d"]))),
            1..6),
        events in prop::collection::vec(
            (prop::sample::select(EVENTS.to_vec()), prop::sample::select(vec!["a", "b"]),
             prop::sample::select(vec![0, 0, 0, 1, 30 * SECOND, MINUTE, HOUR, DAY, -MINUTE]), prop::bool::weighted(0.1)),
            1..14),
    ) {
        let rules: Vec<Rule> = rules
            .into_iter()
            .map(|(steps, without, within)| Rule {
                step: ("view", 0),
                ask: Ask::Sequence(steps, without),
                within,
                operator: "$gte",
                bound: 1.0,
            })
            .collect();
        let config = config_of(&rules, "Europe/Paris");
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let mut tab = Tab::new(&config);
        let mut now = at(NOON);
        for (event, kind, wait, reload) in events {
            now += wait;
            if reload {
                tab.reload(&config, now);
            }
            tab.observe(event, &json!({ "kind": kind }), now, &rules, &zone);
            prop_assert_eq!(differences(&tab.engine, &rules, &tab.own, now, &zone), [""; 0]);
        }
    }

    /// Events are found by the texts of their parameters. Many rules, and every one is asked in a house of its own, too.
    #[test]
    fn an_event_counts_for_each_rule_as_if_there_were_no_other(
        events in prop::collection::vec(params(), 1..8),
    ) {
        let all: Vec<Rule> = (0..FILTERS.len())
            .map(|filter| Rule { step: ("view", filter), ask: Ask::Times, within: None, operator: "$gte", bound: 1.0 })
            .collect();
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let mut together = Tab::new(&config_of(&all, "Europe/Paris"));
        for params in &events {
            together.observe("view", params, at(NOON), &all, &zone);
        }
        prop_assert_eq!(differences(&together.engine, &all, &together.own, at(NOON), &zone), [""; 0]);
    }
}

// ── at the edges ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// Whether a `$did` holds after these events, a second apart.
fn did(did: &Json, events: &[(&str, Json)]) -> bool {
    let mut engine = engine(&one(json!({ "eligible": { "$did": did } })));
    let mut now = at(NOON);
    for (event, params) in events {
        engine.observe(event, value(params), now);
        now += SECOND;
    }
    shows(&engine, "a", now)
}

fn check(cases: &[(Json, bool)], events: &[(&str, Json)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(rule, holds)| did(rule, events) != *holds)
        .map(|(rule, holds)| format!("{rule}: not {holds}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn of_what_never_happened_there_is_no_sum_no_value_no_greatest_and_no_span() {
    let buy = |key: &str, check: Json| json!({ "event": "buy", key: "value", "is": check });
    check(
        &[
            (buy("sum", json!({ "$lt": 1 })), true),
            (buy("sum", json!({ "$eq": 0 })), true),
            (buy("sum", json!({})), false),
            (buy("distinct", json!({ "$eq": 0 })), true),
            (buy("distinct", json!({ "$gte": 1 })), false),
            (buy("max", json!({ "$lt": 1000 })), false),
            (buy("max", json!({ "$gte": 0 })), false),
            (buy("max", json!({ "$not": { "$gte": 5 } })), true),
            (buy("max", json!({ "$exists": false })), true),
            (json!({ "event": "buy", "first": { "$lt": "400d" } }), false),
            (json!({ "event": "buy", "first": { "$gt": "1s" } }), false),
            (json!({ "event": "buy", "last": { "$gt": "1s" } }), false),
            (json!({ "sequence": [{ "event": "buy" }, { "event": "buy" }] }), false),
        ],
        // Events that do not count are nothing.
        &[("buy", json!({ "value": "5" })), ("view", json!({ "value": 5 }))][1..],
    );
}

#[test]
fn only_numbers_are_summed_and_compared() {
    let buy = |key: &str, check: Json| json!({ "event": "buy", key: "value", "is": check });
    let events = [
        ("buy", json!({ "value": "500" })),
        ("buy", json!({ "value": true })),
        ("buy", json!({ "value": null })),
        ("buy", json!({ "value": [7] })),
        ("buy", json!({ "value": { "amount": 8 } })),
        ("buy", json!({})),
        ("buy", json!(null)),
        ("buy", json!({ "value": 0.1 })),
        ("buy", json!({ "value": 0.2 })),
    ];
    check(
        &[
            (buy("sum", json!({ "$eq": 0.3 })), true),
            (buy("max", json!({ "$eq": 0.2 })), true),
            // Everything but nothing is a value.
            (buy("distinct", json!({ "$eq": 6 })), true),
            (json!({ "event": "buy", "times": { "$eq": 9 } }), true),
        ],
        &events,
    );
}

#[test]
fn the_greatest_is_exact_however_small_or_large() {
    let most = |check: Json| json!({ "event": "buy", "max": "value", "is": check });
    for (number, less) in [
        (1e-7, 1e-8),
        (1e305, 1e304),
        (-1e-9, -1.0),
        (-1e305, -1e306),
        (123_456.789_012_345_6, 123_456.789_012),
    ] {
        check(
            &[
                (most(json!({ "$eq": number })), true),
                (most(json!({ "$lte": less })), false),
            ],
            &[
                ("buy", json!({ "value": less })),
                ("buy", json!({ "value": number })),
                ("buy", json!({ "value": less })),
            ],
        );
    }
}

/// Nobody spends so much, but a page may say so; the other figures of the visitor must outlive it.
#[test]
fn what_no_number_can_hold_spoils_nothing_else() {
    let rule = |event: &str, key: &str| json!({ "$did": { "event": event, key: "value", "is": { "$gte": 1 } } });
    let config = config(&[
        offer("sum", json!({ "eligible": rule("buy", "sum") })),
        offer("max", json!({ "eligible": rule("buy", "max") })),
        offer("view", json!({ "eligible": rule("view", "sum") })),
    ]);
    let mut engine = engine(&config);
    for _ in 0..3 {
        engine.observe("buy", value(&json!({ "value": 1.7e308 })), at(NOON));
    }
    engine.observe("view", value(&json!({ "value": 2 })), at(NOON));
    assert_eq!(kit::shown(&engine, "hero", at(NOON)), ["sum", "max", "view"]);
    let again = kit::loaded(&config, &[&engine.save()], at(NOON));
    assert_eq!(kit::shown(&again, "hero", at(NOON)), ["sum", "max", "view"]);
}

#[test]
fn different_values_are_told_apart_by_type_and_in_depth() {
    let different = |check: Json| json!({ "event": "view", "distinct": "x", "is": check });
    let values = [
        json!(1),
        json!("1"),
        json!(true),
        json!("true"),
        json!([1]),
        json!({ "a": 1 }),
        json!({ "a": 2 }),
        json!(""),
    ];
    let twice: Vec<(&str, Json)> = values
        .iter()
        .chain(&values)
        .map(|x| ("view", json!({ "x": x })))
        .collect();
    check(
        &[
            (different(json!({ "$eq": 8 })), true),
            (different(json!({ "$gte": 9 })), false),
        ],
        &twice,
    );
}

#[test]
fn different_values_are_counted_as_far_as_any_operand_reaches() {
    let different = |check: Json| json!({ "event": "view", "distinct": "x", "is": check });
    let many: Vec<(&str, Json)> = (0..1005).map(|x| ("view", json!({ "x": x }))).collect();
    let cases = [
        (different(json!({ "$gte": 1000 })), [false, true, true]),
        (different(json!({ "$gt": 1000 })), [false, false, true]),
        (different(json!({ "$eq": 1000 })), [false, true, false]),
        (different(json!({ "$in": [3, 1000] })), [false, true, false]),
        (different(json!({ "$not": { "$gt": 999 } })), [true, false, false]),
        (different(json!({ "$vgte": 1000 })), [false, true, true]),
        (different(json!({ "$gte": 998.5, "$lte": 1000 })), [true, true, false]),
    ];
    for (rule, holds) in cases {
        let found = [999, 1000, 1001].map(|count| did(&rule, &many[..count]));
        assert_eq!(found, holds, "{rule}");
    }
}

#[test]
fn what_is_kept_of_values_and_sequences_stays_small() {
    let different = json!({ "event": "view", "distinct": "x", "is": { "$gte": 3 } });
    let sequence = json!({ "sequence": [{ "event": "view" }, { "event": "buy" }], "without": { "event": "share" } });
    let config = config(&[
        offer("a", json!({ "eligible": { "$did": different } })),
        offer("b", json!({ "eligible": { "$did": sequence } })),
    ]);
    let mut engine = engine(&config);
    let mut longest = 0;
    for index in 0..500 {
        for event in ["view", "buy", "share"] {
            engine.observe(event, value(&json!({ "x": index })), at(NOON) + index * HOUR);
        }
        longest = longest.max(engine.save().len());
    }
    assert!(longest < 250, "{longest}");
}

#[test]
fn an_event_is_one_step_and_comes_after_the_one_before() {
    let sequence = |steps: &[Json]| json!({ "sequence": steps });
    let (any, a, b) = (
        json!({ "event": "view" }),
        json!({ "event": "view", "where": { "kind": "a" } }),
        json!({ "event": "view", "where": { "kind": "b" } }),
    );
    let saw = |kinds: &str| -> Vec<(&str, Json)> {
        kinds
            .chars()
            .map(|kind| ("view", json!({ "kind": kind.to_string() })))
            .collect()
    };
    let cases = [
        (sequence(&[any.clone(), any.clone()]), "a", false),
        (sequence(&[any.clone(), any.clone()]), "aa", true),
        (sequence(&[any.clone(), a.clone()]), "a", false),
        (sequence(&[any.clone(), a.clone()]), "ab", false),
        (sequence(&[any.clone(), a.clone()]), "ba", true),
        (sequence(&[a.clone(), any.clone(), a.clone()]), "aa", false),
        (sequence(&[a.clone(), any.clone(), a.clone()]), "aaa", true),
        (sequence(&[a.clone(), b.clone()]), "ba", false),
        (sequence(&[a.clone(), b.clone(), a.clone(), b.clone()]), "abab", true),
        (sequence(&[a.clone(), b.clone(), a.clone(), b.clone()]), "aabb", false),
        (json!({ "sequence": [a, b], "without": any }), "ab", true),
        (json!({ "sequence": [a, b], "without": a }), "aab", true),
        (json!({ "sequence": [a, b], "without": b }), "abb", true),
        (json!({ "sequence": [a, a], "without": a }), "aa", true),
        (json!({ "sequence": [a, b, a], "without": b }), "aba", false),
        (
            json!({ "sequence": [a, b], "without": { "event": "view", "where": { "kind": "c" } } }),
            "acb",
            false,
        ),
        (
            json!({ "sequence": [a, b], "without": { "event": "view", "where": { "kind": "c" } } }),
            "cabc",
            true,
        ),
        (
            json!({ "sequence": [a, b], "without": { "event": "view", "where": { "kind": "c" } } }),
            "acabacb",
            true,
        ),
    ];
    let mut wrong = Vec::new();
    for (rule, kinds, holds) in cases {
        if did(&rule, &saw(kinds)) != holds {
            wrong.push(format!("{kinds}: {rule} is not {holds}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All of a sequence counts in its window: it ends when the first step of the latest one does.
#[test]
fn the_window_of_a_sequence_begins_with_its_first_step() {
    let rule = json!({ "sequence": [{ "event": "view" }, { "event": "buy" }], "within": "1h" });
    let mut engine = engine(&one(json!({ "eligible": { "$did": rule } })));
    let noon = at(NOON);
    let mut tell = |event: &str, after: Millis| {
        engine.observe(event, value(&json!({})), noon + after);
        shows(&engine, "a", noon + after)
    };
    assert!(!tell("view", 0));
    assert!(!tell("buy", HOUR), "the view is an hour old");
    assert!(!tell("view", HOUR + MINUTE));
    assert!(tell("buy", HOUR + 50 * MINUTE));
    assert!(shows(&engine, "a", noon + 2 * HOUR + MINUTE - 1));
    assert!(!shows(&engine, "a", noon + 2 * HOUR + MINUTE));
}

#[test]
fn an_explanation_says_what_was_measured_what_it_is_and_what_it_has_to_be() {
    let buy = json!({ "value": 12.5, "items": [{ "kind": "a", "price": 3 }, { "kind": "b", "price": 20 }] });
    let cases = [
        (
            json!({ "event": "buy", "sum": "value", "within": "90d", "is": { "$gte": 200 } }),
            &["sum", "`value`", "`buy`", "90d", "12.5", "at least 200"][..],
        ),
        (
            json!({ "event": "buy", "where": { "kind": "a" }, "max": "price", "is": { "$gt": 5 } }),
            &["greatest", "`price`", "`buy`", r#"{"kind":"a"}"#, "is 3", "more than 5"],
        ),
        (
            json!({ "event": "buy", "distinct": "kind", "is": { "$gte": 3 } }),
            &["different", "`kind`", "`buy`", "is 2", "at least 3"],
        ),
        (
            json!({ "event": "buy", "last": { "$gt": "30d" } }),
            &["`buy`", "last", "1m ago", "more than 30d"],
        ),
        (
            json!({ "event": "buy", "first": { "$gt": "30d" } }),
            &["`buy`", "first", "1m ago", "more than 30d"],
        ),
        (
            json!({ "event": "view", "first": { "$lt": "30d" } }),
            &["`view`", "never", "less than 30d"],
        ),
        (
            json!({ "event": "view", "max": "x", "is": { "$lt": 3 } }),
            &["`view`", "nothing", "less than 3"],
        ),
        (
            json!({ "sequence": [{ "event": "buy" }, { "event": "view" }], "within": "1h", "without": { "event": "share" } }),
            &["`buy`, then `view`", "without `share`", "has not happened", "within 1h"],
        ),
    ];
    let mut wrong = Vec::new();
    for (rule, words) in cases {
        let mut engine = engine(&one(json!({ "eligible": { "$did": rule } })));
        engine.observe("buy", value(&buy), at(NOON));
        let why = why(&engine, "a", at(NOON) + MINUTE);
        let text = &why.failed[0].text;
        if words.iter().any(|word| !text.contains(word)) || why.change.is_empty() {
            wrong.push(format!("{rule}: {why:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
