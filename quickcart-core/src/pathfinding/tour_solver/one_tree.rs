//! Shortest 1-trees: a spanning tree of all nodes but node 0 by Prim's algorithm (Bell System Technical Journal 36, 1957),
//! in its quadratic form, which suits a hundred nodes, and the two cheapest edges of node 0.

use super::ascent::Relaxation;

/// Finds shortest 1-trees over a matrix of costs, in which edges can be kept and dropped.
pub(super) struct OneTrees {
    nodes: usize,
    /// Row-major; infinite for dropped edges, and lowered by `reward` for kept ones, which no 1-tree then leaves out.
    costs: Vec<f64>,
    reward: f64,
    kept: usize,
    outside: Vec<Outside>,
    tree: Vec<Branch>,
    at_first: [Option<usize>; 2],
}

/// A node that is not yet in the tree.
#[derive(Clone, Copy)]
struct Outside {
    /// Of the cheapest edge into the tree, with the weights of both ends.
    cost: f64,
    node: u32,
    nearest: u32,
}

/// An edge of the spanning tree, with the weights of both ends.
#[derive(Clone, Copy)]
pub(super) struct Branch {
    pub(super) node: usize,
    pub(super) above: usize,
    pub(super) cost: f64,
}

impl OneTrees {
    pub(super) fn new(costs: &[f64], nodes: usize) -> Self {
        let finite = costs.iter().copied().filter(|cost| cost.is_finite());
        let longest = finite.fold(1.0, |longest: f64, cost| longest.max(cost.abs()));
        Self {
            nodes,
            costs: costs.to_vec(),
            reward: 4.0 * longest * nodes as f64,
            kept: 0,
            outside: Vec::with_capacity(nodes),
            tree: Vec::with_capacity(nodes),
            at_first: [None; 2],
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.nodes
    }

    /// The edges of the last spanning tree, from node 1 outwards.
    pub(super) fn tree(&self) -> &[Branch] {
        &self.tree
    }

    /// The ends of the two edges at node 0 in the last 1-tree, the cheaper first.
    pub(super) fn at_first(&self) -> [Option<usize>; 2] {
        self.at_first
    }

    fn span(&mut self, weights: &[f64], degrees: &mut [i32]) -> f64 {
        self.outside.clear();
        self.outside.extend((2..self.nodes).map(|node| Outside {
            cost: f64::INFINITY,
            node: node as u32,
            nearest: 0,
        }));
        self.tree.clear();
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
            let branch = Branch { node: node as usize, above: nearest as usize, cost };
            length += cost;
            degrees[branch.node] += 1;
            degrees[branch.above] += 1;
            self.tree.push(branch);
            added = branch.node;
        }
        length
    }

    /// Adds the two cheapest edges of node 0.
    fn close(&mut self, weights: &[f64], degrees: &mut [i32]) -> f64 {
        let (mut first, mut second) = ((f64::INFINITY, 0), (f64::INFINITY, 0));
        for (node, (cost, weight)) in self.costs[..self.nodes].iter().zip(weights).enumerate().skip(1) {
            let cost = cost + weight;
            if cost < first.0 {
                (second, first) = (first, (cost, node));
            } else if cost < second.0 {
                second = (cost, node);
            }
        }
        degrees[0] += 2;
        self.at_first = [first.1, second.1].map(|node| (node != 0).then_some(node));
        for node in self.at_first.into_iter().flatten() {
            degrees[node] += 1;
        }
        first.0 + second.0 + 2.0 * weights[0]
    }

    /// Forgets what was kept and dropped.
    pub(super) fn restrict(&mut self, edges: &[Edge], fates: &[Fate]) {
        self.kept = 0;
        for (edge, fate) in edges.iter().zip(fates) {
            let cost = match fate {
                Fate::Free => edge.cost,
                Fate::Kept => edge.cost - self.reward,
                Fate::Dropped => f64::INFINITY,
            };
            self.kept += usize::from(*fate == Fate::Kept);
            let (a, b) = edge.ends;
            self.costs[a * self.nodes + b] = cost;
            self.costs[b * self.nodes + a] = cost;
        }
    }

