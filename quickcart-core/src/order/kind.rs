//! The kinds of orders.

use std::fmt;
use std::str::FromStr;

/// What kind of order it is. Each kind counts its orders for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderKind {
    /// Of what was in a cart.
    Cart,
    /// Of books, by phone.
    Book,
}

impl OrderKind {
    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cart => "cart",
            Self::Book => "book",
        }
    }
}

impl fmt::Display for OrderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrderKind {
    type Err = UnknownOrderKind;

    fn from_str(text: &str) -> Result<Self, UnknownOrderKind> {
        [Self::Cart, Self::Book].into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownOrderKind)
    }
}

/// There is no such kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order is of a cart or of books")]
pub struct UnknownOrderKind;
