//! Bodies of the phone-otp group.

use quickcart_core::form::Form;
use serde::Serialize;

use crate::error::{ApiError, malformed};

/// The longest phone number or code that is looked at, in characters.
const TEXT_LENGTH_MAX: usize = 64;

#[derive(Serialize)]
pub(crate) struct Sent<'a> {
    pub(crate) success: bool,
    pub(crate) message: String,
    pub(crate) provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) development_mode: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otp: Option<&'a str>,
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

pub(crate) fn invalid_phone() -> ApiError {
    ApiError::bad_request("Invalid phone number format")
}
