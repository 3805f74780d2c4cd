//! The map of a store: distances, routes and tours.

mod index_file;
mod lengths;
mod places;
mod progress;
mod settings;
mod shared;
mod tour;

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use quickcart_core::catalog::import::parse_map;
use quickcart_core::pathfinding as core;
use quickcart_core::pathfinding::{FloorPlan, PathError, Rect, Technique};

use crate::errors::Failure;
use crate::fork;
use crate::values::{Point, Route, Tour, Waypoint, show};
use places::{Place, Places, Stops};
use shared::SharedMap;

/// A floor plan, ready to be asked for walks. All answers are shortest on its square cells.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct StoreMap(SharedMap);

impl StoreMap {
    pub(crate) fn of(py: Python<'_>, map: Arc<core::StoreMap>) -> PyResult<Self> {
        // Threads may be asking it when the process forks.
        fork::watch(py)?;
        Ok(Self(SharedMap::of(map)))
    }

    /// Asks the map as it is now, while other threads of Python go on.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&core::StoreMap) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        py.detach(|| {
            let _call = fork::hold_off()?;
            question(&self.0.current())
        })
    }

    fn change(
        &self,
        py: Python<'_>,
        change: impl FnOnce(&mut core::StoreMap) -> Result<usize, PathError> + Send,
    ) -> Result<usize, Failure> {
        py.detach(|| {
            let _call = fork::hold_off()?;
            Ok(self.0.change(change)?)
        })
    }
}

