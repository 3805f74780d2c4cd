//! Contraction hierarchies of the crate `fast_paths`.

use benches::graph::{Graph, NO_WALK};
use fast_paths::{FastGraph, InputGraph, PathCalculator};

use super::Walker;

/// Its preparation takes half a minute where there are some 40,000 nodes.
pub(super) const NODES_SOON_PREPARED: usize = 6_000;

pub(super) struct FastPaths {
    graph: FastGraph,
    calculator: PathCalculator,
}

impl FastPaths {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut input = InputGraph::new();
        for from in 0..graph.cells.len() {
            for (to, cost) in graph.steps(from as u32) {
                input.add_edge(from, to as usize, cost as usize);
            }
        }
        input.freeze();
        let graph = fast_paths::prepare(&input);
        Self { calculator: fast_paths::create_calculator(&graph), graph }
    }
}

impl Walker for FastPaths {
    fn name(&self) -> &'static str {
        "fast_paths"
    }

    fn walk(&mut self, from: u32, to: u32) -> (f64, Vec<u32>) {
        let found = self.calculator.calc_path(&self.graph, from as usize, to as usize);
        found.map_or((Graph::length(NO_WALK), Vec::new()), |path| {
            let nodes = path.get_nodes().iter().map(|&node| node as u32).collect();
            (Graph::length(path.get_weight() as u32), nodes)
        })
    }
}
