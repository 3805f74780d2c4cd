//! The map that users ask: points in, metres out.

use std::io::{Read, Write};
use std::sync::Arc;

use super::engine::Engine;
use super::ground::cost::{self, Cost, UNREACHABLE};
use super::ground::grid::Grid;
use super::ground::sheet::Cell;
use super::ground::terrain::Terrain;
use super::index::progress::Progress;
use super::index::saved;
use super::search::cells::Search;
use super::{FloorPlan, Matrix, PathError, Point, Rect, Route, Technique, Tour, TourRequest};

/// A floor plan, ready to be asked for walks.
///
/// ```
/// use quickcart_core::pathfinding::{Floor, FloorPlan, Point, Rect, StoreMap};
///
/// let shelf = Rect { x1_m: 2.0, y1_m: 0.0, x2_m: 3.0, y2_m: 4.0 };
/// let floor = Floor::new(0, "Ground floor", 5.0, 5.0).with_shelf(shelf);
/// let mut map = StoreMap::build(FloorPlan::new(0.5, vec![floor], Point::new(0, 0.75, 0.75)))?;
/// let (here, there) = (Point::new(0, 0.75, 0.75), Point::new(0, 4.25, 0.75));
/// let route = map.route(here, there)?;
/// assert_eq!(route.points.first(), Some(&here));
/// assert_eq!(route.points.last(), Some(&there));
/// assert!(route.length_m > 7.5, "around the shelf, not through it");
///
/// map.block(0, Rect { x1_m: 2.0, y1_m: 4.0, x2_m: 3.0, y2_m: 5.0 })?;
/// assert!(map.distance(here, there).is_err(), "the only way round is blocked");
/// # Ok::<(), quickcart_core::pathfinding::PathError>(())
/// ```
///
/// Clones are cheap, and share the prepared index. A map that changes while others ask it is a
/// [`LiveMap`](super::LiveMap).
#[derive(Clone, Debug)]
pub struct StoreMap {
    floor_plan: Arc<FloorPlan>,
    /// Which cells the plan leaves free.
    planned: Arc<Grid>,
    engine: Engine,
    bytes_max: usize,
}

/// Settings of a [`StoreMap`].
#[must_use]
pub struct StoreMapBuilder<'a> {
    floor_plan: FloorPlan,
    technique: Technique,
    bytes_max: usize,
    on_progress: &'a (dyn Fn(f64) + Sync),
}

impl<'a> StoreMapBuilder<'a> {
    /// How walks are found. Default: as the map allows.
    pub fn technique(self, technique: Technique) -> Self {
        Self { technique, ..self }
    }

    /// How many bytes the table may take before [`Technique::Auto`] does without. Default: 256 MiB, which is room for
    /// some 11,500 subgoals.
    pub fn bytes_max(self, bytes_max: usize) -> Self {
        Self { bytes_max, ..self }
    }

    /// Told how much of the preparation is done, from 0 to 1, by any thread.
    pub fn on_progress(self, on_progress: &'a (dyn Fn(f64) + Sync)) -> Self {
        Self { on_progress, ..self }
    }

    /// Divides the floor plan into cells and prepares the index.
    ///
    /// # Errors
    /// As [`StoreMap::build`]; [`PathError::TechniqueUnfit`] when the map does not allow the technique that was asked for.
    pub fn build(self) -> Result<StoreMap, PathError> {
        let technique = self.technique;
        let mut map = StoreMap::unprepared(self.floor_plan, technique, self.bytes_max)?;
        if matches!(technique, Technique::Auto | Technique::Table) {
            map.engine = map.engine.indexed(map.bytes_max, &Progress::new(self.on_progress));
        }
        let is_as_asked = technique == Technique::Auto || technique == map.technique();
        if is_as_asked { Ok(map) } else { Err(PathError::TechniqueUnfit { technique }) }
    }

    /// As [`build`](Self::build), with an index that [`StoreMap::save_index`] wrote.
    ///
    /// # Errors
    /// As [`StoreMap::build`]; [`PathError::InvalidIndex`] when the index is damaged, of another version or another map.
    pub fn load_index(self, index: impl Read) -> Result<StoreMap, PathError> {
        let mut map = StoreMap::unprepared(self.floor_plan, Technique::Table, self.bytes_max)?;
        let index = saved::read(map.engine.terrain(), index)?;
        map.engine = map.engine.with_index(Some(index));
        Ok(map)
    }
}

impl StoreMap {
    /// Divides a floor plan into cells and prepares what makes walks fast.
    ///
    /// # Errors
    /// [`PathError`] when the plan is empty, too large, or contradicts itself.
    pub fn build(floor_plan: FloorPlan) -> Result<Self, PathError> {
        Self::builder(floor_plan).build()
    }

