//! Field faults in the notation of pydantic, which the clients of the old backends know: bare, or with the part of the request
//! that they are in, as FastAPI writes them.

use std::borrow::Cow;
use std::fmt::Write;

use quickcart_core::form::{Fault, FieldFault, Step};
use serde::Serialize;
use utoipa::ToSchema;

/// One entry of a validation list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ValidationItem {
    r#type: &'static str,
    loc: Vec<Location>,
    msg: Cow<'static, str>,
}

/// The part of a request that a fault is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Body,
    Query,
    Path,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
            Self::Path => "path",
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Location {
    Field(&'static str),
    Index(usize),
}

impl ValidationItem {
    pub(crate) fn of(fault: &FieldFault) -> Self {
        let loc = fault.location.iter().map(|step| match step {
            Step::Field(name) => Location::Field(name),
            Step::Index(index) => Location::Index(*index),
        });
        let (r#type, msg) = words(fault.fault);
        Self { r#type, loc: loc.collect(), msg }
    }

    /// As FastAPI writes it: the location begins with the part.
    pub(crate) fn within(part: Part, fault: &FieldFault) -> Self {
        let bare = Self::of(fault);
        let loc = std::iter::once(Location::Field(part.as_str())).chain(bare.loc).collect();
        match fault.fault {
            // The bound of a trolley's quantities is worded otherwise.
            Fault::LessThan(1) => {
                let msg = "Input should be greater than or equal to 1".into();
                Self { r#type: "greater_than_equal", loc, msg }
            }
            _ => Self { loc, ..bare },
        }
    }

    /// A body that is not JSON from this character on.
    pub(crate) fn not_json(offset: usize) -> Self {
        let loc = vec![Location::Field("body"), Location::Index(offset)];
        Self { r#type: "json_invalid", loc, msg: "JSON decode error".into() }
    }

    /// A body that is no JSON object.
    pub(crate) fn not_object() -> Self {
        let msg = "Input should be a valid dictionary or object to extract fields from".into();
        Self { r#type: "model_attributes_type", loc: vec![Location::Field("body")], msg }
    }
}

/// One entry of the `errors` of a problem, in the notation of [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457#section-3).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemItem {
    /// Where, as a JSON pointer.
    #[schema(example = "#/price_minor")]
    pointer: String,
    /// What, for programs.
    #[schema(example = "greater_than")]
    code: &'static str,
    /// What, for people.
    #[schema(example = "Input should be greater than 0", value_type = String)]
    detail: Cow<'static, str>,
}

impl ProblemItem {
    pub(crate) fn of(fault: &FieldFault) -> Self {
        let mut pointer = "#".to_owned();
        for step in &fault.location {
            // Neither names nor numbers have characters that a pointer would have to escape. Writing into a `String` cannot fail.
            let _ = match step {
                Step::Field(name) => write!(pointer, "/{name}"),
                Step::Index(index) => write!(pointer, "/{index}"),
            };
        }
        let (code, detail) = words(fault.fault);
        Self { pointer, code, detail }
    }
}

/// What is wrong with a value, for people.
pub(crate) fn message(fault: Fault) -> Cow<'static, str> {
    words(fault).1
}

/// Type and message, as pydantic 2 words them.
fn words(fault: Fault) -> (&'static str, Cow<'static, str>) {
    let fixed = |kind, text| (kind, Cow::Borrowed(text));
    match fault {
        Fault::Missing => fixed("missing", "Field required"),
        Fault::NotInteger => fixed("int_type", "Input should be a valid integer"),
        Fault::NotIntegerText => {
            fixed("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
        }
        Fault::Fraction => {
            fixed("int_from_float", "Input should be a valid integer, got a number with a fractional part")
        }
        Fault::NotNumber => fixed("float_type", "Input should be a valid number"),
        Fault::NotNumberText => {
            fixed("float_parsing", "Input should be a valid number, unable to parse string as a number")
        }
        // Pydantic words a lower bound of one as "greater than 0".
        Fault::LessThan(1) => fixed("greater_than", "Input should be greater than 0"),
        Fault::LessThan(least) => {
            ("greater_than_equal", format!("Input should be greater than or equal to {least}").into())
        }
        Fault::GreaterThan(most) => {
            ("less_than_equal", format!("Input should be less than or equal to {most}").into())
        }
        Fault::NotText => fixed("string_type", "Input should be a valid string"),
        Fault::ShorterThan(least) => {
            ("string_too_short", format!("String should have at least {least} {}", characters(least)).into())
        }
        Fault::LongerThan(most) => {
            ("string_too_long", format!("String should have at most {most} {}", characters(most)).into())
        }
        Fault::NotLike(pattern) => {
            ("string_pattern_mismatch", format!("String should match pattern '{pattern}'").into())
        }
        Fault::NotOneOf(choices) => ("enum", format!("Input should be {}", either(choices)).into()),
        Fault::NotList => fixed("list_type", "Input should be a valid list"),
        Fault::FewerThan(least) => {
            ("too_short", format!("List should have at least {least} item after validation, not 0").into())
        }
        Fault::MoreThan(most) => ("too_long", format!("List should have at most {most} items").into()),
        Fault::NotObject => fixed("dict_type", "Input should be a valid dictionary"),
        Fault::NotEmail => fixed("value_error", "value is not a valid email address"),
        Fault::NotPlain => fixed("string_pattern_mismatch", "String should have no control characters"),
        Fault::NotBarcode => fixed("value_error", "a barcode has 1 to 48 visible ASCII characters"),
        Fault::NotCurrency => {
            fixed("value_error", "a currency is three capital letters of ISO 4217, such as INR")
        }
        Fault::NotDate => fixed("date_parsing", "a date is written as 2027-03-31"),
        Fault::NotPhone => fixed("value_error", "value is not a phone number that can exist"),
        Fault::Unknown => fixed("value_error", "there is nothing of this name in the catalogue"),
        Fault::NotName => fixed("value_error", "a name has 1 to 100 characters and no control characters"),
    }
}

/// `'a', 'b' or 'c'`.
fn either(choices: &[&str]) -> String {
    let quoted: Vec<String> = choices.iter().map(|choice| format!("'{choice}'")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn characters(count: usize) -> &'static str {
    if count == 1 { "character" } else { "characters" }
}
