//! The one face of the core: observe, decide, explain, and hand over what is to be kept.
//!
//! It sees every room and no browser. Time comes in with each call.

use crate::condition::Outcome;
use crate::config::{self, Problem};
use crate::decide::{self, Decision, Explanation, Moment};
use crate::host::Host;
use crate::json::Value;
use crate::plan::Plan;
use crate::profile::{Event, Profile, Visit, arrival};
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
    /// What others have stored: the base, and the other tabs' parts.
    stored: Profile,
    /// What this tab adds to it.
    own: Profile,
    /// Both together: what decisions look at.
    profile: Profile,
    /// What was stored has been looked at, so visits are counted on from there.
    anchored: bool,
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
            page: Value::Null,
            device: Value::Null,
            user: Value::Null,
            stored: Profile::new(&plan),
            own: Profile::new(&plan),
            profile: Profile::new(&plan),
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
    /// `page_view`.
    pub fn page(&mut self, page: Value, now: Millis) {
        self.page = page;
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

    /// Something happened. Its parameters are an object; they are looked at and not kept.
    pub fn observe(&mut self, event: &str, params: Value, now: Millis) {
        self.fold(event, params, now);
    }

    fn fold(&mut self, name: &str, params: Value, now: Millis) {
        let event = &Event {
            name: name.to_owned(),
            params,
        };
        self.settle(now);
        self.visit(name, now);
        self.own.cart.count_from(self.profile.cart.emptied);
        let tallies = event.tallies(&self.plan, self.host.as_ref());
        for profile in [&mut self.own, &mut self.profile] {
            profile.observe(event, &tallies, now, &self.plan, self.host.as_ref());
            if let (Some(visit), PAGE_VIEW) = (&mut profile.visit, name) {
                visit.pages = visit.pages.saturating_add(1);
            }
        }
    }

    /// Opens a new visit when the last one is over, else keeps it going.
    fn visit(&mut self, event: &str, now: Millis) {
        let timeout = self.plan.timeout;
        match &mut self.profile.visit {
            Some(visit) if !visit.is_over(now, timeout) => visit.last = visit.last.max(now),
            other => {
                let arrival = arrival(&self.page, event == PAGE_VIEW, &self.plan.keep.arrival);
                *other = Some(Visit::after(other.as_ref(), now, arrival));
            }
        }
        let Some(visit) = &self.profile.visit else { return };
        match &mut self.own.visit {
            Some(own) if own.number == visit.number => own.last = visit.last,
            other => {
                *other = Some(Visit {
                    pages: 0,
                    ..visit.clone()
                })
            }
        }
    }

    /// What the page says of the visitor: the members of an object, found under `user.`.
    pub fn user(&mut self, user: &Value, now: Millis) {
        self.settle(now);
        for (name, value) in user.members() {
            self.user.set(name, value.clone());
            if self.plan.keep.user.contains(name) {
                for profile in [&mut self.own, &mut self.profile] {
                    profile.tell(name, value, now);
                }
            }
        }
    }

    /// Something became of an offer. `false` when there is no such offer.
    pub fn outcome(&mut self, offer: &str, outcome: Outcome, now: Millis) -> bool {
        let Some(index) = self.plan.ids.iter().position(|(id, _)| id == offer) else {
            return false;
        };
        self.settle(now);
        let keeps = (self.plan.keep.histories.get(index), self.plan.hold.histories.get(index));
        if let (Some(keep), Some(hold)) = keeps
            && keep.anything()
        {
            for profile in [&mut self.own, &mut self.profile] {
                profile.touched = profile.touched.max(now);
                if let Some(history) = profile.histories.get_mut(index) {
                    history.note(outcome, now, keep, hold);
                }
            }
        }
        true
    }

    /// What a placement shows now; `None` when there is no such placement. Deciding changes nothing.
    #[must_use]
    pub fn decide(&self, placement: &str, now: Millis) -> Option<Decision<'_>> {
        decide::decide(placement, &self.moment(now))
    }

    /// Why a placement shows what it shows now.
    #[must_use]
    pub fn explain(&self, placement: &str, now: Millis) -> Option<Explanation<'_>> {
        decide::explain(placement, &self.moment(now))
    }

    fn moment(&self, now: Millis) -> Moment<'_> {
        Moment {
            now,
            plan: &self.plan,
            profile: &self.profile,
            page: &self.page,
            device: &self.device,
            user: &self.user,
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
        Profile::of(&[&self.own], &self.plan).encode(&self.plan, self.host.as_ref())
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
        let known = Profile::of(&[&self.stored, &before], &self.plan);
        let stale = known.is_stale(now, &self.plan);
        if stale {
            self.stored = Profile::new(&self.plan);
        } else {
            if let (false, Some(visit), Some(stored)) = (self.anchored, &mut self.own.visit, &known.visit) {
                visit.follow(stored, self.plan.timeout);
            }
            self.own.merge(&before, &self.plan);
        }
        self.anchored = true;
        let ahead = self.stored.settle(now, &self.plan, host);
        self.own.settle(now, &self.plan, host);
        self.look();
        ahead || stale
    }

    /// Puts together what decisions look at.
    fn look(&mut self) {
        self.profile = Profile::of(&[&self.stored, &self.own], &self.plan);
        for (name, value, _) in &self.profile.user {
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
        self.own = Profile::new(&self.plan);
    }

    /// Forgets all that is known of the visitor; the page and the device at hand stay.
    pub fn forget(&mut self) {
        self.stored = Profile::new(&self.plan);
        self.own = Profile::new(&self.plan);
        self.profile = Profile::new(&self.plan);
        self.user = Value::Null;
        self.anchored = false;
    }
}

fn merged<'t>(texts: impl IntoIterator<Item = &'t str>, plan: &Plan, host: &dyn Host) -> Profile {
    let mut whole = Profile::new(plan);
    for text in texts {
        whole.merge(&Profile::decode(text, plan, host), plan);
    }
    whole
}
