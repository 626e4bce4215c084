//! What has to hold for any bytes at all. Each check is a fuzz target (`targets/`), and is run on what is kept in `seeds/` and
//! `regressions/` by `tests/fuzz.rs`, too.

#![allow(dead_code, reason = "each target uses one")]

use maitre::Engine;
use maitre::condition::Outcome;
use maitre::config::pattern::refusal;
use maitre::config::{self, Signal};
use maitre::host::{Host, Native};
use maitre::json::{Value, parse};
use maitre::plan::Plan;
use maitre::time::{DAY, HOUR, MINUTE, Millis, SECOND};

const START: Millis = 1_795_176_000_000;
const ZONE: &str = "Europe/Paris";
/// A profile's text is no longer than this.
const BUDGET: usize = 16_000;

/// The native host, but quick: few time zones are known, and only short patterns are looked for.
#[derive(Clone, Copy)]
struct Quick;

impl Host for Quick {
    fn number(&self, text: &str) -> f64 {
        Native.number(text)
    }

    fn digits(&self, number: f64) -> String {
        Native.digits(number)
    }

    fn power(&self, base: f64, exponent: f64) -> f64 {
        Native.power(base, exponent)
    }

    fn lower(&self, text: &str) -> String {
        Native.lower(text)
    }

    fn matches(&self, pattern: &str, ignore_case: bool, text: &str) -> Option<bool> {
        let is_slow = refusal(pattern, ignore_case).is_some() || pattern.len() > 60 || text.len() > 200;
        let is_plain = pattern
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"^$/-.*+()|[]".contains(&byte));
        if is_slow || !is_plain {
            return Some(text.len().is_multiple_of(2));
        }
        Native.matches(pattern, ignore_case, text)
    }

    fn offset(&self, zone: &str, at: Millis) -> Option<Millis> {
        match zone {
            "UTC" | "" => Some(0),
            ZONE | "Europe/Berlin" => Some(if at.div_euclid(DAY * 183) % 2 == 0 {
                HOUR
            } else {
                2 * HOUR
            }),
            _ => None,
        }
    }

    fn zones(&self) -> Vec<String> {
        vec!["UTC".to_owned(), ZONE.to_owned()]
    }
}

fn host() -> Box<dyn Host> {
    Box::new(Quick)
}

/// Takes what it needs from the bytes, one after the other; of none there is no end of zeros.
struct Source<'b>(&'b [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    fn one_of<'o, T: ?Sized>(&mut self, options: &[&'o T]) -> &'o T {
        options[self.below(options.len())]
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

// ── config ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A config may be any text: every problem has its place in it, whatever is sound runs, and what is sound as a whole runs from the bytes of
/// its plan alike.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut engine = Engine::new(&text, ZONE, host());
    for problem in engine.problems() {
        let line = text
            .split('\n')
            .nth(problem.place.line - 1)
            .expect("a line of the text");
        assert!(problem.place.column <= line.chars().count() + 1, "{problem:?}");
        assert!(!problem.what.is_empty() && !problem.remedy.is_empty(), "{problem:?}");
    }
    let (config, problems) = config::read(&text, &Quick);
    assert_eq!(problems, engine.problems());
    let mut other = config.sound.then(|| {
        let bytes = Plan::compile(&config, false, &Quick).encode();
        Engine::run(Plan::decode(&bytes, ZONE, &Quick).expect("a plan"), host())
    });
    let mut now = START;
    for step in 0..6 {
        now += 7 * HOUR;
        live(&mut engine, step, now);
        explained(&engine, now);
        if let Some(other) = &mut other {
            live(other, step, now);
            assert_eq!(decisions(&engine, now), decisions(other, now));
        }
    }
    if let Some(other) = &other {
        assert_eq!(engine.save(), other.save());
    }
}

