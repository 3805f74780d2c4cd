//! Lengths of shortest walks from several places to several others.

use super::ground::cost::{self, Cost, UNREACHABLE};

/// Lengths of shortest walks in metres, a row for each start and a column for each goal; infinite where none leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    columns: usize,
    lengths_m: Vec<f64>,
}

impl Matrix {
    pub(super) fn of(costs: &[Cost], columns: usize, resolution_m: f64) -> Self {
        let length_m =
            |&cost: &Cost| if cost >= UNREACHABLE { f64::INFINITY } else { cost::sides(cost) * resolution_m };
        Self { columns, lengths_m: costs.iter().map(length_m).collect() }
    }

    /// The lengths from one start to all goals.
    ///
    /// # Panics
    /// There is no such start.
    #[must_use]
    pub fn row(&self, start: usize) -> &[f64] {
        &self.lengths_m[start * self.columns..(start + 1) * self.columns]
    }

    /// All lengths, row after row, to keep.
    #[must_use]
    pub fn into_lengths_m(self) -> Vec<f64> {
        self.lengths_m
    }

    /// All lengths, row after row.
    #[must_use]
    pub fn lengths_m(&self) -> &[f64] {
        &self.lengths_m
    }
}
