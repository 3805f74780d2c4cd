//! Telephone numbers in E.164 form, read with libphonenumber's metadata and never shown whole in logs.

mod rules;

use std::fmt;

use arrayvec::ArrayString;
pub use rlibphonenumber::Region;
use rlibphonenumber::{NumberLengthType, PhoneNumber as Parsed};

pub use rules::{Countries, InvalidCountry, PhoneRefused, PhoneRules};

use crate::error::{DomainError, ErrorKind};

/// The longest text that is looked at: the fifteen digits of E.164 and room for punctuation.
const TEXT_LENGTH_MAX: usize = 32;

/// The longest number: a plus, and as many digits as libphonenumber reads, three of a calling code and seventeen of a national number.
const E164_LENGTH_MAX: usize = 1 + 3 + 17;

/// How many characters of a number stay visible in front and at the end.
const SHOWN_FIRST: usize = 3;
const SHOWN_LAST: usize = 2;
/// For the rest: E.164 has at most fifteen digits.
const STARS: &str = "***************";

/// How many digits a range of numbers leaves open; fewer where a country has numbers that short.
const RANGE_OPEN: usize = 5;
const RANGE_OPEN_SHORT: usize = 2;

/// A number that is possible in its country, which includes ranges that are not assigned (yet).
///
/// `Debug` shows the first three and the last two characters only.
///
/// ```
/// use quickcart_core::phone::{PhoneNumber, Region};
///
/// for text in ["9876543210", "09876543210", "919876543210", "+91 98765-43210"] {
///     let number = PhoneNumber::parse(text, Region::IN)?;
///     assert_eq!(number.e164(), "+919876543210");
///     assert_eq!(number.national(), "9876543210");
/// }
/// assert!(PhoneNumber::parse("123", Region::IN).is_err());
/// # Ok::<(), quickcart_core::phone::InvalidPhone>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    e164: ArrayString<E164_LENGTH_MAX>,
    national_start: u8,
}

impl PhoneNumber {
    /// Reads a number as people write it; `region` is the country of a number without country code.
    ///
    /// # Errors
    /// [`InvalidPhone`] when the text is no telephone number or its length is impossible in its country.
    pub fn parse(text: &str, region: Region) -> Result<Self, InvalidPhone> {
        let punctuated = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')');
        if text.len() > TEXT_LENGTH_MAX || !text.chars().all(punctuated) {
            return Err(InvalidPhone);
        }
        if let Some(number) = Self::plain_indian_mobile(text, region) {
            return Ok(number);
        }
        Self::by_patterns(text, region)
    }

    /// The notation that nearly every request has, read without the patterns of libphonenumber; a test holds it to them.
    fn plain_indian_mobile(text: &str, region: Region) -> Option<Self> {
        let national = match text.strip_prefix("+91") {
            Some(national) => national,
            None if region == Region::IN => text,
            None => return None,
        };
        // Mobile numbers begin with 6 to 9 (National Numbering Plan of India, 2003); 91 may be the country code.
        let plain = national.len() == 10
            && national.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(national.as_bytes()[0], b'6'..=b'9')
            && !national.starts_with("91");
        let mut e164 = ArrayString::from("+91").ok()?;
        e164.try_push_str(national).ok()?;
        plain.then_some(Self { e164, national_start: 3 })
    }

    /// Some notations (`+91 00 98765…`) need a second look to lose all their prefixes; what is not stable then is refused.
    fn by_patterns(text: &str, region: Region) -> Result<Self, InvalidPhone> {
        let first = Self::by_patterns_once(text, region)?;
        let second = Self::by_patterns_once(first.e164(), region)?;
        let is_stable = first == second || Self::by_patterns_once(second.e164(), region)? == second;
        if is_stable { Ok(second) } else { Err(InvalidPhone) }
    }

    fn by_patterns_once(text: &str, region: Region) -> Result<Self, InvalidPhone> {
        let parsed = Parsed::parse(text, Some(region)).map_err(|_| InvalidPhone)?;
        match parsed.is_possible_with_reason() {
            Ok(NumberLengthType::IsPossible) => {}
            _ => return Err(InvalidPhone),
        }
        let e164 = ArrayString::from(&parsed.to_string()).map_err(|_| InvalidPhone)?;
        let national_length = parsed.get_national_significant_number().len();
        let national_start =
            e164.len().checked_sub(national_length).and_then(|start| u8::try_from(start).ok());
        let national_start = national_start.ok_or(InvalidPhone)?;
        Ok(Self { e164, national_start })
    }

    /// Reads what [`e164`](Self::e164) wrote.
    ///
    /// # Errors
    /// [`InvalidPhone`] when the text has no country code, or is no number at all.
    pub fn from_e164(text: &str) -> Result<Self, InvalidPhone> {
        if text.starts_with('+') { Self::parse(text, Region::IN) } else { Err(InvalidPhone) }
    }

    /// `+`, the country code and the national number, as in ITU-T E.164: `+919876543210`.
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The number without its country code: `9876543210`.
    #[must_use]
    pub fn national(&self) -> &str {
        &self.e164[usize::from(self.national_start)..]
    }

    /// The calling code of ITU-T E.164, such as 91; several countries can share one.
    #[must_use]
    pub fn country_code(&self) -> u16 {
        let digits = &self.e164.as_bytes()[1..usize::from(self.national_start)];
        digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
    }

    /// The country that the number belongs to, in ISO 3166-1 alpha-2.
    ///
    /// There is none for satellites and international services, and for ranges that are not assigned where several
    /// countries share the calling code:
    ///
    /// ```
    /// use quickcart_core::phone::{PhoneNumber, Region};
    ///
    /// let region = |text| PhoneNumber::from_e164(text).map(|number| number.region());
    /// assert_eq!(region("+919876543210"), Ok(Some(Region::IN)));
    /// assert_eq!(region("+12125550123"), Ok(Some(Region::US)));
    /// assert_eq!(region("+14165550123"), Ok(Some(Region::CA)));
    /// assert_eq!(region("+19995550123"), Ok(None));
    /// ```
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        // India has its calling code for itself, which spares most numbers the search.
        if self.country_code() == 91 {
            return Some(Region::IN);
        }
        self.to_parsed().get_region_code().filter(|&region| region != Region::World)
    }

    /// The block that the number lies in: its E.164 text without the last five digits, `+9198765`.
    ///
    /// Operators get numbers in such blocks, and whoever pumps messages rents them so, hence limits by prefix count them.
    /// Where the national number has five digits or fewer, the last two are left out, so that a range is never a country.
    #[must_use]
    pub fn prefix(&self) -> &str {
        let is_long = self.national().len() > RANGE_OPEN;
        let open = if is_long { RANGE_OPEN } else { RANGE_OPEN_SHORT };
        &self.e164[..self.e164.len() - open]
    }

    /// What libphonenumber would read in [`e164`](Self::e164), without reading.
    fn to_parsed(&self) -> Parsed {
        let national = self.national().as_bytes();
        let zeros = national.iter().take(national.len() - 1).take_while(|&&digit| digit == b'0').count();
        Parsed {
            country_code: self.country_code().into(),
            national_number: national.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')),
            italian_leading_zero: (zeros > 0).then_some(true),
            number_of_leading_zeros: (zeros > 1).then_some(zeros).and_then(|zeros| zeros.try_into().ok()),
            ..Parsed::default()
        }
    }

    /// The number with its middle hidden, for logs and screens: `+91********10`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{self:?}")
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = SHOWN_FIRST..self.e164.len() - SHOWN_LAST;
        f.write_str(&self.e164[..hidden.start])?;
        f.write_str(&STARS[..hidden.len().min(STARS.len())])?;
        f.write_str(&self.e164[hidden.end..])
    }
}

