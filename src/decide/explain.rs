//! Why: for each offer of a placement, what held, what did not, and what would change the answer.

use super::rank::rank;
use super::schedule::{self, Closed};
use super::{Moment, OnPage, Rank, arrange, frequency};
use crate::condition::record::{did, kind, op, order, part, parts_of};
use crate::condition::{Facts, Measure, Truth, Where, check_words, fields_words, holds, value_words};
use crate::config::{After, Signal};
use crate::json::Value;
use crate::plan::{Fold, Limit, Offer, Period, Placement, Plan, Rest, Schedule};
use crate::records::{List, Record};
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
    /// Every offer meant for it, the best ranked first, then those left out because of an error.
    pub offers: Vec<OfferExplanation<'a>>,
}

/// Why an offer is shown or not.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferExplanation<'a> {
    /// Its id.
    pub offer: &'a str,
    /// What it is ranked by.
    pub rank: Rank,
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
    /// Its moment has not come.
    Untriggered,
    /// It is not its time.
    Unscheduled,
    /// It was shown often enough.
    Capped,
    /// It keeps silent after an outcome.
    Resting,
    /// Enough is shown as it is, or it is a time of silence.
    Pressed,
    /// It has an error.
    Skipped,
    /// Why is told to nobody but the visitor.
    Private,
}

impl Status {
    /// The status in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Shown => "shown",
            Status::Outranked => "outranked",
            Status::Ineligible => "ineligible",
            Status::Untriggered => "untriggered",
            Status::Unscheduled => "unscheduled",
            Status::Capped => "capped",
            Status::Resting => "resting",
            Status::Pressed => "pressed",
            Status::Skipped => "skipped",
            Status::Private => "private",
        }
    }
}

/// One thing that held or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What was looked at: `eligible`, `trigger`, `schedule`, `cap`, `rest`, `pressure`, `family`, `page`, `rank` or `config`.
    pub check: &'static str,
    /// What was found, in words.
    pub text: String,
    /// What would have to be otherwise, in words.
    pub change: String,
    /// When it changes by itself, in ms since the epoch.
    pub until: Option<Millis>,
}

impl Explanation<'_> {
    /// As any script of the page may hear it: of offers that ask about what is told to nobody but the visitor, no more than that.
    #[must_use]
    pub fn discreet(mut self, plan: &Plan) -> Self {
        for offer in &mut self.offers {
            if plan.private.iter().any(|private| private == offer.offer) {
                let text = "it asks about a topic that is told to nobody but the visitor";
                *offer = OfferExplanation {
                    offer: offer.offer,
                    rank: Rank::default(),
                    status: Status::Private,
                    held: Vec::new(),
                    failed: vec![reason("eligible", text.to_owned(), String::new())],
                    change: String::new(),
                };
            }
        }
        self
    }
}

pub(super) fn explain<'a>(placement: usize, on_page: Option<&OnPage>, moment: &Moment<'a>) -> Option<Explanation<'a>> {
    let plan = moment.plan;
    let known = plan.placement(placement)?;
    let shown = super::decide(placement, on_page, moment)?.offers;
    let mut elsewhere = Vec::new();
    let group = super::places(placement, on_page, known.is_overlay(), moment);
    for (place, offers) in arrange::arrange(&group, moment) {
        if place != placement {
            elsewhere.extend(offers.into_iter().map(|offer| (place, offer)));
        }
    }
    for (place, seen) in &group {
        elsewhere.extend(seen.iter().flatten().map(|offer| (*place, *offer)));
    }
    elsewhere.extend(moment.here.open.map(|(offer, place)| (place, offer)));
    let page = Page {
        index: placement,
        placement: known,
        shown: &shown,
        elsewhere: &elsewhere,
    };
    let mut ranked: Vec<(Rank, usize)> = Vec::new();
    for offer in known.ranking() {
        let candidate = (rank(offer, moment), offer.index());
        let place = ranked.partition_point(|other| arrange::is_ahead(other, &candidate));
        ranked.insert(place, candidate);
    }
    let mut offers = Vec::new();
    for (rank, index) in ranked {
        if let Some(offer) = plan.offer(index) {
            offers.push(explain_offer(offer, rank, &page, moment));
        }
    }
    for (id, place) in &plan.skipped {
        if place == known.name() {
            let error = reason(
                "config",
                "the offer has an error, so it is left out".to_owned(),
                "the error is mended".to_owned(),
            );
            let nothing = Rank {
                total: 0.0,
                fit: 0.0,
                value: 0.0,
                freshness: 0.0,
            };
            offers.push(OfferExplanation::of(
                id,
                nothing,
                Status::Skipped,
                Vec::new(),
                vec![error],
            ));
        }
    }
    let mut shows = Vec::new();
    for offer in &shown {
        shows.push(plan.id(*offer));
    }
    Some(Explanation {
        placement: known.name(),
        take: known.take(),
        shows,
        offers,
    })
}

