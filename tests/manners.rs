//! Manners: when an offer may appear, how much is too much, and when to keep silent. The engine against a naive twin.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;
mod twin;

use kit::{DAY, HOUR, MINUTE, SECOND, at, loaded, offer, shown, shows, value, view, why};
use maitre::condition::Outcome::{self, Clicked, Converted, Dismissed, Exposed};
use maitre::config::Signal::{self, Dwell, ExitIntent, Idle, ReturnToTab, Scroll};
use maitre::decide::{Decision, OnPage, Status};
use maitre::host::Native;
use maitre::time::Millis;
use maitre::{Engine, Found};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use twin::{COLOURS, EVENTS, Seen, Twin};

const NOON: &str = "2026-11-20T12:00:00Z";
const PARIS: &str = "Europe/Paris";

// ── whatever happens ───────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug)]
enum Step {
    Wait(Millis),
    View,
    Event(&'static str, Option<&'static str>),
    Outcome(prop::sample::Index, Outcome),
    User(&'static str, Json),
    Signal(Signal),
    Scroll(f64),
    Dwell(Millis),
    Input,
    Idle,
    /// The overlay that is to appear does.
    Raise,
    /// The overlay goes without an answer.
    Close,
    /// What the page was to show is all seen.
    SeeAll,
    /// The next page, which goes on with this tab's part.
    Load,
    /// The next page, by when the clock was set back.
    SetBack(Millis),
    /// All that is stored is folded into one text, and this tab begins another part, on the same page.
    Fold,
}

fn step() -> impl Strategy<Value = Step> {
    let members = prop::sample::select(vec![json!(true), json!(false), json!(null)]);
    let figures = prop::sample::select(vec![json!(0), json!(0.5), json!(2), json!(-1), json!("x")]);
    prop_oneof![
        8 => twin::wait().prop_map(Step::Wait),
        2 => Just(Step::View),
        3 => (prop::sample::select(EVENTS[..2].to_vec()), prop::option::of(prop::sample::select(COLOURS.to_vec())))
            .prop_map(|(name, colour)| Step::Event(name, colour)),
        3 => (any::<prop::sample::Index>(), twin::outcome()).prop_map(|(offer, outcome)| Step::Outcome(offer, outcome)),
        1 => members.prop_map(|member| Step::User("member", member)),
        1 => (prop::sample::select(vec!["x", "y"]), figures).prop_map(|(key, figure)| Step::User(key, figure)),
        3 => prop::sample::select(vec![ExitIntent, ReturnToTab]).prop_map(Step::Signal),
        2 => prop::sample::select(vec![0.1, 0.25, 0.59, 0.6, 0.9, 1.0]).prop_map(Step::Scroll),
        3 => prop_oneof![1..20_000_i64, 1..100_000_i64].prop_map(Step::Dwell),
        1 => Just(Step::Input),
        2 => Just(Step::Idle),
        4 => Just(Step::Raise),
        1 => Just(Step::Close),
        2 => Just(Step::SeeAll),
        2 => Just(Step::Load),
        1 => twin::wait().prop_map(Step::SetBack),
        1 => Just(Step::Fold),
    ]
}

/// The engine and its twin, to whom the same happens.
struct Both {
    config: Json,
    engine: Engine,
    twin: Twin,
    base: String,
    now: Millis,
}

fn engine(config: &Json, zone: &str) -> Engine {
    let engine = Engine::new(&config.to_string(), zone, Box::new(Native));
    assert_eq!(engine.problems(), [], "{config}");
    engine
}

fn ids(engine: &Engine, decision: &Decision) -> Vec<String> {
    decision
        .offers
        .iter()
        .map(|offer| engine.plan().id(*offer).to_owned())
        .collect()
}

fn on_page(engine: &Engine, seen: &Seen) -> OnPage {
    let members: serde_json::Map<String, Json> = seen.iter().map(|(name, ids)| (name.clone(), json!(ids))).collect();
    engine.on_page(&value(&Json::Object(members)))
}

impl Both {
    fn new(config: &Json, zone: &str, now: Millis) -> Both {
        let mut both = Both {
            config: config.clone(),
            engine: engine(config, zone),
            twin: Twin::new(config, zone),
            base: String::new(),
            now,
        };
        both.view();
        both
    }

    fn view(&mut self) {
        view(&mut self.engine, "/", self.now);
        self.twin.view(self.now);
    }

    fn load(&mut self, zone: &str) {
        self.twin.unload();
        let own = self.engine.save();
        self.engine = engine(&self.config, zone);
        if self.engine.load([self.base.as_str()], &own, self.now) != Found::Tidy {
            self.base = self.engine.fold_texts([self.base.as_str()], self.now);
        }
        for (key, value) in self.twin.told() {
            self.engine.user(&kit::value(&json!({ key: value })), self.now);
        }
        self.view();
    }

    fn fold(&mut self) {
        self.base = self
            .engine
            .fold_texts([self.base.as_str(), &self.engine.save()], self.now);
        self.engine.written();
        self.engine.disown();
        self.engine.load([self.base.as_str()], "", self.now);
    }

    fn outcome(&mut self, offer: &str, outcome: Outcome) {
        assert!(self.engine.outcome(offer, outcome, self.now));
        self.twin.outcome(offer, outcome, self.now);
    }

    fn signal(&mut self, signal: Signal, value: f64) {
        self.engine.signal(signal, value, self.now);
    }

    fn raise(&mut self) {
        if let Some((placement, offer)) = self.twin.raise(&self.twin.whole_page(), self.now) {
            assert!(self.engine.raised(&offer, self.now));
            self.twin.raised(&offer, &placement, self.now);
        }
    }