/// The text is not a telephone number that can exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number that can exist; write it as +919876543210 or with its ten digits")]
pub struct InvalidPhone;

impl DomainError for InvalidPhone {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "phone_invalid"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_possible_and_refuses_impossible_numbers() {
        let e164 = |text, region| PhoneNumber::parse(text, region).map(|number| number.e164().to_owned());
        let ok = |text: &str| Ok(text.to_owned());
        // The book-order README's own example: possible, in a range that is not assigned.
        assert_eq!(e164("+8801234567890", Region::IN), ok("+8801234567890"));
        assert_eq!(e164("01712345678", Region::BD), ok("+8801712345678"));
        assert_eq!(e164("+84 901 234 567", Region::IN), ok("+84901234567"));
        for text in ["", "abc", "123", "98765", "+", "1-800-FLOWERS", "９８７６５４３２１０", &"9".repeat(40)]
        {
            assert_eq!(e164(text, Region::IN), Err(InvalidPhone), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_reads_as_the_long_way(text in "(\\+91)?[0-9]{9,11}") {
            for region in [Region::IN, Region::BD] {
                if let Some(number) = PhoneNumber::plain_indian_mobile(&text, region) {
                    proptest::prop_assert_eq!(Ok(number), PhoneNumber::by_patterns(&text, region), "{}", text);
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_number_is_read_back_as_it_was_written(text in "\\+?(91|880|84|0|00)?[0-9]{6,12}") {
            for region in [Region::IN, Region::BD, Region::VN] {
                if let Ok(number) = PhoneNumber::parse(&text, region) {
                    proptest::prop_assert_eq!(PhoneNumber::from_e164(number.e164()), Ok(number), "{}", text);
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_number_is_taken_apart_as_libphonenumber_does(text in "\\+(39|49|1|44|225|242|[1-9][0-9]{0,2})0{0,3}[0-9]{2,11}") {
            if let Ok(number) = PhoneNumber::from_e164(&text) {
                proptest::prop_assert_eq!(Ok(number.to_parsed()), Parsed::parse(number.e164(), None));
            }
        }
    }

    #[test]
    fn a_range_is_a_block_and_never_a_country() {
        let range = |text| PhoneNumber::from_e164(text).unwrap().prefix().to_owned();
        assert_eq!(range("+919876543210"), "+9198765");
        assert_eq!(range("+8801712345678"), "+88017123");
        // Niue, whose fixed lines have four digits.
        assert_eq!(range("+6834002"), "+68340");
    }

    #[test]
    fn hides_the_middle_of_a_number() {
        let number = PhoneNumber::parse("9876543210", Region::IN).unwrap();
        assert_eq!(format!("{number:?}"), "+91********10");
    }

    #[test]
    fn reads_back_what_it_wrote() {
        let number = PhoneNumber::parse("9876543210", Region::IN).unwrap();
        assert_eq!(PhoneNumber::from_e164(number.e164()), Ok(number));
        assert_eq!(PhoneNumber::from_e164("9876543210"), Err(InvalidPhone));
    }
}
