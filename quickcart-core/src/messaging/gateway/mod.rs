//! Any provider with one request for a message, described by settings instead of code.
//!
//! Keys stand wherever such a gateway wants them, which may be the URL. So all of its URL but the host, its headers and its body
//! are secret: no error, log or `Debug` shows them.

mod answer;
mod template;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;

use self::answer::Reader;
pub use self::answer::{GatewayPart, GatewaySuccess, GatewayTest};
use self::template::{Template, Values, url_encoded};
use super::http::{Body, Http, InvalidSetting, TIME_MAX, check_transport, form, secret_header};
use super::{Failure, Message, MessageProvider, Receipt, SendError};

/// What a gateway wants to be sent, and what its answers mean.
///
/// Texts may hold `{to}` (`+919876543210`), `{to_digits}` (`919876543210`), `{to_national}` (`9876543210`), `{text}`, `{code}`,
/// `{id}` (our own name for the message, 32 hexadecimal digits), and `{dlt_entity_id}` and `{dlt_template_id}` (what India's register
/// knows the text by: [`Texts::with_dlt`](super::text::Texts::with_dlt)); each is encoded as its place demands. `{{` and `}}` are
/// braces. `Debug` shows the method and the name.
///
/// ```
/// use quickcart_core::messaging::gateway::{Gateway, GatewayConfig};
///
/// let config: GatewayConfig = serde_json::from_str(r#"{
///     "name": "local",
///     "method": "GET",
///     "url": "https://sms.example.com/send?key=secret&to={to_digits}&text={text}",
///     "success": {"text_starts_with": "OK"},
///     "message_id": {"regex": "^OK: (\\w+)"},
///     "answer_code": {"regex": "^ERR: (\\d+)"},
///     "failures": {"1002": "recipient_invalid", "1007": "account_down"}
/// }"#)?;
/// let gateway = Gateway::new("local", &config)?;
/// assert_eq!(format!("{gateway:?} {config:?}"), "Gateway(local at sms.example.com) GatewayConfig(GET, local)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// The provider's name, see [`Gateway::new`].
    pub name: String,
    /// `GET`, `POST` or `PUT`. Default: `POST`.
    #[serde(default)]
    pub method: GatewayMethod,
    /// Where to.
    pub url: String,
    /// Headers and their values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What the request carries. Default: nothing.
    pub body: Option<GatewayBody>,
    /// Which answers mean that the message was taken. Default: those of status 200, 201 and 202.
    #[serde(default)]
    pub success: GatewaySuccess,
    /// Where an answer holds the gateway's name for the message. Where this is set, an answer without one is not a success.
    pub message_id: Option<GatewayPart>,
    /// Where an answer holds the gateway's code.
    pub answer_code: Option<GatewayPart>,
    /// What the codes mean, by [`Failure::name`]. One that is not here means that the message may have been sent.
    #[serde(default)]
    pub failures: BTreeMap<String, String>,
    /// What HTTP statuses mean, where no code tells. Default: 401 and 403 `account_down`, 429 `throttled`.
    #[serde(default)]
    pub status_failures: BTreeMap<u16, String>,
    /// How long a request may take, in milliseconds. Default: 10 000.
    pub time_max_ms: Option<u64>,
}

/// How a gateway is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum GatewayMethod {
    /// Everything is in the URL.
    Get,
    /// The usual one.
    #[default]
    Post,
    /// For gateways that name messages by URLs.
    Put,
}

/// What a request carries.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayBody {
    /// Fields of a form.
    Form(BTreeMap<String, String>),
    /// JSON, with placeholders in its strings.
    Json(Value),
    /// Plain text, with placeholders filled in as they are.
    Text(String),
}

/// Sends by a gateway that settings describe. `Debug` shows its name and the host.
pub struct Gateway {
    http: Http,
    method: Method,
    url: Template,
    headers: Vec<(HeaderName, Template)>,
    body: Filled<Template>,
    reader: Reader,
}

/// A body, as templates or as their texts.
enum Filled<T> {
    None,
    Form(Vec<(String, T)>),
    Json(Value),
    Text(T),
}

