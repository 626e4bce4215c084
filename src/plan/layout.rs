//! Where things lie in the records of a plan.

/// The fields of the last record.
pub(super) mod root {
    pub const ZONE: usize = 0;
    pub const TIMEOUT: usize = 1;
    pub const RETENTION: usize = 2;
    pub const SOUND: usize = 3;
    pub const TESTS: usize = 4;
    pub const ATTRIBUTES: usize = 5;
    pub const ATTRIBUTES_SORTED: usize = 6;
    pub const AUDIENCES: usize = 7;
    pub const PLACEMENTS: usize = 8;
    pub const OFFERS: usize = 9;
    pub const IDS: usize = 10;
    pub const OFFERS_BY_ID: usize = 11;
    pub const FAMILIES: usize = 12;
    pub const TALLIES: usize = 13;
    pub const TALLIES_SORTED: usize = 14;
    pub const HAPPENINGS: usize = 15;
    pub const EVENTS: usize = 16;
    pub const EVENTS_SORTED: usize = 17;
    pub const SIGNALS: usize = 18;
    pub const INTERESTS: usize = 19;
    pub const STAGES: usize = 20;
    pub const PRESSURES: usize = 21;
    pub const SCOPES: usize = 22;
    pub const HISTORIES: usize = 23;
    pub const HISTORIES_SORTED: usize = 24;
    pub const KEEP_VISIT: usize = 25;
    pub const KEEP_DWELL: usize = 26;
    pub const KEEP_STAGE: usize = 27;
    pub const KEEP_CART: usize = 28;
    pub const KEEP_USER: usize = 29;
    pub const KEEP_ARRIVAL: usize = 30;
    pub const EDGES: usize = 31;
    pub const ENTRIES: usize = 32;
    pub const LENGTH: usize = 33;
}

pub(super) mod placement {
    pub const NAME: usize = 0;
    pub const TAKE: usize = 1;
    pub const OVERLAY: usize = 2;
    pub const FALLBACK: usize = 3;
    pub const RANKING: usize = 4;
    pub const FITS: usize = 5;
    pub const LINKED: usize = 6;
    pub const FIRST: usize = 7;
}

pub(super) mod offer {
    pub const ID: usize = 0;
    pub const PLACEMENTS: usize = 1;
    pub const FAMILY: usize = 2;
    pub const ELIGIBLE: usize = 3;
    pub const TRIGGERS: usize = 4;
    pub const SCHEDULE: usize = 5;
    pub const CAPS: usize = 6;
    pub const RESTS: usize = 7;
    pub const VALUE: usize = 8;
    pub const FIT: usize = 9;
    pub const CONTENT: usize = 10;
    pub const INDEX: usize = 11;
}

pub(super) mod schedule {
    pub const FROM: usize = 0;
    pub const TO: usize = 1;
    pub const HOURS: usize = 2;
    pub const OPENS: usize = 3;
    pub const CLOSES: usize = 4;
}

pub(super) mod tally {
    pub const FOLD: usize = 0;
    pub const KEEP: usize = 1;
    /// Two words.
    pub const KEY: usize = 2;
}

/// How happenings become figures.
pub(super) mod fold {
    pub const COUNT: usize = 0;
    pub const SUM: usize = 1;
    pub const MAX: usize = 2;
    pub const DISTINCT: usize = 3;
    pub const SEQUENCE: usize = 4;
    pub const FADING: usize = 5;
    #[cfg(feature = "authoring")]
    pub const SIGNAL: usize = 6;
}

pub(super) mod happening {
    pub const EVENT: usize = 0;
    pub const FILTER: usize = 1;
    pub const TALLIES: usize = 2;
}

pub(super) mod event {
    pub const NAME: usize = 0;
    /// The happenings without a parameter that has to be a certain text.
    pub const OPEN: usize = 1;
    /// The parameters that have to be a certain text, for any happening.
    pub const PARAMS: usize = 2;
    /// The happenings by parameter and text, sorted by both.
    pub const KEYED: usize = 3;
}

/// The happenings whose parameter is a certain text.
pub(super) mod keyed {
    pub const PARAM: usize = 0;
    pub const TEXT: usize = 1;
    pub const HAPPENINGS: usize = 2;
}

pub(super) mod interest {
    pub const TOPIC: usize = 0;
    /// Empty: it is told to nobody but the visitor.
    pub const TITLE: usize = 1;
    pub const TALLY: usize = 2;
}

pub(super) mod stage {
    pub const NAME: usize = 0;
    pub const WHEN: usize = 1;
}

pub(super) mod scope {
    pub const PLACEMENTS: usize = 0;
    /// Two words.
    pub const KEY: usize = 1;
}
