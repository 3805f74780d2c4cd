//! Twilio, Fast2SMS and Infobip as the golden files expect them: they check what they are asked, and know special numbers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::outbox::{Mode, Outbox, find_code};
use crate::fake_http::{Reaction, Request};

/// Twilio's numbers that cannot be reached (<https://www.twilio.com/docs/iam/test-credentials>), and its codes for them.
const TWILIO_TO: [(&str, u32); 5] = [
    ("+15005550001", 21211),
    ("+15005550002", 21612),
    ("+15005550003", 21408),
    ("+15005550004", 21610),
    ("+15005550009", 21614),
];
/// Twilio's senders that cannot send.
const TWILIO_FROM: [(&str, u32); 3] =
    [("+15005550001", 21212), ("+15005550007", 21606), ("+15005550008", 21611)];

/// What the provider of this path answers.
pub(super) fn react(outbox: &mut Outbox, request: &Request) -> Reaction {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    match (request.method.as_str(), &parts[..]) {
        ("POST", ["2010-04-01", "Accounts", _, "Messages.json"]) => {
            twilio(outbox, &request.form(), header("authorization"))
        }
        ("GET", ["dev", "bulkV2"]) => {
            let fields = form(query);
            let key = fields.get("authorization").cloned().unwrap_or_default();
            fast2sms(outbox, &fields, &key)
        }
        ("POST", ["dev", "bulkV2"]) => {
            let fields = match serde_json::from_str(&request.body) {
                Ok(Value::Object(fields)) => {
                    fields.into_iter().map(|(name, value)| (name, plain(&value))).collect()
                }
                _ => request.form(),
            };
            fast2sms(outbox, &fields, header("authorization"))
        }
        ("POST", ["sms", "3", "messages"]) => infobip_sms(outbox, &json_of(request), header("authorization")),
        ("POST", ["2fa", "2", "pin"]) => infobip_send_pin(outbox, &json_of(request), header("authorization")),
        ("POST", ["2fa", "2", "pin", id, "verify"]) => {
            infobip_verify_pin(outbox, id, &json_of(request), header("authorization"))
        }
        ("POST", ["2fa", "2", "pin", id, "resend"]) => {
            infobip_resend_pin(outbox, id, header("authorization"))
        }
        _ => Reaction::json(404, &json!({ "error": "not found" })),
    }
}

