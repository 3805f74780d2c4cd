//! Challenges and limits in Redis, shared by any number of servers.
//!
//! Each step is one script, so one round trip. All keys carry one hash tag, [`TAG`]: a script of Redis Cluster sees one slot
//! only, and the limits of a decision (phone, address, prefix, country, spend) have no part in common that could be the tag.
//! What that costs: a cluster keeps all codes on one of its nodes, with replicas, and cannot spread them. One node decides
//! on some 20,000 codes a second, which is far above what providers take.

mod connection;
mod scripts;
mod url;

use std::time::Duration;

use ::redis::{Cmd, FromRedisValue, Value};
use async_trait::async_trait;

pub use url::{InvalidRedisUrl, RedisUrl};

use self::connection::{Connection, Live};
use self::scripts::Script;
use super::{Admission, OtpStore};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::otp::challenge::{
    Attempt, AttemptRequest, Decision, HeldChallenge, HeldRequest, IssueRequest, StepRequest, Verdict,
    instant, microseconds,
};
use crate::otp::keys::{Digest, KeyId};
use crate::otp::limit::{Charge, Standing};
use crate::otp::policy::Resend;

/// What all keys begin with: the hash tag of Redis Cluster.
const TAG: &str = "{quickcart}:";
/// Exists as long as Redis has not lost its data.
const MARKER: &str = "{quickcart}:marker";
/// What stands for no nonce and no terms.
const NONE: Digest = [0; 16];

/// Keeps challenges and limits in Redis.
///
/// - Away, slow, full or failing over: [`StoreError::Unavailable`], within [`TIME_MAX`](Self::TIME_MAX) for connecting and as
///   much again for the step, and the connection comes back by itself.
/// - Pending codes belong to one run of the Redis process: after a restart or a failover they are void, because a snapshot
///   or a replica may hold codes that were used since. So no code is accepted twice.
/// - Limits are as durable as Redis is: give it an append-only file, and to a sentinel's master
///   [replicas to wait for](RedisUrl). When all data is gone, an error is logged.
/// - Codes of authenticators are refused for ten minutes after a restart, a failover or a loss of data, because those that
///   were used before still work so long.
/// - Evicting keys would hand out limits again: a server with `maxmemory` and a policy other than `noeviction` is refused.
/// - The time is the caller's; servers that share a Redis keep their clocks together (NTP).
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use quickcart_core::otp::store::RedisOtpStore;
///
/// let store = RedisOtpStore::new("redis://127.0.0.1:6379".parse()?);
/// store.connect().await?;
/// # Ok(()) }
/// ```
pub struct RedisOtpStore {
    connection: Connection,
}

impl RedisOtpStore {
    /// How long one step may take, and how long connecting may.
    pub const TIME_MAX: Duration = Duration::from_secs(1);

    /// A store that connects when it is first used.
    #[must_use]
    pub fn new(url: RedisUrl) -> Self {
        Self { connection: Connection::new(url) }
    }

    /// Connects now, to find out early whether that works.
    ///
    /// # Errors
    /// [`StoreError`], with the reason as its source.
    pub async fn connect(&self) -> Result<(), StoreError> {
        self.connection.live().await.map(|_| ())
    }

    async fn decide(&self, request: &IssueRequest, keep: bool) -> Result<Decision, StoreError> {
        let answer: Vec<Value> = self.connection.run(|live| issue(live, request, keep)).await?;
        decision(request, &answer).ok_or_else(|| unreadable(&answer))
    }
}

#[async_trait]
impl OtpStore for RedisOtpStore {
    async fn issue(&self, request: &IssueRequest) -> Result<Decision, StoreError> {
        self.decide(request, true).await
    }

    async fn preview(&self, request: &IssueRequest) -> Result<Decision, StoreError> {
        self.decide(request, false).await
    }

    async fn withdraw(
        &self,
        request: &IssueRequest,
        challenge_id: Digest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.connection.run(|live| withdraw(live, request, &challenge_id, now)).await
    }

    async fn attempt(&self, request: &AttemptRequest) -> Result<Attempt, StoreError> {
        let answer: i64 = self.connection.run(|live| attempt(live, request)).await?;
        judged(answer, 0).ok_or_else(|| unreadable(&answer))
    }

    async fn take_step(&self, request: &StepRequest) -> Result<Attempt, StoreError> {
        let answer: (i64, i64) = self.connection.run(|live| take_step(live, request)).await?;
        if answer.0 == scripts::STEP_TOO_EARLY {
            let text = "Redis has restarted or lost data, and codes of authenticators from before still work";
            return Err(StoreError::unavailable(text));
        }
        judged(answer.0, answer.1).ok_or_else(|| unreadable(&answer))
    }

    async fn admit(&self, charges: &[Charge], now: Timestamp) -> Result<Admission, StoreError> {
        let answer: Vec<i64> = self.connection.run(|live| admit(live, charges, now)).await?;
        let [verdict, until_us, charge, kept @ ..] = answer.as_slice() else {
            return Err(unreadable(&answer));
        };
        let limited = match *verdict {
            scripts::ISSUED => None,
            _ => Some((usize::try_from(*charge).unwrap_or_default(), instant(*until_us))),
        };
        Ok(Admission { limited, standings: standings(charges, kept.iter().copied()) })
    }

