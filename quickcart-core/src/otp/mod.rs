//! One-time codes: issued, sent, and accepted once.
//!
//! [`Otp`] issues a code for a [`Binding`] and verifies it; [`PhoneVerification`] also decides whether a number may get one,
//! and sends it; [`EmailVerification`] does so for mailboxes; [`Totp`] checks an authenticator's codes, which are stronger than any message. A store holds a random
//! challenge and keyed digests, from which nobody tells a code without the key.
//!
//! A code is uniform digits from `HMAC(key, challenge, purpose, subject, nonce, transaction)`. So it can be sent once more,
//! by this provider or another, although it is kept nowhere.

mod challenge;
mod code;
mod email_verification;
mod error;
mod explain;
mod guesses;
mod keys;
mod limit;
mod limits;
mod network;
mod phone_verification;
mod policy;
mod pumping;
mod recovery;
mod review;
pub mod store;
mod telemetry;
mod totp;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

pub use challenge::{
    Attempt, AttemptRequest, Challenge, Decision, Guess, HeldChallenge, HeldRequest, IssueRequest,
    StepRequest, Verdict,
};
pub use code::{Code, InvalidFixedCode, Nonce};
pub use email_verification::EmailVerification;
pub use error::OtpError;
pub use explain::{Explanation, LimitStanding};
pub use guesses::Guesses;
pub use keys::{Digest, KeyId, KeyRing};
pub use limit::{Charge, InvalidRate, Rate, Standing};
pub use limits::Limits;
pub use network::network;
pub use phone_verification::{CodeRequest, PhoneVerification, Started};
pub use policy::{InvalidPolicy, Policy, Resend};
pub use pumping::Watch;
pub use recovery::{DamagedRecoveryCodes, InvalidRecoveryCount, RecoveryCodes};
pub use review::ReviewNumber;
pub use store::{Admission, OtpStore};
pub use totp::{InvalidTotp, InvalidTotpSecret, Totp, TotpAlgorithm, TotpSecret};

use crate::clock::{Clock, Timestamp};
use crate::messaging::{Failure, SendError};

/// What a code is good for. A code issued for one binding opens no other. `Debug` shows the purpose only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// What the code allows, such as `smart-cart.sign-in`.
    pub purpose: &'a str,
    /// Whom it proves, such as a phone number in E.164 form.
    pub subject: &'a str,
    /// What else the client must show, such as the value of a cookie.
    pub nonce: Option<&'a str>,
    /// What the code agrees to, such as an order and its amount.
    pub transaction: Option<&'a str>,
}

impl<'a> Binding<'a> {
    /// A purpose and a subject, and nothing else.
    #[must_use]
    pub const fn new(purpose: &'a str, subject: &'a str) -> Self {
        Self { purpose, subject, nonce: None, transaction: None }
    }

    fn parts(&self) -> [&'a [u8]; 4] {
        let bytes = |text: Option<&'a str>| text.unwrap_or_default().as_bytes();
        [self.purpose.as_bytes(), self.subject.as_bytes(), bytes(self.nonce), bytes(self.transaction)]
    }
}

impl fmt::Debug for Binding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// What else decides on a code. The default is nothing.
#[derive(Clone, Debug, Default)]
pub struct Conditions<'a> {
    /// The limits to take from. Their keys differ.
    pub charges: Vec<Charge>,
    /// What to watch for pumping.
    pub watch: Option<Watch>,
    /// A request under the same key for the same purpose gets the same code, and sends nothing.
    pub idempotency_key: Option<Cow<'a, str>>,
    /// A code of one's own choice instead of a derived one.
    pub code: Option<Code>,
}

/// A code, just issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The code, to be sent.
    pub code: Code,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// Whether it was issued before under the same idempotency key, and is not to be sent again.
    pub is_replay: bool,
    /// How the limits of the conditions stand now, in their order.
    pub limits: Vec<LimitStanding>,
}

/// A code, and what has to be known to take it back.
struct Grant {
    issued: Issued,
    request: IssueRequest,
    challenge_id: Digest,
}

impl Grant {
    /// Whether an older challenge is repeated.
    fn is_older(&self) -> bool {
        self.challenge_id != self.request.challenge.id
    }
}

