//! A graph that is given as such: nodes, and arcs with costs, where no floor plan tells them.

mod arcs;
mod error;
mod search;

pub use error::GraphError;

use std::sync::OnceLock;

use arcs::{Arc, Arcs};
use search::Tree;

use super::{STOPS_MAX, Tour, TourRequest};

/// Nodes, counted from 0, and arcs between them, each with a direction and a cost.
///
/// Answers are exact but for the rounding of sums. A small graph keeps what it has found out, so that asking again is
/// quick; arcs may be blocked and freed at any time, and the next answer knows.
///
/// ```
/// use quickcart_core::pathfinding::Graph;
///
/// let mut graph = Graph::new(3, [(0, 1, 2.0), (1, 2, 2.0), (0, 2, 5.0)])?;
/// assert_eq!(graph.route(0, 2)?.nodes, [0, 1, 2]);
/// graph.block(1, 2)?;
/// assert_eq!(graph.distance(0, 2)?, 5.0);
/// # Ok::<(), quickcart_core::pathfinding::GraphError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Graph {
    arcs: Arcs,
    /// For each node of a small graph the cheapest walks from there, once somebody has asked.
    trees: Vec<OnceLock<Tree>>,
}

/// A cheapest walk through a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphRoute {
    /// The nodes on the way, from the start to the goal.
    pub nodes: Vec<usize>,
    /// The sum of the arcs' costs.
    pub cost: f64,
}

/// Up to this many nodes a graph keeps its cheapest walks: 48 MB when all are known. To find out all that begin in one
/// node takes as long as three or four single searches; to look one up takes 100 ns.
const KEPT_NODES_MAX: usize = 2_000;

impl Graph {
    /// The most that an arc costs: no sum of such costs is infinite.
    pub const COST_MAX: f64 = 1e290;

    /// Makes a graph of so many nodes and of arcs, each from a node to a node at a cost. For a way in both directions,
    /// give two arcs.
    ///
    /// # Errors
    /// [`GraphError`] for the first arc whose ends are no nodes, or whose cost is negative, too high or no number.
    pub fn new(
        nodes: usize,
        arcs: impl IntoIterator<Item = (usize, usize, f64)>,
    ) -> Result<Self, GraphError> {
        let arcs = Arcs::of(nodes, arcs)?;
        let kept = if nodes <= KEPT_NODES_MAX { nodes } else { 0 };
        Ok(Self { arcs, trees: (0..kept).map(|_| OnceLock::new()).collect() })
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.arcs.node_count()
    }

    /// The cost of the cheapest walk between two nodes.
    ///
    /// # Errors
    /// [`GraphError::NoSuchNode`] and [`GraphError::Unreachable`].
    pub fn distance(&self, from: usize, to: usize) -> Result<f64, GraphError> {
        self.check(&[from, to])?;
        let cost = match self.kept(from) {
            Some(tree) => Some(tree.costs[to]).filter(|cost| cost.is_finite()),
            None => search::walk(&self.arcs, from, to).map(|walk| self.cost_of(&walk)),
        };
        cost.ok_or(GraphError::Unreachable { from, to })
    }

    /// The cheapest walk between two nodes.
    ///
    /// # Errors
    /// [`GraphError::NoSuchNode`] and [`GraphError::Unreachable`].
    pub fn route(&self, from: usize, to: usize) -> Result<GraphRoute, GraphError> {
        self.check(&[from, to])?;
        let walk = match self.kept(from) {
            Some(tree) => tree.costs[to].is_finite().then(|| tree.walk_to(&self.arcs, to)),
            None => search::walk(&self.arcs, from, to),
        };
        let walk = walk.ok_or(GraphError::Unreachable { from, to })?;
        let heads = walk.iter().map(|&arc| self.arcs.heads[arc as usize] as usize);
        Ok(GraphRoute { nodes: std::iter::once(from).chain(heads).collect(), cost: self.cost_of(&walk) })
    }

    /// The costs of the cheapest walks from each of some nodes to each of others, row after row: the one from `from[i]`
    /// to `to[j]` is at `i * to.len() + j`, and infinite where no walk leads.
    ///
    /// # Errors
    /// [`GraphError::NoSuchNode`].
    pub fn matrix(&self, from: &[usize], to: &[usize]) -> Result<Vec<f64>, GraphError> {
        self.check(from)?;
        self.check(to)?;
        let mut costs = Vec::with_capacity(from.len() * to.len());
        for &start in from {
            match self.kept(start) {
                Some(tree) => costs.extend(to.iter().map(|&goal| tree.costs[goal])),
                None => costs.extend(self.costs_to(start, to)),
            }
        }
        Ok(costs)
    }

