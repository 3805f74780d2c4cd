//! Where challenges, wrong guesses and limits live.

mod memory;
#[cfg(feature = "redis")]
mod redis;

use async_trait::async_trait;

pub use memory::MemoryOtpStore;
#[cfg(feature = "redis")]
pub use redis::{InvalidRedisUrl, RedisOtpStore, RedisUrl};

use super::challenge::{
    Attempt, AttemptRequest, Decision, HeldChallenge, HeldRequest, IssueRequest, StepRequest,
};
use super::keys::Digest;
use super::limit::{Charge, Standing};
use crate::clock::Timestamp;
use crate::error::StoreError;

/// Keeps what one-time codes need. Each method is one atomic step: two callers never both see `Accepted`, no wrong guess
/// is lost, and no limit is overdrawn.
///
/// `quickcart_core::conformance::otp_store` (feature `conformance`) checks an implementation. All that happens between
/// being asked and answering is described by the request and by what is kept; the time is the request's, too.
#[async_trait]
pub trait OtpStore: Send + Sync + 'static {
    /// Decides on a code and keeps the outcome: under a known idempotency key what was decided before; else whether the
    /// subject is locked or has to wait, whether every charge fits, whether the prefix looks pumped; else the challenge
    /// is pending, and all charges are taken.
    async fn issue(&self, request: &IssueRequest) -> Result<Decision, StoreError>;

    /// What [`issue`](Self::issue) would decide, without keeping anything.
    async fn preview(&self, request: &IssueRequest) -> Result<Decision, StoreError>;

    /// Takes back what [`issue`](Self::issue) granted to this request, because its message never left: the charges, the
    /// waiting time, the idempotency key, and the challenge unless it is an older one that was repeated. What time has given back already stays as it is.
    async fn withdraw(
        &self,
        request: &IssueRequest,
        challenge_id: Digest,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Judges a code and keeps the outcome.
    async fn attempt(&self, request: &AttemptRequest) -> Result<Attempt, StoreError>;

    /// Judges a step of an authenticator and keeps the outcome.
    async fn take_step(&self, request: &StepRequest) -> Result<Attempt, StoreError>;

    /// Takes all charges, or none.
    async fn admit(&self, charges: &[Charge], now: Timestamp) -> Result<Admission, StoreError>;

    /// Keeps who holds the code of a pending challenge, as long as that is pending; an empty text for nobody.
    async fn hold(
        &self,
        subject: Digest,
        challenge_id: Digest,
        holder: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The pending challenge of a subject, when somebody holds its code.
    async fn held(&self, subject: Digest, now: Timestamp) -> Result<Option<HeldChallenge>, StoreError>;

    /// Accepts the challenge whose holder has found the code right, once, until that would have ended. Guesses are counted
    /// before a holder is asked, so the right one may be the one that locked: the lock goes, as after any right code.
    async fn accept_held(&self, request: &HeldRequest) -> Result<Attempt, StoreError>;

    /// When the pending challenge of a subject ends; `None` when there is none.
    async fn expires_at(&self, subject: Digest, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;
}

/// Whether charges were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The first charge that did not fit, and when it does; then none was taken.
    pub limited: Option<(usize, Timestamp)>,
    /// How each limit stands now.
    pub standings: Vec<Standing>,
}
