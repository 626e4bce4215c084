//! What goes out to JavaScript: decisions as numbers, anything else as JSON text.

use crate::config::Signal;
use crate::decide::Decision;
use crate::engine::Engine;
use crate::json::{Value, quote};
use crate::plan::{Offer, Placement, Plan};
use crate::time::Millis;
use crate::words::push_digits;

/// Text in the making.
pub(super) struct Text(String);

impl Text {
    /// What `write` writes.
    pub fn of(write: impl FnOnce(&mut Text)) -> Option<String> {
        let mut text = Text(String::with_capacity(32));
        write(&mut text);
        Some(text.0)
    }

    /// JSON as it is. Nothing but the start of a list or an object, or a key, is followed by a value without a comma.
    fn raw(&mut self, json: &str) -> &mut Text {
        self.0.push_str(json);
        self
    }

    fn open(&mut self, bracket: &str) -> &mut Text {
        if !matches!(self.0.as_bytes().last(), None | Some(b'[' | b'{' | b':')) {
            self.0.push(',');
        }
        self.raw(bracket)
    }

    fn key(&mut self, key: &str) -> &mut Text {
        self.open("\"").raw(key).raw("\":")
    }

    fn text(&mut self, text: &str) -> &mut Text {
        self.open("");
        quote(text, &mut self.0);
        self
    }

    fn truth(&mut self, truth: bool) -> &mut Text {
        self.open(if truth { "true" } else { "false" })
    }

    /// A decision as numbers: its placement, and the offers. Nothing: there is no such placement.
    pub fn decision(&mut self, decision: Option<&Decision>) {
        if let Some(Decision { placement, offers, .. }) = decision {
            self.shows(*placement, offers);
        }
    }

    pub fn shows(&mut self, placement: usize, offers: &[Offer]) {
        push_digits(placement as u64, &mut self.0);
        for offer in offers {
            self.0.push(' ');
            push_digits(offer.index() as u64, &mut self.0);
        }
    }

    /// A line for each placement of `on_page` that has no decision yet.
    pub fn filled(&mut self, on_page: &Value, decisions: &[Decision], plan: &Plan) {
        for (name, seen) in on_page.members() {
            if *seen == Value::Null {
                let index = plan.placement_index(name);
                self.decision(decisions.iter().find(|made| Some(made.placement) == index));
                self.raw("\n");
            }
        }
    }

    /// Until when there may be a next page view, and a line for each placement that is sure of what it shows then.
    pub fn ahead(&mut self, decisions: &[Decision], until: Millis) {
        push_digits(until.unsigned_abs(), &mut self.0);
        for made in decisions {
            self.raw("\n").decision(Some(made));
        }
    }

    /// What an offer is, by its index.
    pub fn offer(&mut self, offer: Offer, plan: &Plan) {
        self.open("{").key("id").text(plan.id(offer));
        self.key("content").raw(offer.content()).raw("}");
    }

    /// What a placement is, by its index.
    pub fn placement(&mut self, placement: Placement) {
        let fallback = placement.fallback();
        self.open("{").key("placement").text(placement.name());
        self.key("fallback")
            .raw(if fallback.is_empty() { "null" } else { fallback })
            .raw("}");
    }

    /// What the page has to watch for.
    pub fn needs(&mut self, engine: &Engine) {
        self.open("{").key("signals").open("{");
        for (signal, name) in Signal::ALL {
            let points = engine.points(signal);
            self.key(name);
            if matches!(signal, Signal::ExitIntent | Signal::ReturnToTab) {
                self.truth(!points.is_empty());
                continue;
            }
            self.open("[");
            for point in points {
                self.open(&engine.host().digits(point));
            }
            self.raw("]");
        }
        self.raw("}").key("events").open("[");
        for name in engine.plan().event_names() {
            self.text(name);
        }
        let overlays = engine.plan().placements().any(|known| known.is_overlay());
        self.raw("]").key("overlays").truth(overlays).raw("}");
    }

    pub fn interests(&mut self, interests: &[(&str, &str, f64, bool)], engine: &Engine) {
        self.open("[");
        for (topic, title, score, muted) in interests {
            self.open("{").key("topic").text(topic).key("title").text(title);
            self.key("score")
                .raw(&engine.host().digits(*score))
                .key("muted")
                .truth(*muted)
                .raw("}");
        }
        self.raw("]");
    }
}
