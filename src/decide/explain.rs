//! Why: for each offer of a placement, what held, what did not, and what would change the answer.

use super::schedule::{self, Closed};
use super::{Moment, frequency};
use crate::condition::{
    Check, Condition, Did, Facts, Measure, Op, Order, Test, Truth, check_words, holds, value_words,
};
use crate::config::{Offer, Period};
use crate::json::Value;
use crate::plan::Placement;
use crate::time::{DAY, Millis, clock_text, duration_text, moment_text};
use crate::words::{add_to_list, decimal, say};

/// Why a placement shows what it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation<'a> {
    /// The placement.
    pub placement: &'a str,
    /// How many offers it shows at the most.
    pub take: usize,
    /// The offers it shows.
    pub shows: Vec<&'a str>,
    /// Every offer meant for it, the most valuable first, then those left out because of an error.
    pub offers: Vec<OfferExplanation<'a>>,
}

/// Why an offer is shown or not.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferExplanation<'a> {
    /// Its id.
    pub offer: &'a str,
    /// What it is worth.
    pub value: f64,
    /// What became of it.
    pub status: Status,
    /// What spoke for it.
    pub held: Vec<Reason>,
    /// What spoke against it.
    pub failed: Vec<Reason>,
    /// What would have to be otherwise for it to be shown; empty when it is.
    pub change: String,
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is shown.
    Shown,
    /// Others are worth more, and there is no more room.
    Outranked,
    /// It is not for this visitor, here and now.
    Ineligible,
    /// It is not its time.
    Unscheduled,
    /// It was shown often enough.
    Capped,
    /// It keeps silent after an outcome.
    Resting,
    /// It has an error.
    Skipped,
}

impl Status {
    /// The status in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Shown => "shown",
            Status::Outranked => "outranked",
            Status::Ineligible => "ineligible",
            Status::Unscheduled => "unscheduled",
            Status::Capped => "capped",
            Status::Resting => "resting",
            Status::Skipped => "skipped",
        }
    }
}

/// One thing that held or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What was looked at: `eligible`, `schedule`, `cap`, `rest`, `rank` or `config`.
    pub check: &'static str,
    /// What was found, in words.
    pub text: String,
    /// What would have to be otherwise, in words.
    pub change: String,
    /// When it changes by itself, in ms since the epoch.
    pub until: Option<Millis>,
}

pub(super) fn explain<'a>(name: &str, moment: &Moment<'a>) -> Option<Explanation<'a>> {
    let plan = moment.plan;
    let placement = plan.placement(name)?;
    let shown = super::decide(name, moment)?.offers;
    let mut offers = Vec::new();
    for index in &placement.ranking {
        if let Some(offer) = plan.offers.get(*index) {
            offers.push(explain_offer(offer, placement, &shown, moment));
        }
    }
    for (id, place) in &plan.skipped {
        if place == name {
            let error = reason(
                "config",
                "the offer has an error, so it is left out".to_owned(),
                "the error is mended".to_owned(),
            );
            offers.push(OfferExplanation::of(id, 0.0, Status::Skipped, Vec::new(), vec![error]));
        }
    }
    let mut shows = Vec::new();
    for offer in shown {
        shows.push(plan.id(offer));
    }
    Some(Explanation {
        placement: &placement.name,
        take: placement.take,
        shows,
        offers,
    })
}

impl<'a> OfferExplanation<'a> {
    fn of(offer: &'a str, value: f64, status: Status, held: Vec<Reason>, failed: Vec<Reason>) -> Self {
        let change = if failed.is_empty() {
            String::new()
        } else {
            say("show it: %", &[&joined(&failed, ", and ", false)])
        };
        OfferExplanation {
            offer,
            value,
            status,
            held,
            failed,
            change,
        }
    }
}

/// What was found, or else what would have to change, of several reasons.
fn joined(reasons: &[Reason], separator: &str, found: bool) -> String {
    let mut words = String::new();
    for reason in reasons {
        add_to_list(&mut words, separator, if found { &reason.text } else { &reason.change });
    }
    words
}

fn explain_offer<'a>(
    offer: &'a Offer,
    placement: &Placement,
    shown: &[&Offer],
    moment: &Moment<'a>,
) -> OfferExplanation<'a> {
    let mut why = Why::new(moment);
    why.condition(&offer.eligible, true);
    let eligible = holds(&offer.eligible, moment, moment.host) == Truth::Yes;
    let scheduled = why.schedule(offer);
    let capped = why.caps(offer);
    let resting = why.rests(offer);
    let status = if !eligible {
        Status::Ineligible
    } else if !scheduled {
        Status::Unscheduled
    } else if capped {
        Status::Capped
    } else if resting {
        Status::Resting
    } else if shown.iter().any(|other| other.id == offer.id) {
        Status::Shown
    } else {
        why.outranked(offer, placement, shown);
        Status::Outranked
    };
    OfferExplanation::of(moment.plan.id(offer), offer.value, status, why.held, why.failed)
}

