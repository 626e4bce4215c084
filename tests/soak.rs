//! A million events and a hundred thousand decisions in one profile, over three years: memory and what is stored stay as they are, and
//! every answer is what one finds who has kept all of it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use jiff::{Timestamp, tz::TimeZone};
use kit::{DAY, HOUR, MINUTE, SECOND, at, value};
use maitre::Engine;
use maitre::condition::Outcome;
use maitre::host::Native;
use maitre::json::Value;
use maitre::plan::Plan;
use maitre::time::Millis;
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const EVENTS: usize = 1_000_000;
const DECISIONS: usize = 100_000;
const YEARS: i64 = 3 * 365;
/// A profile's text is no longer than this.
const BUDGET: usize = 16_000;
/// All that lies further back is of no use to any window.
const LONGEST: Millis = 401 * DAY;
const ZONE: &str = "Europe/Paris";

/// Each offer asks one thing, and its id is the question; all that hold are shown.
fn config() -> serde_json::Value {
    let did = |did: serde_json::Value| json!({ "$did": did });
    let times = |event: &str, within: &str, least: usize| {
        did(json!({ "event": event, "within": within, "times": { "$gte": least } }))
    };
    let running = json!({ "item_category": "running" });
    let questions = json!({
        "minutes": times("view_item", "1h", 40),
        "hours": times("view_item", "2d", 900),
        "days": times("add_to_cart", "90d", 6_000),
        "year": did(json!({ "event": "view_item", "where": running, "within": "400d", "times": { "$gte": 40_000 } })),
        "ever": did(json!({ "event": "add_to_cart", "times": { "$gte": 50_000 } })),
        "sum": did(json!({ "event": "purchase", "within": "30d", "sum": "value", "is": { "$gte": 135_000 } })),
        "max": did(json!({ "event": "purchase", "within": "7d", "max": "value", "is": { "$gte": 99.5 } })),
        "distinct": did(json!({ "event": "view_item", "within": "2h", "distinct": "item_id", "is": { "$gte": 12 } })),
        "ago": did(json!({ "event": "purchase", "ago": { "$gt": "6h" } })),
        "first": did(json!({ "event": "purchase", "first": { "$gt": "500d" } })),
        "sequence": did(json!({ "sequence": [{ "event": "view_item", "where": running }, { "event": "add_to_cart" }],
                                "without": { "event": "purchase" }, "within": "30m" })),
        "interest": { "interest.running": { "$gte": 150 } },
        "top": { "interest.top": "hiking" },
        "visits": { "visit.number": { "$gte": 300 } },
        "pages": { "visit.pages": { "$gte": 50 } },
        "away": { "visit.daysSinceLast": { "$gte": 1 } },
        "cart": { "cart.items": { "$gte": 3 } },
        "loyal": { "stage.now": "loyal" },
        "pro": { "user.plan": "pro" },
        "path": { "page.path": { "$regex": "^/running/" } },
    });
    let mut offers = Vec::new();
    for (id, eligible) in questions.as_object().unwrap() {
        offers.push(kit::offer(id, json!({ "eligible": eligible })));
    }
    for (id, limits) in [
        ("capped-visit", json!({ "cap": { "exposures": 2, "per": "visit" } })),
        ("capped-week", json!({ "cap": { "exposures": 20, "per": "7d" } })),
        ("capped-ever", json!({ "cap": { "exposures": 100 } })),
        ("rests", json!({ "rest": { "after": "dismissed", "for": "3d" } })),
    ] {
        offers.push(kit::offer(id, limits));
    }
    let score = |topic: &str| json!({ "from": { "event": "view_item", "where": { "item_category": topic } }, "halfLife": "3d" });
    let mut config = kit::config(&offers);
    config["site"] = json!({ "timezone": ZONE, "keep": ["plan"] });
    config["interests"] = json!({ "running": score("running"), "hiking": score("hiking") });
    config["lifecycle"] = json!([
        { "stage": "loyal", "when": { "$did": { "event": "purchase", "within": "14d", "times": { "$gte": 150 } } } },
        { "stage": "new" } ]);
    config
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    View,
    Add,
    Remove,
    Purchase,
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::View, "view_item"),
    (Kind::Add, "add_to_cart"),
    (Kind::Remove, "remove_from_cart"),
    (Kind::Purchase, "purchase"),
];
const TOPICS: [&str; 3] = ["running", "hiking", "boots"];

