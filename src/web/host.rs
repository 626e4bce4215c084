//! The browser's side of [`Host`]: JavaScript's own numbers, regular expressions, letter case and time zones.

use crate::host::Host;
use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND, day_number};
use js_sys::{Array, Function, Intl, JsString, Object, Reflect, RegExp};
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Number)]
    fn to_number(text: &str) -> f64;

    #[wasm_bindgen(js_name = String)]
    fn to_text(number: f64) -> String;

    #[wasm_bindgen(catch, js_namespace = Intl, js_name = supportedValuesOf)]
    fn supported_values_of(key: &str) -> Result<Array, JsValue>;
}

/// Offsets change on quarters of an hour at the most, so one lookup serves for that long.
const QUARTER: Millis = 15 * MINUTE;

#[derive(Default)]
pub(super) struct Browser {
    /// The time zone and quarter of an hour asked for last, and its offset: formatting a date is slow.
    last: RefCell<Option<(String, Millis, Option<Millis>)>>,
}

impl Host for Browser {
    fn number(&self, text: &str) -> f64 {
        to_number(text)
    }

    fn digits(&self, number: f64) -> String {
        to_text(number)
    }

    fn lower(&self, text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    fn matches(&self, pattern: &str, ignore_case: bool, text: &str) -> Option<bool> {
        let constructor = Reflect::get(&js_sys::global(), &"RegExp".into())
            .ok()?
            .dyn_into::<Function>()
            .ok()?;
        let arguments = Array::of2(&pattern.into(), &(if ignore_case { "i" } else { "" }).into());
        let regex: RegExp = Reflect::construct(&constructor, &arguments).ok()?.unchecked_into();
        Some(regex.test(text))
    }

    fn offset(&self, zone: &str, at: Millis) -> Option<Millis> {
        let quarter = at.div_euclid(QUARTER);
        let mut last = self.last.borrow_mut();
        if let Some((known, time, offset)) = last.as_ref()
            && known == zone
            && *time == quarter
        {
            return *offset;
        }
        let offset = zone_offset(zone, quarter * QUARTER);
        *last = Some((zone.to_owned(), quarter, offset));
        offset
    }

    fn zones(&self) -> Vec<String> {
        let zones = supported_values_of("timeZone").unwrap_or_default();
        zones.iter().filter_map(|zone| zone.as_string()).collect()
    }
}

/// The wall clock of the zone, read back as if it were UTC, less the instant.
fn zone_offset(zone: &str, at: Millis) -> Option<Millis> {
    let options = Object::new();
    for (key, value) in [
        ("timeZone", zone),
        ("hourCycle", "h23"),
        ("era", "short"),
        ("year", "numeric"),
        ("month", "numeric"),
        ("day", "numeric"),
        ("hour", "numeric"),
        ("minute", "numeric"),
        ("second", "numeric"),
    ] {
        Reflect::set(&options, &key.into(), &value.into()).ok()?;
    }
    // The constructor throws for an unknown zone, so it is called where that can be caught.
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let constructor = Reflect::get(&intl, &"DateTimeFormat".into())
        .ok()?
        .dyn_into::<Function>()
        .ok()?;
    let format: Intl::DateTimeFormat = Reflect::construct(&constructor, &Array::of2(&"en-US".into(), &options))
        .ok()?
        .unchecked_into();
    let parts = format.format_to_parts(&js_sys::Date::new(&JsValue::from_f64(at as f64)));
    let part = |name: &str| {
        parts.iter().find_map(|part| {
            let kind = Reflect::get(&part, &"type".into()).ok()?;
            (kind.as_string().as_deref() == Some(name))
                .then(|| {
                    Reflect::get(&part, &"value".into())
                        .ok()?
                        .as_string()?
                        .parse::<i64>()
                        .ok()
                })
                .flatten()
        })
    };
    let midnight = day_number(part("year")?, part("month")?, part("day")?)? * DAY;
    let local = midnight + part("hour")? * HOUR + part("minute")? * MINUTE + part("second")? * SECOND;
    Some(local - at)
}
