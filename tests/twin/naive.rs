//! A visitor's life, and one who evaluates every offer anew, from the config as it is written, after each step of it. It knows no
//! plan, no profile and no engine.

use super::written::{Chance, scalar, text, told};
use crate::kit::{DAY, HOUR, MINUTE, SECOND};
use jiff::{Timestamp, tz::TimeZone};
use maitre::condition::{Outcome, WEEKDAYS};
use maitre::time::{Millis, duration};
use serde_json::{Value as Json, json};

pub const ZONE: &str = "Europe/Paris";

#[derive(Clone, Debug)]
pub enum Step {
    Wait,
    View(Json),
    Device(Json),
    Say(String, Json),
    Event(Json),
    Outcome(String, Outcome),
    /// Something became of an offer that is shown.
    Shown(Outcome),
    Mute(bool),
    /// What is known is stored and read again.
    Store,
    /// Another tab sees an event, is told the visitor's plan, and stores both.
    Elsewhere(Json),
    Forget,
}

pub fn step(chance: &mut Chance, wide: usize) -> Step {
    let outcome = |chance: &mut Chance| chance.one_of(&[Outcome::Exposed, Outcome::Exposed, Outcome::Dismissed]);
    match chance.below(24) {
        0 => Step::Wait,
        1..4 => {
            let mut page = json!({ "path": chance.one_of(&["/", "/shop", "/sale", "/sale/top"]) });
            if chance.below(2) == 0 {
                page["kind"] = json!(chance.one_of(&["product", "home"]));
                page["item"] = json!({ "price": 10 * chance.below(4), "category": text(chance) });
                page["query"] = json!({ "q": text(chance) });
            }
            Step::View(page)
        }
        4 => Step::Device(json!({ "kind": chance.one_of(&["phone", "desktop"]), "touch": chance.below(2) == 0 })),
        5..9 => Step::Say(
            chance.one_of(&["plan", "member", "score", "tags", "home"]).to_owned(),
            told(chance),
        ),
        9..12 => Step::Say(format!("n{}", chance.below(wide)), scalar(chance)),
        12..15 => Step::Event(json!({ "colour": chance.one_of(&["red", "red", "blue"]) })),
        15 => Step::Outcome(format!("o{}", chance.below(wide)), outcome(chance)),
        16..18 => Step::Shown(outcome(chance)),
        18 => Step::Mute(chance.below(2) == 0),
        19 => Step::Store,
        20..23 => Step::Elsewhere(scalar(chance)),
        _ => {
            if chance.below(3) == 0 {
                Step::Forget
            } else {
                Step::Wait
            }
        }
    }
}

/// When the next thing happens: soon, when a window or a visit is just over, or at the very beginning of an hour or a day.
pub fn after(chance: &mut Chance, now: Millis) -> Millis {
    match chance.below(8) {
        0..3 => now + SECOND,
        3 => now + chance.one_of(&[29, 30, 31]) * MINUTE,
        4 => now + chance.one_of(&[2 * HOUR, DAY, 8 * DAY]),
        5 => now - now.rem_euclid(HOUR) + HOUR,
        6 => now - now.rem_euclid(DAY) + DAY,
        _ => now + DAY + 3 * HOUR,
    }
}

pub struct Naive<'c> {
    config: &'c Json,
    offers: &'c [Json],
    wide: usize,
    /// `user`, `page`, `device`, as they were told; the other roots as they are when it is asked.
    facts: Json,
    events: Vec<(Millis, Json)>,
    outcomes: Vec<(Millis, String, Outcome)>,
    /// Number, start and last event.
    visit: Option<(u32, Millis, Millis)>,
    muted: bool,
    /// The events that the interest does not count any more.
    erased: usize,
    now: Millis,
}