struct Why<'m, 'a> {
    moment: &'m Moment<'a>,
    held: Vec<Reason>,
    failed: Vec<Reason>,
}

fn reason(check: &'static str, text: String, change: String) -> Reason {
    Reason {
        check,
        text,
        change,
        until: None,
    }
}

impl<'m, 'a> Why<'m, 'a> {
    fn new(moment: &'m Moment<'a>) -> Self {
        Why {
            moment,
            held: Vec::new(),
            failed: Vec::new(),
        }
    }

    fn note(&mut self, holds: bool, reason: Reason) {
        if holds { &mut self.held } else { &mut self.failed }.push(reason);
    }

    /// Takes a condition apart as far as each part counts by itself. `wanted`: it has to hold, rather than not.
    fn condition(&mut self, condition: &Condition, wanted: bool) {
        match condition {
            Condition::Not(part) => self.condition(part, !wanted),
            Condition::All(parts) | Condition::Any(parts) => {
                if matches!(condition, Condition::All(_)) == wanted {
                    for part in parts {
                        self.condition(part, wanted);
                    }
                } else {
                    self.alternatives(parts, wanted);
                }
            }
            _ => {
                let truth = holds(condition, self.moment, self.moment.host);
                let reason = match condition {
                    Condition::Is(test) => test_reason(test, wanted, self.moment),
                    Condition::Did(did) => did_reason(did, wanted, self.moment),
                    Condition::Audience(index) => audience_reason(*index, truth == Truth::Yes, wanted, self.moment),
                    _ => reason(
                        "eligible",
                        "a part of the condition can't be evaluated".to_owned(),
                        "that part is mended".to_owned(),
                    ),
                };
                self.note(truth == if wanted { Truth::Yes } else { Truth::No }, reason);
            }
        }
    }

    /// One of the parts is enough: those that fit are named, or all when none does.
    fn alternatives(&mut self, parts: &[Condition], wanted: bool) {
        let mut fitting = Why::new(self.moment);
        let (mut texts, mut changes) = (String::new(), String::new());
        let mut any = false;
        for part in parts {
            let truth = holds(part, self.moment, self.moment.host);
            if truth == (if wanted { Truth::Yes } else { Truth::No }) {
                any = true;
                fitting.condition(part, wanted);
            } else {
                let mut failing = Why::new(self.moment);
                failing.condition(part, wanted);
                add_to_list(&mut texts, ", or ", &joined(&failing.failed, " and ", true));
                add_to_list(&mut changes, ", or ", &joined(&failing.failed, " and ", false));
            }
        }
        if any {
            self.held.append(&mut fitting.held);
        } else {
            let text = say("none of these holds: %", &[&texts]);
            self.failed
                .push(reason("eligible", text, say("one of these holds: %", &[&changes])));
        }
    }

    fn schedule(&mut self, offer: &Offer) -> bool {
        let closed = schedule::closed(&offer.schedule, self.moment);
        match closed {
            Some(closed) => self.failed.push(closed_reason(closed, self.moment)),
            None if offer.schedule != crate::config::Schedule::default() => {
                self.held
                    .push(reason("schedule", "it is scheduled for now".to_owned(), String::new()));
            }
            None => {}
        }
        closed.is_none()
    }

    fn caps(&mut self, offer: &Offer) -> bool {
        let mut any = false;
        for cap in &offer.caps {
            let used_up = frequency::used_up(offer, cap, self.moment);
            any |= used_up.is_some();
            let period = match cap.per {
                Period::Ever => "in all".to_owned(),
                Period::Visit => "per visit".to_owned(),
                Period::Span(span) => say("per %", &[&duration_text(span)]),
            };
            let often = if used_up.is_some() {
                "as often as"
            } else {
                "less often than"
            };
            let text = say(
                "shown % the cap allows: % %",
                &[often, &decimal(cap.exposures.into()), &period],
            );
            let until = used_up.and_then(|used_up| used_up.until);
            let change = match (cap.per, until) {
                (_, Some(until)) => self.from(until),
                (Period::Visit, _) => "another visit begins".to_owned(),
                _ => "the cap is raised".to_owned(),
            };
            self.note(
                used_up.is_none(),
                Reason {
                    check: "cap",
                    text,
                    change,
                    until,
                },
            );
        }
        any
    }

    fn rests(&mut self, offer: &Offer) -> bool {
        let mut any = false;
        for rest in &offer.rests {
            let until = frequency::silent_until(offer, rest, self.moment);
            any |= until.is_some();
            let template = if until.is_some() {
                "it was % less than % ago, so it rests"
            } else {
                "it was not % within %"
            };
            let text = say(template, &[rest.after.name(), &duration_text(rest.span)]);
            let change = until.map_or(String::new(), |until| self.from(until));
            self.note(
                until.is_none(),
                Reason {
                    check: "rest",
                    text,
                    change,
                    until,
                },
            );
        }
        any
    }

