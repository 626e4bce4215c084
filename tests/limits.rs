//! How much a config may hold: up to each limit it runs, beyond it the error says where, how many there may be and what to do; and whatever
//! is in it, it is read soon.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{broken_engine, config, engine, offer, one, shows, view};
use maitre::config::{Problem, limits};
use serde_json::{Map, Value as Json, json};

const NOON: i64 = 1_795_176_000_000;

fn problems(config: &str) -> Vec<Problem> {
    broken_engine(config).problems().to_vec()
}

/// A config has this problem.
fn refused(config: &Json, path: &str, what: &str) {
    let text = config.to_string();
    let problems = problems(&text);
    let found = problems
        .iter()
        .find(|problem| problem.path == path && problem.what.contains(what));
    let found = found.unwrap_or_else(|| panic!("{path} is not too much: {:?}", problems.first()));
    assert!(
        !found.remedy.is_empty() && (path == "$" || found.place.column > 1),
        "{found:?}"
    );
}

/// An object of so many members.
fn many(count: usize, member: impl Fn(usize) -> Json) -> Json {
    Json::Object(
        (0..count)
            .map(|index| (format!("n{index}"), member(index)))
            .collect::<Map<_, _>>(),
    )
}

fn with(key: &str, section: Json) -> Json {
    let mut config = one(json!({}));
    config[key] = section;
    config
}

/// A condition that is so many levels deep, as evaluation counts them.
fn deep(levels: usize) -> Json {
    let mut condition = json!({ "user.a": 1 });
    for _ in 2..levels {
        condition = json!({ "$not": condition });
    }
    condition
}

#[test]
fn names_are_limited() {
    let most = limits::NAMED;
    let event = json!({ "from": { "event": "x" } });
    let group = json!(["x"]);
    let sections = [
        ("audiences", json!({ "user.a": 1 })),
        ("interests", event),
        ("savedGroups", group),
    ];
    for (section, member) in sections {
        engine(&with(section, many(most, |_| member.clone())));
        refused(
            &with(section, many(most + 1, |_| member.clone())),
            &format!("$.{section}"),
            "more than 1000",
        );
    }
    let mut placements = many(most, |_| json!({}));
    placements.as_object_mut().unwrap().remove("n0");
    placements["hero"] = json!({});
    engine(&with("placements", placements.clone()));
    placements["n0"] = json!({});
    refused(&with("placements", placements), "$.placements", "more than 1000");
    let keep = |count: usize| json!({ "keep": (0..count).map(|index| index.to_string()).collect::<Vec<_>>() });
    engine(&with("site", keep(most)));
    refused(&with("site", keep(most + 1)), "$.site.keep", "more than 1000");
}

#[test]
fn what_is_gone_through_in_turn_is_limited() {
    let most = limits::IN_TURN;
    let list = |count: usize, item: Json| Json::Array(vec![item; count]);
    let rest = json!({ "after": "dismissed", "for": "1d" });
    let eligible = |steps: Json| json!({ "$did": { "sequence": steps } });
    for (key, item) in [
        ("cap", json!({ "exposures": 1 })),
        ("rest", rest),
        ("trigger", json!("exit_intent")),
    ] {
        engine(&one(json!({ key: list(most, item.clone()) })));
        refused(
            &one(json!({ key: list(most + 1, item) })),
            &format!("$.offers[0].{key}"),
            "more than 100",
        );
    }
    engine(&one(
        json!({ "eligible": eligible(list(most, json!({ "event": "x" }))) }),
    ));
    let beyond = one(json!({ "eligible": eligible(list(most + 1, json!({ "event": "x" }))) }));
    refused(&beyond, "$.offers[0].eligible['$did'].sequence", "more than 100");
    let quiet = json!({ "quiet": "22-8" });
    engine(&with("pressure", list(most, quiet.clone())));
    refused(&with("pressure", list(most + 1, quiet)), "$.pressure", "more than 100");
    let stages = |count: usize| {
        (0..count)
            .map(|index| json!({ "stage": format!("s{index}"), "when": { "user.a": index } }))
            .collect()
    };
    refused(&with("lifecycle", stages(most + 1)), "$.lifecycle", "more than 100");
    let any_case = |count: usize| one(json!({ "eligible": { "user.a": { "$ini": (0..count).collect::<Vec<_>>() } } }));
    engine(&any_case(limits::ANY_CASE));
    refused(
        &any_case(limits::ANY_CASE + 1),
        "$.offers[0].eligible['user.a']['$ini']",
        "more than 1000",
    );
}

