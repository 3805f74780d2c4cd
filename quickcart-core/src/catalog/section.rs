//! The parts of the shop and the places on its shelves.

use super::ProductId;
use crate::pathfinding::Point;

/// Names a section.
pub type SectionId = i64;

/// A part of the shop that holds one kind of goods: a rectangle on one floor, in metres.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its number.
    pub section_id: SectionId,
    /// Its name, such as "Dairy".
    pub name: String,
    /// The floor; 0 is the ground floor.
    pub level: i32,
    /// The left edge.
    pub x1_m: f64,
    /// The upper edge.
    pub y1_m: f64,
    /// The right edge.
    pub x2_m: f64,
    /// The lower edge.
    pub y2_m: f64,
}

impl Section {
    /// Whether the point is in the section, edges included.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        point.level == self.level
            && (self.x1_m..=self.x2_m).contains(&point.x_m)
            && (self.y1_m..=self.y2_m).contains(&point.y_m)
    }
}

/// Where a product stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ShelfPlace {
    /// The product.
    pub product_id: ProductId,
    /// The section it belongs to.
    pub section_id: SectionId,
    /// The number of the aisle in front of it.
    pub aisle_num: u32,
    /// The board, counted from the floor.
    pub shelf_num: u32,
    /// The very place on the shelf.
    pub point: Point,
}
