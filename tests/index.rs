//! What was found out before changes no decision: after every step the engine shows what one shows that was never asked before, what
//! one shows that runs a plan's bytes, and what comes out when every offer is evaluated from the config as it stands.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;
mod twin;

use kit::{at, value};
use maitre::Engine;
use maitre::condition::Outcome;
use maitre::config::{self, Signal};
use maitre::host::Native;
use maitre::plan::Plan;
use maitre::time::Millis;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use twin::naive::{Naive, Step, ZONE, after, step};
use twin::written::{Chance, wide, written};

const START: &str = "2026-10-24T21:40:00+02:00"; // the clocks go back in the night

/// An engine, and what is stored.
struct Guest {
    engine: Engine,
    stored: String,
}

fn run(plan: &Plan) -> Engine {
    Engine::run(plan.clone(), Box::new(Native))
}

impl Guest {
    fn new(plan: &Plan) -> Guest {
        Guest {
            engine: run(plan),
            stored: String::new(),
        }
    }

    fn store(&mut self, part: &str, now: Millis) {
        self.stored = self.engine.fold_texts([self.stored.as_str(), part], now);
    }

    fn live(&mut self, step: &Step, now: Millis) {
        match step {
            Step::Wait | Step::Shown(_) => {}
            Step::View(page) => self.engine.page(value(page), now),
            Step::Device(device) => self.engine.device(value(device)),
            Step::Say(name, told) => self.engine.user(&value(&json!({ name: told })), now),
            Step::Event(params) => drop(self.engine.observe("view_item", value(params), now)),
            Step::Outcome(offer, outcome) => drop(self.engine.outcome(offer, *outcome, now)),
            Step::Mute(is) => drop(self.engine.mute("red", *is, now)),
            Step::Store => {
                self.store(&self.engine.save(), now);
                self.engine.written();
                self.engine.disown();
                self.engine.load([self.stored.as_str()], "", now);
            }
            Step::Elsewhere(plan) => {
                self.live(&Step::Store, now);
                let mut other = run(self.engine.plan());
                other.load([self.stored.as_str()], "", now);
                other.observe("view_item", value(&json!({ "colour": "blue" })), now);
                other.user(&value(&json!({ "plan": plan })), now);
                self.store(&other.save(), now);
                self.engine.load([self.stored.as_str()], "", now);
            }
            Step::Forget => {
                self.engine.forget();
                self.stored.clear();
            }
        }
    }

    /// What each placement shows, asked for one by one and all at once.
    fn shows(&self, now: Millis) -> Vec<Vec<String>> {
        let plan = self.engine.plan();
        let mut page = self.engine.on_page(&json_of_names(plan));
        page.reverse();
        let mut filled = self.engine.fill(&page, now);
        filled.sort_by_key(|decision| decision.placement);
        let ids = |offers: &[maitre::plan::Offer]| offers.iter().map(|offer| plan.id(*offer).to_owned()).collect();
        let filled: Vec<Vec<String>> = filled.iter().map(|decision| ids(&decision.offers)).collect();
        let asked = plan
            .placements()
            .map(|place| ids(&self.engine.decide(place.name(), now).unwrap().offers));
        assert_eq!(asked.collect::<Vec<Vec<String>>>(), filled);
        filled
    }
}

fn json_of_names(plan: &Plan) -> maitre::json::Value {
    let names: Map<String, Json> = plan
        .placements()
        .map(|place| (place.name().to_owned(), Json::Null))
        .collect();
    value(&Json::Object(names))
}

// ── all of them agree ──────────────────────────────────────────────────────────────────────────────────────────────────

/// A config as it runs from the bytes of its plan.
fn from_bytes(config: &Json) -> Plan {
    let (read, problems) = config::read(&config.to_string(), &Native);
    assert!(read.sound, "{problems:?}");
    let bytes = Plan::compile(&read, false, &Native).encode();
    Plan::decode(&bytes, ZONE, &Native).expect("a plan")
}

