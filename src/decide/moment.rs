//! Everything a decision looks at, at one instant: the ground on which conditions are evaluated.

use crate::condition::{Condition, Did, Facts, Known, Measure, OfferFact, Path, WEEKDAYS};
use crate::host::Host;
use crate::json::Value;
use crate::plan::Plan;
use crate::profile::{Profile, Visit, arrival_fact, count_within};
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
    /// The platform's pure functions.
    pub host: &'a dyn Host,
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
                let Some(history) = self.profile.histories.get(*id) else {
                    return Cow::Owned(Value::Null);
                };
                Cow::Owned(match fact {
                    OfferFact::Count(outcome) => number(history.count(*outcome).into()),
                    OfferFact::Days(outcome) => self.days_since(history.last(*outcome)),
                })
            }
            Path::Field(_) => Cow::Owned(Value::Null),
        }
    }

    fn audience(&self, index: usize) -> Option<&Condition> {
        self.plan.audiences.get(index).map(|audience| &audience.condition)
    }

    fn measure(&self, did: &Did) -> Value {
        let Some(count) = self.profile.counts.get(did.tally) else {
            return Value::Null;
        };
        match did.measure {
            Measure::Ago => count.last.map_or(Value::Null, |last| number(self.age(last))),
            Measure::Times(None) => number(count.total.into()),
            Measure::Times(Some(window)) => {
                number(count_within(count, window, self.now, &self.plan.zone, self.host).into())
            }
        }
    }
}

fn number(figure: i64) -> Value {
    Value::Number(figure as f64)
}

fn borrowed<'a>(root: &'a Value, key: &str) -> Cow<'a, Value> {
    Cow::Borrowed(root.get(key).unwrap_or(&Value::Null))
}
