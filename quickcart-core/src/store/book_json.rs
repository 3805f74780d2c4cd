//! The books that a session of a book order waits to order, as the JSON that databases keep.

use serde::{Deserialize, Serialize, de::Error as _};

use crate::book_order::Book;
use crate::cart::Quantity;
use crate::money::{Currency, Money};

#[derive(Serialize, Deserialize)]
struct BookRow {
    id: String,
    title: String,
    quantity: u32,
    price_minor: i64,
}

pub(super) fn write(books: &[Book]) -> serde_json::Result<String> {
    serde_json::to_string(&books.iter().cloned().map(BookRow::from).collect::<Vec<_>>())
}

/// All prices are in one currency, which is kept beside them.
pub(super) fn read(text: &str, currency: Currency) -> serde_json::Result<Vec<Book>> {
    let rows: Vec<BookRow> = serde_json::from_str(text)?;
    rows.into_iter().map(|row| row.book(currency)).collect()
}

impl From<Book> for BookRow {
    fn from(Book { id, title, price, quantity }: Book) -> Self {
        Self { id, title, quantity: quantity.get(), price_minor: price.minor() }
    }
}

impl BookRow {
    fn book(self, currency: Currency) -> serde_json::Result<Book> {
        let Self { id, title, quantity, price_minor } = self;
        let quantity = Quantity::new(quantity).ok_or_else(|| serde_json::Error::custom("a quantity"))?;
        Ok(Book { id, title, price: Money::new(price_minor, currency), quantity })
    }
}
