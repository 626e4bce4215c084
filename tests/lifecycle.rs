//! The lifecycle: which stage a visitor is in, was in before and since when, and when a change of stage is noticed, against a
//! naive twin that keeps every event.

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
use maitre::condition::behaviour_of;
use maitre::decide::Status;
use maitre::profile::measured;
use maitre::time::{Millis, duration};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const NOON: &str = "2026-11-20T12:00:00Z";
const TIMEOUT: Millis = 30 * MINUTE;

fn tell(engine: &mut Engine, event: &str, now: Millis) {
    if event == "page_view" {
        kit::view(engine, "/", now);
    } else {
        engine.observe(event, value(&json!({})), now);
    }
}

// ── the twin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// What a stage asks for.
#[derive(Clone, Copy, Debug)]
enum When {
    /// So many of an event within a window.
    Did(&'static str, &'static str, usize),
    /// The last of an event is longer ago.
    Ago(&'static str, &'static str),
    VisitNumber(u32),
    DaysSinceLast(i64),
    AnyDid(&'static [&'static str], &'static str),
    Always,
}

impl When {
    fn json(self) -> Json {
        match self {
            When::Did(event, within, times) => {
                json!({ "$did": { "event": event, "within": within, "times": { "$gte": times } } })
            }
            When::Ago(event, span) => json!({ "$did": { "event": event, "ago": { "$gt": span } } }),
            When::VisitNumber(number) => json!({ "visit.number": { "$gte": number } }),
            When::DaysSinceLast(days) => json!({ "visit.daysSinceLast": { "$gt": days } }),
            When::AnyDid(events, within) => {
                let did = |event: &&str| json!({ "$did": { "event": event, "within": within } });
                json!({ "$or": events.iter().map(did).collect::<Vec<_>>() })
            }
            When::Always => json!({}),
        }
    }
}

