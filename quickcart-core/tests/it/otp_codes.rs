//! Codes are uniform: Pearson's chi-squared test of their digits, and of whole codes.
//!
//! A million codes; ten million in `cargo xtask soak`, which sets `QUICKCART_SOAK`.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{Binding, KeyRing, Otp, Policy};
use quickcart_core::secret::SecretKey;

const DIGITS: usize = 6;
const BUCKETS: usize = 100;
const THREADS: u64 = 2;

/// What chi-squared exceeds by chance once in a million tests: the upper quantiles of its distribution with 9 and 99
/// degrees of freedom. They are where the regularized upper incomplete gamma function Q(df/2, x/2) is 1e-6. There are
/// seven tests, so a good generator fails this once in 140,000 runs.
const LIMIT_9: f64 = 44.811;
const LIMIT_99: f64 = 180.792;

#[test]
fn codes_are_uniform() {
    let total = if std::env::var_os("QUICKCART_SOAK").is_some() { 10_000_000 } else { 1_000_000 };
    let counts = count(total);
    for (position, counts) in counts.digits.iter().enumerate() {
        let statistic = chi_squared(counts);
        assert!(statistic < LIMIT_9, "digit {position}: {statistic}, {counts:?}");
    }
    let statistic = chi_squared(&counts.buckets);
    assert!(statistic < LIMIT_99, "whole codes: {statistic}, {:?}", counts.buckets);
    assert_eq!(counts.buckets.iter().sum::<u64>(), total);
    // Each side is missed by chance once in e^100 runs.
    assert!(counts.least < 100, "zeros lead: {}", counts.least);
    assert!(counts.most > 999_899, "the last codes are there: {}", counts.most);
}

#[test]
fn a_biased_die_is_noticed() {
    assert!(chi_squared(&[100_000; 10]) < 1e-9);
    let mut counts = [100_000; 10];
    // As if one code in a hundred with a nine were drawn again.
    counts[9] -= 1_000;
    assert!(chi_squared(&counts) < LIMIT_9, "too little to tell by a million");
    counts[9] -= 1_500;
    assert!(chi_squared(&counts) > LIMIT_9);
}

/// How often each digit stands at each place, and how often a code lies in each hundredth of all codes.
struct Counts {
    digits: [[u64; 10]; DIGITS],
    buckets: [u64; BUCKETS],
    least: usize,
    most: usize,
}

impl Counts {
    const NONE: Self = Self { digits: [[0; 10]; DIGITS], buckets: [0; BUCKETS], least: usize::MAX, most: 0 };

    fn note(&mut self, code: &str) {
        assert_eq!(code.len(), DIGITS);
        for (counts, digit) in self.digits.iter_mut().zip(code.bytes()) {
            counts[usize::from(digit - b'0')] += 1;
        }
        let number: usize = code.parse().unwrap();
        self.buckets[number / (1_000_000 / BUCKETS)] += 1;
        self.least = self.least.min(number);
        self.most = self.most.max(number);
    }

    fn add(mut self, other: &Self) -> Self {
        let cells = self.digits.as_flattened_mut().iter_mut().chain(&mut self.buckets);
        for (cell, more) in cells.zip(other.digits.as_flattened().iter().chain(&other.buckets)) {
            *cell += more;
        }
        Self { least: self.least.min(other.least), most: self.most.max(other.most), ..self }
    }
}

fn count(total: u64) -> Counts {
    thread::scope(|scope| {
        let threads = [(); THREADS as usize].map(|()| scope.spawn(|| count_alone(total / THREADS)));
        threads.into_iter().fold(Counts::NONE, |all, thread| all.add(&thread.join().unwrap()))
    })
}

/// A second passes between codes, and a store remembers for an hour that one was asked for, so that a small one is enough.
fn count_alone(total: u64) -> Counts {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let store = Arc::new(MemoryOtpStore::with_capacity(10_000));
    let policy = Policy::new(6, Duration::from_secs(1), 5).unwrap();
    let otp = Otp::new(store, KeyRing::new(&SecretKey::random()), policy, clock.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut counts = Counts::NONE;
        for number in 0..total {
            let phone = format!("+919{number:09}");
            counts.note(otp.issue(Binding::new("sign-in", &phone)).await.unwrap().code.as_str());
            clock.advance(Duration::from_secs(1));
        }
        counts
    })
}

fn chi_squared(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum()
}
