//! How much a config may hold. Each limit is many times what a site needs, and is there so that a slip, or whoever writes a config
//! for others, can't make a page stand still or run out of memory.

use super::Audience;
use crate::condition::{Check, Condition, Op};
use crate::json::Value;

/// Bytes: some 150,000 offers.
pub const CONFIG: usize = 64_000_000;
/// Offers.
pub const OFFERS: usize = 250_000;
/// Placements, audiences, saved groups, interests, attributes to keep; and what one list of an offer or of those may name. Names are looked up
/// in some of them one by one.
pub const NAMED: usize = 1000;
/// Stages, rules of pressure, steps of a sequence: all of them are gone through at each event or decision.
pub const IN_TURN: usize = 100;
/// Bytes of a name, an id, a path, an address.
pub const NAME: usize = 2000;
/// Bytes of a pattern.
pub const PATTERN: usize = 1000;
/// Tests in one condition, those of its audiences and groups counted each time they are named.
pub const TESTS: usize = 10_000;
/// Levels of one condition, its audiences and groups included. What it asks about stages may come to as many again, and evaluation ends at
/// some more (`records`).
pub const LEVELS: usize = 48;
/// Audiences, each of which names the next.
pub const CHAIN: usize = 500;
/// Tests and values in all conditions, groups counted each time they are named.
pub const IN_ALL: usize = 5_000_000;
/// Values in a list that leaves upper and lower case aside, which takes time.
pub const ANY_CASE: usize = 1000;
/// Problems that are told.
pub const PROBLEMS: usize = 1000;

/// How heavy a condition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// How many tests, with those of its audiences.
    pub tests: usize,
    /// How many levels.
    pub levels: usize,
    /// How many audiences name each other in turn.
    pub chain: usize,
}

impl Weight {
    const ONE: Weight = Weight {
        tests: 1,
        levels: 1,
        chain: 0,
    };

    /// `audiences` are the weights of those that are known.
    pub fn of(condition: &Condition, audiences: &[Weight]) -> Weight {
        let each = |conditions: &[Condition]| {
            let mut whole = Weight::default();
            for condition in conditions {
                whole = whole.and(Weight::of(condition, audiences));
            }
            whole.deeper()
        };
        match condition {
            Condition::All(parts) | Condition::Any(parts) => each(parts),
            Condition::Not(part) => Weight::of(part, audiences).deeper(),
            Condition::Is(test) => Weight::of_check(&test.check, audiences).deeper(),
            Condition::Did(did) => Weight::of_check(&did.check, audiences).deeper(),
            Condition::Audience(index) => {
                let known = audiences.get(*index).copied().unwrap_or_default();
                Weight {
                    chain: known.chain + 1,
                    ..known.and(Weight::ONE)
                }
            }
            Condition::Never | Condition::Unknown | Condition::Broken => Weight::ONE,
        }
    }

    fn of_check(check: &Check, audiences: &[Weight]) -> Weight {
        let Check::Meets(ops) = check else { return Weight::ONE };
        let mut whole = Weight::ONE;
        for op in ops {
            whole = whole.and(match op {
                Op::Size(check) | Op::Item(check) | Op::Not(check) => Weight::of_check(check, audiences).deeper(),
                Op::Fields(condition) => Weight::of(condition, audiences).deeper(),
                Op::Every(_, checks) => {
                    let mut each = Weight::default();
                    for check in checks {
                        each = each.and(Weight::of_check(check, audiences));
                    }
                    each.deeper()
                }
                _ => Weight::ONE,
            });
        }
        whole
    }

    fn and(self, other: Weight) -> Weight {
        Weight {
            tests: self.tests.saturating_add(other.tests),
            levels: self.levels.max(other.levels),
            chain: self.chain.max(other.chain),
        }
    }

    fn deeper(self) -> Weight {
        Weight {
            levels: self.levels + 1,
            ..self
        }
    }
}

/// How many values a value holds, itself included.
pub(super) fn values(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(values).sum::<usize>(),
        Value::Map(members) => 1 + members.iter().map(|(_, member)| values(member)).sum::<usize>(),
        _ => 1,
    }
}

/// Which audiences name which, by whatever way: as many rows as there are audiences, each with a bit for every one.
pub(super) struct Reach(Vec<Vec<u64>>);

impl Reach {
    pub fn of(audiences: &[Audience]) -> Reach {
        let count = audiences.len();
        let mut rows = vec![vec![0; count.div_ceil(64)]; count];
        for (row, audience) in rows.iter_mut().zip(audiences) {
            audience.condition.walk(&mut |part| {
                if let Condition::Audience(named) = part
                    && let Some(word) = row.get_mut(named / 64)
                {
                    *word |= 1 << (named % 64);
                }
            });
        }
        let mut reach = Reach(rows);
        // Warshall's algorithm: <https://doi.org/10.1145/321105.321107>.
        for through in 0..count {
            let Some(onward) = reach.0.get(through).cloned() else {
                continue;
            };
            for from in 0..count {
                if let (true, Some(row)) = (reach.leads(from, through), reach.0.get_mut(from)) {
                    row.iter_mut().zip(&onward).for_each(|(word, more)| *word |= more);
                }
            }
        }
        reach
    }

    /// Whether an audience names another, or one that does.
    pub fn leads(&self, from: usize, to: usize) -> bool {
        let word = self.0.get(from).and_then(|row| row.get(to / 64));
        word.is_some_and(|word| word >> (to % 64) & 1 == 1)
    }

    /// The audiences, each after those that it names, if none names itself.
    pub fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|index| {
            let row = self.0.get(*index);
            row.map_or(0, |row| row.iter().map(|word| word.count_ones()).sum::<u32>())
        });
        order
    }
}
