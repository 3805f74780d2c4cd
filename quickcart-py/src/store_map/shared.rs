//! A map that changes while threads ask it.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use quickcart_core::pathfinding::{PathError, StoreMap};

/// Unlike the core's `LiveMap` it starts no thread, which a fork would leave behind in the parent: the index is made anew
/// by who asks for it.
pub(super) struct SharedMap(RwLock<Arc<StoreMap>>);

impl SharedMap {
    pub(super) fn of(map: Arc<StoreMap>) -> Self {
        Self(RwLock::new(map))
    }

    /// The map as it is now. Changes that come later leave it as it is.
    pub(super) fn current(&self) -> Arc<StoreMap> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change(
        &self,
        change: impl FnOnce(&mut StoreMap) -> Result<usize, PathError>,
    ) -> Result<usize, PathError> {
        change(Arc::make_mut(&mut self.write()))
    }

    /// Makes the index anew, again until nothing has changed meanwhile.
    pub(super) fn prepare(&self) {
        loop {
            let known = self.current();
            if known.is_prepared() {
                return;
            }
            let mut prepared = StoreMap::clone(&known);
            prepared.prepare();
            let mut now = self.write();
            if Arc::ptr_eq(&known, &now) {
                *now = Arc::new(prepared);
                return;
            }
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Arc<StoreMap>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
