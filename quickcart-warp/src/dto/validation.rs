//! Field faults in the notation of pydantic, which the clients of the old backends know.

use std::borrow::Cow;

use quickcart_core::form::{Fault, FieldFault, Step};
use serde::Serialize;

/// One entry of a validation list.
#[derive(Debug, Serialize)]
pub(crate) struct ValidationItem {
    r#type: &'static str,
    loc: Vec<Location>,
    msg: Cow<'static, str>,
}

#[derive(Debug, Serialize)]
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
        Fault::NotList => fixed("list_type", "Input should be a valid list"),
        Fault::MoreThan(most) => ("too_long", format!("List should have at most {most} items").into()),
        Fault::NotObject => fixed("dict_type", "Input should be a valid dictionary"),
        Fault::NotEmail => fixed("value_error", "value is not a valid email address"),
        Fault::NotName => fixed("value_error", "a name has 1 to 100 characters and no control characters"),
    }
}

fn characters(count: usize) -> &'static str {
    if count == 1 { "character" } else { "characters" }
}
