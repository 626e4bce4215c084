//! Why: for each offer of a placement, what held, what did not, and what would change the answer.

use super::{Capped, Closed, Moment, Resting, frequency, schedule};
use crate::condition::{Condition, Did, Facts, Measure, Test, Truth, check_words, holds, value_words};
use crate::config::{Edge, Offer, Period};
use crate::json::Value;
use crate::plan::Placement;
use crate::time::{DAY, HOUR, MINUTE, Millis, duration_text, moment_text};

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
    let placement = plan.placements.iter().find(|placement| placement.name == name)?;
    let shows: Vec<&str> = super::decide(name, moment)?
        .offers
        .into_iter()
        .map(|offer| plan.id(offer))
        .collect();
    let ranked = placement.ranking.iter().filter_map(|index| plan.offers.get(*index));
    let mut offers: Vec<OfferExplanation> = ranked
        .map(|offer| explain_offer(offer, placement, &shows, moment))
        .collect();
    let skipped = plan.skipped.iter().filter(|(_, place)| place == name);
    offers.extend(skipped.map(|(id, _)| OfferExplanation {
        offer: id,
        value: 0.0,
        status: Status::Skipped,
        held: Vec::new(),
        failed: vec![reason(
            "config",
            "the offer has an error, so it is left out",
            "the error is mended",
        )],
        change: "show it: the error is mended".to_owned(),
    }));
    Some(Explanation {
        placement: &placement.name,
        take: placement.take,
        shows,
        offers,
    })
}

fn explain_offer<'a>(
    offer: &'a Offer,
    placement: &Placement,
    shows: &[&str],
    moment: &Moment<'a>,
) -> OfferExplanation<'a> {
    let mut why = Why {
        moment,
        held: Vec::new(),
        failed: Vec::new(),
    };
    why.condition(&offer.eligible, true);
    let eligible = holds(&offer.eligible, moment, moment.host) == Truth::Yes;
    let scheduled = why.schedule(offer);
    let capped = why.caps(offer);
    let resting = why.rests(offer);
    let id = moment.plan.id(offer);
    let status = if !eligible {
        Status::Ineligible
    } else if !scheduled {
        Status::Unscheduled
    } else if capped {
        Status::Capped
    } else if resting {
        Status::Resting
    } else if shows.contains(&id) {
        Status::Shown
    } else {
        why.outranked(offer, placement, shows);
        Status::Outranked
    };
    let change = match why.failed.as_slice() {
        [] => String::new(),
        failed => [
            "show it: ",
            &failed
                .iter()
                .map(|reason| reason.change.as_str())
                .collect::<Vec<_>>()
                .join(", and "),
        ]
        .concat(),
    };
    OfferExplanation {
        offer: id,
        value: offer.value,
        status,
        held: why.held,
        failed: why.failed,
        change,
    }
}

struct Why<'m, 'a> {
    moment: &'m Moment<'a>,
    held: Vec<Reason>,
    failed: Vec<Reason>,
}

fn reason(check: &'static str, text: &str, change: &str) -> Reason {
    Reason {
        check,
        text: text.to_owned(),
        change: change.to_owned(),
        until: None,
    }
}

impl Why<'_, '_> {
    fn note(&mut self, holds: bool, reason: Reason) {
        if holds { &mut self.held } else { &mut self.failed }.push(reason);
    }

    /// Takes a condition apart as far as each part counts by itself. `wanted`: it has to hold, rather than not.
    fn condition(&mut self, condition: &Condition, wanted: bool) {
        match (condition, wanted) {
            (Condition::All(parts), true) | (Condition::Any(parts), false) => {
                parts.iter().for_each(|part| self.condition(part, wanted))
            }
            (Condition::Not(part), _) => self.condition(part, !wanted),
            (Condition::Any(parts) | Condition::All(parts), _) => self.alternatives(parts, wanted),
            (Condition::Audience(index), _) => self.audience(*index, condition, wanted),
            _ => {
                let (holds, reason) = self.leaf(condition, wanted);
                self.note(holds, reason);
            }
        }
    }

