//! Tours whose costs are the same both ways: local search above, 1-trees below, branch and bound between.

use super::ascent::{Ascent, Weights};
use super::branch_and_bound::Search;
use super::budget::Budget;
use super::cycle::Cycle;
use super::dense_trees::DenseTrees;
use super::local_search::LocalSearch;
use super::margin::Margin;

use super::{Solution, TourProblem};

/// The local search is disturbed once for so many pairs of nodes: seldom while there are few, because branch and bound then
/// finds a shorter round trip as fast itself.
const NODE_PAIRS_PER_KICK: usize = 16;

pub(super) fn solve(problem: &TourProblem<'_>, gap: f64, budget: &mut Budget<'_>) -> Option<Solution> {
    let cycle = Cycle::new(problem);
    let (round_trip, lower_bound) = shortest(&cycle, gap, budget);
    let visits: Vec<(usize, usize)> =
        cycle.stops(&round_trip).into_iter().map(|stop| (stop, problem.stops[stop][0])).collect();
    problem.solution(&visits, lower_bound)
}

/// A short round trip, and a bound for the tours that the cycle stands for.
pub(super) fn shortest(cycle: &Cycle, gap: f64, budget: &mut Budget<'_>) -> (Vec<usize>, f64) {
    let margin = Margin::of(&cycle.costs, cycle.nodes);
    // In terms of the tour, because the round trip may have a far lower cost.
    let target = |cost: f64| margin.target(cost - cycle.offset) + cycle.offset;
    let enough = |cost: f64| target(cost).min(cost - gap * (cost - cycle.offset));
    let mut search = LocalSearch::new(&cycle.costs, cycle.nodes);
    let mut trees = DenseTrees::new(&cycle.costs, cycle.nodes);

    let first = Ascent { steps_max: 60 + 4 * cycle.nodes, scale: 1.0, scale_min: 0.02, patience: 6 };
    let (_, cost) = search.best();
    let mut weights = first.run(&mut trees, &Weights::zero(cycle.nodes), cost, enough(cost), budget);
    if weights.bound < enough(cost) {
        let good = weights.bound + (cost - enough(cost));
        search.improve(cycle.nodes * cycle.nodes / NODE_PAIRS_PER_KICK, good, budget);
        let (_, better) = search.best();
        if better < target(cost) && weights.bound < enough(better) {
            let again = Ascent { scale: 0.5, ..first };
            weights = again.run(&mut trees, &weights, better, enough(better), budget);
        }
    }
    let (order, cost) = search.best();
    let mut found = (order.to_vec(), cost);
    let mut lower_bound = weights.bound;
    if lower_bound < enough(cost) && !budget.is_spent() {
        let edges = trees.possible_edges(&weights.node, target(cost));
        let search = Search::new(&edges, cycle.nodes, cost, cost - target(cost));
        let proof = search.run(&weights, gap * (cost - cycle.offset), budget);
        lower_bound = lower_bound.max(proof.lower_bound);
        found = proof.better.unwrap_or(found);
    }
    (found.0, lower_bound - cycle.offset)
}
