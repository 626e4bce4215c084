//! The ledger: for every thing that is kept of a visitor, what it is, which rules need it, and until when.
//!
//! It is drawn from the config in the way the plan is, and from what is kept; so there is nothing in the one that is not in the
//! other. What enters: a config, a stored profile, an instant. What goes out: an object, as `js/ledger.ts` describes it.

use crate::condition::{Check, Condition, Known, Op, Outcome, VOCABULARY};
use crate::config::{self, Config, Fold, Offer};
use crate::host::Host;
use crate::json::{Object, Value};
use crate::plan::{ARRIVAL, By, GRAINS, Keep, Plan, needs};
use crate::profile::{Count, History, Profile, STAGE, Visit, bucket};
use crate::time::Millis;

/// What is kept in `kept`, a profile as text, under a config (JSON text).
#[must_use]
pub fn ledger(config: &str, kept: &str, now: Millis, host: &dyn Host) -> Value {
    let (config, _) = config::read(config, host);
    let plan = Plan::new(config.clone(), "", host);
    let mut profile = Profile::default();
    let reading = profile.read(kept, &plan, host);
    profile.settle(now, &plan, host);
    let mut writer = Writer {
        entries: Vec::new(),
        config: &config,
        plan: &plan,
        host,
        now,
    };
    writer.profile(&profile);
    writer.ask();
    let mut entries = Vec::new();
    for (_, entry, why) in writer.entries {
        entries.push(entry.with("why", Value::List(why)).done());
    }
    // While the config has an error nothing is erased: the rule that asks for it may be the broken one.
    let others = if plan.is_sound() { reading.unasked } else { 0 };
    let until = (profile.touched > 0).then(|| (profile.touched + plan.retention()) as f64);
    Object::default()
        .maybe("until", until)
        .with("entries", Value::List(entries))
        .number("others", others as f64)
        .done()
}

/// A thing that is kept, as rules ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Visit,
    Arrival(Known),
    Tally(usize),
    Stage,
    History(usize),
    Cart,
    User,
}

impl Thing {
    fn is_asked(self, keep: &Keep) -> bool {
        match self {
            Thing::Visit => keep.visit || keep.dwell,
            Thing::Arrival(known) => keep.arrival.contains(&known),
            Thing::Tally(index) => keep.asks(index),
            Thing::Stage => keep.stage,
            Thing::History(index) => keep.histories.get(index).is_some_and(|history| history.anything()),
            Thing::Cart => keep.cart,
            Thing::User => !keep.user.is_empty(),
        }
    }
}

struct Writer<'c> {
    entries: Vec<(Thing, Object, Vec<Value>)>,
    config: &'c Config,
    plan: &'c Plan,
    host: &'c dyn Host,
    now: Millis,
}

