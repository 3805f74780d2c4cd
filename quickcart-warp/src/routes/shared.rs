//! Paths that several groups share: the root and the health of the server.

use jiff::tz::TimeZone;
use serde_json::json;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::app::App;
use crate::dto::ok;
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, get, with};

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

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
        "endpoints": {
            "auth": "/api/auth",
            "health": "/health",
            "POST /auth/verify_mobile": "Sends a one-time code to a phone",
            "GET /products/search": "Finds products by name or barcode",
            "POST /cart/connect": "Takes a trolley",
            "POST /cart/shortest_path": "Answers the shortest walk past the wanted products",
            "POST /orders/checkout": "Makes an order of what is in the trolley",
            "GET /orders/history": "Lists the orders of a shopper",
        },
    })
}

async fn health(app: App) -> Result<Response, ApiError> {
    let connected = database_answers(&app).await;
    Ok(ok(&json!({
        "success": true,
        "status": "healthy",
        "message": "QuickCart is running",
        "version": VERSION,
        "services": {
            "database": if connected { "connected" } else { "disconnected" },
            "payments": false,
            "sms": sms(&app),
        },
        "timestamp": timestamp(&app),
    })))
}

/// Which of the old backend's providers are asked.
pub(super) fn sms(app: &App) -> serde_json::Value {
    let is_asked = |name| app.providers.contains(&name);
    json!({"twilio": is_asked("twilio"), "fast2sms": is_asked("fast2sms")})
}

pub(super) async fn database_answers(app: &App) -> bool {
    app.shop.is_empty().await.is_ok()
}

/// Local time, as the clients of the old backends expect it.
pub(super) fn timestamp(app: &App) -> String {
    app.clock.now().to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
