//! The bindings: they translate between JavaScript and the engine, and decide nothing.
//!
//! Structured things cross as JSON text. Bad input never throws; it is read as nothing.

#[cfg(feature = "authoring")]
mod authoring;
mod host;
mod report;

use crate::condition::Outcome;
use crate::config::Signal;
use crate::decide::OnPage;
use crate::engine::Engine;
use crate::json::{self, Value};
use crate::plan::Plan;
use crate::time::Millis;
use host::Browser;
use wasm_bindgen::prelude::wasm_bindgen;

/// 4 kB smaller than the standard one.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// An engine, as JavaScript sees it; `js/core.ts` gives each verb a method of its own.
///
/// One method for all: each binding of its own would cost every visitor some 300 bytes on either side.
#[wasm_bindgen]
pub struct Core {
    engine: Engine,
    /// What it was given could be read, as far as it is sound.
    is_readable: bool,
}

#[wasm_bindgen]
impl Core {
    /// Reads a plan, or, where there is authoring, a config (JSON text). `zone` is the visitor's own IANA time zone.
    #[wasm_bindgen(constructor)]
    pub fn new(source: &[u8], zone: &str) -> Core {
        let host = Box::new(Browser::default());
        match Plan::decode(source, zone, host.as_ref()) {
            Some(plan) => Core {
                engine: Engine::run(plan, host),
                is_readable: true,
            },
            #[cfg(feature = "authoring")]
            None => Core {
                engine: Engine::new(std::str::from_utf8(source).unwrap_or_default(), zone, host),
                is_readable: true,
            },
            #[cfg(not(feature = "authoring"))]
            None => Core {
                engine: Engine::run(Plan::default(), host),
                is_readable: false,
            },
        }
    }

    /// Does what the verb says with two texts, at `now` (ms since the epoch). The meanings stand in `js/core.ts`.
    pub fn call(&mut self, verb: u8, first: &str, second: &str, now: f64) -> String {
        let now = now as Millis;
        let engine = &mut self.engine;
        let mut answer = Value::Null;
        match verb {
            0 => answer = self.is_readable.into(),
            1 => engine.device(value(engine, first)),
            2 => engine.page(value(engine, first), now),
            3 => answer = engine.observe(first, value(engine, second), now).into(),
            4 => engine.user(&value(engine, first), now),
            5 => {
                let decision = engine.decide_beside(first, on_page(engine, second).as_ref(), now);
                answer = report::decision(first, decision.as_ref(), engine.plan());
            }
            7 => {
                let (kind, placement) = second.split_once(' ').unwrap_or((second, ""));
                let placement = Some(placement).filter(|name| !name.is_empty());
                answer = match kind {
                    "raised" => engine.raised(first, now),
                    "closed" => {
                        engine.closed(first, now);
                        true
                    }
                    _ => Outcome::named(kind).is_some_and(|kind| engine.outcome_in(first, placement, kind, now)),
                }
                .into();
            }
            8 => return engine.save(),
            9 => answer = engine.load(first.split('\n'), second, now).into(),
            10 => return engine.fold_texts(first.split('\n'), now),
            11 => engine.disown(),
            12 => engine.forget(),
            17 => answer = engine.is_over(first, now).into(),
            18 => answer = engine.visit_is_over(now).into(),
            19 => {
                let figure = if second.is_empty() {
                    0.0
                } else {
                    engine.host().number(second)
                };
                answer = Signal::named(first)
                    .is_some_and(|signal| engine.signal(signal, figure, now))
                    .into();
            }
            20 => answer = report::raised(engine.raise(on_page(engine, first).as_ref(), now), engine.plan()),
            21 => {
                let placements = value(engine, first);
                let decisions = engine.fill(&engine.on_page(&placements), now);
                answer = report::filled(&placements, &decisions, engine.plan());
            }
            22 => answer = report::needs(engine),
            23 => answer = engine.mute(first, second == "true", now).into(),
            24 => answer = report::interests(&engine.interests(now)),
            #[cfg(feature = "authoring")]
            verb => answer = authoring::call(engine, verb, first, second, now),
            #[cfg(not(feature = "authoring"))]
            _ => {}
        }
        answer.to_json(self.engine.host())
    }
}

/// What is on the page; nothing said: all of the config.
fn on_page(engine: &Engine, json: &str) -> Option<OnPage> {
    (!json.is_empty()).then(|| engine.on_page(&value(engine, json)))
}

/// What can't be read is nothing.
fn value(engine: &Engine, json: &str) -> Value {
    json::read(json, engine.host()).0.unwrap_or_default()
}
