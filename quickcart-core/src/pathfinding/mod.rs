//! Shortest walks through a store, and the shortest order of its stops.
//!
//! A [`FloorPlan`] of rectangles in metres becomes a [`StoreMap`] of square cells. One moves from cell to cell in eight
//! directions; a diagonal step needs both cells beside it free, so no corner is cut; lifts, stairs, ramps and
//! escalators join places; zones cost more, and one-way areas are walked in one direction. All answers are
//! exact on these cells. A [`Graph`] answers the same for nodes and arcs. No I/O, no async.

mod access;
mod changes;
mod cost;
mod engine;
mod error;
mod estimate;
mod floor_plan;
mod graph;
mod grid;
mod index;
mod instruction;
mod live;
mod map_file;
mod matrix;
mod passage;
mod plan_check;
mod progress;
mod route;
mod saved;
mod search;
mod sheet;
mod store_map;
mod straight;
mod subgoal;
mod subgoal_search;
mod svg;
mod table;
mod terrain;
mod tour;
mod tour_solver;
mod traffic;
mod ways;
mod zone;

pub use engine::Technique;
pub use error::PathError;
pub use floor_plan::{Aisle, Checkout, Connectivity, Dock, Floor, FloorPlan, Lift, Point, Rect};
pub use graph::{Graph, GraphError, GraphRoute};
pub use instruction::Waypoint;
pub use live::LiveMap;
pub use matrix::Matrix;
pub use passage::{Passage, PassageKind};
pub use plan_check::PlanPart;
pub use route::Route;
pub use store_map::{StoreMap, StoreMapBuilder};
pub use tour::{MATRIX_STOPS_MAX, PLACES_MAX, STOPS_MAX, Tour, TourError, TourRequest, tour_of_matrix};
pub use zone::{Heading, OneWay, Zone};
