//! The store's floor as the crate `pathfinding` likes it, with the rules of `quickcart_core::pathfinding`: eight
//! directions, no corner cut, a lift is an edge.

use ::pathfinding::prelude::astar;
use quickcart_core::pathfinding::{FloorPlan, Point};

/// A floor's index, a column and a row.
pub(crate) type Cell = (usize, usize, usize);

/// The crate wants costs that are totally ordered: millionths of a cell's side.
const STRAIGHT: u64 = 1_000_000;
const DIAGONAL: u64 = 1_414_214;

/// The floors, divided into cells.
pub(crate) struct PeerMap {
    resolution_m: f64,
    floors: Vec<PeerFloor>,
    rides: Vec<(Cell, Cell, u64)>,
}

struct PeerFloor {
    level: i32,
    columns: usize,
    rows: usize,
    free: Vec<bool>,
}

impl PeerFloor {
    fn is_free(&self, column: usize, row: usize) -> bool {
        column < self.columns && row < self.rows && self.free[row * self.columns + column]
    }
}

impl PeerMap {
    pub(crate) fn of(plan: &FloorPlan) -> Self {
        let side = plan.resolution_m;
        let count = |size_m: f64| (size_m / side).round() as usize;
        let middle = |index: usize| (index as f64 + 0.5) * side;
        let floors = plan.floors.iter().map(|floor| {
            let (columns, rows) = (count(floor.width_m), count(floor.depth_m));
            let blocks = || floor.walls.iter().chain(&floor.shelves);
            let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
            let is_free = |(column, row)| !blocks().any(|rect| rect.contains(middle(column), middle(row)));
            PeerFloor { level: floor.level, columns, rows, free: cells.map(is_free).collect() }
        });
        let mut map = Self { resolution_m: side, floors: floors.collect(), rides: Vec::new() };
        for lift in &plan.lifts {
            let stops: Vec<Cell> = lift.points().filter_map(|point| map.cell(point)).collect();
            let cost = (lift.cost_m / side * STRAIGHT as f64).round() as u64;
            for pair in stops.windows(2) {
                map.rides.extend([(pair[0], pair[1], cost), (pair[1], pair[0], cost)]);
            }
        }
        map
    }

    /// The cell of a point, which must be on the map.
    pub(crate) fn cell(&self, point: Point) -> Option<Cell> {
        let floor = self.floors.iter().position(|floor| floor.level == point.level)?;
        Some((floor, (point.x_m / self.resolution_m) as usize, (point.y_m / self.resolution_m) as usize))
    }

    /// The cells of the shortest walk and its length in metres.
    pub(crate) fn route(&self, from: Cell, to: Cell) -> Option<(Vec<Cell>, f64)> {
        let (cells, cost) =
            astar(&from, |&cell| self.steps(cell), |&cell| at_least(cell, to), |&cell| cell == to)?;
        Some((cells, cost as f64 / STRAIGHT as f64 * self.resolution_m))
    }

    fn steps(&self, (floor, column, row): Cell) -> Vec<(Cell, u64)> {
        let free = |dx: isize, dy: isize| {
            let (x, y) = (column.checked_add_signed(dx)?, row.checked_add_signed(dy)?);
            self.floors[floor].is_free(x, y).then_some((floor, x, y))
        };
        let mut steps = Vec::with_capacity(8);
        for (dx, dy) in [(1, 0), (0, 1), (-1, 0), (0, -1)] {
            steps.extend(free(dx, dy).map(|cell| (cell, STRAIGHT)));
        }
        for (dx, dy) in [(1, 1), (-1, 1), (-1, -1), (1, -1)] {
            if free(dx, 0).is_some() && free(0, dy).is_some() {
                steps.extend(free(dx, dy).map(|cell| (cell, DIAGONAL)));
            }
        }
        let rides = self.rides.iter().filter(|(from, _, _)| *from == (floor, column, row));
        steps.extend(rides.map(|&(_, to, cost)| (to, cost)));
        steps
    }
}

/// The octile distance.
fn at_least((_, x1, y1): Cell, (_, x2, y2): Cell) -> u64 {
    let (dx, dy) = (x1.abs_diff(x2) as u64, y1.abs_diff(y2) as u64);
    (dx.max(dy) - dx.min(dy)) * STRAIGHT + dx.min(dy) * DIAGONAL
}
