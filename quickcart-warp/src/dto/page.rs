//! The part of a list that a query asks for: `limit` and `offset`, which some clients call `skip`.

use std::ops::RangeInclusive;

use quickcart_core::catalog::Page;
use quickcart_core::form::{Fault, FieldFault, Step};
use utoipa::IntoParams;

use super::smart_cart::query_value;

/// What a query says of the page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a description")]
pub(crate) struct PageQuery {
    /// How many entries the page has at most.
    #[param(minimum = 1, maximum = 500, default = 500)]
    limit: Option<u32>,
    /// How many entries stand before it.
    offset: Option<u32>,
    /// The same as `offset`, which counts when there are both.
    skip: Option<u32>,
}

/// The page of a query; the first and longest when it names none.
pub(crate) fn page(query: &str) -> Result<Page, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let mut number = |name, range: RangeInclusive<u32>| -> Option<u32> {
        let text = query_value(query, name)?;
        let checked = match text.parse::<i128>() {
            Err(_) => Err(Fault::NotIntegerText),
            Ok(number) if number < i128::from(*range.start()) => {
                Err(Fault::LessThan((*range.start()).into()))
            }
            Ok(number) => u32::try_from(number)
                .ok()
                .filter(|number| range.contains(number))
                .ok_or(Fault::GreaterThan((*range.end()).into())),
        };
        checked.map_err(|fault| faults.push(FieldFault { location: vec![Step::Field(name)], fault })).ok()
    };
    let limit = number("limit", 1..=Page::LIMIT_MAX);
    let offset = number("offset", 0..=u32::MAX);
    let skip = number("skip", 0..=u32::MAX);
    if !faults.is_empty() {
        return Err(faults);
    }
    let first = Page::default();
    Ok(Page { offset: offset.or(skip).unwrap_or(first.offset), limit: limit.unwrap_or(first.limit) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_page_of_a_query() {
        let check =
            |query, offset, limit| assert_eq!(page(query).unwrap(), Page { offset, limit }, "{query}");
        check("", 0, 500);
        check("query=milk&limit=&offset=", 0, 500);
        check("limit=10&offset=20", 20, 10);
        check("skip=7", 7, 500);
        check("offset=4294967295", u32::MAX, 500);
        for wrong in
            ["limit=0", "limit=501", "limit=x", "offset=-1", "skip=1.5", "offset=4294967296", "skip=1e9"]
        {
            assert!(page(wrong).is_err(), "{wrong}");
        }
        assert!(page(&format!("limit={}", "9".repeat(1_000))).is_err());
    }
}
