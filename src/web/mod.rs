//! The bindings: they translate between JavaScript and the engine, and decide nothing.
//!
//! Structured things cross as JSON text. Bad input never throws; it is read as nothing.

mod host;
mod report;

use crate::condition::Outcome;
use crate::engine::Engine;
use crate::host::Host;
use crate::json::{self, Value};
use crate::time::Millis;
use host::Browser;
use wasm_bindgen::prelude::wasm_bindgen;

/// 4 kB smaller than the standard one.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// An engine, as JavaScript sees it. Every `now` is in ms since the epoch.
#[wasm_bindgen]
pub struct Core {
    engine: Engine,
}

#[wasm_bindgen]
impl Core {
    /// Reads a config (JSON text). `visitorZone` is the visitor's IANA time zone.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, #[wasm_bindgen(js_name = visitorZone)] visitor_zone: &str) -> Core {
        Core {
            engine: Engine::new(config, visitor_zone, Box::new(Browser::default())),
        }
    }

    /// What is wrong with the config: `[{severity, path, line, column, what, remedy, offer?}]`.
    pub fn problems(&self) -> String {
        self.text(&report::problems(self.engine.problems()))
    }

    /// The device: `{kind, touch, language, saveData, reducedMotion}`.
    pub fn device(&mut self, json: &str) {
        self.engine.device(self.value(json));
    }

    /// A page view: `{path, query, title, referrer, host, kind, item}`.
    pub fn page(&mut self, json: &str, now: f64) {
        self.engine.page(self.value(json), now as Millis);
    }

    /// Something happened, with parameters (an object).
    pub fn observe(&mut self, event: &str, params: &str, now: f64) {
        self.engine.observe(event, self.value(params), now as Millis);
    }

    /// What the page says of the visitor (an object).
    pub fn user(&mut self, json: &str, now: f64) {
        self.engine.user(&self.value(json), now as Millis);
    }

    /// What a placement shows: `{placement, known, take, offers: [{id, content}], fallback}`.
    pub fn decide(&self, placement: &str, now: f64) -> String {
        let decision = self.engine.decide(placement, now as Millis);
        self.text(&report::decision(placement, decision.as_ref(), self.engine.plan()))
    }

    /// Why: `{placement, take, shows, offers: [{offer, value, status, held, failed, change}]}`.
    pub fn explain(&self, placement: &str, now: f64) -> String {
        self.text(&report::explanation(
            placement,
            self.engine.explain(placement, now as Millis).as_ref(),
        ))
    }

    /// Something became of an offer: `exposed`, `clicked`, `dismissed` or `converted`. `false`: no such offer or outcome.
    pub fn outcome(&mut self, offer: &str, kind: &str, now: f64) -> bool {
        Outcome::named(kind).is_some_and(|outcome| self.engine.outcome(offer, outcome, now as Millis))
    }

    /// This tab's part of the profile, as text; empty when there is nothing to keep.
    pub fn save(&self) -> String {
        self.engine.save()
    }

    /// Takes in what others stored, a line each, and a part of this tab's own to go on with. `true`: fold and write anew
    /// what is stored.
    pub fn load(&mut self, texts: &str, own: &str, now: f64) -> bool {
        self.engine.load(texts.split('\n'), own, now as Millis)
    }

    /// One text that holds what all of `texts`, a line each, hold.
    pub fn fold(&self, texts: &str, now: f64) -> String {
        self.engine.fold_texts(texts.split('\n'), now as Millis)
    }

    /// This tab's part now belongs to what is stored; begin another. Call `load` next.
    pub fn disown(&mut self) {
        self.engine.disown();
    }

    /// Forgets all that is known of the visitor.
    pub fn forget(&mut self) {
        self.engine.forget();
    }

    fn value(&self, json: &str) -> Value {
        json::read(json, self.engine.host()).0.unwrap_or_default()
    }

    fn text(&self, value: &Value) -> String {
        value.to_json(self.engine.host())
    }
}

/// A duration such as `2d3s` in ms; NaN when it isn't one.
#[wasm_bindgen]
pub fn duration(text: &str) -> f64 {
    crate::time::duration(text).map_or(f64::NAN, |span| span as f64)
}

/// Where `json` is not JSON: `[{line, column, what, remedy}]`.
#[wasm_bindgen]
pub fn faults(json: &str) -> String {
    let host: &dyn Host = &Browser::default();
    report::faults(json, &json::read(json, host).1).to_json(host)
}

/// The line and column of what keys and indexes (a JSON array of texts) lead to: `{line, column}`. `key`: of the key itself.
#[wasm_bindgen]
pub fn place(json: &str, steps: &str, key: bool) -> String {
    let host: &dyn Host = &Browser::default();
    let steps = json::read(steps, host).0.unwrap_or_default();
    let steps: Vec<String> = steps
        .items()
        .iter()
        .filter_map(Value::text)
        .map(str::to_owned)
        .collect();
    report::place(json, json::find(json, &steps, key, host)).to_json(host)
}
