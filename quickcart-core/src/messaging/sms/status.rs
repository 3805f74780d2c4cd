//! What an HTTP status alone says of a message that was not taken.

use crate::messaging::Failure;

/// What a status other than success comes down to. Only a refusal says that nothing was sent: a server that failed (5xx), or
/// that answers anything unknown, may have sent it first.
pub(super) fn refused(http_status: u16) -> Failure {
    match http_status {
        400 | 405 | 406 | 411 | 413 | 414 | 415 | 422 | 431 => Failure::RequestBug,
        // The account stands in the address, so what is not found is the account.
        401..=404 => Failure::AccountDown,
        429 => Failure::Throttled,
        _ => Failure::MaybeSent,
    }
}

/// What a refusal with a code comes down to that is not known. A code that is new may mean anything, but for a status that speaks
/// for itself.
pub(super) fn refused_for_unknown(http_status: u16) -> Failure {
    match refused(http_status) {
        Failure::RequestBug => Failure::MaybeSent,
        failure => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_says_that_nothing_was_sent() {
        for status in [0, 200, 201, 302, 408, 409, 500, 502, 503, 504, 599, u16::MAX] {
            assert_eq!(refused(status), Failure::MaybeSent, "{status}");
        }
        let expected = [
            (400, Failure::RequestBug),
            (401, Failure::AccountDown),
            (402, Failure::AccountDown),
            (403, Failure::AccountDown),
            (404, Failure::AccountDown),
            (415, Failure::RequestBug),
            (429, Failure::Throttled),
        ];
        for (status, failure) in expected {
            assert_eq!(refused(status), failure, "{status}");
        }
    }
}
