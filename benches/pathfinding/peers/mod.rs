//! Others who find shortest walks, all on the same graph.

pub(super) mod a_star;
#[cfg(feature = "peers")]
pub(super) mod cch;
#[cfg(feature = "peers")]
mod contraction;
#[cfg(feature = "peers")]
mod petgraph;
pub(super) mod table;

use benches::graph::{DIAGONAL, Graph, STRAIGHT};
use benches::grid::{Cell, Moves};

/// What a bench without peers says.
#[cfg(not(feature = "peers"))]
pub(super) const MISSING: &str =
    "routingkit-cch, petgraph and fast_paths are not measured: cargo bench -p benches --features peers";

/// Somebody who walks from node to node, with the length and the nodes of the walk as an answer; the length is
/// infinite where no walk leads.
pub(super) trait Walker {
    fn name(&self) -> &'static str;
    fn walk(&mut self, from: u32, to: u32) -> (f64, Vec<u32>);
}

/// Everybody who needs no time to prepare, and with `is_long` those who need more than anybody would wait for.
pub(super) fn walkers(graph: &Graph, moves: Moves, is_long: bool) -> Vec<Box<dyn Walker + '_>> {
    let mut walkers: Vec<Box<dyn Walker + '_>> = vec![Box::new(a_star::AStar::new(graph, moves))];
    #[cfg(feature = "peers")]
    {
        walkers.push(Box::new(petgraph::Petgraph::new(graph, moves)));
        if is_long || graph.cells.len() <= contraction::NODES_SOON_PREPARED {
            walkers.push(Box::new(contraction::FastPaths::new(graph)));
        }
    }
    #[cfg(not(feature = "peers"))]
    let _ = is_long;
    walkers
}

/// What a walk between two cells costs at least: the estimate of every A* here.
fn at_least((x1, y1): Cell, (x2, y2): Cell, moves: Moves) -> u32 {
    let (dx, dy) = (x1.abs_diff(x2) as u32, y1.abs_diff(y2) as u32);
    match moves {
        Moves::Four => (dx + dy) * STRAIGHT,
        Moves::Eight => dx.abs_diff(dy) * STRAIGHT + dx.min(dy) * DIAGONAL,
    }
}
