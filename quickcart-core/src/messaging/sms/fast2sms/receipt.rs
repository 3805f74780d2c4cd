//! What Fast2SMS tells of messages later.

use serde_json::{Map, Value};

use super::super::json::{number, text};
use super::{NAME, codes};
use crate::messaging::{DeliveryReport, DeliveryState, Failure, WebhookError};

/// The names under which the name of the message is looked for.
const ID_NAMES: [&str; 2] = ["request_id", "requestId"];
/// The names under which it is looked for how far the message got, the most exact first.
const STATUS_NAMES: [&str; 4] = ["status", "delivery_status", "event", "status_description"];

/// The reports in a request of Fast2SMS: in its body, or in its query when it has none.
///
/// Fast2SMS signs nothing. Whoever takes such a request over HTTP must know its sender by other means, such as a secret in the
/// path.
///
/// [Documented](https://docs.fast2sms.com/reference/sms-webhook) are the ways in which a report comes (POST of JSON or of a form,
/// or GET), its events (delivered and failed), and that the payload can be changed in the dashboard. The standard one, as other
/// clients read it, holds `request_id` and `status`. Other words for the status, and reports inside of lists, are taken as well,
/// on no authority. So `request_id` and `status` are looked for wherever they may stand, and what else there is plays no part:
/// whoever changes the payload keeps both.
///
/// ```
/// use quickcart_core::messaging::sms::read_fast2sms_reports;
/// use quickcart_core::messaging::DeliveryState;
///
/// let body = br#"{"request_id": "lwdtp7cjyqxvfe9", "status": "Delivered"}"#;
/// assert_eq!(read_fast2sms_reports(None, body)?[0].state, DeliveryState::Delivered);
/// let query = Some("request_id=lwdtp7cjyqxvfe9&status=failed");
/// assert_eq!(read_fast2sms_reports(query, b"")?[0].state, DeliveryState::Failed);
/// # Ok::<(), quickcart_core::messaging::WebhookError>(())
/// ```
///
/// # Errors
/// [`WebhookError::Unreadable`] when no name of a message stands together with a status. A status that is not known is no
/// error, and no report.
pub fn read_fast2sms_reports(query: Option<&str>, body: &[u8]) -> Result<Vec<DeliveryReport>, WebhookError> {
    let body = body.trim_ascii();
    let fields = match body.first() {
        None => form(query.unwrap_or_default().as_bytes()),
        // The dashboard also offers raw JSON that is called a form.
        Some(b'{' | b'[') => {
            serde_json::from_slice(body).map_err(|_| WebhookError::unreadable("it is not JSON"))?
        }
        Some(_) => form(body),
    };
    let mut found = Found::default();
    found.look_into(&fields, None);
    if found.is_report {
        Ok(found.reports)
    } else {
        Err(WebhookError::unreadable("it has no request_id with a status"))
    }
}

fn form(text: &[u8]) -> Value {
    let pairs = form_urlencoded::parse(text).map(|(name, value)| (name.into(), Value::String(value.into())));
    Value::Object(pairs.collect::<Map<_, _>>())
}

#[derive(Default)]
struct Found {
    is_report: bool,
    reports: Vec<DeliveryReport>,
}

impl Found {
    /// Looks for reports at every depth. The name of a message may stand further out than its status.
    fn look_into(&mut self, value: &Value, outer_id: Option<&str>) {
        let own_id = ID_NAMES.iter().find_map(|name| text(value, name));
        let id = own_id.as_deref().or(outer_id);
        match value {
            Value::Object(fields) => {
                if let Some(id) = id {
                    self.take(value, id);
                }
                fields.values().for_each(|inner| self.look_into(inner, id));
            }
            Value::Array(values) => values.iter().for_each(|inner| self.look_into(inner, id)),
            _ => {}
        }
    }

    fn take(&mut self, fields: &Value, id: &str) {
        let mut statuses = STATUS_NAMES.iter().filter_map(|name| text(fields, name)).peekable();
        self.is_report |= statuses.peek().is_some();
        let Some((state, failure)) = statuses.find_map(|status| state_of(&status)) else { return };
        let code = number(fields, "status_code").or_else(|| number(fields, "error_code"));
        let has_failed = state == DeliveryState::Failed;
        let failure = failure.or_else(|| code.filter(|_| has_failed).and_then(codes::failure_of));
        let (message_id, code) = (id.to_owned(), code.map(|code| code.to_string().into()));
        self.reports.push(DeliveryReport { provider: NAME, message_id, state, failure, code });
    }
}

