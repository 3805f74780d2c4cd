//! Amounts of money in whole minor units, never in floating point.

use std::fmt;
use std::str::FromStr;

/// A currency of [ISO 4217](https://www.iso.org/iso-4217-currency-codes.html), by its three-letter code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The Indian rupee, of 100 paise.
    pub const INR: Self = Self(*b"INR");
    /// The Bangladeshi taka, of 100 poisha.
    pub const BDT: Self = Self(*b"BDT");
    /// The Vietnamese dong, which has no minor unit.
    pub const VND: Self = Self(*b"VND");

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // Only letters get in; XXX is what ISO 4217 calls no currency.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many digits stand behind the decimal point: ISO 4217, table A.1.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(InvalidCurrency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text is not a currency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three capital letters of ISO 4217, such as INR")]
pub struct InvalidCurrency;

/// An amount in the minor unit of its currency: paise, poisha, cents.
///
/// ```
/// use quickcart_core::money::{Currency, Money};
///
/// let milk = Money::new(5_500, Currency::INR);
/// assert_eq!(milk.to_string(), "INR 55.00");
/// assert_eq!(milk.times(3), Some(Money::new(16_500, Currency::INR)));
/// assert_eq!(milk.plus(Money::new(1, Currency::VND)), None, "different currencies do not add up");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount of `minor` units of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum; `None` when the currencies differ or the sum is out of range.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self { minor: self.minor.checked_add(other.minor)?, ..self })
    }

    /// What is left after so much is taken away; `None` when the currencies differ or that is more than there is.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        if self.currency != other.currency || other.minor > self.minor {
            return None;
        }
        Some(Self { minor: self.minor.checked_sub(other.minor)?, ..self })
    }

    /// The amount for `quantity` pieces; `None` when it is out of range.
    #[must_use]
    pub fn times(self, quantity: u32) -> Option<Self> {
        Some(Self { minor: self.minor.checked_mul(i64::from(quantity))?, ..self })
    }

    /// The amount in major units, as the nearest binary fraction: for wire formats whose numbers are JSON floats, never
    /// for sums.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 minor units, and only shown")]
    pub fn major_f64(self) -> f64 {
        self.minor as f64 / 10_f64.powi(self.currency.minor_digits().cast_signed())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits();
        let unit = 10_u64.pow(digits);
        let (sign, amount) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        write!(f, "{} {sign}{}", self.currency, amount / unit)?;
        if digits > 0 {
            write!(f, ".{:0width$}", amount % unit, width = digits as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_minor_units_of_each_currency() {
        let check =
            |minor, currency, expected: &str| assert_eq!(Money::new(minor, currency).to_string(), expected);
        check(5, Currency::INR, "INR 0.05");
        check(-105, Currency::BDT, "BDT -1.05");
        check(15_000, Currency::VND, "VND 15000");
        check(i64::MIN, Currency::VND, "VND -9223372036854775808");
    }

    #[test]
    fn never_wraps_around() {
        let most = Money::new(i64::MAX, Currency::INR);
        assert_eq!(most.plus(Money::new(1, Currency::INR)), None);
        assert_eq!(most.times(2), None);
    }

    #[test]
    fn refuses_what_is_no_currency() {
        for text in ["", "inr", "INRS", "₹", "IN"] {
            assert_eq!(text.parse::<Currency>(), Err(InvalidCurrency), "{text}");
        }
    }
}
