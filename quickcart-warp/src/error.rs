//! Failures as answers, in the dialect of the group they happen in.

use std::borrow::Cow;
use std::time::Duration;

use quickcart_core::clock::Timestamp;
use quickcart_core::error::{DomainError, ErrorKind};
use quickcart_core::form::{FieldFault, FormError};
use quickcart_core::stock::Shortage;
use serde_json::{Value, json};
use warp::http::StatusCode;
use warp::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use warp::reply::Response;

use crate::dto::failure::{self, Failure, PhoneOtpFailure, Problem};
use crate::dto::json_response;
use crate::dto::order::Shortages;
use crate::dto::validation::{Part, ProblemItem, ValidationItem};
use crate::rate_limit::{self, RateLimit};

/// How a group writes its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `{"success": false, "message": "…"}`.
    PhoneOtp,
    /// `{"detail": "…"}`, or `{"detail": […]}` when fields are wrong.
    Detail,
    /// As `Detail`, with the same text under `error`: some clients of the shortest path read that.
    DetailAndError,
    /// [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457), for the routes that no old backend had; wrong fields are listed under
    /// `errors`.
    Problem,
}

/// Where the routes are that no old backend had. The pages and `/v1` have more below them.
const OWN: [&str; 6] = ["/docs", "/metrics", "/openapi.json", "/ready", "/redoc", "/v1"];

impl Dialect {
    /// The dialect of whatever lives below this path.
    pub(crate) fn of_path(path: &str) -> Self {
        let is_below = |parent| {
            path.strip_prefix(parent).is_some_and(|rest: &str| rest.is_empty() || rest.starts_with('/'))
        };
        match path {
            _ if is_below("/api") => Self::PhoneOtp,
            "/cart/shortest_path" => Self::DetailAndError,
            _ if OWN.into_iter().any(is_below) => Self::Problem,
            _ => Self::Detail,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Problem => "application/problem+json",
            Self::PhoneOtp | Self::Detail | Self::DetailAndError => "application/json",
        }
    }
}

/// What a handler answers when it cannot do its work.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    detail: Detail,
    /// What programs match on, where the dialect has a place for it.
    code: Option<&'static str>,
    retry_after: Option<Duration>,
    allow: Option<&'static str>,
    /// The limit that is used up.
    rate_limit: Option<Box<RateLimit>>,
    /// When to come back, as text for clients that read it in the body.
    reset_time: Option<Box<str>>,
    /// What there is not enough of.
    shortages: Option<Box<Shortages>>,
}

