//! The prepared index: a walk is a way to a subgoal, a walk between subgoals that a table knows, and a way from there.

mod access;
pub(super) mod changes;
pub(super) mod progress;
pub(super) mod saved;
mod table;
mod ways;

use super::ground::cost::{Cost, UNREACHABLE};
use super::ground::sheet::Cell;
use super::ground::straight::is_direct;
use super::ground::subgoal::Subgoals;
use super::ground::terrain::Terrain;
use access::Access;
use progress::Progress;
use table::{FAR, Table};
use ways::Ways;

/// What is known of a terrain before anybody asks.
#[derive(Clone, Debug)]
pub(in crate::pathfinding) struct Index {
    /// As it was when the index was made.
    pub(in crate::pathfinding) terrain: Terrain,
    subgoals: Subgoals,
    /// Between neighbouring subgoals.
    ways: Ways,
    table: Table,
    /// From every cell.
    access: Ways,
}

/// Where a shortest walk meets subgoals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Via {
    Nothing,
    Subgoals { first: usize, last: usize },
}

impl Index {
    /// `None` when the table would take more than `bytes_max`, or a walk more than its numbers hold.
    pub(in crate::pathfinding) fn of(
        terrain: &Terrain,
        bytes_max: usize,
        progress: &Progress<'_>,
    ) -> Option<Self> {
        let subgoals = Subgoals::of(terrain)?;
        let count = subgoals.cells().len();
        if Table::bytes_for(count) > bytes_max {
            return None;
        }
        progress.expect(2 * count);
        let ways = Ways::between_subgoals(terrain, &subgoals);
        let table = Table::of(&ways, count, progress)?;
        let access = Access { terrain, subgoals: &subgoals, ways: &ways, table: &table }.of_cells(progress);
        Some(Self { terrain: terrain.clone(), subgoals, ways, table, access })
    }

    /// From what was saved; `None` when the parts do not fit the terrain.
    fn from_parts(terrain: &Terrain, costs: Vec<u32>, access: Ways) -> Option<Self> {
        let subgoals = Subgoals::of(terrain)?;
        let ways = Ways::between_subgoals(terrain, &subgoals);
        let count = subgoals.cells().len();
        let table = Table::from_costs(costs, count)?;
        let fits = access.fits(terrain.grid.len(), count);
        fits.then(|| Self { terrain: terrain.clone(), subgoals, ways, table, access })
    }

    pub(in crate::pathfinding) fn bytes(&self) -> usize {
        self.subgoals.bytes() + self.ways.bytes() + self.table.bytes() + self.access.bytes()
    }

    /// The cost of the shortest walk; [`UNREACHABLE`] where there is none.
    pub(in crate::pathfinding) fn distance(&self, from: Cell, to: Cell) -> Cost {
        self.best(from, to).0
    }

    /// Fills `bends` with the cells where the shortest walk meets subgoals, and answers its cost; [`UNREACHABLE`] and no
    /// cells where there is none.
    pub(in crate::pathfinding) fn bends(&self, from: Cell, to: Cell, bends: &mut Vec<Cell>) -> Cost {
        bends.clear();
        let (cost, via) = self.best(from, to);
        if let Via::Subgoals { first, last } = via {
            // Towards the one with the larger number all costs are in one row of the table.
            let (mut here, goal) = (first.min(last), first.max(last));
            bends.push(self.subgoals.cells()[here]);
            // A walk meets no subgoal twice, so a table that was damaged ends, too.
            for _ in 0..self.subgoals.cells().len() {
                let next = (here != goal).then(|| self.table.next(&self.ways, here, goal)).flatten();
                let Some(next) = next else { break };
                bends.push(self.subgoals.cells()[next]);
                here = next;
            }
            if last < first {
                bends.reverse();
            }
        }
        cost
    }

    /// The costs from each of some cells to each of others, row after row.
    pub(in crate::pathfinding) fn matrix(&self, from: &[Cell], to: &[Cell]) -> Vec<Cost> {
        let mut costs = vec![0; from.len() * to.len()];
        let is_square = from == to;
        for (row, &start) in from.iter().enumerate() {
            for (column, &goal) in to.iter().enumerate() {
                // There and back is the same.
                let is_known = is_square && column < row;
                costs[row * to.len() + column] =
                    if is_known { costs[column * to.len() + row] } else { self.distance(start, goal) };
            }
        }
        costs
    }

    fn best(&self, from: Cell, to: Cell) -> (Cost, Via) {
        let grid = &self.terrain.grid;
        if self.terrain.sheet.is_one_floor(from, to) && is_direct(grid, from, to) {
            let cost = grid.cost_at_least(from, to);
            if !self.terrain.has_links() {
                return (cost, Via::Nothing);
            }
            // An escalator may be worth less than the way beside it.
            let (other, via) = self.best_by_table(from, to);
            return if other < cost { (other, via) } else { (cost, Via::Nothing) };
        }
        self.best_by_table(from, to)
    }

    fn best_by_table(&self, from: Cell, to: Cell) -> (Cost, Via) {
        // Subgoals are numbered as cells are: with the later cell outside, the inner loop stays in one row of the table.
        let (lows, low_costs) = self.access.of(from.min(to) as usize);
        let (highs, high_costs) = self.access.of(from.max(to) as usize);
        let (mut best, mut ends) = (FAR, (0, 0));
        for (&high, &high_cost) in highs.iter().zip(high_costs) {
            for (&low, &low_cost) in lows.iter().zip(low_costs) {
                let cost = high_cost + low_cost + self.table.cost(usize::from(high), usize::from(low));
                if cost < best {
                    (best, ends) = (cost, (usize::from(low), usize::from(high)));
                }
            }
        }
        if best >= FAR {
            return (UNREACHABLE, Via::Nothing);
        }
        let (first, last) = if from < to { ends } else { (ends.1, ends.0) };
        (Cost::from(best), Via::Subgoals { first, last })
    }
}
