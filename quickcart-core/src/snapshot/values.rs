//! Single values of a JSON file; what is refused is named with its place.

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::catalog::import::{ID, ImportError, Located, PRICE_MAX};
use crate::form::scaled;
use crate::money::{Currency, Money};

/// The longest side of a floor, in metres.
const METRES_MAX: f64 = 10_000.0;

/// A value that may be left out, and is not when it is null.
pub(super) fn given<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// Reads the values of one file.
pub(super) struct Values<'a>(pub(super) Located<'a>);

impl Values<'_> {
    /// An object: serde would take a list of its values, too.
    pub(super) fn object<'p, T: Deserialize<'p>>(&self, part: &'p str) -> Result<T, ImportError> {
        if part.trim_start().starts_with('{') {
            self.0.parse(part)
        } else {
            Err(self.0.fault(part, "an object is due here"))
        }
    }

    pub(super) fn objects<'p, T: Deserialize<'p>>(
        &self,
        list: &[&'p RawValue],
    ) -> Result<Vec<T>, ImportError> {
        list.iter().map(|raw| self.object(raw.get())).collect()
    }

    pub(super) fn text(&self, raw: &RawValue, length: RangeInclusive<usize>) -> Result<String, ImportError> {
        let text: String = self.0.parse(raw.get())?;
        if length.contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            return Ok(text);
        }
        let (least, most) = length.into_inner();
        Err(self.0.fault(raw.get(), format!("a text of {least} to {most} characters is due here")))
    }

    pub(super) fn optional<T>(
        &self,
        raw: &RawValue,
        read: impl FnOnce(&RawValue) -> Result<T, ImportError>,
    ) -> Result<Option<T>, ImportError> {
        if is_null(raw) { Ok(None) } else { read(raw).map(Some) }
    }

    pub(super) fn integer(&self, raw: &RawValue, range: RangeInclusive<i64>) -> Result<i64, ImportError> {
        let number: i64 = self.0.parse(raw.get())?;
        if range.contains(&number) {
            return Ok(number);
        }
        let (least, most) = range.into_inner();
        Err(self.0.fault(raw.get(), format!("a whole number from {least} to {most} is due here")))
    }

    /// An id that was not there before.
    pub(super) fn new_id(&self, raw: &RawValue, seen: &mut HashSet<i64>) -> Result<i64, ImportError> {
        let id = self.integer(raw, ID)?;
        self.once(raw, id, seen)
    }

    /// An id that is one of these.
    pub(super) fn known_id(
        &self,
        raw: &RawValue,
        known: &HashSet<i64>,
        what: &str,
    ) -> Result<i64, ImportError> {
        let id = self.integer(raw, ID)?;
        if known.contains(&id) {
            Ok(id)
        } else {
            Err(self.0.fault(raw.get(), format!("there is no {what} {id}")))
        }
    }

    /// Ids that are among these, each of them once.
    pub(super) fn known_ids(
        &self,
        raw: &RawValue,
        known: &HashSet<i64>,
        what: &str,
    ) -> Result<Vec<i64>, ImportError> {
        let mut seen = HashSet::new();
        let id = |raw: &RawValue| self.once(raw, self.known_id(raw, known, what)?, &mut seen);
        self.0.parse::<Vec<&RawValue>>(raw.get())?.into_iter().map(id).collect()
    }

    /// The value, unless it was there before.
    pub(super) fn once<T: Clone + Eq + Hash>(
        &self,
        raw: &RawValue,
        value: T,
        seen: &mut HashSet<T>,
    ) -> Result<T, ImportError> {
        if seen.insert(value.clone()) {
            Ok(value)
        } else {
            Err(self.0.fault(raw.get(), "this is there twice"))
        }
    }

    /// An amount above zero as a text such as `"60.00"`, exactly.
    pub(super) fn money(&self, raw: &RawValue, currency: Currency) -> Result<Money, ImportError> {
        let digits = currency.minor_digits();
        let minor = self.decimal(raw, digits as usize)?.and_then(|text| scaled(&text, digits));
        let minor = minor.filter(|minor| (1..=PRICE_MAX).contains(minor));
        minor.map(|minor| Money::new(minor, currency)).ok_or_else(|| {
            self.0.fault(
                raw.get(),
                format!("an amount above zero is due here, as a text with at most {digits} decimals"),
            )
        })
    }

    /// A place in metres as a text such as `"3.00"`.
    pub(super) fn metres(&self, raw: &RawValue) -> Result<f64, ImportError> {
        let metres = self.decimal(raw, 6)?.and_then(|text| text.parse().ok());
        let metres = metres.filter(|metres| (0.0..=METRES_MAX).contains(metres));
        metres.ok_or_else(|| {
            self.0.fault(
                raw.get(),
                format!("metres from 0 to {METRES_MAX} are due here, as a text such as \"3.50\""),
            )
        })
    }

    /// The text of digits with at most so many decimals, if it is one.
    fn decimal(&self, raw: &RawValue, decimals_max: usize) -> Result<Option<String>, ImportError> {
        let text: String = self.0.parse(raw.get())?;
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
        let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let fits = are_digits(whole) && are_digits(decimals);
        let is_exact = !text.contains('.') || decimals.len() <= decimals_max;
        Ok((fits && is_exact).then_some(text))
    }

    /// Refuses entries of a list that this version takes from no file.
    pub(super) fn none_of(&self, entries: &[&RawValue], what: &str) -> Result<(), ImportError> {
        match entries.first() {
            None => Ok(()),
            Some(raw) => Err(self
                .0
                .fault(raw.get(), format!("{what} are not taken from a file; this list must be empty"))),
        }
    }
}

pub(super) fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}
