//! Bodies of failures, a type for each dialect.

use serde::Serialize;
use utoipa::ToSchema;

use super::order::{ShortageItem, Shortages};
use super::validation::{ProblemItem, ValidationItem};

/// A failure of the phone-otp group.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct PhoneOtpFailure<'a> {
    /// Always false.
    pub(crate) success: bool,
    pub(crate) message: &'a str,
    /// Only where there is nothing: `Not Found`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'static str>,
    /// Only when a limit of the second version is used up: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate_limit_exceeded: Option<bool>,
    /// When to come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reset_time: Option<&'a str>,
}

/// A failure of the other groups.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failure<'a> {
    /// The text once more, for clients of the shortest path only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    pub(crate) detail: Detail<'a>,
}

/// A text, or the fields that are wrong.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Detail<'a> {
    Text(&'a str),
    Fields(Vec<ValidationItem>),
}

/// A failure of a route that no old backend had ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem<'a> {
    #[schema(example = "about:blank")]
    pub(crate) r#type: &'static str,
    #[schema(example = "Not Found")]
    pub(crate) title: Option<&'static str>,
    #[schema(example = 404)]
    pub(crate) status: u16,
    pub(crate) detail: &'a str,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errors: Option<Vec<ProblemItem>>,
    /// What there is not enough of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ShortageItem>>)]
    pub(crate) shortages: Option<&'a Shortages>,
    /// What it is, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "fields_invalid")]
    pub(crate) code: Option<&'static str>,
}
