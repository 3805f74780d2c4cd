//! A walk as points in metres.

use super::Point;
use super::cost::{self, Cost};
use super::sheet::Cell;
use super::terrain::Terrain;

/// A shortest walk.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The middle of every cell on the way, from the start to the goal.
    pub points: Vec<Point>,
    /// The points where one turns or rides, with the start and the goal: enough to draw the walk.
    pub corners: Vec<Point>,
    /// The length in metres from cell to cell; a ride counts as its lift says.
    pub length_m: f64,
}

impl Route {
    pub(super) fn of(terrain: &Terrain, cells: &[Cell], cost: Cost) -> Self {
        let points = cells.iter().map(|&cell| terrain.sheet.point_of(cell)).collect();
        let length_m = cost::sides(cost) * terrain.sheet.resolution_m();
        Self { points, corners: corners(terrain, cells), length_m }
    }
}

/// Drops every cell that one can walk past in a straight line.
fn corners(terrain: &Terrain, cells: &[Cell]) -> Vec<Point> {
    let Some((&first, rest)) = cells.split_first() else { return Vec::new() };
    let (mut kept, mut from, mut previous) = (vec![first], first, first);
    for &next in turns(rest, first) {
        if from != previous && !terrain.in_sight(from, next) {
            kept.push(previous);
            from = previous;
        }
        previous = next;
    }
    if previous != first {
        kept.push(previous);
    }
    kept.into_iter().map(|cell| terrain.sheet.point_of(cell)).collect()
}

/// The cells where the way changes its direction, and the last one.
fn turns(cells: &[Cell], first: Cell) -> impl Iterator<Item = &Cell> {
    let step = |a: Cell, b: Cell| b.wrapping_sub(a);
    let mut before = first;
    cells.iter().enumerate().filter_map(move |(index, cell)| {
        let way = step(before, *cell);
        before = *cell;
        let is_turn = cells.get(index + 1).is_none_or(|&next| step(*cell, next) != way);
        is_turn.then_some(cell)
    })
}

/// Every cell that the straight line between the middles of two cells touches, both cells that meet at a corner
/// included (Amanatides and Woo, Eurographics 1987, in integers).
pub(super) fn touched(from: (u32, u32), to: (u32, u32)) -> impl Iterator<Item = (u32, u32)> {
    let (dx, dy) = (i64::from(to.0) - i64::from(from.0), i64::from(to.1) - i64::from(from.1));
    let (steps_x, steps_y) = (dx.abs(), dy.abs());
    let (sign_x, sign_y) = (dx.signum(), dy.signum());
    let (mut x, mut y) = (i64::from(from.0), i64::from(from.1));
    let (mut done_x, mut done_y) = (0, 0);
    let mut cells = vec![from];
    let cell = |x: i64, y: i64| (u32::try_from(x).unwrap_or(0), u32::try_from(y).unwrap_or(0));
    while done_x < steps_x || done_y < steps_y {
        // Which border comes next: (done + 1/2) / steps of one axis against the other, without fractions.
        let (to_x, to_y) = ((1 + 2 * done_x) * steps_y, (1 + 2 * done_y) * steps_x);
        if to_x == to_y {
            cells.extend([cell(x + sign_x, y), cell(x, y + sign_y)]);
        }
        if to_x <= to_y {
            x += sign_x;
            done_x += 1;
        }
        if to_y <= to_x {
            y += sign_y;
            done_y += 1;
        }
        cells.push(cell(x, y));
    }
    cells.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_touches_the_cells_on_its_way() {
        let cells = |from, to| touched(from, to).collect::<Vec<_>>();
        assert_eq!(cells((1, 1), (1, 1)), [(1, 1)]);
        assert_eq!(cells((0, 0), (2, 0)), [(0, 0), (1, 0), (2, 0)]);
        assert_eq!(cells((1, 1), (0, 0)), [(1, 1), (0, 1), (1, 0), (0, 0)]);
        assert_eq!(cells((0, 0), (1, 2)), [(0, 0), (0, 1), (1, 1), (1, 2)]);
    }
}
