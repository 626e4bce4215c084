//! What the engine runs: the config, arranged for deciding, and exactly what has to be kept for it.
//!
//! A config enters once, at the start. Nothing of the visitor does.

mod keep;

pub use keep::{ARRIVAL, GRAINS, HistoryKeep, Keep, TallyKeep};

use crate::bucket::fnv1a;
use crate::condition::Condition;
use crate::config::{Audience, Config, Edge, Offer};
use crate::host::{Host, Zone};
use crate::json::Value;
use crate::time::Millis;

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
    /// Each event that any rule asks about, and the tallies that it can change.
    pub events: Vec<(String, Vec<usize>)>,
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
}

impl Plan {
    /// Compiles a config. `visitor_zone` is the visitor's own time zone, for sites that follow it.
    #[must_use]
    pub fn new(mut config: Config, visitor_zone: &str, host: &dyn Host) -> Plan {
        let keep = Keep::of(&config);
        let visitor_zone = host.offset(visitor_zone, 0).map_or("UTC", |_| visitor_zone);
        let mut events: Vec<(String, Vec<usize>)> = Vec::new();
        for (index, tally) in config.tallies.iter().enumerate() {
            if !keep.tallies.get(index).is_some_and(TallyKeep::anything) {
                continue;
            }
            match events.iter_mut().find(|(event, _)| *event == tally.event) {
                Some((_, tallies)) => tallies.push(index),
                None => events.push((tally.event.clone(), vec![index])),
            }
        }
        let mut placements = Vec::new();
        for (index, placement) in config.placements.into_iter().enumerate() {
            placements.push(Placement {
                ranking: ranking(&config.offers, index),
                name: placement.name,
                take: placement.take,
                fallback: placement.fallback,
            });
        }
        let mut tallies = Vec::new();
        for tally in config.tallies {
            tallies.push(Tally {
                key: fnv1a(&tally.identity),
                filter: tally.filter,
            });
        }
        let zone = config.site.zone.unwrap_or_else(|| Zone(visitor_zone.to_owned()));
        for offer in &mut config.offers {
            for edge in [&mut offer.schedule.from, &mut offer.schedule.to].into_iter().flatten() {
                *edge = Edge {
                    at: edge.instant(&zone, host),
                    is_local: false,
                };
            }
        }
        let mut ids = Vec::new();
        for id in config.ids {
            let key = fnv1a(&id);
            ids.push((id, key));
        }
        Plan {
            placements,
            zone,
            timeout: config.site.timeout,
            retention: config.site.retention,
            audiences: config.audiences,
            ids,
            tallies,
            offers: config.offers,
            events,
            hold: if config.sound { keep.clone() } else { keep.loosened() },
            keep,
            skipped: config.skipped,
            sound: config.sound,
        }
    }

    /// The placement of that name.
    #[must_use]
    pub fn placement(&self, name: &str) -> Option<&Placement> {
        self.placements.iter().find(|placement| placement.name == name)
    }

    /// The id of an offer.
    #[must_use]
    pub fn id(&self, offer: &Offer) -> &str {
        self.ids.get(offer.id).map_or("", |(id, _)| id)
    }
}

/// The offers of a placement, the most valuable first; equals in the order of the config.
fn ranking(offers: &[Offer], placement: usize) -> Vec<usize> {
    let value = |index: &usize| offers.get(*index).map_or(0.0, |offer| offer.value);
    let mut ranking: Vec<usize> = Vec::new();
    for (index, offer) in offers.iter().enumerate() {
        if offer.placement == placement {
            let place = ranking.partition_point(|better| value(better) >= offer.value);
            ranking.insert(place, index);
        }
    }
    ranking
}
