//! Branch and bound over 1-tree bounds, most promising branch first. Branching at a node of too high a degree and the
//! tests that keep or drop edges by their marginal costs are those of Volgenant and Jonker ("A branch and bound algorithm
//! for the symmetric traveling salesman problem based on the 1-tree relaxation", European Journal of Operational Research
//! 9, 1982, and "Nonoptimal edges for the symmetric traveling salesman problem", Operations Research 32, 1984).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::ascent::{Ascent, Relaxation, Weights};
use super::budget::Budget;
use super::one_tree::{Edge, Marginals};
use super::sparse_trees::{Fate, SparseTrees};

/// A part of the search: the round trips that keep and drop certain edges.
struct Branch {
    weights: Weights,
    fates: Box<[Fate]>,
    /// Edges to decide about next: one or two of a node.
    split: Split,
}

#[derive(Clone, Copy)]
struct Split {
    first: usize,
    second: Option<usize>,
}

impl PartialEq for Branch {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Branch {}

impl PartialOrd for Branch {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Branch {
    /// The greatest is the one with the lowest bound.
    fn cmp(&self, other: &Self) -> Ordering {
        other.weights.bound.total_cmp(&self.weights.bound)
    }
}

/// The result of a search.
pub(super) struct Proof {
    /// A round trip shorter than the one the search began with.
    pub(super) better: Option<(Vec<usize>, f64)>,
    /// No round trip is shorter.
    pub(super) lower_bound: f64,
}

pub(super) struct Search<'a> {
    nodes: usize,
    edges: &'a [Edge],
    trees: SparseTrees,
    upper_bound: f64,
    /// Round trips are only worth finding below `upper_bound - margin`.
    margin: f64,
    open: BinaryHeap<Branch>,
    better: Option<Vec<usize>>,
    /// The lowest bound of a branch that was given up: it may hold a round trip that is shorter by less than the margin.
    closed: f64,
    degrees: Vec<i32>,
    edges_at: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    pub(super) fn new(edges: &'a [Edge], nodes: usize, upper_bound: f64, margin: f64) -> Self {
        let longest = edges.iter().map(|edge| edge.cost.abs()).fold(1.0, f64::max);
        let mut edges_at = vec![Vec::new(); nodes];
        for (index, edge) in edges.iter().enumerate() {
            edges_at[edge.ends.0].push(index);
            edges_at[edge.ends.1].push(index);
        }
        Self {
            nodes,
            edges,
            trees: SparseTrees::new(nodes, longest),
            upper_bound,
            margin,
            open: BinaryHeap::new(),
            better: None,
            closed: f64::INFINITY,
            degrees: vec![0; nodes],
            edges_at,
        }
    }

    fn target(&self) -> f64 {
        self.upper_bound - self.margin
    }

    /// Searches until the gap is small enough, or the budget ends.
    pub(super) fn run(mut self, root: &Weights, gap: f64, budget: &mut Budget<'_>) -> Proof {
        self.explore(root, vec![Fate::Free; self.edges.len()].into(), budget);
        while let Some(branch) = self.open.pop() {
            if branch.weights.bound >= self.target().min(self.upper_bound - gap) || budget.is_spent() {
                self.open.push(branch);
                break;
            }
            let Branch { weights, fates, split } = branch;
            let child = |decisions: &[(usize, Fate)]| {
                let mut fates = fates.clone();
                for &(edge, fate) in decisions {
                    fates[edge] = fate;
                }
                fates
            };
            self.explore(&weights, child(&[(split.first, Fate::Dropped)]), budget);
            match split.second {
                None => self.explore(&weights, child(&[(split.first, Fate::Kept)]), budget),
                Some(second) => {
                    self.explore(
                        &weights,
                        child(&[(split.first, Fate::Kept), (second, Fate::Dropped)]),
                        budget,
                    );
                    self.explore(&weights, child(&[(split.first, Fate::Kept), (second, Fate::Kept)]), budget);
                }
            }
        }
        let open = self.open.peek().map_or(f64::INFINITY, |branch| branch.weights.bound);
        Proof {
            better: self.better.map(|order| (order, self.upper_bound)),
            lower_bound: open.min(self.closed).min(self.upper_bound),
        }
    }

