//! Which rule needs what to be kept: each by itself what [`Keep`] is of all of them together.

use super::compile::{families, links};
use super::keep::Keep;
use crate::config::Config;

/// A rule that needs something to be kept. Numbers are indexes in the config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// An offer, for itself or through audiences.
    Offer(usize),
    /// An audience that some offer, or the lifecycle, asks for.
    Audience(usize),
    /// The lifecycle.
    Lifecycle,
    /// A rule of pressure.
    Pressure,
    /// Ranking, in which what was seen lately comes later.
    Freshness,
    /// The site itself: attributes that it names.
    Site,
}

/// Calls `see` with every rule and what it needs.
pub fn needs(config: &Config, see: &mut dyn FnMut(By, &Keep)) {
    let (families, links) = (families(config), links(config));
    let whole = Keep::of(config, &families, &links);
    let mut named = Vec::new();
    let mut stages = whole.stage;
    for (index, offer) in config.offers.iter().enumerate() {
        let mut keep = Keep::nothing(config);
        let mut audiences = Vec::new();
        keep.stage |= keep.offer(offer, config, &families, &mut audiences);
        stages |= keep.stage;
        keep.fed(config);
        see(By::Offer(index), &keep);
        named.extend(audiences);
    }
    if stages {
        let mut keep = Keep::nothing(config);
        keep.stage = whole.stage;
        let mut audiences = Vec::new();
        for stage in &config.stages {
            keep.condition(&stage.when, config, &mut audiences);
        }
        keep.fed(config);
        see(By::Lifecycle, &keep);
        named.extend(audiences);
    }
    named.sort_unstable();
    named.dedup();
    for index in named {
        let mut keep = Keep::nothing(config);
        if let Some(audience) = config.audiences.get(index) {
            keep.condition(&audience.condition, config, &mut Vec::new());
        }
        see(By::Audience(index), &keep);
    }
    for pressure in &config.pressures {
        let mut keep = Keep::nothing(config);
        keep.pressure(pressure, config);
        see(By::Pressure, &keep);
    }
    let mut keep = Keep::nothing(config);
    keep.freshness(config, &links);
    see(By::Freshness, &keep);
    let keep = Keep {
        user: config.site.keep.clone(),
        ..Keep::nothing(config)
    };
    see(By::Site, &keep);
}

/// The ids of the offers that ask about a topic which is told to nobody but the visitor, or about the stage where that does.
pub(super) fn private_offers(config: &Config) -> Vec<String> {
    let mut private = Vec::new();
    for interest in &config.interests {
        if interest.is_private() {
            private.push(interest.tally);
        }
    }
    let mut offers = Vec::new();
    if private.is_empty() {
        return offers;
    }
    let families = families(config);
    for offer in &config.offers {
        let mut keep = Keep::nothing(config);
        let mut audiences = Vec::new();
        if keep.offer(offer, config, &families, &mut audiences) {
            for stage in &config.stages {
                keep.condition(&stage.when, config, &mut audiences);
            }
        }
        if private.iter().any(|tally| keep.asks(*tally)) {
            offers.push(config.ids.name(offer.id).to_owned());
        }
    }
    offers
}
