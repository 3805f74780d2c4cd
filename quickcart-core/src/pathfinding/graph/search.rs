//! Cheapest walks: Dijkstra (Numerische Mathematik 1, 1959) from one node, and from both ends at once (Pohl, Machine
//! Intelligence 6, 1971).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::arcs::{Arc, Arcs, NONE};

/// The cheapest walks from one node, or to it.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// What each node costs; infinite where no walk leads.
    pub(super) costs: Vec<f64>,
    /// The arc by which each node is reached.
    pub(super) arcs: Vec<Arc>,
    /// Bits of costs that are not negative are in the order of the costs.
    open: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Tree {
    fn from(arcs: &Arcs, node: u32) -> Self {
        let count = arcs.node_count();
        let mut tree =
            Self { costs: vec![f64::INFINITY; count], arcs: vec![NONE; count], open: BinaryHeap::new() };
        tree.reach(node, 0.0, NONE);
        tree
    }

    fn reach(&mut self, node: u32, cost: f64, arc: Arc) {
        if cost < self.costs[node as usize] {
            self.costs[node as usize] = cost;
            self.arcs[node as usize] = arc;
            self.open.push(Reverse((cost.to_bits(), node)));
        }
    }

    /// The next node to settle: entries that were undercut since they were made are passed over.
    fn settle(&mut self) -> Option<(u32, f64)> {
        while let Some(Reverse((cost, node))) = self.open.pop() {
            let cost = f64::from_bits(cost);
            if cost <= self.costs[node as usize] {
                return Some((node, cost));
            }
        }
        None
    }

    fn least_open(&self) -> f64 {
        self.open.peek().map_or(f64::INFINITY, |Reverse((cost, _))| f64::from_bits(*cost))
    }

    /// The arcs from the start to a node.
    pub(super) fn walk_to(&self, arcs: &Arcs, node: usize) -> Vec<Arc> {
        let arc_to = |node: usize| Some(self.arcs[node]).filter(|&arc| arc != NONE);
        let before = |&arc: &Arc| arc_to(arcs.tails[arc as usize] as usize);
        let mut walk: Vec<Arc> = std::iter::successors(arc_to(node), before).collect();
        walk.reverse();
        walk
    }
}

/// The cheapest walks from a node, until `is_enough` says so of a settled one.
pub(super) fn tree(arcs: &Arcs, from: usize, mut is_enough: impl FnMut(usize) -> bool) -> Tree {
    let mut tree = Tree::from(arcs, from as u32);
    while let Some((node, cost)) = tree.settle() {
        if is_enough(node as usize) {
            break;
        }
        for arc in arcs.leaving(node) {
            tree.reach(arcs.heads[arc as usize], cost + arcs.costs[arc as usize], arc);
        }
    }
    tree.open = BinaryHeap::new();
    tree
}

/// The arcs of a cheapest walk between two nodes.
pub(super) fn walk(arcs: &Arcs, from: usize, to: usize) -> Option<Vec<Arc>> {
    let (mut there, mut back) = (Tree::from(arcs, from as u32), Tree::from(arcs, to as u32));
    let mut best = (f64::INFINITY, from);
    // Written so that ends without a walk, whose sums are infinite, end the search, too.
    while there.least_open() + back.least_open() < best.0 {
        if there.least_open() <= back.least_open() {
            let Some((node, cost)) = there.settle() else { break };
            best = cheaper(best, cost + back.costs[node as usize], node);
            for arc in arcs.leaving(node) {
                there.reach(arcs.heads[arc as usize], cost + arcs.costs[arc as usize], arc);
            }
        } else {
            let Some((node, cost)) = back.settle() else { break };
            best = cheaper(best, cost + there.costs[node as usize], node);
            for arc in arcs.entering(node) {
                back.reach(arcs.tails[arc as usize], cost + arcs.costs[arc as usize], arc);
            }
        }
    }
    let (cost, middle) = best;
    if cost.is_infinite() {
        return None;
    }
    let mut walk = there.walk_to(arcs, middle);
    let mut node = middle;
    while node != to {
        let arc = back.arcs[node];
        walk.push(arc);
        node = arcs.heads[arc as usize] as usize;
    }
    Some(walk)
}

fn cheaper(best: (f64, usize), cost: f64, node: u32) -> (f64, usize) {
    if cost < best.0 { (cost, node as usize) } else { best }
}
