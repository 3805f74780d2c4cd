//! Others who find shortest walks, all on the same graph.

mod a_star;
#[cfg(feature = "peers")]
mod cch;
#[cfg(feature = "peers")]
mod contraction;
#[cfg(feature = "peers")]
mod petgraph;
pub(super) mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use benches::graph::{DIAGONAL, Graph, STRAIGHT};
use benches::grid::{Cell, Moves};

/// Somebody who walks from node to node. Lengths are infinite where no walk leads.
pub(super) trait Walker {
    fn name(&self) -> &'static str;

    /// The length of a walk, and its nodes.
    fn walk(&mut self, from: u32, to: u32) -> (f64, Vec<u32>);

    /// The length alone.
    fn distance(&mut self, from: u32, to: u32) -> f64 {
        self.walk(from, to).0
    }
}

/// Somebody with an index that was prepared before.
pub(super) trait Index {
    /// How long the preparation took.
    fn took(&self) -> Duration;

    fn queries(&self) -> Box<dyn Walker>;

    /// The lengths from each of some nodes to each of others, row after row.
    fn matrix(&self, from: &[u32], to: &[u32]) -> Vec<f64>;

    /// The same index with costs of its own, which may change.
    fn changing(&self) -> Box<dyn Changing>;
}

/// An index whose costs follow what is blocked.
pub(super) trait Changing {
    /// Sets the costs of some arcs, `None` for one that nobody may take, and makes the index fit them.
    fn set(&mut self, costs: &BTreeMap<u32, Option<u32>>);

    fn distance(&self, from: u32, to: u32) -> f64;
}

/// The strongest peer, routingkit-cch, where it is compiled.
#[cfg(feature = "peers")]
pub(super) fn index(graph: &Graph) -> Option<Box<dyn Index>> {
    Some(Box::new(cch::Cch::prepare(graph)))
}

#[cfg(not(feature = "peers"))]
pub(super) fn index(_: &Graph) -> Option<Box<dyn Index>> {
    None
}

/// Everybody without an index, and fast_paths where its preparation is short, or with `is_long` anyway.
#[cfg(feature = "peers")]
pub(super) fn walkers(graph: &Graph, moves: Moves, is_long: bool) -> Vec<Box<dyn Walker + '_>> {
    let mut walkers: Vec<Box<dyn Walker + '_>> =
        vec![Box::new(a_star::AStar::new(graph, moves)), Box::new(petgraph::Petgraph::new(graph, moves))];
    if is_long || graph.cells.len() <= contraction::NODES_SOON_PREPARED {
        walkers.push(Box::new(contraction::FastPaths::new(graph)));
    }
    walkers
}

#[cfg(not(feature = "peers"))]
pub(super) fn walkers(graph: &Graph, moves: Moves, _: bool) -> Vec<Box<dyn Walker + '_>> {
    vec![Box::new(a_star::AStar::new(graph, moves))]
}

/// What to know about who is measured.
pub(super) fn notes() -> Vec<String> {
    let missing = "Without routingkit-cch, petgraph and fast_paths, which come with --features peers.";
    if cfg!(feature = "peers") { Vec::new() } else { vec![missing.to_owned()] }
}

/// What a walk between two cells costs at least: the estimate of every A* here.
fn at_least((x1, y1): Cell, (x2, y2): Cell, moves: Moves) -> u32 {
    let (dx, dy) = (x1.abs_diff(x2) as u32, y1.abs_diff(y2) as u32);
    match moves {
        Moves::Four => (dx + dy) * STRAIGHT,
        Moves::Eight => dx.abs_diff(dy) * STRAIGHT + dx.min(dy) * DIAGONAL,
    }
}
