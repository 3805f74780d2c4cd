//! What every [`OtpStore`] does.

use std::time::Duration;

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::clock::Timestamp;
use crate::otp::store::MemoryOtpStore;
use crate::otp::{
    Attempt, AttemptRequest, Challenge, Charge, Digest, Guess, HeldChallenge, HeldRequest, IssueRequest,
    OtpStore, Policy, Rate, Resend, StepRequest, Verdict, Watch,
};

const RIGHT: Digest = [1; 16];
const WRONG: Digest = [2; 16];
const TTL: SignedDuration = SignedDuration::from_secs(300);
const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

/// Checks a fresh store.
///
/// # Panics
/// When the store breaks its contract.
pub async fn otp_store(store: &dyn OtpStore) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    accepts_once(store, now).await;
    counts_wrong_codes_and_locks_longer_each_time(store, now).await;
    counts_wrong_codes_over_resends(store, now).await;
    ends_to_the_millisecond(store, now).await;
    repeats_or_replaces(store, now).await;
    keeps_nonces_and_transactions_apart(store, now).await;
    knows_the_key_of_a_challenge(store, now).await;
    waits_between_codes(store, now).await;
    takes_all_charges_or_none(store, now).await;
    repeats_a_request_under_its_key(store, now).await;
    takes_back_what_was_not_sent(store, now).await;
    closes_a_pumped_prefix(store, now).await;
    takes_each_step_once(store, now).await;
    knows_who_holds_a_code(store, now).await;
    admits_by_charges(store, now).await;
    changes_nothing_by_a_preview(store, now).await;
    for seed in 0..4 {
        otp_store_agrees(store, seed, 300).await;
    }
}

/// Asks `store` and a [`MemoryOtpStore`] the same `steps` random things, and compares all answers.
///
/// # Panics
/// When an answer differs.
pub async fn otp_store_agrees(store: &dyn OtpStore, seed: u64, steps: u32) {
    let reference = MemoryOtpStore::with_capacity(100_000);
    let mut random = StdRng::seed_from_u64(seed);
    let start: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a timestamp");
    let mut now = start + SignedDuration::from_hours(1_000 * i64::try_from(seed).unwrap_or(0));
    let salt = 100 + u8::try_from(seed % 100).unwrap_or(0);
    let policies = [Policy::default(), Policy::default().with_resend(Resend::Replace).without_cooldown()];
    for step in 0..steps {
        let place = format!("seed {seed}, step {step}");
        now += SignedDuration::from_millis(*pick(
            &mut random,
            &[0, 0, 1, 400, 20_000, 31_000, 200_000, 4_000_000],
        ));
        let policy = policies[random.random_range(0..2)];
        let subject = digest(salt, random.random_range(0..3));
        let watch = Watch { prefix: digest(salt, 9), number: random.random_range(0..400) };
        match random.random_range(0..10) {
            0..4 => {
                let mut request = issue(subject, now);
                request.policy = policy;
                request.challenge.id = random.random();
                request.challenge.nonce = random.random_bool(0.2).then_some([7; 16]);
                request.challenge.terms = [random.random_range(0..2); 16];
                request.charges = charges(&mut random, salt, now);
                request.watch = random.random_bool(0.5).then_some(watch);
                request.idempotency =
                    random.random_bool(0.3).then(|| digest(salt, 20 + random.random_range(0..3)));
                assert_eq!(
                    ok(store.preview(&request).await),
                    ok(reference.preview(&request).await),
                    "{place}"
                );
                let decision = ok(store.issue(&request).await);
                assert_eq!(decision, ok(reference.issue(&request).await), "{place}");
                if let Verdict::Issued { challenge_id, .. } = decision.verdict
                    && random.random_bool(0.2)
                {
                    now += SignedDuration::from_millis(*pick(&mut random, &[0, 5_000, 400_000]));
                    ok(store.withdraw(&request, challenge_id, now).await);
                    ok(reference.withdraw(&request, challenge_id, now).await);
                }
            }
            4..8 => {
                let mut request = attempt(subject, *pick(&mut random, &[RIGHT, WRONG, WRONG]), now);
                request.policy = policy;
                request.guess.nonce = random.random_bool(0.2).then_some([7; 16]);
                request.watch = random.random_bool(0.5).then_some(watch);
                assert_eq!(
                    ok(store.attempt(&request).await),
                    ok(reference.attempt(&request).await),
                    "{place}"
                );
            }
            8 => {
                let step = random.random_bool(0.6).then(|| now.as_second().unsigned_abs() / 30);
                let request = StepRequest { subject: digest(salt, 5), step, policy, now };
                assert_eq!(
                    ok(store.take_step(&request).await),
                    ok(reference.take_step(&request).await),
                    "{place}"
                );
            }
            _ => {
                let charges = charges(&mut random, salt, now);
                let (one, other) = (store.admit(&charges, now).await, reference.admit(&charges, now).await);
                assert_eq!(ok(one), ok(other), "{place}");
            }
        }
        let (one, other) = (store.expires_at(subject, now).await, reference.expires_at(subject, now).await);
        assert_eq!(ok(one), ok(other), "{place}");
    }
}

