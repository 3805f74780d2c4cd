//! Infobip's answers that are errors, in either of their two shapes.

use serde::Deserialize;

use super::super::super::SendError;
use super::super::super::http::{Answer, is_code};
use super::codes;

/// The answer, unless it is an error.
pub(super) fn check(answer: Answer) -> Result<Answer, SendError> {
    if answer.is_success() {
        return Ok(answer);
    }
    let code = answer.json().and_then(Refusal::into_code).filter(|code| is_code(code));
    Err(answer.failed(codes::refused(answer.status), code))
}

/// Of newer paths `errorCode`, of older ones `requestError.serviceException.messageId`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    error_code: Option<String>,
    request_error: Option<RequestError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestError {
    service_exception: Option<ServiceException>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceException {
    message_id: Option<String>,
}

impl Refusal {
    fn into_code(self) -> Option<String> {
        self.error_code.or_else(|| self.request_error?.service_exception?.message_id)
    }
}
