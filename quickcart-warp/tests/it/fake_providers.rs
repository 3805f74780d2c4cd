//! Providers of text messages on a port of this machine that do as they are told, with one outbox for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use test_servers::wait_until;

use crate::fake_http::{FakeHttp, Reaction, Request};

/// Answers until it is dropped. It has threads of its own, so that a test may wait for the server meanwhile.
pub(crate) struct FakeProviders {
    http: FakeHttp,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    outbox: Vec<Sent>,
    faults: HashMap<&'static str, Fault>,
    pins: HashMap<String, Pin>,
    application: Value,
}

/// A code that Infobip made.
struct Pin {
    code: String,
    is_used: bool,
}

/// How a provider misbehaves, until it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// HTTP 500.
    Down,
    /// The message goes out, and then it is HTTP 500 all the same.
    DownAfterSending,
    /// Too many messages, as this provider says it.
    Throttled,
    /// A wrong key.
    Auth,
    /// The number does not exist.
    InvalidNumber,
    /// No answer, until the other side gives up.
    Hang,
    /// The connection is closed without an answer.
    Reset,
}

/// A message that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) provider: &'static str,
    /// In E.164 form.
    pub(crate) to: String,
    pub(crate) text: String,
    pub(crate) code: String,
    /// The provider's name for it.
    pub(crate) id: String,
}

impl FakeProviders {
    pub(crate) fn start() -> Self {
        let unsafe_limits = json!({ "pinAttempts": 10, "pinTimeToLive": "15m" });
        let application = json!({ "applicationId": "APP", "name": "shop", "configuration": unsafe_limits });
        let state = Arc::new(Mutex::new(State { application, ..State::default() }));
        let shared = Arc::clone(&state);
        let http = FakeHttp::start(move |request| react(&mut lock(&shared), request));
        Self { http, state }
    }

    pub(crate) fn url(&self) -> String {
        self.http.url()
    }

    /// From now on the provider misbehaves, or with `None` works again. `infobip_2fa_verify` is asked about codes only.
    pub(crate) fn set(&self, provider: &'static str, fault: impl Into<Option<Fault>>) {
        let mut state = lock(&self.state);
        match fault.into() {
            Some(fault) => state.faults.insert(provider, fault),
            None => state.faults.remove(provider),
        };
    }

    /// All requests so far, oldest first.
    pub(crate) fn requests(&self) -> Vec<Request> {
        lock(&self.state).requests.clone()
    }

    /// The requests that a provider was to send a message by.
    pub(crate) fn asked(&self, provider: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| provider_of(request) == Some(provider)).collect()
    }

    /// All messages so far, oldest first.
    pub(crate) fn outbox(&self) -> Vec<Sent> {
        lock(&self.state).outbox.clone()
    }

    /// The messages of one provider.
    pub(crate) fn sent_by(&self, provider: &str) -> Vec<Sent> {
        self.outbox().into_iter().filter(|sent| sent.provider == provider).collect()
    }

    /// The newest message to a number in E.164 form.
    pub(crate) fn latest(&self, to: &str) -> Sent {
        let found = self.outbox().into_iter().rfind(|sent| sent.to == to);
        found.unwrap_or_else(|| panic!("nothing was sent to {to}"))
    }

    /// The provider's message to this number, once it is sent.
    pub(crate) fn wait_for(&self, provider: &str, to: &str) -> Sent {
        let find = || self.sent_by(provider).into_iter().rfind(|sent| sent.to == to);
        wait_until(&format!("{provider} sends to {to}"), || find().is_some());
        find().unwrap()
    }

    /// The settings of Infobip's application as they are now.
    pub(crate) fn application(&self) -> Value {
        lock(&self.state).application.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who is asked to send a message there.
fn provider_of(request: &Request) -> Option<&'static str> {
    match request.path.split('?').next()? {
        "/dev/bulkV2" => Some("fast2sms"),
        "/sms/3/messages" => Some("infobip"),
        "/2fa/2/pin" => Some("infobip_2fa"),
        "/gateway" => Some("gateway"),
        path if path.ends_with("/Messages.json") => {
            Some(if request.form()["To"].starts_with("whatsapp:") { "twilio_whatsapp" } else { "twilio" })
        }
        _ => None,
    }
}

fn react(state: &mut State, request: &Request) -> Reaction {
    state.requests.push(request.clone());
    let path: Vec<&str> = request.path.split('/').skip(1).collect();
    match (provider_of(request), path.as_slice()) {
        (Some(provider), _) => send(state, provider, request),
        (None, ["2fa", "2", "pin", id, "verify"]) => verify(state, id, request),
        (None, ["2fa", "2", "applications", _, "messages", _]) => {
            Reaction::json(200, &json!({ "pinLength": 6 }))
        }
        (None, ["2fa", "2", "applications", _]) => {
            if request.method == "PUT" {
                state.application = request.json();
            }
            Reaction::json(200, &state.application)
        }
        // Codes that were shown.
        (None, ["ct", "1", "log", "end", _] | [.., "Feedback.json"]) => Reaction::json(201, &json!({})),
        (None, _) => Reaction::json(404, &json!({ "error": "not found" })),
    }
}