type Stages = Vec<(&'static str, When)>;

/// The built-in lifecycle, as its description has it.
fn built_in() -> Stages {
    vec![
        ("lapsed", When::DaysSinceLast(90)),
        ("lapsing", When::DaysSinceLast(45)),
        ("advocate", When::AnyDid(&["share", "refer"], "180d")),
        ("loyal", When::Did("purchase", "180d", 3)),
        ("active", When::AnyDid(&["purchase", "sign_up", "generate_lead"], "90d")),
        ("exploring", When::VisitNumber(2)),
        ("new", When::Always),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Visit {
    number: u32,
    start: Millis,
    last: Millis,
    previous: Option<Millis>,
}

/// A stage, or none at all.
type Name = Option<&'static str>;

/// Everything that ever happened.
#[derive(Clone, Debug, Default)]
struct Twin {
    stages: Stages,
    events: Vec<(&'static str, Millis)>,
    visit: Option<Visit>,
    /// The stage that was noticed, the one before it, and since when.
    noticed: Option<(Name, Name, Millis)>,
    /// To which stage, from which, and when.
    changes: Vec<(Name, Name, Millis)>,
}

/// Days are those of UTC here.
fn counts(span: &str, event: Millis, now: Millis) -> bool {
    let span = duration(span).unwrap();
    let grain = if span <= 2 * HOUR {
        MINUTE
    } else if span <= 7 * DAY {
        HOUR
    } else {
        DAY
    };
    event.div_euclid(grain) > now.div_euclid(grain) - span / grain
}

impl Twin {
    fn holds(&self, when: When, now: Millis) -> bool {
        let times = |event: &str, within: &str| {
            let fitting = self.events.iter();
            fitting
                .filter(|(name, at)| *name == event && counts(within, *at, now))
                .count()
        };
        match when {
            When::Did(event, within, least) => times(event, within) >= least,
            When::Ago(event, span) => {
                let last = self.events.iter().rev().find(|(name, _)| *name == event);
                last.is_some_and(|(_, at)| now - at > duration(span).unwrap())
            }
            When::VisitNumber(number) => self.visit.map_or(1, |visit| visit.number) >= number,
            When::DaysSinceLast(days) => self.visit.is_some_and(|visit| {
                visit
                    .previous
                    .is_some_and(|previous| (visit.start - previous) / DAY > days)
            }),
            When::AnyDid(events, within) => events.iter().any(|event| times(event, within) > 0),
            When::Always => true,
        }
    }

    fn stage(&self, now: Millis) -> Name {
        let found = self.stages.iter().find(|(_, when)| self.holds(*when, now));
        found.map(|(name, _)| *name)
    }

    fn observe(&mut self, event: &'static str, now: Millis) {
        match &mut self.visit {
            Some(visit) if now - visit.last < TIMEOUT => visit.last = now,
            other => {
                *other = Some(Visit {
                    number: other.map_or(1, |visit| visit.number + 1),
                    start: now,
                    last: now,
                    previous: other.map(|visit| visit.start),
                });
            }
        }
        self.events.push((event, now));
        let stage = self.stage(now);
        match self.noticed {
            Some((before, ..)) if before == stage => {}
            Some((before, _, since)) => {
                // Of two in the same ms the second is the later.
                self.noticed = Some((stage, before, now.max(since + 1)));
                self.changes.push((stage, before, now));
            }
            None => self.noticed = Some((stage, None, now)),
        }
    }

    /// The stage before this one, and the days in this one.
    fn before(&self, now: Millis) -> (Name, i64) {
        match self.noticed {
            Some((stage, before, since)) if stage == self.stage(now) => (before, (now - since).max(0) / DAY),
            Some((stage, ..)) => (stage, 0),
            None => (None, 0),
        }
    }
}

/// How often changes are counted one by one.
const SPAN: &str = "30d";
const DAYS: [i64; 4] = [1, 2, 7, 30];

/// Asks for everything that can be asked of stages.
fn config_of(stages: &Stages, is_built_in: bool) -> Json {
    let mut offers = Vec::new();
    let mut ask = |placement: &str, id: String, more: Json| {
        let mut more = more;
        more["placement"] = json!(placement);
        offers.push(offer(&id, more));
    };
    for path in ["now", "before"] {
        let key = format!("stage.{path}");
        for (stage, _) in stages {
            ask(path, format!("{path}-{stage}"), json!({ "eligible": { &key: stage } }));
        }
        let none = json!({ "eligible": { &key: { "$exists": false } } });
        ask(path, format!("{path}-none"), none);
    }
    for days in DAYS {
        let rule = json!({ "eligible": { "stage.days": { "$gte": days } } });
        ask("days", format!("days-{days}"), rule);
    }
    for (stage, _) in stages {
        for (kind, filter, within) in [
            ("to", json!({ "stage": stage }), None),
            ("lately", json!({ "stage": stage }), Some(SPAN)),
            ("from", json!({ "before": stage }), None),
            ("one", json!({ "stage": stage, "before": stages[0].0 }), None),
        ] {
            let mut did = json!({ "event": "stage_change", "where": filter });
            if let Some(within) = within {
                did["within"] = json!(within);
            }
            ask(
                "changes",
                format!("{kind}-{stage}"),
                json!({ "eligible": { "$did": did } }),
            );
        }
        ask(
            "triggered",
            format!("at-{stage}"),
            json!({ "trigger": { "stage": stage } }),
        );
    }
    let all = json!({ "eligible": { "$did": { "event": "stage_change" } } });
    ask("changes", "all".to_owned(), all);
    let mut config = json!({ "offers": offers, "placements": {} });
    for placement in ["now", "before", "days", "changes", "triggered"] {
        config["placements"][placement] = json!({ "take": 100 });
    }
    config["site"] = json!({ "timezone": "UTC", "retention": "9000d" });
    if !is_built_in {
        let stages = stages.iter().map(|(name, when)| match when {
            When::Always => json!({ "stage": name }),
            when => json!({ "stage": name, "when": when.json() }),
        });
        config["lifecycle"] = stages.collect();
    }
    config
}

/// How often the engine counted what an offer asks for.
fn times(engine: &Engine, id: &str, now: Millis) -> usize {
    let plan = engine.plan();
    let offer = plan.offers().find(|offer| plan.id(*offer) == id).expect("an offer");
    let behaviour = behaviour_of(offer.eligible()).expect("a `$did`");
    let figure = measured(behaviour, engine.profile(), now, plan, engine.host());
    figure.number().unwrap() as usize
}

/// Where the engine and the twin differ.
fn differences(engine: &Engine, twin: &Twin, now: Millis) -> Vec<String> {
    let mut differences = Vec::new();
    let mut note = |what: &str, found: Vec<String>, wanted: Vec<String>| {
        if found != wanted {
            differences.push(format!("{what}: {found:?}, not {wanted:?}, at {now}"));
        }
    };
    let shown =
        |placement: &str| -> Vec<String> { shown(engine, placement, now).into_iter().map(str::to_owned).collect() };
    let (before, days) = twin.before(now);
    note(
        "now",
        shown("now"),
        vec![format!("now-{}", twin.stage(now).unwrap_or("none"))],
    );
    note(
        "before",
        shown("before"),
        vec![format!("before-{}", before.unwrap_or("none"))],
    );
    let reached = DAYS.iter().filter(|least| days >= **least);
    note(
        "days",
        shown("days"),
        reached.map(|least| format!("days-{least}")).collect(),
    );
    let start = twin.visit.map_or(now, |visit| visit.start);
    let fired = |stage: &&'static str| {
        twin.changes
            .iter()
            .any(|(to, _, at)| *to == Some(*stage) && *at >= start)
    };
    let names = || twin.stages.iter().map(|(name, _)| *name);
    let triggered = names().filter(fired).map(|stage| format!("at-{stage}"));
    note("triggered", shown("triggered"), triggered.collect());
    let mut count = |id: String, fits: &dyn Fn(Name, Name, Millis) -> bool| {
        let wanted = twin
            .changes
            .iter()
            .filter(|(to, from, at)| fits(*to, *from, *at))
            .count();
        note(&id, vec![times(engine, &id, now).to_string()], vec![wanted.to_string()]);
    };
    count("all".to_owned(), &|_, _, _| true);
    for stage in names() {
        count(format!("to-{stage}"), &|to, _, _| to == Some(stage));
        count(format!("lately-{stage}"), &|to, _, at| {
            to == Some(stage) && counts(SPAN, at, now)
        });
        count(format!("from-{stage}"), &|_, from, _| from == Some(stage));
        count(format!("one-{stage}"), &|to, from, _| {
            to == Some(stage) && from == Some(twin.stages[0].0)
        });
    }
    differences
}

// ── histories ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const EVENTS: [&str; 8] = [
    "page_view",
    "page_view",
    "purchase",
    "purchase",
    "share",
    "refer",
    "sign_up",
    "generate_lead",
];
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[derive(Clone, Debug)]
enum Act {
    Wait(Millis),
    Event(&'static str),
    Reload,
    Close,
    Ask,
}

fn act() -> impl Strategy<Value = Act> {
    let wait = prop_oneof![
        2 => Just(0),
        2 => 1..3 * MINUTE,
        1 => prop::sample::select(vec![TIMEOUT - 1, TIMEOUT, HOUR, DAY - 1, DAY, 45 * DAY, 46 * DAY, 90 * DAY, 91 * DAY, 180 * DAY]),
        2 => 1..3 * HOUR,
        2 => 1..4 * DAY,
        2 => 1..100 * DAY,
    ];
    prop_oneof![
        5 => wait.prop_map(Act::Wait),
        6 => prop::sample::select(EVENTS.to_vec()).prop_map(Act::Event),
        1 => Just(Act::Reload),
        1 => Just(Act::Close),
        2 => Just(Act::Ask),
    ]
}

fn when() -> impl Strategy<Value = When> {
    let event = || prop::sample::select(vec!["purchase", "share", "page_view"]);
    let within = prop::sample::select(vec!["1m", "30m", "3h", "7d", "30d", "180d"]);
    prop_oneof![
        4 => (event(), within, 1..4_usize).prop_map(|(event, within, times)| When::Did(event, within, times)),
        2 => (event(), prop::sample::select(vec!["1m", "1d", "30d"])).prop_map(|(event, span)| When::Ago(event, span)),
        1 => (2..6_u32).prop_map(When::VisitNumber),
        1 => (0..60_i64).prop_map(When::DaysSinceLast),
    ]
}

/// Stages of a config, with one for everybody at the end; or the built-in ones.
fn stages() -> impl Strategy<Value = (Stages, bool)> {
    let own = prop::collection::vec(when(), 1..NAMES.len()).prop_map(|whens| {
        let mut stages: Stages = NAMES.into_iter().zip(whens).collect();
        stages.push(("rest", When::Always));
        (stages, false)
    });
    prop_oneof![Just((built_in(), true)), own]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stages_are_as_one_sees_them_who_keeps_every_event(
        (stages, is_built_in) in stages(),
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let config = config_of(&stages, is_built_in);
        let mut tab = engine(&config);
        let mut base = String::new();
        let mut twin = Twin { stages, ..Twin::default() };
        let mut now = at(NOON);
        prop_assert_eq!(differences(&tab, &twin, now), [""; 0]);
        for act in acts.into_iter().chain([Act::Ask]) {
            match act {
                Act::Wait(span) => now += span,
                Act::Event(event) => {
                    tell(&mut tab, event, now);
                    twin.observe(event, now);
                }
                Act::Reload => {
                    let stored = tab.save();
                    tab = engine(&config);
                    tab.load([base.as_str()], &stored, now);
                }
                // What the tab told becomes part of the base, and another page begins with that.
                Act::Close => {
                    base = tab.fold_texts([base.as_str(), &tab.save()], now);
                    tab = loaded(&config, &[&base], now);
                }
                Act::Ask => prop_assert_eq!(differences(&tab, &twin, now), [""; 0]),
            }
        }
    }

    /// Tabs look at what the others stored before they tell of something: a change that one has noticed is not told twice.
    #[test]
    fn tabs_notice_a_change_once(
        (stages, is_built_in) in stages(),
        acts in prop::collection::vec((act(), 0..3_usize), 1..30),
    ) {
        let config = config_of(&stages, is_built_in);
        let mut tabs = [engine(&config), engine(&config), engine(&config)];
        let mut base = String::new();
        let mut twin = Twin { stages, ..Twin::default() };
        let (mut now, mut before) = (at(NOON), None);
        for (act, tab) in acts {
            let mut texts: Vec<String> = tabs.iter().map(Engine::save).collect();
            match act {
                Act::Wait(span) => now += span,
                Act::Event(event) => {
                    // Nobody is in two tabs in the same millisecond; two changes in one may take two.
                    now += if before.is_some_and(|before| before != tab) { 5 } else { 0 };
                    before = Some(tab);
                    texts[tab] = base.clone();
                    tabs[tab].load(texts.iter().map(String::as_str), "", now);
                    tell(&mut tabs[tab], event, now);
                    twin.observe(event, now);
                }
                Act::Reload => {
                    tabs[tab] = engine(&config);
                    tabs[tab].load([base.as_str()], &texts[tab], now);
                }
                Act::Close => {
                    base = tabs[tab].fold_texts([base.as_str(), &texts[tab]], now);
                    tabs[tab] = engine(&config);
                }
                Act::Ask => {
                    texts.push(base.clone());
                    texts.rotate_left(tab);
                    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                    prop_assert_eq!(differences(&loaded(&config, &texts, now), &twin, now), [""; 0]);
                }
            }
        }
    }
}

// ── in so many words ───────────────────────────────────────────────────────────────────────────────────────────────────

/// A config with these conditions, each of an offer of its own.
fn asking(lifecycle: Option<Json>, conditions: &[(&str, Json)]) -> Json {
    let offers: Vec<Json> = conditions
        .iter()
        .map(|(id, condition)| offer(id, json!({ "eligible": condition })))
        .collect();
    let mut config = kit::config(&offers);
    if let Some(lifecycle) = lifecycle {
        config["lifecycle"] = lifecycle;
    }
    config["site"] = json!({ "timezone": "UTC", "retention": "9000d" });
    config
}

/// The stage by the built-in lifecycle.
fn stage(engine: &Engine, now: Millis) -> String {
    let found = shown(engine, "hero", now);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].to_owned()
}

#[test]
fn without_a_lifecycle_there_is_a_built_in_one() {
    let names: Vec<&str> = built_in().into_iter().map(|(name, _)| name).collect();
    let conditions: Vec<(&str, Json)> = names.iter().map(|name| (*name, json!({ "stage.now": name }))).collect();
    let mut engine = engine(&asking(None, &conditions));
    let start = at(NOON);
    assert_eq!(stage(&engine, start), "new", "before anything has happened");
    tell(&mut engine, "page_view", start);
    assert_eq!(stage(&engine, start), "new");
    tell(&mut engine, "page_view", start + DAY);
    assert_eq!(stage(&engine, start + DAY), "exploring");
    // Straight to the top, and past some.
    for _ in 0..3 {
        tell(&mut engine, "purchase", start + DAY);
    }
    assert_eq!(stage(&engine, start + DAY), "loyal");
    tell(&mut engine, "share", start + DAY);
    assert_eq!(stage(&engine, start + DAY), "advocate");
    // It goes back without any event, once what held it is too old; and to `lapsed` when the visitor returns.
    assert_eq!(stage(&engine, start + 180 * DAY), "advocate");
    assert_eq!(stage(&engine, start + 181 * DAY), "exploring");
    tell(&mut engine, "page_view", start + 181 * DAY);
    assert_eq!(stage(&engine, start + 181 * DAY), "lapsed");
    tell(&mut engine, "page_view", start + (181 + 46) * DAY);
    assert_eq!(stage(&engine, start + (181 + 46) * DAY), "lapsing");
    tell(&mut engine, "sign_up", start + (181 + 46 + 45) * DAY);
    assert_eq!(stage(&engine, start + (181 + 46 + 45) * DAY), "active");
}

#[test]
fn a_change_is_noticed_with_the_next_event() {
    let lifecycle =
        json!([{ "stage": "fresh", "when": { "$did": { "event": "buy", "within": "1h" } } }, { "stage": "new" }]);
    let conditions = [
        ("fresh", json!({ "stage.now": "fresh" })),
        ("was-fresh", json!({ "stage.before": "fresh" })),
        ("was-new", json!({ "stage.before": "new" })),
        ("a-day", json!({ "stage.days": { "$gte": 1 } })),
        (
            "changed",
            json!({ "$did": { "event": "stage_change", "where": { "stage": "new", "before": "fresh" } } }),
        ),
    ];
    let mut engine = engine(&asking(Some(lifecycle), &conditions));
    let start = at(NOON);
    tell(&mut engine, "buy", start);
    assert_eq!(shown(&engine, "hero", start), ["fresh"], "the first stage is no change");
    assert_eq!(shown(&engine, "hero", start + HOUR), ["was-fresh"], "seen at once");
    assert_eq!(
        shown(&engine, "hero", start + 3 * DAY),
        ["was-fresh"],
        "but its days are not counted yet"
    );
    tell(&mut engine, "page_view", start + 3 * DAY);
    assert_eq!(shown(&engine, "hero", start + 3 * DAY), ["was-fresh", "changed"]);
    assert_eq!(shown(&engine, "hero", start + 4 * DAY - 1), ["was-fresh", "changed"]);
    assert_eq!(
        shown(&engine, "hero", start + 4 * DAY),
        ["was-fresh", "a-day", "changed"]
    );
    // There and back unnoticed: nothing has changed.
    tell(&mut engine, "buy", start + 5 * DAY);
    assert_eq!(shown(&engine, "hero", start + 5 * DAY), ["fresh", "was-new", "changed"]);
    assert_eq!(shown(&engine, "hero", start + 5 * DAY + HOUR), ["was-fresh", "changed"]);
    tell(&mut engine, "buy", start + 6 * DAY);
    assert_eq!(
        shown(&engine, "hero", start + 6 * DAY),
        ["fresh", "was-new", "a-day", "changed"]
    );
}

/// Whatever the stages are called, and however quickly a page follows another.
#[test]
fn of_two_changes_in_the_same_millisecond_the_second_stays() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let lifecycle = json!([{ "stage": second, "when": { "$did": { "event": "buy" } } }, { "stage": first }]);
        let config = asking(
            Some(lifecycle),
            &[("was", json!({ "stage.now": second, "stage.before": first }))],
        );
        let mut engine = kit::engine(&config);
        tell(&mut engine, "page_view", at(NOON));
        let base = engine.save();
        let mut engine = loaded(&config, &[&base], at(NOON));
        tell(&mut engine, "buy", at(NOON));
        assert!(shows(&engine, "was", at(NOON)), "{first} to {second}");
        let own = engine.save();
        assert!(
            shows(&loaded(&config, &[&base, &own], at(NOON)), "was", at(NOON)),
            "{first} to {second}"
        );
    }
}

