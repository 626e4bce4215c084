//! What the engine runs: the config, arranged for deciding, and exactly what has to be kept for it.
//!
//! A config enters once, at the start. Nothing of the visitor does.

mod codec;
mod events;
mod keep;

pub use events::{Events, Happening};
pub use keep::{ARRIVAL, GRAINS, HistoryKeep, Keep, TallyKeep};

use crate::bucket::fnv1a;
use crate::condition::Path;
use crate::config::{Audience, Config, Edge, Fold, Interest, Limit, Offer, Pressure, Signal, Stage};
use crate::host::{Host, Zone};
use crate::json::Value;
use crate::names::Names;
use crate::time::Millis;

/// A config compiled to what the engine runs.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The time zone of rules.
    pub zone: Zone,
    /// The site follows the visitor's own time zone.
    pub is_visitors_zone: bool,
    /// The visitor's own time zone.
    pub visitor_zone: Zone,
    /// After this long without events, the next one opens a new visit; in ms.
    pub timeout: Millis,
    /// A profile that was not touched for this long is forgotten; in ms.
    pub retention: Millis,
    /// The audiences, by index.
    pub audiences: Vec<Audience>,
    /// The placements, by index.
    pub placements: Vec<Placement>,
    /// The offers, by index.
    pub offers: Vec<Offer>,
    /// The ids of all offers; an id's key is the one under which its history is stored.
    pub ids: Names,
    /// The offers of each family.
    pub families: Vec<Vec<usize>>,
    /// The tallies, by index.
    pub tallies: Vec<Tally>,
    /// The happenings, by index.
    pub happenings: Vec<Happening>,
    /// Which happenings an event may be.
    pub events: Events,
    /// The tallies that signals change, with the threshold to be reached.
    pub signals: Vec<(usize, Signal, f64)>,
    /// The topics.
    pub interests: Vec<Interest>,
    /// The lifecycle, the first stage that holds counting; empty when no rule asks about it.
    pub stages: Vec<Stage>,
    /// The rules of pressure.
    pub pressures: Vec<Pressure>,
    /// The placements of each scope, and the key under which its history is stored: that of scope n comes after those of all
    /// offers and n scopes.
    pub scopes: Vec<(Vec<usize>, u32)>,
    /// What to keep of the visitor, and nothing else.
    pub keep: Keep,
    /// What not to erase of what is stored: the same, unless the config has an error.
    pub hold: Keep,
    /// Offers left out because of an error: id and placement.
    pub skipped: Vec<(String, String)>,
    /// The config had no error, so what no rule asks for may be erased.
    pub sound: bool,
}

/// A placement and its offers.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// Its name.
    pub name: String,
    /// How many offers it shows at the most.
    pub take: usize,
    /// It appears over the page rather than in it.
    pub overlay: bool,
    /// What it shows when no offer fits; without it, what the page has there.
    pub fallback: Option<Value>,
    /// Its offers, the most valuable first; equals in the order of the config.
    pub ranking: Vec<usize>,
    /// Where the figures lie that say how well its offers fit.
    pub fits: Vec<Path>,
    /// What is shown here depends on what is shown in these, itself included.
    pub linked: Vec<usize>,
}

/// What is kept because rules ask for it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How happenings become figures.
    pub fold: Fold,
    /// The key under which it is stored.
    pub key: u32,
}

impl Plan {
    /// Compiles a config. `visitor_zone` is the visitor's own time zone, for sites that follow it.
    #[must_use]
    pub fn new(config: Config, visitor_zone: &str, host: &dyn Host) -> Plan {
        let mut plan = Plan::compile(config);
        plan.complete(visitor_zone, host);
        plan
    }

    /// All that doesn't depend on the visitor.
    #[must_use]
    pub fn compile(config: Config) -> Plan {
        let families = families(&config);
        let links = links(&config);
        let keep = Keep::of(&config, &families, &links);
        let happenings = happenings(&config, &keep);
        let mut signals = Vec::new();
        for (index, tally) in config.tallies.iter().enumerate() {
            if let Fold::Signal(signal, threshold) = tally.fold
                && keep.asks(index)
            {
                signals.push((index, signal, threshold));
            }
        }
        let mut tallies = Vec::new();
        for (tally, name) in config.tallies.iter().zip(config.tally_names.all()) {
            tallies.push(Tally {
                fold: tally.fold.clone(),
                key: fnv1a(name),
            });
        }
        let mut scopes = Vec::new();
        for scope in &config.scopes {
            scopes.push((scope.clone(), fnv1a(&config.scope_name(scope))));
        }
        Plan {
            placements: placements(&config, &links),
            is_visitors_zone: config.site.zone.is_none(),
            zone: config.site.zone.unwrap_or_default(),
            visitor_zone: Zone::default(),
            timeout: config.site.timeout,
            retention: config.site.retention,
            audiences: config.audiences,
            ids: config.ids,
            families,
            tallies,
            happenings,
            events: Events::default(),
            signals,
            interests: config.interests,
            stages: config.stages,
            pressures: config.pressures,
            scopes,
            offers: config.offers,
            hold: if config.sound { keep.clone() } else { keep.loosened() },
            keep,
            skipped: config.skipped,
            sound: config.sound,
        }
    }

    /// Adds what depends on the visitor, and what is quicker to make than to store.
    fn complete(&mut self, visitor_zone: &str, host: &dyn Host) {
        self.visitor_zone = Zone(host.offset(visitor_zone, 0).map_or("UTC", |_| visitor_zone).to_owned());
        if self.is_visitors_zone {
            self.zone = self.visitor_zone.clone();
        }
        for offer in &mut self.offers {
            for edge in [&mut offer.schedule.from, &mut offer.schedule.to].into_iter().flatten() {
                *edge = Edge {
                    at: edge.instant(&self.zone, host),
                    is_local: false,
                };
            }
        }
        for (index, happening) in self.happenings.iter().enumerate() {
            if !happening.tallies.is_empty() {
                self.events.add(index, happening);
            }
        }
    }