fn send(state: &mut State, provider: &'static str, request: &Request) -> Reaction {
    let fault = state.faults.get(provider).copied();
    let number = state.outbox.len() + state.requests.len();
    let mut sent = message(provider, request, number);
    match fault {
        Some(Fault::Hang) => return Reaction::Hang,
        Some(Fault::Reset) => return Reaction::Close,
        Some(Fault::DownAfterSending) => {
            state.outbox.push(sent);
            return refusal(provider, Fault::Down, "");
        }
        Some(fault) => return refusal(provider, fault, &sent.to),
        None => {}
    }
    if provider == "infobip_2fa" {
        sent.code = format!("{:06}", 271_828 + 7 * number);
        state.pins.insert(sent.id.clone(), Pin { code: sent.code.clone(), is_used: false });
    }
    let id = sent.id.clone();
    state.outbox.push(sent);
    match provider {
        "twilio" | "twilio_whatsapp" => {
            Reaction::json(201, &json!({ "sid": id, "status": "queued", "error_code": null }))
        }
        "fast2sms" => {
            let words = ["SMS sent successfully."];
            Reaction::json(200, &json!({ "return": true, "request_id": id, "message": words }))
        }
        "infobip" => {
            let status =
                json!({ "groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED" });
            Reaction::json(200, &json!({ "messages": [{ "messageId": id, "status": status }] }))
        }
        "infobip_2fa" => Reaction::json(200, &json!({ "pinId": id, "smsStatus": "MESSAGE_SENT" })),
        _ => Reaction::Answer { status: 200, headers: "", body: format!("OK: {id}") },
    }
}

/// What a request asks to be sent. `number` is another one each time.
fn message(provider: &'static str, request: &Request, number: usize) -> Sent {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (to, text, id) = match provider {
        "twilio" => {
            let form = request.form();
            (form["To"].clone(), form["Body"].clone(), format!("SM{number:032x}"))
        }
        "twilio_whatsapp" => {
            let form = request.form();
            let to = form["To"].trim_start_matches("whatsapp:").to_owned();
            (to, form["ContentVariables"].clone(), format!("SM{number:032x}"))
        }
        "fast2sms" => {
            let body = request.json();
            (text(&body["numbers"]), text(&body["variables_values"]), format!("f2s{number:012}"))
        }
        "infobip" => {
            let message = request.json()["messages"][0].take();
            let destination = &message["destinations"][0];
            (text(&destination["to"]), text(&message["content"]["text"]), text(&destination["messageId"]))
        }
        "infobip_2fa" => (text(&request.json()["to"]), String::new(), format!("{number:032X}")),
        _ => {
            let query = request.path.split_once('?').unwrap().1;
            let query: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            (query["to"].clone(), query["text"].clone(), number.to_string())
        }
    };
    let digits = to.trim_start_matches('+');
    let to = format!("+{}{digits}", if digits.len() == 10 { "91" } else { "" });
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).unwrap_or_default();
    Sent { provider, to, code: code.to_owned(), text, id }
}

/// Providers like to repeat the number in what they answer.
fn refusal(provider: &str, fault: Fault, to: &str) -> Reaction {
    let (status, twilio, fast2sms, infobip) = match fault {
        Fault::Throttled => (429, 20429, Some(995), "TOO_MANY_REQUESTS"),
        Fault::Auth => (401, 20003, Some(412), "UNAUTHORIZED"),
        Fault::InvalidNumber => (400, 21211, Some(411), "BAD_REQUEST"),
        _ => (500, 20500, None, "GENERAL_ERROR"),
    };
    let text = format!("{fault:?} for {to}");
    match provider {
        "twilio" | "twilio_whatsapp" => {
            let headers = if status == 429 { "retry-after: 1\r\n" } else { "" };
            let body = json!({ "code": twilio, "message": text, "status": status });
            Reaction::Answer { status, headers, body: body.to_string() }
        }
        "fast2sms" => {
            let status = if status == 429 { 400 } else { status };
            Reaction::json(status, &json!({ "return": false, "status_code": fast2sms, "message": text }))
        }
        "gateway" => Reaction::Answer { status, headers: "", body: format!("ERR: {text}") },
        _ => {
            let exception = json!({ "messageId": infobip, "text": text });
            Reaction::json(status, &json!({ "requestError": { "serviceException": exception } }))
        }
    }
}

/// As Infobip does, it forgets neither codes that were used nor wrong guesses; only the limits are others.
fn verify(state: &mut State, id: &str, request: &Request) -> Reaction {
    if state.faults.contains_key("infobip_2fa_verify") {
        return refusal("infobip_2fa", Fault::Down, "");
    }
    let Some(pin) = state.pins.get_mut(id) else {
        return refusal("infobip_2fa", Fault::InvalidNumber, "");
    };
    let is_right = request.json()["pin"] == pin.code.as_str() && !pin.is_used;
    pin.is_used |= is_right;
    let error = if is_right {
        Value::Null
    } else if pin.is_used {
        json!("NO_MORE_PIN_ATTEMPTS")
    } else {
        json!("WRONG_PIN")
    };
    Reaction::json(200, &json!({ "pinId": id, "verified": is_right, "pinError": error }))
}
