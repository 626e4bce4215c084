//! Which patterns may be looked for: none that a search may take long on. The searches here are a naive twin of the browsers', which
//! goes back and tries again, and counts how often it tries a letter.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod kit;

use kit::{broken_engine, engine, one, shows, view};
use maitre::config::pattern::{STEPS, refusal, steps};
use maitre::host::{Host, Native, SUBJECT};
use proptest::prelude::*;
use serde_json::json;
use std::cell::Cell;

const NOON: i64 = 1_795_176_000_000;

#[test]
fn patterns_that_can_take_for_ever_are_refused() {
    let slow = [
        "(a+)+$",
        "(a|aa)+$",
        "(a|a)*$",
        "(a*)*$",
        "(a*)+$",
        "(a?){1000}x",
        "(a?b?)*$",
        "(.*)*x",
        "(.*a){12}",
        "(.*a){12,}",
        "([a-z]+)*=",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(\w+\s?)*$",
        r"(x+x+)+y",
        r"([\/\w \.-]*)*\/?$",
        r"^(\d+)*$",
        r"(?:a|b|ab)*c",
        r"(?=(a+)+b)",
        r"(?:|){40}x",
        r"(?:a?){30}a{30}",
        r"a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        r".*.*.*=",
        r"\s*\s*\s*x",
        r"^.*a.*a.*a.*b",
        r"(a)\1",
        r"(?<n>a)\k<n>",
        r"(?<=a+)b",
        r"(?<!a)b",
        r"(?i:a)",
    ];
    for pattern in slow {
        for any_case in [false, true] {
            assert!(refusal(pattern, any_case).is_some(), "{pattern}");
        }
    }
    assert!(refusal("(A|a)*$", true).is_some() && refusal("(A|a)*$", false).is_none());
    assert!(refusal(&"a".repeat(1001), false).is_some() && refusal(&"a".repeat(300), false).is_none());
}

#[test]
fn usual_patterns_are_not() {
    let usual = [
        "",
        "^/guide/",
        r"\.pdf$",
        "^(shoes|boots)$",
        r"^[a-z0-9-]+@example\.com$",
        "(?:^|,)vip(?:,|$)",
        "^/(en|de)/.*/sale",
        ".*sale.*",
        "shoes.*sale",
        "^.*/product/.*-[0-9]+$",
        r"\s+$",
        r"^\s+|\s+$",
        r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        r"^(?:[a-z0-9]+-)*[a-z0-9]+$",
        r"^[\w.+-]+@[\w-]+\.[\w.-]+$",
        r"\w+@\w+\.\w+",
        r"^/[^/]+/[^/]+/[^/]+/?$",
        r"/[^/]+/[^/]+$",
        r"^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$",
        r"^(?:\d{1,3}\.){3}\d{1,3}$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^(?=.*[A-Z])(?=.*\d).{8,}$",
        r"^(?!.*admin).*$",
        r"\b(?:sale|deal)s?\b",
        r"[?&]utm_source=([^&]+)",
        r"^https?:\/\/(?:www\.)?example\.com(?:\/|$)",
        "^[A-Za-z]{2}-[0-9]{1,64}$",
        "(?:(?:a)*b)*",
        "^😀*$",
        r"\x41\u0042[\b\-\]]{2}[^]",
        "a{,3}{x}]",
        // GrowthBook's own cases.
        "^a$",
        "(mobile|tablet)",
        "^ping",
        "-12-25$",
    ];
    for pattern in usual {
        assert!(Native.matches(pattern, false, "").is_some(), "{pattern} is one at all");
        for any_case in [false, true] {
            assert_eq!(refusal(pattern, any_case), None, "{pattern}");
        }
    }
}

#[test]
fn a_refused_pattern_is_an_error_with_its_place() {
    let config = one(json!({ "eligible": { "page.path": { "$regex": "(a+)+$" } } }));
    let engine = broken_engine(&config.to_string());
    let [problem] = engine.problems() else {
        panic!("{:?}", engine.problems())
    };
    assert_eq!(problem.path, "$.offers[0].eligible['page.path']['$regex']");
    assert!(problem.what.contains("for ever") && problem.remedy.starts_with("write "));
    assert!(problem.place.column > 1);
}

