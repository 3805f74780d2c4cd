//! Where carts and products stand, in metres.

use quickcart_core::cart;
use quickcart_core::catalog::{self, ProductId};
use quickcart_core::pathfinding::STOPS_MAX;
use serde::Serialize;
use utoipa::ToSchema;

use super::catalogue::Section;
use super::http_date;
use super::smart_cart::query_value;
use crate::error::ApiError;

/// Where a cart stands; `updated_at` is null while a trolley stands at its dock.
#[derive(Serialize, ToSchema)]
pub(crate) struct CartLocation {
    cart_id: i64,
    x_coord: f64,
    y_coord: f64,
    section_id: Option<i64>,
    updated_at: Option<String>,
}

impl From<cart::Location> for CartLocation {
    fn from(location: cart::Location) -> Self {
        Self {
            cart_id: location.cart_id,
            x_coord: location.point.x_m,
            y_coord: location.point.y_m,
            section_id: location.section_id,
            updated_at: location.located_at.map(http_date),
        }
    }
}

/// Where a product stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductLocation {
    product_id: i64,
    section_id: i64,
    aisle_num: u32,
    shelf_num: u32,
    x_coord: f64,
    y_coord: f64,
    section: Section,
}

impl From<(catalog::ShelfPlace, catalog::Section)> for ProductLocation {
    fn from((place, section): (catalog::ShelfPlace, catalog::Section)) -> Self {
        Self {
            product_id: place.product_id,
            section_id: place.section_id,
            aisle_num: place.aisle_num,
            shelf_num: place.shelf_num,
            x_coord: place.point.x_m,
            y_coord: place.point.y_m,
            section: section.into(),
        }
    }
}

/// `product_ids=1,2`, each id once.
pub(crate) fn product_ids(query: &str) -> Result<Vec<ProductId>, ApiError> {
    let text = query_value(query, "product_ids");
    let text =
        text.ok_or_else(|| ApiError::bad_request("product_ids parameter is required (comma-separated)."))?;
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() > STOPS_MAX {
        return Err(ApiError::bad_request(format!("product_ids may name {STOPS_MAX} products at most.")));
    }
    let mut ids = Vec::with_capacity(parts.len());
    for part in parts {
        let malformed =
            |_| ApiError::bad_request("Invalid product_ids format. Must be comma-separated integers.");
        let id = part.trim().parse().map_err(malformed)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ids_once_each() {
        assert_eq!(product_ids("product_ids=2,%201,2&x=1").unwrap(), [2, 1]);
        let many = "1,".repeat(STOPS_MAX);
        for wrong in [
            "",
            "product_ids=",
            "product_ids=1,,2",
            "product_ids=1;2",
            "product_ids=99999999999999999999",
            &format!("product_ids={many}1"),
        ] {
            assert!(product_ids(wrong).is_err(), "{wrong}");
        }
    }
}