fn form(text: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn json_of(request: &Request) -> Value {
    serde_json::from_str(&request.body).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// What comes instead of an answer.
fn silence(fault: Option<Mode>) -> Option<Reaction> {
    match fault {
        Some(Mode::Hang) => Some(Reaction::Hang),
        Some(Mode::Reset) => Some(Reaction::Close),
        _ => None,
    }
}

fn twilio(outbox: &mut Outbox, form: &BTreeMap<String, String>, authorization: &str) -> Reaction {
    let fault = outbox.take_fault("twilio");
    if let Some(reaction) = silence(fault) {
        return reaction;
    }
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let (to, from) = (field("To"), field("From"));
    let digits = to.strip_prefix('+').unwrap_or_default();
    let is_number = (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    let of = |table: &[(&str, u32)], number: &str| {
        table.iter().find(|(special, _)| *special == number).map(|(_, code)| *code)
    };
    let is_known = authorization.to_ascii_lowercase().starts_with("basic ");
    let refusal = match fault {
        Some(Mode::Auth) => Some((401, 20003)),
        _ if !is_known => Some((401, 20003)),
        Some(Mode::Down) => Some((500, 20500)),
        Some(Mode::Throttled) => Some((429, 20429)),
        _ if to.is_empty() => Some((400, 21604)),
        _ if from.is_empty() && field("MessagingServiceSid").is_empty() => Some((400, 21603)),
        _ if field("Body").is_empty() && field("ContentSid").is_empty() => Some((400, 21602)),
        Some(Mode::InvalidNumber) => Some((400, 21211)),
        _ if !is_number => Some((400, 21211)),
        _ => of(&TWILIO_TO, to).or_else(|| of(&TWILIO_FROM, from)).map(|code| (400, code)),
    };
    if let Some((status, code)) = refusal {
        let headers = if status == 429 { "retry-after: 1\r\n" } else { "" };
        let body = json!({ "code": code, "message": "No", "status": status });
        return Reaction::Answer { status, headers, body: body.to_string() };
    }
    let text = Some(field("Body")).filter(|text| !text.is_empty()).unwrap_or(field("ContentVariables"));
    outbox.record(to, find_code(text));
    let sid = format!("SM{:032x}", outbox.messages.len());
    Reaction::json(201, &json!({ "sid": sid, "status": "queued", "to": to, "error_code": null }))
}

fn fast2sms(outbox: &mut Outbox, fields: &BTreeMap<String, String>, key: &str) -> Reaction {
    let fault = outbox.take_fault("fast2sms");
    if let Some(reaction) = silence(fault) {
        return reaction;
    }
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let numbers: Vec<&str> =
        field("numbers").split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_mobile = |number: &&str| {
        number.len() == 10
            && number.starts_with(['6', '7', '8', '9'])
            && number.bytes().all(|b| b.is_ascii_digit())
    };
    let (route, values) = (field("route"), field("variables_values"));
    let is_numeric = !values.is_empty() && values.bytes().all(|byte| byte.is_ascii_digit());
    let refusal = match fault {
        Some(Mode::Auth) => Some((401, 412)),
        _ if key.is_empty() => Some((401, 412)),
        Some(Mode::Down) => return Reaction::json(500, &json!({ "message": "Server Error" })),
        Some(Mode::Throttled) => Some((400, 995)),
        _ if !["otp", "q", "dlt", "dlt_manual"].contains(&route) => Some((400, 408)),
        _ if numbers.is_empty() => Some((400, 405)),
        Some(Mode::InvalidNumber) => Some((400, 411)),
        _ if !numbers.iter().all(is_mobile) => Some((400, 411)),
        _ if route == "otp" && !is_numeric => Some((400, 997)),
        _ if route == "otp" && numbers.len() > 1 => Some((400, 998)),
        _ if route != "otp" && field("message").is_empty() => Some((400, 402)),
        _ => None,
    };
    if let Some((status, code)) = refusal {
        return Reaction::json(status, &json!({ "return": false, "status_code": code, "message": "No" }));
    }
    let code = find_code(&values.replace('|', " ")).or_else(|| find_code(field("message")));
    for number in numbers {
        outbox.record(number, code.clone());
    }
    let id = format!("f2s{:012}", outbox.messages.len());
    let words = ["SMS sent successfully."];
    Reaction::json(200, &json!({ "return": true, "request_id": id, "message": words }))
}

fn infobip_error(status: u16, name: &str) -> Reaction {
    let exception = json!({ "messageId": name, "text": "No" });
    Reaction::json(status, &json!({ "requestError": { "serviceException": exception } }))
}

/// What both interfaces of Infobip refuse.
fn infobip_refusal(outbox: &mut Outbox, provider: &str, to: &str, authorization: &str) -> Option<Reaction> {
    let fault = outbox.take_fault(provider);
    let (status, name) = match fault {
        Some(Mode::Hang | Mode::Reset) => return silence(fault),
        Some(Mode::Auth) => (401, "UNAUTHORIZED"),
        _ if !authorization.starts_with("App ") => (401, "UNAUTHORIZED"),
        Some(Mode::Down) => (500, "GENERAL_ERROR"),
        _ if to.ends_with("0000") => (500, "GENERAL_ERROR"),
        Some(Mode::Throttled) => (429, "TOO_MANY_REQUESTS"),
        Some(Mode::InvalidNumber) => (400, "BAD_REQUEST"),
        None => return None,
    };
    Some(infobip_error(status, name))
}

fn infobip_sms(outbox: &mut Outbox, body: &Value, authorization: &str) -> Reaction {
    let messages = body["messages"].as_array().into_iter().flatten();
    let sends: Option<Vec<(&str, &str, &Value)>> = messages
        .flat_map(|message| {
            let destinations = message["destinations"].as_array().into_iter().flatten();
            destinations
                .map(|to| Some((to["to"].as_str()?, message["content"]["text"].as_str()?, &to["messageId"])))
        })
        .collect();
    let Some(sends) = sends.filter(|_| body["messages"].is_array()) else {
        return Reaction::json(400, &json!({ "errorCode": "E400", "description": "Bad request" }));
    };
    let first = sends.first().map_or("", |(to, ..)| to);
    if let Some(refusal) = infobip_refusal(outbox, "infobip_sms", first, authorization) {
        return refusal;
    }
    let mut results = Vec::new();
    for (to, text, id) in sends {
        let status = if to.ends_with("1111") {
            json!({ "groupId": 5, "groupName": "REJECTED", "id": 6, "name": "REJECTED_NETWORK" })
        } else {
            outbox.record(to, find_code(text));
            json!({ "groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED" })
        };
        results.push(json!({ "messageId": id, "status": status, "destination": to }));
    }
    Reaction::json(200, &json!({ "messages": results }))
}

fn infobip_send_pin(outbox: &mut Outbox, body: &Value, authorization: &str) -> Reaction {
    let to = text(body, "to");
    if let Some(refusal) = infobip_refusal(outbox, "infobip_2fa", to, authorization) {
        return refusal;
    }
    if ["applicationId", "messageId", "to"].iter().any(|name| text(body, name).is_empty()) {
        return infobip_error(400, "BAD_REQUEST");
    }
    if to.ends_with("1111") {
        let status = json!({ "to": to, "ncStatus": "NC_NOT_REACHABLE", "smsStatus": "MESSAGE_NOT_SENT" });
        return Reaction::json(200, &status);
    }
    let id = outbox.make_pin(to);
    sent_pin(outbox, &id)
}

fn infobip_resend_pin(outbox: &mut Outbox, id: &str, authorization: &str) -> Reaction {
    infobip_refusal(outbox, "infobip_2fa", "", authorization).unwrap_or_else(|| sent_pin(outbox, id))
}

fn sent_pin(outbox: &mut Outbox, id: &str) -> Reaction {
    let Some(pin) = outbox.pin(id).cloned() else { return infobip_error(404, "NOT_FOUND") };
    outbox.record(&pin.to, Some(pin.code));
    let (reached, sent) = ("NC_DESTINATION_REACHABLE", "MESSAGE_SENT");
    Reaction::json(200, &json!({ "pinId": id, "to": pin.to, "ncStatus": reached, "smsStatus": sent }))
}

fn infobip_verify_pin(outbox: &mut Outbox, id: &str, body: &Value, authorization: &str) -> Reaction {
    if let Some(refusal) = infobip_refusal(outbox, "infobip_2fa", "", authorization) {
        return refusal;
    }
    let Some(pin) = outbox.pin(id) else { return infobip_error(404, "NOT_FOUND") };
    let guess = text(body, "pin");
    if guess.is_empty() {
        return infobip_error(400, "BAD_REQUEST");
    }
    let is_usable = pin.attempts > 0 && !pin.is_used;
    let is_right = is_usable && guess == pin.code;
    pin.is_used |= is_right;
    pin.attempts -= u32::from(is_usable && !is_right);
    let mut answer =
        json!({ "pinId": id, "msisdn": pin.to, "verified": is_right, "attemptsRemaining": pin.attempts });
    if !is_right {
        answer["pinError"] = json!(if is_usable { "WRONG_PIN" } else { "NO_MORE_PIN_ATTEMPTS" });
    }
    Reaction::json(200, &answer)
}
