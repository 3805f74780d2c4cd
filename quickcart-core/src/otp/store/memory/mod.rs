//! Challenges and limits in the memory of one process: bounded, expiring, sharded by subject.

mod row;
mod table;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::row::Row;
use self::table::{Ends, Table, full};
use super::{Admission, OtpStore};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::otp::challenge::{
    Attempt, AttemptRequest, Challenge, Decision, HeldChallenge, HeldRequest, IssueRequest, Replay,
    StepRequest, Subject, Verdict, instant,
};
use crate::otp::keys::Digest;
use crate::otp::limit::{Charge, Standing};
use crate::otp::pumping::{Prefix, VERIFIED_US, Watch};

const SHARDS: usize = 64;

/// Keeps everything in memory. It ends with the process, and other processes do not see it.
///
/// A request locks the shard of its subject, and inside it the table of limits when it takes from any: so a decision on
/// both is one step, and requests without limits meet only in their shard.
pub struct MemoryOtpStore {
    subjects: Vec<Mutex<Table<Row>>>,
    limits: Mutex<Limits>,
}

struct Limits {
    /// When each quota is whole again, in microseconds.
    full_us: Table<i64>,
    prefixes: Table<Prefix>,
    /// Until when a subject counts as verified, in microseconds.
    verified_us: Table<i64>,
    replays: Table<Replay>,
    holders: Table<Holder>,
}

/// Who holds the code of a challenge.
struct Holder {
    challenge_id: Digest,
    name: String,
    ends_us: i64,
}

