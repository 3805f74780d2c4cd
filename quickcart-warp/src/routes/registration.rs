//! `/auth/register`, `/auth/login`, `/auth/me` and `/users/me`: accounts by e-mail, in Vietnamese.

use std::net::IpAddr;

use bytes::Bytes;
use quickcart_core::account::{
    Account, Client, CustomerId, Holder, PasswordError, RegistrationClaims, RegistrationError,
};
use quickcart_core::email::EmailAddress;
use quickcart_core::messaging::text::Language;
use quickcart_core::otp::OtpError;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{HeaderName, HeaderValue};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::authorization;
use crate::app::App;
use crate::dto::ok;
use crate::dto::registration::{
    BEARER, CompleteBody, InitiateBody, LoggedIn, LoginBody, Me, PasswordBody, Profile, ProfileBody,
    ProfileChanged, Registered, ResendBody, StepTaken, VerifyBody, invalid_details,
};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, client, get, lenient_json_body, letter_language, method, post, with};
use crate::to_its_end::to_its_end;

/// What proves the code in the later steps, wherever they come from. Old clients expect nothing new in the body.
const REGISTRATION_TOKEN: HeaderName = HeaderName::from_static("registration-token");

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let customer = || with(app).and(authorization());
    let me = warp::path!("auth" / "me").and(get()).and(customer()).then(me);
    let profile = warp::path!("users" / "me")
        .and(method(|method| matches!(*method, Method::GET | Method::HEAD), "GET, HEAD, PUT"))
        .and(customer())
        .then(profile);
    let change = warp::path!("users" / "me")
        .and(method(|method| *method == Method::PUT, "GET, HEAD, PUT"))
        .and(customer())
        .and(lenient_json_body(app))
        .then(change);
    let login = warp::path!("auth" / "login")
        .and(post())
        .and(with(app))
        .and(client())
        .and(lenient_json_body(app))
        .then(login);
    let rest = me.or(profile.or(change).unify()).unify().boxed();
    let all = login.or(steps(app).or(rest).unify()).unify();
    all.map(answer(Dialect::Detail)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(initiate, verify, set_password, complete, resend, login, me, profile, change))]
    struct Api;
    Api::openapi()
}

/// Below `/auth/register`.
fn steps(app: &App) -> BoxedFilter<(Result<Response, ApiError>,)> {
    let asked = || post().and(with(app)).and(client()).and(lenient_json_body(app));
    let in_language =
        || post().and(with(app)).and(client()).and(letter_language(app)).and(lenient_json_body(app));
    let initiate = warp::path!("initiate").and(in_language()).then(initiate);
    let verify = warp::path!("verify-otp").and(asked()).then(verify);
    let set_password = warp::path!("set-password").and(asked()).then(set_password);
    let complete = warp::path!("complete").and(asked()).then(complete);
    let resend = warp::path!("resend-otp").and(in_language()).then(resend);
    let later = set_password.or(complete).unify().or(resend).unify().boxed();
    warp::path!("auth" / "register" / ..).and(initiate.or(verify.or(later).unify()).unify()).boxed()
}

/// Begins a registration and sends a code
#[utoipa::path(
    post, path = "/auth/register/initiate", request_body = InitiateBody,
    params(("Accept-Language" = Option<String>, Header, description = "The language of the letter, of those that the server writes", example = "hi, en;q=0.5")),
    responses(
        (status = 200, description = "A code is on its way", body = StepTaken),
        (status = 400, description = "The address is taken"),
        (status = 429, description = "A limit is used up, or it is too early"),
    ),
)]
async fn initiate(
    app: App,
    address: Option<IpAddr>,
    language: Language,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let mailbox = InitiateBody::read(&body?)?.email;
    let registrations = app.registrations.clone().with_language(language);
    let initiated =
        to_its_end(
            async move { registrations.initiate(&mailbox.email, address).await.map(|()| mailbox.written) },
        );
    let email = initiated.await.map_err(refused)?;
    Ok(ok(&StepTaken { message: "OTP đã được gửi đến email của bạn", email: &email }))
}

/// Sends another code
#[utoipa::path(
    post, path = "/auth/register/resend-otp", request_body = ResendBody,
    params(("Accept-Language" = Option<String>, Header, description = "The language of the letter, of those that the server writes", example = "hi, en;q=0.5")),
    responses(
        (status = 200, description = "A code is on its way", body = StepTaken),
        (status = 400, description = "No registration is under way"),
        (status = 429, description = "A limit is used up, or it is too early"),
    ),
)]
async fn resend(
    app: App,
    address: Option<IpAddr>,
    language: Language,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    const BEGIN: &str = "Không tìm thấy phiên đăng ký. Vui lòng bắt đầu lại.";
    let written = ResendBody::read(&body?)?.email;
    let email = mailbox(&written, BEGIN)?;
    let registrations = app.registrations.clone().with_language(language);
    let sent = to_its_end(async move { registrations.resend(&email, address).await });
    sent.await.map_err(|error| out_of_step(error, BEGIN))?;
    Ok(ok(&StepTaken { message: "OTP mới đã được gửi đến email của bạn", email: &written }))
}

