//! `/api`: a code to a phone, and back.

use std::net::IpAddr;

use bytes::Bytes;
use quickcart_core::messaging::text::Language;
use quickcart_core::otp::{CodeRequest, OtpError, PhoneVerification, Started};
use quickcart_core::phone::{PhoneNumber, Region};
use utoipa::OpenApi;
use warp::Filter;
use warp::http::StatusCode;
use warp::http::header::HeaderValue;
use warp::reject::Rejection;
use warp::reply::Response;

use super::idempotency::IDEMPOTENCY_KEY;
use super::phone_otp_auth;
use super::shared::{VERSION, database_answers, sms, timestamp};
use crate::app::App;
use crate::dto::phone_otp::{
    Info, Message, Pending, PhoneNumberAndOtp, Recipient, Sent, Status, invalid_phone,
};
use crate::dto::shared::{ApiHealth, Services};
use crate::dto::{json_response_with, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, client, decoded, get, header, json_body, language, post, with};
use crate::rate_limit::{self, RateLimit};
use crate::to_its_end::to_its_end;

pub(super) const VERIFIED: &str = "OTP verified successfully";

/// Not boxed, unlike the others: these are asked for most.
pub(super) fn routes(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let send = warp::path!("send-otp")
        .and(post())
        .and(with(app))
        .and(client())
        .and(language(app))
        .and(header(IDEMPOTENCY_KEY))
        .and(json_body(app))
        .then(send);
    let verify = warp::path!("verify-otp").and(post()).and(with(app)).and(json_body(app)).then(verify);
    let status =
        warp::path!("otp-status" / String).and(get()).and(with(app)).and(client()).then(status_of_first);
    let health = warp::path!("health").and(get()).and(with(app)).then(health);
    let info = warp::path::end().and(get()).map(|| Ok(info()));
    let rest = status.or(health).unify().or(info).unify().or(phone_otp_auth::routes(app)).unify().boxed();
    warp::path("api").and(send.or(verify.or(rest).unify()).unify()).map(answer(Dialect::PhoneOtp))
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(send, verify, status_of_first, health, info))]
    struct Api;
    Api::openapi()
}

/// Sends a one-time code to a phone
#[utoipa::path(
    post, path = "/api/send-otp", request_body = Recipient,
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
pub(super) async fn send(
    app: App,
    client: Option<IpAddr>,
    language: Language,
    idempotency_key: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let phone = parse(&Recipient::read(&body?)?.phone_number)?;
    start(&app, |app| &app.phone_otp, phone, (client, language), idempotency_key, |sent, _| sent).await
}

/// Sends a code, and says so in the words of both versions; `complete` adds what only one of them says.
pub(super) async fn start(
    app: &App,
    verification: fn(&App) -> &PhoneVerification,
    phone: PhoneNumber,
    (address, language): (Option<IpAddr>, Language),
    idempotency_key: Option<HeaderValue>,
    complete: impl for<'a> Fn(Sent<'a>, &Started) -> Sent<'a>,
) -> Result<Response, ApiError> {
    idempotency_key.as_ref().map(key_of).transpose()?;
    let services = app.clone();
    let started = to_its_end(async move {
        let idempotency_key = idempotency_key.as_ref().and_then(|key| key_of(key).ok());
        let request = CodeRequest { address, language, idempotency_key, ..CodeRequest::new(&phone) };
        verification(&services).start(request).await
    });
    let started = started.await.map_err(refused)?;
    let (provider, code) = (started.provider, started.code.as_str());
    // A code is shown only in development, and only when no provider could bring it to the phone.
    let sent = if app.development && provider == "console" {
        let message = ["Development Mode: OTP is ", code].concat();
        let (provider, development_mode) = ("development", Some(true));
        Sent { success: true, message, provider, development_mode, otp: Some(code), ..Sent::default() }
    } else {
        let message = ["SMS sent successfully via ", display_name(provider)].concat();
        // The first version shows Twilio's name for the message, and those of no other provider.
        let sid = started.message_id.as_deref().filter(|_| provider == "twilio");
        Sent { success: true, message, provider, sid, ..Sent::default() }
    };
    let mut response = json_response_with(rate_limit::FIELDS, StatusCode::OK, &complete(sent, &started));
    let now = app.clock.now();
    rate_limit::show(&mut response, started.limits.iter().map(|limit| RateLimit::standing(limit, now)));
    Ok(response)
}

/// As the old backend wrote it.
fn display_name(provider: &str) -> &str {
    match provider {
        "twilio" => "Twilio",
        "twilio_whatsapp" => "WhatsApp",
        "fast2sms" => "Fast2SMS",
        "infobip" | "infobip_2fa" => "Infobip",
        other => other,
    }
}