    /// As [`build`](Self::build), with settings.
    pub fn builder<'a>(floor_plan: FloorPlan) -> StoreMapBuilder<'a> {
        let (technique, bytes_max) = (Technique::Auto, 256 << 20);
        StoreMapBuilder { floor_plan, technique, bytes_max, on_progress: &|_| () }
    }

    fn unprepared(floor_plan: FloorPlan, technique: Technique, bytes_max: usize) -> Result<Self, PathError> {
        floor_plan.check()?;
        let terrain = Terrain::of(&floor_plan)?;
        let planned = Arc::new(terrain.grid.clone());
        let engine = Engine::searching(terrain, technique);
        let map = Self { floor_plan: Arc::new(floor_plan), planned, engine, bytes_max };
        map.check_places()?;
        Ok(map)
    }

    /// The plan this map was built from.
    #[must_use]
    pub fn floor_plan(&self) -> &FloorPlan {
        &self.floor_plan
    }

    /// What finds the walks of this map.
    #[must_use]
    pub fn technique(&self) -> Technique {
        self.engine.technique()
    }

    /// How many bytes the prepared index takes; 0 without one.
    #[must_use]
    pub fn index_bytes(&self) -> usize {
        self.engine.index().map_or(0, super::index::Index::bytes)
    }

    /// The middle of the free cell that is nearest to `point` on its floor.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] when the point is on no floor, or the floor has no free cell.
    pub fn nearest_free(&self, point: Point) -> Result<Point, PathError> {
        Ok(self.terrain().sheet.point_of(self.cell_near(point)?))
    }

    /// The length of the shortest walk between the free cells nearest to two points, in metres.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] and [`PathError::Unreachable`].
    pub fn distance(&self, from: Point, to: Point) -> Result<f64, PathError> {
        let (start, goal) = (self.cell_near(from)?, self.cell_near(to)?);
        Ok(self.length_m(reached(self.engine.distance(start, goal), to)?))
    }

    /// The shortest walk between the free cells nearest to two points.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] and [`PathError::Unreachable`].
    pub fn route(&self, from: Point, to: Point) -> Result<Route, PathError> {
        let mut route = Route::default();
        self.route_into(from, to, &mut route)?;
        Ok(route)
    }

    /// As [`route`](Self::route), in the memory of a route from before: whoever asks often allocates nothing.
    ///
    /// # Errors
    /// As [`route`](Self::route); then the route is as it was.
    pub fn route_into(&self, from: Point, to: Point, route: &mut Route) -> Result<(), PathError> {
        let (start, goal) = (self.cell_near(from)?, self.cell_near(to)?);
        self.engine.with_route(start, goal, |cells, cost| {
            route.fill(self.terrain(), cells, reached(cost, to)?);
            Ok(())
        })
    }

    /// The lengths of the shortest walks from each of some points to each of others.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`]; where no walk leads, the length is infinite.
    pub fn matrix(&self, from: &[Point], to: &[Point]) -> Result<Matrix, PathError> {
        let costs = self.engine.matrix(&self.cells_near(from)?, &self.cells_near(to)?);
        Ok(Matrix::of(&costs, to.len(), self.terrain().sheet.resolution_m()))
    }

    /// The nearest of some places by walking: its index and how far it is, in metres. `None` when no walk leads to any.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`].
    pub fn nearest(&self, from: Point, places: &[Point]) -> Result<Option<(usize, f64)>, PathError> {
        let costs = self.engine.matrix(&[self.cell_near(from)?], &self.cells_near(places)?);
        let nearest = costs.into_iter().enumerate().min_by_key(|&(_, cost)| cost);
        Ok(nearest.filter(|&(_, cost)| cost < UNREACHABLE).map(|(index, cost)| (index, self.length_m(cost))))
    }

    /// The order in which to visit `stops` so that the walk from `start` past all of them is shortest. The walk ends at
    /// the last stop. Stops that are not on the map or cannot be reached are left out and named.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] for the start; [`PathError::Tour`] with more than [`STOPS_MAX`](super::STOPS_MAX) stops.
    pub fn tour(&self, start: Point, stops: &[Point]) -> Result<Tour, PathError> {
        self.tour_for(&stops.iter().copied().fold(TourRequest::from(start), TourRequest::stop))
    }

