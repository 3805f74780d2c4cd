//! A floor plan as cells: which are free, and what joins the floors.

use std::ops::Range;

use super::cost::{self, Cost};
use super::grid::Grid;
use super::sheet::{Cell, Sheet, SheetFloor, TOLERANCE};
use super::{FloorPlan, PathError, Point, Rect};

/// What one walks on.
#[derive(Clone, Debug)]
pub(super) struct Terrain {
    pub(super) sheet: Sheet,
    pub(super) grid: Grid,
    /// In the order of `from`. A store has few.
    pub(super) links: Vec<Link>,
}

/// A way from one cell to another that is no neighbour, such as a ride.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: Cell,
    pub(super) to: Cell,
    pub(super) cost: Cost,
}

impl Terrain {
    /// # Errors
    /// [`PathError`] when there are too many cells, or a lift stops where there is no floor.
    pub(super) fn of(plan: &FloorPlan) -> Result<Self, PathError> {
        let sheet = Sheet::of(plan)?;
        let mut grid = Grid::blocked(&sheet, plan.connectivity);
        for (floor, place) in plan.floors.iter().zip(sheet.floors()) {
            fill(&sheet, &mut grid, place, 0..place.columns, 0..place.rows, true);
            for rect in floor.walls.iter().chain(&floor.shelves) {
                // Every cell that a rectangle reaches into, so that no wall is too thin to be seen.
                let (columns, rows) = touched(&sheet, place, rect);
                fill(&sheet, &mut grid, place, columns, rows, false);
            }
        }
        let links = links(plan, &sheet)?;
        Ok(Self { sheet, grid, links })
    }

    /// Whether all cells cost the same and all ways lead both ways: then walks are as long there as back, and bend at
    /// corners only.
    pub(super) fn is_uniform(&self) -> bool {
        let back = |link: &Link| Link { from: link.to, to: link.from, cost: link.cost };
        self.links.iter().all(|link| self.links.contains(&back(link)))
    }

    pub(super) fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// The ways that leave a cell for one that is no neighbour.
    pub(super) fn links_from(&self, cell: Cell) -> &[Link] {
        let first = self.links.partition_point(|link| link.from < cell);
        let count = self.links[first..].iter().take_while(|link| link.from == cell).count();
        &self.links[first..first + count]
    }

    /// Calls `visit` with every cell that one step or ride reaches and its cost.
    pub(super) fn for_each_step(&self, cell: Cell, mut visit: impl FnMut(Cell, Cost)) {
        self.grid.for_each_step(cell, &mut visit);
        for link in self.links_from(cell) {
            if self.grid.is_free(link.to) {
                visit(link.to, link.cost);
            }
        }
    }

    /// A cost that no walk between two cells undercuts: floors may be joined by anything.
    pub(super) fn cost_at_least(&self, from: Cell, to: Cell) -> Cost {
        if self.sheet.is_one_floor(from, to) && self.links.is_empty() {
            return self.grid.cost_at_least(from, to);
        }
        0
    }

    /// Whether one can walk straight from the middle of a cell to that of another on the same floor, without a step that
    /// touches a blocked cell.
    pub(super) fn in_sight(&self, from: Cell, to: Cell) -> bool {
        let (from_place, to_place) = (self.sheet.place(from), self.sheet.place(to));
        self.sheet.is_one_floor(from, to)
            && super::route::is_line_free(from_place, to_place, |x, y| {
                self.grid.is_free(self.sheet.cell(x, y))
            })
    }

    /// The cells of a floor that a rectangle reaches into, so that no wall is too thin to be seen.
    ///
    /// # Errors
    /// [`PathError::InvalidPlan`] for a floor that is not there or a rectangle that is not on it.
    pub(super) fn cells_in(&self, level: i32, rect: &Rect) -> Result<Vec<Cell>, PathError> {
        let invalid = |reason: String| PathError::InvalidPlan { reason };
        let floor = self.sheet.floors().iter().find(|floor| floor.level == level);
        let floor = floor.ok_or_else(|| invalid(format!("there is no level {level}")))?;
        let (width_m, depth_m) = self.sheet.size_m(floor);
        if !rect.is_inside(width_m, depth_m) {
            return Err(invalid(format!("{rect:?} does not lie within level {level}")));
        }
        let (columns, rows) = touched(&self.sheet, floor, rect);
        let cell = |row: u32, column: u32| self.sheet.cell(1 + column, floor.top + row);
        Ok(rows
            .flat_map(|row| columns.clone().map(move |column| (row, column)))
            .map(|(row, column)| cell(row, column))
            .collect())
    }

