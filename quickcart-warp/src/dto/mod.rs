//! What goes over the wire, group by group.

pub(crate) mod admin;
pub(crate) mod book_order;
pub(crate) mod cart;
pub(crate) mod catalogue;
pub(crate) mod failure;
pub(crate) mod guest_cart;
pub(crate) mod order;
pub(crate) mod page;
pub(crate) mod phone_otp;
pub(crate) mod places;
pub(crate) mod registration;
pub(crate) mod returns;
pub(crate) mod shared;
pub(crate) mod smart_cart;
pub(crate) mod stock;
pub(crate) mod tokens;
pub(crate) mod validation;

use quickcart_core::clock::Timestamp;
use serde::Serialize;
use warp::http::StatusCode;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::reply::Response;

/// How many header fields nearly every answer gets on the way out: four for safety, and the id of the request.
const FIELDS_ADDED: usize = 5;

/// An answer of JSON.
pub(crate) fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    json_response_with(0, status, body)
}

/// An answer of JSON with room for so many more header fields, and for those that are added on the way out, so that it does not grow
/// then.
pub(crate) fn json_response_with(fields: usize, status: StatusCode, body: &impl Serialize) -> Response {
    let (status, bytes) = match serde_json::to_vec(body) {
        Ok(bytes) => (status, bytes),
        Err(error) => {
            tracing::error!("an answer could not be written: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, br#"{"detail":"Internal Server Error"}"#.to_vec())
        }
    };
    let mut response = Response::new(bytes.into());
    *response.status_mut() = status;
    response.headers_mut().reserve(1 + fields + FIELDS_ADDED);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A time as HTTP writes it ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)).
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A 200 of JSON.
pub(crate) fn ok(body: &impl Serialize) -> Response {
    json_response(StatusCode::OK, body)
}

/// It is done, and there is nothing to say.
pub(crate) fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
