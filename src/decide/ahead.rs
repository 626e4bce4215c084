//! Deciding for a page view that is still to come: only what is sure of it, whatever the rest turns out to be.

use super::arrange::{Arrangement, arrange};
use super::{Moment, OnPage, places};
use crate::plan::Placement;

/// What the placements show, by index, where that is sure. `against` and `hopeful` are the moment to come, with what isn't known
/// of it taken against every offer and for it; what comes out alike in both does not depend on it.
///
/// `on_page`: the placements of that page; when that isn't known either, what each shows alone as well as beside all others.
#[must_use]
pub fn ahead(on_page: Option<&OnPage>, against: &Moment, hopeful: &Moment) -> Arrangement {
    let mut all = OnPage::new();
    for _ in against.plan.placements() {
        all.push((all.len(), None));
    }
    let mut found = Arrangement::new();
    for (placement, seen) in on_page.unwrap_or(&all) {
        if seen.is_some() || against.plan.placement(*placement).is_none_or(Placement::is_overlay) {
            continue;
        }
        let Some(shown) = sure(*placement, on_page.unwrap_or(&all), against, hopeful) else {
            continue;
        };
        let alone = || sure(*placement, &OnPage::from([(*placement, None)]), against, hopeful);
        if on_page.is_some() || alone().as_ref() == Some(&shown) {
            found.push((*placement, shown));
        }
    }
    found
}

/// What a placement shows, when nothing that isn't known changes anything in the placements that it depends on.
fn sure(placement: usize, on_page: &OnPage, against: &Moment, hopeful: &Moment) -> Option<Vec<usize>> {
    let group = places(placement, Some(on_page), false, against);
    let arranged = arrange(&group, against);
    if arranged != arrange(&group, hopeful) {
        return None;
    }
    for (place, shown) in arranged {
        if place == placement {
            return Some(shown);
        }
    }
    None
}