/// The same words for every limit, so that they do not tell what is known of a number.
fn refused(error: OtpError) -> ApiError {
    const NO_MESSAGES: &str = "This phone number cannot get a code.";
    const TOO_MANY: &str = "Too many codes were asked for. Please try again later.";
    match error {
        OtpError::Limited { limit, rate, retry_after } => ApiError::with_text(&error, TOO_MANY)
            .with_rate_limit(RateLimit::used_up(limit, rate, retry_after)),
        OtpError::Suspected { .. } | OtpError::Locked { .. } | OtpError::CoolingDown { .. } => {
            ApiError::with_text(&error, TOO_MANY)
        }
        OtpError::KeyReused => error.into(),
        OtpError::Refused(_) => ApiError::with_text(&error, NO_MESSAGES),
        OtpError::NotSent(ref cause) if cause.is_about_recipient() => {
            ApiError::with_text(&error, NO_MESSAGES)
        }
        error => {
            ApiError::with_text(&error, "The verification code could not be sent. Please try again later.")
        }
    }
}

/// A key of visible characters, at most as long as
/// [the draft's examples](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/07/) many times over.
fn key_of(value: &HeaderValue) -> Result<&str, ApiError> {
    let text = value.to_str().ok().filter(|text| (1..=255).contains(&text.len()));
    text.ok_or_else(|| ApiError::bad_request("Idempotency-Key is a text of 1 to 255 visible characters"))
}

/// Checks a code
#[utoipa::path(
    post, path = "/api/verify-otp", request_body = PhoneNumberAndOtp,
    responses(
        (status = 200, description = "The code is right, and used up", body = Message),
        (status = 429, description = "Too many wrong codes"),
    ),
)]
pub(super) async fn verify(app: App, body: Result<Bytes, ApiError>) -> Result<Response, ApiError> {
    let body = body?;
    let PhoneNumberAndOtp { phone_number, otp } = PhoneNumberAndOtp::read(&body)?;
    check(&app.phone_otp, &phone_number, &otp).await?;
    Ok(ok(&Message { success: true, message: VERIFIED }))
}

/// The number whose code this is.
pub(super) async fn check(
    verification: &PhoneVerification,
    phone: &str,
    code: &str,
) -> Result<PhoneNumber, ApiError> {
    let not_found = || ApiError::bad_request("OTP not found or expired");
    let phone = PhoneNumber::parse(phone, Region::IN).map_err(|_| not_found())?;
    match verification.check(&phone, None, code).await {
        Ok(()) => Ok(phone),
        Err(OtpError::WrongCode) => Err(ApiError::bad_request("Invalid OTP")),
        Err(OtpError::NotFound) => Err(not_found()),
        Err(error) => Err(error.into()),
    }
}

/// Says whether a code is pending
#[utoipa::path(
    get, path = "/api/otp-status/{phone_number}",
    params(("phone_number" = String, Path, example = "9876543210")),
    responses(
        (status = 200, description = "Whether, and for how long", body = Status),
        (status = 429, description = "Too many questions"),
    ),
)]
async fn status_of_first(phone: String, app: App, client: Option<IpAddr>) -> Result<Response, ApiError> {
    status(&app.phone_otp, &phone, client).await
}

/// The question is counted before the number is looked at: what is no number costs as much as one that is.
pub(super) async fn status(
    verification: &PhoneVerification,
    phone: &str,
    client: Option<IpAddr>,
) -> Result<Response, ApiError> {
    verification.admit_status(client).await.map_err(refused)?;
    let pending = match PhoneNumber::parse(&decoded(phone), Region::IN) {
        Ok(phone) => verification.expires_in(&phone).await?,
        Err(_) => None,
    };
    let data = Pending { exists: pending.is_some(), expires_in: pending.map_or(0, |left| left.as_secs()) };
    Ok(ok(&Status { success: true, data }))
}

/// Says how the server is
#[utoipa::path(get, path = "/api/health", responses((status = 200, description = "The process lives", body = ApiHealth)))]
async fn health(app: App) -> Result<Response, ApiError> {
    let services = Services { database: database_answers(&app).await, payments: false, sms: sms(&app) };
    Ok(ok(&ApiHealth {
        success: true,
        message: "QuickCart is running",
        version: VERSION,
        services,
        timestamp: timestamp(&app),
    }))
}

/// Says where to begin
#[utoipa::path(get, path = "/api", responses((status = 200, description = "Where to begin", body = Info)))]
fn info() -> Response {
    ok(&Info::new(VERSION))
}

fn parse(text: &str) -> Result<PhoneNumber, ApiError> {
    PhoneNumber::parse(text, Region::IN).map_err(|_| invalid_phone())
}
