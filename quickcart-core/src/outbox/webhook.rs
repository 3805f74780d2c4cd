//! Events as signed requests, as [Standard Webhooks](https://www.standardwebhooks.com) has them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::{OutboxEvent, PublishError, Publisher};
use crate::clock::{Clock, Timestamp};
use crate::messaging::http::{Body, Http};
use crate::secret::SecretKey;

/// How long the other side may take: far less than a relay's time.
const TIME_MAX: Duration = Duration::from_secs(10);
/// What secrets begin with.
const PREFIX: &str = "whsec_";
/// How short a secret may be, in bytes.
const SECRET_MIN: usize = 24;

/// Posts each event as JSON, with the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`. Any answer but 2xx is
/// a failure. `Debug` shows the host only.
pub struct WebhookPublisher {
    http: Http,
    secret: SecretKey,
    clock: Arc<dyn Clock>,
}

/// There can be no webhook with these settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidWebhook(&'static str);

impl WebhookPublisher {
    /// Posts to `url`, which has to begin with `https://` unless it is on this machine, and signs with `secret`: `whsec_` and 24
    /// bytes or more in Base64.
    ///
    /// # Errors
    /// [`InvalidWebhook`].
    pub fn new(url: &str, secret: &str, clock: Arc<dyn Clock>) -> Result<Self, InvalidWebhook> {
        let bytes = secret.strip_prefix(PREFIX).and_then(|text| BASE64_STANDARD.decode(text).ok());
        let bytes = bytes.filter(|bytes| bytes.len() >= SECRET_MIN);
        let bytes = bytes.ok_or(InvalidWebhook("the secret is not whsec_ and 24 bytes or more in Base64"))?;
        let http = Http::new("webhook", url, TIME_MAX).map_err(|error| InvalidWebhook(error.problem))?;
        Ok(Self { http, secret: SecretKey::new(&bytes), clock })
    }

    fn headers(&self, id: &str, at: Timestamp, body: &str) -> Option<HeaderMap> {
        let at = at.as_second().to_string();
        let signature = signature(&self.secret, id, &at, body);
        let header =
            |name, text: &str| Some((HeaderName::from_static(name), HeaderValue::from_str(text).ok()?));
        Some(HeaderMap::from_iter([
            header("webhook-id", id)?,
            header("webhook-timestamp", &at)?,
            header("webhook-signature", &signature)?,
        ]))
    }
}

#[async_trait]
impl Publisher for WebhookPublisher {
    async fn publish(&self, event: &OutboxEvent) -> Result<(), PublishError> {
        let (id, body) = (event.id(), event.json());
        let headers = self.headers(&id, self.clock.now(), &body.to_string());
        let headers = headers.ok_or_else(|| PublishError("no valid headers".to_owned()))?;
        let url = self.http.url(&[]);
        let answer = self.http.request(Method::POST, url, headers, Body::Json(body)).await;
        let answer = answer.map_err(|error| PublishError(error.to_string()))?;
        if answer.is_success() { Ok(()) } else { Err(PublishError(format!("HTTP {}", answer.status))) }
    }
}

impl fmt::Debug for WebhookPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.http.fmt(f)
    }
}

fn signature(secret: &SecretKey, id: &str, at: &str, body: &str) -> String {
    let tag = secret.hmac(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    /// The example of the specification's reference libraries
    /// (<https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries>).
    #[test]
    fn signs_as_the_reference_does() {
        let secret = SecretKey::new(&BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signed =
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn short_secrets_and_open_roads_are_refused() {
        let secret = format!("{PREFIX}{}", BASE64_STANDARD.encode([7; 24]));
        let new = |url, secret| WebhookPublisher::new(url, secret, Arc::new(SystemClock)).is_ok();
        assert!(new("https://example.com/hook", &secret) && new("http://127.0.0.1:9/hook", &secret));
        assert!(!new("http://example.com/hook", &secret));
        assert!(
            !new("https://example.com/hook", "whsec_c2hvcnQ=") && !new("https://example.com/hook", "secret")
        );
    }
}
