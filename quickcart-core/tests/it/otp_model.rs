//! The life of a code against a small model of it, written from what the documentation of `Policy` and `Otp` says.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quickcart_core::clock::{Clock, ManualClock, Timestamp};
use quickcart_core::otp::{Binding, KeyRing, Otp, OtpError, OtpStore, Policy, Resend, Totp, TotpSecret};
use quickcart_core::secret::SecretKey;
use tokio::runtime::Runtime;

use crate::otp::{BINDING, engine_on, memory};
use crate::otp_redis::shared;

const SUBJECTS: [&str; 2] = ["+919876543210", "+919876543211"];
const NONCES: [Option<&str>; 3] = [None, Some("a cookie"), Some("another cookie")];

const TTL_MS: u64 = 300_000;
const ATTEMPTS: u64 = 5;
const FAILURES: u64 = 20;
const DAY_MS: u64 = 86_400_000;

/// What a client or time does. Two servers share a store and have different rules.
#[derive(Clone, Copy, Debug)]
enum Step {
    Issue { server: usize, subject: usize, nonce: usize },
    Verify { server: usize, subject: usize, nonce: usize, shown: Shown },
    Ask { subject: usize },
    Wait { ms: u64 },
}

#[derive(Clone, Copy, Debug)]
enum Shown {
    /// The code that was issued last.
    Newest,
    /// The one before it.
    Previous,
    Wrong,
}

/// What the client hears.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Issued { is_repeated: bool, expires_in_ms: u64 },
    Locked { ms: u64 },
    CoolingDown { ms: u64 },
    Accepted,
    Wrong,
    NotFound,
    Pending { ms: Option<u64> },
}

/// The rules of one server, in the words of its policy.
struct Rules {
    resend: Resend,
    cooldowns_s: [u64; 4],
}

const RULES: [Rules; 2] = [
    Rules { resend: Resend::Repeat, cooldowns_s: [30, 60, 120, 300] },
    Rules { resend: Resend::Replace, cooldowns_s: [7, 14, 28, 70] },
];

impl Rules {
    fn policy(&self) -> Policy {
        // Eight digits, so that two codes in a row are hardly ever the same by chance.
        let policy = Policy::new(8, Duration::from_millis(TTL_MS), 5).unwrap();
        policy.with_resend(self.resend).with_cooldown(Duration::from_secs(self.cooldowns_s[0])).unwrap()
    }
}

/// What there is to know about one subject.
#[derive(Clone, Default)]
struct Model {
    pending: Option<Pending>,
    codes: Vec<String>,
    failed_at_ms: Vec<u64>,
    locked_until_ms: u64,
    /// How often a code was sent without a break of an hour, and when the last time.
    sends: usize,
    sent_at_ms: u64,
}

#[derive(Clone)]
struct Pending {
    code: String,
    nonce: usize,
    expires_at_ms: u64,
}

impl Model {
    fn pending(&self, now_ms: u64) -> Option<&Pending> {
        self.pending.as_ref().filter(|pending| now_ms < pending.expires_at_ms)
    }

    /// `code` is the one that was issued, if one was: the model cannot know it before, only whether it is the same.
    fn issue(&mut self, rules: &Rules, nonce: usize, now_ms: u64, code: Option<String>) -> Answer {
        if now_ms < self.locked_until_ms {
            return Answer::Locked { ms: self.locked_until_ms - now_ms };
        }
        let older = self.pending(now_ms).cloned();
        let is_recent = older.is_some() || now_ms < self.sent_at_ms + 3_600_000;
        let sends = if is_recent { self.sends } else { 0 };
        if sends > 0 {
            let wait_until_ms = self.sent_at_ms + rules.cooldowns_s[sends.min(4) - 1] * 1_000;
            if now_ms < wait_until_ms {
                return Answer::CoolingDown { ms: wait_until_ms - now_ms };
            }
        }
        let Some(code) = code else { return Answer::NotFound };
        let repeats = |older: &Pending| {
            let half_is_left = 2 * (older.expires_at_ms - now_ms) >= TTL_MS;
            rules.resend == Resend::Repeat && older.nonce == nonce && half_is_left
        };
        let repeated = older.filter(repeats);
        let is_repeated = repeated.is_some();
        let expires_at_ms = repeated.map_or(now_ms + TTL_MS, |older| older.expires_at_ms);
        if !is_repeated {
            self.codes.push(code.clone());
        }
        (self.sends, self.sent_at_ms) = (sends + 1, now_ms);
        self.pending = Some(Pending { code, nonce, expires_at_ms });
        Answer::Issued { is_repeated, expires_in_ms: expires_at_ms - now_ms }
    }

