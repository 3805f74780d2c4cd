//! A floor plan as cells: which are free, what a step costs, and what joins places that are no neighbours.

use std::ops::Range;

use super::super::{FloorPlan, PathError, PlanPart, Point, Rect};
use super::cost::{self, Cost};
use super::grid::Grid;
use super::sheet::{Cell, Sheet, SheetFloor, TOLERANCE};
use super::straight::is_line_free;
use super::traffic::Traffic;

/// What one walks on.
#[derive(Clone, Debug)]
pub(in crate::pathfinding) struct Terrain {
    pub(in crate::pathfinding) sheet: Sheet,
    pub(in crate::pathfinding) grid: Grid,
    traffic: Traffic,
    /// In the order of `from`. A store has few.
    pub(in crate::pathfinding) links: Vec<Link>,
}

/// A way from one cell to another that is not a step: a ride, or a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pathfinding) struct Link {
    pub(in crate::pathfinding) from: Cell,
    pub(in crate::pathfinding) to: Cell,
    pub(in crate::pathfinding) cost: Cost,
}

impl Terrain {
    /// # Errors
    /// [`PathError`] when there are too many cells, a lift or a passage ends where there is no floor, or a zone covers no
    /// cell.
    pub(in crate::pathfinding) fn of(plan: &FloorPlan) -> Result<Self, PathError> {
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
        let traffic = Traffic::of(plan, &sheet)?;
        let links = links(plan, &sheet)?;
        Ok(Self { sheet, grid, traffic, links })
    }

    /// Whether a step costs its length everywhere and every way is as long as the way back.
    pub(in crate::pathfinding) fn is_uniform(&self) -> bool {
        let has_reverse = |link: &Link| {
            let reverse = Link { from: link.to, to: link.from, cost: link.cost };
            self.links_from(link.to).contains(&reverse)
        };
        self.traffic.is_plain() && self.links.iter().all(has_reverse)
    }

    pub(in crate::pathfinding) fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// The rides and passages that begin in a cell.
    pub(in crate::pathfinding) fn links_from(&self, cell: Cell) -> &[Link] {
        let first = self.links.partition_point(|link| link.from < cell);
        let count = self.links[first..].iter().take_while(|link| link.from == cell).count();
        &self.links[first..first + count]
    }

    /// Whether a ride leads from one cell to another that is cheaper than any walk on the floor.
    pub(in crate::pathfinding) fn rides(&self, from: Cell, to: Cell) -> bool {
        let is_cheaper =
            |link: &Link| !self.sheet.is_one_floor(from, to) || link.cost < self.grid.cost_at_least(from, to);
        self.has_links() && self.links_from(from).iter().any(|link| link.to == to && is_cheaper(link))
    }

    /// Whether a walk that goes on with `to` rides or takes a passage there: no step leads there, or a dearer one.
    pub(in crate::pathfinding) fn is_ride(&self, from: Cell, to: Cell) -> bool {
        if self.links.is_empty() {
            return false;
        }
        let Some(ride) = self.links_from(from).iter().find(|link| link.to == to) else { return false };
        let mut steps = false;
        self.for_each_plain_step(from, |next, cost| steps |= next == to && cost <= ride.cost);
        !steps
    }

    /// Calls `visit` with every cell that one step or ride reaches and its cost.
    pub(in crate::pathfinding) fn for_each_step(&self, cell: Cell, mut visit: impl FnMut(Cell, Cost)) {
        self.for_each_plain_step(cell, &mut visit);
        for link in self.links_from(cell) {
            if self.grid.is_free(link.to) {
                visit(link.to, link.cost);
            }
        }
    }

    fn for_each_plain_step(&self, cell: Cell, mut visit: impl FnMut(Cell, Cost)) {
        if self.traffic.is_plain() {
            return self.grid.for_each_step(cell, visit);
        }
        self.grid.for_each_step(cell, |next, plain| {
            if let Some(cost) = self.traffic.step(cell, next, plain) {
                visit(next, cost);
            }
        });
    }

    /// Whether one can walk straight from the middle of a cell to that of another on the same floor, without a step that
    /// touches a blocked cell, enters or leaves a zone, or goes against a one-way area.
    pub(in crate::pathfinding) fn in_sight(&self, from: Cell, to: Cell) -> bool {
        let (from_place, to_place) = (self.sheet.place(from), self.sheet.place(to));
        self.sheet.is_one_floor(from, to)
            && is_line_free(from_place, to_place, |x, y| {
                let cell = self.sheet.cell(x, y);
                self.grid.is_free(cell) && self.traffic.is_even(from, to, cell)
            })
    }

    /// The cells of a floor that a rectangle reaches into, so that no wall is too thin to be seen.
    ///
    /// # Errors
    /// [`PathError::InvalidPlan`] for a floor that is not there or a rectangle that is not on it.
    pub(in crate::pathfinding) fn cells_in(&self, level: i32, rect: &Rect) -> Result<Vec<Cell>, PathError> {
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

    pub(in crate::pathfinding) fn cell_at(&self, point: Point) -> Option<Cell> {
        self.sheet.cell_at(point)
    }

    pub(in crate::pathfinding) fn nearest_free(&self, point: Point) -> Option<Cell> {
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
    for (index, passage) in plan.passages.iter().enumerate() {
        let end = |point: Point| sheet.cell_at(point).ok_or(PathError::OffTheMap { point });
        let (from, to) = (end(passage.from)?, end(passage.to)?);
        if from == to {
            let part = PlanPart::Passage { index, name: passage.name.clone() };
            return part.refused("both its ends are in the same cell");
        }
        let cost = cost::of_sides(passage.cost_m / plan.resolution_m);
        links.push(Link { from, to, cost });
        if !passage.is_one_way {
            links.push(Link { from: to, to: from, cost });
        }
    }
    links.sort_by_key(|link| (link.from, link.to, link.cost));
    Ok(links)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Floor, FloorPlan};
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