#[test]
fn a_pattern_is_looked_for_in_the_first_thousand_letters() {
    let shown = |pattern: &str, path: &str| {
        let mut engine = engine(&one(json!({ "eligible": { "page.path": { "$regex": pattern } } })));
        view(&mut engine, path, NOON);
        shows(&engine, "a", NOON)
    };
    let long = |before: usize, letter: &str| format!("/{}{letter}{}", "x".repeat(before), "x".repeat(3000));
    for letter in ["b", "é"] {
        assert!(shown(letter, &long(SUBJECT - 2, letter)) && !shown(letter, &long(SUBJECT - 1, letter)));
    }
    // Of a letter that is two there is no half.
    assert!(shown("😀$", &long(SUBJECT - 3, "😀")) && shown("x$", &long(SUBJECT - 2, "😀")));
    assert!(shown("^/x+$", &long(0, "")) && shown("^x$", "x") && shown("x{999}$", &format!("/{}", "x".repeat(999))));
}

// ── the naive twin ─────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug)]
enum Node {
    /// Letters, as a class.
    Letter(&'static str),
    Start,
    End,
    Word,
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Ahead(bool, Box<Node>),
    /// At least, at the most, as few as can be.
    Repeat(Box<Node>, usize, Option<usize>, bool),
}

impl Node {
    fn write(&self, out: &mut String) {
        let inner = |node: &Node, open: &str, out: &mut String| {
            out.push_str(open);
            node.write(out);
            out.push(')');
        };
        match self {
            Node::Letter(class) => out.push_str(class),
            Node::Start => out.push('^'),
            Node::End => out.push('$'),
            Node::Word => out.push_str("\\b"),
            Node::Sequence(nodes) => nodes.iter().for_each(|node| inner(node, "(?:", out)),
            Node::Either(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        out.push('|');
                    }
                    inner(node, "(", out);
                }
            }
            Node::Ahead(is_wanted, node) => inner(node, if *is_wanted { "(?=" } else { "(?!" }, out),
            Node::Repeat(node, least, most, lazy) => {
                inner(node, "(?:", out);
                out.push_str(&match (least, most) {
                    (0, None) => "*".to_owned(),
                    (1, None) => "+".to_owned(),
                    (0, Some(1)) => "?".to_owned(),
                    (least, None) => format!("{{{least},}}"),
                    (least, Some(most)) => format!("{{{least},{most}}}"),
                });
                if *lazy {
                    out.push('?');
                }
            }
        }
    }
}

struct Search<'t> {
    text: &'t [u8],
    /// How often a letter or the end of the pattern was tried.
    tried: Cell<u64>,
}

impl Search<'_> {
    fn tries(&self) {
        self.tried.set(self.tried.get() + 1);
        assert!(self.tried.get() < 50_000_000, "this takes for ever");
    }

    /// Reads on as ECMA-262 has it: <https://tc39.es/ecma262/#sec-compilesubpattern>.
    fn read(&self, node: &Node, at: usize, then: &dyn Fn(usize) -> bool) -> bool {
        let is_word = |at: usize| self.text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        match node {
            Node::Letter(class) => {
                self.tries();
                let is_in = self.text.get(at).is_some_and(|byte| match *class {
                    "." => true,
                    "[^b]" => *byte != b'b',
                    "[ab]" => matches!(byte, b'a' | b'b'),
                    "\\w" => byte.is_ascii_alphanumeric(),
                    one => one.as_bytes() == [*byte],
                });
                is_in && then(at + 1)
            }
            Node::Start => at == 0 && then(at),
            Node::End => at == self.text.len() && then(at),
            Node::Word => (at > 0 && is_word(at - 1)) != is_word(at) && then(at),
            Node::Sequence(nodes) => match nodes.as_slice() {
                [] => then(at),
                [first, rest @ ..] => {
                    let rest = Node::Sequence(rest.to_vec());
                    self.read(first, at, &|at| self.read(&rest, at, then))
                }
            },
            Node::Either(nodes) => nodes.iter().any(|node| self.read(node, at, then)),
            Node::Ahead(is_wanted, node) => {
                let found = self.read(node, at, &|_| {
                    self.tries();
                    true
                });
                found == *is_wanted && then(at)
            }
            Node::Repeat(node, least, most, lazy) => self.repeat(node, *least, *most, *lazy, at, then),
        }
    }

    fn repeat(
        &self,
        node: &Node,
        least: usize,
        most: Option<usize>,
        lazy: bool,
        at: usize,
        then: &dyn Fn(usize) -> bool,
    ) -> bool {
        if most == Some(0) {
            return then(at);
        }
        let again = |next: usize| {
            if least == 0 && next == at {
                return false;
            }
            self.repeat(
                node,
                least.saturating_sub(1),
                most.map(|most| most - 1),
                lazy,
                next,
                then,
            )
        };
        let more = || self.read(node, at, &again);
        let may_end = least == 0;
        (lazy && may_end && then(at)) || more() || (!lazy && may_end && then(at))
    }

    fn finds(&self, node: &Node) -> bool {
        (0..=self.text.len()).any(|start| {
            self.read(node, start, &|_| {
                self.tries();
                true
            })
        })
    }
}