    async fn hold(
        &self,
        subject: Digest,
        challenge_id: Digest,
        holder: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ask = |live: &Live| {
            let mut command = live.script(Script::Hold, 2);
            command.arg(&key(b'o', &subject)).arg(&key(b'h', &subject)).arg(now.as_microsecond());
            command.arg(live.run()).arg(&challenge_id).arg(holder);
            command
        };
        self.connection.run(ask).await
    }

    async fn accept_held(&self, request: &HeldRequest) -> Result<Attempt, StoreError> {
        let answer: i64 = self.connection.run(|live| accept_held(live, request)).await?;
        judged(answer, 0).ok_or_else(|| unreadable(&answer))
    }

    async fn held(&self, subject: Digest, now: Timestamp) -> Result<Option<HeldChallenge>, StoreError> {
        let ask = |live: &Live| {
            let mut command = live.script(Script::Held, 2);
            command.arg(&key(b'o', &subject)).arg(&key(b'h', &subject)).arg(now.as_microsecond());
            command.arg(live.run());
            command
        };
        let answer: Vec<Value> = self.connection.run(ask).await?;
        if answer.is_empty() {
            return Ok(None);
        }
        held(&answer).map(Some).ok_or_else(|| unreadable(&"a holder in another form"))
    }

    async fn expires_at(&self, subject: Digest, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let ask = |live: &Live| {
            let mut command = live.script(Script::ExpiresAt, 1);
            command.arg(&key(b'o', &subject)).arg(now.as_microsecond()).arg(live.run());
            command
        };
        let expires_us: i64 = self.connection.run(ask).await?;
        Ok((expires_us > 0).then(|| instant(expires_us)))
    }
}

fn issue(live: &Live, request: &IssueRequest, keep: bool) -> Cmd {
    let IssueRequest { subject, challenge, policy, charges, watch, idempotency, now } = request;
    let mut command = live.script(Script::Issue, 5 + charges.len());
    command.arg(MARKER).arg(&key(b'o', subject));
    match idempotency {
        Some(digest) => command.arg(&key(b'i', digest)),
        None => command.arg(MARKER),
    };
    match watch {
        Some(watch) => command.arg(&key(b'p', &watch.prefix)).arg(&key(b'v', subject)),
        None => command.arg(MARKER).arg(MARKER),
    };
    charge_keys(&mut command, charges);
    command.arg(u8::from(keep)).arg(now.as_microsecond()).arg(live.run()).arg(challenge.key_id);
    command.arg(&challenge.id).arg(&challenge.answer).arg(&challenge.nonce.unwrap_or(NONE));
    command.arg(&challenge.terms).arg(challenge.expires_at.as_microsecond());
    match policy.resend() {
        Resend::Repeat => command.arg(microseconds(policy.ttl()) / 2),
        Resend::Replace => command.arg(""),
    };
    for sends in 1..=4 {
        command.arg(microseconds(policy.cooldown(sends)));
    }
    match watch {
        Some(watch) => command.arg(watch.number),
        None => command.arg(""),
    };
    command.arg(u8::from(idempotency.is_some()));
    charge_arguments(&mut command, charges);
    command
}

fn withdraw(live: &Live, request: &IssueRequest, challenge_id: &Digest, now: Timestamp) -> Cmd {
    let IssueRequest { subject, challenge, charges, watch, idempotency, now: granted, .. } = request;
    let mut command = live.script(Script::Withdraw, 4 + charges.len());
    command.arg(&key(b'o', subject));
    match idempotency {
        Some(digest) => command.arg(&key(b'i', digest)),
        None => command.arg(&key(b'o', subject)),
    };
    match watch {
        Some(watch) => command.arg(&key(b'p', &watch.prefix)).arg(&key(b'v', subject)),
        None => command.arg(&key(b'o', subject)).arg(&key(b'o', subject)),
    };
    charge_keys(&mut command, charges);
    command.arg(granted.as_microsecond()).arg(live.run()).arg(challenge_id);
    command.arg(u8::from(challenge.id == *challenge_id));
    command.arg(u8::from(watch.is_some())).arg(u8::from(idempotency.is_some()));
    for charge in charges {
        command.arg(charge.still_taken_us(now));
    }
    command
}

fn attempt(live: &Live, request: &AttemptRequest) -> Cmd {
    let AttemptRequest { subject, guess, policy, watch, now } = request;
    let mut command = live.script(Script::Attempt, 4);
    command.arg(MARKER).arg(&key(b'o', subject));
    match watch {
        Some(watch) => command.arg(&key(b'p', &watch.prefix)).arg(&key(b'v', subject)),
        None => command.arg(&key(b'o', subject)).arg(&key(b'o', subject)),
    };
    // A double holds microseconds exactly until 2255.
    let mut packed = (now.as_microsecond() as f64).to_be_bytes().to_vec();
    packed.extend_from_slice(live.run());
    packed.extend_from_slice(&guess.nonce.unwrap_or(NONE));
    packed.extend([policy.attempts_max(), u8::from(watch.is_some())]);
    for (key_id, answer) in guess.answers.iter().flatten() {
        packed.push(*key_id);
        packed.extend_from_slice(answer);
    }
    command.arg(packed);
    command
}

