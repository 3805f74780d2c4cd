//! A code issued and verified in memory, on one thread, against a naive store and against the bare cryptography.

use std::collections::HashMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use benches::{Contender, Cost, Goal, Result, Section, alternate, measure, scattered_number};
use hmac::{Hmac, KeyInit, Mac};
use quickcart_core::clock::SystemClock;
use quickcart_core::messaging::{Message, MessageProvider, Receipt, SendError};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{
    Binding, CodeRequest, KeyRing, Limits, Otp, OtpError, PhoneVerification, Policy, Rate, Resend,
};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::secret::SecretKey;
use rand::RngExt;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::runtime::Runtime;

const PAIRS: u64 = 100_000;
const SUBJECTS: u64 = 10_000;
const ADDRESSES: u32 = 1_000;
const REPETITIONS: usize = 7;
const PAIRS_A_SECOND: f64 = 500_000.0;
/// Of a pair through `Otp`: the subject's name twice, the code, and its digest twice.
const HMACS: usize = 5;

pub(crate) fn run() -> Result<()> {
    let customers = customers()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let otp = engine();
    let verification =
        PhoneVerification::new(engine(), Arc::new(Drain), "sign-in", "QuickCart").with_limits(every_limit());
    runtime.block_on(check(&otp))?;
    runtime.block_on(check_phone(&verification, &customers))?;
    let mut naive = Naive::default();
    check_naive(&mut naive);
    let key: Hmac<Sha256> = Hmac::new_from_slice(b"0123456789abcdef0123456789abcdef")?;
    let hmacs = |count: usize| hmac_pairs(&key, &customers, count);

    let bare = vec![
        Contender::new("quickcart Otp, MemoryOtpStore", || otp_pairs(&runtime, &otp, &customers))
            .with_goal(Goal::PerCoreSecond(PAIRS_A_SECOND)),
        Contender::new("HashMap, rand, string comparison", || naive_pairs(&mut naive, &customers)),
        Contender::new("limit: two HMAC-SHA-256 and a comparison", || hmacs(2)),
        Contender::new(format!("as many HMAC-SHA-256 as ours: {HMACS}"), || hmacs(HMACS)),
    ];
    print("no limits", "", alternate(REPETITIONS, bare)?);

    let mut naive = Naive::default();
    let limited = vec![
        Contender::new("quickcart PhoneVerification, every limit", || {
            phone_pairs(&runtime, &verification, &customers)
        })
        .with_goal(Goal::PerCoreSecond(PAIRS_A_SECOND)),
        Contender::new("HashMap, rand, string comparison", || naive_pairs(&mut naive, &customers)),
        Contender::new(format!("as many HMAC-SHA-256 as ours: {}", HMACS + 1), || hmacs(HMACS + 1)),
    ];
    let note = "Ours also checks the number, takes from the limits of phone, address, prefix, country and spend, \
                watches for pumping, writes the message and hands it to a provider that drops it. ";
    print("all limits and the watch", note, alternate(REPETITIONS, limited)?);
    Ok(())
}

fn print(what: &str, note: &str, rows: Vec<benches::Measured>) {
    benches::print(&Section {
        title: format!("otp in memory: a code issued and verified, {what}, {SUBJECTS} phones, one thread"),
        notes: vec![format!(
            "{note}Ours keeps digests of phone and code, derives the code, and binds it to its purpose. The naive peer \
             keeps both in the clear."
        )],
        rows,
    });
}

struct Customer {
    phone: PhoneNumber,
    address: IpAddr,
}

fn customers() -> Result<Vec<Customer>> {
    (0..SUBJECTS).map(customer).collect()
}

fn customer(index: u64) -> Result<Customer> {
    let phone = PhoneNumber::parse(&scattered_number(index), Region::IN)?;
    let address = Ipv4Addr::from_bits(0x0A00_0000 + u32::try_from(index)? % ADDRESSES);
    Ok(Customer { phone, address: address.into() })
}

fn all_pairs(customers: &[Customer]) -> impl Iterator<Item = &Customer> {
    customers.iter().cycle().take(PAIRS as usize)
}

fn engine() -> Otp {
    Otp::new(
        Arc::new(MemoryOtpStore::with_capacity(1_000_000)),
        KeyRing::new(&SecretKey::random()),
        Policy::default().with_resend(Resend::Replace).without_cooldown(),
        Arc::new(SystemClock),
    )
}

