//! What goes out to JavaScript, as JSON values.

use crate::config::Problem;
use crate::decide::{Decision, Explanation, Reason};
use crate::json::{Fault, Place, Value};
use crate::plan::Plan;

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(
        members
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

fn count(number: usize) -> Value {
    Value::Number(number as f64)
}

pub(super) fn problems(problems: &[Problem]) -> Value {
    let problem = |problem: &Problem| {
        let mut value = object([
            ("severity", problem.severity.name().into()),
            ("path", problem.path.as_str().into()),
            ("line", count(problem.place.line)),
            ("column", count(problem.place.column)),
            ("what", problem.what.as_str().into()),
            ("remedy", problem.remedy.as_str().into()),
        ]);
        if let Some(offer) = &problem.offer {
            value.set("offer", offer.as_str().into());
        }
        value
    };
    Value::List(problems.iter().map(problem).collect())
}

pub(super) fn faults(text: &str, faults: &[Fault]) -> Value {
    let fault = |fault: &Fault| {
        let mut value = place(text, fault.offset);
        value.set("what", fault.what.into());
        value.set("remedy", fault.remedy.into());
        value
    };
    Value::List(faults.iter().map(fault).collect())
}

pub(super) fn place(text: &str, offset: usize) -> Value {
    let place = Place::of(text, offset);
    object([("line", count(place.line)), ("column", count(place.column))])
}

pub(super) fn decision(placement: &str, decision: Option<&Decision>, plan: &Plan) -> Value {
    let take = plan
        .placements
        .iter()
        .find(|known| known.name == placement)
        .map_or(1, |known| known.take);
    let offers = decision.map_or(&[][..], |decision| &decision.offers);
    let offer =
        |offer: &&crate::config::Offer| object([("id", plan.id(offer).into()), ("content", offer.content.clone())]);
    object([
        ("placement", placement.into()),
        ("known", decision.is_some().into()),
        ("take", count(take)),
        ("offers", Value::List(offers.iter().map(offer).collect())),
        (
            "fallback",
            decision
                .and_then(|decision| decision.fallback)
                .cloned()
                .unwrap_or_default(),
        ),
    ])
}

pub(super) fn explanation(placement: &str, explanation: Option<&Explanation>) -> Value {
    let Some(explanation) = explanation else {
        return object([
            ("placement", placement.into()),
            ("take", count(1)),
            ("shows", Value::List(vec![])),
            ("offers", Value::List(vec![])),
        ]);
    };
    let reasons = |reasons: &[Reason]| {
        let reason = |reason: &Reason| {
            let mut value = object([("check", reason.check.into()), ("text", reason.text.as_str().into())]);
            if let Some(until) = reason.until {
                value.set("until", Value::Number(until as f64));
            }
            value
        };
        Value::List(reasons.iter().map(reason).collect())
    };
    let offers = explanation.offers.iter().map(|offer| {
        object([
            ("offer", offer.offer.into()),
            ("value", offer.value.into()),
            ("status", offer.status.name().into()),
            ("held", reasons(&offer.held)),
            ("failed", reasons(&offer.failed)),
            ("change", offer.change.as_str().into()),
        ])
    });
    object([
        ("placement", explanation.placement.into()),
        ("take", count(explanation.take)),
        (
            "shows",
            Value::List(explanation.shows.iter().map(|id| Value::from(*id)).collect()),
        ),
        ("offers", Value::List(offers.collect())),
    ])
}
