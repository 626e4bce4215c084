//! Patterns that a browser may be asked to look for. Its regular expressions go back and try again wherever they can, so that some
//! take longer than anyone waits, and the page stands still meanwhile. Those are refused when a config is read.
//!
//! What is counted are the ways into a pattern: how many different paths through its letters one text can be read along. Each step of
//! a search is a step on one of these paths, so many paths are many steps. Steps that the pattern doubts (`^`, `\b`, what it looks ahead
//! for) are counted as if they were possible, and letters beyond ASCII as if they were one: it is never fewer steps than there are.
//!
//! - Letters that lead back to themselves in two ways on the same text double the paths each time: `(a+)+`, `(a|a)*`. Always refused.
//!   Without such, a text leads from one letter of a loop to another on one path at the most.
//! - Where one loop follows another, a text may leave the first in many places; unless what stands between, or the loops' own letters,
//!   leave no choice, as in `[^/]+/[^/]+`. Each such choice makes the paths as many times more as the text is long. So does where in the text
//!   the search begins.

use super::limits::PATTERN;
use crate::host::SUBJECT;
use std::collections::BTreeMap;

/// Why a pattern is refused: what is wrong with it, and what to write instead.
pub type Refusal = (&'static str, &'static str);

const LONG: Refusal = (
    "this pattern has more than 1000 bytes",
    "write a shorter one, or several in an `$or`",
);
const INTRICATE: Refusal = (
    "this pattern is too intricate to be sure that it is fast",
    "write a simpler one, or several in an `$or`",
);
const BACK: Refusal = (
    "this pattern refers back to a group, which can take for ever",
    "write what is to be found again, and a digit as `[0-9]`",
);
const BEHIND: Refusal = (
    "this pattern looks behind, which can take for ever",
    "write what stands before as part of the pattern",
);
const MODIFIED: Refusal = (
    "this pattern has a group of a kind that not every browser knows",
    "write `(…)`, `(?:…)`, `(?=…)` or `(?!…)`",
);
const ENDLESS: Refusal = (
    "this pattern can take for ever: a repeat in it can read the same text in several ways",
    "write each repeat so that its next letter tells whether it goes on, such as `(?:[a-z]+-)*` for `(?:[a-z]+-?)*`",
);
const SLOW: Refusal = (
    "this pattern can take very long: its repeats can share a text in too many ways",
    "begin it with `^`, leave out a `.*` at its beginning, or write `[^/]*` up to the next `/` for `.*`",
);

/// A copy of a repeated part each time: up to so many letters.
const UNFOLDED: usize = 32;
/// More letters than this are not looked at.
const LETTERS: usize = 400;
/// How many steps the search for letters that lead back in two ways may take.
const PATIENCE: usize = 2_000_000;
/// How many steps a search may take in a browser: some hundredths of a second.
pub const STEPS: f64 = 25_000_000.0;
/// How much is told apart of the ways to a letter.
const APART: usize = 64;

/// Why a pattern of JavaScript (without the flags `u` and `v`) may not be looked for, if it may not: there might be a text that it
/// takes too long on. It has to be a valid one.
#[must_use]
pub fn refusal(pattern: &str, any_case: bool) -> Option<Refusal> {
    match steps(pattern, any_case, SUBJECT) {
        Ok(steps) if steps > STEPS => Some(SLOW),
        found => found.err(),
    }
}

/// How many steps a search takes at the most, on any text of so many letters: how often a letter, or the end of the pattern, is tried.
pub fn steps(pattern: &str, any_case: bool, length: usize) -> Result<f64, Refusal> {
    if pattern.len() > PATTERN {
        return Err(LONG);
    }
    let mut graph = Graph::default();
    graph.letter(Letters::ALL);
    let mut reader = Reader {
        rest: pattern,
        any_case,
        depth: 0,
        graph,
    };
    let whole = reader.alternatives()?;
    if !reader.rest.is_empty() {
        return Err(INTRICATE);
    }
    let mut graph = reader.graph;
    graph.whole(&whole);
    graph.steps(length)
}

