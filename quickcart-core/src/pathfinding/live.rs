//! A map that changes while others ask it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

use super::{PathError, Rect, StoreMap};

/// A map that changes while others ask it. Whoever asks takes the map as it is [now](Self::current) and keeps it as long as
/// one answer needs; a thread makes the index anew after changes. Clones share the map.
///
/// ```
/// use quickcart_core::pathfinding::{FloorPlan, LiveMap, Point, Rect, StoreMap};
///
/// let map = StoreMap::build(FloorPlan::parse_map(".....\n.....\n", 1.0)?)?;
/// let (live, far) = (LiveMap::new(map), Point::new(0, 4.5, 0.5));
/// let spill = Rect { x1_m: 2.0, y1_m: 0.0, x2_m: 3.0, y2_m: 1.0 };
/// live.block(0, spill)?;
/// assert!(live.current().distance(Point::new(0, 0.5, 0.5), far)? > 4.0, "round the spill");
/// live.restore(0, spill)?;
/// assert_eq!(live.current().distance(Point::new(0, 0.5, 0.5), far)?, 4.0);
/// # Ok::<(), quickcart_core::pathfinding::PathError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LiveMap(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    current: RwLock<Arc<StoreMap>>,
    /// Held while the map changes. Whether a thread makes an index.
    is_preparing: Mutex<bool>,
}

impl LiveMap {
    /// The map is asked and changed from here on.
    #[must_use]
    pub fn new(map: StoreMap) -> Self {
        Self(Arc::new(Shared { current: RwLock::new(Arc::new(map)), is_preparing: Mutex::new(false) }))
    }

    /// The map as it is now.
    #[must_use]
    pub fn current(&self) -> Arc<StoreMap> {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// As [`StoreMap::block`].
    ///
    /// # Errors
    /// As [`StoreMap::block`].
    pub fn block(&self, level: i32, area: Rect) -> Result<usize, PathError> {
        self.change(|map| map.block(level, area))
    }

    /// As [`StoreMap::free`].
    ///
    /// # Errors
    /// As [`StoreMap::free`].
    pub fn free(&self, level: i32, area: Rect) -> Result<usize, PathError> {
        self.change(|map| map.free(level, area))
    }

    /// As [`StoreMap::restore`].
    ///
    /// # Errors
    /// As [`StoreMap::restore`].
    pub fn restore(&self, level: i32, area: Rect) -> Result<usize, PathError> {
        self.change(|map| map.restore(level, area))
    }

    fn change(
        &self,
        change: impl FnOnce(&mut StoreMap) -> Result<usize, PathError>,
    ) -> Result<usize, PathError> {
        let mut is_preparing = self.0.changing();
        let mut map = StoreMap::clone(&self.current());
        let changed = change(&mut map)?;
        let needs_index = !map.is_prepared();
        self.0.replace(map);
        if needs_index && !*is_preparing {
            *is_preparing = true;
            let shared = Arc::clone(&self.0);
            thread::spawn(move || shared.catch_up());
        }
        Ok(changed)
    }
}

impl Shared {
    fn changing(&self) -> MutexGuard<'_, bool> {
        self.is_preparing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, map: StoreMap) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
    }

    /// Makes the index anew until nothing has changed meanwhile.
    fn catch_up(&self) {
        loop {
            let known = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
            let mut prepared = StoreMap::clone(&known);
            prepared.prepare();
            let mut is_preparing = self.changing();
            let now = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
            if Arc::ptr_eq(&known, &now) {
                self.replace(prepared);
            }
            if Arc::ptr_eq(&known, &now) || now.is_prepared() {
                *is_preparing = false;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FloorPlan, Point};
    use super::*;

    #[test]
    fn the_index_catches_up_with_the_last_change() {
        let plan = FloorPlan::parse_map("......\n......\n......\n", 1.0).unwrap();
        let live = LiveMap::new(StoreMap::build(plan).unwrap());
        let column = |x: f64| Rect { x1_m: x, y1_m: 0.0, x2_m: x + 1.0, y2_m: 2.0 };
        let length_m = || live.current().distance(Point::new(0, 0.5, 0.5), Point::new(0, 5.5, 0.5)).unwrap();
        assert_eq!(live.block(0, column(1.0)), Ok(2));
        let once = length_m();
        assert_eq!(live.block(0, column(3.0)), Ok(2));
        let twice = length_m();
        assert!(once > 5.0 && twice >= once, "{once} {twice}");
        while !live.current().is_prepared() {
            thread::yield_now();
        }
        assert_eq!(length_m(), twice, "the new index says the same");
        assert!(live.block(3, column(1.0)).is_err());
    }
}
