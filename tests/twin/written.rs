//! Configs that nobody would write: every kind of condition, on everything that can be asked about, many of them equal.

use super::naive::ZONE;
use maitre::condition::WEEKDAYS;
use serde_json::{Map, Value as Json, json};

/// Numbers that look like chance: choices that can be made simpler, or always the same ones.
pub enum Chance {
    Choices(std::vec::IntoIter<u16>),
    Seed(u64),
}

impl Chance {
    pub fn below(&mut self, count: usize) -> usize {
        match self {
            Chance::Choices(left) => usize::from(left.next().unwrap_or(0)) % count,
            Chance::Seed(seed) => {
                *seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (*seed >> 33) as usize % count
            }
        }
    }

    pub fn one_of<T: Clone>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())].clone()
    }

    pub fn some(&mut self, most: usize, one: fn(&mut Chance) -> Json) -> Vec<Json> {
        (0..=self.below(most)).map(|_| one(self)).collect()
    }
}

pub fn scalar(chance: &mut Chance) -> Json {
    match chance.below(8) {
        0..3 => json!(chance.below(5)),
        3 => json!(chance.below(2) == 0),
        4 => json!(2.5),
        5 => Json::Null,
        _ => text(chance),
    }
}

pub fn text(chance: &mut Chance) -> Json {
    json!(chance.one_of(&["pro", "Pro", "free", "1.2.0", "v1.10", "a"]))
}

/// What the page says of the visitor: of any kind, whatever is asked for.
pub fn told(chance: &mut Chance) -> Json {
    match chance.below(8) {
        0..5 => scalar(chance),
        5 => json!({ "city": scalar(chance) }),
        6 => Json::Array(chance.some(3, scalar)),
        _ => Json::Array(chance.some(3, |chance| json!({ "sku": text(chance), "n": scalar(chance) }))),
    }
}

fn check(chance: &mut Chance) -> Json {
    match chance.below(22) {
        0 | 1 => scalar(chance),
        2 | 3 => json!({ "$gte": chance.below(5) }),
        4 => json!({ "$gt": chance.below(3), "$lte": 2 + chance.below(3) }),
        5 => json!({ "$lt": text(chance) }),
        6 | 7 => json!({ "$in": chance.some(3, scalar) }),
        8 => json!({ "$nin": chance.some(2, scalar) }),
        9 => json!({ "$ini": chance.some(2, text) }),
        10 => json!({ "$nini": chance.some(2, text) }),
        11 => json!({ "$exists": chance.below(2) == 0 }),
        12 => json!({ "$eq": scalar(chance) }),
        13 => json!({ "$ne": scalar(chance) }),
        14 => json!({ "$not": check(chance) }),
        15 => json!({ "$regex": chance.one_of(&["^p", "o$", "\\d"]) }),
        16 => json!({ "$regexi": chance.one_of(&["^PR", "E+"]) }),
        17 => {
            json!({ chance.one_of(&["$veq", "$vne", "$vlt", "$vlte", "$vgt", "$vgte"]): chance.one_of(&["1.2.0", "v1.10", "1.9-rc"]) })
        }
        18 => json!({ chance.one_of(&["$all", "$alli"]): chance.some(2, text) }),
        19 => json!({ "$size": if chance.below(2) == 0 { json!(2) } else { json!({ "$gt": 1 }) } }),
        20 => json!({ "$elemMatch": { "sku": text(chance), "n": check(chance) } }),
        _ => json!({ "$elemMatch": { "$gte": chance.below(4) } }),
    }
}

struct Author<'c> {
    chance: &'c mut Chance,
    /// Tests that many conditions share.
    shared: Vec<(String, Json)>,
    /// How many attributes and offers there are to ask about.
    wide: usize,
    audiences: usize,
}

