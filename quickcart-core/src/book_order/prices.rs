//! Where the prices of books come from.

use std::sync::Arc;

use super::{Book, BookOrderError, Purchase};
use crate::catalog::{CatalogStore, ProductId};

/// Where the prices of books come from.
#[derive(Clone)]
pub enum Prices {
    /// From the customer, as the old backend had it: for lists of books that only the page knows.
    Client,
    /// From the catalogue, where a book's id is the number of a product; titles come from there, too.
    Catalogue(Arc<dyn CatalogStore>),
}

impl Prices {
    pub(super) async fn of(&self, purchase: Purchase) -> Result<Purchase, BookOrderError> {
        let Self::Catalogue(catalogue) = self else { return Ok(purchase) };
        let mut books = Vec::with_capacity(purchase.books.len());
        for (index, book) in purchase.books.into_iter().enumerate() {
            let not_found = BookOrderError::BookNotFound { index };
            let Ok(product_id) = book.id.parse::<ProductId>() else { return Err(not_found) };
            let product = catalogue.product(product_id).await?.ok_or(not_found)?.product;
            books.push(Book { price: product.asked_price(), title: product.name, ..book });
        }
        Ok(Purchase { books, ..purchase })
    }
}
