//! Places as Python has them: points, tuples of numbers, and NumPy's arrays of them.

use numpy::{PyArray2, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use quickcart_core::error::{DomainError, ErrorKind};
use quickcart_core::pathfinding::{PathError, Point as CorePoint, StoreMap};

use super::lengths::has_numpy;
use crate::errors::{Failure, InvalidArgument};
use crate::values::Point;

/// A `Point`, `(x_m, y_m)` on the ground floor, or `(level, x_m, y_m)`.
pub(super) struct Place(pub(super) CorePoint);

impl<'py> FromPyObject<'_, 'py> for Place {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        point(&object, 0).map(Self)
    }
}

fn point(object: &Bound<'_, PyAny>, level: i32) -> PyResult<CorePoint> {
    if let Ok(point) = object.cast::<Point>() {
        return Ok((*point.get()).into());
    }
    if let Ok(list) = object.cast::<PyList>() {
        return numbers(&list.to_tuple(), level);
    }
    match object.cast::<PyTuple>() {
        Ok(tuple) => numbers(tuple, level),
        Err(_) => Err(no_place(object)),
    }
}

fn numbers(tuple: &Bound<'_, PyTuple>, level: i32) -> PyResult<CorePoint> {
    let number = |index| tuple.get_borrowed_item(index)?.extract::<f64>();
    match tuple.len() {
        2 => Ok(CorePoint::new(level, number(0)?, number(1)?)),
        3 => Ok(CorePoint::new(tuple.get_borrowed_item(0)?.extract()?, number(1)?, number(2)?)),
        _ => Err(no_place(tuple)),
    }
}

fn no_place(object: &Bound<'_, PyAny>) -> PyErr {
    let shown = object.repr().map_or_else(|_| String::from("something else"), |shown| shown.to_string());
    PyTypeError::new_err(format!("a place is a Point, (x_m, y_m) or (level, x_m, y_m), not {shown}"))
}

/// Many places, by the name of the argument that holds them.
pub(super) struct Places {
    pub(super) name: &'static str,
    pub(super) points: Vec<CorePoint>,
}

impl Places {
    /// Reads an array with a row `(x_m, y_m)` or `(level, x_m, y_m)` for each place, or whatever yields places; `level` is
    /// for those that name none. The numbers are read before the interpreter is let go: another thread may write into
    /// the array.
    pub(super) fn read(name: &'static str, object: &Bound<'_, PyAny>, level: i32) -> PyResult<Self> {
        let points = if has_numpy(object.py())
            && let Ok(array) = object.cast::<PyUntypedArray>()
        {
            from_array(name, array, level)?
        } else {
            let named = |(index, object): (usize, PyResult<Bound<'_, PyAny>>)| {
                let object = object?;
                point(&object, level).map_err(|error| at(name, index, &error, object.py()))
            };
            object.try_iter()?.enumerate().map(named).collect::<PyResult<_>>()?
        };
        Ok(Self { name, points })
    }
}

/// Stops of a tour, each a place or several of which one is visited.
pub(super) struct Stops(pub(super) Vec<Vec<CorePoint>>);

impl Stops {
    /// Reads what [`Places::read`] does, and whatever yields places in the place of one.
    pub(super) fn read(object: &Bound<'_, PyAny>, level: i32) -> PyResult<Self> {
        if has_numpy(object.py()) && object.is_instance_of::<PyUntypedArray>() {
            let rows = Places::read("stops", object, level)?.points;
            return Ok(Self(rows.into_iter().map(|row| vec![row]).collect()));
        }
        let stop = |(index, object): (usize, PyResult<Bound<'_, PyAny>>)| {
            let object = object?;
            match (point(&object, level), first_is_number(&object)) {
                (Ok(point), _) => Ok(vec![point]),
                (Err(error), true) => Err(at("stops", index, &error, object.py())),
                (Err(_), false) => Ok(Places::read("stops", &object, level)?.points),
            }
        };
        object.try_iter()?.enumerate().map(stop).collect::<PyResult<_>>().map(Self)
    }
}

fn first_is_number(object: &Bound<'_, PyAny>) -> bool {
    object.get_item(0).is_ok_and(|first| first.extract::<f64>().is_ok())
}

fn at(name: &str, index: usize, error: &PyErr, py: Python<'_>) -> PyErr {
    PyTypeError::new_err(format!("{name}[{index}]: {}", error.value(py)))
}

fn from_array(name: &str, array: &Bound<'_, PyUntypedArray>, level: i32) -> PyResult<Vec<CorePoint>> {
    let shape = array.shape();
    let [_, columns @ (2 | 3)] = *shape else {
        return Err(unfit(name, format!("an array of places has the shape (n, 2) or (n, 3), not {shape:?}")));
    };
    let Ok(array) = array.cast::<PyArray2<f64>>() else {
        return Err(unfit(name, format!("an array of places is of float64, not {}", array.dtype())));
    };
    // What does not lie row after row, or not as a float64 must, is put in order first.
    let is_in_rows = array.is_c_contiguous() && array.is_aligned();
    let array = if is_in_rows { array.clone() } else { array.call_method0("copy")?.cast_into()? };
    let array = array.try_readonly().map_err(|error| unfit(name, error))?;
    let numbers = array.as_slice()?;
    if columns == 2 {
        let (rows, _) = numbers.as_chunks();
        return Ok(rows.iter().map(|&[x_m, y_m]| CorePoint::new(level, x_m, y_m)).collect());
    }
    let (rows, _) = numbers.as_chunks();
    rows.iter().enumerate().map(|(index, row)| on_its_level(name, index, *row)).collect()
}

fn on_its_level(name: &str, index: usize, [level, x_m, y_m]: [f64; 3]) -> PyResult<CorePoint> {
    let whole = level as i32;
    if f64::from(whole) != level {
        return Err(unfit(name, format!("row {index} is on level {level}, which is none")));
    }
    Ok(CorePoint::new(whole, x_m, y_m))
}

fn unfit(name: &str, why: impl std::fmt::Display) -> PyErr {
    Failure::from(InvalidArgument::new("places_invalid", format!("{name}: {why}"))).into()
}

/// An error with the place that it is about.
#[derive(Debug, thiserror::Error)]
#[error("{name}[{index}]: {error}")]
struct AtPlace {
    name: &'static str,
    index: usize,
    error: PathError,
}

impl DomainError for AtPlace {
    fn kind(&self) -> ErrorKind {
        self.error.kind()
    }

    fn code(&self) -> &'static str {
        self.error.code()
    }
}

/// Names the first place that is not on the map, where that is the error.
pub(super) fn blame(map: &StoreMap, error: PathError, lists: &[&Places]) -> Failure {
    let is_off = |point: &CorePoint| map.nearest_free(*point).is_err();
    let culprit = lists.iter().find_map(|list| Some((list.name, list.points.iter().position(is_off)?)));
    match (culprit, error) {
        (Some((name, index)), error @ PathError::OffTheMap { .. }) => AtPlace { name, index, error }.into(),
        (_, error) => error.into(),
    }
}
