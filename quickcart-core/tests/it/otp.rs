//! Codes at their limits and under concurrency, on every store.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Duration;

use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_core::messaging::{
    Failure, HeldPin, Message, MessageProvider, NoProvider, PinVerdict, Receipt, RecordingProvider, SendError,
};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{
    Binding, Code, CodeRequest, KeyRing, Limits, Nonce, Otp, OtpError, OtpStore, PhoneVerification, Policy,
    Rate, Resend, ReviewNumber,
};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::secret::SecretKey;

pub(crate) fn memory() -> Arc<dyn OtpStore> {
    Arc::new(MemoryOtpStore::with_capacity(100_000))
}

pub(crate) fn engine_on(store: Arc<dyn OtpStore>) -> (Otp, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at("2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap()));
    // A key of its own for each engine: engines on one store do not meet.
    let keys = KeyRing::new(&SecretKey::random());
    (Otp::new(store, keys, Policy::default(), clock.clone()), clock)
}

fn engine() -> (Otp, Arc<ManualClock>) {
    engine_on(memory())
}

pub(crate) const BINDING: Binding<'static> = Binding::new("sign-in", "+919876543210");

pub(crate) fn other_code(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::IN).unwrap()
}

fn verification(otp: Otp, provider: Arc<RecordingProvider>) -> PhoneVerification {
    PhoneVerification::new(otp, provider, "phone-otp", "Blinkit")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_parallel_requests_are_one_after_the_other() {
    one_of_many_right_codes_is_accepted(memory()).await;
    five_of_many_wrong_codes_are_looked_at(memory()).await;
    no_limit_is_overdrawn(memory()).await;
}

pub(crate) async fn one_of_many_right_codes_is_accepted(store: Arc<dyn OtpStore>) {
    let (otp, _) = engine_on(store);
    let code = otp.issue(BINDING).await.unwrap().code;
    let verify = || {
        let (otp, code) = (otp.clone(), code.clone());
        tokio::spawn(async move { otp.verify(BINDING, code.as_str()).await.is_ok() })
    };
    assert_eq!(count(200, verify).await, 1);
}

pub(crate) async fn five_of_many_wrong_codes_are_looked_at(store: Arc<dyn OtpStore>) {
    let (otp, _) = engine_on(store);
    let code = otp.issue(BINDING).await.unwrap().code;
    let wrong = other_code(code.as_str());
    let verify = || {
        let (otp, wrong) = (otp.clone(), wrong.clone());
        tokio::spawn(async move { matches!(otp.verify(BINDING, &wrong).await, Err(OtpError::WrongCode)) })
    };
    assert_eq!(count(200, verify).await, 5);
    assert!(matches!(otp.verify(BINDING, code.as_str()).await, Err(OtpError::NotFound)));
}

/// Each of the limits in turn is the tight one, and 64 clients ask at once.
pub(crate) async fn no_limit_is_overdrawn(store: Arc<dyn OtpStore>) {
    let tight = Some(Rate::daily(7));
    let five = [
        Limits { phone: tight, ..Limits::NONE },
        Limits { address: tight, ..Limits::NONE },
        Limits { prefix: tight, ..Limits::NONE },
        Limits { country: tight, ..Limits::NONE },
        Limits { spend: Some(Rate::daily(79)), message_price: 11, ..Limits::NONE },
    ];
    // Prefixes, countries and money are shared by all engines of a store: other numbers for each run.
    for (run, limits) in (0_u32..).zip(five) {
        let (otp, _) = engine_on(Arc::clone(&store));
        let otp = otp.with_policy(Policy::default().with_resend(Resend::Replace).without_cooldown());
        let provider = Arc::new(RecordingProvider::default());
        let verification = verification(otp, provider.clone()).with_limits(limits.clone());
        let mut client = 0_u32;
        let ask = || {
            let verification = verification.clone();
            let one_phone = limits.phone.is_some();
            let number = if one_phone { 0 } else { client };
            client += 1;
            tokio::spawn(async move {
                let phone = phone(&format!("98{run:02}{number:06}"));
                let address = Some("203.0.113.7".parse().unwrap());
                verification.start(CodeRequest { address, ..CodeRequest::new(&phone) }).await.is_ok()
            })
        };
        assert_eq!(count(64, ask).await, 7, "{limits:?}");
        assert_eq!(provider.sent().len(), 7, "nothing is sent that was not granted");
    }
}

async fn count(tasks: usize, mut spawn: impl FnMut() -> tokio::task::JoinHandle<bool>) -> usize {
    let tasks: Vec<_> = (0..tasks).map(|_| spawn()).collect();
    let mut successes = 0;
    for task in tasks {
        successes += usize::from(task.await.unwrap());
    }
    successes
}

/// Each of 16 bindings against each other one: a code opens its own only.
#[tokio::test]
async fn a_code_opens_only_what_it_was_issued_for() {
    let mut bindings = Vec::new();
    for purpose in ["sign-in", "checkout"] {
        for subject in ["+919876543210", "+919876543211"] {
            for nonce in [None, Some("cookie")] {
                for transaction in [None, Some("order 42")] {
                    bindings.push(Binding { purpose, subject, nonce, transaction });
                }
            }
        }
    }
    for (issued, issued_for) in bindings.iter().enumerate() {
        for (shown, shown_for) in bindings.iter().enumerate() {
            let (otp, _) = engine();
            let code = otp.issue(*issued_for).await.unwrap().code;
            let accepted = otp.verify(*shown_for, code.as_str()).await.is_ok();
            assert_eq!(accepted, issued_for == shown_for, "issued for {issued}, shown for {shown}");
        }
    }
}

#[tokio::test]
async fn a_code_ends_with_its_lifetime() {
    let (otp, clock) = engine();
    let code = otp.issue(BINDING).await.unwrap().code;
    assert_eq!(otp.expires_in(BINDING).await.unwrap(), Some(Duration::from_secs(300)));
    clock.advance(Duration::from_millis(299_999));
    assert_eq!(otp.expires_in(BINDING).await.unwrap(), Some(Duration::from_millis(1)));
    clock.advance(Duration::from_millis(1));
    assert_eq!(otp.expires_in(BINDING).await.unwrap(), None);
    assert!(matches!(otp.verify(BINDING, code.as_str()).await, Err(OtpError::NotFound)));
}

#[tokio::test]
async fn a_resend_repeats_the_code_or_replaces_it() {
    let (otp, clock) = engine();
    let first = otp.issue(BINDING).await.unwrap();
    clock.advance(Duration::from_secs(30));
    let second = otp.issue(BINDING).await.unwrap();
    assert_eq!((second.code.as_str(), second.expires_at), (first.code.as_str(), first.expires_at));
    let replacing = otp.with_policy(Policy::default().with_resend(Resend::Replace).without_cooldown());
    let third = replacing.issue(BINDING).await.unwrap();
    if third.code != first.code {
        assert!(matches!(replacing.verify(BINDING, first.code.as_str()).await, Err(OtpError::WrongCode)));
    }
    replacing.verify(BINDING, third.code.as_str()).await.unwrap();
}

#[tokio::test]
async fn keys_rotate_while_codes_are_pending() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let store = memory();
    let old = KeyRing::new(&SecretKey::new(b"the first key"));
    let both = old.with_newest(1, &SecretKey::new(b"the second key"));
    let engine = |keys: &KeyRing| Otp::new(store.clone(), keys.clone(), Policy::default(), clock.clone());
    let code = engine(&old).issue(BINDING).await.unwrap().code;
    engine(&both).verify(BINDING, code.as_str()).await.unwrap();

    let other = Binding::new("sign-in", "+919876543211");
    let code = engine(&both).issue(other).await.unwrap().code;
    assert!(engine(&old).verify(other, code.as_str()).await.is_err(), "of a key that it does not have");
    engine(&both).verify(other, code.as_str()).await.unwrap();
    // A locked subject stays locked, whatever the newest key is: it is named by the key that does not rotate.
    let locked = Binding::new("sign-in", "+919876543212");
    let code = engine(&old).issue(locked).await.unwrap().code;
    for _ in 0..5 {
        assert!(engine(&old).verify(locked, &other_code(code.as_str())).await.is_err());
    }
    assert!(matches!(engine(&both).issue(locked).await, Err(OtpError::Locked { .. })));
}

