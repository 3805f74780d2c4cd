//! One-time codes, kept in the memory of this process.

use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use quickcart_core::clock::{Clock, SystemClock, Timestamp};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{self as core, Binding, Code, Conditions, KeyId, KeyRing, Policy, Resend};
use quickcart_core::secret::SecretKey;

use crate::errors::{Failure, InvalidArgument};
use crate::fork;
use crate::totp::{Totp, secret_of};
use crate::values::show;
use crate::wait::ready;

/// How many subjects there may be at once.
const CAPACITY: usize = 100_000;

/// Issues and verifies one-time codes. They live in the memory of this process: a forked child goes on with copies.
///
/// - `secret`: what codes are made from; random when there is none.
/// - `digits`: 6 to 8; 4 or 5, which are easy to guess, only with `allow_short_code`.
/// - `ttl_s`: how long a code works, 1 to 600 s.
/// - `attempts_max`: how many wrong codes lock a subject, 1 to 10; it is 60 s at first, and then twice as long each time.
/// - `resend`: what a second code is while the first one works: `"repeat"`, the same one, or `"replace"`, a new one.
/// - `cooldown_s`: how long to wait for a second code; then twice, four and ten times as long. 0 lifts it.
/// - `fixed_code`: one code for everybody, for development only.
///
/// Nothing here waits, so the interpreter is kept, and a fork never meets a locked store.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct Otp {
    engine: core::Otp,
    store: Arc<MemoryOtpStore>,
    keys: KeyRing,
    fixed_code: Option<Code>,
}

#[pymethods]
impl Otp {
    #[new]
    #[pyo3(signature = (
        secret=None, *, digits=6, ttl_s=300, attempts_max=5, resend="repeat", cooldown_s=30,
        allow_short_code=false, fixed_code=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "in Python each has a name and a default")]
    fn new(
        py: Python<'_>,
        secret: Option<&[u8]>,
        digits: u8,
        ttl_s: u64,
        attempts_max: u8,
        resend: &str,
        cooldown_s: u64,
        allow_short_code: bool,
        fixed_code: Option<&str>,
    ) -> PyResult<Self> {
        fork::watch(py)?;
        let policy = if allow_short_code { Policy::with_short_code } else { Policy::new };
        let policy = policy(digits, Duration::from_secs(ttl_s), attempts_max);
        let policy = policy
            .map_err(invalid_policy)?
            .with_resend(resend_of(resend)?)
            .with_cooldown(Duration::from_secs(cooldown_s))
            .map_err(invalid_policy)?;
        let fixed_code = fixed_code.map(fixed).transpose()?;
        let key = secret.map_or_else(|| Ok(SecretKey::random()), key_of)?;
        let store = Arc::new(MemoryOtpStore::with_capacity(CAPACITY));
        Ok(Self::of(store, KeyRing::new(&key), policy, fixed_code))
    }

    /// The same codes with a newer secret for those to come. The ones that were made with the secret before it go on
    /// working; those of an even older one do not. Each secret has a `key_id` of its own, 1 to 255.
    fn with_newest_key(&self, key_id: KeyId, secret: &[u8]) -> Result<Self, Failure> {
        if key_id == 0 || self.keys.key_ids().contains(&key_id) {
            let message = "a new key has an id of its own, 1 to 255";
            return Err(InvalidArgument::new("key_id_invalid", message).into());
        }
        let keys = self.keys.with_newest(key_id, &key_of(secret)?);
        Ok(Self::of(Arc::clone(&self.store), keys, self.engine.policy(), self.fixed_code.clone()))
    }

    /// Issues a code, or repeats the pending one, as `resend` says. Only who shows the same `nonce`, such as a cookie,
    /// and agrees to the same `transaction`, such as an order and its amount, can use it. A request under the same
    /// `idempotency_key` gets the same code while that lives.
    ///
    /// Raises `LimitedError` after too many wrong codes and right after another code, and `UnprocessableError` when the
    /// key was used for another request.
    #[pyo3(signature = (purpose, subject, nonce=None, *, transaction=None, idempotency_key=None))]
    fn issue(
        &self,
        purpose: &str,
        subject: &str,
        nonce: Option<&str>,
        transaction: Option<&str>,
        idempotency_key: Option<&str>,
    ) -> Result<Issued, Failure> {
        // Else all requests without a key would be one.
        if idempotency_key == Some("") {
            let message = "the idempotency key has no characters";
            return Err(InvalidArgument::new("idempotency_key_empty", message).into());
        }
        let code = self.fixed_code.clone();
        let idempotency_key = idempotency_key.map(Into::into);
        let conditions = Conditions { idempotency_key, code, ..Conditions::default() };
        let binding = Binding { purpose, subject, nonce, transaction };
        let core::Issued { code, expires_at, is_replay, .. } =
            ready(self.engine.issue_under(binding, conditions))?;
        Ok(Issued { code: code.as_str().to_owned(), expires_at, is_replay })
    }

    /// Accepts the code once, and raises `InvalidInputError` otherwise.
    #[pyo3(signature = (purpose, subject, code, nonce=None, *, transaction=None))]
    fn verify(
        &self,
        purpose: &str,
        subject: &str,
        code: &str,
        nonce: Option<&str>,
        transaction: Option<&str>,
    ) -> Result<(), Failure> {
        Ok(ready(self.engine.verify(Binding { purpose, subject, nonce, transaction }, code))?)
    }

    /// Accepts the code that an authenticator app with this secret shows now, once; raises `InvalidInputError`
    /// otherwise, and `LimitedError` after too many wrong codes. Give it a purpose of its own.
    fn verify_totp(
        &self,
        purpose: &str,
        subject: &str,
        totp: &Totp,
        secret: &str,
        code: &str,
    ) -> Result<(), Failure> {
        let step = totp.0.matching_step(&secret_of(secret)?, code, SystemClock.now());
        Ok(ready(self.engine.verify_step(Binding::new(purpose, subject), step))?)
    }

    /// How long the pending code still works, in seconds; `None` when there is none.
    fn expires_in_s(&self, purpose: &str, subject: &str) -> Result<Option<f64>, Failure> {
        let left = ready(self.engine.expires_in(Binding::new(purpose, subject)))?;
        Ok(left.as_ref().map(Duration::as_secs_f64))
    }

    fn __repr__(&self) -> &'static str {
        "Otp(...)"
    }
}

