//! The shop that all contenders read, each a copy of its own, and what they are asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use benches::Result;
use quickcart_core::account::{AccountStore, ShopperClaims, TokenIssuer, UserId};
use quickcart_core::cart::{CartStore, Quantity};
use quickcart_core::catalog::import::demo_store;
use quickcart_core::catalog::{CatalogStore, ProductId};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::device::CartEvent;
use quickcart_core::order::{OrderStore, PaymentMethod};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::secret::SecretKey;
use quickcart_core::store::SqliteStore;
use rusqlite::Connection;
use tempfile::TempDir;

/// Signs the token for every contender.
pub(crate) const JWT_KEY: &str = "0123456789abcdef0123456789abcdef";

const CART_ID: i64 = 1;
/// Each product that is asked for.
const PRODUCTS: std::ops::RangeInclusive<ProductId> = 1..=100;
/// No product has this id.
pub(crate) const UNKNOWN_PRODUCT: ProductId = 999_999;
/// Words without blanks, long enough for the index of character triples; each finds something.
const SEARCHES: [&str; 8] = ["milk", "rice", "BISCUIT", "oil", "9524101", "powder", "masala", "choco"];

/// One read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read {
    Product(ProductId),
    Search(&'static str),
    Offers,
    Cart,
    Checklist,
    Orders,
}

impl Read {
    pub(crate) fn path(self) -> String {
        match self {
            Self::Product(id) => format!("/products/{id}"),
            Self::Search(text) => format!("/products/search?query={text}"),
            Self::Offers => "/products/offers".to_owned(),
            Self::Cart => "/cart/view".to_owned(),
            Self::Checklist => "/user/checklist".to_owned(),
            Self::Orders => "/orders/history".to_owned(),
        }
    }

    /// Whether it takes a token.
    pub(crate) fn is_of_shopper(self) -> bool {
        matches!(self, Self::Cart | Self::Checklist | Self::Orders)
    }

    pub(crate) fn products() -> Vec<Self> {
        PRODUCTS.map(Self::Product).collect()
    }

    pub(crate) fn searches() -> Vec<Self> {
        SEARCHES.map(Self::Search).to_vec()
    }

    /// All six in turn, again and again, with another product and another text each time.
    pub(crate) fn mixed() -> Vec<Self> {
        let mix = |(id, text)| {
            [Self::Product(id), Self::Search(text), Self::Offers, Self::Cart, Self::Checklist, Self::Orders]
        };
        PRODUCTS.zip(SEARCHES.into_iter().cycle()).flat_map(mix).collect()
    }
}

/// A shop with the demo store, and a shopper with a trolley, a list and two orders.
pub(crate) struct Shop {
    folder: TempDir,
    pub(crate) user_id: UserId,
    pub(crate) token: String,
}

impl Shop {
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let user_id = runtime.block_on(fill(&folder.path().join("shop.db")))?;
        let tokens = TokenIssuer::new(SecretKey::new(JWT_KEY.as_bytes()), Arc::new(SystemClock));
        let token = tokens.issue(&ShopperClaims { user_id });
        Ok(Self { folder, user_id, token })
    }

    /// A copy of the database.
    pub(crate) fn copy(&self, name: &str) -> Result<PathBuf> {
        let copy = self.folder.path().join(name);
        std::fs::copy(self.folder.path().join("shop.db"), &copy)?;
        Ok(copy)
    }

    /// A copy that Python's SQLite can read, which may be too old (before 3.45) for an index that folds the marks of letters.
    /// No text that is searched for has any.
    pub(crate) fn copy_for_python(&self, name: &str, journal_mode: &str) -> Result<PathBuf> {
        let copy = self.copy(name)?;
        let connection = Connection::open(&copy)?;
        connection.execute_batch(
            "DROP TABLE product_search;
             CREATE VIRTUAL TABLE product_search USING fts5(
                 product_name, barcode, content = 'product_for_sale', content_rowid = 'product_id', tokenize = 'trigram'
             );
             INSERT INTO product_search (product_search) VALUES ('rebuild');",
        )?;
        connection.pragma_update(None, "journal_mode", journal_mode)?;
        Ok(copy)
    }
}

/// The database is whole in its one file once the store is dropped.
async fn fill(path: &Path) -> Result<UserId> {
    let store = SqliteStore::open(path)?;
    store.import(demo_store()?, Box::new(|_, _| ())).await?;
    let phone = PhoneNumber::parse("9876543210", Region::IN)?;
    let user_id = store.sign_in(&phone, SystemClock.now()).await?.user_id;
    for products in [[1, 3, 6], [2, 4, 5]] {
        carry(&store, user_id, products).await?;
        store.checkout(user_id, PaymentMethod::Cash, None, SystemClock.now()).await?;
    }
    carry(&store, user_id, [1, 2, 7]).await?;
    for product_id in [3, 8] {
        store.add_to_checklist(user_id, product_id, Quantity::ONE).await?;
    }
    Ok(user_id)
}

/// Takes the trolley and puts these products into it.
async fn carry(store: &SqliteStore, user_id: UserId, products: [ProductId; 3]) -> Result<()> {
    store.connect(user_id, CART_ID, SystemClock.now()).await?;
    for (count, product_id) in (1..).zip(products) {
        let event = CartEvent::ItemAdded { cart_id: CART_ID, product_id, cart_weight_mg: count * 1_250_000 };
        store.apply(&event, None, SystemClock.now()).await?;
    }
    Ok(())
}
