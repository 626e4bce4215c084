//! What is wrong with a config: where, what, and what to write instead. And what runs nevertheless.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{at, broken_engine, shown, view, why};
use maitre::config::{Problem, Severity};
use maitre::decide::Status;
use proptest::prelude::*;
use serde_json::json;

const NOON: &str = "2026-11-20T12:00:00Z";

/// Where in a config a slip is put. Everything around it is sound.
#[derive(Clone, Copy, Debug)]
enum In {
    Root,
    Site,
    Placements,
    Audiences,
    Groups,
    Offers,
    Offer,
    Eligible,
    Content,
}

use In::{Audiences, Content, Eligible, Groups, Offer, Offers, Placements, Root, Site};

/// A config with `slip` in it, on line 3.
fn with(place: In, slip: &str) -> String {
    let (mut site, mut more) = (r#""timezone": "Europe/Paris""#.to_owned(), String::new());
    let (mut placements, mut audiences) = (String::new(), String::new());
    let mut groups =
        r#""vip": [ "ada" ], "beta": { "type": "condition", "condition": { "user.beta": true } }"#.to_owned();
    let (mut offers, mut offer, mut eligible) = (String::new(), String::new(), String::new());
    let mut content = r#""template": "text", "text": "Hello""#.to_owned();
    let slip = format!("\n\n  {slip}\n");
    match place {
        Root => more = format!(", {slip}"),
        Site => site = slip,
        Placements => placements = format!(", {slip}"),
        Audiences => audiences = format!(", {slip}"),
        Groups => groups = slip,
        Offers => offers = format!(", {slip}"),
        Offer => offer = format!(", {slip}"),
        Eligible => eligible = format!(r#", "eligible": {{ {slip} }}"#),
        Content => content = slip,
    }
    format!(
        r#"{{ "offers": [ {{ "id": "a", "placement": "hero" {offer} {eligible}, "content": {{ {content} }} }} {offers} ], "site": {{ {site} }}, "savedGroups": {{ {groups} }}, "audiences": {{ "returning": {{ "visit.number": {{ "$gte": 2 }} }} {audiences} }}, "placements": {{ "hero": {{}}, "aside": {{}}, "over": {{ "kind": "overlay" }} {placements} }} {more} }}"#
    )
}

/// Checks a table: place, slip with a `¤` where the problem stands, its path, and what its words have to contain.
fn check(severity: Severity, cases: &[(In, &str, &str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (place, slip, path, what, remedy) in cases {
        let text = with(*place, slip);
        let (before, _) = text.split_once('¤').expect("a mark");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let engine = broken_engine(&text.replace('¤', ""));
        let fits = |problem: &Problem| {
            problem.severity == severity
                && (problem.place.line, problem.place.column) == (line, column)
                && problem.path == *path
                && problem.what.contains(what)
                && problem.remedy.contains(remedy)
        };
        if !matches!(engine.problems(), [problem] if fits(problem)) {
            wrong.push(format!(
                "{place:?} {slip}: wanted {line}:{column} {path}\n{:#?}",
                engine.problems()
            ));
        }
        let is_in_offer = matches!(place, Offer | Eligible | Content);
        if is_in_offer && !path.eq(&"$") && engine.problems().iter().any(|problem| problem.offer.is_none()) {
            wrong.push(format!("{slip}: the problem doesn't name its offer"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

/// [`check`] on a file with a case per line.
fn check_table(severity: Severity, table: &str) {
    let named = [
        ("Root", Root),
        ("Site", Site),
        ("Placements", Placements),
        ("Audiences", Audiences),
        ("Groups", Groups),
        ("Offers", Offers),
        ("Offer", Offer),
        ("Eligible", Eligible),
        ("Content", Content),
    ];
    let mut cases = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [place, slip, path, what, remedy] = fields[..] else {
            panic!("five fields: {line}");
        };
        let place = named.iter().find(|(name, _)| *name == place).expect("a place").1;
        cases.push((place, slip, path, what, remedy));
    }
    check(severity, &cases);
}

#[test]
fn the_frame_of_the_table_is_sound() {
    for (place, slip) in [
        (Root, r#""$schema": "x""#),
        (Offer, r#""value": {}"#),
        (Eligible, r#""page.path": "/""#),
    ] {
        assert_eq!(broken_engine(&with(place, slip)).problems(), [], "{place:?}");
    }
}

#[test]
fn misspelt_names_are_reported_with_the_nearest_known_one() {
    check_table(Severity::Error, include_str!("config/misspelt.txt"));
}

#[test]
fn values_of_the_wrong_kind_are_reported_with_an_example() {
    check_table(Severity::Error, include_str!("config/kinds.txt"));
    for (text, what) in [
        ("[]", "has to be an object: the config"),
        ("3", "has to be an object: the config"),
        (r#"{ "offers": {} }"#, "a list of offers"),
        (r#"{ "offers": [], "audiences": [] }"#, "audiences by name"),
        (r#"{ "offers": [], "placements": [] }"#, "placements by name"),
        (r#"{ "offers": [], "site": [] }"#, "the site"),
        (r#"{ "offers": [], "savedGroups": [] }"#, "saved groups by id"),
    ] {
        let engine = broken_engine(text);
        assert!(
            matches!(engine.problems(), [problem] if problem.what.contains(what)),
            "{text}: {:?}",
            engine.problems()
        );
    }
}

#[test]
fn slips_in_when_and_where_an_offer_may_appear_are_reported() {
    check_table(Severity::Error, include_str!("config/moment.txt"));
}

#[test]
fn what_may_be_said_of_when_and_where_an_offer_may_appear() {
    let mut good = vec![
        (Offer, r#""trigger": "page_view""#.to_owned()),
        (Root, r#""pressure": []"#.to_owned()),
        (Root, r#""pressure": { "quiet": "22:30-8" }"#.to_owned()),
        (Root, r#""pressure": [ { "placements": "over", "cap": { "exposures": 1, "per": "page" } } ]"#.to_owned()),
        (Root, r#""pressure": [ { "placements": [ "over", "hero" ], "cap": [ { "exposures": 200 }, { "exposures": 1, "per": "visit" } ], "rest": "14d", "after": { "event": "purchase" }, "quiet": "0-24" } ]"#.to_owned()),
        (Offer, r#""family": "shoes", "fit": "visit.number""#.to_owned()),
        (Offer, r#""fit": "offer.a.clicks""#.to_owned()),
        (Offer, r#""fit": "user.anything""#.to_owned()),
        (Offer, r#""rest": [ { "after": { "event": "purchase", "where": { "value": { "$gt": 10 } } }, "for": "1d" }, { "after": "exposed", "for": "1h" } ]"#.to_owned()),
        (Placements, r#""x": { "kind": "overlay" }"#.to_owned()),
        (Content, r#""template": "inline", "title": "x""#.to_owned()),
    ];
    let triggers = [
        r#""exit_intent""#,
        r#"[ "exit_intent", "return_to_tab", { "dwell": "1m30s" } ]"#,
        r#"{ "on": "exit_intent" }"#,
        r#"{ "on": { "scroll": 1 } }"#,
        r#"{ "on": [ { "idle": "30s" }, { "event": "add_to_cart", "where": { "value": { "$gte": 9 } } }, { "stage": "lapsing" } ] }"#,
        r#"{ "event": "anything_at_all" }"#,
    ];
    for trigger in triggers {
        good.push((Offer, format!(r#""trigger": {trigger}"#)));
    }
    // Which of the templates is for which placements.
    for (placement, templates) in [
        (r#""over""#, "modal bar toast card banner text mine"),
        (r#"[ "hero", "aside" ]"#, "inline card banner text mine"),
        (r#"[ "hero", "over" ]"#, "modal bar toast inline card banner text mine"),
    ] {
        for template in templates.split(' ') {
            let content = format!(r#"{{ "template": "{template}", "text": "x" }}"#);
            good.push((
                Offers,
                format!(r#"{{ "id": "b", "placement": {placement}, "content": {content} }}"#),
            ));
        }
    }
    for (place, slip) in good {
        assert_eq!(broken_engine(&with(place, &slip)).problems(), [], "{slip}");
    }
}

#[test]
fn content_needs_something_to_show() {
    let text = r#"{ "placements": { "hero": {} }, "offers": [
        { "id": "a", "placement": "hero", "content": { "template": "card" } },
        { "id": "b", "placement": "hero", "content": { "title": "x" } },
        { "id": "c", "placement": "hero", "content": { "template": "page-template" } } ] }"#;
    let engine = broken_engine(text);
    let problems: Vec<(&str, &str)> = engine
        .problems()
        .iter()
        .map(|problem| (problem.path.as_str(), problem.what.as_str()))
        .collect();
    assert_eq!(
        problems,
        [
            ("$.offers[0].content", "there is nothing to show"),
            ("$.offers[1].content", "`template` is missing")
        ]
    );
    assert_eq!(shown(&engine, "hero", at(NOON)), ["c"]);
}

#[test]
fn durations_dates_and_hours_that_are_none_are_reported() {
    let durations = [
        "30",
        "",
        "30 m",
        "m",
        "1.5h",
        "-1d",
        "0s",
        "0d",
        "1h1h",
        "3s2d",
        "1M",
        "1y",
        "30 minutes",
        "9999999999w",
        "P1D",
    ];
    let dates = [
        "2026-02-30",
        "27.11.2026",
        "2026-11",
        "tomorrow",
        "",
        "2026-13-01",
        "2026-11-27T25:00",
        "2026-11-27T18",
        "2026-11-27T18:00+1",
        "2026-11-27T",
        "11/27/2026",
        "2026-11-27T18:00:61",
        "20261127",
        "2026-1-2",
    ];
    let hours = [
        "9", "9-9", "9-25", "24-6", "9:60-10", "-1-5", "9 to 5", "", "9-21-22", "9-24:30", "9am-5pm", "9:5-10",
    ];
    let mut cases = Vec::new();
    for text in durations {
        cases.push((
            Site,
            format!(r#""visit": {{ "timeout": ¤"{text}" }}"#),
            "$.site.visit.timeout",
            "a duration",
            "30m",
        ));
        cases.push((
            Site,
            format!(r#""retention": ¤"{text}""#),
            "$.site.retention",
            "a duration",
            "30m",
        ));
        let rest = format!(r#""rest": {{ "after": "dismissed", "for": ¤"{text}" }}"#);
        cases.push((Offer, rest, "$.offers[0].rest.for", "a duration", "1d12h"));
        let did = format!(r#""$did": {{ "event": "x", "within": ¤"{text}" }}"#);
        cases.push((Eligible, did, "$.offers[0].eligible['$did'].within", "a duration", "7d"));
        let ago = format!(r#""$did": {{ "event": "x", "ago": {{ "$gt": ¤"{text}" }} }}"#);
        cases.push((
            Eligible,
            ago,
            "$.offers[0].eligible['$did'].ago['$gt']",
            "a duration",
            "7d",
        ));
        let cap = format!(r#""cap": {{ "exposures": 1, "per": ¤"{text}" }}"#);
        cases.push((Offer, cap, "$.offers[0].cap.per", "a duration", ""));
    }
    let day = r#""cap": { "exposures": 1, "per": ¤"day" }"#.to_owned();
    cases.push((Offer, day, "$.offers[0].cap.per", "`visit` or a duration", "30d"));
    let number = r#""cap": { "exposures": 1, "per": ¤30 }"#.to_owned();
    cases.push((Offer, number, "$.offers[0].cap.per", "a duration", "30m"));
    for text in dates {
        let from = format!(r#""schedule": {{ "from": ¤"{text}" }}"#);
        cases.push((Offer, from, "$.offers[0].schedule.from", "a date", "2026-11-27"));
        let to = format!(r#""schedule": {{ "to": ¤"{text}" }}"#);
        cases.push((Offer, to, "$.offers[0].schedule.to", "a date", "2026-11-27"));
    }
    for text in hours {
        let hours = format!(r#""schedule": {{ "hours": ¤"{text}" }}"#);
        cases.push((Offer, hours, "$.offers[0].schedule.hours", "a span of hours", "9-21"));
    }
    for (from, to) in [
        ("2026-11-27", "2026-11-26"),
        ("2026-11-27T18:00", "2026-11-27T18:00"),
        ("2026-11-27T18:00Z", "2026-11-27T18:30+01:00"),
    ] {
        let schedule = format!(r#""schedule": {{ "from": "{from}", "to": ¤"{to}" }}"#);
        cases.push((
            Offer,
            schedule,
            "$.offers[0].schedule.to",
            "ends before it begins",
            "not before `from`",
        ));
    }
    let long = r#""$did": { "event": "x", "within": ¤"401d" }"#.to_owned();
    cases.push((
        Eligible,
        long,
        "$.offers[0].eligible['$did'].within",
        "too long",
        "400d",
    ));
    let cases: Vec<_> = cases
        .iter()
        .map(|(place, slip, path, what, remedy)| (*place, slip.as_str(), *path, *what, *remedy))
        .collect();
    check(Severity::Error, &cases);
}

#[test]
fn links_and_images_lead_only_where_they_may() {
    let bad = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\\tscript:alert(1)",
        "java\\nscript:alert(1)",
        "\\tjavascript:alert(1)",
        " javascript:alert(1)",
        "\\u0000javascript:alert(1)",
        "http://shop.example/",
        "HTTP://shop.example/",
        "//evil.example/",
        "/\\\\evil.example/",
        "\\\\\\\\evil.example/",
        "\\\\/evil.example",
        "/\\t/evil.example",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "blob:https://shop.example/x",
        "file:///etc/passwd",
        "ftp://shop.example/",
        "about:blank",
        "intent://x",
        "/a b ",
        "/a\\u0085b",
        "wss://x",
    ];
    let mut cases = Vec::new();
    for link in bad {
        cases.push((
            format!(r#""template": "card", "title": "x", "cta": "y", "link": ¤"{link}""#),
            "link",
        ));
        cases.push((format!(r#""template": "mine", "link": ¤"{link}""#), "link"));
        cases.push((
            format!(r#""template": "card", "title": "x", "alt": "", "image": ¤"{link}""#),
            "image",
        ));
    }
    for image in ["mailto:a@shop.example", "tel:+331234"] {
        cases.push((
            format!(r#""template": "card", "title": "x", "alt": "", "image": ¤"{image}""#),
            "image",
        ));
    }
    let cases: Vec<_> = cases
        .iter()
        .map(|(slip, key)| {
            let path = if *key == "link" {
                "$.offers[0].content.link"
            } else {
                "$.offers[0].content.image"
            };
            (
                Content,
                slip.as_str(),
                path,
                "is not an address that may be used here",
                "`https:`",
            )
        })
        .collect();
    check(Severity::Error, &cases);
    let good = [
        "https://shop.example/x?y=a:b",
        "HTTPS://shop.example",
        "/running",
        "./x",
        "../x",
        "?page=2",
        "#sizes",
        "/a:b",
        "mailto:a@shop.example",
        "tel:+331234",
        "/recherche?q=été",
    ];
    for link in good {
        let text = with(
            Content,
            &format!(r#""template": "card", "title": "x", "cta": "y", "link": "{link}""#),
        );
        assert_eq!(broken_engine(&text).problems(), [], "{link}");
    }
}

/// A host without its scheme is the most common slip of all: it would lead to `/www.shop.example` of this very site.
#[test]
fn a_link_begins_with_a_scheme_or_is_seen_to_be_a_path() {
    for link in ["www.shop.example/sale", "running", "shop.example"] {
        let text = with(
            Content,
            &format!(r#""template": "card", "title": "x", "cta": "y", "link": "{link}""#),
        );
        assert_eq!(broken_engine(&text).problems().len(), 1, "{link}");
    }
}

#[test]
fn what_is_not_built_yet_is_said_to_be_so() {
    check_table(Severity::Error, include_str!("config/later.txt"));
}

#[test]
fn duplicates_and_circles_are_reported() {
    check_table(Severity::Error, include_str!("config/twice.txt"));
    let circle = r#""x": { "audience": "y" }, "y": { "audience": "z" }, "z": { "$not": { "audience": "x" } }, "out": { "audience": "x" }"#;
    let engine = broken_engine(&with(Audiences, circle));
    let paths: Vec<&str> = engine.problems().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["$.audiences.x", "$.audiences.y", "$.audiences.z"]);
    // The first of two with the same id is shown.
    let twice = r#"{ "id": "a", "placement": "aside", "content": { "template": "text", "text": "x" } }"#;
    let engine = broken_engine(&with(Offers, twice));
    assert_eq!(shown(&engine, "hero", at(NOON)), ["a"]);
    assert_eq!(shown(&engine, "aside", at(NOON)), [""; 0]);
}

#[test]
fn slips_of_syntax_are_read_over_where_they_can_be() {
    check(
        Severity::Error,
        &[
            (
                Site,
                r#""timezone": "Europe/Paris"¤,"#,
                "$",
                "a comma too many",
                "remove the last `,`",
            ),
            (
                Offer,
                r#""cap": [ { "exposures": 1 }¤, ]"#,
                "$",
                "a comma too many",
                "remove",
            ),
            (
                Offer,
                r#""value": { "site": 1 ¤"visitor": 2 }"#,
                "$",
                "a comma is missing",
                "write `,`",
            ),
            (Offer, r#""value" ¤{ "site": 1 }"#, "$", "a `:` is missing", "write `:`"),
            (
                Offer,
                "¤// why\n \"value\": {}",
                "$",
                "JSON has no comments",
                "remove the comment",
            ),
            (
                Offer,
                "\"value\": ¤/* why */ {}",
                "$",
                "JSON has no comments",
                "remove the comment",
            ),
        ],
    );
}

#[test]
fn slips_of_syntax_that_end_the_reading_are_reported_where_it_ends() {
    let cases = [
        ("", 1, "the text ends too early"),
        ("{", 2, "a key is expected"),
        (r#"{ "offers": [ "#, 15, "the text ends too early"),
        (r#"{ 'offers': [] }"#, 3, "a key is expected"),
        (r#"{ offers: [] }"#, 3, "a key is expected"),
        (r#"{ "site": 'x' }"#, 11, "no single quotes"),
        (r#"{ "site": undefined }"#, 11, "a value is expected"),
        (r#"{ "site": 01 }"#, 11, "not a number"),
        (r#"{ "site": .5 }"#, 11, "a value is expected"),
        (r#"{ "site": "x }"#, 12, "no end"),
        ("{ \"site\": \"x\n\" }", 13, "ends at the end of its line"),
        (r#"{ "site": "\x" }"#, 12, "escape is unknown"),
        (r#"{ "site": "\u12" }"#, 12, "four hexadecimal digits"),
        (r#"{ "site": "\u+041" }"#, 12, "four hexadecimal digits"),
        (r#"{ "offers": [] } }"#, 18, "more text after the end"),
        (r#"{ "offers": [ } ]"#, 15, "a value is expected"),
    ];
    let mut wrong = Vec::new();
    for (text, column, what) in cases {
        let engine = broken_engine(text);
        let fits = |problem: &Problem| problem.place.column == column && problem.what.contains(what);
        if !engine.problems().first().is_some_and(fits) {
            wrong.push(format!("{text:?}: wanted {column} {what}\n{:#?}", engine.problems()));
        }
        assert!(engine.problems().iter().all(|problem| !problem.remedy.is_empty()));
        assert_eq!(engine.decide("hero", at(NOON)), None);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_runs_but_hardly_as_meant_is_a_warning() {
    check_table(Severity::Warning, include_str!("config/warnings.txt"));
    for (slip, what) in [
        (
            r#""template": "card", "title": "x", "image": "/x.png""#,
            "the image has no `alt`",
        ),
        (
            r#""template": "card", "title": "x", "cta": "y""#,
            "there is a `cta` but no `link`",
        ),
        (
            r#""template": "card", "text": "x", "link": "/y""#,
            "there is a `link` but no `cta`",
        ),
    ] {
        let engine = broken_engine(&with(Content, slip));
        let is_one =
            matches!(engine.problems(), [problem] if problem.what == what && problem.severity == Severity::Warning);
        assert!(is_one, "{slip}: {:?}", engine.problems());
        assert_eq!(shown(&engine, "hero", at(NOON)), ["a"], "it runs");
    }
    assert_eq!(broken_engine("{}").problems()[0].severity, Severity::Warning);
}

// ── all at once, and what runs nevertheless ────────────────────────────────────────────────────────────────────────────

const MANY: &str = r#"{
  "site": { "timezone": "Europe/Pairs" },
  "audiences": {
    "broken": { "visit.nubmer": 2 },
    "good":   { "page.path": "/" },
    "on-it":  { "$or": [ { "audience": "good" }, { "audience": "broken" } ] }
  },
  "placements": { "hero": { "take": 9 }, "aside": {} },
  "offers": [
    { "id": "first", "placement": "hero", "content": { "template": "text", "text": "x" } },
    { "id": "twice", "placement": "hero", "valeu": {}, "cap": { "exposures": 0 },
      "content": { "template": "text", "text": "x", "link": "javascript:x", "cta": "y" } },
    { "id": "last", "placement": "hero", "eligible": { "audience": "good" }, "content": { "template": "text", "text": "x" } },
    { "id": "nowhere", "placement": "footer", "content": { "template": "text", "text": "x" } },
    3,
    { "id": "and", "placement": "hero", "eligible": { "audience": "broken" }, "content": { "template": "text", "text": "x" } },
    { "id": "not", "placement": "hero", "eligible": { "$not": { "audience": "broken" } }, "content": { "template": "text", "text": "x" } },
    { "id": "nor", "placement": "hero", "eligible": { "$nor": [ { "audience": "broken" } ] }, "content": { "template": "text", "text": "x" } },
    { "id": "nin", "placement": "hero", "eligible": { "audience": { "$nin": [ "broken" ] } }, "content": { "template": "text", "text": "x" } },
    { "id": "both", "placement": "hero", "eligible": { "audience": { "$all": [ "good", "broken" ] } }, "content": { "template": "text", "text": "x" } }
  ]
}"#;

#[test]
fn all_problems_are_reported_in_one_go_in_the_order_of_the_text() {
    let engine = broken_engine(MANY);
    let problems: Vec<(&str, usize, Option<&str>)> = engine
        .problems()
        .iter()
        .map(|problem| (problem.path.as_str(), problem.place.line, problem.offer.as_deref()))
        .collect();
    assert_eq!(
        problems,
        [
            ("$.site.timezone", 2, None),
            ("$.audiences.broken['visit.nubmer']", 4, None),
            ("$.offers[1].valeu", 11, Some("twice")),
            ("$.offers[1].cap.exposures", 11, Some("twice")),
            ("$.offers[1].content.link", 12, Some("twice")),
            ("$.offers[3].placement", 14, Some("nowhere")),
            ("$.offers[4]", 15, None),
            ("$.offers[5].eligible.audience", 16, Some("and")),
            ("$.offers[6].eligible['$not'].audience", 17, Some("not")),
            ("$.offers[7].eligible['$nor'][0].audience", 18, Some("nor")),
            ("$.offers[8].eligible.audience['$nin'][0]", 19, Some("nin")),
            ("$.offers[9].eligible.audience['$all'][1]", 20, Some("both")),
        ]
    );
    let places: Vec<_> = engine.problems().iter().map(|problem| problem.place).collect();
    assert!(places.is_sorted());
}

#[test]
fn a_broken_offer_is_skipped_and_the_others_run() {
    let mut engine = broken_engine(MANY);
    view(&mut engine, "/", at(NOON));
    assert_eq!(shown(&engine, "hero", at(NOON)), ["first", "last"]);
    assert_eq!(shown(&engine, "aside", at(NOON)), [""; 0]);
    let twice = why(&engine, "twice", at(NOON));
    assert_eq!((twice.status, twice.failed.len()), (Status::Skipped, 1));
    assert_eq!(why(&engine, "not", at(NOON)).status, Status::Skipped);
}

/// Who it is for can't be known, in whatever way it is named; and the order of conditions means nothing.
#[test]
fn an_offer_that_names_a_broken_audience_is_not_shown() {
    let broken = json!({ "audience": "broken" });
    let through = json!({ "audience": "through" });
    let (yes, no) = (json!({ "page.path": "/" }), json!({ "page.path": "/elsewhere" }));
    let conditions = [
        broken.clone(),
        json!({ "$not": broken }),
        json!({ "$not": { "$not": broken } }),
        json!({ "$nor": [broken] }),
        json!({ "audience": { "$nin": ["broken"] } }),
        json!({ "audience": { "$nin": ["good", "broken"] } }),
        json!({ "audience": { "$in": ["broken", "good"] } }),
        json!({ "audience": { "$in": ["good", "broken"] } }),
        json!({ "audience": { "$all": ["good", "broken"] } }),
        json!({ "$and": [yes, broken] }),
        json!({ "$or": [broken, yes] }),
        json!({ "$or": [yes, broken] }),
        json!({ "$not": { "$and": [broken, no] } }),
        json!({ "$not": { "$and": [no, broken] } }),
        through.clone(),
        json!({ "$not": through }),
        json!({ "$or": [yes, through] }),
        json!({ "$or": [through, yes] }),
    ];
    let mut wrong = Vec::new();
    for condition in conditions {
        let config = json!({
            "audiences": {
                "good": yes,
                "broken": { "visit.nubmer": 2 },
                "through": { "$or": [yes, broken] },
            },
            "placements": { "hero": {} },
            "offers": [kit::offer("a", json!({ "eligible": condition }))],
        });
        let mut engine = broken_engine(&config.to_string());
        view(&mut engine, "/", at(NOON));
        let why = why(&engine, "a", at(NOON));
        if !shown(&engine, "hero", at(NOON)).is_empty() {
            wrong.push(format!("{condition} is shown"));
        } else if why.failed.is_empty() || why.change == "show it: " {
            wrong.push(format!(
                "{condition} is not shown, and the explanation doesn't say why: {why:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An offer for everybody but those in a group is not shown to those in it because the group can't be read.
#[test]
fn an_offer_that_names_a_broken_saved_group_is_not_shown() {
    let groups = [
        json!({ "type": "list", "attributeKey": "user.id" }),
        json!({ "type": "list", "values": ["ada"] }),
        json!({ "type": "list", "attributeKey": "user.id", "values": "ada" }),
        json!({ "type": "lists", "attributeKey": "user.id", "values": ["ada"] }),
        json!({ "type": "condition", "condition": { "visit.nubmer": 2 } }),
        json!({ "type": "condition" }),
        json!({ "type": "condition", "condition": [] }),
        json!(3),
    ];
    let mut wrong = Vec::new();
    for group in groups {
        for condition in [
            json!({ "$savedGroup": { "id": "g" } }),
            json!({ "$not": { "$savedGroup": { "id": "g" } } }),
            json!({ "user.id": { "$notInGroup": "g" } }),
        ] {
            let config = json!({
                "savedGroups": { "g": group },
                "placements": { "hero": {} },
                "offers": [kit::offer("a", json!({ "eligible": condition }))],
            });
            let engine = broken_engine(&config.to_string());
            assert!(!engine.problems().is_empty());
            if !shown(&engine, "hero", at(NOON)).is_empty() {
                wrong.push(format!("{condition} of {group}"));
            }
        }
    }
    assert!(wrong.is_empty(), "shown: {}", wrong.join("\n"));
}

/// What is wrong in the second of two things with the same name is reported there, not at the first.
#[test]
fn a_problem_in_a_thing_named_twice_is_reported_where_it_stands() {
    let text = "{ \"placements\": { \"hero\": {},\n \"hero\": { \"takes\": 2 } },\n \"offers\": [] }";
    let engine = broken_engine(text);
    let takes = engine.problems().iter().find(|problem| problem.what.contains("takes"));
    assert_eq!(takes.map(|problem| problem.place.line), Some(2));
}

#[test]
fn long_chains_of_audiences_are_followed() {
    let mut audiences = json!({ "a0": { "page.path": "/" } });
    for index in 1..500 {
        audiences[format!("a{index}")] = json!({ "audience": format!("a{}", index - 1) });
    }
    let offer = kit::offer("a", json!({ "eligible": { "audience": "a499" } }));
    let config = json!({ "audiences": audiences, "placements": { "hero": {} }, "offers": [offer] });
    let mut engine = kit::engine(&config);
    assert!(!kit::shows(&engine, "a", at(NOON)));
    view(&mut engine, "/", at(NOON));
    assert!(kit::shows(&engine, "a", at(NOON)));
}

// ── anything at all ────────────────────────────────────────────────────────────────────────────────────────────────────

/// Reads it, and lets it run.
fn use_it(text: &str) {
    let mut engine = broken_engine(text);
    for problem in engine.problems() {
        assert!(
            !problem.what.is_empty() && !problem.remedy.is_empty() && problem.path.starts_with('$'),
            "{problem:?}"
        );
        assert!(!problem.what.contains('%') || text.contains('%'), "{problem:?}");
    }
    assert!(engine.problems().iter().map(|problem| problem.place).is_sorted());
    view(&mut engine, "/", at(NOON));
    engine.observe(
        "view_item",
        kit::value(&json!({ "item_category": "running" })),
        at(NOON),
    );
    let names: Vec<String> = engine
        .plan()
        .placements()
        .map(|placement| placement.name().to_owned())
        .collect();
    for name in names {
        let decision = engine.decide(&name, at(NOON)).expect("a placement").offers.len();
        assert_eq!(
            engine.explain(&name, at(NOON)).expect("a placement").shows.len(),
            decision
        );
    }
    let stored = engine.save();
    engine.load([stored.as_str()], &stored, at(NOON));
}

/// JSON with the config's own words in it, so that it gets far.
fn json_of_its_words() -> impl Strategy<Value = serde_json::Value> {
    let words = prop::sample::select(vec![
        "site",
        "timezone",
        "visit",
        "timeout",
        "placements",
        "hero",
        "take",
        "fallback",
        "offers",
        "id",
        "a",
        "placement",
        "eligible",
        "audience",
        "audiences",
        "$did",
        "event",
        "within",
        "7d",
        "times",
        "ago",
        "where",
        "$gt",
        "$in",
        "$and",
        "$or",
        "$not",
        "$nor",
        "cap",
        "exposures",
        "per",
        "rest",
        "after",
        "dismissed",
        "for",
        "value",
        "content",
        "template",
        "card",
        "title",
        "link",
        "/x",
        "$savedGroup",
        "savedGroups",
        "visit.number",
        "page.path",
        "user.x",
        "offer.a.clicks",
        "schedule",
        "from",
        "2026-11-27",
        "hours",
        "9-21",
        "$elemMatch",
        "$regex",
        "$inGroup",
        "type",
        "condition",
        "sum",
        "max",
        "distinct",
        "is",
        "first",
        "last",
        "sequence",
        "without",
        "interests",
        "from",
        "add",
        "halfLife",
        "interest.a",
        "interest.top",
        "lifecycle",
        "stage",
        "when",
        "stage.now",
        "stage.days",
        "stage_change",
        "view_item",
        "é😀%",
    ]);
    let leaf = prop_oneof![
        words.clone().prop_map(|word| json!(word)),
        any::<f64>().prop_map(|number| json!(number)),
        (-3..300_i64).prop_map(|number| json!(number)),
        any::<bool>().prop_map(|truth| json!(truth)),
        Just(json!(null)),
    ];
    leaf.prop_recursive(6, 80, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|members| {
                serde_json::Value::Object(
                    members
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,200}") {
        use_it(&String::from_utf8_lossy(&bytes));
        use_it(&text);
    }

    #[test]
    fn no_json_makes_it_panic(any in json_of_its_words(), offer in json_of_its_words(), condition in json_of_its_words()) {
        use_it(&any.to_string());
        use_it(&json!({ "placements": { "hero": {} }, "offers": [offer], "audiences": any, "savedGroups": condition }).to_string());
        use_it(&json!({ "audiences": { "a": condition }, "placements": { "hero": { "take": 3 } }, "savedGroups": { "a": any },
            "offers": [kit::offer("a", json!({ "eligible": any })), kit::offer("b", json!({ "eligible": condition }))] }).to_string());
        let asks = json!({ "$or": [any, { "stage.before": "a" }, { "interest.top": "a" }] });
        use_it(&json!({ "interests": { "a": any, "b": { "from": any } }, "placements": { "hero": {} }, "audiences": { "a": condition },
            "lifecycle": [{ "stage": "a", "when": condition }, { "stage": "b", "when": { "audience": "a" } }, any],
            "offers": [kit::offer("a", json!({ "eligible": asks })), kit::offer("b", json!({ "eligible": { "$did": condition } }))] }).to_string());
    }

    /// Cut, doubled, swapped or replaced somewhere, a good config is read as far as it goes.
    #[test]
    fn no_slip_in_a_good_config_makes_it_panic(
        slips in prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8, prop::char::any()), 1..6),
    ) {
        let mut letters: Vec<char> = GOOD.chars().collect();
        for (index, kind, letter) in slips {
            let at = index.index(letters.len());
            match kind {
                0 => { letters.remove(at); }
                1 => letters.insert(at, letter),
                2 => letters[at] = letter,
                3 => letters[at] = ['{', '}', '[', ']', '"', ',', ':', '\\'][letter as usize % 8],
                4 => { letters.drain(at..(at + letter as usize % 40).min(letters.len())); }
                _ => { let again: Vec<char> = letters.iter().skip(at).take(letter as usize % 40).copied().collect(); letters.splice(at..at, again); }
            }
            if letters.is_empty() {
                letters.push('{');
            }
        }
        use_it(&letters.into_iter().collect::<String>());
    }
}

const GOOD: &str = r#"{
  "site": { "timezone": "Europe/Paris", "visit": { "timeout": "30m" }, "balance": { "site": 1, "visitor": 2 }, "keep": ["plan"] },
  "savedGroups": { "vip": ["ada", "bob"], "beta": { "type": "condition", "condition": { "user.beta": true } } },
  "audiences": {
    "returning": { "visit.number": { "$gte": 2 } },
    "runner": { "$did": { "event": "view_item", "where": { "item_category": "running" }, "within": "14d", "times": { "$gte": 2 } } },
    "spender": { "$did": { "event": "purchase", "sum": "value", "within": "90d", "is": { "$gte": 200 } } },
    "browser": { "$did": { "sequence": [ { "event": "view_item" }, { "event": "add_to_cart" } ], "within": "1h", "without": { "event": "purchase" } } },
    "keen": { "$or": [ { "interest.running": { "$gt": 2 } }, { "stage.now": "loyal" }, { "$did": { "event": "view_item", "first": { "$gt": "30d" } } } ] } },
  "interests": { "running": { "title": "Running", "halfLife": "14d", "from": [ { "event": "view_item", "where": { "item_category": "running" }, "add": 1 } ] } },
  "lifecycle": [ { "stage": "loyal", "when": { "$did": { "event": "purchase", "distinct": "transaction_id", "is": { "$gte": 3 } } } }, { "stage": "new" } ],
  "placements": { "hero": { "take": 2, "fallback": { "template": "text", "text": "Hello" } }, "aside": {} },
  "offers": [
    { "id": "a", "placement": "hero", "eligible": { "$or": [ { "audience": { "$in": [ "returning", "spender", "browser", "keen" ] } }, { "user.id": { "$inGroup": "vip" } } ] },
      "schedule": { "from": "2026-01-01", "to": "2026-12-31T18:00+01:00", "hours": "22-6" },
      "cap": [ { "exposures": 1, "per": "visit" }, { "exposures": 3, "per": "30d" } ],
      "rest": { "after": "dismissed", "for": "30d" }, "value": { "site": 2.5, "visitor": 1 },
      "content": { "template": "card", "title": "A \"good\" one \u00e9", "cta": "See", "link": "/x" } },
    { "id": "b", "placement": "hero", "eligible": { "$not": { "audience": "runner" }, "$savedGroup": { "id": "beta" }, "offer.a.clicks": { "$lt": 2 } },
      "content": { "template": "mine", "anything": "x", "number": 3 } } ]
}"#;

#[test]
fn the_good_config_is_good() {
    assert_eq!(broken_engine(GOOD).problems(), []);
}
