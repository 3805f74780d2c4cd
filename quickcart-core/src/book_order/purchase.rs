//! Books, who wants them, and the order that comes of it.

use std::fmt;

use super::BookOrderError;
use crate::cart::Quantity;
use crate::clock::Timestamp;
use crate::money::{Currency, Money};
use crate::order::{OrderStatus, PaymentMethod, PaymentState};
use crate::phone::PhoneNumber;

/// Names an order of books; orders of trolleys have numbers of their own.
pub type BookOrderId = i64;

/// Some copies of a book, at the price of the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Its name in the shop's list.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What one copy costs, zero or more.
    pub price: Money,
    /// How many copies.
    pub quantity: Quantity,
}

/// Which books somebody wants, where to, and how they are paid. `Debug` hides the customer.
#[derive(Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Who wants them.
    pub phone: PhoneNumber,
    /// The number as the customer wrote it.
    pub phone_as_sent: String,
    /// Where they go.
    pub address: String,
    /// How they are paid.
    pub payment_method: PaymentMethod,
    /// The books.
    pub books: Vec<Book>,
}

/// An order that was confirmed by a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookOrder {
    /// Its number.
    pub order_id: BookOrderId,
    /// What was ordered.
    pub purchase: Purchase,
    /// What all of it costs.
    pub total: Money,
    /// Where it stands.
    pub status: OrderStatus,
    /// How far its payment is.
    pub payment: PaymentState,
    /// When it was confirmed.
    pub placed_at: Timestamp,
}

impl BookOrder {
    /// As it was when it was placed: what a request that comes again is answered.
    #[must_use]
    pub fn as_placed(self) -> Self {
        Self { status: OrderStatus::Verified, payment: PaymentState::Pending, ..self }
    }
}

impl Purchase {
    /// What client prices are in.
    pub const CURRENCY: Currency = Currency::BDT;
    /// The most books of one order.
    pub const BOOKS_MAX: usize = 100;

    /// What all books cost.
    ///
    /// # Errors
    /// [`BookOrderError::TooLarge`] when the sum is out of range, or of several currencies.
    pub fn total(&self) -> Result<Money, BookOrderError> {
        let currency = self.books.first().map_or(Self::CURRENCY, |book| book.price.currency());
        let plus = |sum: Money, book: &Book| sum.plus(book.price.times(book.quantity.get())?);
        let total = self.books.iter().try_fold(Money::new(0, currency), plus);
        total.ok_or(BookOrderError::TooLarge)
    }
}

impl fmt::Debug for Purchase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Purchase")
            .field("phone", &self.phone)
            .field("payment_method", &self.payment_method)
            .field("books", &self.books)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(books: &[(i64, u32)]) -> Option<i64> {
        let book = |&(price, quantity): &(i64, u32)| Book {
            id: "book-001".to_owned(),
            title: "Python Programming".to_owned(),
            price: Money::new(price, Currency::BDT),
            quantity: Quantity::new(quantity).unwrap(),
        };
        let purchase = Purchase {
            phone: PhoneNumber::from_e164("+8801712345678").unwrap(),
            phone_as_sent: "01712345678".to_owned(),
            address: "Dhaka".to_owned(),
            payment_method: PaymentMethod::Cash,
            books: books.iter().map(book).collect(),
        };
        purchase.total().ok().map(Money::minor)
    }

    #[test]
    fn adds_up_to_the_last_poisha() {
        assert_eq!(total(&[(59_900, 1), (25_050, 2)]), Some(110_000));
        // In floats, three times 0.1 is not 0.3.
        assert_eq!(total(&[(10, 3), (20, 1)]), Some(50));
        assert_eq!(total(&[(i64::MAX, 2)]), None);
    }
}
