//! Happenings: events narrowed by filters. Tallies, steps of sequences, interests and triggers all ask for them.

use super::condition::{Ground, Rules};
use super::lifecycle::STAGE_CHANGE;
use super::reader::{Node, Report};
use crate::condition::Condition;
use crate::words::say;

/// An event, narrowed by a filter on its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// The event's name.
    pub event: String,
    /// The filter; everything passes without one.
    pub filter: Option<Condition>,
}

impl Rules<'_> {
    /// An object of nothing but `event` and `where`.
    pub(super) fn step(&mut self, node: &Node, kind: &str, report: &mut Report) -> Option<usize> {
        let is_object = report.object(node, kind, &["event", "where"], &[]);
        is_object.then(|| self.happening(node, report))?
    }

    /// The index of the happening that `event` and `where` describe; equal ones are shared.
    pub(super) fn happening(&mut self, node: &Node, report: &mut Report) -> Option<usize> {
        let named = report.required(node, "event", "\"purchase\"");
        let event = named.and_then(|event| report.text(&event, "purchase").map(str::to_owned));
        if let (Some(named), Some(STAGE_CHANGE)) = (&named, event.as_deref()) {
            self.need_lifecycle(named, report);
        }
        let mut filter = None;
        let mut text = String::new();
        if let Some(node) = node.get("where") {
            filter = Some(self.read(&node, Ground::Fields, report));
            text = node.value.to_json(report.host);
        }
        Some(self.happening_of(&event?, filter, &text))
    }

    pub(super) fn happening_of(&mut self, event: &str, filter: Option<Condition>, text: &str) -> usize {
        let index = self.happening_names.add(&say("%\n%", &[event, text]));
        if index == self.happenings.len() {
            self.happenings.push(Happening {
                event: event.to_owned(),
                filter,
            });
        }
        index
    }

    /// In words: `` `purchase` where {…} ``.
    pub(super) fn happening_words(&self, index: usize) -> String {
        let identity = self.happening_names.name(index);
        match identity.split_once('\n') {
            Some((event, text)) if !text.is_empty() => say("`%` where %", &[event, text]),
            Some((event, _)) => say("`%`", &[event]),
            None => String::new(),
        }
    }
}
