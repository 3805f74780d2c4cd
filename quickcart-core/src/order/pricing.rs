//! What an order costs: whole minor units, added up line by line; only the tax is ever rounded.

use super::{Order, OrderError, Payment, PaymentMethod};
use crate::cart::{CartLine, Quantity};
use crate::catalog::ProductId;
use crate::money::Money;
use crate::tax::{TaxClass, TaxMode, taxes};

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
    /// How it is taxed.
    pub tax_class: TaxClass,
    /// The tax in or on all pieces.
    pub tax: Money,
    /// How many of the pieces were not to be had after all.
    pub short: u32,
    /// How many of the pieces came back or are to come back.
    pub returned: u32,
}

/// The sums of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// All pieces.
    pub quantity: u32,
    /// At listed prices.
    pub price: Money,
    /// At the prices asked for.
    pub discounted_price: Money,
    /// The tax in or on the prices asked for.
    pub tax: Money,
    /// Whether those prices hold the tax.
    pub tax_mode: TaxMode,
}

/// The lines of an order for the lines of a cart, and their sums. A line that is being taken out is left out.
///
/// # Errors
/// [`OrderError::CartEmpty`] without lines; [`OrderError::TooLarge`] when a sum is out of range or the lines are in several
/// currencies.
pub fn price(
    lines: impl IntoIterator<Item = (CartLine, TaxClass)>,
    mode: TaxMode,
) -> Result<(Vec<OrderLine>, Totals), OrderError> {
    let mut lines: Vec<OrderLine> =
        lines.into_iter().filter_map(|(line, tax_class)| OrderLine::untaxed(line, tax_class)).collect();
    let mut amounts = Vec::with_capacity(lines.len());
    for line in &lines {
        let amount = line.discounted_price.times(line.quantity.get()).ok_or(OrderError::TooLarge)?;
        amounts.push((amount.minor(), line.tax_class.gst_basis_points));
    }
    for (line, tax) in lines.iter_mut().zip(taxes(&amounts, mode)) {
        line.tax = Money::new(tax, line.price.currency());
    }
    let totals = Totals::of(&lines, mode)?;
    Ok((lines, totals))
}

impl OrderLine {
    fn untaxed(line: CartLine, tax_class: TaxClass) -> Option<Self> {
        Some(Self {
            product_id: line.product.product_id,
            quantity: line.quantity?,
            price: line.product.price,
            discounted_price: line.product.asked_price(),
            tax_class,
            tax: Money::new(0, line.product.price.currency()),
            product_name: line.product.name,
            short: 0,
            returned: 0,
        })
    }

    /// How many pieces the customer gets.
    #[must_use]
    pub fn delivered(&self) -> u32 {
        self.quantity.get().saturating_sub(self.short)
    }

    /// How many pieces can still come back, or turn out not to be had.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.delivered().saturating_sub(self.returned)
    }

    /// The tax in or on some of the pieces, of which `gone` went before: the shares of all add up to the tax of the line.
    fn tax_of(&self, gone: u32, pieces: u32) -> Money {
        let whole = i128::from(self.quantity.get());
        let share =
            |pieces: u32| i128::from(self.tax.minor()) * i128::from(pieces.min(self.quantity.get())) / whole;
        let tax = share(gone.saturating_add(pieces)) - share(gone);
        // A part of what fits.
        Money::new(i64::try_from(tax).unwrap_or_default(), self.tax.currency())
    }

    /// What was asked for some of the pieces that are left, with the tax that comes on top.
    fn asked(&self, pieces: u32, mode: TaxMode) -> Option<Money> {
        let price = self.discounted_price.times(pieces)?;
        match mode {
            TaxMode::Included => Some(price),
            TaxMode::Excluded => price.plus(self.tax_of(self.quantity.get() - self.left(), pieces)),
        }
    }
}

/// What was asked for some pieces of an order, by product; none of them twice.
///
/// # Errors
/// [`OrderError::NotSoMany`] when there are not so many left of one; [`OrderError::TooLarge`].
pub(super) fn asked_for(
    order: &Order,
    pieces: impl IntoIterator<Item = (ProductId, Quantity)>,
) -> Result<Money, OrderError> {
    let mut sum = Money::new(0, order.totals.price.currency());
    for (product_id, quantity) in pieces {
        let line = order.lines.iter().find(|line| line.product_id == product_id);
        let left = line.map_or(0, OrderLine::left);
        let line =
            line.filter(|_| quantity.get() <= left).ok_or(OrderError::NotSoMany { product_id, left })?;
        let asked = line.asked(quantity.get(), order.totals.tax_mode).ok_or(OrderError::TooLarge)?;
        sum = sum.plus(asked).ok_or(OrderError::TooLarge)?;
    }
    Ok(sum)
}

