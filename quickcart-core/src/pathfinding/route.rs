//! A walk as points in metres.

use super::Point;
use super::ground::cost::{self, Cost};
use super::ground::sheet::Cell;
use super::ground::terrain::Terrain;

/// A shortest walk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// The middle of every cell on the way, from the start to the goal.
    pub points: Vec<Point>,
    /// The points where one turns or rides, with the start and the goal: enough to draw the walk.
    pub corners: Vec<Point>,
    /// The length in metres from cell to cell; a ride counts as its lift or passage says, and a step as its
    /// zones say.
    pub length_m: f64,
}

impl Route {
    /// Becomes the walk past `cells`, in the memory that it has.
    pub(super) fn fill(&mut self, terrain: &Terrain, cells: &[Cell], cost: Cost) {
        self.points.clear();
        self.points.extend(cells.iter().map(|&cell| terrain.sheet.point_of(cell)));
        self.corners.clear();
        for_each_corner(terrain, cells, |cell| self.corners.push(terrain.sheet.point_of(cell)));
        self.length_m = cost::sides(cost) * terrain.sheet.resolution_m();
    }
}

/// Leaves out every cell that one can walk past in a straight line.
fn for_each_corner(terrain: &Terrain, cells: &[Cell], mut keep: impl FnMut(Cell)) {
    let Some((&first, rest)) = cells.split_first() else { return };
    keep(first);
    let (mut from, mut previous, mut has_ridden) = (first, first, false);
    for next in turns(terrain, rest, first) {
        let rides = terrain.is_ride(previous, next);
        if from != previous && (has_ridden || rides || !terrain.in_sight(from, next)) {
            keep(previous);
            from = previous;
        }
        (previous, has_ridden) = (next, rides);
    }
    if previous != first {
        keep(previous);
    }
}

/// The cells where the way changes its direction or rides begin and end, and the last one.
fn turns(terrain: &Terrain, cells: &[Cell], first: Cell) -> impl Iterator<Item = Cell> {
    let mut before = first;
    cells.iter().enumerate().filter_map(move |(index, &cell)| {
        let from = std::mem::replace(&mut before, cell);
        let is_turn = cells.get(index + 1).is_none_or(|&next| {
            next.wrapping_sub(cell) != cell.wrapping_sub(from)
                || terrain.is_ride(from, cell)
                || terrain.is_ride(cell, next)
        });
        is_turn.then_some(cell)
    })
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
