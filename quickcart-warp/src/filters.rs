//! The parts that routes are put together from.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{FutureExt, Stream, StreamExt};
use percent_encoding::percent_decode_str;
use quickcart_core::form::FormError;
use quickcart_core::messaging::text::Language;
use warp::Filter;
use warp::http::header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use warp::http::{Method, StatusCode};
use warp::reject::{Reject, Rejection};
use warp::reply::Response;

use crate::app::App;
use crate::client_address::CLIENT;
use crate::error::{ApiError, Dialect};
use crate::in_time::InTime;

/// The longest body of a request, in bytes; no client sends a hundredth of it.
const BODY_LENGTH_MAX: usize = 256 * 1024;
/// A body that is too long is still read up to here, in bytes: a client that is busy sending does not look for the answer.
const BODY_DRAINED_MAX: usize = 16 * 1024 * 1024;

/// The path is right and the method is not.
#[derive(Debug)]
pub(crate) struct WrongMethod {
    pub(crate) allow: &'static str,
}

impl Reject for WrongMethod {}

/// GET, and HEAD with it.
pub(crate) fn get() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    method(|method| matches!(*method, Method::GET | Method::HEAD), "GET, HEAD")
}

/// POST.
pub(crate) fn post() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    method(|method| *method == Method::POST, "POST")
}

/// PUT.
pub(crate) fn put() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    method(|method| *method == Method::PUT, "PUT")
}

/// The methods of a path of which one fits; `allow` names all that the path has.
pub(crate) fn method(
    fits: fn(&Method) -> bool,
    allow: &'static str,
) -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::method()
        .and_then(move |method: Method| {
            ready(if fits(&method) { Ok(()) } else { Err(warp::reject::custom(WrongMethod { allow })) })
        })
        .untuple_one()
}

/// The services, for a handler.
pub(crate) fn with(app: &App) -> impl Filter<Extract = (App,), Error = Infallible> + Clone + use<> {
    let app = app.clone();
    warp::any().map(move || app.clone())
}

/// A part of a path without its percent signs.
pub(crate) fn decoded(part: &str) -> Cow<'_, str> {
    percent_decode_str(part).decode_utf8_lossy()
}

/// A header's value, if there is one.
pub(crate) fn header(
    name: &'static str,
) -> impl Filter<Extract = (Option<HeaderValue>,), Error = Infallible> + Clone {
    let absent = |_: Rejection| -> Ready<Result<(Option<HeaderValue>,), Infallible>> { ready(Ok((None,))) };
    warp::header::value(name).map(Some).or_else(absent)
}

/// Where the request comes from; unknown when the routes run in a server of somebody else's.
pub(crate) fn client() -> impl Filter<Extract = (Option<IpAddr>,), Error = Infallible> + Copy {
    warp::any().map(|| CLIENT.try_with(|address| *address).ok())
}

/// The language of the text message that a request asks for.
pub(crate) fn language(app: &App) -> impl Filter<Extract = (Language,), Error = Infallible> + Clone + use<> {
    liked_best(app, |app| &app.languages)
}

/// The language of the letter that a request asks for.
pub(crate) fn letter_language(
    app: &App,
) -> impl Filter<Extract = (Language,), Error = Infallible> + Clone + use<> {
    liked_best(app, |app| &app.letter_languages)
}

/// What the client likes best of what is offered, else the first of it.
fn liked_best(
    app: &App,
    offered: fn(&App) -> &[Language],
) -> impl Filter<Extract = (Language,), Error = Infallible> + Clone + use<> {
    with(app)
        .and(header(ACCEPT_LANGUAGE.as_str()))
        .map(move |app: App, likes: Option<HeaderValue>| best_language(offered(&app), likes.as_ref()))
}

/// The language of these that an `Accept-Language` header likes best, else the first.
pub(crate) fn best_language(offered: &[Language], likes: Option<&HeaderValue>) -> Language {
    let likes = likes.and_then(|likes| likes.to_str().ok());
    let best = likes.and_then(|likes| Language::of_accept_language(likes, offered));
    best.or(offered.first().copied()).unwrap_or_default()
}

/// The raw query; empty when there is none.
pub(crate) fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    let absent = |_: Rejection| -> Ready<Result<(String,), Infallible>> { ready(Ok((String::new(),))) };
    warp::query::raw().or_else(absent)
}

/// A body of JSON, bounded in length and time; what is wrong with it is for the handler to answer.
pub(crate) fn json_body(
    app: &App,
) -> impl Filter<Extract = (Result<Bytes, ApiError>,), Error = Rejection> + Clone + use<> {
    let time_max = app.body_time_max;
    header(CONTENT_TYPE.as_str()).and(header(CONTENT_LENGTH.as_str())).and(warp::body::stream()).then(
        move |content_type: Option<HeaderValue>, length: Option<HeaderValue>, body| {
            let (is_json, length) = (is_json(content_type.as_ref()), announced(length.as_ref()));
            read_json(time_max, is_json, length, body)
        },
    )
}

