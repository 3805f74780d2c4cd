//! Which provider gets a message: order, budget, breakers, books, and news of what became of it. In virtual time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_core::messaging::{
    Conversion, DeliveryReport, DeliveryState, Failover, FailoverPolicy, Failure, Ledger, Message,
    MessageProvider, Order, Receipt, Recipient, Route, SendError,
};
use quickcart_core::phone::{Countries, PhoneNumber, Region};
use tokio::time::{Instant, sleep};

const NEVER: Duration = Duration::from_secs(86_400);

/// What a provider does when it is asked.
#[derive(Clone, Copy, Debug)]
struct Step {
    after: Duration,
    failure: Option<Failure>,
    retry_after: Option<Duration>,
}

const TAKE: Step = Step { after: Duration::ZERO, failure: None, retry_after: None };
const HANG: Step = Step { after: NEVER, ..TAKE };

fn fail(failure: Failure) -> Step {
    Step { failure: Some(failure), ..TAKE }
}

/// A provider that does what it is told, and takes every message after that.
struct Scripted {
    name: &'static str,
    steps: Mutex<VecDeque<Step>>,
    asked: Arc<Mutex<Vec<(&'static str, Message)>>>,
    converted: Mutex<Vec<String>>,
    maybe_sent: Arc<Mutex<Vec<&'static str>>>,
    reports: bool,
    is_idempotent: bool,
}

#[async_trait]
impl MessageProvider for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push((self.name, message.clone()));
            asked.len()
        };
        let step = self.steps.lock().unwrap().pop_front().unwrap_or(TAKE);
        // Until it has said that it did not send it, it may have; what it says at the last moment is still heard.
        let unsure = step.failure.is_none_or(|failure| failure == Failure::MaybeSent);
        if unsure || step.after > FailoverPolicy::default().provider_time_max {
            self.maybe_sent.lock().unwrap().push(self.name);
        }
        sleep(step.after).await;
        match step.failure {
            None => Ok(Receipt::new(self.name, Some(format!("{}-{number}", self.name)))),
            Some(failure) => Err(SendError::new(self.name, failure).with_retry_after(step.retry_after)),
        }
    }

    fn is_idempotent(&self) -> bool {
        self.is_idempotent
    }

    fn reports(&self) -> bool {
        self.reports
    }

    async fn converted(&self, conversion: Conversion<'_>) -> Result<(), SendError> {
        self.converted.lock().unwrap().extend(conversion.message_id.map(str::to_owned));
        Ok(())
    }
}

/// Providers `a`, `b` and `c`, and all that they were asked.
struct Scene {
    providers: Vec<Arc<Scripted>>,
    asked: Arc<Mutex<Vec<(&'static str, Message)>>>,
    maybe_sent: Arc<Mutex<Vec<&'static str>>>,
}

impl Scene {
    fn new(scripts: &[&[Step]]) -> Self {
        let asked: Arc<Mutex<Vec<_>>> = Arc::default();
        let maybe_sent: Arc<Mutex<Vec<_>>> = Arc::default();
        let provider = |(index, steps): (usize, &&[Step])| {
            Arc::new(Scripted {
                name: ["a", "b", "c", "d"][index],
                steps: Mutex::new(steps.iter().copied().collect()),
                asked: Arc::clone(&asked),
                converted: Mutex::default(),
                maybe_sent: Arc::clone(&maybe_sent),
                reports: true,
                is_idempotent: false,
            })
        };
        let providers = scripts.iter().enumerate().map(provider).collect();
        Self { providers, asked, maybe_sent }
    }

    fn failover(&self, policy: FailoverPolicy) -> Failover {
        self.failover_with(policy, Arc::default())
    }

    fn failover_with(&self, policy: FailoverPolicy, ledger: Arc<Ledger>) -> Failover {
        let route = |provider: &Arc<Scripted>| Route::new(Arc::clone(provider) as _).with_price(250_000);
        let clock = ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap());
        Failover::new(self.providers.iter().map(route).collect(), policy, ledger, Arc::new(clock))
    }

