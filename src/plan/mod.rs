//! What the engine runs: the config, arranged for deciding, and exactly what has to be kept for it.
//!
//! A config enters once, at the start. Nothing of the visitor does.

mod keep;

pub use keep::{GRAINS, HistoryKeep, Keep, TallyKeep};

use crate::bucket::fnv1a;
use crate::condition::Condition;
use crate::config::{Audience, Config, Offer};
use crate::host::Host;
use crate::json::Value;
use crate::time::{Millis, Zone};
use std::collections::BTreeMap;

/// A config compiled to what the engine runs.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The time zone of rules.
    pub zone: Zone,
    /// After this long without events, the next one opens a new visit; in ms.
    pub timeout: Millis,
    /// A profile that was not touched for this long is forgotten; in ms.
    pub retention: Millis,
    /// The audiences, by index.
    pub audiences: Vec<Audience>,
    /// The placements.
    pub placements: Vec<Placement>,
    /// The offers, by index.
    pub offers: Vec<Offer>,
    /// The ids of all offers, and the key under which their history is stored.
    pub ids: Vec<(String, u32)>,
    /// The tallies, by index.
    pub tallies: Vec<Tally>,
    /// The tallies that an event can change.
    pub by_event: BTreeMap<String, Vec<usize>>,
    /// What to keep of the visitor, and nothing else.
    pub keep: Keep,
    /// Offers left out because of an error: id and placement.
    pub skipped: Vec<(String, String)>,
    /// The config had no error, so what no rule asks for may be erased.
    pub sound: bool,
}

/// A placement and its offers.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Its name.
    pub name: String,
    /// How many offers it shows at the most.
    pub take: usize,
    /// What it shows when no offer fits; without it, what the page has there.
    pub fallback: Option<Value>,
    /// Its offers, the most valuable first; equals in the order of the config.
    pub ranking: Vec<usize>,
}

/// A tally that rules ask for.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The filter on the event's parameters.
    pub filter: Option<Condition>,
    /// The key under which it is stored.
    pub key: u32,
    /// What of it has to be kept.
    pub keep: TallyKeep,
}

impl Plan {
    /// Compiles a config. `visitor_zone` is the visitor's own time zone, for sites that follow it.
    #[must_use]
    pub fn new(config: Config, visitor_zone: &str, host: &dyn Host) -> Plan {
        let keep = Keep::of(&config);
        let visitor_zone = host.offset(visitor_zone, 0).map_or("UTC", |_| visitor_zone);
        let mut by_event: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, tally) in config.tallies.iter().enumerate() {
            if keep.tallies.get(index).is_some_and(TallyKeep::anything) {
                by_event.entry(tally.event.clone()).or_default().push(index);
            }
        }
        let ranking = |placement: usize| {
            let mut offers: Vec<(usize, f64)> = Vec::new();
            for (index, offer) in config
                .offers
                .iter()
                .enumerate()
                .filter(|(_, offer)| offer.placement == placement)
            {
                offers.push((index, offer.value));
            }
            offers.sort_by(|left, right| right.1.total_cmp(&left.1));
            offers.into_iter().map(|(index, _)| index).collect()
        };
        let placements = config
            .placements
            .iter()
            .enumerate()
            .map(|(index, placement)| Placement {
                name: placement.name.clone(),
                take: placement.take,
                fallback: placement.fallback.clone(),
                ranking: ranking(index),
            });
        let tally = |(tally, keep): (crate::config::Tally, &TallyKeep)| Tally {
            filter: tally.filter,
            key: fnv1a(&tally.identity),
            keep: *keep,
        };
        Plan {
            placements: placements.collect(),
            zone: config.site.zone.unwrap_or_else(|| Zone(visitor_zone.to_owned())),
            timeout: config.site.timeout,
            retention: config.site.retention,
            audiences: config.audiences,
            ids: config.ids.into_iter().map(|id| (id.clone(), fnv1a(&id))).collect(),
            tallies: config.tallies.into_iter().zip(&keep.tallies).map(tally).collect(),
            offers: config.offers,
            by_event,
            keep,
            skipped: config.skipped,
            sound: config.sound,
        }
    }

    /// The id of an offer.
    #[must_use]
    pub fn id(&self, offer: &Offer) -> &str {
        self.ids.get(offer.id).map_or("", |(id, _)| id)
    }
}
