//! Why somebody was not registered, or not signed in.

use std::time::Duration;

use super::Detail;
use crate::account::PasswordError;
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::otp::OtpError;

/// Why somebody was not registered, or not signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// An account has this address already.
    #[error("this e-mail address is registered")]
    EmailTaken,
    /// An account has this number of an identity card already.
    #[error("this number of an identity card is registered")]
    CitizenIdTaken,
    /// No registration is under way for this address, or none that this client may take this step of.
    #[error("no registration of yours is at this step; begin anew")]
    OutOfStep,
    /// Something was not told.
    #[error("some details are missing")]
    DetailsMissing,
    /// Something cannot be as it was told.
    #[error("some details cannot be right")]
    DetailsInvalid(Vec<Detail>),
    /// Nobody has this address and this password.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// There is no such customer.
    #[error("the customer does not exist")]
    CustomerNotFound,
    /// A change would leave everything as it is.
    #[error("nothing would change")]
    NothingChanged,
    /// There is no such role.
    #[error("the role does not exist")]
    RoleNotFound,
    /// The password cannot be chosen, or could not be looked at.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The code was not sent or not right, or there were too many requests.
    #[error(transparent)]
    Code(#[from] OtpError),
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for RegistrationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::EmailTaken | Self::CitizenIdTaken | Self::OutOfStep => ErrorKind::Conflict,
            Self::DetailsMissing | Self::DetailsInvalid(_) | Self::NothingChanged | Self::RoleNotFound => {
                ErrorKind::InvalidInput
            }
            Self::WrongCredentials => ErrorKind::Unauthenticated,
            Self::CustomerNotFound => ErrorKind::NotFound,
            Self::Password(error) => error.kind(),
            Self::Code(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::EmailTaken => "email_taken",
            Self::CitizenIdTaken => "citizen_id_taken",
            Self::OutOfStep => "registration_out_of_step",
            Self::DetailsMissing => "details_missing",
            Self::DetailsInvalid(_) => "details_invalid",
            Self::WrongCredentials => "credentials_wrong",
            Self::CustomerNotFound => "customer_not_found",
            Self::NothingChanged => "nothing_changed",
            Self::RoleNotFound => "role_not_found",
            Self::Password(error) => error.code(),
            Self::Code(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Password(error) => error.retry_after(),
            Self::Code(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
