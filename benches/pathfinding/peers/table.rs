//! The limit: every answer computed before, in tables that stay in memory.

use benches::graph::Graph;

/// The distances between all nodes and the first step of every walk. Fit for small maps: four bytes and one for each
/// pair.
pub(crate) struct Tables {
    nodes: usize,
    distances: Vec<f32>,
    /// Which arc of the node leads towards the goal.
    first_arcs: Vec<u8>,
}

impl Tables {
    pub(crate) fn of(graph: &Graph) -> Self {
        let nodes = graph.cells.len();
        let mut tables =
            Self { nodes, distances: vec![0.0; nodes * nodes], first_arcs: vec![0; nodes * nodes] };
        for goal in 0..nodes {
            let costs = graph.dijkstra(goal as u32);
            for from in 0..nodes {
                tables.distances[from * nodes + goal] = Graph::length(costs[from]) as f32;
                let towards = graph.steps(from as u32).position(|(next, step)| {
                    costs[from].checked_sub(step).is_some_and(|rest| rest == costs[next as usize])
                });
                // One walks against the columns of a goal, so that they lie side by side.
                tables.first_arcs[goal * nodes + from] = towards.unwrap_or(0) as u8;
            }
        }
        tables
    }

    pub(crate) fn distance(&self, from: u32, to: u32) -> f64 {
        f64::from(self.distances[from as usize * self.nodes + to as usize])
    }

    /// The nodes of a walk between nodes that are joined.
    pub(crate) fn walk(&self, graph: &Graph, from: u32, to: u32) -> Vec<u32> {
        let towards = &self.first_arcs[to as usize * self.nodes..][..self.nodes];
        let mut nodes = vec![from];
        let mut node = from;
        while node != to {
            let arc = graph.arcs(node).start + usize::from(towards[node as usize]);
            node = graph.heads[arc];
            nodes.push(node);
        }
        nodes
    }
}
