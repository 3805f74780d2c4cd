//! The logic of a shop whose trolleys think: shoppers sign in with a one-time code, trolleys report what is put into them,
//! the map leads past the shopping list by the shortest walk, and one transaction makes the order.
//!
//! Start with [`shop::Shop`] for the shop as a whole, [`otp::PhoneVerification`] for codes by message,
//! [`pathfinding::StoreMap`] for walks. Nothing here knows a web framework; the adapters are `quickcart-warp` and
//! `quickcart-py`.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use quickcart_core::catalog::{Page, import::demo_store};
//! use quickcart_core::clock::SystemClock;
//! use quickcart_core::shop::Shop;
//! use quickcart_core::store::SqliteStore;
//! use std::{path::Path, sync::Arc};
//!
//! let store = SqliteStore::open(Path::new("data/shop.db"))?;
//! let shop = Shop::new(Arc::new(store), Arc::new(SystemClock));
//! shop.import(demo_store()?, Box::new(|_, _| ())).await?;
//! for product in shop.search("milk", Page::default()).await? {
//!     println!("{} {}", product.name, product.asked_price());
//! }
//! # Ok(())
//! # }
//! ```

pub mod error;

pub mod clock;
pub mod email;
pub mod form;
pub mod money;
pub mod phone;
pub mod secret;
pub mod tax;
pub mod transition;

pub mod messaging;
pub mod otp;

pub mod account;
pub mod admin;
pub mod book_order;
pub mod cart;
pub mod catalog;
pub mod device;
pub mod order;
pub mod outbox;
pub mod pathfinding;
pub mod snapshot;
pub mod stock;
pub mod walk;

pub mod shop;
pub mod store;

#[cfg(feature = "conformance")]
pub mod conformance;