    fn take(&mut self, step: &Step, zone: &str) {
        let now = self.now;
        match step {
            Step::Wait(span) => self.now += span,
            Step::View => self.view(),
            Step::Event(name, colour) => {
                let params = colour.map_or(json!({}), |colour| json!({ "colour": colour }));
                self.engine.observe(name, value(&params), now);
                self.twin.event(name, &params, now);
            }
            Step::Outcome(offer, outcome) => {
                let offers = self.twin.offers();
                let offer = offers[offer.index(offers.len())]["id"].as_str().unwrap().to_owned();
                self.outcome(&offer, *outcome);
            }
            Step::User(key, told) => {
                self.engine.user(&value(&json!({ *key: told })), now);
                self.twin.user(key, told);
            }
            Step::Signal(signal) => {
                self.signal(*signal, 0.0);
                self.twin.exit_or_return(*signal, now);
            }
            Step::Scroll(share) => {
                self.signal(Scroll, *share);
                self.twin.scroll(*share, now);
            }
            Step::Dwell(more) => {
                let dwelt = self.twin.dwell(*more, now);
                self.signal(Dwell, dwelt as f64);
            }
            Step::Input => self.twin.input(now),
            Step::Idle if self.twin.is_idle_for_longer(now) => {
                let silence = self.twin.idle(now);
                self.signal(Idle, silence as f64);
            }
            Step::Idle => {}
            Step::Raise => self.raise(),
            Step::Close => {
                for offer in self.twin.offers() {
                    self.engine.closed(offer["id"].as_str().unwrap(), now);
                    self.twin.closed(offer["id"].as_str().unwrap(), now);
                }
            }
            Step::SeeAll => {
                for (_, offers) in self.twin.arranged(&self.twin.whole_page(), false, now) {
                    for offer in offers {
                        self.outcome(&offer, Exposed);
                    }
                }
            }
            Step::Load => self.load(zone),
            Step::SetBack(span) => {
                self.now -= span;
                self.load(zone);
            }
            Step::Fold => {
                self.fold();
                self.twin.notice(now);
            }
        }
    }

