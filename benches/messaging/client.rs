//! What a message over HTTP costs us, against the same request by reqwest alone.

use std::sync::Arc;
use std::time::Duration;

use benches::{Contender, Cost, Goal, Result, Section, alternate, measure, scattered_number};
use quickcart_core::messaging::MessageProvider;
use quickcart_core::messaging::sms::{Twilio, TwilioKey, TwilioSender};
use quickcart_core::phone::{PhoneNumber, Region};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use tokio::runtime::Runtime;

use super::overhead::message;
use super::provider;

const MESSAGES: u64 = 4_000;
const IN_FLIGHT: u64 = 16;
const REPETITIONS: usize = 15;
const CPU_MAX: f64 = 1.2;
const ACCOUNT: &str = "AC00000000000000000000000000000000";

pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = provider::start(Duration::ZERO)?;
    let base_url = format!("http://127.0.0.1:{}", server.port);
    let ours = Arc::new(twilio(&base_url)?);
    let bare = Arc::new(Bare::new(&base_url)?);
    let contenders = vec![
        Contender::new("quickcart Twilio", || drive(&runtime, || Arc::clone(&ours), send)),
        Contender::new("reqwest, the same form and answer", || drive(&runtime, || Arc::clone(&bare), post))
            .with_goal(Goal::Cpu(CPU_MAX)),
    ];
    benches::print(&Section {
        title: format!("messages: one message by HTTP, {IN_FLIGHT} in flight"),
        notes: vec![
            "CPU is the client's alone; the provider is a process of its own on loopback that answers at once, without TLS. \
             reqwest sends a form that is written before, and reads the name of the message; ours writes the form, and \
             bounds time and length."
                .to_owned(),
        ],
        rows: alternate(REPETITIONS, contenders)?,
    });
    Ok(())
}

pub(crate) fn twilio(base_url: &str) -> Result<Twilio> {
    let sender = TwilioSender::Number("+15005550006".to_owned());
    let builder = Twilio::builder(ACCOUNT, TwilioKey::AuthToken("token".to_owned()), sender);
    Ok(builder.base_url(base_url).build()?)
}

/// Does the work of all messages, so many at a time.
fn drive<T, F>(runtime: &Runtime, client: impl Fn() -> Arc<T>, work: fn(Arc<T>, u64) -> F) -> Result<Cost>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    measure(MESSAGES, || {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..IN_FLIGHT)
                .map(|first| {
                    let client = client();
                    tokio::spawn(async move {
                        for number in (first..MESSAGES).step_by(IN_FLIGHT as usize) {
                            work(Arc::clone(&client), number).await?;
                        }
                        Ok::<(), benches::Failure>(())
                    })
                })
                .collect();
            for task in tasks {
                task.await??;
            }
            Ok(())
        })
    })
}

async fn send(twilio: Arc<Twilio>, number: u64) -> Result<()> {
    let phone = PhoneNumber::parse(&scattered_number(number), Region::IN)?;
    let receipt = twilio.send(&message(&phone, number)).await?;
    assert_eq!(receipt.message_id.as_deref(), Some("SM0123456789abcdef0123456789abcdef"));
    Ok(())
}

/// The least that a client of Twilio does.
struct Bare {
    client: reqwest::Client,
    url: String,
    form: String,
}

#[derive(Deserialize)]
struct Taken {
    sid: String,
}

impl Bare {
    fn new(base_url: &str) -> Result<Self> {
        // Not used here, and still reqwest wants to know; it is chosen already when another row came first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = format!("{base_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
        let text = "Your%20QuickCart%20verification%20code%20is%3A%20000042%2E%20Valid%20for%205%20minutes%2E%20Do%20not%20\
                    share%20this%20code%20with%20anyone%2E";
        let form = format!(
            "To=%2B919876543210&From=%2B15005550006&Body={text}&Attempt=1&SmartEncoded=true&ProvideFeedback=true"
        );
        Ok(Self { client: reqwest::Client::builder().no_proxy().build()?, url, form })
    }
}

async fn post(bare: Arc<Bare>, _number: u64) -> Result<()> {
    let request = bare.client.post(&bare.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request =
        request.header(AUTHORIZATION, "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0b2tlbg==");
    let answer = request.body(bare.form.clone()).send().await?;
    let taken: Taken = serde_json::from_slice(&answer.bytes().await?)?;
    assert_eq!(taken.sid, "SM0123456789abcdef0123456789abcdef");
    Ok(())
}
