//! Shortest walks through a store, and the shortest order of its stops.
//!
//! A [`FloorPlan`] of rectangles in metres becomes a [`StoreMap`] of square cells. One moves from cell to cell in eight
//! directions; a diagonal step needs both cells beside it free, so no corner is cut; lifts, stairs, ramps and
//! escalators join places; zones cost more, and one-way areas are walked in one direction. All answers are
//! exact on these cells. A [`Graph`] answers the same for nodes and arcs. No I/O but what
//! an index is saved to and loaded from, no async.

mod engine;
mod error;
mod graph;
mod ground;
mod index;
mod instruction;
mod live;
mod matrix;
mod plan;
mod route;
mod search;
mod store_map;
mod svg;
mod technique;
mod tour;
mod tour_solver;

pub use error::PathError;
pub use graph::{Graph, GraphError, GraphRoute};
pub use instruction::Waypoint;
pub use live::LiveMap;
pub use matrix::Matrix;
pub use plan::{
    Aisle, Checkout, Connectivity, Dock, Floor, FloorPlan, Heading, Lift, OneWay, Passage, PassageKind,
    PlanPart, Point, Rect, Zone,
};
pub use route::Route;
pub use store_map::{StoreMap, StoreMapBuilder};
pub use technique::Technique;
pub use tour::{MATRIX_STOPS_MAX, PLACES_MAX, STOPS_MAX, Tour, TourError, TourRequest, tour_of_matrix};