    /// Bounds a branch, and keeps it when it may hold a shorter round trip.
    fn explore(&mut self, parent: &Weights, mut fates: Box<[Fate]>, budget: &mut Budget<'_>) {
        if !self.propagate(&mut fates) {
            return;
        }
        self.trees.restrict(self.edges, &self.edges_at, &fates);
        let ascent = Ascent { steps_max: 20, scale: 0.5, scale_min: 0.05, patience: 3 };
        let target = self.target();
        let mut weights = ascent.run(&mut self.trees, parent, self.upper_bound, target, budget);
        let bound = self.trees.bound(&weights.node, &mut self.degrees);
        if bound == f64::INFINITY {
            return;
        }
        weights.bound = weights.bound.max(bound).max(parent.bound);
        if self.degrees.iter().all(|&degree| degree == 0) {
            let edges: Vec<(usize, usize)> = self.trees.tree().edges().collect();
            self.found(&edges);
        }
        if weights.bound >= self.target() {
            self.closed = self.closed.min(weights.bound);
            return;
        }
        if let Some(split) = self.split(&weights, bound, &mut fates) {
            self.open.push(Branch { weights, fates, split });
        }
    }

    /// These edges are a round trip, the shortest of its branch.
    fn found(&mut self, round_trip: &[(usize, usize)]) {
        let mut at: Vec<[usize; 2]> = vec![[usize::MAX; 2]; self.nodes];
        for &(a, b) in round_trip {
            for (node, other) in [(a, b), (b, a)] {
                let free = usize::from(at[node][0] != usize::MAX);
                at[node][free] = other;
            }
        }
        let cost: f64 = self
            .edges
            .iter()
            .filter(|edge| at[edge.ends.0].contains(&edge.ends.1))
            .map(|edge| edge.cost)
            .sum();
        if cost >= self.upper_bound {
            return;
        }
        let (mut order, mut previous, mut node) = (vec![0], 0, at[0][0]);
        while node != 0 {
            order.push(node);
            let next = if at[node][0] == previous { at[node][1] } else { at[node][0] };
            (previous, node) = (node, next);
        }
        self.upper_bound = cost;
        self.better = Some(order);
    }

    /// Keeps and drops the edges whose other fate costs too much, and chooses what to decide next. None: the branch holds
    /// nothing shorter.
    fn split(&mut self, weights: &Weights, bound: f64, fates: &mut [Fate]) -> Option<Split> {
        let key = |edge: &Edge| edge.cost + weights.node[edge.ends.0] + weights.node[edge.ends.1];
        let slack = self.upper_bound - self.margin - bound;
        let mut marginals = Marginals::new(self.trees.tree());
        let at_first = self.trees.tree().at_first();
        let free_at_first = self.edges_at[0]
            .iter()
            .filter(|&&edge| fates[edge] == Fate::Free && at_first.contains(&self.edges[edge].ends.1));
        let dearest_at_first =
            free_at_first.map(|&edge| key(&self.edges[edge])).fold(f64::NEG_INFINITY, f64::max);
        for (edge, fate) in self.edges.iter().zip(fates.iter_mut()) {
            if *fate != Fate::Free || marginals.substitute(edge.ends).is_some() {
                continue;
            }
            let own = key(edge);
            let dearest = if edge.ends.0 == 0 {
                marginals.see_at_first(own);
                dearest_at_first
            } else {
                marginals.see(edge.ends, own)
            };
            if own - dearest >= slack {
                *fate = Fate::Dropped;
            }
        }
        let mut gains = vec![f64::NEG_INFINITY; self.edges.len()];
        for ((edge, fate), gain) in self.edges.iter().zip(fates.iter_mut()).zip(&mut gains) {
            let substitute = marginals.substitute(edge.ends).filter(|_| *fate == Fate::Free);
            if let Some(substitute) = substitute {
                *gain = substitute - key(edge);
                if *gain >= slack {
                    *fate = Fate::Kept;
                }
            }
        }
        if !self.propagate(fates) {
            return None;
        }
        if !fates.contains(&Fate::Free) {
            // Nothing is left to decide: the kept edges are the only round trip.
            let kept = self.edges.iter().zip(fates.iter()).filter(|(_, fate)| **fate == Fate::Kept);
            let kept: Vec<(usize, usize)> = kept.map(|(edge, _)| edge.ends).collect();
            self.found(&kept);
            return None;
        }
        self.choose(fates, &gains)
    }

