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
    Attempt, AttemptRequest, Decision, IssueRequest, Replay, StepRequest, Subject, Verdict, instant,
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

        let replay = limits.as_ref().and_then(|limits| limits.replay(request));
        let mut subject = subjects.get(&request.subject).map(Row::subject).unwrap_or_default();
        let mut verdict = replay.unwrap_or_else(|| subject.issue(request));
        let taken = match (verdict, &limits) {
            (Verdict::Issued { .. }, Some(limits)) => limits.taken(&request.charges),
            _ => Ok(Vec::new()),
        };
        if let Err((charge, until)) = taken {
            verdict = Verdict::Limited { charge, until };
        }
        let mut prefix = None;
        if let (Verdict::Issued { .. }, Some(limits), Some(watch)) = (verdict, &limits, &request.watch) {
            let mut watched = limits.prefixes.get(&watch.prefix).copied().unwrap_or_default();
            if !limits.is_verified(&request.subject, now_us) {
                if let Err(until_us) = watched.send(watch.number, now_us) {
                    verdict = Verdict::Suspected { until: instant(until_us) };
                }
                prefix = Some((watch.prefix, watched));
            }
        }
        if keep {
            if let (Some((key, watched)), Some(limits)) = (prefix, &mut limits) {
                limits.prefixes.put(key, watched, now_us)?;
            }
            if let Verdict::Issued { .. } = verdict {
                let room = limits.as_mut().is_none_or(|limits| limits.has_room(request, now_us));
                if !room {
                    return Err(full());
                }
                subjects.put(request.subject, Row::of(&subject), now_us)?;
                if let (Some(limits), Ok(taken)) = (&mut limits, taken) {
                    limits.keep(request, &subject, &taken, now_us)?;
                }
            }
        }
        let standings = limits.map_or_else(Vec::new, |limits| limits.standings(&request.charges));
        Ok(Decision { verdict, standings })
    }
}

#[async_trait]
impl OtpStore for MemoryOtpStore {
    async fn issue(&self, request: &IssueRequest) -> Result<Decision, StoreError> {
        self.decide(request, true)
    }

    async fn preview(&self, request: &IssueRequest) -> Result<Decision, StoreError> {
        self.decide(request, false)
    }

    async fn withdraw(&self, request: &IssueRequest, challenge_id: Digest) -> Result<(), StoreError> {
        let mut subjects = self.subjects(&request.subject);
        if let Some(row) = subjects.get_mut(&request.subject) {
            let mut subject = row.subject();
            subject.withdraw(request, challenge_id);
            *row = Row::of(&subject);
        }
        self.limits().give_back(request, challenge_id);
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
        let limited = match limits.taken(charges) {
            Err(limited) => Some(limited),
            Ok(taken) => {
                if !limits.full_us.has_room(charges.len(), now.as_microsecond()) {
                    return Err(full());
                }
                limits.take(charges, &taken, now.as_microsecond())?;
                None
            }
        };
        Ok(Admission { limited, standings: limits.standings(charges) })
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

    /// What each key would hold after the charges; else the first that does not fit, and when it does.
    fn taken(&self, charges: &[Charge]) -> Result<Vec<i64>, (usize, Timestamp)> {
        let take = |(index, charge): (usize, &Charge)| {
            let full_us = self.full_us.get(&charge.key).copied().unwrap_or_default();
            charge.take(full_us).map_err(|fits_from| (index, instant(fits_from)))
        };
        charges.iter().enumerate().map(take).collect()
    }

    fn take(&mut self, charges: &[Charge], taken: &[i64], now_us: i64) -> Result<(), StoreError> {
        charges.iter().zip(taken).try_for_each(|(charge, full)| self.full_us.put(charge.key, *full, now_us))
    }

    fn has_room(&mut self, request: &IssueRequest, now_us: i64) -> bool {
        self.full_us.has_room(request.charges.len(), now_us)
            && (request.idempotency.is_none() || self.replays.has_room(1, now_us))
    }

    fn keep(
        &mut self,
        request: &IssueRequest,
        subject: &Subject,
        taken: &[i64],
        now_us: i64,
    ) -> Result<(), StoreError> {
        self.take(&request.charges, taken, now_us)?;
        match (request.idempotency, subject.pending) {
            (Some(key), Some(challenge)) => {
                self.replays.put(key, Replay { subject: request.subject, challenge }, now_us)
            }
            _ => Ok(()),
        }
    }

    fn give_back(&mut self, request: &IssueRequest, challenge_id: Digest) {
        for charge in &request.charges {
            if let Some(full_us) = self.full_us.get_mut(&charge.key) {
                *full_us -= charge.cost_us();
            }
        }
        if let Some(key) = request.idempotency
            && self.replays.get(&key).is_some_and(|replay| replay.challenge.id == challenge_id)
        {
            self.replays.remove(&key);
        }
    }

    fn standings(&self, charges: &[Charge]) -> Vec<Standing> {
        let standing =
            |charge: &Charge| charge.standing(self.full_us.get(&charge.key).copied().unwrap_or_default());
        charges.iter().map(standing).collect()
    }

    fn is_verified(&self, subject: &Digest, now_us: i64) -> bool {
        self.verified_us.get(subject).is_some_and(|until_us| now_us < *until_us)
    }

    /// Notes that a code was shown. Without room it is not noted, which errs on the side of caution.
    fn shown(&mut self, subject: Digest, watch: &Watch, now_us: i64) {
        let _ = self.verified_us.put(subject, now_us + VERIFIED_US, now_us);
        if let Some(prefix) = self.prefixes.get_mut(&watch.prefix) {
            prefix.shown(now_us);
        }
    }
}

impl Ends for Prefix {
    fn ends_at_us(&self, now_us: i64) -> i64 {
        if self.is_forgotten(now_us) { now_us } else { i64::MAX }
    }
}

impl Ends for Replay {
    fn ends_at_us(&self, _now_us: i64) -> i64 {
        self.challenge.expires_at.as_microsecond()
    }
}
