//! The contracts of the traits, as functions that panic where an implementation breaks them.
//!
//! Call them from a test with a fresh store each. They run on every implementation of this crate, and are public so that
//! they also run on yours.

mod admin_store;
mod blocked_carts;
mod book_order_store;
mod carts;
mod member_store;
mod otp_store;
mod outbox_store;
mod registration_store;
mod return_store;
mod revocation_store;
mod shop_store;
mod stock_store;

pub use admin_store::admin_store;
pub use book_order_store::book_order_store;
pub use member_store::member_store;
pub use otp_store::{otp_store, otp_store_agrees};
pub use outbox_store::outbox_store;
pub use registration_store::registration_store;
pub use return_store::return_store;
pub use revocation_store::revocation_store;
pub use shop_store::shop_store;
pub use stock_store::stock_store;