impl Writer<'_> {
    fn add(&mut self, thing: Thing, entry: Object) {
        self.entries.push((thing, entry, Vec::new()));
    }

    /// Who asks for what.
    fn ask(&mut self) {
        let (config, entries) = (self.config, &mut self.entries);
        needs(config, &mut |by, keep| {
            for (thing, _, why) in entries.iter_mut() {
                if thing.is_asked(keep) {
                    let reason = by_words(by, config);
                    if !why.contains(&reason) {
                        why.push(reason);
                    }
                }
            }
        });
    }

    fn profile(&mut self, profile: &Profile) {
        if let Some(visit) = &profile.visit {
            self.visit(visit);
        }
        // Of topics also those of which nothing is known yet, so that they can be muted before.
        for index in 0..self.config.interests.len() {
            self.interest(index, profile);
        }
        for (index, count) in profile.counts.iter() {
            self.tally(index, count);
        }
        if let (Some((now, before, since)), true) = (profile.stage(), self.plan.keeps_stage()) {
            let entry = kind("stage").with("now", now.clone()).with("before", before.clone());
            self.add(Thing::Stage, entry.number("since", since as f64));
        }
        for (index, history) in profile.histories.iter() {
            self.history(index, history);
        }
        if self.plan.keeps_cart() && (profile.cart.items != 0 || profile.cart.emptied != 0) {
            let entry = kind("cart").number("items", profile.cart.items() as f64);
            self.add(Thing::Cart, entry.number("value", profile.cart.value));
        }
        for (name, value, at) in &profile.user {
            if name != STAGE {
                let entry = kind("attribute").text("name", name).with("value", value.clone());
                self.add(Thing::User, entry.number("since", *at as f64));
            }
        }
    }

    fn visit(&mut self, visit: &Visit) {
        let entry = kind("visit")
            .number("number", visit.number.into())
            .number("first", visit.first as f64)
            .number("last", visit.last as f64);
        self.add(Thing::Visit, entry);
        for (fact, value) in &visit.arrival {
            if let Some(known) = ARRIVAL.get(usize::from(*fact)) {
                let path = VOCABULARY.iter().find(|(each, ..)| each == known);
                let entry = kind("arrival").text("fact", path.map_or("", |(_, path, _)| path));
                self.add(Thing::Arrival(*known), entry.text("value", value));
            }
        }
    }

    fn interest(&mut self, index: usize, profile: &Profile) {
        let Some(interest) = self.config.interests.get(index) else {
            return;
        };
        let tally = interest.tally;
        let Some(Fold::Fading { half_life, .. }) = self.config.tallies.get(tally).map(|tally| &tally.fold) else {
            return;
        };
        if !self.plan.keep_tally(tally).anything() {
            return;
        }
        let count = profile.counts.get(tally);
        let entry = kind("interest")
            .text("topic", &interest.topic)
            .text("title", &interest.title)
            .number(
                "score",
                count.map_or(0.0, |count| count.score(*half_life, self.now, self.host)),
            )
            .with("muted", Value::Bool(count.is_some_and(Count::is_muted)))
            .with("private", Value::Bool(interest.is_private()))
            .number("halfLife", *half_life as f64)
            .with("events", self.events(tally));
        self.add(Thing::Tally(tally), entry);
    }

    fn tally(&mut self, index: usize, count: &Count) {
        let Some(fold) = self.config.tallies.get(index).map(|tally| &tally.fold) else {
            return;
        };
        let keep = self.plan.keep_tally(index);
        let (what, of) = match fold {
            Fold::Fading { .. } => return,
            Fold::Count(_) => ("times", &[][..]),
            Fold::Sum(_, of) => ("sum", &of[..]),
            Fold::Max(_, of) => ("max", &of[..]),
            Fold::Distinct(_, of) => ("distinct", &of[..]),
            Fold::Sequence { .. } => ("sequence", &[][..]),
            Fold::Signal(signal, _) => (signal.name(), &[][..]),
        };
        let mut entry = kind("count").text("what", what).with("events", self.events(index));
        if let Fold::Sequence { steps, without } = fold {
            // The step at 0 is when what must not happen last did.
            let reached = count.recent.iter().map(|(step, _)| *step).max().unwrap_or(0);
            entry = entry.number("figure", reached.into()).number("of", steps.len() as f64);
            if let Some(without) = without {
                entry = entry.with("without", self.event(*without));
            }
        }
        if !of.is_empty() {
            entry = entry.text("of", &of.join("."));
        }
        // Buckets are all that ends by itself; the longest window is the one to tell of.
        let mut window = None;
        for ((ring, grain), buckets) in count.rings.iter().zip(GRAINS).zip(keep.buckets) {
            let oldest = bucket(grain, self.now, &self.plan.zone, self.host) - buckets + 1;
            let mut figure: Option<f64> = None;
            for (bucket, amount) in ring.0.iter().filter(|(bucket, _)| *bucket >= oldest) {
                figure = Some(match (figure, fold) {
                    (None, _) => *amount,
                    (Some(figure), Fold::Max(..)) => figure.max(*amount),
                    (Some(figure), _) => figure + amount,
                });
                let mut end = (bucket + buckets) * grain.size();
                if grain == crate::condition::Grain::Day {
                    end -= self.plan.zone.local(end, self.host) - end;
                }
                window = Some((buckets * grain.size(), figure, end));
            }
        }
        let figure = count.total.or(window.and_then(|(_, figure, _)| figure));
        entry = entry.maybe("figure", figure);
        let stays = count.total.is_some() || count.first.is_some() || count.last.is_some() || !count.recent.is_empty();
        if let (Some((span, _, end)), None) = (window, count.total) {
            entry = entry.number("window", span as f64);
            if !stays {
                entry = entry.number("until", end as f64);
            }
        }
        if matches!(fold, Fold::Distinct(..)) {
            entry = entry.number("figure", count.recent.len() as f64);
        }
        let last = count.last.or(count.recent.iter().map(|(_, at)| *at).max());
        entry = entry
            .maybe("first", count.first.map(|at| at as f64))
            .maybe("last", last.map(|at| at as f64));
        self.add(Thing::Tally(index), entry);
    }

    /// What a tally is drawn from: events, each with the parameters it is narrowed by; of a sequence its steps.
    fn events(&self, tally: usize) -> Value {
        let happenings = match self.config.tallies.get(tally).map(|tally| &tally.fold) {
            Some(Fold::Sequence { steps, .. }) => steps.clone(),
            Some(fold) => fold.happenings(),
            None => Vec::new(),
        };
        let mut events = Vec::new();
        for happening in happenings {
            let event = self.event(happening);
            if !events.contains(&event) {
                events.push(event);
            }
        }
        Value::List(events)
    }

    fn event(&self, happening: usize) -> Value {
        let Some(happening) = self.config.happenings.get(happening) else {
            return Value::Null;
        };
        let mut narrowed = Vec::new();
        if let Some(filter) = &happening.filter {
            filter.walk(&mut |part| {
                if let Condition::Is(test) = part {
                    let entry = Object::default().text("name", &test.name);
                    narrowed.push(entry.with("values", Value::List(values(&test.check))).done());
                }
            });
        }
        let event = Object::default().text("event", &happening.event);
        event.with("where", Value::List(narrowed)).done()
    }

    fn history(&mut self, index: usize, history: &History) {
        let ids = self.config.ids.all();
        let mut entry = match ids.get(index) {
            Some(id) => {
                let offer = self.config.offers.iter().find(|offer| offer.id == index);
                let title = offer.map_or(id.as_str(), |offer| title_of(offer, self.config));
                kind("offer").text("offer", id).text("title", title)
            }
            None => {
                let mut placements = Vec::new();
                for placement in self.config.scopes.get(index - ids.len()).into_iter().flatten() {
                    let placement = self.config.placements.get(*placement);
                    placements.extend(placement.map(|placement| Value::from(placement.name.as_str())));
                }
                kind("pressure").with("placements", Value::List(placements))
            }
        };
        for (outcome, name, ..) in Outcome::ALL {
            let mut figure = Object::default();
            let mut count = history.count(outcome);
            let mut last = history.last(outcome);
            if outcome == Outcome::Exposed {
                count = count.max(history.shown.len() as u32);
                last = last.max(history.nth_last_shown(1));
            }
            if count > 0 || last.is_some() {
                figure = figure.maybe("times", (count > 0).then(|| count.into()));
                entry = entry.with(name, figure.maybe("last", last.map(|at| at as f64)).done());
            }
        }
        self.add(Thing::History(index), entry);
    }
}