/// All limits that hold by default, so wide that the bench is not refused.
fn every_limit() -> Limits {
    let wide = Some(Rate::hourly(1_000_000_000));
    Limits { phone: wide, address: wide, prefix: wide, country: wide, spend: wide, ..Limits::default() }
}

/// Takes a message and forgets it.
struct Drain;

#[async_trait]
impl MessageProvider for Drain {
    fn name(&self) -> &'static str {
        "drain"
    }

    async fn send(&self, message: &Message) -> std::result::Result<Receipt, SendError> {
        black_box(message);
        Ok(Receipt::new(self.name(), None))
    }
}

async fn check(otp: &Otp) -> Result<()> {
    let [mine, other] = ["+919876543210", "+919876543211"].map(|phone| Binding::new("sign-in", phone));
    let issued = otp.issue(mine).await?;
    assert!(otp.verify(other, issued.code.as_str()).await.is_err(), "of another phone");
    otp.verify(mine, issued.code.as_str()).await?;
    assert!(otp.verify(mine, issued.code.as_str()).await.is_err(), "a code works once");
    Ok(())
}

async fn check_phone(verification: &PhoneVerification, customers: &[Customer]) -> Result<()> {
    let [mine, other, ..] = customers else { return Err("there are two customers".into()) };
    let started = verification.start(code_request(mine)).await?;
    assert_eq!(started.limits.len(), 5, "phone, address, prefix, country and spend");
    let code = started.code.as_str();
    assert!(matches!(verification.check(&other.phone, None, code).await, Err(OtpError::NotFound)));
    verification.check(&mine.phone, None, code).await?;
    assert!(verification.check(&mine.phone, None, code).await.is_err(), "a code works once");
    let strict = verification.clone().with_limits(Limits { phone: Some(Rate::daily(1)), ..every_limit() });
    // A limit that is used up stays so: this one is of nobody who comes later.
    let last = customer(SUBJECTS)?;
    strict.start(code_request(&last)).await?;
    assert!(matches!(strict.start(code_request(&last)).await, Err(OtpError::Limited { limit: "phone", .. })));
    Ok(())
}

fn check_naive(naive: &mut Naive) {
    let code = naive.issue("someone");
    let wrong = naive.verify("someone", "none");
    assert!(!wrong && naive.verify("someone", &code) && !naive.verify("someone", &code));
}

fn code_request(customer: &Customer) -> CodeRequest<'_> {
    CodeRequest { address: Some(customer.address), ..CodeRequest::new(&customer.phone) }
}

fn otp_pairs(runtime: &Runtime, otp: &Otp, customers: &[Customer]) -> Result<Cost> {
    measure(PAIRS, || {
        runtime.block_on(async {
            for customer in all_pairs(customers) {
                let binding = Binding::new("sign-in", customer.phone.e164());
                let issued = otp.issue(binding).await?;
                otp.verify(binding, issued.code.as_str()).await?;
            }
            Ok(())
        })
    })
}

fn phone_pairs(runtime: &Runtime, verification: &PhoneVerification, customers: &[Customer]) -> Result<Cost> {
    measure(PAIRS, || {
        runtime.block_on(async {
            for customer in all_pairs(customers) {
                let started = verification.start(code_request(customer)).await?;
                verification.check(&customer.phone, None, started.code.as_str()).await?;
            }
            Ok(())
        })
    })
}

fn naive_pairs(naive: &mut Naive, customers: &[Customer]) -> Result<Cost> {
    measure(PAIRS, || {
        for customer in all_pairs(customers) {
            let code = naive.issue(customer.phone.e164());
            assert!(naive.verify(customer.phone.e164(), &code));
        }
        Ok(())
    })
}

fn hmac_pairs(key: &Hmac<Sha256>, customers: &[Customer], count: usize) -> Result<Cost> {
    measure(PAIRS, || {
        for customer in all_pairs(customers) {
            let tag = || key.clone().chain_update(black_box(customer.phone.e164())).finalize().into_bytes();
            let first = tag();
            for _ in 1..count {
                assert!(bool::from(first.ct_eq(&tag())));
            }
        }
        Ok(())
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
