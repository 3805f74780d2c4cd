//! `/api`: a code to a phone, and back.

use bytes::Bytes;
use quickcart_core::otp::OtpError;
use quickcart_core::phone::{PhoneNumber, Region};
use serde_json::json;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::shared::{VERSION, database_answers, sms, timestamp};
use crate::app::App;
use crate::dto::ok;
use crate::dto::phone_otp::{
    Message, Pending, Sent, Status, invalid_phone, phone_number, phone_number_and_otp,
};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, get, json_body, post, with};

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let send = warp::path!("send-otp").and(post()).and(with(app)).and(json_body(app)).then(send);
    let verify = warp::path!("verify-otp").and(post()).and(with(app)).and(json_body(app)).then(verify);
    let status = warp::path!("otp-status" / String).and(get()).and(with(app)).then(status);
    let health = warp::path!("health").and(get()).and(with(app)).then(health);
    let info = warp::path::end().and(get()).map(|| Ok(info()));
    let rest = status.or(health).unify().or(info).unify().boxed();
    warp::path("api")
        .and(send.or(verify.or(rest).unify()).unify())
        .map(answer(Dialect::PhoneOtp))
        .boxed()
}

async fn send(app: App, body: Result<Bytes, ApiError>) -> Result<Response, ApiError> {
    let phone = parse(&phone_number(&body?)?)?;
    let started = app.phone_otp.start(&phone, None).await.map_err(|error| match error {
        OtpError::Locked { .. } => error.into(),
        error => {
            ApiError::with_text(&error, "The verification code could not be sent. Please try again later.")
        }
    })?;
    let provider = started.receipt.provider;
    let code = started.code.as_str();
    // A code is shown only in development, and only when no provider could bring it to the phone.
    if app.development && provider == "console" {
        let message = format!("Development Mode: OTP is {code}");
        let (provider, development_mode) = ("development", Some(true));
        return Ok(ok(&Sent { success: true, message, provider, development_mode, otp: Some(code) }));
    }
    let message = format!("SMS sent successfully via {provider}");
    Ok(ok(&Sent { success: true, message, provider, development_mode: None, otp: None }))
}

async fn verify(app: App, body: Result<Bytes, ApiError>) -> Result<Response, ApiError> {
    let (phone, code) = phone_number_and_otp(&body?)?;
    let not_found = || ApiError::bad_request("OTP not found or expired");
    let phone = PhoneNumber::parse(&phone, Region::IN).map_err(|_| not_found())?;
    match app.phone_otp.check(&phone, None, &code).await {
        Ok(()) => Ok(ok(&Message { success: true, message: "OTP verified successfully" })),
        Err(OtpError::WrongCode) => Err(ApiError::bad_request("Invalid OTP")),
        Err(OtpError::NotFound) => Err(not_found()),
        Err(error) => Err(error.into()),
    }
}

async fn status(phone: String, app: App) -> Result<Response, ApiError> {
    let pending = match PhoneNumber::parse(&decoded(&phone), Region::IN) {
        Ok(phone) => app.phone_otp.expires_in(&phone).await?,
        Err(_) => None,
    };
    let data = Pending { exists: pending.is_some(), expires_in: pending.map_or(0, |left| left.as_secs()) };
    Ok(ok(&Status { success: true, data }))
}

async fn health(app: App) -> Result<Response, ApiError> {
    Ok(ok(&json!({
        "success": true,
        "message": "QuickCart is running",
        "services": {"sms": sms(), "database": database_answers(&app).await, "payments": false},
        "timestamp": timestamp(&app),
        "version": VERSION,
    })))
}

fn info() -> Response {
    ok(&json!({
        "message": "QuickCart",
        "version": VERSION,
        "endpoints": {
            "health": "/api/health",
            "auth": {
                "send_otp": "/api/send-otp",
                "verify_otp": "/api/verify-otp",
                "otp_status": "/api/otp-status/<phone_number>",
            },
        },
    }))
}

fn parse(text: &str) -> Result<PhoneNumber, ApiError> {
    PhoneNumber::parse(text, Region::IN).map_err(|_| invalid_phone())
}
