//! What Twilio tells of messages later.

use std::borrow::Cow;
use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit};
use serde_json::{Map, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::super::json::{number, text};
use super::channel::provider_of;
use super::codes;
use super::signature::is_signed;
use crate::messaging::{DeliveryReport, DeliveryState, WebhookError};

/// Takes Twilio's status callbacks, after it has checked that they are Twilio's.
///
/// ```
/// use quickcart_core::messaging::sms::TwilioWebhook;
/// use quickcart_core::messaging::DeliveryState;
///
/// let webhook = TwilioWebhook::new("12345", "https://otp.example.com");
/// let body = b"MessageSid=SM0123456789abcdef0123456789abcdef&MessageStatus=delivered";
/// let signature = Some("snD5EJJLaJV6wKF/Rv0lNT26Ncw=");
/// let form = Some("application/x-www-form-urlencoded");
/// let reports = webhook.receive("/webhooks/twilio", signature, form, body)?;
/// assert_eq!(reports[0].state, DeliveryState::Delivered);
/// assert!(webhook.receive("/webhooks/twilio", None, form, body).is_err());
/// # Ok::<(), quickcart_core::messaging::WebhookError>(())
/// ```
#[derive(Clone)]
pub struct TwilioWebhook {
    mac: Hmac<Sha1>,
    public_url: Box<str>,
}

impl TwilioWebhook {
    /// Takes what is signed with the account's auth token; an API key signs nothing.
    ///
    /// `public_url` is what Twilio was told to call, such as `https://shop.example.com`, up to the path that the server gets to
    /// see. It is never taken from the request: whoever sends that could name a host for which they hold a signature.
    #[must_use]
    pub fn new(auth_token: &str, public_url: &str) -> Self {
        let mac = Hmac::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length");
        Self { mac, public_url: public_url.trim_end_matches('/').into() }
    }

    /// The reports of a request. There are none in one that tells nothing of a message that was sent, or nothing that is known
    /// here; it is to be answered like the others, for Twilio adds to what it tells.
    ///
    /// `path_and_query` is how the request was written, escapes included. `signature` is the header `X-Twilio-Signature`.
    ///
    /// # Errors
    /// [`WebhookError::Unsigned`] when it is not Twilio's, and [`WebhookError::Unreadable`] when it is, but no status callback.
    pub fn receive(
        &self,
        path_and_query: &str,
        signature: Option<&str>,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<DeliveryReport>, WebhookError> {
        let signature = signature.ok_or(WebhookError::Unsigned)?;
        let url = [&*self.public_url, path_and_query].concat();
        if is_json(content_type) {
            // Of other bodies than forms, the address holds the digest, and it alone is signed.
            if !is_digest_in_query(path_and_query, body) || !is_signed(&self.mac, &url, &[], signature) {
                return Err(WebhookError::Unsigned);
            }
            let value =
                serde_json::from_slice(body).map_err(|_| WebhookError::unreadable("it is not JSON"))?;
            return report_of(&value).map(Vec::from_iter);
        }
        let params: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(body).collect();
        if !is_signed(&self.mac, &url, &params, signature) {
            return Err(WebhookError::Unsigned);
        }
        let fields = params.into_iter().map(|(name, value)| (name.into(), Value::String(value.into())));
        report_of(&Value::Object(fields.collect::<Map<_, _>>())).map(Vec::from_iter)
    }
}

/// Shows no key.
impl fmt::Debug for TwilioWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioWebhook").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// Whether the parameter `bodySHA256` is the digest of the body.
fn is_digest_in_query(path_and_query: &str, body: &[u8]) -> bool {
    let query = path_and_query.split_once('?').map_or("", |(_, query)| query);
    let written = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    let written = written.and_then(|(_, digest)| HEXLOWER_PERMISSIVE.decode(digest.as_bytes()).ok());
    written.is_some_and(|digest| digest == Sha256::digest(body).as_slice())
}

/// The report in the fields of a [callback](https://www.twilio.com/docs/messaging/guides/track-outbound-message-status).
fn report_of(fields: &Value) -> Result<Option<DeliveryReport>, WebhookError> {
    let either = |name, old_name| text(fields, name).or_else(|| text(fields, old_name));
    let message_id = either("MessageSid", "SmsSid").ok_or(WebhookError::unreadable("no MessageSid"))?;
    let status = either("MessageStatus", "SmsStatus").ok_or(WebhookError::unreadable("no MessageStatus"))?;
    let Some(state) = state_of(&status) else { return Ok(None) };
    let code = number(fields, "ErrorCode").filter(|code| *code != 0);
    let failure = code.filter(|_| state == DeliveryState::Failed).and_then(codes::delivery_failure);
    let code = code.map(|code| code.to_string().into());
    let provider = provider_of(&text(fields, "To").unwrap_or_default());
    Ok(Some(DeliveryReport { provider, message_id, state, failure, code }))
}

/// `None` for messages that come in, and for what is not known.
fn state_of(status: &str) -> Option<DeliveryState> {
    Some(match status.to_ascii_lowercase().as_str() {
        "accepted" | "scheduled" | "queued" | "sending" => DeliveryState::Accepted,
        // Of a text in parts, some did not arrive; which, is not said.
        "sent" | "partially_delivered" => DeliveryState::Sent,
        "failed" | "undelivered" | "canceled" => DeliveryState::Failed,
        "delivered" | "read" => DeliveryState::Delivered,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use hmac::Mac;
    use proptest::prelude::*;

    use super::*;
    use crate::clock::SystemClock;
    use crate::error::{DomainError, ErrorKind};
    use crate::messaging::{
        Failover, FailoverPolicy, Failure, Ledger, Message, MessageProvider, Receipt, Route, SendError,
    };
    use crate::phone::PhoneNumber;
    use DeliveryState::{Accepted, Delivered, Failed, Sent};

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");
    const JSON: Option<&str> = Some("application/json");
    const SID: &str = "SM0123456789abcdef0123456789abcdef";
    /// The last vector of `signature`, as it is sent.
    const PATH: &str = "/webhooks/twilio/status?tenant=t1";
    const BODY: &str = "ErrorCode=30003&MessageStatus=undelivered&ApiVersion=2010-04-01&To=%2B919876543210\
        &SmsSid=SM0123456789abcdef0123456789abcdef&From=%2B15005550006&SmsStatus=undelivered\
        &MessageSid=SM0123456789abcdef0123456789abcdef&AccountSid=AC0123456789abcdef0123456789abcdef";
    const SIGNATURE: &str = "6BFVB/WoYmRYJUDiQdCcCCBG/x8=";

    fn webhook() -> TwilioWebhook {
        TwilioWebhook::new("12345", "https://otp.example.com/")
    }

    /// Takes a request that is signed as Twilio would sign it.
    fn receive(
        path: &str,
        content_type: Option<&str>,
        body: &str,
    ) -> Result<Vec<DeliveryReport>, WebhookError> {
        let mut signed = format!("https://otp.example.com{path}");
        if !is_json(content_type) {
            let mut params: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
            params.sort_unstable();
            params.dedup();
            signed.extend(params.iter().flat_map(|(name, value)| [&**name, &**value]));
        }
        let tag =
            Hmac::<Sha1>::new_from_slice(b"12345").unwrap().chain_update(signed).finalize().into_bytes();
        webhook().receive(path, Some(&BASE64_STANDARD.encode(tag)), content_type, body.as_bytes())
    }

    fn state(fields: &str) -> Option<DeliveryState> {
        let reports = receive(PATH, FORM, &format!("MessageSid={SID}&{fields}")).unwrap();
        reports.first().map(|report| report.state)
    }

    #[test]
    fn takes_what_twilio_signed() {
        let expected = DeliveryReport {
            provider: "twilio",
            message_id: SID.to_owned(),
            state: Failed,
            failure: None,
            code: Some("30003".into()),
        };
        for content_type in [FORM, None] {
            let reports = webhook().receive(PATH, Some(SIGNATURE), content_type, BODY.as_bytes());
            assert_eq!(reports, Ok(vec![expected.clone()]));
        }
        for public_url in ["https://otp.example.com", "https://otp.example.com:443"] {
            let reports =
                TwilioWebhook::new("12345", public_url).receive(PATH, Some(SIGNATURE), FORM, BODY.as_bytes());
            assert!(reports.is_ok(), "{public_url}");
        }
    }

    #[test]
    fn refuses_what_was_forged_or_changed() {
        let refused = |webhook: &TwilioWebhook, path: &str, signature, content_type, body: &str| {
            let error = webhook.receive(path, signature, content_type, body.as_bytes()).unwrap_err();
            assert_eq!(error, WebhookError::Unsigned, "{path} {signature:?} {content_type:?} {body}");
        };
        let (webhook, signature) = (webhook(), Some(SIGNATURE));
        refused(&webhook, PATH, None, FORM, BODY);
        refused(&webhook, PATH, Some(""), FORM, BODY);
        refused(&webhook, PATH, Some("6BFVB/WoYmRYJUDiQdCcCCBG/x9="), FORM, BODY);
        refused(&webhook, "/webhooks/twilio/status?tenant=t2", signature, FORM, BODY);
        refused(&webhook, PATH, signature, JSON, BODY);
        refused(&webhook, PATH, signature, FORM, &BODY.replace("undelivered", "delivered"));
        refused(&webhook, PATH, signature, FORM, &format!("{BODY}&MessageStatus=delivered"));
        refused(&webhook, PATH, signature, FORM, "");
        refused(&TwilioWebhook::new("12346", "https://otp.example.com"), PATH, signature, FORM, BODY);
        refused(&TwilioWebhook::new("12345", "https://evil.example.com"), PATH, signature, FORM, BODY);
        refused(&TwilioWebhook::new("12345", "http://otp.example.com"), PATH, signature, FORM, BODY);
    }

    #[test]
    fn a_body_of_json_is_held_to_its_digest() {
        let body = format!(r#"{{"MessageSid": "{SID}", "MessageStatus": "failed", "ErrorCode": 30006}}"#);
        let digest: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
        for digest in [digest.clone(), digest.to_uppercase()] {
            let reports = receive(&format!("/twilio?a=1&bodySHA256={digest}"), JSON, &body).unwrap();
            assert_eq!(reports[0].failure, Some(Failure::RecipientInvalid));
        }
        let path = format!("/twilio?bodySHA256={digest}");
        assert_eq!(receive(&path, JSON, &body.replace("failed", "read")), Err(WebhookError::Unsigned));
        for path in ["/twilio", "/twilio?bodySHA256=", "/twilio?bodySHA256=00", "/twilio?bodySHA256=xyz"] {
            assert_eq!(receive(path, JSON, &body), Err(WebhookError::Unsigned), "{path}");
        }
    }

    #[test]
    fn says_how_far_it_got_and_why_no_further() {
        let expected = [
            ("queued", Some(Accepted)),
            ("sending", Some(Accepted)),
            ("sent", Some(Sent)),
            ("delivered", Some(Delivered)),
            ("Delivered", Some(Delivered)),
            ("read", Some(Delivered)),
            ("undelivered", Some(Failed)),
            ("failed", Some(Failed)),
            ("canceled", Some(Failed)),
            ("received", None),
            ("something new", None),
        ];
        for (status, wanted) in expected {
            assert_eq!(state(&format!("MessageStatus={status}&Unknown=%00%ff")), wanted, "{status}");
        }
        let failure = |code: &str| {
            receive(PATH, FORM, &format!("SmsSid={SID}&SmsStatus=failed&ErrorCode={code}"))
                .unwrap()
                .remove(0)
                .failure
        };
        assert_eq!(failure("30005"), Some(Failure::RecipientInvalid));
        assert_eq!(failure("30007"), Some(Failure::RouteUnavailable));
        for unknown in ["", "0", "-1", "x", "99999", "99999999999999999999"] {
            assert_eq!(failure(unknown), None, "{unknown}");
        }
        for body in ["", "MessageSid=SM1", "MessageStatus=sent", "MessageSid=&MessageStatus=sent"] {
            let error = receive(PATH, FORM, body).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{body}");
        }
        assert_eq!(WebhookError::Unsigned.kind(), ErrorKind::Unauthenticated);
    }

    #[test]
    fn messages_by_whatsapp_are_told_apart() {
        let of_whatsapp = |status: &str, code: &str| {
            let body = BODY.replace("=%2B", "=whatsapp%3A%2B").replace("undelivered", status);
            receive(PATH, FORM, &body.replace("30003", code)).unwrap().remove(0)
        };
        let read = of_whatsapp("read", "0");
        assert_eq!((read.provider, read.state, read.failure), ("twilio_whatsapp", Delivered, None));
        assert_eq!(read.message_id, SID);
        let nobody = of_whatsapp("undelivered", "63024");
        assert_eq!(
            (nobody.state, nobody.failure),
            (Failed, None),
            "who has no WhatsApp may have text messages"
        );
        assert_eq!(nobody.code.as_deref(), Some("63024"));
        assert_eq!(of_whatsapp("failed", "63041").failure, Some(Failure::AccountDown));
    }

    #[test]
    fn nothing_shows_the_key_or_the_number() {
        let webhook = TwilioWebhook::new("a-secret-token", "https://otp.example.com");
        let error = webhook.receive(PATH, Some(SIGNATURE), FORM, BODY.as_bytes()).unwrap_err();
        let by_whatsapp = BODY.replace("=%2B", "=whatsapp%3A%2B");
        let reports = [BODY, &by_whatsapp].map(|body| receive(PATH, FORM, body).unwrap());
        let shown = format!("{webhook:?} {error:?} {error} {reports:?}");
        assert!(!shown.contains("a-secret-token") && !shown.contains("9876543210"), "{shown}");
    }

    struct Taker;

    #[async_trait]
    impl MessageProvider for Taker {
        fn name(&self) -> &'static str {
            "twilio"
        }

        async fn send(&self, _message: &Message) -> Result<Receipt, SendError> {
            Ok(Receipt::new(self.name(), Some(SID.to_owned())))
        }
    }

    #[tokio::test]
    async fn reports_may_come_twice_and_in_any_order() {
        let phone = PhoneNumber::from_e164("+919876543210").unwrap();
        let reports = ["queued", "sent", "delivered", "sent"].map(|status| {
            receive(PATH, FORM, &format!("MessageSid={SID}&MessageStatus={status}")).unwrap().remove(0)
        });
        for first in 0..reports.len() {
            let routes = vec![Route::new(Arc::new(Taker))];
            let ledger = Ledger::default();
            let failover =
                Failover::new(routes, FailoverPolicy::default(), Arc::new(ledger), Arc::new(SystemClock));
            failover.send(&Message::new(phone.clone(), "Hello.")).await.unwrap();
            let mut reached = Accepted;
            for report in reports.iter().cycle().skip(first).take(2 * reports.len()) {
                let state = failover.record(report).unwrap();
                assert!(state >= reached && state >= report.state);
                reached = state;
            }
            assert_eq!(reached, Delivered);
        }
    }

    proptest! {
        #[test]
        fn no_request_causes_a_panic(path: String, signature: Option<String>, is_json: bool, body: Vec<u8>) {
            let content_type = if is_json { JSON } else { FORM };
            prop_assert!(webhook().receive(&path, signature.as_deref(), content_type, &body).is_err());
        }

        #[test]
        fn no_signed_fields_cause_a_panic(names in prop::collection::vec((".*", ".*"), 0..5), status in ".*") {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("MessageSid", SID).append_pair("MessageStatus", &status).extend_pairs(names);
            prop_assert_ne!(receive(PATH, FORM, &form.finish()), Err(WebhookError::Unsigned));
        }
    }
}
