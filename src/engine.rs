//! The one face of the core: observe, decide, explain, and hand over what is to be kept.
//!
//! It sees every room and no browser. Time comes in with each call.

use crate::condition::record::source;
use crate::condition::{Findings, Outcome};
#[cfg(feature = "authoring")]
use crate::config::{self, Problem};
use crate::config::{STAGE_CHANGE, Signal};
#[cfg(feature = "authoring")]
use crate::decide::Explanation;
use crate::decide::{self, Ahead, Arrangement, Decision, Here, Moment, OnPage};
use crate::host::Host;
use crate::json::Value;
use crate::plan::{Offer, Placement, Plan};
use crate::profile::{Change, Event, Profile, Reading, STAGE, Visit, arrival};
use crate::time::Millis;

/// The event that a page view is.
const PAGE_VIEW: &str = "page_view";

/// Decides for one visitor, on one page after another.
pub struct Engine {
    plan: Plan,
    #[cfg(feature = "authoring")]
    problems: Vec<Problem>,
    host: Box<dyn Host>,
    page: Value,
    device: Value,
    /// The attributes that rules ask about, by number.
    user: Vec<Value>,
    /// What has appeared and been seen on this page view.
    here: Here,
    /// How far the signals of this page view have come: active ms, the deepest share of the page, ms without input.
    reached: Reached,
    /// What others have stored: the base, and the other tabs' parts.
    stored: Profile,
    /// What this tab added to it, as far as that was written…
    written: Profile,
    /// … and since then.
    own: Profile,
    /// All of them together: what decisions look at.
    profile: Profile,
    /// While a page view is played that is still to come: what can't be known of it.
    ahead: Option<Ahead>,
    /// What was stored has been looked at, so visits are counted on from there.
    anchored: bool,
    /// What conditions came to, as long as nothing they ask about changes.
    findings: Findings,
}

/// How what was stored was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// As it should be.
    Tidy,
    /// It lies ahead of the clock, is older than it may be kept, or holds what no rule asks for: it should be folded and written anew.
    Untidy,
    /// Some of it can't be read and was passed over; the rest should be written anew.
    Damaged,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    dwell: f64,
    scroll: f64,
    idle: f64,
    /// When the idle time was told.
    idle_at: Millis,
}

impl Engine {
    /// Reads a config. Whatever is wrong with it is among the [`problems`](Engine::problems); the rest runs.
    /// `visitor_zone` is the visitor's own IANA time zone, for sites that follow it.
    #[must_use]
    #[cfg(feature = "authoring")]
    pub fn new(config: &str, visitor_zone: &str, host: Box<dyn Host>) -> Engine {
        let (config, problems) = config::read(config, host.as_ref());
        let plan = Plan::new(config, visitor_zone, host.as_ref());
        Engine {
            problems,
            ..Engine::run(plan, host)
        }
    }

    /// Runs a plan that was made ahead.
    #[must_use]
    pub fn run(plan: Plan, host: Box<dyn Host>) -> Engine {
        Engine {
            #[cfg(feature = "authoring")]
            problems: Vec::new(),
            findings: plan.findings(),
            page: Value::Null,
            device: Value::Null,
            user: Vec::new(),
            here: Here::default(),
            reached: Reached::default(),
            stored: Profile::default(),
            written: Profile::default(),
            own: Profile::default(),
            profile: Profile::default(),
            ahead: None,
            anchored: false,
            plan,
            host,
        }
    }

    /// What is wrong with the config, in the order of its text.
    #[must_use]
    #[cfg(feature = "authoring")]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What the engine runs.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What is known of the visitor.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The platform's pure functions.
    #[must_use]
    pub fn host(&self) -> &dyn Host {
        self.host.as_ref()
    }

    /// What the device is: `kind`, `touch`, `language`, `saveData`, `reducedMotion`.
    pub fn device(&mut self, device: Value) {
        self.device = device;
        self.findings.forget(source::DEVICE);
    }

