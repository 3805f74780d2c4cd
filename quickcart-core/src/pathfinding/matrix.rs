//! Lengths of shortest walks from several places to several others.

use super::cost::{self, UNREACHABLE};
use super::search::Search;
use super::sheet::Cell;
use super::terrain::Terrain;

/// Lengths of shortest walks in metres, a row for each start and a column for each goal; infinite where none leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    columns: usize,
    lengths_m: Vec<f64>,
}

impl Matrix {
    pub(super) fn of(terrain: &Terrain, from: &[Cell], to: &[Cell]) -> Self {
        let mut search = Search::default();
        let mut lengths_m = Vec::with_capacity(from.len() * to.len());
        for &start in from {
            let costs = search.dijkstra(terrain, start, to).into_iter();
            let resolution_m = terrain.sheet.resolution_m();
            lengths_m.extend(costs.map(|cost| {
                if cost >= UNREACHABLE { f64::INFINITY } else { cost::sides(cost) * resolution_m }
            }));
        }
        Self { columns: to.len(), lengths_m }
    }

    /// The lengths from one start to all goals.
    ///
    /// # Panics
    /// There is no such start.
    #[must_use]
    pub fn row(&self, start: usize) -> &[f64] {
        &self.lengths_m[start * self.columns..(start + 1) * self.columns]
    }

    /// All lengths, row after row.
    #[must_use]
    pub fn lengths_m(&self) -> &[f64] {
        &self.lengths_m
    }
}
