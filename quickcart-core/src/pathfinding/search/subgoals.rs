//! A* over the subgoals of the floor as it is, which are looked for on the way.
//!
//! After something was blocked, the index of the floor as it was says at least how far it is, for blocking makes no walk
//! shorter: the search hardly strays from the shortest walk.

use super::super::ground::cost::{Cost, UNREACHABLE};
use super::super::ground::grid::Grid;
use super::super::ground::sheet::Cell;
use super::super::ground::straight::is_direct;
use super::super::ground::subgoal::for_each_direct;
use super::super::ground::terrain::Terrain;
use super::super::index::Index;
use super::cells::Search;
use super::estimate::Estimate;

/// What a search goes by.
pub(in crate::pathfinding) struct SubgoalSearch<'a> {
    pub(in crate::pathfinding) terrain: &'a Terrain,
    /// The free cells that are no subgoals.
    pub(in crate::pathfinding) plain: &'a Grid,
    /// What says at least how far it is.
    pub(in crate::pathfinding) index: Option<&'a Index>,
}

impl SubgoalSearch<'_> {
    /// The cost of the shortest walk; the search knows where it bends.
    pub(in crate::pathfinding) fn run(&self, search: &mut Search, from: Cell, to: Cell) -> Option<Cost> {
        search.aimed(self.terrain, to, |search, estimate| self.by_estimate(search, estimate, from, to))
    }

    fn by_estimate(&self, search: &mut Search, estimate: &Estimate, from: Cell, to: Cell) -> Option<Cost> {
        search.begin(from, self.terrain.grid.len());
        while let Some((cell, cost)) = search.settle() {
            if cell == to {
                return Some(cost);
            }
            let mut reach = |next: Cell, step: Cost| {
                let cost = cost + step;
                if cost < search.cost_of(next)
                    && let Some(rest) = self.cost_at_least(estimate, next, to)
                {
                    search.reach(next, cell, cost, cost + rest);
                }
            };
            let grid = &self.terrain.grid;
            if self.terrain.sheet.is_one_floor(cell, to) && is_direct(grid, cell, to) {
                reach(to, grid.cost_at_least(cell, to));
            }
            for_each_direct(grid, self.plain, cell, |next| reach(next, grid.cost_at_least(cell, next)));
            for link in self.terrain.links_from(cell) {
                if grid.is_free(link.to) {
                    reach(link.to, link.cost);
                }
            }
        }
        None
    }

    /// `None` where no walk led before.
    fn cost_at_least(&self, estimate: &Estimate, from: Cell, to: Cell) -> Option<Cost> {
        match self.index {
            Some(index) => Some(index.distance(from, to)).filter(|&cost| cost < UNREACHABLE),
            None => Some(estimate.of(self.terrain, from)),
        }
    }
}