    pub(super) fn cell_at(&self, point: Point) -> Option<Cell> {
        self.sheet.cell_at(point)
    }

    pub(super) fn nearest_free(&self, point: Point) -> Option<Cell> {
        self.sheet.nearest(point, |cell| self.grid.is_free(cell))
    }
}

/// The columns and rows that a rectangle reaches into.
fn touched(sheet: &Sheet, floor: &SheetFloor, rect: &Rect) -> (Range<u32>, Range<u32>) {
    let touched = |from_m: f64, to_m: f64, count: u32| {
        let from = (from_m / sheet.resolution_m() + TOLERANCE).floor() as u32;
        let to = (to_m / sheet.resolution_m() - TOLERANCE).ceil() as u32;
        from.min(count)..to.min(count)
    };
    (touched(rect.x1_m, rect.x2_m, floor.columns), touched(rect.y1_m, rect.y2_m, floor.rows))
}

fn fill(
    sheet: &Sheet,
    grid: &mut Grid,
    floor: &SheetFloor,
    columns: Range<u32>,
    rows: Range<u32>,
    is_free: bool,
) {
    for row in rows {
        for column in columns.clone() {
            grid.set_free(sheet.cell(1 + column, floor.top + row), is_free);
        }
    }
}

fn links(plan: &FloorPlan, sheet: &Sheet) -> Result<Vec<Link>, PathError> {
    let mut links = Vec::new();
    for lift in &plan.lifts {
        let stops: Vec<Cell> = lift
            .points()
            .map(|point| sheet.cell_at(point).ok_or(PathError::OffTheMap { point }))
            .collect::<Result<_, _>>()?;
        let cost = cost::of_sides(lift.cost_m / plan.resolution_m);
        for pair in stops.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            links.extend([Link { from, to, cost }, Link { from: to, to: from, cost }]);
        }
    }
    links.sort_by_key(|link| (link.from, link.to));
    Ok(links)
}

#[cfg(test)]
mod tests {
    use super::super::{Floor, FloorPlan};
    use super::*;

    fn terrain(width_m: f64, shelf: Rect) -> Terrain {
        let floor = Floor::new(0, "Ground floor", width_m, 4.0).with_shelf(shelf);
        Terrain::of(&FloorPlan::new(1.0, vec![floor], Point::new(0, 0.5, 0.5))).unwrap()
    }

    #[test]
    fn cuts_no_corner() {
        let terrain = terrain(5.0, Rect { x1_m: 1.0, y1_m: 1.0, x2_m: 2.0, y2_m: 2.0 });
        let start = terrain.cell_at(Point::new(0, 0.5, 1.5)).unwrap();
        let mut reached = Vec::new();
        terrain.for_each_step(start, |cell, _| reached.push(terrain.sheet.point_of(cell)));
        assert_eq!(reached, [Point::new(0, 0.5, 2.5), Point::new(0, 0.5, 0.5)]);
    }

    #[test]
    fn thin_walls_block_and_no_edge_is_cut_off() {
        let terrain = terrain(5.2, Rect { x1_m: 2.1, y1_m: 0.0, x2_m: 2.2, y2_m: 4.0 });
        let is_free = |x, y| terrain.grid.is_free(terrain.cell_at(Point::new(0, x, y)).unwrap());
        assert!((0..4).all(|row| !is_free(2.5, f64::from(row) + 0.5)));
        assert!(is_free(1.5, 0.5) && is_free(3.5, 0.5));
        assert!(is_free(5.15, 2.0), "the floor reaches into its last cell");
    }
}
