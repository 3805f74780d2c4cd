//! Where challenges live.

mod memory;

use async_trait::async_trait;

pub use memory::MemoryOtpStore;

use super::{Attempt, Challenge, ChallengeKey, Guess, Replaced};
use crate::clock::Timestamp;
use crate::error::StoreError;

/// Keeps challenges. Each method is one atomic step: two callers never both see `Accepted`, and no attempt is lost.
///
/// `quickcart_core::conformance::otp_store` (feature `conformance`) checks an implementation.
#[async_trait]
pub trait OtpStore: Send + Sync + 'static {
    /// Puts `challenge` under `key`, [after](Challenge::after) the one that may be there, unless that one is locked.
    async fn replace(
        &self,
        key: ChallengeKey,
        challenge: Challenge,
        now: Timestamp,
    ) -> Result<Replaced, StoreError>;

    /// Judges a guess and keeps the outcome, as [`Challenge::attempt`] does.
    async fn attempt(&self, key: ChallengeKey, guess: Guess, now: Timestamp) -> Result<Attempt, StoreError>;

    /// When the pending challenge under `key` ends; `None` when there is none.
    async fn expires_at(&self, key: ChallengeKey, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;
}
