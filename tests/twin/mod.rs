//! A naive twin of the engine: it keeps everything that ever happened, and looks through all of it for each answer.
//!
//! It reads the same config, knows no plan and no profile, and of conditions only `{ "user.<key>": <value> }`.

#![allow(dead_code, reason = "each test file uses the part it needs")]

pub mod naive;
pub mod written;

use crate::kit::{DAY, MINUTE};
use jiff::{Timestamp, tz::TimeZone};
use maitre::condition::Outcome;
use maitre::config::Signal;
use maitre::decide::Status;
use maitre::time::{Millis, duration};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

pub const TIMEOUT: Millis = 30 * MINUTE;

/// Placements and the offers seen there; null: to be decided.
pub type Seen = Vec<(String, Option<Vec<String>>)>;

#[derive(Clone, Debug)]
enum What {
    Outcome(String, Outcome),
    Raised(String),
    Event(String, Json),
    /// A signal that came from one figure to another.
    Signal(Signal, f64, f64),
}

#[derive(Clone, Copy, Debug)]
struct Visit {
    start: Millis,
    last: Millis,
    dwell: Millis,
}

/// What is known of the page at hand only.
#[derive(Clone, Debug, Default)]
pub struct Page {
    exposed: Vec<String>,
    raised: Vec<String>,
    /// What is over it, where, and whether that was seen.
    open: Option<(String, String, bool)>,
    scroll: f64,
    dwell: Millis,
    /// When there was input, and the longest silence since that was told.
    input: Millis,
    idle: f64,
}

#[derive(Clone, Debug)]
pub struct Twin {
    config: Json,
    visitor_zone: String,
    log: Vec<(Millis, What)>,
    visit: Option<Visit>,
    page: Page,
    user: Map<String, Json>,
}

