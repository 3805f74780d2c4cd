//! One message, several providers: whichever works brings it there, within a budget of time and money.
//!
//! A message that was surely not sent moves on to the next provider at once; one that may have been sent moves on with the
//! same code, and is flagged. A [breaker](super::breaker) for each provider and country keeps those from being asked that do
//! not work. Where a provider [reports](MessageProvider::reports), a message without good news in time, and whose code nobody
//! showed, is [sent once more](watch) by the next.

mod call;
mod plan;
mod route;
mod tracker;
mod watch;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use metrics::counter;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout, timeout_at};

use self::call::Call;
use self::plan::Cells;
pub use self::route::Route;
use self::tracker::{News, Tracker};
use super::breaker::Verdict;
use super::delivery::{DeliveryReport, DeliveryState};
use super::ledger::Ledger;
use super::{
    Conversion, Failure, HeldPin, Message, MessageProvider, PinVerdict, Receipt, Recipient, SendError,
};
use crate::clock::Clock;

/// Who speaks when no provider does.
const NAME: &str = "failover";

/// How a message finds its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailoverPolicy {
    /// How long all providers together may take for one message. Default: 4 s.
    pub budget: Duration,
    /// How long one of them may take. Default: 1.5 s.
    pub provider_time_max: Duration,
    /// Whether the next one is tried when a message may have been sent. Default: yes; the code is the same, unless a
    /// provider makes its own, so a second message does no harm but its price.
    pub after_maybe_sent: bool,
    /// How long to wait for the news that a message arrived, before the next provider sends it, too. `None` never does.
    /// Default: 12 s.
    pub report_time_max: Option<Duration>,
    /// Who is tried first.
    pub order: Order,
}

impl Default for FailoverPolicy {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(4),
            provider_time_max: Duration::from_millis(1_500),
            after_maybe_sent: true,
            report_time_max: Some(Duration::from_secs(12)),
            order: Order::Listed,
        }
    }
}

/// Who is tried first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// In the order of the routes.
    #[default]
    Listed,
    /// More often, whoever's codes are shown more often in that country; the order of the routes plays no part.
    Measured,
}

/// Sends by whichever of several providers works. Clones share everything.
///
/// It needs a tokio runtime, where it also waits for news of messages.
///
/// ```
/// use quickcart_core::clock::SystemClock;
/// use quickcart_core::messaging::{
///     Failover, FailoverPolicy, Ledger, Message, MessageProvider, RecordingProvider, Route,
/// };
/// use quickcart_core::phone::PhoneNumber;
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let provider = Arc::new(RecordingProvider::default());
/// let routes = vec![Route::new(provider.clone()).with_price(250_000)];
/// let failover = Failover::new(routes, FailoverPolicy::default(), Arc::new(Ledger::default()), Arc::new(SystemClock));
/// let phone = PhoneNumber::from_e164("+919876543210")?;
/// let receipt = failover.send(&Message::new(phone, "Your code is 042137.")).await?;
/// assert_eq!((receipt.provider, provider.sent().len()), ("recording", 1));
/// assert_eq!(failover.ledger().figures().cost(), 250_000);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Failover(Arc<Parts>);

struct Parts {
    routes: Vec<Route>,
    policy: FailoverPolicy,
    ledger: Arc<Ledger>,
    clock: Arc<dyn Clock>,
    started: Instant,
    count: AtomicU64,
    cells: Mutex<Cells>,
    tracker: Mutex<Tracker>,
}

/// What happened to a message so far.
#[derive(Clone, Copy, Debug, Default)]
struct Attempts {
    /// Which message it is, counted from when its sending began.
    number: u64,
    /// One bit for each route that was tried.
    tried: u64,
    count: u8,
    /// Whether one of them may have sent it.
    maybe_sent: bool,
    /// Whether one of them was asked although it was to be left alone.
    has_probed: bool,
}

impl Attempts {
    fn has_tried(self, route: usize) -> bool {
        self.tried & 1 << route != 0
    }
}

impl Failover {
    /// The most routes there may be.
    pub const ROUTES_MAX: usize = 64;

