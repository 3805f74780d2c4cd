//! One product in a trolley, and how a scale counts it.

use std::fmt;

use super::CartId;
use crate::catalog::Product;

/// One product in a trolley. A quantity of `None` means that it has just been taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// The line's number.
    pub cart_items_id: i64,
    /// The trolley.
    pub cart_id: CartId,
    /// What lies in it.
    pub product: Product,
    /// How many pieces.
    pub quantity: Option<Quantity>,
    /// The version that the cart got when the line last changed.
    pub version: u64,
}

/// A number of pieces, from 1 to [`Quantity::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u32);

impl Quantity {
    /// The most pieces of one product that a list or a trolley takes.
    pub const MAX: u32 = 9_999;
    /// A single piece.
    pub const ONE: Self = Self(1);

    /// `count` pieces; `None` when that is zero, or more than [`MAX`](Self::MAX).
    #[must_use]
    pub fn new(count: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&count).then_some(Self(count))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    /// The sum; `None` past [`MAX`](Self::MAX).
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many pieces of `unit_g` grams weigh `weight_mg` milligrams: the nearest whole number, halves upwards.
///
/// `weight_mg` is not negative. A `unit_g` of zero counts nothing.
///
/// ```
/// use quickcart_core::cart::quantity_of_weight;
///
/// assert_eq!(quantity_of_weight(2_050_000, 1_000), Some(2));
/// assert_eq!(quantity_of_weight(500_000, 1_000), Some(1));
/// assert_eq!(quantity_of_weight(499_999, 1_000), Some(0));
/// assert_eq!(quantity_of_weight(1, 0), None);
/// ```
#[must_use]
pub fn quantity_of_weight(weight_mg: u64, unit_g: u32) -> Option<u64> {
    let unit_mg = u64::from(unit_g) * 1_000;
    let twice = weight_mg.checked_mul(2)?.checked_add(unit_mg)?;
    twice.checked_div(2 * unit_mg)
}
