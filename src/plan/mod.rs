//! What the engine runs: the config, laid out for deciding, and exactly what has to be kept for it.
//!
//! A config enters once, and comes out as [records](crate::records) that are read where they lie. Nothing of the visitor enters.

#[cfg(feature = "authoring")]
mod compile;
mod events;
mod keep;
mod layout;
#[cfg(feature = "authoring")]
mod needs;
mod offer;

#[cfg(feature = "authoring")]
pub use keep::Keep;
pub use keep::{ARRIVAL, GRAINS, HistoryKeep, TallyKeep};
#[cfg(feature = "authoring")]
pub use needs::{By, needs};
pub use offer::{Cap, Fold, Limit, Offer, Period, Placement, Rest, Schedule};

use crate::bucket::fnv1a;
#[cfg(feature = "authoring")]
use crate::codec::sealed_in_words;
use crate::codec::{Pass, unsealed_in_words};
use crate::condition::{Findings, Known};
use crate::config::{Edge, Signal};
use crate::host::{Host, Zone};
use crate::records::{List, Record, Records};
use crate::time::Millis;
use layout::{event, interest, root, scope, stage, tally};

/// A config compiled to what the engine runs.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    records: Records,
    /// The time zone of rules.
    pub zone: Zone,
    /// The visitor's own time zone.
    pub visitor_zone: Zone,
    /// Where schedules begin and end, in ms since the epoch.
    edges: Vec<Millis>,
    /// Offers left out because of an error: id and placement.
    #[cfg(feature = "authoring")]
    pub skipped: Vec<(String, String)>,
    /// The ids of the offers that ask about what is told to nobody but the visitor.
    #[cfg(feature = "authoring")]
    pub private: Vec<String>,
}

/// What a plan's bytes begin with.
const MAGIC: &[u8] = b"MTR";

impl Plan {
    /// The plan as bytes, equal for equal configs: `MTR`, the version of this crate, the records, a checksum. It is read by the
    /// version that wrote it alone.
    #[must_use]
    #[cfg(feature = "authoring")]
    pub fn encode(&self) -> Vec<u8> {
        let mut pass = Pass::writing(MAGIC.to_vec());
        pass.text(&mut env!("CARGO_PKG_VERSION").to_owned());
        self.records.clone().pass(&mut pass);
        sealed_in_words(pass.bytes)
    }