#[pymethods]
impl StoreMap {
    /// Reads a `map.json`.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let map = py.detach(|| parse_map(text).map_err(Failure::from))?;
        Self::of(py, Arc::new(map))
    }

    /// Reads a map of letters, such as those of movingai.com: `.`, `G` and `S` are free cells, `@`, `O`, `T`, `W` and `#`
    /// blocked ones. `on_progress` is told how much of the preparation is done, from 0 to 1.
    #[staticmethod]
    #[pyo3(signature = (text, resolution_m=1.0, connectivity=8, technique="auto", *, bytes_max=None, on_progress=None))]
    fn parse(
        py: Python<'_>,
        text: &str,
        resolution_m: f64,
        connectivity: u8,
        technique: &str,
        bytes_max: Option<usize>,
        on_progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (connectivity, technique) =
            (settings::connectivity(connectivity)?, settings::technique(technique)?);
        let map = progress::told_to(py, on_progress, |on_progress| {
            let plan = FloorPlan::parse_map(text, resolution_m)?.with_connectivity(connectivity);
            let builder = core::StoreMap::builder(plan).technique(technique).on_progress(on_progress);
            Ok(bytes_max.into_iter().fold(builder, core::StoreMapBuilder::bytes_max).build()?)
        })?;
        Self::of(py, Arc::new(map))
    }

    /// The length in metres of the shortest walk between the free places nearest to two points.
    #[pyo3(signature = (start, goal, /))]
    fn distance(&self, py: Python<'_>, start: Place, goal: Place) -> Result<f64, Failure> {
        let map = self.0.current();
        if map.technique() == Technique::Table && map.is_prepared() {
            // A look into a table takes no longer than it takes to let go of the interpreter.
            return Ok(map.distance(start.0, goal.0)?);
        }
        drop(map);
        self.ask(py, |map| Ok(map.distance(start.0, goal.0)?))
    }

    /// The same as `distance`.
    #[pyo3(signature = (start, goal, /))]
    fn distance_m(&self, py: Python<'_>, start: Place, goal: Place) -> Result<f64, Failure> {
        self.distance(py, start, goal)
    }

    /// The lengths of as many walks as there are starts, each to the goal of the same index; infinite where none leads.
    #[pyo3(signature = (starts, goals, /, level=0))]
    fn distances(
        &self,
        py: Python<'_>,
        starts: &Bound<'_, PyAny>,
        goals: &Bound<'_, PyAny>,
        level: i32,
    ) -> PyResult<Py<PyAny>> {
        let (starts, goals) = (Places::read("starts", starts, level)?, Places::read("goals", goals, level)?);
        lengths::of_pairs(&starts, &goals).map_err(Failure::from)?;
        let lengths_m = self.ask(py, |map| lengths::distances(map, &starts, &goals))?;
        lengths::row(py, lengths_m)
    }

    /// The lengths of the walks from each start to each goal, a row for each start; infinite where none leads.
    #[pyo3(signature = (starts, goals, /, level=0))]
    fn matrix(
        &self,
        py: Python<'_>,
        starts: &Bound<'_, PyAny>,
        goals: &Bound<'_, PyAny>,
        level: i32,
    ) -> PyResult<Py<PyAny>> {
        let (starts, goals) = (Places::read("starts", starts, level)?, Places::read("goals", goals, level)?);
        let lengths_m = self.ask(py, |map| lengths::matrix(map, &starts, &goals))?;
        lengths::rows(py, lengths_m, starts.points.len(), goals.points.len())
    }

    /// The index of the place that is nearest by walking, and how far it is in metres. `None` when no walk leads to any.
    #[pyo3(signature = (start, places, /, level=0))]
    fn nearest(
        &self,
        py: Python<'_>,
        start: Place,
        places: &Bound<'_, PyAny>,
        level: i32,
    ) -> PyResult<Option<(usize, f64)>> {
        let places = Places::read("places", places, level)?;
        Ok(self.ask(py, |map| {
            let nearest = map.nearest(start.0, &places.points);
            nearest.map_err(|error| places::blame(map, error, &[&places]))
        })?)
    }

    /// The shortest walk between the free places nearest to two points.
    #[pyo3(signature = (start, goal, /))]
    fn route(&self, py: Python<'_>, start: Place, goal: Place) -> PyResult<Route> {
        let route = self.ask(py, |map| Ok(map.route(start.0, goal.0)?))?;
        Route::of(py, route)
    }

    /// What to tell somebody who walks the route: its turning points, each with an instruction.
    fn directions(&self, route: &Route) -> Vec<Waypoint> {
        let waypoints = self.0.current().directions(route.core());
        waypoints.into_iter().map(|waypoint| Waypoint::of(waypoint, None)).collect()
    }

    /// The order of the stops that makes the walk from `start` past all of them shortest. A stop is a place, or several of
    /// which one is visited. The walk ends at the last stop, at `end`, or where it began; each pair of `before` names two
    /// stops of which the first is visited earlier. A `gap_max` above 0 saves the time for a proof, `time_max_s` ends it.
    #[pyo3(signature = (start, stops, level=0, *, end=None, back_to_start=false, before=Vec::new(), gap_max=0.0, time_max_s=None))]
    #[pyo3(
        text_signature = "($self, start, stops, level=0, *, end=None, back_to_start=False, before=(), gap_max=0.0, time_max_s=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn tour(
        &self,
        py: Python<'_>,
        start: Place,
        stops: &Bound<'_, PyAny>,
        level: i32,
        end: Option<Place>,
        back_to_start: bool,
        before: Vec<(usize, usize)>,
        gap_max: f64,
        time_max_s: Option<f64>,
    ) -> PyResult<Tour> {
        let stops = Stops::read(stops, level)?;
        let wishes = tour::Wishes { end: end.map(|end| end.0), back_to_start, before, gap_max, time_max_s };
        let tour = self.ask(py, |map| tour::find(map, start.0, &stops.0, &wishes))?;
        Tour::of(py, tour)
    }

    /// The map as an SVG picture, with `routes` on it, which may be the legs of a tour.
    #[pyo3(signature = (routes = Vec::new()), text_signature = "($self, routes=())")]
    fn svg(&self, py: Python<'_>, routes: Vec<PyRef<'_, Route>>) -> Result<String, Failure> {
        let routes: Vec<core::Route> = routes.iter().map(|route| route.core().clone()).collect();
        self.ask(py, |map| Ok(map.svg(&routes.iter().collect::<Vec<_>>())))
    }

    /// The middle of the free cell that is nearest to a point on its floor.
    #[pyo3(signature = (point, /))]
    fn nearest_free(&self, point: Place) -> Result<Point, Failure> {
        Ok(self.0.current().nearest_free(point.0)?.into())
    }

    /// Blocks every cell that an area reaches into. Answers how many were free.
    #[pyo3(signature = (x1_m, y1_m, x2_m, y2_m, /, level=0))]
    fn block(
        &self,
        py: Python<'_>,
        x1_m: f64,
        y1_m: f64,
        x2_m: f64,
        y2_m: f64,
        level: i32,
    ) -> Result<usize, Failure> {
        self.change(py, |map| map.block(level, Rect { x1_m, y1_m, x2_m, y2_m }))
    }

    /// Frees every cell that an area reaches into, whatever blocked it. Answers how many were blocked.
    #[pyo3(signature = (x1_m, y1_m, x2_m, y2_m, /, level=0))]
    fn free(
        &self,
        py: Python<'_>,
        x1_m: f64,
        y1_m: f64,
        x2_m: f64,
        y2_m: f64,
        level: i32,
    ) -> Result<usize, Failure> {
        self.change(py, |map| map.free(level, Rect { x1_m, y1_m, x2_m, y2_m }))
    }

    /// Makes every cell that an area reaches into what the plan says. Answers how many changed.
    #[pyo3(signature = (x1_m, y1_m, x2_m, y2_m, /, level=0))]
    fn restore(
        &self,
        py: Python<'_>,
        x1_m: f64,
        y1_m: f64,
        x2_m: f64,
        y2_m: f64,
        level: i32,
    ) -> Result<usize, Failure> {
        self.change(py, |map| map.restore(level, Rect { x1_m, y1_m, x2_m, y2_m }))
    }

    /// Makes the index anew, after changes; other threads ask the map meanwhile.
    fn prepare(&self, py: Python<'_>) -> Result<(), Failure> {
        py.detach(|| {
            let _call = fork::hold_off()?;
            self.0.prepare();
            Ok(())
        })
    }

    /// Whether the index knows the map as it is.
    #[getter]
    fn is_prepared(&self) -> bool {
        self.0.current().is_prepared()
    }

    /// What finds the walks: `table`, `subgoals` or `search`.
    #[getter]
    fn technique(&self) -> &'static str {
        settings::technique_name(self.0.current().technique())
    }

    /// How many bytes the index takes; 0 without one.
    #[getter]
    fn index_bytes(&self) -> usize {
        self.0.current().index_bytes()
    }

    /// Writes the index into a file, for `load_index` of the same version of quickcart.
    #[pyo3(signature = (path, /))]
    fn save_index(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.detach(|| {
            let _call = fork::hold_off()?;
            index_file::write(&self.0.current(), &path)
        })?)
    }

    /// The map as it was drawn, without changes, with an index that `save_index` wrote.
    #[pyo3(signature = (path, /))]
    fn load_index(&self, py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let plan = self.0.current().floor_plan().clone();
        let map = py.detach(|| index_file::read(plan, &path))?;
        Self::of(py, Arc::new(map))
    }

    /// Where shoppers come in.
    #[getter]
    fn entrance(&self) -> Point {
        self.0.current().floor_plan().entrance.into()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let map = self.0.current();
        let plan = map.floor_plan();
        show!(py, "StoreMap", floors = plan.floors.len(), resolution_m = plan.resolution_m)
    }
}