    fn verify(&mut self, nonce: usize, code: &str, now_ms: u64) -> Answer {
        let Some(pending) = self.pending(now_ms).filter(|pending| pending.nonce == nonce) else {
            return Answer::NotFound;
        };
        if pending.code == code {
            *self = Self { codes: std::mem::take(&mut self.codes), ..Self::default() };
            return Answer::Accepted;
        }
        self.fail(now_ms);
        Answer::Wrong
    }

    /// Every fifth wrong code locks, for twice as long each time; the twentieth for a day, and so long they count.
    fn fail(&mut self, now_ms: u64) {
        if self.failed_at_ms.last().is_some_and(|last| now_ms - last >= DAY_MS) {
            self.failed_at_ms.clear();
        }
        self.failed_at_ms.push(now_ms);
        let failures = self.failed_at_ms.len() as u64;
        let lock_ms = match failures {
            FAILURES.. => DAY_MS,
            _ if failures.is_multiple_of(ATTEMPTS) => {
                [60_000, 120_000, 240_000][(failures / ATTEMPTS - 1) as usize]
            }
            _ => return,
        };
        self.locked_until_ms = now_ms + lock_ms;
        self.pending = None;
    }

    fn ask(&self, now_ms: u64) -> Answer {
        Answer::Pending { ms: self.pending(now_ms).map(|pending| pending.expires_at_ms - now_ms) }
    }

    fn shown(&self, shown: Shown) -> String {
        let code = |back: usize| {
            let index = self.codes.len().checked_sub(back);
            index.map_or("00000000", |index| self.codes[index].as_str())
        };
        match shown {
            Shown::Newest => code(1).to_owned(),
            Shown::Previous => code(2).to_owned(),
            Shown::Wrong => code(1).bytes().map(|digit| if digit == b'0' { '1' } else { '0' }).collect(),
        }
    }
}

/// Both sides of the comparison.
struct World {
    servers: [Otp; 2],
    clock: Arc<ManualClock>,
    now_ms: u64,
    models: [Model; 2],
}

impl World {
    /// With a key of its own, so that worlds on one store do not meet.
    fn on(store: &Arc<dyn OtpStore>) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap()));
        let keys = KeyRing::new(&SecretKey::random());
        let servers = RULES
            .each_ref()
            .map(|rules| Otp::new(Arc::clone(store), keys.clone(), rules.policy(), clock.clone()));
        Self { servers, clock, now_ms: 0, models: Default::default() }
    }

    async fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now_ms = self.now_ms;
        let (expected, actual) = match step {
            Step::Wait { ms } => {
                self.clock.advance(Duration::from_millis(ms));
                self.now_ms += ms;
                return Ok(());
            }
            Step::Ask { subject } => {
                let left = self.servers[0].expires_in(Binding::new("sign-in", SUBJECTS[subject])).await;
                let ms = left.unwrap().map(milliseconds);
                (self.models[subject].ask(now_ms), Answer::Pending { ms })
            }
            Step::Issue { server, subject, nonce } => self.issue(server, subject, nonce).await,
            Step::Verify { server, subject, nonce, shown } => {
                let code = self.models[subject].shown(shown);
                let verified = self.servers[server].verify(binding(subject, nonce), &code).await;
                let actual = verified.map_or_else(|error| refusal(&error), |()| Answer::Accepted);
                (self.models[subject].verify(nonce, &code, now_ms), actual)
            }
        };
        prop_assert_eq!(expected, actual, "{:?} at {} ms", step, now_ms);
        Ok(())
    }

    async fn issue(&mut self, server: usize, subject: usize, nonce: usize) -> (Answer, Answer) {
        let issued = self.servers[server].issue(binding(subject, nonce)).await;
        let model = &mut self.models[subject];
        let code = issued.as_ref().ok().map(|issued| issued.code.as_str().to_owned());
        let is_repeated = code.is_some() && model.codes.last() == code.as_ref();
        let actual = match &issued {
            Ok(issued) => Answer::Issued {
                is_repeated,
                expires_in_ms: milliseconds(
                    issued.expires_at.duration_since(self.clock.now()).unsigned_abs(),
                ),
            },
            Err(error) => refusal(error),
        };
        (model.issue(&RULES[server], nonce, self.now_ms, code), actual)
    }
}