    /// Messages go by these routes, the first first. Several can share a ledger, and its limit.
    ///
    /// # Panics
    /// With more than [`ROUTES_MAX`](Self::ROUTES_MAX) routes.
    #[must_use]
    pub fn new(
        routes: Vec<Route>,
        policy: FailoverPolicy,
        ledger: Arc<Ledger>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        assert!(routes.len() <= Self::ROUTES_MAX, "there are at most {} routes", Self::ROUTES_MAX);
        let (count, cells, tracker) = (AtomicU64::default(), Mutex::default(), Mutex::default());
        Self(Arc::new(Parts {
            routes,
            policy,
            ledger,
            clock,
            started: Instant::now(),
            count,
            cells,
            tracker,
        }))
    }

    /// What messages cost so far.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// Takes note of what became of a message. Answers how far it got by all that is known; `None` for a message that
    /// nobody waits for any more.
    pub fn record(&self, report: &DeliveryReport) -> Option<DeliveryState> {
        let parts = &self.0;
        let progress = parts.tracker().record(report, parts.now_us())?;
        if progress.is_new {
            parts.note_report(report, progress.country);
        }
        Some(progress.state)
    }

    /// Tries routes that were not tried yet, until one takes the message or the time is over.
    async fn try_routes(
        &self,
        message: &Message,
        attempts: &mut Attempts,
        news: Option<&Receiver<News>>,
    ) -> Result<(usize, Receipt), SendError> {
        let deadline = Instant::now() + self.0.policy.budget;
        let mut last = None;
        while let Some(route) = self.0.next_route(message, attempts) {
            if news.is_some_and(|news| news.borrow().is_final()) {
                return Err(SendError::new(NAME, Failure::NotSent).with_code("it is not needed any more"));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            attempts.tried |= 1 << route;
            attempts.count = attempts.count.saturating_add(1);
            match self.try_route(route, message, *attempts, deadline).await {
                Ok(receipt) => {
                    let maybe_duplicate = attempts.maybe_sent || receipt.maybe_duplicate;
                    if maybe_duplicate {
                        let (to, purpose, provider) = (&message.to, message.purpose, receipt.provider);
                        counter!("quickcart_message_maybe_duplicate_total", "provider" => provider)
                            .increment(1);
                        tracing::info!(target: "quickcart::messaging", ?to, purpose, provider, "it may arrive twice");
                    }
                    return Ok((route, Receipt { maybe_duplicate, ..receipt }));
                }
                Err(error) => {
                    let failure = error.failure;
                    attempts.maybe_sent |= failure == Failure::MaybeSent;
                    let is_over = error.is_about_recipient()
                        || (failure == Failure::MaybeSent && !self.0.policy.after_maybe_sent);
                    last = Some(error);
                    if is_over {
                        break;
                    }
                }
            }
        }
        Err(self.failed(message, *attempts, last))
    }

    /// What to say when nobody took it. What may have been sent stays so, whatever happened afterwards.
    fn failed(&self, message: &Message, attempts: Attempts, last: Option<SendError>) -> SendError {
        let error = last.unwrap_or_else(|| {
            SendError::new(NAME, Failure::RouteUnavailable).with_code("no provider for this recipient")
        });
        tracing::warn!(
            target: "quickcart::messaging", to = ?message.to, purpose = message.purpose, attempts = attempts.count,
            maybe_sent = attempts.maybe_sent, "nobody took the message; the last answer: {error}"
        );
        if attempts.maybe_sent { SendError { failure: Failure::MaybeSent, ..error } } else { error }
    }

    /// Tries one route, and keeps the books and the breakers.
    async fn try_route(
        &self,
        index: usize,
        message: &Message,
        attempts: Attempts,
        deadline: Instant,
    ) -> Result<Receipt, SendError> {
        let parts = &self.0;
        let (route, country) = (&parts.routes[index], country_of(&message.to));
        let Some(reserved) = parts.ledger.reserve(route.price_of(message), parts.clock.now()) else {
            return Err(SendError::new(route.name(), Failure::NotSent).with_code("the day's spending limit"));
        };
        let call = Call::begin(parts, index, country, reserved);
        let again = (attempts.count > 1).then(|| Message { attempt: attempts.count, ..message.clone() });
        let sent = self.ask(route, again.as_ref().unwrap_or(message), deadline).await;
        call.ends(message, &sent);
        sent
    }

    /// Asks a provider. One that sends a message id once is asked again when it is not known whether it did; unless it says
    /// so then, it is not known still.
    async fn ask(&self, route: &Route, message: &Message, deadline: Instant) -> Result<Receipt, SendError> {
        let deadline = deadline.min(Instant::now() + self.0.policy.provider_time_max);
        let first = self.ask_once(route, message, deadline).await;
        let is_open = matches!(&first, Err(error) if error.failure == Failure::MaybeSent);
        if is_open && route.provider.is_idempotent() && Instant::now() < deadline {
            return self.ask_once(route, message, deadline).await.or(first);
        }
        first
    }

    async fn ask_once(
        &self,
        route: &Route,
        message: &Message,
        deadline: Instant,
    ) -> Result<Receipt, SendError> {
        let sent = timeout_at(deadline, route.provider.send(message)).await;
        sent.unwrap_or_else(|_| {
            Err(SendError::new(route.name(), Failure::MaybeSent).with_code("no answer in time"))
        })
    }
}

impl Parts {
    /// What a report says of the provider.
    fn note_report(&self, report: &DeliveryReport, country: u16) {
        let (provider, state) = (report.provider, state_name(report.state));
        counter!("quickcart_delivery_total", "provider" => provider, "country" => country.to_string(), "state" => state)
            .increment(1);
        let Some(route) = self.routes.iter().position(|route| route.name() == provider) else { return };
        match (report.state, report.failure.map(Verdict::of)) {
            (DeliveryState::Delivered, _) => self.cells().arrive(route, country),
            (DeliveryState::Failed, Some(Verdict::Country(_))) => {
                self.cells().lose(route, country, self.now_us());
            }
            (DeliveryState::Failed, Some(verdict @ Verdict::Provider(_))) => {
                let code = report.code.as_deref();
                tracing::error!(target: "quickcart::messaging", provider, code, "the account is refused, as a report says");
                self.cells().fail(route, country, verdict, None, self.now_us());
            }
            _ => {}
        }
    }

