//! The plan as bytes: what `maitre build` makes of a config, so that pages need not read one.
//!
//! `MTR`, the version of this crate, the plan, a checksum. A plan is read by the version that wrote it alone; every part is
//! described once, for both directions.

use super::{Happening, HistoryKeep, Keep, Placement, Plan, Tally, TallyKeep};
use crate::codec::{Pass, unsealed};
use crate::condition::{
    Check, Condition, Did, Grain, Known, Measure, OfferFact, Op, Order, Outcome, Path, Test, VOCABULARY, Window,
};
use crate::config::{
    After, Audience, Cap, Edge, Fold, Interest, Limit, Offer, Period, Pressure, Rest, Schedule, Signal, Stage,
};
use crate::host::{Host, Zone};
use crate::json::Value;
use crate::names::Names;

const MAGIC: &[u8] = b"MTR";

impl Plan {
    /// The plan of a config without errors as bytes, equal for equal configs.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut pass = Pass::writing(MAGIC.to_vec());
        env!("CARGO_PKG_VERSION").to_owned().pass(&mut pass);
        self.clone().pass(&mut pass);
        pass.sealed()
    }

    /// The plan that `bytes` hold; `None` when they are damaged, or of another version.
    #[must_use]
    pub fn decode(bytes: &[u8], visitor_zone: &str, host: &dyn Host) -> Option<Plan> {
        let mut pass = Pass::reading(unsealed(bytes.strip_prefix(MAGIC).map(|_| bytes.to_vec())?)?);
        MAGIC.iter().for_each(|_| {
            pass.byte(0);
        });
        let mut version = String::new();
        version.pass(&mut pass);
        if version != env!("CARGO_PKG_VERSION") {
            return None;
        }
        let mut plan = Plan::default();
        plan.pass(&mut pass);
        if pass.broken {
            return None;
        }
        plan.complete(visitor_zone, host);
        Some(plan)
    }
}

/// Without authoring plans are only read, so that what writes them can be left out.
fn is_reading(pass: &Pass) -> bool {
    !cfg!(feature = "authoring") || pass.reading
}

/// Something that goes in and out as bytes.
trait Part: Default {
    fn pass(&mut self, pass: &mut Pass);
}

impl Part for Plan {
    fn pass(&mut self, pass: &mut Pass) {
        self.zone.0.pass(pass);
        self.is_visitors_zone.pass(pass);
        pass.signed(&mut self.timeout);
        pass.signed(&mut self.retention);
        self.audiences.pass(pass);
        self.placements.pass(pass);
        self.offers.pass(pass);
        self.ids.pass(pass);
        self.families.pass(pass);
        self.tallies.pass(pass);
        self.happenings.pass(pass);
        self.signals.pass(pass);
        self.interests.pass(pass);
        self.stages.pass(pass);
        self.pressures.pass(pass);
        self.scopes.pass(pass);
        self.keep.pass(pass);
        if is_reading(pass) {
            self.hold = self.keep.clone();
            self.sound = true;
        }
    }
}

/// The members of a struct, one after the other.
macro_rules! members {
    ($($name:ident: $($member:ident)*;)*) => {
        $(impl Part for $name {
            fn pass(&mut self, pass: &mut Pass) {
                $(self.$member.pass(pass);)*
            }
        })*
    };
}

members! {
    Audience: name condition;
    Placement: name take overlay fallback ranking fits linked;
    Offer: id placements family eligible triggers schedule caps rests value fit content;
    Schedule: from to hours;
    Edge: at is_local;
    Cap: exposures per;
    Rest: after span;
    Tally: fold key;
    Happening: event filter tallies;
    Interest: topic title tally;
    Stage: name when;
    Pressure: scope limit;
    Keep: tallies histories visit dwell stage arrival cart user;
    TallyKeep: buckets total first last recent;
    HistoryKeep: shown counts last;
    Test: path check;
    Did: tally measure window check;
    Window: grain span;
}

/// The variants of an enum, told apart by a number, with what is in them.
macro_rules! variants {
    ($($name:ident: $($number:literal $variant:ident $(($($inside:ident),*))? $({$($field:ident),*})?;)*)*) => {
        $(impl Part for $name {
            fn pass(&mut self, pass: &mut Pass) {
                let number = if is_reading(pass) { 0 } else {
                    match self {
                        $($name::$variant $(($($inside),*))? $({$($field),*})? => {
                            $($(let _ = $inside;)*)?
                            $($(let _ = $field;)*)?
                            $number
                        })*
                    }
                };
                let number = pass.byte(number);
                if is_reading(pass) {
                    *self = match number {
                        $($number => $name::$variant $(($({ let $inside = Default::default(); $inside }),*))? $({$($field: Default::default()),*})?,)*
                        _ => {
                            pass.broken = true;
                            return;
                        }
                    };
                }
                match self {
                    $($name::$variant $(($($inside),*))? $({$($field),*})? => {
                        $($($inside.pass(pass);)*)?
                        $($($field.pass(pass);)*)?
                    })*
                }
            }
        })*
    };
}