fn binding(subject: usize, nonce: usize) -> Binding<'static> {
    Binding { nonce: NONCES[nonce], ..Binding::new("sign-in", SUBJECTS[subject]) }
}

fn refusal(error: &OtpError) -> Answer {
    match error {
        OtpError::WrongCode => Answer::Wrong,
        OtpError::NotFound => Answer::NotFound,
        OtpError::Locked { retry_after } => Answer::Locked { ms: milliseconds(*retry_after) },
        OtpError::CoolingDown { retry_after } => Answer::CoolingDown { ms: milliseconds(*retry_after) },
        other => panic!("{other:?}"),
    }
}

/// Everything happens on whole ones.
fn milliseconds(time: Duration) -> u64 {
    assert_eq!(time.subsec_nanos() % 1_000_000, 0);
    u64::try_from(time.as_millis()).unwrap()
}

/// Times around every boundary there is.
fn wait() -> impl Strategy<Value = u64> {
    let around = |ms: u64| prop_oneof![Just(ms - 1), Just(ms), Just(ms + 1)];
    prop_oneof![
        4 => 1..2_000_u64,
        4 => prop_oneof![around(10_000), around(30_000), around(60_000), around(120_000)],
        4 => prop_oneof![around(150_000), around(240_000), around(300_000)],
        1 => prop_oneof![around(3_600_000), around(DAY_MS)],
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let nonce = || prop_oneof![6 => Just(0_usize), 2 => Just(1), 1 => Just(2)];
    let shown = prop_oneof![1 => Just(Shown::Newest), 2 => Just(Shown::Previous), 4 => Just(Shown::Wrong)];
    prop_oneof![
        6 => (0..2_usize, 0..2_usize, nonce())
            .prop_map(|(server, subject, nonce)| Step::Issue { server, subject, nonce }),
        10 => (0..2_usize, 0..2_usize, nonce(), shown)
            .prop_map(|(server, subject, nonce, shown)| Step::Verify { server, subject, nonce, shown }),
        1 => (0..2_usize).prop_map(|subject| Step::Ask { subject }),
        5 => wait().prop_map(|ms| Step::Wait { ms }),
    ]
}

fn agree(store: &Arc<dyn OtpStore>, runtime: &Runtime, config: Config) {
    let steps = prop::collection::vec(step(), 1..200);
    let agrees = |steps| {
        let mut world = World::on(store);
        runtime.block_on(async {
            for step in steps {
                world.take(step).await?;
            }
            Ok(())
        })
    };
    TestRunner::new(config).run(&steps, agrees).unwrap_or_else(|failure| panic!("{failure}\n{failure:?}"));
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn config() -> Config {
    Config { source_file: Some(file!()), ..Config::default() }
}

#[test]
fn in_memory_a_code_lives_as_the_model_does() {
    agree(&memory(), &runtime(), config());
}

/// Fewer cases, because each step is a round trip.
#[test]
fn on_redis_a_code_lives_as_the_model_does() {
    let store: Arc<dyn OtpStore> = shared();
    let cases = config().cases.div_ceil(8);
    agree(&store, &runtime(), Config { cases, ..config() });
}

#[tokio::test]
async fn a_step_of_an_authenticator_is_accepted_once() {
    for store in [memory(), shared()] {
        let (otp, clock) = engine_on(store);
        let (totp, secret) = (Totp::default(), TotpSecret::random());
        let show = async |code: &str| {
            let step = totp.matching_step(&secret, code, clock.now());
            otp.verify_step(BINDING, step).await
        };
        let first = totp.code_at(&secret, clock.now());
        show(&first).await.unwrap();
        assert!(matches!(show(&first).await, Err(OtpError::NotFound)), "it was right, so it is no guess");
        clock.advance(Duration::from_secs(30));
        let second = totp.code_at(&secret, clock.now());
        if second != first {
            assert!(matches!(show(&first).await, Err(OtpError::NotFound)), "within the skew, but used");
        }
        for _ in 0..5 {
            assert!(matches!(show("no code").await, Err(OtpError::WrongCode)));
        }
        let locked = show(&second).await;
        let Err(OtpError::Locked { retry_after }) = locked else { panic!("{locked:?}") };
        assert_eq!(retry_after, Policy::LOCK_FIRST);
        clock.advance(retry_after);
        show(&totp.code_at(&secret, clock.now())).await.unwrap();
    }
}
