//! Books ordered by telephone number: a session asks for them, a code proves the number, and one order comes of it.

mod access;
mod error;
mod prices;
mod purchase;
mod session;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tokio::sync::Mutex;

pub use access::Access;
pub use error::BookOrderError;
pub use prices::Prices;
pub use purchase::{Book, BookOrder, BookOrderId, Purchase};
pub use session::{Session, SessionDigest};

use crate::catalog::Page;
use crate::clock::{Clock, Timestamp};
use crate::error::StoreError;
use crate::messaging::text::Language;
use crate::money::Money;
use crate::order::{Actor, IdempotencyKey, OrderEvent, OrderStatus, UnderWay};
use crate::otp::{CodeRequest, OtpError, PhoneVerification};
use crate::phone::{InvalidPhone, PhoneNumber, Region};
use crate::secret::SecretKey;

/// Keeps sessions and the orders that come of them. Each method is one atomic step.
#[async_trait]
pub trait BookOrderStore: Send + Sync + 'static {
    /// Opens a session, and counts it for its phone; forgets sessions that were never verified and that no limit counts any more.
    ///
    /// [`BookOrderError::TooManyInitiations`] when the phone has opened [`Session::INITIATIONS_MAX`] of them within the last
    /// [`Session::INITIATIONS_WINDOW`], whatever became of those.
    async fn open_session(
        &self,
        digest: SessionDigest,
        purchase: &Purchase,
        now: Timestamp,
    ) -> Result<(), BookOrderError>;

    /// The session that this token opens.
    async fn session(&self, digest: SessionDigest) -> Result<Option<Session>, StoreError>;

    /// Counts a guess before anybody looks at it; answers the session with that guess counted.
    ///
    /// Fails as [`Session::check_open`] does, and then nothing is counted.
    async fn count_guess(&self, digest: SessionDigest, now: Timestamp) -> Result<Session, BookOrderError>;

    /// Takes the last guess back, because nobody judged it.
    async fn forget_guess(&self, digest: SessionDigest) -> Result<(), StoreError>;

    /// Gives an open session its full time again.
    async fn extend_session(&self, digest: SessionDigest, now: Timestamp) -> Result<(), BookOrderError>;

    /// Makes the order of a session, once: the order with its events, what is owed for it, and the session that is verified by
    /// it and keeps the key, or nothing of these. Fails as [`Session::check_placeable`] does.
    async fn place_book_order(
        &self,
        digest: SessionDigest,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<BookOrder, BookOrderError>;

    /// Orders by number, of one phone or of all.
    async fn book_orders(
        &self,
        owner: Option<&PhoneNumber>,
        page: Page,
    ) -> Result<Vec<BookOrder>, StoreError>;

    /// One order; that of another phone than `owner` is none.
    async fn book_order(
        &self,
        order_id: BookOrderId,
        owner: Option<&PhoneNumber>,
    ) -> Result<Option<BookOrder>, StoreError>;

    /// Moves an order on, with its event; that of another phone than `owner` is none.
    async fn advance_book_order(
        &self,
        order_id: BookOrderId,
        owner: Option<&PhoneNumber>,
        event: OrderEvent,
        by: Actor,
        now: Timestamp,
    ) -> Result<OrderStatus, BookOrderError>;
}

/// A session, just opened. Whoever holds the token is the customer, once the code was shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// 43 letters, digits, `-` and `_`.
    pub token: String,
    /// What the books cost.
    pub total: Money,
}

/// Book orders. Clones share them.
#[derive(Clone)]
pub struct BookOrders {
    store: Arc<dyn BookOrderStore>,
    verification: PhoneVerification,
    language: Language,
    prices: Prices,
    key: SecretKey,
    clock: Arc<dyn Clock>,
    turns: Arc<[Mutex<()>; TURNS]>,
    under_way: UnderWay<SessionDigest>,
}

/// In how many rows sessions wait to be verified. More would only make it less likely that two sessions share one.
const TURNS: usize = 64;

