//! Square cells, free or blocked, and the steps between them.

use std::f64::consts::SQRT_2;

use super::{FloorPlan, PathError, Point, Rect};

/// A cell, counted through all floors.
pub(super) type Cell = u32;

/// The most cells of a map: 4,096 x 4,096, a store of one square kilometre at 25 cm.
const CELLS_MAX: u64 = 1 << 24;

/// A fraction of a cell that comes from dividing decimals, and not from the plan.
const TOLERANCE: f64 = 1e-6;

/// The cells of all floors.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    resolution_m: f64,
    floors: Vec<GridFloor>,
    free: Vec<bool>,
    /// Steps between floors: from, to, cost in cells. A store has few.
    rides: Vec<(Cell, Cell, f64)>,
}

#[derive(Clone, Copy, Debug)]
struct GridFloor {
    level: i32,
    first: Cell,
    columns: u32,
    rows: u32,
}

/// The eight directions: straight ones first.
const STEPS: [(i32, i32); 8] = [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1)];

impl Grid {
    pub(super) fn of(plan: &FloorPlan) -> Result<Self, PathError> {
        let mut grid =
            Self { resolution_m: plan.resolution_m, floors: Vec::new(), free: Vec::new(), rides: Vec::new() };
        let count = |size_m: f64| (size_m / plan.resolution_m - TOLERANCE).ceil().max(1.0);
        let cells: f64 = plan.floors.iter().map(|floor| count(floor.width_m) * count(floor.depth_m)).sum();
        if cells > CELLS_MAX as f64 {
            return Err(PathError::TooLarge { cells: cells as u64, max: CELLS_MAX });
        }
        for floor in &plan.floors {
            let (columns, rows) = (count(floor.width_m) as u32, count(floor.depth_m) as u32);
            let first = u32::try_from(grid.free.len()).expect("at most CELLS_MAX cells");
            grid.floors.push(GridFloor { level: floor.level, first, columns, rows });
            grid.free.resize(grid.free.len() + columns as usize * rows as usize, true);
            for rect in floor.walls.iter().chain(&floor.shelves) {
                grid.block(first, columns, rows, rect);
            }
        }
        grid.join(plan)?;
        Ok(grid)
    }

    /// Blocks every cell that a rectangle reaches into, so that no wall is too thin to be seen.
    fn block(&mut self, first: Cell, columns: u32, rows: u32, rect: &Rect) {
        let touched = |from_m: f64, to_m: f64, count: u32| {
            let from = (from_m / self.resolution_m + TOLERANCE).floor() as u32;
            let to = (to_m / self.resolution_m - TOLERANCE).ceil() as u32;
            from.min(count)..to.min(count)
        };
        let across = touched(rect.x1_m, rect.x2_m, columns);
        for row in touched(rect.y1_m, rect.y2_m, rows) {
            let start = first + row * columns;
            let cells = (start + across.start) as usize..(start + across.end.max(across.start)) as usize;
            self.free[cells].fill(false);
        }
    }

    fn join(&mut self, plan: &FloorPlan) -> Result<(), PathError> {
        for lift in &plan.lifts {
            let stops: Vec<Cell> = lift
                .points()
                .map(|point| self.cell_at(point).ok_or(PathError::OffTheMap { point }))
                .collect::<Result<_, _>>()?;
            for pair in stops.windows(2) {
                let cost = lift.cost_m / self.resolution_m;
                self.rides.extend([(pair[0], pair[1], cost), (pair[1], pair[0], cost)]);
            }
        }
        Ok(())
    }

    pub(super) fn resolution_m(&self) -> f64 {
        self.resolution_m
    }

    pub(super) fn len(&self) -> usize {
        self.free.len()
    }

    pub(super) fn is_free(&self, cell: Cell) -> bool {
        self.free[cell as usize]
    }

    fn middle(&self, index: u32) -> f64 {
        (f64::from(index) + 0.5) * self.resolution_m
    }

