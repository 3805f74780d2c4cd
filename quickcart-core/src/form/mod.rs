//! A JSON object from outside, read field by field: every fault is noted, not only the first.
//!
//! Numbers may also be texts (`"1"`), as the clients of the old backends send them, and decimals are read exactly, without
//! floating point.

mod decimal;

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

pub use decimal::scaled;

/// Why a body is not an object that can be read field by field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// The body is no text.
    #[error("the body is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that is wrong.
        offset: usize,
    },
    /// The text is not JSON, or has a key twice.
    #[error("the body is not JSON: {reason}")]
    NotJson {
        /// What is wrong, with line and column.
        reason: String,
        /// How many characters stand before it.
        offset: usize,
    },
    /// The JSON is not an object.
    #[error("the body must be a JSON object")]
    NotObject,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Where: field names and, in lists, indices.
    pub location: Vec<Step>,
    /// What.
    pub fault: Fault,
}

/// Shows the location: `destinations.0.product_id`.
impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.location.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            match step {
                Step::Field(name) => write!(f, "{dot}{name}")?,
                Step::Index(number) => write!(f, "{dot}{number}")?,
            }
        }
        Ok(())
    }
}

/// A step on the way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into the field of an object.
    Field(&'static str),
    /// Into the element of a list.
    Index(usize),
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not there.
    Missing,
    /// It is not a whole number.
    NotInteger,
    /// It is a text that is not a whole number.
    NotIntegerText,
    /// It is a number with a fraction.
    Fraction,
    /// It is not a number.
    NotNumber,
    /// It is a text that is not a number.
    NotNumberText,
    /// It is smaller than this.
    LessThan(i64),
    /// It is larger than this.
    GreaterThan(i64),
    /// It is not a text.
    NotText,
    /// The text has fewer characters than this.
    ShorterThan(usize),
    /// The text has more characters than this.
    LongerThan(usize),
    /// The text is not like this pattern, a regular expression for whoever sent it.
    NotLike(&'static str),
    /// The text is none of these.
    NotOneOf(&'static [&'static str]),
    /// It is not a list.
    NotList,
    /// The list has fewer elements than this.
    FewerThan(usize),
    /// The list has more elements than this.
    MoreThan(usize),
    /// It is not an object.
    NotObject,
    /// The text is not an e-mail address.
    NotEmail,
    /// The text is not a telephone number that can exist.
    NotPhone,
    /// The text names nothing that is there.
    Unknown,
    /// The text is not the name of a person.
    NotName,
    /// The text has control characters.
    NotPlain,
    /// The text is no barcode.
    NotBarcode,
    /// The text is no currency's code.
    NotCurrency,
    /// The text is no day of the calendar.
    NotDate,
}

/// An object that is being read.
///
/// ```
/// use quickcart_core::form::{Fault, Form};
///
/// let mut form = Form::parse(br#"{"cart_id": "1", "weight": 0.512}"#)?;
/// assert_eq!(form.integer("cart_id", 1..=u32::MAX.into()), Some(1));
/// assert_eq!(form.decimal("weight", 6, 0..=i64::MAX), Some(512_000), "kilograms in milligrams");
/// assert_eq!(form.integer("product_id", 1..=9), None);
/// assert_eq!(form.into_faults()[0].fault, Fault::Missing);
/// # Ok::<(), quickcart_core::form::FormError>(())
/// ```
pub struct Form<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    location: Vec<Step>,
    faults: Vec<FieldFault>,
}

impl<'a> Form<'a> {
    /// Reads the names of all fields; a name that is there twice is refused.
    ///
    /// # Errors
    /// [`FormError`] when the body is not a JSON object.
    pub fn parse(body: &'a [u8]) -> Result<Self, FormError> {
        let text =
            std::str::from_utf8(body).map_err(|error| FormError::NotUtf8 { offset: error.valid_up_to() })?;
        Self::object(text, Vec::new()).map_err(|error| {
            if error.is_data() && !error.to_string().starts_with("duplicate") {
                FormError::NotObject
            } else {
                FormError::NotJson { reason: error.to_string(), offset: offset(text, &error) }
            }
        })
    }

    fn object(text: &'a str, location: Vec<Step>) -> serde_json::Result<Self> {
        let Fields(fields) = serde_json::from_str(text)?;
        Ok(Self { fields, location, faults: Vec::new() })
    }

