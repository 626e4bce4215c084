//! Tallies: what is kept of happenings because a rule asks for it.

use super::condition::Rules;
use crate::time::Millis;

/// One thing to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// How happenings become figures.
    pub fold: Fold,
}

/// How happenings become figures. Happenings are indexes.
#[derive(Clone, Debug, PartialEq)]
pub enum Fold {
    /// One for each.
    Count(usize),
    /// A parameter, summed up.
    Sum(usize, Vec<String>),
    /// The greatest value of a parameter.
    Max(usize, Vec<String>),
    /// The different values of a parameter.
    Distinct(usize, Vec<String>),
    /// Steps in their order, with none of `without` between the first and the last.
    Sequence {
        /// The steps.
        steps: Vec<usize>,
        /// What must not happen in between.
        without: Option<usize>,
    },
    /// A score that fades.
    Fading {
        /// After this long half of it is left; in ms.
        half_life: Millis,
        /// What adds to it, and how much.
        sources: Vec<(usize, f64)>,
    },
    /// A signal that reaches a threshold: ms for dwell and idle, a share for scroll, 0 for the others.
    Signal(Signal, f64),
}

impl Fold {
    /// The happenings that change it.
    #[must_use]
    pub fn happenings(&self) -> Vec<usize> {
        match self {
            Fold::Count(one) | Fold::Sum(one, _) | Fold::Max(one, _) | Fold::Distinct(one, _) => vec![*one],
            Fold::Sequence { steps, without } => {
                let mut all = steps.clone();
                all.extend(without);
                all
            }
            Fold::Fading { sources, .. } => sources.iter().map(|(one, _)| *one).collect(),
            Fold::Signal(..) => Vec::new(),
        }
    }
}

/// What the page tells of the visitor's conduct on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The visitor is about to leave.
    ExitIntent,
    /// The tab is looked at again.
    ReturnToTab,
    /// Visible, active time in the visit.
    Dwell,
    /// How far down the page was seen.
    Scroll,
    /// Time without any input.
    Idle,
}

impl Signal {
    /// Every signal, with its name.
    pub const ALL: [(Signal, &'static str); 5] = [
        (Signal::ExitIntent, "exit_intent"),
        (Signal::ReturnToTab, "return_to_tab"),
        (Signal::Dwell, "dwell"),
        (Signal::Scroll, "scroll"),
        (Signal::Idle, "idle"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Signal::ALL.get(self as usize).map_or("", |entry| entry.1)
    }

    /// The signal of that number.
    #[must_use]
    pub fn numbered(number: usize) -> Signal {
        Signal::ALL.get(number).map_or(Signal::Idle, |entry| entry.0)
    }

    /// The signal of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Signal> {
        Signal::ALL.iter().find(|entry| entry.1 == name).map(|entry| entry.0)
    }
}

impl Rules<'_> {
    /// The index of a tally. `identity` is equal for equal tallies, in every version of the config.
    pub(super) fn tally(&mut self, identity: &str, fold: Fold) -> usize {
        let index = self.tally_names.add(identity);
        if index == self.tallies.len() {
            self.tallies.push(Tally { fold });
        }
        index
    }

    /// The tally that counts a happening.
    pub(super) fn count_of(&mut self, happening: usize) -> usize {
        let identity = self.happening_names.name(happening).to_owned();
        self.tally(&identity, Fold::Count(happening))
    }
}
