//! Requests that may come again: the same key and the same request make one order, however often they come.

use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::error::{DomainError, ErrorKind};

/// The name that a client gave a request, and what the request was
/// ([draft of the HTTP working group](https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header)).
/// `Debug` shows neither.
///
/// ```
/// use quickcart_core::order::IdempotencyKey;
///
/// let key = IdempotencyKey::new("8e03978e-40d5-43dd-bc93-6894a57f9324", b"{\"payment_method\":\"cash\"}")?;
/// assert_eq!(key.name(), "8e03978e-40d5-43dd-bc93-6894a57f9324");
/// assert!(IdempotencyKey::new("", b"{}").is_err());
/// # Ok::<(), quickcart_core::order::InvalidIdempotencyKey>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    name: String,
    fingerprint: [u8; 32],
}

impl IdempotencyKey {
    /// The longest name, in bytes.
    pub const LENGTH_MAX: usize = 255;
    /// How long a key is remembered: a day, as payment providers do
    /// ([Stripe](https://docs.stripe.com/api/idempotent_requests)).
    pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

    /// A key and the request that it names, as bytes that are the same whenever the request is the same.
    ///
    /// # Errors
    /// [`InvalidIdempotencyKey`].
    pub fn new(name: &str, request: &[u8]) -> Result<Self, InvalidIdempotencyKey> {
        let fits =
            (1..=Self::LENGTH_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self { name: name.to_owned(), fingerprint: Sha256::digest(request).into() })
        } else {
            Err(InvalidIdempotencyKey)
        }
    }

    /// A key as a store has kept it.
    #[must_use]
    pub fn kept(name: String, fingerprint: [u8; 32]) -> Self {
        Self { name, fingerprint }
    }

    /// What the client calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 digest of the request.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyKey").finish_non_exhaustive()
    }
}

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {} visible ASCII characters", IdempotencyKey::LENGTH_MAX)]
pub struct InvalidIdempotencyKey;

impl DomainError for InvalidIdempotencyKey {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "invalid_idempotency_key"
    }
}
