//! A one-time code issued and verified, on one thread, against a naive store and against the bare cryptography.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::{Contender, Result, Section, alternate, measure};
use hmac::{Hmac, KeyInit, Mac};
use quickcart_core::clock::SystemClock;
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{Binding, CodeSource, Otp, Policy};
use quickcart_core::secret::SecretKey;
use rand::RngExt;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::runtime::Runtime;

const PAIRS: u64 = 100_000;
const SUBJECTS: u64 = 1_000;
const REPETITIONS: usize = 7;

pub(crate) fn main() -> Result<()> {
    if !benches::is_wanted() {
        return Ok(());
    }
    let phones: Vec<String> = (0..SUBJECTS).map(|n| format!("+9198{n:08}")).collect();
    let subjects = || phones.iter().cycle().take(PAIRS as usize);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;

    let otp = engine();
    runtime.block_on(check(&otp))?;
    let mut naive = Naive::default();
    let code = naive.issue("someone");
    assert!(
        !naive.verify("someone", "none") && naive.verify("someone", &code) && !naive.verify("someone", &code)
    );
    let key: Hmac<Sha256> = Hmac::new_from_slice(b"0123456789abcdef0123456789abcdef")?;

    let contenders = vec![
        Contender::new("quickcart Otp, MemoryOtpStore", || ours(&runtime, &otp, subjects())),
        Contender::new("HashMap, rand, string comparison", || {
            measure(PAIRS, || {
                for subject in subjects() {
                    let code = naive.issue(subject);
                    assert!(naive.verify(subject, &code));
                }
                Ok(())
            })
        }),
        Contender::new("limit: two HMAC-SHA-256 and a comparison", || {
            measure(PAIRS, || {
                for subject in subjects() {
                    let tag = || key.clone().chain_update(black_box(subject)).finalize().into_bytes();
                    assert!(bool::from(tag().ct_eq(&tag())));
                }
                Ok(())
            })
        }),
    ];
    benches::print(&Section {
        title: format!("otp: a code issued and verified, {SUBJECTS} phones, one thread"),
        notes: vec![
            "Ours takes four HMACs: it keeps digests of phone and code, and binds the code to its purpose. The naive \
             peer keeps both in the clear."
                .to_owned(),
        ],
        rows: alternate(REPETITIONS, contenders)?,
    });
    Ok(())
}

fn engine() -> Otp {
    Otp::new(
        Arc::new(MemoryOtpStore::with_capacity(1_000_000)),
        SecretKey::random(),
        Policy::default(),
        CodeSource::Random,
        Arc::new(SystemClock),
    )
}

fn binding(subject: &str) -> Binding<'_> {
    Binding { purpose: "sign-in", subject, nonce: None }
}

async fn check(otp: &Otp) -> Result<()> {
    let issued = otp.issue(binding("+919876543210")).await?;
    assert!(otp.verify(binding("+919876543211"), issued.code.as_str()).await.is_err(), "of another phone");
    otp.verify(binding("+919876543210"), issued.code.as_str()).await?;
    assert!(otp.verify(binding("+919876543210"), issued.code.as_str()).await.is_err(), "a code works once");
    Ok(())
}

fn ours<'a>(
    runtime: &Runtime,
    otp: &Otp,
    subjects: impl Iterator<Item = &'a String>,
) -> Result<benches::Cost> {
    measure(PAIRS, || {
        runtime.block_on(async {
            for subject in subjects {
                let issued = otp.issue(binding(subject)).await?;
                otp.verify(binding(subject), issued.code.as_str()).await?;
            }
            Ok(())
        })
    })
}

/// What one writes without thinking of attackers.
#[derive(Default)]
struct Naive(HashMap<String, (String, Instant)>);

impl Naive {
    fn issue(&mut self, subject: &str) -> String {
        let code = format!("{:06}", rand::rng().random_range(0..1_000_000_u32));
        self.0.insert(subject.to_owned(), (code.clone(), Instant::now() + Duration::from_secs(300)));
        code
    }

    fn verify(&mut self, subject: &str, code: &str) -> bool {
        let right = self.0.get(subject).is_some_and(|(kept, until)| kept == code && Instant::now() < *until);
        if right {
            self.0.remove(subject);
        }
        right
    }
}
