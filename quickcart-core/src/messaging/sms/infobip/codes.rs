//! What Infobip's answers mean.

use super::super::super::{Failure, Outcome};

pub(crate) fn outcome(status_id: u32) -> Outcome {
    match status_id {
        3 | 7 | 23 | 26 => Ok(()),
        8 | 51 | 52 => Err(Failure::RecipientInvalid),
        10 | 14 => Err(Failure::RecipientBlocked),
        6 | 19 | 87 => Err(Failure::RouteUnavailable),
        11..=13 | 17 | 18 => Err(Failure::AccountDown),
        20 => Err(Failure::Throttled),
        21 => Err(Failure::NotSent),
        _ => Err(Failure::MaybeSent),
    }
}

pub(crate) fn refused(http_status: u16) -> Failure {
    match http_status {
        401 | 403 => Failure::AccountDown,
        429 => Failure::Throttled,
        400..=499 => Failure::RequestBug,
        _ => Failure::MaybeSent,
    }
}
