//! A floor plan as cells: where they are, which are free, and what a step costs.

pub(super) mod cost;
pub(super) mod grid;
pub(super) mod sheet;
pub(super) mod straight;
pub(super) mod subgoal;
pub(super) mod terrain;
mod traffic;