    /// A page view: `path`, `query`, `title`, `referrer`, `host`, `kind`, `item`. It is an event like any other, called
    /// `page_view`. What was over the page before has gone with it.
    pub fn page(&mut self, page: Value, now: Millis) {
        if let Some(offer) = self.here.open.and_then(|(open, _)| self.plan.offer(open)) {
            let id = self.plan.id(offer).to_owned();
            self.closed(&id, now);
        }
        self.page = page;
        self.findings.forget(source::PAGE);
        self.here = Here::default();
        self.reached = Reached::default();
        let mut params = Value::Map(Vec::new());
        let item = |key: &str| self.page.get("item").and_then(|item| item.get(key));
        let named = [
            ("page_path", self.page.get("path")),
            ("page_title", self.page.get("title")),
            ("page_referrer", self.page.get("referrer")),
            ("page_kind", self.page.get("kind")),
            ("item_id", item("id")),
            ("item_name", item("name")),
            ("item_category", item("category")),
            ("item_brand", item("brand")),
            ("price", item("price")),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                params.set(name, value.clone());
            }
        }
        self.fold(PAGE_VIEW, params, now);
    }

    /// Something happened. Its parameters are an object; they are looked at and not kept. `true` when that may change anything
    /// that is shown.
    pub fn observe(&mut self, event: &str, params: Value, now: Millis) -> bool {
        self.fold(event, params, now)
    }

    fn fold(&mut self, name: &str, params: Value, now: Millis) -> bool {
        let event = &Event {
            name: name.to_owned(),
            params,
        };
        self.settle(now);
        let is_another_visit = self.visit(name, now);
        self.own.cart.count_from(self.profile.cart.emptied);
        let cart = self.profile.cart.clone();
        for profile in [&mut self.own, &mut self.profile] {
            profile.observe(event, now, &self.plan);
            if let (Some(visit), PAGE_VIEW) = (&mut profile.visit, name) {
                visit.pages = visit.pages.saturating_add(1);
            }
        }
        let mut changes = event.changes(&self.plan, self.host.as_ref());
        if let Some(ahead) = &mut self.ahead {
            ahead.tallies = event.unsure(&self.plan, self.host.as_ref());
            changes.retain(|(tally, _)| !ahead.tallies.contains(tally));
        }
        self.apply(&changes, now);
        let is_another_stage = self.look_at_stage(now);
        is_another_visit || is_another_stage || name == PAGE_VIEW || !changes.is_empty() || self.profile.cart != cart
    }

    /// Changes tallies.
    fn apply(&mut self, changes: &[(usize, Change)], now: Millis) {
        let (plan, host) = (&self.plan, self.host.as_ref());
        for (index, change) in changes {
            let is_sequence = matches!(change, Change::Steps { .. });
            if is_sequence {
                self.profile.fold(*index, change, None, now, plan, host);
                // Its steps are not added to those before, but take their place.
                self.written.fold(*index, change, Some(&self.profile), now, plan, host);
            }
            self.own.fold(*index, change, Some(&self.profile), now, plan, host);
            if !is_sequence {
                self.profile.fold(*index, change, None, now, plan, host);
            }
        }
    }

    /// Notes a change of stage, which is an event of its own.
    fn look_at_stage(&mut self, now: Millis) -> bool {
        if !self.plan.keeps_stage() {
            return false;
        }
        if !self.moment(now).stage_is_known() {
            self.is_unsure_of_stage();
            return false;
        }
        let stage = self.moment(now).stage();
        let before = self.profile.stage().map(|(before, ..)| before.clone());
        if before.as_ref() == Some(&stage) {
            return false;
        }
        let is_first = before.is_none();
        let before = before.unwrap_or_default();
        let stages = Value::List(vec![stage.clone(), before.clone()]);
        let at = self.profile.told_at(STAGE, now);
        for profile in [&mut self.own, &mut self.profile] {
            profile.tell(STAGE, &stages, at, now);
        }
        if !is_first {
            let params = Value::Map(vec![("stage".to_owned(), stage), ("before".to_owned(), before)]);
            let event = Event {
                name: STAGE_CHANGE.to_owned(),
                params,
            };
            let changes = event.changes(&self.plan, self.host.as_ref());
            self.apply(&changes, now);
        }
        true
    }

    /// A page view to come may lead to another stage, and then to the event that this is.
    fn is_unsure_of_stage(&mut self) {
        let Some(ahead) = &mut self.ahead else { return };
        ahead.stage = true;
        for happening in 0..self.plan.happenings() {
            if self.plan.happening_event(happening) == STAGE_CHANGE {
                ahead.tallies.extend(self.plan.changed_by(happening));
            }
        }
    }

    /// Opens a new visit when the last one is over, else keeps it going. `true`: it is another one.
    fn visit(&mut self, event: &str, now: Millis) -> bool {
        let timeout = self.plan.timeout();
        let mut is_another = false;
        match &mut self.profile.visit {
            Some(visit) if !visit.is_over(now, timeout) => visit.last = visit.last.max(now),
            other => {
                let arrival = arrival(&self.page, event == PAGE_VIEW, &|known| self.plan.keeps_arrival(known));
                *other = Some(Visit::after(other.as_ref(), now, arrival));
                is_another = true;
            }
        }
        self.join_visit();
        is_another
    }

    /// What this tab adds to the visit is its own.
    fn join_visit(&mut self) {
        let Some(visit) = &self.profile.visit else { return };
        match &mut self.own.visit {
            Some(own) if own.number == visit.number => own.last = visit.last,
            other => {
                *other = Some(Visit {
                    pages: 0,
                    dwell: 0,
                    ..visit.clone()
                })
            }
        }
    }

    /// What the page tells of the visitor's conduct on it: of dwell the visible, active ms on this page so far, of idle the ms
    /// without input so far, of scroll the deepest share of this page. `true` when a trigger fired.
    pub fn signal(&mut self, signal: Signal, value: f64, now: Millis) -> bool {
        self.settle(now);
        let reached = &mut self.reached;
        let (from, to) = match signal {
            Signal::ExitIntent | Signal::ReturnToTab => (-1.0, 0.0),
            Signal::Scroll => {
                let from = reached.scroll;
                reached.scroll = from.max(value);
                (from, value)
            }
            Signal::Idle => {
                // Less than before, or begun since: another stretch.
                let is_another = value <= reached.idle || now.wrapping_sub(value as Millis) >= reached.idle_at;
                let from = if is_another { 0.0 } else { reached.idle };
                (reached.idle, reached.idle_at) = (value, now);
                (from, value)
            }
            Signal::Dwell => {
                let more = (value - reached.dwell).max(0.0) as Millis;
                reached.dwell = reached.dwell.max(value);
                let before = self.profile.visit.as_ref().map_or(0, |visit| visit.dwell);
                self.join_visit();
                for profile in [&mut self.own, &mut self.profile] {
                    if let (Some(visit), true) = (&mut profile.visit, self.plan.keeps_dwell()) {
                        visit.dwell = visit.dwell.saturating_add(more);
                        profile.touched = profile.touched.max(now);
                    }
                }
                (before as f64, before.wrapping_add(more) as f64)
            }
        };
        let mut fired = Vec::new();
        for (tally, threshold) in self.plan.thresholds(signal) {
            if from < threshold && threshold <= to {
                fired.push((tally, Change::Add(1.0)));
            }
        }
        self.apply(&fired, now);
        !fired.is_empty()
    }

    /// The points at which a signal fires a trigger, as [`signal`](Engine::signal) takes them, the smallest first; those of this
    /// visit's dwell that were passed are left out.
    #[must_use]
    pub fn points(&self, signal: Signal) -> Vec<f64> {
        let mut offset = 0.0;
        if signal == Signal::Dwell {
            offset = self.reached.dwell - self.profile.visit.as_ref().map_or(0, |visit| visit.dwell) as f64;
        }
        let mut points: Vec<f64> = Vec::new();
        for (_, threshold) in self.plan.thresholds(signal) {
            let point = threshold + offset;
            if signal != Signal::Dwell || point > self.reached.dwell {
                let place = points.partition_point(|known| *known < point);
                points.insert(place, point);
            }
        }
        points
    }

    /// What the page says of the visitor: the members of an object, found under `user.`.
    pub fn user(&mut self, user: &Value, now: Millis) {
        self.settle(now);
        for (name, value) in user.members() {
            self.say(name, value);
            if self.plan.keeps_user(name) {
                let at = self.profile.told_at(name, now);
                for profile in [&mut self.own, &mut self.profile] {
                    profile.tell(name, value, at, now);
                }
            }
        }
    }

    /// An attribute of the visitor has another value.
    fn say(&mut self, name: &str, value: &Value) {
        let Some(attribute) = self.plan.attribute(name) else {
            return;
        };
        if self.user.len() <= attribute {
            self.user.resize(attribute + 1, Value::Null);
        }
        if let Some(known) = self.user.get_mut(attribute).filter(|known| *known != value) {
            known.clone_from(value);
            self.findings.forget(source::USER + attribute);
        }
    }

    /// Something became of an offer. `false` when there is no such offer.
    pub fn outcome(&mut self, offer: &str, outcome: Outcome, now: Millis) -> bool {
        self.outcome_in(offer, None, outcome, now)
    }

    /// Something became of an offer in a placement; without one, it counts in each that the offer is for.
    pub fn outcome_in(&mut self, offer: &str, placement: Option<&str>, outcome: Outcome, now: Millis) -> bool {
        let Some(id) = self.plan.id_number(offer) else {
            return false;
        };
        self.settle(now);
        self.note(id, outcome, now);
        let Some(index) = self.plan.offer_of(id) else {
            return true;
        };
        let mut placements = Vec::new();
        if let Some(offer) = self.plan.offer(index) {
            placements.extend(offer.placements());
        }
        if let Some(placement) = placement.and_then(|name| self.plan.placement_index(name)) {
            placements = vec![placement];
        }
        if outcome != Outcome::Raised {
            for scope in 0..self.plan.scopes() {
                if self.plan.is_about(scope, &placements) {
                    self.note(self.plan.scope_history(scope), outcome, now);
                }
            }
        }
        if outcome == Outcome::Exposed {
            self.here.exposed.push(placements);
            self.here.is_seen |= self.here.open.is_some_and(|(open, _)| open == index);
        }
        if matches!(outcome, Outcome::Clicked | Outcome::Dismissed) {
            self.gone(offer, now);
        }
        true
    }

    fn note(&mut self, history: usize, outcome: Outcome, now: Millis) {
        for profile in [&mut self.own, &mut self.profile] {
            profile.note(history, outcome, now, &self.plan);
        }
    }

    /// The index of the offer of that id, if it has no error.
    fn offer(&self, id: &str) -> Option<usize> {
        self.plan.offer_of(self.plan.id_number(id)?)
    }

    /// An offer has appeared over the page. `false` when there is no such offer.
    pub fn raised(&mut self, offer: &str, now: Millis) -> bool {
        let Some(index) = self.offer(offer) else {
            return false;
        };
        let is_overlay = |index: &usize| self.plan.placement(*index).is_some_and(Placement::is_overlay);
        // Of an offer's several overlays, the one it was to appear in.
        let wanted = decide::raise(None, &self.moment(now)).filter(|(_, wanted)| wanted.index() == index);
        let first = || self.plan.offer(index)?.placements().find(is_overlay);
        let placement = wanted.map(|(placement, _)| placement).or_else(first);
        self.here.open = placement.map(|placement| (index, placement));
        self.here.is_seen = false;
        self.here.raised.push(index);
        self.outcome(offer, Outcome::Raised, now)
    }

    /// An offer that was over the page has gone without an answer.
    pub fn closed(&mut self, offer: &str, now: Millis) {
        self.settle(now);
        // What happens in the same ms comes after it, as another page view does.
        self.gone(offer, now - 1);
    }

    /// An offer is over the page no more. That its trigger fired while it was doesn't bring it back.
    fn gone(&mut self, offer: &str, at: Millis) {
        let id = self.plan.id_number(offer);
        let index = id.and_then(|id| self.plan.offer_of(id));
        if let Some(id) = id.filter(|_| index.is_some() && self.here.open.map(|(open, _)| open) == index) {
            self.here.open = None;
            self.note(id, Outcome::Raised, at);
        }
    }

    /// The visitor switches a topic off or on; its score is erased. `false` when there is no such topic.
    pub fn mute(&mut self, topic: &str, muted: bool, now: Millis) -> bool {
        self.amend(topic, muted, None, now)
    }

    /// The visitor says how much a topic matters: its score is this from now on, and fades as any. Switches it on. `false` when there is
    /// no such topic, or that is no score.
    pub fn correct(&mut self, topic: &str, score: f64, now: Millis) -> bool {
        score.is_finite() && score >= 0.0 && self.amend(topic, false, Some(score), now)
    }

    fn amend(&mut self, topic: &str, muted: bool, score: Option<f64>, now: Millis) -> bool {
        self.settle(now);
        let known = self.plan.interests().find(|(known, _, _)| *known == topic);
        let Some(tally) = known
            .map(|(_, _, tally)| tally)
            .filter(|tally| self.plan.keep_tally(*tally).anything())
        else {
            return false;
        };
        if let Some(count) = self
            .profile
            .counts
            .entry(tally)
            .filter(|count| count.is_muted() != muted || score.is_some())
        {
            count.mute(muted, now);
            count.total = score;
            count.last = score.map(|_| now);
            let count = count.clone();
            if let Some(own) = self.own.counts.entry(tally) {
                *own = count;
            }
        }
        for profile in [&mut self.own, &mut self.profile] {
            profile.touched = profile.touched.max(now);
        }
        true
    }

    /// The topics that are kept: name, title, score, and whether the visitor has muted it. Those that are told to nobody but the
    /// visitor are left out.
    #[must_use]
    pub fn interests(&self, now: Millis) -> Vec<(&str, &str, f64, bool)> {
        let moment = self.moment(now);
        let mut interests = Vec::new();
        for (topic, title, tally) in self.plan.interests() {
            if !title.is_empty() && self.plan.keep_tally(tally).anything() {
                let count = self.profile.counts.get(tally);
                let muted = count.is_some_and(|count| count.is_muted());
                interests.push((topic, title, moment.score(tally), muted));
            }
        }
        interests
    }

    // ── deciding ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// What a placement shows now, were every placement of the config on the page; `None` when there is no such placement.
    /// Deciding changes nothing.
    #[must_use]
    pub fn decide(&self, placement: &str, now: Millis) -> Option<Decision<'_>> {
        self.decide_beside(placement, None, now)
    }

    /// What a placement shows now beside what else is on the page.
    #[must_use]
    pub fn decide_beside(&self, placement: &str, on_page: Option<&OnPage>, now: Millis) -> Option<Decision<'_>> {
        decide::decide(self.plan.placement_index(placement)?, on_page, &self.moment(now))
    }

    /// What each placement of the page that is to be decided shows now, all of them together; overlays aside.
    #[must_use]
    pub fn fill(&self, on_page: &OnPage, now: Millis) -> Vec<Decision<'_>> {
        decide::fill(on_page, &self.moment(now))
    }

    /// What [`fill`](Engine::fill) would answer if the page view `page` happened now, as far as that is sure: of `page` only what is
    /// known of it is given (`path`, `query`, `host`), and a placement that depends on the rest is left out, overlays always. Without
    /// `on_page` it isn't known either which placements that page has; then it is what each shows alone as well as beside all others.
    /// Nothing is sure of another visit. Changes nothing. See [`decisions`](Engine::decisions) for what is in the answer.
    pub fn ahead(&mut self, page: Value, on_page: Option<&OnPage>, now: Millis) -> Arrangement {
        if self.profile.visit.is_none() || self.visit_is_over(now) {
            return Vec::new();
        }
        // What is over this page is none of the next one's business.
        let before = (
            std::mem::take(&mut self.page),
            std::mem::take(&mut self.here),
            self.reached,
        );
        let copy = |profile: &Profile| Profile::of(&[profile], &self.plan, self.host.as_ref());
        let profiles = [&self.stored, &self.written, &self.own, &self.profile].map(copy);
        self.ahead = Some(Ahead::default());
        self.page(page, now);
        let against = self.moment(now);
        let hopeful = Ahead {
            hopeful: true,
            ..self.ahead.clone().unwrap_or_default()
        };
        let hopeful = Moment {
            ahead: Some(&hopeful),
            ..against
        };
        let arranged = decide::ahead(on_page, &against, &hopeful);
        self.ahead = None;
        (self.page, self.here, self.reached) = before;
        [self.stored, self.written, self.own, self.profile] = profiles;
        self.findings.forget(source::PAGE);
        arranged
    }

    /// What is in an arrangement.
    #[must_use]
    pub fn decisions(&self, arrangement: &Arrangement) -> Vec<Decision<'_>> {
        let mut decisions = Vec::new();
        for (placement, offers) in arrangement {
            if let Some(decision) = decide::decision(*placement, offers, &self.plan) {
                decisions.push(decision);
            }
        }
        decisions
    }

    /// The overlay that is to appear now, if any: its placement and the offer's id. It has appeared once
    /// [`raised`](Engine::raised) is told.
    #[must_use]
    pub fn raise(&self, on_page: Option<&OnPage>, now: Millis) -> Option<(&str, Offer<'_>)> {
        let (placement, offer) = decide::raise(on_page, &self.moment(now))?;
        Some((self.plan.placement(placement)?.name(), offer))
    }

    /// Why a placement shows what it shows now.
    #[must_use]
    #[cfg(feature = "authoring")]
    pub fn explain(&self, placement: &str, now: Millis) -> Option<Explanation<'_>> {
        self.explain_beside(placement, None, now)
    }

    /// Why a placement shows what it shows now, beside what else is on the page.
    #[must_use]
    #[cfg(feature = "authoring")]
    pub fn explain_beside(&self, placement: &str, on_page: Option<&OnPage>, now: Millis) -> Option<Explanation<'_>> {
        decide::explain(self.plan.placement_index(placement)?, on_page, &self.moment(now))
    }

    /// What is on the page, as an object of placements: the ids of the offers that have been seen there and stay, or null where
    /// it is to be decided. Names that aren't known are left out.
    #[must_use]
    pub fn on_page(&self, placements: &Value) -> OnPage {
        let mut on_page = OnPage::new();
        for (name, seen) in placements.members() {
            let mut offers = Vec::new();
            for id in seen.items() {
                if let Some(offer) = id.text().and_then(|id| self.offer(id)) {
                    offers.push(offer);
                }
            }
            let seen = matches!(seen, Value::List(_)).then_some(offers);
            if let Some(index) = self.plan.placement_index(name) {
                on_page.push((index, seen));
            }
        }
        on_page
    }

    fn moment(&self, now: Millis) -> Moment<'_> {
        // Time goes on, and so does what the visitor does.
        self.findings.forget(source::PROFILE);
        Moment {
            findings: &self.findings,
            ahead: self.ahead.as_ref(),
            now,
            plan: &self.plan,
            profile: &self.profile,
            page: &self.page,
            device: &self.device,
            user: &self.user,
            here: &self.here,
            host: self.host.as_ref(),
        }
    }

    /// A clock set back is noticed with the next thing that happens.
    fn settle(&mut self, now: Millis) {
        self.settle_own(now);
        for profile in [&mut self.stored, &mut self.profile] {
            profile.settle(now, &self.plan, self.host.as_ref());
        }
    }

    fn settle_own(&mut self, now: Millis) {
        if self.own.touched > now {
            // What had faded beside what came after it stays so.
            self.written();
        }
        self.written.settle(now, &self.plan, self.host.as_ref());
    }

    // ── what is kept ───────────────────────────────────────────────────────────────────────────────────────────────

    /// What this tab adds to what is stored, as text; empty when there is nothing to keep.
    #[must_use]
    pub fn save(&self) -> String {
        self.added().encode(&self.plan, self.host.as_ref())
    }

    /// All that is known of the visitor, as text; empty when that is nothing.
    #[must_use]
    pub fn known(&self) -> String {
        let whole = Profile::of(&[&self.profile], &self.plan, self.host.as_ref());
        whole.encode(&self.plan, self.host.as_ref())
    }

    fn added(&self) -> Profile {
        Profile::of(&[&self.written, &self.own], &self.plan, self.host.as_ref())
    }

    /// What [`save`](Engine::save) gives now has been written.
    pub fn written(&mut self) {
        self.written = self.added();
        self.own = Profile::default();
    }

    /// Takes in what others stored (`texts`: the base, and the parts of other tabs) and, where this tab goes on with a part
    /// of its own, that. Calling it again replaces what others stored and keeps this tab's own part.
    pub fn load<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>, own: &str, now: Millis) -> Found {
        let host = self.host.as_ref();
        let mut reading;
        (self.stored, reading) = merged(texts, &self.plan, host);
        let mut before = Profile::default();
        reading.add(before.read(own, &self.plan, host));
        let known = Profile::of(&[&self.stored, &before], &self.plan, host);
        let stale = known.is_stale(now, &self.plan);
        if stale {
            self.stored = Profile::default();
        } else {
            if let (false, Some(visit), Some(stored)) = (self.anchored, &mut self.own.visit, &known.visit) {
                visit.follow(stored, self.plan.timeout());
            }
            self.written.merge(&before, &self.plan, host);
        }
        self.anchored = true;
        let ahead = self.stored.settle(now, &self.plan, host);
        self.settle_own(now);
        self.look();
        let unasked = reading.unasked > 0 && self.plan.is_sound();
        match reading.damaged {
            true => Found::Damaged,
            false if ahead || stale || unasked => Found::Untidy,
            false => Found::Tidy,
        }
    }

    /// Puts together what decisions look at.
    fn look(&mut self) {
        let parts = [&self.stored, &self.written, &self.own];
        self.profile = Profile::of(&parts, &self.plan, self.host.as_ref());
        for (name, value, _) in self.profile.user.clone() {
            if name != STAGE {
                self.say(&name, &value);
            }
        }
    }

    /// Whether what was stored belongs to a visit that is over: nothing happened since for the timeout.
    #[must_use]
    pub fn is_over(&self, text: &str, now: Millis) -> bool {
        let (stored, _) = merged([text], &self.plan, self.host.as_ref());
        now - stored.touched >= self.plan.timeout()
    }

    /// Whether the visit at hand is over: the next event opens another.
    #[must_use]
    pub fn visit_is_over(&self, now: Millis) -> bool {
        let visit = self.profile.visit.as_ref();
        visit.is_some_and(|visit| visit.is_over(now, self.plan.timeout()))
    }

    /// One text that holds what all of `texts` hold, at `now`: nothing in it lies ahead of the clock. Empty when there is
    /// nothing to keep. Changes nothing here.
    #[must_use]
    pub fn fold_texts<'t>(&self, texts: impl IntoIterator<Item = &'t str>, now: Millis) -> String {
        let (mut whole, _) = merged(texts, &self.plan, self.host.as_ref());
        whole.settle(now, &self.plan, self.host.as_ref());
        if whole.is_stale(now, &self.plan) {
            String::new()
        } else {
            whole.encode(&self.plan, self.host.as_ref())
        }
    }

    /// What this tab has [`written`](Engine::written) has become part of what is stored, and it begins another part, with what came
    /// since. Call [`load`](Engine::load) next.
    pub fn disown(&mut self) {
        self.written = Profile::default();
    }

    /// Forgets all that is known of the visitor; the page and the device at hand stay.
    pub fn forget(&mut self) {
        for profile in [&mut self.stored, &mut self.written, &mut self.own, &mut self.profile] {
            *profile = Profile::default();
        }
        self.user = Vec::new();
        self.findings.forget_all();
        self.anchored = false;
    }
}

/// What all of the texts hold, and how they were found.
fn merged<'t>(texts: impl IntoIterator<Item = &'t str>, plan: &Plan, host: &dyn Host) -> (Profile, Reading) {
    let (mut whole, mut reading) = (Profile::default(), Reading::default());
    for text in texts {
        reading.add(whole.read(text, plan, host));
    }
    (whole, reading)
}