/// A set of letters: those of ASCII, and whether there may be any beyond.
#[derive(Clone, Copy, Default)]
struct Letters {
    ascii: u128,
    beyond: bool,
}

impl Letters {
    const NONE: Letters = Letters {
        ascii: 0,
        beyond: false,
    };
    const ALL: Letters = Letters {
        ascii: u128::MAX,
        beyond: true,
    };

    fn range(from: u32, to: u32) -> Letters {
        let mut letters = Letters::NONE;
        for code in from..=to.min(127) {
            letters.ascii |= 1 << code;
        }
        letters.beyond = to > 127;
        letters
    }

    fn of(code: u32) -> Letters {
        Letters::range(code, code)
    }

    fn and(self, other: Letters) -> Letters {
        Letters {
            ascii: self.ascii | other.ascii,
            beyond: self.beyond || other.beyond,
        }
    }

    /// All others. Of those beyond ASCII some may be meant in any case.
    fn others(self) -> Letters {
        Letters {
            ascii: !self.ascii,
            beyond: true,
        }
    }

    fn meets(self, other: Letters) -> bool {
        self.ascii & other.ascii != 0 || (self.beyond && other.beyond)
    }

    /// With those of the other case. No letter beyond ASCII is the other case of one in it.
    fn folded(self) -> Letters {
        let upper = Letters::range(65, 90).ascii & self.ascii;
        let lower = Letters::range(97, 122).ascii & self.ascii;
        Letters {
            ascii: self.ascii | upper << 32 | lower >> 32,
            ..self
        }
    }

    /// What `\d`, `\w`, `\s` and their opposites stand for.
    fn class(name: char) -> Option<Letters> {
        let digits = Letters::range(48, 57);
        let words = digits
            .and(Letters::range(65, 90))
            .and(Letters::range(97, 122))
            .and(Letters::of(95));
        let spaces = Letters {
            beyond: true,
            ..Letters::range(9, 13).and(Letters::of(32))
        };
        Some(match name {
            'd' => digits,
            'w' => words,
            's' => spaces,
            'D' => digits.others(),
            'W' => words.others(),
            'S' => spaces.others(),
            _ => return None,
        })
    }
}

/// The ways to or from letters without reading any, and how many there are: the letter; whether it is by `^`, so only at the beginning
/// of the text; whether nothing on the way is doubted.
type Ways = BTreeMap<(usize, bool, bool), f64>;

fn add(ways: &mut Ways, way: (usize, bool, bool), times: f64) {
    let known = ways.entry(way).or_default();
    *known = many(*known + times);
}

/// What is beyond all bounds needs no other bound.
fn many(times: f64) -> f64 {
    times.min(1e30)
}

/// A part of a pattern: where it begins and ends, and in how many ways it can be nothing.
#[derive(Clone, Default)]
struct Part {
    first: Ways,
    last: Ways,
    /// In how many ways it is nothing; those by `^` apart.
    empty: f64,
    empty_at_start: f64,
    /// It can be nothing without a doubt.
    is_surely_empty: bool,
}

impl Part {
    fn nothing() -> Part {
        Part {
            empty: 1.0,
            is_surely_empty: true,
            ..Part::default()
        }
    }

    fn of(letter: usize) -> Part {
        let ways = Ways::from([((letter, false, true), 1.0)]);
        Part {
            first: ways.clone(),
            last: ways,
            ..Part::default()
        }
    }

    fn or(mut self, other: Part) -> Part {
        other
            .first
            .iter()
            .for_each(|(way, times)| add(&mut self.first, *way, *times));
        other
            .last
            .iter()
            .for_each(|(way, times)| add(&mut self.last, *way, *times));
        self.empty = many(self.empty + other.empty);
        self.empty_at_start = many(self.empty_at_start + other.empty_at_start);
        self.is_surely_empty |= other.is_surely_empty;
        self
    }

    /// The same, but it may not hold.
    fn doubted(self) -> Part {
        Part {
            is_surely_empty: false,
            ..self
        }
    }