/// Reads a body that is said to be JSON, or not to be, and to be so many bytes long.
pub(crate) async fn read_json<B: Buf, E>(
    time_max: Duration,
    is_json: bool,
    announced: usize,
    body: impl Stream<Item = Result<B, E>>,
) -> Result<Bytes, ApiError> {
    let bytes = read_in_time(time_max, announced, body).await?;
    if is_json { Ok(bytes) } else { Err(no_json()) }
}

/// A body of JSON, likewise, or none at all: then its type does not matter.
pub(crate) fn optional_json_body(
    app: &App,
) -> impl Filter<Extract = (Result<Option<Bytes>, ApiError>,), Error = Rejection> + Clone + use<> {
    header(CONTENT_TYPE.as_str()).and(body(app)).then(
        async |content_type: Option<HeaderValue>, body: Result<Bytes, ApiError>| {
            let bytes = body?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if is_json(content_type.as_ref()) { Ok(Some(bytes)) } else { Err(no_json()) }
        },
    )
}

/// A body of JSON as FastAPI takes it: without a type it is JSON as well, and one of another type is no object.
pub(crate) fn lenient_json_body(
    app: &App,
) -> impl Filter<Extract = (Result<Bytes, ApiError>,), Error = Rejection> + Clone + use<> {
    let time_max = app.body_time_max;
    header(CONTENT_TYPE.as_str()).and(header(CONTENT_LENGTH.as_str())).and(warp::body::stream()).then(
        move |content_type: Option<HeaderValue>, length: Option<HeaderValue>, body| async move {
            let bytes = read_in_time(time_max, announced(length.as_ref()), body).await?;
            let is_other = content_type.is_some() && !is_json(content_type.as_ref());
            if is_other && !bytes.is_empty() {
                return Err(ApiError::unreadable(&FormError::NotObject));
            }
            Ok(bytes)
        },
    )
}

/// A body of any kind, bounded in length and time.
pub(crate) fn body(
    app: &App,
) -> impl Filter<Extract = (Result<Bytes, ApiError>,), Error = Rejection> + Clone + use<> {
    let time_max = app.body_time_max;
    header(CONTENT_LENGTH.as_str()).and(warp::body::stream()).then(
        move |length: Option<HeaderValue>, body| read_in_time(time_max, announced(length.as_ref()), body),
    )
}

/// How long a body is to be, in bytes.
pub(crate) fn announced(length: Option<&HeaderValue>) -> usize {
    length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0)
}

fn read_in_time<B: Buf, E, S: Stream<Item = Result<B, E>>>(
    time_max: Duration,
    announced: usize,
    body: S,
) -> impl Future<Output = Result<Bytes, ApiError>> + use<B, E, S> {
    let too_late = || ApiError::new(StatusCode::REQUEST_TIMEOUT, "The request body did not arrive in time");
    InTime::new(time_max, read(announced, body)).map(move |read| read.ok_or_else(too_late)?)
}

async fn read<B: Buf, E>(
    announced: usize,
    body: impl Stream<Item = Result<B, E>>,
) -> Result<Bytes, ApiError> {
    let too_long = || {
        let text = format!("The request body is longer than {BODY_LENGTH_MAX} bytes");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    if announced > BODY_DRAINED_MAX {
        return Err(too_long());
    }
    let mut body = pin!(body);
    // Nearly every body is one chunk, which then is taken as it is.
    let (mut first, mut rest, mut length) = (Bytes::new(), BytesMut::new(), 0);
    while let Some(chunk) = body.next().await {
        let mut chunk = chunk.map_err(|_| ApiError::bad_request("The request body could not be read"))?;
        length += chunk.remaining();
        if length > BODY_DRAINED_MAX {
            return Err(too_long());
        }
        let chunk = chunk.copy_to_bytes(chunk.remaining());
        if first.is_empty() {
            first = chunk;
        } else if length <= BODY_LENGTH_MAX {
            rest.extend_from_slice(&chunk);
        }
    }
    if length > BODY_LENGTH_MAX {
        return Err(too_long());
    }
    Ok(if rest.is_empty() { first } else { [first, rest.freeze()].concat().into() })
}

fn no_json() -> ApiError {
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json")
}

/// `application/json`, or a type that ends in `+json` ([RFC 6839](https://www.rfc-editor.org/rfc/rfc6839#section-3.1)).
pub(crate) fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let Some(content_type) = content_type else { return false };
    // As nearly everybody writes it.
    if content_type == "application/json" {
        return true;
    }
    let text = content_type.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return true;
    }
    let essence = essence.to_ascii_lowercase();
    essence.starts_with("application/") && essence.ends_with("+json")
}

/// What a handler answers, in a dialect.
pub(crate) fn answer(dialect: Dialect) -> impl Fn(Result<Response, ApiError>) -> Response + Clone {
    move |result| result.unwrap_or_else(|error| error.into_response(dialect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_json_by_its_type() {
        let check = |text: &'static str| is_json(Some(&HeaderValue::from_static(text)));
        assert!(check("application/json") && check("Application/JSON; charset=utf-8"));
        assert!(check("application/problem+json"));
        assert!(!check("text/plain") && !check("application/jsonx") && !is_json(None));
    }
}
