//! A* of the crate `petgraph`.

use ::petgraph::algo::astar;
use ::petgraph::graph::{DiGraph, NodeIndex};
use benches::graph::{Graph, NO_WALK};
use benches::grid::{Cell, Moves};

use super::{Walker, at_least};

pub(super) struct Petgraph<'a> {
    cells: &'a [Cell],
    moves: Moves,
    graph: DiGraph<(), u32>,
}

impl<'a> Petgraph<'a> {
    pub(super) fn new(graph: &'a Graph, moves: Moves) -> Self {
        let arcs = (0..graph.cells.len() as u32)
            .flat_map(|from| graph.steps(from).map(move |(to, cost)| (from, to, cost)));
        Self { cells: &graph.cells, moves, graph: DiGraph::from_edges(arcs) }
    }
}

impl Walker for Petgraph<'_> {
    fn name(&self) -> &'static str {
        "petgraph astar"
    }

    fn walk(&mut self, from: u32, to: u32) -> (f64, Vec<u32>) {
        let goal = self.cells[to as usize];
        let estimate = |node: NodeIndex| at_least(self.cells[node.index()], goal, self.moves);
        let found = astar(
            &self.graph,
            from.into(),
            |node| node.index() == to as usize,
            |arc| *arc.weight(),
            estimate,
        );
        found.map_or((Graph::length(NO_WALK), Vec::new()), |(cost, nodes)| {
            (Graph::length(cost), nodes.into_iter().map(|node| node.index() as u32).collect())
        })
    }
}