    fn empties(&self) -> f64 {
        self.empty + self.empty_at_start
    }
}

/// Reads a pattern into a graph of its letters.
struct Reader<'p> {
    rest: &'p str,
    any_case: bool,
    depth: usize,
    graph: Graph,
}

impl Reader<'_> {
    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next();
        self.rest = letters.as_str();
        letter
    }

    fn alternatives(&mut self) -> Result<Part, Refusal> {
        let mut part = self.sequence()?;
        while self.eat("|") {
            let other = self.sequence()?;
            part = part.or(other);
        }
        Ok(part)
    }

    fn sequence(&mut self) -> Result<Part, Refusal> {
        let mut whole = Part::nothing();
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            if self.rest.starts_with(|letter: char| letter.len_utf16() == 2) {
                // JavaScript holds it as two, and a repeat repeats the second.
                let half = self.letter(Letters::of(0x1_0000));
                whole = self.graph.then(&whole, &half);
            }
            let letters = self.graph.letters.len();
            let mut part = self.item()?;
            if let Some((least, most)) = self.quantifier() {
                part = self.repeated(part, letters, least, most)?;
            }
            whole = self.graph.then(&whole, &part);
            if self.graph.letters.len() > LETTERS {
                return Err(INTRICATE);
            }
        }
        Ok(whole)
    }

    /// How often what stands before is repeated: at least, and at the most.
    fn quantifier(&mut self) -> Option<(usize, Option<usize>)> {
        let bounds = if self.eat("*") {
            (0, None)
        } else if self.eat("+") {
            (1, None)
        } else if self.eat("?") {
            (0, Some(1))
        } else {
            // What is no quantifier is a brace.
            let (inside, after) = self.rest.strip_prefix('{')?.split_once('}')?;
            let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
            let number = |digits: &str| {
                let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                // More than can be counted is more than there are letters.
                is_number.then(|| digits.parse().unwrap_or(usize::MAX))
            };
            let bounds = (number(least)?, if most.is_empty() { None } else { Some(number(most)?) });
            self.rest = after;
            bounds
        };
        self.eat("?");
        Some(bounds)
    }

    /// `letters`: how many there were before the part.
    fn repeated(&mut self, part: Part, letters: usize, least: usize, most: Option<usize>) -> Result<Part, Refusal> {
        let own = self.graph.letters.len() - letters;
        let is_short = most.unwrap_or(least).saturating_mul(own) <= UNFOLDED;
        let mut whole = Part::nothing();
        match most {
            _ if own == 0 => {
                // What has to be there may be nothing each time; what may be there has to be something.
                let times = part.empties().powi(i32::try_from(least).unwrap_or(i32::MAX)) * (1.0 + part.empties());
                whole.empty = many(times);
                whole.is_surely_empty = least == 0 || part.is_surely_empty;
                // Often it is `^` alone.
                if (part.empty, least, most) == (0.0, 1, Some(1)) {
                    whole = part;
                }
            }
            Some(0) => {}
            Some(1) if least == 1 => whole = part,
            Some(most) if is_short => {
                let mut copies: Vec<Part> = (1..most).map(|_| self.graph.copy(&part, letters, own)).collect();
                copies.push(part);
                for (index, copy) in copies.iter().enumerate() {
                    whole = self.graph.then(copy, &whole);
                    if index + least < most {
                        whole = Part::nothing().or(whole);
                    }
                }
            }
            None if is_short && least > 1 => {
                for _ in 1..least {
                    let copy = self.graph.copy(&part, letters, own);
                    whole = self.graph.then(&whole, &copy);
                }
                let last = self.graph.looped(part, false);
                whole = self.graph.then(&whole, &last);
            }
            // In which of the many that have to be there it is nothing, would have to be told apart.
            _ if least > 1 && part.empties() > 0.0 => return Err(INTRICATE),
            // With an end it is never slower than without.
            _ => whole = self.graph.looped(part, least == 0),
        }
        Ok(whole)
    }

    fn item(&mut self) -> Result<Part, Refusal> {
        let Some(letter) = self.next() else {
            return Ok(Part::nothing());
        };
        Ok(match letter {
            '(' => return self.group(),
            '^' => Part {
                empty_at_start: 1.0,
                ..Part::default()
            },
            '$' => Part::nothing().doubted(),
            '.' => {
                let breaks = Letters::of(10).and(Letters::of(13));
                self.letter(breaks.others())
            }
            '[' => {
                let letters = self.class()?;
                self.letter(letters)
            }
            '\\' => return self.escape(),
            other => {
                let letters = self.cased(Letters::of(other.into()));
                self.letter(letters)
            }
        })
    }

    fn letter(&mut self, letters: Letters) -> Part {
        Part::of(self.graph.letter(letters))
    }

    fn cased(&self, letters: Letters) -> Letters {
        if self.any_case { letters.folded() } else { letters }
    }

    fn group(&mut self) -> Result<Part, Refusal> {
        self.depth += 1;
        if self.depth > 50 {
            return Err(INTRICATE);
        }
        let looks_ahead = self.eat("?=") || self.eat("?!");
        if self.rest.starts_with("?<=") || self.rest.starts_with("?<!") {
            return Err(BEHIND);
        }
        if self.eat("?<") {
            // The name says nothing.
            let (_, after) = self.rest.split_once('>').ok_or(MODIFIED)?;
            self.rest = after;
        } else if !looks_ahead && !self.eat("?:") && self.rest.starts_with('?') {
            return Err(MODIFIED);
        }
        let inside = self.alternatives()?;
        self.depth -= 1;
        if !self.eat(")") {
            return Err(INTRICATE);
        }
        if !looks_ahead {
            return Ok(inside);
        }
        // It is looked for, and then the text is read from here on: neither leads to the other.
        let end = self.letter(Letters::NONE);
        let first = self.graph.then(&inside, &end).first;
        Ok(Part {
            first,
            ..Part::nothing().doubted()
        })
    }

    /// What follows a backslash, outside of a class.
    fn escape(&mut self) -> Result<Part, Refusal> {
        Ok(match self.rest.chars().next() {
            Some('1'..='9' | 'k') => return Err(BACK),
            Some('b' | 'B') => {
                self.next();
                Part::nothing().doubted()
            }
            _ => {
                let (letters, _) = self.escaped()?;
                self.letter(letters)
            }
        })
    }

    /// The letters that an escape stands for, and its code when it is one letter.
    fn escaped(&mut self) -> Result<(Letters, Option<u32>), Refusal> {
        let Some(letter) = self.next() else {
            return Err(INTRICATE);
        };
        if let Some(letters) = Letters::class(letter) {
            return Ok((letters, None));
        }
        let code = match letter {
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            'f' => 12,
            // Numbers of letters in the old way.
            '0'..='9' if letter != '0' || self.rest.starts_with(|next: char| next.is_ascii_digit()) => {
                return Err(BACK);
            }
            '0' => 0,
            'c' => match self.rest.chars().next().filter(char::is_ascii_alphabetic) {
                Some(control) => {
                    self.next();
                    u32::from(control) & 31
                }
                // As it stands.
                None => return Err(INTRICATE),
            },
            'x' => self.hex(2).unwrap_or(u32::from('x')),
            'u' => self.hex(4).unwrap_or(u32::from('u')),
            other => other.into(),
        };
        Ok((self.cased(Letters::of(code)), Some(code)))
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self.rest.get(..digits)?;
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
        self.rest = self.rest.get(digits..)?;
        Some(code)
    }

    /// What stands in brackets, the first of them read.
    fn class(&mut self) -> Result<Letters, Refusal> {
        let is_other = self.eat("^");
        let mut letters = Letters::NONE;
        loop {
            if self.eat("]") {
                break;
            }
            let (from, first) = self.class_letter()?;
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            if !is_range {
                letters = letters.and(from);
                continue;
            }
            self.eat("-");
            let (to, last) = self.class_letter()?;
            letters = letters.and(from).and(to).and(match (first, last) {
                (Some(first), Some(last)) => self.cased(Letters::range(first, last)),
                // Of a class no range can be made: then a hyphen is one.
                _ => Letters::of(45),
            });
        }
        Ok(if is_other { letters.others() } else { letters })
    }

    fn class_letter(&mut self) -> Result<(Letters, Option<u32>), Refusal> {
        let Some(letter) = self.next() else {
            return Err(INTRICATE);
        };
        if letter != '\\' {
            let code = u32::from(letter);
            return Ok((self.cased(Letters::of(code)), Some(code)));
        }
        if self.eat("b") {
            return Ok((Letters::of(8), Some(8)));
        }
        self.escaped()
    }
}

