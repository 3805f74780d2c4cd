//! The peer on Redis: scripts that do the same with plain keys and hashes, and nothing besides.

use async_trait::async_trait;
use benches::Result;
use quickcart_core::otp::{AttemptRequest, Digest, IssueRequest};
use redis::Value;
use test_servers::RedisServer;

use super::sides::{Call, Script, Side};

pub(crate) struct Minimal {
    issue: Script,
    verify: Script,
}

impl Minimal {
    pub(crate) async fn connect(server: &RedisServer) -> Result<Self> {
        let issue = Script::load(server, include_str!("minimal_issue.lua")).await?;
        let verify = Script::load(server, include_str!("minimal_verify.lua")).await?;
        Ok(Self { issue, verify })
    }
}

#[async_trait]
impl Side for Minimal {
    async fn issue(&self, request: &IssueRequest) -> Result<bool> {
        let (Some(idempotency), Some(watch)) = (&request.idempotency, &request.watch) else {
            return Err("this peer knows full requests only".into());
        };
        let challenge = &request.challenge;
        let mut call = Call::default()
            .key(key(b'o', &request.subject))
            .key(key(b'i', idempotency))
            .key(key(b'p', &watch.prefix))
            .key(key(b'v', &request.subject));
        for charge in &request.charges {
            call = call.key(key(b'l', &charge.key));
        }
        call = call.number(request.now.as_microsecond()).argument(challenge.id).argument(challenge.answer);
        call = call.number(challenge.expires_at.as_microsecond());
        for sends in 1..=4 {
            call = call.number(i64::try_from(request.policy.cooldown(sends).as_micros())?);
        }
        call = call.number(watch.number.into());
        for charge in &request.charges {
            let quota_us = charge.unit_us() * i64::from(charge.rate.quota());
            call = call.number(quota_us).number(charge.cost_us());
        }
        Ok(says(&self.issue.run(&call).await?, "issued"))
    }

    async fn verify(&self, request: &AttemptRequest) -> Result<bool> {
        let (Some(watch), [Some((_, answer)), _]) = (&request.watch, &request.guess.answers) else {
            return Err("this peer knows full requests only".into());
        };
        let call = Call::default()
            .key(key(b'o', &request.subject))
            .key(key(b'p', &watch.prefix))
            .key(key(b'v', &request.subject))
            .number(request.now.as_microsecond())
            .argument(*answer);
        Ok(says(&self.verify.run(&call).await?, "accepted"))
    }
}

/// As long as our store's keys.
pub(crate) fn key(kind: u8, digest: &Digest) -> Vec<u8> {
    [b"{minimals1}:", &[kind, b':'][..], digest].concat()
}

fn says(answer: &Value, wanted: &str) -> bool {
    let first = match answer {
        Value::Array(answer) => answer.first(),
        answer => Some(answer),
    };
    matches!(first, Some(Value::BulkString(said)) if said == wanted.as_bytes())
}
