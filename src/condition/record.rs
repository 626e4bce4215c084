//! How conditions are laid down as records, and what their words mean.

use crate::records::{List, Record};

/// The parts of a condition, and the fields of its tests.
pub(crate) mod part {
    /// Also what can't be read.
    #[cfg(feature = "authoring")]
    pub const BROKEN: usize = 0;
    pub const ANY: usize = 1;
    pub const NOT: usize = 2;
    pub const IS: usize = 3;
    pub const AUDIENCE: usize = 4;
    pub const DID: usize = 5;
    pub const UNKNOWN: usize = 6;
    pub const ALL: usize = 7;
    pub const NEVER: usize = 8;
    /// Like `ALL`, and not part of anything: neither sources nor a number.
    pub const WHOLE: usize = 9;

    /// Where the fact comes from: what has to change for the test to come out otherwise. Of `ALL` and `ANY` the list of all such.
    pub const SOURCE: usize = 1;
    /// Of `ALL` and `ANY`: how many parts, which follow, and then the number.
    pub const COUNT: usize = 2;
    /// A path, or a behaviour.
    pub const WHAT: usize = 2;
    /// What it has to be.
    pub const CHECK: usize = 3;
    /// The author's own words, for explanations.
    #[cfg(feature = "authoring")]
    pub const WORDS: usize = 4;
    /// The test's number.
    pub const NUMBER: usize = 5;
}

/// A behaviour.
pub(crate) mod did {
    pub const TALLY: usize = 0;
    pub const MEASURE: usize = 1;
    /// 0 without a window, else one more than its grain.
    pub const GRAIN: usize = 2;
    pub const BUCKETS: usize = 3;
    #[cfg(feature = "authoring")]
    pub const SPAN: usize = 4;
}

/// The paths.
pub(crate) mod path {
    pub const KNOWN: usize = 0;
    pub const QUERY: usize = 1;
    pub const COUNT: usize = 2;
    pub const DAYS: usize = 3;
    pub const INTEREST: usize = 4;
    pub const USER: usize = 5;
    #[cfg(feature = "authoring")]
    pub const FIELD: usize = 6;
}

/// The operators.
pub(crate) mod op {
    pub const SAME: usize = 0;
    pub const ORDER: usize = 1;
    pub const VERSION: usize = 2;
    pub const IN: usize = 3;
    pub const EVERY: usize = 4;
    pub const SIZE: usize = 5;
    pub const ITEM: usize = 6;
    pub const FIELDS: usize = 7;
    pub const EXISTS: usize = 8;
    pub const TYPE: usize = 9;
    pub const REGEX: usize = 10;
    pub const NOT: usize = 11;
    pub const UNKNOWN: usize = 12;
    #[cfg(feature = "authoring")]
    pub const NEVER: usize = 13;
}

/// The orders.
pub(crate) mod order {
    pub const EQUAL: usize = 0;
    pub const NOT_EQUAL: usize = 1;
    pub const LESS: usize = 2;
    pub const LESS_OR_EQUAL: usize = 3;
    pub const GREATER: usize = 4;
    #[cfg(feature = "authoring")]
    pub const GREATER_OR_EQUAL: usize = 5;
}

/// The kinds of values.
pub(crate) mod kind {
    pub const NULL: usize = 0;
    pub const BOOL: usize = 1;
    pub const NUMBER: usize = 2;
    pub const TEXT: usize = 3;
    pub const LIST: usize = 4;
    pub const MAP: usize = 5;
}

/// Where facts come from. Attributes of the visitor follow, by their number.
pub(crate) mod source {
    /// The visitor's profile, and the time.
    pub const PROFILE: usize = 0;
    pub const PAGE: usize = 1;
    pub const DEVICE: usize = 2;
    pub const USER: usize = 3;
}

