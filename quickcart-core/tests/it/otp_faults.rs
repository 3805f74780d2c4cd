//! Redis killed, restarted, emptied, slow and full: a clear refusal, no code accepted twice, no limit silently forgotten.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use quickcart_core::clock::{Clock, ManualClock};
use quickcart_core::error::{DomainError, ErrorKind, StoreError};
use quickcart_core::otp::{
    Attempt, Binding, Charge, Conditions, Issued, Otp, OtpError, OtpStore, Policy, Rate, StepRequest,
};
use test_servers::RedisServer;
use tokio::time::{sleep, timeout};

use crate::log::Log;
use crate::otp::{BINDING, engine_on, other_code};
use crate::otp_redis::store_at;

const OTHER: Binding<'static> = Binding::new("sign-in", "+919876543211");

/// An engine without waiting times, so that only what a test is about refuses a code.
pub(crate) fn engine_at(url: &str) -> (Otp, Arc<ManualClock>) {
    let (otp, clock) = engine_on(store_at(url));
    (otp.with_policy(Policy::default().without_cooldown()), clock)
}

/// One a day, by a limit of its own.
pub(crate) async fn issue_once_a_day(
    otp: &Otp,
    clock: &ManualClock,
    binding: Binding<'_>,
) -> Result<Issued, OtpError> {
    let charges = vec![Charge::new("test", [1; 16], Rate::daily(1), clock.now())];
    otp.issue_under(binding, Conditions { charges, ..Conditions::default() }).await
}

pub(crate) fn is_unavailable<T>(result: &Result<T, OtpError>) -> bool {
    let refused = |error: &OtpError| {
        error.kind() == ErrorKind::Unavailable && error.retry_after().is_some() && error.source().is_some()
    };
    result.as_ref().err().is_some_and(refused)
}

/// The answer, without waiting for ever. That it comes is asserted, not when.
pub(crate) async fn answer<T>(call: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), call).await.expect("the store hangs")
}