/// Something that happened: what, of which topic, which item, and what it was worth, in quarters.
#[derive(Clone, Copy)]
struct Event {
    at: Millis,
    kind: Kind,
    topic: usize,
    item: usize,
    quarters: u32,
}

impl Event {
    fn params(&self) -> Value {
        Value::Map(vec![
            ("item_category".to_owned(), TOPICS[self.topic].into()),
            ("item_id".to_owned(), Value::from(self.item as f64)),
            ("value".to_owned(), (f64::from(self.quarters) / 4.0).into()),
        ])
    }
}

/// One who keeps all that happened in the longest window, and counters of what goes further back.
struct Naive {
    log: VecDeque<Event>,
    added: usize,
    first_purchase: Option<Millis>,
    last_purchase: Option<Millis>,
    /// What is in the cart.
    cart: i64,
    exposures: BTreeMap<&'static str, Vec<Millis>>,
    dismissed: Option<Millis>,
    /// Number, the start of the one before, start, last event, pages.
    visit: (u32, Option<Millis>, Millis, Millis, usize),
    plan: &'static str,
    path: &'static str,
    zone: TimeZone,
}

impl Naive {
    fn new() -> Naive {
        let capped = ["capped-visit", "capped-week", "capped-ever"];
        Naive {
            log: VecDeque::with_capacity(EVENTS),
            added: 0,
            first_purchase: None,
            last_purchase: None,
            cart: 0,
            exposures: capped.map(|id| (id, Vec::with_capacity(DECISIONS))).into(),
            dismissed: None,
            visit: (0, None, 0, Millis::MIN / 2, 0),
            plan: "",
            path: "",
            zone: TimeZone::get(ZONE).unwrap(),
        }
    }

    fn happened(&mut self, now: Millis) {
        let (number, _, start, last, _) = self.visit;
        if now - last >= 30 * MINUTE {
            self.visit = (number + 1, (number > 0).then_some(start), now, now, 0);
        }
        self.visit.3 = now;
    }

    fn event(&mut self, event: Event) {
        self.happened(event.at);
        match event.kind {
            Kind::View => {}
            Kind::Add => {
                self.added += 1;
                self.cart += 1;
            }
            Kind::Remove => self.cart -= 1,
            Kind::Purchase => {
                self.first_purchase = self.first_purchase.or(Some(event.at));
                self.last_purchase = Some(event.at);
                self.cart = 0;
            }
        }
        self.log.push_back(event);
        while self.log.front().is_some_and(|oldest| oldest.at < event.at - LONGEST) {
            self.log.pop_front();
        }
    }

    fn bucket(&self, at: Millis, size: Millis) -> i64 {
        let ahead = if size == DAY {
            Millis::from(self.zone.to_offset(Timestamp::from_millisecond(at).unwrap()).seconds()) * SECOND
        } else {
            0
        };
        (at + ahead).div_euclid(size)
    }

    /// What lies in a window, in whole buckets.
    fn within(&self, span: Millis, size: Millis, now: Millis) -> impl DoubleEndedIterator<Item = &Event> {
        let oldest = self.bucket(now, size) - span / size + 1;
        let start = self.log.partition_point(|event| self.bucket(event.at, size) < oldest);
        self.log.range(start..)
    }

    fn score(&self, topic: usize, now: Millis) -> f64 {
        // What is older than a hundred half-lives adds nothing that could be told.
        let fresh = self.log.partition_point(|event| event.at < now - 300 * DAY);
        let of_topic = self
            .log
            .range(fresh..)
            .filter(|event| event.kind == Kind::View && event.topic == topic);
        of_topic
            .map(|event| 0.5_f64.powf((now - event.at) as f64 / (3 * DAY) as f64))
            .sum()
    }

    fn has_sequence(&self, now: Millis) -> bool {
        let mut has_begun = false;
        for event in self.within(30 * MINUTE, MINUTE, now) {
            match event.kind {
                Kind::Purchase => has_begun = false,
                Kind::Add if has_begun => return true,
                Kind::View => has_begun |= event.topic == 0,
                _ => {}
            }
        }
        false
    }

