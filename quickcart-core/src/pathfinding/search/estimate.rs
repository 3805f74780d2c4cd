//! What a walk to one goal costs at least: its length on floors without walls, where each ride may be taken. What holds on
//! the emptied floors is a shortest length itself, so no step lowers it by more than the step costs.

use super::super::ground::cost::{Cost, UNREACHABLE};
use super::super::ground::sheet::Cell;
use super::super::ground::terrain::Terrain;

/// With more rides than this it costs more to look at them than they save.
const LINKS_MAX: usize = 64;

/// What a walk to one goal costs at least.
pub(in crate::pathfinding) enum Estimate<'a> {
    /// Nothing is known.
    None,
    /// The walk over the empty floor, or to a ride and on from there.
    Over {
        terrain: &'a Terrain,
        goal: Cell,
        goal_floor: usize,
        /// For each floor the rides that lead on to the goal and are the best choice somewhere.
        rides: Vec<Vec<Ride>>,
    },
}

/// The start of a ride, and what it costs from there to the goal at least.
#[derive(Clone, Copy)]
pub(in crate::pathfinding) struct Ride {
    from: Cell,
    cost: Cost,
}

impl<'a> Estimate<'a> {
    pub(in crate::pathfinding) fn toward(terrain: &'a Terrain, goal: Cell) -> Self {
        if terrain.links.len() > LINKS_MAX {
            return Self::None;
        }
        let goal_floor = terrain.sheet.floor_index(goal);
        let floors = terrain.sheet.floors().len();
        let mut estimate = Self::Over { terrain, goal, goal_floor, rides: vec![Vec::new(); floors] };
        let mut costs = vec![UNREACHABLE; terrain.links.len()];
        loop {
            let lower: Vec<Cost> =
                terrain.links.iter().map(|link| link.cost + estimate.of(link.to)).collect();
            if lower == costs {
                return estimate;
            }
            costs = lower;
            let rides: Vec<Ride> = terrain
                .links
                .iter()
                .zip(&costs)
                .map(|(link, &cost)| Ride { from: link.from, cost })
                .collect();
            estimate = Self::Over { terrain, goal, goal_floor, rides: best(terrain, goal, &rides) };
        }
    }

    /// The least that a walk from `cell` costs.
    pub(in crate::pathfinding) fn of(&self, cell: Cell) -> Cost {
        let Self::Over { terrain, goal, goal_floor, rides } = self else { return 0 };
        let floor = if rides.len() == 1 { 0 } else { terrain.sheet.floor_index(cell) };
        let straight =
            if floor == *goal_floor { terrain.grid.cost_at_least(cell, *goal) } else { UNREACHABLE };
        let over = |ride: &Ride| terrain.grid.cost_at_least(cell, ride.from) + ride.cost;
        rides[floor].iter().map(over).fold(straight, Cost::min)
    }
}

/// Leaves out every ride that is never better than walking to another one, or to the goal.
fn best(terrain: &Terrain, goal: Cell, rides: &[Ride]) -> Vec<Vec<Ride>> {
    let floor = |cell: Cell| terrain.sheet.floor_index(cell);
    let at_goal = Ride { from: goal, cost: 0 };
    let mut best: Vec<Vec<Ride>> = vec![Vec::new(); terrain.sheet.floors().len()];
    let mut by_cost: Vec<Ride> = rides.iter().copied().filter(|ride| ride.cost < UNREACHABLE).collect();
    by_cost.sort_unstable_by_key(|ride| ride.cost);
    for ride in by_cost {
        let floor_of_ride = floor(ride.from);
        let beats = |other: &Ride| {
            floor(other.from) == floor_of_ride
                && other.cost + terrain.grid.cost_at_least(ride.from, other.from) <= ride.cost
        };
        if !beats(&at_goal) && !best[floor_of_ride].iter().any(beats) {
            best[floor_of_ride].push(ride);
        }
    }
    best
}
