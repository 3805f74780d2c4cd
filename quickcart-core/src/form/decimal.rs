//! Decimal numbers as text, read into whole numbers of a smaller unit without floating point.

/// A number such as `-12.35` or `1.2e3` times ten to the power of `digits`, rounded to nearest, halves away from zero;
/// `None` when it is no number or does not fit.
///
/// ```
/// use quickcart_core::form::scaled;
///
/// assert_eq!(scaled("0.512", 6), Some(512_000));
/// assert_eq!(scaled("0.0000005", 6), Some(1));
/// assert_eq!(scaled("nan", 6), None);
/// ```
#[must_use]
pub fn scaled(text: &str, digits: u32) -> Option<i64> {
    let Decimal { negative, mantissa, exponent } = Decimal::parse(text)?;
    let shift = exponent.checked_add(i64::from(digits))?;
    let magnitude = if mantissa == 0 {
        0
    } else if shift >= 0 {
        mantissa.checked_mul(10_u128.checked_pow(u32::try_from(shift).ok()?)?)?
    } else {
        match u32::try_from(-shift).ok().and_then(|shift| 10_u128.checked_pow(shift)) {
            Some(divisor) => (mantissa / divisor) + u128::from(mantissa % divisor >= divisor.div_ceil(2)),
            None => 0,
        }
    };
    signed(negative, magnitude).and_then(|number| i64::try_from(number).ok())
}

/// The number, when it has no fraction.
pub(super) fn whole(text: &str) -> Option<i128> {
    let Decimal { negative, mantissa, exponent } = Decimal::parse(text)?;
    let power = 10_u128.checked_pow(u32::try_from(exponent.unsigned_abs()).ok()?)?;
    let magnitude = match exponent {
        0.. => mantissa.checked_mul(power)?,
        _ if mantissa.is_multiple_of(power) => mantissa / power,
        _ => return None,
    };
    signed(negative, magnitude)
}

fn signed(negative: bool, magnitude: u128) -> Option<i128> {
    let magnitude = i128::try_from(magnitude).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

/// `mantissa * 10^exponent`.
struct Decimal {
    negative: bool,
    mantissa: u128,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (number, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let missing = whole.is_empty() || number.ends_with('.');
        if missing || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let with_digit =
            |mantissa: u128, byte: u8| mantissa.checked_mul(10)?.checked_add(u128::from(byte - b'0'));
        let mut mantissa = whole.bytes().try_fold(0, with_digit)?;
        let mut places = 0;
        for byte in fraction.bytes() {
            // Past some 38 digits, those of a fraction are too small to matter.
            let Some(longer) = with_digit(mantissa, byte) else { break };
            mantissa = longer;
            places += 1;
        }
        let power: i32 = power.parse().ok()?;
        Some(Self { negative, mantissa, exponent: i64::from(power) - places })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounds_halves_away_from_zero() {
        for (text, expected) in [
            ("1.5", 2),
            ("2.5", 3),
            ("-1.5", -2),
            ("1.4999", 1),
            ("0.5", 1),
            ("-0.4", 0),
            ("15e-1", 2),
            ("1e3", 1_000),
        ] {
            assert_eq!(scaled(text, 0), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number_or_does_not_fit() {
        for text in
            ["", "-", ".5", "5.", "1e", "nan", "inf", "0x10", "1,5", "+1", "1e999", "9223372036854775808"]
        {
            assert_eq!(scaled(text, 0), None, "{text}");
        }
        assert_eq!(scaled("0.1000000000000000055511151231257827021181583404541015625", 6), Some(100_000));
        assert_eq!(scaled("1e-999999999", 6), Some(0));
        assert_eq!(scaled("0e999999999", 6), Some(0));
        assert_eq!(whole("1e-1"), None);
        assert_eq!(whole("12.00"), Some(12));
    }

    proptest! {
        #[test]
        fn reads_back_what_was_written(number in -9_000_000_000_000_i64..9_000_000_000_000) {
            let sign = if number < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:06}", number.unsigned_abs() / 1_000_000, number.unsigned_abs() % 1_000_000);
            prop_assert_eq!(scaled(&text, 6), Some(number));
        }

        #[test]
        fn never_panics(text in "[-+0-9.eE ]{0,40}", digits in 0_u32..20) {
            let _ = scaled(&text, digits);
            let _ = whole(&text);
        }
    }
}