fn pick<'a, T>(random: &mut StdRng, items: &'a [T]) -> &'a T {
    &items[random.random_range(0..items.len())]
}

fn charges(random: &mut StdRng, salt: u8, now: Timestamp) -> Vec<Charge> {
    let rates = [Rate::hourly(7), Rate::daily(20), Rate::hourly(100)];
    let count = random.random_range(0..=rates.len());
    let charge = |(index, rate): (u8, Rate)| Charge {
        cost: random.random_range(1..4),
        ..Charge::new("test", digest(salt, 30 + index), rate, now)
    };
    (0..).zip(rates).take(count).map(charge).collect()
}

fn digest(salt: u8, number: u8) -> Digest {
    std::array::from_fn(|index| if index % 2 == 0 { number } else { salt })
}

fn issue(subject: Digest, now: Timestamp) -> IssueRequest {
    let challenge = Challenge {
        id: [8; 16],
        key_id: 0,
        answer: RIGHT,
        nonce: None,
        terms: [0; 16],
        expires_at: now + TTL,
    };
    let policy = Policy::default().without_cooldown();
    IssueRequest { subject, challenge, policy, charges: Vec::new(), watch: None, idempotency: None, now }
}

fn attempt(subject: Digest, answer: Digest, now: Timestamp) -> AttemptRequest {
    let guess = Guess { nonce: None, answers: [Some((0, answer)), None] };
    AttemptRequest { subject, guess, policy: Policy::default(), watch: None, now }
}

fn ok<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("the store answers")
}

async fn put(store: &dyn OtpStore, subject: u8, now: Timestamp) {
    let decision = ok(store.issue(&issue([subject; 16], now)).await);
    assert!(matches!(decision.verdict, Verdict::Issued { .. }), "{decision:?}");
}

async fn show(store: &dyn OtpStore, subject: u8, answer: Digest, now: Timestamp) -> Attempt {
    ok(store.attempt(&attempt([subject; 16], answer, now)).await)
}

async fn accepts_once(store: &dyn OtpStore, now: Timestamp) {
    assert_eq!(show(store, 1, RIGHT, now).await, Attempt::NotFound, "before anything was issued");
    put(store, 1, now).await;
    assert_eq!(ok(store.expires_at([1; 16], now).await), Some(now + TTL));
    assert_eq!(show(store, 1, RIGHT, now).await, Attempt::Accepted);
    assert_eq!(show(store, 1, RIGHT, now).await, Attempt::NotFound, "a second time");
    assert_eq!(ok(store.expires_at([1; 16], now).await), None);
}

async fn counts_wrong_codes_and_locks_longer_each_time(store: &dyn OtpStore, start: Timestamp) {
    let mut now = start;
    let policy = Policy::default();
    for lock in [60, 120, 240, 86_400].map(SignedDuration::from_secs) {
        put(store, 2, now).await;
        for number in 1..=policy.attempts_max() {
            assert_eq!(show(store, 2, WRONG, now).await, Attempt::Wrong, "wrong code {number}");
        }
        assert_eq!(
            show(store, 2, RIGHT, now).await,
            Attempt::NotFound,
            "the right one after five wrong ones"
        );
        assert_eq!(ok(store.expires_at([2; 16], now).await), None);
        let again = issue([2; 16], now + lock - MILLISECOND);
        let until = now + lock;
        assert_eq!(
            ok(store.issue(&again).await).verdict,
            Verdict::Locked { until },
            "a new one buys no guesses"
        );
        now = until;
    }
    put(store, 2, now).await;
    assert_eq!(show(store, 2, RIGHT, now).await, Attempt::Accepted);
}

async fn counts_wrong_codes_over_resends(store: &dyn OtpStore, now: Timestamp) {
    for number in 1..=4 {
        put(store, 3, now).await;
        assert_eq!(show(store, 3, WRONG, now).await, Attempt::Wrong, "wrong code {number}");
    }
    let later = now + TTL;
    put(store, 3, later).await;
    assert_eq!(show(store, 3, WRONG, later).await, Attempt::Wrong, "the fifth, of the second challenge");
    assert_eq!(show(store, 3, RIGHT, later).await, Attempt::NotFound);
}