#[test]
fn texts_and_keys_are_limited() {
    let id = |length: usize| config(&[offer(&"a".repeat(length), json!({}))]);
    engine(&id(limits::NAME));
    refused(&id(limits::NAME + 1), "$.offers[0].id", "more than 2000 bytes");
    let pattern = |length: usize| one(json!({ "eligible": { "page.path": { "$regex": "a".repeat(length) } } }));
    let path = "$.offers[0].eligible['page.path']['$regex']";
    refused(&pattern(limits::PATTERN + 1), path, "more than 1000 bytes");
    let text = |length: usize| one(json!({ "content": { "template": "text", "text": "a".repeat(length) } }));
    engine(&text(100_000));
    refused(&text(100_001), "$", "this text has more than 100000 bytes");
    let key = |length: usize| one(json!({ "content": { "template": "own", "a".repeat(length): "x" } }));
    let warned = problems(&key(2000).to_string());
    assert!(
        warned
            .iter()
            .all(|problem| problem.severity == maitre::config::Severity::Warning)
    );
    refused(&key(2001), "$", "this key has more than 2000 bytes");
    let keys = |count: usize| one(json!({ "content": many(count, |_| json!("x")) }));
    refused(&keys(100_001), "$", "this object has more than 100000 keys");
    let whole = format!("{{ \"offers\": [] }}{}", " ".repeat(limits::CONFIG));
    let [problem] = problems(&whole).try_into().unwrap();
    assert!(problem.what.contains("more than 64000000 bytes") && !problem.remedy.is_empty());
}

