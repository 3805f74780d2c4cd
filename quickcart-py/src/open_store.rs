//! A database that is open whenever it is used, and closed while the process forks.

use std::path::{Path, PathBuf, absolute};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quickcart_core::admin::link_audit;
use quickcart_core::clock::SystemClock;
use quickcart_core::error::{DomainError, ErrorKind};
use quickcart_core::shop::Shop;
use quickcart_core::store::{ShopStore, SqliteStore};

use crate::errors::{Failure, InvalidArgument};
use crate::fork;
use crate::wait::block_on;

/// A shop's file. All of its methods wait, so the interpreter is detached around them.
pub(crate) struct OpenStore {
    path: PathBuf,
    rules: Rules,
    state: Mutex<State>,
}

/// An open file, and the shop in it, which keeps its map.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) store: Arc<SqliteStore>,
    shop: Shop,
}

/// What its owner says of the shop.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) weight_tolerance_g: Option<u32>,
    pub(crate) return_window: Duration,
}

enum State {
    Open(Opened),
    /// The next call opens it.
    Away,
    /// By its user, for good.
    Closed,
}

impl OpenStore {
    /// Opens the file, which is made when it is not there.
    pub(crate) fn open(path: &Path, rules: Rules) -> Result<Arc<Self>, Failure> {
        // A relative path would lead elsewhere once a daemon has changed its folder.
        let path = absolute(path).ok().filter(|path| !path.as_os_str().as_encoded_bytes().contains(&0));
        let path = path.ok_or_else(|| InvalidArgument::new("path_invalid", "the path names no file"))?;
        let _call = fork::hold_off()?;
        let store = Arc::new(Self { path, rules, state: Mutex::new(State::Away) });
        store.opened()?;
        fork::close_before(&store);
        Ok(store)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Does `work` in the shop and waits for it.
    pub(crate) fn run<T, E: DomainError>(
        &self,
        work: impl AsyncFnOnce(Shop) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let _call = fork::hold_off()?;
        Ok(block_on(work(self.opened()?.shop))?)
    }

    /// Ends all use of the file.
    pub(crate) fn close(&self) -> Result<(), Failure> {
        let _call = fork::hold_off()?;
        *self.state() = State::Closed;
        Ok(())
    }

    /// Closes the file until the next call. No call is under way.
    pub(crate) fn close_for_fork(&self) {
        let mut state = self.state();
        if matches!(*state, State::Open(_)) {
            *state = State::Away;
        }
    }

    /// What is open now, to be let go of before the fork that the caller holds off.
    pub(crate) fn opened(&self) -> Result<Opened, Failure> {
        let mut state = self.state();
        match &*state {
            State::Open(opened) => Ok(opened.clone()),
            State::Closed => Err(ShopClosed.into()),
            State::Away => {
                fork::note_open();
                let store = Arc::new(SqliteStore::open(&self.path)?);
                block_on(link_audit(&*store))?;
                let shop = Shop::new(Arc::clone(&store) as Arc<dyn ShopStore>, Arc::new(SystemClock))
                    .with_weight_tolerance(self.rules.weight_tolerance_g)
                    .with_return_window(self.rules.return_window);
                let opened = Opened { store, shop };
                *state = State::Open(opened.clone());
                Ok(opened)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Python drops its last handle while it keeps the interpreter, so no fork comes in between.
impl Drop for OpenStore {
    fn drop(&mut self) {
        if fork::is_forked_open() {
            // The threads that closing would wait for live in the parent.
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(std::mem::replace(state, State::Closed));
        }
    }
}

/// The shop was closed by its user.
#[derive(Debug, thiserror::Error)]
#[error("the shop is closed")]
struct ShopClosed;

impl DomainError for ShopClosed {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Conflict
    }

    fn code(&self) -> &'static str {
        "shop_closed"
    }
}