/// The letters of a pattern, and which may follow which.
#[derive(Default)]
struct Graph {
    letters: Vec<Letters>,
    /// Of each letter those that may follow, and in how many ways.
    follows: Vec<Vec<(usize, f64)>>,
    /// Those after which the whole is found for sure.
    found: Vec<bool>,
}

/// The letter that stands for all that comes before what is found.
const BEFORE: usize = 0;

impl Graph {
    fn letter(&mut self, letters: Letters) -> usize {
        self.letters.push(letters);
        self.follows.push(Vec::new());
        self.found.push(false);
        self.letters.len() - 1
    }

    fn join(&mut self, from: usize, to: usize, times: f64) {
        if let Some(follows) = self.follows.get_mut(from).filter(|_| times > 0.0) {
            match follows.iter_mut().find(|(known, _)| *known == to) {
                Some((_, known)) => *known = many(*known + times),
                None => follows.push((to, many(times))),
            }
        }
    }

    fn join_all(&mut self, last: &Ways, first: &Ways) {
        for ((from, ..), times) in last {
            for ((to, ..), others) in first {
                self.join(*from, *to, times * others);
            }
        }
    }

    fn then(&mut self, left: &Part, right: &Part) -> Part {
        self.join_all(&left.last, &right.first);
        let (mut first, mut last) = (left.first.clone(), right.last.clone());
        for ((letter, from_start, is_sure), times) in &right.first {
            let is_sure = *is_sure && left.is_surely_empty;
            for (empty, by_start) in [(left.empty, *from_start), (left.empty_at_start, true)] {
                if empty > 0.0 {
                    add(&mut first, (*letter, by_start, is_sure), times * empty);
                }
            }
        }
        for ((letter, from_start, is_sure), times) in &left.last {
            if right.empties() > 0.0 {
                let way = (*letter, *from_start, *is_sure && right.is_surely_empty);
                add(&mut last, way, times * right.empties());
            }
        }
        Part {
            first,
            last,
            empty: many(left.empty * right.empty),
            empty_at_start: many(left.empty_at_start * right.empties() + left.empty * right.empty_at_start),
            is_surely_empty: left.is_surely_empty && right.is_surely_empty,
        }
    }

