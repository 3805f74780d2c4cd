//! What was blocked and freed since the index was made.

use std::collections::BTreeSet;

use super::cost::Cost;
use super::detour::Detour;
use super::grid::Grid;
use super::index::Index;
use super::search::Search;
use super::sheet::Cell;
use super::subgoal::is_corner;
use super::terrain::Terrain;

/// Cells that are not as the index knows them.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    blocked: BTreeSet<Cell>,
    freed: BTreeSet<Cell>,
    /// The free cells of now that are no subgoals; nothing before the first change.
    plain: Option<Grid>,
}

impl Changes {
    pub(super) fn are_none(&self) -> bool {
        self.blocked.is_empty() && self.freed.is_empty()
    }

    /// Takes note of cells that are free or blocked now and were not before.
    pub(super) fn note(&mut self, index: &Index, terrain: &Terrain, changed: &[Cell]) {
        let grid = &terrain.grid;
        for &cell in changed {
            let (now, known) = (grid.is_free(cell), index.terrain.grid.is_free(cell));
            self.blocked.remove(&cell);
            self.freed.remove(&cell);
            if now != known {
                let _ = if now { self.freed.insert(cell) } else { self.blocked.insert(cell) };
            }
        }
        let plain = self.plain.get_or_insert_with(|| index.subgoals.plain().clone());
        let stride = grid.stride();
        for &cell in changed {
            for row in [cell - stride, cell, cell + stride] {
                for near in row - 1..=row + 1 {
                    plain.set_free(near, is_plain(terrain, near));
                }
            }
        }
    }

    /// Whether the walk that the index knows is still the shortest: nothing was freed, and nothing on it is blocked.
    pub(super) fn spare(&self, index: &Index, from: Cell, to: Cell) -> bool {
        if !self.freed.is_empty() {
            return false;
        }
        let mut cells = Vec::new();
        index.route(from, to, &mut cells);
        let stride = index.terrain.grid.stride();
        let is_blocked = |cell: Cell| self.blocked.contains(&cell);
        // A step across a corner needs both cells beside it.
        let is_cut = |pair: &[Cell]| {
            let (x, y) = (pair[0] % stride, pair[1] % stride);
            is_blocked(pair[0] - x + y) || is_blocked(pair[1] - y + x)
        };
        !cells.iter().any(|&cell| is_blocked(cell)) && !cells.windows(2).any(is_cut)
    }

    /// Searches a walk from `from` to `to`; the search knows its bends.
    pub(super) fn detour(
        &self,
        index: &Index,
        terrain: &Terrain,
        search: &mut Search,
        from: Cell,
        to: Cell,
    ) -> Option<Cost> {
        let plain = self.plain.as_ref().unwrap_or_else(|| index.subgoals.plain());
        let index = self.freed.is_empty().then_some(index);
        Detour { terrain, plain, index }.find(search, from, to)
    }
}

fn is_plain(terrain: &Terrain, cell: Cell) -> bool {
    terrain.grid.is_free(cell) && !is_corner(&terrain.grid, cell) && terrain.links_from(cell).is_empty()
}