#[test]
fn a_clock_set_back_adds_no_days_to_a_stage() {
    let lifecycle = json!([{ "stage": "buyer", "when": { "$did": { "event": "buy" } } }, { "stage": "new" }]);
    let conditions = [
        ("buyer", json!({ "stage.now": "buyer", "stage.before": "new" })),
        ("a-day", json!({ "stage.days": { "$gte": 1 } })),
    ];
    let mut engine = engine(&asking(Some(lifecycle), &conditions));
    let start = at(NOON);
    tell(&mut engine, "page_view", start + 400 * DAY);
    tell(&mut engine, "buy", start + 400 * DAY);
    assert_eq!(shown(&engine, "hero", start), ["buyer"]);
    tell(&mut engine, "page_view", start);
    assert_eq!(shown(&engine, "hero", start + DAY - 1), ["buyer"]);
    assert_eq!(shown(&engine, "hero", start + DAY), ["buyer", "a-day"]);
}

/// A trigger counts until the visit ends, and never for the first stage.
#[test]
fn a_stage_can_be_the_moment_for_an_offer() {
    let lifecycle =
        json!([{ "stage": "lapsing", "when": { "visit.daysSinceLast": { "$gt": 45 } } }, { "stage": "new" }]);
    let mut config = asking(Some(lifecycle), &[]);
    config["offers"] = json!([
        offer("back", json!({ "trigger": { "on": [{ "stage": "lapsing" }] } })),
        offer("hello", json!({ "trigger": { "stage": "new" } })),
    ]);
    let mut engine = engine(&config);
    let start = at(NOON);
    tell(&mut engine, "page_view", start);
    assert_eq!(shown(&engine, "hero", start), [""; 0]);
    tell(&mut engine, "page_view", start + 46 * DAY);
    assert_eq!(shown(&engine, "hero", start + 46 * DAY), ["back"]);
    tell(&mut engine, "page_view", start + 46 * DAY + TIMEOUT - SECOND);
    assert_eq!(
        shown(&engine, "hero", start + 46 * DAY + TIMEOUT - SECOND),
        ["back"],
        "on later pages, too"
    );
    let later = start + 46 * DAY + 2 * TIMEOUT;
    tell(&mut engine, "page_view", later);
    assert_eq!(shown(&engine, "hero", later), ["hello"], "and back again");
    let why = why(&engine, "back", later);
    assert_eq!(why.status, Status::Untriggered);
}

