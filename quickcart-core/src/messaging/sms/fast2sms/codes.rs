//! What Fast2SMS's answers mean.

use super::super::super::{Failure, Outcome};

pub(crate) fn outcome(http_status: u16, status_code: Option<u32>) -> Outcome {
    match (status_code, http_status) {
        (Some(411), _) => Err(Failure::RecipientInvalid),
        (Some(407 | 500), _) => Err(Failure::RouteUnavailable),
        (Some(995), _) | (_, 429) => Err(Failure::Throttled),
        (Some(409 | 412..=416 | 990 | 996 | 999), _) | (None, 401 | 403) => Err(Failure::AccountDown),
        (Some(401..=426 | 997 | 998), _) => Err(Failure::RequestBug),
        (None, 200..=299) => Ok(()),
        (_, 400..=499) => Err(Failure::RequestBug),
        _ => Err(Failure::MaybeSent),
    }
}