/// Checks a code
#[utoipa::path(
    post, path = "/auth/register/verify-otp", request_body = VerifyBody,
    responses(
        (
            status = 200, description = "The code is right, and used up", body = StepTaken,
            headers(("Registration-Token" = String, description = "Proves the code in the later steps, from any address")),
        ),
        (status = 400, description = "The code is wrong, or no registration is under way"),
        (status = 429, description = "Too many wrong codes"),
    ),
)]
async fn verify(
    app: App,
    address: Option<IpAddr>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    const BEGIN: &str = "Phiên đăng ký không hợp lệ. Vui lòng bắt đầu lại.";
    let VerifyBody { email: written, otp } = VerifyBody::read(&body?)?;
    let email = mailbox(&written, BEGIN)?;
    // A code that is used up has to count for something.
    let verified = to_its_end(async move { app.registrations.verify(&email, &otp, address).await });
    let token = verified.await.map_err(|error| out_of_step(error, BEGIN))?;
    let mut response = ok(&StepTaken { message: "Xác thực OTP thành công", email: &written });
    if let Ok(token) = HeaderValue::from_str(token.as_str()) {
        response.headers_mut().insert(REGISTRATION_TOKEN, token);
    }
    Ok(response)
}

/// Takes the password of somebody whose code was right
#[utoipa::path(
    post, path = "/auth/register/set-password", request_body = PasswordBody,
    responses(
        (status = 200, description = "It was taken", body = StepTaken),
        (status = 400, description = "The password is too short or too long, or the code was not shown"),
    ),
)]
async fn set_password(
    app: App,
    address: Option<IpAddr>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    const VERIFY: &str = "Vui lòng xác thực OTP trước";
    let PasswordBody { email: written, password, registration_token } = PasswordBody::read(&body?)?;
    let email = mailbox(&written, VERIFY)?;
    let client = Client { address, token: registration_token.as_deref() };
    let set = app.registrations.set_password(&email, client, &password).await;
    set.map_err(|error| out_of_step(error, VERIFY))?;
    Ok(ok(&StepTaken { message: "Đặt mật khẩu thành công", email: &written }))
}

/// Ends a registration
#[utoipa::path(
    post, path = "/auth/register/complete", request_body = CompleteBody,
    responses(
        (status = 200, description = "The customer, and a token", body = Registered),
        (status = 400, description = "A step before is missing, a field is empty, or another customer has the number"),
    ),
)]
async fn complete(
    app: App,
    address: Option<IpAddr>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    const FINISH: &str = "Vui lòng hoàn thành các bước trước";
    let body = CompleteBody::read(&body?)?;
    let email = mailbox(&body.email, FINISH)?;
    let client = Client { address, token: body.registration_token.as_deref() };
    let completed = app.registrations.complete(&email, client, &body.details()).await;
    let customer = completed.map_err(|error| out_of_step(error, FINISH))?;
    let access_token = app.registration_tokens.issue(&RegistrationClaims::of_customer(&customer));
    let message = "Đăng ký thành công!";
    Ok(ok(&Registered { access_token, token_type: BEARER, user: customer.into(), message }))
}

/// Signs a customer or an employee in
#[utoipa::path(
    post, path = "/auth/login", request_body = LoginBody,
    responses(
        (status = 200, description = "Who it is, and a token", body = LoggedIn),
        (status = 401, description = "The address or the password is wrong"),
        (status = 429, description = "Too many attempts"),
    ),
)]
async fn login(
    app: App,
    address: Option<IpAddr>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let LoginBody { email, password } = LoginBody::read(&body?)?;
    let email = email.trim().parse().ok();
    let account: Account =
        app.registrations.login(email.as_ref(), &password, address).await.map_err(refused)?;
    let token = app.registration_tokens.issue(&RegistrationClaims::of(&account));
    Ok(ok(&LoggedIn::new(account, token)))
}

/// Answers all that a customer told
#[utoipa::path(
    get, path = "/users/me", security(("bearer" = [])),
    responses(
        (status = 200, description = "The customer", body = Profile),
        (status = 403, description = "The token is of an employee"),
        (status = 404, description = "The customer is not here any more"),
    ),
)]
async fn profile(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let customer_id = customer(&app, authorization.as_ref())?;
    let customer = app.registrations.customer(customer_id).await.map_err(refused)?;
    Ok(ok(&Profile::from(customer)))
}

/// Changes what a customer told
#[utoipa::path(
    put, path = "/users/me", security(("bearer" = [])), request_body = ProfileBody,
    responses(
        (status = 200, description = "The customer as they are now", body = ProfileChanged),
        (status = 400, description = "Nothing is changed"),
        (status = 403, description = "The token is of an employee"),
        (status = 404, description = "The customer is not here any more"),
    ),
)]
async fn change(
    app: App,
    authorization: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let customer_id = customer(&app, authorization.as_ref())?;
    let nothing = || ApiError::bad_request("Không có trường nào được cập nhật");
    let change = ProfileBody::read(&body?)?.change().ok_or_else(nothing)?;
    let customer = app.registrations.change_details(customer_id, &change).await.map_err(refused)?;
    let message = "Cập nhật thông tin thành công";
    Ok(ok(&ProfileChanged { success: true, message, user: customer.into() }))
}

