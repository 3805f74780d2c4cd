//! A simulation of carriers that lose, delay, repeat and reorder, in virtual time and from a seed: how many codes arrive, and
//! how many messages that takes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_core::messaging::{
    Conversion, DeliveryReport, DeliveryState, Failover, FailoverPolicy, Failure, Message, MessageProvider,
    Receipt, Recipient, Route, SendError,
};
use quickcart_core::phone::PhoneNumber;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Mutex;
use tokio::time::sleep;

const REQUESTS: u32 = 10_000;
/// How long a code works.
const LIFE: Duration = Duration::from_secs(300);
/// Of those who got a code, so many type it in.
const SHOWN: f64 = 0.9;

/// A provider with a carrier behind it.
#[derive(Clone, Copy)]
struct Carrier {
    name: &'static str,
    /// Messages that are taken and never heard of again.
    lost: f64,
    /// Calls that get no answer, half of them after the message was sent.
    hangs: f64,
    /// Reports that are lost, come twice, or come in the wrong order.
    reports_lost: f64,
    reports_twice: f64,
    reports_reversed: f64,
}

const HEALTHY: Carrier = Carrier {
    name: "b",
    lost: 0.02,
    hangs: 0.001,
    reports_lost: 0.01,
    reports_twice: 0.1,
    reports_reversed: 0.1,
};

/// What happened to all requests.
#[derive(Default)]
struct Count {
    messages: AtomicU64,
    arrived: AtomicU64,
    failed: AtomicU64,
}

struct Simulated {
    carrier: Carrier,
    chance: Mutex<StdRng>,
    count: Arc<Count>,
    world: Arc<OnceLock<World>>,
}

/// Where reports and typed codes go.
struct World {
    failover: Failover,
    chance: std::sync::Mutex<StdRng>,
    arrived: std::sync::Mutex<std::collections::HashSet<Recipient>>,
}

impl World {
    fn draw(&self) -> f64 {
        self.chance.lock().unwrap().random()
    }
}

/// How long a message is on its way: three seconds in the middle, eight for one in twenty, and a long tail.
fn delay(draw: f64) -> Duration {
    let seconds = 3.0 * (-(1.0 - draw).ln() / std::f64::consts::LN_2).powf(0.67);
    Duration::from_secs_f64(seconds.clamp(0.5, 120.0))
}

#[async_trait]
impl MessageProvider for Simulated {
    fn name(&self) -> &'static str {
        self.carrier.name
    }

    fn reports(&self) -> bool {
        true
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let [hangs, sent, lost, late] = self.chance.lock().await.random::<[f64; 4]>();
        let hangs = hangs < self.carrier.hangs;
        if !hangs || sent < 0.5 {
            self.count.messages.fetch_add(1, Ordering::Relaxed);
        }
        let number = self.count.messages.load(Ordering::Relaxed);
        let message_id = format!("{}-{number}", self.name());
        if (!hangs || sent < 0.5) && lost >= self.carrier.lost {
            let delivery =
                Delivery { carrier: self.carrier, to: message.to.clone(), message_id: message_id.clone() };
            tokio::spawn(delivery.run(delay(late), Arc::clone(&self.world), Arc::clone(&self.count)));
        }
        if hangs {
            sleep(LIFE).await;
            return Err(SendError::new(self.name(), Failure::MaybeSent));
        }
        sleep(Duration::from_millis(120)).await;
        Ok(Receipt::new(self.name(), Some(message_id)))
    }
}

/// A message that does arrive.
struct Delivery {
    carrier: Carrier,
    to: Recipient,
    message_id: String,
}

impl Delivery {
    async fn run(self, delay: Duration, world: Arc<OnceLock<World>>, count: Arc<Count>) {
        let world = world.get().unwrap();
        let report = |state| {
            let message_id = self.message_id.clone();
            let report =
                DeliveryReport { provider: self.carrier.name, message_id, state, failure: None, code: None };
            world.failover.record(&report);
        };
        let [lost, twice, reversed, shows] = [world.draw(), world.draw(), world.draw(), world.draw()];
        if reversed >= self.carrier.reports_reversed {
            report(DeliveryState::Sent);
        }
        sleep(delay).await;
        if world.arrived.lock().unwrap().insert(self.to.clone()) {
            count.arrived.fetch_add(1, Ordering::Relaxed);
        }
        sleep(Duration::from_secs(1)).await;
        if lost >= self.carrier.reports_lost {
            report(DeliveryState::Delivered);
            if twice < self.carrier.reports_twice {
                report(DeliveryState::Delivered);
            }
        }
        if reversed < self.carrier.reports_reversed {
            report(DeliveryState::Sent);
        }
        if shows < SHOWN {
            sleep(Duration::from_secs(9)).await;
            let conversion = Conversion { to: &self.to, purpose: "test", message_id: None };
            world.failover.converted(conversion).await.unwrap();
        }
    }
}

