//! A map with bounds that forgets what has ended.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::StoreError;
use crate::otp::keys::Digest;

/// A bounded map that lets go of what has ended: all of it at once, whenever it has doubled, so that an entry costs the
/// same however many there are.
pub(super) struct Table<T> {
    entries: HashMap<Digest, T, BuildHasherDefault<DigestHasher>>,
    capacity: usize,
    sweep_at: usize,
    swept_at_us: i64,
}

/// Below this many entries a sweep is not worth it.
const SWEEP_MIN: usize = 64;
/// How often a full table looks for room, in microseconds.
const SWEEP_PAUSE_US: i64 = 1_000_000;

impl<T: Ends> Table<T> {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let entries = HashMap::default();
        Self { entries, capacity, sweep_at: SWEEP_MIN, swept_at_us: i64::MIN }
    }

    pub(super) fn get(&self, key: &Digest) -> Option<&T> {
        self.entries.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &Digest) -> Option<&mut T> {
        self.entries.get_mut(key)
    }

    pub(super) fn remove(&mut self, key: &Digest) {
        self.entries.remove(key);
    }

    pub(super) fn put(&mut self, key: Digest, value: T, now_us: i64) -> Result<(), StoreError> {
        if !self.entries.contains_key(&key) && !self.has_room(1, now_us) {
            return Err(full());
        }
        self.entries.insert(key, value);
        Ok(())
    }

    /// As [`put`](Self::put), where there is room.
    pub(super) fn fill(&mut self, key: Digest, value: T) {
        self.entries.insert(key, value);
    }

    /// Whether so many more would fit; makes room when that is due.
    pub(super) fn has_room(&mut self, more: usize, now_us: i64) -> bool {
        let wanted = self.entries.len() + more;
        let is_full = wanted > self.capacity && now_us >= self.swept_at_us.saturating_add(SWEEP_PAUSE_US);
        if wanted > self.sweep_at || is_full {
            self.entries.retain(|_, value| now_us < value.ends_at_us(now_us));
            self.sweep_at = (2 * self.entries.len()).max(SWEEP_MIN);
            self.swept_at_us = now_us;
        }
        self.entries.len() + more <= self.capacity
    }
}

/// What a table keeps ends at some instant.
pub(super) trait Ends {
    fn ends_at_us(&self, now_us: i64) -> i64;
}

impl Ends for i64 {
    fn ends_at_us(&self, _now_us: i64) -> i64 {
        *self
    }
}

/// There is no room.
pub(super) fn full() -> StoreError {
    StoreError::unavailable("too many codes are pending")
}

/// Most keys are keyed digests, whose own bytes are as good a hash as any; the few of countries and prefixes are plain
/// text, so both halves are mixed, as in the finalizer of MurmurHash3.
#[derive(Default)]
struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        for half in bytes.chunks_exact(8) {
            let half = half.try_into().map_or(0, u64::from_le_bytes);
            let mixed = (self.0 ^ half).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
            self.0 = mixed ^ (mixed >> 33);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hash;

    use super::*;

    #[test]
    fn a_table_is_bounded_and_makes_room_when_entries_end() {
        let mut table = Table::with_capacity(100);
        let key = |n: u8| [n; 16];
        for n in 0..100 {
            table.put(key(n), 10_i64 + i64::from(n), 0).unwrap();
        }
        assert!(table.put(key(100), 1_000, 5).is_err(), "it is full");
        table.put(key(99), 500, 5).unwrap();
        let later = 50 + SWEEP_PAUSE_US;
        assert!(table.put(key(100), later + 1, later).is_ok(), "all have ended");
        assert_eq!(table.entries.len(), 1);
    }

    /// Plain keys differ in a few letters of their first half only.
    #[test]
    fn plain_keys_are_spread_over_all_buckets() {
        let mut buckets = [0_u32; 1_024];
        for number in 0..10_240_u32 {
            let mut key: Digest = [0; 16];
            key[..10].copy_from_slice(format!("p+91{number:06}").as_bytes());
            let mut hasher = DigestHasher::default();
            key.hash(&mut hasher);
            buckets[usize::try_from(hasher.finish() % 1_024).unwrap()] += 1;
        }
        assert!(buckets.iter().all(|&count| count < 40), "{buckets:?}");
    }

    #[test]
    fn what_has_ended_is_let_go_long_before_the_table_is_full() {
        let mut table = Table::with_capacity(1_000_000);
        for n in 0..100_000_i64 {
            table.put(u128::try_from(n).unwrap().to_be_bytes(), n + 10, n).unwrap();
        }
        assert!(table.entries.len() <= SWEEP_MIN, "{}", table.entries.len());
    }
}