/// A config as it runs, from its text and from bytes.
fn plans(config: &Json) -> [Plan; 2] {
    [kit::engine(config).plan().clone(), from_bytes(config)]
}

/// Lets all live through so many steps; says how often what is shown was not what it had been.
fn agree(config: &Json, plans: &[Plan], chance: &mut Chance, steps: usize) -> usize {
    let count = plans[0].offers().count();
    let wide = wide(count);
    let mut guests: Vec<Guest> = plans.iter().map(Guest::new).collect();
    let mut naive = Naive::new(config, wide);
    let mut past: Vec<(Millis, Step)> = Vec::new();
    let (mut now, mut changes, mut before) = (at(START), 0, Vec::new());
    for index in 0..=steps {
        let mut next = if index == 0 {
            Step::View(json!({ "path": "/" }))
        } else {
            step(chance, wide)
        };
        now = after(chance, now);
        if let Step::Shown(outcome) = next {
            let shown = guests[0].shows(now).concat();
            next = match shown.len() {
                0 => Step::Wait,
                count => Step::Outcome(shown[chance.below(count)].clone(), outcome),
            };
        }
        past.push((now, next));
        let (_, next) = &past[index];
        naive.live(next, now);
        let evaluated = naive.shows();
        let mut fresh = Guest::new(&plans[0]);
        past.iter().for_each(|(at, step)| fresh.live(step, *at));
        assert_eq!(fresh.shows(now), evaluated, "never asked before: {config} {past:?}");
        for guest in &mut guests {
            guest.live(next, now);
            assert_eq!(guest.shows(now), evaluated, "asked after each step: {config} {past:?}");
            assert_eq!(guest.engine.save(), fresh.engine.save(), "{config} {past:?}");
        }
        changes += usize::from(before != evaluated);
        before = evaluated;
    }
    changes
}

fn choices(most: usize) -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_few_offers_are_decided_as_if_evaluated_anew(count in 1..12_usize, config in choices(900), steps in choices(150)) {
        let config = written(&mut Chance::Choices(config.into_iter()), count, 2);
        agree(&config, &plans(&config), &mut Chance::Choices(steps.into_iter()), 14);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hundred_offers_are_decided_as_if_evaluated_anew(seed in any::<u64>()) {
        let mut chance = Chance::Seed(seed);
        let config = written(&mut chance, 100, 2);
        agree(&config, &plans(&config), &mut chance, 30);
    }
}

/// A visitor before many offers, to whom something else is shown at so many of as many steps.
fn many(config: &Json, plans: &[Plan], steps: usize, changes: usize) {
    let size = plans[0].size();
    let count = plans[0].offers().count();
    println!("{count} offers: {} bytes each", size / count);
    let changed = agree(config, plans, &mut Chance::Seed(5), steps);
    assert!(changed >= changes, "{changed}");
}

#[test]
fn a_thousand_offers_are_decided_as_if_evaluated_anew() {
    let config = written(&mut Chance::Seed(1), 1000, 2);
    many(&config, &plans(&config), 40, 15);
}

#[test]
fn ten_thousand_offers_are_decided_as_if_evaluated_anew() {
    let config = written(&mut Chance::Seed(2), 10_000, 2);
    many(&config, &plans(&config), 12, 4);
}

#[test]
fn a_hundred_thousand_offers_are_decided_as_if_evaluated_anew() {
    // Reading and laying out takes most of the time, so it is done once.
    let config = written(&mut Chance::Seed(3), 100_000, 0);
    many(&config, &[from_bytes(&config)], 3, 2);
}

// ── bytes that nobody would write ──────────────────────────────────────────────────────────────────────────────────────