impl<'c> Naive<'c> {
    pub fn new(config: &'c Json, wide: usize) -> Naive<'c> {
        let offers = config["offers"].as_array().unwrap();
        Naive {
            config,
            offers,
            wide,
            facts: json!({}),
            events: Vec::new(),
            outcomes: Vec::new(),
            visit: None,
            muted: false,
            erased: 0,
            now: 0,
        }
    }

    fn happened(&mut self) {
        let now = self.now;
        self.visit = Some(match self.visit {
            Some((number, start, last)) if now - last < 30 * MINUTE => (number, start, now),
            Some((number, ..)) => (number + 1, now, now),
            None => (1, now, now),
        });
    }

    pub fn live(&mut self, step: &Step, now: Millis) {
        self.now = now;
        match step {
            Step::Wait | Step::Shown(_) | Step::Store => {}
            Step::View(page) => {
                self.facts["page"] = page.clone();
                self.happened();
            }
            Step::Device(device) => self.facts["device"] = device.clone(),
            Step::Say(name, told) => self.facts["user"][name] = told.clone(),
            Step::Event(params) => {
                self.events.push((now, params.clone()));
                self.happened();
            }
            Step::Outcome(offer, outcome) => self.outcomes.push((now, offer.clone(), *outcome)),
            Step::Mute(is) => {
                if *is != self.muted {
                    (self.muted, self.erased) = (*is, self.events.len());
                }
            }
            Step::Elsewhere(plan) => {
                self.live(&Step::Event(json!({ "colour": "blue" })), now);
                self.live(&Step::Say("plan".to_owned(), plan.clone()), now);
            }
            Step::Forget => {
                let facts = json!({ "page": self.facts["page"], "device": self.facts["device"] });
                *self = Naive {
                    facts,
                    now,
                    ..Naive::new(self.config, self.wide)
                };
            }
        }
    }

    fn history<'n>(&'n self, offer: &'n str, outcome: Outcome) -> impl Iterator<Item = Millis> + 'n {
        let meant = self
            .outcomes
            .iter()
            .filter(move |(_, of, what)| of == offer && *what == outcome);
        meant.map(|(at, ..)| *at)
    }

    /// Everything that paths lead to.
    fn grounds(&self) -> Json {
        let local = |at: Millis| {
            Timestamp::from_millisecond(at)
                .unwrap()
                .to_zoned(TimeZone::get(ZONE).unwrap())
        };
        let mut facts = self.facts.clone();
        let weekday = local(self.now).weekday().to_monday_zero_offset();
        facts["time"] = json!({ "hour": local(self.now).hour(), "weekday": WEEKDAYS[weekday as usize] });
        facts["visit"] = json!({ "number": self.visit.map_or(1, |(number, ..)| number) });
        let mut score = 0.0;
        for (at, params) in &self.events[self.erased..] {
            if !self.muted && params["colour"] == "red" {
                score += 2_f64.powf(-((self.now - at) as f64) / (2 * DAY) as f64);
            }
        }
        facts["interest"]["red"] = json!((score * 1e9_f64).round() / 1e9);
        for index in 0..self.wide {
            let id = format!("o{index}");
            let count = |outcome| self.history(&id, outcome).count();
            facts["offer"][&id] =
                json!({ "exposures": count(Outcome::Exposed), "dismissals": count(Outcome::Dismissed) });
        }
        facts
    }

    fn holds(&self, condition: &Json, facts: &Json) -> bool {
        let list = |wanted: &Json, is_any: bool| {
            let mut parts = wanted.as_array().unwrap().iter();
            if is_any {
                parts.any(|part| self.holds(part, facts))
            } else {
                parts.all(|part| self.holds(part, facts))
            }
        };
        condition
            .as_object()
            .unwrap()
            .iter()
            .all(|(key, wanted)| match key.as_str() {
                "$and" => list(wanted, false),
                "$or" => list(wanted, true),
                "$nor" => !list(wanted, true),
                "$not" => !self.holds(wanted, facts),
                "audience" => self.holds(&self.config["audiences"][wanted.as_str().unwrap()], facts),
                "$did" => self.meets(&wanted["times"], &json!(self.count(wanted))),
                path => self.meets(wanted, down(facts, path)),
            })
    }

    /// How often it happened in the window: whole buckets, of minutes, hours or days by its length.
    fn count(&self, wanted: &Json) -> usize {
        let span = duration(wanted["within"].as_str().unwrap()).unwrap();
        let size = if span <= 2 * HOUR {
            MINUTE
        } else if span <= 7 * DAY {
            HOUR
        } else {
            DAY
        };
        let zone = TimeZone::get(ZONE).unwrap();
        let bucket = |at: Millis| {
            let ahead = zone.to_offset(Timestamp::from_millisecond(at).unwrap()).seconds();
            (at + if size == DAY { Millis::from(ahead) * SECOND } else { 0 }).div_euclid(size)
        };
        let oldest = bucket(self.now) - (span + size - 1) / size + 1;
        let meant = self
            .events
            .iter()
            .filter(|(at, params)| params["colour"] == wanted["where"]["colour"] && bucket(*at) >= oldest);
        meant.count()
    }

    fn meets(&self, check: &Json, value: &Json) -> bool {
        match check.as_object() {
            Some(ops) => ops.iter().all(|(op, operand)| self.meets_op(op, operand, value)),
            None => same(check, value),
        }
    }

    fn meets_op(&self, op: &str, operand: &Json, value: &Json) -> bool {
        let one = std::slice::from_ref(value);
        let items = value.as_array().map(Vec::as_slice);
        let lower = |json: &Json| json.as_str().map_or(json.clone(), |text| json!(text.to_lowercase()));
        let is_in = |fold: &dyn Fn(&Json) -> Json| {
            let list = operand.as_array().unwrap();
            items
                .unwrap_or(one)
                .iter()
                .any(|item| list.iter().any(|entry| same(&fold(item), &fold(entry))))
        };
        let all = |fold: &dyn Fn(&Json) -> Json| {
            let mut wanted = operand.as_array().unwrap().iter();
            items.is_some_and(|items| wanted.all(|entry| items.iter().any(|item| same(&fold(item), &fold(entry)))))
        };
        let order = || match (value, operand) {
            (Json::Number(value), Json::Number(bound)) => value.as_f64().partial_cmp(&bound.as_f64()),
            (Json::String(value), Json::String(bound)) => Some(value.cmp(bound)),
            _ => None,
        };
        let version = || Some(padded(value.as_str()?).cmp(&padded(operand.as_str()?)));
        let finds = |flags: &str| {
            let regex = regress::Regex::with_flags(operand.as_str().unwrap(), flags).unwrap();
            value.as_str().is_some_and(|text| regex.find(text).is_some())
        };
        match op {
            "$eq" => !value.is_array() && !value.is_object() && same(value, operand),
            "$ne" => value.is_array() || value.is_object() || !same(value, operand),
            "$lt" => order().is_some_and(|order| order.is_lt()),
            "$lte" => order().is_some_and(|order| order.is_le()),
            "$gt" => order().is_some_and(|order| order.is_gt()),
            "$gte" => order().is_some_and(|order| order.is_ge()),
            "$veq" => version().is_some_and(|order| order.is_eq()),
            "$vne" => version().is_none_or(|order| order.is_ne()),
            "$vlt" => version().is_some_and(|order| order.is_lt()),
            "$vlte" => version().is_some_and(|order| order.is_le()),
            "$vgt" => version().is_some_and(|order| order.is_gt()),
            "$vgte" => version().is_some_and(|order| order.is_ge()),
            "$in" => is_in(&Json::clone),
            "$nin" => !is_in(&Json::clone),
            "$ini" => is_in(&lower),
            "$nini" => !is_in(&lower),
            "$all" => all(&Json::clone),
            "$alli" => all(&lower),
            "$exists" => operand.as_bool() == Some(!value.is_null()),
            "$not" => !self.meets(operand, value),
            "$regex" => finds(""),
            "$regexi" => finds("i"),
            "$size" => items.is_some_and(|items| self.meets(operand, &json!(items.len()))),
            "$elemMatch" => items.unwrap_or(&[]).iter().filter(|item| !item.is_null()).any(|item| {
                if operand.get("sku").is_some() {
                    self.holds(operand, item)
                } else {
                    self.meets(operand, item)
                }
            }),
            _ => panic!("{op}"),
        }
    }

    fn is_free(&self, offer: &Json) -> bool {
        let id = offer["id"].as_str().unwrap();
        let since = match offer["cap"]["per"].as_str() {
            None => 0,
            Some("visit") => self.visit.map_or(self.now, |(_, start, _)| start),
            Some(span) => self.now - duration(span).unwrap() + 1,
        };
        let shown = self.history(id, Outcome::Exposed).filter(|at| *at >= since).count() as u64;
        let rests = self.history(id, Outcome::Dismissed).any(|at| self.now - at < DAY);
        offer["cap"]["exposures"].as_u64().is_none_or(|most| shown < most) && !(rests && offer["rest"].is_object())
    }

    /// Fit × value × freshness.
    fn rank(&self, offer: &Json, facts: &Json) -> f64 {
        let fit = offer["fit"]
            .as_str()
            .map_or(1.0, |path| down(facts, path).as_f64().unwrap_or(0.0));
        let seen = self.history(offer["id"].as_str().unwrap(), Outcome::Exposed).last();
        let freshness = seen.map_or(1.0, |at| 1.0 - 0.2 * 2_f64.powf(-((self.now - at) as f64) / DAY as f64));
        fit * (offer["value"]["site"].as_f64().unwrap() + 1.0) * freshness
    }

    pub fn shows(&self) -> Vec<Vec<String>> {
        let facts = self.grounds();
        let places = self.config["placements"].as_object().unwrap();
        let mut shown: Vec<(&String, Vec<String>)> = places.keys().map(|name| (name, Vec::new())).collect();
        let is_meant = |offer: &&Json| {
            offer
                .get("eligible")
                .is_none_or(|eligible| self.holds(eligible, &facts))
                && self.is_free(offer)
        };
        let mut ranked: Vec<(f64, &Json)> = self
            .offers
            .iter()
            .filter(is_meant)
            .map(|offer| (self.rank(offer, &facts), offer))
            .collect();
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
        for (_, offer) in ranked {
            let one = std::slice::from_ref(&offer["placement"]);
            for place in offer["placement"].as_array().map_or(one, Vec::as_slice) {
                let (name, ids) = shown.iter_mut().find(|(name, _)| place == *name).unwrap();
                if ids.len() < places[*name]["take"].as_u64().unwrap() as usize {
                    ids.push(offer["id"].as_str().unwrap().to_owned());
                    break;
                }
            }
        }
        shown.into_iter().map(|(_, ids)| ids).collect()
    }
}

fn down<'j>(root: &'j Json, path: &str) -> &'j Json {
    path.split('.').fold(root, |here, step| match here {
        Json::Array(items) => step
            .parse()
            .ok()
            .and_then(|index: usize| items.get(index))
            .unwrap_or(&Json::Null),
        other => &other[step],
    })
}

/// Equal as JSON has it: 1 is 1.0.
fn same(left: &Json, right: &Json) -> bool {
    if left.is_number() {
        left.as_f64() == right.as_f64()
    } else {
        left == right
    }
}

fn padded(version: &str) -> String {
    let version = version.strip_prefix('v').unwrap_or(version);
    let mut parts: Vec<String> = version.split(['-', '.']).map(str::to_owned).collect();
    if parts.len() == 3 {
        parts.push("~".to_owned());
    }
    for part in parts
        .iter_mut()
        .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        *part = format!("{part:>5}");
    }
    parts.join("-")
}
