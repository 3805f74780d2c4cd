//! The index of a map as a file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use pyo3::PyErr;
use pyo3::exceptions::PyOSError;
use quickcart_core::pathfinding::{FloorPlan, PathError, StoreMap};

use crate::errors::Failure;
use crate::fork::ForkedOpen;

/// Why an index was not written or read.
pub(super) enum IndexFileError {
    Refused(Failure),
    File { path: PathBuf, error: io::Error },
}

impl From<PathError> for IndexFileError {
    fn from(error: PathError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<ForkedOpen> for IndexFileError {
    fn from(error: ForkedOpen) -> Self {
        Self::Refused(error.into())
    }
}

impl From<IndexFileError> for PyErr {
    fn from(error: IndexFileError) -> Self {
        match error {
            IndexFileError::Refused(failure) => failure.into(),
            // Of these three Python makes the class that fits the number, such as FileNotFoundError.
            IndexFileError::File { path, error } => {
                PyOSError::new_err((error.raw_os_error(), error.to_string(), path.into_os_string()))
            }
        }
    }
}

/// Under another name until it is whole, so that nobody reads a part.
pub(super) fn write(map: &StoreMap, path: &Path) -> Result<(), IndexFileError> {
    let part = beside(path);
    let failed = |error| IndexFileError::File { path: path.to_owned(), error };
    let written = write_part(map, &part, path).and_then(|()| fs::rename(&part, path).map_err(failed));
    if written.is_err() {
        // Why it failed says more than why what is left cannot be removed.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write_part(map: &StoreMap, part: &Path, path: &Path) -> Result<(), IndexFileError> {
    let failed = |error| IndexFileError::File { path: path.to_owned(), error };
    let mut file = BufWriter::new(File::create(part).map_err(failed)?);
    map.save_index(&mut file)?;
    file.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok(())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".part");
    name.into()
}

pub(super) fn read(plan: FloorPlan, path: &Path) -> Result<StoreMap, IndexFileError> {
    let failed = |error| IndexFileError::File { path: path.to_owned(), error };
    let file = BufReader::new(File::open(path).map_err(failed)?);
    Ok(StoreMap::builder(plan).load_index(file)?)
}
