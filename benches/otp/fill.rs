//! What a live challenge takes: the growth of a process that keeps many.

use std::process::Command;
use std::sync::Arc;

use benches::{Figure, Result};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{Binding, Charge, Conditions, KeyRing, Otp, Policy, Rate};
use quickcart_core::secret::SecretKey;

pub(crate) const FLAG: &str = "--fill-challenges";

/// Tables double, so what an entry takes depends on how many there are. Worst is just after doubling: they are seven
/// eighths full at most, and a shard has a 64th of all, so that comes after 7/8 * 2^20 of them, and a little more.
const COUNTS: [u32; 2] = [1_000_000, 930_000];
const BYTES_MAX: f64 = 400.0;

pub(crate) fn run() -> Result<()> {
    let mut figures = Vec::new();
    for count in COUNTS {
        let output = Command::new(std::env::current_exe()?).args([FLAG, &count.to_string()]).output()?;
        let bytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
        let what = format!("bytes of memory a live challenge, {count} of them, each with a limit");
        figures.push(Figure { what, value: bytes / f64::from(count), most: Some(BYTES_MAX) });
    }
    benches::print_figures(
        "otp in memory: what a live challenge takes (resident memory of a process)",
        &figures,
    );
    Ok(())
}

/// Issues that many codes and prints by how many bytes this process has grown.
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
pub(crate) fn fill(challenges: u32) -> Result<()> {
    let store = Arc::new(MemoryOtpStore::with_capacity(usize::try_from(challenges)? * 2));
    let otp = Otp::new(
        store,
        KeyRing::new(&SecretKey::random()),
        Policy::with_short_code(6, Policy::TTL_MAX, 5)?,
        Arc::new(SystemClock),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    // The first one pays for what is made once.
    runtime.block_on(issue(&otp, u32::MAX))?;
    let before = benches::resident()?;
    for number in 0..challenges {
        runtime.block_on(issue(&otp, number))?;
    }
    let grown = benches::resident()? - before;
    let first = binding_to(0);
    let pending = runtime.block_on(otp.expires_in(Binding::new("sign-in", &first)))?;
    assert!(pending.is_some(), "the first challenge is still live");
    println!("{grown}");
    Ok(())
}

async fn issue(otp: &Otp, number: u32) -> Result<()> {
    let subject = binding_to(number);
    // Whose limit it is comes as a keyed digest, so its bytes are evenly spread.
    let phone = Charge::new("phone", rand::random(), Rate::daily(20), SystemClock.now());
    let conditions = Conditions { charges: vec![phone], ..Conditions::default() };
    otp.issue_under(Binding::new("sign-in", &subject), conditions).await?;
    Ok(())
}

fn binding_to(number: u32) -> String {
    format!("+91{}", benches::scattered_number(number.into()))
}