impl Otp {
    fn of(store: Arc<MemoryOtpStore>, keys: KeyRing, policy: Policy, fixed_code: Option<Code>) -> Self {
        let engine = core::Otp::new(store.clone(), keys.clone(), policy, Arc::new(SystemClock));
        Self { engine, store, keys, fixed_code }
    }
}

fn resend_of(text: &str) -> Result<Resend, Failure> {
    match text {
        "repeat" => Ok(Resend::Repeat),
        "replace" => Ok(Resend::Replace),
        _ => Err(invalid_policy("a resend is \"repeat\" or \"replace\"")),
    }
}

fn invalid_policy(message: impl std::fmt::Display) -> Failure {
    InvalidArgument::new("policy_invalid", message).into()
}

fn fixed(code: &str) -> Result<Code, Failure> {
    Ok(Code::fixed(code).map_err(|error| InvalidArgument::new("fixed_code_invalid", error))?)
}

fn key_of(secret: &[u8]) -> Result<SecretKey, Failure> {
    if secret.is_empty() {
        return Err(InvalidArgument::new("secret_empty", "the secret has no bytes").into());
    }
    Ok(SecretKey::new(secret))
}

/// A code, just issued.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Issued {
    /// The code, to be sent.
    code: String,
    /// When it stops working, in UTC.
    expires_at: Timestamp,
    /// Whether it was issued before under the same idempotency key, and is not to be sent again.
    is_replay: bool,
}

#[pymethods]
impl Issued {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Issued", code = "***", expires_at = self.expires_at, is_replay = self.is_replay)
    }
}
