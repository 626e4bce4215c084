//! What is kept on the device: only what a rule needs, in a format that is frozen, that survives damage, and that merges.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{DAY, HOUR, MINUTE, at, broken_engine, engine, loaded, offer, one, shown, shows, value, view};
use maitre::condition::Outcome;
use maitre::time::Millis;
use maitre::{Engine, Found};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const NOON: &str = "2026-11-20T12:00:00Z";
const TIMEOUT: Millis = 30 * MINUTE;

/// A config that asks for a bit of everything that can be kept, so that all of it shows in what is decided.
fn everything() -> Json {
    let mut offers = Vec::new();
    let mut ask = |name: &str, conditions: &[Json]| {
        for (index, condition) in conditions.iter().enumerate() {
            offers.push(offer(&format!("{name}-{index}"), json!({ "eligible": condition })));
        }
    };
    let least = |path: &str, figures: &[i64]| -> Vec<Json> {
        figures
            .iter()
            .map(|figure| json!({ path: { "$gte": figure } }))
            .collect()
    };
    let did = |more: Json| {
        let mut did = json!({ "event": "view_item" });
        for (key, member) in more.as_object().unwrap() {
            did[key] = member.clone();
        }
        json!({ "$did": did })
    };
    for within in ["30m", "2d", "30d"] {
        let times: Vec<Json> = (1..4)
            .map(|times| did(json!({ "within": within, "times": { "$gte": times } })))
            .collect();
        ask(&format!("view-{within}"), &times);
    }
    ask(
        "ever",
        &[
            did(json!({ "times": { "$gte": 2 } })),
            did(json!({ "where": { "kind": "a" } })),
        ],
    );
    ask(
        "ago",
        &[
            did(json!({ "ago": { "$lt": "1h" } })),
            did(json!({ "ago": { "$lt": "20d" } })),
        ],
    );
    ask("number", &least("visit.number", &[2, 3, 4]));
    ask("pages", &least("visit.pages", &[1, 2, 3, 4]));
    ask("seconds", &least("visit.seconds", &[1, 60, 3600]));
    ask("last", &least("visit.daysSinceLast", &[0, 1, 7]));
    ask("first", &least("visit.daysSinceFirst", &[1, 7, 30]));
    ask("items", &least("cart.items", &[1, 2, 4]));
    ask("value", &least("cart.value", &[10, 20, 50]));
    ask("clicks", &least("offer.capped.clicks", &[1, 2]));
    ask("exposed", &least("offer.capped.daysSinceExposed", &[0, 1, 7]));
    ask(
        "came",
        &[json!({ "visit.entry": "/a" }), json!({ "visit.channel": "email" })],
    );
    ask(
        "campaign",
        &[
            json!({ "visit.utm.campaign": "spring" }),
            json!({ "visit.utm.campaign": "autumn" }),
        ],
    );
    ask(
        "plan",
        &[
            json!({ "user.plan": "pro" }),
            json!({ "user.plan": "free" }),
            json!({ "user.plan": "none" }),
        ],
    );
    let cap = json!([{ "exposures": 2, "per": "1d" }, { "exposures": 3, "per": "visit" }, { "exposures": 9 }]);
    let rest = json!([{ "after": "dismissed", "for": "2d" }, { "after": "converted", "for": "30d" }]);
    offers.push(offer("capped", json!({ "cap": cap, "rest": rest })));
    offers.push(offer("rested", json!({ "rest": { "after": "clicked", "for": "30d" } })));
    json!({ "site": { "keep": ["plan"] }, "placements": { "hero": { "take": 100 } }, "offers": offers })
}