#[test]
fn only_when_a_rule_asks_is_a_stage_kept() {
    let lifecycle = json!([{ "stage": "buyer", "when": { "$did": { "event": "buy" } } }, { "stage": "new" }]);
    let told = |config: &Json| {
        let mut engine = engine(config);
        tell(&mut engine, "page_view", at(NOON));
        tell(&mut engine, "buy", at(NOON));
        engine
    };
    let nobody = asking(Some(lifecycle.clone()), &[("a", json!({ "page.path": "/" }))]);
    assert_eq!(told(&nobody).save(), "");
    // The stage of now follows from what its conditions ask for; which one was noticed need not be known.
    let bought = asking(None, &[("a", json!({ "$did": { "event": "buy" } }))]);
    let now = asking(Some(lifecycle.clone()), &[("a", json!({ "stage.now": "buyer" }))]);
    assert_eq!(told(&now).save(), told(&bought).save());
    assert_eq!(told(&now).profile().stage(), None);
    for condition in [
        json!({ "stage.before": "new" }),
        json!({ "stage.days": { "$lt": 3 } }),
        json!({ "$did": { "event": "stage_change" } }),
        json!({ "$did": { "sequence": [{ "event": "page_view" }, { "event": "stage_change" }], "within": "1d" } }),
        json!({ "$did": { "event": "stage_change", "distinct": "stage", "is": { "$gte": 1 } } }),
        json!({ "$did": { "event": "stage_change", "ago": { "$lt": "1d" } } }),
        json!({ "$not": { "$did": { "event": "stage_change", "where": { "stage": "new" } } } }),
    ] {
        let config = asking(Some(lifecycle.clone()), &[("a", condition.clone())]);
        let engine = told(&config);
        assert!(engine.profile().stage().is_some(), "{condition}");
        assert!(shows(&engine, "a", at(NOON)), "{condition}");
        let again = loaded(&config, &[&engine.save()], at(NOON));
        assert!(shows(&again, "a", at(NOON)), "{condition}");
        // When the rule goes, so does what only it needed.
        assert_eq!(
            loaded(&nobody, &[&engine.save()], at(NOON)).fold_texts([engine.save().as_str()], at(NOON)),
            ""
        );
    }
}

