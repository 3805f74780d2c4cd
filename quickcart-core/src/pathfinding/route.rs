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
