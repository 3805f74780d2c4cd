//! The codes of authenticator apps. `Otp.verify_totp` accepts each of them once.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTzInfo, PyTzInfoAccess};
use quickcart_core::clock::Timestamp;
use quickcart_core::otp::{self as core, TotpAlgorithm, TotpSecret};

use crate::errors::{Failure, InvalidArgument};
use crate::fork;

/// The rules of the codes of an authenticator app (RFC 6238). The default is what all apps understand.
///
/// - `algorithm`: `"sha1"`, `"sha256"` or `"sha512"`.
/// - `digits`: 6 to 8.
/// - `period_s`: how long a code is shown, 15 to 120 s.
/// - `skew`: by how many periods a phone's clock may be off, 0 to 2.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct Totp(pub(crate) core::Totp);

#[pymethods]
impl Totp {
    #[new]
    #[pyo3(signature = (algorithm="sha1", digits=6, period_s=30, skew=1))]
    fn new(algorithm: &str, digits: u8, period_s: u64, skew: u8) -> Result<Self, Failure> {
        let totp = core::Totp::new(algorithm_of(algorithm)?, digits, Duration::from_secs(period_s), skew);
        Ok(Self(totp.map_err(invalid_totp)?))
    }

    /// The text of the QR code that an app reads. It holds the secret: show it once, and never log it.
    fn uri(&self, secret: &str, issuer: &str, account: &str) -> Result<String, Failure> {
        Ok(self.0.uri(&secret_of(secret)?, issuer, account))
    }

    /// The code that an app with this secret shows at an aware `datetime`.
    fn code_at(&self, secret: &str, at: &Bound<'_, PyDateTime>) -> PyResult<String> {
        Ok(self.0.code_at(&secret_of(secret)?, instant(at)?))
    }

    fn __repr__(&self) -> &'static str {
        "Totp(...)"
    }
}

/// A new secret for one user and one app, in Base32. Keep it encrypted: unlike a password, it cannot be kept as a hash.
#[pyfunction]
pub(crate) fn new_totp_secret(py: Python<'_>) -> PyResult<String> {
    fork::watch(py)?;
    Ok(TotpSecret::random().to_base32())
}

/// Reads the Base32 of a secret as people copy it: in any case, with blanks, hyphens and padding.
pub(crate) fn secret_of(base32: &str) -> Result<TotpSecret, Failure> {
    let secret = TotpSecret::from_base32(base32);
    Ok(secret.map_err(|error| InvalidArgument::new("totp_secret_invalid", error))?)
}

fn algorithm_of(name: &str) -> Result<TotpAlgorithm, Failure> {
    match name {
        "sha1" => Ok(TotpAlgorithm::Sha1),
        "sha256" => Ok(TotpAlgorithm::Sha256),
        "sha512" => Ok(TotpAlgorithm::Sha512),
        _ => Err(invalid_totp("an algorithm is \"sha1\", \"sha256\" or \"sha512\"")),
    }
}

fn invalid_totp(message: impl std::fmt::Display) -> Failure {
    InvalidArgument::new("totp_invalid", message).into()
}

/// Python turns it to UTC first, because jiff does not know every class of time zones.
fn instant(at: &Bound<'_, PyDateTime>) -> PyResult<Timestamp> {
    if at.get_tzinfo().is_none() {
        let message = "an instant is a datetime with a time zone";
        return Err(Failure::from(InvalidArgument::new("time_zone_missing", message)).into());
    }
    at.call_method1("astimezone", (PyTzInfo::utc(at.py())?,))?.extract()
}
