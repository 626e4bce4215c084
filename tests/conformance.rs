//! GrowthBook's published cases (spec 0.12.0), brought by `tools/conformance.mjs`: conditions mean here what they mean there.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use maitre::bucket::{bucket_ranges, choose_variation, equal_weights, hash, in_namespace};
use maitre::condition::{Facts, Scribe, Truth, Where, holds};
use maitre::config::open_condition;
use maitre::host::{Host, Native};
use maitre::json::{Value, read};
use std::borrow::Cow;

/// The cases, or `None` (said loudly) when they could not be had.
fn cases(section: &str) -> Option<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/target/conformance/growthbook.json");
    let Ok(text) = std::fs::read_to_string(file) else {
        eprintln!("SKIPPED: GrowthBook's {section} cases are not here; `make conformance` brings them");
        return None;
    };
    let (all, faults) = read(&text, &Native);
    assert_eq!(faults, []);
    let section = all.unwrap().get(section).expect("the section").clone();
    Some(section)
}

struct Attributes<'a>(&'a Value);

impl Facts for Attributes<'_> {
    fn fact(&self, path: Where) -> Option<Cow<'_, Value>> {
        match path {
            Where::Field(steps) => Some(Cow::Borrowed(self.0.down(steps))),
            other => panic!("{other:?} is no path of GrowthBook's"),
        }
    }

    fn host(&self) -> &dyn Host {
        &Native
    }
}

fn passes(condition: &Value, attributes: &Value, groups: &Value) -> bool {
    let mut scribe = Scribe::default();
    let place = scribe.condition(&open_condition(condition, groups, &Native));
    let records = scribe.writer.done(&[place]);
    holds(records.root(1).record(0), &Attributes(attributes)) == Truth::Yes
}

fn check_conditions(cases: &Value, expected: usize) {
    let none = Value::Null;
    let mut wrong = Vec::new();
    for case in cases.items() {
        let case = case.items();
        let groups = case.get(4).unwrap_or(&none);
        if Value::Bool(passes(&case[1], &case[2], groups)) != case[3] {
            wrong.push(case[0].text().unwrap());
        }
    }
    assert!(wrong.is_empty(), "{} cases differ: {wrong:#?}", wrong.len());
    assert!(cases.items().len() >= expected, "only {} cases", cases.items().len());
}

#[test]
fn conditions() {
    let Some(cases) = cases("evalCondition") else { return };
    check_conditions(&cases, 583);
}

#[test]
fn saved_group_references() {
    let Some(cases) = cases("savedGroupReferencesV2") else {
        return;
    };
    check_conditions(cases.get("evalCondition").unwrap(), 40);
    for case in cases.get("feature").unwrap().items() {
        let case = case.items();
        let payload = Payload(&case[1]);
        let (value, source) = payload.feature(case[2].text().unwrap());
        let wanted = &case[3];
        assert_eq!(wanted.get("value"), Some(&value), "{:?}", case[0]);
        assert_eq!(
            wanted.get("source").and_then(Value::text),
            Some(source),
            "{:?}",
            case[0]
        );
    }
    for case in cases.get("run").unwrap().items() {
        let case = case.items();
        let (value, in_experiment, hash_used) = Payload(&case[1]).run(&case[2]);
        assert_eq!(
            (&value, &Value::Bool(in_experiment), &Value::Bool(hash_used)),
            (&case[3], &case[4], &case[5]),
            "{:?}",
            case[0]
        );
    }
}

/// As much of a GrowthBook SDK around conditions and buckets as the cases on saved groups need. Maitre has no features of
/// that kind; this shows that its conditions can stand under an SDK that has.
struct Payload<'a>(&'a Value);