/// Other rules than conditions ask for changes of stage, too.
#[test]
fn whatever_waits_for_a_change_of_stage_is_told() {
    let lifecycle = json!([{ "stage": "buyer", "when": { "$did": { "event": "buy" } } }, { "stage": "new" }]);
    let change = json!({ "event": "stage_change", "where": { "stage": "buyer" } });
    let mut config = asking(Some(lifecycle), &[]);
    config["placements"] = json!({ "hero": { "take": 9 }, "aside": {} });
    config["offers"] = json!([
        offer("rests", json!({ "rest": { "after": change, "for": "1h" } })),
        offer("pressed", json!({ "placement": "aside" })),
        offer("waits", json!({ "trigger": change })),
    ]);
    config["pressure"] = json!([{ "placements": "aside", "rest": "1h", "after": change }]);
    for only in [None, Some(0), Some(1), Some(2)] {
        let mut config = config.clone();
        if let Some(only) = only {
            config["offers"] = json!([config["offers"][only]]);
        }
        if only != Some(1) && only.is_some() {
            config.as_object_mut().unwrap().remove("pressure");
        }
        let mut engine = engine(&config);
        let is_there = |id: &str| {
            config["offers"]
                .as_array()
                .unwrap()
                .iter()
                .any(|offer| offer["id"] == id)
        };
        tell(&mut engine, "page_view", at(NOON));
        assert_eq!(shows(&engine, "rests", at(NOON)), is_there("rests"));
        assert_eq!(
            shown(&engine, "aside", at(NOON)).len(),
            usize::from(is_there("pressed"))
        );
        assert!(!shows(&engine, "waits", at(NOON)));
        tell(&mut engine, "buy", at(NOON));
        assert!(!shows(&engine, "rests", at(NOON)));
        assert_eq!(shown(&engine, "aside", at(NOON)).len(), 0);
        assert_eq!(shows(&engine, "waits", at(NOON)), is_there("waits"));
    }
}

