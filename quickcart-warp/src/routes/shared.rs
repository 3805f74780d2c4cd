//! Paths that several groups share: the root and the health of the server.

use std::error::Error as _;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use quickcart_core::otp::Digest;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::app::App;
use crate::dto::ok;
use crate::dto::shared::{Connection, Health, Root, Services, Sms};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, get, with};
use crate::in_time::InTime;

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long something that the server depends on may take to answer before it counts as gone.
const DEPENDENCY_TIME_MAX: Duration = Duration::from_secs(2);
/// How long it holds what was found out about the database.
const CHECK_EVERY: SignedDuration = SignedDuration::from_secs(1);

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let root = warp::path::end().and(get()).map(root);
    let health = warp::path!("health").and(get()).and(with(app)).then(health).map(answer(Dialect::Detail));
    let hello = warp::path!("hello").and(get()).map(hello);
    root.or(health).unify().or(hello).unify().boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(root, health))]
    struct Api;
    Api::openapi()
}

/// The same, of the one that is the smart cart's.
pub(super) fn smart_cart_api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(hello))]
    struct Api;
    Api::openapi()
}

/// Greets
#[utoipa::path(
    get, path = "/hello",
    responses((status = 200, description = "A greeting", body = String, content_type = "text/html")),
)]
fn hello() -> Response {
    let mut response = Response::new("Hello, Smart Cart User!".into());
    let html = warp::http::HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(warp::http::header::CONTENT_TYPE, html);
    response
}

/// Says where to begin
#[utoipa::path(get, path = "/", responses((status = 200, description = "Where to begin", body = Root)))]
fn root() -> Response {
    let endpoints = [
        ("auth", "/api/auth"),
        ("health", "/health"),
        ("POST /auth/verify_mobile", "Sends a one-time code to a phone"),
        ("GET /products/search", "Finds products by name or barcode"),
        ("POST /cart/connect", "Takes a trolley"),
        ("POST /cart/shortest_path", "Answers the shortest walk past the wanted products"),
        ("POST /orders/checkout", "Makes an order of what is in the trolley"),
        ("GET /orders/history", "Lists the orders of a shopper"),
        ("POST /orders/initiate", "Begins an order of books and sends a code"),
        ("POST /orders/verify", "Makes the order when the code is right"),
        ("POST /orders/resend-code", "Sends another code"),
        ("GET /orders/", "Lists orders of books"),
        ("GET /orders/{order_id}", "Shows an order of books"),
        ("PUT /orders/{order_id}/status", "Moves an order of books on"),
        ("DELETE /orders/{order_id}", "Calls an order of books off"),
    ];
    ok(&Root {
        message: "QuickCart",
        version: VERSION,
        status: "success",
        docs: "/docs",
        endpoints: endpoints.into(),
    })
}

/// Says how the server is, as long as the process lives
#[utoipa::path(get, path = "/health", responses((status = 200, description = "The process lives", body = Health)))]
async fn health(app: App) -> Result<Response, ApiError> {
    let (database, redis) = tokio::join!(database_answers(&app), redis_answers(&app));
    let (database, redis) = (Connection::of(database), Connection::of(redis));
    Ok(ok(&Health {
        success: true,
        status: "healthy",
        message: "QuickCart is running",
        version: VERSION,
        services: Services { database, payments: false, sms: sms(&app) },
        redis,
        mongodb: database,
        timestamp: timestamp(&app),
    }))
}

/// Which of the old backend's providers are asked.
pub(super) fn sms(app: &App) -> Sms {
    let is_asked = |name| app.providers.contains(&name);
    Sms { twilio: is_asked("twilio"), fast2sms: is_asked("fast2sms") }
}

/// Whether the database does all its work. Everybody may ask, so it is looked at once a second at most.
pub(super) async fn database_answers(app: &App) -> bool {
    let mut last = app.database_check.lock().await;
    let now = app.clock.now();
    match *last {
        Some((at, answers)) if now.duration_since(at) < CHECK_EVERY => return answers,
        _ => {}
    }
    let answers = match InTime::new(DEPENDENCY_TIME_MAX, app.shop.check()).await {
        Some(Ok(())) => true,
        Some(Err(error)) => {
            let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
            tracing::warn!("the database cannot be used: {error}{cause}");
            false
        }
        None => false,
    };
    *last = Some((now, answers));
    answers
}

/// Whether codes and limits can be kept; in memory they always can.
pub(super) async fn redis_answers(app: &App) -> bool {
    let Some(store) = &app.redis else { return true };
    // Nobody's challenge: what counts is that the question is answered.
    let asked = store.expires_at(Digest::default(), app.clock.now());
    InTime::new(DEPENDENCY_TIME_MAX, asked).await.is_some_and(|answer| answer.is_ok())
}

/// Local time, as the clients of the old backends expect it.
pub(super) fn timestamp(app: &App) -> String {
    app.clock.now().to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
