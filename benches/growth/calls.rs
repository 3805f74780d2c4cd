//! The calls that are measured, and what each asks for.

use std::sync::Arc;
use std::time::Duration;

use benches::Result;
use quickcart_core::catalog::Page;
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::order::{Actor, OrderEvent, PaymentMethod};
use quickcart_core::store::Store;

use super::shop::{FIRST, Size};

/// A call of the store, in the order in which they are made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Product,
    RareSearch,
    CommonSearch,
    Offers,
    Cart,
    History,
    StockLevel,
    LowStock,
    Movements,
    ProductMovements,
    AdminProducts,
    AdminUsers,
    Hold,
    Checkout,
    Cancel,
    Events,
}

/// A page as people look at.
const PAGE: Page = Page { offset: 0, limit: 20 };
const HOLD: Duration = Duration::from_secs(600);

impl Call {
    pub(crate) const ALL: [Self; 16] = [
        Self::Product,
        Self::RareSearch,
        Self::CommonSearch,
        Self::Offers,
        Self::Cart,
        Self::History,
        Self::StockLevel,
        Self::LowStock,
        Self::Movements,
        Self::ProductMovements,
        Self::AdminProducts,
        Self::AdminUsers,
        Self::Hold,
        Self::Checkout,
        Self::Cancel,
        Self::Events,
    ];

    /// The route that makes it.
    pub(crate) fn route(self) -> &'static str {
        match self {
            Self::Product => "GET /products/{id}",
            Self::RareSearch => "GET /products/search, one finds it",
            Self::CommonSearch => "GET /products/search, a hundredth do",
            Self::Offers => "GET /products/offers",
            Self::Cart => "GET /cart/view",
            Self::History => "GET /orders/history",
            Self::StockLevel => "GET /v1/admin/stock/{id}",
            Self::LowStock => "GET /v1/admin/stock?low=true",
            Self::Movements => "GET /v1/admin/stock/movements",
            Self::ProductMovements => "GET /v1/admin/stock/movements?product_id={id}",
            Self::AdminProducts => "GET /v1/admin/products",
            Self::AdminUsers => "GET /v1/admin/users",
            Self::Hold => "POST /v1/cart/hold",
            Self::Checkout => "POST /orders/checkout",
            Self::Cancel => "POST /v1/orders/{id}/cancel",
            Self::Events => "the outbox, nothing new",
        }
    }

    /// Asks for another product, and as another shopper, in each round; answers whether there was anything.
    pub(crate) async fn ask(self, store: &Arc<dyn Store>, size: Size, round: i64) -> Result<bool> {
        let (product_id, user_id) = (FIRST + round * 7_919 % size.products, FIRST + round);
        let now = SystemClock.now();
        Ok(match self {
            Self::Product => store.product(product_id).await?.is_some(),
            Self::RareSearch => store.search(&format!("item{}.", product_id - FIRST), PAGE).await?.len() == 1,
            Self::CommonSearch => !store.search(&format!("sort{} item", round % 100), PAGE).await?.is_empty(),
            Self::Offers => !store.offers(PAGE).await?.is_empty(),
            Self::Cart => !store.view(user_id, now).await?.lines.is_empty(),
            Self::History => !store.orders(user_id, PAGE).await?.is_empty(),
            Self::StockLevel => store.stock_level(product_id, now).await?.is_some(),
            Self::LowStock => !store.stock_levels(true, PAGE, now).await?.is_empty(),
            Self::Movements => !store.stock_movements(None, PAGE).await?.is_empty(),
            Self::ProductMovements => !store.stock_movements(Some(product_id), PAGE).await?.is_empty(),
            Self::AdminProducts => !store.product_entries(PAGE).await?.is_empty(),
            Self::AdminUsers => !store.user_entries(None, PAGE).await?.is_empty(),
            Self::Hold => !store.hold_cart(user_id, now + HOLD, now).await?.pieces.is_empty(),
            Self::Checkout => store.checkout(user_id, PaymentMethod::Cash, None, now).await?.lines.len() == 3,
            Self::Cancel => {
                let (order_id, customer) = (FIRST + round, Actor::Customer);
                store.advance_order(order_id, None, OrderEvent::Cancel, customer, now).await?.lines.len() == 3
            }
            Self::Events => store.claim_outbox("bench", now, 1, now).await?.is_some(),
        })
    }
}
