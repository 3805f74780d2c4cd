//! Walks that are found when they are asked for.

pub(super) mod cells;
mod estimate;
pub(super) mod subgoals;
