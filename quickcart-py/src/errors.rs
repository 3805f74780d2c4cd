//! Errors of the domains as exceptions of `quickcart.errors`.

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::{PyErr, Python};
use quickcart_core::error::{DomainError, ErrorKind};

mod python {
    pyo3::import_exception!(quickcart.errors, InvalidInputError);
    pyo3::import_exception!(quickcart.errors, UnauthenticatedError);
    pyo3::import_exception!(quickcart.errors, ForbiddenError);
    pyo3::import_exception!(quickcart.errors, NotFoundError);
    pyo3::import_exception!(quickcart.errors, ConflictError);
    pyo3::import_exception!(quickcart.errors, UnprocessableError);
    pyo3::import_exception!(quickcart.errors, LimitedError);
    pyo3::import_exception!(quickcart.errors, UnavailableError);
    pyo3::import_exception!(quickcart.errors, InternalError);
}

/// An error of a domain on its way to Python. It is made without the interpreter, in threads that have let go of it.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: ErrorKind,
    message: String,
    code: &'static str,
    retry_after_s: Option<f64>,
    cause: Option<String>,
}

impl<E: DomainError> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            code: error.code(),
            retry_after_s: error.retry_after().as_ref().map(Duration::as_secs_f64),
            cause: cause(&error),
        }
    }
}

/// The sources of an error, outermost first.
fn cause(error: &dyn Error) -> Option<String> {
    let sources = std::iter::successors(error.source(), |&source| source.source());
    let texts: Vec<String> = sources.map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(": "))
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        let Failure { kind, message, code, retry_after_s, cause } = failure;
        let arguments = (message, code, kind.http_status(), retry_after_s);
        let error = match kind {
            ErrorKind::InvalidInput => PyErr::new::<python::InvalidInputError, _>(arguments),
            ErrorKind::Unauthenticated => PyErr::new::<python::UnauthenticatedError, _>(arguments),
            ErrorKind::Forbidden => PyErr::new::<python::ForbiddenError, _>(arguments),
            ErrorKind::NotFound => PyErr::new::<python::NotFoundError, _>(arguments),
            ErrorKind::Conflict => PyErr::new::<python::ConflictError, _>(arguments),
            ErrorKind::Unprocessable => PyErr::new::<python::UnprocessableError, _>(arguments),
            ErrorKind::Limited => PyErr::new::<python::LimitedError, _>(arguments),
            ErrorKind::Unavailable => PyErr::new::<python::UnavailableError, _>(arguments),
            ErrorKind::Internal => PyErr::new::<python::InternalError, _>(arguments),
        };
        if let Some(cause) = cause {
            // Tracebacks and logs show the cause; the message, which may go to a client, does not.
            Python::attach(|py| error.set_cause(py, Some(PyRuntimeError::new_err(cause))));
        }
        error
    }
}

/// An argument that a type of the core refuses.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct InvalidArgument {
    code: &'static str,
    message: String,
}

impl InvalidArgument {
    pub(crate) fn new(code: &'static str, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }
}

impl DomainError for InvalidArgument {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        self.code
    }
}

#[cfg(test)]
mod tests {
    use pyo3::prelude::*;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("what the client reads")]
    struct Wrong(ErrorKind, #[source] std::io::Error);

    impl DomainError for Wrong {
        fn kind(&self) -> ErrorKind {
            self.0
        }

        fn code(&self) -> &'static str {
            "wrong"
        }

        fn retry_after(&self) -> Option<Duration> {
            (self.0 == ErrorKind::Limited).then_some(Duration::from_millis(1_500))
        }
    }

    /// The message, the class and what it says of itself, and what the log reads.
    fn raised(kind: ErrorKind) -> (String, String, (String, u16, Option<f64>), String) {
        let error = PyErr::from(Failure::from(Wrong(kind, std::io::Error::other("what happened"))));
        Python::attach(|py| {
            let value = error.value(py);
            let attribute = |name| value.getattr(name).unwrap();
            let facts = (
                attribute("code").extract().unwrap(),
                attribute("http_status").extract().unwrap(),
                attribute("retry_after_s").extract().unwrap(),
            );
            let cause = error.cause(py).unwrap().value(py).to_string();
            (value.to_string(), error.get_type(py).name().unwrap().to_string(), facts, cause)
        })
    }

    #[test]
    fn every_kind_has_a_class() {
        Python::initialize();
        Python::attach(|py| {
            // The module without its package, whose __init__ needs the native half.
            let source = std::ffi::CString::new(include_str!("../python/quickcart/errors.py")).unwrap();
            let package = PyModule::new(py, "quickcart").unwrap();
            let modules = py.import("sys").unwrap().getattr("modules").unwrap();
            modules.set_item("quickcart", package).unwrap();
            PyModule::from_code(py, &source, c"errors.py", c"quickcart.errors").unwrap();
        });
        for (kind, class) in [
            (ErrorKind::InvalidInput, "InvalidInputError"),
            (ErrorKind::Unauthenticated, "UnauthenticatedError"),
            (ErrorKind::Forbidden, "ForbiddenError"),
            (ErrorKind::NotFound, "NotFoundError"),
            (ErrorKind::Conflict, "ConflictError"),
            (ErrorKind::Unprocessable, "UnprocessableError"),
            (ErrorKind::Limited, "LimitedError"),
            (ErrorKind::Unavailable, "UnavailableError"),
            (ErrorKind::Internal, "InternalError"),
        ] {
            let retry_after_s = (kind == ErrorKind::Limited).then_some(1.5);
            let (message, name, facts, cause) = raised(kind);
            assert_eq!((message.as_str(), name.as_str()), ("what the client reads", class));
            assert_eq!(facts, ("wrong".to_owned(), kind.http_status(), retry_after_s));
            assert_eq!(cause, "what happened");
        }
    }
}
