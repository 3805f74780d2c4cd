//! Straight ways: first across corners and then along a row or a column, or the other way round. On an empty floor none is
//! shorter. And straight lines as the crow flies.

use super::super::Connectivity;
use super::grid::{Along, Grid};
use super::sheet::Cell;

/// Whether the straight way between two cells is free: first across the corners and then along, or the other way round.
pub(in crate::pathfinding) fn is_direct(grid: &Grid, a: Cell, b: Cell) -> bool {
    is_bend_free(grid, a, b) || is_bend_free(grid, b, a)
}

/// The diagonal step towards a place, how often it is taken, and how one goes on along a row or a column.
fn bend(grid: &Grid, from: Cell, to: Cell) -> ((i32, i32), u32, Along, u32) {
    let ((x1, y1), (x2, y2)) = (grid.place(from), grid.place(to));
    let (dx, dy) = (x1.abs_diff(x2), y1.abs_diff(y2));
    let step = (if x1 < x2 { 1 } else { -1 }, if y1 < y2 { 1 } else { -1 });
    let along_row = if x1 < x2 { Along::East } else { Along::West };
    let along_column = if y1 < y2 { Along::South } else { Along::North };
    match grid.connectivity() {
        Connectivity::Eight if dx >= dy => (step, dy, along_row, dx - dy),
        Connectivity::Eight => (step, dx, along_column, dy - dx),
        Connectivity::Four => ((0, step.1), dy, along_row, dx),
    }
}

fn is_bend_free(grid: &Grid, from: Cell, to: Cell) -> bool {
    let (step, steps, along, rest) = bend(grid, from, to);
    let mut here = grid.place(from);
    for _ in 0..steps {
        match grid.stepped(here, step) {
            Some(next) => here = next,
            None => return false,
        }
    }
    grid.run(here, along) >= rest
}

/// Goes on from the last cell to one that is in direct reach, or to the other end of a link.
pub(in crate::pathfinding) fn walk(grid: &Grid, cells: &mut Vec<Cell>, to: Cell) {
    let Some(&from) = cells.last() else { return };
    if from == to {
        return;
    }
    let length = cells.len();
    if fill(grid, cells, from, to) {
        return;
    }
    cells.truncate(length);
    cells.push(to);
    if fill(grid, cells, to, from) {
        // Filled from the far end: without the own cell at its end.
        cells.pop();
        cells[length..].reverse();
    } else {
        cells.truncate(length);
        cells.push(to);
    }
}

fn fill(grid: &Grid, cells: &mut Vec<Cell>, from: Cell, to: Cell) -> bool {
    let (step, steps, along, rest) = bend(grid, from, to);
    let mut here = grid.place(from);
    for _ in 0..steps {
        let Some(next) = grid.stepped(here, step) else { return false };
        here = next;
        cells.push(grid.cell(here.0, here.1));
    }
    if grid.run(here, along) < rest {
        return false;
    }
    cells.extend((1..=rest).map(|count| {
        let (x, y) = along.go(here, count);
        grid.cell(x, y)
    }));
    true
}

/// Whether `is_free` holds for every cell that the straight line between the middles of two cells touches, both cells that
/// meet at a corner included (Amanatides and Woo, Eurographics 1987, in integers).
pub(super) fn is_line_free(from: (u32, u32), to: (u32, u32), is_free: impl Fn(u32, u32) -> bool) -> bool {
    let (steps_x, steps_y) = (i64::from(from.0.abs_diff(to.0)), i64::from(from.1.abs_diff(to.1)));
    let sign = |from: u32, to: u32| if from < to { 1 } else { -1 };
    let (sign_x, sign_y) = (sign(from.0, to.0), sign(from.1, to.1));
    let (mut x, mut y) = from;
    // Which border comes next: (done + 1/2) / steps of one axis against the other, without fractions.
    let (mut to_x, mut to_y) = (steps_y, steps_x);
    while (x, y) != to {
        let (next_x, next_y) = (x.wrapping_add_signed(sign_x), y.wrapping_add_signed(sign_y));
        if to_x == to_y && !(is_free(next_x, y) && is_free(x, next_y)) {
            return false;
        }
        let (crosses_x, crosses_y) = (to_x <= to_y, to_y <= to_x);
        if crosses_x {
            x = next_x;
            to_x += 2 * steps_y;
        }
        if crosses_y {
            y = next_y;
            to_y += 2 * steps_x;
        }
        if !is_free(x, y) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_line_touches_the_cells_on_its_way() {
        let touched = |from, to| {
            let cells = RefCell::new(Vec::new());
            let note = |x, y| {
                cells.borrow_mut().push((x, y));
                true
            };
            assert!(is_line_free(from, to, note));
            cells.into_inner()
        };
        assert_eq!(touched((1, 1), (1, 1)), []);
        assert_eq!(touched((0, 0), (2, 0)), [(1, 0), (2, 0)]);
        assert_eq!(touched((0, 2), (0, 0)), [(0, 1), (0, 0)]);
        assert_eq!(touched((1, 1), (0, 0)), [(0, 1), (1, 0), (0, 0)]);
        assert_eq!(touched((0, 0), (1, 2)), [(0, 1), (1, 1), (1, 2)]);
    }
}
