//! Which facilities lie at one point.

use crate::event::Facility;
use crate::value::{FacilityId, PartyId, Point, Text, distance_m};
use std::collections::HashMap;

/// Centres within this many metres are one point; coordinates taken twice on one site differ by less.
const ONE_POINT_M: u32 = 100;

/// Cells of a hundredth of a degree, 1.1 km of latitude; of longitude 100 m up to 84.8° of latitude.
const CELL: i32 = 10_000;

#[derive(Debug, Clone)]
struct Site {
    id: FacilityId,
    operator: PartyId,
    centre: Point,
    name: Option<Text>,
}

/// Facilities by place, in the order registered.
#[derive(Debug, Clone, Default)]
pub(super) struct Sites {
    cells: HashMap<(i32, i32), Vec<Site>>,
}

fn cell(point: Point) -> (i32, i32) {
    (point.lat.micro_degrees().div_euclid(CELL), point.lon.micro_degrees().div_euclid(CELL))
}

impl Sites {
    pub(super) fn observe(&mut self, id: FacilityId, operator: PartyId, facility: &Facility) {
        let centre = facility.geometry.centre();
        let site = Site { id, operator, centre, name: facility.site.clone() };
        self.cells.entry(cell(centre)).or_default().push(site);
    }

    /// Up to eight facilities of other operators at the point of this one that name no common site with it.
    pub(super) fn sharing(&self, id: FacilityId, operator: PartyId, facility: &Facility) -> Vec<FacilityId> {
        let centre = facility.geometry.centre();
        let (lat, lon) = cell(centre);
        let around = (-1..=1).flat_map(|north| (-1..=1).map(move |east| (lat + north, lon + east)));
        let near = around.filter_map(|key| self.cells.get(&key)).flatten();
        near.filter(|site| site.id != id && site.operator != operator)
            .filter(|site| site.name.is_none() || site.name != facility.site)
            .filter(|site| distance_m(site.centre, centre) <= ONE_POINT_M)
            .map(|site| site.id)
            .take(8)
            .collect()
    }
}