#[tokio::test]
async fn a_verification_sends_the_code_it_checks() {
    let (otp, _) = engine();
    let provider = Arc::new(RecordingProvider::default());
    let verification = verification(otp, provider.clone());
    let (phone, nonce) = (phone("9876543210"), Nonce::random());
    let request = CodeRequest { nonce: Some(&nonce), ..CodeRequest::new(&phone) };
    let started = verification.start(request).await.unwrap();
    let text = provider.latest_text(&phone).unwrap();
    let expected = format!(
        "Your Blinkit verification code is: {}. Valid for 5 minutes. Do not share this code with anyone.",
        started.code.as_str()
    );
    assert_eq!(text, expected);
    assert!(verification.check(&phone, None, started.code.as_str()).await.is_err(), "without the nonce");
    verification.check(&phone, Some(nonce.as_str()), started.code.as_str()).await.unwrap();
    let shown = format!("{:?} {started:?} {phone:?}", provider.sent());
    assert!(!shown.contains(started.code.as_str()) && !shown.contains("9876543210"), "{shown}");
}

#[tokio::test]
async fn a_repeated_request_sends_nothing_again() {
    let (otp, _) = engine();
    let provider = Arc::new(RecordingProvider::default());
    let verification = verification(otp, provider.clone());
    let (one, other) = (phone("9876543210"), phone("9876543211"));
    let request = CodeRequest { idempotency_key: Some("4a"), ..CodeRequest::new(&one) };
    let first = verification.start(request).await.unwrap();
    let second = verification.start(request).await.unwrap();
    assert_eq!(first.code, second.code);
    assert_eq!(provider.sent().len(), 1);
    let reused = verification.start(CodeRequest { phone: &other, ..request }).await;
    assert!(matches!(reused, Err(OtpError::KeyReused)), "{reused:?}");
}

