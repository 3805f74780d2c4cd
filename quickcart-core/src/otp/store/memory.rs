//! Challenges in the memory of one process: bounded, expiring, sharded by key.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::OtpStore;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::otp::{Attempt, Challenge, ChallengeKey, Guess, Replaced};

const SHARDS: usize = 64;

/// Keeps challenges in memory. They end with the process, and other processes do not see them.
pub struct MemoryOtpStore {
    shards: Vec<Mutex<Shard>>,
    shard_capacity: usize,
}

#[derive(Default)]
struct Shard {
    pending: HashMap<ChallengeKey, Challenge, BuildHasherDefault<DigestHasher>>,
    /// Every challenge in the order of its arrival, which is the order of expiry as long as lifetimes are alike.
    by_age: VecDeque<(Timestamp, ChallengeKey)>,
}

/// A key is a keyed digest: its own bytes are as good a hash as any, and nobody outside can aim at a bucket.
#[derive(Default)]
struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 ^= u64::from_le_bytes(*last);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl MemoryOtpStore {
    /// Room for about `capacity` challenges at once; past that, new ones are refused until old ones expire.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, shard_capacity: capacity.div_ceil(SHARDS) }
    }

    fn shard(&self, key: &ChallengeKey) -> MutexGuard<'_, Shard> {
        // The key is a keyed digest, so its first byte spreads evenly and cannot be aimed at.
        let shard = &self.shards[usize::from(key[0]) % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Forgets what has expired, and the queue's entries of challenges that were replaced or used. Every entry is
    /// looked at a bounded number of times, so all of it costs as much as it did to come in.
    fn forget_expired(&mut self, now: Timestamp) {
        while let Some(&(expires_at, key)) = self.by_age.front().filter(|(expires_at, _)| *expires_at <= now)
        {
            self.by_age.pop_front();
            if self.is_current(expires_at, &key) {
                self.pending.remove(&key);
            }
        }
        if self.by_age.len() > 2 * self.pending.len() + 16 {
            let mut by_age = std::mem::take(&mut self.by_age);
            by_age.retain(|(expires_at, key)| self.is_current(*expires_at, key));
            self.by_age = by_age;
        }
    }

    fn is_current(&self, expires_at: Timestamp, key: &ChallengeKey) -> bool {
        self.pending.get(key).is_some_and(|challenge| challenge.expires_at() == expires_at)
    }
}

#[async_trait]
impl OtpStore for MemoryOtpStore {
    async fn replace(
        &self,
        key: ChallengeKey,
        challenge: Challenge,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let mut shard = self.shard(&key);
        shard.forget_expired(now);
        let older = shard.pending.get(&key);
        if let Some(locked) = older.filter(|older| older.is_locked(now)) {
            return Ok(Replaced::LockedUntil(locked.expires_at()));
        }
        if older.is_none() && shard.pending.len() >= self.shard_capacity {
            return Err(StoreError::unavailable("too many challenges are pending"));
        }
        let expires_at = challenge.expires_at();
        let is_queued = older.is_some_and(|older| older.expires_at() == expires_at);
        let challenge = match older {
            Some(older) => challenge.after(older, now),
            None => challenge,
        };
        shard.pending.insert(key, challenge);
        if !is_queued {
            shard.by_age.push_back((expires_at, key));
        }
        Ok(Replaced::Done)
    }

    async fn attempt(&self, key: ChallengeKey, guess: Guess, now: Timestamp) -> Result<Attempt, StoreError> {
        let mut shard = self.shard(&key);
        let Some(challenge) = shard.pending.get_mut(&key) else { return Ok(Attempt::NotFound) };
        let attempt = challenge.attempt(guess, now);
        if attempt == Attempt::Accepted {
            shard.pending.remove(&key);
        }
        Ok(attempt)
    }

    async fn expires_at(&self, key: ChallengeKey, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let shard = self.shard(&key);
        Ok(shard.pending.get(&key).filter(|challenge| challenge.is_pending(now)).map(Challenge::expires_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn challenge(expires_at: Timestamp) -> Challenge {
        Challenge::new(Guess { nonce: None, code: [7; 32] }, 5, expires_at)
    }

    #[tokio::test]
    async fn is_bounded_and_makes_room_when_challenges_expire() {
        let store = MemoryOtpStore::with_capacity(SHARDS);
        let (start, ttl) = (Timestamp::UNIX_EPOCH, SignedDuration::from_secs(300));
        let key = |n: u8| -> ChallengeKey { std::array::from_fn(|index| if index == 1 { n } else { 0 }) };
        store.replace(key(1), challenge(start + ttl), start).await.unwrap();
        assert!(store.replace(key(2), challenge(start + ttl), start).await.is_err(), "its shard is full");
        store.replace(key(1), challenge(start + ttl), start).await.unwrap();
        store.replace(key(2), challenge(start + ttl + ttl), start + ttl).await.unwrap();
        assert_eq!(store.expires_at(key(1), start + ttl).await.unwrap(), None);
    }

    #[tokio::test]
    async fn asking_again_and_again_takes_no_room() {
        let store = MemoryOtpStore::with_capacity(SHARDS);
        let (now, ttl) = (Timestamp::UNIX_EPOCH, SignedDuration::from_secs(300));
        for _ in 0..1_000 {
            store.replace([0; 32], challenge(now + ttl), now).await.unwrap();
        }
        assert!(store.shard(&[0; 32]).by_age.len() < 100);
    }
}