    /// Whether the object has this field, even if it is null.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// A whole number within `range`.
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.required(name)?;
        let number = integer(value).and_then(|number| within(number, &range));
        self.note(name, number)
    }

    /// A whole number within `range` that is written as one: no text, and without a point or an exponent.
    pub fn exact_integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.required(name)?;
        let number = value.get().parse().map_err(|_| Fault::NotInteger);
        self.note(name, number.and_then(|number| within(number, &range)))
    }

    /// A whole number within `range`; `Some(None)` when it is missing or null.
    pub fn optional_integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<i64>,
    ) -> Option<Option<i64>> {
        match self.value(name) {
            None => Some(None),
            Some(_) => self.integer(name, range).map(Some),
        }
    }

    /// A decimal, times ten to the power of `digits`, rounded half away from zero, within `range` (of the scaled value).
    pub fn decimal(&mut self, name: &'static str, digits: u32, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.required(name)?;
        let number = number_text(value, Fault::NotNumber).and_then(|text| {
            let scaled = scaled(&text, digits).ok_or(if is_text(value) {
                Fault::NotNumberText
            } else {
                Fault::NotNumber
            });
            let least = range.start() / 10_i64.saturating_pow(digits);
            let most = range.end() / 10_i64.saturating_pow(digits);
            let number = scaled?;
            if number < *range.start() {
                Err(Fault::LessThan(least))
            } else if number > *range.end() {
                Err(Fault::GreaterThan(most))
            } else {
                Ok(number)
            }
        });
        self.note(name, number)
    }

    /// A finite number, as near as a float comes.
    pub fn number(&mut self, name: &'static str) -> Option<f64> {
        let value = self.required(name)?;
        let fault = if is_text(value) { Fault::NotNumberText } else { Fault::NotNumber };
        let number = number_text(value, Fault::NotNumber)
            .and_then(|text| text.trim().parse().map_err(|_| fault))
            .and_then(|number: f64| if number.is_finite() { Ok(number) } else { Err(Fault::NotNumber) });
        self.note(name, number)
    }

    /// A text whose length in characters is within `length`, and without U+0000, which not every database keeps.
    pub fn text(&mut self, name: &'static str, length: RangeInclusive<usize>) -> Option<Cow<'a, str>> {
        let value = self.required(name)?;
        let text = text(value).and_then(|text| {
            let count = text.chars().count();
            if text.contains('\0') {
                Err(Fault::NotPlain)
            } else if count < *length.start() {
                Err(Fault::ShorterThan(*length.start()))
            } else if count > *length.end() {
                Err(Fault::LongerThan(*length.end()))
            } else {
                Ok(text)
            }
        });
        self.note(name, text)
    }

    /// A text whose length in characters is within `length`; `Some(None)` when it is missing or null.
    pub fn optional_text(
        &mut self,
        name: &'static str,
        length: RangeInclusive<usize>,
    ) -> Option<Option<Cow<'a, str>>> {
        match self.value(name) {
            None => Some(None),
            Some(_) => self.text(name, length).map(Some),
        }
    }

    /// A text of one line: without control characters, and of a length in characters within `length` when the space around it is
    /// taken off, as it is.
    pub fn plain_text(&mut self, name: &'static str, length: RangeInclusive<usize>) -> Option<String> {
        let text = self.text(name, 0..=usize::MAX)?;
        let text = text.trim();
        let count = text.chars().count();
        let checked = if text.chars().any(char::is_control) {
            Err(Fault::NotPlain)
        } else if count < *length.start() {
            Err(Fault::ShorterThan(*length.start()))
        } else if count > *length.end() {
            Err(Fault::LongerThan(*length.end()))
        } else {
            Ok(text.to_owned())
        };
        self.note(name, checked)
    }

    /// A text of one line; `Some(None)` when it is missing or null.
    pub fn optional_plain_text(
        &mut self,
        name: &'static str,
        length: RangeInclusive<usize>,
    ) -> Option<Option<String>> {
        match self.value(name) {
            None => Some(None),
            Some(_) => self.plain_text(name, length).map(Some),
        }
    }

    /// A text that reads as a `T`; `otherwise` says what is wrong with one that does not.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, otherwise: Fault) -> Option<T> {
        let value = self.required(name)?;
        let parsed = text(value).and_then(|text| text.parse().map_err(|_| otherwise));
        self.note(name, parsed)
    }

    /// A text that reads as a `T`; `Some(None)` when it is missing or null.
    pub fn optional_parsed<T: FromStr>(&mut self, name: &'static str, otherwise: Fault) -> Option<Option<T>> {
        match self.value(name) {
            None => Some(None),
            Some(_) => self.parsed(name, otherwise).map(Some),
        }
    }

    /// A text that `fits`, or `otherwise` says what is wrong with it.
    pub fn text_like(
        &mut self,
        name: &'static str,
        fits: impl FnOnce(&str) -> bool,
        otherwise: Fault,
    ) -> Option<Cow<'a, str>> {
        let value = self.required(name)?;
        let text = text(value).and_then(|text| if fits(&text) { Ok(text) } else { Err(otherwise) });
        self.note(name, text)
    }

    /// One of the texts in `choices`, and its place among them.
    pub fn choice(&mut self, name: &'static str, choices: &'static [&'static str]) -> Option<usize> {
        let value = self.required(name)?;
        let place = |text: &str| choices.iter().position(|choice| *choice == text);
        // As pydantic does it: what is no text at all is none of them, either.
        let chosen = text(value).ok().and_then(|text| place(&text)).ok_or(Fault::NotOneOf(choices));
        self.note(name, chosen)
    }

    /// A list of one to `most` objects, each read by `read`; `None` when any of them has a fault.
    pub fn list_of_some<T>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl FnMut(&mut Form<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.list(name, most, read)?;
        let some = if items.is_empty() { Err(Fault::FewerThan(1)) } else { Ok(items) };
        self.note(name, some)
    }

    /// A list of at most `most` objects, each read by `read`; `None` when any of them has a fault.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        most: usize,
        mut read: impl FnMut(&mut Form<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.required(name)?;
        let elements = serde_json::from_str::<Vec<&'a RawValue>>(value.get()).map_err(|_| Fault::NotList);
        let bounded =
            elements.and_then(|list| if list.len() > most { Err(Fault::MoreThan(most)) } else { Ok(list) });
        let elements = self.note(name, bounded)?;
        let mut items = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            let mut location = self.location.clone();
            location.extend([Step::Field(name), Step::Index(index)]);
            match Self::object(element.get(), location.clone()) {
                Ok(mut form) => {
                    items.extend(read(&mut form));
                    self.faults.append(&mut form.faults);
                }
                Err(_) => self.faults.push(FieldFault { location, fault: Fault::NotObject }),
            }
        }
        (items.len() == elements.len()).then_some(items)
    }

    /// A list of at most `most` whole numbers within `range`; empty when it is missing or null.
    pub fn integers(
        &mut self,
        name: &'static str,
        most: usize,
        range: RangeInclusive<i64>,
    ) -> Option<Vec<i64>> {
        let Some(value) = self.value(name) else { return Some(Vec::new()) };
        let elements = serde_json::from_str::<Vec<&'a RawValue>>(value.get()).map_err(|_| Fault::NotList);
        let bounded =
            elements.and_then(|list| if list.len() > most { Err(Fault::MoreThan(most)) } else { Ok(list) });
        let elements = self.note(name, bounded)?;
        let mut numbers = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            match integer(element).and_then(|number| within(number, &range)) {
                Ok(number) => numbers.push(number),
                Err(fault) => {
                    let mut location = self.location.clone();
                    location.extend([Step::Field(name), Step::Index(index)]);
                    self.faults.push(FieldFault { location, fault });
                }
            }
        }
        (numbers.len() == elements.len()).then_some(numbers)
    }

    /// An object, read by `read`; `Some(None)` when it is missing or null, `None` when it has a fault.
    pub fn optional_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Form<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        let Some(value) = self.value(name) else { return Some(None) };
        let mut location = self.location.clone();
        location.push(Step::Field(name));
        let object = Self::object(value.get(), location).map_err(|_| Fault::NotObject);
        let mut form = self.note(name, object)?;
        let item = read(&mut form);
        let is_whole = form.faults.is_empty();
        self.faults.append(&mut form.faults);
        item.filter(|_| is_whole).map(Some)
    }

    /// Everything that was wrong, in the order it was read.
    #[must_use]
    pub fn into_faults(self) -> Vec<FieldFault> {
        self.faults
    }

    fn value(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    fn required(&mut self, name: &'static str) -> Option<&'a RawValue> {
        let found = self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| *value);
        if found.is_none() {
            self.note::<()>(name, Err(Fault::Missing));
        }
        found
    }

    fn note<T>(&mut self, name: &'static str, value: Result<T, Fault>) -> Option<T> {
        value
            .map_err(|fault| {
                let mut location = self.location.clone();
                location.push(Step::Field(name));
                self.faults.push(FieldFault { location, fault });
            })
            .ok()
    }
}