async fn ends_to_the_millisecond(store: &dyn OtpStore, now: Timestamp) {
    put(store, 4, now).await;
    assert_eq!(show(store, 4, RIGHT, now + TTL).await, Attempt::NotFound, "at its end");
    put(store, 4, now + TTL).await;
    assert_eq!(
        show(store, 4, RIGHT, now + TTL + TTL - MILLISECOND).await,
        Attempt::Accepted,
        "just before it"
    );
}

async fn repeats_or_replaces(store: &dyn OtpStore, now: Timestamp) {
    let with = |id: u8, resend, now| {
        let mut request = issue([5; 16], now);
        request.challenge.id = [id; 16];
        request.policy = request.policy.with_resend(resend);
        request
    };
    let issued =
        |id: u8, at: Timestamp| Verdict::Issued { challenge_id: [id; 16], key_id: 0, expires_at: at + TTL };
    let (half, late) = (now + TTL / 2, now + TTL / 2 + MILLISECOND);
    assert_eq!(ok(store.issue(&with(1, Resend::Repeat, now)).await).verdict, issued(1, now));
    assert_eq!(
        ok(store.issue(&with(2, Resend::Repeat, half)).await).verdict,
        issued(1, now),
        "the same again"
    );
    assert_eq!(
        ok(store.issue(&with(3, Resend::Repeat, late)).await).verdict,
        issued(3, late),
        "too late for that"
    );
    assert_eq!(ok(store.issue(&with(4, Resend::Replace, late)).await).verdict, issued(4, late));
}

async fn keeps_nonces_and_transactions_apart(store: &dyn OtpStore, now: Timestamp) {
    let mut request = issue([6; 16], now);
    request.challenge.nonce = Some([9; 16]);
    ok(store.issue(&request).await);
    for number in 1..=10 {
        let without = show(store, 6, RIGHT, now).await;
        assert_eq!(without, Attempt::NotFound, "without the nonce, guess {number}");
    }
    let mut other = request.clone();
    (other.challenge.id, other.challenge.terms) = ([4; 16], [3; 16]);
    let decision = ok(store.issue(&other).await).verdict;
    let replaced = matches!(decision, Verdict::Issued { challenge_id, .. } if challenge_id == [4; 16]);
    assert!(replaced, "another transaction does not get the code of the first: {decision:?}");
    let mut shown = attempt([6; 16], RIGHT, now);
    shown.guess.nonce = Some([9; 16]);
    assert_eq!(ok(store.attempt(&shown).await), Attempt::Accepted, "no guess without the nonce has counted");
}

async fn knows_the_key_of_a_challenge(store: &dyn OtpStore, now: Timestamp) {
    put(store, 7, now).await;
    let mut shown = attempt([7; 16], RIGHT, now);
    shown.guess.answers = [Some((1, RIGHT)), None];
    for _ in 0..10 {
        let other = ok(store.attempt(&shown).await);
        assert_eq!(other, Attempt::NotFound, "under another key it is no guess, and not counted");
    }
    shown.guess.answers = [Some((1, WRONG)), Some((0, RIGHT))];
    assert_eq!(ok(store.attempt(&shown).await), Attempt::Accepted, "the older of two live keys");
}

async fn waits_between_codes(store: &dyn OtpStore, start: Timestamp) {
    let mut now = start;
    for wait in [30, 60, 120].map(SignedDuration::from_secs) {
        let with = |now| IssueRequest { policy: Policy::default(), ..issue([8; 16], now) };
        let decision = ok(store.issue(&with(now)).await);
        assert!(matches!(decision.verdict, Verdict::Issued { .. }), "{decision:?}");
        let until = now + wait;
        let early = ok(store.issue(&with(until - MILLISECOND)).await).verdict;
        assert_eq!(early, Verdict::CoolingDown { until });
        now = until;
    }
    assert_eq!(show(store, 8, RIGHT, now).await, Attempt::Accepted);
    put(store, 8, now).await;
}

