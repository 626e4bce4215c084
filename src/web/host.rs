//! The browser's side of [`Host`]: JavaScript's own numbers, regular expressions, letter case and time zones.

use crate::host::Host;
use crate::time::{MINUTE, Millis};
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Number)]
    fn to_number(text: &str) -> f64;

    #[wasm_bindgen(js_name = String)]
    fn to_text(number: f64) -> String;

    #[wasm_bindgen(js_namespace = Math, js_name = pow)]
    fn power(base: f64, exponent: f64) -> f64;
}

#[wasm_bindgen(module = "/js/host.js")]
extern "C" {
    fn matches(pattern: &str, ignore_case: bool, text: &str) -> i32;

    fn lower(text: &str) -> String;

    fn offset(zone: &str, at: f64) -> f64;

    #[cfg(feature = "authoring")]
    fn zones() -> String;
}

/// Offsets change on quarters of an hour at the most, so one answer serves for that long.
const QUARTER: Millis = 15 * MINUTE;

#[derive(Default)]
pub(super) struct Browser {
    /// The time zone and quarter of an hour asked for last, and its offset: formatting a date is slow.
    last: RefCell<(String, Millis, Option<Millis>)>,
}

impl Host for Browser {
    fn number(&self, text: &str) -> f64 {
        to_number(text)
    }

    fn digits(&self, number: f64) -> String {
        to_text(number)
    }

    fn power(&self, base: f64, exponent: f64) -> f64 {
        power(base, exponent)
    }

    fn lower(&self, text: &str) -> String {
        lower(text)
    }

    fn matches(&self, pattern: &str, ignore_case: bool, text: &str) -> Option<bool> {
        match matches(pattern, ignore_case, text) {
            -1 => None,
            found => Some(found == 1),
        }
    }

    fn offset(&self, zone: &str, at: Millis) -> Option<Millis> {
        let quarter = at.div_euclid(QUARTER);
        let mut last = self.last.borrow_mut();
        if last.0 != zone || last.1 != quarter {
            let offset = offset(zone, (quarter * QUARTER) as f64);
            *last = (
                zone.to_owned(),
                quarter,
                Some(offset as Millis).filter(|_| offset.is_finite()),
            );
        }
        last.2
    }

    #[cfg(feature = "authoring")]
    fn zones(&self) -> Vec<String> {
        let mut names = Vec::new();
        for zone in zones().split('\n') {
            names.push(zone.to_owned());
        }
        names
    }
}
