//! Bodies of the phone-otp group.

use std::borrow::Cow;

use quickcart_core::account::{InvalidMemberName, Member, NewMember, Passwords, SignedIn};
use quickcart_core::email::InvalidEmail;
use quickcart_core::form::Form;
use quickcart_core::phone::{PhoneNumber, Region};
use serde::Serialize;
use utoipa::ToSchema;

use crate::dto::http_date;
use crate::error::{ApiError, malformed};

/// The longest phone number or code that is looked at, in characters.
const TEXT_LENGTH_MAX: usize = 64;

/// The longest field of a profile that is looked at, in characters: an e-mail address of
/// [RFC 5321](https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1) is no longer.
const EMAIL_LENGTH_MAX: usize = 256;

/// A code is on its way; development without a provider shows it.
#[derive(Default, Serialize, ToSchema)]
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

/// A phone that was verified: a member with a token, or somebody new.
#[derive(Serialize, ToSchema)]
pub(crate) struct Verified {
    success: bool,
    message: &'static str,
    user: Option<User>,
    token: Option<String>,
    #[serde(rename = "isNewUser")]
    is_new_user: bool,
    /// The ten digits of somebody new.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl Verified {
    pub(crate) fn new(message: &'static str, phone: &PhoneNumber, signed_in: Option<SignedIn>) -> Self {
        let is_new_user = signed_in.is_none();
        let phone = is_new_user.then(|| phone.national().to_owned());
        let (user, token) = signed_in.map(|SignedIn { member, token }| (member.into(), token)).unzip();
        Self { success: true, message, user, token, is_new_user, phone }
    }
}

/// A member who is in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Welcome {
    success: bool,
    message: &'static str,
    user: User,
    token: String,
}

impl Welcome {
    pub(crate) fn new(message: &'static str, SignedIn { member, token }: SignedIn) -> Self {
        Self { success: true, message, user: member.into(), token }
    }
}

/// A member. Times are HTTP dates, such as `Sat, 21 Nov 2026 09:03:10 GMT`.
#[derive(Serialize, ToSchema)]
pub(crate) struct User {
    id: i64,
    name: String,
    /// Ten digits.
    phone: String,
    email: Option<String>,
    /// `customer` or `admin`.
    role: &'static str,
    /// `active`, `inactive` or `suspended`.
    status: &'static str,
    login_count: u32,
    last_login: Option<String>,
    created_at: String,
    updated_at: String,
}

impl From<Member> for User {
    fn from(member: Member) -> Self {
        Self {
            id: member.user_id,
            name: member.name.as_str().to_owned(),
            phone: member.phone.national().to_owned(),
            email: member.email.map(|email| email.as_str().to_owned()),
            role: member.role.as_str(),
            status: member.status.as_str(),
            login_count: member.login_count,
            last_login: member.last_login.map(http_date),
            created_at: http_date(member.created_at),
            updated_at: http_date(member.updated_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Message {
    pub(crate) success: bool,
    pub(crate) message: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    pub(crate) success: bool,
    pub(crate) data: Pending,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Pending {
    pub(crate) exists: bool,
    /// In whole seconds.
    pub(crate) expires_in: u64,
}

/// Who somebody new is. Other fields, such as the old clients' `dob`, are not looked at.
#[derive(ToSchema)]
pub(crate) struct CompleteProfile {
    /// Ten digits, which were verified within the last ten minutes.
    phone: String,
    /// 2 to 100 letters, blanks, periods, apostrophes and hyphens.
    name: String,
    email: Option<String>,
}

impl CompleteProfile {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let missing = || ApiError::bad_request("Phone number and name are required");
        let mut text = |name| form.optional_text(name, 0..=EMAIL_LENGTH_MAX);
        let phone = text("phone").ok_or_else(invalid_phone)?;
        let name = text("name").ok_or(InvalidMemberName)?;
        let email = text("email").ok_or(InvalidEmail)?;
        Ok(Self {
            phone: phone.filter(|phone| !phone.is_empty()).ok_or_else(missing)?.into_owned(),
            name: name.filter(|name| !name.is_empty()).ok_or_else(missing)?.into_owned(),
            email: email.filter(|email| !email.is_empty()).map(Cow::into_owned),
        })
    }

    pub(crate) fn into_member(self) -> Result<NewMember, ApiError> {
        let phone = ten_digits(&self.phone)?;
        Ok(NewMember {
            phone: PhoneNumber::parse(&phone, Region::IN).map_err(|_| invalid_phone())?,
            name: self.name.parse()?,
            email: self.email.map(|email| email.parse()).transpose()?,
        })
    }
}

/// What an administrator signs in with.
#[derive(ToSchema)]
pub(crate) struct AdminLogin {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl AdminLogin {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let mut text = |name, length_max| form.optional_text(name, 0..=length_max).flatten();
        let username = text("username", TEXT_LENGTH_MAX).filter(|username| !username.is_empty());
        let password = text("password", Passwords::SIZE_MAX).filter(|password| !password.is_empty());
        let missing = || ApiError::bad_request("Username and password are required");
        let (username, password) = username.zip(password).ok_or_else(missing)?;
        Ok(Self { username: username.into_owned(), password: password.into_owned() })
    }
}

/// Where to begin, in the words of the first version.
#[derive(Serialize, ToSchema)]
pub(crate) struct Info {
    message: &'static str,
    version: &'static str,
    endpoints: Endpoints,
}

#[derive(Serialize, ToSchema)]
struct Endpoints {
    health: &'static str,
    auth: AuthEndpoints,
}

#[derive(Serialize, ToSchema)]
struct AuthEndpoints {
    send_otp: &'static str,
    verify_otp: &'static str,
    otp_status: &'static str,
}

impl Info {
    pub(crate) fn new(version: &'static str) -> Self {
        let auth = AuthEndpoints {
            send_otp: "/api/send-otp",
            verify_otp: "/api/verify-otp",
            otp_status: "/api/otp-status/<phone_number>",
        };
        Self { message: "QuickCart", version, endpoints: Endpoints { health: "/api/health", auth } }
    }
}

/// Who gets a code.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Recipient<'a> {
    #[schema(example = "9876543210", max_length = 64)]
    pub(crate) phone_number: Cow<'a, str>,
}

impl<'a> Recipient<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let phone = form.optional_text("phoneNumber", 0..=TEXT_LENGTH_MAX).ok_or_else(invalid_phone)?;
        let phone = phone.filter(|phone| !phone.is_empty());
        let phone_number = phone.ok_or_else(|| ApiError::bad_request("Phone number is required"))?;
        Ok(Self { phone_number })
    }
}

/// A number and its code.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct PhoneNumberAndOtp<'a> {
    #[schema(example = "9876543210", max_length = 64)]
    pub(crate) phone_number: Cow<'a, str>,
    #[schema(example = "123456", max_length = 64)]
    pub(crate) otp: Cow<'a, str>,
}

impl<'a> PhoneNumberAndOtp<'a> {
    /// A code that is no text is as good as a wrong one.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let missing = || ApiError::bad_request("Phone number and OTP are required");
        let phone = form.optional_text("phoneNumber", 0..=TEXT_LENGTH_MAX).ok_or_else(invalid_phone)?;
        let otp = match form.optional_text("otp", 0..=TEXT_LENGTH_MAX) {
            Some(text) => text.ok_or_else(missing)?,
            None => Cow::Borrowed("not a text"),
        };
        let phone_number = phone.filter(|phone| !phone.is_empty()).ok_or_else(missing)?;
        if otp.is_empty() { Err(missing()) } else { Ok(Self { phone_number, otp }) }
    }
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
