//! All floors below each other on one sheet of cells, with a blocked border around each: whoever walks from cell to cell
//! meets no edge.

use super::super::{FloorPlan, PathError, Point};

/// A cell of the sheet: its row in the high bits, its column in the low ones.
pub(in crate::pathfinding) type Cell = u32;

/// The most cells of a map: 4,096 x 4,096, a store of one square kilometre at 25 cm.
const CELLS_MAX: u64 = 1 << 24;

/// A fraction of a cell that comes from dividing decimals, and not from the plan.
pub(in crate::pathfinding) const TOLERANCE: f64 = 1e-6;

/// Where the floors are.
#[derive(Clone, Debug)]
pub(in crate::pathfinding) struct Sheet {
    resolution_m: f64,
    floors: Vec<SheetFloor>,
    /// The width of the sheet is two to the power of this, and at least a word of bits.
    shift: u32,
    height: u32,
}

/// A floor's place on the sheet; columns begin at 1, behind the border.
#[derive(Clone, Copy, Debug)]
pub(in crate::pathfinding) struct SheetFloor {
    pub(in crate::pathfinding) level: i32,
    pub(in crate::pathfinding) top: u32,
    pub(in crate::pathfinding) columns: u32,
    pub(in crate::pathfinding) rows: u32,
}

impl Sheet {
    /// # Errors
    /// [`PathError::TooLarge`].
    pub(in crate::pathfinding) fn of(plan: &FloorPlan) -> Result<Self, PathError> {
        let count = |size_m: f64| (size_m / plan.resolution_m - TOLERANCE).ceil().max(1.0);
        let sizes = plan.floors.iter().map(|floor| (count(floor.width_m), count(floor.depth_m)));
        let widest = sizes.clone().fold(1.0, |widest: f64, (columns, _)| widest.max(columns));
        let rows: f64 = sizes.clone().map(|(_, rows)| rows).sum();
        if widest * rows > CELLS_MAX as f64 {
            return Err(PathError::TooLarge { cells: (widest * rows) as u64, max: CELLS_MAX });
        }
        let mut top = 1;
        let mut floors = Vec::with_capacity(plan.floors.len());
        for (floor, (columns, rows)) in plan.floors.iter().zip(sizes) {
            let (columns, rows) = (columns as u32, rows as u32);
            floors.push(SheetFloor { level: floor.level, top, columns, rows });
            top += rows + 1;
        }
        let shift = (widest as u32 + 2).next_power_of_two().trailing_zeros().max(6);
        Ok(Self { resolution_m: plan.resolution_m, floors, shift, height: top })
    }

    pub(in crate::pathfinding) fn resolution_m(&self) -> f64 {
        self.resolution_m
    }

    pub(in crate::pathfinding) fn floors(&self) -> &[SheetFloor] {
        &self.floors
    }

    /// Width and depth of a floor, in whole cells.
    pub(in crate::pathfinding) fn size_m(&self, floor: &SheetFloor) -> (f64, f64) {
        (f64::from(floor.columns) * self.resolution_m, f64::from(floor.rows) * self.resolution_m)
    }

    pub(in crate::pathfinding) fn shift(&self) -> u32 {
        self.shift
    }

    pub(in crate::pathfinding) fn height(&self) -> u32 {
        self.height
    }

    pub(in crate::pathfinding) fn cell(&self, x: u32, y: u32) -> Cell {
        y << self.shift | x
    }

    /// The column and the row on the sheet.
    pub(in crate::pathfinding) fn place(&self, cell: Cell) -> (u32, u32) {
        (cell & ((1 << self.shift) - 1), cell >> self.shift)
    }

    /// Which of the floors a cell is on.
    pub(in crate::pathfinding) fn floor_index(&self, cell: Cell) -> usize {
        self.floors.partition_point(|floor| floor.top <= cell >> self.shift).saturating_sub(1)
    }

    fn floor_of_row(&self, y: u32) -> &SheetFloor {
        &self.floors[self.floors.partition_point(|floor| floor.top <= y).saturating_sub(1)]
    }

    pub(in crate::pathfinding) fn is_one_floor(&self, a: Cell, b: Cell) -> bool {
        self.floors.len() == 1
            || self.floor_of_row(a >> self.shift).top == self.floor_of_row(b >> self.shift).top
    }

    /// The middle of a cell.
    pub(in crate::pathfinding) fn point_of(&self, cell: Cell) -> Point {
        let (x, y) = self.place(cell);
        let floor = self.floor_of_row(y);
        let middle = |index: u32| (f64::from(index) + 0.5) * self.resolution_m;
        Point::new(floor.level, middle(x - 1), middle(y - floor.top))
    }