impl Gateway {
    /// A gateway under this name, which is the one of the settings: it lives as long as the program.
    ///
    /// # Errors
    /// A template, a pointer, an expression or the name of a failure is wrong, or the address is not safe.
    pub fn new(name: &'static str, config: &GatewayConfig) -> Result<Self, InvalidSetting> {
        let invalid = |problem| InvalidSetting { provider: name, problem };
        if name != config.name {
            return Err(invalid("the settings are those of another name"));
        }
        let template = |text: &String| Template::parse(text).map_err(invalid);
        let url = template(&config.url)?;
        let base = base(&url).map_err(invalid)?;
        let time_max = config.time_max_ms.map_or(TIME_MAX, Duration::from_millis);
        let mut headers = Vec::new();
        for (header, value) in &config.headers {
            let header = HeaderName::try_from(header).map_err(|_| invalid("a header's name is wrong"))?;
            headers.push((header, template(value)?));
        }
        let body = match &config.body {
            None => Filled::None,
            Some(GatewayBody::Form(fields)) => {
                let fields = fields.iter().map(|(field, value)| Ok((field.clone(), template(value)?)));
                Filled::Form(fields.collect::<Result<_, _>>()?)
            }
            Some(GatewayBody::Json(value)) => {
                check_strings(value).map_err(invalid)?;
                Filled::Json(value.clone())
            }
            Some(GatewayBody::Text(text)) => Filled::Text(template(text)?),
        };
        Ok(Self {
            http: Http::new(name, &base, time_max)?,
            method: config.method.into(),
            url,
            headers,
            body,
            reader: Reader::new(config).map_err(invalid)?,
        })
    }

    fn name(&self) -> &'static str {
        self.http.provider()
    }

    /// The request for a message. The text of an error names no value.
    fn request(&self, message: &Message) -> Result<(Url, HeaderMap, Body), &'static str> {
        let values = Values::of(message).ok_or("not a telephone")?;
        let url = self.url.fill(&values, url_encoded)?;
        let url = Url::parse(&url).map_err(|_| "the URL is not a URL")?;
        let plain = |template: &Template| template.fill(&values, str::to_owned);
        let mut headers = HeaderMap::new();
        for (header, value) in &self.headers {
            let value = secret_header(&plain(value)?).ok_or("a header holds what it cannot hold")?;
            headers.insert(header.clone(), value);
        }
        let body = match &self.body {
            Filled::None => Body::None,
            Filled::Form(fields) => {
                let texts: Vec<_> = fields.iter().map(|(_, value)| plain(value)).collect::<Result<_, _>>()?;
                let pairs: Vec<_> = fields
                    .iter()
                    .zip(&texts)
                    .map(|((name, _), text)| (name.as_str(), text.as_str()))
                    .collect();
                Body::Form(form(&pairs))
            }
            Filled::Json(value) => Body::Json(fill_strings(value, &values)?),
            Filled::Text(text) => Body::Text(plain(text)?),
        };
        Ok((url, headers, body))
    }
}

#[async_trait]
impl MessageProvider for Gateway {
    fn name(&self) -> &'static str {
        self.name()
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let request = self.request(message);
        let (url, headers, body) =
            request.map_err(|problem| SendError::new(self.name(), Failure::RequestBug).with_code(problem))?;
        let answer = self.http.request(self.method.clone(), url, headers, body).await?;
        let id = self.reader.read(&answer).map_err(|refused| answer.failed(refused.failure, refused.code))?;
        Ok(Receipt::new(self.name(), id))
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gateway").field(&self.http).finish()
    }
}

impl fmt::Debug for GatewayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GatewayConfig({}, {})", Method::from(self.method), self.name)
    }
}

impl From<GatewayMethod> for Method {
    fn from(method: GatewayMethod) -> Self {
        match method {
            GatewayMethod::Get => Self::GET,
            GatewayMethod::Post => Self::POST,
            GatewayMethod::Put => Self::PUT,
        }
    }
}

/// Scheme, host and port of a URL, whatever is filled in: nobody's text may decide where keys go.
fn base(url: &Template) -> Result<String, &'static str> {
    let origin = |filler: &str| -> Result<String, &'static str> {
        let url = url.fill(&Values::all(filler), url_encoded)?;
        let url = Url::parse(&url).map_err(|_| "the URL is not a URL")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL holds a user or a password: write them as a header");
        }
        check_transport(&url)?;
        Ok(url.origin().ascii_serialization())
    };
    let first = origin("1")?;
    if origin("2")? == first { Ok(first) } else { Err("a placeholder stands in the URL's host") }
}

fn check_strings(value: &Value) -> Result<(), &'static str> {
    fill_strings(value, &Values::all("1")).map(drop)
}

fn fill_strings(value: &Value, values: &Values<'_>) -> Result<Value, &'static str> {
    Ok(match value {
        Value::String(text) => Value::String(Template::parse(text)?.fill(values, str::to_owned)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill_strings(item, values)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| Ok((name.clone(), fill_strings(field, values)?)));
            Value::Object(fields.collect::<Result<_, &'static str>>()?)
        }
        other => other.clone(),
    })
}