/// Something of everything that a config asks about.
fn live(engine: &mut Engine, step: usize, now: Millis) {
    let events: Vec<String> = engine.plan().event_names().take(8).map(str::to_owned).collect();
    let ids = ids(engine);
    match step {
        0 => engine.page(
            json(r#"{"path":"/","query":{"q":"x"},"kind":"product","item":{"id":"r1","price":9.5}}"#),
            now,
        ),
        1 => {
            for event in &events {
                engine.observe(event, json(ITEMS), now);
            }
        }
        2 => {
            for (signal, _) in Signal::ALL {
                engine.signal(signal, 5e4, now);
            }
        }
        3 => {
            engine.user(&json(r#"{"plan":"pro","a":1}"#), now);
            if let Some(offer) = engine
                .raise(None, now)
                .map(|(_, offer)| engine.plan().id(offer).to_owned())
            {
                engine.raised(&offer, now);
            }
        }
        4 => {
            for (id, (outcome, ..)) in ids.iter().zip(Outcome::ALL.iter().cycle()) {
                engine.outcome(id, *outcome, now);
            }
        }
        _ => engine.page(json(r#"{"path":"/b"}"#), now),
    }
}

const ITEMS: &str = r#"{"item_category":"running","value":20,"items":[{"item_id":"r1","item_category":"running","price":1e308,"quantity":2},{"item_id":"r2"}]}"#;

fn json(text: &str) -> Value {
    parse(text, &Quick).expect("JSON")
}

fn ids(engine: &Engine) -> Vec<String> {
    let plan = engine.plan();
    plan.offers().take(20).map(|offer| plan.id(offer).to_owned()).collect()
}

fn decisions(engine: &Engine, now: Millis) -> Vec<Vec<String>> {
    first_decisions(engine, 20, now)
}

fn first_decisions(engine: &Engine, most: usize, now: Millis) -> Vec<Vec<String>> {
    let plan = engine.plan();
    let shown = |name: &str| {
        let decision = engine.decide(name, now);
        let offers = decision.iter().flat_map(|decision| &decision.offers);
        offers.map(|offer| plan.id(*offer).to_owned()).collect()
    };
    plan.placements()
        .take(most)
        .map(|placement| shown(placement.name()))
        .collect()
}

fn explained(engine: &Engine, now: Millis) {
    for placement in engine.plan().placements().take(5) {
        let explanation = engine.explain(placement.name(), now);
        assert!(explanation.is_none_or(|known| known.placement == placement.name()));
    }
}

// ── plan ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A plan may be any bytes, also with the right beginning and a right checksum: it is refused, or runs to some end.
pub fn plan(bytes: &[u8]) {
    drop(Plan::decode(bytes, ZONE, &Quick));
    let Some(plan) = Plan::decode(&sealed(bytes), ZONE, &Quick) else {
        return;
    };
    let mut engine = Engine::run(plan, host());
    let mut now = START;
    for step in 0..6 {
        now += 7 * HOUR;
        live(&mut engine, step, now);
        // Lists that hold each other come to the cube of their length.
        first_decisions(&engine, 2, now);
    }
    drop(engine.interests(now));
    engine.mute("running", true, now);
    let page = engine.on_page(&json(r#"{"hero":null,"aside":["a"]}"#));
    assert!(engine.fill(&page, now).len() <= page.len());
    engine.ahead(json(r#"{"path":"/b"}"#), Some(&page), now);
    let text = engine.save();
    engine.load([text.as_str(), "1.AAAA"], &text, now);
    first_decisions(&engine, 2, now + DAY);
}

/// What a plan of this version begins with.
fn beginning() -> Vec<u8> {
    let bytes = PLANS.with(|plans| plans[0].encode());
    bytes[..4 + usize::from(bytes[3])].to_vec()
}

/// The records of a plan between its beginning and its checksum (src/codec.rs).
fn sealed(records: &[u8]) -> Vec<u8> {
    let mut bytes = [beginning().as_slice(), records].concat();
    let mut hash = 0x811c_9dc5_u32;
    let mut add = |word: [u8; 4]| {
        hash = (hash ^ u32::from_le_bytes(word))
            .wrapping_mul(0x0100_0193)
            .rotate_left(15);
    };
    let words = bytes.chunks_exact(4);
    words.remainder().iter().for_each(|byte| add([*byte, 0, 0, 1]));
    words.for_each(|word| add([word[0], word[1], word[2], word[3]]));
    bytes.extend(hash.to_le_bytes());
    bytes
}

/// What `plan` takes, of a plan as it is.
pub fn records_of(plan: &[u8]) -> &[u8] {
    &plan[beginning().len()..plan.len() - 4]
}

// ── snapshot ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Every part that a config can have.
pub const ALL: &str = include_str!("all.json");
const SHOP: &str = include_str!("../www/offers.json");

fn run(config: &str) -> Engine {
    let engine = Engine::new(config, ZONE, host());
    assert!(
        engine
            .problems()
            .iter()
            .all(|problem| problem.severity == config::Severity::Warning)
    );
    engine
}

thread_local! {
    static PLANS: [Plan; 2] = [run(ALL).plan().clone(), run(SHOP).plan().clone()];
}

fn fresh(which: usize) -> Engine {
    PLANS.with(|plans| Engine::run(plans[which % plans.len()].clone(), host()))
}

/// What is stored may be any text, and any records with right checksums: what is read of it can be written and read again as it is, and
/// damaged records take nothing away from sound ones.
pub fn snapshot(bytes: &[u8]) {
    let mut source = Source(bytes);
    let (which, is_sealed) = (source.below(2), source.below(2) == 0);
    let engine = fresh(which);
    let text = if is_sealed {
        // Each record: its length and its bytes.
        let mut text = "1".to_owned();
        while !source.is_empty() {
            let length = source.below(256).min(source.0.len());
            let (record, rest) = source.0.split_at(length);
            source.0 = rest;
            text.push('.');
            text.push_str(&base64(&checked(record)));
        }
        text
    } else {
        String::from_utf8_lossy(source.0).into_owned()
    };
    let now = START + DAY;
    let texts: Vec<&str> = text.split('\n').collect();
    let folded = engine.fold_texts(texts.iter().copied(), now);
    let again = engine.fold_texts([folded.as_str()], now);
    assert_eq!(folded, again, "{text}");
    for text in &texts {
        // Whatever is in it, it is over some day.
        assert!(engine.is_over(text, Millis::MAX / 2));
    }
    let mut tab = fresh(which);
    tab.load(texts.iter().copied(), texts.first().copied().unwrap_or_default(), now);
    decisions(&tab, now);
    live(&mut tab, 0, now);
    tab.load(texts, "", now);
    live(&mut tab, 4, now);
    decisions(&tab, now + DAY);
    assert!(tab.save().len() < 1_000_000);
    let is_junk = |record: &str| {
        let bytes = unbase64(record);
        bytes.len() < 3 || checked(&bytes[..bytes.len() - 3]) != bytes
    };
    let junk = text.replace('\n', "");
    if !is_sealed && junk.split('.').all(is_junk) {
        let mut sound = fresh(which);
        live(&mut sound, 0, START);
        live(&mut sound, 1, START);
        live(&mut sound, 4, START);
        let saved = sound.save();
        let mixed = saved.replacen('.', &[".", &junk, "."].concat(), 1);
        assert_eq!(
            engine.fold_texts([mixed.as_str()], now),
            engine.fold_texts([saved.as_str()], now),
            "{junk}"
        );
    }
}

/// A record with its checksum (src/codec.rs).
fn checked(record: &[u8]) -> Vec<u8> {
    let hash = record.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    let [a, b, c, d] = hash.to_le_bytes();
    [record, &[a ^ d, b, c]].concat()
}

fn base64(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0, |group, place| {
            group << 8 | chunk.get(place).copied().map_or(0, usize::from)
        });
        for place in 0..=chunk.len() {
            text.push(letters[group >> (18 - 6 * place) & 63].into());
        }
    }
    text
}

/// What isn't base64 counts as something that is.
fn unbase64(record: &str) -> Vec<u8> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for chunk in record.as_bytes().chunks(4) {
        let group = (0..4).fold(0_usize, |group, place| {
            group << 6 | chunk.get(place).map_or(0, |letter| usize::from(digit(*letter)))
        });
        bytes.extend(&[(group >> 16) as u8, (group >> 8) as u8, group as u8][..chunk.len() - 1]);
    }
    bytes
}

/// What `snapshot` takes, of a stored text.
pub fn records_in(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in text.split('.').skip(1) {
        let mut record = unbase64(record);
        record.truncate(record.len().saturating_sub(3).min(255));
        bytes.push(record.len() as u8);
        bytes.extend(record);
    }
    bytes
}

// ── journeys ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const EVENTS: [&str; 8] = [
    "view_item",
    "add_to_cart",
    "remove_from_cart",
    "purchase",
    "share",
    "generate_lead",
    "begin_checkout",
    "__proto__",
];
const PATHS: [&str; 5] = ["/", "/a", "/running/trail", "/cart", "/guide/é😀"];
const PARAMS: [&str; 8] = [
    r#"{"item_category":"running","item_id":"r1","price":90}"#,
    r#"{"item_category":"boots","item_id":"b2","price":1e308,"quantity":1000000}"#,
    ITEMS,
    r#"{"value":-1e308}"#,
    r#"{"value":1e308,"items":[]}"#,
    r#"{"item_id":null,"items":[null,3,{"item_id":["x"],"price":"9"}]}"#,
    r#"{"value":0.1}"#,
    "{}",
];
const SAID: [&str; 4] = [
    r#"{"plan":"pro"}"#,
    r#"{"plan":null}"#,
    r#"{"plan":{"a":[1,"x"]},"size":44}"#,
    r#"{"size":1e308,"other":1}"#,
];

/// A visitor may do anything in any order: what is stored stays small, and says on the next page what this one would have said.
pub fn journeys(bytes: &[u8]) {
    stored(bytes);
}

/// The same, with what is stored in the end.
pub fn stored(bytes: &[u8]) -> [String; 1] {
    let mut source = Source(bytes);
    let which = source.below(2);
    let (mut engine, mut stored, mut now) = (fresh(which), String::new(), START);
    let ids = ids(&engine);
    let mut open: Option<String> = None;
    let id = |source: &mut Source| ids[source.below(ids.len())].clone();
    let mut steps = 0;
    while !source.is_empty() && steps < 150 {
        steps += 1;
        let before = now;
        now += match source.below(8) {
            0 => 0,
            1 => 1,
            2 => SECOND,
            3 => 31 * MINUTE,
            4 => 5 * HOUR,
            5 => 3 * DAY,
            // A clock set back, or far ahead.
            6 => -(source.byte() as Millis) * HOUR,
            _ => source.byte() as Millis * DAY,
        };
        if now < before {
            // What several hold that lies ahead comes to the same instant; so that it is clear what was last, it is folded before.
            stored = engine.fold_texts([stored.as_str(), &engine.save()], before);
            stored = engine.fold_texts([stored.as_str()], now);
            engine = fresh(which);
            open = None;
            engine.load([stored.as_str()], "", now);
        }
        match source.below(14) {
            0 | 1 => {
                let path = source.one_of(&PATHS);
                engine.page(
                    json(&format!(
                        r#"{{"path":"{path}","query":{{"utm_source":"mail"}},"referrer":"https://news.example/"}}"#
                    )),
                    now,
                );
                open = None;
            }
            2..=4 => {
                let event = source.one_of(&EVENTS);
                engine.observe(event, json(source.one_of(&PARAMS)), now);
            }
            5 => {
                let (signal, _) = Signal::ALL[source.below(Signal::ALL.len())];
                let value = [0.0, 0.6, 4e4, 1e300, f64::NAN, f64::INFINITY, -1.0, f64::NEG_INFINITY][source.below(8)];
                engine.signal(signal, value, now);
            }
            6 => {
                let (outcome, ..) = Outcome::ALL[source.below(4)];
                engine.outcome(&id(&mut source), outcome, now);
            }
            7 => engine.user(&json(source.one_of(&SAID)), now),
            8 => {
                engine.mute("running", source.below(2) == 0, now);
            }
            9 => {
                let raised = engine
                    .raise(None, now)
                    .map(|(_, offer)| engine.plan().id(offer).to_owned());
                if let Some(offer) = raised.filter(|_| open.is_none()) {
                    engine.raised(&offer, now);
                    open = Some(offer);
                }
            }
            10 => {
                if let Some(offer) = open.take() {
                    engine.closed(&offer, now);
                }
            }
            11 => {
                // Another tab folds what this one wrote.
                stored = engine.fold_texts([stored.as_str(), &engine.save()], now);
                engine.written();
                engine.disown();
                engine.load([stored.as_str()], "", now);
            }
            12 => {
                // The next page.
                stored = engine.fold_texts([stored.as_str(), &engine.save()], now);
                engine = fresh(which);
                open = None;
                if source.below(2) == 0 {
                    engine.observe("view_item", json("{}"), now);
                }
                engine.load([stored.as_str()], "", now);
            }
            _ => {
                let page = engine.on_page(&json(r#"{"hero":null,"aside":null,"strip":null}"#));
                let before = decisions(&engine, now);
                engine.ahead(json(r#"{"path":"/a"}"#), Some(&page), now);
                assert_eq!(before, decisions(&engine, now), "looking ahead changes nothing");
                if source.below(8) == 0 {
                    engine.forget();
                    stored.clear();
                }
            }
        }
        if steps % 4 == 0 {
            decisions(&engine, now);
        }
    }
    now += SECOND;
    if let Some(offer) = open.take() {
        engine.closed(&offer, now);
    }
    // Whatever lies in the future counts as now from here on.
    engine.page(json(r#"{"path":"/"}"#), now);
    let text = engine.fold_texts([stored.as_str(), &engine.save()], now);
    assert!(text.len() <= BUDGET, "{} bytes are stored", text.len());
    let mut next = fresh(which);
    next.load([text.as_str()], "", now);
    for engine in [&mut engine, &mut next] {
        engine.page(json(r#"{"path":"/running/trail"}"#), now + SECOND);
    }
    let at = now + SECOND;
    if which == 0 {
        assert_eq!(decisions(&engine, at), decisions(&next, at), "{text}");
    }
    assert_eq!(next.fold_texts([text.as_str()], now), text);
    explained(&next, at);
    [text]
}