    /// Which of some nodes is cheapest to walk to, as its place in the list, and the cost; any one of those that are
    /// equally cheap, and `None` when no walk leads to any.
    ///
    /// # Errors
    /// [`GraphError::NoSuchNode`].
    pub fn nearest(&self, from: usize, among: &[usize]) -> Result<Option<(usize, f64)>, GraphError> {
        self.check(&[from])?;
        self.check(among)?;
        let cheapest = |tree: &Tree| {
            let costs = among.iter().map(|&node| tree.costs[node]).enumerate();
            costs.filter(|(_, cost)| cost.is_finite()).min_by(|(_, a), (_, b)| a.total_cmp(b))
        };
        Ok(match self.kept(from) {
            Some(tree) => cheapest(tree),
            None => {
                let wanted = sorted(among);
                let is_enough = |node: usize| wanted.binary_search(&node).is_ok();
                cheapest(&search::tree(&self.arcs, from, is_enough))
            }
        })
    }

    /// The cheapest tour that does what is asked, over nodes.
    ///
    /// # Errors
    /// [`GraphError::NoSuchNode`], and [`GraphError::Tour`] for what cannot be done.
    pub fn tour_for(&self, request: &TourRequest<'_, usize>) -> Result<Tour<usize>, GraphError> {
        request.check(STOPS_MAX)?;
        let places = request.places();
        Ok(request.solve(&self.matrix(&places, &places)?)?)
    }

    /// Blocks every arc from one node to another, until they are freed. Whether any was free.
    ///
    /// # Errors
    /// [`GraphError::NoSuchNode`] and [`GraphError::NoSuchArc`].
    pub fn block(&mut self, from: usize, to: usize) -> Result<bool, GraphError> {
        let blocked = self.change(from, to, true)?;
        // Walks that do not use the arcs are as cheap as before.
        self.forget(|tree, _| blocked.contains(&tree.arcs[to]));
        Ok(!blocked.is_empty())
    }

    /// Frees every arc from one node to another. Whether any was blocked.
    ///
    /// # Errors
    /// [`GraphError::NoSuchNode`] and [`GraphError::NoSuchArc`].
    pub fn free(&mut self, from: usize, to: usize) -> Result<bool, GraphError> {
        let freed = self.change(from, to, false)?;
        // Walks matter only to a node that is cheaper to reach over the arcs.
        self.forget(|tree, arcs| {
            freed.iter().any(|&arc| tree.costs[from] + arcs.costs[arc as usize] < tree.costs[to])
        });
        Ok(!freed.is_empty())
    }

    /// The arcs that are not as before.
    fn change(&mut self, from: usize, to: usize, is_blocked: bool) -> Result<Vec<Arc>, GraphError> {
        self.check(&[from, to])?;
        let mut arcs: Vec<Arc> = self.arcs.between(from as u32, to as u32).collect();
        if arcs.is_empty() {
            return Err(GraphError::NoSuchArc { from, to });
        }
        arcs.retain(|&arc| self.arcs.set_blocked(arc, is_blocked));
        Ok(arcs)
    }

    fn forget(&mut self, is_wrong: impl Fn(&Tree, &Arcs) -> bool) {
        for kept in &mut self.trees {
            if kept.get().is_some_and(|tree| is_wrong(tree, &self.arcs)) {
                kept.take();
            }
        }
    }

    /// All cheapest walks from a node, in a graph that keeps them.
    fn kept(&self, from: usize) -> Option<&Tree> {
        Some(self.trees.get(from)?.get_or_init(|| search::tree(&self.arcs, from, |_| false)))
    }

    fn costs_to(&self, from: usize, to: &[usize]) -> impl Iterator<Item = f64> {
        let wanted = sorted(to);
        let mut missing = wanted.len();
        let tree = search::tree(&self.arcs, from, |node| {
            missing -= usize::from(wanted.binary_search(&node).is_ok());
            missing == 0
        });
        to.iter().map(move |&goal| tree.costs[goal])
    }

    fn cost_of(&self, walk: &[Arc]) -> f64 {
        walk.iter().map(|&arc| self.arcs.costs[arc as usize]).fold(0.0, |sum, cost| sum + cost)
    }

    fn check(&self, nodes: &[usize]) -> Result<(), GraphError> {
        let count = self.node_count();
        match nodes.iter().find(|&&node| node >= count) {
            Some(&node) => Err(GraphError::NoSuchNode { node, nodes: count }),
            None => Ok(()),
        }
    }
}

fn sorted(nodes: &[usize]) -> Vec<usize> {
    let mut sorted = nodes.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}