    /// The cell that a point is in, free or not.
    pub(in crate::pathfinding) fn cell_at(&self, point: Point) -> Option<Cell> {
        let floor = self.floors.iter().find(|floor| floor.level == point.level)?;
        let index = |size_m: f64, count: u32| {
            let index = size_m / self.resolution_m;
            // The far edge belongs to the last cell, as it does on paper.
            (0.0..=f64::from(count)).contains(&index).then(|| (index as u32).min(count - 1))
        };
        Some(self.cell(1 + index(point.x_m, floor.columns)?, floor.top + index(point.y_m, floor.rows)?))
    }

    /// The cell that `is_free` and whose middle is nearest, by looking at ever larger squares around the point.
    pub(in crate::pathfinding) fn nearest(
        &self,
        point: Point,
        is_free: impl Fn(Cell) -> bool,
    ) -> Option<Cell> {
        let own = self.cell_at(point)?;
        if is_free(own) {
            return Some(own);
        }
        let (column, row) = self.place(own);
        let floor = self.floor_of_row(row);
        let (column, row) = (i64::from(column), i64::from(row));
        let (columns, top) = (1..=i64::from(floor.columns), i64::from(floor.top));
        let rows = top..top + i64::from(floor.rows);
        let mut nearest: Option<(f64, Cell)> = None;
        for radius in 1..=i64::from(floor.columns.max(floor.rows)) {
            // A cell on the square of this radius is at least radius - 1 whole cells away.
            let out_of_reach = (radius - 1) as f64 * self.resolution_m;
            if nearest.is_some_and(|(distance, _)| distance <= out_of_reach) {
                break;
            }
            for (x, y) in ring(column, row, radius) {
                if !(columns.contains(&x) && rows.contains(&y)) {
                    continue;
                }
                let cell = self.cell(x as u32, y as u32);
                let distance = self.point_of(cell).straight_m(point)?;
                if is_free(cell) && nearest.is_none_or(|(best, _)| distance < best) {
                    nearest = Some((distance, cell));
                }
            }
        }
        nearest.map(|(_, cell)| cell)
    }
}

/// The cells of a square's border around a middle.
fn ring(x: i64, y: i64, radius: i64) -> impl Iterator<Item = (i64, i64)> {
    let horizontal =
        [-radius, radius].into_iter().flat_map(move |dy| (-radius..=radius).map(move |dx| (x + dx, y + dy)));
    let vertical = (1 - radius..radius).flat_map(move |dy| [(x - radius, y + dy), (x + radius, y + dy)]);
    horizontal.chain(vertical)
}

#[cfg(test)]
mod tests {
    use super::super::super::Floor;
    use super::*;

    fn sheet() -> Sheet {
        let floors = vec![Floor::new(0, "Ground floor", 5.0, 4.0), Floor::new(-1, "Cellar", 3.0, 2.2)];
        Sheet::of(&FloorPlan::new(1.0, floors, Point::new(0, 0.5, 0.5))).unwrap()
    }

    #[test]
    fn points_are_in_cells_and_cells_have_points() {
        let sheet = sheet();
        for point in [Point::new(0, 0.5, 0.5), Point::new(0, 4.5, 3.5), Point::new(-1, 2.5, 2.5)] {
            assert_eq!(sheet.point_of(sheet.cell_at(point).unwrap()), point);
        }
        assert_eq!(sheet.cell_at(Point::new(0, 5.0, 4.0)), sheet.cell_at(Point::new(0, 4.9, 3.9)));
        for outside in [Point::new(0, 5.1, 1.0), Point::new(0, f64::NAN, 1.0), Point::new(7, 1.0, 1.0)] {
            assert_eq!(sheet.cell_at(outside), None);
        }
    }

    #[test]
    fn snaps_to_the_nearest_free_cell_of_the_floor() {
        let sheet = sheet();
        let free = |cell: Cell| sheet.point_of(cell).x_m > 3.0;
        let near = |x, y| sheet.nearest(Point::new(0, x, y), free).map(|cell| sheet.point_of(cell));
        assert_eq!(near(0.1, 1.4), Some(Point::new(0, 3.5, 1.5)));
        assert_eq!(near(5.0, 4.0), Some(Point::new(0, 4.5, 3.5)));
        assert_eq!(near(5.1, 1.0), None);
        assert_eq!(sheet.nearest(Point::new(-1, 0.5, 0.5), free), None, "another floor is not near");
    }
}
