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
use crate::engine::{Engine, Found};
use crate::json::{self, Value};
use crate::plan::Plan;
use crate::time::Millis;
use crate::words::{pieces, whole};
use host::Browser;
use report::Text;
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;

/// 4 kB smaller than the standard one.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// An engine, with what crosses between it and JavaScript. Texts do so where they lie, so that none has to be made room for each time.
struct Core {
    engine: Engine,
    /// What it was given could be read, as far as it is sound.
    is_readable: bool,
    /// Where JavaScript writes what it has to say.
    said: Vec<u8>,
    /// What there is to be read in turn.
    answer: String,
}

thread_local! {
    /// The engines, by the number that JavaScript knows them by.
    static CORES: RefCell<Vec<Option<Core>>> = const { RefCell::new(Vec::new()) };
}

/// Reads a plan, or, where there is authoring, a config (JSON text). `zone` is the visitor's own IANA time zone. Answers with the number
/// of the engine.
#[wasm_bindgen]
#[must_use]
pub fn core_new(source: &[u8], zone: &str) -> usize {
    let host = Box::new(Browser::default());
    let plan = Plan::decode(source, zone, host.as_ref());
    let is_readable = cfg!(feature = "authoring") || plan.is_some();
    #[cfg(feature = "authoring")]
    let engine = match plan {
        Some(plan) => Engine::run(plan, host),
        None => Engine::new(std::str::from_utf8(source).unwrap_or_default(), zone, host),
    };
    #[cfg(not(feature = "authoring"))]
    let engine = Engine::run(plan.unwrap_or_default(), host);
    let core = Core {
        engine,
        is_readable,
        said: Vec::new(),
        answer: String::new(),
    };
    CORES.with_borrow_mut(|cores| {
        cores.push(Some(core));
        cores.len() - 1
    })
}

/// Does what the verb says with the two texts that were written to where there is room for them, which follow each other and have
/// these lengths, at `now` (ms since the epoch). The meanings stand in `js/core.ts`, which gives each verb a method of its own: a binding
/// of its own would cost every visitor some 300 bytes on either side. The length of the answer, or −1: "no", or that there is nothing to
/// say.
///
/// Three verbs are about the engine itself: 30 makes room for texts of so many bytes and says where, 31 says where the answer is, until
/// the next call, and 32 gives the memory back.
#[wasm_bindgen]
#[must_use]
pub fn core_call(core: usize, verb: u8, first: usize, second: usize, now: f64) -> i32 {
    CORES.with_borrow_mut(|cores| {
        let Some(place) = cores.get_mut(core) else { return -1 };
        if verb == 32 {
            *place = None;
        }
        place.as_mut().map_or(-1, |core| core.call(verb, first, second, now))
    })
}

impl Core {
    fn call(&mut self, verb: u8, first: usize, second: usize, now: f64) -> i32 {
        if verb == 30 {
            self.said = vec![0; first];
            return self.said.as_ptr() as i32;
        }
        if verb == 31 {
            return self.answer.as_ptr() as i32;
        }
        let text = |from: usize, length: usize| {
            let bytes = self.said.get(from..from.saturating_add(length));
            std::str::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
        };
        let answer = answer(
            &mut self.engine,
            self.is_readable,
            verb,
            text(0, first),
            text(first, second),
            now as Millis,
        );
        let length = answer.as_ref().map_or(-1, |text| text.len() as i32);
        self.answer = answer.unwrap_or_default();
        length
    }
}

/// Does what a verb says.
fn answer(engine: &mut Engine, is_readable: bool, verb: u8, first: &str, second: &str, now: Millis) -> Option<String> {
    let mut said = true;
    match verb {
        0 => said = is_readable,
        1 => engine.device(value(engine, first)),
        2 => engine.page(value(engine, first), now),
        3 => said = engine.observe(first, value(engine, second), now),
        4 => engine.user(&value(engine, first), now),
        5 => {
            let decision = engine.decide_beside(first, on_page(engine, second).as_ref(), now);
            return Text::of(|text| text.decision(decision.as_ref()));
        }
        7 => {
            let mut words = pieces(second, b" ");
            let (kind, placement) = (words.next().unwrap_or_default(), words.rest());
            said = match kind {
                "raised" => engine.raised(first, now),
                "closed" => {
                    engine.closed(first, now);
                    true
                }
                _ => Outcome::named(kind).is_some_and(|kind| engine.outcome_in(first, placement, kind, now)),
            };
        }
        8 => {
            let text = engine.save();
            engine.written();
            return Some(text);
        }
        9 => {
            let found = match engine.load(pieces(first, b"\n"), second, now) {
                Found::Tidy => "",
                Found::Untidy => "untidy",
                Found::Damaged => "damaged",
            };
            return Some(found.to_owned());
        }
        10 => return Some(engine.fold_texts(pieces(first, b"\n"), now)),
        11 => engine.disown(),
        12 => engine.forget(),
        17 => said = engine.is_over(first, now),
        18 => said = engine.visit_is_over(now),
        19 => {
            let figure = if second.is_empty() {
                0.0
            } else {
                engine.host().number(second)
            };
            said = Signal::named(first).is_some_and(|signal| engine.signal(signal, figure, now));
        }
        20 => {
            let (name, offer) = engine.raise(on_page(engine, first).as_ref(), now)?;
            let placement = engine.plan().placement_index(name)?;
            return Text::of(|text| text.shows(placement, &[offer]));
        }
        21 => {
            let placements = value(engine, first);
            let decisions = engine.fill(&engine.on_page(&placements), now);
            return Text::of(|text| text.filled(&placements, &decisions, engine.plan()));
        }
        22 => return Text::of(|text| text.needs(engine)),
        23 => {
            said = match second {
                "true" | "false" => engine.mute(first, second == "true", now),
                score => engine.correct(first, engine.host().number(score), now),
            }
        }
        24 => return Text::of(|text| text.interests(&engine.interests(now), engine)),
        27 => {
            let (page, on_page) = (value(engine, first), on_page(engine, second));
            let arrangement = engine.ahead(page, on_page.as_ref(), now);
            let until = now + engine.plan().timeout();
            return Text::of(|text| text.ahead(&engine.decisions(&arrangement), until));
        }
        28 => {
            let offer = engine.plan().offer(index(first))?;
            return Text::of(|text| text.offer(offer, engine.plan()));
        }
        29 => {
            let placement = engine.plan().placement(index(first))?;
            return Text::of(|text| text.placement(placement));
        }
        33 => return Some(engine.known()),
        #[cfg(feature = "authoring")]
        verb => return authoring::call(engine, verb, first, second, now),
        #[cfg(not(feature = "authoring"))]
        _ => said = false,
    }
    said.then(String::new)
}

/// What is on the page; nothing said: all of the config.
fn on_page(engine: &Engine, json: &str) -> Option<OnPage> {
    (!json.is_empty()).then(|| engine.on_page(&value(engine, json)))
}

/// No config has as many as there would have to be for what is no number.
fn index(digits: &str) -> usize {
    whole(digits).map_or(usize::MAX, |index| index as usize)
}

/// What can't be read is nothing.
fn value(engine: &Engine, json: &str) -> Value {
    json::parse(json, engine.host()).unwrap_or_default()
}
