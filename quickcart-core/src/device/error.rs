//! Why a message was refused.

use crate::error::{DomainError, ErrorKind};
use crate::form::{FieldFault, FormError};

/// Why a message was refused. Nothing of it may be used then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// It is longer than a device's message can be.
    #[error("a message has at most {max} bytes, and this one has {length}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The longest that is read.
        max: usize,
    },
    /// It is no JSON object.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Fields are missing or wrong.
    #[error("missing or wrong in the message: {}", names(.0))]
    Fields(Vec<FieldFault>),
}

fn names(faults: &[FieldFault]) -> String {
    faults.iter().map(FieldFault::to_string).collect::<Vec<_>>().join(", ")
}

impl DomainError for DeviceError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "message_too_long",
            Self::Form(_) => "message_malformed",
            Self::Fields(_) => "message_fields",
        }
    }
}
