//! Which technique answers: the index where there is one, a detour where something changed since it was made, and a search
//! over the cells where a map is of another kind.

use std::sync::{Arc, Mutex, PoisonError};

use super::changes::Changes;
use super::cost::{Cost, UNREACHABLE};
use super::index::Index;
use super::progress::Progress;
use super::search::Search;
use super::sheet::Cell;
use super::straight::walk;
use super::terrain::Terrain;

/// How a map finds walks. All techniques answer the same lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Technique {
    /// [`Table`](Self::Table) where the map allows it and it fits into memory, else [`Search`](Self::Search).
    #[default]
    Auto,
    /// The walks between all pairs of subgoals are found beforehand. For maps whose cells all cost the same and whose ways
    /// lead both ways; memory grows with the square of the subgoals, which are the corners of walls and shelves.
    Table,
    /// A* over the cells, without preparation.
    Search,
}

/// Cells in, costs and cells out.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    terrain: Terrain,
    index: Option<Arc<Index>>,
    changes: Changes,
    searches: Searches,
}

/// Searches that were used before, so that nothing is allocated for the next one.
#[derive(Debug, Default)]
struct Searches(Mutex<Vec<Search>>);

/// Each map has its own: they are as large as its sheet.
impl Clone for Searches {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Searches {
    fn with<T>(&self, run: impl FnOnce(&mut Search) -> T) -> T {
        let free = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut search = free().pop().unwrap_or_default();
        let answer = run(&mut search);
        free().push(search);
        answer
    }
}

impl Engine {
    pub(super) fn searching(terrain: Terrain) -> Self {
        let (changes, searches) = (Changes::default(), Searches::default());
        Self { terrain, index: None, changes, searches }
    }

    /// The same, with an index if the map allows one within `bytes_max`.
    pub(super) fn indexed(self, bytes_max: usize, progress: &Progress<'_>) -> Self {
        let index =
            self.terrain.is_uniform().then(|| Index::of(&self.terrain, bytes_max, progress)).flatten();
        self.with_index(index)
    }

    pub(super) fn with_index(self, index: Option<Index>) -> Self {
        Self { index: index.map(Arc::new), changes: Changes::default(), ..self }
    }

    pub(super) fn terrain(&self) -> &Terrain {
        &self.terrain
    }

    pub(super) fn index(&self) -> Option<&Index> {
        self.index.as_deref()
    }

    /// Whether the index knows the map as it is.
    pub(super) fn is_current(&self) -> bool {
        self.index.is_none() || self.changes.are_none()
    }

    /// Blocks or frees cells; answers how many that changed.
    pub(super) fn change(&mut self, cells: impl Iterator<Item = Cell>, is_free: bool) -> usize {
        let changed: Vec<Cell> = cells.filter(|&cell| self.terrain.grid.is_free(cell) != is_free).collect();
        for &cell in &changed {
            self.terrain.grid.set_free(cell, is_free);
        }
        if let Some(index) = &self.index {
            self.changes.note(index, &self.terrain, &changed);
        }
        changed.len()
    }

    /// The cost of the shortest walk between two cells; [`UNREACHABLE`] where there is none.
    pub(super) fn distance(&self, from: Cell, to: Cell) -> Cost {
        match &self.index {
            Some(index) if self.changes.are_none() => index.distance(from, to),
            Some(index) if self.changes.spare(index, from, to) => index.distance(from, to),
            Some(index) => self.detour(index, from, to, |_| ()),
            None => {
                self.searches.with(|search| search.a_star(&self.terrain, from, to)).unwrap_or(UNREACHABLE)
            }
        }
    }

    /// Fills `cells` with the shortest walk, both ends included, and answers its cost; [`UNREACHABLE`] and no cells where
    /// there is none.
    pub(super) fn route(&self, from: Cell, to: Cell, cells: &mut Vec<Cell>) -> Cost {
        match &self.index {
            Some(index) if self.changes.are_none() || self.changes.spare(index, from, to) => {
                index.route(from, to, cells)
            }
            Some(index) => {
                cells.clear();
                self.detour(index, from, to, |search| {
                    let mut bends: Vec<Cell> = search.back_from(to).collect();
                    cells.extend(bends.pop());
                    bends.iter().rev().for_each(|&bend| walk(&self.terrain.grid, cells, bend));
                })
            }
            None => {
                cells.clear();
                self.searches.with(|search| {
                    let cost = search.a_star(&self.terrain, from, to)?;
                    cells.extend(search.back_from(to));
                    cells.reverse();
                    Some(cost)
                })
            }
            .unwrap_or(UNREACHABLE),
        }
    }

    fn detour(&self, index: &Index, from: Cell, to: Cell, found: impl FnOnce(&Search)) -> Cost {
        self.searches.with(|search| {
            let cost = self.changes.detour(index, &self.terrain, search, from, to);
            if cost.is_some() {
                found(search);
            }
            cost.unwrap_or(UNREACHABLE)
        })
    }

    /// The costs from each of some cells to each of others, row after row.
    pub(super) fn matrix(&self, from: &[Cell], to: &[Cell]) -> Vec<Cost> {
        match &self.index {
            Some(index) if self.changes.are_none() => index.matrix(from, to),
            Some(_) => {
                from.iter().flat_map(|&from| to.iter().map(move |&to| self.distance(from, to))).collect()
            }
            None => self.searches.with(|search| {
                from.iter().flat_map(|&from| search.dijkstra(&self.terrain, from, to)).collect()
            }),
        }
    }
}