    /// The edges that a round trip shorter than `target` can use, because the shortest 1-tree with such an edge costs less.
    pub(super) fn possible_edges(&mut self, weights: &[f64], target: f64) -> Vec<Edge> {
        let mut violations = vec![0; self.nodes];
        let slack = target - self.bound(weights, &mut violations);
        let mut marginals = Marginals::new(self);
        let key = |a: usize, b: usize| self.costs[a * self.nodes + b] + weights[a] + weights[b];
        let dearest_at_first = self.at_first[1].map_or(f64::INFINITY, |node| key(0, node));
        let mut edges = Vec::new();
        for a in 0..self.nodes {
            for b in a + 1..self.nodes {
                let replaced = if a == 0 { dearest_at_first } else { marginals.note((a, b), key(a, b)) };
                if key(a, b) - replaced < slack {
                    edges.push(Edge { ends: (a, b), cost: self.costs[a * self.nodes + b] });
                }
            }
        }
        edges
    }

    /// Drops all edges but these.
    pub(super) fn drop_all(&mut self) {
        self.costs.fill(f64::INFINITY);
    }
}

impl Relaxation for OneTrees {
    /// The violations are the degrees less two.
    fn bound(&mut self, weights: &[f64], violations: &mut [i32]) -> f64 {
        violations.fill(-2);
        let length = self.span(weights, violations) + self.close(weights, violations);
        length + self.reward * self.kept as f64 - 2.0 * weights.iter().sum::<f64>()
    }

    fn work(&self) -> usize {
        self.nodes * self.nodes / 2
    }
}

/// An edge between two nodes, `ends.0 < ends.1`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) ends: (usize, usize),
    pub(super) cost: f64,
}

/// What a branch has decided about an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Free,
    Kept,
    Dropped,
}

/// The last 1-tree seen from the edges outside it: what each would replace.
pub(super) struct Marginals {
    /// For each node but 0 and 1: the node above, the depth, the cost of that edge, and the cheapest edge outside that
    /// could stand in for it.
    above: Vec<usize>,
    depth: Vec<u32>,
    cost: Vec<f64>,
    substitute: Vec<f64>,
    at_first: [Option<usize>; 2],
}

impl Marginals {
    pub(super) fn new(trees: &OneTrees) -> Self {
        let nodes = trees.nodes;
        let (mut above, mut depth, mut cost) = (vec![0; nodes], vec![0; nodes], vec![0.0; nodes]);
        for branch in trees.tree() {
            above[branch.node] = branch.above;
            depth[branch.node] = depth[branch.above] + 1;
            cost[branch.node] = branch.cost;
        }
        Self { above, depth, cost, substitute: vec![f64::INFINITY; nodes], at_first: trees.at_first() }
    }

    /// Whether an edge belongs to the 1-tree, and then the node under which its marginals are kept.
    pub(super) fn slot(&self, (a, b): (usize, usize)) -> Option<usize> {
        if a == 0 {
            return self.at_first.contains(&Some(b)).then_some(0);
        }
        if self.above[a] == b && a != 1 {
            Some(a)
        } else if self.above[b] == a && b != 1 {
            Some(b)
        } else {
            None
        }
    }

    /// Notes an edge outside the spanning tree, of a cost that includes the weights; the dearest edge it could replace.
    pub(super) fn note(&mut self, (mut a, mut b): (usize, usize), cost: f64) -> f64 {
        let mut dearest = f64::NEG_INFINITY;
        while a != b {
            let deeper = if self.depth[a] >= self.depth[b] { &mut a } else { &mut b };
            dearest = dearest.max(self.cost[*deeper]);
            self.substitute[*deeper] = self.substitute[*deeper].min(cost);
            *deeper = self.above[*deeper];
        }
        dearest
    }

    pub(super) fn substitute(&self, slot: usize) -> f64 {
        self.substitute[slot]
    }

    pub(super) fn note_at_first(&mut self, cost: f64) {
        self.substitute[0] = self.substitute[0].min(cost);
    }
}
