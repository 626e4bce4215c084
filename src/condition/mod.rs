//! The language of rules: its tree, its vocabulary and its meaning, which is that of GrowthBook's conditions (spec 0.12)
//! with three additions: audiences, behaviour (`$did`), and paths into what Maitre knows.
//!
//! What enters: a tree that `config` has read. What stays outside: where facts come from ([`Facts`]).

mod compare;
mod eval;
mod path;
pub(crate) mod record;
#[cfg(feature = "authoring")]
mod words;

pub use eval::{Facts, Findings, Truth, holds};
pub use path::{CHANNELS, Known, OfferFact, Outcome, Path, Shape, VOCABULARY, WEEKDAYS, Where};
#[cfg(feature = "authoring")]
pub use record::Scribe;
#[cfg(feature = "authoring")]
pub use words::{check_words, fields_words, value_words};

pub use record::behaviour_of;
use record::is_text;

use crate::json::Value;
use crate::time::Millis;

/// A condition: what has to hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every one holds. Of none: true.
    All(Vec<Condition>),
    /// At least one holds. Of none: false.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A fact passes a check.
    Is(Test),
    /// The audience of that index holds.
    Audience(usize),
    /// The visitor did something.
    Did(Did),
    /// False, and its negation true: it names nobody.
    Never,
    /// Can't be evaluated, so neither it nor its negation passes.
    Unknown,
    /// Malformed: everything around it fails too.
    Broken,
}

/// One fact and the check on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Where the fact is.
    pub path: Path,
    /// The path as the author wrote it.
    pub name: String,
    /// What it has to be.
    pub check: Check,
}

/// What a value has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// Equal in type and value, arrays and objects in depth and order.
    Equals(Value),
    /// What every operator asks for.
    Meets(Vec<Op>),
}

/// One operator with its operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// `$eq`, `$ne`: strictly equal; arrays and objects never are.
    Same(bool, Value),
    /// `$lt` and its kin, between two numbers or two strings.
    Order(Order, Value),
    /// `$veq` and its kin, between two versions.
    Version(Order, Value),
    /// `$in`, `$nin` (`within: false`), `$ini`, `$nini` (`any_case`): membership, or for an array a common member.
    In {
        /// Has to be in the list, rather than not.
        within: bool,
        /// Upper and lower case are alike.
        any_case: bool,
        /// The list.
        list: Vec<Value>,
    },
    /// `$all`, `$alli`: every check is met by some item of the array.
    Every(bool, Vec<Check>),
    /// `$size`: the check holds of the array's length.
    Size(Box<Check>),
    /// `$elemMatch` with operators: some item meets the check.
    Item(Box<Check>),
    /// `$elemMatch` with a condition: the fields of some item meet it.
    Fields(Box<Condition>),
    /// `$exists`.
    Exists(bool),
    /// `$type`.
    Type(String),
    /// `$regex`, `$regexi` (`true`: upper and lower case are alike).
    Regex(bool, String),
    /// `$not`.
    Not(Box<Check>),
    /// An operand that can't hold for anyone.
    Never,
    /// An operator that isn't known: neither it nor its negation passes.
    Unknown,
}

/// How two values have to be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Order {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Behaviour: a measure of what the visitor did, and the check on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Did {
    /// The index of the tally that measures it.
    pub tally: usize,
    /// What is asked about, in words: the event and its filter, or the steps.
    pub event: String,
    /// What is measured.
    pub measure: Measure,
    /// The rolling window; without one, ever.
    pub window: Option<Window>,
    /// What the figure has to be: of a count or an amount, or of a span in ms.
    pub check: Check,
}

/// What a `$did` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How often it happened.
    Times,
    /// A parameter, summed up; of nothing: 0.
    Sum,
    /// The greatest value of a parameter; of nothing: no figure.
    Max,
    /// How many different values a parameter had.
    Distinct,
    /// Whether the steps happened in their order: 1 or 0.
    Sequence,
    /// How long ago it first happened, in ms; never: no figure.
    First,
    /// How long ago it last happened, in ms; never: no figure.
    Last,
}

impl Measure {
    /// The measure of that number.
    #[must_use]
    pub fn numbered(number: usize) -> Measure {
        match number {
            0 => Measure::Times,
            1 => Measure::Sum,
            2 => Measure::Max,
            3 => Measure::Distinct,
            4 => Measure::Sequence,
            5 => Measure::First,
            _ => Measure::Last,
        }
    }

    /// The figure is a span in ms.
    #[must_use]
    pub fn is_span(self) -> bool {
        matches!(self, Measure::First | Measure::Last)
    }
}

/// A rolling window in whole buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The size of its buckets.
    pub grain: Grain,
    /// The span asked for, in ms.
    pub span: Millis,
}

/// The size of a bucket. Buckets are counted from the Unix epoch; days are those of the site's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// For windows of up to 2 hours.
    Minute,
    /// For windows of up to 7 days.
    Hour,
    /// For windows of up to 400 days.
    Day,
}

impl Grain {
    /// The length of a bucket, in ms.
    #[must_use]
    pub fn size(self) -> Millis {
        match self {
            Grain::Minute => crate::time::MINUTE,
            Grain::Hour => crate::time::HOUR,
            Grain::Day => crate::time::DAY,
        }
    }
}

impl Window {
    /// The longest window.
    pub const LONGEST: Millis = 400 * crate::time::DAY;

    /// A window of `span` ms, at the granularity that its length calls for.
    #[must_use]
    pub fn of(span: Millis) -> Window {
        let grain = if span <= 2 * crate::time::HOUR {
            Grain::Minute
        } else if span <= 7 * crate::time::DAY {
            Grain::Hour
        } else {
            Grain::Day
        };
        Window { grain, span }
    }

    /// How many buckets it reaches over, today's included: those with `bucket > now − span / size`.
    #[must_use]
    pub fn buckets(self) -> i64 {
        (self.span + self.grain.size() - 1) / self.grain.size()
    }
}

impl Condition {
    /// Calls `see` with this condition and every one inside it.
    pub fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Condition)) {
        see(self);
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| part.walk(see)),
            Condition::Not(part) => part.walk(see),
            _ => {}
        }
    }
}

/// The greatest number that a check compares with, 0 when there is none.
#[must_use]
pub fn greatest(check: &Check) -> f64 {
    let number = |value: &Value| value.number().unwrap_or(0.0);
    let ops = match check {
        Check::Equals(value) => return number(value),
        Check::Meets(ops) => ops,
    };
    let mut most: f64 = 0.0;
    for op in ops {
        most = most.max(match op {
            Op::Same(_, value) | Op::Order(_, value) | Op::Version(_, value) => number(value),
            Op::In { list, .. } => list.iter().map(number).fold(0.0, f64::max),
            Op::Not(check) => greatest(check),
            _ => 0.0,
        });
    }
    most
}