    /// Repeated without end. `or_nothing`: or not at all.
    fn looped(&mut self, mut whole: Part, or_nothing: bool) -> Part {
        self.join_all(&whole.last, &whole.first);
        // Once more, for nothing, is tried as well; and what has to be there once may be nothing and then something.
        let again = 1.0 + whole.empties();
        whole.last.values_mut().for_each(|times| *times = many(*times * again));
        whole.empty = many(whole.empty * again);
        whole.empty_at_start = many(whole.empty_at_start * again);
        if or_nothing {
            return Part::nothing().or(whole);
        }
        whole.first.values_mut().for_each(|times| *times = many(*times * again));
        whole
    }

    /// The same part again, of letters of its own. Its letters are the `own` from `start` on.
    fn copy(&mut self, part: &Part, start: usize, own: usize) -> Part {
        let shift = self.letters.len() - start;
        for index in start..start + own {
            self.letter(self.at(index));
        }
        for index in start..start + own {
            for (to, times) in self.follows(index).to_vec() {
                self.join(index + shift, to + shift, times);
            }
        }
        let moved = |ways: &Ways| {
            let moved = ways.iter();
            moved
                .map(|((letter, from_start, is_sure), times)| ((letter + shift, *from_start, *is_sure), *times))
                .collect()
        };
        Part {
            first: moved(&part.first),
            last: moved(&part.last),
            ..*part
        }
    }

