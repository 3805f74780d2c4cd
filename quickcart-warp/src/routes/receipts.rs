//! `/v1/receipts`: providers tell what became of messages.

use bytes::Bytes;
use quickcart_core::messaging::sms::{read_fast2sms_reports, read_infobip_reports};
use quickcart_core::messaging::{DeliveryReport, WebhookError};
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::path::FullPath;
use warp::reply::Response;

use crate::app::App;
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, body, get, header, post, query, with};

const X_TWILIO_SIGNATURE: &str = "x-twilio-signature";

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let twilio = warp::path!("twilio")
        .and(post())
        .and(with(app))
        .and(warp::path::full())
        .and(query())
        .and(header(X_TWILIO_SIGNATURE))
        .and(header(CONTENT_TYPE.as_str()))
        .and(body(app))
        .then(twilio);
    let infobip = warp::path!("infobip" / String).and(post()).and(with(app)).and(body(app)).then(infobip);
    // Which method it is, is chosen in Fast2SMS's dashboard.
    let fast2sms = warp::path!("fast2sms" / String)
        .and(get().or(post()).unify())
        .and(with(app))
        .and(query())
        .and(body(app))
        .then(fast2sms);
    warp::path!("v1" / "receipts" / ..)
        .and(twilio.or(infobip).unify().or(fast2sms).unify())
        .map(answer(Dialect::Problem))
        .boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(twilio, infobip, fast2sms))]
    struct Api;
    Api::openapi()
}

/// Twilio tells what became of a message
#[utoipa::path(
    post, path = "/v1/receipts/twilio",
    params(("X-Twilio-Signature" = Option<String>, Header, description = "Made with the account's token")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 204, description = "It was taken"),
        (status = 401, description = "The signature is missing or wrong"),
        (status = 404, description = "Receipts are not set up"),
    ),
)]
async fn twilio(
    app: App,
    path: FullPath,
    query: String,
    signature: Option<HeaderValue>,
    content_type: Option<HeaderValue>,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let text = |value: &Option<HeaderValue>| value.as_ref()?.to_str().ok().map(str::to_owned);
    let webhook = app.receipts.twilio.as_ref().ok_or_else(not_here)?;
    let path = if query.is_empty() { path.as_str().to_owned() } else { format!("{}?{query}", path.as_str()) };
    let (signature, content_type) = (text(&signature), text(&content_type));
    taken(&app, webhook.receive(&path, signature.as_deref(), content_type.as_deref(), &body?))
}

/// Infobip tells what became of messages
#[utoipa::path(
    post, path = "/v1/receipts/infobip/{key}",
    params(("key" = String, Path, description = "QUICKCART_RECEIPT_KEY")),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 204, description = "They were taken"), (status = 404, description = "The key is wrong")),
)]
async fn infobip(key: String, app: App, body: Result<Bytes, ApiError>) -> Result<Response, ApiError> {
    if !app.receipts.opens(&key) {
        return Err(not_here());
    }
    taken(&app, read_infobip_reports(&body?))
}

/// Fast2SMS tells what became of a message
#[utoipa::path(
    method(get, post), path = "/v1/receipts/fast2sms/{key}",
    params(("key" = String, Path, description = "QUICKCART_RECEIPT_KEY")),
    responses(
        (status = 204, description = "It was taken"),
        (status = 400, description = "The report cannot be read"),
        (status = 404, description = "The key is wrong"),
        (status = 408, description = "The body did not arrive in time"),
        (status = 413, description = "The body is too long"),
    ),
)]
async fn fast2sms(
    key: String,
    app: App,
    query: String,
    body: Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    if !app.receipts.opens(&key) {
        return Err(not_here());
    }
    taken(&app, read_fast2sms_reports(Some(&query), &body?))
}

/// Reports come twice and late, and of messages that nobody waits for: all that is as good as any.
fn taken(app: &App, reports: Result<Vec<DeliveryReport>, WebhookError>) -> Result<Response, ApiError> {
    app.receipts.record(&reports?);
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// The same as for any path that does not exist: who does not hold the key learns nothing.
fn not_here() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Not Found")
}