    /// The middle of a cell.
    pub(super) fn point_of(&self, cell: Cell) -> Point {
        let (floor, column, row) = self.place_of(cell);
        Point::new(floor.level, self.middle(column), self.middle(row))
    }

    fn place_of(&self, cell: Cell) -> (GridFloor, u32, u32) {
        let index = self.floors.partition_point(|floor| floor.first <= cell) - 1;
        let floor = self.floors[index];
        let offset = cell - floor.first;
        (floor, offset % floor.columns, offset / floor.columns)
    }

    /// The cell that a point is in, free or not.
    pub(super) fn cell_at(&self, point: Point) -> Option<Cell> {
        let floor = self.floors.iter().find(|floor| floor.level == point.level)?;
        let index = |size_m: f64, count: u32| {
            let index = size_m / self.resolution_m;
            // The far edge belongs to the last cell, as it does on paper.
            (0.0..=f64::from(count)).contains(&index).then(|| (index as u32).min(count - 1))
        };
        let (column, row) = (index(point.x_m, floor.columns)?, index(point.y_m, floor.rows)?);
        Some(floor.first + row * floor.columns + column)
    }

    /// The free cell whose middle is nearest, by looking at ever larger squares around the point.
    pub(super) fn nearest_free(&self, point: Point) -> Option<Cell> {
        let (floor, column, row) = self.place_of(self.cell_at(point)?);
        let (column, row) = (i64::from(column), i64::from(row));
        let mut nearest: Option<(f64, Cell)> = None;
        for radius in 0..=i64::from(floor.columns.max(floor.rows)) {
            // A cell on the square of this radius is at least radius - 1 whole cells away.
            let out_of_reach = (radius - 1) as f64 * self.resolution_m;
            if nearest.is_some_and(|(distance, _)| distance <= out_of_reach) {
                break;
            }
            for (x, y) in ring(column, row, radius) {
                let inside =
                    (0..i64::from(floor.columns)).contains(&x) && (0..i64::from(floor.rows)).contains(&y);
                if !inside {
                    continue;
                }
                let cell = floor.first + y as u32 * floor.columns + x as u32;
                let distance = self.point_of(cell).straight_m(point)?;
                if self.is_free(cell) && nearest.is_none_or(|(best, _)| distance < best) {
                    nearest = Some((distance, cell));
                }
            }
        }
        nearest.map(|(_, cell)| cell)
    }

    /// Calls `visit` with every cell that one step reaches and the step's cost in cells.
    pub(super) fn for_each_step(&self, cell: Cell, mut visit: impl FnMut(Cell, f64)) {
        let (floor, column, row) = self.place_of(cell);
        let free_at = |dx: i32, dy: i32| -> Option<Cell> {
            let (x, y) = (column.checked_add_signed(dx)?, row.checked_add_signed(dy)?);
            let inside = x < floor.columns && y < floor.rows;
            let next = floor.first + y * floor.columns + x;
            (inside && self.is_free(next)).then_some(next)
        };
        for (dx, dy) in STEPS {
            let Some(next) = free_at(dx, dy) else { continue };
            if dx == 0 || dy == 0 {
                visit(next, 1.0);
            } else if free_at(dx, 0).is_some() && free_at(0, dy).is_some() {
                visit(next, SQRT_2);
            }
        }
        for &(_, to, cost) in self.rides.iter().filter(|(from, _, _)| *from == cell) {
            visit(to, cost);
        }
    }

    /// A cost in cells that no walk between the cells undercuts: the octile distance. It holds between floors, too,
    /// because a lift stands at the same place on each of them.
    pub(super) fn cost_at_least(&self, from: Cell, to: Cell) -> f64 {
        let ((_, x1, y1), (_, x2, y2)) = (self.place_of(from), self.place_of(to));
        let (dx, dy) = (f64::from(x1.abs_diff(x2)), f64::from(y1.abs_diff(y2)));
        dx.max(dy) + (SQRT_2 - 1.0) * dx.min(dy)
    }

