//! What a walk to one goal costs at least: its length on floors without walls, where each ride may be taken. What holds on
//! the emptied floors is a shortest length itself, so no step lowers it by more than the step costs.

use super::super::ground::cost::{Cost, UNREACHABLE};
use super::super::ground::sheet::Cell;
use super::super::ground::terrain::{Link, Terrain};

/// With more rides than this it costs more to look at them than they save.
const LINKS_MAX: usize = 64;

/// What a walk to one goal costs at least: the walk over the empty floor, or to a ride and on from there. Made once and aimed
/// again, in the memory that it has.
#[derive(Debug, Default)]
pub(in crate::pathfinding) struct Estimate {
    goal: Cell,
    goal_floor: usize,
    /// Whether anything is known.
    is_known: bool,
    /// The rides that lead on to the goal and are the best choice somewhere, floor after floor.
    rides: Vec<Ride>,
    /// For each floor, where its rides end in `rides`.
    ends: Vec<usize>,
    /// For each link, what it costs from its start to the goal at least.
    costs: Vec<Cost>,
    /// All rides that lead to the goal, while the best of them are chosen.
    candidates: Vec<Ride>,
}

/// The start of a ride, and what it costs from there to the goal at least.
#[derive(Clone, Copy, Debug)]
struct Ride {
    floor: usize,
    from: Cell,
    cost: Cost,
}

impl Estimate {
    /// Finds out what it costs to `goal`.
    pub(in crate::pathfinding) fn aim(&mut self, terrain: &Terrain, goal: Cell) {
        (self.goal, self.goal_floor) = (goal, terrain.sheet.floor_index(goal));
        self.is_known = terrain.links.len() <= LINKS_MAX;
        self.rides.clear();
        self.ends.clear();
        self.ends.resize(terrain.sheet.floors().len(), 0);
        self.costs.clear();
        self.costs.resize(terrain.links.len(), UNREACHABLE);
        while self.is_known && self.lower_costs(terrain) {
            self.choose_rides(terrain);
        }
    }

    /// The least that a walk from `cell` costs.
    pub(in crate::pathfinding) fn of(&self, terrain: &Terrain, cell: Cell) -> Cost {
        if !self.is_known {
            return 0;
        }
        let floor = if self.ends.len() == 1 { 0 } else { terrain.sheet.floor_index(cell) };
        let straight =
            if floor == self.goal_floor { terrain.grid.cost_at_least(cell, self.goal) } else { UNREACHABLE };
        let over = |ride: &Ride| terrain.grid.cost_at_least(cell, ride.from) + ride.cost;
        self.rides_of(floor).iter().map(over).fold(straight, Cost::min)
    }

    fn rides_of(&self, floor: usize) -> &[Ride] {
        let start = floor.checked_sub(1).map_or(0, |below| self.ends[below]);
        &self.rides[start..self.ends[floor]]
    }

    /// Whether the chosen rides change what any link costs.
    fn lower_costs(&mut self, terrain: &Terrain) -> bool {
        let mut is_changed = false;
        for (index, link) in terrain.links.iter().enumerate() {
            let cost = link.cost + self.of(terrain, link.to);
            is_changed |= cost != self.costs[index];
            self.costs[index] = cost;
        }
        is_changed
    }

    /// Leaves out every ride that is never better than walking to another one, or to the goal.
    fn choose_rides(&mut self, terrain: &Terrain) {
        let ride = |(link, &cost): (&Link, &Cost)| {
            let floor = terrain.sheet.floor_index(link.from);
            (cost < UNREACHABLE).then_some(Ride { floor, from: link.from, cost })
        };
        self.candidates.clear();
        self.candidates.extend(terrain.links.iter().zip(&self.costs).filter_map(ride));
        self.candidates.sort_unstable_by_key(|ride| (ride.floor, ride.cost));
        self.rides.clear();
        self.ends.fill(0);
        let at_goal = Ride { floor: self.goal_floor, from: self.goal, cost: 0 };
        for ride in &self.candidates {
            let beats = |other: &Ride| {
                other.floor == ride.floor
                    && other.cost + terrain.grid.cost_at_least(ride.from, other.from) <= ride.cost
            };
            if !beats(&at_goal) && !self.rides.iter().any(beats) {
                self.rides.push(*ride);
                self.ends[ride.floor] = self.rides.len();
            }
        }
        for floor in 1..self.ends.len() {
            self.ends[floor] = self.ends[floor].max(self.ends[floor - 1]);
        }
    }
}
