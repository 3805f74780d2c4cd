//! Walks round what was blocked since the index was made: A* over the subgoals of the floor as it is now, which are looked
//! for on the way. The index says at least how far it is, for what was blocked makes no walk shorter; once a cell was freed
//! that was blocked before, it says nothing.

use super::cost::Cost;
use super::grid::Grid;
use super::index::Index;
use super::search::Search;
use super::sheet::Cell;
use super::straight::is_direct;
use super::subgoal::for_each_direct;
use super::terrain::Terrain;

/// What a search goes by.
pub(super) struct Detour<'a> {
    /// The floor as it is now.
    pub(super) terrain: &'a Terrain,
    /// Its free cells that are no subgoals.
    pub(super) plain: &'a Grid,
    /// What says at least how far it is.
    pub(super) index: Option<&'a Index>,
}

impl Detour<'_> {
    /// The cost of the shortest walk, and where it bends: the start, subgoals and the goal, the last one first. Nothing
    /// where no walk leads.
    pub(super) fn find(&self, search: &mut Search, from: Cell, to: Cell) -> Option<Cost> {
        search.begin(from, self.terrain.grid.len());
        while let Some((cell, cost)) = search.settle() {
            if cell == to {
                return Some(cost);
            }
            let mut reach = |next: Cell, step: Cost| {
                let cost = cost + step;
                if cost < search.cost_of(next)
                    && let Some(rest) = self.cost_at_least(next, to)
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
                reach(link.to, link.cost);
            }
        }
        None
    }

    /// `None` where no walk led before.
    fn cost_at_least(&self, from: Cell, to: Cell) -> Option<Cost> {
        match self.index {
            Some(index) => Some(index.distance(from, to)).filter(|&cost| cost < super::cost::UNREACHABLE),
            None => Some(self.terrain.cost_at_least(from, to)),
        }
    }
}