    /// Whether a scope of pressure is about any of these placements.
    #[must_use]
    pub fn is_about(&self, scope: usize, placements: &[usize]) -> bool {
        let known = self.scopes.get(scope);
        known.is_some_and(|(scope, _)| scope.iter().any(|placement| placements.contains(placement)))
    }

    /// The tally that is stored under a key.
    #[must_use]
    pub fn tally_keyed(&self, key: u32) -> Option<usize> {
        self.tallies.iter().position(|tally| tally.key == key)
    }

    /// Where the history with a scope of pressure is kept, after those with the offers.
    #[must_use]
    pub fn scope_history(&self, scope: usize) -> usize {
        self.ids.all().len() + scope
    }

    /// The key under which a history is stored.
    #[must_use]
    pub fn history_key(&self, index: usize) -> u32 {
        let ids = self.ids.all().len();
        match index.checked_sub(ids) {
            Some(scope) => self.scopes.get(scope).map_or(0, |(_, key)| *key),
            None => fnv1a(self.ids.name(index)),
        }
    }

    /// The history that is stored under a key.
    #[must_use]
    pub fn history_keyed(&self, key: u32) -> Option<usize> {
        let scope = || self.scopes.iter().position(|(_, known)| *known == key);
        self.ids
            .keyed(key)
            .or_else(|| scope().map(|scope| self.scope_history(scope)))
    }

    /// The index of the placement of that name.
    #[must_use]
    pub fn placement_index(&self, name: &str) -> Option<usize> {
        self.placements.iter().position(|placement| placement.name == name)
    }

    /// The id of an offer.
    #[must_use]
    pub fn id(&self, offer: &Offer) -> &str {
        self.ids.name(offer.id)
    }
}

/// The happenings, with what they change of what is kept.
fn happenings(config: &Config, keep: &Keep) -> Vec<Happening> {
    let mut happenings = Vec::new();
    for happening in &config.happenings {
        happenings.push(Happening {
            event: happening.event.clone(),
            filter: happening.filter.clone(),
            tallies: Vec::new(),
        });
    }
    for (index, tally) in config.tallies.iter().enumerate() {
        for happening in tally.fold.happenings() {
            if let (true, Some(happening)) = (keep.asks(index), happenings.get_mut(happening)) {
                happening.tallies.push(index);
            }
        }
    }
    happenings
}

fn placements(config: &Config, links: &[usize]) -> Vec<Placement> {
    let mut placements = Vec::new();
    for placement in &config.placements {
        placements.push(Placement {
            name: placement.name.clone(),
            take: placement.take,
            overlay: placement.overlay,
            fallback: placement.fallback.clone(),
            ranking: Vec::new(),
            fits: Vec::new(),
            linked: Vec::new(),
        });
    }
    for (index, offer) in config.offers.iter().enumerate() {
        let value = |other: &usize| config.offers.get(*other).map_or(0.0, |other| other.value);
        for placement in &offer.placements {
            if let Some(placement) = placements.get_mut(*placement) {
                let place = placement.ranking.partition_point(|better| value(better) >= offer.value);
                placement.ranking.insert(place, index);
                if let Some(fit) = offer.fit.as_ref().filter(|fit| !placement.fits.contains(fit)) {
                    placement.fits.push(fit.clone());
                }
            }
        }
    }
    for (index, placement) in placements.iter_mut().enumerate() {
        let group = links.get(index);
        placement.linked = (0..links.len()).filter(|other| links.get(*other) == group).collect();
    }
    placements
}

/// The offers of each family, by index.
fn families(config: &Config) -> Vec<Vec<usize>> {
    let mut families = vec![Vec::new(); config.families.all().len()];
    for (index, offer) in config.offers.iter().enumerate() {
        if let Some(members) = offer.family.and_then(|family| families.get_mut(family)) {
            members.push(index);
        }
    }
    families
}

/// A group for each placement; what is shown in one of a group may depend on what is shown in the others: they share an
/// offer, a family or a cap, or are overlays, of which there is one at a time.
fn links(config: &Config) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..config.placements.len()).collect();
    let mut join = |placements: &[usize]| {
        let Some(first) = placements.first().and_then(|first| groups.get(*first)).copied() else {
            return;
        };
        for placement in placements {
            let group = groups.get(*placement).copied();
            groups
                .iter_mut()
                .filter(|other| Some(**other) == group)
                .for_each(|other| *other = first);
        }
    };
    let overlays = |(index, placement): (usize, &crate::config::Placement)| placement.overlay.then_some(index);
    let overlays: Vec<usize> = config.placements.iter().enumerate().filter_map(overlays).collect();
    join(&overlays);
    let mut families: Vec<Vec<usize>> = vec![Vec::new(); config.families.all().len()];
    for offer in &config.offers {
        match offer.family.and_then(|family| families.get_mut(family)) {
            Some(family) => {
                for placement in &offer.placements {
                    if !family.contains(placement) {
                        family.push(*placement);
                    }
                }
            }
            None if offer.placements.len() > 1 => join(&offer.placements),
            None => {}
        }
    }
    families.iter().for_each(|family| join(family));
    for pressure in &config.pressures {
        if let (Limit::Cap(_), Some(scope)) = (&pressure.limit, config.scopes.get(pressure.scope)) {
            join(scope);
        }
    }
    groups
}
