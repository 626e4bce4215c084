//! Everything a decision looks at, at one instant: the ground on which conditions are evaluated.

use crate::condition::{Condition, Did, Facts, Known, OfferFact, Path, Truth, WEEKDAYS, holds};
use crate::config::Fold;
use crate::host::Host;
use crate::json::Value;
use crate::plan::Plan;
use crate::profile::{History, Profile, Visit, arrival_fact, measured};
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
    /// What the page said of the visitor.
    pub user: &'a Value,
    /// What has appeared and been seen on this page view.
    pub here: &'a Here,
    /// The platform's pure functions.
    pub host: &'a dyn Host,
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
        let stages = &mut self.plan.stages.iter();
        let found = stages.find(|stage| holds(&stage.when, self, self.host) == Truth::Yes);
        found.map_or(Value::Null, |stage| Value::from(stage.name.as_str()))
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
        match (
            self.plan.tallies.get(tally).map(|tally| &tally.fold),
            self.profile.counts.get(tally),
        ) {
            (Some(Fold::Fading { half_life, .. }), Some(count)) => count.score(*half_life, self.now, self.host),
            _ => 0.0,
        }
    }

    /// The topic of the highest score above 0; the first of equals.
    fn top_interest(&self) -> Value {
        let mut top = Value::Null;
        let mut most = 0.0;
        for interest in &self.plan.interests {
            let score = self.score(interest.tally);
            if score > most {
                most = score;
                top = interest.topic.as_str().into();
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
        let item = |key: &str| match self.page.get("item") {
            Some(item) => borrowed(item, key),
            None => Cow::Owned(Value::Null),
        };
        Cow::Owned(match known {
            Known::PagePath => return borrowed(self.page, "path"),
            Known::PageTitle => return borrowed(self.page, "title"),
            Known::PageKind => return borrowed(self.page, "kind"),
            Known::ItemId => return item("id"),
            Known::ItemName => return item("name"),
            Known::ItemCategory => return item("category"),
            Known::ItemBrand => return item("brand"),
            Known::ItemPrice => return item("price"),
            Known::DeviceKind => return borrowed(self.device, "kind"),
            Known::DeviceTouch => return borrowed(self.device, "touch"),
            Known::DeviceLanguage => return borrowed(self.device, "language"),
            Known::DeviceSaveData => return borrowed(self.device, "saveData"),
            Known::DeviceReducedMotion => return borrowed(self.device, "reducedMotion"),
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
    fn fact(&self, path: &Path) -> Cow<'_, Value> {
        match path {
            Path::Known(known) => self.known(*known),
            Path::Query(key) => Cow::Borrowed(
                self.page
                    .get("query")
                    .and_then(|query| query.get(key))
                    .unwrap_or(&Value::Null),
            ),
            Path::User(steps) => Cow::Borrowed(self.user.down(steps)),
            Path::Offer(id, fact) => {
                let history = self.history(*id);
                Cow::Owned(match fact {
                    OfferFact::Count(outcome) => number(history.map_or(0, |known| known.count(*outcome)).into()),
                    OfferFact::Days(outcome) => self.days_since(history.and_then(|known| known.last(*outcome))),
                })
            }
            Path::Interest(tally) => Cow::Owned(Value::Number(self.score(*tally))),
            Path::Field(_) => Cow::Owned(Value::Null),
        }
    }

    fn audience(&self, index: usize) -> Option<&Condition> {
        self.plan.audiences.get(index).map(|audience| &audience.condition)
    }

    fn measure(&self, did: &Did) -> Value {
        let count = self.profile.counts.get(did.tally);
        measured(did, count, self.now, self.plan, self.host)
    }
}

fn number(figure: i64) -> Value {
    Value::Number(figure as f64)
}

fn borrowed<'a>(root: &'a Value, key: &str) -> Cow<'a, Value> {
    Cow::Borrowed(root.get(key).unwrap_or(&Value::Null))
}
