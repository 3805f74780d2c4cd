//! One-time codes: issued, sent, and accepted once.
//!
//! [`Otp`] issues a code for a [`Binding`] and verifies it; [`PhoneVerification`] also sends it. A store holds a keyed
//! digest of the code, never the code.

mod challenge;
mod code;
mod error;
mod phone_verification;
mod policy;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

pub use challenge::{Attempt, Challenge, ChallengeKey, Guess, Replaced};
pub use code::{Code, CodeSource, InvalidFixedCode, Nonce};
pub use error::OtpError;
pub use phone_verification::{PhoneVerification, Started};
pub use policy::{InvalidPolicy, Policy};
pub use store::OtpStore;

use crate::clock::{Clock, Timestamp};
use crate::secret::SecretKey;

/// What a code is good for. A code issued for one binding opens no other.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// What the code allows, such as `smart-cart.sign-in`.
    pub purpose: &'a str,
    /// Whom it proves, such as a phone number in E.164 form.
    pub subject: &'a str,
    /// What else the client must show, such as the value of a cookie.
    pub nonce: Option<&'a str>,
}

/// A code, just issued.
#[derive(Debug)]
pub struct Issued {
    /// The code, to be sent.
    pub code: Code,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Issues and verifies codes.
///
/// ```
/// use quickcart_core::clock::SystemClock;
/// use quickcart_core::otp::{Binding, CodeSource, Otp, Policy, store::MemoryOtpStore};
/// use quickcart_core::secret::SecretKey;
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), quickcart_core::otp::OtpError> {
/// let otp = Otp::new(
///     Arc::new(MemoryOtpStore::with_capacity(10_000)),
///     SecretKey::random(),
///     Policy::default(),
///     CodeSource::Random,
///     Arc::new(SystemClock),
/// );
/// let binding = Binding { purpose: "sign-in", subject: "+919876543210", nonce: None };
/// let issued = otp.issue(binding).await?;
/// otp.verify(binding, issued.code.as_str()).await?;
/// assert!(otp.verify(binding, issued.code.as_str()).await.is_err(), "a code works once");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Otp {
    store: Arc<dyn OtpStore>,
    key: SecretKey,
    policy: Policy,
    source: CodeSource,
    clock: Arc<dyn Clock>,
}

impl Otp {
    /// An engine that keeps its challenges in `store`; servers that share the store share `secret`.
    pub fn new(
        store: Arc<dyn OtpStore>,
        secret: SecretKey,
        policy: Policy,
        source: CodeSource,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, key: secret.for_use("one-time codes"), policy, source, clock }
    }

    /// Issues a code; the one issued before for the same purpose and subject stops working, and wrong guesses of it
    /// count on.
    ///
    /// # Errors
    /// [`OtpError::Locked`] after too many wrong codes, until the last one issued would have ended;
    /// [`OtpError::Store`] when the challenge could not be kept.
    pub async fn issue(&self, binding: Binding<'_>) -> Result<Issued, OtpError> {
        let now = self.clock.now();
        let code = self.source.code(self.policy.digits());
        let expires_at = now.saturating_add(self.policy.ttl_signed()).unwrap_or(Timestamp::MAX);
        let guess = self.guess(binding, code.as_str());
        let challenge = Challenge::new(guess, self.policy.attempts_max(), expires_at);
        match self.store.replace(self.key_of(binding), challenge, now).await? {
            Replaced::Done => Ok(Issued { code, expires_at }),
            Replaced::LockedUntil(until) => {
                let retry_after = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                Err(OtpError::Locked { retry_after })
            }
        }
    }

    /// Accepts the code once.
    ///
    /// # Errors
    /// [`OtpError::WrongCode`] when there is a challenge and the code is not its own, which uses up an attempt;
    /// [`OtpError::NotFound`] when there is none: never issued, expired, used, out of attempts, or of another nonce.
    pub async fn verify(&self, binding: Binding<'_>, code: &str) -> Result<(), OtpError> {
        let guess = self.guess(binding, code);
        match self.store.attempt(self.key_of(binding), guess, self.clock.now()).await? {
            Attempt::Accepted => Ok(()),
            Attempt::Wrong => Err(OtpError::WrongCode),
            Attempt::NotFound => Err(OtpError::NotFound),
        }
    }

    /// How long the pending code still works; `None` when there is none.
    ///
    /// # Errors
    /// [`OtpError::Store`] when the store does not answer.
    pub async fn expires_in(&self, binding: Binding<'_>) -> Result<Option<Duration>, OtpError> {
        let now = self.clock.now();
        let expires_at = self.store.expires_at(self.key_of(binding), now).await?;
        Ok(expires_at.and_then(|at| Duration::try_from(at.duration_since(now)).ok()))
    }

    fn key_of(&self, binding: Binding<'_>) -> ChallengeKey {
        self.key.tag(&[b"challenge", binding.purpose.as_bytes(), binding.subject.as_bytes()])
    }

    fn guess(&self, binding: Binding<'_>, code: &str) -> Guess {
        let Binding { purpose, subject, nonce } = binding;
        let nonce = nonce.map(str::as_bytes);
        let parts = [purpose.as_bytes(), subject.as_bytes(), nonce.unwrap_or_default()];
        Guess {
            nonce: nonce.map(|nonce| self.key.tag(&[b"nonce", nonce])),
            code: self.key.tag(&[b"code", parts[0], parts[1], parts[2], code.as_bytes()]),
        }
    }
}
