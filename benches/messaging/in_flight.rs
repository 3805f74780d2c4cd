//! What a message takes in memory while its provider thinks.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use benches::{Figure, Result, scattered_number};
use quickcart_core::clock::SystemClock;
use quickcart_core::messaging::{Failover, FailoverPolicy, MessageProvider, Route};
use quickcart_core::phone::{PhoneNumber, Region};
use tokio::task::JoinSet;

use super::client::twilio;
use super::overhead::message;
use super::provider;

pub(crate) const FLAG: &str = "--messages-in-flight";

const MESSAGES: u32 = 10_000;
const BYTES_MAX: f64 = 30.0 * 1_024.0;
/// The provider takes a second for each, and a little more, so that the last one is asked before the first one is answered.
const ANSWERS_AFTER: Duration = Duration::from_millis(4_000);

pub(crate) fn run() -> Result<()> {
    let output = Command::new(std::env::current_exe()?).arg(FLAG).output()?;
    let text = String::from_utf8(output.stdout)?;
    let bytes: f64 = text.trim().parse().map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let what = format!("bytes a message in flight, {MESSAGES} at once, a connection each");
    let value = bytes / f64::from(MESSAGES);
    benches::print_figures(
        "messages: what one takes while its provider thinks (peak resident memory of a process)",
        &[Figure { what, value, most: Some(BYTES_MAX) }],
    );
    Ok(())
}

/// Sends that many at once and prints by how many bytes this process has grown at most.
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
pub(crate) fn fly() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = provider::start(ANSWERS_AFTER)?;
    let provider = Arc::new(twilio(&format!("http://127.0.0.1:{}", server.port))?);
    let policy = FailoverPolicy {
        budget: Duration::from_secs(30),
        provider_time_max: Duration::from_secs(30),
        ..FailoverPolicy::default()
    };
    let failover = Failover::new(vec![Route::new(provider)], policy, Arc::default(), Arc::new(SystemClock));
    runtime.block_on(async {
        let phone = PhoneNumber::parse(&scattered_number(0), Region::IN)?;
        failover.send(&message(&phone, 0)).await?;
        let before = benches::resident()?;
        let mut messages = JoinSet::new();
        for number in 0..MESSAGES.into() {
            let (failover, phone) =
                (failover.clone(), PhoneNumber::parse(&scattered_number(number), Region::IN)?);
            messages.spawn(async move { failover.send(&message(&phone, number)).await });
            if number % 100 == 99 {
                // Connections are made before more of them are begun, or the kernel's queue runs over.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        while let Some(sent) = messages.join_next().await {
            sent??;
        }
        println!("{}", benches::peak()? - before);
        Ok(())
    })
}