    /// The shortest tour that does what is asked. Stops without a place on the map are left out and named.
    ///
    /// # Errors
    /// [`PathError::OffTheMap`] for the start or the end, [`PathError::Tour`] for what cannot be done.
    pub fn tour_for(&self, request: &TourRequest<'_>) -> Result<Tour, PathError> {
        request.check(super::STOPS_MAX)?;
        request.ends().try_for_each(|end| self.cell_near(end).map(drop))?;
        let cells: Vec<Option<Cell>> =
            request.places().into_iter().map(|place| self.cell_near(place).ok()).collect();
        let known: Vec<Cell> = cells.iter().copied().flatten().collect();
        let matrix =
            Matrix::of(&self.engine.matrix(&known, &known), known.len(), self.terrain().sheet.resolution_m());
        let mut next = 0..;
        let rows: Vec<Option<usize>> = cells.iter().map(|cell| cell.and_then(|_| next.next())).collect();
        let length_m = |from: Option<usize>, to: Option<usize>| {
            from.zip(to).map_or(f64::INFINITY, |(from, to)| matrix.row(from)[to])
        };
        let lengths_m = rows.iter().flat_map(|&from| rows.iter().map(move |&to| (from, to)));
        Ok(request.solve(&lengths_m.map(|(from, to)| length_m(from, to)).collect::<Vec<f64>>())?)
    }

    /// Blocks every cell that an area reaches into, such as an aisle with a spill. Answers are exact from the next one on;
    /// walks that have to go another way now take longer to find until [`prepare`](Self::prepare). Answers how many cells
    /// were free.
    ///
    /// # Errors
    /// [`PathError::InvalidPlan`] when the area is not on a floor of the map.
    pub fn block(&mut self, level: i32, area: Rect) -> Result<usize, PathError> {
        self.change(level, area, false)
    }

    /// Frees every cell that an area reaches into, whatever blocked it, such as a shelf that was taken away. Answers how many
    /// were blocked. All walks take longer to find until [`prepare`](Self::prepare).
    ///
    /// # Errors
    /// [`PathError::InvalidPlan`] when the area is not on a floor of the map.
    pub fn free(&mut self, level: i32, area: Rect) -> Result<usize, PathError> {
        self.change(level, area, true)
    }

    /// Makes every cell that an area reaches into what the plan says, after [`block`](Self::block) and
    /// [`free`](Self::free). Answers how many changed.
    ///
    /// # Errors
    /// [`PathError::InvalidPlan`] when the area is not on a floor of the map.
    pub fn restore(&mut self, level: i32, area: Rect) -> Result<usize, PathError> {
        let cells = self.terrain().cells_in(level, &area)?;
        let planned = Arc::clone(&self.planned);
        Ok(self.engine.change(&cells, |cell| planned.is_free(cell)))
    }

    fn change(&mut self, level: i32, area: Rect, is_free: bool) -> Result<usize, PathError> {
        let cells = self.terrain().cells_in(level, &area)?;
        Ok(self.engine.change(&cells, |_| is_free))
    }

    /// Whether the index knows the map as it is.
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        self.engine.is_current()
    }

    /// Makes the index anew, after changes. It takes as long as [`build`](Self::build).
    pub fn prepare(&mut self) {
        if !self.is_prepared() {
            self.engine = self.engine.clone().indexed(self.bytes_max, &Progress::new(&|_| ()));
        }
    }

    /// Writes the prepared index, to be [loaded](StoreMapBuilder::load_index) instead of made. Its format is that of this
    /// version of the library.
    ///
    /// # Errors
    /// [`PathError::NotPrepared`] without an index or after changes, [`PathError::InvalidIndex`] when it cannot be written.
    pub fn save_index(&self, index: impl Write) -> Result<(), PathError> {
        if !self.is_prepared() {
            return Err(PathError::NotPrepared);
        }
        saved::write(self.engine.index().ok_or(PathError::NotPrepared)?, index)
    }

    pub(super) fn terrain(&self) -> &Terrain {
        self.engine.terrain()
    }

    fn length_m(&self, cost: Cost) -> f64 {
        cost::sides(cost) * self.terrain().sheet.resolution_m()
    }

    fn cell_near(&self, point: Point) -> Result<Cell, PathError> {
        self.terrain().nearest_free(point).ok_or(PathError::OffTheMap { point })
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
        for passage in &self.floor_plan.passages {
            places.extend([passage.from, passage.to].map(|point| (passage.name.clone(), point)));
        }
        let cells: Vec<Cell> =
            places.iter().map(|(name, point)| self.free_cell(name, *point)).collect::<Result<_, _>>()?;
        let costs = Search::default().dijkstra(self.terrain(), entrance, &cells);
        match places.iter().zip(costs).find(|(_, cost)| *cost >= UNREACHABLE) {
            Some(((_, point), _)) => Err(PathError::Unreachable { point: *point }),
            None => Ok(()),
        }
    }

    fn free_cell(&self, name: &str, point: Point) -> Result<Cell, PathError> {
        let blocked = || PathError::Blocked { name: name.to_owned(), point };
        self.terrain().cell_at(point).filter(|&cell| self.terrain().grid.is_free(cell)).ok_or_else(blocked)
    }
}

fn reached(cost: Cost, to: Point) -> Result<Cost, PathError> {
    if cost < UNREACHABLE { Ok(cost) } else { Err(PathError::Unreachable { point: to }) }
}
