//! Customizable contraction hierarchies: RoutingKit through the crate `routingkit-cch`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use benches::graph::{Graph, NO_WALK};
use routingkit_cch::{
    CCH, CCHMetric, CCHMetricPartialUpdater, CCHOneToMany, CCHQuery, compute_order_inertial,
};

use super::Walker;

/// An index that lives as long as the process: its queries borrow it, and a bench has no use for its end.
#[derive(Clone, Copy)]
pub(crate) struct Cch {
    index: &'static CCH,
    metric: &'static CCHMetric<'static>,
    /// How long it took to make.
    pub(crate) prepared: Duration,
}

impl Cch {
    pub(crate) fn prepare(graph: &Graph) -> Self {
        let started = Instant::now();
        let tails: Vec<u32> =
            (0..graph.cells.len() as u32).flat_map(|node| graph.arcs(node).map(move |_| node)).collect();
        let axis = |of: fn(&(usize, usize)) -> usize| -> Vec<f32> {
            graph.cells.iter().map(|cell| of(cell) as f32).collect()
        };
        let (ys, xs) = (axis(|cell| cell.1), axis(|cell| cell.0));
        let order = compute_order_inertial(graph.cells.len() as u32, &tails, &graph.heads, &ys, &xs);
        let index: &CCH = Box::leak(Box::new(CCH::new(&order, &tails, &graph.heads, |_| {}, false)));
        let metric: &CCHMetric = Box::leak(Box::new(CCHMetric::new(index, graph.costs.clone())));
        Self { index, metric, prepared: started.elapsed() }
    }

    pub(crate) fn queries(&self) -> Queries {
        Queries(CCHQuery::new(self.metric))
    }

    /// The lengths from each of some nodes to each of others, row after row.
    pub(crate) fn matrix(&self, from: &[u32], to: &[u32]) -> Vec<f64> {
        let mut targets = CCHOneToMany::new(self.metric, to);
        from.iter()
            .flat_map(|&from| targets.distances_from(from))
            .map(|cost| Graph::length(cost.unwrap_or(NO_WALK)))
            .collect()
    }

    /// The same index with costs of its own, which may change.
    pub(crate) fn changing(&self) -> Changing {
        Changing {
            metric: CCHMetric::new(self.index, self.metric.weights().to_vec()),
            updater: CCHMetricPartialUpdater::new(self.index),
        }
    }
}

pub(crate) struct Queries(CCHQuery<'static>);

impl Queries {
    pub(crate) fn distance(&mut self, from: u32, to: u32) -> f64 {
        self.0.add_source(from, 0);
        self.0.add_target(to, 0);
        Graph::length(self.0.run().distance().unwrap_or(NO_WALK))
    }
}

impl Walker for Queries {
    fn name(&self) -> &'static str {
        "routingkit-cch"
    }

    fn walk(&mut self, from: u32, to: u32) -> (f64, Vec<u32>) {
        self.0.add_source(from, 0);
        self.0.add_target(to, 0);
        let found = self.0.run();
        (Graph::length(found.distance().unwrap_or(NO_WALK)), found.node_path())
    }
}

/// Costs that follow what is blocked.
pub(crate) struct Changing {
    metric: CCHMetric<'static>,
    updater: CCHMetricPartialUpdater<'static>,
}

impl Changing {
    /// Sets the costs of some arcs and makes the index fit them.
    pub(crate) fn set(&mut self, costs: &BTreeMap<u32, u32>) {
        self.updater.apply(&mut self.metric, costs);
    }

    /// An answer of a query that is made for it, since one that lasts does not let the costs change.
    pub(crate) fn distance(&self, from: u32, to: u32) -> f64 {
        let mut query = CCHQuery::new(&self.metric);
        query.add_source(from, 0);
        query.add_target(to, 0);
        Graph::length(query.run().distance().unwrap_or(NO_WALK))
    }
}

/// What an arc costs that nobody may take.
pub(crate) const BLOCKED: u32 = routingkit_cch::INF_WEIGHT;