/// How far a status says that the message got. The words are those of the events, those that carriers use (SMPP 3.4, appendix B),
/// and what other gateways in India say.
fn state_of(status: &str) -> Option<(DeliveryState, Option<Failure>)> {
    Some(match status.to_ascii_lowercase().as_str() {
        "accepted" | "acceptd" | "queued" | "pending" => (DeliveryState::Accepted, None),
        "sent" | "submitted" | "enroute" => (DeliveryState::Sent, None),
        "delivered" | "delivrd" => (DeliveryState::Delivered, None),
        "failed" | "undelivered" | "undeliv" | "rejected" | "rejectd" | "expired" | "deleted" => {
            (DeliveryState::Failed, None)
        }
        "dnd" | "ndnc" | "blocked" => (DeliveryState::Failed, Some(Failure::RecipientBlocked)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use DeliveryState::{Accepted, Delivered, Failed, Sent};

    fn states(query: Option<&str>, body: &str) -> Vec<(String, DeliveryState)> {
        let reports = read_fast2sms_reports(query, body.as_bytes()).unwrap();
        assert!(reports.iter().all(|report| report.provider == "fast2sms"));
        reports.into_iter().map(|report| (report.message_id, report.state)).collect()
    }

    fn check(body: &str, expected: &[(&str, DeliveryState)]) {
        let expected: Vec<_> = expected.iter().map(|&(id, state)| (id.to_owned(), state)).collect();
        assert_eq!(states(None, body), expected, "{body}");
    }

    #[test]
    fn reads_json_forms_and_queries() {
        check(
            r#"{"request_id":"a1","status":"Delivered","mobile":"9876543210","new":{}}"#,
            &[("a1", Delivered)],
        );
        check(
            r#" [{"requestId":"a1","event":"failed"},{"request_id":2,"status":"SENT"}]"#,
            &[("a1", Failed), ("2", Sent)],
        );
        check("request_id=a1&status=delivered&amount_debited=0.25", &[("a1", Delivered)]);
        check("status=x&request_id=a1&status=queued", &[("a1", Accepted)]);
        assert_eq!(states(Some("status=failed&request_id=a%201"), " \n"), [("a 1".to_owned(), Failed)]);
        check(
            r#"{"sms_reports":[{"request_id":"a1","delivery_status":[{"status":"Delivered"},{"status":"Failed"}]}]}"#,
            &[("a1", Delivered), ("a1", Failed)],
        );
        check(r#"{"request_id":"a1","status":200,"event":"delivered"}"#, &[("a1", Delivered)]);
    }

    #[test]
    fn says_why_where_that_is_told() {
        let read = |body: &str| read_fast2sms_reports(None, body.as_bytes()).unwrap().remove(0);
        let report = read(r#"{"request_id":"a1","status":"failed","status_code":"411"}"#);
        assert_eq!((report.failure, report.code.as_deref()), (Some(Failure::RecipientInvalid), Some("411")));
        let report = read(r#"{"request_id":"a1","status":"DND","failure_reason":"9876543210 is blocked"}"#);
        assert_eq!(report.failure, Some(Failure::RecipientBlocked));
        assert!(!format!("{report:?}").contains("9876543210"));
        assert_eq!(read(r#"{"request_id":"a1","status":"failed"}"#).failure, None);
        assert_eq!(read(r#"{"request_id":"a1","status":"delivered","status_code":411}"#).failure, None);
    }

    #[test]
    fn a_status_that_is_not_known_is_no_report() {
        check(r#"{"request_id":"a1","status":"read by a pigeon"}"#, &[]);
        let wrong =
            ["", "x", "{", "[1", "{}", "[]", "status=delivered", "request_id=a1", r#"{"status":"sent"}"#];
        for body in wrong {
            let error = read_fast2sms_reports(None, body.as_bytes()).unwrap_err();
            assert!(matches!(error, WebhookError::Unreadable { .. }), "{body}");
        }
        let deep = "[".repeat(100_000);
        assert!(read_fast2sms_reports(None, deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_cause_a_panic(query: Option<String>, body: Vec<u8>) {
            let _ = read_fast2sms_reports(query.as_deref(), &body);
        }

        #[test]
        fn no_values_cause_a_panic(id in ".*", status in ".*", code: i64) {
            let body = serde_json::json!([{"request_id": id, "x": [{"status": status, "status_code": code}]}]);
            let _ = read_fast2sms_reports(None, body.to_string().as_bytes());
        }
    }
}
