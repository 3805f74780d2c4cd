//! Requests to providers and webhooks: the one home of the HTTP client.
//!
//! TLS is required except to this machine, redirects are not followed, and the environment's proxies are not used: where all
//! traffic has to pass one, it is the provider's base URL. An answer is read to 64 KiB, within the provider's time.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, Url, redirect, retry};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::de::DeserializeOwned;

use super::{Failure, SendError};
use crate::clock::{Clock, SystemClock, Timestamp};

/// How long a provider may take for one request, by default. Whoever sends by several waits less: see
/// [`FailoverPolicy::provider_time_max`](super::FailoverPolicy::provider_time_max).
pub(super) const TIME_MAX: Duration = Duration::from_secs(10);
/// How long until there is a connection, with TLS.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// How long a connection is kept for the next message: less than load balancers keep it (60 s at AWS), for a request on a
/// connection that is just being closed may or may not have arrived.
const IDLE_TIME_MAX: Duration = Duration::from_secs(20);
/// Room for any answer of any provider: they have some hundred bytes.
const BODY_LENGTH_MAX: usize = 64 * 1024;

/// A provider cannot be used with these settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {problem}")]
pub struct InvalidSetting {
    /// The provider, as in [`MessageProvider::name`](super::MessageProvider::name).
    pub provider: &'static str,
    /// What is wrong, and which setting it is.
    pub problem: &'static str,
}

/// There is nobody whom HTTPS could trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no certificate authorities are installed on this machine")]
pub struct NoHttpClient;

/// A provider's address, and a client that keeps connections to it. `Debug` shows the host only.
#[derive(Clone)]
pub(crate) struct Http {
    provider: &'static str,
    client: Client,
    base: Url,
}

/// What a request carries.
pub(crate) enum Body {
    None,
    Form(String),
    Json(serde_json::Value),
    Text(String),
}

