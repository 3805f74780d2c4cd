//! The map of a store: distances, routes and tours.

use std::sync::Arc;

use pyo3::prelude::*;
use quickcart_core::catalog::import::parse_map;
use quickcart_core::pathfinding as core;

use crate::errors::Failure;
use crate::values::{Point, Route, Tour, Waypoint, show};

/// A floor plan, ready to be asked for walks. All answers are shortest on its square cells.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct StoreMap(pub(crate) Arc<core::StoreMap>);

#[pymethods]
impl StoreMap {
    /// Reads a `map.json`.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: String) -> Result<Self, Failure> {
        py.detach(|| Ok(Self(Arc::new(parse_map(&text)?))))
    }

    /// The length in metres of the shortest walk between the free places nearest to two points.
    #[pyo3(signature = (start, goal, /))]
    fn distance_m(&self, py: Python<'_>, start: Point, goal: Point) -> Result<f64, Failure> {
        py.detach(|| Ok(self.0.distance(start.into(), goal.into())?))
    }

    /// The shortest walk between the free places nearest to two points.
    #[pyo3(signature = (start, goal, /))]
    fn route(&self, py: Python<'_>, start: Point, goal: Point) -> PyResult<Route> {
        let route = py.detach(|| self.0.route(start.into(), goal.into()).map_err(Failure::from))?;
        Route::of(py, route)
    }

    /// What to tell somebody who walks the route: its turning points, each with an instruction.
    fn directions(&self, route: &Route) -> Vec<Waypoint> {
        self.0.directions(route.core()).into_iter().map(|waypoint| Waypoint::of(waypoint, None)).collect()
    }

    /// The order of the stops that makes the walk from `start` past all of them shortest.
    fn tour(&self, py: Python<'_>, start: Point, stops: Vec<Point>) -> PyResult<Tour> {
        let stops: Vec<core::Point> = stops.into_iter().map(Into::into).collect();
        let tour = py.detach(|| self.0.tour(start.into(), &stops).map_err(Failure::from))?;
        Tour::of(py, tour)
    }

    /// The map as an SVG picture, with `routes` on it, which may be the legs of a tour.
    #[pyo3(signature = (routes = Vec::new()), text_signature = "($self, routes=())")]
    fn svg(&self, py: Python<'_>, routes: Vec<PyRef<'_, Route>>) -> String {
        let routes: Vec<core::Route> = routes.iter().map(|route| route.core().clone()).collect();
        py.detach(|| self.0.svg(&routes.iter().collect::<Vec<_>>()))
    }

    /// The middle of the free cell that is nearest to a point on its floor.
    #[pyo3(signature = (point, /))]
    fn nearest_free(&self, point: Point) -> Result<Point, Failure> {
        Ok(self.0.nearest_free(point.into())?.into())
    }

    /// Where shoppers come in.
    #[getter]
    fn entrance(&self) -> Point {
        self.0.floor_plan().entrance.into()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let plan = self.0.floor_plan();
        show!(py, "StoreMap", floors = plan.floors.len(), resolution_m = plan.resolution_m)
    }
}