#[tokio::test]
async fn a_number_for_reviewers_needs_no_message_and_comes_to_an_end() {
    let (otp, clock) = engine();
    let otp = otp.with_policy(Policy::default().without_cooldown());
    let provider = Arc::new(RecordingProvider::default());
    let reviewer = phone("9876500000");
    let until = "2026-11-28T00:00:00Z".parse().unwrap();
    let number = ReviewNumber::new(reviewer.clone(), "424242", until, 2).unwrap();
    let verification = verification(otp, provider.clone()).with_review_numbers([number]);
    for _ in 0..2 {
        verification.start(CodeRequest::new(&reviewer)).await.unwrap();
        verification.check(&reviewer, None, "424242").await.unwrap();
    }
    let third = verification.start(CodeRequest::new(&reviewer)).await;
    assert!(matches!(third, Err(OtpError::Limited { limit: "review", .. })), "{third:?}");
    clock.advance(Duration::from_secs(5 * 86_400));
    assert!(verification.start(CodeRequest::new(&reviewer)).await.is_err(), "uses do not come back");
    assert_eq!(provider.sent(), [], "no message was ever sent");
    clock.advance(Duration::from_secs(3 * 86_400));
    let ended = verification.start(CodeRequest::new(&reviewer)).await.unwrap();
    assert_eq!(provider.sent().len(), 1, "it is a number like any other now");
    assert_ne!(ended.code, Code::fixed("424242").unwrap());
}

#[tokio::test]
async fn a_message_that_cannot_leave_is_an_error() {
    let (otp, _) = engine();
    let verification = PhoneVerification::new(otp, Arc::new(NoProvider), "phone-otp", "Blinkit");
    let phone = phone("9876543210");
    let request = CodeRequest { idempotency_key: Some("4a"), ..CodeRequest::new(&phone) };
    for _ in 0..25 {
        let started = verification.start(request).await;
        assert!(matches!(started, Err(OtpError::NotSent(_))), "it is not counted: {started:?}");
    }
}

#[tokio::test]
async fn explains_without_changing_anything() {
    let (otp, _) = engine();
    let verification = verification(otp, Arc::new(RecordingProvider::default()));
    let phone = phone("9876543210");
    let request = CodeRequest { address: Some("2001:db8::1".parse().unwrap()), ..CodeRequest::new(&phone) };
    let before = verification.explain(request).await.unwrap();
    assert_eq!((before.decision, before.limits[0].remaining), ("granted", 20));
    verification.start(request).await.unwrap();
    for _ in 0..2 {
        let after = verification.explain(request).await.unwrap();
        let text = after.to_string();
        assert!(
            text.starts_with(
                "+91********10: otp_cooling_down, until 2026-11-21T09:00:30Z\n  phone: 19 of 20"
            ),
            "{text}"
        );
        assert!(text.contains("address: 999 of 1000") && !text.contains("9876543210"), "{text}");
    }
}

#[tokio::test]
async fn one_ipv6_network_is_one_address() {
    let (otp, _) = engine();
    let limits = Limits { address: Some(Rate::daily(1)), ..Limits::NONE };
    let verification = verification(otp, Arc::new(RecordingProvider::default())).with_limits(limits);
    let start = async |number: &str, address: &str| {
        let (phone, address) = (phone(number), Some(address.parse().unwrap()));
        verification.start(CodeRequest { address, ..CodeRequest::new(&phone) }).await.is_ok()
    };
    assert!(start("9876543210", "2001:db8:0:1::1").await);
    assert!(!start("9876543211", "2001:db8:0:1:ffff::2").await, "the same /64");
    assert!(start("9876543212", "2001:db8:0:2::1").await);
    assert!(start("9876543213", "198.51.100.1").await);
    assert!(!start("9876543214", "::ffff:198.51.100.1").await, "the same address, mapped");
}

