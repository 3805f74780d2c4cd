//! 1-trees: a spanning tree of all nodes but node 0, and two edges of node 0. Every round trip is one.

/// An edge between two nodes, `ends.0 < ends.1`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) ends: (usize, usize),
    pub(super) cost: f64,
}

/// A 1-tree that hangs from node 1.
pub(super) struct OneTree {
    nodes: usize,
    /// The edges of the spanning tree, from node 1 outwards.
    branches: Vec<Branch>,
    /// The ends of the two edges at node 0, the cheaper first; node 0 itself where there is none.
    at_first: [usize; 2],
}

/// An edge from a node of the tree to the node above, with the weights of both.
#[derive(Clone, Copy)]
pub(super) struct Branch {
    pub(super) node: usize,
    pub(super) above: usize,
    pub(super) cost: f64,
}

impl OneTree {
    pub(super) fn new(nodes: usize) -> Self {
        Self { nodes, branches: Vec::with_capacity(nodes), at_first: [0; 2] }
    }

    pub(super) fn clear(&mut self) {
        self.branches.clear();
    }

    pub(super) fn push(&mut self, branch: Branch, violations: &mut [i32]) {
        violations[branch.node] += 1;
        violations[branch.above] += 1;
        self.branches.push(branch);
    }

    /// Adds the two cheapest edges of node 0, given with the weight of the other end; what they cost.
    pub(super) fn close(&mut self, edges: impl Iterator<Item = (usize, f64)>, violations: &mut [i32]) -> f64 {
        let (mut first, mut second) = ((0, f64::INFINITY), (0, f64::INFINITY));
        for (node, cost) in edges {
            if cost < first.1 {
                (second, first) = (first, (node, cost));
            } else if cost < second.1 {
                second = (node, cost);
            }
        }
        self.at_first = [first.0, second.0];
        for node in self.at_first {
            violations[node] += 1;
            violations[0] += 1;
        }
        first.1 + second.1
    }

    pub(super) fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        let tree = self.branches.iter().map(|branch| (branch.above, branch.node));
        tree.chain(self.at_first.into_iter().map(|node| (0, node)))
    }

    pub(super) fn at_first(&self) -> [usize; 2] {
        self.at_first
    }
}

/// A 1-tree seen from the edges outside it: which of its edges each could replace.
pub(super) struct Marginals {
    /// For each node but 0 and 1, the node above.
    above: Vec<usize>,
    depth: Vec<u32>,
    /// Of the edge to the node above, with the weights.
    cost: Vec<f64>,
    /// The cheapest edge outside that could stand in for the edge to the node above; for node 0, for its own two.
    substitute: Vec<f64>,
    at_first: [usize; 2],
}

impl Marginals {
    pub(super) fn new(tree: &OneTree) -> Self {
        let nodes = tree.nodes;
        let mut marginals = Self {
            above: vec![0; nodes],
            depth: vec![0; nodes],
            cost: vec![0.0; nodes],
            substitute: vec![f64::INFINITY; nodes],
            at_first: tree.at_first,
        };
        for branch in &tree.branches {
            marginals.above[branch.node] = branch.above;
            marginals.depth[branch.node] = marginals.depth[branch.above] + 1;
            marginals.cost[branch.node] = branch.cost;
        }
        marginals
    }

    /// The cheapest edge seen so far that could stand in for an edge of the 1-tree. None for other edges.
    pub(super) fn substitute(&self, ends: (usize, usize)) -> Option<f64> {
        self.slot(ends).map(|node| self.substitute[node])
    }

    fn slot(&self, (a, b): (usize, usize)) -> Option<usize> {
        match (a, b) {
            (0, _) => self.at_first.contains(&b).then_some(0),
            _ if self.above[a] == b => Some(a),
            _ if self.above[b] == a => Some(b),
            _ => None,
        }
    }

    /// Sees an edge outside the spanning tree, of a cost that includes the weights; the dearest edge it could replace.
    pub(super) fn see(&mut self, (mut a, mut b): (usize, usize), cost: f64) -> f64 {
        let mut dearest = f64::NEG_INFINITY;
        while a != b {
            let deeper = if self.depth[a] >= self.depth[b] { &mut a } else { &mut b };
            dearest = dearest.max(self.cost[*deeper]);
            self.substitute[*deeper] = self.substitute[*deeper].min(cost);
            *deeper = self.above[*deeper];
        }
        dearest
    }

    /// Sees an edge at node 0 outside the 1-tree.
    pub(super) fn see_at_first(&mut self, cost: f64) {
        self.substitute[0] = self.substitute[0].min(cost);
    }
}