    fn now_us(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tracker(&self) -> MutexGuard<'_, Tracker> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MessageProvider for Failover {
    /// That of the first route, whose messages most are.
    fn name(&self) -> &'static str {
        self.0.routes.first().map_or(NAME, Route::name)
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let number = self.0.count.fetch_add(1, Ordering::Relaxed);
        let mut attempts = Attempts { number, ..Attempts::default() };
        let (route, receipt) = self.try_routes(message, &mut attempts, None).await?;
        self.follow(message, route, &receipt, attempts);
        Ok(receipt)
    }

    fn serves(&self, to: &Recipient) -> bool {
        self.0.routes.iter().any(|route| route.serves(to))
    }

    fn holds_pins(&self) -> bool {
        self.0.routes.iter().any(|route| route.provider.holds_pins())
    }

    async fn check_pin(&self, held: HeldPin<'_>, pin: &str) -> Result<PinVerdict, SendError> {
        let answer = |failure, code| SendError::new(NAME, failure).with_code(code);
        let holder = self.0.routes.iter().find(|route| route.name() == held.provider);
        let holder = holder.ok_or_else(|| answer(Failure::AccountDown, "no such provider any more"))?;
        let judged = timeout(self.0.policy.budget, holder.provider.check_pin(held, pin)).await;
        judged.unwrap_or_else(|_| Err(answer(Failure::NotSent, "no answer in time")))
    }

    async fn converted(&self, conversion: Conversion<'_>) -> Result<(), SendError> {
        self.shown(conversion).await
    }
}

fn country_of(to: &Recipient) -> u16 {
    to.phone().map_or(0, crate::phone::PhoneNumber::country_code)
}

fn state_name(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Accepted => "accepted",
        DeliveryState::Sent => "sent",
        DeliveryState::Failed => "failed",
        DeliveryState::Delivered => "delivered",
    }
}
