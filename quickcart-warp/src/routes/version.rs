//! `ETag` and `If-Match`: which version an answer has, and which one a change is made to.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use warp::http::StatusCode;
use warp::http::header::{ETAG, HeaderValue};
use warp::reply::Response;

use crate::dto::json_response;
use crate::error::ApiError;

/// The header that names the version.
pub(super) const IF_MATCH: &str = "if-match";

/// The version that a change is made to; `None` for whatever there is.
pub(super) fn expected<V: FromStr>(if_match: &HeaderValue) -> Result<Option<V>, ApiError> {
    let text = if_match.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version =
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    // What was never an ETag of ours is the version of nothing; a weak one does not count (RFC 9110, 13.1.1).
    version.map(Some).ok_or_else(|| {
        ApiError::new(StatusCode::PRECONDITION_FAILED, "If-Match is no ETag of ours")
            .with_code("other_version")
    })
}

/// An answer with its version.
pub(super) fn versioned(status: StatusCode, version: impl Display, body: &impl Serialize) -> Response {
    let mut response = json_response(status, body);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
