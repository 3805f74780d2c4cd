//! The prepared index: a walk is a way to a subgoal, a walk between subgoals that a table knows, and a way from there.

use super::access::Access;
use super::cost::{Cost, UNREACHABLE};
use super::progress::Progress;
use super::sheet::Cell;
use super::straight::{is_direct, walk};
use super::subgoal::Subgoals;
use super::table::{FAR, Table};
use super::terrain::Terrain;
use super::ways::Ways;

/// What is known of a terrain before anybody asks.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// As it was when the index was made.
    pub(super) terrain: Terrain,
    pub(super) subgoals: Subgoals,
    /// Between neighbouring subgoals.
    ways: Ways,
    pub(super) table: Table,
    /// From every cell.
    pub(super) access: Ways,
}

/// Where a shortest walk meets subgoals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Via {
    Nothing,
    Subgoals { first: usize, last: usize },
}

impl Index {
    /// `None` when the table would take more than `bytes_max`, or a walk more than its numbers hold.
    pub(super) fn of(terrain: &Terrain, bytes_max: usize, progress: &Progress<'_>) -> Option<Self> {
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
    pub(super) fn from_parts(terrain: &Terrain, table: Table, access: Ways) -> Option<Self> {
        let subgoals = Subgoals::of(terrain)?;
        let ways = Ways::between_subgoals(terrain, &subgoals);
        let count = subgoals.cells().len();
        let fits = table.fits(count) && access.fits(terrain.grid.len(), count);
        fits.then(|| Self { terrain: terrain.clone(), subgoals, ways, table, access })
    }

    pub(super) fn bytes(&self) -> usize {
        self.subgoals.bytes() + self.ways.bytes() + self.table.bytes() + self.access.bytes()
    }

    /// The cost of the shortest walk; [`UNREACHABLE`] where there is none.
    pub(super) fn distance(&self, from: Cell, to: Cell) -> Cost {
        self.best(from, to).0
    }

    /// Calls `visit` with the cells where the shortest walk meets subgoals and with its goal, and answers its cost;
    /// [`UNREACHABLE`], and no call, where there is none.
    pub(super) fn for_each_bend(&self, from: Cell, to: Cell, mut visit: impl FnMut(Cell)) -> Cost {
        let (cost, via) = self.best(from, to);
        if cost >= UNREACHABLE {
            return cost;
        }
        if let Via::Subgoals { first, last } = via {
            visit(self.subgoals.cells()[first]);
            let mut here = first;
            // A walk meets no subgoal twice, so a table that was damaged ends, too.
            for _ in 0..self.subgoals.cells().len() {
                let Some(next) = (here != last).then(|| self.table.next(&self.ways, here, last)).flatten()
                else {
                    break;
                };
                visit(self.subgoals.cells()[next]);
                here = next;
            }
        }
        visit(to);
        cost
    }

    /// Fills `cells` with the shortest walk, both ends included, and answers its cost; [`UNREACHABLE`] and no cells where
    /// there is none.
    pub(super) fn route(&self, from: Cell, to: Cell, cells: &mut Vec<Cell>) -> Cost {
        cells.clear();
        cells.push(from);
        let cost = self.for_each_bend(from, to, |bend| walk(&self.terrain.grid, cells, bend));
        if cost >= UNREACHABLE {
            cells.clear();
        }
        cost
    }

    /// The costs from each of some cells to each of others, row after row.
    pub(super) fn matrix(&self, from: &[Cell], to: &[Cell]) -> Vec<Cost> {
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
        let (firsts, first_costs) = self.access.of(from as usize);
        let (lasts, last_costs) = self.access.of(to as usize);
        let (mut best, mut via) = (FAR, Via::Nothing);
        for (&first, &first_cost) in firsts.iter().zip(first_costs) {
            for (&last, &last_cost) in lasts.iter().zip(last_costs) {
                let cost = first_cost + last_cost + self.table.cost(usize::from(first), usize::from(last));
                if cost < best {
                    best = cost;
                    via = Via::Subgoals { first: usize::from(first), last: usize::from(last) };
                }
            }
        }
        if best >= FAR { (UNREACHABLE, Via::Nothing) } else { (Cost::from(best), via) }
    }
}