    /// Joins the whole pattern to the text before it and to its end.
    fn whole(&mut self, whole: &Part) {
        self.join(BEFORE, BEFORE, 1.0);
        // The end is one more thing to be tried.
        let end = self.letter(Letters::NONE);
        for ((letter, _, is_sure), times) in &whole.last {
            if *is_sure {
                set(&mut self.found, *letter, true);
            }
            self.join(*letter, end, *times);
        }
        let start = self.letter(Letters::NONE);
        self.join(start, BEFORE, 1.0);
        for ((letter, from_start, _), times) in &whole.first {
            self.join(start, *letter, *times);
            if !from_start {
                self.join(BEFORE, *letter, *times);
            }
        }
        self.join(start, end, whole.empties());
        self.join(BEFORE, end, whole.empty);
    }

    fn follows(&self, letter: usize) -> &[(usize, f64)] {
        self.follows.get(letter).map_or(&[], Vec::as_slice)
    }

    fn at(&self, letter: usize) -> Letters {
        self.letters.get(letter).copied().unwrap_or_default()
    }

    // ── loops ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// The loops, each with all letters that lead to each other, a letter that is in none by itself; what follows comes after.
    fn loops(&self) -> Vec<Vec<usize>> {
        // Tarjan's algorithm, without recursion: <https://doi.org/10.1137/0201010>.
        let count = self.letters.len();
        let mut order = vec![usize::MAX; count];
        let mut lowest = vec![0; count];
        let mut is_open = vec![false; count];
        let (mut open, mut loops, mut next) = (Vec::new(), Vec::new(), 0);
        for start in 0..count {
            if order.get(start) != Some(&usize::MAX) {
                continue;
            }
            let mut path = vec![(start, 0)];
            while let Some((letter, edge)) = path.pop() {
                if edge == 0 {
                    set(&mut order, letter, next);
                    set(&mut lowest, letter, next);
                    set(&mut is_open, letter, true);
                    open.push(letter);
                    next += 1;
                }
                if let Some((to, _)) = self.follows(letter).get(edge) {
                    path.push((letter, edge + 1));
                    if order.get(*to) == Some(&usize::MAX) {
                        path.push((*to, 0));
                    } else if is_open.get(*to) == Some(&true) {
                        let low = get(&lowest, letter).min(get(&order, *to));
                        set(&mut lowest, letter, low);
                    }
                    continue;
                }
                if let Some((parent, _)) = path.last() {
                    let low = get(&lowest, *parent).min(get(&lowest, letter));
                    set(&mut lowest, *parent, low);
                }
                if get(&lowest, letter) == get(&order, letter) {
                    let mut found = Vec::new();
                    while let Some(member) = open.pop() {
                        set(&mut is_open, member, false);
                        found.push(member);
                        if member == letter {
                            break;
                        }
                    }
                    loops.push(found);
                }
            }
        }
        loops.reverse();
        loops
    }