impl Payload<'_> {
    fn passes(&self, condition: Option<&Value>, attributes: &Value) -> bool {
        let groups = self.0.get("savedGroups").cloned().unwrap_or_default();
        condition.is_none_or(|condition| passes(condition, attributes, &groups))
    }

    fn attributes(&self) -> Value {
        self.0.get("attributes").cloned().unwrap_or_default()
    }

    fn parents_pass(&self, rule: &Value) -> bool {
        rule.get("parentConditions")
            .map_or(&[][..], Value::items)
            .iter()
            .all(|parent| {
                let (value, _) = self.feature(parent.get("id").and_then(Value::text).unwrap());
                self.passes(parent.get("condition"), &Value::Map(vec![("value".into(), value)]))
            })
    }

    fn feature(&self, id: &str) -> (Value, &'static str) {
        let Some(feature) = self.0.get("features").and_then(|features| features.get(id)) else {
            return (Value::Null, "unknownFeature");
        };
        for rule in feature.get("rules").map_or(&[][..], Value::items) {
            if !self.parents_pass(rule) || !self.passes(rule.get("condition"), &self.attributes()) {
                continue;
            }
            if let Some(force) = rule.get("force") {
                return (force.clone(), "force");
            }
        }
        (feature.get("defaultValue").cloned().unwrap_or_default(), "defaultValue")
    }

    fn run(&self, experiment: &Value) -> (Value, bool, bool) {
        let variations = experiment.get("variations").unwrap().items();
        let attributes = self.attributes();
        let value = attributes.get("id").and_then(Value::text).unwrap_or_default();
        let fits =
            !value.is_empty() && self.passes(experiment.get("condition"), &attributes) && self.parents_pass(experiment);
        let place = hash(experiment.get("key").and_then(Value::text).unwrap(), value, 1).unwrap();
        let chosen = choose_variation(place, &bucket_ranges(variations.len(), 1.0, None)).filter(|_| fits);
        (
            variations[chosen.unwrap_or(0)].clone(),
            chosen.is_some(),
            chosen.is_some(),
        )
    }
}

#[test]
fn hashes() {
    let Some(cases) = cases("hash") else { return };
    for case in cases.items() {
        let case = case.items();
        let version = case[2].number().unwrap() as u32;
        let place = hash(case[0].text().unwrap(), case[1].text().unwrap(), version);
        assert_eq!(place.map_or(Value::Null, Value::Number), case[3], "{case:?}");
    }
}

fn ranges_of(value: &Value) -> Vec<(f64, f64)> {
    value
        .items()
        .iter()
        .map(|range| (range.items()[0].number().unwrap(), range.items()[1].number().unwrap()))
        .collect()
}

#[test]
fn ranges() {
    let Some(cases) = cases("getBucketRange") else { return };
    for case in cases.items() {
        let [name, input, wanted] = case.items() else {
            panic!("{case:?}")
        };
        let [count, coverage, weights] = input.items() else {
            panic!("{case:?}")
        };
        let weights: Option<Vec<f64>> =
            (*weights != Value::Null).then(|| weights.items().iter().map(|weight| weight.number().unwrap()).collect());
        let ranges = bucket_ranges(
            count.number().unwrap() as usize,
            coverage.number().unwrap(),
            weights.as_deref(),
        );
        let rounded = |place: f64| (place * 1e6).round() / 1e6;
        let ranges: Vec<_> = ranges
            .into_iter()
            .map(|(from, to)| (rounded(from), rounded(to)))
            .collect();
        assert_eq!(ranges, ranges_of(wanted), "{name:?}");
    }
}

#[test]
fn variations() {
    let Some(cases) = cases("chooseVariation") else { return };
    for case in cases.items() {
        let case = case.items();
        let chosen = choose_variation(case[1].number().unwrap(), &ranges_of(&case[2]));
        assert_eq!(
            chosen.map_or(-1.0, |index| index as f64),
            case[3].number().unwrap(),
            "{case:?}"
        );
    }
}

#[test]
fn namespaces() {
    let Some(cases) = cases("inNamespace") else { return };
    for case in cases.items() {
        let case = case.items();
        let namespace = case[2].items();
        let (from, to) = (namespace[1].number().unwrap(), namespace[2].number().unwrap());
        let inside = in_namespace(case[1].text().unwrap(), namespace[0].text().unwrap(), from, to);
        assert_eq!(Value::Bool(inside), case[3], "{case:?}");
    }
}

#[test]
fn weights() {
    let Some(cases) = cases("getEqualWeights") else { return };
    for case in cases.items() {
        let case = case.items();
        let count = case[0].number().unwrap().max(0.0) as usize;
        let rounded: Vec<Value> = equal_weights(count)
            .into_iter()
            .map(|weight| Value::Number((weight * 1e8).round() / 1e8))
            .collect();
        assert_eq!(Value::List(rounded), case[1]);
    }
}
