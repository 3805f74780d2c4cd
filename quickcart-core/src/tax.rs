//! The tax in or on a price: whole minor units, so that the lines of an order add up to its total.

/// Whether prices hold the tax already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaxMode {
    /// The tax is a part of the price, as it is of India's maximum retail price.
    #[default]
    Included,
    /// The tax comes on top of the price.
    Excluded,
}

/// How a product is taxed in India.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaxClass {
    /// Its code in the Harmonized System of Nomenclature.
    pub hsn: Option<String>,
    /// Its goods and services tax, in hundredths of a per cent.
    pub gst_basis_points: u16,
}

/// The tax of each line, in minor units. `lines` are amounts in minor units, not negative, each with its rate in
/// hundredths of a per cent, at most 10,000.
///
/// The tax of all lines of one rate is rounded once, halves upwards, and shared out by the method of largest
/// remainders: each line gets its exact tax rounded down, and the minor units that are left go to the lines that lost most
/// by that, the earlier of equals first. So no line is more than a minor unit off, and their sum less than half a one.
///
/// ```
/// use quickcart_core::tax::{TaxMode, taxes};
///
/// // 18 % in three prices of 0.33: 15.1 minor units in all.
/// assert_eq!(taxes(&[(33, 1_800), (33, 1_800), (33, 1_800)], TaxMode::Included), [5, 5, 5]);
/// // 5 % on three of 0.33: 4.95, so two of the lines bear one more than the third.
/// assert_eq!(taxes(&[(33, 500), (33, 500), (33, 500)], TaxMode::Excluded), [2, 2, 1]);
/// ```
#[must_use]
pub fn taxes(lines: &[(i64, u16)], mode: TaxMode) -> Vec<i64> {
    let mut taxes = vec![0; lines.len()];
    let mut rates: Vec<u16> = lines.iter().map(|(_, rate)| *rate).collect();
    rates.sort_unstable();
    rates.dedup();
    for rate in rates {
        let of_rate: Vec<usize> = (0..lines.len()).filter(|&index| lines[index].1 == rate).collect();
        let amounts: Vec<i64> = of_rate.iter().map(|&index| lines[index].0).collect();
        for (index, tax) in of_rate.into_iter().zip(taxes_of_rate(&amounts, rate, mode)) {
            taxes[index] = tax;
        }
    }
    taxes
}

fn taxes_of_rate(amounts: &[i64], rate: u16, mode: TaxMode) -> Vec<i64> {
    const WHOLE: i128 = 10_000;
    let rate = i128::from(rate);
    let denominator = match mode {
        TaxMode::Included => WHOLE + rate,
        TaxMode::Excluded => WHOLE,
    };
    let exact: Vec<i128> = amounts.iter().map(|&amount| i128::from(amount) * rate).collect();
    let total = (exact.iter().sum::<i128>() * 2 + denominator) / (denominator * 2);
    let mut shares: Vec<i128> = exact.iter().map(|tax| tax / denominator).collect();
    let mut by_loss: Vec<usize> = (0..exact.len()).collect();
    by_loss.sort_by_key(|&index| std::cmp::Reverse(exact[index] % denominator));
    let left = total - shares.iter().sum::<i128>();
    for &index in by_loss.iter().take(usize::try_from(left).unwrap_or(0)) {
        shares[index] += 1;
    }
    // A tax is at most the amount, which is an i64.
    shares.into_iter().map(|share| i64::try_from(share).unwrap_or(i64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_rate_is_no_tax_and_no_line_is_none() {
        assert_eq!(taxes(&[(10_000, 0)], TaxMode::Included), [0]);
        assert_eq!(taxes(&[], TaxMode::Excluded), [] as [i64; 0]);
    }

    #[test]
    fn each_rate_is_rounded_for_itself() {
        // 5 % of 0.10 is half a minor unit, rounded upwards; 12 % of 0.10 is 1.2.
        assert_eq!(taxes(&[(10, 500), (10, 1_200)], TaxMode::Excluded), [1, 1]);
    }

    #[test]
    fn the_largest_amounts_fit() {
        assert_eq!(taxes(&[(i64::MAX, 10_000)], TaxMode::Excluded), [i64::MAX]);
    }

    proptest! {
        #[test]
        fn lines_are_a_minor_unit_off_at_most_and_add_up(
            lines in prop::collection::vec((0_i64..10_000_000, prop::sample::select(vec![0_u16, 500, 1_200, 1_800, 2_800])), 0..40),
            included in any::<bool>(),
        ) {
            let mode = if included { TaxMode::Included } else { TaxMode::Excluded };
            let taxes = taxes(&lines, mode);
            let denominator = |rate: u16| if included { 10_000.0 + f64::from(rate) } else { 10_000.0 };
            let exact = |&(amount, rate): &(i64, u16)| amount as f64 * f64::from(rate) / denominator(rate);
            for (line, tax) in lines.iter().zip(&taxes) {
                prop_assert!((exact(line) - *tax as f64).abs() < 1.0);
            }
            for rate in [500, 1_200, 1_800, 2_800] {
                let of_rate = || lines.iter().zip(&taxes).filter(|(line, _)| line.1 == rate);
                let (sum, total): (i64, f64) =
                    (of_rate().map(|(_, tax)| tax).sum(), of_rate().map(|(line, _)| exact(line)).sum());
                prop_assert!((total - sum as f64).abs() <= 0.5 + 1e-6);
            }
        }
    }
}
