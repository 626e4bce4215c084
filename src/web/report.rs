//! What goes out to JavaScript, as JSON values.

use crate::config::{Offer, Problem, Signal};
use crate::decide::{Decision, Explanation, Reason};
use crate::engine::Engine;
use crate::json::{Fault, Place, Value};
use crate::plan::Plan;

/// An object in the making.
struct Object(Vec<(String, Value)>);

impl Object {
    fn new() -> Self {
        Object(Vec::new())
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.0.push((key.to_owned(), value));
        self
    }

    fn text(self, key: &str, text: &str) -> Self {
        self.with(key, text.into())
    }

    fn number(self, key: &str, number: f64) -> Self {
        self.with(key, number.into())
    }

    fn done(self) -> Value {
        Value::Map(self.0)
    }
}

pub(super) fn problems(problems: &[Problem]) -> Value {
    let mut list = Vec::new();
    for problem in problems {
        let mut object = Object::new()
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

pub(super) fn faults(text: &str, faults: &[Fault]) -> Value {
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

pub(super) fn place(place: Option<&Place>) -> Value {
    at(*place.unwrap_or(&Place::START)).done()
}

fn at(place: Place) -> Object {
    Object::new()
        .number("line", place.line as f64)
        .number("column", place.column as f64)
}

pub(super) fn decision(placement: &str, decision: Option<&Decision>, plan: &Plan) -> Value {
    let take = decision.and_then(|decision| plan.placements.get(decision.placement));
    let mut offers = Vec::new();
    for offer in decision.map_or(&[][..], |decision| &decision.offers) {
        offers.push(shown(offer, plan).done());
    }
    Object::new()
        .text("placement", placement)
        .with("known", decision.is_some().into())
        .number("take", take.map_or(1, |known| known.take) as f64)
        .with("offers", Value::List(offers))
        .with(
            "fallback",
            decision
                .and_then(|decision| decision.fallback)
                .cloned()
                .unwrap_or_default(),
        )
        .done()
}

fn shown(offer: &Offer, plan: &Plan) -> Object {
    Object::new()
        .text("id", plan.id(offer))
        .with("content", offer.content.clone())
}

/// A decision for each placement of `on_page` that has none yet.
pub(super) fn filled(on_page: &Value, decisions: &[Decision], plan: &Plan) -> Value {
    let mut answers = Vec::new();
    for (name, seen) in on_page.members() {
        if *seen == Value::Null {
            let index = plan.placement_index(name);
            let made = decisions.iter().find(|decision| Some(decision.placement) == index);
            answers.push(decision(name, made, plan));
        }
    }
    Value::List(answers)
}

pub(super) fn raised(raised: Option<(&str, &Offer)>, plan: &Plan) -> Value {
    raised.map_or(Value::Null, |(placement, offer)| {
        shown(offer, plan).text("placement", placement).done()
    })
}

/// What the page has to watch for.
pub(super) fn needs(engine: &Engine) -> Value {
    let mut signals = Object::new();
    for (signal, name) in Signal::ALL {
        let points = engine.points(signal);
        signals = match signal {
            Signal::ExitIntent | Signal::ReturnToTab => signals.with(name, (!points.is_empty()).into()),
            _ => signals.with(name, Value::List(points.into_iter().map(Value::Number).collect())),
        };
    }
    let plan = engine.plan();
    let names = plan.events.names().iter();
    Object::new()
        .with("signals", signals.done())
        .with(
            "events",
            Value::List(names.map(|name| Value::from(name.as_str())).collect()),
        )
        .with("overlays", plan.placements.iter().any(|known| known.overlay).into())
        .done()
}

pub(super) fn interests(interests: &[(&str, &str, f64, bool)]) -> Value {
    let mut list = Vec::new();
    for (topic, title, score, muted) in interests {
        list.push(
            Object::new()
                .text("topic", topic)
                .text("title", title)
                .number("score", *score)
                .with("muted", (*muted).into())
                .done(),
        );
    }
    Value::List(list)
}

pub(super) fn explanation(placement: &str, explanation: Option<&Explanation>) -> Value {
    let (mut shows, mut offers) = (Vec::new(), Vec::new());
    if let Some(explanation) = explanation {
        for id in &explanation.shows {
            shows.push(Value::from(*id));
        }
        for offer in &explanation.offers {
            let object = Object::new()
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
    Object::new()
        .text("placement", placement)
        .number("take", explanation.map_or(1, |explanation| explanation.take) as f64)
        .with("shows", Value::List(shows))
        .with("offers", Value::List(offers))
        .done()
}

fn reasons(reasons: &[Reason]) -> Value {
    let mut list = Vec::new();
    for reason in reasons {
        let mut object = Object::new().text("check", reason.check).text("text", &reason.text);
        if let Some(until) = reason.until {
            object = object.number("until", until as f64);
        }
        list.push(object.done());
    }
    Value::List(list)
}
