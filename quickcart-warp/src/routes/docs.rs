//! `/openapi.json`, `/docs` and `/redoc`: what the server answers, for programs and for people.

use bytes::Bytes;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH,
};
use warp::reply::Response;

use crate::doc_pages::{File, POLICY};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, get, header};
use crate::openapi::DOCUMENT;

pub(super) fn routes() -> BoxedFilter<(Response,)> {
    let known = || header(IF_NONE_MATCH.as_str());
    let description = warp::path!("openapi.json").and(get()).and(known()).map(openapi_json);
    let swagger = warp::path!("docs").and(get()).and(known()).map(swagger);
    let swagger_file = warp::path!("docs" / String).and(get()).and(known()).map(swagger_file);
    let redoc = warp::path!("redoc").and(get()).and(known()).map(redoc);
    let redoc_file = warp::path!("redoc" / String).and(get()).and(known()).map(redoc_file);
    let pages = swagger.or(swagger_file).unify().or(redoc).unify().or(redoc_file).unify();
    description.or(pages.map(answer(Dialect::Problem))).unify().boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(openapi_json, swagger, swagger_file, redoc, redoc_file))]
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
    kept(known.as_ref(), "application/json", &DOCUMENT.etag, DOCUMENT.json.as_str().into())
}

/// Shows this description in Swagger UI
#[utoipa::path(
    get, path = "/docs",
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 304, description = "It is still the one at hand"),
    ),
)]
fn swagger(known: Option<HeaderValue>) -> Result<Response, ApiError> {
    file("/docs", known.as_ref())
}

/// Answers what the page needs
#[utoipa::path(
    get, path = "/docs/{file}", params(("file" = String, Path, example = "swagger-ui.css")),
    responses(
        (status = 200, description = "A script or a style", content((String = "text/javascript"), (String = "text/css"))),
        (status = 304, description = "It is still the one at hand"),
        (status = 404, description = "The page has no such file"),
    ),
)]
fn swagger_file(name: String, known: Option<HeaderValue>) -> Result<Response, ApiError> {
    file(&format!("/docs/{name}"), known.as_ref())
}

/// Shows this description in ReDoc
#[utoipa::path(
    get, path = "/redoc",
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 304, description = "It is still the one at hand"),
    ),
)]
fn redoc(known: Option<HeaderValue>) -> Result<Response, ApiError> {
    file("/redoc", known.as_ref())
}

/// Answers what the page needs
#[utoipa::path(
    get, path = "/redoc/{file}", params(("file" = String, Path, example = "redoc.standalone.js")),
    responses(
        (status = 200, description = "A script", body = String, content_type = "text/javascript"),
        (status = 304, description = "It is still the one at hand"),
        (status = 404, description = "The page has no such file"),
    ),
)]
fn redoc_file(name: String, known: Option<HeaderValue>) -> Result<Response, ApiError> {
    file(&format!("/redoc/{name}"), known.as_ref())
}

fn file(path: &str, known: Option<&HeaderValue>) -> Result<Response, ApiError> {
    let file = File::at(path).ok_or_else(|| ApiError::not_found("Not Found"))?;
    let mut response = kept(known, file.content_type, &file.etag, file.body.clone());
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}

/// An answer that browsers keep, and ask whether it is still right.
fn kept(known: Option<&HeaderValue>, content_type: &'static str, etag: &str, body: Bytes) -> Response {
    let is_known = known.and_then(|value| value.to_str().ok()).is_some_and(|tags| {
        tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag || tag.trim() == "*")
    });
    let mut response = Response::new(if is_known { Bytes::new().into() } else { body.into() });
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
