//! What a scale says of a whole cart, beside what the catalogue says.

use super::{CartError, CartStep, Quantity};

/// What a scale says of a whole cart, and what its lines weigh by the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighing {
    /// What the scale shows, in milligrams.
    pub reported_mg: u64,
    /// What all lines weigh together, in milligrams; `None` when the catalogue has no weight for one of them.
    pub expected_mg: Option<u64>,
}

impl Weighing {
    /// Weighs lines that are given as the weight of one piece in grams, and the pieces.
    #[must_use]
    pub fn new(reported_mg: u64, lines: impl IntoIterator<Item = (Option<u32>, Quantity)>) -> Self {
        let line_mg =
            |(unit_g, quantity): (Option<u32>, Quantity)| Some(mg(unit_g?) * u64::from(quantity.get()));
        let mut weights = lines.into_iter().map(line_mg);
        let expected_mg = weights.try_fold(0_u64, |sum, weight| Some(sum.saturating_add(weight?)));
        Self { reported_mg, expected_mg }
    }

    /// How much more the scale shows than the lines weigh, or less when it is negative, in milligrams; `None` when their weight is
    /// not known.
    #[must_use]
    pub fn difference_mg(self) -> Option<i64> {
        let expected_mg = self.expected_mg?;
        let difference = i128::from(self.reported_mg) - i128::from(expected_mg);
        let bound = if difference < 0 { i64::MIN } else { i64::MAX };
        Some(i64::try_from(difference).unwrap_or(bound))
    }

    /// What a cart has gone through that was weighed so: a mismatch when the difference is known and larger than the tolerance. Without
    /// a tolerance, weights are not compared.
    ///
    /// ```
    /// use quickcart_core::cart::{CartStep, Quantity, Weighing};
    ///
    /// let weighing = Weighing::new(1_020_000, [(Some(500), Quantity::new(2).unwrap())]);
    /// assert_eq!(weighing.difference_mg(), Some(20_000));
    /// assert_eq!(weighing.step(Some(20)), CartStep::Weigh);
    /// assert_eq!(weighing.step(Some(19)), CartStep::Mismatch);
    /// assert_eq!(weighing.step(None), CartStep::Weigh);
    /// ```
    #[must_use]
    pub fn step(self, tolerance_g: Option<u32>) -> CartStep {
        match (self.difference_mg(), tolerance_g) {
            (Some(difference), Some(tolerance_g)) if difference.unsigned_abs() > mg(tolerance_g) => {
                CartStep::Mismatch
            }
            _ => CartStep::Weigh,
        }
    }

    /// Whether a cart may go on that was blocked. Unlike [`step`](Self::step), lines of an unknown weight do not pass.
    ///
    /// # Errors
    /// [`CartError::WeightDiffers`] and [`CartError::WeightUnknown`].
    pub fn check(self, tolerance_g: Option<u32>) -> Result<(), CartError> {
        match (self.step(tolerance_g), self.difference_mg()) {
            (CartStep::Mismatch, Some(difference_mg)) => Err(CartError::WeightDiffers { difference_mg }),
            (_, None) if tolerance_g.is_some() => Err(CartError::WeightUnknown),
            _ => Ok(()),
        }
    }
}

fn mg(grams: u32) -> u64 {
    u64::from(grams) * 1_000
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantity() -> impl Strategy<Value = Quantity> {
        (1..=Quantity::MAX).prop_filter_map("a quantity", Quantity::new)
    }

    proptest! {
        /// Once more with integers that hold every sum.
        #[test]
        fn a_difference_is_judged_as_wide_integers_judge_it(
            reported_mg in prop_oneof![0..1_u64 << 45, any::<u64>()],
            lines in prop::collection::vec((any::<u32>(), quantity()), 0..40),
            tolerance_g in any::<u32>(),
        ) {
            let weighing =
                Weighing::new(reported_mg, lines.iter().map(|(unit_g, quantity)| (Some(*unit_g), *quantity)));
            let expected: i128 =
                lines.iter().map(|(unit_g, quantity)| i128::from(*unit_g) * 1_000 * i128::from(quantity.get())).sum();
            let difference = i128::from(reported_mg) - expected;
            let step = if difference.abs() > i128::from(tolerance_g) * 1_000 { CartStep::Mismatch } else { CartStep::Weigh };
            prop_assert_eq!(weighing.step(Some(tolerance_g)), step);
            prop_assert_eq!(weighing.step(None), CartStep::Weigh);
            prop_assert_eq!(weighing.difference_mg().map(i128::from), Some(difference.clamp(i64::MIN.into(), i64::MAX.into())));
        }

        #[test]
        fn what_weighs_nobody_knows_what_is_not_judged(
            reported_mg in any::<u64>(),
            lines in prop::collection::vec((any::<Option<u32>>(), quantity()), 0..10),
            place in any::<prop::sample::Index>(),
        ) {
            let mut lines = lines;
            lines.insert(place.index(lines.len() + 1), (None, Quantity::ONE));
            let weighing = Weighing::new(reported_mg, lines);
            prop_assert_eq!((weighing.difference_mg(), weighing.step(Some(0))), (None, CartStep::Weigh));
        }

        #[test]
        fn no_sum_is_too_large(reported_mg in any::<u64>()) {
            let most = (Some(u32::MAX), Quantity::new(Quantity::MAX).unwrap());
            let weighing = Weighing::new(reported_mg, std::iter::repeat_n(most, 500));
            prop_assert!(weighing.difference_mg().is_some());
        }
    }
}
