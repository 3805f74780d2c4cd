//! One-time codes, kept in the memory of this process.

use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use quickcart_core::clock::{SystemClock, Timestamp};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{self as core, Binding, CodeSource, Policy};
use quickcart_core::secret::SecretKey;

use crate::errors::{Failure, InvalidArgument};
use crate::fork;
use crate::values::show;
use crate::wait::ready;

/// How many codes may be pending at once.
const CAPACITY: usize = 100_000;

/// Issues and verifies one-time codes. They live in the memory of this process: a forked child goes on with copies.
///
/// Nothing here waits, so the interpreter is kept, and a fork never meets a locked store.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct Otp(core::Otp);

#[pymethods]
impl Otp {
    #[new]
    #[pyo3(signature = (secret=None, *, digits=6, ttl_s=300, attempts_max=5, fixed_code=None))]
    fn new(
        py: Python<'_>,
        secret: Option<&[u8]>,
        digits: u8,
        ttl_s: u64,
        attempts_max: u8,
        fixed_code: Option<&str>,
    ) -> PyResult<Self> {
        fork::watch(py)?;
        let policy = Policy::new(digits, Duration::from_secs(ttl_s), attempts_max);
        let policy = policy.map_err(|error| invalid("policy_invalid", error))?;
        let source = fixed_code.map_or(Ok(CodeSource::Random), CodeSource::fixed);
        let source = source.map_err(|error| invalid("fixed_code_invalid", error))?;
        let key = match secret {
            None => SecretKey::random(),
            Some([]) => return Err(invalid("secret_empty", "the secret has no bytes").into()),
            Some(secret) => SecretKey::new(secret),
        };
        let store = Arc::new(MemoryOtpStore::with_capacity(CAPACITY));
        Ok(Self(core::Otp::new(store, key, policy, source, Arc::new(SystemClock))))
    }

    /// Issues a code; the one issued before for the same purpose and subject stops working.
    #[pyo3(signature = (purpose, subject, nonce=None))]
    fn issue(&self, purpose: &str, subject: &str, nonce: Option<&str>) -> Result<Issued, Failure> {
        let issued = ready(self.0.issue(Binding { purpose, subject, nonce }))?;
        Ok(Issued { code: issued.code.as_str().to_owned(), expires_at: issued.expires_at })
    }

    /// Accepts the code once, and raises `InvalidInputError` otherwise.
    #[pyo3(signature = (purpose, subject, code, nonce=None))]
    fn verify(&self, purpose: &str, subject: &str, code: &str, nonce: Option<&str>) -> Result<(), Failure> {
        Ok(ready(self.0.verify(Binding { purpose, subject, nonce }, code))?)
    }

    /// How long the pending code still works, in seconds; `None` when there is none.
    fn expires_in_s(&self, purpose: &str, subject: &str) -> Result<Option<f64>, Failure> {
        let left = ready(self.0.expires_in(Binding { purpose, subject, nonce: None }))?;
        Ok(left.as_ref().map(Duration::as_secs_f64))
    }

    fn __repr__(&self) -> &'static str {
        "Otp(...)"
    }
}

fn invalid(code: &'static str, message: impl std::fmt::Display) -> Failure {
    InvalidArgument::new(code, message).into()
}

/// A code, just issued.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Issued {
    /// The code, to be sent.
    code: String,
    /// When it stops working, in UTC.
    expires_at: Timestamp,
}

#[pymethods]
impl Issued {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Issued", code = "***", expires_at = self.expires_at)
    }
}
