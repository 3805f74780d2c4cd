//! From every cell, the subgoals through which its walks may go: few, for a walk bends at corners only, and what lies
//! behind another of them need not be kept.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use super::super::ground::cost::Cost;
use super::super::ground::grid::Grid;
use super::super::ground::sheet::Cell;
use super::super::ground::subgoal::Subgoals;
use super::super::ground::terrain::Terrain;
use super::progress::Progress;
use super::table::{Table, threads};
use super::ways::{Ways, narrow};

/// What the list of a cell is made from.
pub(super) struct Access<'a> {
    pub(super) terrain: &'a Terrain,
    pub(super) subgoals: &'a Subgoals,
    pub(super) ways: &'a Ways,
    pub(super) table: &'a Table,
}

/// The list of one cell while it is made.
#[derive(Default)]
struct Draft {
    kept: Vec<(u16, u32)>,
    open: Vec<(u16, u32)>,
    /// For each subgoal, the cell that saw it last.
    seen_by: Vec<Cell>,
}

impl Draft {
    fn see(&mut self, access: &Access<'_>, cell: Cell, end: Cell) {
        let Some(number) = access.subgoals.at(end) else { return };
        if std::mem::replace(&mut self.seen_by[usize::from(number)], cell) != cell {
            self.open.push((number, narrow(access.grid().cost_at_least(cell, end))));
        }
    }
}

impl Access<'_> {
    /// From every cell of the sheet: a subgoal reaches itself, a blocked cell nothing.
    pub(super) fn of_cells(&self, progress: &Progress<'_>) -> Ways {
        let cells = self.grid().len() as Cell;
        let share = cells.div_ceil(threads() as Cell).max(1);
        let parts: Vec<Ways> = thread::scope(|scope| {
            let starts = (0..cells).step_by(share as usize);
            let parts: Vec<_> = starts
                .map(|start| scope.spawn(move || self.part(start..cells.min(start + share), progress)))
                .collect();
            // A part that panicked would be a bug here, and is passed on.
            parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        parts.into_iter().reduce(Ways::followed_by).unwrap_or_default()
    }

    fn part(&self, cells: Range<Cell>, progress: &Progress<'_>) -> Ways {
        let mut ways = Ways::default();
        let mut draft = Draft { seen_by: vec![Cell::MAX; self.subgoals.cells().len()], ..Draft::default() };
        for cell in cells {
            self.fill(cell, &mut draft);
            ways.push(&draft.kept);
            if self.subgoals.at(cell).is_some() {
                progress.advance(1);
            }
        }
        ways
    }

    fn grid(&self) -> &Grid {
        &self.terrain.grid
    }

    fn fill(&self, cell: Cell, draft: &mut Draft) {
        draft.kept.clear();
        if let Some(own) = self.subgoals.at(cell) {
            draft.kept.push((own, 0));
        } else if self.grid().is_free(cell) {
            draft.open.clear();
            self.subgoals.for_each_direct(self.grid(), cell, |end| draft.see(self, cell, end));
            self.see_through(cell, draft);
            self.drop_dominated(&mut draft.kept);
        }
    }

    /// Keeps the subgoals where a walk from the cell bends, and puts in the place of the others those that are straight
    /// behind them.
    fn see_through(&self, cell: Cell, draft: &mut Draft) {
        while let Some((number, cost)) = draft.open.pop() {
            if self.bends(number, cell) {
                draft.kept.push((number, cost));
                continue;
            }
            let (behind, costs) = self.ways.of(usize::from(number));
            for (&next, &step) in behind.iter().zip(costs) {
                let end = self.cell_of(next);
                let is_straight = Cost::from(cost + step) == self.grid().cost_at_least(cell, end);
                if is_straight && self.terrain.sheet.is_one_floor(cell, end) {
                    draft.see(self, cell, end);
                }
            }
        }
    }

    fn bends(&self, number: u16, seen_from: Cell) -> bool {
        self.subgoals.bends(self.terrain, self.cell_of(number), seen_from)
    }

    fn cell_of(&self, number: u16) -> Cell {
        self.subgoals.cells()[usize::from(number)]
    }

    /// Drops what is reached just as well through a nearer one of the list.
    fn drop_dominated(&self, list: &mut Vec<(u16, u32)>) {
        list.sort_unstable_by_key(|&(number, cost)| (cost, number));
        let mut kept = 0;
        for index in 0..list.len() {
            let entry = list[index];
            if !list[..kept].iter().any(|&nearer| self.dominates(nearer, entry)) {
                list[kept] = entry;
                kept += 1;
            }
        }
        list.truncate(kept);
    }

    fn dominates(&self, (nearer, nearer_cost): (u16, u32), (number, cost): (u16, u32)) -> bool {
        let rest = cost - nearer_cost;
        // The straight way is known without a look at the table, and mostly too long.
        let (from, to) = (self.cell_of(nearer), self.cell_of(number));
        (!self.terrain.sheet.is_one_floor(from, to)
            || self.grid().cost_at_least(from, to) <= Cost::from(rest))
            && self.table.cost(usize::from(nearer), usize::from(number)) <= rest
    }
}