/// The placement that is explained, and what the page shows there and elsewhere.
struct Page<'p, 'a> {
    index: usize,
    placement: Placement<'a>,
    shown: &'p [Offer<'a>],
    /// Placements and offers, by index.
    elsewhere: &'p [(usize, usize)],
}

impl<'a> OfferExplanation<'a> {
    fn of(offer: &'a str, rank: Rank, status: Status, held: Vec<Reason>, failed: Vec<Reason>) -> Self {
        let change = if failed.is_empty() {
            String::new()
        } else {
            say("show it: %", &[&joined(&failed, ", and ", false)])
        };
        OfferExplanation {
            offer,
            rank,
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

fn explain_offer<'a>(offer: Offer<'a>, rank: Rank, page: &Page<'_, 'a>, moment: &Moment<'a>) -> OfferExplanation<'a> {
    let mut why = Why::new(moment);
    let is_shown = page.shown.contains(&offer);
    why.condition(offer.eligible(), true);
    let eligible = holds(offer.eligible(), moment) == Truth::Yes;
    let is_open = moment.here.open == Some((offer.index(), page.index));
    let triggered = is_shown || is_open || why.trigger(offer, page);
    let scheduled = why.schedule(offer);
    let capped = why.caps(offer);
    let resting = why.rests(offer);
    let pressed = !is_shown && why.pressed(page);
    let status = if !eligible {
        Status::Ineligible
    } else if !triggered {
        Status::Untriggered
    } else if !scheduled {
        Status::Unscheduled
    } else if capped {
        Status::Capped
    } else if resting {
        Status::Resting
    } else if is_shown {
        Status::Shown
    } else if pressed {
        Status::Pressed
    } else {
        why.outranked(offer, &rank, page);
        Status::Outranked
    };
    OfferExplanation::of(moment.plan.id(offer), rank, status, why.held, why.failed)
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
    fn condition(&mut self, condition: Record, wanted: bool) {
        condition.within(|| self.part(condition, wanted));
    }

    fn part(&mut self, condition: Record, wanted: bool) {
        match condition.word(0) {
            part::NOT => self.condition(condition.record(1), !wanted),
            tag @ (part::ALL | part::ANY | part::WHOLE) => {
                if (tag != part::ANY) == wanted {
                    for part in parts_of(condition).records() {
                        self.condition(part, wanted);
                    }
                } else {
                    self.alternatives(parts_of(condition), wanted);
                }
            }
            tag => {
                let truth = holds(condition, self.moment);
                let reason = match tag {
                    part::IS => test_reason(condition, wanted, self.moment),
                    part::DID => did_reason(condition, wanted, self.moment),
                    part::AUDIENCE => audience_reason(condition, truth == Truth::Yes, wanted, self.moment),
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
    fn alternatives(&mut self, parts: List, wanted: bool) {
        let mut fitting = Why::new(self.moment);
        let (mut texts, mut changes) = (String::new(), String::new());
        let mut any = false;
        for part in parts.records() {
            let truth = holds(part, self.moment);
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

    fn trigger(&mut self, offer: Offer, page: &Page) -> bool {
        let has_come = super::moment_has_come(offer, page.placement.is_overlay(), self.moment);
        let mut words = String::new();
        for tally in offer.triggers() {
            add_to_list(&mut words, " or ", &event_words(tally, self.moment));
        }
        if offer.triggers().is_empty() {
            if !has_come {
                let text = "it has appeared on this page view".to_owned();
                self.failed
                    .push(reason("trigger", text, "another page is viewed".to_owned()));
            }
        } else if has_come {
            let text = say("its moment has come: %", &[&words]);
            self.held.push(reason("trigger", text, String::new()));
        } else {
            let text = say("in this visit there was, since it last appeared, no %", &[&words]);
            self.failed
                .push(reason("trigger", text, say("its moment comes: %", &[&words])));
        }
        has_come
    }

    fn pressed(&mut self, page: &Page) -> bool {
        let mut any = false;
        for (limit, blocked) in arrange::pressures(page.index, &[], self.moment) {
            any = true;
            let text = match limit {
                Limit::Cap(cap) => {
                    let count = decimal(cap.exposures.into());
                    let period = period_words(cap.per);
                    say(
                        "as much is shown as may be: % %, of all offers together",
                        &[&count, &period],
                    )
                }
                Limit::Rest(rest) => rest_words(rest, self.moment),
                Limit::Quiet(from, to) => say(
                    "these are quiet hours for the visitor: %–%",
                    &[&clock_text(from), &clock_text(to)],
                ),
            };
            let change = match (limit, blocked.until) {
                (_, Some(until)) => self.from(until),
                (Limit::Cap(cap), _) if cap.per == Period::Page => "another page is viewed".to_owned(),
                (Limit::Cap(cap), _) if cap.per == Period::Visit => "another visit begins".to_owned(),
                _ => "the cap is raised".to_owned(),
            };
            self.failed.push(Reason {
                check: "pressure",
                text,
                change,
                until: blocked.until,
            });
        }
        any
    }

    fn schedule(&mut self, offer: Offer) -> bool {
        let closed = schedule::closed(offer.schedule(), self.moment);
        match closed {
            Some(closed) => self.failed.push(closed_reason(closed, self.moment)),
            None if offer.schedule() != Schedule::default() => {
                self.held
                    .push(reason("schedule", "it is scheduled for now".to_owned(), String::new()));
            }
            None => {}
        }
        closed.is_none()
    }

    fn caps(&mut self, offer: Offer) -> bool {
        let mut any = false;
        for cap in offer.caps() {
            let used_up = frequency::used_up(offer.id(), cap, 0, 0, self.moment);
            any |= used_up.is_some();
            let period = period_words(cap.per);
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

    fn rests(&mut self, offer: Offer) -> bool {
        let mut any = false;
        for (whose, rest) in frequency::rests(offer, self.moment) {
            let until = frequency::silent_until(whose.id(), rest, self.moment);
            let of_kin = whose != offer;
            // Of its family only what matters is told.
            if of_kin && until.is_none() {
                continue;
            }
            any |= until.is_some();
            let mut text = match (rest.after, until) {
                (_, Some(_)) => rest_words(rest, self.moment),
                (After::Outcome(outcome), None) => {
                    say("it was not % within %", &[outcome.name(), &duration_text(rest.span)])
                }
                (After::Event(tally), None) => say(
                    "no % within %",
                    &[&event_words(tally, self.moment), &duration_text(rest.span)],
                ),
            };
            if of_kin {
                text = say("of its family, `%`: %", &[self.moment.plan.id(whose), &text]);
            }
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

    fn outranked(&mut self, offer: Offer, rank: &Rank, page: &Page) {
        let plan = self.moment.plan;
        let host = self.moment.host;
        let open = self.moment.here.open.filter(|_| page.placement.is_overlay());
        if let Some(other) = open.and_then(|(open, _)| plan.offer(open)) {
            let text = say("`%` is over the page", &[plan.id(other)]);
            self.failed.push(reason("page", text, "that is closed".to_owned()));
            return;
        }
        let place = |place: usize| plan.placement(place).map_or("", Placement::name);
        let kin = |other: Offer| other.family().is_some() && other.family() == offer.family();
        let elsewhere = page.elsewhere.iter().find_map(|(at, other)| {
            let other_offer = plan.offer(*other)?;
            (other_offer == offer || kin(other_offer)).then_some((*at, other_offer))
        });
        let here = page
            .shown
            .iter()
            .find(|other| kin(**other))
            .map(|other| (page.index, *other));
        if let Some((at, other)) = elsewhere.or(here) {
            let (check, text) = if other == offer {
                ("page", say("it is on the page already, in `%`", &[place(at)]))
            } else {
                (
                    "family",
                    say("`%`, of the same family, is in `%`", &[plan.id(other), place(at)]),
                )
            };
            self.failed.push(reason(check, text, "that gives way".to_owned()));
            return;
        }
        if page.shown.len() < page.placement.take() {
            let text = "what is shown elsewhere on the page leaves no room for it".to_owned();
            self.failed
                .push(reason("pressure", text, "less is shown elsewhere".to_owned()));
            return;
        }
        let mut ahead = String::new();
        let mut least = f64::INFINITY;
        for other in page.shown {
            let total = super::rank::rank(*other, self.moment).total;
            add_to_list(
                &mut ahead,
                ", ",
                &say("`%` (%)", &[plan.id(*other), &host.digits(rounded(total))]),
            );
            least = least.min(total);
        }
        let take = decimal(page.placement.take() as i64);
        let text = say(
            "ranked at %, it comes after %, and the placement shows %",
            &[&host.digits(rounded(rank.total)), &ahead, &take],
        );
        let change = say(
            "its rank is above %, or `take` is larger",
            &[&host.digits(rounded(least))],
        );
        self.failed.push(reason("rank", text, change));
    }

    /// From an instant on, on the site's wall clock.
    fn from(&self, at: Millis) -> String {
        let zone = &self.moment.plan.zone;
        say(
            "it is % (%) or later",
            &[&moment_text(zone.local(at, self.moment.host)), zone.name()],
        )
    }
}

fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

fn period_words(period: Period) -> String {
    match period {
        Period::Ever => "in all".to_owned(),
        Period::Page => "per page".to_owned(),
        Period::Visit => "per visit".to_owned(),
        Period::Span(span) => say("per %", &[&duration_text(span)]),
    }
}

fn rest_words(rest: Rest, moment: &Moment) -> String {
    let span = duration_text(rest.span);
    match rest.after {
        After::Outcome(outcome) => say("it was % less than % ago, so it rests", &[outcome.name(), &span]),
        After::Event(tally) => say(
            "% happened less than % ago, so it rests",
            &[&event_words(tally, moment), &span],
        ),
    }
}

/// The event that a tally counts.
fn event_words(tally: usize, moment: &Moment) -> String {
    moment
        .plan
        .fold(tally)
        .map_or(String::new(), |fold| trigger_words(fold, moment))
}

fn trigger_words(fold: Fold, moment: &Moment) -> String {
    let digits = |threshold: f64| moment.host.digits(threshold);
    match fold {
        Fold::Signal(Signal::ExitIntent, _) => "exit intent".to_owned(),
        Fold::Signal(Signal::ReturnToTab, _) => "return to the tab".to_owned(),
        Fold::Signal(Signal::Dwell, span) => say("dwell of %", &[&duration_text(span as Millis)]),
        Fold::Signal(Signal::Idle, span) => say("idleness of %", &[&duration_text(span as Millis)]),
        Fold::Signal(Signal::Scroll, share) => say("scroll down to %", &[&digits(share)]),
        Fold::Count(happening) => {
            let event = moment.plan.happening_event(happening);
            match moment.plan.filter(happening) {
                Some(filter) => say("`%` whose %", &[event, &fields_words(filter, moment.host)]),
                None => say("`%`", &[event]),
            }
        }
        // Triggers and rests ask whether something happened, and for nothing else.
        _ => String::new(),
    }
}

fn audience_reason(audience: Record, is_in: bool, wanted: bool, moment: &Moment) -> Reason {
    let name = moment.plan.audience(audience.word(2));
    let mut inner = Why::new(moment);
    inner.condition(audience.record(1), wanted);
    let parts = if is_in == wanted { &inner.held } else { &inner.failed };
    let is = if is_in { "is" } else { "is not" };
    let because = joined(parts, "; ", true);
    let text = say("the visitor % in the audience `%`: %", &[is, name, &because]);
    reason("eligible", text, joined(parts, ", and ", false))
}

fn test_reason(test: Record, wanted: bool, moment: &Moment) -> Reason {
    let words = check_words(test.record(part::CHECK), None, moment.host);
    let path = Where::of(test.record(part::WHAT));
    let fact = match (path, moment.fact(path).map_or(Value::Null, |fact| fact.into_owned())) {
        // Scores have more digits than anyone would read.
        (Where::Interest(_), Value::Number(score)) => Value::Number((score * 1e6).round() / 1e6),
        (_, fact) => fact,
    };
    let is = value_words(&fact, None, moment.host);
    let (has_to, change) = if wanted {
        ("has to be", "is")
    } else {
        ("must not be", "is not")
    };
    let text = say("`%` is %, % %", &[test.text(part::WORDS), &is, has_to, &words]);
    reason(
        "eligible",
        text,
        say("`%` % %", &[test.text(part::WORDS), change, &words]),
    )
}

fn did_reason(test: Record, wanted: bool, moment: &Moment) -> Reason {
    let behaviour = test.record(part::WHAT);
    let measure = Measure::numbered(behaviour.word(did::MEASURE));
    let check = test.record(part::CHECK);
    let figure = moment.measure(behaviour).unwrap_or_default();
    let is = value_words(&figure, Some(measure), moment.host);
    let words = check_words(check, Some(measure), moment.host);
    let has_to = if wanted { "has to be" } else { "must not be" };
    let not = if wanted { "" } else { "not " };
    let event = test.text(part::WORDS);
    let window = if behaviour.flag(did::GRAIN) {
        say(" within %", &[&duration_text(behaviour.time(did::SPAN))])
    } else {
        String::new()
    };
    let amount = match measure {
        Measure::First | Measure::Last => {
            let ago = if figure == Value::Null { "" } else { " ago" };
            let which = if measure == Measure::First { "first" } else { "last" };
            let text = say("% % happened: %%, % % ago", &[event, which, &is, ago, has_to, &words]);
            return reason(
                "eligible",
                text,
                say("% % happened %% ago", &[event, which, not, &words]),
            );
        }
        Measure::Sum => "the sum of %%",
        Measure::Max => "the greatest %%",
        Measure::Distinct => "the number of different %%",
        Measure::Times | Measure::Sequence => "",
    };
    if !amount.is_empty() {
        let amount = say(amount, &[event, &window]);
        let text = say("% is %, % %", &[&amount, &is, has_to, &words]);
        return reason("eligible", text, say("% is %%", &[&amount, not, &words]));
    }
    let times = if figure == Value::Number(1.0) {
        "once".to_owned()
    } else {
        say("% times", &[&is])
    };
    let happened = match figure {
        Value::Number(0.0) => say("% has not happened%", &[event, &window]),
        _ if measure == Measure::Sequence => say("% happened%", &[event, &window]),
        _ => say("% happened %%", &[event, &times, &window]),
    };
    let happens = if wanted { "happens" } else { "has not happened" };
    // Without bounds of its own, a `$did` asks for once.
    if asks_for_once(check) {
        return reason("eligible", happened, say("% %%", &[event, happens, &window]));
    }
    let text = say("%, % % times", &[&happened, has_to, &words]);
    reason(
        "eligible",
        text,
        say("% % % times%", &[event, happens, &words, &window]),
    )
}

fn asks_for_once(check: Record) -> bool {
    let ops = check.tail(1);
    let Some(op) = ops.at(0).filter(|_| check.flag(0) && ops.len() == 1) else {
        return false;
    };
    let operand = op.record(2);
    op.word(0) == op::ORDER
        && op.word(1) == order::GREATER_OR_EQUAL
        && operand.word(0) == kind::NUMBER
        && operand.amount(1) == 1.0
}

fn closed_reason(closed: Closed, moment: &Moment) -> Reason {
    let zone = moment.plan.zone.name();
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