    /// Both say the same of everything.
    fn agree(&self, now: Millis) -> Result<(), TestCaseError> {
        let (engine, twin) = (&self.engine, &self.twin);
        let page = twin.whole_page();
        let filled = engine.fill(&on_page(engine, &page), now);
        let wanted = twin.arranged(&page, false, now);
        prop_assert_eq!(filled.len(), wanted.len());
        for decision in &filled {
            let name = engine.plan().placement(decision.placement).unwrap().name();
            let (_, wanted) = wanted.iter().find(|(known, _)| known == name).unwrap();
            prop_assert_eq!(&ids(engine, decision), wanted, "{} of {}", name, &self.config);
            prop_assert_eq!(&ids(engine, &engine.decide(name, now).unwrap()), wanted);
            let explanation = engine.explain(name, now).unwrap();
            prop_assert_eq!(&explanation.shows, wanted);
            for offer in explanation.offers {
                prop_assert_eq!(
                    offer.status,
                    twin.status(offer.offer, name, wanted, now),
                    "{} in {}",
                    &self.config,
                    name
                );
            }
        }
        let raised = engine
            .raise(None, now)
            .map(|(placement, offer)| (placement, engine.plan().id(offer)));
        let wanted = twin.raise(&page, now);
        prop_assert_eq!(
            raised,
            wanted.as_ref().map(|(name, offer)| (&**name, &**offer)),
            "{}",
            &self.config
        );
        for signal in Signal::ALL.map(|entry| entry.0) {
            prop_assert_eq!(engine.points(signal), twin.points(signal), "{}", signal.name());
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Over page loads, new visits, clocks set back, and whatever is folded when.
    #[test]
    fn all_goes_as_for_one_who_keeps_everything(
        config in twin::config(1..6),
        zone in prop::sample::select(vec![PARIS, "America/New_York", "Asia/Kolkata"]),
        start in 0..DAY,
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut both = Both::new(&config, zone, at(NOON) + start);
        both.agree(both.now)?;
        for step in &steps {
            both.take(step, zone);
            both.agree(both.now)?;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two tabs of one visit that know nothing of each other until the end.
    #[test]
    fn what_happened_in_two_tabs_adds_up(
        config in twin::config(1..5),
        steps in prop::collection::vec((1..5000_i64, step(), prop::bool::ANY), 1..25),
        later in twin::wait(),
    ) {
        let mut tabs = [engine(&config, PARIS), engine(&config, PARIS)];
        let mut twin = Twin::new(&config, PARIS);
        let mut pages = [twin::Page::default(), twin::Page::default()];
        let mut now = at(NOON);
        for (tab, page) in tabs.iter_mut().zip(&mut pages) {
            view(tab, "/", now);
            twin.turn_to(page);
            twin.view(now);
            twin.turn_to(page);
        }
        let offers = twin.offers();
        for (span, step, tab) in steps {
            now += span;
            let (tab, page) = (&mut tabs[usize::from(tab)], &mut pages[usize::from(tab)]);
            twin.turn_to(page);
            match step {
                Step::Event(name, colour) => {
                    let params = colour.map_or(json!({}), |colour| json!({ "colour": colour }));
                    tab.observe(name, value(&params), now);
                    twin.event(name, &params, now);
                }
                Step::Outcome(offer, outcome) => {
                    let offer = offers[offer.index(offers.len())]["id"].as_str().unwrap();
                    tab.outcome(offer, outcome, now);
                    twin.outcome(offer, outcome, now);
                }
                Step::Signal(signal) => {
                    tab.signal(signal, 0.0, now);
                    twin.exit_or_return(signal, now);
                }
                Step::Raise => {
                    if let Some((placement, offer)) = twin.raise(&twin.whole_page(), now) {
                        tab.raised(&offer, now);
                        twin.raised(&offer, &placement, now);
                    }
                }
                _ => {
                    view(tab, "/", now);
                    twin.view(now);
                }
            }
            twin.turn_to(page);
        }
        let (one, other) = (tabs[0].save(), tabs[1].save());
        let folded = tabs[0].fold_texts([one.as_str(), &other], now);
        for now in [now, now + later] {
            let mut both = Both { config: config.clone(), engine: engine(&config, PARIS), twin: twin.clone(), base: String::new(), now };
            for texts in [&[&*one, &*other][..], &[&other, &one], &[&folded]] {
                both.engine = loaded(&config, texts, now);
                // A page of their own, on which nothing happened yet.
                both.twin.leave();
                both.agree(now)?;
            }
        }
    }

    /// When an explanation says until when, it is right to the millisecond.
    #[test]
    fn until_is_when_the_pressure_is_over(
        config in twin::config(1..2),
        start in prop::sample::select(vec![NOON, "2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"]),
        steps in prop::collection::vec((twin::wait(), any::<prop::sample::Index>(), twin::outcome()), 1..8),
    ) {
        let mut config = config;
        config["offers"][0].as_object_mut().unwrap().retain(|key, _| matches!(&**key, "id" | "content"));
        config["offers"][0]["placement"] = json!("hero");
        let mut engine = engine(&config, PARIS);
        let mut now = at(start);
        view(&mut engine, "/", now);
        for (span, _, outcome) in steps {
            now += span % DAY;
            engine.outcome("o0", outcome, now);
            let why = |now| kit::why(&engine, "o0", now);
            let is_shown = shows(&engine, "o0", now);
            prop_assert_eq!(why(now).status, if is_shown { Status::Shown } else { Status::Pressed });
            prop_assert_eq!(why(now).failed.is_empty(), is_shown);
            for reason in why(now).failed {
                prop_assert_eq!(reason.check, "pressure");
                let Some(until) = reason.until else { continue };
                prop_assert!(until > now);
                let alike = |now| why(now).failed.iter().filter(|other| other.text == reason.text).count();
                prop_assert!(why(until - 1).failed.contains(&reason), "{} {:?}", config, reason);
                prop_assert!(alike(until) < alike(until - 1), "{} {:?}", config, reason);
            }
        }
    }
}

// ── triggers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Something that may be the moment for an offer.
#[derive(Clone, Debug)]
enum Moment {
    Signal(Signal, f64),
    Event(&'static str, Json),
    View,
}

fn happens(engine: &mut Engine, moment: &Moment, now: Millis) {
    match moment {
        Moment::Signal(signal, value) => {
            engine.signal(*signal, *value, now);
        }
        Moment::Event(name, params) => {
            engine.observe(name, value(params), now);
        }
        Moment::View => view(engine, "/", now),
    }
}

fn raised(engine: &Engine, now: Millis) -> Option<String> {
    engine
        .raise(None, now)
        .map(|(_, offer)| engine.plan().id(offer).to_owned())
}

/// A config with offers for `hero` and for the overlays `over` and `top`.
fn overlays(offers: &[Json], pressure: &Json) -> Json {
    let placements = json!({ "hero": { "take": 9 }, "over": { "kind": "overlay" }, "top": { "kind": "overlay" } });
    json!({ "placements": placements, "pressure": pressure, "offers": offers })
}

/// Each kind of trigger, what is not it yet, and what is.
fn kinds() -> Vec<(Json, Vec<Moment>, Moment)> {
    use Moment::{Event, Signal, View};
    let red = || json!({ "colour": "red" });
    vec![
        (
            json!("exit_intent"),
            vec![View, Signal(ReturnToTab, 0.0)],
            Signal(ExitIntent, 0.0),
        ),
        (
            json!("return_to_tab"),
            vec![View, Signal(ExitIntent, 0.0)],
            Signal(ReturnToTab, 0.0),
        ),
        (
            json!({ "dwell": "40s" }),
            vec![Signal(Dwell, 39_999.0), Signal(Idle, 50_000.0)],
            Signal(Dwell, 40_000.0),
        ),
        (
            json!({ "scroll": 0.6 }),
            vec![Signal(Scroll, 0.59), Signal(Dwell, 1.0)],
            Signal(Scroll, 0.6),
        ),
        (
            json!({ "idle": "30s" }),
            vec![Signal(Idle, 29_999.0), Signal(Dwell, 90_000.0)],
            Signal(Idle, 30_000.0),
        ),
        (
            json!({ "event": "add_to_cart" }),
            vec![Event("purchase", red()), View],
            Event("add_to_cart", json!({})),
        ),
        (
            json!({ "event": "add_to_cart", "where": { "colour": "red" } }),
            vec![
                Event("add_to_cart", json!({ "colour": "blue" })),
                Event("purchase", red()),
            ],
            Event("add_to_cart", red()),
        ),
        (
            json!({ "stage": "buyer" }),
            vec![Event("add_to_cart", json!({})), View],
            Event("purchase", json!({})),
        ),
        (
            json!({ "on": ["exit_intent", { "dwell": "40s" }] }),
            vec![Signal(Dwell, 39_000.0)],
            Signal(ExitIntent, 0.0),
        ),
        (
            json!([{ "scroll": 1 }, { "event": "purchase" }]),
            vec![Signal(Scroll, 0.9)],
            Event("purchase", json!({})),
        ),
    ]
}

fn triggered(trigger: &Json) -> Json {
    let mut config = overlays(
        &[
            offer("a", json!({ "trigger": trigger })),
            offer("b", json!({ "trigger": trigger, "placement": "over" })),
        ],
        &json!([]),
    );
    config["lifecycle"] =
        json!([{ "stage": "buyer", "when": { "$did": { "event": "purchase" } } }, { "stage": "new" }]);
    config
}

#[test]
fn a_trigger_counts_from_its_moment_to_the_end_of_the_visit() {
    for (trigger, not_yet, moment) in kinds() {
        let config = triggered(&trigger);
        let mut engine = kit::engine(&config);
        let mut now = at(NOON);
        view(&mut engine, "/", now);
        for before in &not_yet {
            now += SECOND;
            happens(&mut engine, before, now);
            assert!(
                shown(&engine, "hero", now).is_empty() && raised(&engine, now).is_none(),
                "{trigger}: {before:?}"
            );
            let why = why(&engine, "a", now);
            assert_eq!(
                (why.status, why.failed[0].check),
                (Status::Untriggered, "trigger"),
                "{trigger}"
            );
        }
        now += SECOND;
        happens(&mut engine, &moment, now);
        let both = |engine: &Engine, now| (shows(engine, "a", now), raised(engine, now).is_some());
        assert_eq!(both(&engine, now), (true, true), "{trigger}");
        assert_eq!(why(&engine, "a", now).status, Status::Shown);
        // Also on later pages, also after a load.
        now += 29 * MINUTE;
        view(&mut engine, "/later", now);
        assert_eq!(both(&engine, now), (true, true), "{trigger}");
        let mut engine = kit::engine(&{
            let stored = engine.save();
            let mut next = kit::engine(&config);
            next.load([], &stored, now);
            view(&mut next, "/loaded", now);
            assert_eq!(both(&next, now), (true, true), "{trigger}");
            // And as long as nothing opens another visit.
            assert_eq!(both(&next, now + HOUR), (true, true), "{trigger}");
            view(&mut next, "/", now + 30 * MINUTE);
            assert_eq!(both(&next, now + 30 * MINUTE), (false, false), "{trigger}");
            config.clone()
        });
        view(&mut engine, "/", now);
        assert_eq!(both(&engine, now), (false, false), "{trigger}");
    }
}

#[test]
fn a_page_view_is_the_moment_of_its_own_page() {
    let mut engine = kit::engine(&triggered(&json!("page_view")));
    let now = at(NOON);
    engine.observe("add_to_cart", value(&json!({})), now);
    assert_eq!((shows(&engine, "a", now), raised(&engine, now)), (false, None));
    for page in 1..4 {
        let now = now + page * MINUTE;
        view(&mut engine, "/", now);
        assert_eq!(
            (shows(&engine, "a", now), raised(&engine, now).as_deref()),
            (true, Some("b"))
        );
        engine.raised("b", now);
        engine.closed("b", now);
        assert_eq!(
            (shows(&engine, "a", now), raised(&engine, now)),
            (true, None),
            "used up until the next"
        );
    }
}

/// An overlay uses up its trigger by appearing, wherever it was in the visit, and needs another.
#[test]
fn an_overlay_needs_its_trigger_again_to_appear_again() {
    for (trigger, _, moment) in kinds() {
        let config = triggered(&trigger);
        let mut engine = kit::engine(&config);
        let now = at(NOON);
        view(&mut engine, "/", now);
        happens(&mut engine, &moment, now + SECOND);
        assert!(engine.raised("b", now + 2 * SECOND));
        assert_eq!(raised(&engine, now + 2 * SECOND), None, "one at a time");
        engine.closed("b", now);
        let gone = |engine: &Engine, now| {
            assert_eq!(
                (shows(engine, "a", now), raised(engine, now)),
                (true, None),
                "{trigger}"
            );
        };
        gone(&engine, now + 3 * SECOND);
        let stored = engine.save();
        view(&mut engine, "/later", now + 4 * SECOND);
        gone(&engine, now + 4 * SECOND);
        let mut engine = kit::engine(&config);
        engine.load([], &stored, now + 5 * SECOND);
        view(&mut engine, "/loaded", now + 5 * SECOND);
        gone(&engine, now + 5 * SECOND);
        happens(&mut engine, &moment, now + 6 * SECOND);
        // The stage was entered once, and the time of the visit passes a point once.
        let once = trigger.get("stage").or(trigger.get("dwell")).is_some();
        assert_eq!(raised(&engine, now + 6 * SECOND).is_none(), once, "{trigger}");
    }
}

#[test]
fn an_overlay_without_a_trigger_appears_once_per_page_view() {
    let mut engine = kit::engine(&overlays(&[offer("a", json!({ "placement": "over" }))], &json!([])));
    let now = at(NOON);
    view(&mut engine, "/", now);
    for page in 0..3 {
        let now = now + page * MINUTE;
        view(&mut engine, "/", now);
        assert_eq!(raised(&engine, now).as_deref(), Some("a"));
        engine.raised("a", now);
        engine.outcome("a", Exposed, now + SECOND);
        engine.closed("a", now);
        engine.observe("add_to_cart", value(&json!({})), now + SECOND);
        assert_eq!(raised(&engine, now + 2 * SECOND), None);
        let why = engine.explain("over", now).unwrap().offers.remove(0);
        assert_eq!(
            (why.status, &*why.failed[0].change),
            (Status::Untriggered, "another page is viewed")
        );
    }
}

#[test]
fn dwell_adds_up_over_the_pages_of_a_visit_and_is_told_by_page() {
    let config = overlays(
        &[
            offer("a", json!({ "trigger": { "dwell": "40s" } })),
            offer(
                "b",
                json!({ "trigger": [{ "dwell": "1m" }, { "dwell": "40s" }], "placement": "over" }),
            ),
        ],
        &json!([]),
    );
    let mut engine = kit::engine(&config);
    let now = at(NOON);
    view(&mut engine, "/", now);
    assert_eq!(engine.points(Dwell), [40_000.0, 60_000.0]);
    assert!(!engine.signal(Dwell, 15_000.0, now));
    assert!(!engine.signal(Dwell, 15_000.0, now), "nothing more");
    assert!(!engine.signal(Dwell, 10_000.0, now), "it never gets less");
    assert_eq!(engine.points(Dwell), [40_000.0, 60_000.0]);
    view(&mut engine, "/next", now);
    assert_eq!(engine.points(Dwell), [25_000.0, 45_000.0]);
    assert!(!engine.signal(Dwell, 20_000.0, now));
    // A page load, and what is stored is folded while it goes on.
    let stored = engine.save();
    let mut engine = kit::engine(&config);
    engine.load([], &stored, now);
    view(&mut engine, "/loaded", now);
    assert_eq!(engine.points(Dwell), [5000.0, 25_000.0]);
    assert!(!engine.signal(Dwell, 3000.0, now));
    let base = engine.save();
    engine.written();
    engine.disown();
    engine.load([base.as_str()], "", now);
    assert!(!engine.signal(Dwell, 4000.0, now));
    let mut other = kit::engine(&config);
    other.load([base.as_str()], &engine.save(), now);
    view(&mut other, "/other", now);
    assert_eq!(
        other.points(Dwell),
        [1000.0, 21_000.0],
        "what was told after the fold is kept, too"
    );
    assert!(engine.signal(Dwell, 5000.0, now));
    assert_eq!(
        (shows(&engine, "a", now), raised(&engine, now).as_deref()),
        (true, Some("b"))
    );
    assert_eq!(engine.points(Dwell), [25_000.0]);
    // The next visit begins anew, also on the same page.
    let tomorrow = now + DAY;
    engine.observe("add_to_cart", value(&json!({})), tomorrow);
    assert_eq!(engine.points(Dwell), [45_000.0, 65_000.0]);
    assert_eq!(
        (shows(&engine, "a", tomorrow), raised(&engine, tomorrow)),
        (false, None)
    );
    assert!(engine.signal(Dwell, 50_000.0, tomorrow) && shows(&engine, "a", tomorrow));
}

#[test]
fn scroll_is_the_deepest_point_of_the_page_at_hand() {
    let config = overlays(
        &[offer(
            "a",
            json!({ "trigger": [{ "scroll": 0.6 }, { "scroll": 0.25 }], "placement": "over" }),
        )],
        &json!([]),
    );
    let mut engine = kit::engine(&config);
    let now = at(NOON);
    view(&mut engine, "/", now);
    assert_eq!(engine.points(Scroll), [0.25, 0.6]);
    for (step, (share, fires)) in [
        (0.1, false),
        (0.3, true),
        (0.2, false),
        (0.3, false),
        (0.9, true),
        (0.1, false),
        (1.0, false),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(engine.signal(Scroll, *share, now + step as Millis), *fires, "{share}");
    }
    view(&mut engine, "/next", now + SECOND);
    assert!(!engine.signal(Scroll, 0.2, now + SECOND) && engine.signal(Scroll, 1.0, now + SECOND));
}

/// Timers are late by a little, now more, now less: that makes no difference.
#[test]
fn each_stretch_without_input_counts_by_itself() {
    let mut engine = kit::engine(&triggered(&json!([{ "idle": "30s" }, { "idle": "1m" }])));
    let now = at(NOON);
    view(&mut engine, "/", now);
    assert_eq!(engine.points(Idle), [30_000.0, 60_000.0]);
    // When it was told, after how long without input, and whether that fires.
    for (span, silence, fires) in [
        (30_100, 30_100, true),
        (50_100, 50_100, false),
        (60_100, 60_100, true),
        (95_000, 30_050, true),
        (130_000, 30_100, true),
        (165_000, 30_200, true),
        (195_500, 60_700, true),
        (320_000, 60_800, true),
    ] {
        assert_eq!(engine.signal(Idle, silence as f64, now + span), fires, "{span}");
    }
}

#[test]
fn one_overlay_at_a_time_until_it_is_answered_or_gone() {
    let config = overlays(
        &[
            offer("a", json!({ "placement": "over", "value": { "site": 2 } })),
            offer("b", json!({ "placement": "top" })),
            offer("c", json!({})),
        ],
        &json!([]),
    );
    let now = at(NOON);
    let up = || {
        let mut engine = kit::engine(&config);
        view(&mut engine, "/", now);
        assert_eq!(raised(&engine, now).as_deref(), Some("a"), "the best");
        engine.raised("a", now);
        engine
    };
    let still_up = |engine: &Engine| {
        raised(engine, now).is_none()
            && shown(engine, "over", now) == ["a"]
            && shown(engine, "top", now).is_empty()
            && shows(engine, "c", now)
    };
    let mut engine = up();
    assert!(still_up(&engine));
    engine.outcome("a", Exposed, now);
    engine.outcome("a", Converted, now);
    engine.outcome("c", Dismissed, now);
    engine.closed("b", now);
    engine.closed("nobody", now);
    engine.observe("add_to_cart", value(&json!({})), now);
    assert!(still_up(&engine));
    let frees: [fn(&mut Engine, Millis); 3] = [
        |engine, now| engine.closed("a", now),
        |engine, now| {
            engine.outcome("a", Dismissed, now);
        },
        |engine, now| {
            engine.outcome("a", Clicked, now);
        },
    ];
    for free in frees {
        let mut engine = up();
        free(&mut engine, now);
        assert_eq!(
            raised(&engine, now).as_deref(),
            Some("b"),
            "`a` has appeared on this page"
        );
    }
    let mut engine = up();
    view(&mut engine, "/", now);
    assert_eq!(raised(&engine, now).as_deref(), Some("a"), "it has gone with its page");
    assert!(!engine.raised("nobody", now));
}

#[test]
fn an_overlay_appears_where_it_may() {
    let pressure = json!([{ "placements": "over", "rest": "1d", "after": { "event": "purchase" } }]);
    let mut engine = kit::engine(&overlays(
        &[offer("a", json!({ "placement": ["over", "top"] }))],
        &pressure,
    ));
    let now = at(NOON);
    view(&mut engine, "/", now);
    engine.observe("purchase", value(&json!({})), now);
    assert_eq!(engine.raise(None, now).map(|(placement, _)| placement), Some("top"));
    engine.raised("a", now);
    assert_eq!(
        (shown(&engine, "over", now).len(), shown(&engine, "top", now).len()),
        (0, 1)
    );
}

/// In the page and over it: only the overlay is used up.
#[test]
fn an_offer_of_both_kinds_uses_up_its_trigger_over_the_page_only() {
    let config = overlays(
        &[offer(
            "a",
            json!({ "placement": ["over", "hero"], "trigger": "exit_intent" }),
        )],
        &json!([]),
    );
    let mut engine = kit::engine(&config);
    let now = at(NOON);
    view(&mut engine, "/", now);
    engine.signal(ExitIntent, 0.0, now);
    assert_eq!(raised(&engine, now).as_deref(), Some("a"));
    engine.raised("a", now + 1);
    assert!(!shows(&engine, "a", now + 1), "it is over the page");
    engine.closed("a", now);
    assert!(raised(&engine, now + 2).is_none() && shows(&engine, "a", now + 2));
}

#[test]
fn the_first_stage_is_no_change() {
    let mut config = overlays(
        &[
            offer("a", json!({ "trigger": { "stage": "new" } })),
            offer("b", json!({ "trigger": { "stage": "buyer" } })),
        ],
        &json!([]),
    );
    let now = at(NOON);
    let did = |event: &str| json!({ "$did": { "event": event } });
    config["lifecycle"] = json!([{ "stage": "buyer", "when": did("purchase") }, { "stage": "new" }]);
    let mut engine = kit::engine(&config);
    view(&mut engine, "/", now);
    assert_eq!(shown(&engine, "hero", now), [""; 0]);
    engine.observe("purchase", value(&json!({})), now + 1);
    assert_eq!(shown(&engine, "hero", now + 1), ["b"]);
    engine.observe("purchase", value(&json!({})), now + 2);
    assert_eq!(shown(&engine, "hero", now + 2), ["b"]);
    view(&mut engine, "/", now + DAY);
    assert_eq!(shown(&engine, "hero", now + DAY), [""; 0], "it was in the visit before");
}

// ── pressure ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Three placements in the page with an offer each (`a`, `b`, `c`), and pressure.
fn pressed(pressure: &Json) -> Json {
    let offers: Vec<Json> = [("a", "hero"), ("b", "aside"), ("c", "footer")]
        .iter()
        .map(|(id, placement)| offer(id, json!({ "placement": placement })))
        .collect();
    json!({ "placements": { "hero": {}, "aside": {}, "footer": {} }, "pressure": pressure, "offers": offers })
}

/// What the whole page shows.
fn page(engine: &Engine, now: Millis) -> String {
    let all: Seen = engine
        .plan()
        .placements()
        .map(|known| (known.name().to_owned(), None))
        .collect();
    let mut shown: Vec<String> = engine
        .fill(&on_page(engine, &all), now)
        .iter()
        .flat_map(|decision| ids(engine, decision))
        .collect();
    shown.sort();
    shown.join(" ")
}

#[test]
fn a_cap_across_offers_counts_all_that_is_shown_in_its_placements() {
    // The rule, what was exposed at NOON, and what the page shows when.
    type Case = (Json, &'static str, &'static [(Millis, &'static str)]);
    let cases: [Case; 8] = [
        (json!({ "cap": { "exposures": 2, "per": "1h" } }), "", &[(0, "a b")]),
        (
            json!({ "cap": { "exposures": 2, "per": "1h" } }),
            "c",
            &[(0, "a"), (HOUR - 1, "a"), (HOUR, "a b")],
        ),
        (
            json!({ "cap": { "exposures": 2, "per": "1h" } }),
            "cc",
            &[(0, ""), (HOUR - 1, ""), (HOUR, "a b")],
        ),
        (
            json!({ "placements": "aside", "cap": { "exposures": 1, "per": "1s" } }),
            "ab",
            &[(0, "a c"), (999, "a c"), (SECOND, "a b c")],
        ),
        (
            json!({ "placements": ["footer", "aside"], "cap": { "exposures": 1, "per": "30d" } }),
            "a",
            &[(0, "a b")],
        ),
        (
            json!({ "placements": ["footer", "aside"], "cap": { "exposures": 1, "per": "30d" } }),
            "c",
            &[(0, "a"), (30 * DAY - 1, "a"), (30 * DAY, "a b")],
        ),
        (json!({ "cap": { "exposures": 2 } }), "ab", &[(0, ""), (400 * DAY, "")]),
        (
            json!({ "cap": [{ "exposures": 2, "per": "1h" }, { "exposures": 1, "per": "1s" }] }),
            "a",
            &[(0, ""), (SECOND, "a"), (HOUR, "a")],
        ),
    ];
    for (rule, exposed, times) in cases {
        let mut config = pressed(&json!([rule]));
        config["site"] = json!({ "retention": "900d" });
        let mut engine = kit::engine(&config);
        view(&mut engine, "/", at(NOON));
        for offer in exposed.chars() {
            engine.outcome(&offer.to_string(), Exposed, at(NOON));
        }
        for (span, wanted) in times {
            let now = at(NOON) + span;
            assert_eq!(page(&engine, now), *wanted, "{rule} {span}");
            let stored = engine.save();
            assert_eq!(
                page(&loaded(&config, &[&stored], now), now),
                *wanted,
                "{rule} {span} loaded"
            );
        }
    }
}

#[test]
fn caps_per_page_and_per_visit_end_with_them() {
    let mut engine = kit::engine(&pressed(
        &json!([{ "cap": { "exposures": 2, "per": "page" } }, { "cap": { "exposures": 3, "per": "visit" } }]),
    ));
    let now = at(NOON);
    view(&mut engine, "/", now);
    assert_eq!(page(&engine, now), "a b");
    engine.outcome("c", Exposed, now);
    assert_eq!(page(&engine, now), "a");
    engine.outcome("c", Exposed, now);
    assert_eq!(page(&engine, now), "");
    let why = kit::why(&engine, "a", now);
    assert_eq!(
        (why.status, &*why.change),
        (Status::Pressed, "show it: another page is viewed")
    );
    view(&mut engine, "/", now + MINUTE);
    assert_eq!(page(&engine, now + MINUTE), "a", "one is left in this visit");
    engine.outcome("a", Exposed, now + MINUTE);
    view(&mut engine, "/", now + 2 * MINUTE);
    let why = kit::why(&engine, "a", now + 2 * MINUTE);
    assert_eq!(
        (why.status, &*why.change),
        (Status::Pressed, "show it: another visit begins")
    );
    view(&mut engine, "/", now + 40 * MINUTE);
    assert_eq!(page(&engine, now + 40 * MINUTE), "a b");
}

/// It is about to be seen, even if it was not yet.
#[test]
fn an_overlay_that_is_up_counts_before_it_is_seen() {
    let pressure = json!([{ "cap": { "exposures": 2, "per": "page" } }]);
    let offers = [
        offer("a", json!({ "placement": "over" })),
        offer("b", json!({})),
        offer("c", json!({})),
    ];
    let mut engine = kit::engine(&overlays(&offers, &pressure));
    let now = at(NOON);
    view(&mut engine, "/", now);
    assert_eq!(shown(&engine, "hero", now), ["b", "c"]);
    engine.raised("a", now);
    assert_eq!(shown(&engine, "hero", now), ["b"]);
    engine.outcome("a", Exposed, now);
    assert_eq!(shown(&engine, "hero", now), ["b"]);
    engine.outcome("a", Dismissed, now);
    assert_eq!(shown(&engine, "hero", now), ["b"]);
    let mut engine = kit::engine(&overlays(&offers, &pressure));
    engine.raised("a", now);
    engine.closed("a", now);
    assert_eq!(shown(&engine, "hero", now), ["b", "c"], "nobody saw it");
}

#[test]
fn pressure_rests_after_outcomes_and_events() {
    let clicked = json!({ "placements": "hero", "rest": "1h", "after": "clicked" });
    let bought = json!({ "placements": ["hero", "footer"], "rest": "14d", "after": { "event": "purchase", "where": { "colour": "red" } } });
    let mut engine = kit::engine(&pressed(&json!([clicked, bought])));
    let now = at(NOON);
    view(&mut engine, "/", now);
    engine.outcome("b", Clicked, now);
    engine.outcome("a", Dismissed, now);
    engine.observe("purchase", value(&json!({ "colour": "blue" })), now);
    assert_eq!(page(&engine, now), "a b c");
    engine.outcome("a", Clicked, now);
    assert_eq!(page(&engine, now), "b c");
    engine.observe("purchase", value(&json!({ "colour": "red" })), now + 1);
    for (span, wanted) in [(1, "b"), (HOUR, "b"), (14 * DAY, "b"), (14 * DAY + 1, "a b c")] {
        assert_eq!(page(&engine, now + span), wanted, "{span}");
    }
    let why = kit::why(&engine, "a", now + 2);
    let until: Vec<Option<Millis>> = why.failed.iter().map(|reason| reason.until).collect();
    assert_eq!(
        (why.status, until),
        (Status::Pressed, vec![Some(now + HOUR), Some(now + 14 * DAY + 1)])
    );
    assert_eq!(why.failed[0].text, "it was clicked less than 1h ago, so it rests");
    assert_eq!(
        why.failed[1].text,
        "`purchase` whose colour is \"red\" happened less than 14d ago, so it rests"
    );
}

#[test]
fn quiet_hours_are_those_of_the_visitor() {
    // The visitor's zone, the hours, the last ms before, the first ms of silence, the last, and the first after.
    let cases = [
        (PARIS, "22-8", "2026-11-20T21:00:00Z", "2026-11-21T07:00:00Z"),
        (
            "America/New_York",
            "22-8",
            "2026-11-21T03:00:00Z",
            "2026-11-21T13:00:00Z",
        ),
        (
            "Asia/Kolkata",
            "9:15-17:45",
            "2026-11-21T03:45:00Z",
            "2026-11-21T12:15:00Z",
        ),
        ("UTC", "0-1", "2026-11-21T00:00:00Z", "2026-11-21T01:00:00Z"),
        ("UTC", "18-24", "2026-11-21T18:00:00Z", "2026-11-22T00:00:00Z"),
        // Nights of an hour less and more.
        (PARIS, "22-8", "2026-03-28T21:00:00Z", "2026-03-29T06:00:00Z"),
        (PARIS, "22-8", "2026-10-24T20:00:00Z", "2026-10-25T07:00:00Z"),
        // An end that the clocks skip, and one that comes twice.
        (PARIS, "22-2:30", "2026-03-28T21:00:00Z", "2026-03-29T01:00:00Z"),
        (PARIS, "22-2:30", "2026-10-24T20:00:00Z", "2026-10-25T00:30:00Z"),
        // The second time.
        (PARIS, "1-2:30", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"),
    ];
    for (zone, hours, first, after) in cases {
        let mut config = pressed(&json!([{ "placements": "aside", "quiet": hours }]));
        config["site"] = json!({ "timezone": "Asia/Tokyo" });
        let engine = engine(&config, zone);
        let (first, after) = (at(first), at(after));
        let silent = [first - 1, first, after - 1, after].map(|now| page(&engine, now) == "a c");
        assert_eq!(silent, [false, true, true, false], "{zone} {hours} {first}");
        assert_eq!(page(&engine, first - 1), "a b c");
        for now in [first, first + 1, after - 1] {
            let why = engine.explain("aside", now).unwrap().offers.remove(0);
            assert_eq!((why.status, why.failed.len()), (Status::Pressed, 1));
            assert_eq!(
                (why.failed[0].check, why.failed[0].until),
                ("pressure", Some(after)),
                "{zone} {hours}"
            );
            assert!(
                why.failed[0]
                    .text
                    .starts_with("these are quiet hours for the visitor: ")
            );
        }
    }
}

/// Once noticed, the stated period is the longest that is left.
#[test]
fn a_clock_set_back_presses_no_longer_than_the_stated_period() {
    for rule in [
        json!({ "cap": { "exposures": 1, "per": "1h" } }),
        json!({ "rest": "1h", "after": "exposed" }),
        json!({ "rest": "1h", "after": { "event": "x" } }),
    ] {
        let config = pressed(&json!([rule]));
        let mut engine = kit::engine(&config);
        let now = at(NOON);
        engine.observe("x", value(&json!({})), now + 90 * DAY);
        engine.outcome("a", Exposed, now + 90 * DAY);
        let stored = engine.save();
        let mut engine = loaded(&config, &[], now);
        engine.load([], &stored, now);
        for (span, is_over) in [(0, false), (HOUR - 1, false), (HOUR, true)] {
            assert_eq!(!page(&engine, now + span).is_empty(), is_over, "{rule} {span}");
        }
    }
}

#[test]
fn pressure_and_the_rules_of_an_offer_both_have_to_allow_it() {
    let mut config = pressed(&json!([{ "cap": { "exposures": 3, "per": "1h" } }]));
    config["offers"][0]["cap"] = json!({ "exposures": 1, "per": "1d" });
    config["offers"][1]["rest"] = json!({ "after": "clicked", "for": "2h" });
    let mut engine = kit::engine(&config);
    let now = at(NOON);
    view(&mut engine, "/", now);
    engine.outcome("a", Exposed, now);
    assert_eq!(page(&engine, now), "b c");
    engine.outcome("b", Clicked, now);
    engine.outcome("b", Exposed, now);
    assert_eq!(page(&engine, now), "c");
    engine.outcome("c", Exposed, now);
    assert_eq!(page(&engine, now), "");
    assert_eq!(
        [
            ("hero", Status::Capped),
            ("aside", Status::Resting),
            ("footer", Status::Pressed)
        ]
        .map(|(name, status)| {
            let offer = engine.explain(name, now).unwrap().offers.remove(0);
            (offer.status == status) && offer.failed.iter().any(|reason| reason.check == "pressure")
        }),
        [true; 3]
    );
    assert_eq!(
        [HOUR, 2 * HOUR, DAY].map(|span| page(&engine, now + span)),
        ["c", "b c", "a b c"]
    );
}

// ── families ───────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_dismissal_counts_against_the_whole_family() {
    let kin = |id: &str, placement: &str, rest: Json| {
        offer(id, json!({ "placement": placement, "family": "shoes", "rest": rest }))
    };
    let month = json!({ "after": "dismissed", "for": "30d" });
    let day = json!([{ "after": "dismissed", "for": "1d" }, { "after": "clicked", "for": "3d" }]);
    let offers = [
        kin("a", "hero", month),
        kin("b", "aside", day),
        kin("c", "footer", json!([])),
        offer(
            "d",
            json!({ "placement": "other", "family": "hats", "rest": { "after": "dismissed", "for": "9d" } }),
        ),
        offer(
            "e",
            json!({ "placement": "plain", "rest": { "after": "dismissed", "for": "9d" } }),
        ),
    ];
    let config =
        json!({ "placements": { "hero": {}, "aside": {}, "footer": {}, "other": {}, "plain": {} }, "offers": offers });
    let now = at(NOON);
    // Who is dismissed or clicked, and for how long each of them is silent.
    let silences = |offer: &str, outcome: Outcome| {
        let mut engine = kit::engine(&config);
        view(&mut engine, "/", now);
        engine.outcome(offer, outcome, now);
        let stored = engine.save();
        for engine in [engine, loaded(&config, &[&stored], now)] {
            let silence = |placement: &str| {
                let why = engine.explain(placement, now).unwrap().offers.remove(0);
                let rests = why.failed.iter().filter(|reason| reason.check == "rest");
                let until = rests.filter_map(|reason| reason.until).max().unwrap_or(now);
                let is_silent = |now| engine.explain(placement, now).unwrap().offers[0].status == Status::Resting;
                assert!(until == now || (is_silent(until - 1) && !is_silent(until)));
                (until - now) / DAY
            };
            let all = ["hero", "aside", "footer", "other", "plain"].map(silence);
            if stored == engine.save() || outcome == Converted {
                return all;
            }
        }
        panic!("they differ");
    };
    // By its own rule, by its own rule after another's, and by another's rule after that one's own dismissal.
    assert_eq!(silences("a", Dismissed), [30, 30, 30, 0, 0]);
    assert_eq!(silences("b", Dismissed), [30, 1, 1, 0, 0]);
    assert_eq!(silences("c", Dismissed), [30, 1, 0, 0, 0]);
    assert_eq!(silences("d", Dismissed), [0, 0, 0, 9, 0]);
    assert_eq!(silences("e", Dismissed), [0, 0, 0, 0, 9]);
    // Clicks are each one's own.
    assert_eq!(silences("b", Clicked), [0, 3, 0, 0, 0]);
    assert_eq!(silences("a", Clicked), [0, 0, 0, 0, 0]);
}

#[test]
fn a_family_speaks_with_one_offer_on_a_page_and_shares_no_caps() {
    let kin = |id: &str, placement: &str| {
        offer(
            id,
            json!({ "placement": placement, "family": "shoes", "cap": { "exposures": 1 } }),
        )
    };
    let config = json!({
        "placements": { "hero": { "take": 3 }, "aside": {} },
        "offers": [kin("a", "hero"), kin("b", "hero"), kin("c", "aside"), offer("d", json!({ "family": "hats" }))],
    });
    let mut engine = kit::engine(&config);
    let now = at(NOON);
    view(&mut engine, "/", now);
    let family = |engine: &Engine, placement: &str, offer: &str| {
        let offers = engine.explain(placement, now).unwrap().offers;
        let found = offers.into_iter().find(|found| found.offer == offer).unwrap();
        (
            found.status,
            found
                .failed
                .iter()
                .map(|reason| (reason.check, reason.text.clone()))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(page(&engine, now), "a d");
    assert_eq!(
        family(&engine, "hero", "b"),
        (
            Status::Outranked,
            vec![("family", "`a`, of the same family, is in `hero`".to_owned())]
        )
    );
    assert_eq!(
        family(&engine, "aside", "c"),
        (
            Status::Outranked,
            vec![("family", "`a`, of the same family, is in `hero`".to_owned())]
        )
    );
    engine.outcome("a", Exposed, now);
    assert_eq!(page(&engine, now), "b d");
    engine.outcome("b", Exposed, now);
    assert_eq!(page(&engine, now), "c d");
}

#[test]
fn an_outcome_counts_where_it_happened() {
    let config = json!({
        "placements": { "hero": {}, "aside": {} },
        "pressure": [{ "placements": "hero", "rest": "7d", "after": "dismissed" }, { "placements": "aside", "cap": { "exposures": 1, "per": "page" } }],
        "offers": [
            { "id": "both", "placement": ["hero", "aside"], "value": { "site": 9 }, "content": { "template": "text", "text": "x" } },
            { "id": "hero", "placement": "hero", "content": { "template": "text", "text": "x" } },
            { "id": "aside", "placement": "aside", "content": { "template": "text", "text": "x" } } ] });
    let shows = |place: Option<&str>, outcome: Outcome| {
        let mut engine = kit::engine(&config);
        view(&mut engine, "/", at(NOON));
        assert!(engine.outcome_in("both", place, outcome, at(NOON)));
        ["hero", "aside"].map(|name| engine.decide(name, at(NOON)).expect("a placement").offers.len())
    };
    assert_eq!(shows(Some("hero"), Outcome::Dismissed), [0, 1]);
    assert_eq!(shows(Some("aside"), Outcome::Dismissed), [1, 1]);
    assert_eq!(shows(None, Outcome::Dismissed), [0, 1]);
    assert_eq!(shows(Some("hero"), Outcome::Exposed), [1, 1]);
    assert_eq!(shows(Some("aside"), Outcome::Exposed), [1, 0]);
}

#[test]
fn pressure_may_rest_as_an_offer_does() {
    let overlays = |rest: Json| {
        let config = json!({ "placements": { "hero": {} }, "pressure": [rest],
            "offers": [{ "id": "a", "placement": "hero", "content": { "template": "text", "text": "x" } }] });
        let mut engine = kit::engine(&config);
        view(&mut engine, "/", at(NOON));
        engine.outcome("a", Dismissed, at(NOON));
        [9, 10].map(|minutes| {
            engine
                .decide("hero", at(NOON) + minutes * MINUTE)
                .expect("a placement")
                .offers
                .len()
        })
    };
    assert_eq!(overlays(json!({ "rest": "10m", "after": "dismissed" })), [0, 1]);
    assert_eq!(
        overlays(json!({ "rest": { "after": "dismissed", "for": "10m" } })),
        [0, 1]
    );
}

#[test]
fn what_fires_while_an_overlay_is_up_does_not_bring_it_back() {
    let config = json!({ "placements": { "over": { "kind": "overlay" } }, "offers": [
        { "id": "a", "placement": "over", "trigger": "exit_intent", "content": { "template": "modal", "text": "x" } }] });
    let ends: [fn(&mut Engine, Millis); 4] = [
        |engine, now| assert!(engine.outcome("a", Dismissed, now)),
        |engine, now| assert!(engine.outcome("a", Clicked, now)),
        |engine, now| engine.closed("a", now),
        |engine, now| view(engine, "/", now),
    ];
    for end in ends {
        let mut engine = kit::engine(&config);
        let now = at(NOON);
        view(&mut engine, "/", now);
        engine.signal(ExitIntent, 0.0, now + SECOND);
        engine.raised("a", now + SECOND);
        engine.signal(ExitIntent, 0.0, now + 2 * SECOND);
        end(&mut engine, now + 3 * SECOND);
        assert!(engine.raise(None, now + 3 * SECOND).is_none());
        view(&mut engine, "/", now + 4 * SECOND);
        assert!(engine.raise(None, now + 4 * SECOND).is_none());
        engine.signal(ExitIntent, 0.0, now + 5 * SECOND);
        assert!(engine.raise(None, now + 5 * SECOND).is_some(), "it fired again");
    }
}
