//! What a fork needs: no call under way, no database open, and random numbers of its own for the child.
//!
//! A connection of SQLite must not be open while the process forks
//! ([How To Corrupt An SQLite Database File](https://www.sqlite.org/howtocorrupt.html), 2.6). It is not enough that the
//! child opens a new one: SQLite then believes that the child holds the locks of its parent, and when the parent closes
//! the file, its log is deleted with what the child commits afterwards. So everything is closed before the fork, and
//! opened again on both sides by the next call.

use std::cell::RefCell;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use quickcart_core::error::{DomainError, ErrorKind};

use crate::open_store::OpenStore;

/// Read by every call, written by a fork.
static CALLS: RwLock<()> = RwLock::new(());
/// Locked only by who holds `CALLS`, so it is free in a child.
static STORES: Mutex<Vec<Weak<OpenStore>>> = Mutex::new(Vec::new());
/// The process whose stores are open; 0 when none are.
static OPENED_BY: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// From before the fork until after it. The thread that forks is the one that goes on in the child.
    static FORKING: RefCell<Option<RwLockWriteGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// The process has been forked behind Python's back, with open connections in it.
#[derive(Debug, thiserror::Error)]
#[error(
    "this process was forked without Python's knowledge while a shop was open; close the shop before the fork"
)]
pub(crate) struct ForkedOpen;

impl DomainError for ForkedOpen {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }

    fn code(&self) -> &'static str {
        "forked_open"
    }
}

/// Whether the connections that this process sees as open are those of its parent.
pub(crate) fn is_forked_open() -> bool {
    let opened_by = OPENED_BY.load(Ordering::SeqCst);
    opened_by != 0 && opened_by != process::id()
}

/// Keeps Python from forking while a call is under way; waits for the end of a fork. The interpreter must be detached:
/// the thread that forks needs it.
pub(crate) fn hold_off() -> Result<RwLockReadGuard<'static, ()>, ForkedOpen> {
    // Checked first: in such a child the lock may be held by a thread that does not exist.
    if is_forked_open() {
        return Err(ForkedOpen);
    }
    Ok(CALLS.read().unwrap_or_else(PoisonError::into_inner))
}

/// Notes that this process opens a connection. The caller holds a fork off.
pub(crate) fn note_open() {
    OPENED_BY.store(process::id(), Ordering::SeqCst);
}

/// Has the store closed before each fork. The caller holds a fork off.
pub(crate) fn close_before(store: &Arc<OpenStore>) {
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    stores.retain(|store| store.strong_count() > 0);
    stores.push(Arc::downgrade(store));
}

/// Asks Python to tell of forks, once a process. Not at import, because a program that only imports needs none of this.
pub(crate) fn watch(py: Python<'_>) -> PyResult<()> {
    static WATCHED: PyOnceLock<()> = PyOnceLock::new();
    WATCHED.get_or_try_init(py, || register(py)).copied()
}

#[cfg(unix)]
fn register(py: Python<'_>) -> PyResult<()> {
    let hooks = PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before_fork, py)?)?;
    hooks.set_item("after_in_parent", wrap_pyfunction!(after_fork_in_parent, py)?)?;
    hooks.set_item("after_in_child", wrap_pyfunction!(after_fork_in_child, py)?)?;
    py.import("os")?.call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}

#[cfg(not(unix))]
fn register(_py: Python<'_>) -> PyResult<()> {
    Ok(())
}

#[cfg_attr(not(unix), expect(dead_code, reason = "nothing forks there"))]
#[pyfunction]
fn before_fork(py: Python<'_>) {
    // Two threads that make the first objects at the same time may both have registered this.
    if FORKING.with_borrow(Option::is_some) {
        return;
    }
    py.detach(|| {
        let alone = CALLS.write().unwrap_or_else(PoisonError::into_inner);
        let stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
        stores.iter().filter_map(Weak::upgrade).for_each(|store| store.close_for_fork());
        OPENED_BY.store(0, Ordering::SeqCst);
        FORKING.set(Some(alone));
    });
}

#[cfg_attr(not(unix), expect(dead_code, reason = "nothing forks there"))]
#[pyfunction]
fn after_fork_in_parent() {
    FORKING.take();
}

/// Without new random numbers every child would issue the same codes: the generator is a copy of its parent's.
#[cfg_attr(not(unix), expect(dead_code, reason = "nothing forks there"))]
#[pyfunction]
fn after_fork_in_child() -> PyResult<()> {
    FORKING.take();
    rand::rng().reseed().map_err(|error| PyRuntimeError::new_err(format!("no random numbers: {error}")))
}
