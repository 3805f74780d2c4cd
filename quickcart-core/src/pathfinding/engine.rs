//! Which technique answers: the table where there is one and the map is as it knows it, else a search over the subgoals,
//! and one over the cells where a map has none.

use std::sync::{Arc, Mutex, PoisonError};

use super::ground::cost::{Cost, UNREACHABLE};
use super::ground::grid::Grid;
use super::ground::sheet::Cell;
use super::ground::straight::walk;
use super::ground::subgoal;
use super::ground::terrain::Terrain;
use super::index::Index;
use super::index::changes::Changes;
use super::index::progress::Progress;
use super::search::cells::Search;
use super::search::subgoals::SubgoalSearch;
use super::technique::Technique;

/// Cells in, costs and cells out.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    terrain: Terrain,
    /// The free cells that are no subgoals; nothing where walks bend elsewhere, too.
    plain: Option<Grid>,
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
    /// Without preparation: the technique is [`Technique::Subgoals`] or [`Technique::Search`].
    pub(super) fn searching(terrain: Terrain, technique: Technique) -> Self {
        let uses_subgoals = technique != Technique::Search && terrain.is_uniform();
        let plain = uses_subgoals.then(|| subgoal::plain_cells(&terrain));
        Self { terrain, plain, index: None, changes: Changes::default(), searches: Searches::default() }
    }

    /// The same, with an index if the map allows one within `bytes_max`.
    pub(super) fn indexed(self, bytes_max: usize, progress: &Progress<'_>) -> Self {
        let index = self.plain.is_some().then(|| Index::of(&self.terrain, bytes_max, progress)).flatten();
        self.with_index(index)
    }

    pub(super) fn with_index(self, index: Option<Index>) -> Self {
        Self { index: index.map(Arc::new), changes: Changes::default(), ..self }
    }

    pub(super) fn technique(&self) -> Technique {
        match (&self.index, &self.plain) {
            (Some(_), _) => Technique::Table,
            (None, Some(_)) => Technique::Subgoals,
            (None, None) => Technique::Search,
        }
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
    pub(super) fn change(&mut self, cells: &[Cell], is_free: impl Fn(Cell) -> bool) -> usize {
        let changes = |cell: &Cell| self.terrain.grid.is_free(*cell) != is_free(*cell);
        let changed: Vec<Cell> = cells.iter().copied().filter(changes).collect();
        for &cell in &changed {
            self.terrain.grid.set_free(cell, is_free(cell));
        }
        if let Some(plain) = &mut self.plain {
            subgoal::update_plain_cells(plain, &self.terrain, &changed);
        }
        if let Some(index) = &self.index {
            self.changes.note(&index.terrain.grid, &self.terrain.grid, &changed);
        }
        changed.len()
    }

    /// The cost of the shortest walk between two cells; [`UNREACHABLE`] where there is none.
    pub(super) fn distance(&self, from: Cell, to: Cell) -> Cost {
        match &self.index {
            Some(index) if self.changes.are_none() => index.distance(from, to),
            _ => self.searches.with(|search| self.found(search, from, to)),
        }
    }

    /// Calls `take` with the cells of the shortest walk, both ends included, and its cost; [`UNREACHABLE`] and no cells where
    /// there is none.
    pub(super) fn with_route<T>(&self, from: Cell, to: Cell, take: impl FnOnce(&[Cell], Cost) -> T) -> T {
        self.searches.with(|search| {
            let cost = match &self.index {
                Some(index) if self.changes.are_none() => index.bends(from, to, &mut search.bends),
                _ => self.found(search, from, to),
            };
            search.cells.clear();
            if cost < UNREACHABLE {
                search.cells.push(from);
                let bends = search.bends.iter().copied().chain([to]);
                if self.plain.is_some() {
                    bends.for_each(|bend| self.go_on(&mut search.cells, bend));
                } else {
                    search.cells.extend(bends.filter(|&cell| cell != from));
                }
            }
            take(&search.cells, cost)
        })
    }

    /// Walks or rides on to the next bend.
    fn go_on(&self, cells: &mut Vec<Cell>, bend: Cell) {
        let rides = cells.last().is_some_and(|&from| self.terrain.rides(from, bend));
        if rides { cells.push(bend) } else { walk(&self.terrain.grid, cells, bend) }
    }

    /// The cost of the shortest walk on a map that was changed, or has no index; `search.bends` is where it bends, or all
    /// its cells, in either case without its ends.
    fn found(&self, search: &mut Search, from: Cell, to: Cell) -> Cost {
        if let Some(index) = &self.index
            && self.changes.spare(index, from, to, &mut search.bends)
        {
            return index.bends(from, to, &mut search.bends);
        }
        let cost = self.search(search, from, to).unwrap_or(UNREACHABLE);
        if cost < UNREACHABLE {
            search.collect_bends(from, to);
        }
        cost
    }

    /// Searches a walk; the search knows its cells, or where it bends.
    fn search(&self, search: &mut Search, from: Cell, to: Cell) -> Option<Cost> {
        let Some(plain) = &self.plain else { return search.a_star(&self.terrain, from, to) };
        // What was freed may have made walks shorter than the index says.
        let index = self.index.as_deref().filter(|_| self.changes.only_block());
        SubgoalSearch { terrain: &self.terrain, plain, index }.run(search, from, to)
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