/// How often, and how long apart, an order is looked for that another server is about to make.
const LOOKS: u32 = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl BookOrders {
    /// Orders kept in `store`, whose customers `verification` proves; a store knows tokens as tags under a key made of `key`.
    pub fn new(
        store: Arc<dyn BookOrderStore>,
        verification: PhoneVerification,
        prices: Prices,
        key: &SecretKey,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let turns = Arc::new(std::array::from_fn(|_| Mutex::new(())));
        let key = key.for_use("book order sessions");
        let (language, under_way) = (Language::default(), UnderWay::default());
        Self { store, verification, language, prices, key, clock, turns, under_way }
    }

    /// The same with messages in another language than English.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// Reads a number as customers of book orders type it: digits are international when they can be, else of Bangladesh.
    ///
    /// # Errors
    /// [`InvalidPhone`].
    ///
    /// ```
    /// use quickcart_core::book_order::BookOrders;
    ///
    /// for text in ["+8801712345678", "8801712345678", "01712345678"] {
    ///     assert_eq!(BookOrders::phone(text)?.e164(), "+8801712345678");
    /// }
    /// # Ok::<(), quickcart_core::phone::InvalidPhone>(())
    /// ```
    pub fn phone(text: &str) -> Result<PhoneNumber, InvalidPhone> {
        if text.starts_with('+') {
            return PhoneNumber::from_e164(text);
        }
        PhoneNumber::from_e164(&format!("+{text}")).or_else(|_| PhoneNumber::parse(text, Region::BD))
    }

    /// Opens a session and sends the code to its phone.
    ///
    /// # Errors
    /// [`BookOrderError::TooManyInitiations`]; [`BookOrderError::BookNotFound`] and [`BookOrderError::TooLarge`];
    /// [`BookOrderError::Otp`] when no code was sent: the session is then counted all the same.
    pub async fn initiate(
        &self,
        purchase: Purchase,
        address: Option<IpAddr>,
    ) -> Result<Opened, BookOrderError> {
        let purchase = self.prices.of(purchase).await?;
        let total = purchase.total()?;
        let token = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        self.store.open_session(self.digest(&token), &purchase, self.clock.now()).await?;
        self.send(&token, &purchase, address).await?;
        Ok(Opened { token, total })
    }

    /// Makes the order of a session, when this is its code. With a key, the same request may come again: it is answered the
    /// order [as it was placed](BookOrder::as_placed).
    ///
    /// A code that was right stays good when the order could not be kept.
    ///
    /// # Errors
    /// [`BookOrderError::WrongCode`] and, for the last guess, [`BookOrderError::Locked`];
    /// [`BookOrderError::SessionNotFound`]; [`BookOrderError::AlreadyVerified`] by a request without this key;
    /// [`BookOrderError::KeyReused`]; [`BookOrderError::InProgress`] while the first one with this key is under way;
    /// [`BookOrderError::Otp`] when the code could not be judged, which counts as no guess; [`BookOrderError::Store`].
    pub async fn verify(
        &self,
        token: &str,
        code: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<BookOrder, BookOrderError> {
        let digest = self.digest(token);
        let Some(key) = key else { return self.place(token, code, digest, None).await };
        let _turn = self.under_way.begin(digest, key).ok_or(BookOrderError::InProgress)?;
        match self.place(token, code, digest, Some(key)).await {
            // No code was judged, or another server was faster with it.
            Err(refused @ (BookOrderError::AlreadyVerified | BookOrderError::SessionNotFound)) => {
                self.placed(digest, key).await?.ok_or(refused)
            }
            outcome => outcome,
        }
    }

    /// The order that this request has made already.
    async fn placed(
        &self,
        digest: SessionDigest,
        key: &IdempotencyKey,
    ) -> Result<Option<BookOrder>, BookOrderError> {
        let Some(session) = self.store.session(digest).await? else { return Ok(None) };
        let Some(order_id) = session.order_of(key)? else { return Ok(None) };
        Ok(self.store.book_order(order_id, None).await?.map(BookOrder::as_placed))
    }

    async fn place(
        &self,
        token: &str,
        code: &str,
        digest: SessionDigest,
        key: Option<&IdempotencyKey>,
    ) -> Result<BookOrder, BookOrderError> {
        // One after the other, so that who comes second finds an order. The store decides, also between several servers.
        let turn = self.turns[usize::from(digest[0]) % TURNS].lock().await;
        let session = self.store.count_guess(digest, self.clock.now()).await?;
        let (phone, transaction) = (&session.purchase.phone, transaction(token, &session.purchase)?);
        let checked = self.verification.check_transaction(phone, &transaction, code).await;
        let refused = match checked {
            Ok(()) => match self.store.place_book_order(digest, key, self.clock.now()).await {
                Err(BookOrderError::Store(error)) => {
                    // Should the store of codes fail now, too, then there is still the resend.
                    let _ = self.verification.restore_transaction(phone, &transaction, code).await;
                    BookOrderError::Store(error)
                }
                placed => return placed,
            },
            Err(OtpError::WrongCode) => return Err(session.wrong_code()),
            Err(OtpError::NotFound) => BookOrderError::SessionNotFound,
            Err(error) => error.into(),
        };
        // What was no guess is none. If the store does not answer, it counts.
        let _ = self.store.forget_guess(digest).await;
        drop(turn);
        match refused {
            BookOrderError::SessionNotFound => Err(self.without_code(digest).await),
            refused => Err(refused),
        }
    }

    /// Why a session that was open has no code: another server has just taken it, whose order is a moment away, or it is lost.
    async fn without_code(&self, digest: SessionDigest) -> BookOrderError {
        for _ in 0..LOOKS {
            match self.store.session(digest).await {
                Ok(Some(session)) if session.order_id.is_none() => tokio::time::sleep(LOOK_AGAIN).await,
                Ok(Some(_)) => return BookOrderError::AlreadyVerified,
                Ok(None) => break,
                Err(error) => return error.into(),
            }
        }
        BookOrderError::SessionNotFound
    }

    /// Sends another code to the phone of a session, in the place of the one before; guesses count on.
    ///
    /// # Errors
    /// [`BookOrderError::SessionNotFound`]; [`BookOrderError::AlreadyVerified`]; [`BookOrderError::Otp`].
    pub async fn resend(&self, token: &str, address: Option<IpAddr>) -> Result<(), BookOrderError> {
        let digest = self.digest(token);
        let session = self.store.session(digest).await?.ok_or(BookOrderError::SessionNotFound)?;
        session.check_open(self.clock.now())?;
        self.send(token, &session.purchase, address).await?;
        self.store.extend_session(digest, self.clock.now()).await
    }

    /// The phone that a verified session proved.
    ///
    /// # Errors
    /// [`BookOrderError::SessionNotFound`]; [`BookOrderError::SessionUnverified`].
    pub async fn customer(&self, token: &str) -> Result<PhoneNumber, BookOrderError> {
        let session = self.store.session(self.digest(token)).await?;
        session.ok_or(BookOrderError::SessionNotFound)?.customer(self.clock.now())
    }

    /// Orders by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, access: &Access, page: Page) -> Result<Vec<BookOrder>, StoreError> {
        self.store.book_orders(access.owner(), page).await
    }

    /// One order.
    ///
    /// # Errors
    /// [`BookOrderError::OrderNotFound`].
    pub async fn get(&self, access: &Access, order_id: BookOrderId) -> Result<BookOrder, BookOrderError> {
        self.store.book_order(order_id, access.owner()).await?.ok_or(BookOrderError::OrderNotFound)
    }

    /// Moves an order on to a status.
    ///
    /// # Errors
    /// [`BookOrderError::StaffOnly`]; [`BookOrderError::OrderNotFound`]; [`BookOrderError::IllegalTransition`].
    pub async fn move_to(
        &self,
        access: &Access,
        order_id: BookOrderId,
        status: OrderStatus,
    ) -> Result<(), BookOrderError> {
        if access.is_customer() {
            return Err(BookOrderError::StaffOnly);
        }
        self.advance(access, order_id, event_to(status)).await
    }

    /// Calls an order off; one that was called off stays so.
    ///
    /// # Errors
    /// [`BookOrderError::OrderNotFound`]; [`BookOrderError::IllegalTransition`].
    pub async fn cancel(&self, access: &Access, order_id: BookOrderId) -> Result<(), BookOrderError> {
        match self.advance(access, order_id, OrderEvent::Cancel).await {
            Err(BookOrderError::IllegalTransition(refused))
                if refused.from == OrderStatus::Cancelled.as_str() =>
            {
                Ok(())
            }
            outcome => outcome,
        }
    }

    async fn advance(
        &self,
        access: &Access,
        order_id: BookOrderId,
        event: OrderEvent,
    ) -> Result<(), BookOrderError> {
        let (owner, by, now) = (access.owner(), access.actor(event), self.clock.now());
        self.store.advance_book_order(order_id, owner, event, by, now).await.map(drop)
    }

    async fn send(
        &self,
        token: &str,
        purchase: &Purchase,
        address: Option<IpAddr>,
    ) -> Result<(), BookOrderError> {
        let transaction = transaction(token, purchase)?;
        let request = CodeRequest {
            transaction: Some(&transaction),
            address,
            language: self.language,
            ..CodeRequest::new(&purchase.phone)
        };
        self.verification.start(request).await?;
        Ok(())
    }

    fn digest(&self, token: &str) -> SessionDigest {
        self.key.tag(&[token.as_bytes()])
    }
}

/// What a code agrees to: this session, and what it costs.
fn transaction(token: &str, purchase: &Purchase) -> Result<String, BookOrderError> {
    Ok(format!("{token} {}", purchase.total()?))
}

/// What has to happen for an order to get there. The table allows the first two to no order of books, which is there from its
/// verification on.
fn event_to(status: OrderStatus) -> OrderEvent {
    match status {
        OrderStatus::Pending => OrderEvent::Place,
        OrderStatus::Verified => OrderEvent::Verify,
        OrderStatus::Processing => OrderEvent::StartProcessing,
        OrderStatus::Shipped => OrderEvent::Ship,
        OrderStatus::Delivered => OrderEvent::Deliver,
        OrderStatus::Cancelled => OrderEvent::Cancel,
    }
}