fn list(value: &Json) -> Vec<Json> {
    match value {
        Json::Null => Vec::new(),
        Json::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

fn names(value: &Json) -> Vec<String> {
    list(value)
        .iter()
        .map(|name| name.as_str().expect("a name").to_owned())
        .collect()
}

fn span(value: &Json) -> Millis {
    duration(value.as_str().expect("a duration")).expect("a duration")
}

fn id(offer: &Json) -> &str {
    offer["id"].as_str().expect("an id")
}

fn is_of(what: &What, event: &Json) -> bool {
    let What::Event(name, params) = what else { return false };
    let filter = event["where"].as_object().cloned().unwrap_or_default();
    event["event"] == **name && filter.iter().all(|(key, wanted)| params[key] == *wanted)
}

fn fires(what: &What, trigger: &Json) -> bool {
    match what {
        What::Event(name, _) => trigger == "page_view" && name == "page_view" || is_of(what, trigger),
        What::Signal(signal, from, to) => {
            if let Some(name) = trigger.as_str() {
                return name == signal.name();
            }
            let threshold = match &trigger[signal.name()] {
                Json::Null => return false,
                Json::String(text) => duration(text).expect("a duration") as f64,
                share => share.as_f64().expect("a share"),
            };
            *from < threshold && threshold <= *to
        }
        _ => false,
    }
}

pub fn triggers(offer: &Json) -> Vec<Json> {
    match offer["trigger"].get("on") {
        Some(on) => list(on),
        None => list(&offer["trigger"]),
    }
}

impl Twin {
    pub fn new(config: &Json, visitor_zone: &str) -> Twin {
        Twin {
            config: config.clone(),
            visitor_zone: visitor_zone.to_owned(),
            log: Vec::new(),
            visit: None,
            page: Page::default(),
            user: Map::new(),
        }
    }

    // ── what happens ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// What lies in the future counts as now from here on.
    pub fn notice(&mut self, now: Millis) {
        for (at, _) in &mut self.log {
            *at = (*at).min(now);
        }
        if let Some(visit) = &mut self.visit {
            (visit.start, visit.last) = (visit.start.min(now), visit.last.min(now));
        }
    }

    fn note(&mut self, what: What, now: Millis) {
        self.notice(now);
        self.log.push((now, what));
    }

    pub fn event(&mut self, name: &str, params: &Json, now: Millis) {
        self.note(What::Event(name.to_owned(), params.clone()), now);
        self.visit = match self.visit {
            Some(visit) if now - visit.last < TIMEOUT => Some(Visit { last: now, ..visit }),
            _ => Some(Visit {
                start: now,
                last: now,
                dwell: 0,
            }),
        };
    }

    pub fn view(&mut self, now: Millis) {
        if let Some((open, ..)) = self.page.open.clone() {
            self.closed(&open, now);
        }
        self.page = Page {
            input: now,
            ..Page::default()
        };
        self.event("page_view", &Json::Null, now);
    }

    /// The page goes, with all that is over it: nobody closed that.
    pub fn unload(&mut self) {
        self.page.open = None;
    }

    /// The visitor turns to another tab; its page is taken up, and this one's left there.
    pub fn turn_to(&mut self, page: &mut Page) {
        std::mem::swap(&mut self.page, page);
    }

    pub fn user(&mut self, key: &str, value: &Json) {
        self.user.insert(key.to_owned(), value.clone());
    }

    /// All that the page said of the visitor.
    pub fn told(&self) -> Map<String, Json> {
        self.user.clone()
    }

    pub fn outcome(&mut self, offer: &str, outcome: Outcome, now: Millis) {
        self.note(What::Outcome(offer.to_owned(), outcome), now);
        if outcome == Outcome::Exposed {
            self.page.exposed.push(offer.to_owned());
            if let Some(open) = self.page.open.as_mut().filter(|open| open.0 == offer) {
                open.2 = true;
            }
        }
        if matches!(outcome, Outcome::Clicked | Outcome::Dismissed) {
            self.gone(offer, now);
        }
    }

    pub fn raised(&mut self, offer: &str, placement: &str, now: Millis) {
        self.note(What::Raised(offer.to_owned()), now);
        self.page.raised.push(offer.to_owned());
        self.page.open = Some((offer.to_owned(), placement.to_owned(), false));
    }

    pub fn closed(&mut self, offer: &str, now: Millis) {
        self.notice(now);
        self.gone(offer, now - 1);
    }

    /// What fired while an overlay was up doesn't bring it back.
    fn gone(&mut self, offer: &str, at: Millis) {
        if self.page.open.as_ref().is_some_and(|open| open.0 == offer) {
            self.page.open = None;
            self.log.push((at, What::Raised(offer.to_owned())));
        }
    }

    pub fn is_up(&self) -> bool {
        self.page.open.is_some()
    }

    pub fn exit_or_return(&mut self, signal: Signal, now: Millis) {
        self.note(What::Signal(signal, -1.0, 0.0), now);
    }

    pub fn scroll(&mut self, share: f64, now: Millis) {
        let before = self.page.scroll;
        self.page.scroll = before.max(share);
        self.note(What::Signal(Signal::Scroll, before, share), now);
    }

    /// The visitor was active for longer. Answers with the active time of this page so far.
    pub fn dwell(&mut self, more: Millis, now: Millis) -> Millis {
        self.page.dwell += more;
        let before = self.dwelt();
        self.visit.as_mut().expect("a visit").dwell += more;
        self.note(What::Signal(Signal::Dwell, before as f64, (before + more) as f64), now);
        self.page.dwell
    }

    fn dwelt(&self) -> Millis {
        self.visit.map_or(0, |visit| visit.dwell)
    }

    pub fn input(&mut self, now: Millis) {
        (self.page.input, self.page.idle) = (now, 0.0);
    }

    pub fn is_idle_for_longer(&self, now: Millis) -> bool {
        (now - self.page.input) as f64 > self.page.idle
    }

    /// Nothing is known of the page.
    pub fn leave(&mut self) {
        self.page = Page::default();
    }

    /// Still no input. Answers with the time since the last.
    pub fn idle(&mut self, now: Millis) -> Millis {
        let silence = (now - self.page.input) as f64;
        let before = self.page.idle;
        self.page.idle = silence;
        self.note(What::Signal(Signal::Idle, before, silence), now);
        now - self.page.input
    }

    // ── what is asked ──────────────────────────────────────────────────────────────────────────────────────────────────

    pub fn offers(&self) -> Vec<Json> {
        list(&self.config["offers"])
    }

    fn offer(&self, wanted: &str) -> Json {
        self.offers()
            .into_iter()
            .find(|offer| id(offer) == wanted)
            .expect("an offer")
    }

    fn placements(&self) -> Vec<String> {
        self.config["placements"]
            .as_object()
            .expect("placements")
            .keys()
            .cloned()
            .collect()
    }

    pub fn is_overlay(&self, placement: &str) -> bool {
        self.config["placements"][placement]["kind"] == "overlay"
    }

    /// Every placement in the page, to be decided.
    pub fn whole_page(&self) -> Seen {
        let all = self.placements().into_iter().filter(|name| !self.is_overlay(name));
        all.map(|name| (name, None)).collect()
    }

    fn kin(&self, offer: &Json) -> Vec<Json> {
        let others = self.offers().into_iter().filter(|other| id(other) != id(offer));
        others
            .filter(|other| offer["family"].is_string() && other["family"] == offer["family"])
            .collect()
    }

    fn times<'t>(&'t self, is_meant: impl Fn(&What) -> bool + 't) -> impl Iterator<Item = Millis> + 't {
        self.log
            .iter()
            .filter(move |(_, what)| is_meant(what))
            .map(|(at, _)| *at)
    }

    fn outcomes(&self, offer: &str, outcome: Outcome) -> Vec<Millis> {
        self.times(|what| matches!(what, What::Outcome(of, found) if of == offer && *found == outcome))
            .collect()
    }

    fn start(&self, now: Millis) -> Millis {
        self.visit.map_or(now, |visit| visit.start)
    }

    fn counted(&self, times: &[Millis], per: &Json, now: Millis) -> u64 {
        let counts = |at: &&Millis| match per.as_str() {
            None => true,
            Some("visit") => **at >= self.start(now),
            Some(_) => (now - **at).max(0) < span(per),
        };
        times.iter().filter(counts).count() as u64
    }

    fn rests_since(&self, times: impl IntoIterator<Item = Millis>, length: Millis, now: Millis) -> bool {
        times.into_iter().any(|at| (now - at).max(0) < length)
    }

    pub fn is_eligible(&self, offer: &Json) -> bool {
        let wanted = offer["eligible"].as_object().cloned().unwrap_or_default();
        wanted
            .iter()
            .all(|(path, value)| self.user.get(&path["user.".len()..]).unwrap_or(&Json::Null) == value)
    }

    pub fn moment_has_come(&self, offer: &Json, placement: &str, now: Millis) -> bool {
        let triggers = triggers(offer);
        let id = id(offer);
        if triggers.is_empty() {
            return !self.is_overlay(placement) || !self.page.raised.iter().any(|raised| raised == id);
        }
        let fired = self.times(|what| triggers.iter().any(|trigger| fires(what, trigger)));
        let raised = self.times(|what| matches!(what, What::Raised(of) if of == id)).max();
        let raised = raised.filter(|_| self.is_overlay(placement));
        fired
            .filter(|at| *at >= self.start(now))
            .any(|at| raised.is_none_or(|raised| at > raised))
    }

    pub fn is_capped(&self, offer: &Json, now: Millis) -> bool {
        let shown = self.outcomes(id(offer), Outcome::Exposed);
        let most = |cap: &Json| cap["exposures"].as_u64().expect("a number");
        list(&offer["cap"])
            .iter()
            .any(|cap| self.counted(&shown, &cap["per"], now) >= most(cap))
    }

    pub fn is_resting(&self, offer: &Json, now: Millis) -> bool {
        let after = |rest: &Json, of: &str| match rest["after"].as_str() {
            Some(name) => self.outcomes(of, Outcome::named(name).expect("an outcome")),
            None => self.times(|what| is_of(what, &rest["after"])).collect(),
        };
        let own = list(&offer["rest"]);
        let mut rests = own
            .iter()
            .any(|rest| self.rests_since(after(rest, id(offer)), span(&rest["for"]), now));
        let of_dismissal = |rests: Vec<Json>| rests.into_iter().filter(|rest| rest["after"] == "dismissed");
        for member in self.kin(offer) {
            let dismissed = self.outcomes(id(&member), Outcome::Dismissed);
            for rest in of_dismissal(own.clone()).chain(of_dismissal(list(&member["rest"]))) {
                rests |= self.rests_since(dismissed.clone(), span(&rest["for"]), now);
            }
        }
        rests
    }

    fn is_quiet(&self, hours: &str, now: Millis) -> bool {
        let zone = TimeZone::get(&self.visitor_zone).expect("a zone");
        let clock = Timestamp::from_millisecond(now)
            .expect("an instant")
            .to_zoned(zone)
            .time();
        let minutes = f64::from(clock.hour()) * 60.0 + f64::from(clock.minute());
        let (from, to) = hours.split_once('-').expect("hours");
        let minute = |text: &str| match text.split_once(':') {
            Some((hours, minutes)) => {
                hours.parse::<f64>().expect("hours") * 60.0 + minutes.parse::<f64>().expect("minutes")
            }
            None => text.parse::<f64>().expect("hours") * 60.0,
        };
        let (from, to) = (minute(from), minute(to));
        if from < to {
            from <= minutes && minutes < to
        } else {
            minutes >= from || minutes < to
        }
    }

    /// Whether it is too much for a placement, with offers planned in these.
    pub fn is_pressed(&self, placement: &str, planned: &[String], now: Millis) -> bool {
        list(&self.config["pressure"]).iter().any(|rule| {
            let scope = match &rule["placements"] {
                Json::Null => self.placements(),
                some => names(some),
            };
            if !scope.iter().any(|name| name == placement) {
                return false;
            }
            // Where an offer was seen is not told: it counts wherever it may appear. What is planned counts where it is to be.
            let within: Vec<Json> = self
                .offers()
                .into_iter()
                .filter(|offer| names(&offer["placement"]).iter().any(|name| scope.contains(name)))
                .collect();
            let all = |outcome| {
                within
                    .iter()
                    .flat_map(|offer| self.outcomes(id(offer), outcome))
                    .collect::<Vec<_>>()
            };
            let planned = planned.iter().filter(|name| scope.contains(name)).count() as u64;
            let mut pressed = false;
            for cap in list(&rule["cap"]) {
                let shown = if cap["per"] == "page" {
                    let here = self.page.exposed.iter();
                    here.filter(|of| within.iter().any(|offer| id(offer) == **of)).count() as u64
                } else {
                    self.counted(&all(Outcome::Exposed), &cap["per"], now)
                };
                pressed |= shown + planned >= cap["exposures"].as_u64().expect("a number");
            }
            if rule["rest"].is_string() {
                let times = match rule["after"].as_str() {
                    Some(name) => all(Outcome::named(name).expect("an outcome")),
                    None => self.times(|what| is_of(what, &rule["after"])).collect(),
                };
                pressed |= self.rests_since(times, span(&rule["rest"]), now);
            }
            pressed || rule["quiet"].as_str().is_some_and(|hours| self.is_quiet(hours, now))
        })
    }

    pub fn freshness(&self, offer: &Json, now: Millis) -> f64 {
        let seen = self.outcomes(id(offer), Outcome::Exposed).into_iter().max();
        seen.map_or(1.0, |seen| {
            1.0 - 0.2 * 2_f64.powf(-((now - seen).max(0) as f64) / DAY as f64)
        })
    }

    /// Fit, value, freshness.
    pub fn factors(&self, offer: &Json, now: Millis) -> [f64; 3] {
        let fit = match offer["fit"].as_str() {
            None => 1.0,
            Some(path) => self
                .user
                .get(&path["user.".len()..])
                .and_then(Json::as_f64)
                .unwrap_or(0.0)
                .max(0.0),
        };
        let number = |value: &Json, otherwise: f64| value.as_f64().unwrap_or(otherwise);
        let balance = &self.config["site"]["balance"];
        let value = number(&offer["value"]["site"], 0.0) * number(&balance["site"], 1.0)
            + number(&offer["value"]["visitor"], 0.0) * number(&balance["visitor"], 1.0);
        [fit, value, self.freshness(offer, now)]
    }

    pub fn rank(&self, offer: &Json, now: Millis) -> f64 {
        self.factors(offer, now).iter().product()
    }

    pub fn fits(&self, offer: &Json, placement: &str, now: Millis) -> bool {
        self.is_eligible(offer)
            && self.moment_has_come(offer, placement, now)
            && !self.is_capped(offer, now)
            && !self.is_resting(offer, now)
    }

    /// Highest rank first over the whole page: each offer goes to the first of its placements that has room for it.
    pub fn arranged(&self, on_page: &Seen, overlays: bool, now: Millis) -> Vec<(String, Vec<String>)> {
        let mut taken: Vec<String> = on_page.iter().filter_map(|(_, seen)| seen.clone()).flatten().collect();
        let mut planned = Vec::new();
        let mut is_up = false;
        if let Some((offer, placement, was_seen)) = &self.page.open {
            is_up = true;
            taken.push(offer.clone());
            if !was_seen {
                planned.push(placement.clone());
            }
        }
        let open = on_page
            .iter()
            .filter(|(_, seen)| seen.is_none())
            .map(|(name, _)| name.clone());
        let mut arranged: Vec<(String, Vec<String>)> = open.map(|name| (name, Vec::new())).collect();
        if overlays {
            let all = self.placements().into_iter().filter(|name| self.is_overlay(name));
            arranged.extend(all.map(|name| (name, Vec::new())));
        }
        let mut ranked: Vec<(f64, Json)> = self
            .offers()
            .into_iter()
            .map(|offer| (self.rank(&offer, now), offer))
            .collect();
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
        for (_, offer) in ranked {
            let kin_is_there = self
                .kin(&offer)
                .iter()
                .any(|other| taken.iter().any(|known| known == id(other)));
            if kin_is_there || taken.iter().any(|known| known == id(&offer)) {
                continue;
            }
            for name in names(&offer["placement"]) {
                let take = self.config["placements"][&name]["take"].as_u64().unwrap_or(1) as usize;
                let Some((_, shown)) = arranged.iter_mut().find(|(known, _)| *known == name) else {
                    continue;
                };
                let is_overlay = self.is_overlay(&name);
                if shown.len() >= take || (is_overlay && is_up) || self.is_pressed(&name, &planned, now) {
                    continue;
                }
                if self.fits(&offer, &name, now) {
                    shown.push(id(&offer).to_owned());
                    taken.push(id(&offer).to_owned());
                    planned.push(name);
                    is_up |= is_overlay;
                    break;
                }
            }
        }
        arranged
    }

    /// The overlay that is to appear, and its placement.
    pub fn raise(&self, on_page: &Seen, now: Millis) -> Option<(String, String)> {
        if self.is_up() {
            return None;
        }
        let arranged = self.arranged(on_page, true, now).into_iter();
        let mut up = arranged.filter(|(name, offers)| self.is_overlay(name) && !offers.is_empty());
        up.next().map(|(name, offers)| (name, offers[0].clone()))
    }

    pub fn status(&self, offer: &str, placement: &str, shown: &[String], now: Millis) -> Status {
        let offer = self.offer(offer);
        let is_shown = shown.iter().any(|other| other == id(&offer));
        if is_shown {
            Status::Shown
        } else if !self.is_eligible(&offer) {
            Status::Ineligible
        } else if !self.moment_has_come(&offer, placement, now) {
            Status::Untriggered
        } else if self.is_capped(&offer, now) {
            Status::Capped
        } else if self.is_resting(&offer, now) {
            Status::Resting
        } else if self.is_pressed(placement, &[], now) {
            Status::Pressed
        } else {
            Status::Outranked
        }
    }

    /// At which of its points a page has to tell a signal: those of dwell that lie ahead.
    pub fn points(&self, signal: Signal) -> Vec<f64> {
        let mut points = Vec::new();
        for trigger in self.offers().iter().flat_map(triggers) {
            let point = match (&trigger[signal.name()], trigger.as_str()) {
                (Json::String(text), _) => duration(text).expect("a duration") as f64,
                (Json::Number(share), _) => share.as_f64().expect("a share"),
                (_, Some(name)) if name == signal.name() => 0.0,
                _ => continue,
            };
            if signal != Signal::Dwell {
                points.push(point);
            } else if point > self.dwelt() as f64 {
                points.push(point - (self.dwelt() - self.page.dwell) as f64);
            }
        }
        points.sort_by(f64::total_cmp);
        points.dedup();
        points
    }
}

// ── configs of all sorts ───────────────────────────────────────────────────────────────────────────────────────────────

pub const SPANS: [&str; 6] = ["1s", "30s", "30m", "1h", "1d", "2d3s"];
pub const EVENTS: [&str; 3] = ["purchase", "add_to_cart", "page_view"];
pub const COLOURS: [&str; 2] = ["red", "blue"];
const PLACEMENTS: [&str; 5] = ["hero", "aside", "footer", "over", "top"];

fn pick<T: Clone + std::fmt::Debug + 'static>(from: &[T]) -> prop::sample::Select<T> {
    prop::sample::select(from.to_vec())
}

pub fn outcome() -> impl Strategy<Value = Outcome> {
    pick(&Outcome::ALL.map(|(outcome, ..)| outcome))
}

/// `{ "event", "where"? }`
fn happening() -> impl Strategy<Value = Json> {
    (pick(&EVENTS), prop::option::of(pick(&COLOURS))).prop_map(|(event, colour)| match colour {
        Some(colour) => json!({ "event": event, "where": { "colour": colour } }),
        None => json!({ "event": event }),
    })
}

fn after() -> impl Strategy<Value = Json> {
    prop_oneof![2 => outcome().prop_map(|outcome| json!(outcome.name())), 1 => happening()]
}

fn trigger() -> impl Strategy<Value = Json> {
    let one = prop_oneof![
        2 => pick(&["page_view", "exit_intent", "return_to_tab"]).prop_map(|name| json!(name)),
        2 => pick(&["10s", "40s", "2m"]).prop_map(|span| json!({ "dwell": span })),
        1 => pick(&["30s", "1m"]).prop_map(|span| json!({ "idle": span })),
        1 => pick(&[0.25, 0.6, 1.0]).prop_map(|share| json!({ "scroll": share })),
        2 => happening(),
    ];
    prop_oneof![
        one.clone(),
        prop::collection::vec(one.clone(), 1..3).prop_map(Json::from),
        one.clone().prop_map(|one| json!({ "on": one })),
        prop::collection::vec(one, 1..4).prop_map(|list| json!({ "on": list })),
    ]
}

fn cap(per_page: bool) -> impl Strategy<Value = Json> {
    let mut periods = SPANS.to_vec();
    periods.extend(["visit", "visit"]);
    if per_page {
        periods.extend(["page", "page", "page"]);
    }
    (1..4_u8, prop::option::weighted(0.9, pick(&periods))).prop_map(|(most, per)| match per {
        Some(per) => json!({ "exposures": most, "per": per }),
        None => json!({ "exposures": most + 2 }),
    })
}

fn rest() -> impl Strategy<Value = Json> {
    let after = prop_oneof![1 => Just(json!("dismissed")), 1 => after()];
    (after, pick(&SPANS)).prop_map(|(after, span)| json!({ "after": after, "for": span }))
}

fn placements() -> impl Strategy<Value = Json> {
    let several = Just(PLACEMENTS.to_vec()).prop_shuffle();
    prop_oneof![
        2 => pick(&PLACEMENTS).prop_map(|name| json!(name)),
        2 => (several, 1..4_usize).prop_map(|(names, count)| json!(names[..count])),
    ]
}

fn amount() -> impl Strategy<Value = f64> {
    prop_oneof![pick(&[0.0, 1.0, 2.0]), 0.0..6.0]
}

/// Members of an offer.
fn members() -> impl Strategy<Value = Vec<(&'static str, Json)>> {
    let some = |share: f64, strategy: BoxedStrategy<Json>| prop::option::weighted(share, strategy);
    let value = prop_oneof![
        1 => (0..3_u8, 0..3_u8).prop_map(|(site, visitor)| json!({ "site": site, "visitor": visitor })),
        2 => (amount(), amount()).prop_map(|(site, visitor)| json!({ "site": site, "visitor": visitor })),
    ];
    let members = (
        placements(),
        some(0.8, value.boxed()),
        some(0.4, pick(&["f", "g"]).prop_map(Json::from).boxed()),
        some(0.3, pick(&["user.x", "user.y"]).prop_map(Json::from).boxed()),
        some(
            0.2,
            pick(&[true, false]).prop_map(|is| json!({ "user.member": is })).boxed(),
        ),
        some(0.4, trigger().boxed()),
        some(
            0.3,
            prop::collection::vec(cap(false), 1..3).prop_map(Json::from).boxed(),
        ),
        some(0.3, prop::collection::vec(rest(), 1..3).prop_map(Json::from).boxed()),
    );
    members.prop_map(|(placement, value, family, fit, eligible, trigger, cap, rest)| {
        let optional = [
            ("value", value),
            ("family", family),
            ("fit", fit),
            ("eligible", eligible),
            ("trigger", trigger),
            ("cap", cap),
            ("rest", rest),
        ];
        let mut members = vec![("placement", placement)];
        members.extend(optional.into_iter().filter_map(|(key, member)| Some((key, member?))));
        members
    })
}

fn pressure() -> impl Strategy<Value = Json> {
    let scope = prop_oneof![
        1 => Just(Json::Null),
        1 => pick(&PLACEMENTS).prop_map(Json::from),
        2 => (Just(PLACEMENTS.to_vec()).prop_shuffle(), 1..5_usize).prop_map(|(names, count)| json!(names[..count])),
    ];
    let limit = prop_oneof![
        4 => cap(true).prop_map(|cap| json!({ "cap": cap })),
        1 => prop::collection::vec(cap(true), 1..3).prop_map(|caps| json!({ "cap": caps })),
        1 => (after(), pick(&SPANS)).prop_map(|(after, span)| json!({ "rest": span, "after": after })),
        1 => pick(&["22-8", "9-17:30", "0-6", "12:15-24", "2-2:30"]).prop_map(|hours| json!({ "quiet": hours })),
    ];
    (scope, limit).prop_map(|(scope, mut rule)| {
        if !scope.is_null() {
            rule["placements"] = scope;
        }
        rule
    })
}

/// A config of several offers for three placements in the page and two over it.
pub fn config(offers: std::ops::Range<usize>) -> impl Strategy<Value = Json> {
    let takes = [1..3_u8, 1..4, 1..2];
    let balance = prop::option::of((pick(&[0.0, 0.5, 1.0, 3.0]), pick(&[0.0, 1.0, 2.0])));
    let offers = prop::collection::vec(members(), offers);
    (takes, balance, offers, prop::collection::vec(pressure(), 0..4)).prop_map(|(takes, balance, offers, pressure)| {
        let mut config = json!({
            "site": { "timezone": "America/New_York", "retention": "9000d" },
            "placements": {
                "hero": { "take": takes[0] }, "aside": { "take": takes[1] }, "over": { "kind": "overlay" },
                "footer": { "take": takes[2] }, "top": { "kind": "overlay" },
            },
            "pressure": pressure,
        });
        if let Some((site, visitor)) = balance {
            config["site"]["balance"] = json!({ "site": site, "visitor": visitor });
        }
        let mut list = Vec::new();
        for (index, members) in offers.into_iter().enumerate() {
            let mut offer = json!({ "id": format!("o{index}"), "content": { "template": "text", "text": "x" } });
            for (key, member) in members {
                offer[key] = member;
            }
            list.push(offer);
        }
        config["offers"] = list.into();
        config
    })
}

/// Any time after the one before: nothing, a little, as long as something lasts, or a ms off that.
pub fn wait() -> impl Strategy<Value = Millis> {
    let mut edges: Vec<Millis> = SPANS.iter().filter_map(|span| duration(span)).collect();
    edges.push(TIMEOUT);
    prop_oneof![
        Just(1),
        1..2000_i64,
        1..20 * MINUTE,
        1..2 * DAY,
        (pick(&edges), -1..=1_i64).prop_map(|(edge, off)| edge + off),
    ]
}
