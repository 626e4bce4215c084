//! Everything a decision looks at, at one instant: the ground on which conditions are evaluated.

use crate::condition::record::did;
use crate::condition::{Facts, Findings, Known, OfferFact, Truth, WEEKDAYS, Where, holds};
use crate::host::Host;
use crate::json::Value;
use crate::plan::{Fold, Plan};
use crate::profile::{History, Profile, Visit, arrival_fact, measured};
use crate::records::Record;
use crate::time::{DAY, HOUR, Millis, SECOND, date_text, weekday};
use std::borrow::Cow;

/// One instant.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// Now.
    pub now: Millis,
    /// What the engine runs.
    pub plan: &'a Plan,
    /// What is known of the visitor.
    pub profile: &'a Profile,
    /// The page at hand: `path`, `query`, `title`, `kind`, `item` …
    pub page: &'a Value,
    /// The device: `kind`, `touch`, `language`, `saveData`, `reducedMotion`.
    pub device: &'a Value,
    /// What the page said of the visitor: the attributes that rules ask about, by number.
    pub user: &'a [Value],
    /// What has appeared and been seen on this page view.
    pub here: &'a Here,
    /// The page view is still to come; this is what can't be known of it.
    pub ahead: Option<&'a Ahead>,
    /// What was found out before about the same facts.
    pub findings: &'a Findings,
    /// The platform's pure functions.
    pub host: &'a dyn Host,
}

/// What can't be known of a page view that is still to come, beside what its page lacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ahead {
    /// The tallies that it may change, in ways that aren't known.
    pub tallies: Vec<usize>,
    /// The stage that it leads to isn't known.
    pub stage: bool,
    /// What isn't known speaks for an offer; else against it.
    pub hopeful: bool,
}

/// What has appeared and been seen on the page at hand since it was viewed. Offers are indexes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Here {
    /// The offer that is over the page, and its placement.
    pub open: Option<(usize, usize)>,
    /// It has been exposed.
    pub is_seen: bool,
    /// The offers that appeared over the page.
    pub raised: Vec<usize>,
    /// For each exposure, the placement it was in; where that is not known, all it may have been in.
    pub exposed: Vec<Vec<usize>>,
}

