//! Which numbers may get a message: by country, and by the type of their line.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType};

use super::{PhoneNumber, Region};
use crate::error::{DomainError, ErrorKind};

/// Refuses numbers of other countries, and lines that cannot or should not get a message.
///
/// By default the countries are India, Bangladesh and Vietnam, and only lines that may be mobile pass. Fixed lines,
/// pagers, voicemail, company-wide (UAN), toll-free, shared-cost and premium-rate numbers do not, and neither do internet
/// telephony, which whoever pumps messages rents by the thousand, and personal numbers, which forward at the caller's
/// cost (070 in the United Kingdom). Ranges that are not assigned (yet) pass, since the metadata is always older than the
/// newest range. Short numbers are no [`PhoneNumber`] at all.
///
/// The types of lines are those of [libphonenumber](https://github.com/google/libphonenumber/blob/master/FAQ.md).
///
/// ```
/// use quickcart_core::phone::{PhoneNumber, PhoneRefused, PhoneRules, Region};
///
/// let rules = PhoneRules::default();
/// let check = |text| rules.check(&PhoneNumber::parse(text, Region::IN).expect("a possible number"));
/// assert_eq!(check("98765 43210"), Ok(()));
/// assert_eq!(check("+8801234567890"), Ok(())); // Not assigned.
/// assert_eq!(check("+91 22 2345 6789"), Err(PhoneRefused::LineNotAllowed)); // A fixed line in Mumbai.
/// assert_eq!(check("+44 7400 123456"), Err(PhoneRefused::CountryNotAllowed));
///
/// let everywhere = PhoneRules::new("all".parse()?, true);
/// assert_eq!(everywhere.check(&PhoneNumber::from_e164("+447400123456").expect("a possible number")), Ok(()));
/// # Ok::<(), quickcart_core::phone::InvalidCountry>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneRules {
    countries: Countries,
    mobile_only: bool,
}

impl PhoneRules {
    /// Allows these countries; without `mobile_only` every type of line in them.
    #[must_use]
    pub const fn new(countries: Countries, mobile_only: bool) -> Self {
        Self { countries, mobile_only }
    }

    /// Says whether the number may get a message.
    ///
    /// # Errors
    /// [`PhoneRefused`], which names the first rule against it; the country comes first.
    pub fn check(&self, number: &PhoneNumber) -> Result<(), PhoneRefused> {
        if !self.countries.contain(number) {
            return Err(PhoneRefused::CountryNotAllowed);
        }
        if self.mobile_only && !is_indian_mobile(number) && !may_be_mobile(number) {
            return Err(PhoneRefused::LineNotAllowed);
        }
        Ok(())
    }
}

impl Default for PhoneRules {
    fn default() -> Self {
        Self::new(Countries::Only(vec![Region::IN, Region::BD, Region::VN]), true)
    }
}

fn may_be_mobile(number: &PhoneNumber) -> bool {
    use PhoneNumberType::{FixedLineOrMobile, Mobile, Unknown};
    matches!(number.to_parsed().get_type(), Mobile | FixedLineOrMobile | Unknown)
}

/// The first three digits of Indian numbers among which there is no line that is refused, from and to: six in seven of
/// the mobile numbers. It spares them the patterns of libphonenumber; a test holds it to them, and prints it when they change.
///
/// Landlines share the first digits 6 to 8 with mobile numbers, since area codes of three digits begin with them
/// (National Numbering Plan of India, 2003).
#[rustfmt::skip]
const INDIAN_MOBILE: [(u16, u16); 38] = [
    (600, 610), (614, 614), (616, 617), (619, 620), (623, 623), (626, 626), (628, 630), (635, 640), (644, 644),
    (648, 650), (660, 660), (666, 666), (669, 670), (677, 677), (687, 709), (720, 730), (735, 738), (740, 750),
    (753, 754), (756, 758), (766, 769), (771, 787), (789, 790), (796, 801), (805, 805), (808, 815), (817, 819),
    (822, 823), (825, 830), (833, 835), (837, 860), (862, 862), (864, 865), (867, 869), (871, 876), (879, 882),
    (885, 890), (892, 999),
];

/// True means that the number passes; false says nothing.
fn is_indian_mobile(number: &PhoneNumber) -> bool {
    let Some(national) = number.e164.strip_prefix("+91").filter(|national| national.len() == 10) else {
        return false;
    };
    let first = national.bytes().take(3).fold(0, |value, digit| value * 10 + u16::from(digit - b'0'));
    let next = INDIAN_MOBILE.partition_point(|&(_, last)| last < first);
    INDIAN_MOBILE.get(next).is_some_and(|range| range.0 <= first)
}

