//! Lengths of many walks, as NumPy's arrays where NumPy can be imported, else as lists.

use numpy::{PyArray1, PyArrayMethods};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use quickcart_core::pathfinding::{PathError, StoreMap};

use super::places::{Places, blame};
use crate::errors::{Failure, InvalidArgument};

/// Whether NumPy can be imported, found out by the first call that may need it. Without it nothing of the crate `numpy` may
/// be called: it panics.
pub(super) fn has_numpy(py: Python<'_>) -> bool {
    static HAS_NUMPY: PyOnceLock<bool> = PyOnceLock::new();
    *HAS_NUMPY.get_or_init(py, || py.import("numpy").is_ok())
}

/// # Errors
/// There are not as many starts as goals.
pub(super) fn of_pairs(starts: &Places, goals: &Places) -> Result<(), InvalidArgument> {
    let (starts, goals) = (starts.points.len(), goals.points.len());
    let message = format!("there are {starts} starts and {goals} goals; each start needs its goal");
    if starts == goals { Ok(()) } else { Err(InvalidArgument::new("places_invalid", message)) }
}

pub(super) fn distances(map: &StoreMap, starts: &Places, goals: &Places) -> Result<Vec<f64>, Failure> {
    let mut lengths_m = Vec::with_capacity(starts.points.len());
    for (&start, &goal) in starts.points.iter().zip(&goals.points) {
        lengths_m.push(match map.distance(start, goal) {
            Ok(length_m) => length_m,
            Err(PathError::Unreachable { .. }) => f64::INFINITY,
            Err(error) => return Err(blame(map, error, &[starts, goals])),
        });
    }
    Ok(lengths_m)
}

/// Row after row.
pub(super) fn matrix(map: &StoreMap, starts: &Places, goals: &Places) -> Result<Vec<f64>, Failure> {
    let matrix = map.matrix(&starts.points, &goals.points);
    let matrix = matrix.map_err(|error| blame(map, error, &[starts, goals]))?;
    Ok(matrix.into_lengths_m())
}

/// The array takes the lengths over as they are.
pub(super) fn row(py: Python<'_>, lengths_m: Vec<f64>) -> PyResult<Py<PyAny>> {
    if has_numpy(py) { PyArray1::from_vec(py, lengths_m).into_py_any(py) } else { lengths_m.into_py_any(py) }
}

pub(super) fn rows(py: Python<'_>, lengths_m: Vec<f64>, rows: usize, columns: usize) -> PyResult<Py<PyAny>> {
    if has_numpy(py) {
        return PyArray1::from_vec(py, lengths_m).reshape([rows, columns])?.into_py_any(py);
    }
    let row = |row: usize| &lengths_m[row * columns..(row + 1) * columns];
    (0..rows).map(row).collect::<Vec<_>>().into_py_any(py)
}