/// A lifecycle that does not say what everybody else is in.
#[test]
fn a_visitor_may_be_in_no_stage_at_all() {
    let lifecycle = json!([{ "stage": "buyer", "when": { "$did": { "event": "buy", "within": "1h" } } }]);
    let mut config = asking(
        Some(lifecycle),
        &[
            ("none", json!({ "stage.now": { "$exists": false } })),
            ("was-none", json!({ "stage.before": null })),
            ("buyer", json!({ "stage.now": "buyer" })),
            ("was-buyer", json!({ "stage.before": "buyer" })),
        ],
    );
    config["offers"]
        .as_array_mut()
        .unwrap()
        .push(offer("at", json!({ "trigger": { "stage": "buyer" } })));
    let mut engine = broken_engine(&config.to_string());
    let problems: Vec<&str> = engine
        .problems()
        .iter()
        .map(|problem| problem.severity.name())
        .collect();
    assert_eq!(problems, ["warning"]);
    let start = at(NOON);
    assert_eq!(shown(&engine, "hero", start), ["none", "was-none"]);
    tell(&mut engine, "page_view", start);
    assert_eq!(shown(&engine, "hero", start), ["none", "was-none"]);
    tell(&mut engine, "buy", start);
    assert_eq!(shown(&engine, "hero", start), ["was-none", "buyer", "at"]);
    tell(&mut engine, "page_view", start + HOUR);
    assert_eq!(shown(&engine, "hero", start + HOUR), ["none", "was-buyer"]);
}