/// Every part that a plan can have, once.
const ALL: &str = r#"{
  "site": { "timezone": "Europe/Paris", "keep": ["plan"] },
  "interests": { "red": { "halfLife": "2d", "from": [{ "event": "view_item", "where": { "colour": "red" }, "add": 1 }] } },
  "audiences": { "back": { "visit.number": 1 }, "either": { "$or": [{ "audience": "back" }, { "$not": { "page.path": "/a" } }] } },
  "lifecycle": [{ "stage": "keen", "when": { "user.plan": "pro" } }, { "stage": "new" }],
  "placements": { "hero": { "take": 2, "fallback": { "template": "card", "title": "T" } }, "aside": {}, "over": { "kind": "overlay" } },
  "pressure": [{ "placements": "over", "cap": { "exposures": 3, "per": "2d" } }, { "rest": "1h", "after": { "event": "purchase" } },
    { "placements": "aside", "quiet": "23-6" }],
  "offers": [
    { "id": "a", "placement": ["hero", "aside"], "family": "f", "eligible": { "audience": "either", "interest.red": { "$gte": 0 } },
      "value": { "site": 2 }, "fit": "interest.red", "content": { "template": "card", "title": "A" } },
    { "id": "b", "placement": "aside", "family": "f", "eligible": { "user.plan": { "$in": ["pro", null], "$not": { "$size": 3 } },
      "user.tags": { "$elemMatch": { "a": 1 } } }, "cap": { "exposures": 2, "per": "1d" }, "rest": { "after": "dismissed", "for": "2d" },
      "content": { "template": "own" } },
    { "id": "c", "placement": "hero", "eligible": { "$did": { "event": "view_item", "within": "7d", "sum": "price", "is": { "$gte": 2 } } },
      "schedule": { "from": "2026-10-20T09:00", "to": "2027-02-01", "hours": "6-23" }, "content": { "template": "card", "title": "C" } },
    { "id": "d", "placement": "over", "trigger": ["exit_intent", { "dwell": "30s" }, { "stage": "keen" }], "cap": { "exposures": 4 },
      "content": { "template": "modal", "title": "D" } },
    { "id": "e", "placement": "hero", "eligible": { "$did": { "sequence": [{ "event": "view_item" }, { "event": "purchase" }], "within": "2h" },
      "stage.before": { "$exists": true }, "user.version": { "$vgte": "1.2" }, "offer.a.exposures": { "$lt": 9 } },
      "content": { "template": "card", "title": "E" } } ] }"#;

/// With the checksum that src/codec.rs seals plans with: FNV-1a in words that are turned.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let words = bytes.chunks_exact(4);
    let rest = words.remainder().iter().map(|byte| [*byte, 0, 0, 1]);
    let hash = rest
        .chain(words.map(|word| word.try_into().unwrap()))
        .fold(0x811c_9dc5_u32, |hash, word| {
            (hash ^ u32::from_le_bytes(word))
                .wrapping_mul(0x0100_0193)
                .rotate_left(15)
        });
    bytes.extend_from_slice(&hash.to_le_bytes());
    bytes
}

/// A plan as bytes, its checksum left off.
fn unsealed() -> Vec<u8> {
    let (read, problems) = config::read(ALL, &Native);
    assert_eq!(problems, []);
    let mut bytes = Plan::compile(&read, false, &Native).encode();
    bytes.truncate(bytes.len() - 4);
    bytes
}

fn ask(engine: &Engine, now: Millis) {
    let names: Vec<&str> = engine.plan().placements().take(4).map(|place| place.name()).collect();
    let page: Map<String, Json> = names.iter().map(|name| ((*name).to_owned(), Json::Null)).collect();
    let _ = engine.fill(&engine.on_page(&value(&Json::Object(page))), now);
    for name in names {
        let _ = (engine.decide(name, now), engine.explain(name, now));
    }
    let _ = (engine.raise(None, now), engine.interests(now));
    for signal in [Signal::ExitIntent, Signal::Dwell, Signal::Scroll, Signal::Idle] {
        let _ = engine.points(signal);
    }
}