/// An answer, whatever its status, read to its end.
pub(crate) struct Answer {
    provider: &'static str,
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Http {
    /// # Errors
    /// `base_url` has a user, a query or a fragment, or would send keys in the open; or this machine trusts nobody.
    pub(crate) fn new(
        provider: &'static str,
        base_url: &str,
        time_max: Duration,
    ) -> Result<Self, InvalidSetting> {
        let invalid = |problem| InvalidSetting { provider, problem };
        let base = Url::parse(base_url).map_err(|_| invalid("the base URL is not a URL"))?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(invalid("the base URL holds a user or a password"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(invalid("the base URL holds a query or a fragment"));
        }
        check_transport(&base).map_err(invalid)?;
        let client = http_client(base.scheme() == "https", time_max)
            .map_err(|NoHttpClient| invalid("no certificate authorities are installed on this machine"))?;
        Ok(Self { provider, client, base })
    }

    /// The provider's name.
    pub(super) fn provider(&self) -> &'static str {
        self.provider
    }

    /// Whether the provider is on this machine, as those of tests are.
    pub(super) fn is_local(&self) -> bool {
        self.base.host_str().is_some_and(is_loopback)
    }

    /// A URL below the base; each segment is encoded.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Posts, and reads the answer.
    ///
    /// # Errors
    /// There was no whole answer; a status of any kind is no error.
    pub(super) async fn post(
        &self,
        url: Url,
        authorization: &HeaderValue,
        body: Body,
    ) -> Result<Answer, SendError> {
        let headers = [(reqwest::header::AUTHORIZATION, authorization.clone())];
        self.request(Method::POST, url, HeaderMap::from_iter(headers), body).await
    }

    /// As [`Self::post`], with any method and headers.
    pub(crate) async fn request(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Answer, SendError> {
        let request = self.client.request(method, url);
        let sent = with_body(request, body).headers(headers).send().await;
        let mut response = sent.map_err(|error| self.failed(error))?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let body = self.read(response).await?;
        Ok(Answer { provider: self.provider, status, headers, body })
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, SendError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if body.len() + chunk.len() > BODY_LENGTH_MAX {
                return Err(SendError::new(self.provider, Failure::MaybeSent).with_code("a huge answer"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Only what happened before there was a connection is sure not to have sent anything.
    fn failed(&self, error: reqwest::Error) -> SendError {
        let (failure, code) = if error.is_builder() {
            (Failure::RequestBug, "no valid request")
        } else if error.is_connect() {
            (Failure::NotSent, "no connection")
        } else if error.is_timeout() {
            (Failure::MaybeSent, "no answer in time")
        } else {
            (Failure::MaybeSent, "the connection broke")
        };
        SendError::new(self.provider, failure).with_code(code).caused_by(error.without_url())
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.provider, self.base.host_str().unwrap_or_default())
    }
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, when it is JSON of this shape.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
    }

    /// This answer as a failure, with the provider's own code if it gave one. Texts of providers are not shown: they like to
    /// repeat the number.
    pub(super) fn failed(&self, failure: Failure, code: Option<impl Display>) -> SendError {
        let error = SendError::new(self.provider, failure).with_retry_after(self.retry_after());
        match code {
            Some(code) => error.with_code(code),
            None => error.with_code(format_args!("HTTP {}", self.status)),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let date = self.header(DATE.as_str()).and_then(parse_date);
        retry_after(self.header(RETRY_AFTER.as_str())?, date.unwrap_or_else(|| SystemClock.now()))
    }
}

/// The fields as `application/x-www-form-urlencoded`.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let mut form = String::with_capacity(256);
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        form.extend(utf8_percent_encode(name, NON_ALPHANUMERIC));
        form.push('=');
        form.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    form
}

/// A header that never shows itself. `None` for a text that no header can hold.
pub(super) fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A short word or number, which is a provider's code and surely no text about somebody; a long run of digits could be one.
pub(super) fn is_code(text: &str) -> bool {
    let mut digits = 0;
    let is_short_run = |c: char| {
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        digits <= 5
    };
    (1..=48).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(is_short_run)
}

/// Keys, numbers and codes are in every request: only this machine gets them without TLS.
pub(super) fn check_transport(url: &Url) -> Result<(), &'static str> {
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => Ok(()),
        ("http", Some(host)) if is_loopback(host) => Ok(()),
        ("http", Some(_)) => Err("the URL must begin with https://, unless it is on this machine"),
        _ => Err("the URL must begin with https://"),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The client that the core asks providers and webhooks with, for adapters that ask somebody else: TLS by the machine's certificate
/// authorities, no redirects, no retries, none of the environment's proxies.
///
/// # Errors
/// `is_tls`, and the machine trusts nobody.
pub fn http_client(is_tls: bool, time_max: Duration) -> Result<Client, NoHttpClient> {
    Client::builder()
        .tls_backend_preconfigured(tls(is_tls).map_err(|_| NoHttpClient)?)
        .user_agent(concat!("quickcart/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .connect_timeout(CONNECT_TIME_MAX)
        .pool_idle_timeout(IDLE_TIME_MAX)
        .timeout(time_max)
        .build()
        .map_err(|_| NoHttpClient)
}

/// The certificate authorities of the machine; none are needed, nor looked for, without TLS.
fn tls(is_used: bool) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    Ok(if is_used {
        builder.with_platform_verifier()?.with_no_client_auth()
    } else {
        builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    })
}

fn with_body(request: RequestBuilder, body: Body) -> RequestBuilder {
    let (content_type, text) = match body {
        Body::None => return request,
        Body::Form(text) => ("application/x-www-form-urlencoded", text),
        Body::Json(value) => ("application/json", value.to_string()),
        Body::Text(text) => ("text/plain; charset=utf-8", text),
    };
    request.header(CONTENT_TYPE, content_type).body(text)
}

/// Seconds, or a date ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)) by the server's own clock.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let left = parse_date(value)?.duration_since(now);
    Some(Duration::try_from(left).unwrap_or_default())
}

fn parse_date(value: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_leave_this_machine_with_tls_only() {
        let check = |url: &str| check_transport(&Url::parse(url).unwrap()).is_ok();
        for url in [
            "https://api.twilio.com",
            "http://127.0.0.1:9900",
            "http://127.8.8.8/x",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(check(url), "{url}");
        }
        for url in
            ["http://api.twilio.com", "http://10.0.0.1", "http://localhost.example.com", "ftp://127.0.0.1"]
        {
            assert!(!check(url), "{url}");
        }
    }

    #[test]
    fn base_urls_hold_no_secrets() {
        for url in ["", "api.twilio.com", "https://user:key@api.twilio.com", "https://a.example/?key=1"] {
            assert!(Http::new("test", url, TIME_MAX).is_err(), "{url}");
        }
    }

    #[test]
    fn segments_are_encoded() {
        let url = |base| {
            let http = Http::new("test", base, TIME_MAX).unwrap();
            http.url(&["pin", "a/b?c#d%2F e", "verify"]).to_string()
        };
        assert_eq!(url("http://127.0.0.1"), "http://127.0.0.1/pin/a%2Fb%3Fc%23d%252F%20e/verify");
        assert_eq!(url("http://127.0.0.1/sms/"), "http://127.0.0.1/sms/pin/a%2Fb%3Fc%23d%252F%20e/verify");
    }

    #[test]
    fn forms_are_encoded() {
        assert_eq!(form(&[("To", "+91 98"), ("Body", "a&b=क")]), "To=%2B91%2098&Body=a%26b%3D%E0%A4%95");
    }

    #[test]
    fn waiting_times_are_seconds_or_dates() {
        let now = parse_date("Sat, 21 Nov 2026 09:03:10 GMT").unwrap();
        let seconds = |value| retry_after(value, now).map(|time| time.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Sat, 21 Nov 2026 09:04:10 GMT"), Some(60));
        assert_eq!(seconds("Sat, 21 Nov 2026 09:00:00 GMT"), Some(0), "it is over");
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("-5"), None);
    }

    #[test]
    fn only_what_looks_like_a_code_is_shown() {
        for code in ["E400", "UNAUTHORIZED", "20003", "TOO_MANY_REQUESTS"] {
            assert!(is_code(code), "{code}");
        }
        for text in ["", "919876543210", "042137", "Invalid number", "x".repeat(49).as_str()] {
            assert!(!is_code(text), "{text}");
        }
    }
}
