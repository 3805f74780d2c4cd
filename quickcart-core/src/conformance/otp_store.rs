//! What every [`OtpStore`] does.

use jiff::SignedDuration;

use crate::clock::Timestamp;
use crate::otp::{Attempt, Challenge, Guess, OtpStore, Replaced};

const RIGHT: Guess = Guess { nonce: None, code: [1; 32] };
const WRONG: Guess = Guess { nonce: None, code: [2; 32] };
const TTL: SignedDuration = SignedDuration::from_secs(300);

/// Checks a fresh store.
///
/// # Panics
/// When the store breaks its contract.
pub async fn otp_store(store: &dyn OtpStore) {
    let start: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    accepts_once(store, start).await;
    counts_wrong_guesses(store, start).await;
    counts_wrong_guesses_over_resends(store, start).await;
    expires_to_the_microsecond(store, start).await;
    replaces_the_older_challenge(store, start).await;
    keeps_nonces_apart(store, start).await;
}

async fn put(store: &dyn OtpStore, key: u8, answer: Guess, now: Timestamp) {
    let replaced = store.replace([key; 32], Challenge::new(answer, 5, now + TTL), now).await;
    assert_eq!(replaced.expect("there is room"), Replaced::Done);
}

async fn attempt(store: &dyn OtpStore, key: u8, guess: Guess, now: Timestamp) -> Attempt {
    store.attempt([key; 32], guess, now).await.expect("the store answers")
}

async fn accepts_once(store: &dyn OtpStore, now: Timestamp) {
    assert_eq!(attempt(store, 1, RIGHT, now).await, Attempt::NotFound, "before anything was issued");
    put(store, 1, RIGHT, now).await;
    assert_eq!(store.expires_at([1; 32], now).await.expect("the store answers"), Some(now + TTL));
    assert_eq!(attempt(store, 1, RIGHT, now).await, Attempt::Accepted);
    assert_eq!(attempt(store, 1, RIGHT, now).await, Attempt::NotFound, "a second time");
    assert_eq!(store.expires_at([1; 32], now).await.expect("the store answers"), None);
}

async fn counts_wrong_guesses(store: &dyn OtpStore, now: Timestamp) {
    put(store, 2, RIGHT, now).await;
    for number in 1..=5 {
        assert_eq!(attempt(store, 2, WRONG, now).await, Attempt::Wrong, "wrong guess {number}");
    }
    assert_eq!(attempt(store, 2, RIGHT, now).await, Attempt::NotFound, "the right one after five wrong ones");
    let again = |now| store.replace([2; 32], Challenge::new(RIGHT, 5, now + TTL), now);
    assert_eq!(
        again(now).await.expect("an answer"),
        Replaced::LockedUntil(now + TTL),
        "a new one buys no guesses"
    );
    assert_eq!(again(now + TTL).await.expect("an answer"), Replaced::Done, "once the locked one has ended");
    assert_eq!(attempt(store, 2, RIGHT, now + TTL).await, Attempt::Accepted);
}

async fn counts_wrong_guesses_over_resends(store: &dyn OtpStore, now: Timestamp) {
    for number in 1..=5 {
        put(store, 6, RIGHT, now).await;
        assert_eq!(attempt(store, 6, WRONG, now).await, Attempt::Wrong, "wrong guess {number}");
    }
    assert_eq!(attempt(store, 6, RIGHT, now).await, Attempt::NotFound);
}

async fn expires_to_the_microsecond(store: &dyn OtpStore, now: Timestamp) {
    let instant = SignedDuration::from_micros(1);
    put(store, 3, RIGHT, now).await;
    assert_eq!(attempt(store, 3, RIGHT, now + TTL).await, Attempt::NotFound, "at its end");
    put(store, 3, RIGHT, now).await;
    assert_eq!(attempt(store, 3, RIGHT, now + TTL - instant).await, Attempt::Accepted, "just before its end");
}

async fn replaces_the_older_challenge(store: &dyn OtpStore, now: Timestamp) {
    put(store, 4, WRONG, now).await;
    put(store, 4, RIGHT, now).await;
    assert_eq!(attempt(store, 4, WRONG, now).await, Attempt::Wrong, "the older answer");
    assert_eq!(attempt(store, 4, RIGHT, now).await, Attempt::Accepted, "the newer answer");
}

async fn keeps_nonces_apart(store: &dyn OtpStore, now: Timestamp) {
    let bound = Guess { nonce: Some([9; 32]), ..RIGHT };
    put(store, 5, bound, now).await;
    for number in 1..=10 {
        assert_eq!(
            attempt(store, 5, RIGHT, now).await,
            Attempt::NotFound,
            "without the nonce, guess {number}"
        );
    }
    assert_eq!(attempt(store, 5, bound, now).await, Attempt::Accepted, "no guess without it has counted");
}
