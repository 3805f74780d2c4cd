//! What an order costs: whole minor units, added up line by line, so nothing is ever rounded.

use super::OrderError;
use crate::cart::{CartLine, Quantity};
use crate::catalog::ProductId;
use crate::money::Money;

/// One product of an order, as it was sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// The product.
    pub product_id: ProductId,
    /// Its name at that time.
    pub product_name: String,
    /// How many pieces.
    pub quantity: Quantity,
    /// The listed price of one piece.
    pub price: Money,
    /// The price asked for one piece; the listed price where there was no discount.
    pub discounted_price: Money,
}

/// The sums of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// All pieces.
    pub quantity: u32,
    /// At listed prices.
    pub price: Money,
    /// At the prices asked for: what is to be paid.
    pub discounted_price: Money,
}

impl OrderLine {
    /// The line of an order for a line of a cart; `None` for one that is being taken out.
    #[must_use]
    pub fn of(line: &CartLine) -> Option<Self> {
        Some(Self {
            product_id: line.product.product_id,
            product_name: line.product.name.clone(),
            quantity: line.quantity?,
            price: line.product.price,
            discounted_price: line.product.asked_price(),
        })
    }
}

impl Totals {
    /// Adds up the lines.
    ///
    /// # Errors
    /// [`OrderError::CartEmpty`] without lines; [`OrderError::TooLarge`] when a sum is out of range or the lines are in
    /// several currencies.
    pub fn of(lines: &[OrderLine]) -> Result<Self, OrderError> {
        let first = lines.first().ok_or(OrderError::CartEmpty)?;
        let nothing = Money::new(0, first.price.currency());
        let start = Self { quantity: 0, price: nothing, discounted_price: nothing };
        lines.iter().try_fold(start, Self::plus).ok_or(OrderError::TooLarge)
    }

    fn plus(self, line: &OrderLine) -> Option<Self> {
        let quantity = line.quantity.get();
        Some(Self {
            quantity: self.quantity.checked_add(quantity)?,
            price: self.price.plus(line.price.times(quantity)?)?,
            discounted_price: self.discounted_price.plus(line.discounted_price.times(quantity)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn line(quantity: u32, price: i64, discounted: i64) -> OrderLine {
        OrderLine {
            product_id: 1,
            product_name: "Toned Milk 1 L".to_owned(),
            quantity: Quantity::new(quantity).unwrap(),
            price: Money::new(price, Currency::INR),
            discounted_price: Money::new(discounted, Currency::INR),
        }
    }

    #[test]
    fn adds_up_pieces_and_prices() {
        let totals = Totals::of(&[line(2, 6_000, 5_500), line(1, 65_000, 65_000)]).unwrap();
        assert_eq!(totals.quantity, 3);
        assert_eq!(totals.price, Money::new(77_000, Currency::INR));
        assert_eq!(totals.discounted_price, Money::new(76_000, Currency::INR));
    }

    #[test]
    fn refuses_nothing_and_too_much() {
        assert!(matches!(Totals::of(&[]), Err(OrderError::CartEmpty)));
        assert!(matches!(Totals::of(&[line(2, i64::MAX, 1)]), Err(OrderError::TooLarge)));
    }
}
