//! `/api/auth`: the same codes for the second version of the phone-otp frontends.

use std::net::IpAddr;

use bytes::Bytes;
use jiff::tz::TimeZone;
use quickcart_core::account::MemberError;
use quickcart_core::messaging::text::Language;
use quickcart_core::otp::{OtpError, Started};
use quickcart_core::phone::{PhoneNumber, Region};
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::HeaderValue;
use warp::reply::Response;

use super::idempotency::IDEMPOTENCY_KEY;
use super::phone_otp::{VERIFIED, check, start, status};
use crate::app::App;
use crate::dto::ok;
use crate::dto::phone_otp::{
    AdminLogin, CompleteProfile, PhoneNumberAndOtp, Recipient, Sent, Status, Verified, Welcome,
    invalid_phone, ten_digits,
};
use crate::error::ApiError;
use crate::filters::{client, get, header, json_body, language, post, with};

/// What the routes below `/api` join to theirs.
pub(super) fn routes(app: &App) -> BoxedFilter<(Result<Response, ApiError>,)> {
    let send = warp::path!("send-otp")
        .and(post())
        .and(with(app))
        .and(client())
        .and(language(app))
        .and(header(IDEMPOTENCY_KEY))
        .and(json_body(app))
        .then(send);
    let verify =
        warp::path!("verify-otp").and(post()).and(with(app)).and(client()).and(json_body(app)).then(verify);
    let complete_profile = warp::path!("complete-profile")
        .and(post())
        .and(with(app))
        .and(client())
        .and(json_body(app))
        .then(complete_profile);
    let status =
        warp::path!("otp-status" / String).and(get()).and(with(app)).and(client()).then(status_of_second);
    let admin_login = warp::path!("admin-login")
        .and(post())
        .and(with(app))
        .and(client())
        .and(json_body(app))
        .then(admin_login);
    let rest = status.or(complete_profile).unify().or(admin_login).unify();
    warp::path("auth").and(send.or(verify).unify().or(rest).unify()).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(send, verify, complete_profile, status_of_second, admin_login))]
    struct Api;
    Api::openapi()
}

/// Sends a one-time code to a phone
#[utoipa::path(
    post, path = "/api/auth/send-otp", request_body = Recipient,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "One code for all requests with this key", min_length = 1, max_length = 255),
        ("Accept-Language" = Option<String>, Header, description = "The language of the message, of those that the server writes", example = "hi, en;q=0.5"),
    ),
    responses(
        (status = 200, description = "A code is on its way", body = Sent),
        (status = 422, description = "The key is of another request"),
        (status = 429, description = "A limit is used up, or it is too early"),
    ),
)]
async fn send(
    app: App,
    client: Option<IpAddr>,
    language: Language,
    idempotency_key: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let phone = ten_digits(&Recipient::read(&body?)?.phone_number)?;
    let phone = PhoneNumber::parse(&phone, Region::IN).map_err(|_| invalid_phone())?;
    let sent =
        start(&app, |app| &app.phone_otp_auth, phone, (client, language), idempotency_key, with_remaining)
            .await;
    sent.map_err(|error| limited(error, &app))
}

fn with_remaining<'a>(sent: Sent<'a>, started: &Started) -> Sent<'a> {
    let phone = started.limits.iter().find(|limit| limit.limit == "phone");
    Sent { remaining_attempts: phone.map(|limit| limit.remaining), ..sent }
}

/// What this version's clients show when a limit is used up: the old limit was that of a day, and ended at midnight.
fn limited(error: ApiError, app: &App) -> ApiError {
    let Some(wait) = error.limited_for() else { return error };
    let now = app.clock.now();
    let Ok(reset) = now.checked_add(wait) else { return error };
    if !error.is_limit_of("phone") {
        return error.with_reset_time(reset);
    }
    let time = reset.to_zoned(TimeZone::system()).strftime("%I:%M %p").to_string();
    error.with_message(format!("Daily OTP limit exceeded. Try again after {time}")).with_reset_time(reset)
}

/// Checks a code, and signs a member in
#[utoipa::path(
    post, path = "/api/auth/verify-otp", request_body = PhoneNumberAndOtp,
    responses(
        (status = 200, description = "The code is right, and used up", body = Verified),
        (status = 403, description = "The member may not sign in"),
        (status = 429, description = "Too many wrong codes"),
    ),
)]
async fn verify(
    app: App,
    address: Option<IpAddr>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let body = body?;
    let PhoneNumberAndOtp { phone_number, otp } = PhoneNumberAndOtp::read(&body)?;
    let phone = check(&app.phone_otp_auth, &phone_number, &otp).await?;
    let signed_in = app.members.sign_in(&phone, address).await.map_err(refused)?;
    Ok(ok(&Verified::new(VERIFIED, &phone, signed_in)))
}

/// Makes somebody whose phone was verified a member
#[utoipa::path(
    post, path = "/api/auth/complete-profile", request_body = CompleteProfile,
    responses(
        (status = 200, description = "The member is in", body = Welcome),
        (status = 403, description = "The phone was not verified"),
        (status = 409, description = "Another member has the phone or the address"),
        (status = 429, description = "Too many attempts"),
    ),
)]
async fn complete_profile(
    app: App,
    address: Option<IpAddr>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let member = CompleteProfile::read(&body?)?.into_member()?;
    let signed_in = app.members.complete_profile(&member, address).await.map_err(refused)?;
    Ok(ok(&Welcome::new("Profile created successfully", signed_in)))
}

/// Signs an administrator in
#[utoipa::path(
    post, path = "/api/auth/admin-login", request_body = AdminLogin,
    responses(
        (status = 200, description = "The administrator is in", body = Welcome),
        (status = 401, description = "The name or the password is wrong"),
        (status = 403, description = "The administrator may not sign in"),
        (status = 429, description = "Too many attempts"),
    ),
)]
async fn admin_login(
    app: App,
    address: Option<IpAddr>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let AdminLogin { username, password } = AdminLogin::read(&body?)?;
    let signed_in = app.members.sign_in_administrator(&username, &password, address).await;
    Ok(ok(&Welcome::new("Admin login successful", signed_in.map_err(refused)?)))
}

/// What the clients of this version show.
fn refused(error: MemberError) -> ApiError {
    let text = match error {
        MemberError::NotVerified => "Please verify your phone number first",
        MemberError::PhoneTaken => "Phone number already registered",
        MemberError::EmailTaken => "Email already registered",
        MemberError::WrongCredentials => "Invalid credentials",
        MemberError::Guesses(OtpError::Limited { .. }) => "Too many attempts. Please try again later.",
        error => return error.into(),
    };
    ApiError::with_text(&error, text)
}

/// Says whether a code is pending
#[utoipa::path(
    get, path = "/api/auth/otp-status/{phone_number}",
    params(("phone_number" = String, Path, example = "9876543210")),
    responses(
        (status = 200, description = "Whether, and for how long", body = Status),
        (status = 429, description = "Too many questions"),
    ),
)]
async fn status_of_second(phone: String, app: App, client: Option<IpAddr>) -> Result<Response, ApiError> {
    status(&app.phone_otp_auth, &phone, client).await
}
