//! Shortest 1-trees over the few edges that are left in a branch of the search: Prim's algorithm with a list of the nodes
//! next to the tree, which stays so short that no heap is faster.

use super::ascent::Relaxation;
use super::one_tree::{Branch, Edge, OneTree};

/// What a branch has decided about an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Free,
    Kept,
    Dropped,
}

pub(super) struct SparseTrees {
    nodes: usize,
    /// The edges at each node as seen from there, one node after the other.
    links: Vec<Link>,
    /// Where the links of each node begin, and the end of the last.
    first_link: Vec<usize>,
    /// How much cheaper kept edges are made, so that no 1-tree leaves them out.
    reward: f64,
    kept: usize,
    /// For each node, the cheapest edge into the tree: infinite if there is none yet, minus infinity inside the tree.
    reach: Vec<f64>,
    nearest: Vec<u32>,
    /// The nodes next to the tree.
    fringe: Vec<u32>,
    tree: OneTree,
}

#[derive(Clone, Copy)]
struct Link {
    cost: f64,
    to: u32,
}

impl SparseTrees {
    /// `longest` is the greatest absolute cost of an edge.
    pub(super) fn new(nodes: usize, longest: f64) -> Self {
        Self {
            nodes,
            links: Vec::new(),
            first_link: Vec::with_capacity(nodes + 1),
            reward: 4.0 * longest * nodes as f64,
            kept: 0,
            reach: vec![0.0; nodes],
            nearest: vec![0; nodes],
            fringe: Vec::with_capacity(nodes),
            tree: OneTree::new(nodes),
        }
    }

    pub(super) fn tree(&self) -> &OneTree {
        &self.tree
    }

    /// Sets which edges may and must be used. `edges_at`: the indices of the edges at each node.
    pub(super) fn restrict(&mut self, edges: &[Edge], edges_at: &[Vec<usize>], fates: &[Fate]) {
        self.links.clear();
        self.first_link.clear();
        for (node, indices) in edges_at.iter().enumerate() {
            self.first_link.push(self.links.len());
            for &index in indices {
                let Edge { ends: (a, b), cost } = edges[index];
                let cost = match fates[index] {
                    Fate::Free => cost,
                    Fate::Kept => cost - self.reward,
                    Fate::Dropped => continue,
                };
                self.links.push(Link { cost, to: (a + b - node) as u32 });
            }
        }
        self.first_link.push(self.links.len());
        self.kept = fates.iter().filter(|&&fate| fate == Fate::Kept).count();
    }

    fn span(&mut self, weights: &[f64], violations: &mut [i32]) -> f64 {
        self.tree.clear();
        self.fringe.clear();
        self.reach.fill(f64::INFINITY);
        self.reach[0] = f64::NEG_INFINITY;
        let (mut length, mut added) = (0.0, 1);
        for _ in 2..self.nodes {
            self.reach[added] = f64::NEG_INFINITY;
            for link in &self.links[self.first_link[added]..self.first_link[added + 1]] {
                let to = link.to as usize;
                let (cost, known) = (link.cost + weights[added] + weights[to], self.reach[to]);
                if cost < known {
                    if known == f64::INFINITY {
                        self.fringe.push(link.to);
                    }
                    self.reach[to] = cost;
                    self.nearest[to] = added as u32;
                }
            }
            let (mut closest, mut cost) = (0, f64::INFINITY);
            for (index, &node) in self.fringe.iter().enumerate() {
                if self.reach[node as usize] < cost {
                    (closest, cost) = (index, self.reach[node as usize]);
                }
            }
            if cost == f64::INFINITY {
                return cost;
            }
            added = self.fringe.swap_remove(closest) as usize;
            length += cost;
            self.tree.push(Branch { node: added, above: self.nearest[added] as usize, cost }, violations);
        }
        length
    }
}

impl Relaxation for SparseTrees {
    fn bound(&mut self, weights: &[f64], violations: &mut [i32]) -> f64 {
        violations.fill(-2);
        let mut length = self.span(weights, violations);
        let links = self.links[..self.first_link[1]].iter();
        length += self
            .tree
            .close(links.map(|link| (link.to as usize, link.cost + weights[link.to as usize])), violations);
        length + self.reward * self.kept as f64 + 2.0 * weights[0] - 2.0 * weights.iter().sum::<f64>()
    }

    fn work(&self) -> usize {
        2 * self.links.len() + 8 * self.nodes
    }
}