/// Asks until the store answers something else than that it is not available.
pub(crate) async fn once_available<T>(
    mut ask: impl AsyncFnMut() -> Result<T, OtpError>,
) -> Result<T, OtpError> {
    for _ in 0..1_500 {
        let result = answer(ask()).await;
        if !is_unavailable(&result) {
            return result;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the store does not come back");
}

fn not_found<T>(result: &Result<T, OtpError>) -> bool {
    matches!(result, Err(OtpError::NotFound))
}

#[tokio::test]
async fn a_killed_server_is_unavailable_and_what_it_forgot_is_said() {
    let log = Log::capture();
    let mut server = RedisServer::start();
    let (otp, _) = engine_at(&server.url());
    let code = otp.issue(BINDING).await.unwrap().code;
    server.kill();
    for _ in 0..3 {
        assert!(is_unavailable(&answer(otp.issue(OTHER)).await));
        assert!(is_unavailable(&answer(otp.verify(BINDING, code.as_str())).await));
        assert!(is_unavailable(&answer(otp.expires_in(BINDING)).await));
        assert!(is_unavailable(&answer(otp.admit(&[])).await));
    }
    assert_eq!(log.losses(), 0);

    server.restart();
    let verified = once_available(async || otp.verify(BINDING, code.as_str()).await).await;
    assert!(not_found(&verified), "{verified:?}");
    assert_eq!(log.losses(), 1, "{}", log.text());
    let code = otp.issue(BINDING).await.unwrap().code;
    otp.verify(BINDING, code.as_str()).await.unwrap();
    assert_eq!(log.losses(), 1, "it is said once");
}

/// The snapshot holds a challenge that was answered after it was taken.
#[tokio::test]
async fn a_snapshot_brings_no_used_code_back_and_keeps_limits() {
    let log = Log::capture();
    let mut server = RedisServer::start();
    let (otp, clock) = engine_at(&server.url());
    let code = issue_once_a_day(&otp, &clock, BINDING).await.unwrap().code;
    server.command(&["SAVE"]).unwrap();
    otp.verify(BINDING, code.as_str()).await.unwrap();
    server.restart();

    let verified = once_available(async || otp.verify(BINDING, code.as_str()).await).await;
    assert!(not_found(&verified), "{verified:?}");
    assert_eq!(otp.expires_in(BINDING).await.unwrap(), None);
    let second = issue_once_a_day(&otp, &clock, OTHER).await;
    assert!(matches!(second, Err(OtpError::Limited { limit: "test", .. })), "{second:?}");
    assert_eq!(log.losses(), 0, "the data is there");
    let code = otp.issue(BINDING).await.unwrap().code;
    otp.verify(BINDING, code.as_str()).await.unwrap();
}

#[tokio::test]
async fn an_append_only_file_keeps_wrong_codes_and_locks() {
    let mut server = RedisServer::with(&[("appendonly", "yes"), ("appendfsync", "always")]);
    let (otp, _) = engine_at(&server.url());
    let [locked, guessed] =
        [(BINDING, 5), (OTHER, 4)].map(|(binding, guesses)| guess(&otp, binding, guesses));
    locked.await;
    guessed.await;
    server.restart();

    let issued = once_available(async || otp.issue(BINDING).await).await;
    assert!(matches!(issued, Err(OtpError::Locked { .. })), "{issued:?}");
    guess(&otp, OTHER, 1).await;
    let issued = otp.issue(OTHER).await;
    assert!(matches!(issued, Err(OtpError::Locked { .. })), "the fifth wrong code: {issued:?}");
}

/// Asks for a code and gives wrong ones.
async fn guess(otp: &Otp, binding: Binding<'_>, guesses: usize) {
    let code = otp.issue(binding).await.unwrap().code;
    for _ in 0..guesses {
        let wrong = otp.verify(binding, &other_code(code.as_str())).await;
        assert!(matches!(wrong, Err(OtpError::WrongCode)), "{wrong:?}");
    }
}

#[tokio::test]
async fn an_emptied_server_refuses_once_and_says_why() {
    let log = Log::capture();
    let server = RedisServer::start();
    let (otp, clock) = engine_at(&server.url());
    let code = issue_once_a_day(&otp, &clock, BINDING).await.unwrap().code;
    server.command(&["FLUSHALL"]).unwrap();
    assert!(is_unavailable(&otp.verify(BINDING, code.as_str()).await));
    assert_eq!(log.losses(), 1, "{}", log.text());
    assert!(not_found(&otp.verify(BINDING, code.as_str()).await));
    issue_once_a_day(&otp, &clock, BINDING).await.unwrap();

    server.command(&["FLUSHALL"]).unwrap();
    assert!(is_unavailable(&otp.admit(&[]).await));
    assert_eq!(log.losses(), 2, "whatever is asked first");
}

/// Locks of authenticators are lost with the data, too, and no code need ever be issued beside them.
#[tokio::test]
async fn an_emptied_server_refuses_a_step() {
    let log = Log::capture();
    let server = RedisServer::start();
    let (store, now) = (store_at(&server.url()), "2026-11-21T09:00:00Z".parse().unwrap());
    let request = StepRequest { subject: [1; 16], step: Some(7), policy: Policy::default(), now };
    assert_eq!(store.take_step(&request).await.unwrap(), Attempt::Accepted);
    server.command(&["FLUSHALL"]).unwrap();
    let taken = store.take_step(&request).await;
    assert!(matches!(taken, Err(StoreError::Unavailable(_))), "{taken:?}");
    assert_eq!(log.losses(), 1, "{}", log.text());
    // Nobody knows any more which steps were used, so none is accepted until none of them works.
    for step in [None, Some(7), Some(8)] {
        let taken = store.take_step(&StepRequest { step, ..request }).await;
        assert!(matches!(taken, Err(StoreError::Unavailable(_))), "{taken:?}");
    }
}

/// The step was used after the snapshot was taken.
#[tokio::test]
async fn a_snapshot_brings_no_used_step_back() {
    let mut server = RedisServer::start();
    let (store, now) = (store_at(&server.url()), "2026-11-21T09:00:00Z".parse().unwrap());
    let take = async |step| {
        let request = StepRequest { subject: [1; 16], step: Some(step), policy: Policy::default(), now };
        store.take_step(&request).await
    };
    assert_eq!(take(7).await.unwrap(), Attempt::Accepted);
    server.command(&["SAVE"]).unwrap();
    assert_eq!(take(8).await.unwrap(), Attempt::Accepted);
    server.kill();
    server.restart();
    let connected =
        once_available(async || store.expires_at([1; 16], now).await.map_err(OtpError::Store)).await;
    assert_eq!(connected.unwrap(), None);
    for step in [8, 9] {
        let taken = take(step).await;
        assert!(matches!(taken, Err(StoreError::Unavailable(_))), "{taken:?}");
    }
}

#[tokio::test]
async fn scripts_are_loaded_again() {
    let server = RedisServer::start();
    let (otp, _) = engine_at(&server.url());
    let code = otp.issue(BINDING).await.unwrap().code;
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    otp.verify(BINDING, code.as_str()).await.unwrap();
}

#[tokio::test]
async fn a_slow_server_is_unavailable_and_accepts_no_code_twice() {
    let server = RedisServer::start();
    let (otp, _) = engine_at(&server.url());
    let code = otp.issue(BINDING).await.unwrap().code;
    let verify = || {
        let (otp, code) = (otp.clone(), code.clone());
        tokio::spawn(async move { otp.verify(BINDING, code.as_str()).await })
    };
    server.pause();
    let waiting: Vec<_> = (0..8).map(|_| verify()).collect();
    for task in waiting {
        let verified = answer(task).await.unwrap();
        assert!(is_unavailable(&verified), "{verified:?}");
    }
    assert!(is_unavailable(&answer(otp.issue(OTHER)).await), "nor does it connect");
    server.resume();

    // The server may have taken a request whose answer came too late: then the code is used.
    let mut accepted =
        usize::from(once_available(async || otp.verify(BINDING, code.as_str()).await).await.is_ok());
    for _ in 0..8 {
        accepted += usize::from(answer(verify()).await.unwrap().is_ok());
    }
    assert!(accepted <= 1, "accepted {accepted} times");
    let code = otp.issue(OTHER).await.unwrap().code;
    otp.verify(OTHER, code.as_str()).await.unwrap();
}

#[tokio::test]
async fn a_full_server_is_unavailable_and_keeps_nothing_half() {
    let server = RedisServer::start();
    let (otp, clock) = engine_at(&server.url());
    let code = otp.issue(BINDING).await.unwrap().code;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    let before = server.dump();
    assert!(is_unavailable(&issue_once_a_day(&otp, &clock, OTHER).await));
    assert!(is_unavailable(&otp.issue(BINDING).await));
    assert!(is_unavailable(&otp.verify(BINDING, &other_code(code.as_str())).await));
    let charges = [Charge::new("test", [2; 16], Rate::daily(1), clock.now())];
    assert!(is_unavailable(&otp.admit(&charges).await));
    assert_eq!(server.dump(), before);

    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    issue_once_a_day(&otp, &clock, OTHER).await.unwrap();
    otp.verify(BINDING, code.as_str()).await.unwrap();
}

/// Taking the code needs no memory: it may be accepted on a full server, once.
#[tokio::test]
async fn a_full_server_accepts_no_code_twice() {
    let server = RedisServer::start();
    let (otp, _) = engine_at(&server.url());
    let code = otp.issue(BINDING).await.unwrap().code;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    let mut accepted = 0;
    for _ in 0..3 {
        accepted += usize::from(otp.verify(BINDING, code.as_str()).await.is_ok());
    }
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    accepted += usize::from(otp.verify(BINDING, code.as_str()).await.is_ok());
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn a_server_that_evicts_keys_is_refused() {
    let server = RedisServer::with(&[("maxmemory", "100mb"), ("maxmemory-policy", "allkeys-lru")]);
    let refused = store_at(&server.url()).connect().await.unwrap_err();
    assert!(matches!(refused, StoreError::Internal(_)), "{refused:?}");
    let why = refused.source().unwrap().to_string();
    assert!(why.contains("set maxmemory-policy to noeviction"), "{why}");
}