/// The place of an error, in characters from the start.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    if error.is_eof() {
        return text.chars().count();
    }
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let end = text.floor_char_boundary(before + error.column().saturating_sub(1));
    text[..end].chars().count()
}

fn is_text(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

fn text(value: &RawValue) -> Result<Cow<'_, str>, Fault> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(value.get()).map(|Text(text)| text).map_err(|_| Fault::NotText)
}

/// The characters of a number, which may be in quotes.
fn number_text(value: &RawValue, otherwise: Fault) -> Result<Cow<'_, str>, Fault> {
    match value.get().as_bytes().first() {
        Some(b'"') => text(value),
        Some(b'-' | b'0'..=b'9') => Ok(Cow::Borrowed(value.get())),
        _ => Err(otherwise),
    }
}

fn integer(value: &RawValue) -> Result<i128, Fault> {
    let text = number_text(value, Fault::NotInteger)?;
    if let Ok(number) = text.trim().parse() {
        return Ok(number);
    }
    let whole = decimal::whole(&text);
    whole.ok_or(if is_text(value) { Fault::NotIntegerText } else { Fault::Fraction })
}

fn within(number: i128, range: &RangeInclusive<i64>) -> Result<i64, Fault> {
    match i64::try_from(number) {
        Ok(number) if range.contains(&number) => Ok(number),
        _ if number < i128::from(*range.start()) => Err(Fault::LessThan(*range.start())),
        _ => Err(Fault::GreaterThan(*range.end())),
    }
}

struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                while let Some((Key(name), value)) = map.next_entry()? {
                    // Quadratic, but a body is small: a hash set would cost more for the few fields of a real one.
                    if fields.len() >= FIELDS_MAX || fields.iter().any(|(field, _)| *field == name) {
                        return Err(M::Error::custom("duplicate field, or too many fields"));
                    }
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// No client sends more; it bounds the search for duplicates.
const FIELDS_MAX: usize = 128;

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str, read: impl FnOnce(&mut Form<'_>)) -> Vec<Fault> {
        let mut form = Form::parse(body.as_bytes()).unwrap();
        read(&mut form);
        form.into_faults().into_iter().map(|fault| fault.fault).collect()
    }

    #[test]
    fn reads_integers_as_clients_send_them() {
        for (json, expected) in [("7", 7), ("\"7\"", 7), ("7.0", 7), ("0.7e1", 7), ("\" 7 \"", 7), ("-3", -3)]
        {
            let body = format!("{{\"n\":{json}}}");
            assert_eq!(Form::parse(body.as_bytes()).unwrap().integer("n", -9..=9), Some(expected), "{json}");
        }
        for (json, fault) in [
            ("\"x\"", Fault::NotIntegerText),
            ("1.5", Fault::Fraction),
            ("true", Fault::NotInteger),
            ("null", Fault::NotInteger),
            ("[1]", Fault::NotInteger),
            ("10", Fault::GreaterThan(9)),
            ("-10", Fault::LessThan(-9)),
            ("99999999999999999999999999", Fault::GreaterThan(9)),
            ("1e400", Fault::Fraction),
        ] {
            let read = |form: &mut Form<'_>| assert_eq!(form.integer("n", -9..=9), None);
            assert_eq!(faults(&format!("{{\"n\":{json}}}"), read), [fault], "{json}");
        }
    }

    #[test]
    fn exact_integers_are_written_as_such() {
        for (json, expected) in
            [("7", Ok(7)), ("-3", Ok(-3)), ("10", Err(Fault::GreaterThan(9)))].into_iter().chain(
                ["\"7\"", "7.0", "7e0", "true", "null", "[]", "{}"]
                    .map(|json| (json, Err(Fault::NotInteger))),
            )
        {
            let body = format!("{{\"n\":{json}}}");
            let mut form = Form::parse(body.as_bytes()).unwrap();
            let read = form.exact_integer("n", -9..=9);
            assert_eq!(read.ok_or_else(|| form.into_faults()[0].fault), expected, "{json}");
        }
        assert_eq!(faults("{}", |form| assert_eq!(form.exact_integer("n", 0..=9), None)), [Fault::Missing]);
    }

    #[test]
    fn notes_every_fault() {
        let all = faults(r#"{"cart_id":"x","product_id":1}"#, |form| {
            form.integer("cart_id", 1..=9);
            form.integer("product_id", 1..=9);
            form.decimal("weight", 6, 0..=9);
        });
        assert_eq!(all, [Fault::NotIntegerText, Fault::Missing]);
    }

    #[test]
    fn lists_say_which_element_is_wrong() {
        let mut form = Form::parse(br#"{"d":[{"x":1},{"x":"a"},3]}"#).unwrap();
        assert_eq!(form.list("d", 5, |item| item.number("x")), None);
        let locations: Vec<_> = form.into_faults().into_iter().map(|fault| fault.location).collect();
        let element = |index| vec![Step::Field("d"), Step::Index(index)];
        assert_eq!(locations, [[element(1), vec![Step::Field("x")]].concat(), element(2)]);
    }

    #[test]
    fn numbers_and_objects_say_where_they_are_wrong() {
        let mut form =
            Form::parse(br#"{"ids":[1,"2",0,"x"],"place":{"x":"a"},"none":null,"no":[]}"#).unwrap();
        assert_eq!(form.integers("ids", 4, 1..=9), None);
        assert_eq!(form.integers("none", 4, 1..=9), Some(Vec::new()));
        assert_eq!(form.integers("missing", 4, 1..=9), Some(Vec::new()));
        assert_eq!(form.integers("ids", 3, 1..=9), None);
        assert_eq!(form.optional_object("none", |place| place.number("x")), Some(None));
        assert_eq!(form.optional_object("place", |place| place.number("x")), None);
        assert_eq!(form.optional_object("no", |place| place.number("x")), None);
        let faults: Vec<_> =
            form.into_faults().iter().map(|fault| (fault.to_string(), fault.fault)).collect();
        let expected = [
            ("ids.2", Fault::LessThan(1)),
            ("ids.3", Fault::NotIntegerText),
            ("ids", Fault::MoreThan(3)),
            ("place.x", Fault::NotNumberText),
            ("no", Fault::NotObject),
        ];
        assert_eq!(faults, expected.map(|(place, fault)| (place.to_owned(), fault)));
    }

    #[test]
    fn no_text_has_the_character_that_ends_texts_of_c() {
        let mut form = Form::parse(br#"{"a":"\n\t","b":"x\u0000y"}"#).unwrap();
        assert_eq!(form.text("a", 1..=2).as_deref(), Some("\n\t"));
        assert_eq!(form.text("b", 1..=3), None);
        assert_eq!(form.into_faults()[0].fault, Fault::NotPlain);
    }

    #[test]
    fn plain_texts_are_one_line() {
        let mut form = Form::parse(br#"{"a":" x ","b":"  ","c":"a\nb","d":"abc","e":null}"#).unwrap();
        assert_eq!(form.plain_text("a", 1..=2).as_deref(), Some("x"));
        assert_eq!(form.optional_plain_text("e", 1..=2), Some(None));
        for name in ["b", "c", "d", "e"] {
            assert_eq!(form.plain_text(name, 1..=2), None, "{name}");
        }
        let faults: Vec<_> = form.into_faults().into_iter().map(|fault| fault.fault).collect();
        assert_eq!(faults, [Fault::ShorterThan(1), Fault::NotPlain, Fault::LongerThan(2), Fault::NotText]);
    }

    #[test]
    fn says_where_json_ends() {
        for (body, expected) in
            [("{bad", 1), ("{", 1), ("{\n\"ế\": x}", 7), ("", 0), ("{\"a\":1,\"a\":2}", 12), ("\n\n", 2)]
        {
            let Err(FormError::NotJson { offset, .. }) = Form::parse(body.as_bytes()) else {
                panic!("{body}")
            };
            assert_eq!(offset, expected, "{body}");
        }
    }

    #[test]
    fn texts_have_a_form_and_choices_a_list() {
        let all = faults(r#"{"pin":"12a4","way":"cod","number":7,"books":[]}"#, |form| {
            form.text_like(
                "pin",
                |pin| pin.bytes().all(|byte| byte.is_ascii_digit()),
                Fault::NotLike("[0-9]"),
            );
            form.choice("way", &["card", "cash"]);
            form.choice("number", &["card", "cash"]);
            form.list_of_some("books", 2, |book| book.integer("id", 1..=9));
        });
        let none = Fault::NotOneOf(&["card", "cash"]);
        assert_eq!(all, [Fault::NotLike("[0-9]"), none, none, Fault::FewerThan(1)]);
        let mut form = Form::parse(br#"{"way":"cash"}"#).unwrap();
        assert_eq!(form.choice("way", &["card", "cash"]), Some(1));
    }

    #[test]
    fn refuses_what_is_no_object() {
        assert_eq!(Form::parse(b"[1]").err(), Some(FormError::NotObject));
        assert_eq!(Form::parse(b"null").err(), Some(FormError::NotObject));
        assert_eq!(Form::parse(b"{\"a\":\"\xff\"}").err(), Some(FormError::NotUtf8 { offset: 6 }));
        for body in ["", "{bad", "{\"a\":1,\"a\":2}", "{} x", "{\"a\":nan}"] {
            assert!(matches!(Form::parse(body.as_bytes()).err(), Some(FormError::NotJson { .. })), "{body}");
        }
    }
}