    fn shown(&self, now: Millis) -> BTreeSet<&'static str> {
        let count = |kind: Kind, span: Millis, size: Millis| {
            self.within(span, size, now).filter(|event| event.kind == kind).count()
        };
        let bought = |span: Millis, size: Millis| {
            self.within(span, size, now)
                .filter(|event| event.kind == Kind::Purchase)
        };
        let (number, previous, start, _, pages) = self.visit;
        let since = |id: &str, from: Millis| self.exposures[id].iter().rev().take_while(|at| **at > from).count();
        let scores = [0, 1].map(|topic| self.score(topic, now));
        let seen = self
            .within(2 * HOUR, MINUTE, now)
            .filter(|event| event.kind == Kind::View)
            .map(|event| event.item);
        let running = |event: &&Event| event.kind == Kind::View && event.topic == 0;
        let answers = [
            ("minutes", count(Kind::View, HOUR, MINUTE) >= 40),
            ("hours", count(Kind::View, 2 * DAY, HOUR) >= 900),
            ("days", count(Kind::Add, 90 * DAY, DAY) >= 6_000),
            (
                "year",
                self.within(400 * DAY, DAY, now).filter(running).count() >= 40_000,
            ),
            ("ever", self.added >= 50_000),
            (
                "sum",
                bought(30 * DAY, DAY).map(|event| event.quarters).sum::<u32>() >= 540_000,
            ),
            ("max", bought(7 * DAY, HOUR).any(|event| event.quarters >= 398)),
            ("distinct", seen.collect::<BTreeSet<_>>().len() >= 12),
            ("ago", self.last_purchase.is_some_and(|at| now - at > 6 * HOUR)),
            ("first", self.first_purchase.is_some_and(|at| now - at > 500 * DAY)),
            ("sequence", self.has_sequence(now)),
            ("interest", scores[0] >= 150.0),
            ("top", scores[1] > scores[0]),
            ("visits", number >= 300),
            ("pages", pages >= 50),
            ("away", previous.is_some_and(|before| (start - before) / DAY >= 1)),
            ("cart", self.cart >= 3),
            ("loyal", bought(14 * DAY, DAY).count() >= 150),
            ("pro", self.plan == "pro"),
            ("path", self.path.starts_with("/running/")),
            ("capped-visit", since("capped-visit", start - 1) < 2),
            ("capped-week", since("capped-week", now - 7 * DAY) < 20),
            ("capped-ever", self.exposures["capped-ever"].len() < 100),
            ("rests", self.dismissed.is_none_or(|at| now - at >= 3 * DAY)),
        ];
        answers.iter().filter(|(_, holds)| *holds).map(|(id, _)| *id).collect()
    }
}

/// The pages of one visitor, with what is stored between them.
struct Guest {
    plan: Plan,
    engine: Engine,
    stored: String,
    longest: usize,
}

impl Guest {
    fn page(&mut self, path: &str, is_loaded: bool, now: Millis) {
        if is_loaded {
            self.store(now);
            self.engine = Engine::run(self.plan.clone(), Box::new(Native));
            self.engine.load([self.stored.as_str()], "", now);
        }
        self.engine.page(value(&json!({ "path": path })), now);
    }

    fn store(&mut self, now: Millis) {
        self.stored = self.engine.fold_texts([self.stored.as_str(), &self.engine.save()], now);
        self.longest = self.longest.max(self.stored.len());
        self.engine.written();
        self.engine.disown();
    }

    /// Another tab takes what is stored, and adds to it.
    fn elsewhere(&mut self, now: Millis, live: impl FnOnce(&mut Engine)) {
        self.store(now);
        self.engine.load([self.stored.as_str()], "", now);
        let mut other = Engine::run(self.plan.clone(), Box::new(Native));
        other.load([self.stored.as_str()], "", now);
        live(&mut other);
        self.stored = other.fold_texts([self.stored.as_str(), &other.save()], now);
    }
}