fn kind(kind: &str) -> Object {
    Object::default().text("kind", kind)
}

/// The values that a check names, where it does no more than that.
fn values(check: &Check) -> Vec<Value> {
    let mut values = Vec::new();
    match check {
        Check::Equals(value) => values.push(value.clone()),
        Check::Meets(ops) => {
            for op in ops {
                match op {
                    Op::Same(true, value) => values.push(value.clone()),
                    Op::In { within: true, list, .. } => values.extend(list.iter().cloned()),
                    _ => {}
                }
            }
        }
    }
    values
}

fn by_words(by: By, config: &Config) -> Value {
    let (kind, id, title) = match by {
        By::Offer(index) => match config.offers.get(index) {
            Some(offer) => ("offer", config.ids.name(offer.id), title_of(offer, config)),
            None => ("offer", "", ""),
        },
        By::Audience(index) => match config.audiences.get(index) {
            Some(audience) => ("audience", audience.name.as_str(), audience.title.as_str()),
            None => ("audience", "", ""),
        },
        By::Lifecycle => ("lifecycle", "", ""),
        By::Pressure => ("pressure", "", ""),
        By::Freshness => ("freshness", "", ""),
        By::Site => ("site", "", ""),
    };
    let reason = Object::default().text("by", kind);
    match id {
        "" => reason.done(),
        id => reason.text("id", id).text("title", title).done(),
    }
}

/// What an offer calls itself.
fn title_of<'c>(offer: &'c Offer, config: &'c Config) -> &'c str {
    let named = ["title", "text", "cta"]
        .iter()
        .find_map(|field| offer.content.get(field)?.text());
    named.unwrap_or_else(|| config.ids.name(offer.id))
}
