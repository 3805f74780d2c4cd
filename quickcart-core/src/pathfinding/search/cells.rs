//! Shortest paths over the cells: Dijkstra (Numerische Mathematik 1, 1959) to many goals, A* (Hart, Nilsson and Raphael,
//! IEEE Transactions on Systems Science and Cybernetics 4(2), 1968) to one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::ground::cost::{Cost, UNREACHABLE};
use super::super::ground::sheet::Cell;
use super::super::ground::terrain::Terrain;
use super::estimate::Estimate;

/// Cell 0 is in the border, so no walk comes from there; memory that nobody wrote to costs nothing.
const NONE: Cell = 0;

/// What a search knows of the cells; made once and used again, without clearing what another search did.
#[derive(Debug, Default)]
pub(in crate::pathfinding) struct Search {
    /// Which search wrote about a cell.
    stamps: Vec<u32>,
    costs: Vec<Cost>,
    came_from: Vec<Cell>,
    /// The open list: the smallest estimate first, and among those the one that is furthest.
    open: BinaryHeap<(Reverse<Cost>, Cost, Cell)>,
    stamp: u32,
    estimate: Estimate,
    /// Where the walk that was found goes.
    pub(in crate::pathfinding) bends: Vec<Cell>,
    /// All its cells.
    pub(in crate::pathfinding) cells: Vec<Cell>,
}

impl Search {
    pub(in crate::pathfinding) fn begin(&mut self, start: Cell, cells: usize) {
        if self.stamps.len() < cells || self.stamp == u32::MAX {
            *self = Self {
                stamps: vec![0; cells],
                costs: vec![0; cells],
                came_from: vec![0; cells],
                ..Self::default()
            };
        }
        self.stamp += 1;
        self.open.clear();
        self.reach(start, NONE, 0, 0);
    }

    pub(in crate::pathfinding) fn cost_of(&self, cell: Cell) -> Cost {
        let cell = cell as usize;
        if self.stamps[cell] == self.stamp { self.costs[cell] } else { UNREACHABLE }
    }

    pub(in crate::pathfinding) fn reach(&mut self, cell: Cell, from: Cell, cost: Cost, estimate: Cost) {
        let index = cell as usize;
        self.stamps[index] = self.stamp;
        self.costs[index] = cost;
        self.came_from[index] = from;
        self.open.push((Reverse(estimate), cost, cell));
    }

    /// The next cell to settle: entries that were undercut since they were made are passed over.
    pub(in crate::pathfinding) fn settle(&mut self) -> Option<(Cell, Cost)> {
        while let Some((_, cost, cell)) = self.open.pop() {
            if cost == self.costs[cell as usize] {
                return Some((cell, cost));
            }
        }
        None
    }

    /// Fills `bends` with what was reached between the start and a goal that was found, without these.
    pub(in crate::pathfinding) fn collect_bends(&mut self, start: Cell, goal: Cell) {
        let mut bends = std::mem::take(&mut self.bends);
        bends.clear();
        let before =
            |&cell: &Cell| Some(self.came_from[cell as usize]).filter(|&cell| cell != NONE && cell != start);
        bends.extend(std::iter::successors(Some(goal), before).skip(1));
        bends.reverse();
        self.bends = bends;
    }

    /// Searches by what a walk to `goal` costs at least.
    pub(in crate::pathfinding) fn aimed<T>(
        &mut self,
        terrain: &Terrain,
        goal: Cell,
        run: impl FnOnce(&mut Self, &Estimate) -> T,
    ) -> T {
        let mut estimate = std::mem::take(&mut self.estimate);
        estimate.aim(terrain, goal);
        let answer = run(self, &estimate);
        self.estimate = estimate;
        answer
    }

    /// The cost of the shortest path between two free cells.
    pub(in crate::pathfinding) fn a_star(
        &mut self,
        terrain: &Terrain,
        start: Cell,
        goal: Cell,
    ) -> Option<Cost> {
        self.aimed(terrain, goal, |search, estimate| {
            search.begin(start, terrain.grid.len());
            while let Some((cell, cost)) = search.settle() {
                if cell == goal {
                    return Some(cost);
                }
                terrain.for_each_step(cell, |next, step| {
                    let cost = cost + step;
                    if cost < search.cost_of(next) {
                        search.reach(next, cell, cost, cost + estimate.of(terrain, next));
                    }
                });
            }
            None
        })
    }

    /// The costs from one free cell to each of `goals`; [`UNREACHABLE`] for those that no walk reaches.
    pub(in crate::pathfinding) fn dijkstra(
        &mut self,
        terrain: &Terrain,
        start: Cell,
        goals: &[Cell],
    ) -> Vec<Cost> {
        self.begin(start, terrain.grid.len());
        let mut wanted = goals.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut missing = wanted.len();
        while missing > 0 {
            let Some((cell, cost)) = self.settle() else { break };
            missing -= usize::from(wanted.binary_search(&cell).is_ok());
            terrain.for_each_step(cell, |next, step| {
                let cost = cost + step;
                if cost < self.cost_of(next) {
                    self.reach(next, cell, cost, cost);
                }
            });
        }
        goals.iter().map(|&goal| self.cost_of(goal)).collect()
    }
}
