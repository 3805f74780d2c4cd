//! E-mail addresses, compared without regard to case.

use std::fmt;
use std::str::FromStr;

use crate::error::{DomainError, ErrorKind};

/// An address of RFC 5321 with a domain name, in small letters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(Box<str>);

impl EmailAddress {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal()
            .with_required_tld();
        email_address::EmailAddress::parse_with_options(text, options)
            .map(|address| Self(address.as_str().to_lowercase().into_boxed_str()))
            .map_err(|_| InvalidEmail)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.0.rsplit('@').next().unwrap_or_default();
        write!(f, "***@{domain}")
    }
}

/// The text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address; write it as name@example.com")]
pub struct InvalidEmail;

impl DomainError for InvalidEmail {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "email_invalid"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_refuses_the_rest() {
        assert_eq!("Asha@Example.com".parse::<EmailAddress>().unwrap().as_str(), "asha@example.com");
        for text in
            ["", "asha", "asha@", "@example.com", "asha@localhost", "A <a@example.com>", "a b@example.com"]
        {
            assert_eq!(text.parse::<EmailAddress>(), Err(InvalidEmail), "{text}");
        }
    }

    #[test]
    fn hides_the_name_in_logs() {
        assert_eq!(format!("{:?}", "asha@example.com".parse::<EmailAddress>().unwrap()), "***@example.com");
    }
}
