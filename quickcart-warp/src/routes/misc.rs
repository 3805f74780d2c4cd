//! `/misc`: labels, sections and pictures.

use quickcart_core::catalog::Image;
use utoipa::OpenApi;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS,
};
use warp::path::Tail;
use warp::reply::Response;

use crate::app::App;
use crate::dto::catalogue::{Labels, Section};
use crate::dto::{http_date, ok};
use crate::error::{ApiError, Dialect};
use crate::filters::{answer, decoded, get, header, with};

pub(super) fn routes(app: &App) -> BoxedFilter<(Response,)> {
    let labels = warp::path!("foodtypes-categories").and(get()).and(with(app)).then(labels);
    let sections = warp::path!("store-sections").and(get()).and(with(app)).then(sections);
    let image = warp::path("images")
        .and(warp::path::tail())
        .and(get())
        .and(with(app))
        .and(header(IF_NONE_MATCH.as_str()))
        .and(header(IF_MODIFIED_SINCE.as_str()))
        .then(image);
    warp::path("misc").and(labels.or(sections).unify().or(image).unify()).map(answer(Dialect::Detail)).boxed()
}

/// What the description of the server says of these routes.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(labels, sections, image))]
    struct Api;
    Api::openapi()
}

/// Lists what people choose from
#[utoipa::path(
    get, path = "/misc/foodtypes-categories",
    responses(
        (status = 200, description = "Food types and categories, by name", body = Labels),
    ),
)]
async fn labels(app: App) -> Result<Response, ApiError> {
    Ok(ok(&Labels::from(app.shop.labels().await?)))
}

/// Lists the parts of the shop
#[utoipa::path(
    get, path = "/misc/store-sections",
    responses(
        (status = 200, description = "The sections", body = [Section]),
    ),
)]
async fn sections(app: App) -> Result<Response, ApiError> {
    let sections = app.shop.sections().await?;
    Ok(ok(&sections.into_iter().map(Section::from).collect::<Vec<_>>()))
}

/// Answers a picture
#[utoipa::path(
    get, path = "/misc/images/{name}",
    params(
        ("name" = String, Path, description = "As products name it; it may hold slashes", example = "milk.png"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the picture that is at hand"),
        ("If-Modified-Since" = Option<String>, Header, description = "Its Last-Modified"),
    ),
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "image/*"),
        (status = 304, description = "It is still that one"),
        (status = 404, description = "No such picture"),
    ),
)]
async fn image(
    name: Tail,
    app: App,
    if_none_match: Option<HeaderValue>,
    if_modified_since: Option<HeaderValue>,
) -> Result<Response, ApiError> {
    let not_found = || ApiError::not_found("Image not found.");
    let images = app.images.clone().ok_or_else(not_found)?;
    let found = tokio::task::spawn_blocking(move || {
        let image = images.find(&decoded(name.as_str()))?;
        if is_known(&image, if_none_match.as_ref(), if_modified_since.as_ref()) {
            return Some((image, None));
        }
        let bytes = image.read().ok()?;
        Some((image, Some(bytes)))
    });
    let found =
        found.await.map_err(|_| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))?;
    let (image, bytes) = found.ok_or_else(not_found)?;
    Ok(shown(&image, bytes))
}

/// Whether the client has the picture as it is. A tag decides, if there is one
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2)); a date must be the one that we said.
fn is_known(
    image: &Image,
    if_none_match: Option<&HeaderValue>,
    if_modified_since: Option<&HeaderValue>,
) -> bool {
    match if_none_match {
        Some(tags) => {
            let tag = entity_tag(image);
            let is_ours = |given: &str| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag;
            tags.to_str().is_ok_and(|tags| tags.split(',').map(str::trim).any(is_ours))
        }
        None => if_modified_since.is_some_and(|date| date.as_bytes() == http_date(image.modified).as_bytes()),
    }
}

fn entity_tag(image: &Image) -> String {
    format!("\"{}\"", image.tag())
}

/// The picture, or 304 without it.
fn shown(image: &Image, bytes: Option<Vec<u8>>) -> Response {
    let status = if bytes.is_some() { StatusCode::OK } else { StatusCode::NOT_MODIFIED };
    let mut response = Response::new(bytes.unwrap_or_default().into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [(ETAG, entity_tag(image)), (LAST_MODIFIED, http_date(image.modified))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    if status == StatusCode::OK {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(image.content_type));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // A drawing may hold a script, which does not run then.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    response
}