variants! {
    Condition: 0 All(parts); 1 Any(parts); 2 Not(part); 3 Is(test); 4 Audience(index); 5 Did(did); 6 Never; 7 Unknown; 8 Broken;
    Check: 0 Equals(value); 1 Meets(ops);
    Op: 0 Same(equal, value); 1 Order(order, value); 2 Version(order, value); 3 In { within, any_case, list }; 4 Every(any_case, checks);
        5 Size(check); 6 Item(check); 7 Fields(condition); 8 Exists(wanted); 9 Type(name); 10 Regex(any_case, pattern); 11 Not(check);
        12 Never; 13 Unknown;
    Value: 0 Null; 1 Bool(truth); 2 Number(number); 3 Text(text); 4 List(items); 5 Map(members);
    Path: 0 Known(known); 1 Query(key); 2 Offer(id, fact); 3 Interest(tally); 4 User(steps); 5 Field(steps);
    OfferFact: 0 Count(outcome); 1 Days(outcome);
    Period: 0 Ever; 1 Page; 2 Visit; 3 Span(span);
    After: 0 Outcome(outcome); 1 Event(tally);
    Limit: 0 Cap(cap); 1 Rest(rest); 2 Quiet(from, to);
    Fold: 0 Count(happening); 1 Sum(happening, param); 2 Max(happening, param); 3 Distinct(happening, param);
        4 Sequence { steps, without }; 5 Fading { half_life, sources }; 6 Signal(signal, threshold);
    Order: 0 Equal; 1 NotEqual; 2 Less; 3 LessOrEqual; 4 Greater; 5 GreaterOrEqual;
    Outcome: 0 Exposed; 1 Clicked; 2 Dismissed; 3 Converted; 4 Raised;
    Measure: 0 Times; 1 Sum; 2 Max; 3 Distinct; 4 Sequence; 5 First; 6 Last;
    Grain: 0 Minute; 1 Hour; 2 Day;
    Signal: 0 ExitIntent; 1 ReturnToTab; 2 Dwell; 3 Scroll; 4 Idle;
}

/// The first variant stands for what is still to be read.
macro_rules! defaults {
    ($($name:ident $value:expr;)*) => {
        $(impl Default for $name {
            fn default() -> Self {
                $value
            }
        })*
    };
}

defaults! {
    Condition Condition::Never;
    Check Check::Meets(Vec::new());
    Op Op::Never;
    Path Path::Known(Known::PagePath);
    OfferFact OfferFact::Count(Outcome::Exposed);
    Period Period::Ever;
    After After::Event(0);
    Limit Limit::Quiet(0, 0);
    Fold Fold::Count(0);
    Order Order::Equal;
    Outcome Outcome::Exposed;
    Measure Measure::Times;
    Grain Grain::Minute;
    Signal Signal::ExitIntent;
    Known Known::PagePath;
}

impl Part for Known {
    fn pass(&mut self, pass: &mut Pass) {
        let number = pass.byte(*self as u8);
        match VOCABULARY.get(usize::from(number)) {
            Some((known, ..)) => *self = *known,
            None => pass.broken = true,
        }
    }
}

impl Part for Names {
    fn pass(&mut self, pass: &mut Pass) {
        let mut names = if is_reading(pass) {
            Vec::new()
        } else {
            self.all().to_vec()
        };
        names.pass(pass);
        if is_reading(pass) {
            for name in &names {
                self.add(name);
            }
        }
    }
}

impl Part for Zone {
    fn pass(&mut self, pass: &mut Pass) {
        self.0.pass(pass);
    }
}

impl Part for String {
    fn pass(&mut self, pass: &mut Pass) {
        pass.text(self);
    }
}

impl Part for bool {
    fn pass(&mut self, pass: &mut Pass) {
        *self = pass.byte((*self).into()) == 1;
    }
}

impl Part for u32 {
    fn pass(&mut self, pass: &mut Pass) {
        pass.small(self);
    }
}

impl Part for usize {
    fn pass(&mut self, pass: &mut Pass) {
        let mut number = *self as u64;
        pass.number(&mut number);
        *self = number as usize;
    }
}

impl Part for i64 {
    fn pass(&mut self, pass: &mut Pass) {
        pass.signed(self);
    }
}

impl Part for f64 {
    fn pass(&mut self, pass: &mut Pass) {
        pass.amount(self);
    }
}

impl<T: Part> Part for Box<T> {
    fn pass(&mut self, pass: &mut Pass) {
        self.as_mut().pass(pass);
    }
}

impl<T: Part> Part for Option<T> {
    fn pass(&mut self, pass: &mut Pass) {
        if pass.some(self.is_some()) {
            self.get_or_insert_default().pass(pass);
        }
    }
}

impl<T: Part> Part for Vec<T> {
    fn pass(&mut self, pass: &mut Pass) {
        for index in 0..pass.length(self.len()) {
            if is_reading(pass) {
                self.push(T::default());
            }
            if let Some(item) = self.get_mut(index) {
                item.pass(pass);
            }
            if pass.broken {
                return;
            }
        }
    }
}

impl<T: Part, const N: usize> Part for [T; N]
where
    [T; N]: Default,
{
    fn pass(&mut self, pass: &mut Pass) {
        self.iter_mut().for_each(|item| item.pass(pass));
    }
}

impl<A: Part, B: Part> Part for (A, B) {
    fn pass(&mut self, pass: &mut Pass) {
        self.0.pass(pass);
        self.1.pass(pass);
    }
}

impl<A: Part, B: Part, C: Part> Part for (A, B, C) {
    fn pass(&mut self, pass: &mut Pass) {
        self.0.pass(pass);
        self.1.pass(pass);
        self.2.pass(pass);
    }
}
