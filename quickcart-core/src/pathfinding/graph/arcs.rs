//! Arcs in rows of their nodes (compressed sparse rows), in both directions.

use super::{Graph, GraphError};

/// The place of an arc among those that leave its node, after those of all nodes before.
pub(super) type Arc = u32;

/// No arc.
pub(super) const NONE: Arc = Arc::MAX;

/// All arcs of a graph.
#[derive(Clone, Debug)]
pub(super) struct Arcs {
    /// For each node its first arc in `tails`, `heads`, `costs` and `is_blocked`, and their number behind the last node.
    leaving: Vec<Arc>,
    pub(super) tails: Vec<u32>,
    pub(super) heads: Vec<u32>,
    pub(super) costs: Vec<f64>,
    is_blocked: Vec<bool>,
    /// The same for those that enter a node, whose places are in `sources`.
    entering: Vec<u32>,
    sources: Vec<Arc>,
}

impl Arcs {
    /// # Errors
    /// [`GraphError`] for the first arc that cannot be one.
    pub(super) fn of(
        nodes: usize,
        arcs: impl IntoIterator<Item = (usize, usize, f64)>,
    ) -> Result<Self, GraphError> {
        let max = NONE as usize;
        if nodes >= max {
            return Err(GraphError::TooLarge { count: nodes, max });
        }
        let mut all: Vec<(u32, u32, f64)> = Vec::new();
        for (index, (from, to, cost)) in arcs.into_iter().enumerate() {
            if from.max(to) >= nodes {
                return Err(GraphError::NoSuchEnd { index, from, to, nodes });
            }
            if !(0.0..=Graph::COST_MAX).contains(&cost) {
                return Err(GraphError::InvalidCost { index, from, to, cost });
            }
            if index >= max {
                return Err(GraphError::TooLarge { count: index, max });
            }
            // Adding zero makes -0 a 0, whose bits sort first.
            all.push((from as u32, to as u32, cost + 0.0));
        }
        all.sort_by_key(|&(from, to, _)| (from, to));
        let mut sources: Vec<Arc> = (0..all.len() as Arc).collect();
        sources.sort_by_key(|&arc| all[arc as usize].1);
        Ok(Self {
            leaving: firsts(nodes, all.iter().map(|arc| arc.0)),
            entering: firsts(nodes, sources.iter().map(|&arc| all[arc as usize].1)),
            sources,
            tails: all.iter().map(|arc| arc.0).collect(),
            heads: all.iter().map(|arc| arc.1).collect(),
            costs: all.iter().map(|arc| arc.2).collect(),
            is_blocked: vec![false; all.len()],
        })
    }

    pub(super) fn node_count(&self) -> usize {
        self.leaving.len() - 1
    }

    /// The free arcs that leave a node.
    pub(super) fn leaving(&self, node: u32) -> impl Iterator<Item = Arc> {
        self.row(node).filter(|&arc| !self.is_blocked[arc as usize])
    }

    /// The free arcs that enter a node.
    pub(super) fn entering(&self, node: u32) -> impl Iterator<Item = Arc> {
        let row = self.entering[node as usize] as usize..self.entering[node as usize + 1] as usize;
        self.sources[row].iter().copied().filter(|&arc| !self.is_blocked[arc as usize])
    }

    /// The arcs from one node to another, free or not.
    pub(super) fn between(&self, from: u32, to: u32) -> impl Iterator<Item = Arc> {
        self.row(from).filter(move |&arc| self.heads[arc as usize] == to)
    }

    /// Blocks or frees an arc; whether that changes it.
    pub(super) fn set_blocked(&mut self, arc: Arc, is_blocked: bool) -> bool {
        std::mem::replace(&mut self.is_blocked[arc as usize], is_blocked) != is_blocked
    }

    fn row(&self, node: u32) -> std::ops::Range<Arc> {
        self.leaving[node as usize]..self.leaving[node as usize + 1]
    }
}

/// Where the row of each node begins in what is sorted by `nodes`, and where the last one ends.
fn firsts(count: usize, nodes: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut firsts = vec![0; count + 1];
    nodes.for_each(|node| firsts[node as usize + 1] += 1);
    (0..count).for_each(|node| firsts[node + 1] += firsts[node]);
    firsts
}
