//! Recovery codes: a list to keep on paper, for who lost phone and authenticator.

use pyo3::prelude::*;
use quickcart_core::error::{DomainError, ErrorKind};
use quickcart_core::otp::{self as core, DamagedRecoveryCodes};

use crate::errors::{Failure, InvalidArgument};
use crate::fork;

/// Makes and redeems lists of recovery codes, each of which works once. The list is kept as one text of hashes.
///
/// Hashing takes milliseconds and 19 MiB for each code; other threads go on meanwhile.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct RecoveryCodes;

#[pymethods]
impl RecoveryCodes {
    /// New codes, 1 to 20, to be shown once, and the text to keep of them. It takes the place of an older one.
    #[staticmethod]
    #[pyo3(signature = (count=10))]
    fn generate(py: Python<'_>, count: u8) -> PyResult<(Vec<String>, String)> {
        fork::watch(py)?;
        let generated = py.detach(|| core::RecoveryCodes::generate(count));
        let (on_paper, codes) = generated
            .map_err(|error| Failure::from(InvalidArgument::new("recovery_count_invalid", error)))?;
        Ok((on_paper, codes.stored()))
    }

    /// The text to keep from now on, without this code; `None` when the code is not one of those left.
    ///
    /// Write the new text only if the old one is still in place (`UPDATE … WHERE recovery = old`, one row), or the code
    /// did not work: else two requests at the same time both succeed.
    #[staticmethod]
    fn redeem(py: Python<'_>, stored: &str, code: &str) -> Result<Option<String>, Failure> {
        let mut codes = read(stored)?;
        let redeemed = py.detach(|| codes.redeem(code));
        Ok(redeemed.then(|| codes.stored()))
    }

    /// How many codes are left. When they are few, ask the user to make new ones.
    #[staticmethod]
    fn left(stored: &str) -> Result<usize, Failure> {
        Ok(read(stored)?.left())
    }
}

fn read(stored: &str) -> Result<core::RecoveryCodes, Damaged> {
    stored.parse().map_err(Damaged)
}

/// What was kept is not what is given back: no client can help that.
#[derive(Debug, thiserror::Error)]
#[error("the stored recovery codes are damaged")]
struct Damaged(#[source] DamagedRecoveryCodes);

impl DomainError for Damaged {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }

    fn code(&self) -> &'static str {
        "recovery_codes_damaged"
    }
}