    fn choose(&self, fates: &[Fate], gains: &[f64]) -> Option<Split> {
        let mut best: Option<(f64, Split)> = None;
        for node in 0..self.nodes {
            if self.degrees[node] < 1 {
                continue;
            }
            let mut kept = 0;
            let (mut first, mut second) = (None, None);
            let gain = |edge: Option<usize>| edge.map_or(f64::NEG_INFINITY, |edge: usize| gains[edge]);
            for &edge in &self.edges_at[node] {
                match fates[edge] {
                    Fate::Kept => kept += 1,
                    Fate::Free if gains[edge] > gain(first) => (second, first) = (first, Some(edge)),
                    Fate::Free if gains[edge] > gain(second) => second = Some(edge),
                    Fate::Free | Fate::Dropped => {}
                }
            }
            let Some(first) = first else { continue };
            let second = second.filter(|_| kept == 0);
            let second_gain = second.map_or(gains[first], |edge| gains[edge]);
            let score = gains[first].min(1e12) + second_gain.min(1e12);
            if best.as_ref().is_none_or(|(other, _)| score > *other) {
                best = Some((score, Split { first, second }));
            }
        }
        // Edges were decided since: any free edge goes on with the search.
        let any = || (0..self.edges.len()).find(|&edge| fates[edge] == Fate::Free);
        best.map(|(_, split)| split).or_else(|| any().map(|first| Split { first, second: None }))
    }

    /// Draws the conclusions from kept and dropped edges; false when no round trip is left.
    fn propagate(&self, fates: &mut [Fate]) -> bool {
        let mut stack: Vec<usize> = (0..self.nodes).collect();
        while let Some(node) = stack.pop() {
            let (mut kept, mut free) = (0, 0);
            for &edge in &self.edges_at[node] {
                match fates[edge] {
                    Fate::Kept => kept += 1,
                    Fate::Free => free += 1,
                    Fate::Dropped => {}
                }
            }
            if kept > 2 || kept + free < 2 {
                return false;
            }
            if free == 0 || (kept < 2 && kept + free > 2) {
                continue;
            }
            let fate = if kept == 2 { Fate::Dropped } else { Fate::Kept };
            for &edge in &self.edges_at[node] {
                if fates[edge] == Fate::Free {
                    fates[edge] = fate;
                    let (a, b) = self.edges[edge].ends;
                    stack.push(a + b - node);
                }
            }
        }
        self.drop_short_cycles(fates)
    }

    /// Drops edges that would close a cycle of kept edges too early; false when one is closed.
    fn drop_short_cycles(&self, fates: &mut [Fate]) -> bool {
        let mut roots: Vec<usize> = (0..self.nodes).collect();
        let (mut kept, mut closed) = (0, 0);
        for (edge, fate) in self.edges.iter().zip(fates.iter()) {
            if *fate == Fate::Kept {
                kept += 1;
                let (a, b) = (root(&mut roots, edge.ends.0), root(&mut roots, edge.ends.1));
                closed += usize::from(a == b);
                roots[a] = b;
            }
        }
        if closed > 0 {
            return closed == 1 && kept == self.nodes;
        }
        if kept + 1 < self.nodes {
            let mut changed = false;
            for (edge, fate) in self.edges.iter().zip(fates.iter_mut()) {
                if *fate == Fate::Free && root(&mut roots, edge.ends.0) == root(&mut roots, edge.ends.1) {
                    *fate = Fate::Dropped;
                    changed = true;
                }
            }
            if changed {
                return self.propagate(fates);
            }
        }
        true
    }
}

/// The representative of a node's set, with the way there halved (Tarjan and van Leeuwen, Journal of the ACM 31(2), 1984).
fn root(roots: &mut [usize], mut node: usize) -> usize {
    while roots[node] != node {
        roots[node] = roots[roots[node]];
        node = roots[node];
    }
    node
}
