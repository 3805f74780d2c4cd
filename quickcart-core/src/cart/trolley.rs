//! A cart, who has it, and where it stands.

use super::{CartError, CartLine, CartState, Weighing};
use crate::account::UserId;
use crate::catalog::SectionId;
use crate::catalog::import::Trolley;
use crate::clock::Timestamp;
use crate::pathfinding::Point;

/// Names a cart: a trolley, or an ad-hoc cart.
pub type CartId = i64;

/// Whether this names an ad-hoc cart: one that is no trolley, was made for one shopper, and is gone once it is given back or
/// checked out. Its number is above those of all trolleys and is never given again.
#[must_use]
pub fn is_ad_hoc(cart_id: CartId) -> bool {
    cart_id > Trolley::ID_MAX
}

/// How a connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The trolley was free, or the ad-hoc cart was made, and is the shopper's now.
    New,
    /// It was the shopper's already; nothing changed.
    Kept,
}

impl Connection {
    /// What comes of a shopper's wish for a trolley: `own` is the cart that they have, `holder` who has the trolley.
    ///
    /// # Errors
    /// [`CartError::AnotherCart`] and [`CartError::CartInUse`].
    pub fn decide(cart_id: CartId, own: Option<CartId>, holder: Option<UserId>) -> Result<Self, CartError> {
        match (own, holder) {
            (Some(own), _) if own == cart_id => Ok(Self::Kept),
            (Some(own), _) => Err(CartError::AnotherCart { cart_id: own }),
            (None, Some(_)) => Err(CartError::CartInUse { cart_id }),
            (None, None) => Ok(Self::New),
        }
    }
}

/// A cart and all that lies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartView {
    /// The trolley.
    pub cart_id: CartId,
    /// Where it stands.
    pub state: CartState,
    /// Its lines, in the order they came.
    pub lines: Vec<CartLine>,
    /// The weight that its device reported for the whole of it, in milligrams; `None` once something has changed since.
    pub reported_weight_mg: Option<u64>,
    /// Grows with every change of what lies in the cart, also from one shopper to the next.
    pub version: u64,
}

impl CartView {
    /// The weight of the contents in milligrams: what the scale said last, else what the catalogue says, and nothing
    /// for an empty trolley.
    #[must_use]
    pub fn total_weight_mg(&self) -> u64 {
        if self.lines.is_empty() {
            return 0;
        }
        let by_catalogue = || {
            let weights = self.lines.iter().map(|line| {
                let unit_mg = u64::from(line.product.weight_g.unwrap_or(0)) * 1_000;
                unit_mg * line.quantity.map_or(0, |quantity| quantity.get().into())
            });
            weights.sum()
        };
        self.reported_weight_mg.unwrap_or_else(by_catalogue)
    }
}

/// A cart whose scale does not show what its lines weigh, as the staff sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockedCart {
    /// The cart.
    pub cart_id: CartId,
    /// Who has it.
    pub user_id: UserId,
    /// What its scale showed last, and what its lines weigh now.
    pub weighing: Weighing,
}

/// Where a trolley stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// The trolley.
    pub cart_id: CartId,
    /// The place.
    pub point: Point,
    /// The section that the place is in, if any.
    pub section_id: Option<SectionId>,
    /// When it was located; `None` while it stands at its dock.
    pub located_at: Option<Timestamp>,
}
