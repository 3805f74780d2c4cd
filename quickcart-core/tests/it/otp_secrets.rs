//! No code, no nonce and no full phone number in Redis, in a log line or in what `Debug` shows.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use quickcart_core::clock::ManualClock;
use quickcart_core::messaging::RecordingProvider;
use quickcart_core::otp::{Binding, Code, CodeRequest, Nonce, Otp, PhoneVerification, Policy, Resend};
use quickcart_core::phone::{PhoneNumber, Region};
use test_servers::RedisServer;

use crate::log::Log;
use crate::otp::{engine_on, memory};
use crate::otp_redis::store_at;

const NATIONAL: &str = "9876543210";

/// What must not be found, and what was shown meanwhile.
struct Traces {
    secrets: Vec<String>,
    shown: String,
}

#[tokio::test]
async fn redis_and_the_log_hold_nothing_that_tells_a_code_or_a_number() {
    let log = Log::capture();
    let server = RedisServer::start();
    let mut traces = everything(engine_on(store_at(&server.url()))).await;
    let dump = server.dump();
    assert!(!dump.is_empty());
    let replication = String::from_utf8_lossy(&dump).into_owned();
    let _ = write!(traces.shown, "{replication}\n{}", log.text());
    traces.check();
}

#[tokio::test]
async fn the_log_beside_a_store_in_memory_tells_nothing_either() {
    let log = Log::capture();
    let mut traces = everything(engine_on(memory())).await;
    assert!(log.text().contains("quickcart::otp"), "it has been captured");
    traces.shown += &log.text();
    traces.check();
}

impl Traces {
    fn check(&self) {
        for secret in &self.secrets {
            let bare = secret.trim_start_matches('+');
            assert!(!self.shown.contains(bare), "{secret} is in\n{}", self.shown);
        }
    }

    fn show(&mut self, value: &dyn std::fmt::Debug) {
        let _ = writeln!(self.shown, "{value:?} {value:#?}");
    }
}

/// Codes issued, repeated and refused, verified rightly and wrongly, under every condition there is. Codes of eight
/// digits, because one of six may well be part of an instant that a limit is kept as.
async fn everything((otp, clock): (Otp, Arc<ManualClock>)) -> Traces {
    let policy = Policy::new(8, Duration::from_secs(300), 5).unwrap().with_resend(Resend::Replace);
    let otp = otp.with_policy(policy);
    let phone = PhoneNumber::parse(NATIONAL, Region::IN).unwrap();
    let mut traces =
        Traces { secrets: vec![phone.e164().to_owned(), NATIONAL.to_owned()], shown: String::new() };
    verifications(&otp, &clock, &phone, &mut traces).await;
    transactions(&otp, &phone, &mut traces).await;
    traces.show(&otp.policy());
    traces
}

async fn verifications(otp: &Otp, clock: &ManualClock, phone: &PhoneNumber, traces: &mut Traces) {
    let provider = Arc::new(RecordingProvider::default());
    let verification = PhoneVerification::new(otp.clone(), provider.clone(), "phone-otp", "Blinkit");
    let nonce = Nonce::random();
    traces.secrets.push(nonce.as_str().to_owned());
    let request = CodeRequest {
        nonce: Some(&nonce),
        address: Some("203.0.113.7".parse().unwrap()),
        idempotency_key: Some("4a"),
        ..CodeRequest::new(phone)
    };
    for key in ["4a", "4a", "4b", "4c"] {
        clock.advance(Duration::from_secs(31));
        let request = CodeRequest { idempotency_key: Some(key), ..request };
        let started = verification.start(request).await;
        if let Ok(started) = &started {
            traces.secrets.push(started.code.as_str().to_owned());
        }
        traces.show(&(request, started, verification.explain(request).await));
    }
    let right = traces.secrets.last().unwrap().clone();
    for (nonce, code) in
        [(None, right.as_str()), (Some(nonce.as_str()), "00000000"), (Some(nonce.as_str()), &right)]
    {
        traces.show(&verification.check(phone, nonce, code).await);
    }
    traces.show(&provider.sent());
}

/// Pending to the end, so that the challenge is in the dump.
async fn transactions(otp: &Otp, phone: &PhoneNumber, traces: &mut Traces) {
    let (nonce, transaction) = (Nonce::random(), "order 42, 199.00 INR");
    let binding = Binding {
        nonce: Some(nonce.as_str()),
        transaction: Some(transaction),
        ..Binding::new("checkout", phone.e164())
    };
    let issued = otp.issue(binding).await.unwrap();
    let code: &Code = &issued.code;
    traces.secrets.extend([nonce.as_str(), transaction, code.as_str()].map(str::to_owned));
    traces.show(&(binding, &issued, otp.verify(binding, "00000000").await));
}
