//! Paths that several groups share: the root and the health of the server.

use std::time::Duration;

use jiff::tz::TimeZone;
use quickcart_core::otp::Digest;
use serde_json::json;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::app::App;
use crate::dto::ok;
use crate::dto::shared::{Connection, Health, Services, Sms};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, get, with};
use crate::in_time::InTime;

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long something that the server depends on may take to answer before it counts as gone.
const DEPENDENCY_TIME_MAX: Duration = Duration::from_secs(2);

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let root = warp::path::end().and(get()).map(|| ok(&root()));
    let health = warp::path!("health").and(get()).and(with(app)).then(health).map(answer(Dialect::Detail));
    let hello = warp::path!("hello").and(get()).map(|| {
        let mut response = Response::new("Hello, Smart Cart User!".into());
        let html = warp::http::HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(warp::http::header::CONTENT_TYPE, html);
        response
    });
    root.or(health).unify().or(hello).unify().boxed()
}

fn root() -> serde_json::Value {
    json!({
        "message": "QuickCart",
        "version": VERSION,
        "status": "success",
        "docs": "/docs",
        "endpoints": {
            "auth": "/api/auth",
            "health": "/health",
            "POST /auth/verify_mobile": "Sends a one-time code to a phone",
            "GET /products/search": "Finds products by name or barcode",
            "POST /cart/connect": "Takes a trolley",
            "POST /cart/shortest_path": "Answers the shortest walk past the wanted products",
            "POST /orders/initiate": "Places an order and sends its code",
            "POST /orders/verify": "Confirms an order with its code",
            "GET /orders/": "Lists orders",
            "GET /orders/{order_id}": "Answers one order",
            "POST /orders/checkout": "Makes an order of what is in the trolley",
            "GET /orders/history": "Lists the orders of a shopper",
            "POST /orders/initiate": "Begins an order of books and sends a code",
            "POST /orders/verify": "Makes the order when the code is right",
            "POST /orders/resend-code": "Sends another code",
            "GET /orders/": "Lists orders of books",
            "GET /orders/{order_id}": "Shows an order of books",
            "PUT /orders/{order_id}/status": "Moves an order of books on",
            "DELETE /orders/{order_id}": "Calls an order of books off",
        },
    })
}

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

pub(super) async fn database_answers(app: &App) -> bool {
    InTime::new(DEPENDENCY_TIME_MAX, app.shop.is_empty()).await.is_some_and(|answer| answer.is_ok())
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
