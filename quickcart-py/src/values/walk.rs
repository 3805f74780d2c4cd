//! Points and walks, in metres.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use quickcart_core::catalog::SectionId;
use quickcart_core::pathfinding as core;
use quickcart_core::walk as core_walk;

use super::{show, tuple};

/// A place on one floor, in metres from its upper left corner.
#[pyclass(frozen, get_all, eq, from_py_object, module = "quickcart")]
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// The floor; 0 is the ground floor.
    level: i32,
    /// To the right.
    x_m: f64,
    /// Downwards.
    y_m: f64,
}

#[pymethods]
impl Point {
    #[new]
    fn new(level: i32, x_m: f64, y_m: f64) -> Self {
        Self { level, x_m, y_m }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Point", level = self.level, x_m = self.x_m, y_m = self.y_m)
    }
}

impl From<core::Point> for Point {
    fn from(point: core::Point) -> Self {
        Self { level: point.level, x_m: point.x_m, y_m: point.y_m }
    }
}

impl From<Point> for core::Point {
    fn from(point: Point) -> Self {
        Self::new(point.level, point.x_m, point.y_m)
    }
}

/// A shortest walk.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct Route {
    route: core::Route,
    /// The middle of every cell on the way, from the start to the goal.
    #[pyo3(get)]
    points: Py<PyTuple>,
    /// The points where one turns or rides, with the start and the goal: enough to draw the walk.
    #[pyo3(get)]
    corners: Py<PyTuple>,
}

impl Route {
    pub(crate) fn of(py: Python<'_>, route: core::Route) -> PyResult<Self> {
        let points = |points: &[core::Point]| tuple(py, points.iter().copied().map(Point::from));
        Ok(Self { points: points(&route.points)?, corners: points(&route.corners)?, route })
    }

    pub(crate) fn core(&self) -> &core::Route {
        &self.route
    }
}

#[pymethods]
impl Route {
    /// The length in metres from cell to cell; a ride counts as its lift says.
    #[getter]
    fn length_m(&self) -> f64 {
        self.route.length_m
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Route", corners = self.corners.bind(py), length_m = self.route.length_m)
    }
}

/// An order of stops, by their indices in the list that was given.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Tour {
    /// The stops in the order of the visit.
    order: Py<PyTuple>,
    /// The stops that no walk reaches.
    unreachable: Py<PyTuple>,
    /// The length of the whole walk, in metres.
    length_m: f64,
    /// No tour is shorter than this, in metres.
    lower_bound_m: f64,
    /// Where each of the stops is visited, in the same order.
    places: Py<PyTuple>,
    /// Whether no order is shorter; otherwise none was found, but there may be one.
    proved_shortest: bool,
}

impl Tour {
    pub(crate) fn of(py: Python<'_>, tour: core::Tour) -> PyResult<Self> {
        Ok(Self {
            proved_shortest: tour.is_proved_shortest(),
            order: tuple(py, tour.order)?,
            unreachable: tuple(py, tour.unreachable)?,
            length_m: tour.length,
            lower_bound_m: tour.lower_bound,
            places: tuple(py, tour.places.into_iter().map(Point::from))?,
        })
    }
}

#[pymethods]
impl Tour {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (order, unreachable) = (self.order.bind(py), self.unreachable.bind(py));
        let (length_m, proved_shortest) = (self.length_m, self.proved_shortest);
        show!(py, "Tour", order, unreachable, length_m, proved_shortest)
    }
}

/// A turning point of a walk and what to do there.
#[pyclass(frozen, get_all, eq, module = "quickcart")]
#[derive(Clone, PartialEq)]
pub(crate) struct Waypoint {
    /// Where.
    point: Point,
    /// What to do, in English: "Turn left into Aisle 3 and walk 6 m".
    instruction: String,
    /// The section that the place is in, if any and if it is known.
    section_id: Option<i64>,
}

impl Waypoint {
    pub(crate) fn of(waypoint: core::Waypoint, section_id: Option<SectionId>) -> Self {
        Self { point: waypoint.point.into(), instruction: waypoint.instruction, section_id }
    }
}

#[pymethods]
impl Waypoint {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Waypoint", point = self.point, instruction = self.instruction.as_str())
    }
}

/// A walk from one stop to the next.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Leg {
    /// The product to take at its end, if it is for one.
    product_id: Option<i64>,
    /// The section that its end is in, if any.
    section_id: Option<i64>,
    /// The very place it leads to, on a shelf perhaps.
    point: Point,
    /// The way there, to the free floor in front of it.
    route: Py<Route>,
    /// The turning points, each with an instruction.
    directions: Py<PyTuple>,
}

impl Leg {
    fn of(py: Python<'_>, leg: core_walk::Leg) -> PyResult<Self> {
        let waypoints = leg.directions.into_iter();
        Ok(Self {
            product_id: leg.stop.product_id,
            section_id: leg.stop.section_id,
            point: leg.stop.point.into(),
            route: Py::new(py, Route::of(py, leg.route)?)?,
            directions: tuple(
                py,
                waypoints.map(|(waypoint, section_id)| Waypoint::of(waypoint, section_id)),
            )?,
        })
    }
}

#[pymethods]
impl Leg {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let length_m = self.route.get().route.length_m;
        show!(py, "Leg", product_id = self.product_id, section_id = self.section_id, length_m)
    }
}

/// A walk past all stops that can be reached.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Walk {
    /// Where it starts, on free floor.
    start: Point,
    /// One leg for each stop, in the order of the visit.
    legs: Py<PyTuple>,
    /// The length of all legs, in metres.
    length_m: f64,
    /// Whether no order of the stops is shorter; otherwise none was found.
    proved_shortest: bool,
}

impl Walk {
    pub(crate) fn of(py: Python<'_>, walk: core_walk::Walk) -> PyResult<Self> {
        let legs = walk.legs.into_iter().map(|leg| Leg::of(py, leg)).collect::<PyResult<Vec<_>>>()?;
        Ok(Self {
            start: walk.start.into(),
            legs: tuple(py, legs)?,
            length_m: walk.length_m,
            proved_shortest: walk.proved_shortest,
        })
    }
}

#[pymethods]
impl Walk {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (legs, proved_shortest) = (self.legs.bind(py), self.proved_shortest);
        show!(py, "Walk", start = self.start, legs, length_m = self.length_m, proved_shortest)
    }
}