impl Author<'_> {
    fn test(&mut self) -> (String, Json) {
        let chance = &mut *self.chance;
        let numbered = format!("user.n{}", chance.below(self.wide));
        let offer = format!("offer.o{}", chance.below(self.wide));
        let least = json!({ chance.one_of(&["$gte", "$lt"]): 1 + chance.below(3) });
        let (path, wanted) = match chance.below(26) {
            0..3 => (numbered.as_str(), least),
            3..5 => ("user.plan", check(chance)),
            5 => ("user.member", check(chance)),
            6 => ("user.score", check(chance)),
            7..9 => ("user.tags", check(chance)),
            9 => ("user.tags.0", check(chance)),
            10 => ("user.home.city", check(chance)),
            11 => ("page.path", json!({ "$regex": chance.one_of(&["^/s", "p$"]) })),
            12 => ("page.path", json!(chance.one_of(&["/", "/shop", "/sale"]))),
            13 => (
                "page.kind",
                json!({ "$in": chance.some(2, |chance| json!(chance.one_of(&["product", "home"]))) }),
            ),
            14 => (
                "page.query.q",
                json!({ chance.one_of(&["$in", "$nin", "$ini"]): chance.some(2, text) }),
            ),
            15 => ("page.item.price", json!({ "$gte": 10 * chance.below(4) })),
            16 => ("page.item.category", text(chance)),
            17 => ("device.kind", json!({ "$ne": chance.one_of(&["phone", "desktop"]) })),
            18 => ("device.touch", json!(chance.below(2) == 0)),
            19 => (
                "time.hour",
                json!({ chance.one_of(&["$gte", "$lt"]): 1 + chance.below(23) }),
            ),
            20 => (
                "time.weekday",
                json!({ "$in": chance.some(4, |chance| json!(chance.one_of(&WEEKDAYS))) }),
            ),
            21 => (
                &*format!("{offer}.{}", chance.one_of(&["exposures", "dismissals"])),
                least,
            ),
            22 => ("interest.red", json!({ "$gte": chance.one_of(&[0.5, 1.0, 1.5]) })),
            23 => ("visit.number", least),
            _ => {
                let within = chance.one_of(&["30m", "2h", "1d", "8d"]);
                let colour = chance.one_of(&["red", "blue"]);
                (
                    "$did",
                    json!({ "event": "view_item", "where": { "colour": colour }, "within": within, "times": least }),
                )
            }
        };
        (path.to_owned(), wanted)
    }

    fn condition(&mut self, depth: usize) -> Json {
        let mut parts = Map::new();
        for _ in 0..=self.chance.below(3) {
            let (path, wanted) = match self.chance.below(3) {
                0 => self.test(),
                _ => self.chance.one_of(&self.shared),
            };
            parts.insert(path, wanted);
        }
        if self.audiences > 0 && self.chance.below(4) == 0 {
            parts.insert(
                "audience".to_owned(),
                json!(format!("a{}", self.chance.below(self.audiences))),
            );
        }
        if depth > 0 && self.chance.below(2) == 0 {
            let (left, right) = (self.condition(depth - 1), self.condition(depth - 1));
            let (key, wanted) = match self.chance.below(6) {
                0 => ("$and", json!([left, right])),
                1 => ("$nor", json!([left])),
                2 => ("$not", left),
                _ => ("$or", json!([left, right])),
            };
            parts.insert(key.to_owned(), wanted);
        }
        Json::Object(parts)
    }

    fn offer(&mut self, index: usize, places: &[String], depth: usize) -> Json {
        // Few values, so that many are equal.
        let mut offer = json!({ "id": format!("o{index}"), "value": { "site": self.chance.below(6), "visitor": 1 },
            "content": { "template": "text", "text": "x" } });
        let (first, second) = (self.chance.one_of(places), self.chance.one_of(places));
        let is_for_two = first != second && self.chance.below(4) == 0;
        offer["placement"] = if is_for_two {
            json!([first, second])
        } else {
            json!(first)
        };
        if self.chance.below(8) > 0 {
            offer["eligible"] = self.condition(depth);
        }
        if self.chance.below(4) == 0 {
            offer["cap"] = json!({ "exposures": 1 + self.chance.below(2) });
            if let Some(per) = self.chance.one_of(&[None, Some("visit"), Some("1d")]) {
                offer["cap"]["per"] = json!(per);
            }
        }
        if self.chance.below(6) == 0 {
            offer["rest"] = json!({ "after": "dismissed", "for": "1d" });
        }
        if self.chance.below(5) == 0 {
            offer["fit"] = json!(self.chance.one_of(&["user.score", "interest.red"]));
        }
        offer
    }
}

/// How many offers and numbers are asked about, of so many offers.
pub fn wide(count: usize) -> usize {
    count.min(4 + count / 100).min(40)
}

/// A config of so many offers, whose conditions nest so deep.
pub fn written(chance: &mut Chance, count: usize, depth: usize) -> Json {
    let mut author = Author {
        chance,
        shared: Vec::new(),
        wide: wide(count),
        audiences: 0,
    };
    author.shared = (0..4 + count / 20).map(|_| author.test()).collect();
    let mut audiences = Map::new();
    for index in 0..3 {
        let condition = author.condition(1);
        audiences.insert(format!("a{index}"), condition);
        author.audiences += 1;
    }
    let places: Vec<String> = (0..3 + (count / 1000).min(5))
        .map(|index| format!("p{index}"))
        .collect();
    // Each offer that is taken costs another look at all of them.
    let room = if count > 1000 { 3 } else { 3 + count / 50 };
    let placements: Map<String, Json> = places
        .iter()
        .map(|name| (name.clone(), json!({ "take": 1 + author.chance.below(room) })))
        .collect();
    let offers: Vec<Json> = (0..count).map(|index| author.offer(index, &places, depth)).collect();
    json!({ "site": { "timezone": ZONE, "keep": ["plan"] }, "audiences": audiences, "placements": placements, "offers": offers,
        "interests": { "red": { "halfLife": "2d", "from": [{ "event": "view_item", "where": { "colour": "red" }, "add": 1 }] } } })
}
