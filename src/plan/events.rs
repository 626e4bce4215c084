//! Which happenings an event may be: found by its name and its parameters, without asking those it can't be.

use super::Plan;
use super::layout::{event, happening, keyed, root};
use crate::json::Value;
use crate::records::{List, Record};

impl Plan {
    /// The happenings that an event may be, by index; their filters are still to be asked. `grounds` are its parameters and those
    /// of its items.
    #[must_use]
    pub fn candidates(&self, name: &str, grounds: &[&Value]) -> Vec<usize> {
        let mut found = Vec::new();
        let events = self.root().list(root::EVENTS);
        let name_of = |index: usize| events.at(index).map_or("", |event| event.text(event::NAME));
        let sorted = self.root().list(root::EVENTS_SORTED);
        let index = sorted.lookup(&|index| name_of(index).cmp(name), &|_| true);
        let Some(event) = index.and_then(|index| events.at(index)) else {
            return found;
        };
        found.extend(event.list(event::OPEN));
        let (params, keyed) = (event.list(event::PARAMS), event.list(event::KEYED));
        for index in 0..params.len() {
            let param = params.text(index);
            for text in grounds.iter().filter_map(|ground| ground.get(param)?.text()) {
                let order = |place: usize| {
                    let known = keyed.lead(place);
                    (known.text(keyed::PARAM), known.text(keyed::TEXT)).cmp(&(param, text))
                };
                let Some(place) = keyed.lookup(&order, &|_| true) else {
                    continue;
                };
                for happening in keyed.lead(place).tail(keyed::HAPPENINGS) {
                    // Another item may have led there.
                    if !found.contains(&happening) {
                        found.push(happening);
                    }
                }
            }
        }
        found
    }

    fn happening(&self, index: usize) -> Option<Record<'_>> {
        self.root().list(root::HAPPENINGS).at(index)
    }

    /// How many happenings there are.
    #[must_use]
    pub fn happenings(&self) -> usize {
        self.root().list(root::HAPPENINGS).len()
    }

    /// The name of the event that a happening is.
    #[must_use]
    pub fn happening_event(&self, index: usize) -> &str {
        self.happening(index).map_or("", |known| known.text(happening::EVENT))
    }

    /// The condition on the parameters of a happening.
    #[must_use]
    pub fn filter(&self, index: usize) -> Option<Record<'_>> {
        let known = self.happening(index)?;
        known.flag(happening::FILTER).then(|| known.record(happening::FILTER))
    }

    /// The tallies that a happening changes, by index.
    #[must_use]
    pub fn changed_by(&self, index: usize) -> List<'_> {
        self.happening(index)
            .map_or_else(|| self.root().tail(0).none(), |known| known.list(happening::TALLIES))
    }
}