/// A provider that makes up the code, and is out of order at will.
#[derive(Default)]
struct PinHolder {
    is_down: AtomicBool,
    asked: AtomicU32,
}

#[async_trait::async_trait]
impl MessageProvider for PinHolder {
    fn name(&self) -> &'static str {
        "holder"
    }

    async fn send(&self, _message: &Message) -> Result<Receipt, SendError> {
        Ok(Receipt { holds_pin: true, ..Receipt::new(self.name(), Some("pin-1".into())) })
    }

    fn holds_pins(&self) -> bool {
        true
    }

    async fn check_pin(&self, held: HeldPin<'_>, pin: &str) -> Result<PinVerdict, SendError> {
        assert_eq!(held, HeldPin { provider: "holder", id: "pin-1" });
        self.asked.fetch_add(1, Relaxed);
        if self.is_down.load(Relaxed) {
            return Err(SendError::new(self.name(), Failure::NotSent));
        }
        Ok(if pin == "777777" { PinVerdict::Right } else { PinVerdict::Wrong })
    }
}

#[tokio::test]
async fn a_code_that_the_provider_holds_is_judged_by_it_and_counted_by_us() {
    let (otp, _) = engine();
    let provider = Arc::new(PinHolder::default());
    let verification = PhoneVerification::new(otp, Arc::clone(&provider) as _, "phone-otp", "Blinkit");
    let phone = PhoneNumber::parse("9876543210", Region::IN).unwrap();
    let request = CodeRequest::new(&phone);
    let ours = verification.start(request).await.unwrap().code;
    let check = async |code: &str| verification.check(&phone, None, code).await;
    assert!(matches!(check(ours.as_str()).await, Err(OtpError::WrongCode)), "our own code was never sent");
    provider.is_down.store(true, Relaxed);
    assert!(matches!(check("777777").await, Err(OtpError::NotChecked(_))));
    provider.is_down.store(false, Relaxed);
    check("777777").await.unwrap();
    assert!(matches!(check("777777").await, Err(OtpError::NotFound)), "a code works once");

    let other = PhoneNumber::parse("9876543211", Region::IN).unwrap();
    verification.start(CodeRequest::new(&other)).await.unwrap();
    for _ in 0..5 {
        assert!(matches!(verification.check(&other, None, "000000").await, Err(OtpError::WrongCode)));
    }
    assert!(
        matches!(verification.check(&other, None, "777777").await, Err(OtpError::NotFound)),
        "it is locked"
    );
}

#[tokio::test]
async fn a_phone_has_a_code_for_each_transaction() {
    let (otp, clock) = engine();
    let provider = Arc::new(RecordingProvider::default());
    let limits = Limits { phone: Some(Rate::daily(3)), ..Limits::NONE };
    let verification = verification(otp, provider).with_limits(limits);
    let phone = phone("9876543210");
    let start = async |transaction| {
        clock.advance(Duration::from_secs(60));
        let request = CodeRequest { transaction, ..CodeRequest::new(&phone) };
        verification.start(request).await.map(|started| started.code)
    };
    let first = start(Some("order 1, INR 1.00")).await.unwrap();
    let second = start(Some("order 2, INR 2.00")).await.unwrap();
    let plain = start(None).await.unwrap();
    let limited = start(Some("order 3, INR 3.00")).await;
    assert!(matches!(limited, Err(OtpError::Limited { limit: "phone", .. })), "they count together");
    let check = async |transaction: &str, code: &Code| {
        verification.check_transaction(&phone, transaction, code.as_str()).await
    };
    let dearer = check("order 1, INR 9.00", &first).await;
    assert!(matches!(dearer, Err(OtpError::NotFound)), "{dearer:?}");
    let swapped = check("order 1, INR 1.00", &second).await;
    assert!(matches!(swapped, Err(OtpError::WrongCode)), "{swapped:?}");
    check("order 1, INR 1.00", &first).await.unwrap();
    check("order 2, INR 2.00", &second).await.unwrap();
    verification.check(&phone, None, plain.as_str()).await.unwrap();

    verification.restore_transaction(&phone, "order 1, INR 1.00", first.as_str()).await.unwrap();
    check("order 1, INR 1.00", &first).await.unwrap();
    let used = check("order 1, INR 1.00", &first).await;
    assert!(matches!(used, Err(OtpError::NotFound)), "{used:?}");
}
