//! `/ready`: for whoever runs the server.

use std::time::Duration;

use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

use super::shared::{database_answers, redis_answers};
use crate::app::App;
use crate::dto::ok;
use crate::dto::shared::{Connection, Ready};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, get, with};

/// When to ask again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let ready = warp::path!("ready").and(get()).and(with(app)).then(ready);
    ready.map(answer(Dialect::Problem)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(ready))]
    struct Api;
    Api::openapi()
}

/// Says whether everything that the server depends on answers
#[utoipa::path(
    get, path = "/ready",
    responses((status = 200, description = "Everything answers", body = Ready), (status = 503, description = "What does not answer")),
)]
async fn ready(app: App) -> Result<Response, ApiError> {
    let (database, redis) = tokio::join!(database_answers(&app), redis_answers(&app));
    let down: Vec<_> =
        [("database", database), ("Redis", redis)].into_iter().filter(|(_, answers)| !answers).collect();
    if !down.is_empty() {
        let names: Vec<_> = down.into_iter().map(|(name, _)| name).collect();
        let text = format!("No answer in time: {}", names.join(", "));
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).with_retry_after(RETRY_AFTER));
    }
    let redis = app.redis.as_ref().map(|_| Connection::of(redis));
    Ok(ok(&Ready { status: "ready", database: Connection::of(database), redis }))
}
