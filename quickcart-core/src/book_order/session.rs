//! What is kept between a wish and its order.

use std::fmt;
use std::time::Duration;

use super::{BookOrderError, BookOrderId, Purchase};
use crate::clock::Timestamp;
use crate::order::IdempotencyKey;
use crate::phone::PhoneNumber;
use crate::secret::Tag;

/// What a store knows of a token: a keyed tag.
pub type SessionDigest = Tag;

/// A wish that waits for its code, or has been confirmed by it. `Debug` hides the customer.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// What is wanted.
    pub purchase: Purchase,
    /// How many guesses at the code were looked at, over all codes that were sent.
    pub guesses: u8,
    /// From when on it can no longer be verified.
    pub expires_at: Timestamp,
    /// The order that came of it: then the phone is proved.
    pub order_id: Option<BookOrderId>,
    /// The key of the request that made it, if it had one.
    pub key: Option<IdempotencyKey>,
}

impl Session {
    /// How long a code may be shown after it was sent.
    pub const LIFE: Duration = Duration::from_secs(600);
    /// How many guesses there are, over all codes of a session.
    pub const GUESSES_MAX: u8 = 3;
    /// How many sessions one phone may open within [`INITIATIONS_WINDOW`](Self::INITIATIONS_WINDOW).
    pub const INITIATIONS_MAX: u32 = 5;
    /// How long an opened session counts.
    pub const INITIATIONS_WINDOW: Duration = Duration::from_secs(60 * 60);

    /// Whether a phone may open one more now. Of those that it opened, `oldest` is when the oldest of the last
    /// [`INITIATIONS_MAX`](Self::INITIATIONS_MAX) was opened: while it counts, they all do.
    ///
    /// # Errors
    /// [`BookOrderError::TooManyInitiations`].
    pub fn check_initiations(oldest: Option<Timestamp>, now: Timestamp) -> Result<(), BookOrderError> {
        let window_ms = i64::try_from(Self::INITIATIONS_WINDOW.as_millis()).unwrap_or(i64::MAX);
        let wait_ms = oldest.map_or(0, |oldest| oldest.as_millisecond() + window_ms - now.as_millisecond());
        match u64::try_from(wait_ms) {
            Ok(wait_ms @ 1..) => {
                Err(BookOrderError::TooManyInitiations { retry_after: Duration::from_millis(wait_ms) })
            }
            _ => Ok(()),
        }
    }

    /// Whether a code may be shown or sent now.
    ///
    /// # Errors
    /// [`BookOrderError::AlreadyVerified`]; [`BookOrderError::SessionNotFound`] when its time or its guesses are over.
    pub fn check_open(&self, now: Timestamp) -> Result<(), BookOrderError> {
        self.check_placeable(now)?;
        if self.guesses < Self::GUESSES_MAX { Ok(()) } else { Err(BookOrderError::SessionNotFound) }
    }

    /// Whether an order may come of it now, when its code was right: the guess that was right may have been the last one.
    ///
    /// # Errors
    /// [`BookOrderError::AlreadyVerified`]; [`BookOrderError::SessionNotFound`] when its time is over.
    pub fn check_placeable(&self, now: Timestamp) -> Result<(), BookOrderError> {
        match self.order_id {
            Some(_) => Err(BookOrderError::AlreadyVerified),
            None if now < self.expires_at => Ok(()),
            None => Err(BookOrderError::SessionNotFound),
        }
    }

    /// The order that this request has made already; `None` when there is none, or another request made it.
    ///
    /// # Errors
    /// [`BookOrderError::KeyReused`] when the key named another request.
    pub fn order_of(&self, key: &IdempotencyKey) -> Result<Option<BookOrderId>, BookOrderError> {
        match &self.key {
            Some(kept) if kept == key => Ok(self.order_id),
            Some(kept) if kept.name() == key.name() => Err(BookOrderError::KeyReused),
            _ => Ok(None),
        }
    }

