//! `/auth`: shoppers of the smart cart sign in with a code and tell their name.

use std::net::IpAddr;

use bytes::Bytes;
use quickcart_core::account::{AccountError, Profile, ShopperClaims};
use quickcart_core::messaging::text::Language;
use quickcart_core::otp::{CodeRequest, Nonce, OtpError};
use quickcart_core::phone::{PhoneNumber, Region};
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use warp::reply::Response;

use super::{authorization, shopper};
use crate::app::App;
use crate::dto::ok;
use crate::dto::smart_cart::{Message, MobileNumber, MobileNumberAndOtp, NewProfile, SignedIn, UserProfile};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, client, header, json_body, language, post, with};
use crate::to_its_end::to_its_end;

/// The cookie that ties a code to the client that asked for it.
const SESSION: &str = "session";

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let verify_mobile = warp::path!("verify_mobile")
        .and(post())
        .and(with(app))
        .and(client())
        .and(language(app))
        .and(json_body(app))
        .then(verify_mobile);
    let verify_otp = warp::path!("verify_otp")
        .and(post())
        .and(with(app))
        .and(header(COOKIE.as_str()))
        .and(json_body(app))
        .then(verify_otp);
    let complete_profile = warp::path!("complete_profile")
        .and(post())
        .and(with(app))
        .and(authorization())
        .and(json_body(app))
        .then(complete_profile);
    warp::path("auth")
        .and(verify_mobile.or(verify_otp).unify().or(complete_profile).unify())
        .map(answer(Dialect::Detail))
        .boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(verify_mobile, verify_otp, complete_profile))]
    struct Api;
    Api::openapi()
}

/// Sends a one-time code to a phone
#[utoipa::path(
    post, path = "/auth/verify_mobile", request_body = MobileNumber,
    params(("Accept-Language" = Option<String>, Header, description = "The language of the message, of those that the server writes", example = "hi, en;q=0.5")),
    responses(
        (
            status = 200, description = "A code is on its way", body = Message,
            headers(("Set-Cookie" = String, description = "The session that the code is tied to")),
        ),
        (status = 429, description = "A limit is used up, or it is too early"),
    ),
)]
async fn verify_mobile(
    app: App,
    address: Option<IpAddr>,
    language: Language,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let MobileNumber { mobile_number } = MobileNumber::read(&body?)?;
    let phone = PhoneNumber::parse(&mobile_number, Region::IN)
        .map_err(|_| ApiError::bad_request("mobile_number is not a phone number that can exist."))?;
    let nonce = Nonce::random();
    let message = format!("OTP sent to {}", phone.national());
    let (services, shown) = (app.clone(), nonce.clone());
    let started = to_its_end(async move {
        let request = CodeRequest { nonce: Some(&shown), address, language, ..CodeRequest::new(&phone) };
        services.smart_cart.start(request).await
    });
    let started = started.await?;
    let mut response = ok(&Message { message: &message });
    let lifetime_s = started.expires_at.duration_since(app.clock.now()).as_secs().max(0);
    let secure = if app.development { "" } else { "; Secure" };
    let cookie =
        format!("{SESSION}={}; HttpOnly; Path=/; SameSite=Lax; Max-Age={lifetime_s}{secure}", nonce.as_str());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Signs a shopper in
#[utoipa::path(
    post, path = "/auth/verify_otp", request_body = MobileNumberAndOtp,
    params(("session" = Option<String>, Cookie, description = "As /auth/verify_mobile has set it")),
    responses(
        (status = 200, description = "The shopper and a token for 60 minutes", body = SignedIn),
        (status = 403, description = "The shopper may not sign in any more"),
        (status = 429, description = "Too many wrong codes"),
    ),
)]
async fn verify_otp(
    app: App,
    cookies: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let MobileNumberAndOtp { mobile_number, otp } = MobileNumberAndOtp::read(&body?)?;
    let refused = || ApiError::bad_request("Invalid OTP or OTP expired.");
    let phone = PhoneNumber::parse(&mobile_number, Region::IN).map_err(|_| refused())?;
    let nonce = cookies.as_ref().and_then(session).ok_or_else(refused)?;
    app.smart_cart.check(&phone, Some(nonce), &otp).await.map_err(|error| match error {
        OtpError::WrongCode | OtpError::NotFound => refused(),
        error => error.into(),
    })?;
    let user = app.shop.sign_in(&phone).await?;
    let token = app.tokens.issue(&ShopperClaims { user_id: user.user_id });
    Ok(ok(&SignedIn { token, user_id: user.user_id, is_profile_complete: user.profile.is_some() }))
}

/// The session among all cookies.
fn session(cookies: &HeaderValue) -> Option<&str> {
    let mut pairs = cookies.to_str().ok()?.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION).map(|(_, value)| value)
}

/// Takes the name of a shopper, and what they eat
#[utoipa::path(
    post, path = "/auth/complete_profile", security(("bearer" = [])), request_body = NewProfile,
    responses(
        (status = 200, description = "The shopper", body = UserProfile),
        (status = 404, description = "The shopper is not here any more"),
        (status = 409, description = "Another shopper has this e-mail address"),
    ),
)]
async fn complete_profile(
    app: App,
    authorization: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let user_id = shopper(&app, authorization.as_ref())?;
    let profile = Profile::from(NewProfile::read(&body?)?);
    let user = app.shop.complete_profile(user_id, &profile).await.map_err(|error| match error {
        AccountError::UserNotFound { .. } => {
            ApiError::with_text(&error, "Failed to complete user profile. User not found.")
        }
        AccountError::EmailTaken => {
            ApiError::with_text(&error, "This email address is already registered by another user.")
        }
        error => error.into(),
    })?;
    Ok(ok(&UserProfile::from(user)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_session_among_other_cookies() {
        let check = |text, expected| assert_eq!(session(&HeaderValue::from_static(text)), expected);
        check("theme=dark; session=abc; lang=hi", Some("abc"));
        check("session=", Some(""));
        check("xsession=abc", None);
        check("", None);
    }
}