fn node() -> impl Strategy<Value = Node> {
    let letter = prop::sample::select(vec!["a", "b", "c", ".", "[^b]", "[ab]", "\\w", "/"]);
    let leaf = prop_oneof![
        12 => letter.prop_map(Node::Letter),
        1 => Just(Node::Start),
        1 => Just(Node::End),
        1 => Just(Node::Word),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let times = prop_oneof![
            4 => Just((0, None)),
            3 => Just((1, None)),
            3 => Just((0, Some(1))),
            2 => (0_usize..4, 0_usize..4).prop_map(|(least, more)| (least, Some(least + more))),
            1 => (2_usize..40).prop_map(|least| (least, None)),
            1 => (10_usize..60).prop_map(|most| (0, Some(most))),
        ];
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 0..5).prop_map(Node::Sequence),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(Node::Either),
            1 => (any::<bool>(), inner.clone()).prop_map(|(wanted, node)| Node::Ahead(wanted, Box::new(node))),
            4 => (inner, times, any::<bool>()).prop_map(|(node, (least, most), lazy)| {
                // JavaScript repeats no `^`, and what is looked ahead for only in old pages.
                let node = match node {
                    Node::Letter(_) | Node::Repeat(..) => node,
                    other => Node::Sequence(vec![other]),
                };
                Node::Repeat(Box::new(node), least, most, lazy)
            }),
        ]
    })
}

/// Texts that repeat themselves, with something before and after.
fn text() -> impl Strategy<Value = String> {
    let few = |most| prop::collection::vec(prop::sample::select(vec!['a', 'a', 'b', 'c', '/']), 0..most);
    (few(4), few(4), few(4), few(4), few(4)).prop_map(|(before, first, between, second, after)| {
        let mut text: String = before.iter().collect();
        for (part, times) in [(&first, 9), (&between, 1), (&second, 9)] {
            (0..times).for_each(|_| text.extend(part.iter()));
        }
        text.extend(after);
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn no_search_takes_more_steps_than_are_counted(node in node(), texts in prop::collection::vec(text(), 1..8)) {
        let mut pattern = String::new();
        node.write(&mut pattern);
        for text in texts {
            let Ok(most) = steps(&pattern, false, text.len()) else { continue };
            // What would be refused at that length is no use here.
            if most > 1e6 {
                continue;
            }
            let search = Search { text: text.as_bytes(), tried: Cell::new(0) };
            let found = search.finds(&node);
            prop_assert!(search.tried.get() as f64 <= most, "/{pattern}/ takes {} steps on {text:?}, not {most}", search.tried.get());
            prop_assert_eq!(Native.matches(&pattern, false, &text), Some(found), "/{}/ {:?}", pattern, text);
        }
    }
}

#[test]
fn what_is_accepted_ends_soon_on_the_longest_text() {
    // The worst there are of some kinds.
    let texts = |unit: &str, end: &str| format!("{}{end}", unit.repeat((SUBJECT - end.len()) / unit.len()));
    let spaces = Node::Sequence(vec![
        Node::Repeat(Box::new(Node::Letter("a")), 1, None, false),
        Node::End,
    ]);
    let text = texts("a", "b");
    let search = Search {
        text: text.as_bytes(),
        tried: Cell::new(0),
    };
    assert!(!search.finds(&spaces));
    let counted = steps("a+$", false, SUBJECT).unwrap();
    assert!(search.tried.get() as f64 <= counted && counted <= STEPS);
    assert!(
        search.tried.get() as f64 >= counted / 8.0,
        "{} is far from {counted}",
        search.tried.get()
    );
}
