//! Codes and nonces, and where they come from.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::{Rng, RngExt};

/// A code as its holder types it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Box<str>);

impl Code {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(***)")
    }
}

/// Where codes come from.
#[derive(Clone, Debug)]
pub enum CodeSource {
    /// Uniformly distributed digits of the thread's cryptographic generator.
    Random,
    /// Always the same code: for development only.
    Fixed(Code),
}

impl CodeSource {
    /// A source that always answers `code`.
    ///
    /// # Errors
    /// [`InvalidFixedCode`] unless the code has four to eight digits.
    pub fn fixed(code: &str) -> Result<Self, InvalidFixedCode> {
        let digits = (4..=8).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
        if digits { Ok(Self::Fixed(Code(code.into()))) } else { Err(InvalidFixedCode) }
    }

    pub(super) fn code(&self, digits: u8) -> Code {
        match self {
            Self::Fixed(code) => code.clone(),
            Self::Random => {
                let number = rand::rng().random_range(0..10_u32.pow(u32::from(digits)));
                Code(format!("{number:0width$}", width = usize::from(digits)).into_boxed_str())
            }
        }
    }
}

/// A fixed code has four to eight digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fixed code has four to eight digits")]
pub struct InvalidFixedCode;

/// A random text of 128 bits that a client keeps and shows again, such as in a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        rand::rng().fill_bytes(&mut bytes);
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The text, of letters, digits, `-` and `_`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_digits_and_reach_every_first_digit() {
        let mut first = [0_u32; 10];
        for _ in 0..2_000 {
            let code = CodeSource::Random.code(6);
            assert_eq!(code.as_str().len(), 6);
            first[usize::from(code.as_str().as_bytes()[0] - b'0')] += 1;
        }
        assert!(first.iter().all(|&count| count > 0), "{first:?}");
    }

    #[test]
    fn a_fixed_code_is_checked_and_hidden() {
        for text in ["", "123", "123456789", "12345a", "１２３４"] {
            assert!(CodeSource::fixed(text).is_err(), "{text}");
        }
        let shown = format!("{:?} {:?}", CodeSource::fixed("123456").unwrap(), Nonce::random());
        assert_eq!(shown, "Fixed(Code(***)) Nonce(***)");
    }
}
