//! What was blocked and freed since the index was made.

use std::collections::BTreeSet;

use super::super::ground::cost::Cost;
use super::super::ground::grid::Grid;
use super::super::ground::sheet::Cell;
use super::Index;

/// Cells that are not as the index knows them.
#[derive(Clone, Debug, Default)]
pub(in crate::pathfinding) struct Changes {
    blocked: BTreeSet<Cell>,
    freed: BTreeSet<Cell>,
    /// Around all that is blocked.
    area: Option<Area>,
}

impl Changes {
    pub(in crate::pathfinding) fn are_none(&self) -> bool {
        self.blocked.is_empty() && self.freed.is_empty()
    }

    /// Whether no walk became shorter.
    pub(in crate::pathfinding) fn only_block(&self) -> bool {
        self.freed.is_empty()
    }

    /// Takes note of cells that changed, by what the index knows and what is now.
    pub(in crate::pathfinding) fn note(&mut self, known: &Grid, now: &Grid, changed: &[Cell]) {
        for &cell in changed {
            self.blocked.remove(&cell);
            self.freed.remove(&cell);
            if now.is_free(cell) != known.is_free(cell) {
                let changes = if now.is_free(cell) { &mut self.freed } else { &mut self.blocked };
                changes.insert(cell);
            }
        }
        self.area = Area::around(now, &self.blocked);
    }

    /// Whether the walk that the index knows is still the shortest: nothing was freed, and it meets nothing that is blocked.
    /// `bends` is scratch.
    pub(in crate::pathfinding) fn spare(
        &self,
        index: &Index,
        from: Cell,
        to: Cell,
        bends: &mut Vec<Cell>,
    ) -> bool {
        let (Some(area), true) = (self.area, self.only_block()) else { return false };
        let grid = &index.terrain.grid;
        let is_one_floor = index.terrain.sheet.is_one_floor(from, to) && !index.terrain.has_links();
        if is_one_floor
            && area.cost_at_least(grid, from) + area.cost_at_least(grid, to) > index.distance(from, to)
        {
            return true;
        }
        index.bends(from, to, bends);
        bends.push(to);
        let mut here = from;
        bends.iter().all(|&bend| !area.meets(grid, std::mem::replace(&mut here, bend), bend))
    }
}

/// A rectangle of cells, edges included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    x: (u32, u32),
    y: (u32, u32),
}

impl Area {
    fn around(grid: &Grid, cells: &BTreeSet<Cell>) -> Option<Self> {
        let places = || cells.iter().map(|&cell| grid.place(cell));
        let (x, y) = (|| places().map(|(x, _)| x), || places().map(|(_, y)| y));
        Some(Self { x: (x().min()?, x().max()?), y: (y().min()?, y().max()?) })
    }

    /// What a walk from a cell costs at least until it is in the area or beside it, where it may cut a corner.
    fn cost_at_least(self, grid: &Grid, from: Cell) -> Cost {
        let (x, y) = grid.place(from);
        let near = |at: u32, (low, high): (u32, u32)| at.clamp(low - 1, high + 1);
        grid.cost_at_least(from, grid.cell(near(x, self.x), near(y, self.y)))
    }

    /// Whether a straight way between two cells, or a cell beside it, may be in the area.
    fn meets(self, grid: &Grid, a: Cell, b: Cell) -> bool {
        let ((ax, ay), (bx, by)) = (grid.place(a), grid.place(b));
        let overlap = |a: u32, b: u32, (low, high): (u32, u32)| a.min(b) <= high && low <= a.max(b);
        overlap(ax, bx, self.x) && overlap(ay, by, self.y)
    }
}