async fn takes_all_charges_or_none(store: &dyn OtpStore, now: Timestamp) {
    let (wide, narrow) = (Rate::hourly(100), Rate::new(2, Duration::from_secs(60)).expect("a rate"));
    let with = |subject: u8, now| {
        let charge = |key: u8, rate| Charge::new("test", [key; 16], rate, now);
        IssueRequest { charges: vec![charge(11, wide), charge(12, narrow)], ..issue([subject; 16], now) }
    };
    for (subject, left) in [(20, 1), (21, 0)] {
        let decision = ok(store.issue(&with(subject, now)).await);
        assert!(matches!(decision.verdict, Verdict::Issued { .. }), "{decision:?}");
        assert_eq!(decision.standings[1].remaining, left);
    }
    let until = now + SignedDuration::from_secs(30);
    let refused = ok(store.issue(&with(22, until - MILLISECOND)).await);
    assert_eq!(refused.verdict, Verdict::Limited { charge: 1, until });
    assert_eq!(refused.standings[0].remaining, 98, "the limit that had room was not charged");
    assert_eq!(ok(store.expires_at([22; 16], now).await), None, "no code is pending");
    assert!(matches!(ok(store.issue(&with(22, until)).await).verdict, Verdict::Issued { .. }));
}

async fn repeats_a_request_under_its_key(store: &dyn OtpStore, now: Timestamp) {
    let with = |subject: u8, id: u8, now| {
        let charge = Charge::new("test", [13; 16], Rate::hourly(5), now);
        let mut request = IssueRequest { charges: vec![charge], ..issue([subject; 16], now) };
        (request.challenge.id, request.idempotency) = ([id; 16], Some([50; 16]));
        request
    };
    ok(store.issue(&with(24, 1, now)).await);
    let again = ok(store.issue(&with(24, 2, now + TTL - MILLISECOND)).await);
    let expected = Verdict::Replayed { challenge_id: [1; 16], key_id: 0, expires_at: now + TTL };
    assert_eq!((again.verdict, again.standings[0].remaining), (expected, 4), "it is not charged twice");
    assert_eq!(ok(store.issue(&with(25, 3, now)).await).verdict, Verdict::KeyReused);
    assert!(matches!(ok(store.issue(&with(25, 4, now + TTL)).await).verdict, Verdict::Issued { .. }));
}

async fn takes_back_what_was_not_sent(store: &dyn OtpStore, now: Timestamp) {
    let charge = Charge { cost: 3, ..Charge::new("test", [16; 16], Rate::daily(3), now) };
    let request = IssueRequest {
        charges: vec![charge],
        idempotency: Some([51; 16]),
        policy: Policy::default(),
        ..issue([26; 16], now)
    };
    for _ in 0..2 {
        let decision = ok(store.issue(&request).await);
        assert!(matches!(decision.verdict, Verdict::Issued { .. }), "{decision:?}");
        ok(store.withdraw(&request, request.challenge.id, now).await);
        assert_eq!(show(store, 26, RIGHT, now).await, Attempt::NotFound, "nobody has the code");
    }
    ok(store.issue(&request).await);
    ok(store.withdraw(&request, [99; 16], now).await);
    assert_eq!(show(store, 26, RIGHT, now).await, Attempt::Accepted, "another challenge was meant");
}

async fn closes_a_pumped_prefix(store: &dyn OtpStore, now: Timestamp) {
    let with = |subject: Digest, number| IssueRequest {
        watch: Some(Watch { prefix: [60; 16], number }),
        ..issue(subject, now)
    };
    let friend = with([61; 16], 50_000);
    ok(store.issue(&friend).await);
    let shown = AttemptRequest { watch: friend.watch, ..attempt([61; 16], RIGHT, now) };
    assert_eq!(ok(store.attempt(&shown).await), Attempt::Accepted);
    let mut closed_after = None;
    for number in 0..30_u8 {
        let decision = ok(store.issue(&with(digest(number, 62), number.into())).await);
        if let Verdict::Suspected { .. } = decision.verdict {
            closed_after = Some(number);
            break;
        }
    }
    assert!(closed_after.is_some(), "thirty messages in a row to neighbouring numbers");
    assert!(matches!(ok(store.issue(&with([63; 16], 90_000)).await).verdict, Verdict::Suspected { .. }));
    assert!(matches!(ok(store.issue(&friend).await).verdict, Verdict::Issued { .. }), "verified before");
}

async fn takes_each_step_once(store: &dyn OtpStore, now: Timestamp) {
    let step = |step, now| StepRequest { subject: [70; 16], step, policy: Policy::default(), now };
    assert_eq!(ok(store.take_step(&step(Some(100), now)).await), Attempt::Accepted);
    assert_eq!(ok(store.take_step(&step(Some(100), now)).await), Attempt::NotFound, "the same again");
    assert_eq!(ok(store.take_step(&step(Some(99), now)).await), Attempt::NotFound, "an older one");
    for number in 1..=5 {
        assert_eq!(ok(store.take_step(&step(None, now)).await), Attempt::Wrong, "wrong code {number}");
    }
    let until = now + SignedDuration::from_secs(60);
    assert_eq!(ok(store.take_step(&step(Some(101), until - MILLISECOND)).await), Attempt::Locked(until));
    assert_eq!(ok(store.take_step(&step(Some(101), until)).await), Attempt::Accepted);
}

