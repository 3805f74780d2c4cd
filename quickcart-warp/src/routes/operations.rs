//! `/ready` and `/metrics`: for whoever runs the server.

use std::net::IpAddr;
use std::time::Duration;

use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{CONTENT_TYPE, FORWARDED, HeaderMap, HeaderValue};
use warp::http::{HeaderName, StatusCode};
use warp::reply::Response;

use super::shared::{database_answers, redis_answers};
use crate::app::App;
use crate::dto::ok;
use crate::dto::shared::{Connection, Ready};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, client, get, with};

const X_ADMIN_KEY: HeaderName = HeaderName::from_static("x-admin-key");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The text format that Prometheus reads.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// When to ask again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let ready = warp::path!("ready").and(get()).and(with(app)).then(ready);
    let counts = warp::path!("metrics")
        .and(get())
        .and(with(app))
        .and(client())
        .and(warp::header::headers_cloned())
        .map(counts);
    ready.or(counts).unify().map(answer(Dialect::Problem)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(ready, counts))]
    struct Api;
    Api::openapi()
}

/// Says whether everything that the server depends on does its work
#[utoipa::path(
    get, path = "/ready",
    responses((status = 200, description = "Everything does its work", body = Ready), (status = 503, description = "What does not")),
)]
async fn ready(app: App) -> Result<Response, ApiError> {
    let (database, redis) = tokio::join!(database_answers(&app), redis_answers(&app));
    let down: Vec<_> =
        [("database", database), ("Redis", redis)].into_iter().filter(|(_, answers)| !answers).collect();
    if !down.is_empty() {
        let names: Vec<_> = down.into_iter().map(|(name, _)| name).collect();
        let text = format!("Not usable: {}", names.join(", "));
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).with_retry_after(RETRY_AFTER));
    }
    let redis = app.redis.as_ref().map(|_| Connection::of(redis));
    Ok(ok(&Ready { status: "ready", database: Connection::of(database), redis }))
}

/// Answers the counts of the process, to this machine or with the key
#[utoipa::path(
    get, path = "/metrics", security(("admin_key" = []), ()),
    responses(
        (status = 200, description = "In Prometheus' text format", body = String, content_type = "text/plain"),
        (status = 404, description = "The server does not count"),
    ),
)]
fn counts(app: App, client: Option<IpAddr>, headers: HeaderMap) -> Result<Response, ApiError> {
    let metrics = app.metrics.as_ref().ok_or_else(|| ApiError::not_found("Not Found"))?;
    if !may_read_counts(&app, client, &headers) {
        return Err(ApiError::unauthenticated("The X-Admin-Key header is missing or wrong")
            .with_code("admin_key_wrong"));
    }
    let mut response = Response::new(metrics.render().into());
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    Ok(response)
}

/// Who shows the key, or calls from this machine. A proxy on this machine that is not trusted would make everybody look like
/// that, so what a proxy has passed on counts as from elsewhere.
fn may_read_counts(app: &App, client: Option<IpAddr>, headers: &HeaderMap) -> bool {
    let is_passed_on = headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR);
    let is_from_here = client.is_some_and(|client| client.is_loopback()) && !is_passed_on;
    is_from_here || headers.get(X_ADMIN_KEY).is_some_and(|shown| app.is_admin(shown.as_bytes()))
}
