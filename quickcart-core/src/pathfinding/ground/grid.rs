//! Which cells of the sheet are free, as bits along the rows and along the columns, so that a run of free cells is found a
//! word at a time (Harabor and Grastien, Improving Jump Point Search, ICAPS 2014).

use super::super::Connectivity;
use super::cost::{Cost, DIAGONAL, STRAIGHT, manhattan, octile};
use super::sheet::{Cell, Sheet};

/// Free and blocked cells; the border is blocked.
#[derive(Clone, Debug)]
pub(in crate::pathfinding) struct Grid {
    shift: u32,
    height: u32,
    connectivity: Connectivity,
    rows: Bits,
    columns: Bits,
}

/// Lines of bits, each a whole number of words.
#[derive(Clone, Debug)]
struct Bits {
    words_per_line: usize,
    words: Vec<u64>,
}

/// A direction along a row or a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pathfinding) enum Along {
    East,
    West,
    South,
    North,
}

impl Along {
    /// The place that is so many cells further.
    pub(in crate::pathfinding) fn go(self, (x, y): (u32, u32), cells: u32) -> (u32, u32) {
        match self {
            Self::East => (x + cells, y),
            Self::West => (x - cells, y),
            Self::South => (x, y + cells),
            Self::North => (x, y - cells),
        }
    }
}

impl Grid {
    /// All blocked.
    pub(in crate::pathfinding) fn blocked(sheet: &Sheet, connectivity: Connectivity) -> Self {
        let (width, height) = (1_usize << sheet.shift(), sheet.height() as usize);
        Self {
            shift: sheet.shift(),
            height: sheet.height(),
            connectivity,
            rows: Bits::new(height, width),
            columns: Bits::new(width, height),
        }
    }

    pub(in crate::pathfinding) fn set_free(&mut self, cell: Cell, is_free: bool) {
        let (x, y) = self.place(cell);
        self.rows.set(y, x, is_free);
        self.columns.set(x, y, is_free);
    }

    pub(in crate::pathfinding) fn connectivity(&self) -> Connectivity {
        self.connectivity
    }

    /// How many cells there are, the border included.
    pub(in crate::pathfinding) fn len(&self) -> usize {
        (self.height as usize) << self.shift
    }

    pub(in crate::pathfinding) fn place(&self, cell: Cell) -> (u32, u32) {
        (cell & ((1 << self.shift) - 1), cell >> self.shift)
    }

    pub(in crate::pathfinding) fn cell(&self, x: u32, y: u32) -> Cell {
        y << self.shift | x
    }

    /// How much further the cell below has its number.
    pub(in crate::pathfinding) fn stride(&self) -> u32 {
        1 << self.shift
    }

    pub(in crate::pathfinding) fn is_free(&self, cell: Cell) -> bool {
        // Rows are whole words, so a cell's number is that of its bit.
        self.rows.words[cell as usize / 64] >> (cell % 64) & 1 != 0
    }

    /// One bit a cell, row after row.
    pub(in crate::pathfinding) fn row_words(&self) -> &[u64] {
        &self.rows.words
    }

    pub(in crate::pathfinding) fn free_cells(&self) -> impl Iterator<Item = Cell> {
        self.rows.words.iter().enumerate().flat_map(|(index, &word)| {
            let bits = std::iter::successors(Some(word), |&word| Some(word & word.wrapping_sub(1)));
            bits.take_while(|&word| word != 0).map(move |word| index as Cell * 64 + word.trailing_zeros())
        })
    }

    /// How many free cells follow on a cell.
    pub(in crate::pathfinding) fn run(&self, (x, y): (u32, u32), along: Along) -> u32 {
        match along {
            Along::East => ones_after(self.rows.line(y), x),
            Along::West => ones_before(self.rows.line(y), x),
            Along::South => ones_after(self.columns.line(x), y),
            Along::North => ones_before(self.columns.line(x), y),
        }
    }

