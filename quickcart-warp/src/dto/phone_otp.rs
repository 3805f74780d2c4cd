//! Bodies of the phone-otp group.

use quickcart_core::form::Form;
use serde::Serialize;

use crate::error::{ApiError, malformed};

/// The longest phone number or code that is looked at, in characters.
const TEXT_LENGTH_MAX: usize = 64;

#[derive(Default, Serialize)]
pub(crate) struct Sent<'a> {
    pub(crate) success: bool,
    pub(crate) message: String,
    pub(crate) provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) development_mode: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otp: Option<&'a str>,
    /// How many codes the phone may still ask for today; in the second version only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remaining_attempts: Option<u32>,
}

/// A phone that was verified and belongs to nobody yet.
#[derive(Serialize)]
pub(crate) struct NewUser<'a> {
    pub(crate) success: bool,
    pub(crate) message: &'static str,
    pub(crate) user: Option<()>,
    pub(crate) token: Option<()>,
    #[serde(rename = "isNewUser")]
    pub(crate) is_new_user: bool,
    /// Its ten digits.
    pub(crate) phone: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Message {
    pub(crate) success: bool,
    pub(crate) message: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Status {
    pub(crate) success: bool,
    pub(crate) data: Pending,
}

#[derive(Serialize)]
pub(crate) struct Pending {
    pub(crate) exists: bool,
    /// In whole seconds.
    pub(crate) expires_in: u64,
}

/// `{"phoneNumber": "9876543210"}`.
pub(crate) fn phone_number(body: &[u8]) -> Result<String, ApiError> {
    let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
    let phone = form.optional_text("phoneNumber", 0..=TEXT_LENGTH_MAX).ok_or_else(invalid_phone)?;
    let phone = phone.filter(|phone| !phone.is_empty());
    Ok(phone.ok_or_else(|| ApiError::bad_request("Phone number is required"))?.into_owned())
}

/// `{"phoneNumber": "9876543210", "otp": "123456"}`; a code that is no text is as good as a wrong one.
pub(crate) fn phone_number_and_otp(body: &[u8]) -> Result<(String, String), ApiError> {
    let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
    let missing = || ApiError::bad_request("Phone number and OTP are required");
    let phone = form.optional_text("phoneNumber", 0..=TEXT_LENGTH_MAX).ok_or_else(invalid_phone)?;
    let otp = match form.optional_text("otp", 0..=TEXT_LENGTH_MAX) {
        Some(text) => text.ok_or_else(missing)?.into_owned(),
        None => "not a text".to_owned(),
    };
    let phone = phone.filter(|phone| !phone.is_empty()).ok_or_else(missing)?.into_owned();
    if otp.is_empty() { Err(missing()) } else { Ok((phone, otp)) }
}

/// Ten digits, after a country code of 91, as the second version reads a number.
pub(crate) fn ten_digits(text: &str) -> Result<String, ApiError> {
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let national = match digits.strip_prefix("+91") {
        Some(national) => national,
        None if digits.len() == 12 => digits.strip_prefix("91").unwrap_or(&digits),
        None => &digits,
    };
    if national.len() != 10 {
        return Err(ApiError::bad_request("Phone number must be 10 digits"));
    }
    let plain =
        national.bytes().all(|byte| byte.is_ascii_digit()) && matches!(national.as_bytes()[0], b'6'..=b'9');
    if plain { Ok(format!("+91{national}")) } else { Err(invalid_phone()) }
}

pub(crate) fn invalid_phone() -> ApiError {
    ApiError::bad_request("Invalid phone number format")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ten_digits_in_four_notations() {
        for text in ["9876543210", "+919876543210", "919876543210", "98765 432-10"] {
            assert_eq!(ten_digits(text).ok().as_deref(), Some("+919876543210"), "{text}");
        }
        for text in ["", "123", "09876543210", "5876543210", "+9876543210", "98765+4321", "919876543210+"] {
            assert!(ten_digits(text).is_err(), "{text}");
        }
    }
}