/// Calls whatever a page calls. `false`: it is no plan.
fn lives(bytes: &[u8]) -> bool {
    let Some(plan) = Plan::decode(bytes, ZONE, &Native) else {
        return false;
    };
    let ids: Vec<String> = plan.offers().take(6).map(|offer| plan.id(offer).to_owned()).collect();
    let (mut engine, mut now) = (Engine::run(plan, Box::new(Native)), at(START));
    engine.device(value(&json!({ "kind": "phone" })));
    ask(&engine, now);
    engine.user(
        &value(&json!({ "plan": "pro", "tags": [{ "a": 1 }], "version": "1.3" })),
        now,
    );
    for _ in 0..2 {
        now += kit::MINUTE;
        engine.page(value(&json!({ "path": "/a", "query": { "q": "x" } })), now);
        ask(&engine, now);
        engine.observe("view_item", value(&json!({ "colour": "red", "price": 3 })), now);
        engine.observe("purchase", value(&json!({ "items": [{ "price": 2 }] })), now);
        for (signal, figure) in [
            (Signal::ExitIntent, 0.0),
            (Signal::Dwell, 4e4),
            (Signal::Scroll, 0.9),
            (Signal::Idle, 3e4),
        ] {
            engine.signal(signal, figure, now);
        }
        for id in &ids {
            for outcome in [Outcome::Exposed, Outcome::Clicked, Outcome::Dismissed] {
                engine.outcome(id, outcome, now);
            }
            engine.raised(id, now);
        }
        ask(&engine, now);
        engine.mute("red", true, now);
        let text = engine.save();
        engine.written();
        engine.disown();
        engine.load([text.as_str()], "", now);
        ask(&engine, now + kit::DAY);
        let _ = (engine.fold_texts([text.as_str()], now), engine.is_over(&text, now));
    }
    engine.forget();
    ask(&engine, now);
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Of a plan this small, no few bytes can ask for much.
    #[test]
    fn bytes_changed_under_a_right_checksum_bring_nothing_down(
        edits in prop::collection::vec((0..4_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = unsealed();
        prop_assert!(lives(&sealed(bytes.clone())));
        for (kind, place, other, byte) in edits {
            let (place, copied) = (place.index(bytes.len()), bytes[other.index(bytes.len())]);
            match kind {
                0 => bytes[place] = byte,
                1 => bytes[place] = copied,
                2 => bytes.insert(place, copied),
                _ => drop(bytes.remove(place)),
            }
        }
        lives(&sealed(bytes));
    }
}

/// A plan of one offer in one placement, made word by word; what the words mean is said in src/plan/layout.rs.
struct Made {
    words: Vec<usize>,
    texts: Vec<&'static str>,
    root: [usize; 32],
}

impl Made {
    fn new() -> Made {
        Made {
            words: vec![0],
            texts: vec!["", "p"],
            root: [0; 32],
        }
    }

    fn record(&mut self, words: &[usize]) -> usize {
        self.words.extend(words);
        self.words.len() - words.len()
    }

    /// A condition: a check on `user.`, or of the path of that number.
    fn test(&mut self, path: &[usize], check: usize) -> usize {
        self.root[4] = 1;
        let what = self.record(path);
        self.record(&[3, 3, what, check, 0, 0])
    }

    /// With what the offer is eligible by, its schedule, its caps and its rests.
    fn offer(mut self, [eligible, schedule, caps, rests]: [usize; 4]) -> Vec<u8> {
        let (zero, one, keep) = (self.record(&[1, 0]), self.record(&[1, 1]), self.record(&[5, 31, 31]));
        let offer = self.record(&[0, zero, 0, eligible, 0, schedule, caps, rests, 0, 0, 0, 0]);
        let offers = self.record(&[1, offer]);
        let place = self.record(&[1, 1, 0, 0, offers, 0, zero]);
        (self.root[8], self.root[9], self.root[10]) = (self.record(&[1, place]), offers, one);
        (self.root[11], self.root[23], self.root[24]) = (one, self.record(&[1, keep]), zero);
        self.words.extend(self.root);
        let mut bytes = unsealed();
        bytes.truncate(9);
        let mut put = |number: usize| {
            let mut rest = number;
            while rest > 0x7f {
                bytes.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            bytes.push(rest as u8);
        };
        put(self.words.len());
        self.words.iter().for_each(|word| put(word << 1));
        put(self.texts.len());
        self.texts.iter().for_each(|text| put(text.len()));
        put(3);
        for amount in [0.0_f64, 1e19, -1e19] {
            put(2);
            put(amount.to_bits() as usize);
        }
        put(self.texts.concat().len());
        bytes.extend(self.texts.concat().bytes());
        sealed(bytes)
    }
}

/// Each on its own, with all that leads to it.
fn made(name: &str) -> Vec<u8> {
    let mut made = Made::new();
    let mut at = made.record(&[0, 0]);
    match name {
        "nothing else" => made.offer([at, 0, 0, 0]),
        "nothing, which is not itself" => {
            made.words[0] = 2;
            made.offer([0; 4])
        }
        "a long way down" => {
            (0..200_000).for_each(|_| at = made.record(&[2, at]));
            made.offer([at, 0, 0, 0])
        }
        "twice the same, often" => {
            (0..64).for_each(|_| at = made.record(&[0, 2, at, at]));
            made.offer([at, 0, 0, 0])
        }
        "twice the same check, often" => {
            at = made.record(&[1, 0]);
            for _ in 0..128 {
                let not = made.record(&[11, at]);
                at = made.record(&[1, 2, not, not]);
            }
            let test = made.test(&[5, 1, 1], at);
            made.offer([test, 0, 0, 0])
        }
        "twice the same value, often" => {
            (0..64).for_each(|_| at = made.record(&[4, 2, at, at]));
            let check = made.record(&[0, at]);
            let test = made.test(&[5, 1, 1], check);
            made.offer([test, 0, 0, 0])
        }
        "a stage that asks for the stage" => {
            let check = made.record(&[1, 0]);
            let test = made.test(&[0, 30], check);
            let stage = made.record(&[1, test]);
            made.root[20] = made.record(&[1, stage]);
            made.offer([test, 0, 0, 0])
        }
        "more tests than memory" => {
            made.root[4] = u32::MAX as usize;
            made.offer([at, 0, 0, 0])
        }
        "a cap for longer than there is time" => {
            let cap = made.record(&[1, 3, 1]);
            let caps = made.record(&[1, cap]);
            made.offer([at, 0, caps, 0])
        }
        "a rest for longer than there is time" => {
            let rest = made.record(&[1, 2, 1]);
            let rests = made.record(&[1, rest]);
            made.offer([at, 0, 0, rests])
        }
        "hours beyond any day" => {
            let hours = made.record(&[0, 0, 1, 2, 1]);
            made.offer([at, hours, 0, 0])
        }
        "an edge beyond any date" => {
            let edge = made.record(&[2, 1]);
            made.root[31] = made.record(&[1, edge]);
            let schedule = made.record(&[1, 0, 0, 0, 0]);
            made.offer([at, schedule, 0, 0])
        }
        "quiet beyond any day" => {
            let limit = made.record(&[2, 0, 2]);
            let rule = made.record(&[0, limit]);
            made.root[21] = made.record(&[1, rule]);
            let zero = made.record(&[1, 0]);
            let scope = made.record(&[zero, 0, 0]);
            made.root[22] = made.record(&[1, scope]);
            made.offer([at, 0, 0, 0])
        }
        "a zone beyond any clock" => {
            made.texts.push("+99999999999999:00");
            made.root[0] = made.record(&[1, 2]);
            let hours = made.record(&[0, 0, 1, 0, 0]);
            made.offer([at, hours, 0, 0])
        }
        _ => panic!("{name}"),
    }
}

#[test]
fn a_plan_made_to_never_end_ends() {
    assert!(lives(&made("nothing else")));
    for name in [
        "nothing, which is not itself",
        "a long way down",
        "twice the same, often",
        "twice the same check, often",
        "twice the same value, often",
        "a stage that asks for the stage",
        "more tests than memory",
        "a cap for longer than there is time",
        "a rest for longer than there is time",
        "hours beyond any day",
        "an edge beyond any date",
        "quiet beyond any day",
        "a zone beyond any clock",
    ] {
        lives(&made(name));
    }
}