/// Answers who the customer is
#[utoipa::path(
    get, path = "/auth/me", security(("bearer" = [])),
    responses(
        (status = 200, description = "The customer", body = Me),
        (status = 403, description = "The token is of an employee"),
        (status = 404, description = "The customer is not here any more"),
    ),
)]
async fn me(app: App, authorization: Option<HeaderValue>) -> Result<Response, ApiError> {
    let customer_id = customer(&app, authorization.as_ref())?;
    let customer = app.registrations.customer(customer_id).await.map_err(refused)?;
    Ok(ok(&Me::from(customer)))
}

/// The address; whoever writes none has no registration under way.
fn mailbox(text: &str, otherwise: &'static str) -> Result<EmailAddress, ApiError> {
    text.trim().parse().map_err(|_| ApiError::bad_request(otherwise))
}

/// The customer whom an `Authorization` header proves.
fn customer(app: &App, authorization: Option<&HeaderValue>) -> Result<CustomerId, ApiError> {
    let token = bearer(authorization).map_err(ApiError::unauthenticated)?;
    let invalid = || ApiError::unauthenticated("Invalid or expired token");
    match app.registration_tokens.verify(token).map_err(|_| invalid())?.claims.holder {
        Holder::Customer { customer_id } => customer_id.parse().map_err(|_| invalid()),
        Holder::Employee { .. } => {
            Err(ApiError::new(StatusCode::FORBIDDEN, "Access denied. Customer account required."))
        }
    }
}

/// The token of an `Authorization` header, or what is wrong with it.
fn bearer(authorization: Option<&HeaderValue>) -> Result<&str, &'static str> {
    let value = authorization.filter(|value| !value.is_empty()).ok_or("Missing authentication token")?;
    let mut parts = value.to_str().unwrap_or_default().split_whitespace();
    match (parts.next(), parts.next(), parts.next()) {
        (Some(scheme), Some(token), None) if scheme.eq_ignore_ascii_case(BEARER) => Ok(token),
        (Some(_), Some(_), None) => Err("Invalid authentication scheme"),
        _ => Err("Invalid authorization header format"),
    }
}

/// A failure in the words of this step.
fn out_of_step(error: RegistrationError, text: &'static str) -> ApiError {
    match error {
        RegistrationError::OutOfStep => ApiError::bad_request(text),
        error => refused(error),
    }
}

/// A failure in the words of the old backend, which answered 400 to most of them.
fn refused(error: RegistrationError) -> ApiError {
    use RegistrationError as E;
    match error {
        E::EmailTaken => ApiError::bad_request("Email đã được đăng ký"),
        E::CitizenIdTaken => ApiError::bad_request("Số CCCD đã được đăng ký"),
        E::DetailsMissing => ApiError::bad_request("Vui lòng điền đầy đủ thông tin"),
        E::DetailsInvalid(details) => invalid_details(&details),
        E::NothingChanged => ApiError::bad_request("Không có thay đổi nào"),
        E::WrongCredentials => ApiError::unauthenticated("Email hoặc mật khẩu không chính xác"),
        E::CustomerNotFound => ApiError::not_found("Customer not found"),
        E::Password(PasswordError::TooShort) => ApiError::bad_request("Mật khẩu phải có ít nhất 6 ký tự"),
        E::Password(PasswordError::TooLong) => ApiError::bad_request("Mật khẩu không được dài quá 1024 byte"),
        E::Code(OtpError::WrongCode | OtpError::NotFound) => {
            ApiError::bad_request("OTP không chính xác hoặc đã hết hạn")
        }
        E::Code(OtpError::NotSent(_)) => {
            ApiError::with_text(&error, "Không thể gửi OTP. Vui lòng thử lại sau.")
        }
        E::Code(OtpError::Limited { .. } | OtpError::CoolingDown { .. } | OtpError::Locked { .. }) => {
            ApiError::with_text(&error, "Bạn đã thử quá nhiều lần. Vui lòng thử lại sau.")
        }
        error => ApiError::with_text(&error, "Hệ thống đang bận. Vui lòng thử lại sau."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_like_the_old_backend_did() {
        let check = |text: &'static str| bearer(Some(&HeaderValue::from_static(text))).map(str::to_owned);
        for text in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(check(text), Ok("abc".to_owned()), "{text}");
        }
        assert_eq!(bearer(None), Err("Missing authentication token"));
        assert_eq!(check(""), Err("Missing authentication token"));
        assert_eq!(check("Basic abc"), Err("Invalid authentication scheme"));
        for text in ["abc", "Bearer", "Bearer a b"] {
            assert_eq!(check(text), Err("Invalid authorization header format"), "{text}");
        }
    }
}
