//! What only those who write offers need: problems, explanations, plans, and the command's tools. A page that loads a plan
//! does without.

use super::on_page;
use crate::config::Problem;
use crate::decide::{Explanation, Reason};
use crate::engine::Engine;
use crate::json::{self, Fault, Object, Place, Value};
use crate::ledger::ledger;
use crate::time::{Millis, duration};

pub(super) fn call(engine: &Engine, verb: u8, first: &str, second: &str, now: Millis) -> Option<String> {
    let answer = match verb {
        6 => {
            let explanation = engine.explain_beside(first, on_page(engine, second).as_ref(), now);
            let explanation = explanation.map(|found| found.discreet(engine.plan()));
            explained(first, explanation.as_ref())
        }
        13 => duration(first).map_or(Value::Null, |span| Value::Number(span as f64)),
        14 => faults(first, &json::read(first, engine.host()).1),
        15 | 16 => place(json::find(first, &[(second, verb == 16)], engine.host()).first()),
        25 => problems(engine.problems()),
        26 => compiled(first, engine),
        34 => ledger(first, second, now, engine.host()),
        35 => explained(
            first,
            engine
                .explain_beside(first, on_page(engine, second).as_ref(), now)
                .as_ref(),
        ),
        _ => return None,
    };
    Some(answer.to_json(engine.host()))
}

/// The plan of a config (JSON text) as a list of bytes; nothing of one with an error.
fn compiled(config: &str, engine: &Engine) -> Value {
    let (config, _) = crate::config::read(config, engine.host());
    if !config.sound {
        return Value::Null;
    }
    let bytes = crate::plan::Plan::compile(&config, false, engine.host()).encode();
    Value::List(bytes.into_iter().map(|byte| Value::Number(byte.into())).collect())
}

fn problems(problems: &[Problem]) -> Value {
    let mut list = Vec::new();
    for problem in problems {
        let mut object = Object::default()
            .text("severity", problem.severity.name())
            .text("path", &problem.path)
            .number("line", problem.place.line as f64)
            .number("column", problem.place.column as f64)
            .text("what", &problem.what)
            .text("remedy", &problem.remedy);
        if let Some(offer) = &problem.offer {
            object = object.text("offer", offer);
        }
        list.push(object.done());
    }
    Value::List(list)
}

fn faults(text: &str, faults: &[Fault]) -> Value {
    let mut list = Vec::new();
    for fault in faults {
        list.push(
            at(Place::of(text, fault.offset))
                .text("what", fault.what)
                .text("remedy", fault.remedy)
                .done(),
        );
    }
    Value::List(list)
}

fn place(place: Option<&Place>) -> Value {
    at(*place.unwrap_or(&Place::START)).done()
}

fn at(place: Place) -> Object {
    Object::default()
        .number("line", place.line as f64)
        .number("column", place.column as f64)
}

fn explained(placement: &str, explanation: Option<&Explanation>) -> Value {
    let (mut shows, mut offers) = (Vec::new(), Vec::new());
    if let Some(explanation) = explanation {
        for id in &explanation.shows {
            shows.push(Value::from(*id));
        }
        for offer in &explanation.offers {
            let object = Object::default()
                .text("offer", offer.offer)
                .number("value", offer.rank.value)
                .number("fit", offer.rank.fit)
                .number("freshness", offer.rank.freshness)
                .number("rank", offer.rank.total)
                .text("status", offer.status.name())
                .with("held", reasons(&offer.held))
                .with("failed", reasons(&offer.failed))
                .text("change", &offer.change);
            offers.push(object.done());
        }
    }
    Object::default()
        .text("placement", placement)
        .number("take", explanation.map_or(1, |explanation| explanation.take) as f64)
        .with("shows", Value::List(shows))
        .with("offers", Value::List(offers))
        .done()
}

fn reasons(reasons: &[Reason]) -> Value {
    let mut list = Vec::new();
    for reason in reasons {
        let mut object = Object::default().text("check", reason.check).text("text", &reason.text);
        if let Some(until) = reason.until {
            object = object.number("until", until as f64);
        }
        list.push(object.done());
    }
    Value::List(list)
}
