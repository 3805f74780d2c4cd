//! Telling Python how far the preparation of a map is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::errors::Failure;

struct Listener {
    callback: Py<PyAny>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    share: f64,
    /// What the callback raised; it is not called again.
    error: Option<PyErr>,
}

/// Works detached from the interpreter and tells `callback` how much is done, from 0 to 1. What the callback raises is
/// raised when the work is done.
pub(super) fn told_to<T: Send>(
    py: Python<'_>,
    callback: Option<Py<PyAny>>,
    work: impl FnOnce(&(dyn Fn(f64) + Sync)) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    let listener = callback.map(|callback| Listener { callback, heard: Mutex::default() });
    let tell = |share| listener.iter().for_each(|listener| listener.tell(share));
    let made = py.detach(|| work(&tell))?;
    match listener.and_then(|listener| listener.heard().error.take()) {
        Some(error) => Err(error),
        None => Ok(made),
    }
}

impl Listener {
    /// Any thread of the work calls this.
    fn tell(&self, share: f64) {
        Python::attach(|py| {
            if self.is_news(share)
                && let Err(error) = self.callback.call1(py, (share,))
            {
                self.heard().error = Some(error);
            }
        });
    }

    /// Threads overtake each other; a share that is smaller than one before is no news.
    fn is_news(&self, share: f64) -> bool {
        let mut heard = self.heard();
        let is_news = heard.error.is_none() && share > heard.share;
        heard.share = heard.share.max(share);
        is_news
    }

    /// Never held while Python runs: its threads may take turns then.
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
