//! Customizable contraction hierarchies: RoutingKit through the crate `routingkit-cch`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use benches::graph::{Graph, NO_WALK};
use routingkit_cch::{
    CCH, CCHMetric, CCHMetricPartialUpdater, CCHOneToMany, CCHQuery, INF_WEIGHT, compute_order_inertial,
};

use super::{Changing, Index, Walker};

/// An index that lives as long as the process: its queries borrow it, and a bench has no use for its end.
pub(super) struct Cch {
    index: &'static CCH,
    metric: &'static CCHMetric<'static>,
    took: Duration,
}

impl Cch {
    pub(super) fn prepare(graph: &Graph) -> Self {
        let started = Instant::now();
        let nodes = 0..graph.cells.len() as u32;
        let tails: Vec<u32> = nodes.flat_map(|node| graph.arcs(node).map(move |_| node)).collect();
        let (xs, ys): (Vec<f32>, Vec<f32>) = graph.cells.iter().map(|&(x, y)| (x as f32, y as f32)).unzip();
        let order = compute_order_inertial(graph.cells.len() as u32, &tails, &graph.heads, &ys, &xs);
        let index: &CCH = Box::leak(Box::new(CCH::new(&order, &tails, &graph.heads, |_| {}, false)));
        let metric: &CCHMetric = Box::leak(Box::new(CCHMetric::new(index, graph.costs.clone())));
        Self { index, metric, took: started.elapsed() }
    }
}

impl Index for Cch {
    fn took(&self) -> Duration {
        self.took
    }

    fn queries(&self) -> Box<dyn Walker> {
        Box::new(Queries(CCHQuery::new(self.metric)))
    }

    fn matrix(&self, from: &[u32], to: &[u32]) -> Vec<f64> {
        let mut targets = CCHOneToMany::new(self.metric, to);
        from.iter().flat_map(|&from| targets.distances_from(from)).map(length).collect()
    }

    fn changing(&self) -> Box<dyn Changing> {
        Box::new(Customized {
            metric: CCHMetric::new(self.index, self.metric.weights().to_vec()),
            updater: CCHMetricPartialUpdater::new(self.index),
        })
    }
}

fn length(cost: Option<u32>) -> f64 {
    Graph::length(cost.unwrap_or(NO_WALK))
}

struct Queries(CCHQuery<'static>);

impl Walker for Queries {
    fn name(&self) -> &'static str {
        "routingkit-cch"
    }

    fn walk(&mut self, from: u32, to: u32) -> (f64, Vec<u32>) {
        self.0.add_source(from, 0);
        self.0.add_target(to, 0);
        let found = self.0.run();
        (length(found.distance()), found.node_path())
    }

    fn distance(&mut self, from: u32, to: u32) -> f64 {
        self.0.add_source(from, 0);
        self.0.add_target(to, 0);
        length(self.0.run().distance())
    }
}

struct Customized {
    metric: CCHMetric<'static>,
    updater: CCHMetricPartialUpdater<'static>,
}

impl Changing for Customized {
    fn set(&mut self, costs: &BTreeMap<u32, Option<u32>>) {
        let costs: BTreeMap<u32, u32> =
            costs.iter().map(|(&arc, cost)| (arc, cost.unwrap_or(INF_WEIGHT))).collect();
        self.updater.apply(&mut self.metric, &costs);
    }

    /// By a query made for this once, since one that lasts does not let the costs change.
    fn distance(&self, from: u32, to: u32) -> f64 {
        let mut query = CCHQuery::new(&self.metric);
        query.add_source(from, 0);
        query.add_target(to, 0);
        length(query.run().distance())
    }
}