#[test]
fn an_explanation_names_the_stage_that_is_and_the_one_that_has_to_be() {
    let config = asking(
        None,
        &[
            ("now", json!({ "stage.now": "loyal" })),
            ("before", json!({ "stage.before": { "$in": ["active", "loyal"] } })),
            ("days", json!({ "stage.days": { "$gte": 7 } })),
        ],
    );
    let mut engine = engine(&config);
    tell(&mut engine, "page_view", at(NOON));
    for (offer, words) in [
        ("now", &["`stage.now`", "\"new\"", "\"loyal\""][..]),
        ("before", &["`stage.before`", "nothing", "one of \"active\", \"loyal\""]),
        ("days", &["`stage.days`", "is 0", "at least 7"]),
    ] {
        let why = why(&engine, offer, at(NOON));
        assert!(words.iter().all(|word| why.failed[0].text.contains(word)), "{why:?}");
    }
}

// ── what is wrong with it ──────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_stage_cannot_depend_on_stages_in_whatever_way() {
    let asks = [
        json!({ "stage.now": "new" }),
        json!({ "stage.before": { "$in": ["new"] } }),
        json!({ "stage.days": { "$gt": 3 } }),
        json!({ "$not": { "$or": [{ "page.path": "/" }, { "stage.now": "new" }] } }),
        json!({ "audience": "direct" }),
        json!({ "audience": "through" }),
        json!({ "$nor": [{ "audience": { "$nin": ["fine", "through"] } }] }),
        json!({ "$savedGroup": { "id": "group" } }),
    ];
    for when in asks {
        let config = json!({
            "savedGroups": { "group": { "type": "condition", "condition": { "stage.days": { "$gt": 3 } } } },
            "audiences": {
                "fine": { "visit.number": { "$gte": 2 } },
                "direct": { "stage.now": { "$ne": "new" } },
                "through": { "$or": [{ "audience": "fine" }, { "$not": { "audience": "direct" } }] },
            },
            "lifecycle": [{ "stage": "loyal", "when": when }, { "stage": "new" }],
            "placements": { "hero": { "take": 9 } },
            "offers": [
                offer("fine", json!({ "eligible": { "page.path": "/" } })),
                offer("asks", json!({ "eligible": { "stage.now": "new" } })),
                offer("not", json!({ "eligible": { "$not": { "stage.now": "loyal" } } })),
                offer("by-audience", json!({ "eligible": { "$not": { "audience": "through" } } })),
                offer("by-trigger", json!({ "trigger": { "stage": "new" } })),
            ],
        });
        let mut engine = broken_engine(&config.to_string());
        let problems = engine.problems();
        let found = problems
            .iter()
            .find(|problem| problem.what == "a stage can't depend on stages");
        assert_eq!(
            found.map(|problem| problem.path.as_str()),
            Some("$.lifecycle[0].when"),
            "{when}: {problems:?}"
        );
        tell(&mut engine, "page_view", at(NOON));
        tell(&mut engine, "page_view", at(NOON) + DAY);
        assert_eq!(shown(&engine, "hero", at(NOON) + DAY), ["fine"], "{when}");
        assert_eq!(why(&engine, "by-audience", at(NOON)).status, Status::Skipped, "{when}");
    }
}