fn accept_held(live: &Live, request: &HeldRequest) -> Cmd {
    let HeldRequest { subject, challenge_id, watch, now } = request;
    let mut command = live.script(Script::AcceptHeld, 4);
    command.arg(&key(b'h', subject)).arg(&key(b'o', subject));
    match watch {
        Some(watch) => command.arg(&key(b'p', &watch.prefix)).arg(&key(b'v', subject)),
        None => command.arg(&key(b'o', subject)).arg(&key(b'o', subject)),
    };
    command.arg(now.as_microsecond()).arg(live.run()).arg(challenge_id).arg("");
    command.arg(u8::from(watch.is_some()));
    command
}

fn take_step(live: &Live, request: &StepRequest) -> Cmd {
    let mut command = live.script(Script::TakeStep, 2);
    command.arg(MARKER).arg(&key(b'o', &request.subject)).arg(request.now.as_microsecond()).arg(live.run());
    match request.step {
        Some(step) => command.arg(step),
        None => command.arg(""),
    };
    command.arg(request.policy.attempts_max());
    command
}

fn admit(live: &Live, charges: &[Charge], now: Timestamp) -> Cmd {
    let mut command = live.script(Script::Admit, 1 + charges.len());
    command.arg(MARKER);
    charge_keys(&mut command, charges);
    command.arg(now.as_microsecond()).arg(live.run());
    charge_arguments(&mut command, charges);
    command
}

fn charge_keys(command: &mut Cmd, charges: &[Charge]) {
    for charge in charges {
        command.arg(&key(b'l', &charge.key));
    }
}

fn charge_arguments(command: &mut Cmd, charges: &[Charge]) {
    for charge in charges {
        let quota_us = charge.unit_us() * i64::from(charge.rate.quota());
        command.arg(charge.from.as_microsecond()).arg(quota_us).arg(charge.cost_us());
    }
}

/// The kind of the entry, and its digest as it is.
fn key(kind: u8, digest: &Digest) -> [u8; TAG.len() + 18] {
    let mut key = [0; TAG.len() + 18];
    key[..TAG.len()].copy_from_slice(TAG.as_bytes());
    key[TAG.len()..TAG.len() + 2].copy_from_slice(&[kind, b':']);
    key[TAG.len() + 2..].copy_from_slice(digest);
    key
}

fn decision(request: &IssueRequest, answer: &[Value]) -> Option<Decision> {
    let [verdict, until_us, charge, key_id, challenge_id, kept @ ..] = answer else { return None };
    let int = |value: &Value| i64::from_redis_value(value.clone()).ok();
    let until = instant(int(until_us)?);
    let digest = || Vec::<u8>::from_redis_value(challenge_id.clone()).ok()?.try_into().ok();
    let key_id = int(key_id)?.try_into().ok()?;
    let verdict = match int(verdict)? {
        scripts::ISSUED => Verdict::Issued { challenge_id: digest()?, key_id, expires_at: until },
        scripts::REPLAYED => Verdict::Replayed { challenge_id: digest()?, key_id, expires_at: until },
        scripts::REUSED => Verdict::KeyReused,
        scripts::LOCKED => Verdict::Locked { until },
        scripts::COOLING_DOWN => Verdict::CoolingDown { until },
        scripts::LIMITED => Verdict::Limited { charge: int(charge)?.try_into().ok()?, until },
        scripts::SUSPECTED => Verdict::Suspected { until },
        _ => return None,
    };
    Some(Decision { verdict, standings: standings(&request.charges, kept.iter().filter_map(int)) })
}

fn standings(charges: &[Charge], kept: impl Iterator<Item = i64>) -> Vec<Standing> {
    charges.iter().zip(kept).map(|(charge, full_us)| charge.standing(full_us)).collect()
}

fn judged(answer: i64, until_us: i64) -> Option<Attempt> {
    match answer {
        scripts::ACCEPTED => Some(Attempt::Accepted),
        scripts::WRONG => Some(Attempt::Wrong),
        scripts::NOT_FOUND => Some(Attempt::NotFound),
        scripts::STEP_LOCKED => Some(Attempt::Locked(instant(until_us))),
        _ => None,
    }
}

fn held(answer: &[Value]) -> Option<HeldChallenge> {
    let [id, key_id, nonce, holder] = answer else { return None };
    let digest = |value: &Value| Digest::try_from(Vec::<u8>::from_redis_value(value.clone()).ok()?).ok();
    Some(HeldChallenge {
        id: digest(id)?,
        key_id: KeyId::from_redis_value(key_id.clone()).ok()?,
        nonce: digest(nonce).filter(|nonce| *nonce != NONE),
        holder: String::from_redis_value(holder.clone()).ok()?,
    })
}

fn unreadable(answer: &impl std::fmt::Debug) -> StoreError {
    StoreError::internal(format!("a script answered {answer:?}"))
}