async fn knows_who_holds_a_code(store: &dyn OtpStore, now: Timestamp) {
    let subject = digest(17, 0);
    let held = async |at: Timestamp| ok(store.held(subject, at).await);
    ok(store.hold(subject, [1; 16], "nobody's", now).await);
    assert_eq!(held(now).await, None, "there is no challenge");
    let mut request = issue(subject, now);
    request.policy = request.policy.without_cooldown().with_resend(Resend::Replace);
    request.challenge.nonce = Some([7; 16]);
    let challenge = request.challenge;
    ok(store.issue(&request).await);
    assert_eq!(held(now).await, None, "its code is our own");
    ok(store.hold(subject, [9; 16], "a stranger's", now).await);
    assert_eq!(held(now).await, None, "that is not the pending one");
    ok(store.hold(subject, challenge.id, "provider pin-1", now).await);
    let holder = "provider pin-1".to_owned();
    let expected =
        HeldChallenge { id: challenge.id, key_id: challenge.key_id, nonce: challenge.nonce, holder };
    assert_eq!(held(now).await, Some(expected));
    assert_eq!(held(now + TTL).await, None, "it has ended");
    ok(store.hold(subject, challenge.id, "", now).await);
    assert_eq!(held(now).await, None, "nobody holds it any more");
    ok(store.hold(subject, challenge.id, "provider pin-1", now).await);
    request.challenge.id = [3; 16];
    ok(store.issue(&request).await);
    assert_eq!(held(now).await, None, "the new code is our own");
    ok(store.hold(subject, [3; 16], "provider pin-3", now).await);
    ok(store.hold(subject, challenge.id, "", now).await);
    assert!(held(now).await.is_some(), "the older one says nothing of the newer one");
    accepts_what_its_holder_found_right(store, subject, [3; 16], now).await;
}

/// The guess that is right may be the one that locks, because it is counted before.
async fn accepts_what_its_holder_found_right(
    store: &dyn OtpStore,
    subject: Digest,
    challenge_id: Digest,
    now: Timestamp,
) {
    let accept = async |challenge_id, now| {
        ok(store.accept_held(&HeldRequest { subject, challenge_id, watch: None, now }).await)
    };
    for _ in 0..Policy::default().attempts_max() {
        let mut guess = attempt(subject, WRONG, now);
        guess.guess.nonce = Some([7; 16]);
        assert_eq!(ok(store.attempt(&guess).await), Attempt::Wrong);
    }
    assert_eq!(ok(store.held(subject, now).await), None, "it is locked");
    assert_eq!(accept([9; 16], now).await, Attempt::NotFound, "a stranger's");
    assert_eq!(accept(challenge_id, now + TTL).await, Attempt::NotFound, "it has ended");
    assert_eq!(accept(challenge_id, now).await, Attempt::Accepted);
    assert_eq!(accept(challenge_id, now).await, Attempt::NotFound, "once");
    let request = issue(subject, now);
    assert!(matches!(ok(store.issue(&request).await).verdict, Verdict::Issued { .. }), "the lock is gone");
}

async fn admits_by_charges(store: &dyn OtpStore, now: Timestamp) {
    let charges =
        [Charge::new("status", [14; 16], Rate::new(2, Duration::from_secs(2)).expect("a rate"), now)];
    assert_eq!(ok(store.admit(&charges, now).await).standings[0].remaining, 1);
    assert_eq!(ok(store.admit(&charges, now).await).standings[0].remaining, 0);
    let until = now + SignedDuration::from_secs(1);
    assert_eq!(ok(store.admit(&charges, now).await).limited, Some((0, until)));
    assert!(ok(store.admit(&[], now).await).limited.is_none());
}

async fn changes_nothing_by_a_preview(store: &dyn OtpStore, now: Timestamp) {
    let charge = Charge::new("test", [15; 16], Rate::daily(1), now);
    let request = IssueRequest { charges: vec![charge], ..issue([80; 16], now) };
    for _ in 0..3 {
        let decision = ok(store.preview(&request).await);
        assert!(matches!(decision.verdict, Verdict::Issued { .. }), "{decision:?}");
        assert_eq!(decision.standings[0].remaining, 1);
    }
    assert_eq!(ok(store.expires_at([80; 16], now).await), None);
}
