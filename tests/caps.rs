//! Caps and rests: the engine against a naive twin that keeps every outcome.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{DAY, HOUR, MINUTE, at, engine, loaded, one, shows, value, view, why};
use maitre::condition::Outcome;
use maitre::decide::Status;
use maitre::time::{Millis, duration};
use maitre::{Engine, Found};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const NOON: &str = "2026-11-20T12:00:00Z";
const TIMEOUT: Millis = 30 * MINUTE;

// ── the twin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A rule on how often an offer is shown.
#[derive(Clone, Debug)]
enum Rule {
    Span(usize, &'static str),
    Visit(usize),
    Ever(usize),
    Rest(Outcome, &'static str),
}

fn offer_with(rules: &[Rule]) -> Json {
    let (mut caps, mut rests) = (Vec::new(), Vec::new());
    for rule in rules {
        match rule {
            Rule::Span(most, per) => caps.push(json!({ "exposures": most, "per": per })),
            Rule::Visit(most) => caps.push(json!({ "exposures": most, "per": "visit" })),
            Rule::Ever(most) => caps.push(json!({ "exposures": most })),
            Rule::Rest(after, span) => rests.push(json!({ "after": after.name(), "for": span })),
        }
    }
    let mut config = one(json!({ "cap": caps, "rest": rests }));
    config["site"] = json!({ "retention": "9000d" });
    config
}

/// Everything that ever became of the offer, and the visit at hand.
#[derive(Clone, Debug, Default)]
struct Twin {
    outcomes: Vec<(Outcome, Millis)>,
    visit: Option<(Millis, Millis)>,
}

impl Twin {
    /// Something happens: what lies in the future counts as now from here on.
    fn notice(&mut self, now: Millis) {
        for (_, at) in &mut self.outcomes {
            *at = (*at).min(now);
        }
        if let Some((start, last)) = &mut self.visit {
            (*start, *last) = ((*start).min(now), (*last).min(now));
        }
    }

    fn event(&mut self, now: Millis) {
        self.notice(now);
        self.visit = match self.visit {
            Some((start, last)) if now - last < TIMEOUT => Some((start, now)),
            _ => Some((now, now)),
        };
    }

    fn outcome(&mut self, outcome: Outcome, now: Millis) {
        self.notice(now);
        self.outcomes.push((outcome, now));
    }

    fn shows(&self, rules: &[Rule], now: Millis) -> bool {
        let times = |outcome| {
            self.outcomes
                .iter()
                .filter(move |(of, _)| *of == outcome)
                .map(|(_, at)| *at)
        };
        let age = |at: Millis| (now - at).max(0);
        rules.iter().all(|rule| match rule {
            Rule::Span(most, per) => {
                let span = duration(per).unwrap();
                times(Outcome::Exposed).filter(|at| age(*at) < span).count() < *most
            }
            Rule::Visit(most) => {
                let start = self.visit.map_or(now, |(start, _)| start);
                times(Outcome::Exposed).filter(|at| *at >= start).count() < *most
            }
            Rule::Ever(most) => times(Outcome::Exposed).count() < *most,
            Rule::Rest(after, span) => times(*after).all(|at| age(at) >= duration(span).unwrap()),
        })
    }
}

// ── histories ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const SPANS: [&str; 6] = ["1s", "30m", "1h", "1d", "2d3s", "30d"];

fn outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(Outcome::ALL.map(|(outcome, ..)| outcome).to_vec())
}

fn spanning_rule() -> impl Strategy<Value = Rule> {
    let span = || prop::sample::select(SPANS.to_vec());
    prop_oneof![
        3 => (1..4_usize, span()).prop_map(|(most, per)| Rule::Span(most, per)),
        1 => (1..6_usize).prop_map(Rule::Ever),
        2 => (outcome(), span()).prop_map(|(after, span)| Rule::Rest(after, span)),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![3 => spanning_rule(), 1 => (1..3_usize).prop_map(Rule::Visit)]
}

#[derive(Clone, Debug)]
enum Step {
    Wait(Millis),
    /// While no page is open.
    SetBack(Millis),
    Event,
    Outcome(Outcome),
    /// The page is left; the next one goes on with this tab's part.
    Reload,
    /// All that is stored is folded into one text, and this tab begins another part.
    Fold,
}

fn wait() -> impl Strategy<Value = Millis> {
    let edges: Vec<Millis> = SPANS
        .iter()
        .filter_map(|span| duration(span))
        .chain([TIMEOUT])
        .collect();
    prop_oneof![
        Just(0),
        1..10_000_i64,
        1..2 * HOUR,
        1..40 * DAY,
        (prop::sample::select(edges), -1..=1_i64).prop_map(|(edge, off)| edge + off),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => wait().prop_map(Step::Wait),
        1 => wait().prop_map(Step::SetBack),
        3 => Just(Step::Event),
        5 => prop_oneof![3 => Just(Outcome::Exposed), 2 => outcome()].prop_map(Step::Outcome),
        1 => Just(Step::Reload),
        1 => Just(Step::Fold),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Also with a clock set back, and over reloads: nobody is capped or resting a millisecond longer or shorter.
    #[test]
    fn caps_and_rests_hold_as_for_one_who_keeps_every_outcome(
        rules in prop::collection::vec(rule(), 1..5),
        steps in prop::collection::vec(step(), 1..50),
    ) {
        let config = offer_with(&rules);
        let mut engine = engine(&config);
        let mut twin = Twin::default();
        let mut now = at(NOON);
        let mut base = String::new();
        for step in steps {
            match step {
                Step::Wait(span) => now += span,
                Step::Event => {
                    view(&mut engine, "/", now);
                    twin.event(now);
                }
                Step::Outcome(outcome) => {
                    prop_assert!(engine.outcome("a", outcome, now));
                    twin.outcome(outcome, now);
                }
                Step::Reload | Step::SetBack(_) => {
                    if let Step::SetBack(span) = step {
                        now -= span;
                    }
                    let own = engine.save();
                    engine = kit::engine(&config);
                    if engine.load([base.as_str()], &own, now) != Found::Tidy {
                        base = engine.fold_texts([base.as_str()], now);
                    }
                    twin.notice(now);
                }
                Step::Fold => {
                    base = engine.fold_texts([base.as_str(), &engine.save()], now);
                    engine.written();
                    engine.disown();
                    engine.load([base.as_str()], "", now);
                    twin.notice(now);
                }
            }
            prop_assert_eq!(shows(&engine, "a", now), twin.shows(&rules, now), "{:?}", twin);
            // What is asked of the past or the future changes nothing.
            prop_assert_eq!(shows(&engine, "a", now + HOUR), twin.shows(&rules, now + HOUR));
            prop_assert_eq!(shows(&engine, "a", now - HOUR), twin.shows(&rules, now - HOUR));
        }
    }

    /// Two tabs that know nothing of each other until the end.
    #[test]
    fn what_two_tabs_showed_adds_up(
        rules in prop::collection::vec(spanning_rule(), 1..5),
        steps in prop::collection::vec((wait(), outcome(), prop::bool::ANY), 1..30),
        later in wait(),
    ) {
        let config = offer_with(&rules);
        let mut tabs = [engine(&config), engine(&config)];
        let mut twin = Twin::default();
        let mut now = at(NOON);
        for (span, outcome, tab) in steps {
            now += span;
            tabs[usize::from(tab)].outcome("a", outcome, now);
            twin.outcome(outcome, now);
        }
        let (one, other) = (tabs[0].save(), tabs[1].save());
        for now in [now, now + later] {
            prop_assert_eq!(shows(&loaded(&config, &[&one, &other], now), "a", now), twin.shows(&rules, now));
            prop_assert_eq!(shows(&loaded(&config, &[&other, &one], now), "a", now), twin.shows(&rules, now));
            let folded = tabs[0].fold_texts([one.as_str(), &other], now);
            prop_assert_eq!(shows(&loaded(&config, &[&folded], now), "a", now), twin.shows(&rules, now));
        }
    }

    /// Once noticed, by whatever notices first, the stated period is the longest that is left, and it is kept to the
    /// millisecond.
    #[test]
    fn a_clock_set_back_caps_and_rests_no_longer_than_the_stated_period(
        span in prop::sample::select(SPANS.to_vec()),
        ahead in 1..4000 * DAY,
        noticed_by in 0..5_usize,
        is_rest in prop::bool::ANY,
    ) {
        let rule = if is_rest { Rule::Rest(Outcome::Dismissed, span) } else { Rule::Span(1, span) };
        let outcome = if is_rest { Outcome::Dismissed } else { Outcome::Exposed };
        let config = offer_with(&[rule]);
        let now = at(NOON);
        let mut engine = engine(&config);
        engine.outcome("a", outcome, now + ahead);
        match noticed_by {
            0 => view(&mut engine, "/", now),
            1 => { engine.outcome("a", Outcome::Clicked, now); }
            2 => {
                let stored = engine.save();
                engine = kit::engine(&config);
                engine.load([], &stored, now);
            }
            3 => {
                // What others stored is folded and written anew when `load` asks for it.
                let stored = engine.save();
                engine = kit::engine(&config);
                prop_assert!(engine.load([stored.as_str()], "", now) != Found::Tidy, "it lies ahead of the clock");
                let folded = engine.fold_texts([stored.as_str()], now);
                prop_assert!(engine.load([folded.as_str()], "", now) == Found::Tidy, "it does no longer");
                let later = now + duration(span).unwrap() / 2;
                prop_assert!(engine.load([folded.as_str()], "", later) == Found::Tidy);
            }
            _ => {
                let folded = engine.fold_texts([engine.save().as_str()], now);
                engine = loaded(&config, &[&folded], now + 1);
            }
        }
        let end = now + duration(span).unwrap();
        prop_assert!(!shows(&engine, "a", now));
        prop_assert!(!shows(&engine, "a", end - 1));
        prop_assert!(shows(&engine, "a", end));
    }

    #[test]
    fn deciding_and_explaining_use_up_nothing(
        rules in prop::collection::vec(rule(), 1..5),
        times in prop::collection::vec(wait(), 1..20),
    ) {
        let mut engine = engine(&offer_with(&rules));
        view(&mut engine, "/", at(NOON));
        let before = engine.save();
        for span in times {
            prop_assert!(shows(&engine, "a", at(NOON) + span));
            prop_assert_eq!(why(&engine, "a", at(NOON) + span).status, Status::Shown);
        }
        prop_assert_eq!(engine.save(), before);
    }

    /// When an explanation says until when, it is right to the millisecond.
    #[test]
    fn until_is_when_the_answer_changes(
        rules in prop::collection::vec(spanning_rule(), 1..4),
        steps in prop::collection::vec((wait(), outcome()), 1..20),
    ) {
        let mut engine = engine(&offer_with(&rules));
        let mut now = at(NOON);
        for (span, outcome) in steps {
            now += span;
            engine.outcome("a", outcome, now);
        }
        let failed = why(&engine, "a", now).failed;
        prop_assert_eq!(failed.is_empty(), shows(&engine, "a", now));
        let until: Option<Vec<Millis>> = failed.iter().map(|reason| reason.until).collect();
        match until {
            Some(until) => {
                if let Some(until) = until.into_iter().max() {
                    prop_assert!(!shows(&engine, "a", until - 1));
                    prop_assert!(shows(&engine, "a", until));
                }
            }
            // Something that waiting doesn't change.
            None => prop_assert!(!shows(&engine, "a", now + 90_000 * DAY)),
        }
    }
}

// ── one rule, at its boundary and a millisecond off it ─────────────────────────────────────────────────────────────────

/// An engine that has seen the outcomes at those times after [`NOON`].
fn after(rule: &[Rule], outcomes: &[(Outcome, Millis)]) -> Engine {
    let mut engine = engine(&offer_with(rule));
    for (outcome, span) in outcomes {
        engine.outcome("a", *outcome, at(NOON) + span);
    }
    engine
}

#[test]
fn a_cap_holds_while_the_nth_last_exposure_is_younger_than_its_period() {
    use Outcome::Exposed;
    let cases: [(Rule, &[Millis], Millis); 6] = [
        (Rule::Span(1, "1s"), &[0], 1000),
        (Rule::Span(1, "30d"), &[0], 30 * DAY),
        (Rule::Span(1, "2d3s"), &[0], 2 * DAY + 3000),
        (Rule::Span(2, "1h"), &[0, 10 * MINUTE], HOUR),
        (Rule::Span(2, "1h"), &[0, 10 * MINUTE, 20 * MINUTE], HOUR + 10 * MINUTE),
        (Rule::Span(3, "1h"), &[0, 0, 0], HOUR),
    ];
    for (rule, times, end) in cases {
        let outcomes: Vec<_> = times.iter().map(|time| (Exposed, *time)).collect();
        let engine = after(std::slice::from_ref(&rule), &outcomes);
        assert!(!shows(&engine, "a", at(NOON) + end - 1), "{rule:?} {times:?}");
        assert!(shows(&engine, "a", at(NOON) + end), "{rule:?} {times:?}");
        assert_eq!(why(&engine, "a", at(NOON) + end - 1).status, Status::Capped);
    }
}

#[test]
fn a_cap_is_not_used_up_one_exposure_before_its_number() {
    for most in 1..5 {
        for rule in [Rule::Span(most, "30d"), Rule::Visit(most), Rule::Ever(most)] {
            let mut engine = engine(&offer_with(std::slice::from_ref(&rule)));
            view(&mut engine, "/", at(NOON));
            for _ in 1..most {
                engine.outcome("a", Outcome::Exposed, at(NOON));
            }
            assert!(shows(&engine, "a", at(NOON)), "{rule:?}");
            engine.outcome("a", Outcome::Exposed, at(NOON));
            assert!(!shows(&engine, "a", at(NOON)), "{rule:?}");
        }
    }
}

#[test]
fn a_rest_is_silence_after_its_own_outcome_only() {
    for (rests, ..) in Outcome::ALL {
        for (happens, ..) in Outcome::ALL {
            let engine = after(&[Rule::Rest(rests, "2d")], &[(happens, 0)]);
            let is_silent = rests == happens;
            assert_eq!(shows(&engine, "a", at(NOON)), !is_silent, "{rests:?} {happens:?}");
            assert_eq!(shows(&engine, "a", at(NOON) + 2 * DAY - 1), !is_silent);
            assert!(shows(&engine, "a", at(NOON) + 2 * DAY));
        }
    }
}

#[test]
fn a_rest_begins_anew_with_each_outcome() {
    let engine = after(
        &[Rule::Rest(Outcome::Dismissed, "1d")],
        &[(Outcome::Dismissed, 0), (Outcome::Dismissed, HOUR)],
    );
    assert!(!shows(&engine, "a", at(NOON) + DAY + HOUR - 1));
    assert!(shows(&engine, "a", at(NOON) + DAY + HOUR));
}

#[test]
fn a_cap_per_visit_ends_with_the_visit_and_not_at_midnight() {
    let mut engine = engine(&offer_with(&[Rule::Visit(1)]));
    let late = at("2026-11-20T23:50:00+01:00");
    view(&mut engine, "/", late);
    engine.outcome("a", Outcome::Exposed, late);
    view(&mut engine, "/a", late + 29 * MINUTE);
    assert!(
        !shows(&engine, "a", late + 29 * MINUTE),
        "midnight has passed, the visit goes on"
    );
    view(&mut engine, "/b", late + 29 * MINUTE + TIMEOUT - 1);
    assert!(!shows(&engine, "a", late + 29 * MINUTE + TIMEOUT - 1));
    view(&mut engine, "/c", late + 29 * MINUTE + 2 * TIMEOUT - 1);
    assert!(shows(&engine, "a", late + 29 * MINUTE + 2 * TIMEOUT - 1));
}

#[test]
fn a_cap_for_ever_does_not_end() {
    let config = offer_with(&[Rule::Ever(2)]);
    let mut engine = engine(&config);
    for span in [0, 300 * DAY] {
        assert!(shows(&engine, "a", at(NOON) + span));
        engine.outcome("a", Outcome::Exposed, at(NOON) + span);
    }
    let stored = engine.save();
    let later = at(NOON) + 600 * DAY;
    assert!(!shows(&loaded(&config, &[&stored], later), "a", later));
}

#[test]
fn the_history_of_one_offer_caps_no_other() {
    let capped = json!({ "cap": { "exposures": 1 }, "rest": { "after": "dismissed", "for": "30d" } });
    let config = kit::config(&[kit::offer("a", capped.clone()), kit::offer("b", capped)]);
    let mut engine = engine(&config);
    engine.outcome("a", Outcome::Exposed, at(NOON));
    engine.outcome("a", Outcome::Dismissed, at(NOON));
    assert_eq!(kit::shown(&engine, "hero", at(NOON)), ["b"]);
    assert!(
        !engine.outcome("c", Outcome::Exposed, at(NOON)),
        "there is no such offer"
    );
}

#[test]
fn visits_after_a_clock_set_back_by_years_open_as_ever() {
    let mut engine = engine(&offer_with(&[Rule::Visit(1)]));
    view(&mut engine, "/", at(NOON) + 3000 * DAY);
    engine.outcome("a", Outcome::Exposed, at(NOON) + 3000 * DAY);
    engine.observe("x", value(&json!({})), at(NOON));
    assert!(!shows(&engine, "a", at(NOON)));
    view(&mut engine, "/", at(NOON) + TIMEOUT);
    assert!(shows(&engine, "a", at(NOON) + TIMEOUT));
}