    /// One of the parts is enough: those that hold are named, or all when none does.
    fn alternatives(&mut self, parts: &[Condition], wanted: bool) {
        let mut inner = Why {
            moment: self.moment,
            held: Vec::new(),
            failed: Vec::new(),
        };
        let mut any = false;
        for part in parts {
            let truth = holds(part, self.moment, self.moment.host);
            if truth == (if wanted { Truth::Yes } else { Truth::No }) {
                any = true;
                inner.condition(part, wanted);
            }
        }
        if any {
            self.held.append(&mut inner.held);
            return;
        }
        let each: Vec<Why> = parts
            .iter()
            .map(|part| {
                let mut one = Why {
                    moment: self.moment,
                    held: Vec::new(),
                    failed: Vec::new(),
                };
                one.condition(part, wanted);
                one
            })
            .collect();
        let join = |words: fn(&Reason) -> &str| {
            let all = each
                .iter()
                .map(|one| one.failed.iter().map(words).collect::<Vec<_>>().join(" and "));
            all.collect::<Vec<_>>().join(", or ")
        };
        let text = ["none of these: ", &join(|reason| &reason.text)].concat();
        let change = ["one of these: ", &join(|reason| &reason.change)].concat();
        self.failed.push(reason("eligible", &text, &change));
    }

    fn audience(&mut self, index: usize, condition: &Condition, wanted: bool) {
        let moment = self.moment;
        let name = moment.plan.audiences.get(index).map_or("", |audience| &audience.name);
        let is_in = holds(condition, moment, moment.host) == Truth::Yes;
        let mut inner = Why {
            moment,
            held: Vec::new(),
            failed: Vec::new(),
        };
        if let Some(audience) = moment.audience(index) {
            inner.condition(audience, wanted);
        }
        let fits = is_in == wanted;
        let parts = if fits { &inner.held } else { &inner.failed };
        let texts: Vec<&str> = parts.iter().map(|reason| reason.text.as_str()).collect();
        let changes: Vec<&str> = parts.iter().map(|reason| reason.change.as_str()).collect();
        let belongs = if is_in {
            "the visitor is in the audience `"
        } else {
            "the visitor is not in the audience `"
        };
        let because = if texts.is_empty() {
            String::new()
        } else {
            [": ", &texts.join("; ")].concat()
        };
        let mut found = reason(
            "eligible",
            &[belongs, name, "`", &because].concat(),
            &changes.join(", and "),
        );
        found.until = None;
        self.note(fits, found);
    }

    fn leaf(&self, condition: &Condition, wanted: bool) -> (bool, Reason) {
        let moment = self.moment;
        let truth = holds(condition, moment, moment.host);
        let fits = truth == if wanted { Truth::Yes } else { Truth::No };
        let found = match condition {
            Condition::Is(test) => test_reason(test, wanted, moment),
            Condition::Did(did) => did_reason(did, wanted, moment),
            _ => reason(
                "eligible",
                "a part of the condition can't be evaluated",
                "that part is mended",
            ),
        };
        (fits, found)
    }

    fn schedule(&mut self, offer: &Offer) -> bool {
        let closed = schedule::closed(&offer.schedule, self.moment);
        match closed {
            Some(closed) => self.failed.push(closed_reason(closed, self.moment)),
            None if offer.schedule != crate::config::Schedule::default() => {
                self.held.push(reason("schedule", "it is scheduled for now", ""))
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
                Period::Ever => " in all".to_owned(),
                Period::Visit => " per visit".to_owned(),
                Period::Span(span) => [" per ", &duration_text(span)].concat(),
            };
            let limit = [&cap.exposures.to_string(), &period[..]].concat();
            match used_up {
                Some(Capped { until, .. }) => {
                    let text = ["shown as often as the cap allows: ", &limit].concat();
                    let change = match (cap.per, until) {
                        (_, Some(until)) => ["it is ", &self.clock(until), " or later"].concat(),
                        (Period::Visit, _) => "another visit begins".to_owned(),
                        _ => "the cap is raised".to_owned(),
                    };
                    self.failed.push(Reason {
                        until,
                        ..reason("cap", &text, &change)
                    });
                }
                None => self.held.push(reason(
                    "cap",
                    &["shown less often than the cap allows: ", &limit].concat(),
                    "",
                )),
            }
        }
        any
    }

    fn rests(&mut self, offer: &Offer) -> bool {
        let mut any = false;
        for rest in &offer.rests {
            let silent = frequency::silent(offer, rest, self.moment);
            any |= silent.is_some();
            let span = duration_text(rest.span);
            match silent {
                Some(Resting { until, .. }) => {
                    let text = ["it was ", rest.after.name(), " less than ", &span, " ago, so it rests"].concat();
                    let change = ["it is ", &self.clock(until), " or later"].concat();
                    self.failed.push(Reason {
                        until: Some(until),
                        ..reason("rest", &text, &change)
                    });
                }
                None => self.held.push(reason(
                    "rest",
                    &["it was not ", rest.after.name(), " within ", &span].concat(),
                    "",
                )),
            }
        }
        any
    }

