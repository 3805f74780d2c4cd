//! Book orders without any server: from the wish to the order, and everything that must not come between.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use async_trait::async_trait;
use quickcart_core::book_order::{
    Access, Book, BookOrder, BookOrderError, BookOrderId, BookOrderStore, BookOrders, Prices, Purchase,
    Session, SessionDigest,
};
use quickcart_core::cart::Quantity;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::catalog::{CatalogStore, Page};
use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_core::error::{DomainError, StoreError};
use quickcart_core::messaging::{
    Failure, HeldPin, Message, MessageProvider, NoProvider, PinVerdict, Receipt, RecordingProvider, SendError,
};
use quickcart_core::money::{Currency, Money};
use quickcart_core::order::{Actor, IdempotencyKey, OrderEvent, OrderStatus, PaymentMethod, PaymentState};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{KeyRing, Otp, OtpError, PhoneVerification, Policy, Resend};
use quickcart_core::phone::PhoneNumber;
use quickcart_core::secret::SecretKey;
use quickcart_core::store::SqliteStore;
use tempfile::TempDir;

use crate::otp::other_code;

const NUMBER: &str = "+8801712345678";

/// Orders in a file of their own, codes in memory, messages recorded.
struct Shop {
    orders: BookOrders,
    sent: Arc<RecordingProvider>,
    clock: Arc<ManualClock>,
    folder: TempDir,
    another_server: Box<dyn Fn() -> BookOrders + Send + Sync>,
}

impl Shop {
    fn start() -> Self {
        let sent = Arc::new(RecordingProvider::default());
        Self::with(sent.clone(), sent, |store| store, |_| Prices::Client)
    }

