//! Numbers for those who review an app: they get no message, and show a code that was agreed on.

use super::code::{Code, InvalidFixedCode};
use super::keys::Digest;
use super::limit::{Charge, Rate};
use super::policy::Policy;
use crate::clock::Timestamp;
use crate::phone::PhoneNumber;

/// A number with a code of its own, until a day and for so many uses. Every use is an event in the log.
#[derive(Clone, Debug)]
pub struct ReviewNumber {
    phone: PhoneNumber,
    code: Code,
    valid_until: Timestamp,
    uses: Rate,
}

impl ReviewNumber {
    /// `phone` signs in with `code`, at most `uses_max` times, before `valid_until`.
    ///
    /// # Errors
    /// [`InvalidFixedCode`] unless the code has six to eight digits: everybody may guess it.
    pub fn new(
        phone: PhoneNumber,
        code: &str,
        valid_until: Timestamp,
        uses_max: u32,
    ) -> Result<Self, InvalidFixedCode> {
        // Uses are only counted, up to the end: see `charge`.
        let uses = Rate::daily(uses_max);
        if code.len() < usize::from(Policy::DIGITS_MIN) {
            return Err(InvalidFixedCode);
        }
        Ok(Self { phone, code: Code::fixed(code)?, valid_until, uses })
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.code
    }

    pub(super) fn is_for(&self, phone: &PhoneNumber, now: Timestamp) -> bool {
        self.phone == *phone && now < self.valid_until
    }

    /// One use. Nothing of the quota comes back before the end, so this counts.
    pub(super) fn charge(&self, key: Digest) -> Charge {
        Charge::new("review", key, self.uses, self.valid_until)
    }
}
