//! Why a report of a provider is not taken.

use crate::error::{DomainError, ErrorKind};

/// A report of a provider is not taken. Nothing of its content is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// It is not signed by the provider, or was changed on its way.
    #[error("the signature is missing or wrong")]
    Unsigned,
    /// It is not written as reports of this provider are.
    #[error("the report cannot be read: {reason}")]
    Unreadable {
        /// What is wrong.
        reason: &'static str,
    },
}

impl WebhookError {
    pub(super) fn unreadable(reason: &'static str) -> Self {
        Self::Unreadable { reason }
    }
}

impl DomainError for WebhookError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unsigned => ErrorKind::Unauthenticated,
            Self::Unreadable { .. } => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unsigned => "webhook_unsigned",
            Self::Unreadable { .. } => "webhook_unreadable",
        }
    }
}