    /// The plan that `bytes` hold; `None` when they are damaged, or of another version.
    #[must_use]
    pub fn decode(bytes: &[u8], visitor_zone: &str, host: &dyn Host) -> Option<Plan> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let mut pass = Pass::reading(unsealed_in_words(bytes)?.to_vec());
        pass.skip(MAGIC.len());
        let mut version = String::new();
        pass.text(&mut version);
        if version != env!("CARGO_PKG_VERSION") {
            return None;
        }
        let mut records = Records::default();
        records.pass(&mut pass);
        (!pass.broken).then(|| Plan::of(records, visitor_zone, host))
    }

    /// Adds what depends on the visitor.
    fn of(records: Records, visitor_zone: &str, host: &dyn Host) -> Plan {
        let mut plan = Plan {
            records,
            visitor_zone: Zone(visitor_zone.to_owned()),
            ..Plan::default()
        };
        plan.zone = if plan.root().flag(root::ZONE) {
            Zone(plan.root().record(root::ZONE).text(1).to_owned())
        } else {
            plan.visitor_zone.clone()
        };
        let mut edges = Vec::new();
        for edge in plan.root().list(root::EDGES).records() {
            let edge = Edge {
                at: edge.time(0),
                is_local: edge.flag(1),
            };
            edges.push(edge.instant(&plan.zone, host));
        }
        plan.edges = edges;
        plan
    }

    #[inline(never)]
    fn root(&self) -> Record<'_> {
        self.records.root(root::LENGTH)
    }

    /// The record at a place.
    pub(crate) fn record_at(&self, place: usize) -> Record<'_> {
        self.records.at(place)
    }

    /// How many bytes its records take.
    #[must_use]
    pub fn size(&self) -> usize {
        self.records.size()
    }

    /// After this long without events, the next one opens a new visit; in ms.
    #[must_use]
    pub fn timeout(&self) -> Millis {
        self.root().time(root::TIMEOUT)
    }

    /// A profile that was not touched for this long is forgotten; in ms.
    #[must_use]
    pub fn retention(&self) -> Millis {
        self.root().time(root::RETENTION)
    }

    /// The config had no error, so what no rule asks for may be erased.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        // Of a config with an error no plan is made ahead.
        !cfg!(feature = "authoring") || self.root().flag(root::SOUND)
    }

    /// Nothing found out yet about its tests.
    #[must_use]
    pub fn findings(&self) -> Findings {
        let sources = crate::condition::record::source::USER + self.root().list(root::ATTRIBUTES).len();
        Findings::of(
            self.root().word(root::TESTS).min(self.records.words()),
            sources,
            self.root().word(root::ENTRIES).min(self.records.words()),
        )
    }

    /// The number of an attribute of the visitor that rules ask about.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<usize> {
        let names = self.root().list(root::ATTRIBUTES);
        let sorted = self.root().list(root::ATTRIBUTES_SORTED);
        sorted.lookup(&|number| names.text(number).cmp(name), &|_| true)
    }

    /// The name of an audience.
    #[must_use]
    pub fn audience(&self, index: usize) -> &str {
        self.root().list(root::AUDIENCES).text(index)
    }

    /// The placements, by index.
    pub fn placements(&self) -> impl Iterator<Item = Placement<'_>> {
        self.root().list(root::PLACEMENTS).records().map(Placement)
    }

    /// The placement of that index.
    #[must_use]
    pub fn placement(&self, index: usize) -> Option<Placement<'_>> {
        self.root().list(root::PLACEMENTS).at(index).map(Placement)
    }

    /// The index of the placement of that name.
    #[must_use]
    pub fn placement_index(&self, name: &str) -> Option<usize> {
        self.placements().position(|placement| placement.name() == name)
    }

    /// The offers, by index.
    pub fn offers(&self) -> impl Iterator<Item = Offer<'_>> {
        self.root().list(root::OFFERS).records().map(Offer)
    }

    /// The offer of that index.
    #[must_use]
    pub fn offer(&self, index: usize) -> Option<Offer<'_>> {
        self.root().list(root::OFFERS).at(index).map(Offer)
    }

    /// The ids of all offers, by their numbers.
    fn ids(&self) -> List<'_> {
        self.root().list(root::IDS)
    }

    /// The id of an offer.
    #[must_use]
    pub fn id(&self, offer: Offer<'_>) -> &str {
        self.ids().text(offer.id())
    }

    /// The number of an id, also of an offer that has an error.
    #[must_use]
    pub fn id_number(&self, id: &str) -> Option<usize> {
        let histories = self.root().list(root::HISTORIES_SORTED);
        let is = |number: usize| self.ids().text(number) == id && number < self.ids().len();
        let key = fnv1a(id);
        histories.lookup(&|index| self.history_key(index).cmp(&key), &is)
    }

    /// The index of the offer of that id number, if it has no error.
    #[must_use]
    pub fn offer_of(&self, id: usize) -> Option<usize> {
        self.root().list(root::OFFERS_BY_ID).get(id)?.checked_sub(1)
    }

    /// The offers of a family, by index.
    #[must_use]
    pub fn family(&self, family: usize) -> List<'_> {
        list_at(self.root().list(root::FAMILIES), family)
    }

    fn tally(&self, index: usize) -> Option<Record<'_>> {
        self.root().list(root::TALLIES).at(index)
    }

    /// How a tally makes figures of happenings.
    #[must_use]
    pub fn fold(&self, index: usize) -> Option<Fold<'_>> {
        Some(Fold::of(self.tally(index)?.record(tally::FOLD)))
    }

    /// The key under which a tally is stored.
    #[must_use]
    pub fn tally_key(&self, index: usize) -> u32 {
        self.tally(index).map_or(0, |known| known.bits(tally::KEY))
    }

    /// The tally that is stored under a key.
    #[must_use]
    pub fn tally_keyed(&self, key: u32) -> Option<usize> {
        let tallies = self.root().list(root::TALLIES_SORTED);
        tallies.lookup(&|index| self.tally_key(index).cmp(&key), &|_| true)
    }

    /// What is noted of a tally.
    #[must_use]
    pub fn keep_tally(&self, index: usize) -> TallyKeep {
        self.tally(index)
            .map_or(TallyKeep::default(), |known| TallyKeep::of(known.record(tally::KEEP)))
    }

    /// What is not to be erased of a tally: while the config has an error, anything, as the rule that needs it may be the broken
    /// one.
    #[must_use]
    pub fn hold_tally(&self, index: usize) -> TallyKeep {
        if self.is_sound() {
            self.keep_tally(index)
        } else {
            TallyKeep::ALL
        }
    }

    /// What is noted of a history.
    #[must_use]
    pub fn keep_history(&self, index: usize) -> HistoryKeep {
        let known = self.root().list(root::HISTORIES).at(index);
        known.map_or(HistoryKeep::default(), HistoryKeep::of)
    }

    /// What is not to be erased of a history.
    #[must_use]
    pub fn hold_history(&self, index: usize) -> HistoryKeep {
        if self.is_sound() {
            self.keep_history(index)
        } else {
            HistoryKeep::ALL
        }
    }

    /// The visit is noted: its number, its times, its pages.
    #[must_use]
    pub fn keeps_visit(&self) -> bool {
        self.root().flag(root::KEEP_VISIT)
    }

    /// The visit is not erased; that goes for anything while the config has an error.
    #[must_use]
    pub fn holds_visit(&self) -> bool {
        self.keeps_visit() || !self.is_sound()
    }

    /// The stage is not erased.
    #[must_use]
    pub fn holds_stage(&self) -> bool {
        self.keeps_stage() || !self.is_sound()
    }

    /// The cart is not erased.
    #[must_use]
    pub fn holds_cart(&self) -> bool {
        self.keeps_cart() || !self.is_sound()
    }

    /// The active time of the visit is noted.
    #[must_use]
    pub fn keeps_dwell(&self) -> bool {
        self.root().flag(root::KEEP_DWELL)
    }

    /// The stage of the lifecycle is noted.
    #[must_use]
    pub fn keeps_stage(&self) -> bool {
        self.root().flag(root::KEEP_STAGE)
    }

    /// The cart is noted.
    #[must_use]
    pub fn keeps_cart(&self) -> bool {
        self.root().flag(root::KEEP_CART)
    }

    /// An attribute of the visitor is kept.
    #[must_use]
    pub fn keeps_user(&self, name: &str) -> bool {
        let names = self.root().list(root::KEEP_USER);
        (0..names.len()).any(|index| names.text(index) == name)
    }

    /// A fact of how a visit began is noted.
    #[must_use]
    pub fn keeps_arrival(&self, known: Known) -> bool {
        self.root().list(root::KEEP_ARRIVAL).has(known as usize)
    }

    /// The tallies that a signal changes, with the threshold to be reached.
    pub fn thresholds(&self, signal: Signal) -> impl Iterator<Item = (usize, f64)> {
        self.root()
            .list(root::SIGNALS)
            .filter_map(move |index| match self.fold(index)? {
                Fold::Signal(kind, threshold) if kind == signal => Some((index, threshold)),
                _ => None,
            })
    }

    /// The topics: name, title (none of what is told to nobody but the visitor), and the tally that keeps the score.
    pub fn interests(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        let interests = self.root().list(root::INTERESTS).records();
        interests.map(|known| {
            (
                known.text(interest::TOPIC),
                known.text(interest::TITLE),
                known.word(interest::TALLY),
            )
        })
    }

    /// The lifecycle: name and condition of each stage, the first that holds counting; empty when no rule asks about it.
    pub fn stages(&self) -> impl Iterator<Item = (&str, Record<'_>)> {
        let stages = self.root().list(root::STAGES).records();
        stages.map(|known| (known.text(stage::NAME), known.record(stage::WHEN)))
    }

    /// The rules of pressure: the scope and what is asked for.
    pub fn pressures(&self) -> impl Iterator<Item = (usize, Limit)> {
        let pressures = self.root().list(root::PRESSURES).records();
        pressures.map(|known| (known.word(0), Limit::of(known.record(1))))
    }

    /// How many scopes of pressure there are.
    #[must_use]
    pub fn scopes(&self) -> usize {
        self.root().list(root::SCOPES).len()
    }

    /// Whether a scope of pressure is about any of these placements.
    #[must_use]
    pub fn is_about(&self, scope: usize, placements: &[usize]) -> bool {
        let known = self.root().list(root::SCOPES).at(scope);
        known.is_some_and(|known| {
            known
                .list(scope::PLACEMENTS)
                .any(|placement| placements.contains(&placement))
        })
    }

    /// Where the history with a scope of pressure is kept, after those with the offers.
    #[must_use]
    pub fn scope_history(&self, scope: usize) -> usize {
        self.ids().len() + scope
    }

    /// The key under which a history is stored.
    #[must_use]
    pub fn history_key(&self, index: usize) -> u32 {
        match index.checked_sub(self.ids().len()) {
            Some(scope) => {
                let known = self.root().list(root::SCOPES).at(scope);
                known.map_or(0, |known| known.bits(scope::KEY))
            }
            None => fnv1a(self.ids().text(index)),
        }
    }

    /// The history that is stored under a key.
    #[must_use]
    pub fn history_keyed(&self, key: u32) -> Option<usize> {
        let histories = self.root().list(root::HISTORIES_SORTED);
        histories.lookup(&|index| self.history_key(index).cmp(&key), &|_| true)
    }

    /// The instant that a schedule refers to, in ms since the epoch.
    #[must_use]
    pub fn edge(&self, index: usize) -> Millis {
        self.edges.get(index).copied().unwrap_or(0)
    }

    /// The names of all events that anything asks about.
    pub fn event_names(&self) -> impl Iterator<Item = &str> {
        self.root()
            .list(root::EVENTS)
            .records()
            .map(|known| known.text(event::NAME))
    }
}

/// The list at an index of a list of lists.
fn list_at(lists: List<'_>, index: usize) -> List<'_> {
    lists.at(index).map_or_else(|| lists.none(), |list| list.tail(0))
}