/// The share of codes that never arrive, and messages a request.
fn simulate(seed: u64, first: Carrier, policy: FailoverPolicy) -> (f64, f64) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (count, world) = (Arc::new(Count::default()), Arc::new(OnceLock::new()));
        let route = |(index, carrier): (u64, Carrier)| {
            let chance = Mutex::new(StdRng::seed_from_u64(seed + index));
            let (count, world) = (Arc::clone(&count), Arc::clone(&world));
            Route::new(Arc::new(Simulated { carrier, chance, count, world }))
        };
        let routes = [(1, first), (2, HEALTHY)].map(route).to_vec();
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let failover = Failover::new(routes, policy, Arc::default(), clock);
        let chance = std::sync::Mutex::new(StdRng::seed_from_u64(seed));
        let _ = world.set(World { failover: failover.clone(), chance, arrived: std::sync::Mutex::default() });
        let mut requests = Vec::new();
        for number in 0..REQUESTS {
            let phone = PhoneNumber::from_e164(&format!("+9198{number:08}")).unwrap();
            let message = Message::new(phone, "042137").with_purpose("test").with_valid_for(LIFE);
            let (failover, count) = (failover.clone(), Arc::clone(&count));
            requests.push(tokio::spawn(async move {
                if failover.send(&message).await.is_err() {
                    count.failed.fetch_add(1, Ordering::Relaxed);
                }
            }));
            sleep(Duration::from_millis(10)).await;
        }
        for request in requests {
            request.await.unwrap();
        }
        sleep(2 * LIFE).await;
        let share = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / f64::from(REQUESTS);
        assert!(share(&count.failed) < 0.001, "requests fail");
        (1.0 - share(&count.arrived), share(&count.messages))
    })
}

#[expect(clippy::print_stdout, reason = "the figures, for whoever asks with --nocapture")]
fn print(what: &str, (never, messages): (f64, f64)) {
    println!("{what}: {:.2} % never arrive, {messages:.3} messages a request", 100.0 * never);
}

#[test]
fn a_carrier_that_loses_a_third_silently_is_made_up_for() {
    let losing = Carrier { name: "a", lost: 0.3, ..HEALTHY };
    // Two seeds, and more in a soak, which raises the number of cases.
    let seeds = u64::from(proptest::test_runner::Config::default().cases).div_ceil(128);
    for seed in 7..7 + seeds {
        let unwatched = FailoverPolicy { report_time_max: None, ..FailoverPolicy::default() };
        let (without, _) = simulate(seed, losing, unwatched);
        assert!(without > 0.25, "what is lost is lost: {without}");
        let (never, messages) = simulate(seed, losing, FailoverPolicy::default());
        print("30 % lost silently", (never, messages));
        assert!(never <= 0.01, "{never}");
        assert!(messages <= 1.35, "{messages}");
    }
}

#[test]
fn a_healthy_carrier_costs_little_more_than_one_message() {
    let (never, messages) = simulate(7, Carrier { name: "a", ..HEALTHY }, FailoverPolicy::default());
    print("healthy", (never, messages));
    assert!(never <= 0.002, "{never}");
    assert!(messages <= 1.06, "{messages}");
}

#[test]
fn a_provider_that_hangs_repeats_few_messages() {
    let hanging = Carrier { name: "a", hangs: 0.2, ..HEALTHY };
    let (never, messages) = simulate(7, hanging, FailoverPolicy::default());
    print("one call in five hangs", (never, messages));
    assert!(never <= 0.005, "the second one loses some, and there is no third: {never}");
    assert!(messages <= 1.2, "duplicates are bounded: {messages}");
}

#[test]
fn a_seed_is_a_run() {
    let losing = Carrier { name: "a", lost: 0.3, ..HEALTHY };
    let run = || simulate(11, losing, FailoverPolicy::default());
    assert_eq!(run(), run());
}
