//! Shortest walks through a store, and the shortest order of its stops.
//!
//! A [`FloorPlan`] of rectangles in metres becomes a [`StoreMap`] of square cells. One moves from cell to cell in eight
//! directions; a diagonal step needs both cells beside it free, so no corner is cut; lifts join floors. All answers are
//! exact on these cells. No I/O, no async.

mod cost;
mod error;
mod floor_plan;
mod grid;
mod instruction;
mod map_file;
mod matrix;
mod route;
mod search;
mod sheet;
mod terrain;
mod tour;

pub use error::PathError;
pub use floor_plan::{Aisle, Checkout, Connectivity, Dock, Floor, FloorPlan, Lift, Point, Rect};
pub use instruction::Waypoint;
pub use matrix::Matrix;
pub use route::Route;
pub use tour::{STOPS_MAX, STOPS_PROVED_MAX, Tour};

use cost::UNREACHABLE;
use search::{Path, Search};
use sheet::Cell;
use terrain::Terrain;

/// A floor plan, ready to be asked for walks.
///
/// ```
/// use quickcart_core::pathfinding::{Floor, FloorPlan, Point, Rect, StoreMap};
///
/// let shelf = Rect { x1_m: 2.0, y1_m: 0.0, x2_m: 3.0, y2_m: 4.0 };
/// let floor = Floor::new(0, "Ground floor", 5.0, 5.0).with_shelf(shelf);
/// let map = StoreMap::build(FloorPlan::new(0.5, vec![floor], Point::new(0, 0.75, 0.75)))?;
/// let (here, there) = (Point::new(0, 0.75, 0.75), Point::new(0, 4.25, 0.75));
/// let route = map.route(here, there)?;
/// assert_eq!(route.points.first(), Some(&here));
/// assert_eq!(route.points.last(), Some(&there));
/// assert!(route.length_m > 7.5, "around the shelf, not through it");
/// # Ok::<(), quickcart_core::pathfinding::PathError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StoreMap {
    floor_plan: FloorPlan,
    terrain: Terrain,
}

impl StoreMap {
    /// Divides a floor plan into cells.
    ///
    /// # Errors
    /// [`PathError`] when the plan is empty, too large, or contradicts itself.
    pub fn build(floor_plan: FloorPlan) -> Result<Self, PathError> {
        floor_plan.check()?;
        let terrain = Terrain::of(&floor_plan)?;
        let map = Self { floor_plan, terrain };
        map.check_places()?;
        Ok(map)
    }

    /// The plan this map was built from.
    #[must_use]
    pub fn floor_plan(&self) -> &FloorPlan {
        &self.floor_plan
    }

    /// The middle of the free cell that is nearest to `point` on its floor.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] when the point is on no floor, or the floor has no free cell.
    pub fn nearest_free(&self, point: Point) -> Result<Point, PathError> {
        Ok(self.terrain.sheet.point_of(self.cell_near(point)?))
    }

    /// The length of the shortest walk between the free cells nearest to two points, in metres.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] and [`PathError::Unreachable`].
    pub fn distance(&self, from: Point, to: Point) -> Result<f64, PathError> {
        Ok(self.path(from, to)?.cost_m(self.terrain.sheet.resolution_m()))
    }

    /// The shortest walk between the free cells nearest to two points.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] and [`PathError::Unreachable`].
    pub fn route(&self, from: Point, to: Point) -> Result<Route, PathError> {
        Ok(Route::of(&self.terrain, &self.path(from, to)?))
    }

    /// The lengths of the shortest walks from each of some points to each of others.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`]; where no walk leads, the length is infinite.
    pub fn matrix(&self, from: &[Point], to: &[Point]) -> Result<Matrix, PathError> {
        Ok(Matrix::of(&self.terrain, &self.cells_near(from)?, &self.cells_near(to)?))
    }

    /// What to tell somebody who walks `route`: its turning points, each with an instruction.
    #[must_use]
    pub fn directions(&self, route: &Route) -> Vec<Waypoint> {
        instruction::directions(self, route)
    }

    /// The order in which to visit `stops` so that the walk from `start` past all of them is shortest. The walk ends at
    /// the last stop. Stops that cannot be reached are left out and named.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] for the start, [`PathError::TooManyStops`] past [`STOPS_MAX`].
    pub fn tour(&self, start: Point, stops: &[Point]) -> Result<Tour, PathError> {
        if stops.len() > STOPS_MAX {
            return Err(PathError::TooManyStops { count: stops.len() });
        }
        let start = self.cell_near(start)?;
        let cells: Vec<Option<Cell>> = stops.iter().map(|&stop| self.cell_near(stop).ok()).collect();
        Ok(tour::shortest(&self.terrain, start, &cells))
    }

    fn path(&self, from: Point, to: Point) -> Result<Path, PathError> {
        let (start, goal) = (self.cell_near(from)?, self.cell_near(to)?);
        Search::default().a_star(&self.terrain, start, goal).ok_or(PathError::Unreachable { point: to })
    }

    fn cell_near(&self, point: Point) -> Result<Cell, PathError> {
        self.terrain.nearest_free(point).ok_or(PathError::OffTheMap { point })
    }

    fn cells_near(&self, points: &[Point]) -> Result<Vec<Cell>, PathError> {
        points.iter().map(|&point| self.cell_near(point)).collect()
    }

    /// Every place that the plan names must be free and reachable from the entrance: a dock inside a shelf is a mistake
    /// that is best found when the map is made.
    fn check_places(&self) -> Result<(), PathError> {
        let entrance = self.free_cell("the entrance", self.floor_plan.entrance)?;
        let mut places: Vec<(String, Point)> = Vec::new();
        let docks = self.floor_plan.docks.iter().map(|dock| (format!("dock {}", dock.id), dock.point));
        let checkouts =
            self.floor_plan.checkouts.iter().map(|checkout| (checkout.name.clone(), checkout.point));
        places.extend(docks.chain(checkouts));
        for lift in &self.floor_plan.lifts {
            places.extend(lift.points().map(|point| (lift.name.clone(), point)));
        }
        let cells: Vec<Cell> =
            places.iter().map(|(name, point)| self.free_cell(name, *point)).collect::<Result<_, _>>()?;
        let costs = Search::default().dijkstra(&self.terrain, entrance, &cells);
        match places.iter().zip(costs).find(|(_, cost)| *cost >= UNREACHABLE) {
            Some(((_, point), _)) => Err(PathError::Unreachable { point: *point }),
            None => Ok(()),
        }
    }

    fn free_cell(&self, name: &str, point: Point) -> Result<Cell, PathError> {
        let blocked = || PathError::Blocked { name: name.to_owned(), point };
        self.terrain.cell_at(point).filter(|&cell| self.terrain.grid.is_free(cell)).ok_or_else(blocked)
    }
}
