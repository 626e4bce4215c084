//! What goes out to JavaScript, as JSON values.

use crate::config::{Offer, Signal};
use crate::decide::Decision;
use crate::engine::Engine;
use crate::json::Value;
use crate::plan::Plan;

/// An object in the making.
pub(super) struct Object(Vec<(String, Value)>);

impl Object {
    pub fn new() -> Self {
        Object(Vec::new())
    }

    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.0.push((key.to_owned(), value));
        self
    }

    pub fn text(self, key: &str, text: &str) -> Self {
        self.with(key, text.into())
    }

    pub fn number(self, key: &str, number: f64) -> Self {
        self.with(key, number.into())
    }

    pub fn done(self) -> Value {
        Value::Map(self.0)
    }
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