    /// Whether letters of a loop lead back to themselves in two ways on the same text.
    fn is_endless(&self, members: &[usize], patience: &mut usize) -> Result<bool, Refusal> {
        let width = members.len();
        let place = |letter: usize| members.iter().position(|member| *member == letter);
        let mut inside: Vec<Vec<usize>> = Vec::new();
        for letter in members {
            let mut next = Vec::new();
            for (to, times) in self.follows(*letter) {
                if let Some(to) = place(*to) {
                    if *times > 1.0 {
                        return Ok(true);
                    }
                    next.push(to);
                }
            }
            inside.push(next);
        }
        // Two at once, from one letter on: when they part and can meet again, there are two ways.
        let mut seen = vec![false; width * width];
        let mut back: Vec<Vec<usize>> = vec![Vec::new(); width * width];
        let mut waiting: Vec<usize> = (0..width).map(|letter| letter * width + letter).collect();
        waiting.iter().for_each(|pair| set(&mut seen, *pair, true));
        let mut apart = Vec::new();
        while let Some(pair) = waiting.pop() {
            let (left, right) = (pair / width, pair % width);
            for to in inside.get(left).into_iter().flatten() {
                for other in inside.get(right).into_iter().flatten() {
                    *patience = patience.checked_sub(1).ok_or(INTRICATE)?;
                    let letters = |place: &usize| members.get(*place).map_or(Letters::NONE, |letter| self.at(*letter));
                    if !letters(to).meets(letters(other)) {
                        continue;
                    }
                    let next = to * width + other;
                    if let Some(back) = back.get_mut(next) {
                        back.push(pair);
                    }
                    if seen.get(next) == Some(&false) {
                        set(&mut seen, next, true);
                        waiting.push(next);
                        if to != other {
                            apart.push(next);
                        }
                    }
                }
            }
        }
        // From each meeting back: was there a parting?
        let mut meets = vec![false; width * width];
        let mut waiting: Vec<usize> = (0..width).map(|letter| letter * width + letter).collect();
        while let Some(pair) = waiting.pop() {
            for before in back.get(pair).into_iter().flatten() {
                if before / width != before % width && meets.get(*before) == Some(&false) {
                    set(&mut meets, *before, true);
                    waiting.push(*before);
                }
            }
        }
        Ok(apart.into_iter().any(|pair| meets.get(pair) == Some(&true)))
    }

    // ── counting ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// How many steps a search takes at the most.
    fn steps(&self, length: usize) -> Result<f64, Refusal> {
        let mut patience = PATIENCE;
        let groups = self.loops();
        let mut group_of = vec![0; self.letters.len()];
        // The number of a group that is a loop, and the letters of each loop.
        let (mut loop_of, mut loops) = (Vec::new(), Vec::new());
        for (index, members) in groups.iter().enumerate() {
            if self.is_endless(members, &mut patience)? {
                return Err(ENDLESS);
            }
            let (mut letters, mut is_loop) = (Letters::NONE, false);
            for letter in members {
                set(&mut group_of, *letter, index);
                letters = letters.and(self.at(*letter));
                is_loop |= self.follows(*letter).iter().any(|(to, _)| members.contains(to));
            }
            loop_of.push(is_loop.then_some(loops.len()));
            if is_loop {
                loops.push(letters);
            }
        }
        let mut arrivals: Vec<Vec<Arrival>> = vec![Vec::new(); groups.len()];
        // The search begins at the letter that was made last.
        let start = self.letters.len() - 1;
        set(&mut arrivals, get(&group_of, start), vec![Arrival::START]);
        let mut steps = 0.0;
        for (index, members) in groups.iter().enumerate() {
            let here = arrivals.get_mut(index).map(std::mem::take).unwrap_or_default();
            let own = loop_of.get(index).copied().flatten();
            for letter in members {
                let tried: f64 = self.follows(*letter).iter().map(|(_, times)| times).sum();
                steps += here.iter().map(|arrival| arrival.paths(own, length)).sum::<f64>() * (1.0 + tried);
            }
            for letter in members {
                for (to, times) in self.follows(*letter) {
                    let target = get(&group_of, *to);
                    if target == index {
                        continue;
                    }
                    let next = loop_of.get(target).copied().flatten();
                    for arrival in &here {
                        patience = patience.checked_sub(APART + loops.len()).ok_or(INTRICATE)?;
                        let mut onward = arrival.leaving(self.at(*letter), own, &loops);
                        if self.found.get(*letter) == Some(&true) {
                            // Of all paths that get to where the whole is found, the first is the last.
                            onward = Arrival::START;
                        }
                        onward.routes = many(onward.routes * times);
                        let onward = onward.entering(self.at(*to), next, &loops);
                        if let Some(known) = arrivals.get_mut(target) {
                            onward.add_to(known);
                        }
                    }
                }
            }
        }
        Ok(steps)
    }
}