/// Issues and verifies codes.
///
/// ```
/// use quickcart_core::clock::SystemClock;
/// use quickcart_core::otp::{Binding, KeyRing, Otp, Policy, store::MemoryOtpStore};
/// use quickcart_core::secret::SecretKey;
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), quickcart_core::otp::OtpError> {
/// let otp = Otp::new(
///     Arc::new(MemoryOtpStore::with_capacity(10_000)),
///     KeyRing::new(&SecretKey::random()),
///     Policy::default(),
///     Arc::new(SystemClock),
/// );
/// let order = Binding { transaction: Some("order 42, 199.00 INR"), ..Binding::new("checkout", "+919876543210") };
/// let issued = otp.issue(order).await?;
/// let dearer = Binding { transaction: Some("order 42, 999.00 INR"), ..order };
/// assert!(otp.verify(dearer, issued.code.as_str()).await.is_err(), "it agrees to one amount only");
/// otp.verify(order, issued.code.as_str()).await?;
/// assert!(otp.verify(order, issued.code.as_str()).await.is_err(), "a code works once");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Otp {
    store: Arc<dyn OtpStore>,
    keys: KeyRing,
    policy: Policy,
    clock: Arc<dyn Clock>,
}

impl Otp {
    /// An engine that keeps its challenges in `store`; servers that share the store share the keys.
    pub fn new(store: Arc<dyn OtpStore>, keys: KeyRing, policy: Policy, clock: Arc<dyn Clock>) -> Self {
        Self { store, keys, policy, clock }
    }

    /// The same engine with other rules.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The rules of codes.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Issues a code, or repeats the pending one, as the policy's [`Resend`] says. Wrong guesses count on.
    ///
    /// # Errors
    /// [`OtpError::Locked`] after too many wrong codes; [`OtpError::CoolingDown`] right after another code;
    /// [`OtpError::Store`] when the challenge could not be kept.
    pub async fn issue(&self, binding: Binding<'_>) -> Result<Issued, OtpError> {
        self.issue_under(binding, Conditions::default()).await
    }

    /// Issues a code if the conditions allow it, all in one step.
    ///
    /// # Errors
    /// As [`issue`](Self::issue); [`OtpError::Limited`] and [`OtpError::Suspected`] when a condition does not hold;
    /// [`OtpError::KeyReused`].
    pub async fn issue_under(
        &self,
        binding: Binding<'_>,
        conditions: Conditions<'_>,
    ) -> Result<Issued, OtpError> {
        let is_chosen = conditions.code.is_some();
        let requested = self.request(self.subject(&binding), binding, conditions, self.clock.now())?;
        Ok(self.grant(binding, requested, is_chosen).await?.issued)
    }

    /// Takes back a code whose message never left.
    async fn withdraw(&self, grant: &Grant) -> Result<(), OtpError> {
        Ok(self.store.withdraw(&grant.request, grant.challenge_id, self.clock.now()).await?)
    }

    /// What was not sent is not counted, and can be asked for again at once. Should the store fail now, too, then only that does
    /// not happen. What may have been sent goes on being good, and a question that told something of the recipient is no free
    /// one.
    async fn not_sent(&self, grant: &Grant, error: SendError) -> OtpError {
        if error.failure != Failure::MaybeSent && !error.is_about_recipient() {
            let _ = self.withdraw(grant).await;
        }
        OtpError::NotSent(error)
    }