    fn outranked(&mut self, offer: &Offer, placement: &Placement, shown: &[&Offer]) {
        let host = self.moment.host;
        let mut ahead = String::new();
        let mut least = f64::INFINITY;
        for other in shown {
            add_to_list(
                &mut ahead,
                ", ",
                &say("`%` (%)", &[self.moment.plan.id(other), &host.digits(other.value)]),
            );
            least = least.min(other.value);
        }
        let take = decimal(placement.take as i64);
        let text = say(
            "worth %, it comes after %, and the placement shows %",
            &[&host.digits(offer.value), &ahead, &take],
        );
        self.failed.push(reason(
            "rank",
            text,
            say("its value is above %, or `take` is larger", &[&host.digits(least)]),
        ));
    }

    /// From an instant on, on the site's wall clock.
    fn from(&self, at: Millis) -> String {
        let zone = &self.moment.plan.zone;
        say(
            "it is % (%) or later",
            &[&moment_text(zone.local(at, self.moment.host)), &zone.0],
        )
    }
}

fn audience_reason(index: usize, is_in: bool, wanted: bool, moment: &Moment) -> Reason {
    let name = moment.plan.audiences.get(index).map_or("", |audience| &audience.name);
    let mut inner = Why::new(moment);
    if let Some(audience) = moment.audience(index) {
        inner.condition(audience, wanted);
    }
    let parts = if is_in == wanted { &inner.held } else { &inner.failed };
    let is = if is_in { "is" } else { "is not" };
    let because = joined(parts, "; ", true);
    let text = say("the visitor % in the audience `%`: %", &[is, name, &because]);
    reason("eligible", text, joined(parts, ", and ", false))
}

fn test_reason(test: &Test, wanted: bool, moment: &Moment) -> Reason {
    let words = check_words(&test.check, None, moment.host);
    let is = value_words(&moment.fact(&test.path), None, moment.host);
    let (has_to, change) = if wanted {
        ("has to be", "is")
    } else {
        ("must not be", "is not")
    };
    let text = say("`%` is %, % %", &[&test.name, &is, has_to, &words]);
    reason("eligible", text, say("`%` % %", &[&test.name, change, &words]))
}

fn did_reason(did: &Did, wanted: bool, moment: &Moment) -> Reason {
    let figure = moment.measure(did);
    let is = value_words(&figure, Some(did.measure), moment.host);
    let words = check_words(&did.check, Some(did.measure), moment.host);
    let has_to = if wanted { "has to be" } else { "must not be" };
    let not = if wanted { "" } else { "not " };
    let window = match did.measure {
        Measure::Times(Some(window)) => say(" within %", &[&duration_text(window.span)]),
        Measure::Times(None) => String::new(),
        Measure::Ago => {
            let ago = if figure == Value::Null { "" } else { " ago" };
            let text = say("% last happened: %%, % % ago", &[&did.event, &is, ago, has_to, &words]);
            return reason(
                "eligible",
                text,
                say("% last happened %% ago", &[&did.event, not, &words]),
            );
        }
    };
    let times = if figure == Value::Number(1.0) {
        "once".to_owned()
    } else {
        say("% times", &[&is])
    };
    let happened = match figure {
        Value::Number(0.0) => say("% has not happened%", &[&did.event, &window]),
        _ => say("% happened %%", &[&did.event, &times, &window]),
    };
    let happens = if wanted { "happens" } else { "has not happened" };
    // Without bounds of its own, a `$did` asks for once.
    if matches!(&did.check, Check::Meets(ops) if matches!(ops.as_slice(), [Op::Order(Order::GreaterOrEqual, Value::Number(1.0))]))
    {
        return reason("eligible", happened, say("% %%", &[&did.event, happens, &window]));
    }
    let text = say("%, % % times", &[&happened, has_to, &words]);
    reason(
        "eligible",
        text,
        say("% % % times%", &[&did.event, happens, &words, &window]),
    )
}

fn closed_reason(closed: Closed, moment: &Moment) -> Reason {
    let zone = &moment.plan.zone.0;
    let (template, at) = match closed {
        Closed::Before(at) => ("it begins at %", at),
        Closed::After(at) => ("it ended at %", at),
        Closed::Hours(from, to) => {
            let span = say("%–%", &[&clock_text(from), &clock_text(to)]);
            let now = clock_text(moment.local().rem_euclid(DAY));
            let text = say("it is % (%), and it is shown only at %", &[&now, zone, &span]);
            return reason("schedule", text, say("it is between % (%)", &[&span, zone]));
        }
    };
    let words = say("% (%)", &[&moment_text(moment.plan.zone.local(at, moment.host)), zone]);
    let text = say(template, &[&words]);
    if matches!(closed, Closed::After(_)) {
        return reason("schedule", text, "its schedule ends later".to_owned());
    }
    let change = say("it is % or later", &[&words]);
    Reason {
        check: "schedule",
        text,
        change,
        until: Some(at),
    }
}
