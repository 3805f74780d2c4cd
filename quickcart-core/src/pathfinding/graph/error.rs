//! Why a graph could not be made or asked.

use super::super::TourError;
use crate::error::{DomainError, ErrorKind};

/// Why a graph could not be made or asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A graph has fewer nodes and arcs.
    #[error("a graph has less than {max} nodes and as many arcs, and {count} were given")]
    TooLarge {
        /// How many nodes or arcs were given.
        count: usize,
        /// How many are too many.
        max: usize,
    },
    /// An arc's end is no node.
    #[error("arc {index} leads from {from} to {to}, and there are only {nodes} nodes, counted from 0")]
    NoSuchEnd {
        /// Its place among the arcs that were given, counted from 0.
        index: usize,
        /// Where it begins.
        from: usize,
        /// Where it ends.
        to: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// An arc's cost is not from 0 to [`Graph::COST_MAX`](super::Graph::COST_MAX).
    #[error("arc {index} from {from} to {to} costs {cost}, which is not from 0 to {max:e}", max = super::Graph::COST_MAX)]
    InvalidCost {
        /// Its place among the arcs that were given, counted from 0.
        index: usize,
        /// Where it begins.
        from: usize,
        /// Where it ends.
        to: usize,
        /// What it costs.
        cost: f64,
    },
    /// There is no such node.
    #[error("there is no node {node}, only {nodes} of them, counted from 0")]
    NoSuchNode {
        /// The node.
        node: usize,
        /// How many there are.
        nodes: usize,
    },
    /// No arc leads from the one node to the other.
    #[error("no arc leads from {from} to {to}")]
    NoSuchArc {
        /// Where it would begin.
        from: usize,
        /// Where it would end.
        to: usize,
    },
    /// There is no such tour.
    #[error(transparent)]
    Tour(#[from] TourError),
    /// No walk leads there.
    #[error("no walk leads from {from} to {to}")]
    Unreachable {
        /// The start.
        from: usize,
        /// The goal.
        to: usize,
    },
}

impl DomainError for GraphError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } => ErrorKind::NotFound,
            Self::Tour(error) => error.kind(),
            _ => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "graph_too_large",
            Self::NoSuchEnd { .. } | Self::InvalidCost { .. } => "arc_invalid",
            Self::NoSuchNode { .. } => "node_unknown",
            Self::NoSuchArc { .. } => "arc_unknown",
            Self::Unreachable { .. } => "unreachable",
            Self::Tour(error) => error.code(),
        }
    }
}