impl Moment<'_> {
    /// What isn't known yet of a page view to come speaks for an offer: whether it does, when there is such a thing.
    pub(super) fn is_hopeful(&self) -> bool {
        self.ahead.is_some_and(|ahead| ahead.hopeful)
    }

    /// Whether the page view to come may change a tally.
    pub(super) fn is_unsure(&self, tally: usize) -> bool {
        self.ahead.is_some_and(|ahead| ahead.tallies.contains(&tally))
    }

    /// Whether it is known which stage holds now.
    #[must_use]
    pub fn stage_is_known(&self) -> bool {
        let truths = &mut self.plan.stages().map(|(_, when)| holds(when, self));
        truths.find(|truth| matches!(truth, Truth::Yes | Truth::Unknown)) != Some(Truth::Unknown)
    }

    /// Whether it is known already what lies at the end of a path.
    fn is_known(&self, path: Where) -> bool {
        let Some(ahead) = self.ahead else { return true };
        let has = |key: &str| self.page.get(key).is_some();
        match path {
            Where::Query(_) => has("query"),
            Where::Interest(tally) => !self.is_unsure(tally),
            Where::Known(known) => match known {
                page if (page as usize) < ITEM => PAGE.get(page as usize).is_some_and(|key| has(key)),
                item if (item as usize) < PAGE.len() => has("item"),
                Known::TopInterest => !self.plan.interests().any(|(_, _, tally)| self.is_unsure(tally)),
                Known::StageNow | Known::StageBefore | Known::StageDays => !ahead.stage && self.stage_is_known(),
                _ => true,
            },
            _ => true,
        }
    }

    /// How long ago `at` was, in ms; what lies in the future counts as now.
    pub(super) fn age(&self, at: Millis) -> Millis {
        (self.now - at).max(0)
    }

    /// The site's wall clock.
    pub(super) fn local(&self) -> Millis {
        self.plan.zone.local(self.now, self.host)
    }

    /// When the visit at hand began.
    pub(super) fn visit_start(&self) -> Millis {
        self.profile.visit.as_ref().map_or(self.now, |visit| visit.start)
    }

    /// The visitor's history with an offer, or with a scope of pressure.
    pub(super) fn history(&self, index: usize) -> Option<&History> {
        self.profile.histories.get(index)
    }

    /// The stage that holds now; `Null` when none does, or no rule asks.
    #[must_use]
    pub fn stage(&self) -> Value {
        let found = self.plan.stages().find(|(_, when)| holds(*when, self) == Truth::Yes);
        found.map_or(Value::Null, |(name, _)| Value::from(name))
    }

    /// The stage before this one, and how long this one has lasted in ms: nothing and 0 when it has just changed.
    fn stage_before(&self) -> (Value, Millis) {
        let stage = self.stage();
        match self.profile.stage() {
            Some((now, before, since)) if *now == stage => (before.clone(), self.age(since)),
            Some((now, ..)) => (now.clone(), 0),
            None => (Value::Null, 0),
        }
    }

    /// The score of an interest, which a tally keeps.
    #[must_use]
    pub fn score(&self, tally: usize) -> f64 {
        match (self.plan.fold(tally), self.profile.counts.get(tally)) {
            (Some(Fold::Fading(half_life, _)), Some(count)) => count.score(half_life, self.now, self.host),
            _ => 0.0,
        }
    }

    /// The topic of the highest score above 0; the first of equals.
    fn top_interest(&self) -> Value {
        let mut top = Value::Null;
        let mut most = 0.0;
        for (topic, _, tally) in self.plan.interests() {
            let score = self.score(tally);
            if score > most {
                most = score;
                top = topic.into();
            }
        }
        top
    }

    fn days_since(&self, at: Option<Millis>) -> Value {
        at.map_or(Value::Null, |at| number(self.age(at) / DAY))
    }

    fn visit(&self, of: impl FnOnce(&Visit) -> Value) -> Value {
        // Before the first event, the first visit is about to begin.
        match &self.profile.visit {
            Some(visit) => of(visit),
            None => of(&Visit::after(None, self.now, Vec::new())),
        }
    }

    fn known(&self, known: Known) -> Cow<'_, Value> {
        // What the page and the device say is found by the names that the page gives it.
        let place = known as usize;
        if let Some(key) = PAGE.get(place) {
            let page = if place < ITEM {
                Some(self.page)
            } else {
                self.page.get("item")
            };
            return borrowed(page, key);
        }
        if let Some(key) = place
            .checked_sub(Known::DeviceKind as usize)
            .and_then(|place| DEVICE.get(place))
        {
            return borrowed(Some(self.device), key);
        }
        Cow::Owned(match known {
            Known::VisitNumber => self.visit(|visit| number(visit.number.into())),
            Known::VisitPages => self.visit(|visit| number(visit.pages.into())),
            Known::VisitSeconds => self.visit(|visit| number(self.age(visit.start) / SECOND)),
            Known::DaysSinceLast => self.visit(|visit| {
                visit
                    .previous
                    .map_or(Value::Null, |previous| number((visit.start - previous).max(0) / DAY))
            }),
            Known::DaysSinceFirst => self.visit(|visit| self.days_since(Some(visit.first))),
            Known::Hour => number(self.local().rem_euclid(DAY) / HOUR),
            Known::Weekday => WEEKDAYS
                .get(weekday(self.local().div_euclid(DAY)))
                .map_or(Value::Null, |name| Value::from(*name)),
            Known::Date => Value::Text(date_text(self.local().div_euclid(DAY))),
            Known::TopInterest => self.top_interest(),
            Known::StageNow => self.stage(),
            Known::StageBefore => self.stage_before().0,
            Known::StageDays => number(self.stage_before().1 / DAY),
            Known::CartItems => number(self.profile.cart.items()),
            Known::CartValue => Value::Number(self.profile.cart.value()),
            arrival => self.visit(|visit| arrival_fact(&visit.arrival, arrival).map_or(Value::Null, Value::from)),
        })
    }
}

impl Facts for Moment<'_> {
    fn fact(&self, path: Where) -> Option<Cow<'_, Value>> {
        if !self.is_known(path) {
            return None;
        }
        Some(match path {
            Where::Known(known) => self.known(known),
            Where::Query(key) => borrowed(self.page.get("query"), key),
            Where::User(attribute, steps) => {
                let told = self.user.get(attribute);
                Cow::Borrowed(told.map_or(&Value::Null, |told| told.down(steps)))
            }
            Where::Offer(id, fact) => {
                let history = self.history(id);
                Cow::Owned(match fact {
                    OfferFact::Count(outcome) => number(history.map_or(0, |known| known.count(outcome)).into()),
                    OfferFact::Days(outcome) => self.days_since(history.and_then(|known| known.last(outcome))),
                })
            }
            Where::Interest(tally) => Cow::Owned(Value::Number(self.score(tally))),
            Where::Field(_) => Cow::Owned(Value::Null),
        })
    }

    fn measure(&self, behaviour: Record) -> Option<Value> {
        let is_unsure = self.is_unsure(behaviour.word(did::TALLY));
        (!is_unsure).then(|| measured(behaviour, self.profile, self.now, self.plan, self.host))
    }

    fn findings(&self) -> Option<&Findings> {
        Some(self.findings)
    }

    fn host(&self) -> &dyn Host {
        self.host
    }
}

fn number(figure: i64) -> Value {
    Value::Number(figure as f64)
}

fn borrowed<'a>(root: Option<&'a Value>, key: &str) -> Cow<'a, Value> {
    Cow::Borrowed(root.and_then(|root| root.get(key)).unwrap_or(&Value::Null))
}

/// What the page calls the first of the vocabulary's paths, and from which one on they lie in its item.
const PAGE: [&str; 8] = ["path", "title", "kind", "id", "name", "category", "brand", "price"];
const ITEM: usize = Known::ItemId as usize;
/// What it calls those of the device.
const DEVICE: [&str; 5] = ["kind", "touch", "language", "saveData", "reducedMotion"];