#[derive(Debug)]
enum Detail {
    Text(Cow<'static, str>),
    Fields(Vec<FieldFault>),
    /// As FastAPI writes them, whatever the dialect.
    Items(Vec<ValidationItem>),
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: Detail::Text(text.into()),
            code: None,
            retry_after: None,
            allow: None,
            rate_limit: None,
            reset_time: None,
            shortages: None,
        }
    }

    pub(crate) fn bad_request(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(crate) fn not_found(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    pub(crate) fn unauthenticated(text: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, text)
    }

    pub(crate) fn fields(faults: Vec<FieldFault>) -> Self {
        Self { detail: Detail::Fields(faults), ..Self::bad_request("").with_code("fields_invalid") }
    }

    /// Faults in a part of a request, as FastAPI answers them.
    pub(crate) fn faults_in(part: Part, faults: &[FieldFault]) -> Self {
        Self::unprocessable(faults.iter().map(|fault| ValidationItem::within(part, fault)).collect())
    }

    /// A body that cannot be read field by field, as FastAPI answers it.
    pub(crate) fn unreadable(error: &FormError) -> Self {
        Self::unprocessable(vec![match error {
            FormError::NotUtf8 { offset } | FormError::NotJson { offset, .. } => {
                ValidationItem::not_json(*offset)
            }
            _ => ValidationItem::not_object(),
        }])
    }

    fn unprocessable(items: Vec<ValidationItem>) -> Self {
        Self { detail: Detail::Items(items), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "") }
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") }
    }

    /// A failure of a domain, with a text of the group's own.
    pub(crate) fn with_text(error: &impl DomainError, text: impl Into<Cow<'static, str>>) -> Self {
        let status =
            StatusCode::from_u16(error.kind().http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable) {
            let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
            tracing::error!(code = error.code(), "{error}{cause}");
        }
        Self { code: Some(error.code()), retry_after: error.retry_after(), ..Self::new(status, text) }
    }

    /// The core's own words, with what there is not enough of.
    pub(crate) fn out_of_stock(error: &impl DomainError, shortages: &[Shortage]) -> Self {
        let shortages = Box::new(Shortages::from(shortages));
        Self { shortages: Some(shortages), ..Self::with_text(error, error.to_string()) }
    }

    /// The same, with the name that programs match on.
    pub(crate) fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same, with the limit that is used up.
    pub(crate) fn with_rate_limit(self, limit: RateLimit) -> Self {
        Self { rate_limit: Some(Box::new(limit)), ..self }
    }

    /// How long to wait, when a limit is why.
    pub(crate) fn limited_for(&self) -> Option<Duration> {
        self.retry_after.filter(|_| self.status == StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether this limit is why.
    pub(crate) fn is_limit_of(&self, name: &str) -> bool {
        self.rate_limit.as_ref().is_some_and(|limit| limit.is_of(name))
    }

    /// The same, with the time to wait.
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// The same, in other words.
    pub(crate) fn with_message(self, text: String) -> Self {
        Self { detail: Detail::Text(text.into()), ..self }
    }

    /// The same, with the time to come back in the body.
    pub(crate) fn with_reset_time(self, at: Timestamp) -> Self {
        Self { reset_time: Some(at.to_string().into()), ..self }
    }

    /// The body alone.
    pub(crate) fn into_text(self, dialect: Dialect) -> String {
        self.body(dialect).to_string()
    }

    fn body(&self, dialect: Dialect) -> Value {
        match (dialect, &self.detail) {
            (Dialect::Problem, detail) => self.problem(detail),
            (Dialect::Detail, detail) | (_, detail @ Detail::Items(_)) => Self::failure(detail, None),
            (Dialect::DetailAndError, Detail::Text(text)) => Self::failure(&self.detail, Some(text)),
            (Dialect::DetailAndError, detail) => Self::failure(detail, Some("Invalid request")),
            (Dialect::PhoneOtp, detail) => self.phone_otp_failure(detail),
        }
    }

    fn phone_otp_failure(&self, detail: &Detail) -> Value {
        let failure = match detail {
            Detail::Text(_) if self.status == StatusCode::NOT_FOUND => {
                let (message, error) = ("Endpoint not found", Some("Not Found"));
                PhoneOtpFailure { message, error, ..PhoneOtpFailure::default() }
            }
            Detail::Text(text) => {
                let rate_limit_exceeded = self.reset_time.as_ref().map(|_| true);
                let reset_time = self.reset_time.as_deref();
                PhoneOtpFailure {
                    message: text,
                    rate_limit_exceeded,
                    reset_time,
                    ..PhoneOtpFailure::default()
                }
            }
            Detail::Fields(_) | Detail::Items(_) => {
                PhoneOtpFailure { message: "Invalid request", ..PhoneOtpFailure::default() }
            }
        };
        json!(failure)
    }

    fn failure(detail: &Detail, error: Option<&str>) -> Value {
        let detail = match detail {
            Detail::Text(text) => failure::Detail::Text(text),
            Detail::Fields(faults) => failure::Detail::Fields(validation(faults)),
            Detail::Items(items) => failure::Detail::Fields(items.clone()),
        };
        json!(Failure { error, detail })
    }

    fn problem(&self, detail: &Detail) -> Value {
        let (status, title) = (self.status.as_u16(), self.status.canonical_reason());
        let (detail, errors) = match detail {
            Detail::Text(text) => (text.as_ref(), None),
            Detail::Fields(faults) => {
                ("Fields are wrong", Some(faults.iter().map(ProblemItem::of).collect()))
            }
            // No route of this dialect has them.
            Detail::Items(_) => ("Fields are wrong", None),
        };
        let shortages = self.shortages.as_deref();
        json!(Problem { r#type: "about:blank", title, status, detail, errors, shortages, code: self.code })
    }

    pub(crate) fn into_response(self, dialect: Dialect) -> Response {
        let mut response = json_response(self.status, &self.body(dialect));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(dialect.content_type()));
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(wait) = self.retry_after {
            // Rounded up, so that who comes back then is not refused again.
            headers
                .insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)));
        }
        if let Some(limit) = self.rate_limit {
            rate_limit::show(&mut response, std::iter::once(*limit));
        }
        response
    }
}

fn validation(faults: &[FieldFault]) -> Vec<ValidationItem> {
    faults.iter().map(ValidationItem::of).collect()
}

/// The core's own words, for everything that a group has no text for.
impl<E: DomainError> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self::with_text(&error, error.to_string())
    }
}

/// A body that is not a JSON object.
pub(crate) fn malformed(error: &FormError) -> ApiError {
    ApiError::bad_request(error.to_string()).with_code("malformed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_dialect() {
        for (path, dialect) in [
            ("/api", Dialect::PhoneOtp),
            ("/api/send-otp", Dialect::PhoneOtp),
            ("/apis", Dialect::Detail),
            ("/cart/view", Dialect::Detail),
            ("/v1/receipts/twilio", Dialect::Problem),
            ("/v10", Dialect::Detail),
            ("/ready", Dialect::Problem),
        ] {
            assert_eq!(Dialect::of_path(path), dialect, "{path}");
        }
    }
}