    fn outranked(&mut self, offer: &Offer, placement: &Placement, shows: &[&str]) {
        let host = self.moment.host;
        let ahead = self
            .moment
            .plan
            .offers
            .iter()
            .filter(|other| shows.contains(&self.moment.plan.id(other)));
        let ahead: Vec<String> = ahead
            .map(|other| ["`", self.moment.plan.id(other), "` (", &host.digits(other.value), ")"].concat())
            .collect();
        let least = self
            .moment
            .plan
            .offers
            .iter()
            .filter(|other| shows.contains(&self.moment.plan.id(other)));
        let least = least.map(|other| other.value).fold(f64::INFINITY, f64::min);
        let text = [
            "worth ",
            &host.digits(offer.value),
            ", it comes after ",
            &ahead.join(", "),
            ", and the placement shows ",
            &placement.take.to_string(),
        ]
        .concat();
        let change = ["its value is above ", &host.digits(least), ", or `take` is larger"].concat();
        self.failed.push(reason("rank", &text, &change));
    }

    /// An instant on the site's wall clock.
    fn clock(&self, at: Millis) -> String {
        let zone = &self.moment.plan.zone;
        [&moment_text(zone.local(at, self.moment.host)), " (", &zone.0, ")"].concat()
    }
}

fn test_reason(test: &Test, wanted: bool, moment: &Moment) -> Reason {
    let host = moment.host;
    let words = check_words(&test.check, None, host);
    let has_to = if wanted { "has to be " } else { "must not be " };
    let is = value_words(&moment.fact(&test.path), None, host);
    let text = ["`", &test.name, "` is ", &is, ", ", has_to, &words].concat();
    reason(
        "eligible",
        &text,
        &["`", &test.name, "` ", if wanted { "is " } else { "is not " }, &words].concat(),
    )
}

fn did_reason(did: &Did, wanted: bool, moment: &Moment) -> Reason {
    let host = moment.host;
    let figure = moment.measure(did);
    let words = check_words(&did.check, Some(did.measure), host);
    let has_to = if wanted { ", has to be " } else { ", must not be " };
    let is = value_words(&figure, Some(did.measure), host);
    let (text, change) = match did.measure {
        Measure::Ago => {
            let when = if figure == Value::Null {
                is
            } else {
                [&is, " ago"].concat()
            };
            (
                ["`", &did.event, "` last happened: ", &when, has_to, &words, " ago"].concat(),
                [
                    "the last `",
                    &did.event,
                    "` is ",
                    if wanted { "" } else { "not " },
                    &words,
                    " ago",
                ]
                .concat(),
            )
        }
        Measure::Times(window) => {
            let within = window.map_or(String::new(), |window| {
                [" within ", &duration_text(window.span)].concat()
            });
            let change = [
                "`",
                &did.event,
                "` ",
                if wanted { "happened " } else { "did not happen " },
                &words,
                " times",
                &within,
            ]
            .concat();
            (
                ["`", &did.event, "` happened ", &is, " times", &within, has_to, &words].concat(),
                change,
            )
        }
    };
    reason("eligible", &text, &change)
}

fn closed_reason(closed: Closed, moment: &Moment) -> Reason {
    let zone = &moment.plan.zone.0;
    let words = |edge: Edge| match edge {
        Edge::Local(at) => [&moment_text(at), " (", zone, ")"].concat(),
        Edge::Exact(at) => [&moment_text(at), " (UTC)"].concat(),
    };
    match closed {
        Closed::Before(edge) => {
            let at = words(edge);
            reason(
                "schedule",
                &["it begins at ", &at].concat(),
                &["it is ", &at, " or later"].concat(),
            )
        }
        Closed::After(edge) => {
            let at = words(edge);
            reason("schedule", &["it ended at ", &at].concat(), "its schedule ends later")
        }
        Closed::Hours(from, to) => {
            let span = [&clock_text(from), "–", &clock_text(to)].concat();
            let now = clock_text(moment.local().rem_euclid(DAY));
            let text = ["it is ", &now, " (", zone, "), and it is shown only at ", &span].concat();
            reason("schedule", &text, &["it is between ", &span].concat())
        }
    }
}

/// A time of day as `09:30`.
fn clock_text(at: Millis) -> String {
    let two = |number: Millis| {
        if number < 10 {
            ["0", &number.to_string()].concat()
        } else {
            number.to_string()
        }
    };
    [&two(at / HOUR), ":", &two(at % HOUR / MINUTE)].concat()
}
