//! A product and its labels.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::money::Money;

/// Names a product.
pub type ProductId = i64;
/// Names a category of products.
pub type CategoryId = i64;
/// Names a food type, such as vegetarian.
pub type FoodTypeId = i64;
/// Names an allergen.
pub type AllergyId = i64;

/// Something the shop sells by the piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its number in this shop.
    pub product_id: ProductId,
    /// What it is called.
    pub name: String,
    /// The price of one piece, above zero.
    pub price: Money,
    /// The price asked for now, when it is lower.
    pub discounted_price: Option<Money>,
    /// What the scanner reads.
    pub barcode: Barcode,
    /// The weight of one piece in grams, above zero.
    pub weight_g: Option<u32>,
    /// The day it is good until.
    pub expiry: Option<Date>,
    /// The category it belongs to.
    pub category_id: Option<CategoryId>,
    /// The offer it takes part in.
    pub offer_name: Option<String>,
}

impl Product {
    /// What one piece costs now.
    #[must_use]
    pub fn asked_price(&self) -> Money {
        self.discounted_price.unwrap_or(self.price)
    }
}

/// A name with a number: a category, a food type, an allergen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The number.
    pub id: i64,
    /// The name.
    pub name: String,
}

/// The labels that people choose from, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What people eat.
    pub foodtypes: Vec<Label>,
    /// The kinds of products.
    pub categories: Vec<Label>,
}

/// A product with all its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductDetails {
    /// The product.
    pub product: Product,
    /// Who may eat it, by id.
    pub foodtypes: Vec<Label>,
    /// Who must not, by id.
    pub allergies: Vec<Label>,
}

/// What a scanner reads from a product: text, because in-store codes need not be numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Barcode(String);

impl Barcode {
    /// The longest code, in bytes: GS1-128 holds 48 characters.
    pub const LENGTH_MAX: usize = 48;

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the code is a GTIN by its length (8, 12, 13 or 14 digits) but has a wrong check digit
    /// ([GS1 General Specifications](https://www.gs1.org/standards/barcodes-epcrfid-id-keys/gs1-general-specifications),
    /// 7.9.1).
    #[must_use]
    pub fn has_wrong_check_digit(&self) -> bool {
        let digits = self.0.as_bytes();
        if !matches!(digits.len(), 8 | 12 | 13 | 14) || !digits.iter().all(u8::is_ascii_digit) {
            return false;
        }
        let weighted = digits.iter().rev().enumerate().map(|(place, digit)| {
            let weight = if place % 2 == 0 { 1 } else { 3 };
            weight * u32::from(digit - b'0')
        });
        weighted.sum::<u32>() % 10 != 0
    }
}

impl FromStr for Barcode {
    type Err = InvalidBarcode;

    fn from_str(text: &str) -> Result<Self, InvalidBarcode> {
        let valid =
            (1..=Self::LENGTH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidBarcode) }
    }
}

impl fmt::Display for Barcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a barcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a barcode has 1 to 48 visible ASCII characters")]
pub struct InvalidBarcode;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_wrong_check_digit() {
        let wrong = |text: &str| text.parse::<Barcode>().unwrap().has_wrong_check_digit();
        // The examples of the GS1 check digit calculator: GTIN-8, -12, -13, -14.
        for good in ["96385074", "614141000036", "4006381333931", "10614141000415"] {
            assert!(!wrong(good), "{good}");
        }
        assert!(wrong("4006381333932"));
        assert!(!wrong("8901001"), "seven digits are an in-store code");
    }

    #[test]
    fn refuses_what_no_scanner_reads() {
        for text in ["", "a b", "é", &"1".repeat(49)] {
            assert_eq!(text.parse::<Barcode>(), Err(InvalidBarcode), "{text}");
        }
    }
}
