//! What Twilio's codes come down to.
//!
//! Twilio splits codes into finer ones now and then (as 21211, 21606 and 21614 on 2024-07-10), so an unknown one may mean
//! anything.

use super::super::status;
use crate::messaging::Failure::{
    self, AccountDown, MaybeSent, NotSent, RecipientBlocked, RecipientInvalid, RequestBug, RouteUnavailable,
    Throttled,
};
use crate::messaging::Outcome;

/// What an answer other than success comes down to: by its code, else by the HTTP status.
pub(crate) fn outcome(http_status: u16, code: Option<u32>) -> Outcome {
    let Some(code) = code else { return Err(status::refused(http_status)) };
    Err(failure_of(code).unwrap_or_else(|| status::refused_for_unknown(http_status)))
}

/// Why a message that was taken did not arrive. `None` says nothing of the provider or the number, such as 30003, a telephone
/// that is switched off, or 63024, a recipient without WhatsApp, who may get text messages.
pub(super) fn delivery_failure(code: u32) -> Option<Failure> {
    failure_of(code).filter(|failure| *failure != MaybeSent && !NOT_THIS_RECIPIENT.contains(&code))
}

fn failure_of(code: u32) -> Option<Failure> {
    CODES.binary_search_by_key(&code, |(known, _)| *known).ok().map(|index| CODES[index].1)
}

/// This recipient gets nothing by this channel; others do, and this one may by another channel. Twilio also says 63005 of who has no
/// WhatsApp.
const NOT_THIS_RECIPIENT: [u32; 8] = [63003, 63005, 63014, 63024, 63029, 63032, 63033, 63049];

/// The codes that are told apart, of answers and of [reports](https://www.twilio.com/docs/api/errors). Those of WhatsApp begin with
/// 63; without its one template, or its sender, no message goes out, so they are an account that is down.
const CODES: [(u32, Failure); 75] = [
    (14107, Throttled),   // too many messages a second
    (20003, AccountDown), // wrong key
    (20005, AccountDown), // not active
    (20008, AccountDown), // a test key
    (20429, Throttled),
    // Twilio warns that trying this again may send twice.
    (20500, MaybeSent),
    (21211, RecipientInvalid),
    (21212, AccountDown), // the sender is no number
    (21217, RecipientInvalid),
    (21265, RecipientInvalid), // a short code
    (21268, RecipientInvalid), // a premium number
    (21408, RouteUnavailable), // the country is not allowed
    (21602, RequestBug),       // no text
    (21603, RequestBug),       // no sender
    (21604, RequestBug),       // no recipient
    (21606, AccountDown),      // the sender may not send texts
    (21608, AccountDown),      // a trial account
    (21610, RecipientBlocked), // the recipient wrote STOP
    (21611, Throttled),        // the sender's queue is full
    (21612, RouteUnavailable),
    (21614, RecipientInvalid),
    (21617, RequestBug),       // too long
    (21635, RecipientInvalid), // a landline
    (21654, RequestBug),       // no template
    (21655, AccountDown),      // no such template
    (21656, RequestBug),       // its variables
    (21659, AccountDown),      // the sender is not ours
    (21660, AccountDown),
    (21661, AccountDown),
    (21703, AccountDown), // a messaging service without senders
    (30001, Throttled),   // the queue overflowed
    (30002, AccountDown), // suspended
    (30004, RecipientBlocked),
    (30005, RecipientInvalid),
    (30006, RecipientInvalid), // a landline, or a carrier that is not reached
    (30007, RouteUnavailable), // a carrier filtered it
    (30008, NotSent),          // a carrier lost it and does not say why
    // Senders that are not registered in one country; elsewhere the account works.
    (30032, RouteUnavailable),
    (30034, RouteUnavailable),
    (30036, NotSent), // it waited for too long
    // Prefixes that are blocked because of fraud, for minutes to hours.
    (30450, RouteUnavailable),
    (30453, RouteUnavailable),
    (60410, RouteUnavailable),
    (63001, AccountDown),      // a wrong key of the channel
    (63002, AccountDown),      // no such sender
    (63003, RouteUnavailable), // no such recipient
    (63005, RouteUnavailable), // content not accepted
    (63006, RequestBug),       // content cannot be written so
    (63007, AccountDown),      // the sender is not ours
    (63008, AccountDown),      // the channel is set up wrongly
    (63010, NotSent),          // a failure of Twilio's
    (63012, NotSent),          // a failure of the channel's
    (63013, RouteUnavailable), // against the channel's policy
    (63014, RouteUnavailable), // the recipient blocked the sender
    (63015, AccountDown),      // a sandbox
    (63016, AccountDown),      // no template, outside of a conversation
    (63018, Throttled),
    (63020, AccountDown), // Meta's account
    (63021, RequestBug),  // content not supported
    (63022, AccountDown), // the sender's name
    (63023, NotSent),
    (63024, RouteUnavailable), // no such recipient
    (63027, AccountDown),      // no template in its language
    (63028, AccountDown),      // a template with other variables
    (63029, RouteUnavailable), // the recipient's telephone could not get the template
    (63030, RequestBug),
    (63031, RequestBug),       // sender and recipient are the same
    (63032, RouteUnavailable), // Meta keeps messages from this recipient
    (63033, RouteUnavailable), // the recipient is blocked
    (63038, Throttled),        // the day's limit
    (63040, AccountDown),      // the template was rejected
    (63041, AccountDown),      // the template is paused
    (63042, AccountDown),      // the template is disabled
    (63049, RouteUnavailable), // Meta chose not to deliver it
    (63112, AccountDown),      // Meta's account is disabled
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_code_is_found() {
        assert!(CODES.is_sorted_by(|(a, _), (b, _)| a < b));
        for (code, failure) in CODES {
            for http_status in [200, 400, 429, 500] {
                assert_eq!(outcome(http_status, Some(code)), Err(failure), "{code}");
            }
        }
    }

    #[test]
    fn an_unknown_code_may_mean_anything() {
        let expected = [
            (400, RequestBug),
            (401, AccountDown),
            (403, AccountDown),
            (429, Throttled),
            (500, MaybeSent),
            (503, MaybeSent),
            (201, MaybeSent),
        ];
        for (http_status, failure) in expected {
            assert_eq!(outcome(http_status, None), Err(failure), "{http_status}");
            let failure = if failure == RequestBug { MaybeSent } else { failure };
            for code in [0, 99_999, 30_003] {
                assert_eq!(outcome(http_status, Some(code)), Err(failure), "{http_status} {code}");
            }
        }
    }

    #[test]
    fn a_telephone_that_is_off_says_nothing_of_the_route() {
        assert_eq!(delivery_failure(30003), None);
        assert_eq!(delivery_failure(0), None);
        assert_eq!(delivery_failure(20500), None, "a report says that it did not arrive");
        for code in NOT_THIS_RECIPIENT {
            assert_eq!(
                delivery_failure(code),
                None,
                "{code}: others have WhatsApp, and this one text messages"
            );
            assert_eq!(outcome(400, Some(code)), Err(RouteUnavailable), "{code}");
        }
        assert_eq!(delivery_failure(63018), Some(Throttled));
        assert_eq!(delivery_failure(63041), Some(AccountDown));
        assert_eq!(delivery_failure(30004), Some(RecipientBlocked));
        assert_eq!(delivery_failure(30006), Some(RecipientInvalid));
        assert_eq!(delivery_failure(30034), Some(RouteUnavailable));
        assert_eq!(delivery_failure(21610), Some(RecipientBlocked));
    }
}
