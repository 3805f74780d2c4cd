//! Why a map could not be built or a walk not found.

use super::{PlanPart, Point, Technique, TourError};
use crate::error::{DomainError, ErrorKind};

/// Why a map could not be built or a walk not found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The plan contradicts itself.
    #[error("the floor plan is not usable: {reason}")]
    InvalidPlan {
        /// What is wrong with it.
        reason: String,
    },
    /// A part of the plan contradicts itself.
    #[error("{part} is not usable: {reason}")]
    InvalidPart {
        /// The part.
        part: PlanPart,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A map drawn with letters cannot be read.
    #[error("line {line} of the map: {reason}")]
    InvalidMap {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The map does not allow this technique.
    #[error(
        "{technique:?} does not fit this map: its cells differ in cost, its ways lead one way, or the table is too large"
    )]
    TechniqueUnfit {
        /// What was asked for.
        technique: Technique,
    },
    /// The map has no index, or was changed since it was made.
    #[error("the map has no index, or was changed since it was made; prepare it first")]
    NotPrepared,
    /// A saved index cannot be used.
    #[error("the saved index cannot be used: {reason}")]
    InvalidIndex {
        /// Why not.
        reason: String,
    },
    /// The plan has more cells than a map takes.
    #[error("the map would have {cells} cells, and at most {max} are allowed; choose a coarser resolution")]
    TooLarge {
        /// How many it would have.
        cells: u64,
        /// How many are allowed.
        max: u64,
    },
    /// A named place is inside a wall or a shelf, or on no floor.
    #[error("{name} at {point} is not on free floor")]
    Blocked {
        /// The place.
        name: String,
        /// Where it is.
        point: Point,
    },
    /// The point is on no floor of the map.
    #[error("{point} is not on the map")]
    OffTheMap {
        /// The point.
        point: Point,
    },
    /// No walk leads there.
    #[error("no walk leads to {point}")]
    Unreachable {
        /// The point.
        point: Point,
    },
    /// There is no such tour.
    #[error(transparent)]
    Tour(#[from] TourError),
}

impl DomainError for PathError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } => ErrorKind::NotFound,
            Self::Tour(error) => error.kind(),
            _ => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidPlan { .. } | Self::InvalidPart { .. } => "plan_invalid",
            Self::InvalidMap { .. } => "map_invalid",
            Self::TechniqueUnfit { .. } => "technique_unfit",
            Self::NotPrepared => "map_not_prepared",
            Self::InvalidIndex { .. } => "index_invalid",
            Self::TooLarge { .. } => "map_too_large",
            Self::Blocked { .. } => "place_blocked",
            Self::OffTheMap { .. } => "off_the_map",
            Self::Unreachable { .. } => "unreachable",
            Self::Tour(error) => error.code(),
        }
    }
}