/// The behaviour that a condition asks about, if it asks about one.
#[must_use]
pub fn behaviour_of(condition: Record<'_>) -> Option<Record<'_>> {
    (condition.word(0) == part::DID).then(|| condition.record(part::WHAT))
}

/// The parts of `ALL`, `ANY` and `WHOLE`.
pub(crate) fn parts_of(condition: Record<'_>) -> List<'_> {
    let is_whole = condition.word(0) == part::WHOLE;
    condition.tail(if is_whole { 1 } else { part::COUNT })
}

/// The number of what is worth being remembered.
pub(super) fn number_of(condition: Record) -> Option<usize> {
    match condition.word(0) {
        part::IS | part::DID => Some(condition.word(part::NUMBER)),
        part::ALL | part::ANY => Some(condition.word(part::COUNT + 1 + condition.word(part::COUNT))),
        _ => None,
    }
}

/// Whether a value is a text.
pub(super) fn is_text(value: Record) -> bool {
    value.word(0) == kind::TEXT
}

#[cfg(feature = "authoring")]
pub use scribe::Scribe;

#[cfg(feature = "authoring")]
mod scribe {
    use super::{did, kind, op, part, path, source};
    use crate::condition::{Check, Condition, Did, Known, OfferFact, Op, Path};
    use crate::json::Value;
    use crate::names::Names;
    use crate::records::{Record, Writer};

    /// Lays conditions down.
    #[derive(Debug, Default)]
    pub struct Scribe {
        /// Where they are laid.
        pub writer: Writer,
        /// The conditions of the audiences, by index, and where those lie that were laid down.
        pub audiences: Vec<(Condition, Option<usize>)>,
        /// The attributes of the visitor that conditions ask about.
        pub attributes: Names,
        /// With the words that only explanations need.
        pub in_words: bool,
    }

    impl Scribe {
        /// The place of a condition.
        pub fn condition(&mut self, condition: &Condition) -> usize {
            let record = match condition {
                Condition::All(parts) => return self.conditions(part::ALL, parts),
                Condition::Any(parts) => return self.conditions(part::ANY, parts),
                Condition::Not(inner) => vec![part::NOT, self.condition(inner)],
                Condition::Is(test) => {
                    let source = self.source(&test.path);
                    let what = self.path(&test.path);
                    return self.test(part::IS, source, what, &test.check, &test.name);
                }
                Condition::Audience(index) => vec![part::AUDIENCE, self.audience(*index), *index],
                Condition::Did(known) => {
                    let what = self.behaviour(known);
                    return self.test(part::DID, source::PROFILE, what, &known.check, &known.event);
                }
                Condition::Never => vec![part::NEVER],
                Condition::Unknown => vec![part::UNKNOWN],
                Condition::Broken => vec![part::BROKEN],
            };
            self.writer.record(&record)
        }

        /// The place of the condition of an audience. None names itself, by whatever way: `config` sees to that.
        fn audience(&mut self, index: usize) -> usize {
            let (condition, known) = self.audiences.get(index).cloned().unwrap_or((Condition::Unknown, None));
            let place = known.unwrap_or_else(|| self.condition(&condition));
            if let Some((_, known)) = self.audiences.get_mut(index) {
                *known = Some(place);
            }
            place
        }

        /// The place of a condition that is not part of another.
        pub fn whole(&mut self, condition: &Condition) -> usize {
            let Condition::All(parts) = condition else {
                return self.condition(condition);
            };
            let mut record = vec![part::WHOLE, parts.len()];
            record.extend(parts.iter().map(|part| self.condition(part)));
            self.writer.record(&record)
        }

        fn conditions(&mut self, tag: usize, parts: &[Condition]) -> usize {
            let places: Vec<usize> = parts.iter().map(|part| self.condition(part)).collect();
            let mut sources = Vec::new();
            for place in &places {
                add_sources(self.writer.at(*place), &mut sources);
            }
            sources.sort_unstable();
            sources.dedup();
            let sources = self.writer.list(sources);
            self.writer
                .numbered(&[&[tag, sources, places.len()], places.as_slice()].concat())
        }

        fn test(&mut self, tag: usize, source: usize, what: usize, check: &Check, words: &str) -> usize {
            let check = self.check(check);
            let words = if self.in_words { self.writer.text(words) } else { 0 };
            self.writer.numbered(&[tag, source, what, check, words])
        }

        fn behaviour(&mut self, known: &Did) -> usize {
            let mut record = [0; 5];
            for (field, word) in [
                (did::TALLY, known.tally),
                (did::MEASURE, known.measure as usize),
                (did::GRAIN, known.window.map_or(0, |window| window.grain as usize + 1)),
                (did::BUCKETS, known.window.map_or(0, |window| window.buckets() as usize)),
                (
                    did::SPAN,
                    self.writer
                        .amount(known.window.map_or(0.0, |window| window.span as f64)),
                ),
            ] {
                if let Some(place) = record.get_mut(field) {
                    *place = word;
                }
            }
            self.writer.record(&record)
        }

        /// The place of a path.
        pub fn path(&mut self, path: &Path) -> usize {
            let record = match path {
                Path::Known(known) => vec![path::KNOWN, *known as usize],
                Path::Query(key) => vec![path::QUERY, self.writer.text(key)],
                Path::Offer(id, OfferFact::Count(outcome)) => vec![path::COUNT, *id, *outcome as usize],
                Path::Offer(id, OfferFact::Days(outcome)) => vec![path::DAYS, *id, *outcome as usize],
                Path::Interest(tally) => vec![path::INTEREST, *tally],
                Path::User(steps) => {
                    let attribute = self.attribute(steps);
                    self.texts(&[path::USER, attribute], steps.get(1..).unwrap_or_default())
                }
                Path::Field(steps) => self.texts(&[path::FIELD], steps),
            };
            self.writer.record(&record)
        }

        fn attribute(&mut self, steps: &[String]) -> usize {
            self.attributes.add(steps.first().map_or("", String::as_str))
        }

        fn source(&mut self, path: &Path) -> usize {
            match path {
                Path::Query(_) => source::PAGE,
                Path::User(steps) => source::USER + self.attribute(steps),
                Path::Known(known) => match known {
                    Known::PagePath
                    | Known::PageTitle
                    | Known::PageKind
                    | Known::ItemId
                    | Known::ItemName
                    | Known::ItemCategory
                    | Known::ItemBrand
                    | Known::ItemPrice => source::PAGE,
                    Known::DeviceKind
                    | Known::DeviceTouch
                    | Known::DeviceLanguage
                    | Known::DeviceSaveData
                    | Known::DeviceReducedMotion => source::DEVICE,
                    _ => source::PROFILE,
                },
                _ => source::PROFILE,
            }
        }

        /// The words of a record that ends with a list of texts.
        pub fn texts(&mut self, start: &[usize], texts: &[String]) -> Vec<usize> {
            let mut record = start.to_vec();
            record.push(texts.len());
            for text in texts {
                record.push(self.writer.text(text));
            }
            record
        }

        fn check(&mut self, check: &Check) -> usize {
            let record = match check {
                Check::Equals(value) => vec![0, self.value(value)],
                Check::Meets(ops) => {
                    let mut record = vec![1, ops.len()];
                    for op in ops {
                        record.push(self.op(op));
                    }
                    record
                }
            };
            self.writer.record(&record)
        }

        fn op(&mut self, op: &Op) -> usize {
            let record = match op {
                Op::Same(equal, value) => vec![op::SAME, (*equal).into(), self.value(value)],
                Op::Order(order, value) => vec![op::ORDER, *order as usize, self.value(value)],
                Op::Version(order, value) => vec![op::VERSION, *order as usize, self.value(value)],
                Op::In { within, any_case, list } => {
                    let mut record = vec![op::IN, (*within).into(), (*any_case).into(), list.len()];
                    for value in list {
                        record.push(self.value(value));
                    }
                    record
                }
                Op::Every(any_case, checks) => {
                    let mut record = vec![op::EVERY, (*any_case).into(), checks.len()];
                    for check in checks {
                        record.push(self.check(check));
                    }
                    record
                }
                Op::Size(check) => vec![op::SIZE, self.check(check)],
                Op::Item(check) => vec![op::ITEM, self.check(check)],
                Op::Fields(condition) => vec![op::FIELDS, self.condition(condition)],
                Op::Exists(wanted) => vec![op::EXISTS, (*wanted).into()],
                Op::Type(name) => vec![op::TYPE, self.writer.text(name)],
                Op::Regex(any_case, pattern) => vec![op::REGEX, (*any_case).into(), self.writer.text(pattern)],
                Op::Not(check) => vec![op::NOT, self.check(check)],
                Op::Never => vec![op::NEVER],
                Op::Unknown => vec![op::UNKNOWN],
            };
            self.writer.record(&record)
        }

        fn value(&mut self, value: &Value) -> usize {
            let record = match value {
                Value::Null => vec![kind::NULL],
                Value::Bool(truth) => vec![kind::BOOL, (*truth).into()],
                Value::Number(number) => vec![kind::NUMBER, self.writer.amount(*number)],
                Value::Text(text) => vec![kind::TEXT, self.writer.text(text)],
                Value::List(items) => {
                    let mut record = vec![kind::LIST, items.len()];
                    for item in items {
                        record.push(self.value(item));
                    }
                    record
                }
                Value::Map(members) => {
                    let mut record = vec![kind::MAP, members.len()];
                    for (key, member) in members {
                        let member = [self.writer.text(key), self.value(member)];
                        record.push(self.writer.record(&member));
                    }
                    record
                }
            };
            self.writer.record(&record)
        }
    }

    /// What has to change for a condition to come out otherwise.
    fn add_sources(mut condition: Record, sources: &mut Vec<usize>) {
        while matches!(condition.word(0), part::NOT | part::AUDIENCE) {
            condition = condition.record(1);
        }
        match condition.word(0) {
            part::IS | part::DID => sources.push(condition.word(part::SOURCE)),
            part::ALL | part::ANY => sources.extend(condition.list(part::SOURCE)),
            _ => {}
        }
    }

    impl Value {
        /// The value that a record stands for.
        #[must_use]
        pub fn of(record: Record) -> Value {
            record.within(|| Value::read(record)).unwrap_or_default()
        }

        fn read(record: Record) -> Value {
            match record.word(0) {
                kind::BOOL => Value::Bool(record.flag(1)),
                kind::NUMBER => Value::Number(record.amount(1)),
                kind::TEXT => Value::from(record.text(1)),
                kind::LIST => Value::List(record.tail(1).records().map(Value::of).collect()),
                kind::MAP => {
                    let members = record.tail(1).records();
                    Value::Map(
                        members
                            .map(|member| (member.text(0).to_owned(), Value::of(member.record(1))))
                            .collect(),
                    )
                }
                _ => Value::Null,
            }
        }
    }
}