/// Bytes that are in use.
fn live_bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "it takes minutes as slow as this: cargo test --profile soak --test soak"
)]
fn three_years_in_one_profile_leave_no_more_than_one() {
    let start = at("2026-01-05T09:00:00+01:00");
    let chance = &mut Chance(11);
    let plan = kit::engine(&config()).plan().clone();
    let mut guest = Guest {
        engine: Engine::run(plan.clone(), Box::new(Native)),
        plan,
        stored: String::new(),
        longest: 0,
    };
    let mut naive = Naive::new();
    let (mut now, mut events, mut decisions, mut visits, mut checks) = (start, 0, 0, 0, 0);
    let (mut differs, mut in_use) = (BTreeMap::new(), Vec::new());
    let step = YEARS * DAY / EVENTS as i64;
    while events < EVENTS {
        // As far as it should be by now: then a visit of any length, and a while away.
        let due = start + events as i64 * step;
        now = (now + 30 * MINUTE + chance.below(40) as i64 * HOUR).max(due);
        visits += 1;
        let most = [1, 10, 100, 1_000, 8_000][chance.below(5)];
        let length = 1 + chance.below(most);
        if chance.below(4) == 0 {
            naive.plan = ["pro", "free"][chance.below(2)];
            guest.engine.user(&value(&json!({ "plan": naive.plan })), now);
        }
        for index in 0..length {
            if index % 10 == 0 {
                naive.path = ["/", "/running/trail", "/cart", "/hiking"][chance.below(4)];
                guest.page(naive.path, chance.below(3) > 0, now);
                naive.happened(now);
                naive.visit.4 += 1;
            }
            let (kind, _) = KINDS[[0, 0, 0, 0, 0, 0, 1, 1, 2, 3][chance.below(10)]];
            let items = [3, 30][chance.below(2)];
            let event = Event {
                at: now,
                kind,
                topic: chance.below(TOPICS.len()),
                item: chance.below(items),
                quarters: chance.below(400) as u32,
            };
            let name = KINDS[kind as usize].1;
            if chance.below(500) == 0 {
                guest.elsewhere(now, |tab| {
                    tab.observe(name, event.params(), now);
                });
                let stored = guest.stored.clone();
                guest.engine.load([stored.as_str()], "", now);
            } else {
                guest.engine.observe(name, event.params(), now);
            }
            naive.event(event);
            events += 1;
            if events % (EVENTS / DECISIONS) == 0 {
                decisions += 1;
                let shown = kit::shown(&guest.engine, "hero", now);
                let shown: Vec<String> = shown.into_iter().map(str::to_owned).collect();
                for id in ["capped-visit", "capped-week", "capped-ever", "rests"] {
                    if shown.iter().any(|known| known == id) && chance.below(40) == 0 {
                        let outcome = if id == "rests" {
                            Outcome::Dismissed
                        } else {
                            Outcome::Exposed
                        };
                        guest.engine.outcome(id, outcome, now);
                        match naive.exposures.get_mut(id) {
                            Some(exposures) => exposures.push(now),
                            None => naive.dismissed = Some(now),
                        }
                    }
                }
            }
            // Now and then, and all along the last visit.
            if events % (EVENTS / 150) == 0 || events + 20 > EVENTS {
                checks += 1;
                let shown: BTreeSet<&str> = kit::shown(&guest.engine, "hero", now).into_iter().collect();
                assert_eq!(
                    shown,
                    naive.shown(now),
                    "after {events} events, {} days",
                    (now - start) / DAY
                );
                for (topic, _, score, _) in guest.engine.interests(now) {
                    let topic = TOPICS.iter().position(|known| *known == topic).unwrap();
                    let kept = naive.score(topic, now);
                    assert!((score - kept).abs() <= 1e-6 * kept.max(1.0), "{score} is not {kept}");
                }
                for id in naive_ids(&guest.plan) {
                    differs.entry(id.clone()).or_insert_with(|| [0, 0])[usize::from(shown.contains(id.as_str()))] += 1;
                }
            }
            if events % (EVENTS / 12) == 0 {
                guest.store(now);
                assert!(guest.longest <= BUDGET, "{} bytes are stored", guest.longest);
                let stored = guest.stored.clone();
                guest.engine.load([stored.as_str()], "", now);
                in_use.push(live_bytes());
            }
            if events == EVENTS {
                break;
            }
            now += (1 + chance.below(25) as i64) * SECOND;
        }
    }
    eprintln!(
        "{events} events, {decisions} decisions, {visits} visits, {checks} checks, {} days; at most {} bytes stored; in use, each quarter: {in_use:?}",
        (now - start) / DAY,
        guest.longest
    );
    assert!((now - start) / DAY >= YEARS - 30);
    // Each answer was yes at some time and no at another.
    for (id, counts) in differs {
        assert!(counts[0] > 0 && counts[1] > 0, "{id}: {counts:?}");
    }
    let (first, last) = (in_use[0], in_use[in_use.len() - 1]);
    assert!(last.abs_diff(first) < 64_000, "{in_use:?}");
}

fn naive_ids(plan: &Plan) -> Vec<String> {
    plan.offers().map(|offer| plan.id(offer).to_owned()).collect()
}