#[test]
fn the_name_of_a_stage_that_is_none_is_reported_with_the_nearest() {
    let lifecycle = json!([{ "stage": "champion", "when": { "visit.number": { "$gte": 9 } } }, { "stage": "guest" }]);
    let cases = [
        (json!({ "eligible": { "stage.now": "chmapion" } }), None, "`champion`"),
        (
            json!({ "eligible": { "stage.before": { "$in": ["guest", "champio"] } } }),
            None,
            "`champion`",
        ),
        (json!({ "trigger": { "stage": "gest" } }), None, "`guest`"),
        (
            json!({ "trigger": { "on": ["exit_intent", { "stage": "loyal" }] } }),
            None,
            "`champion`, `guest`",
        ),
        (
            json!({ "eligible": { "stage.now": "loyl" } }),
            Some("built-in"),
            "`loyal`",
        ),
        (
            json!({ "eligible": { "stage.now": { "$nin": ["champion"] } } }),
            Some("built-in"),
            "`advocate`",
        ),
        (
            json!({ "trigger": { "stage": "lapsng" } }),
            Some("built-in"),
            "`lapsing`",
        ),
    ];
    for (more, built_in, remedy) in cases {
        let mut config = kit::one(more.clone());
        if built_in.is_none() {
            config["lifecycle"] = lifecycle.clone();
        }
        let engine = broken_engine(&config.to_string());
        let [problem] = engine.problems() else {
            panic!("{more}: {:?}", engine.problems());
        };
        assert!(
            problem.what.starts_with("unknown stage `") && problem.remedy.contains(remedy),
            "{problem:?}"
        );
    }
}
