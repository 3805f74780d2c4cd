//! Shortest 1-trees over a full matrix: Prim's algorithm (Bell System Technical Journal 36, 1957) in its quadratic form.

use super::ascent::Relaxation;
use super::one_tree::{Branch, Edge, Marginals, OneTree};

pub(super) struct DenseTrees<'a> {
    costs: &'a [f64],
    nodes: usize,
    outside: Vec<Outside>,
    tree: OneTree,
}

/// A node that is not yet in the tree.
#[derive(Clone, Copy)]
struct Outside {
    /// Of the cheapest edge into the tree, with the weights of both ends.
    cost: f64,
    node: u32,
    nearest: u32,
}

impl<'a> DenseTrees<'a> {
    /// Row-major costs; infinite where no edge is.
    pub(super) fn new(costs: &'a [f64], nodes: usize) -> Self {
        Self { costs, nodes, outside: Vec::with_capacity(nodes), tree: OneTree::new(nodes) }
    }

    fn span(&mut self, weights: &[f64], violations: &mut [i32]) -> f64 {
        self.tree.clear();
        self.outside.clear();
        let outside = |node| Outside { cost: f64::INFINITY, node: node as u32, nearest: 1 };
        self.outside.extend((2..self.nodes).map(outside));
        let (mut length, mut added) = (0.0, 1);
        while !self.outside.is_empty() {
            let row = &self.costs[added * self.nodes..][..self.nodes];
            let weight = weights[added];
            let (mut closest, mut least) = (0, f64::INFINITY);
            for (index, outside) in self.outside.iter_mut().enumerate() {
                let node = outside.node as usize;
                let cost = row[node] + weight + weights[node];
                if cost < outside.cost {
                    outside.cost = cost;
                    outside.nearest = added as u32;
                }
                if outside.cost < least {
                    (closest, least) = (index, outside.cost);
                }
            }
            let Outside { cost, node, nearest } = self.outside.swap_remove(closest);
            added = node as usize;
            length += cost;
            self.tree.push(Branch { node: added, above: nearest as usize, cost }, violations);
        }
        length
    }

    /// The edges that a round trip shorter than `target` can use, because the shortest 1-tree with such an edge costs
    /// less.
    pub(super) fn possible_edges(&mut self, weights: &[f64], target: f64) -> Vec<Edge> {
        let mut violations = vec![0; self.nodes];
        let slack = target - self.bound(weights, &mut violations);
        let mut marginals = Marginals::new(&self.tree);
        let key = |a: usize, b: usize| self.costs[a * self.nodes + b] + weights[a] + weights[b];
        let dearest_at_first = key(0, self.tree.at_first()[1]);
        let mut edges = Vec::new();
        for a in 0..self.nodes {
            for b in a + 1..self.nodes {
                let replaced = if a == 0 { dearest_at_first } else { marginals.see((a, b), key(a, b)) };
                if key(a, b) - replaced < slack {
                    edges.push(Edge { ends: (a, b), cost: self.costs[a * self.nodes + b] });
                }
            }
        }
        edges
    }
}

impl Relaxation for DenseTrees<'_> {
    fn bound(&mut self, weights: &[f64], violations: &mut [i32]) -> f64 {
        violations.fill(-2);
        let mut length = self.span(weights, violations);
        let edges = self.costs[..self.nodes].iter().zip(weights).enumerate().skip(1);
        length += self.tree.close(edges.map(|(node, (cost, weight))| (node, cost + weight)), violations);
        length + 2.0 * weights[0] - 2.0 * weights.iter().sum::<f64>()
    }

    fn work(&self) -> usize {
        self.nodes * self.nodes / 2
    }
}
