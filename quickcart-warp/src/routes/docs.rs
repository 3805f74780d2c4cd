//! `/openapi.json`: what the server answers, for programs.

use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use warp::reply::Response;

use crate::filters::{get, header};
use crate::openapi::DOCUMENT;

pub(super) fn routes() -> BoxedFilter<(Response,)> {
    warp::path!("openapi.json").and(get()).and(header(IF_NONE_MATCH.as_str())).map(openapi_json).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(openapi_json))]
    struct Api;
    Api::openapi()
}

/// Answers this description
#[utoipa::path(
    get, path = "/openapi.json",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of the description that is at hand")),
    responses((status = 200, description = "OpenAPI 3.1", body = Object), (status = 304, description = "It is still that one")),
)]
fn openapi_json(known: Option<HeaderValue>) -> Response {
    kept(known.as_ref(), "application/json", &DOCUMENT.etag, DOCUMENT.json.as_str())
}

/// An answer that browsers keep, and ask whether it is still right.
fn kept(known: Option<&HeaderValue>, content_type: &'static str, etag: &str, body: &'static str) -> Response {
    let is_known = known.and_then(|value| value.to_str().ok()).is_some_and(|tags| {
        tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag || tag.trim() == "*")
    });
    let mut response = Response::new(if is_known { "".into() } else { body.into() });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
    response
}