/// Ways to a place in the pattern that are alike.
#[derive(Clone, Debug)]
struct Arrival {
    /// How many.
    routes: f64,
    /// At how many places on the way the text leaves a choice.
    choices: u32,
    /// The last loop, if there was one: else it is fixed where in the text this place is reached.
    last: Option<usize>,
    /// Where the last loop was entered follows from where it is left.
    hangs: bool,
    /// How many letters have been read since, its own last one included.
    since: u32,
    /// Of each loop, whether it doesn't have one of these letters. (Of the last, which has its own last one, one of the others.)
    parted: Vec<bool>,
}

impl Arrival {
    const START: Arrival = Arrival {
        routes: 1.0,
        choices: 0,
        last: None,
        hangs: false,
        since: 0,
        parted: Vec::new(),
    };

    /// On how many paths the beginnings of a text can lead here, into the loop `own` if it is one: each choice, and where that beginning ends,
    /// are places in the text, one behind the other.
    fn paths(&self, own: Option<usize>, length: usize) -> f64 {
        let mut paths = self.routes;
        if self.last.or(own).is_some() {
            for choice in 0..=self.choices {
                paths *= (length as f64 + 1.0) / f64::from(choice + 1);
            }
        }
        paths
    }

    /// After a letter, which is in the loop `own` perhaps.
    fn leaving(&self, letter: Letters, own: Option<usize>, loops: &[Letters]) -> Arrival {
        let mut onward = self.clone();
        if own.is_some() {
            onward.last = own;
            onward.since = 0;
            onward.parted = vec![false; loops.len()];
        }
        onward.read(letter, loops);
        onward
    }

    fn read(&mut self, letter: Letters, loops: &[Letters]) {
        if self.last.is_some() {
            for (parted, letters) in self.parted.iter_mut().zip(loops) {
                *parted |= !letters.meets(letter);
            }
            self.since += 1;
        }
    }

    /// To a letter, which is in the loop `next` perhaps.
    fn entering(mut self, letter: Letters, next: Option<usize>, loops: &[Letters]) -> Arrival {
        let (Some(last), Some(next)) = (self.last, next) else {
            return self;
        };
        let is_parted = |arrival: &Arrival, index: usize| arrival.parted.get(index) == Some(&true);
        // Both may be off by as many places as there are letters between.
        let is_entered_after = is_parted(&self, next);
        self.read(letter, loops);
        let is_left_before = is_parted(&self, last);
        if is_left_before && !self.hangs {
            // It was left where the first letter stands that it doesn't have.
            self.routes = many(self.routes * f64::from(self.since));
        } else if is_entered_after {
            // The next is entered where the last letter stands that it doesn't have.
            self.routes = many(self.routes * f64::from(self.since));
            self.hangs = true;
        } else {
            self.choices += 1;
            self.hangs = false;
        }
        self
    }

    /// Adds it to those that are alike.
    fn add_to(self, known: &mut Vec<Arrival>) {
        let key = |arrival: &Arrival| (arrival.choices, arrival.last, arrival.hangs, arrival.since);
        let is_alike = |other: &&mut Arrival| key(other) == key(&self) && other.parted == self.parted;
        if let Some(alike) = known.iter_mut().find(is_alike) {
            alike.routes = many(alike.routes + self.routes);
            return;
        }
        // When there are too many to be told apart, the worst of each is taken.
        let is_similar = |other: &&mut Arrival| (other.last, other.hangs) == (self.last, self.hangs);
        let is_full = known.len() >= APART;
        match known.iter_mut().find(is_similar).filter(|_| is_full) {
            Some(other) => {
                other.routes = many(other.routes + self.routes);
                other.choices = other.choices.max(self.choices);
                other.since = other.since.max(self.since);
                for (parted, own) in other.parted.iter_mut().zip(&self.parted) {
                    *parted &= own;
                }
            }
            None => known.push(self),
        }
    }
}

fn get(list: &[usize], index: usize) -> usize {
    list.get(index).copied().unwrap_or_default()
}

fn set<T>(list: &mut [T], index: usize, value: T) {
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
}
