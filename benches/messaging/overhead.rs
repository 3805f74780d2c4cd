//! What sending costs besides the provider: routes, breakers, books and text, with a provider that answers at once.

use std::hint::black_box;
use std::sync::Arc;

use async_trait::async_trait;
use benches::{Contender, Cost, Goal, Result, Section, alternate, measure, scattered_number};
use quickcart_core::clock::SystemClock;
use quickcart_core::messaging::{
    Failover, FailoverPolicy, Ledger, Message, MessageProvider, Receipt, Route, SendError,
};
use quickcart_core::phone::{PhoneNumber, Region};
use tokio::runtime::Runtime;

const MESSAGES: u64 = 100_000;
const PHONES: u64 = 10_000;
const REPETITIONS: usize = 7;
/// Ten microseconds of a core for a message.
const MESSAGES_A_SECOND: f64 = 100_000.0;

pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let phones = phones()?;
    let (quiet, telling) = (failover(false), failover(true));
    runtime.block_on(check(&quiet, &phones[0]))?;
    let drain = Drain { name: "drain", reports: false };
    let contenders = vec![
        Contender::new("Failover of three, no reports", || send(&runtime, &quiet, &phones))
            .with_goal(Goal::PerCoreSecond(MESSAGES_A_SECOND)),
        Contender::new("Failover of three, reports awaited", || send(&runtime, &telling, &phones)),
        Contender::new("the provider alone", || send(&runtime, &drain, &phones)),
    ];
    benches::print(&Section {
        title: format!("messages: one message written and sent, {PHONES} phones, one thread"),
        notes: vec![
            "The provider takes each message at once and does nothing. All write the text; ours also chooses the route, asks \
             the breakers, sets the price aside, keeps the books, sets limits of time, and remembers the message for reports."
                .to_owned(),
        ],
        rows: alternate(REPETITIONS, contenders)?,
    });
    Ok(())
}

fn phones() -> Result<Vec<PhoneNumber>> {
    (0..PHONES).map(|index| Ok(PhoneNumber::parse(&scattered_number(index), Region::IN)?)).collect()
}

fn failover(reports: bool) -> Failover {
    let route = |name| Route::new(Arc::new(Drain { name, reports })).with_price(250_000);
    let routes = ["a", "b", "c"].map(route).to_vec();
    Failover::new(routes, FailoverPolicy::default(), Arc::new(Ledger::default()), Arc::new(SystemClock))
}

async fn check(failover: &Failover, phone: &PhoneNumber) -> Result<()> {
    let receipt = failover.send(&message(phone, 42)).await?;
    assert_eq!((receipt.provider, receipt.message_id.as_deref()), ("a", Some("SM0123456789abcdef")));
    assert_eq!(failover.ledger().figures().cost(), 250_000);
    Ok(())
}

fn send(runtime: &Runtime, provider: &dyn MessageProvider, phones: &[PhoneNumber]) -> Result<Cost> {
    measure(MESSAGES, || {
        runtime.block_on(async {
            for (code, phone) in (0..MESSAGES).zip(phones.iter().cycle()) {
                black_box(provider.send(&message(phone, code)).await?);
            }
            Ok(())
        })
    })
}

pub(crate) fn message(phone: &PhoneNumber, code: u64) -> Message {
    let code = format!("{code:06}");
    let text = format!(
        "Your QuickCart verification code is: {code}. Valid for 5 minutes. Do not share this code with anyone."
    );
    Message::new(phone.clone(), text).with_purpose("bench").with_code(code)
}

/// Takes a message and forgets it.
struct Drain {
    name: &'static str,
    reports: bool,
}

#[async_trait]
impl MessageProvider for Drain {
    fn name(&self) -> &'static str {
        self.name
    }

    fn reports(&self) -> bool {
        self.reports
    }

    async fn send(&self, message: &Message) -> std::result::Result<Receipt, SendError> {
        black_box(message);
        Ok(Receipt::new(self.name, Some("SM0123456789abcdef".to_owned())))
    }
}
