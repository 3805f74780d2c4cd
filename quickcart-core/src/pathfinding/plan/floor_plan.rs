//! A store as its owner draws it: rectangles and points in metres, floor by floor.
//!
//! The origin is the upper left corner of a floor; x grows to the right and y downwards.

use std::fmt;

use super::super::{OneWay, Passage, Zone};

/// A place on one floor, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The floor; 0 is the ground floor.
    pub level: i32,
    /// To the right.
    pub x_m: f64,
    /// Downwards.
    pub y_m: f64,
}

impl Point {
    /// A point on a floor.
    #[must_use]
    pub const fn new(level: i32, x_m: f64, y_m: f64) -> Self {
        Self { level, x_m, y_m }
    }

    /// The straight distance in metres; `None` between floors.
    #[must_use]
    pub fn straight_m(self, other: Self) -> Option<f64> {
        (self.level == other.level).then(|| (self.x_m - other.x_m).hypot(self.y_m - other.y_m))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:.2}, {:.2}) on level {}", self.x_m, self.y_m, self.level)
    }
}

/// A rectangle in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// The left edge.
    pub x1_m: f64,
    /// The upper edge.
    pub y1_m: f64,
    /// The right edge.
    pub x2_m: f64,
    /// The lower edge.
    pub y2_m: f64,
}

impl Rect {
    /// Whether the point is inside; the left and upper edges are, the others are not.
    #[must_use]
    pub fn contains(&self, x_m: f64, y_m: f64) -> bool {
        (self.x1_m..self.x2_m).contains(&x_m) && (self.y1_m..self.y2_m).contains(&y_m)
    }

    /// Whether the rectangle is not empty and lies within a floor of this size.
    #[must_use]
    pub fn is_inside(&self, width_m: f64, depth_m: f64) -> bool {
        0.0 <= self.x1_m
            && self.x1_m < self.x2_m
            && self.x2_m <= width_m
            && 0.0 <= self.y1_m
            && self.y1_m < self.y2_m
            && self.y2_m <= depth_m
    }
}

/// A walkable part of a floor that has a number and a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Aisle {
    /// Its number.
    pub aisle_num: u32,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub area: Rect,
}

/// One floor.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    /// Its number; 0 is the ground floor.
    pub level: i32,
    /// What people call it.
    pub name: String,
    /// Its extent to the right.
    pub width_m: f64,
    /// Its extent downwards.
    pub depth_m: f64,
    /// What blocks the way and holds nothing.
    pub walls: Vec<Rect>,
    /// What blocks the way and holds goods.
    pub shelves: Vec<Rect>,
    /// Named parts of the rest.
    pub aisles: Vec<Aisle>,
    /// Where walking costs more.
    pub zones: Vec<Zone>,
    /// Where one walks in one direction only.
    pub one_ways: Vec<OneWay>,
}

impl Floor {
    /// An empty floor.
    #[must_use]
    pub fn new(level: i32, name: &str, width_m: f64, depth_m: f64) -> Self {
        Self {
            level,
            name: name.to_owned(),
            width_m,
            depth_m,
            walls: Vec::new(),
            shelves: Vec::new(),
            aisles: Vec::new(),
            zones: Vec::new(),
            one_ways: Vec::new(),
        }
    }

    /// The floor with one more shelf.
    #[must_use]
    pub fn with_shelf(mut self, shelf: Rect) -> Self {
        self.shelves.push(shelf);
        self
    }
}

/// Joins floors at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Lift {
    /// What people call it.
    pub name: String,
    /// To the right, on every floor.
    pub x_m: f64,
    /// Downwards, on every floor.
    pub y_m: f64,
    /// The floors it stops at.
    pub levels: Vec<i32>,
    /// What a ride from one stop to the next is worth, in metres of walking.
    pub cost_m: f64,
}

impl Lift {
    /// The place of the lift on each of its floors.
    pub fn points(&self) -> impl Iterator<Item = Point> {
        self.levels.iter().map(|&level| Point::new(level, self.x_m, self.y_m))
    }
}

/// Where a trolley waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Dock {
    /// Its name, such as `D1`.
    pub id: String,
    /// Where it is.
    pub point: Point,
}

/// Where one pays.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkout {
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub point: Point,
}

/// How one moves from cell to cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connectivity {
    /// Along rows and columns only.
    Four,
    /// Across corners, too, where both cells beside the corner are free; such a step is as long as the root of two.
    #[default]
    Eight,
}

/// A whole store.
#[derive(Clone, Debug, PartialEq)]
pub struct FloorPlan {
    /// The side of a cell, in metres.
    pub resolution_m: f64,
    /// How one moves from cell to cell.
    pub connectivity: Connectivity,
    /// The floors, each with its own level.
    pub floors: Vec<Floor>,
    /// What joins them.
    pub lifts: Vec<Lift>,
    /// Stairs, ramps and escalators.
    pub passages: Vec<Passage>,
    /// Where shoppers come in.
    pub entrance: Point,
    /// Where trolleys wait.
    pub docks: Vec<Dock>,
    /// Where shoppers pay.
    pub checkouts: Vec<Checkout>,
}

impl FloorPlan {
    /// A plan without lifts, passages, docks and checkouts.
    #[must_use]
    pub fn new(resolution_m: f64, floors: Vec<Floor>, entrance: Point) -> Self {
        Self {
            resolution_m,
            connectivity: Connectivity::default(),
            floors,
            lifts: Vec::new(),
            passages: Vec::new(),
            entrance,
            docks: Vec::new(),
            checkouts: Vec::new(),
        }
    }

    /// The plan with another way to move.
    #[must_use]
    pub fn with_connectivity(self, connectivity: Connectivity) -> Self {
        Self { connectivity, ..self }
    }

    /// The floor with this level.
    #[must_use]
    pub fn floor(&self, level: i32) -> Option<&Floor> {
        self.floors.iter().find(|floor| floor.level == level)
    }

    /// The aisle with this number, such as one to [block](super::super::StoreMap::block).
    #[must_use]
    pub fn aisle(&self, level: i32, aisle_num: u32) -> Option<&Aisle> {
        self.floor(level)?.aisles.iter().find(|aisle| aisle.aisle_num == aisle_num)
    }

    /// The aisle that a point is in.
    #[must_use]
    pub fn aisle_at(&self, point: Point) -> Option<&Aisle> {
        self.floor(point.level)?.aisles.iter().find(|aisle| aisle.area.contains(point.x_m, point.y_m))
    }
}
