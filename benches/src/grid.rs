//! A map of cells as the benches see it, read apart from QuickCart so that it can judge.

use crate::Result;

/// A column and a row.
pub type Cell = (usize, usize);

/// In how many directions one moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// Along rows and columns.
    Four,
    /// Diagonally too, where both cells beside the step are free.
    Eight,
}

/// Which cells are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Cells from left to right.
    pub columns: usize,
    /// Cells from top to bottom.
    pub rows: usize,
    free: Vec<bool>,
}

impl Grid {
    /// A grid of `columns` by `rows`, where `is_free` says so.
    pub fn new(columns: usize, rows: usize, is_free: impl Fn(Cell) -> bool) -> Self {
        let free = (0..rows * columns).map(|index| is_free((index % columns, index / columns))).collect();
        Self { columns, rows, free }
    }

    /// Reads a MovingAI map: `.`, `G` and `S` are free, all other letters are not.
    ///
    /// # Errors
    /// When there is no head, or the rows are not as it says.
    pub fn parse(text: &str) -> Result<Self> {
        let (head, body) = text.split_once("map\n").or_else(|| text.split_once("map\r\n")).ok_or(
            "this is no MovingAI map: it needs the lines \"type octile\", \"height ..\", \"width ..\" and \"map\"",
        )?;
        let number = |name: &str| -> Result<usize> {
            let value = head.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            Ok(value.ok_or_else(|| format!("the map's head needs a line \"{name} <number>\""))?)
        };
        let (columns, rows) = (number("width")?, number("height")?);
        let lines: Vec<&[u8]> =
            body.lines().map(|line| line.trim_end().as_bytes()).filter(|line| !line.is_empty()).collect();
        if lines.len() != rows || lines.iter().any(|line| line.len() != columns) {
            return Err(
                format!("the map is not the {rows} rows of {columns} cells that its head says").into()
            );
        }
        Ok(Self::new(columns, rows, |(column, row)| matches!(lines[row][column], b'.' | b'G' | b'S')))
    }

    /// Whether one can stand there; beyond the border one cannot.
    #[must_use]
    pub fn is_free(&self, (column, row): Cell) -> bool {
        column < self.columns && row < self.rows && self.free[row * self.columns + column]
    }

    /// All free cells, row after row.
    pub fn free_cells(&self) -> impl Iterator<Item = Cell> {
        let cells = (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| (column, row)));
        cells.filter(|&cell| self.is_free(cell))
    }

    /// How many cells are free.
    #[must_use]
    pub fn free_count(&self) -> usize {
        self.free.iter().filter(|free| **free).count()
    }

    /// The cells one step away, and whether the step is diagonal.
    pub fn steps(&self, cell: Cell, moves: Moves) -> impl Iterator<Item = (Cell, bool)> {
        const STRAIGHT: [(isize, isize); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];
        const DIAGONAL: [(isize, isize); 4] = [(1, 1), (-1, 1), (-1, -1), (1, -1)];
        let at = move |dx: isize, dy: isize| (cell.0.wrapping_add_signed(dx), cell.1.wrapping_add_signed(dy));
        let is_free = move |dx, dy| self.is_free(at(dx, dy));
        let straight = STRAIGHT.into_iter().filter(move |&(dx, dy)| is_free(dx, dy));
        let diagonal = DIAGONAL.into_iter().filter(move |&(dx, dy)| {
            moves == Moves::Eight && is_free(dx, dy) && is_free(dx, 0) && is_free(0, dy)
        });
        let to = move |(dx, dy): (isize, isize)| (at(dx, dy), dx != 0 && dy != 0);
        straight.chain(diagonal).map(to)
    }

    /// The length of a walk in sides of a cell, or `None` when one of its steps is none.
    #[must_use]
    pub fn walk_length(&self, walk: &[Cell], moves: Moves) -> Option<f64> {
        if !self.is_free(*walk.first()?) {
            return None;
        }
        walk.windows(2).try_fold(0.0, |length, pair| {
            let (_, is_diagonal) = self.steps(pair[0], moves).find(|(cell, _)| *cell == pair[1])?;
            Some(length + if is_diagonal { std::f64::consts::SQRT_2 } else { 1.0 })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "type octile\nheight 3\nwidth 4\nmap\n....\n.@..\n...T\n";

    #[test]
    fn a_map_is_read_as_it_is_drawn() {
        let grid = Grid::parse(MAP).unwrap();
        assert_eq!((grid.columns, grid.rows, grid.free_count()), (4, 3, 10));
        assert!(
            grid.is_free((0, 0)) && !grid.is_free((1, 1)) && !grid.is_free((3, 2)) && !grid.is_free((4, 0))
        );
        for wrong in
            ["", "....\n", "type octile\nheight 2\nwidth 4\nmap\n....\n", "height x\nwidth 1\nmap\n.\n"]
        {
            assert!(Grid::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_corner_is_cut() {
        let grid = Grid::parse(MAP).unwrap();
        let length = |walk: &[Cell], moves| grid.walk_length(walk, moves);
        assert_eq!(length(&[(2, 0), (3, 1)], Moves::Eight), Some(std::f64::consts::SQRT_2));
        assert_eq!(length(&[(2, 0), (3, 1)], Moves::Four), None);
        assert_eq!(length(&[(1, 0), (0, 1)], Moves::Eight), None, "past the corner of a shelf");
        assert_eq!(length(&[(0, 0), (2, 0)], Moves::Eight), None, "a leap");
        assert_eq!(length(&[(1, 1)], Moves::Eight), None, "inside a shelf");
        assert_eq!(length(&[(0, 0)], Moves::Four), Some(0.0));
    }
}
