//! What conditions can ask about: the paths, and what lies at their ends.

use super::record::path;
use crate::records::{List, Record};

/// A place where a fact is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// One of the [`VOCABULARY`].
    Known(Known),
    /// `page.query.<key>`.
    Query(String),
    /// `offer.<id>.<fact>`: the index of the offer among all ids of the config.
    Offer(usize, OfferFact),
    /// `interest.<topic>`: the index of the tally that fades.
    Interest(usize),
    /// `user.<anything>`, step by step.
    User(Vec<String>),
    /// A field of whatever is at hand: an event's parameters, an element of an array, or another system's attributes.
    Field(Vec<String>),
}

/// A path as the plan holds it.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Where<'r> {
    Known(Known),
    Query(&'r str),
    Offer(usize, OfferFact),
    Interest(usize),
    /// An attribute of the visitor, by its number, and the steps down from there.
    User(usize, List<'r>),
    Field(List<'r>),
}

impl<'r> Where<'r> {
    /// The path that a record stands for.
    #[must_use]
    pub fn of(record: Record<'r>) -> Where<'r> {
        let outcome = || Outcome::numbered(record.word(2));
        match record.word(0) {
            path::KNOWN => Where::Known(Known::ALL.get(record.word(1)).copied().unwrap_or(Known::PagePath)),
            path::QUERY => Where::Query(record.text(1)),
            path::COUNT => Where::Offer(record.word(1), OfferFact::Count(outcome())),
            path::DAYS => Where::Offer(record.word(1), OfferFact::Days(outcome())),
            path::INTEREST => Where::Interest(record.word(1)),
            path::USER => Where::User(record.word(1), record.tail(2)),
            _ => Where::Field(record.tail(1)),
        }
    }
}

/// The visitor's own history with an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferFact {
    /// How often that outcome happened.
    Count(Outcome),
    /// Whole days since it last happened; no value when it never did.
    Days(Outcome),
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The visitor really saw it: half of it in view for one second.
    Exposed,
    /// A link in it was followed.
    Clicked,
    /// It was sent away.
    Dismissed,
    /// Its goal was reached.
    Converted,
    /// It appeared over the page, seen or not: that uses up its trigger. No rule can name it.
    Raised,
}

impl Outcome {
    /// Every outcome, with its name, the name of its count and the name of the days since.
    pub const ALL: [(Outcome, &'static str, &'static str, &'static str); 4] = [
        (Outcome::Exposed, "exposed", "exposures", "daysSinceExposed"),
        (Outcome::Clicked, "clicked", "clicks", "daysSinceClicked"),
        (Outcome::Dismissed, "dismissed", "dismissals", "daysSinceDismissed"),
        (Outcome::Converted, "converted", "conversions", "daysSinceConverted"),
    ];

    /// The outcome of that number.
    #[must_use]
    pub fn numbered(number: usize) -> Outcome {
        match number {
            0 => Outcome::Exposed,
            1 => Outcome::Clicked,
            2 => Outcome::Dismissed,
            3 => Outcome::Converted,
            _ => Outcome::Raised,
        }
    }

    /// The outcome of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Outcome> {
        Outcome::ALL.iter().find(|entry| entry.1 == name).map(|entry| entry.0)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Outcome::ALL.get(self as usize).map_or("", |entry| entry.1)
    }
}

/// What kind of value lies at a path: operands of another kind can never match, which is worth an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any value.
    Any,
    /// A string.
    Text,
    /// A number.
    Number,
    /// True or false.
    Truth,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// The name of a topic of the config.
    Topic,
    /// The name of a stage of the lifecycle.
    Stage,
}

macro_rules! vocabulary {
    ($($known:ident $path:literal $shape:expr;)*) => {
        /// The paths of fixed name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Known { $($known,)* }

        impl Known {
            /// All of them, by number.
            pub const ALL: &[Known] = &[$(Known::$known,)*];
        }

        /// Every path of fixed name, with what it holds.
        pub const VOCABULARY: &[(Known, &str, Shape)] = &[$((Known::$known, $path, $shape),)*];
    };
}

vocabulary! {
    PagePath "page.path" Shape::Text;
    PageTitle "page.title" Shape::Text;
    PageKind "page.kind" Shape::Text;
    ItemId "page.item.id" Shape::Text;
    ItemName "page.item.name" Shape::Text;
    ItemCategory "page.item.category" Shape::Text;
    ItemBrand "page.item.brand" Shape::Text;
    ItemPrice "page.item.price" Shape::Number;
    VisitNumber "visit.number" Shape::Number;
    VisitPages "visit.pages" Shape::Number;
    VisitSeconds "visit.seconds" Shape::Number;
    VisitEntry "visit.entry" Shape::Text;
    DaysSinceLast "visit.daysSinceLast" Shape::Number;
    DaysSinceFirst "visit.daysSinceFirst" Shape::Number;
    Referrer "visit.referrer" Shape::Text;
    Channel "visit.channel" Shape::OneOf(&CHANNELS);
    UtmSource "visit.utm.source" Shape::Text;
    UtmMedium "visit.utm.medium" Shape::Text;
    UtmCampaign "visit.utm.campaign" Shape::Text;
    UtmTerm "visit.utm.term" Shape::Text;
    UtmContent "visit.utm.content" Shape::Text;
    DeviceKind "device.kind" Shape::OneOf(&["phone", "tablet", "desktop"]);
    DeviceTouch "device.touch" Shape::Truth;
    DeviceLanguage "device.language" Shape::Text;
    DeviceSaveData "device.saveData" Shape::Truth;
    DeviceReducedMotion "device.reducedMotion" Shape::Truth;
    Hour "time.hour" Shape::Number;
    Weekday "time.weekday" Shape::OneOf(&WEEKDAYS);
    Date "time.date" Shape::Text;
    TopInterest "interest.top" Shape::Topic;
    StageNow "stage.now" Shape::Stage;
    StageBefore "stage.before" Shape::Stage;
    StageDays "stage.days" Shape::Number;
    CartItems "cart.items" Shape::Number;
    CartValue "cart.value" Shape::Number;
}

/// `visit.channel`: GA4's default channel groups, <https://support.google.com/analytics/answer/9756891>.
pub const CHANNELS: [&str; 18] = [
    "direct",
    "cross_network",
    "paid_shopping",
    "paid_search",
    "paid_social",
    "paid_video",
    "display",
    "paid_other",
    "organic_shopping",
    "organic_social",
    "organic_video",
    "organic_search",
    "email",
    "affiliates",
    "referral",
    "audio",
    "sms",
    "mobile_push",
];

/// `time.weekday`, from Monday on.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
