//! A* of the crate `pathfinding`.

use ::pathfinding::prelude::astar;
use benches::graph::{Graph, NO_WALK};
use benches::grid::Moves;

use super::{Walker, at_least};

pub(super) struct AStar<'a> {
    graph: &'a Graph,
    moves: Moves,
}

impl<'a> AStar<'a> {
    pub(super) fn new(graph: &'a Graph, moves: Moves) -> Self {
        Self { graph, moves }
    }
}

impl Walker for AStar<'_> {
    fn name(&self) -> &'static str {
        "pathfinding astar"
    }

    fn walk(&mut self, from: u32, to: u32) -> (f64, Vec<u32>) {
        let cells = &self.graph.cells;
        let goal = cells[to as usize];
        let estimate = |node: &u32| at_least(cells[*node as usize], goal, self.moves);
        let found = astar(&from, |&node| self.graph.steps(node), estimate, |&node| node == to);
        found.map_or((Graph::length(NO_WALK), Vec::new()), |(nodes, cost)| (Graph::length(cost), nodes))
    }
}