    /// The phone that was proved; that stays so.
    ///
    /// # Errors
    /// [`BookOrderError::SessionUnverified`] when it may still be; [`BookOrderError::SessionNotFound`] when it will not.
    pub fn customer(self, now: Timestamp) -> Result<PhoneNumber, BookOrderError> {
        match self.check_open(now) {
            Err(BookOrderError::AlreadyVerified) => Ok(self.purchase.phone),
            Ok(()) => Err(BookOrderError::SessionUnverified),
            Err(error) => Err(error),
        }
    }

    /// What is said of the guess that was counted last, when it was wrong.
    #[must_use]
    pub fn wrong_code(&self) -> BookOrderError {
        match Self::GUESSES_MAX.saturating_sub(self.guesses) {
            0 => BookOrderError::Locked,
            guesses_left => BookOrderError::WrongCode { guesses_left },
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("guesses", &self.guesses)
            .field("expires_at", &self.expires_at)
            .field("order_id", &self.order_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::PaymentMethod;

    fn session(guesses: u8, order_id: Option<BookOrderId>) -> Session {
        let phone = PhoneNumber::from_e164("+8801712345678").unwrap();
        let purchase = Purchase {
            phone_as_sent: phone.e164().to_owned(),
            phone,
            address: "123 Test Street, Dhaka".to_owned(),
            payment_method: PaymentMethod::Cash,
            books: Vec::new(),
        };
        Session { purchase, guesses, expires_at: Timestamp::from_second(600).unwrap(), order_id, key: None }
    }

    /// (guesses, order, second) -> (verify, place, manage), by the first letters of what is answered.
    #[test]
    fn time_guesses_and_the_order_decide() {
        let letter = |error: BookOrderError| match error {
            BookOrderError::AlreadyVerified => 'a',
            BookOrderError::SessionNotFound => 'n',
            BookOrderError::SessionUnverified => 'u',
            _ => '?',
        };
        for (guesses, order_id, second, expected) in [
            (0, None, 599, "oou"),
            (0, None, 600, "nnn"),
            (2, None, 0, "oou"),
            (3, None, 0, "non"),
            (3, None, 600, "nnn"),
            (0, Some(1), 0, "aao"),
            (3, Some(1), 1_000_000, "aao"),
        ] {
            let (session, now) = (session(guesses, order_id), Timestamp::from_second(second).unwrap());
            let answers = [
                session.check_open(now).map_or_else(letter, |()| 'o'),
                session.check_placeable(now).map_or_else(letter, |()| 'o'),
                session.customer(now).map_or_else(letter, |_| 'o'),
            ];
            assert_eq!(String::from_iter(answers), expected, "{guesses} {order_id:?} {second}");
        }
    }

    #[test]
    fn a_key_opens_the_order_of_its_own_request() {
        let key = |name, request: &[u8]| IdempotencyKey::new(name, request).unwrap();
        let placed = Session { key: Some(key("first", b"123456")), ..session(1, Some(7)) };
        assert!(matches!(placed.order_of(&key("first", b"123456")), Ok(Some(7))));
        assert!(matches!(placed.order_of(&key("first", b"654321")), Err(BookOrderError::KeyReused)));
        assert!(matches!(placed.order_of(&key("second", b"123456")), Ok(None)));
        assert!(matches!(session(1, Some(7)).order_of(&key("first", b"123456")), Ok(None)));
    }

    #[test]
    fn the_third_wrong_guess_is_the_last() {
        let said = |guesses| session(guesses, None).wrong_code();
        assert!(matches!(said(1), BookOrderError::WrongCode { guesses_left: 2 }));
        assert!(matches!(said(2), BookOrderError::WrongCode { guesses_left: 1 }));
        assert!(matches!(said(3), BookOrderError::Locked));
    }

    #[test]
    fn shows_no_customer() {
        let shown = format!("{:?} {:?}", session(0, None), session(0, None).purchase);
        assert!(!shown.contains("1712345678") && !shown.contains("Test Street"), "{shown}");
    }
}