    fn with(
        provider: Arc<dyn MessageProvider>,
        sent: Arc<RecordingProvider>,
        wrapped: impl FnOnce(Arc<dyn BookOrderStore>) -> Arc<dyn BookOrderStore>,
        prices: impl FnOnce(Arc<SqliteStore>) -> Prices,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("shop.db")).unwrap());
        let clock = Arc::new(ManualClock::at("2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap()));
        let policy = Policy::default().with_resend(Resend::Replace).without_cooldown();
        let codes = Arc::new(MemoryOtpStore::with_capacity(1_000));
        let otp = Otp::new(
            codes,
            KeyRing::new(&SecretKey::random()),
            policy.with_ttl(Session::LIFE).unwrap(),
            clock.clone(),
        );
        let verification = PhoneVerification::new(otp, provider, "book-order", "BookOrder");
        let (prices, store, key) = (prices(Arc::clone(&store)), wrapped(store), SecretKey::random());
        let start = {
            let clock = clock.clone();
            move || {
                BookOrders::new(Arc::clone(&store), verification.clone(), prices.clone(), &key, clock.clone())
            }
        };
        Self { orders: start(), sent, clock, folder, another_server: Box::new(start) }
    }

    /// One that shares the stores, and nothing else.
    fn another_server(&self) -> BookOrders {
        (self.another_server)()
    }

    /// A session's token.
    async fn initiate(&self, number: &str) -> String {
        self.orders.initiate(purchase(number), None).await.unwrap().token
    }

    /// The newest code to a phone.
    fn code(&self, number: &str) -> String {
        let text = self.sent.latest_text(&BookOrders::phone(number).unwrap()).unwrap();
        text.split("code is: ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect()
    }

    async fn verify(&self, token: &str, code: &str) -> Result<BookOrder, BookOrderError> {
        self.orders.verify(token, code, None).await
    }

    async fn placed(&self, number: &str) -> (String, BookOrder) {
        let token = self.initiate(number).await;
        let order = self.verify(&token, &self.code(number)).await.unwrap();
        (token, order)
    }

    async fn order_count(&self) -> usize {
        self.orders.list(&Access::staff(), Page::default()).await.unwrap().len()
    }
}

fn book(id: &str, minor: i64, quantity: u32) -> Book {
    let price = Money::new(minor, Currency::BDT);
    Book { id: id.to_owned(), title: id.to_owned(), price, quantity: Quantity::new(quantity).unwrap() }
}

fn purchase(number: &str) -> Purchase {
    Purchase {
        phone: BookOrders::phone(number).unwrap(),
        phone_as_sent: number.to_owned(),
        address: "123 Test Street, Dhaka".to_owned(),
        payment_method: PaymentMethod::Cash,
        books: vec![book("book-001", 59_900, 1), book("2", 25_050, 2)],
    }
}

#[tokio::test]
async fn from_the_wish_to_the_door() {
    let shop = Shop::start();
    let opened = shop.orders.initiate(purchase("01712345678"), None).await.unwrap();
    assert_eq!(opened.total, Money::new(110_000, Currency::BDT));
    assert_eq!(opened.token.len(), 43);
    let message = shop.sent.latest_text(&BookOrders::phone(NUMBER).unwrap()).unwrap();
    assert!(message.contains("Valid for 10 minutes"), "{message}");
    let order = shop.verify(&opened.token, &shop.code(NUMBER)).await.unwrap();
    assert_eq!((order.status, order.payment), (OrderStatus::Verified, PaymentState::Pending));
    assert_eq!(order.purchase, purchase("01712345678"), "the number stays as it was sent");

    let customer = Access::customer(shop.orders.customer(&opened.token).await.unwrap());
    assert_eq!(shop.orders.get(&customer, order.order_id).await.unwrap(), order);
    let refused = shop.orders.move_to(&customer, order.order_id, OrderStatus::Processing).await;
    assert!(matches!(refused, Err(BookOrderError::StaffOnly)), "{refused:?}");
    for status in [OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Delivered] {
        shop.orders.move_to(&Access::staff(), order.order_id, status).await.unwrap();
        let cancelled = shop.orders.cancel(&customer, order.order_id).await;
        assert!(matches!(cancelled, Err(BookOrderError::IllegalTransition(_))), "{status} {cancelled:?}");
    }
    for status in OrderStatus::ALL {
        let moved = shop.orders.move_to(&Access::staff(), order.order_id, status).await;
        assert!(matches!(moved, Err(BookOrderError::IllegalTransition(_))), "{status} {moved:?}");
    }
}

#[tokio::test]
async fn trusted_customers_act_as_the_shop_does_for_their_own_orders() {
    let shop = Shop::start();
    let (token, order) = shop.placed(NUMBER).await;
    let (_, other) = shop.placed("+8801700000204").await;
    let access = Access::trusted_customer(shop.orders.customer(&token).await.unwrap());
    shop.orders.move_to(&access, order.order_id, OrderStatus::Processing).await.unwrap();
    for _ in 0..2 {
        shop.orders.cancel(&access, order.order_id).await.unwrap();
    }
    for refused in [
        shop.orders.move_to(&access, other.order_id, OrderStatus::Processing).await.err(),
        shop.orders.cancel(&access, other.order_id).await.err(),
        shop.orders.get(&access, other.order_id).await.err(),
    ] {
        assert!(matches!(refused, Some(BookOrderError::OrderNotFound)), "{refused:?}");
    }
}

#[tokio::test]
async fn three_wrong_codes_end_a_session_also_across_resends() {
    let shop = Shop::start();
    let token = shop.initiate(NUMBER).await;
    let wrong = async || shop.verify(&token, &other_code(&shop.code(NUMBER))).await;
    assert!(matches!(wrong().await, Err(BookOrderError::WrongCode { guesses_left: 2 })));
    let before = shop.code(NUMBER);
    shop.orders.resend(&token, None).await.unwrap();
    let replaced = shop.verify(&token, &before).await;
    assert!(matches!(replaced, Err(BookOrderError::WrongCode { guesses_left: 1 })), "{replaced:?}");
    shop.orders.resend(&token, None).await.unwrap();
    assert!(matches!(wrong().await, Err(BookOrderError::Locked)));
    let right = shop.verify(&token, &shop.code(NUMBER)).await;
    assert!(matches!(right, Err(BookOrderError::SessionNotFound)), "{right:?}");
    for refused in [shop.orders.resend(&token, None).await.err(), shop.orders.customer(&token).await.err()] {
        assert!(matches!(refused, Some(BookOrderError::SessionNotFound)), "{refused:?}");
    }
    assert_eq!(shop.order_count().await, 0);
}

#[tokio::test]
async fn the_last_guess_may_be_the_right_one() {
    let shop = Shop::start();
    let token = shop.initiate(NUMBER).await;
    let code = shop.code(NUMBER);
    for _ in 0..2 {
        shop.verify(&token, &other_code(&code)).await.unwrap_err();
    }
    shop.verify(&token, &code).await.unwrap();
}

#[tokio::test]
async fn a_session_has_ten_minutes_from_its_last_code() {
    let shop = Shop::start();
    let token = shop.initiate(NUMBER).await;
    shop.clock.advance(Duration::from_secs(599));
    shop.orders.resend(&token, None).await.unwrap();
    shop.clock.advance(Duration::from_secs(599));
    let unverified = shop.orders.customer(&token).await;
    assert!(matches!(unverified, Err(BookOrderError::SessionUnverified)), "{unverified:?}");
    shop.clock.advance(Duration::from_secs(1));
    let late = shop.verify(&token, &shop.code(NUMBER)).await;
    assert!(matches!(late, Err(BookOrderError::SessionNotFound)), "{late:?}");
    let unknown = shop.verify("never given out", "123456").await;
    assert!(matches!(unknown, Err(BookOrderError::SessionNotFound)), "{unknown:?}");
}

#[tokio::test]
async fn sessions_of_one_phone_do_not_meet() {
    let shop = Shop::start();
    let first = shop.initiate(NUMBER).await;
    let code = shop.code(NUMBER);
    let second = shop.initiate(NUMBER).await;
    // A stranger begins orders with this phone, and guesses.
    for _ in 0..3 {
        shop.verify(&second, &other_code(&shop.code(NUMBER))).await.unwrap_err();
    }
    let swapped = shop.verify(&first, &shop.code(NUMBER)).await;
    assert!(matches!(swapped, Err(BookOrderError::WrongCode { .. })), "a code is for its own session");
    shop.verify(&first, &code).await.unwrap();
    assert_eq!(shop.orders.customer(&first).await.unwrap(), BookOrders::phone(NUMBER).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_verifies_of_one_session_make_one_order() {
    let shop = Shop::start();
    let token = shop.initiate(NUMBER).await;
    let code = shop.code(NUMBER);
    let verify = || {
        let (orders, token, code) = (shop.orders.clone(), token.clone(), code.clone());
        tokio::spawn(async move { orders.verify(&token, &code, None).await })
    };
    let tasks: Vec<_> = (0..16).map(|_| verify()).collect();
    let mut placed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => placed += 1,
            Err(BookOrderError::AlreadyVerified) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((placed, shop.order_count().await), (1, 1));
}

/// What one server knows, and others do not, must not matter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verifies_on_two_servers_hear_the_same_as_on_one() {
    for is_keyed in [false, true] {
        let shop = Shop::start();
        let servers = [shop.orders.clone(), shop.another_server()];
        let token = shop.initiate(NUMBER).await;
        let code = shop.code(NUMBER);
        let verify = |index: usize| {
            let (orders, token, code) = (servers[index % 2].clone(), token.clone(), code.clone());
            let key = is_keyed.then(|| key("first", &code));
            tokio::spawn(async move { orders.verify(&token, &code, key.as_ref()).await })
        };
        let tasks: Vec<_> = (0..16).map(verify).collect();
        let mut placed = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(order) => placed.push(order.order_id),
                Err(BookOrderError::AlreadyVerified) if !is_keyed => {}
                Err(BookOrderError::InProgress) if is_keyed => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(placed.len() == 1 || is_keyed && !placed.is_empty(), "{placed:?}");
        assert!(placed.iter().all(|order_id| *order_id == placed[0]), "{placed:?}");
        assert_eq!(shop.order_count().await, 1);
    }
}

fn key(name: &str, request: &str) -> IdempotencyKey {
    IdempotencyKey::new(name, request.as_bytes()).unwrap()
}

#[tokio::test]
async fn a_verify_that_comes_again_under_its_key_is_answered_alike() {
    let shop = Shop::start();
    let token = shop.initiate(NUMBER).await;
    let code = shop.code(NUMBER);
    let verify = async |code: &str, key: &IdempotencyKey| shop.orders.verify(&token, code, Some(key)).await;
    let (wrong, first) = (other_code(&code), key("first", &code));
    let guess = verify(&wrong, &key("first", &wrong)).await;
    assert!(matches!(guess, Err(BookOrderError::WrongCode { guesses_left: 2 })), "{guess:?}");
    let order = verify(&code, &first).await.unwrap();
    assert_eq!(verify(&code, &first).await.unwrap(), order);
    shop.orders.move_to(&Access::staff(), order.order_id, OrderStatus::Processing).await.unwrap();
    shop.clock.advance(Session::LIFE);
    assert_eq!(verify(&code, &first).await.unwrap(), order, "as it was placed, and whenever it comes");
    let other = verify(&wrong, &key("first", &wrong)).await;
    assert!(matches!(other, Err(BookOrderError::KeyReused)), "{other:?}");
    for refused in [verify(&code, &key("second", &code)).await, shop.verify(&token, &code).await] {
        assert!(matches!(refused, Err(BookOrderError::AlreadyVerified)), "{refused:?}");
    }
    assert_eq!(shop.order_count().await, 1);

    let (token, _) = shop.placed("+8801700000204").await;
    let late = shop.orders.verify(&token, &code, Some(&first)).await;
    assert!(
        matches!(late, Err(BookOrderError::AlreadyVerified)),
        "the key of another session is another key"
    );
    let unknown = shop.orders.verify("never given out", &code, Some(&first)).await;
    assert!(matches!(unknown, Err(BookOrderError::SessionNotFound)), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_verifies_under_one_key_make_one_order() {
    let shop = Shop::start();
    let token = shop.initiate(NUMBER).await;
    let code = shop.code(NUMBER);
    let verify = || {
        let (orders, token, code) = (shop.orders.clone(), token.clone(), code.clone());
        tokio::spawn(async move { orders.verify(&token, &code, Some(&key("first", &code))).await })
    };
    let tasks: Vec<_> = (0..16).map(|_| verify()).collect();
    let mut placed = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(order) => placed.push(order.order_id),
            Err(error @ BookOrderError::InProgress) => assert!(error.retry_after().is_some()),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(!placed.is_empty() && placed.iter().all(|order_id| *order_id == placed[0]), "{placed:?}");
    assert_eq!(shop.order_count().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_wrong_codes_are_three() {
    let shop = Shop::start();
    let token = shop.initiate(NUMBER).await;
    let wrong = other_code(&shop.code(NUMBER));
    let verify = || {
        let (orders, token, wrong) = (shop.orders.clone(), token.clone(), wrong.clone());
        tokio::spawn(async move { orders.verify(&token, &wrong, None).await.unwrap_err() })
    };
    let tasks: Vec<_> = (0..16).map(|_| verify()).collect();
    let mut said = Vec::new();
    for task in tasks {
        said.push(match task.await.unwrap() {
            BookOrderError::WrongCode { guesses_left } => guesses_left.to_string(),
            BookOrderError::Locked => "locked".to_owned(),
            BookOrderError::SessionNotFound => "gone".to_owned(),
            other => panic!("{other:?}"),
        });
    }
    said.sort_unstable();
    assert_eq!(said, [vec!["1", "2"], vec!["gone"; 13], vec!["locked"]].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_parallel_initiations_exactly_five_pass_in_whatever_notation() {
    let shop = Shop::start();
    let initiate = |number: &'static str| {
        let orders = shop.orders.clone();
        tokio::spawn(async move { orders.initiate(purchase(number), None).await })
    };
    let notations = [NUMBER, "8801712345678", "01712345678", NUMBER];
    let tasks: Vec<_> = (0..4).flat_map(|_| notations.map(initiate)).collect();
    let mut opened = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => opened += 1,
            Err(BookOrderError::TooManyInitiations { retry_after }) => {
                assert_eq!(retry_after, Session::INITIATIONS_WINDOW);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((opened, shop.sent.sent().len()), (5, 5));
    shop.clock.advance(Session::INITIATIONS_WINDOW);
    shop.initiate(NUMBER).await;
}

#[tokio::test]
async fn an_initiation_counts_whatever_becomes_of_it() {
    let silent = Shop::with(Arc::new(NoProvider), Arc::default(), |store| store, |_| Prices::Client);
    for _ in 0..5 {
        let unsent = silent.orders.initiate(purchase(NUMBER), None).await;
        assert!(matches!(unsent, Err(BookOrderError::Otp(OtpError::NotSent(_)))));
    }
    let limited = silent.orders.initiate(purchase(NUMBER), None).await.err();
    assert!(matches!(limited, Some(BookOrderError::TooManyInitiations { .. })), "{limited:?}");

    let shop = Shop::start();
    for _ in 0..5 {
        shop.placed(NUMBER).await;
    }
    let limited = shop.orders.initiate(purchase(NUMBER), None).await.err();
    assert!(matches!(limited, Some(BookOrderError::TooManyInitiations { .. })), "{limited:?}");
}

/// Fails to keep orders as long as it is told to.
struct FullDisk {
    store: Arc<dyn BookOrderStore>,
    is_full: Arc<AtomicBool>,
}

#[async_trait]
impl BookOrderStore for FullDisk {
    async fn open_session(
        &self,
        digest: SessionDigest,
        purchase: &Purchase,
        now: Timestamp,
    ) -> Result<(), BookOrderError> {
        self.store.open_session(digest, purchase, now).await
    }

    async fn session(&self, digest: SessionDigest) -> Result<Option<Session>, StoreError> {
        self.store.session(digest).await
    }

    async fn count_guess(&self, digest: SessionDigest, now: Timestamp) -> Result<Session, BookOrderError> {
        self.store.count_guess(digest, now).await
    }

    async fn forget_guess(&self, digest: SessionDigest) -> Result<(), StoreError> {
        self.store.forget_guess(digest).await
    }

    async fn extend_session(&self, digest: SessionDigest, now: Timestamp) -> Result<(), BookOrderError> {
        self.store.extend_session(digest, now).await
    }

    async fn place_book_order(
        &self,
        digest: SessionDigest,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<BookOrder, BookOrderError> {
        if self.is_full.load(SeqCst) {
            return Err(StoreError::unavailable("the disk is full").into());
        }
        self.store.place_book_order(digest, key, now).await
    }

    async fn book_orders(
        &self,
        owner: Option<&PhoneNumber>,
        page: Page,
    ) -> Result<Vec<BookOrder>, StoreError> {
        self.store.book_orders(owner, page).await
    }

    async fn book_order(
        &self,
        order_id: BookOrderId,
        owner: Option<&PhoneNumber>,
    ) -> Result<Option<BookOrder>, StoreError> {
        self.store.book_order(order_id, owner).await
    }

    async fn advance_book_order(
        &self,
        order_id: BookOrderId,
        owner: Option<&PhoneNumber>,
        event: OrderEvent,
        by: Actor,
        now: Timestamp,
    ) -> Result<OrderStatus, BookOrderError> {
        self.store.advance_book_order(order_id, owner, event, by, now).await
    }
}

/// Makes codes of its own, as Infobip does: each is right once.
#[derive(Default)]
struct PinHolder {
    is_used: AtomicBool,
    is_down: AtomicBool,
}

#[async_trait]
impl MessageProvider for PinHolder {
    fn name(&self) -> &'static str {
        "holder"
    }

    async fn send(&self, _message: &Message) -> Result<Receipt, SendError> {
        Ok(Receipt { holds_pin: true, ..Receipt::new(self.name(), Some("pin-1".into())) })
    }

    fn holds_pins(&self) -> bool {
        true
    }

    async fn check_pin(&self, _held: HeldPin<'_>, pin: &str) -> Result<PinVerdict, SendError> {
        if self.is_down.load(SeqCst) {
            return Err(SendError::new(self.name(), Failure::NotSent));
        }
        let is_right = pin == "777777" && !self.is_used.swap(true, SeqCst);
        Ok(if is_right { PinVerdict::Right } else { PinVerdict::Wrong })
    }
}

#[tokio::test]
async fn a_right_code_stays_good_while_the_order_cannot_be_kept() {
    let is_full = Arc::new(AtomicBool::new(true));
    let full = |is_full: &Arc<AtomicBool>| {
        let is_full = Arc::clone(is_full);
        move |store| Arc::new(FullDisk { store, is_full }) as Arc<dyn BookOrderStore>
    };
    let sent = Arc::new(RecordingProvider::default());
    let shop = Shop::with(sent.clone(), sent, full(&is_full), |_| Prices::Client);
    let token = shop.initiate(NUMBER).await;
    let code = shop.code(NUMBER);
    for _ in 0..5 {
        let unkept = shop.verify(&token, &code).await;
        assert!(matches!(unkept, Err(BookOrderError::Store(_))), "{unkept:?}");
    }
    is_full.store(false, SeqCst);
    let wrong = shop.verify(&token, &other_code(&code)).await;
    assert!(matches!(wrong, Err(BookOrderError::WrongCode { guesses_left: 2 })), "{wrong:?}");
    shop.verify(&token, &code).await.unwrap();

    // A code that the provider holds is right only once there.
    is_full.store(true, SeqCst);
    let holder = Arc::new(PinHolder::default());
    let shop = Shop::with(holder, Arc::default(), full(&is_full), |_| Prices::Client);
    let token = shop.initiate(NUMBER).await;
    let unkept = shop.verify(&token, "777777").await;
    assert!(matches!(unkept, Err(BookOrderError::Store(_))), "{unkept:?}");
    is_full.store(false, SeqCst);
    shop.verify(&token, "777777").await.unwrap();
}

#[tokio::test]
async fn a_code_that_the_provider_does_not_judge_is_no_guess() {
    let holder = Arc::new(PinHolder::default());
    let shop = Shop::with(holder.clone(), Arc::default(), |store| store, |_| Prices::Client);
    let token = shop.initiate(NUMBER).await;
    holder.is_down.store(true, SeqCst);
    for _ in 0..3 {
        let unjudged = shop.verify(&token, "777777").await;
        assert!(matches!(unjudged, Err(BookOrderError::Otp(OtpError::NotChecked(_)))), "{unjudged:?}");
    }
    holder.is_down.store(false, SeqCst);
    let wrong = shop.verify(&token, "000000").await;
    assert!(matches!(wrong, Err(BookOrderError::WrongCode { guesses_left: 2 })), "{wrong:?}");
    shop.verify(&token, "777777").await.unwrap();
}

#[tokio::test]
async fn the_catalogue_says_what_books_cost() {
    let sent = Arc::new(RecordingProvider::default());
    let mut catalogue = None;
    let shop = Shop::with(
        sent.clone(),
        sent,
        |store| store,
        |store| {
            catalogue = Some(Arc::clone(&store));
            Prices::Catalogue(store)
        },
    );
    let catalogue = catalogue.unwrap();
    catalogue.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    let product = catalogue.product(1).await.unwrap().unwrap().product;
    let wanted =
        |ids: &[&str]| Purchase { books: ids.iter().map(|id| book(id, 1, 2)).collect(), ..purchase(NUMBER) };
    let opened = shop.orders.initiate(wanted(&["1"]), None).await.unwrap();
    assert_eq!(Some(opened.total), product.asked_price().times(2));
    let order = shop.verify(&opened.token, &shop.code(NUMBER)).await.unwrap();
    assert_eq!(order.purchase.books[0].title, product.name);
    for id in ["4000000000", "book-001", "99999999999999999999"] {
        let refused = shop.orders.initiate(wanted(&["1", id]), None).await.err();
        assert!(matches!(refused, Some(BookOrderError::BookNotFound { index: 1 })), "{refused:?}");
    }
}

#[tokio::test]
async fn neither_token_nor_code_is_kept() {
    let shop = Shop::start();
    let address: IpAddr = "203.0.113.7".parse().unwrap();
    let opened = shop.orders.initiate(purchase(NUMBER), Some(address)).await.unwrap();
    let code = shop.code(NUMBER);
    shop.verify(&opened.token, &code).await.unwrap();
    let kept = everything_in(shop.folder.path());
    let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("123 Test Street, Dhaka"), "the files are read");
    assert!(!holds(&opened.token) && !holds(&code));
}

fn everything_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|path| std::fs::read(path).unwrap()).collect()
}