/// The countries whose numbers may get a message.
///
/// As text it is `all`, or codes of [ISO 3166-1 alpha-2](https://www.iso.org/iso-3166-country-codes.html) with commas:
///
/// ```
/// use quickcart_core::phone::{Countries, Region};
///
/// assert_eq!("IN, bd".parse(), Ok(Countries::Only(vec![Region::IN, Region::BD])));
/// assert_eq!("all".parse(), Ok(Countries::All));
/// let error = "IN,UK".parse::<Countries>().expect_err("GB is meant");
/// assert!(error.to_string().starts_with("\"UK\" is not a country"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Countries {
    /// Every number, including those of no country: satellites, international toll-free numbers.
    All,
    /// Numbers that belong to one of these. Where countries share a calling code (`+1`), a number in a range that is not
    /// assigned belongs to none of them.
    Only(Vec<Region>),
}

impl Countries {
    pub(crate) fn contain(&self, number: &PhoneNumber) -> bool {
        match self {
            Self::All => true,
            Self::Only(regions) => number.region().is_some_and(|region| regions.contains(&region)),
        }
    }
}

impl FromStr for Countries {
    type Err = InvalidCountry;

    fn from_str(text: &str) -> Result<Self, InvalidCountry> {
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        text.split(',').map(|code| country(code.trim())).collect::<Result<_, _>>().map(Self::Only)
    }
}

fn country(code: &str) -> Result<Region, InvalidCountry> {
    let region = if code.len() == 2 { code.to_ascii_uppercase().parse().ok() } else { None };
    region
        .filter(|&region| PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some())
        .ok_or_else(|| InvalidCountry(code.into()))
}

/// Writes what [`FromStr`] reads.
impl fmt::Display for Countries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Only(regions) = self else { return f.write_str("all") };
        for (index, region) in regions.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{region}")?;
        }
        Ok(())
    }
}

/// A list of countries names one that has no telephone numbers of its own, or is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a country with telephone numbers; write all, or codes of two letters such as IN,BD,VN")]
pub struct InvalidCountry(Box<str>);

/// Why a number gets no message.
///
/// Its kind is [`ErrorKind::InvalidInput`] and not [`ErrorKind::Forbidden`]: it is the number that is refused, whoever asks,
/// so the request can never succeed as it stands, and a form shows this beside its field, as with a number that cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneRefused {
    /// The number belongs to a country that is not in the list, or to none.
    #[error("phone numbers of this country get no messages here")]
    CountryNotAllowed,
    /// The line cannot get a message, or should not.
    #[error("this phone number is not a mobile number; fixed lines and service numbers get no messages here")]
    LineNotAllowed,
}

impl DomainError for PhoneRefused {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::CountryNotAllowed => "phone_country_not_allowed",
            Self::LineNotAllowed => "phone_line_not_allowed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_always_mobile(area: u16) -> bool {
        // The patterns look at five digits of such numbers at most; the rest is spread over the ranges.
        (0..100_u32).all(|next| {
            let rest = next * 100_000 + (next * 7919 + u32::from(area) * 104_729) % 100_000;
            let e164 = format!("+91{area}{rest:07}").parse().unwrap();
            may_be_mobile(&PhoneNumber { e164, national_start: 3 })
        })
    }

    #[test]
    fn the_short_way_and_the_metadata_agree_on_every_range_of_india() {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for area in (600..1000).filter(|&area| is_always_mobile(area)) {
            match ranges.last_mut() {
                Some(range) if range.1 + 1 == area => range.1 = area,
                _ => ranges.push((area, area)),
            }
        }
        assert_eq!(INDIAN_MOBILE.as_slice(), ranges);
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_never_lets_pass_what_the_long_way_refuses(e164 in "\\+91[0-9]{8,12}") {
            let number = PhoneNumber { e164: e164.parse().unwrap(), national_start: 3 };
            proptest::prop_assert!(!is_indian_mobile(&number) || may_be_mobile(&number), "{}", number.e164);
        }
    }

    #[test]
    fn reads_and_writes_countries() {
        for text in ["all", "IN", "IN,BD,VN", "US,CA"] {
            assert_eq!(text.parse::<Countries>().unwrap().to_string(), text);
        }
        assert_eq!("ALL".parse(), Ok(Countries::All));
        for (text, culprit) in [
            ("", ""),
            ("IN,,BD", ""),
            ("IND", "IND"),
            ("XX", "XX"),
            ("all,IN", "all"),
            ("001", "001"),
            ("é", "é"),
        ] {
            assert_eq!(text.parse::<Countries>(), Err(InvalidCountry(culprit.into())), "{text}");
        }
    }
}