    /// Who was asked since the last look.
    fn asked(&self) -> Vec<&'static str> {
        self.asked.lock().unwrap().drain(..).map(|(name, _)| name).collect()
    }

    /// Whether no other provider than this one may have sent anything.
    fn surely_unsent(&self, provider: &'static str) -> bool {
        self.maybe_sent.lock().unwrap().iter().all(|name| *name == provider)
    }

    fn messages(&self) -> Vec<Message> {
        self.asked.lock().unwrap().drain(..).map(|(_, message)| message).collect()
    }
}

fn message(number: u32) -> Message {
    to(&format!("+9198{number:08}"))
}

fn to(e164: &str) -> Message {
    let message = Message::new(PhoneNumber::from_e164(e164).unwrap(), "Your code is 042137.");
    message.with_code("042137").with_purpose("test").with_valid_for(Duration::from_secs(300))
}

fn report(provider: &'static str, message_id: &str, state: DeliveryState) -> DeliveryReport {
    DeliveryReport { provider, message_id: message_id.to_owned(), state, failure: None, code: None }
}

/// Lets tasks that were started come to where they wait.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_moves_on_in_order() {
    let scene = Scene::new(&[&[fail(Failure::NotSent)], &[fail(Failure::RouteUnavailable)], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    let receipt = failover.send(&message(1)).await.unwrap();
    assert_eq!((receipt.provider, receipt.maybe_duplicate), ("c", false));
    let sent = scene.messages();
    let attempts: Vec<_> = sent.iter().map(|message| (message.attempt, message.code.as_deref())).collect();
    assert_eq!(attempts, [(1, Some("042137")), (2, Some("042137")), (3, Some("042137"))]);
    assert!(sent.iter().all(|message| message.id == sent[0].id), "it is one message");
    assert_eq!(failover.ledger().figures().cost(), 250_000, "only one was sent");
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_sent_moves_on_and_is_flagged() {
    let scene = Scene::new(&[&[HANG], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    let started = Instant::now();
    let receipt = failover.send(&message(1)).await.unwrap();
    assert_eq!((receipt.provider, receipt.maybe_duplicate), ("b", true));
    assert_eq!(started.elapsed(), Duration::from_millis(1_500));
    assert_eq!(failover.ledger().figures().cost(), 500_000, "both may cost");

    let strict = FailoverPolicy { after_maybe_sent: false, ..FailoverPolicy::default() };
    let scene = Scene::new(&[&[fail(Failure::MaybeSent)], &[]]);
    let error = scene.failover(strict).send(&message(1)).await.unwrap_err();
    assert_eq!((error.failure, scene.asked()), (Failure::MaybeSent, vec!["a"]));
}

#[tokio::test(start_paused = true)]
async fn nobody_took_it_and_one_may_have() {
    let scene = Scene::new(&[&[fail(Failure::MaybeSent)], &[fail(Failure::AccountDown)]]);
    let error = scene.failover(FailoverPolicy::default()).send(&message(1)).await.unwrap_err();
    assert_eq!((error.failure, scene.asked()), (Failure::MaybeSent, vec!["a", "b"]));
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_provider_is_asked_again() {
    let mut scene = Scene::new(&[&[fail(Failure::MaybeSent)], &[]]);
    Arc::get_mut(&mut scene.providers[0]).unwrap().is_idempotent = true;
    let receipt = scene.failover(FailoverPolicy::default()).send(&message(1)).await.unwrap();
    assert_eq!((receipt.provider, receipt.maybe_duplicate), ("a", false));
    let sent = scene.messages();
    assert!(sent.len() == 2 && sent[0] == sent[1], "the same message twice");

    let mut scene = Scene::new(&[&[fail(Failure::MaybeSent), fail(Failure::NotSent)], &[]]);
    Arc::get_mut(&mut scene.providers[0]).unwrap().is_idempotent = true;
    let failover = scene.failover(FailoverPolicy::default());
    let receipt = failover.send(&message(1)).await.unwrap();
    assert_eq!((receipt.provider, receipt.maybe_duplicate), ("b", true), "the first call may have sent it");
    assert_eq!(failover.ledger().figures().cost(), 500_000, "once by each");
}

#[tokio::test(start_paused = true)]
async fn a_bad_number_costs_one_call_and_moves_no_breaker() {
    let bad = [fail(Failure::RecipientInvalid); 20];
    let scene = Scene::new(&[&bad, &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    for number in 0..20 {
        let error = failover.send(&message(number)).await.unwrap_err();
        assert_eq!((error.failure, scene.asked()), (Failure::RecipientInvalid, vec!["a"]));
    }
    assert_eq!(failover.send(&message(21)).await.unwrap().provider, "a");
    assert_eq!(failover.ledger().figures().cost(), 250_000);
}

#[tokio::test(start_paused = true)]
async fn a_bad_key_opens_the_breaker_at_once_everywhere() {
    let scene = Scene::new(&[&[fail(Failure::AccountDown)], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    assert_eq!(scene.asked(), ["a", "b"]);
    for e164 in ["+919876543210", "+8801712345678", "+84912345678"] {
        failover.send(&to(e164)).await.unwrap();
        assert_eq!(scene.asked(), ["b"]);
    }
    tokio::time::advance(Duration::from_secs(15)).await;
    assert_eq!(failover.send(&message(1)).await.unwrap().provider, "a", "a probe finds it well again");
}

#[tokio::test(start_paused = true)]
async fn a_breaker_opens_for_one_country() {
    let scene = Scene::new(&[&[fail(Failure::RouteUnavailable); 3], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    for number in 0..3 {
        failover.send(&message(number)).await.unwrap();
        assert_eq!(scene.asked(), ["a", "b"], "three failures in a row open it, not fewer");
    }
    failover.send(&message(4)).await.unwrap();
    assert_eq!(scene.asked(), ["b"]);
    assert_eq!(failover.send(&to("+8801712345678")).await.unwrap().provider, "a");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_provider_gets_its_rest() {
    let rest = Step { retry_after: Some(Duration::from_secs(90)), ..fail(Failure::Throttled) };
    let scene = Scene::new(&[&[rest], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    tokio::time::advance(Duration::from_secs(89)).await;
    scene.asked();
    failover.send(&message(1)).await.unwrap();
    assert_eq!(scene.asked(), ["b"]);
    tokio::time::advance(Duration::from_secs(1)).await;
    failover.send(&message(1)).await.unwrap();
    assert_eq!(scene.asked(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn with_every_breaker_open_one_probe_still_runs() {
    let down = [fail(Failure::AccountDown); 50];
    let scene = Scene::new(&[&down, &down]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap_err();
    assert_eq!(scene.asked(), ["a", "b"]);
    for _ in 0..10 {
        failover.send(&message(1)).await.unwrap_err();
        assert_eq!(scene.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn routes_are_for_their_countries() {
    let scene = Scene::new(&[&[], &[]]);
    let [a, b] = [0, 1].map(|index| Route::new(Arc::clone(&scene.providers[index]) as _));
    let routes = vec![a.with_countries(Countries::Only(vec![Region::BD])), b];
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let failover = Failover::new(routes, FailoverPolicy::default(), Arc::default(), clock);
    assert_eq!(failover.send(&to("+8801712345678")).await.unwrap().provider, "a");
    assert_eq!(failover.send(&to("+919876543210")).await.unwrap().provider, "b");
    let mail: Recipient = "a@example.com".parse::<quickcart_core::email::EmailAddress>().unwrap().into();
    let error = failover.send(&Message::new(mail, "text")).await.unwrap_err();
    assert_eq!((error.failure, error.provider), (Failure::RouteUnavailable, "failover"));
}

#[tokio::test(start_paused = true)]
async fn a_day_costs_no_more_than_it_may() {
    let scene = Scene::new(&[&[]]);
    let failover = scene.failover_with(FailoverPolicy::default(), Arc::new(Ledger::with_daily_max(500_000)));
    for _ in 0..2 {
        failover.send(&message(1)).await.unwrap();
    }
    let error = failover.send(&message(1)).await.unwrap_err();
    assert_eq!((error.failure, scene.asked().len()), (Failure::NotSent, 2));
}

#[tokio::test(start_paused = true)]
async fn a_text_costs_its_price_for_each_segment() {
    let scene = Scene::new(&[&[]]);
    let failover = scene.failover_with(FailoverPolicy::default(), Arc::new(Ledger::with_daily_max(750_000)));
    let mut hindi = message(1);
    hindi.text = "\u{915}".repeat(71);
    failover.send(&hindi).await.unwrap();
    let figures = failover.ledger().figures();
    assert_eq!((figures.cost(), figures.spending[0].2.messages), (500_000, 1), "two segments of one message");
    let error = failover.send(&hindi).await.unwrap_err();
    assert_eq!(error.failure, Failure::NotSent, "the day has room for one segment");
    failover.send(&message(2)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_good_news_in_time_the_next_one_sends_it_too() {
    let scene = Scene::new(&[&[], &[], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    sleep(Duration::from_millis(11_900)).await;
    assert_eq!(scene.asked(), ["a"]);
    sleep(Duration::from_millis(200)).await;
    let second = scene.messages().remove(0);
    assert_eq!((second.attempt, second.code.as_deref()), (2, Some("042137")));
    assert_eq!(second.valid_for, Some(Duration::from_secs(288)), "what is left of the code's life");
    assert_eq!(
        failover.record(&report("b", "b-1", DeliveryState::Delivered)),
        Some(DeliveryState::Delivered)
    );
    sleep(Duration::from_secs(100)).await;
    assert!(scene.asked().is_empty(), "it arrived");
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_shown_ends_the_waiting() {
    let scene = Scene::new(&[&[], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    let message = message(1);
    failover.send(&message).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let other = Conversion { to: &message.to, purpose: "other", message_id: None };
    failover.converted(other).await.unwrap();
    failover.converted(Conversion { purpose: "test", ..other }).await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(scene.asked(), ["a"]);
    assert_eq!(*scene.providers[0].converted.lock().unwrap(), ["a-1"], "its provider was told once");
    let figures = failover.ledger().figures();
    assert_eq!((figures.verified, figures.cost_per_verified()), (2, Some(125_000)));
}

#[tokio::test(start_paused = true)]
async fn a_newer_code_takes_the_place_of_the_older_one() {
    let scene = Scene::new(&[&[], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    failover.send(&message(1)).await.unwrap();
    assert_eq!(scene.asked(), ["a", "a"]);
    sleep(Duration::from_secs(8)).await;
    assert!(scene.asked().is_empty(), "nobody sends the older one again");
    sleep(Duration::from_secs(100)).await;
    assert_eq!(scene.asked(), ["b"], "the newer one is followed");
}

#[tokio::test(start_paused = true)]
async fn news_that_overtake_the_answer_count() {
    let slow = Step { after: Duration::from_millis(500), ..TAKE };
    let scene = Scene::new(&[&[slow], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    let sending = tokio::spawn({
        let failover = failover.clone();
        async move { failover.send(&message(1)).await }
    });
    settle().await;
    assert_eq!(failover.record(&report("a", "a-1", DeliveryState::Delivered)), None, "it is not known yet");
    sending.await.unwrap().unwrap();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(scene.asked(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn old_news_of_an_attempt_before_say_nothing() {
    let scene = Scene::new(&[&[], &[], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    sleep(Duration::from_millis(12_100)).await;
    assert_eq!(scene.asked(), ["a", "b"]);
    failover.record(&lost("a-1"));
    sleep(Duration::from_secs(1)).await;
    assert!(scene.asked().is_empty(), "b has its time");
    failover.record(&report("a", "a-1", DeliveryState::Delivered));
    sleep(Duration::from_secs(100)).await;
    assert!(scene.asked().is_empty(), "it arrived after all, by a");
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_shown_stops_a_fallback_under_way() {
    let scene = Scene::new(&[&[], &[HANG], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    let message = message(1);
    failover.send(&message).await.unwrap();
    sleep(Duration::from_millis(12_500)).await;
    assert_eq!(scene.asked(), ["a", "b"], "b hangs");
    failover.converted(Conversion { to: &message.to, purpose: "test", message_id: None }).await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert!(scene.asked().is_empty(), "c is not needed any more");
}

#[tokio::test(start_paused = true)]
async fn the_newest_code_is_that_which_was_asked_for_last() {
    let slow = Step { after: Duration::from_millis(1_000), ..TAKE };
    let scene = Scene::new(&[&[slow, TAKE], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    let older = tokio::spawn({
        let failover = failover.clone();
        async move { failover.send(&message(1)).await }
    });
    settle().await;
    failover.send(&message(1)).await.unwrap();
    older.await.unwrap().unwrap();
    failover.record(&report("a", "a-2", DeliveryState::Delivered));
    sleep(Duration::from_secs(100)).await;
    assert_eq!(scene.asked(), ["a", "a"], "the older one is void, however late it was taken");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_again_when_the_code_is_nearly_dead() {
    let scene = Scene::new(&[&[], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1).with_valid_for(Duration::from_secs(40))).await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(scene.asked(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_loses_all_it_takes_is_left_alone() {
    let scene = Scene::new(&[&[], &[]]);
    let policy = FailoverPolicy { report_time_max: None, ..FailoverPolicy::default() };
    let failover = scene.failover(policy);
    for number in 0..5 {
        failover.send(&message(number)).await.unwrap();
        failover.record(&lost(&format!("a-{}", number + 1)));
    }
    scene.asked();
    failover.send(&message(5)).await.unwrap();
    assert_eq!(scene.asked(), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_may_have_sent_it() {
    let scene = Scene::new(&[&[HANG]]);
    let failover = scene.failover_with(FailoverPolicy::default(), Arc::new(Ledger::with_daily_max(500_000)));
    let dropped = tokio::time::timeout(Duration::from_millis(10), failover.send(&message(1))).await;
    assert!(dropped.is_err());
    assert_eq!(failover.ledger().figures().cost(), 250_000, "the books and the limit agree");
    failover.send(&message(1)).await.unwrap();
    failover.send(&message(1)).await.unwrap_err();
}

fn lost(message_id: &str) -> DeliveryReport {
    let failure = Some(Failure::RouteUnavailable);
    DeliveryReport { failure, ..report("a", message_id, DeliveryState::Failed) }
}

#[tokio::test(start_paused = true)]
async fn bad_news_do_not_wait() {
    let scene = Scene::new(&[&[], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    settle().await;
    let lost = DeliveryReport {
        failure: Some(Failure::RouteUnavailable),
        ..report("a", "a-1", DeliveryState::Failed)
    };
    failover.record(&lost);
    settle().await;
    assert_eq!(scene.asked(), ["a", "b"]);

    let scene = Scene::new(&[&[], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    settle().await;
    failover.record(&DeliveryReport { failure: Some(Failure::RecipientInvalid), ..lost });
    sleep(Duration::from_secs(100)).await;
    assert_eq!(scene.asked(), ["a"], "no other one would get it there");
}

#[tokio::test(start_paused = true)]
async fn news_come_twice_in_any_order_and_of_strangers() {
    use DeliveryState::{Accepted, Delivered, Failed, Sent};
    let scene = Scene::new(&[&[], &[]]);
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    let mut state = Accepted;
    for said in [Sent, Accepted, Sent, Delivered, Sent, Failed, Delivered, Accepted] {
        let known = failover.record(&report("a", "a-1", said)).unwrap();
        assert!(known >= state && known >= said);
        state = known;
    }
    assert_eq!(state, Delivered);
    assert_eq!(failover.record(&report("b", "a-1", Failed)), None, "that provider did not send it");
    assert_eq!(failover.record(&report("a", "a-2", Failed)), None);
    sleep(Duration::from_secs(301)).await;
    assert_eq!(failover.record(&report("a", "a-1", Failed)), None, "nobody needs it any more");
    assert_eq!(scene.asked(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_news_is_not_waited_for() {
    let mut scene = Scene::new(&[&[], &[]]);
    Arc::get_mut(&mut scene.providers[0]).unwrap().reports = false;
    let failover = scene.failover(FailoverPolicy::default());
    failover.send(&message(1)).await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(scene.asked(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn the_measured_order_follows_the_codes_that_are_shown() {
    let scene = Scene::new(&[&[], &[]]);
    let policy =
        FailoverPolicy { order: Order::Measured, report_time_max: None, ..FailoverPolicy::default() };
    let failover = scene.failover(policy);
    let mut by_b = Vec::new();
    for number in 0..1_000 {
        // Ids are what chance is made of.
        let mut message = message(number);
        message.id = u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes();
        let receipt = failover.send(&message).await.unwrap();
        by_b.push(receipt.provider == "b");
        if receipt.provider == "b" || number % 10 == 0 {
            let conversion = Conversion { to: &message.to, purpose: "test", message_id: None };
            failover.converted(conversion).await.unwrap();
        }
    }
    let share = |part: &[bool]| part.iter().filter(|is_b| **is_b).count();
    assert!((4..17).contains(&share(&by_b[..20])), "nothing is known at first: {}", share(&by_b[..20]));
    assert!(share(&by_b[500..]) > 400, "b's codes are shown: {}", share(&by_b[500..]));
    assert!(share(&by_b[500..]) < 500, "and a is not forgotten");
}

fn any_step() -> impl Strategy<Value = Step> {
    let failure = proptest::option::of(proptest::sample::select(Failure::ALL.to_vec()));
    (0_u64..6_000, failure, any::<bool>()).prop_map(|(after_ms, failure, at_once)| {
        let after = if at_once { Duration::ZERO } else { Duration::from_millis(after_ms) };
        Step { after, failure, retry_after: None }
    })
}

proptest! {
    /// Whatever providers do: the budget is kept, the order is that of the routes, nobody is asked twice for one message but
    /// who sends it once, and what is said of the outcome is true.
    #[test]
    fn any_schedule_of_faults(
        scripts in proptest::collection::vec(proptest::collection::vec(any_step(), 1..12), 1..5),
        idempotent in any::<[bool; 4]>(),
        count in 1_u32..10,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let scripts: Vec<&[Step]> = scripts.iter().map(Vec::as_slice).collect();
            let mut scene = Scene::new(&scripts);
            for (provider, is_idempotent) in scene.providers.iter_mut().zip(idempotent) {
                let provider = Arc::get_mut(provider).unwrap();
                (provider.reports, provider.is_idempotent) = (false, is_idempotent);
            }
            let policy = FailoverPolicy::default();
            let failover = scene.failover(policy);
            for number in 0..count {
                scene.maybe_sent.lock().unwrap().clear();
                let started = Instant::now();
                let sent = failover.send(&message(number)).await;
                prop_assert!(started.elapsed() <= policy.budget + Duration::from_millis(50));
                let asked = scene.asked();
                prop_assert!(!asked.is_empty(), "one is always tried");
                let mut once = asked.clone();
                once.dedup();
                let probes = once.windows(2).filter(|pair| pair[0] > pair[1]).count();
                prop_assert!(probes <= 1, "in order, but for a probe at the end: {asked:?}");
                for name in &once {
                    let index = scene.providers.iter().position(|provider| provider.name == *name).unwrap();
                    let times = asked.iter().filter(|asked| *asked == name).count();
                    prop_assert!(times == 1 || (times == 2 && idempotent[index]), "{asked:?}");
                }
                match sent {
                    Ok(receipt) => {
                        prop_assert_eq!(Some(&receipt.provider), asked.last());
                        prop_assert!(receipt.maybe_duplicate || scene.surely_unsent(receipt.provider));
                    }
                    Err(error) => prop_assert!(error.failure == Failure::MaybeSent || asked.contains(&error.provider)),
                }
            }
            Ok(())
        })?;
    }
}
