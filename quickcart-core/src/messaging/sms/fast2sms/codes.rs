//! What the status codes of Fast2SMS come down to.

use super::super::status;
use crate::messaging::Failure::{
    self, AccountDown, RecipientInvalid, RequestBug, RouteUnavailable, Throttled,
};
use crate::messaging::Outcome;

/// What an answer other than success comes down to: by its `status_code`, else by the HTTP status.
pub(crate) fn outcome(http_status: u16, status_code: Option<u32>) -> Outcome {
    let Some(code) = status_code else { return Err(status::refused(http_status)) };
    Err(failure_of(code).unwrap_or_else(|| status::refused_for_unknown(http_status)))
}

pub(super) fn failure_of(status_code: u32) -> Option<Failure> {
    CODES.binary_search_by_key(&status_code, |(known, _)| *known).ok().map(|index| CODES[index].1)
}

/// All codes of the [list](https://docs.fast2sms.com/reference/error-code-list).
const CODES: [(u32, Failure); 27] = [
    (401, RequestBug),       // no sender
    (402, RequestBug),       // no text
    (403, RequestBug),       // no route
    (404, RequestBug),       // no language
    (405, RequestBug),       // no numbers
    (406, RequestBug),       // an unknown sender
    (407, RouteUnavailable), // words that are forbidden
    (408, RequestBug),       // an unknown route
    (409, AccountDown),      // the route is not allowed
    (410, RequestBug),       // an unknown language
    (411, RecipientInvalid),
    (412, AccountDown),      // a wrong key
    (413, AccountDown),      // a disabled key
    (414, AccountDown),      // the address of the server is blocked
    (415, AccountDown),      // disabled
    (416, AccountDown),      // no money
    (417, RequestBug),       // the text needs Unicode
    (424, RequestBug),       // an unknown message id
    (425, RequestBug),       // an unknown template
    (426, RequestBug),       // a link among the variables
    (500, RouteUnavailable), // the template or the sender is blocked by the register
    (990, AccountDown),      // a version that is no longer served
    // Too many messages to one number; another provider may still send.
    (995, Throttled),
    (996, AccountDown), // the owner did not show who they are
    (997, RequestBug),  // a code that is not a number
    (998, RequestBug),  // several numbers at once
    (999, AccountDown), // less money than is asked for at first
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::Failure::MaybeSent;

    #[test]
    fn every_code_has_a_class() {
        assert!(CODES.is_sorted_by(|(a, _), (b, _)| a < b));
        let count = |class| CODES.iter().filter(|(_, failure)| *failure == class).count();
        let counts = [RequestBug, RouteUnavailable, RecipientInvalid, AccountDown, Throttled].map(count);
        assert_eq!(counts, [14, 2, 1, 9, 1]);
        for (code, failure) in CODES {
            assert_eq!(outcome(200, Some(code)), Err(failure), "{code}");
        }
    }

    #[test]
    fn an_unknown_code_may_mean_anything() {
        let expected =
            [(400, RequestBug), (401, AccountDown), (429, Throttled), (500, MaybeSent), (200, MaybeSent)];
        for (http_status, failure) in expected {
            assert_eq!(outcome(http_status, None), Err(failure), "{http_status}");
            let failure = if failure == RequestBug { MaybeSent } else { failure };
            for code in [0, 1000] {
                assert_eq!(outcome(http_status, Some(code)), Err(failure), "{http_status} {code}");
            }
        }
        assert_eq!(outcome(400, Some(500)), Err(RouteUnavailable), "it is no HTTP status");
    }
}