    /// Asks the store for what was [requested](Self::request).
    #[expect(clippy::manual_async_fn, reason = "the arguments of an async fn are in its future twice")]
    fn grant<'a>(
        &'a self,
        binding: Binding<'a>,
        (request, code): (IssueRequest, Code),
        is_chosen: bool,
    ) -> impl Future<Output = Result<Grant, OtpError>> + Send + use<'a> {
        async move {
            let decision = self.store.issue(&request).await?;
            let (challenge_id, key_id, expires_at, is_replay) = match decision.verdict {
                Verdict::Issued { challenge_id, key_id, expires_at } => {
                    (challenge_id, key_id, expires_at, false)
                }
                Verdict::Replayed { challenge_id, key_id, expires_at } => {
                    (challenge_id, key_id, expires_at, true)
                }
                refused => return Err(refusal(refused, &request)),
            };
            let is_older = challenge_id != request.challenge.id;
            let code =
                if is_older && !is_chosen { self.code(key_id, &challenge_id, &binding)? } else { code };
            let standings = request.charges.iter().zip(decision.standings);
            let limits = standings.map(|(charge, standing)| LimitStanding::new(charge, standing)).collect();
            let issued = Issued { code, expires_at, is_replay, limits };
            Ok(Grant { issued, request, challenge_id })
        }
    }

    /// What [`issue_under`](Self::issue_under) would decide now, without deciding it.
    ///
    /// # Errors
    /// [`OtpError::Store`] when the store does not answer.
    pub async fn preview(
        &self,
        binding: Binding<'_>,
        conditions: Conditions<'_>,
    ) -> Result<Decision, OtpError> {
        let (request, _) = self.request(self.subject(&binding), binding, conditions, self.clock.now())?;
        Ok(self.store.preview(&request).await?)
    }

    /// Accepts the code once.
    ///
    /// # Errors
    /// [`OtpError::WrongCode`] when there is a challenge and the code is not its own, which counts;
    /// [`OtpError::NotFound`] when there is none: never issued, expired, used, locked, or of another nonce.
    pub async fn verify(&self, binding: Binding<'_>, code: &str) -> Result<(), OtpError> {
        self.verify_watched(binding, code, None).await
    }

    /// As [`verify`](Self::verify), and notes for the watch that a code was shown.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_watched(
        &self,
        binding: Binding<'_>,
        code: &str,
        watch: Option<Watch>,
    ) -> impl Future<Output = Result<(), OtpError>> + Send + use<'_> {
        let guess =
            Guess { nonce: self.nonce(&binding), answers: self.keys.digests(&answer_parts(&binding, code)) };
        let request = AttemptRequest {
            subject: self.subject(&binding),
            guess,
            policy: self.policy,
            watch,
            now: self.clock.now(),
        };
        async move { self.outcome(self.store.attempt(&request).await?, request.now) }
    }

    /// Keeps who holds the code of what was granted; an empty text for nobody.
    async fn hold(&self, grant: &Grant, holder: &str) -> Result<(), OtpError> {
        let (subject, now) = (grant.request.subject, self.clock.now());
        Ok(self.store.hold(subject, grant.challenge_id, holder, now).await?)
    }

    /// The pending challenge, when somebody holds its code and the nonce is the right one.
    async fn held(&self, binding: &Binding<'_>) -> Result<Option<HeldChallenge>, OtpError> {
        let held = self.store.held(self.subject(binding), self.clock.now()).await?;
        Ok(held.filter(|held| held.nonce == self.nonce(binding)))
    }

    /// Counts a guess at a held code as a wrong one, before its holder is asked: so no more are asked than are counted.
    async fn count_guess(&self, binding: &Binding<'_>, held: &HeldChallenge) -> Result<(), OtpError> {
        // No code has this digest.
        let guess = Guess { nonce: held.nonce, answers: [Some((held.key_id, [0; 16])), None] };
        let (subject, now) = (self.subject(binding), self.clock.now());
        let request = AttemptRequest { subject, guess, policy: self.policy, watch: None, now };
        match self.store.attempt(&request).await? {
            Attempt::Wrong => Ok(()),
            _ => Err(OtpError::NotFound),
        }
    }

    /// The holder found the code right.
    async fn accept_held(
        &self,
        binding: &Binding<'_>,
        held: &HeldChallenge,
        watch: Option<Watch>,
    ) -> Result<(), OtpError> {
        let (subject, now) = (self.subject(binding), self.clock.now());
        let request = HeldRequest { subject, challenge_id: held.id, watch, now };
        self.outcome(self.store.accept_held(&request).await?, now)
    }

    /// Accepts the code of an authenticator once: `step` is the time step that it is of, if any, as
    /// `Totp::matching_step` finds it. Wrong codes count and lock as those of messages do.
    ///
    /// # Errors
    /// [`OtpError::WrongCode`]; [`OtpError::NotFound`] for a code that was accepted before; [`OtpError::Locked`].
    pub async fn verify_step(&self, binding: Binding<'_>, step: Option<u64>) -> Result<(), OtpError> {
        let now = self.clock.now();
        let request = StepRequest { subject: self.subject(&binding), step, policy: self.policy, now };
        self.outcome(self.store.take_step(&request).await?, now)
    }

    /// Takes charges for something that is no code, such as asking whether one is pending.
    ///
    /// # Errors
    /// [`OtpError::Limited`], and then nothing was taken.
    pub async fn admit(&self, charges: &[Charge]) -> Result<Vec<Standing>, OtpError> {
        let now = self.clock.now();
        let admission = self.store.admit(charges, now).await?;
        match admission.limited {
            None => Ok(admission.standings),
            Some((charge, until)) => Err(limited(charges[charge], until, now)),
        }
    }

    /// Takes one of what a network may do of something, such as putting questions: the limit of this `name`, if there is one.
    ///
    /// # Errors
    /// [`OtpError::Limited`] after too many; [`OtpError::Store`] when the store does not answer.
    pub async fn admit_network(
        &self,
        name: &'static str,
        rate: Option<Rate>,
        address: Option<IpAddr>,
    ) -> Result<(), OtpError> {
        let (Some(rate), Some(address)) = (rate, address) else { return Ok(()) };
        let key = self.name(&[name.as_bytes(), &network(address)]);
        self.admit(&[Charge::new(name, key, rate, self.now())]).await.map(drop)
    }

    /// How long the pending code still works; `None` when there is none.
    ///
    /// # Errors
    /// [`OtpError::Store`] when the store does not answer.
    pub async fn expires_in(&self, binding: Binding<'_>) -> Result<Option<Duration>, OtpError> {
        let now = self.clock.now();
        let expires_at = self.store.expires_at(self.subject(&binding), now).await?;
        Ok(expires_at.map(|at| left(at, now)))
    }

    /// What to ask the store, and the code of the challenge in it.
    fn request(
        &self,
        subject: Digest,
        binding: Binding<'_>,
        conditions: Conditions<'_>,
        now: Timestamp,
    ) -> Result<(IssueRequest, Code), OtpError> {
        let id: Digest = rand::random();
        let key_id = self.keys.newest_id();
        let terms = self.terms(&binding, conditions.code.as_ref());
        let code = conditions.code.map_or_else(|| self.code(key_id, &id, &binding), Ok)?;
        let ttl = SignedDuration::try_from(self.policy.ttl()).unwrap_or_default();
        let challenge = Challenge {
            id,
            key_id,
            answer: self.keys.digest(&answer_parts(&binding, code.as_str())),
            nonce: self.nonce(&binding),
            terms,
            expires_at: now.saturating_add(ttl).unwrap_or(Timestamp::MAX),
        };
        let purpose = binding.purpose.as_bytes();
        let key = |key: Cow<'_, str>| self.keys.name(&[b"idempotency", purpose, key.as_bytes()]);
        let request = IssueRequest {
            subject,
            challenge,
            policy: self.policy,
            charges: conditions.charges,
            watch: conditions.watch,
            idempotency: conditions.idempotency_key.map(key),
            now,
        };
        Ok((request, code))
    }

    /// A key that left the ring while its challenge was pending is as good as no challenge.
    fn code(&self, key_id: KeyId, challenge_id: &Digest, binding: &Binding<'_>) -> Result<Code, OtpError> {
        let code = Code::derive(&self.keys, key_id, challenge_id, &binding.parts(), self.policy.digits());
        code.ok_or(OtpError::NotFound)
    }

    fn subject(&self, binding: &Binding<'_>) -> Digest {
        self.keys.name(&[b"subject", binding.purpose.as_bytes(), binding.subject.as_bytes()])
    }

    /// A transaction, a chosen code and an unusual length: a code is repeated only under the same.
    fn terms(&self, binding: &Binding<'_>, chosen: Option<&Code>) -> Digest {
        let digits = self.policy.digits();
        if binding.transaction.is_none() && chosen.is_none() && digits == Policy::DIGITS_MIN {
            return [0; 16];
        }
        let transaction = binding.transaction.unwrap_or_default().as_bytes();
        let chosen = chosen.map_or("", Code::as_str).as_bytes();
        self.keys.name(&[b"terms", transaction, &[digits], chosen])
    }

    fn name(&self, parts: &[&[u8]]) -> Digest {
        self.keys.name(parts)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn nonce(&self, binding: &Binding<'_>) -> Option<Digest> {
        binding.nonce.map(|nonce| self.keys.name(&[b"nonce", nonce.as_bytes()]))
    }

    fn outcome(&self, attempt: Attempt, now: Timestamp) -> Result<(), OtpError> {
        match attempt {
            Attempt::Accepted => Ok(()),
            Attempt::Wrong => Err(OtpError::WrongCode),
            Attempt::NotFound => Err(OtpError::NotFound),
            Attempt::Locked(until) => Err(OtpError::Locked { retry_after: left(until, now) }),
        }
    }
}

fn answer_parts<'a>(binding: &Binding<'a>, code: &'a str) -> [&'a [u8]; 6] {
    let [purpose, subject, nonce, transaction] = binding.parts();
    [b"answer", purpose, subject, nonce, transaction, code.as_bytes()]
}

fn refusal(verdict: Verdict, request: &IssueRequest) -> OtpError {
    let now = request.now;
    match verdict {
        Verdict::Locked { until } => OtpError::Locked { retry_after: left(until, now) },
        Verdict::CoolingDown { until } => OtpError::CoolingDown { retry_after: left(until, now) },
        Verdict::Suspected { until } => OtpError::Suspected { retry_after: left(until, now) },
        Verdict::Limited { charge, until } => limited(request.charges[charge], until, now),
        Verdict::KeyReused => OtpError::KeyReused,
        Verdict::Issued { .. } | Verdict::Replayed { .. } => OtpError::NotFound,
    }
}

fn limited(charge: Charge, until: Timestamp, now: Timestamp) -> OtpError {
    OtpError::Limited { limit: charge.name, rate: charge.rate, retry_after: left(until, now) }
}

fn left(until: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default()
}
