//! Which web pages of other origins may call ([Fetch](https://fetch.spec.whatwg.org/#http-cors-protocol)).

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use crate::error::{ApiError, Dialect};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Idempotency-Key, If-Match, X-Admin-Key, X-Device-Key, X-Request-Id",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Location, RateLimit, RateLimit-Policy, Registration-Token, Retry-After, X-Request-Id",
);
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("600");

/// The origins that may call.
#[derive(Clone, Debug)]
pub(crate) struct Cors {
    origins: Vec<HeaderValue>,
}

impl Cors {
    /// Lets pages of these origins call, such as `http://localhost:3000`.
    #[must_use]
    pub(crate) fn new(origins: Vec<HeaderValue>) -> Self {
        Self { origins }
    }

    /// The answer to a preflight request, which is a refusal for a foreign origin; `None` for every other request.
    pub(crate) fn preflight(
        &self,
        method: &Method,
        headers: &HeaderMap,
        dialect: Dialect,
    ) -> Option<Response> {
        if *method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        if headers.get(ORIGIN).is_some_and(|origin| !self.origins.contains(origin)) {
            let refused = ApiError::new(StatusCode::FORBIDDEN, "Disallowed CORS origin");
            return Some(refused.into_response(dialect));
        }
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        self.allow(headers.get(ORIGIN), response.headers_mut());
        if response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
        }
        Some(response)
    }

    /// Marks an answer for the page that asked. A foreign origin gets nothing.
    pub(crate) fn allow(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        let Some(origin) = origin else { return };
        answer.append(VARY, HeaderValue::from_static("Origin"));
        if self.origins.contains(origin) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}