// ── histories ──────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug)]
enum Step {
    Page(&'static str, &'static str),
    View(&'static str),
    Add(u8),
    Remove(u8),
    Buy,
    Plan(&'static str),
    Outcome(&'static str, Outcome),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop::sample::select(Outcome::ALL.map(|(outcome, ..)| outcome).to_vec());
    let offer = prop::sample::select(vec!["capped", "rested"]);
    let select = |words: &[&'static str]| prop::sample::select(words.to_vec());
    prop_oneof![
        3 => (select(&["/a", "/b"]), select(&["", "spring", "autumn"])).prop_map(|(path, campaign)| Step::Page(path, campaign)),
        3 => select(&["a", "b"]).prop_map(Step::View),
        1 => (1..4_u8).prop_map(Step::Add),
        1 => (1..3_u8).prop_map(Step::Remove),
        1 => Just(Step::Buy),
        1 => select(&["pro", "free", "none"]).prop_map(Step::Plan),
        3 => (offer, outcome).prop_map(|(offer, outcome)| Step::Outcome(offer, outcome)),
    ]
}

fn take(engine: &mut Engine, step: &Step, now: Millis) {
    match step {
        Step::Page(path, campaign) => {
            let mut query = json!({});
            if !campaign.is_empty() {
                query = json!({ "utm_campaign": campaign, "utm_medium": "email" });
            }
            engine.page(value(&json!({ "path": path, "query": query })), now);
        }
        Step::View(kind) => {
            engine.observe("view_item", value(&json!({ "kind": kind })), now);
        }
        Step::Add(count) => {
            engine.observe("add_to_cart", value(&json!({ "price": 9.99, "quantity": count })), now);
        }
        Step::Remove(count) => {
            let params = json!({ "price": 9.99, "quantity": count });
            engine.observe("remove_from_cart", value(&params), now);
        }
        Step::Buy => {
            engine.observe("purchase", value(&json!({})), now);
        }
        Step::Plan(plan) => engine.user(&value(&json!({ "plan": plan })), now),
        Step::Outcome(offer, outcome) => {
            assert!(engine.outcome(offer, *outcome, now));
        }
    }
}

/// Small steps in time, many of them none, so that different tabs do things at the very same moment.
fn gap() -> impl Strategy<Value = Millis> {
    prop_oneof![
        Just(0),
        Just(MINUTE),
        Just(20 * MINUTE),
        Just(TIMEOUT),
        Just(5 * HOUR),
        Just(DAY),
        Just(8 * DAY)
    ]
}

fn history() -> impl Strategy<Value = Vec<(Millis, Step)>> {
    prop::collection::vec((gap(), step()), 0..12)
}

/// What one tab stores when it lives through a history, having begun with what was stored before.
fn live(config: &Json, base: &str, mut now: Millis, history: &[(Millis, Step)]) -> (String, Millis) {
    let mut engine = loaded(config, &[base], now);
    for (gap, step) in history {
        now += gap;
        take(&mut engine, step, now);
    }
    (engine.save(), now)
}

/// All that can be told from outside at several times.
fn answers(config: &Json, texts: &[&str], now: Millis) -> Vec<Vec<String>> {
    let engine = loaded(config, texts, now);
    let later = [0, 10 * MINUTE, 3 * HOUR, 2 * DAY, 29 * DAY];
    later
        .iter()
        .map(|span| {
            shown(&engine, "hero", now + span)
                .iter()
                .map(ToString::to_string)
                .collect()
        })
        .collect()
}

/// What two tabs are told at the same moment has a test of its own, and a page has a say in what is true on it.
fn but_for_the_plan(mut answers: Vec<Vec<String>>) -> Vec<Vec<String>> {
    answers
        .iter_mut()
        .for_each(|shown| shown.retain(|id| !id.starts_with("plan")));
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_stored_reads_back(history in history()) {
        let config = everything();
        let mut now = at(NOON);
        let mut engine = engine(&config);
        for (gap, step) in &history {
            now += gap;
            take(&mut engine, step, now);
        }
        let stored = engine.save();
        prop_assert!(stored.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)), "{}", stored);
        let user: Vec<String> = shown(&engine, "hero", now).iter().map(ToString::to_string).collect();
        prop_assert_eq!(&user, &answers(&config, &[&stored], now)[0]);
        // As its own part, or as what is stored: nothing is lost in writing it again.
        let mut again = kit::engine(&config);
        again.load([], &stored, now);
        prop_assert_eq!(&again.save(), &stored);
        let folded = engine.fold_texts([stored.as_str()], now);
        prop_assert_eq!(folded, stored);
    }

    /// Now and then what a tab has written is folded by another, which the tab notices only some steps later.
    #[test]
    fn what_came_since_it_was_written_is_not_given_away_with_it(
        history in prop::collection::vec((gap(), step(), prop::bool::ANY, prop::bool::ANY), 0..20),
    ) {
        let config = everything();
        let mut now = at(NOON);
        let (mut alone, mut tab) = (loaded(&config, &[], now), loaded(&config, &[], now));
        let mut base = String::new();
        let mut folded = None;
        for (gap, step, is_folded, is_noticed) in &history {
            now += gap;
            take(&mut alone, step, now);
            take(&mut tab, step, now);
            if *is_folded && folded.is_none() {
                folded = Some(alone.fold_texts([base.as_str(), &tab.save()], now));
                tab.written();
            }
            if *is_noticed && let Some(text) = folded.take() {
                base = text;
                tab.disown();
                tab.load([base.as_str()], "", now);
            }
        }
        if let Some(text) = folded {
            base = text;
            tab.disown();
        }
        prop_assert_eq!(answers(&config, &[&base, &tab.save()], now), answers(&config, &[&alone.save()], now));
    }

    #[test]
    fn the_order_and_the_grouping_of_merging_do_not_matter(
        base in history(), first in history(), second in history(), third in history(),
    ) {
        let config = everything();
        let (base, start) = live(&config, "", at(NOON), &base);
        let (a, one) = live(&config, &base, start, &first);
        let (b, two) = live(&config, &base, start, &second);
        let (c, three) = live(&config, &base, start, &third);
        let now = one.max(two).max(three);
        let whole = but_for_the_plan(answers(&config, &[&base, &a, &b, &c], now));
        for order in [[&a, &base, &c, &b], [&c, &b, &a, &base], [&b, &c, &base, &a]] {
            prop_assert_eq!(&but_for_the_plan(answers(&config, &order.map(String::as_str), now)), &whole);
        }
        let engine = engine(&config);
        let fold = |texts: &[&str]| engine.fold_texts(texts.iter().copied(), now);
        let groupings = [
            fold(&[&fold(&[&fold(&[&base, &a]), &b]), &c]),
            fold(&[&base, &fold(&[&a, &fold(&[&b, &c])])]),
            fold(&[&fold(&[&base, &c]), &fold(&[&b, &a])]),
        ];
        for folded in &groupings {
            prop_assert_eq!(&but_for_the_plan(answers(&config, &[folded], now)), &whole);
        }
        // A tab that knows of all the others answers as they do together.
        let mut tab = loaded(&config, &[&base], start);
        let mut time = start;
        for (gap, step) in &first {
            time += gap;
            take(&mut tab, step, time);
        }
        tab.load([base.as_str(), &b, &c], "", now);
        let tells = shown(&tab, "hero", now).iter().map(ToString::to_string).collect();
        prop_assert_eq!(&but_for_the_plan(vec![tells])[0], &whole[0]);
    }

    /// Any letter changed, put in or taken out, and the text cut anywhere: what was not hit is still there.
    #[test]
    fn what_is_damaged_is_dropped_and_the_rest_stays(
        history in history(), index in any::<prop::sample::Index>(), kind in 0..4_u8, letter in "[A-Za-z0-9._é-]",
    ) {
        let config = everything();
        let (stored, now) = live(&config, "", at(NOON), &history);
        prop_assume!(!stored.is_empty());
        let hit = index.index(stored.len());
        let mut damaged = stored.clone();
        match kind {
            0 => damaged.replace_range(hit..=hit, &letter),
            1 => damaged.insert_str(hit, &letter),
            2 => { damaged.remove(hit); }
            _ => damaged.truncate(hit),
        }
        let whole = answers(&config, &[&damaged], now);
        // Nothing that was not stored is read: what is left is what some of the records say.
        let records: Vec<&str> = stored.split('.').skip(1).collect();
        let left: Vec<&str> = damaged.split('.').skip(1).filter(|record| records.contains(record)).collect();
        // A number is another version's; anything else is no version, and costs nothing.
        let version = damaged.split('.').next().unwrap_or_default();
        let is_another = version != "1" && version.parse::<u64>().is_ok_and(|number| number > 0);
        let expected = if is_another { String::new() } else { format!("1.{}", left.join(".")) };
        // The spare bits of a last letter say nothing.
        let spare = kind == 0 && damaged.split('.').count() == stored.split('.').count() && letter != ".";
        if !spare || whole != answers(&config, &[&stored], now) {
            prop_assert_eq!(whole, answers(&config, &[&expected], now));
        }
    }
}

// ── damage ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A profile with a record of each kind, and the offers that are shown only thanks to one of them, in the order of records.
fn of_each_kind() -> (Json, Engine) {
    let with = |id: &str, eligible: Json| offer(id, json!({ "eligible": eligible }));
    let capped = json!({ "cap": { "exposures": 1 } });
    let offers = [
        with("visit", json!({ "visit.number": 2 })),
        with("tally", json!({ "$did": { "event": "view_item" } })),
        with("other-tally", json!({ "$did": { "event": "purchase" } })),
        offer("a", capped.clone()),
        offer("b", capped),
        with("cart", json!({ "cart.items": 2 })),
        with("user", json!({ "user.plan": "pro" })),
    ];
    let mut config = kit::config(&offers);
    config["site"] = json!({ "keep": ["plan"] });
    let mut engine = engine(&config);
    view(&mut engine, "/", at(NOON) - DAY);
    view(&mut engine, "/", at(NOON));
    for (event, params) in [
        ("view_item", json!({})),
        ("purchase", json!({})),
        ("add_to_cart", json!({ "quantity": 2 })),
    ] {
        engine.observe(event, value(&params), at(NOON));
    }
    engine.outcome("a", Outcome::Exposed, at(NOON));
    engine.outcome("b", Outcome::Exposed, at(NOON));
    engine.user(&value(&json!({ "plan": "pro" })), at(NOON));
    (config, engine)
}

/// What is shown when everything is there: the capped offers are not.
const ALL: [&str; 5] = ["visit", "tally", "other-tally", "cart", "user"];

#[test]
fn each_single_record_may_be_damaged_and_the_rest_stays() {
    let (config, engine) = of_each_kind();
    let stored = engine.save();
    let records: Vec<&str> = stored.split('.').collect();
    assert_eq!(shown(&loaded(&config, &[&stored], at(NOON)), "hero", at(NOON)), ALL);
    // What each record decides, by its place in the text.
    let decides = ["visit", "tally", "other-tally", "a", "b", "cart", "user"];
    assert_eq!(records.len(), decides.len() + 2, "{stored}");
    for (index, decided) in decides.iter().enumerate() {
        let damages: [fn(&str) -> String; 4] = [
            |_| String::new(),
            |record| record[..record.len() - 1].to_owned(),
            |record| record[..record.len() / 2].to_owned(),
            |record| format!("{}*", &record[1..]),
        ];
        for damage in damages {
            let mut records: Vec<String> = records.iter().map(ToString::to_string).collect();
            records[index + 2] = damage(&records[index + 2]);
            let damaged = records.join(".");
            let left = shown(&loaded(&config, &[&damaged], at(NOON)), "hero", at(NOON)).join(" ");
            let mut wanted: Vec<&str> = vec!["visit", "tally", "other-tally", "a", "b", "cart", "user"];
            // A capped offer without its history is shown again, anything else without its record is not.
            wanted.retain(|id| {
                if ["a", "b"].contains(id) {
                    id == decided
                } else {
                    id != decided
                }
            });
            assert_eq!(left, wanted.join(" "), "{damaged}");
        }
    }
}

#[test]
fn every_letter_may_be_damaged_and_no_other_record_is_lost() {
    let (config, engine) = of_each_kind();
    let stored = engine.save();
    for index in 0..stored.len() {
        for letter in ["A", "_", ".", "!", "é", ""] {
            let mut damaged = stored.clone();
            damaged.replace_range(index..=index, letter);
            let engine = loaded(&config, &[&damaged], at(NOON));
            let left = shown(&engine, "hero", at(NOON));
            let lost = ALL.iter().filter(|id| !left.contains(id)).count();
            let uncapped = ["a", "b"].iter().filter(|id| left.contains(id)).count();
            // A point taken away joins two records, and the version is the first of all.
            let most = if index < 2 {
                7
            } else {
                1 + usize::from(stored[index..].starts_with('.'))
            };
            assert!(lost + uncapped <= most, "{index} {letter}: {left:?}");
        }
        let cut = &stored[..index];
        let left = loaded(&config, &[cut], at(NOON));
        assert!(cut.matches('.').count() < 5 || shows(&left, "visit", at(NOON)), "{cut}");
    }
}

/// Losing the record that says when it was last touched is no reason to forget everything else.
#[test]
fn damage_to_the_first_record_loses_nothing_when_it_is_folded() {
    let (config, engine) = of_each_kind();
    let stored = engine.save();
    let mut records: Vec<&str> = stored.split('.').collect();
    records[1] = "AAAAAAAA";
    let damaged = records.join(".");
    assert_eq!(shown(&loaded(&config, &[&damaged], at(NOON)), "hero", at(NOON)), ALL);
    let folded = engine.fold_texts([damaged.as_str()], at(NOON));
    assert_eq!(shown(&loaded(&config, &[&folded], at(NOON)), "hero", at(NOON)), ALL);
}

/// A record with the checksum it needs: 24 bits of FNV-1a.
fn sealed(record: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hash = record.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    let [a, b, c, d] = hash.to_le_bytes();
    let bytes = [record, &[a ^ d, b, c]].concat();
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain(&[0, 0])
            .take(3)
            .fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for place in 0..=chunk.len() {
            text.push(char::from(LETTERS[group >> (18 - 6 * place) & 63]));
        }
    }
    text
}

/// The farthest numbers there are, where a time or a bucket has to stand.
#[test]
fn times_beyond_all_calendars_are_no_times() {
    let (config, engine) = of_each_kind();
    let tally = engine
        .save()
        .split('.')
        .map(bytes)
        .find(|record| record.first() == Some(&b't'));
    let key = tally.unwrap()[1..5].to_vec();
    let history = engine
        .save()
        .split('.')
        .map(bytes)
        .find(|record| record.first() == Some(&b'o'));
    let offer = history.unwrap()[1..5].to_vec();
    for last in [0x00, 0x01, 0x7f] {
        for first in [0xff, 0xfe, 0x80] {
            let far = [vec![first], vec![0xff; 8], vec![last]].concat();
            let records = [
                [vec![b'p'], far.clone()].concat(),
                [vec![b'v', 2], far.clone(), far.clone(), far.clone(), vec![0, 1, 0]].concat(),
                [vec![b't'], key.clone(), vec![1, 0, 1], far.clone(), vec![1, 0, 0]].concat(),
                [vec![b't'], key.clone(), vec![1, 0, 0, 2, 0, 1], far.clone(), vec![1, 0]].concat(),
                [vec![b't'], key.clone(), vec![1, 1], far.clone(), vec![0, 0, 0]].concat(),
                [vec![b'o'], offer.clone(), vec![0; 8], vec![1], far.clone()].concat(),
                [vec![b'o'], offer.clone(), vec![0; 8], vec![2], far.clone(), vec![0]].concat(),
                [vec![b'o'], offer.clone(), vec![0; 8], vec![2], far.clone(), far.clone()].concat(),
                [vec![b'c'], far.clone(), vec![2, 0]].concat(),
            ];
            for record in records {
                let text = format!("1.{}", sealed(&record));
                let mut engine = loaded(&config, &[&text], at(NOON));
                view(&mut engine, "/", at(NOON));
                assert!(engine.explain("hero", at(NOON)).is_some(), "{record:?}");
                let folded = engine.fold_texts([text.as_str(), &engine.save()], at(NOON));
                assert!(!shown(&loaded(&config, &[&folded], at(NOON)), "hero", at(NOON)).is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever wrote it, and whatever it says: a record that is sealed rightly may still hold nonsense.
    #[test]
    fn no_record_makes_it_panic(
        records in prop::collection::vec(
            (
                prop::sample::select(b"pvtocux".to_vec()),
                0..12_usize,
                prop::collection::vec(prop_oneof![Just(0xff_u8), Just(0), Just(1), any::<u8>()], 0..60),
            ),
            1..6,
        ),
        now in prop::sample::select(vec![0, 1_795_176_000_000, -8_640_000_000_000_000, 8_640_000_000_000_000_i64]),
    ) {
        let config = everything();
        let (stored, _) = live(&config, "", at(NOON), &[(0, Step::View("a")), (0, Step::Outcome("capped", Outcome::Exposed))]);
        // The keys of records that are asked for, so that what follows them is read.
        let keys: Vec<Vec<u8>> = stored.split('.').skip(1).map(|record| bytes(record)[1..5].to_vec()).collect();
        let mut text = "1".to_owned();
        for (kind, key, rest) in records {
            let key = if b"to".contains(&kind) { keys[key % keys.len()].clone() } else { Vec::new() };
            text.push('.');
            text.push_str(&sealed(&[vec![kind], key, rest].concat()));
        }
        let mut engine = loaded(&config, &[&text, &stored], now);
        assert!(engine.explain("hero", now).is_some());
        take(&mut engine, &Step::Page("/a", "spring"), now);
        take(&mut engine, &Step::View("a"), now);
        take(&mut engine, &Step::Add(1), now);
        take(&mut engine, &Step::Outcome("capped", Outcome::Exposed), now);
        let folded = engine.fold_texts([text.as_str(), &engine.save()], now);
        engine.load([folded.as_str()], &text, now);
        assert!(engine.explain("hero", now).is_some());
    }
}

#[test]
fn another_version_is_read_as_nothing() {
    let (config, engine) = of_each_kind();
    let stored = engine.save();
    for version in ["2", "3", "11"] {
        let other = stored.replacen('1', version, 1);
        let mut next = kit::engine(&config);
        assert_eq!(next.load([other.as_str()], "", at(NOON)), Found::Tidy, "{version}");
        assert_eq!(shown(&next, "hero", at(NOON)), ["a", "b"], "{version}");
        assert_eq!(next.fold_texts([other.as_str()], at(NOON)), "");
    }
}

#[test]
fn a_version_that_cannot_be_read_costs_no_record() {
    let (config, engine) = of_each_kind();
    let stored = engine.save();
    for version in ["0", "", "q", "one", " 1"] {
        let other = stored.replacen('1', version, 1);
        let mut next = kit::engine(&config);
        assert_eq!(next.load([other.as_str()], "", at(NOON)), Found::Damaged, "{version}");
        assert_eq!(
            shown(&next, "hero", at(NOON)),
            shown(&loaded(&config, &[&stored], at(NOON)), "hero", at(NOON)),
            "{version}"
        );
        assert_eq!(
            next.fold_texts([other.as_str()], at(NOON)),
            next.fold_texts([stored.as_str()], at(NOON))
        );
    }
}

// ── the format ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Profiles of version 1, as they lie on the devices of visitors. They have to be read for ever.
const VERSION_1: &str = "1.cMShovnTDNrdPg.dgKAiOim0wyA-Jr50wzAoaL50wwBgIjoptMMAQADAAIvYgIFZW1haWwFA-kBdOkBKYiu.dOThLfsBDAAAAaK8xBwGAsjvPAYwBgLSxAIGAgYA2cnf.dLNcn1AAAAGAiOim0wwAAAAAG48N.b-j6aV0DAYC08NbTDAEAAAHEoaL50wwAAAAAAoD6uNPTDIC6twOd-to.Y8ChovnTDAQC-qi4vZTc_plA2VsN.dcChovnTDARwbGFuDnsibmFtZSI6InBybyJ9LZzM";

/// What [`VERSION_1`] was stored under: something of each kind.
const CONFIG_1: &str = r#"{
  "site": { "keep": ["plan"] },
  "placements": { "hero": { "take": 100 } },
  "offers": [
    { "id": "visit",   "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "visit.number": 2, "visit.pages": 1, "visit.daysSinceLast": 1, "visit.daysSinceFirst": 1 } },
    { "id": "entry",   "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "visit.entry": "/b", "visit.channel": "email", "visit.utm.campaign": "été" } },
    { "id": "ever",    "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "$did": { "event": "view_item", "times": { "$eq": 2 } } } },
    { "id": "minutes", "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "$did": { "event": "view_item", "within": "30m", "times": { "$eq": 1 } } } },
    { "id": "hours",   "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "$did": { "event": "view_item", "within": "2d", "times": { "$eq": 2 } } } },
    { "id": "days",    "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "$did": { "event": "view_item", "within": "30d", "times": { "$eq": 2 } } } },
    { "id": "ago",     "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "$did": { "event": "view_item", "where": { "kind": "a" }, "ago": { "$gt": "1d" } } } },
    { "id": "capped",  "placement": "hero", "content": { "template": "text", "text": "x" }, "cap": { "exposures": 2, "per": "30d" }, "rest": { "after": "dismissed", "for": "1d" } },
    { "id": "history", "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "offer.capped.clicks": 1, "offer.capped.exposures": 3, "offer.capped.daysSinceConverted": { "$exists": false } } },
    { "id": "cart",    "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "cart.items": 2, "cart.value": 19.98 } },
    { "id": "user",    "placement": "hero", "content": { "template": "text", "text": "x" }, "eligible": { "user.plan.name": "pro" } }
  ]
}"#;

/// What is shown when all of it is read.
const SHOWN_1: &str = "visit entry ever minutes hours days ago history cart user";

#[test]
fn the_format_of_version_1_is_frozen() {
    let mut engine = broken_engine(CONFIG_1);
    assert_eq!(engine.problems(), []);
    let now = at(NOON) + DAY + MINUTE;
    view(&mut engine, "/a", at(NOON));
    engine.observe("view_item", value(&json!({ "kind": "a" })), at(NOON));
    for exposed in 0..3 {
        engine.outcome("capped", Outcome::Exposed, at(NOON) + exposed * HOUR + DAY / 2);
    }
    let query = json!({ "utm_medium": "email", "utm_campaign": "été" });
    engine.page(value(&json!({ "path": "/b", "query": query })), at(NOON) + DAY);
    engine.observe("view_item", value(&json!({ "kind": "b" })), now);
    engine.observe("purchase", value(&json!({})), now);
    engine.observe("add_to_cart", value(&json!({ "price": 9.99, "quantity": 3 })), now);
    engine.observe("remove_from_cart", value(&json!({ "price": 9.99 })), now);
    engine.user(&value(&json!({ "plan": { "name": "pro" } })), now);
    engine.outcome("capped", Outcome::Clicked, now + 1);
    engine.outcome("capped", Outcome::Dismissed, now + 2);
    assert_eq!(shown(&engine, "hero", now + 2).join(" "), SHOWN_1);
    assert_eq!(engine.save(), VERSION_1);

    let mut again = broken_engine(CONFIG_1);
    again.load([], VERSION_1, now + 2);
    assert_eq!(shown(&again, "hero", now + 2).join(" "), SHOWN_1);
    assert_eq!(again.save(), VERSION_1);
    assert_eq!(again.fold_texts([VERSION_1], now + 2), VERSION_1);
    let (rest, cap) = (now + 2 + DAY, at(NOON) + HOUR + DAY / 2 + 30 * DAY);
    assert!(!shows(&again, "capped", rest) && !shows(&again, "capped", cap - 1) && shows(&again, "capped", cap));
}

// ── only what a rule needs ─────────────────────────────────────────────────────────────────────────────────────────────

/// All the bytes of a stored text, read by a reader of its own.
fn bytes(stored: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    for record in stored.split('.') {
        let mut bits = (0_u32, 0);
        for letter in record.bytes() {
            let value = LETTERS.iter().position(|known| *known == letter).expect("base64url") as u32;
            bits = (bits.0 << 6 | value, bits.1 + 6);
            if bits.1 >= 8 {
                bits.1 -= 8;
                bytes.push((bits.0 >> bits.1) as u8);
                bits.0 &= (1 << bits.1) - 1;
            }
        }
    }
    bytes
}

fn holds(stored: &str, marker: &str) -> bool {
    bytes(stored)
        .windows(marker.len())
        .any(|window| window == marker.as_bytes())
}

/// A visit full of things that could give somebody away, each with a word of its own.
fn tell_everything(engine: &mut Engine, now: Millis) {
    let page = json!({
        "path": "/MARK-path", "title": "MARK-title", "kind": "MARK-kind", "referrer": "https://MARK-referrer.example/MARK-from",
        "host": "MARK-host", "query": { "utm_source": "MARK-source", "utm_medium": "MARK-medium", "utm_campaign": "MARK-campaign",
            "utm_term": "MARK-term", "utm_content": "MARK-content", "q": "MARK-query", "gclid": "MARK-gclid" },
        "item": { "id": "MARK-item", "name": "MARK-name", "category": "MARK-category", "brand": "MARK-brand", "price": 3 },
    });
    engine.device(value(&json!({ "kind": "phone", "language": "MARK-language" })));
    engine.page(value(&page), now);
    for event in ["view_item", "add_to_cart", "search", "MARK-event"] {
        let params = json!({ "item_id": "MARK-id", "search_term": "MARK-search", "price": 5,
            "items": [{ "item_name": "MARK-item-name", "kind": "a" }] });
        engine.observe(event, value(&params), now);
    }
    engine.user(
        &value(&json!({ "plan": "MARK-plan", "email": "MARK-email", "name": { "first": "MARK-first" } })),
        now,
    );
    for (outcome, ..) in Outcome::ALL {
        engine.outcome("a", outcome, now);
        engine.outcome("capped", outcome, now);
    }
}

#[test]
fn without_rules_nothing_is_kept() {
    let configs = [
        json!({}),
        json!({ "placements": { "hero": {} }, "offers": [] }),
        one(json!({})),
        one(
            json!({ "eligible": { "page.path": "/", "device.kind": "phone", "user.plan": "pro", "time.hour": 3, "page.query.q": "x" },
            "schedule": { "hours": "9-21" }, "value": { "site": 1 } }),
        ),
    ];
    for mut config in configs {
        // An audience that no offer names is no rule yet.
        config["audiences"] =
            json!({ "unused": { "visit.number": 2, "$did": { "event": "view_item" }, "cart.items": 1 } });
        let mut engine = broken_engine(&config.to_string());
        for day in 0..3 {
            tell_everything(&mut engine, at(NOON) + day * DAY);
        }
        assert_eq!(engine.save(), "", "{config}");
        assert_eq!(engine.fold_texts([engine.save().as_str()], at(NOON)), "");
    }
}

#[test]
fn only_what_a_rule_needs_is_kept() {
    // Each needs one record of a few bytes, beside the one that says when it was last touched.
    let cases = [
        json!({ "eligible": { "visit.number": 2 } }),
        json!({ "eligible": { "$did": { "event": "view_item" } } }),
        json!({ "eligible": { "$did": { "event": "view_item", "ago": { "$gt": "1d" } } } }),
        json!({ "eligible": { "$did": { "event": "view_item", "within": "30m" } } }),
        json!({ "eligible": { "cart.items": 2 } }),
        json!({ "eligible": { "offer.a.clicks": 2 } }),
        json!({ "cap": { "exposures": 3 } }),
        json!({ "cap": { "exposures": 2, "per": "30d" } }),
        json!({ "rest": { "after": "clicked", "for": "30d" } }),
    ];
    for rule in cases {
        let mut engine = engine(&one(rule.clone()));
        for _ in 0..5 {
            tell_everything(&mut engine, at(NOON));
        }
        let stored = engine.save();
        assert_eq!(stored.split('.').count(), 3, "{rule}: {stored}");
        assert!(bytes(&stored).len() <= 45, "{rule}: {} bytes", bytes(&stored).len());
        assert!(!holds(&stored, "MARK"), "{rule}");
    }
}

#[test]
fn raw_events_and_their_parameters_are_never_stored() {
    let config = everything();
    let mut engine = engine(&config);
    for day in 0..3 {
        tell_everything(&mut engine, at(NOON) + day * DAY);
    }
    let stored = engine.save();
    // The rules ask for these four, and the site says that the plan may be kept.
    assert!(holds(&stored, "MARK-path") && holds(&stored, "MARK-campaign") && holds(&stored, "MARK-plan"));
    for marker in [
        "MARK-title",
        "MARK-kind",
        "MARK-referrer",
        "MARK-from",
        "MARK-host",
        "MARK-source",
        "MARK-medium",
        "MARK-term",
        "MARK-content",
        "MARK-query",
        "MARK-gclid",
        "MARK-item",
        "MARK-name",
        "MARK-category",
        "MARK-brand",
        "MARK-language",
        "MARK-id",
        "MARK-search",
        "MARK-event",
        "MARK-email",
        "MARK-first",
        "view_item",
        "capped",
    ] {
        assert!(!holds(&stored, marker), "{marker}");
    }
}

#[test]
fn each_fact_of_an_arrival_is_kept_only_when_it_is_asked_for() {
    for (path, marker) in [
        ("visit.entry", "MARK-path"),
        ("visit.referrer", "MARK-referrer"),
        ("visit.utm.source", "MARK-source"),
        ("visit.utm.medium", "MARK-medium"),
        ("visit.utm.campaign", "MARK-campaign"),
        ("visit.utm.term", "MARK-term"),
        ("visit.utm.content", "MARK-content"),
        ("visit.channel", "referral"),
    ] {
        let value = if path == "visit.channel" { "email" } else { "x" };
        let mut engine = engine(&one(json!({ "eligible": { path: value } })));
        tell_everything(&mut engine, at(NOON));
        let stored = engine.save();
        assert!(holds(&stored, marker), "{path}");
        assert_eq!(
            bytes(&stored).windows(4).filter(|window| window == b"MARK").count(),
            usize::from(marker.starts_with("MARK")) + usize::from(path == "visit.referrer"),
            "{path}"
        );
    }
}

#[test]
fn only_attributes_that_the_site_names_are_kept() {
    let rule = json!({ "eligible": { "user.plan": "pro" } });
    let mut config = one(rule);
    let tell = json!({ "plan": "pro", "email": "ada@shop.example" });
    let mut without = engine(&config);
    without.user(&value(&tell), at(NOON));
    assert!(shows(&without, "a", at(NOON)));
    assert_eq!(without.save(), "");
    config["site"] = json!({ "keep": ["plan"] });
    let mut with = engine(&config);
    with.user(&value(&tell), at(NOON));
    let stored = with.save();
    assert!(holds(&stored, "plan") && !holds(&stored, "email") && !holds(&stored, "ada"));
    assert!(shows(&loaded(&config, &[&stored], at(NOON) + DAY), "a", at(NOON) + DAY));
    // What the page at hand says beats what was kept.
    let mut later = loaded(&config, &[&stored], at(NOON) + DAY);
    later.user(&value(&json!({ "plan": "free" })), at(NOON) + DAY);
    assert!(!shows(&later, "a", at(NOON) + DAY));
}

/// What another tab was told later is known here too, as long as this page has said nothing of its own.
#[test]
fn a_kept_attribute_told_in_another_tab_is_known_here() {
    let mut config = one(json!({ "eligible": { "user.plan": "pro" } }));
    config["site"] = json!({ "keep": ["plan"] });
    let told = |plan: &str, now: Millis| {
        let mut engine = engine(&config);
        engine.user(&value(&json!({ "plan": plan })), now);
        engine.save()
    };
    let (free, pro) = (told("free", at(NOON)), told("pro", at(NOON) + MINUTE));
    let mut here = loaded(&config, &[&free], at(NOON) + MINUTE);
    assert!(!shows(&here, "a", at(NOON) + MINUTE));
    here.load([free.as_str(), &pro], "", at(NOON) + 2 * MINUTE);
    assert!(shows(&here, "a", at(NOON) + 2 * MINUTE));
}

/// Told two things at the very same moment, all tabs agree on one of them.
#[test]
fn what_two_tabs_were_told_at_once_does_not_depend_on_the_order_of_merging() {
    let mut config = one(json!({ "eligible": { "user.plan": "pro" } }));
    config["site"] = json!({ "keep": ["plan"] });
    let told = |plan: &str| {
        let mut engine = engine(&config);
        engine.user(&value(&json!({ "plan": plan })), at(NOON));
        engine.save()
    };
    let (free, pro) = (told("free"), told("pro"));
    let one = shows(&loaded(&config, &[&free, &pro], at(NOON)), "a", at(NOON));
    let other = shows(&loaded(&config, &[&pro, &free], at(NOON)), "a", at(NOON));
    assert_eq!(one, other);
}

// ── when a rule goes ───────────────────────────────────────────────────────────────────────────────────────────────────

/// What remains of `stored` under another config, after a load and a fold.
fn rewritten(config: &str, stored: &str, now: Millis) -> String {
    let mut engine = broken_engine(config);
    engine.load([stored], "", now);
    engine.fold_texts([stored], now)
}

#[test]
fn when_a_rule_goes_what_only_it_needed_is_erased() {
    let (config, engine) = of_each_kind();
    let stored = engine.save();
    let offers = config["offers"].as_array().unwrap().clone();
    for (gone, offer) in offers.iter().enumerate() {
        let mut fewer = config.clone();
        fewer["offers"].as_array_mut().unwrap().remove(gone);
        if offer["id"] == "user" {
            fewer["site"] = json!({});
        }
        let kept = rewritten(&fewer.to_string(), &stored, at(NOON));
        assert_eq!(
            kept.split('.').count(),
            stored.split('.').count() - 1,
            "{}",
            offer["id"]
        );
        // It is gone for good: when the rule returns, it begins with nothing.
        let left = shown(&loaded(&config, &[&kept], at(NOON)), "hero", at(NOON)).join(" ");
        let id = offer["id"].as_str().unwrap();
        assert_eq!(
            left.split(' ').any(|shown| shown == id),
            ["a", "b"].contains(&id),
            "{id}: {left}"
        );
        let rest = ALL.iter().filter(|other| **other != id);
        assert!(
            rest.clone().all(|other| left.split(' ').any(|shown| shown == *other)),
            "{id}: {left}"
        );
    }
    assert_eq!(rewritten(&one(json!({})).to_string(), &stored, at(NOON)), "");
}

/// A shared tally keeps what the other rule needs, and no more.
#[test]
fn when_one_of_two_rules_goes_the_other_keeps_its_own() {
    let rule = |within: &str| {
        offer(
            &within.replace(' ', ""),
            json!({ "eligible": { "$did": { "event": "view_item", "within": within } } }),
        )
    };
    let both = kit::config(&[rule("2d"), rule("30d")]);
    let mut engine = engine(&both);
    engine.observe("view_item", value(&json!({})), at(NOON));
    let stored = engine.save();
    let short = rewritten(&kit::config(&[rule("2d")]).to_string(), &stored, at(NOON));
    assert!(bytes(&short).len() < bytes(&stored).len());
    assert_eq!(shown(&loaded(&both, &[&short], at(NOON)), "hero", at(NOON)), ["2d"]);
    let long = rewritten(&kit::config(&[rule("30d")]).to_string(), &stored, at(NOON));
    assert_eq!(shown(&loaded(&both, &[&long], at(NOON)), "hero", at(NOON)), ["30d"]);
}

#[test]
fn while_the_config_has_an_error_nothing_is_erased() {
    let (config, engine) = of_each_kind();
    let stored = engine.save();
    let mut wrong = Vec::new();
    let mut check = |what: &str, broken: &str| {
        assert!(!broken_engine(broken).problems().is_empty());
        let kept = rewritten(broken, &stored, at(NOON));
        let left = shown(&loaded(&config, &[&kept], at(NOON)), "hero", at(NOON)).join(" ");
        if left != ALL.join(" ") {
            wrong.push(format!("{what}: {left}"));
        }
    };
    for index in 0..7 {
        let mut broken = config.clone();
        broken["offers"][index]["valeu"] = json!(1);
        check(&format!("offer {index}"), &broken.to_string());
    }
    check("no JSON", "{");
    check("a comma", r#"{ "offers": [], }"#);
    check("nothing at all", "");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rule with the error shares its tally or its offer's history with one that runs.
#[test]
fn while_the_config_has_an_error_nothing_is_erased_of_what_two_rules_share() {
    let did = |more: Json| {
        let mut did = json!({ "event": "view_item" });
        for (key, member) in more.as_object().unwrap() {
            did[key] = member.clone();
        }
        json!({ "eligible": { "$did": did } })
    };
    let sound = [
        (
            "a longer window",
            did(json!({ "within": "1d" })),
            did(json!({ "within": "5d" })),
        ),
        (
            "another grain",
            did(json!({ "within": "30m" })),
            did(json!({ "within": "30d" })),
        ),
        (
            "when last",
            did(json!({ "within": "30m" })),
            did(json!({ "ago": { "$lt": "30d" } })),
        ),
        ("how often", did(json!({ "within": "30m" })), did(json!({}))),
        (
            "another fact of the visit",
            json!({ "eligible": { "visit.number": 9 } }),
            json!({ "eligible": { "visit.entry": "/a" } }),
        ),
        (
            "a history",
            json!({ "eligible": { "offer.b.clicks": 9 } }),
            json!({ "eligible": { "offer.b.exposures": 1 } }),
        ),
        (
            "a cap",
            json!({ "eligible": { "offer.b.clicks": 9 } }),
            json!({ "cap": { "exposures": 1, "per": "30d" } }),
        ),
    ];
    let mut wrong = Vec::new();
    for (what, runs, fails) in sound {
        let config = kit::config(&[offer("a", runs), offer("b", fails)]);
        let mut engine = engine(&config);
        view(&mut engine, "/a", at(NOON));
        engine.observe("view_item", value(&json!({})), at(NOON));
        engine.outcome("b", Outcome::Exposed, at(NOON));
        let later = at(NOON) + 4 * DAY;
        let stored = engine.save();
        let before = shows(&loaded(&config, &[&stored], later), "b", later);
        let mut broken = config.clone();
        broken["offers"][1]["valeu"] = json!(1);
        let kept = rewritten(&broken.to_string(), &stored, at(NOON));
        if shows(&loaded(&config, &[&kept], later), "b", later) != before {
            wrong.push(what);
        }
    }
    assert!(wrong.is_empty(), "erased: {wrong:?}");
}

// ── retention, visits, tabs ────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_profile_not_touched_for_the_retention_is_forgotten() {
    let mut config = one(json!({ "eligible": { "$did": { "event": "view_item" } } }));
    config["site"] = json!({ "retention": "30d" });
    let mut engine = engine(&config);
    engine.observe("view_item", value(&json!({})), at(NOON));
    let stored = engine.save();
    let end = at(NOON) + 30 * DAY;
    assert!(shows(&loaded(&config, &[&stored], end - 1), "a", end - 1));
    assert_eq!(engine.fold_texts([stored.as_str()], end - 1), stored);
    assert!(!shows(&loaded(&config, &[&stored], end), "a", end));
    assert_eq!(engine.fold_texts([stored.as_str()], end), "");
    let mut late = kit::engine(&config);
    assert!(
        late.load([stored.as_str()], "", end) != Found::Tidy,
        "it is to be folded and written anew"
    );
    assert!(late.load([stored.as_str()], "", end - 1) == Found::Tidy);
    late = kit::engine(&config);
    late.load([], &stored, end);
    assert!(
        !shows(&late, "a", end),
        "a tab that goes on with its own part has forgotten it too"
    );
    // Any event keeps it.
    let mut touched = kit::engine(&config);
    touched.load([], &stored, end - 1);
    touched.observe("anything", value(&json!({})), end - 1);
    let stored = touched.save();
    assert!(shows(&loaded(&config, &[&stored], end + 20 * DAY), "a", end + 20 * DAY));
}

#[test]
fn forgotten_stays_forgotten() {
    let (config, mut engine) = of_each_kind();
    engine.forget();
    assert_eq!(engine.save(), "");
    assert_eq!(shown(&engine, "hero", at(NOON)), ["a", "b"]);
    engine.load([], "", at(NOON));
    assert_eq!(shown(&engine, "hero", at(NOON)), ["a", "b"]);
    // The next event is the first of a visitor never seen.
    view(&mut engine, "/", at(NOON) + DAY);
    let mut again = loaded(&config, &[&engine.save()], at(NOON) + DAY);
    assert!(!shows(&again, "visit", at(NOON) + DAY));
    view(&mut again, "/", at(NOON) + 2 * DAY);
    assert!(shows(&again, "visit", at(NOON) + 2 * DAY));
}

#[test]
fn what_was_stored_belongs_to_a_visit_until_the_timeout() {
    let (_, engine) = of_each_kind();
    let stored = engine.save();
    assert!(!engine.is_over(&stored, at(NOON)) && !engine.is_over(&stored, at(NOON) + TIMEOUT - 1));
    assert!(engine.is_over(&stored, at(NOON) + TIMEOUT));
    assert!(engine.is_over("", at(NOON)), "what never was is over");
}

/// Offers `n1`, `n2` … `n9` say which visit it is, `p1` … `p9` how many pages it has seen.
fn counting_visits() -> Json {
    let mut offers = Vec::new();
    for number in 1..10 {
        offers.push(offer(
            &format!("n{number}"),
            json!({ "eligible": { "visit.number": number } }),
        ));
    }
    for pages in 1..10 {
        offers.push(offer(
            &format!("p{pages}"),
            json!({ "eligible": { "visit.pages": pages } }),
        ));
    }
    for days in [0, 1, 3] {
        offers.push(offer(
            &format!("last{days}"),
            json!({ "eligible": { "visit.daysSinceLast": days } }),
        ));
    }
    kit::config(&offers)
}

#[test]
fn a_visit_opens_with_the_first_event_after_the_timeout() {
    for (timeout, span) in [(None, 30 * MINUTE), (Some("1h30m"), 90 * MINUTE), (Some("5s"), 5000)] {
        let mut config = counting_visits();
        if let Some(timeout) = timeout {
            config["site"] = json!({ "visit": { "timeout": timeout } });
        }
        let mut engine = engine(&config);
        assert_eq!(
            shown(&engine, "hero", at(NOON)),
            ["n1"],
            "the first visit is about to begin"
        );
        view(&mut engine, "/", at(NOON));
        assert_eq!(
            shown(&engine, "hero", at(NOON) + span),
            ["n1", "p1"],
            "time alone opens none"
        );
        view(&mut engine, "/", at(NOON) + span - 1);
        assert_eq!(shown(&engine, "hero", at(NOON) + span - 1), ["n1", "p2"]);
        engine.observe("scroll", value(&json!({})), at(NOON) + 2 * span - 2);
        assert_eq!(
            shown(&engine, "hero", at(NOON) + 2 * span - 2),
            ["n1", "p2"],
            "any event keeps it going"
        );
        view(&mut engine, "/", at(NOON) + 3 * span - 2);
        assert_eq!(shown(&engine, "hero", at(NOON) + 3 * span - 2), ["n2", "p1", "last0"]);
        engine.observe("scroll", value(&json!({})), at(NOON) + 4 * span - 2);
        assert_eq!(shown(&engine, "hero", at(NOON) + 4 * span - 2), ["n3", "last0"]);
    }
}

#[test]
fn a_visit_is_shared_by_all_tabs() {
    let config = counting_visits();
    let mut first = engine(&config);
    view(&mut first, "/", at(NOON) - DAY);
    let base = first.save();
    let mut tabs = [loaded(&config, &[&base], at(NOON)), loaded(&config, &[&base], at(NOON))];
    for (index, tab) in tabs.iter_mut().enumerate() {
        for page in 0..=index as i64 {
            view(tab, "/", at(NOON) + page * MINUTE);
        }
    }
    let [one, other] = &tabs.map(|tab| tab.save());
    let now = at(NOON) + 2 * MINUTE;
    for texts in [[base.as_str(), one, other], [other, one, &base]] {
        let all = loaded(&config, &texts, now);
        assert_eq!(shown(&all, "hero", now), ["n2", "p3", "last1"]);
        let folded = all.fold_texts(texts, now);
        assert_eq!(
            shown(&loaded(&config, &[&folded], now), "hero", now),
            ["n2", "p3", "last1"]
        );
    }
    // The visit goes on as long as any of the tabs is busy.
    let mut third = loaded(&config, &[&base, one, other], now);
    view(&mut third, "/", at(NOON) + MINUTE + TIMEOUT - 1);
    assert_eq!(
        shown(&third, "hero", at(NOON) + MINUTE + TIMEOUT - 1),
        ["n2", "p4", "last1"]
    );
}

#[test]
fn consent_that_comes_late_counts_the_visit_on() {
    let config = counting_visits();
    let mut before = engine(&config);
    view(&mut before, "/", at(NOON) - 2 * DAY);
    view(&mut before, "/", at(NOON) - DAY);
    let stored = before.save();
    // The visits seen in memory before anything was loaded, and what they count as.
    let cases: [(&[Millis], &[&str]); 4] = [
        (&[0], &["n3", "p1", "last1"]),
        (&[0, MINUTE, 2 * MINUTE], &["n3", "p3", "last1"]),
        (&[0, TIMEOUT], &["n4", "p1", "last0"]),
        (&[TIMEOUT - DAY - 1, TIMEOUT - DAY], &["n2", "p3", "last1"]),
    ];
    for (views, wanted) in cases {
        let mut engine = engine(&config);
        let mut now = at(NOON);
        for span in views {
            now = at(NOON) + span;
            view(&mut engine, "/", now);
        }
        engine.load([stored.as_str()], "", now);
        assert_eq!(shown(&engine, "hero", now), wanted, "{views:?}");
        // It counts on once, however often others are heard of, and what is stored says the same.
        engine.load([stored.as_str()], "", now);
        assert_eq!(shown(&engine, "hero", now), wanted, "{views:?}");
        let both = [stored.as_str(), &engine.save()].map(str::to_owned);
        assert_eq!(
            shown(&loaded(&config, &[&both[0], &both[1]], now), "hero", now),
            wanted,
            "{views:?}"
        );
    }
}

/// The first visit in memory was the stored one going on, the second a new one.
#[test]
fn consent_that_comes_late_counts_a_visit_that_went_on_once() {
    let config = counting_visits();
    let mut before = engine(&config);
    view(&mut before, "/", at(NOON));
    let stored = before.save();
    let mut engine = engine(&config);
    view(&mut engine, "/", at(NOON) + MINUTE);
    let now = at(NOON) + MINUTE + TIMEOUT;
    view(&mut engine, "/", now);
    engine.load([stored.as_str()], "", now);
    assert_eq!(shown(&engine, "hero", now), ["n2", "p1", "last0"]);
}

#[test]
fn a_purchase_in_one_tab_empties_the_cart_of_all() {
    let config = one(json!({ "eligible": { "cart.items": { "$gte": 1 } } }));
    let add = |engine: &mut Engine, now: Millis| engine.observe("add_to_cart", value(&json!({ "price": 5 })), now);
    let mut tabs = [engine(&config), engine(&config)];
    add(&mut tabs[0], at(NOON));
    add(&mut tabs[1], at(NOON) + 1);
    let first = tabs[0].save();
    tabs[1].load([first.as_str()], "", at(NOON) + 1);
    tabs[1].observe("purchase", value(&json!({})), at(NOON) + 2);
    assert!(!shows(&tabs[1], "a", at(NOON) + 2));
    let second = tabs[1].save();
    tabs[0].load([second.as_str()], "", at(NOON) + 3);
    assert!(
        !shows(&tabs[0], "a", at(NOON) + 3),
        "the other tab's items are gone too"
    );
    add(&mut tabs[0], at(NOON) + 4);
    assert!(shows(&tabs[0], "a", at(NOON) + 4));
    let first = tabs[0].save();
    assert!(shows(
        &loaded(&config, &[&second, &first], at(NOON) + 5),
        "a",
        at(NOON) + 5
    ));
}

// ── its size ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A random number generator that gives the same on every machine: xorshift64*,
/// <https://vigna.di.unimi.it/ftp/papers/xorshift.pdf>.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn of<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len() as u64) as usize]
    }
}

const OFFERS: &str = include_str!("../www/offers.json");

#[test]
fn a_profile_stays_below_16_kb_whatever_the_visitor_does() {
    let mut largest = 0;
    for (seed, months) in [(1, 1), (2, 3), (3, 6), (4, 12), (5, 24), (6, 1), (7, 6)] {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut engine = broken_engine(OFFERS);
        assert_eq!(engine.problems(), []);
        let ids: Vec<String> = engine
            .plan()
            .offers()
            .map(|offer| engine.plan().id(offer).to_owned())
            .collect();
        let (mut now, end) = (at(NOON), at(NOON) + months * 30 * DAY);
        let mean = (end - now) / 10_000;
        for _ in 0..10_000 {
            now += chance.below(2 * mean as u64) as Millis;
            let category = *chance.of(&["running", "hiking"]);
            let item = json!({ "item_id": chance.of(&["LF-101", "LF-102", "LF-104", "LF-201", "LF-203"]), "item_category": category,
                "item_category2": chance.of(&["shoes", "extras"]), "price": 19.9 + chance.below(90) as f64, "quantity": 1 + chance.below(3) });
            match chance.below(8) {
                0 | 1 => view(&mut engine, &format!("/{category}/{}", chance.below(1000)), now),
                2 | 3 => {
                    engine.observe("view_item", value(&json!({ "items": [item] })), now);
                }
                4 => {
                    let event = *chance.of(&["add_to_cart", "remove_from_cart", "add_to_cart", "purchase"]);
                    engine.observe(event, value(&json!({ "items": [item] })), now);
                }
                5 => {
                    engine.observe(&format!("event-{}", chance.below(5000)), value(&item), now);
                }
                _ => {
                    let id: &String = chance.of(&ids);
                    engine.outcome(id, chance.of(&Outcome::ALL).0, now);
                }
            }
        }
        let stored = engine.save();
        largest = largest.max(stored.len());
        assert_eq!(engine.fold_texts([stored.as_str()], now).len(), stored.len());
    }
    println!("the largest profile: {largest} characters");
    assert!(largest <= 16 * 1024, "{largest}");
    assert!(largest > 500, "nothing was kept: {largest}");
}

/// Addresses are written by others, and may be as long as they like.
#[test]
fn a_profile_stays_below_16_kb_whatever_an_address_says() {
    let mut engine = engine(&one(
        json!({ "eligible": { "visit.utm.campaign": "x", "visit.entry": "/", "visit.referrer": "x" } }),
    ));
    let long = "x".repeat(50_000);
    let page =
        json!({ "path": long, "query": { "utm_campaign": long }, "referrer": format!("https://a.example/{long}") });
    engine.page(value(&page), at(NOON));
    assert!(engine.save().len() <= 16 * 1024, "{}", engine.save().len());
}
