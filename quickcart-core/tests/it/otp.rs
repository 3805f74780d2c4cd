//! Codes under concurrency and at their limits.

use std::sync::Arc;
use std::time::Duration;

use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_core::messaging::{NoProvider, RecordingProvider};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{Binding, CodeSource, Nonce, Otp, OtpError, PhoneVerification, Policy};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::secret::SecretKey;

fn engine() -> (Otp, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let store = Arc::new(MemoryOtpStore::with_capacity(1_000));
    let key = SecretKey::new(b"a key for tests");
    (Otp::new(store, key, Policy::default(), CodeSource::Random, clock.clone()), clock)
}

const BINDING: Binding<'static> = Binding { purpose: "sign-in", subject: "+919876543210", nonce: None };

fn other_code(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_right_codes_one_is_accepted() {
    let (otp, _) = engine();
    let code = otp.issue(BINDING).await.unwrap().code;
    let verify = || {
        let (otp, code) = (otp.clone(), code.clone());
        tokio::spawn(async move { otp.verify(BINDING, code.as_str()).await.is_ok() })
    };
    let tasks: Vec<_> = (0..200).map(|_| verify()).collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += usize::from(task.await.unwrap());
    }
    assert_eq!(accepted, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_wrong_codes_five_are_looked_at() {
    let (otp, _) = engine();
    let code = otp.issue(BINDING).await.unwrap().code;
    let wrong = other_code(code.as_str());
    let verify = || {
        let (otp, wrong) = (otp.clone(), wrong.clone());
        tokio::spawn(async move { matches!(otp.verify(BINDING, &wrong).await, Err(OtpError::WrongCode)) })
    };
    let tasks: Vec<_> = (0..200).map(|_| verify()).collect();
    let mut looked_at = 0;
    for task in tasks {
        looked_at += usize::from(task.await.unwrap());
    }
    assert_eq!(looked_at, 5);
    assert!(matches!(otp.verify(BINDING, code.as_str()).await, Err(OtpError::NotFound)));
}

#[tokio::test]
async fn a_code_opens_only_what_it_was_issued_for() {
    let (otp, _) = engine();
    let bound = Binding { nonce: Some("cookie"), ..BINDING };
    let code = otp.issue(bound).await.unwrap().code;
    for other in [
        BINDING,
        Binding { nonce: Some("other"), ..bound },
        Binding { purpose: "checkout", ..bound },
        Binding { subject: "+919876543211", ..bound },
    ] {
        assert!(otp.verify(other, code.as_str()).await.is_err(), "{other:?}");
    }
    otp.verify(bound, code.as_str()).await.unwrap();
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
async fn a_verification_sends_the_code_it_checks() {
    let (otp, _) = engine();
    let provider = Arc::new(RecordingProvider::default());
    let verification = PhoneVerification::new(otp, provider.clone(), "phone-otp", "Blinkit");
    let phone = PhoneNumber::parse("9876543210", Region::IN).unwrap();
    let nonce = Nonce::random();
    let started = verification.start(&phone, Some(&nonce)).await.unwrap();
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
async fn a_message_that_cannot_leave_is_an_error() {
    let (otp, _) = engine();
    let verification = PhoneVerification::new(otp, Arc::new(NoProvider), "phone-otp", "Blinkit");
    let phone = PhoneNumber::parse("9876543210", Region::IN).unwrap();
    assert!(matches!(verification.start(&phone, None).await, Err(OtpError::NotSent(_))));
}