    /// Whether one can walk straight from the middle of a cell to that of another on the same floor, without a step
    /// that touches a blocked cell.
    pub(super) fn in_sight(&self, from: Cell, to: Cell) -> bool {
        let ((floor, x1, y1), (other, x2, y2)) = (self.place_of(from), self.place_of(to));
        let free_at = |x: u32, y: u32| self.is_free(floor.first + y * floor.columns + x);
        floor.first == other.first && super::route::touched((x1, y1), (x2, y2)).all(|(x, y)| free_at(x, y))
    }
}

/// The cells of a square's border around a middle.
fn ring(x: i64, y: i64, radius: i64) -> impl Iterator<Item = (i64, i64)> {
    let rows = [-radius, radius].into_iter().take(if radius == 0 { 1 } else { 2 });
    let horizontal = rows.flat_map(move |dy| (-radius..=radius).map(move |dx| (x + dx, y + dy)));
    let vertical = (1 - radius..radius).flat_map(move |dy| [(x - radius, y + dy), (x + radius, y + dy)]);
    horizontal.chain(vertical)
}

#[cfg(test)]
mod tests {
    use super::super::Floor;
    use super::*;

    fn grid(shelf: Rect) -> Grid {
        let floor = Floor::new(0, "Ground floor", 5.0, 4.0).with_shelf(shelf);
        Grid::of(&FloorPlan::new(1.0, vec![floor], Point::new(0, 0.5, 0.5))).unwrap()
    }

    #[test]
    fn cuts_no_corner() {
        let grid = grid(Rect { x1_m: 1.0, y1_m: 1.0, x2_m: 2.0, y2_m: 2.0 });
        let start = grid.cell_at(Point::new(0, 0.5, 1.5)).unwrap();
        let mut reached = Vec::new();
        grid.for_each_step(start, |cell, _| reached.push(cell));
        let diagonal = [grid.cell_at(Point::new(0, 1.5, 0.5)), grid.cell_at(Point::new(0, 1.5, 2.5))];
        assert!(diagonal.iter().all(|cell| !reached.contains(&cell.unwrap())), "{reached:?}");
        assert_eq!(reached.len(), 2);
    }

    #[test]
    fn thin_walls_block_and_no_edge_is_cut_off() {
        let thin = Rect { x1_m: 2.1, y1_m: 0.0, x2_m: 2.2, y2_m: 4.0 };
        let floor = Floor::new(0, "Ground floor", 5.2, 4.0).with_shelf(thin);
        let grid = Grid::of(&FloorPlan::new(1.0, vec![floor], Point::new(0, 0.5, 0.5))).unwrap();
        let cell = |x, y| grid.cell_at(Point::new(0, x, y)).unwrap();
        assert!((0..4).all(|row| !grid.is_free(cell(2.5, f64::from(row) + 0.5))));
        assert!(grid.is_free(cell(1.5, 0.5)) && grid.is_free(cell(3.5, 0.5)));
        assert!(grid.is_free(cell(5.15, 2.0)), "the floor reaches into its last cell");
    }

    #[test]
    fn snaps_to_the_nearest_free_cell() {
        let grid = grid(Rect { x1_m: 0.0, y1_m: 0.0, x2_m: 3.0, y2_m: 4.0 });
        let near = |x, y| grid.nearest_free(Point::new(0, x, y)).map(|cell| grid.point_of(cell));
        assert_eq!(near(0.1, 1.4), Some(Point::new(0, 3.5, 1.5)));
        assert_eq!(near(5.0, 4.0), Some(Point::new(0, 4.5, 3.5)), "the far corner belongs to the last cell");
        assert_eq!(near(5.1, 1.0), None);
        assert_eq!(near(f64::NAN, 1.0), None);
        assert_eq!(grid.nearest_free(Point::new(7, 1.0, 1.0)), None);
    }
}