impl Totals {
    fn of(lines: &[OrderLine], tax_mode: TaxMode) -> Result<Self, OrderError> {
        let first = lines.first().ok_or(OrderError::CartEmpty)?;
        let nothing = Money::new(0, first.price.currency());
        let start = Self { quantity: 0, price: nothing, discounted_price: nothing, tax: nothing, tax_mode };
        let totals = lines.iter().try_fold(start, Self::plus).ok_or(OrderError::TooLarge)?;
        totals.due().map(|_| totals).ok_or(OrderError::TooLarge)
    }

    fn plus(self, line: &OrderLine) -> Option<Self> {
        let quantity = line.quantity.get();
        Some(Self {
            quantity: self.quantity.checked_add(quantity)?,
            price: self.price.plus(line.price.times(quantity)?)?,
            discounted_price: self.discounted_price.plus(line.discounted_price.times(quantity)?)?,
            tax: self.tax.plus(line.tax)?,
            tax_mode: self.tax_mode,
        })
    }

    /// Without the pieces that were not to be had.
    pub(super) fn without_short(self, lines: &[OrderLine]) -> Self {
        lines.iter().filter(|line| line.short > 0).fold(self, |totals, line| {
            let minus = |sum: Money, price: Money| {
                price.times(line.short).and_then(|part| sum.minus(part)).unwrap_or(sum)
            };
            Self {
                quantity: totals.quantity.saturating_sub(line.short),
                price: minus(totals.price, line.price),
                discounted_price: minus(totals.discounted_price, line.discounted_price),
                tax: totals.tax.minus(line.tax_of(0, line.short)).unwrap_or(totals.tax),
                tax_mode: totals.tax_mode,
            }
        })
    }

    fn due(&self) -> Option<Money> {
        match self.tax_mode {
            TaxMode::Included => Some(self.discounted_price),
            TaxMode::Excluded => self.discounted_price.plus(self.tax),
        }
    }

    /// What is owed: the prices asked for, and the tax where it comes on top of them.
    #[must_use]
    pub fn payment(&self, method: PaymentMethod) -> Payment {
        // Totals whose sum is out of range were never made.
        let amount = self.due().unwrap_or(self.discounted_price);
        Payment::pending(method, amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Product;
    use crate::money::Currency;

    fn line(quantity: u32, price: i64, discounted: i64) -> (CartLine, TaxClass) {
        let money = |minor| Money::new(minor, Currency::INR);
        let product = Product {
            product_id: 1,
            name: "Toned Milk 1 L".to_owned(),
            price: money(price),
            discounted_price: (discounted < price).then(|| money(discounted)),
            barcode: "8901001".parse().unwrap(),
            weight_g: None,
            expiry: None,
            category_id: None,
            offer_name: None,
        };
        let quantity = Quantity::new(quantity);
        let line = CartLine { cart_items_id: 1, cart_id: 1, product, quantity, version: 1 };
        (line, TaxClass { hsn: Some("0401".to_owned()), gst_basis_points: 500 })
    }

    #[test]
    fn adds_up_pieces_prices_and_taxes() {
        let lines = || [line(2, 6_000, 5_500), line(1, 65_000, 65_000)];
        let money = |minor| Money::new(minor, Currency::INR);
        let (priced, totals) = price(lines(), TaxMode::Included).unwrap();
        assert_eq!(
            (totals.quantity, totals.price, totals.discounted_price),
            (3, money(77_000), money(76_000))
        );
        // 5 % in 760.00 is 36.19; of that, 5.24 are in the milk.
        assert_eq!((totals.tax, priced[0].tax, priced[1].tax), (money(3_619), money(524), money(3_095)));
        assert_eq!(totals.payment(PaymentMethod::Cash).amount, money(76_000));
        let (_, totals) = price(lines(), TaxMode::Excluded).unwrap();
        assert_eq!((totals.tax, totals.payment(PaymentMethod::Card).amount), (money(3_800), money(79_800)));
    }

    #[test]
    fn refuses_nothing_and_too_much() {
        assert!(matches!(price([], TaxMode::Included), Err(OrderError::CartEmpty)));
        let too_much = price([line(2, i64::MAX, i64::MAX)], TaxMode::Included);
        assert!(matches!(too_much, Err(OrderError::TooLarge)));
        let taxed_too_much = price([line(1, i64::MAX, i64::MAX)], TaxMode::Excluded);
        assert!(matches!(taxed_too_much, Err(OrderError::TooLarge)));
    }
}
