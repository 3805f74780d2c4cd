//! What Infobip tells of messages later.

use serde_json::Value;

use super::super::json::{number, text};
use super::NAME;
use super::codes::{self, ReportedError};
use crate::messaging::{DeliveryReport, DeliveryState, WebhookError};

/// The reports in a body that Infobip sends, or that it answers with when it is asked for them: up to a hundred at once.
///
/// Infobip signs nothing. Whoever takes such a body over HTTP must know its sender by other means, such as a secret in the
/// path.
///
/// Of [what is documented](https://www.infobip.com/docs/api/channels/sms), the name of the message, its status and its error
/// are read. A report that cannot be read does not hold up the others.
///
/// ```
/// use quickcart_core::messaging::sms::read_infobip_reports;
/// use quickcart_core::messaging::{DeliveryState, Failure};
///
/// let body = br#"{"results": [{
///     "messageId": "a1", "to": "919876543210",
///     "status": {"groupId": 5, "groupName": "REJECTED", "id": 10, "name": "REJECTED_DND"},
///     "error": {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "permanent": false}
/// }]}"#;
/// let reports = read_infobip_reports(body)?;
/// assert_eq!(reports[0].state, DeliveryState::Failed);
/// assert_eq!(reports[0].failure, Some(Failure::RecipientBlocked));
/// # Ok::<(), quickcart_core::messaging::WebhookError>(())
/// ```
///
/// # Errors
/// [`WebhookError::Unreadable`] when the body is no JSON object with a list named `results`.
pub fn read_infobip_reports(body: &[u8]) -> Result<Vec<DeliveryReport>, WebhookError> {
    let body: Value = serde_json::from_slice(body).map_err(|_| WebhookError::unreadable("it is not JSON"))?;
    let results = body.get("results").and_then(Value::as_array);
    let results = results.ok_or(WebhookError::unreadable("it has no list named results"))?;
    Ok(results.iter().filter_map(report_of).collect())
}

fn report_of(result: &Value) -> Option<DeliveryReport> {
    let message_id = text(result, "messageId")?;
    let (status, error) = (result.get("status")?, result.get("error").unwrap_or(&Value::Null));
    let status_id = number(status, "id");
    let state = state_of(status, status_id)?;
    let error = ReportedError {
        id: number(error, "id").unwrap_or_default(),
        group_id: number(error, "groupId"),
        permanent: error.get("permanent").and_then(Value::as_bool).unwrap_or_default(),
    };
    let has_failed = state == DeliveryState::Failed;
    let failure = has_failed.then(|| codes::delivery_failure(status_id, error)).flatten();
    let code = if has_failed { codes::name(status_id, error.id) } else { None };
    Some(DeliveryReport { provider: NAME, message_id, state, failure, code })
}

/// How far the status says that the message got; `None` for a group that is not known.
fn state_of(status: &Value, id: Option<u32>) -> Option<DeliveryState> {
    let group = number(status, "groupId").or_else(|| group_named(&text(status, "groupName")?))?;
    Some(match (group, id) {
        // PENDING_WAITING_DELIVERY, PENDING_ENROUTE and DELIVERED_TO_OPERATOR: the carrier has it.
        (1, Some(3 | 7)) | (3, Some(2)) => DeliveryState::Sent,
        (0 | 1, _) => DeliveryState::Accepted,
        (3, _) => DeliveryState::Delivered,
        // REJECTED_DUPLICATE_MESSAGE_ID: what was refused is the copy, and the name is that of the message too.
        (5, Some(23)) => DeliveryState::Accepted,
        (2 | 4 | 5, _) => DeliveryState::Failed,
        _ => return None,
    })
}