impl MemoryOtpStore {
    /// Room for about `capacity` subjects at once, and four times as many limits; past that, new ones are refused until
    /// old ones expire, because forgetting one would hand out its limit again.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let shard = || Mutex::new(Table::with_capacity(capacity.div_ceil(SHARDS)));
        let limits = Limits {
            full_us: Table::with_capacity(capacity.saturating_mul(4)),
            prefixes: Table::with_capacity(capacity),
            verified_us: Table::with_capacity(capacity),
            replays: Table::with_capacity(capacity),
            holders: Table::with_capacity(capacity),
        };
        Self { subjects: (0..SHARDS).map(|_| shard()).collect(), limits: Mutex::new(limits) }
    }

    fn subjects(&self, subject: &Digest) -> MutexGuard<'_, Table<Row>> {
        // The key is a keyed digest, so its first byte spreads evenly and cannot be aimed at.
        self.subjects[usize::from(subject[0]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide(&self, request: &IssueRequest, keep: bool) -> Result<Decision, StoreError> {
        let mut subjects = self.subjects(&request.subject);
        let limited = !request.charges.is_empty() || request.watch.is_some() || request.idempotency.is_some();
        let mut limits = limited.then(|| self.limits());
        let now_us = request.now.as_microsecond();
        let row = subjects.get(&request.subject);
        let plan = Plan::of(request, row.map(Row::subject).unwrap_or_default(), limits.as_deref());
        let is_kept = keep && matches!(plan.verdict, Verdict::Issued { .. });
        if is_kept {
            if limits.as_mut().is_some_and(|limits| !limits.has_room(request, now_us)) {
                return Err(full());
            }
            subjects.put(request.subject, Row::of(&plan.subject), now_us)?;
        }
        if let (Some(limits), true) = (&mut limits, keep) {
            limits.keep(request, &plan, is_kept)?;
        }
        let full_us = if is_kept { &plan.after_us } else { &plan.before_us };
        Ok(Decision { verdict: plan.verdict, standings: standings(&request.charges, full_us) })
    }
}

/// What a request would get, and what would be kept then.
struct Plan {
    verdict: Verdict,
    subject: Subject,
    prefix: Option<Prefix>,
    /// When the quota of each charge is whole again, without the charge and with it.
    before_us: Vec<i64>,
    after_us: Vec<i64>,
}

impl Plan {
    fn of(request: &IssueRequest, mut subject: Subject, limits: Option<&Limits>) -> Self {
        let before_us = limits.map_or_else(Vec::new, |limits| limits.full_us(&request.charges));
        let replay = limits.and_then(|limits| limits.replay(request));
        let mut verdict = replay.unwrap_or_else(|| subject.issue(request));
        let (mut after_us, mut prefix) = (Vec::new(), None);
        if let (Verdict::Issued { .. }, Some(limits)) = (verdict, limits) {
            match take(&request.charges, &before_us) {
                Err((charge, until)) => verdict = Verdict::Limited { charge, until },
                Ok(taken) => {
                    after_us = taken;
                    let watched = limits.send(request);
                    prefix = watched.map(|(prefix, _)| prefix);
                    if let Some((_, Err(until_us))) = watched {
                        verdict = Verdict::Suspected { until: instant(until_us) };
                    }
                }
            }
        }
        Self { verdict, subject, prefix, before_us, after_us }
    }
}

/// What is kept for each charge when all are taken; else the first that does not fit, and when it does.
fn take(charges: &[Charge], full_us: &[i64]) -> Result<Vec<i64>, (usize, Timestamp)> {
    let mut after_us = Vec::with_capacity(charges.len());
    for (index, (charge, full_us)) in charges.iter().zip(full_us).enumerate() {
        after_us.push(charge.take(*full_us).map_err(|fits_from| (index, instant(fits_from)))?);
    }
    Ok(after_us)
}

fn standings(charges: &[Charge], full_us: &[i64]) -> Vec<Standing> {
    charges.iter().zip(full_us).map(|(charge, full_us)| charge.standing(*full_us)).collect()
}

#[async_trait]
impl OtpStore for MemoryOtpStore {
    async fn issue(&self, request: &IssueRequest) -> Result<Decision, StoreError> {
        self.decide(request, true)
    }

    async fn preview(&self, request: &IssueRequest) -> Result<Decision, StoreError> {
        self.decide(request, false)
    }

    async fn withdraw(
        &self,
        request: &IssueRequest,
        challenge_id: Digest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut subjects = self.subjects(&request.subject);
        if let Some(row) = subjects.get_mut(&request.subject) {
            let mut subject = row.subject();
            subject.withdraw(request, challenge_id);
            *row = Row::of(&subject);
        }
        self.limits().give_back(request, challenge_id, now);
        Ok(())
    }

    async fn attempt(&self, request: &AttemptRequest) -> Result<Attempt, StoreError> {
        let mut subjects = self.subjects(&request.subject);
        let Some(row) = subjects.get_mut(&request.subject) else { return Ok(Attempt::NotFound) };
        let mut subject = row.subject();
        let attempt = subject.attempt(request);
        *row = Row::of(&subject);
        if attempt == Attempt::Accepted {
            let now_us = request.now.as_microsecond();
            if subject.forget_at_us() <= now_us {
                subjects.remove(&request.subject);
            }
            if let Some(watch) = &request.watch {
                self.limits().shown(request.subject, watch, now_us);
            }
        }
        Ok(attempt)
    }

    async fn take_step(&self, request: &StepRequest) -> Result<Attempt, StoreError> {
        let mut subjects = self.subjects(&request.subject);
        let mut subject = subjects.get(&request.subject).map(Row::subject).unwrap_or_default();
        let attempt = subject.take_step(request);
        subjects.put(request.subject, Row::of(&subject), request.now.as_microsecond())?;
        Ok(attempt)
    }

    async fn admit(&self, charges: &[Charge], now: Timestamp) -> Result<Admission, StoreError> {
        let mut limits = self.limits();
        let before_us = limits.full_us(charges);
        match take(charges, &before_us) {
            Err(limited) => {
                Ok(Admission { limited: Some(limited), standings: standings(charges, &before_us) })
            }
            Ok(_) if !limits.full_us.has_room(charges.len(), now.as_microsecond()) => Err(full()),
            Ok(after_us) => {
                limits.charge(charges, &after_us);
                Ok(Admission { limited: None, standings: standings(charges, &after_us) })
            }
        }
    }

    async fn hold(
        &self,
        subject: Digest,
        challenge_id: Digest,
        holder: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let subjects = self.subjects(&subject);
        let mut limits = self.limits();
        match subjects.get(&subject).and_then(|row| row.subject().pending) {
            Some(pending) if pending.id == challenge_id && !holder.is_empty() => {
                let ends_us = pending.expires_at.as_microsecond();
                let holder = Holder { challenge_id, name: holder.to_owned(), ends_us };
                limits.holders.put(subject, holder, now.as_microsecond())
            }
            Some(pending) if pending.id == challenge_id => {
                limits.holders.remove(&subject);
                Ok(())
            }
            // Another one took its place: whoever holds that one goes on holding it.
            _ => Ok(()),
        }
    }

    async fn accept_held(&self, request: &HeldRequest) -> Result<Attempt, StoreError> {
        let HeldRequest { subject: key, challenge_id, watch, now } = request;
        let (now_us, mut subjects) = (now.as_microsecond(), self.subjects(key));
        let mut limits = self.limits();
        let holder = limits.holders.get(key);
        if !holder.is_some_and(|holder| holder.challenge_id == *challenge_id && now_us < holder.ends_us) {
            return Ok(Attempt::NotFound);
        }
        limits.holders.remove(key);
        if let Some(row) = subjects.get_mut(key) {
            let mut subject = row.subject();
            subject.accept();
            *row = Row::of(&subject);
            if subject.forget_at_us() <= now_us {
                subjects.remove(key);
            }
        }
        if let Some(watch) = watch {
            limits.shown(*key, watch, now_us);
        }
        Ok(Attempt::Accepted)
    }

    async fn held(&self, subject: Digest, now: Timestamp) -> Result<Option<HeldChallenge>, StoreError> {
        let subjects = self.subjects(&subject);
        let pending = subjects.get(&subject).and_then(|row| row.subject().pending);
        let pending = pending.filter(|pending| now < pending.expires_at);
        let limits = self.limits();
        Ok(pending.and_then(|Challenge { id, key_id, nonce, .. }| {
            let holder = limits.holders.get(&subject).filter(|holder| holder.challenge_id == id)?;
            Some(HeldChallenge { id, key_id, nonce, holder: holder.name.clone() })
        }))
    }

    async fn expires_at(&self, subject: Digest, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let subjects = self.subjects(&subject);
        let pending = subjects.get(&subject).and_then(|row| row.subject().pending);
        Ok(pending.map(|pending| pending.expires_at).filter(|at| now < *at))
    }
}

impl Limits {
    fn replay(&self, request: &IssueRequest) -> Option<Verdict> {
        self.replays.get(request.idempotency.as_ref()?)?.verdict(request)
    }

    /// When the quota of each charge is whole again.
    fn full_us(&self, charges: &[Charge]) -> Vec<i64> {
        charges.iter().map(|charge| self.full_us.get(&charge.key).copied().unwrap_or_default()).collect()
    }

    /// What becomes of the prefix that a request is watched for, and whether a message may go there.
    fn send(&self, request: &IssueRequest) -> Option<(Prefix, Result<(), i64>)> {
        let (watch, now_us) = (request.watch?, request.now.as_microsecond());
        if self.is_verified(&request.subject, now_us) {
            return None;
        }
        let mut prefix = self.prefixes.get(&watch.prefix).copied().unwrap_or_default();
        let sent = prefix.send(watch.number, now_us);
        Some((prefix, sent))
    }

    fn has_room(&mut self, request: &IssueRequest, now_us: i64) -> bool {
        self.full_us.has_room(request.charges.len(), now_us)
            && (request.idempotency.is_none() || self.replays.has_room(1, now_us))
            && (request.watch.is_none() || self.prefixes.has_room(1, now_us))
    }

    /// Keeps what was planned: of a request that is refused, only that its prefix was closed.
    fn keep(&mut self, request: &IssueRequest, plan: &Plan, is_granted: bool) -> Result<(), StoreError> {
        if let (Some(prefix), Some(watch)) = (plan.prefix, request.watch) {
            self.prefixes.put(watch.prefix, prefix, request.now.as_microsecond())?;
        }
        if is_granted {
            self.charge(&request.charges, &plan.after_us);
            if let (Some(key), Some(challenge)) = (request.idempotency, plan.subject.pending) {
                self.replays.fill(key, Replay { subject: request.subject, challenge });
            }
        }
        Ok(())
    }

    /// Keeps charges for which there is room.
    fn charge(&mut self, charges: &[Charge], after_us: &[i64]) {
        for (charge, after_us) in charges.iter().zip(after_us) {
            self.full_us.fill(charge.key, *after_us);
        }
    }

    fn give_back(&mut self, request: &IssueRequest, challenge_id: Digest, now: Timestamp) {
        for charge in &request.charges {
            if let Some(full_us) = self.full_us.get_mut(&charge.key) {
                *full_us -= charge.still_taken_us(now);
            }
        }
        let now_us = request.now.as_microsecond();
        if let Some(watch) = request.watch.filter(|_| !self.is_verified(&request.subject, now_us))
            && let Some(prefix) = self.prefixes.get_mut(&watch.prefix)
        {
            prefix.withdraw();
        }
        if let Some(key) = request.idempotency
            && self.replays.get(&key).is_some_and(|replay| replay.challenge.id == challenge_id)
        {
            self.replays.remove(&key);
        }
    }

    fn is_verified(&self, subject: &Digest, now_us: i64) -> bool {
        self.verified_us.get(subject).is_some_and(|until_us| now_us < *until_us)
    }

    /// Notes that a code was shown. Without room it is not noted, which errs on the side of caution.
    fn shown(&mut self, subject: Digest, watch: &Watch, now_us: i64) {
        // Messages to who was verified before were not counted, so their codes are not, either.
        let counts = !self.is_verified(&subject, now_us);
        let _ = self.verified_us.put(subject, now_us + VERIFIED_US, now_us);
        if let Some(prefix) = self.prefixes.get_mut(&watch.prefix).filter(|_| counts) {
            prefix.shown(now_us);
        }
    }
}

impl Ends for Prefix {
    fn ends_at_us(&self, now_us: i64) -> i64 {
        if self.is_forgotten(now_us) { now_us } else { i64::MAX }
    }
}

impl Ends for Holder {
    fn ends_at_us(&self, _now_us: i64) -> i64 {
        self.ends_us
    }
}

impl Ends for Replay {
    fn ends_at_us(&self, _now_us: i64) -> i64 {
        self.challenge.expires_at.as_microsecond()
    }
}
