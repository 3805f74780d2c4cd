//! Sends the lines of a golden file, and remembers what later ones need.

use std::collections::{BTreeMap, HashSet};

use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;

use super::exchange::{Exchange, Extent};
use super::fakes::Fakes;
use super::matching::{Variables, body_faults, filled, filled_text, header_faults};
use crate::program::PATIENCE;

pub(super) struct Player<'a> {
    client: Client,
    url: &'a str,
    fakes: &'a Fakes,
    variables: Variables,
}

/// What came back.
struct Answer {
    status: u16,
    headers: HeaderMap,
    /// A text when it is no JSON.
    body: Value,
}

impl<'a> Player<'a> {
    pub(super) fn new(url: &'a str, fakes: &'a Fakes) -> Self {
        let client = Client::builder().redirect(Policy::none()).timeout(PATIENCE).build().unwrap();
        Self { client, url, fakes, variables: Variables::new() }
    }

    pub(super) fn set(&mut self, name: &str, value: String) {
        self.variables.insert(name.to_owned(), Value::String(value));
    }

    /// Sends a line as often as it says; answers what was wrong.
    pub(super) async fn play(&mut self, exchange: &Exchange) -> Vec<String> {
        for fault in &exchange.faults {
            self.fakes.set_fault(fault);
        }
        let wanted: Vec<(&String, &str, usize)> = exchange
            .capture_oob
            .iter()
            .map(|(name, recipient)| (name, recipient.to.as_str(), self.fakes.codes(&recipient.to).len()))
            .collect();
        let mut faults = Vec::new();
        let mut last = None;
        for _ in 0..exchange.repeat.unwrap_or(1) {
            match self.send(exchange).await {
                Ok(answer) => {
                    faults.extend(self.check(exchange, &answer));
                    last = Some(answer);
                }
                Err(error) => faults.push(format!("no answer: {error}")),
            }
        }
        if let Some(answer) = last {
            faults.extend(self.capture(exchange, &answer));
        }
        // What is wrong in the same way each time is said once.
        let mut seen = HashSet::new();
        faults.retain(|fault| seen.insert(fault.clone()));
        for (name, to, known) in wanted {
            match self.fakes.code_after(to, known).await {
                Some(code) => self.set(name, code),
                None => faults.push(format!("capture {name}: no new message with a code to {to}")),
            }
        }
        faults
    }

    async fn send(&self, exchange: &Exchange) -> reqwest::Result<Answer> {
        let method: Method = exchange.method.parse().unwrap();
        let url = format!("{}{}", self.url, filled_text(&exchange.path, &self.variables));
        let mut request = self.client.request(method, url);
        for (name, value) in &exchange.headers {
            request = request.header(name, filled_text(value, &self.variables));
        }
        let json = exchange.json.as_ref().map(|json| filled(json, &self.variables).to_string());
        if let Some(body) = json.or_else(|| exchange.raw_body.clone()) {
            request = request.body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, headers, body })
    }

    fn check(&self, exchange: &Exchange, answer: &Answer) -> Vec<String> {
        let mut faults = Vec::new();
        if !exchange.expect_status.contain(answer.status) {
            faults.push(format!("status: want {}, got {}", exchange.expect_status, answer.status));
        }
        let expected = filled(&exchange.expect_body, &self.variables);
        faults.extend(body_faults(&expected, &answer.body, exchange.extent == Some(Extent::Subset)));
        let there = exchange.absent.iter().filter(|name| answer.body.get(name.as_str()).is_some());
        faults.extend(there.map(|name| format!("body.{name}: must be absent")));
        let origin = exchange.headers.get("Origin").map_or("", String::as_str);
        faults.extend(header_faults(&exchange.expect_headers, &answer.headers, origin));
        faults
    }

    fn capture(&mut self, exchange: &Exchange, answer: &Answer) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, path) in &exchange.capture {
            match answer
                .body
                .pointer(&format!("/{}", path.replace('.', "/")))
                .filter(|value| !value.is_null())
            {
                Some(value) => drop(self.variables.insert(name.clone(), value.clone())),
                None => faults.push(format!("capture {name}: nothing at {path}")),
            }
        }
        let cookies: BTreeMap<&str, &str> = answer
            .headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok()?.split(';').next()?.split_once('='))
            .collect();
        for (name, cookie) in &exchange.capture_cookie {
            match cookies.get(cookie.as_str()) {
                Some(value) => self.set(name, format!("{cookie}={value}")),
                None => faults.push(format!("capture {name}: no cookie {cookie}")),
            }
        }
        faults
    }
}
