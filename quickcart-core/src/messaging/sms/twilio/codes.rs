//! What Twilio's answers mean.

use super::super::super::{Failure, Outcome};

pub(crate) fn outcome(http_status: u16, code: Option<u32>) -> Outcome {
    match (code, http_status) {
        (Some(21_211 | 21_614 | 21_217), _) => Err(Failure::RecipientInvalid),
        (Some(21_610), _) => Err(Failure::RecipientBlocked),
        (Some(21_408 | 21_612), _) => Err(Failure::RouteUnavailable),
        (Some(20_429 | 21_611), _) | (_, 429) => Err(Failure::Throttled),
        (Some(20_003 | 21_606 | 21_212), _) | (_, 401 | 403) => Err(Failure::AccountDown),
        (None, 200..=299) => Ok(()),
        (_, 400..=499) => Err(Failure::RequestBug),
        _ => Err(Failure::MaybeSent),
    }
}
