//! Shortest paths over the cells: Dijkstra (Numerische Mathematik 1, 1959) to many goals, A* (Hart, Nilsson and Raphael,
//! IEEE Transactions on Systems Science and Cybernetics 4(2), 1968) to one.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::grid::{Cell, Grid};

/// A walk from cell to cell.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// From the start to the goal, both included.
    pub(super) cells: Vec<Cell>,
    /// In cells.
    pub(super) cost: f64,
}

/// An entry of the open list: the smallest estimate comes first.
struct Open {
    estimate: f64,
    cost: f64,
    cell: Cell,
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        other.estimate.total_cmp(&self.estimate).then(self.cost.total_cmp(&other.cost))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Open {}

const NONE: Cell = Cell::MAX;

/// The costs so far and where they came from.
struct Frontier {
    cost: Vec<f64>,
    came_from: Vec<Cell>,
    open: BinaryHeap<Open>,
}

impl Frontier {
    fn from(start: Cell, cells: usize) -> Self {
        let mut frontier =
            Self { cost: vec![f64::INFINITY; cells], came_from: vec![NONE; cells], open: BinaryHeap::new() };
        frontier.cost[start as usize] = 0.0;
        frontier.open.push(Open { estimate: 0.0, cost: 0.0, cell: start });
        frontier
    }

    /// The next cell to settle: entries that were undercut since they were made are passed over.
    fn settle(&mut self) -> Option<Cell> {
        while let Some(Open { cost, cell, .. }) = self.open.pop() {
            if cost <= self.cost[cell as usize] {
                return Some(cell);
            }
        }
        None
    }

    fn relax(&mut self, from: Cell, to: Cell, step: f64, at_least: impl FnOnce() -> f64) {
        let cost = self.cost[from as usize] + step;
        if cost < self.cost[to as usize] {
            self.cost[to as usize] = cost;
            self.came_from[to as usize] = from;
            self.open.push(Open { estimate: cost + at_least(), cost, cell: to });
        }
    }

    fn path_to(&self, goal: Cell) -> Path {
        let mut cells = vec![goal];
        let mut cell = self.came_from[goal as usize];
        while cell != NONE {
            cells.push(cell);
            cell = self.came_from[cell as usize];
        }
        cells.reverse();
        Path { cells, cost: self.cost[goal as usize] }
    }
}

/// The shortest path between two free cells.
pub(super) fn a_star(grid: &Grid, start: Cell, goal: Cell) -> Option<Path> {
    let mut frontier = Frontier::from(start, grid.len());
    while let Some(cell) = frontier.settle() {
        if cell == goal {
            return Some(frontier.path_to(goal));
        }
        grid.for_each_step(cell, |next, step| {
            frontier.relax(cell, next, step, || grid.cost_at_least(next, goal));
        });
    }
    None
}

/// The costs from one free cell to each of `goals`, in cells; `None` for those that no walk reaches.
pub(super) fn dijkstra(grid: &Grid, start: Cell, goals: &[Cell]) -> Vec<Option<f64>> {
    let mut frontier = Frontier::from(start, grid.len());
    let mut wanted = vec![false; grid.len()];
    for &goal in goals {
        wanted[goal as usize] = true;
    }
    let mut missing = wanted.iter().filter(|&&wanted| wanted).count();
    while missing > 0 {
        let Some(cell) = frontier.settle() else { break };
        if std::mem::take(&mut wanted[cell as usize]) {
            missing -= 1;
        }
        grid.for_each_step(cell, |next, step| frontier.relax(cell, next, step, || 0.0));
    }
    goals.iter().map(|&goal| Some(frontier.cost[goal as usize]).filter(|cost| cost.is_finite())).collect()
}
