//! Weights that a file lists itself, in any of its shapes.

use crate::Result;

/// Which part of the square a file lists, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Full,
    /// Of each row what is right of the diagonal, with it or without.
    Upper {
        diagonal: bool,
    },
    /// Of each row what is left of the diagonal, with it or without.
    Lower {
        diagonal: bool,
    },
}

impl Format {
    /// The columns of one half are the rows of the other, because the square is symmetric.
    pub(super) fn named(name: &str) -> Result<Self> {
        match name {
            "FULL_MATRIX" => Ok(Self::Full),
            "UPPER_ROW" | "LOWER_COL" => Ok(Self::Upper { diagonal: false }),
            "LOWER_ROW" | "UPPER_COL" => Ok(Self::Lower { diagonal: false }),
            "UPPER_DIAG_ROW" | "LOWER_DIAG_COL" => Ok(Self::Upper { diagonal: true }),
            "LOWER_DIAG_ROW" | "UPPER_DIAG_COL" => Ok(Self::Lower { diagonal: true }),
            _ => Err(format!("EDGE_WEIGHT_FORMAT {name} is not supported").into()),
        }
    }

    /// All weights, row after row, and 0 from each place to itself, whatever the file says there.
    pub(super) fn square(self, weights: &[f64], n: usize) -> Result<Vec<f64>> {
        let cells: Vec<(usize, usize)> =
            (0..n).flat_map(|row| self.columns(row, n).map(move |column| (row, column))).collect();
        if cells.len() != weights.len() {
            return Err(format!("there are {} weights instead of {}", weights.len(), cells.len()).into());
        }
        let mut square = vec![0.0; n * n];
        for ((row, column), &weight) in
            cells.into_iter().zip(weights).filter(|((row, column), _)| row != column)
        {
            square[row * n + column] = weight;
            if self != Self::Full {
                square[column * n + row] = weight;
            }
        }
        Ok(square)
    }

    fn columns(self, row: usize, n: usize) -> std::ops::Range<usize> {
        match self {
            Self::Full => 0..n,
            Self::Upper { diagonal } => row + usize::from(!diagonal)..n,
            Self::Lower { diagonal } => 0..row + usize::from(diagonal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shapes_tell_the_same() {
        let square = [0.0, 1.0, 2.0, 1.0, 0.0, 3.0, 2.0, 3.0, 0.0];
        let read = |name: &str, weights: &[f64]| Format::named(name).unwrap().square(weights, 3).unwrap();
        assert_eq!(read("FULL_MATRIX", &[9.0, 1.0, 2.0, 1.0, 9.0, 3.0, 2.0, 3.0, 9.0]), square);
        for name in ["UPPER_ROW", "LOWER_COL", "LOWER_ROW", "UPPER_COL"] {
            assert_eq!(read(name, &[1.0, 2.0, 3.0]), square, "{name}");
        }
        for name in ["UPPER_DIAG_ROW", "LOWER_DIAG_COL"] {
            assert_eq!(read(name, &[0.0, 1.0, 2.0, 0.0, 3.0, 0.0]), square, "{name}");
        }
        for name in ["LOWER_DIAG_ROW", "UPPER_DIAG_COL"] {
            assert_eq!(read(name, &[0.0, 1.0, 0.0, 2.0, 3.0, 0.0]), square, "{name}");
        }
    }

    #[test]
    fn weights_must_be_all_there() {
        assert!(Format::Full.square(&[0.0; 8], 3).is_err());
        assert!(Format::named("FUNCTION").is_err());
    }
}