fn group_named(name: &str) -> Option<u32> {
    Some(match name {
        "OK" | "ACCEPTED" => 0,
        "PENDING" => 1,
        "UNDELIVERABLE" => 2,
        "DELIVERED" => 3,
        "EXPIRED" => 4,
        "REJECTED" => 5,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::messaging::Failure;
    use DeliveryState::{Accepted, Delivered, Failed, Sent};

    fn read(body: &Value) -> Vec<DeliveryReport> {
        read_infobip_reports(body.to_string().as_bytes()).unwrap()
    }

    fn state(group: u32, id: u32) -> Option<DeliveryState> {
        let body = json!({"results": [{"messageId": "a1", "status": {"groupId": group, "id": id}}]});
        read(&body).first().map(|report| report.state)
    }

    #[test]
    fn reads_a_report_as_infobip_writes_it() {
        let body = json!({"results": [{
            "bulkId": "b1", "messageId": "a1", "to": "919876543210", "sender": "QKCART",
            "sentAt": "2019-11-09T16:00:00.000+0100", "doneAt": "2019-11-09T16:00:01.000+0100",
            "messageCount": 1, "mccMnc": "40410", "price": {"pricePerMessage": 0.01, "currency": "EUR"},
            "status": {"groupId": 2, "groupName": "UNDELIVERABLE", "id": 9, "name": "UNDELIVERABLE_NOT_DELIVERED"},
            "error": {"groupId": 1, "groupName": "HANDSET_ERRORS", "id": 1, "name": "EC_UNKNOWN_SUBSCRIBER",
                "description": "Unknown Subscriber", "permanent": true},
            "callbackData": "x", "platform": {}, "somethingNew": [1, {"deep": null}]
        }]});
        let expected = DeliveryReport {
            provider: "infobip",
            message_id: "a1".to_owned(),
            state: Failed,
            failure: Some(Failure::RecipientInvalid),
            code: Some("EC_UNKNOWN_SUBSCRIBER".into()),
        };
        assert_eq!(read(&body), [expected]);
    }

    #[test]
    fn the_group_says_how_far_it_got() {
        let expected = [
            (1, 26, Some(Accepted)),
            (1, 3, Some(Sent)),
            (1, 7, Some(Sent)),
            (1, 999, Some(Accepted)),
            (3, 2, Some(Sent)),
            (3, 5, Some(Delivered)),
            (3, 999, Some(Delivered)),
            (2, 4, Some(Failed)),
            (4, 15, Some(Failed)),
            (4, 87, Some(Failed)),
            (5, 87, Some(Failed)),
            (5, 999, Some(Failed)),
            (5, 23, Some(Accepted)),
            (6, 1, None),
        ];
        for (group, id, wanted) in expected {
            assert_eq!(state(group, id), wanted, "{group} {id}");
        }
    }

    #[test]
    fn types_may_be_odd_and_fields_missing() {
        let odd = json!({"results": [
            null,
            7,
            {"status": {"groupId": 3, "id": 5}},
            {"messageId": "no status"},
            {"messageId": "", "status": {"groupId": 3, "id": 5}},
            {"messageId": "list", "status": [3]},
            {"messageId": 17, "status": {"groupId": "3", "id": "5"}, "error": null},
            {"messageId": "by name", "status": {"groupName": "EXPIRED"}, "error": {"id": "27", "permanent": "no"}},
            {"messageId": "by name", "status": {"groupName": "DELIVERED"}},
        ]});
        let read: Vec<_> = read(&odd).into_iter().map(|report| (report.message_id, report.state)).collect();
        let expected = [("17", Delivered), ("by name", Failed), ("by name", Delivered)];
        assert_eq!(read, expected.map(|(id, state)| (id.to_owned(), state)));
        for body in ["", "[]", "{}", r#"{"results": {}}"#, r#"{"results": "x"}"#, "\u{0}", "{\"results\": ["]
        {
            let error = read_infobip_reports(body.as_bytes()).unwrap_err();
            assert!(matches!(error, WebhookError::Unreadable { .. }), "{body}");
        }
        assert_eq!(read_infobip_reports(br#"{"results": []}"#), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn no_bytes_cause_a_panic(body: Vec<u8>) {
            let _ = read_infobip_reports(&body);
        }

        #[test]
        fn no_values_cause_a_panic(id: i64, group in -1_i64..8, error: u32, permanent: bool, name in ".*") {
            let body = json!({"results": [{"messageId": name, "status": {"groupId": group, "id": id},
                "error": {"id": error, "groupId": 1, "permanent": permanent}}]});
            prop_assert!(read(&body).len() <= 1);
        }
    }
}