#[test]
fn conditions_may_be_deep_but_not_deeper_than_they_can_be_evaluated() {
    for levels in [limits::LEVELS - 1, limits::LEVELS] {
        let mut engine = engine(&one(json!({ "eligible": deep(levels) })));
        engine.user(&kit::value(&json!({ "a": 1 })), NOON);
        assert_eq!(shows(&engine, "a", NOON), levels % 2 == 0, "{levels}");
    }
    refused(
        &one(json!({ "eligible": deep(limits::LEVELS + 1) })),
        "$.offers[0].eligible",
        "48 levels",
    );
    // Through audiences, and with a stage as deep.
    let audiences = |count: usize| {
        many(count, |index| match index {
            0 => json!({ "user.a": 1 }),
            _ => json!({ "$not": { "audience": format!("n{}", index - 1) } }),
        })
    };
    let last = |count: usize| json!({ "eligible": { "audience": format!("n{}", count - 1) } });
    let mut sound = one(last(46));
    sound["audiences"] = audiences(46);
    let mut engine = engine(&sound);
    engine.user(&kit::value(&json!({ "a": 1 })), NOON);
    assert!(!shows(&engine, "a", NOON));
    let mut deeper = one(last(60));
    deeper["audiences"] = audiences(60);
    refused(&deeper, "$.audiences.n47", "48 levels");
    let mut staged = one(json!({ "eligible": deep(limits::LEVELS - 1) }));
    let asks = staged["offers"][0]["eligible"]
        .to_string()
        .replace(r#"{"user.a":1}"#, r#"{"stage.now":"x"}"#);
    staged["offers"][0]["eligible"] = serde_json::from_str(&asks).unwrap();
    staged["lifecycle"] = json!([{ "stage": "x", "when": deep(limits::LEVELS) }, { "stage": "y" }]);
    let mut engine = kit::engine(&staged);
    for (a, stage) in [(1, "x"), (2, "y")] {
        engine.user(&kit::value(&json!({ "a": a })), NOON);
        view(&mut engine, "/", NOON);
        // An odd number of times not.
        assert_eq!(shows(&engine, "a", NOON), stage == "y", "{a}");
    }
}

#[test]
fn audiences_and_groups_that_name_each_other_twice_are_limited() {
    let twice = |index: usize| match index {
        0 => json!({ "user.a": 1 }),
        _ => json!({ "$or": [ { "audience": format!("n{}", index - 1) }, { "audience": format!("n{}", index - 1) } ] }),
    };
    engine(&with("audiences", many(12, twice)));
    refused(
        &with("audiences", many(60, twice)),
        "$.audiences.n12",
        "more than 10000 tests",
    );
    let twice = |index: usize| {
        let named = json!({ "$savedGroup": { "id": format!("n{}", index.saturating_sub(1)) } });
        let condition = if index == 0 {
            json!({ "user.a": 1 })
        } else {
            json!({ "$or": [named, named] })
        };
        json!({ "type": "condition", "condition": condition })
    };
    engine(&with("savedGroups", many(8, twice)));
    let problems = problems(&with("savedGroups", many(40, twice)).to_string());
    assert!(
        problems
            .iter()
            .any(|problem| problem.what.contains("more than 10000 tests")),
        "{problems:?}"
    );
    let chain = |count: usize| {
        many(count, |index| match index {
            0 => json!({ "page.path": "/" }),
            _ => json!({ "audience": format!("n{}", index - 1) }),
        })
    };
    engine(&with("audiences", chain(limits::CHAIN)));
    refused(
        &with("audiences", chain(limits::CHAIN + 2)),
        "$.audiences.n501",
        "more than 500 audiences",
    );
    let circle = many(1000, |index| json!({ "audience": format!("n{}", (index + 1) % 1000) }));
    assert_eq!(
        broken_engine(&with("audiences", circle).to_string()).problems().len(),
        1000
    );
}

#[test]
fn one_condition_may_have_many_tests_but_not_any_number() {
    let wide = |count: usize| one(json!({ "eligible": { "$or": vec![json!({ "user.a": 1 }); count] } }));
    engine(&wide(9_000));
    refused(
        &wide(10_001),
        "$.offers[0].eligible['$or'][9999]['user.a']",
        "more than 10000 tests",
    );
    // Values of a list are no tests.
    engine(&one(
        json!({ "eligible": { "user.a": { "$in": (0..50_000).collect::<Vec<_>>() } } }),
    ));
    let group: Vec<usize> = (0..60_000).collect();
    let mut groups = one(json!({ "eligible": { "$or": vec![json!({ "user.a": { "$inGroup": "big" } }); 100] } }));
    groups["savedGroups"] = json!({ "big": group });
    let path = "$.offers[0].eligible['$or'][83]['user.a']['$inGroup']";
    refused(&groups, path, "more than 5000000 tests and values");
}

#[test]
fn a_thousand_problems_are_told() {
    let wrong: Vec<Json> = (0..3000)
        .map(|index| offer(&format!("o{index}"), json!({ "vlaue": 3 })))
        .collect();
    let problems = problems(&config(&wrong).to_string());
    assert_eq!(problems.len(), limits::PROBLEMS + 1);
    let last = problems.last().unwrap();
    assert_eq!(
        (last.what.as_str(), last.remedy.as_str()),
        ("there are 2000 problems more than are told", "mend these first")
    );
    // Nothing of what is wrong runs, told or not.
    let engine = broken_engine(&config(&wrong).to_string());
    assert_eq!(engine.plan().offers().count(), 0);
    let commas = format!("[{}]", "1 ".repeat(200_000));
    assert_eq!(self::problems(&commas).len(), limits::PROBLEMS + 1);
}

#[test]
fn what_is_wrong_everywhere_is_read_soon() {
    // Each of these once took as long as its length squared, or more: minutes.
    let name = "x".repeat(90_000);
    let keys: Vec<String> = (0..20_000).map(|index| format!("\"k{index}\": 1")).collect();
    let offers: Vec<Json> = (0..10_000)
        .map(|index| {
            offer(
                &format!("o{index}"),
                json!({ "eligible": { format!("offer.p{index}.exposures"): 1 } }),
            )
        })
        .collect();
    let scheduled: Vec<Json> = (0..20_000)
        .map(|index| offer(&format!("o{index}"), json!({ "schedule": { "from": format!("20{:02}-01-01T00:{:02}:{:02}", index / 3600 + 10, index / 60 % 60, index % 60) } })))
        .collect();
    for text in [
        format!(r#"{{ "offers": [ {{ "id": "a", "placement": "{name}", "family": "{name}" }} ] }}"#),
        format!("{{ {} }}", keys.join(", ")),
        format!(r#"{{ "site": {{ {} }} }}"#, keys.join(", ")),
        config(&offers).to_string(),
        config(&scheduled).to_string(),
        "{\"a\":".repeat(90) + "1",
        "[".repeat(1_000_000),
        format!("\"{}", "\\u0000".repeat(100_000)),
        "/*".repeat(500_000),
    ] {
        let begun = std::time::Instant::now();
        drop(problems(&text));
        assert!(
            begun.elapsed().as_secs() < 20,
            "{:.60}… took {:?}",
            text,
            begun.elapsed()
        );
    }
}

#[test]
fn names_that_mean_something_to_javascript_are_names() {
    let names = [
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "hasOwnProperty",
        "length",
    ];
    for name in names {
        let config = json!({
            "site": { "keep": [name] },
            "audiences": { name: { format!("user.{name}"): "x" } },
            "interests": { name: { "from": { "event": name, "where": { name: 1 } } } },
            "savedGroups": { name: ["x"] },
            "placements": { name: {} },
            "offers": [{ "id": name, "placement": name, "family": name, "content": { "template": "own", name: "x" },
                         "eligible": { "audience": name, format!("interest.{name}"): { "$gt": 0 }, format!("page.query.{name}"): "q",
                                       format!("user.{name}"): { "$inGroup": name }, "$did": { "event": name, "sum": name, "is": { "$gte": 1 } } },
                         "cap": { "exposures": 1 } }]
        });
        let mut engine = engine(&config);
        engine.page(kit::value(&json!({ "path": "/", "query": { name: "q" } })), NOON);
        assert!(kit::shown(&engine, name, NOON).is_empty());
        engine.user(&kit::value(&json!({ name: "x" })), NOON);
        engine.observe(name, kit::value(&json!({ name: 1 })), NOON);
        assert_eq!(kit::shown(&engine, name, NOON), [name]);
        let mut next = kit::loaded(&config, &[&engine.save()], NOON);
        next.page(kit::value(&json!({ "path": "/", "query": { name: "q" } })), NOON);
        assert_eq!(kit::shown(&next, name, NOON), [name]);
        next.outcome(name, maitre::condition::Outcome::Exposed, NOON);
        assert!(kit::shown(&next, name, NOON).is_empty());
    }
}
