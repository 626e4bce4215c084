//! The one face of the core: observe, decide, explain, and hand over what is to be kept.
//!
//! It sees every room and no browser. Time comes in with each call.

use crate::condition::Outcome;
use crate::config::{self, Problem, STAGE_CHANGE, Signal};
use crate::decide::{self, Decision, Explanation, Here, Moment, OnPage};
use crate::host::Host;
use crate::json::Value;
use crate::plan::Plan;
use crate::profile::{Change, Event, Profile, STAGE, Visit, arrival};
use crate::time::Millis;

/// The event that a page view is.
const PAGE_VIEW: &str = "page_view";

/// Decides for one visitor, on one page after another.
pub struct Engine {
    plan: Plan,
    problems: Vec<Problem>,
    host: Box<dyn Host>,
    page: Value,
    device: Value,
    user: Value,
    /// What has appeared and been seen on this page view.
    here: Here,
    /// How far the signals of this page view have come: active ms, the deepest share of the page, ms without input.
    reached: Reached,
    /// What others have stored: the base, and the other tabs' parts.
    stored: Profile,
    /// What this tab adds to it.
    own: Profile,
    /// Both together: what decisions look at.
    profile: Profile,
    /// What was stored has been looked at, so visits are counted on from there.
    anchored: bool,
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
            problems: Vec::new(),
            page: Value::Null,
            device: Value::Null,
            user: Value::Null,
            here: Here::default(),
            reached: Reached::default(),
            stored: Profile::default(),
            own: Profile::default(),
            profile: Profile::default(),
            anchored: false,
            plan,
            host,
        }
    }

    /// What is wrong with the config, in the order of its text.
    #[must_use]
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
    }

    /// A page view: `path`, `query`, `title`, `referrer`, `host`, `kind`, `item`. It is an event like any other, called
    /// `page_view`. What was over the page before has gone with it.
    pub fn page(&mut self, page: Value, now: Millis) {
        if let Some(offer) = self.here.open.and_then(|(open, _)| self.plan.offers.get(open)) {
            let id = self.plan.id(offer).to_owned();
            self.closed(&id, now);
        }
        self.page = page;
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
        let changes = event.changes(&self.plan, self.host.as_ref());
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
            }
            self.own.fold(*index, change, Some(&self.profile), now, plan, host);
            if !is_sequence {
                self.profile.fold(*index, change, None, now, plan, host);
            }
        }
    }

    /// Notes a change of stage, which is an event of its own.
    fn look_at_stage(&mut self, now: Millis) -> bool {
        if !self.plan.keep.stage {
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

    /// Opens a new visit when the last one is over, else keeps it going. `true`: it is another one.
    fn visit(&mut self, event: &str, now: Millis) -> bool {
        let timeout = self.plan.timeout;
        let mut is_another = false;
        match &mut self.profile.visit {
            Some(visit) if !visit.is_over(now, timeout) => visit.last = visit.last.max(now),
            other => {
                let arrival = arrival(&self.page, event == PAGE_VIEW, &self.plan.keep.arrival);
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
                let is_another = value <= reached.idle || now - value as Millis >= reached.idle_at;
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
                    if let (Some(visit), true) = (&mut profile.visit, self.plan.keep.dwell) {
                        visit.dwell = visit.dwell.saturating_add(more);
                        profile.touched = profile.touched.max(now);
                    }
                }
                (before as f64, (before + more) as f64)
            }
        };
        let mut fired = Vec::new();
        for (tally, kind, threshold) in &self.plan.signals {
            if *kind == signal && from < *threshold && *threshold <= to {
                fired.push((*tally, Change::Add(1.0)));
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
        for (_, kind, threshold) in &self.plan.signals {
            let point = threshold + offset;
            if *kind == signal && (signal != Signal::Dwell || point > self.reached.dwell) {
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
            self.user.set(name, value.clone());
            if self.plan.keep.user.contains(name) {
                let at = self.profile.told_at(name, now);
                for profile in [&mut self.own, &mut self.profile] {
                    profile.tell(name, value, at, now);
                }
            }
        }
    }

    /// Something became of an offer. `false` when there is no such offer.
    pub fn outcome(&mut self, offer: &str, outcome: Outcome, now: Millis) -> bool {
        self.outcome_in(offer, None, outcome, now)
    }

    /// Something became of an offer in a placement; without one, it counts in each that the offer is for.
    pub fn outcome_in(&mut self, offer: &str, placement: Option<&str>, outcome: Outcome, now: Millis) -> bool {
        let Some(id) = self.plan.ids.find(offer) else {
            return false;
        };
        self.settle(now);
        self.note(id, outcome, now);
        let Some(index) = self.offer(id) else { return true };
        let mut placements = self
            .plan
            .offers
            .get(index)
            .map_or(Vec::new(), |offer| offer.placements.clone());
        if let Some(placement) = placement.and_then(|name| self.plan.placement_index(name)) {
            placements = vec![placement];
        }
        if outcome != Outcome::Raised {
            for scope in 0..self.plan.scopes.len() {
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

    /// The index of the offer of that id number, if it has no error.
    fn offer(&self, id: usize) -> Option<usize> {
        // Both go by the config's order.
        let place = self.plan.offers.partition_point(|offer| offer.id < id);
        self.plan
            .offers
            .get(place)
            .filter(|offer| offer.id == id)
            .map(|_| place)
    }

    /// An offer has appeared over the page. `false` when there is no such offer.
    pub fn raised(&mut self, offer: &str, now: Millis) -> bool {
        let Some(index) = self.plan.ids.find(offer).and_then(|id| self.offer(id)) else {
            return false;
        };
        let is_overlay = |index: &&usize| self.plan.placements.get(**index).is_some_and(|known| known.overlay);
        let known = self.plan.offers.get(index);
        // Of an offer's several overlays, the one it was to appear in.
        let wanted = decide::raise(None, &self.moment(now)).filter(|(_, wanted)| known == Some(wanted));
        let first = || known?.placements.iter().find(is_overlay).copied();
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
        let id = self.plan.ids.find(offer);
        let index = id.and_then(|id| self.offer(id));
        if let Some(id) = id.filter(|_| index.is_some() && self.here.open.map(|(open, _)| open) == index) {
            self.here.open = None;
            self.note(id, Outcome::Raised, at);
        }
    }

    /// The visitor switches a topic off or on; its score is erased. `false` when there is no such topic.
    pub fn mute(&mut self, topic: &str, muted: bool, now: Millis) -> bool {
        self.settle(now);
        let known = self.plan.interests.iter().find(|interest| interest.topic == topic);
        let Some(tally) = known
            .map(|interest| interest.tally)
            .filter(|tally| self.plan.keep.asks(*tally))
        else {
            return false;
        };
        if let Some(count) = self
            .profile
            .counts
            .entry(tally)
            .filter(|count| count.is_muted() != muted)
        {
            count.mute(muted, now);
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

    /// The topics that are kept: name, title, score, and whether the visitor has muted it.
    #[must_use]
    pub fn interests(&self, now: Millis) -> Vec<(&str, &str, f64, bool)> {
        let moment = self.moment(now);
        let mut interests = Vec::new();
        for interest in &self.plan.interests {
            if self.plan.keep.asks(interest.tally) {
                let muted = self
                    .profile
                    .counts
                    .get(interest.tally)
                    .is_some_and(|count| count.is_muted());
                interests.push((
                    interest.topic.as_str(),
                    interest.title.as_str(),
                    moment.score(interest.tally),
                    muted,
                ));
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

    /// The overlay that is to appear now, if any: its placement and the offer's id. It has appeared once
    /// [`raised`](Engine::raised) is told.
    #[must_use]
    pub fn raise(&self, on_page: Option<&OnPage>, now: Millis) -> Option<(&str, &config::Offer)> {
        let (placement, offer) = decide::raise(on_page, &self.moment(now))?;
        Some((&self.plan.placements.get(placement)?.name, offer))
    }

    /// Why a placement shows what it shows now.
    #[must_use]
    pub fn explain(&self, placement: &str, now: Millis) -> Option<Explanation<'_>> {
        self.explain_beside(placement, None, now)
    }

    /// Why a placement shows what it shows now, beside what else is on the page.
    #[must_use]
    pub fn explain_beside(&self, placement: &str, on_page: Option<&OnPage>, now: Millis) -> Option<Explanation<'_>> {
        decide::explain(self.plan.placement_index(placement)?, on_page, &self.moment(now))
    }

    /// What is on the page, as an object of placements: the ids of the offers that have been seen there and stay, or null where
    /// it is to be decided. Names that aren't known are left out.
    #[must_use]
    pub fn on_page(&self, placements: &Value) -> OnPage {
        let mut on_page = OnPage::new();
        for (name, seen) in placements.members() {
            let ids = seen.items().iter().filter_map(Value::text);
            let offers = ids.filter_map(|id| self.offer(self.plan.ids.find(id)?));
            let seen = matches!(seen, Value::List(_)).then(|| offers.collect());
            if let Some(index) = self.plan.placement_index(name) {
                on_page.push((index, seen));
            }
        }
        on_page
    }

    fn moment(&self, now: Millis) -> Moment<'_> {
        Moment {
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
        for profile in [&mut self.stored, &mut self.own, &mut self.profile] {
            profile.settle(now, &self.plan, self.host.as_ref());
        }
    }

    // ── what is kept ───────────────────────────────────────────────────────────────────────────────────────────────

    /// What this tab adds to what is stored, as text; empty when there is nothing to keep.
    #[must_use]
    pub fn save(&self) -> String {
        Profile::of(&[&self.own], &self.plan, self.host.as_ref()).encode(&self.plan, self.host.as_ref())
    }

    /// Takes in what others stored (`texts`: the base, and the parts of other tabs) and, where this tab goes on with a part
    /// of its own, that. Calling it again replaces what others stored and keeps this tab's own part.
    ///
    /// `true`: something stored lies ahead of the clock, or is older than it may be kept, and should be folded and written
    /// anew.
    pub fn load<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>, own: &str, now: Millis) -> bool {
        let host = self.host.as_ref();
        self.stored = merged(texts, &self.plan, host);
        let before = Profile::decode(own, &self.plan, host);
        let known = Profile::of(&[&self.stored, &before], &self.plan, host);
        let stale = known.is_stale(now, &self.plan);
        if stale {
            self.stored = Profile::default();
        } else {
            if let (false, Some(visit), Some(stored)) = (self.anchored, &mut self.own.visit, &known.visit) {
                visit.follow(stored, self.plan.timeout);
            }
            self.own.merge(&before, &self.plan, host);
        }
        self.anchored = true;
        let ahead = self.stored.settle(now, &self.plan, host);
        self.own.settle(now, &self.plan, host);
        self.look();
        ahead || stale
    }

    /// Puts together what decisions look at.
    fn look(&mut self) {
        self.profile = Profile::of(&[&self.stored, &self.own], &self.plan, self.host.as_ref());
        for (name, value, _) in self.profile.user.iter().filter(|(name, ..)| name != STAGE) {
            self.user.set(name, value.clone());
        }
    }

    /// Whether what was stored belongs to a visit that is over: nothing happened since for the timeout.
    #[must_use]
    pub fn is_over(&self, text: &str, now: Millis) -> bool {
        now - Profile::decode(text, &self.plan, self.host.as_ref()).touched >= self.plan.timeout
    }

    /// Whether the visit at hand is over: the next event opens another.
    #[must_use]
    pub fn visit_is_over(&self, now: Millis) -> bool {
        let visit = self.profile.visit.as_ref();
        visit.is_some_and(|visit| visit.is_over(now, self.plan.timeout))
    }

    /// One text that holds what all of `texts` hold, at `now`: nothing in it lies ahead of the clock. Empty when there is
    /// nothing to keep. Changes nothing here.
    #[must_use]
    pub fn fold_texts<'t>(&self, texts: impl IntoIterator<Item = &'t str>, now: Millis) -> String {
        let mut whole = merged(texts, &self.plan, self.host.as_ref());
        whole.settle(now, &self.plan, self.host.as_ref());
        if whole.is_stale(now, &self.plan) {
            String::new()
        } else {
            whole.encode(&self.plan, self.host.as_ref())
        }
    }

    /// This tab's part has become part of what is stored: it begins another. Call [`load`](Engine::load) next.
    pub fn disown(&mut self) {
        self.own = Profile::default();
    }

    /// Forgets all that is known of the visitor; the page and the device at hand stay.
    pub fn forget(&mut self) {
        self.stored = Profile::default();
        self.own = Profile::default();
        self.profile = Profile::default();
        self.user = Value::Null;
        self.anchored = false;
    }
}

fn merged<'t>(texts: impl IntoIterator<Item = &'t str>, plan: &Plan, host: &dyn Host) -> Profile {
    let mut whole = Profile::default();
    for text in texts {
        whole.merge(&Profile::decode(text, plan, host), plan, host);
    }
    whole
}