    /// The place that a step reaches, unless it is blocked or the step cuts a corner.
    pub(in crate::pathfinding) fn stepped(
        &self,
        (x, y): (u32, u32),
        (dx, dy): (i32, i32),
    ) -> Option<(u32, u32)> {
        let next = (x.wrapping_add_signed(dx), y.wrapping_add_signed(dy));
        let is_free = |x, y| self.is_free(self.cell(x, y));
        (is_free(next.0, next.1) && is_free(next.0, y) && is_free(x, next.1)).then_some(next)
    }

    /// Calls `visit` with every cell that one step reaches and the step's cost.
    pub(in crate::pathfinding) fn for_each_step(&self, cell: Cell, mut visit: impl FnMut(Cell, Cost)) {
        let stride = self.stride();
        let (east, west, south, north) = (cell + 1, cell - 1, cell + stride, cell - stride);
        let free = [east, south, west, north].map(|next| self.is_free(next));
        for (next, is_free) in [east, south, west, north].into_iter().zip(free) {
            if is_free {
                visit(next, STRAIGHT);
            }
        }
        if self.connectivity == Connectivity::Four {
            return;
        }
        let corners = [(south + 1, 0, 1), (south - 1, 2, 1), (north - 1, 2, 3), (north + 1, 0, 3)];
        for (next, beside, above) in corners {
            if free[beside] && free[above] && self.is_free(next) {
                visit(next, DIAGONAL);
            }
        }
    }

    /// A cost that no walk between two cells of one floor undercuts.
    pub(in crate::pathfinding) fn cost_at_least(&self, from: Cell, to: Cell) -> Cost {
        let ((x1, y1), (x2, y2)) = (self.place(from), self.place(to));
        let (dx, dy) = (x1.abs_diff(x2), y1.abs_diff(y2));
        match self.connectivity {
            Connectivity::Eight => octile(dx, dy),
            Connectivity::Four => manhattan(dx, dy),
        }
    }
}

impl Bits {
    fn new(lines: usize, length: usize) -> Self {
        let words_per_line = length.div_ceil(64);
        Self { words_per_line, words: vec![0; lines * words_per_line] }
    }

    fn line(&self, line: u32) -> &[u64] {
        let start = line as usize * self.words_per_line;
        &self.words[start..start + self.words_per_line]
    }

    fn set(&mut self, line: u32, index: u32, value: bool) {
        let word = &mut self.words[line as usize * self.words_per_line + index as usize / 64];
        let bit = 1 << (index % 64);
        *word = if value { *word | bit } else { *word & !bit };
    }
}

/// How many ones follow on a bit.
fn ones_after(line: &[u64], index: u32) -> u32 {
    let next = index + 1;
    let (mut word, bit) = (next as usize / 64, next % 64);
    let zeros = |word: usize| line.get(word).map_or(!0, |word| !word);
    let first = zeros(word) >> bit;
    if first != 0 {
        return first.trailing_zeros();
    }
    let mut count = 64 - bit;
    loop {
        word += 1;
        match zeros(word) {
            0 => count += 64,
            zeros => return count + zeros.trailing_zeros(),
        }
    }
}

/// How many ones go before a bit.
fn ones_before(line: &[u64], index: u32) -> u32 {
    let (mut word, bit) = (index as usize / 64, index % 64);
    // The bits below, moved to the top of the word.
    let first = if bit == 0 { 0 } else { !line[word] << (64 - bit) };
    if first != 0 {
        return first.leading_zeros();
    }
    let mut count = bit;
    while word > 0 {
        word -= 1;
        match !line[word] {
            0 => count += 64,
            zeros => return count + zeros.leading_zeros(),
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cross_words() {
        let mut bits = Bits::new(1, 256);
        (3..200).for_each(|index| bits.set(0, index, true));
        let line = bits.line(0);
        for (index, after, before) in
            [(3, 196, 0), (2, 197, 0), (64, 135, 61), (128, 71, 125), (199, 0, 196), (200, 0, 197)]
        {
            assert_eq!((ones_after(line, index), ones_before(line, index)), (after, before), "{index}");
        }
        assert_eq!(ones_after(&[!0], 5), 58, "the end of the line ends the run");
    }
}
