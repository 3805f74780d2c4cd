//! The shortest tour past stops, with a proof: an upper bound by local search, a lower bound by relaxation, and a search
//! that closes the gap. Costs that are the same both ways go to branch and bound over 1-trees, everything else (one-way
//! aisles, several access places for a stop, precedence) to a bounded dynamic program.

mod access_path;
mod ascent;
mod bounded_program;
mod branch_and_bound;
mod budget;
mod cycle;
mod dense_trees;
mod directed;
mod local_search;
mod margin;
mod one_tree;
#[cfg(test)]
mod oracle;
mod q_paths;
mod random;
mod segment_search;
mod sparse_trees;
mod symmetric;
#[cfg(test)]
mod tests;

use budget::Budget;
use margin::Margin;

/// What a tour has to visit.
pub(super) struct TourProblem<'a> {
    /// Row-major `places` x `places`: the cost from the row to the column. May differ between the two ways; infinite where
    /// no walk is; never negative, never NaN.
    pub(super) costs: &'a [f64],
    /// The number of places.
    pub(super) places: usize,
    /// The places of each stop, of which exactly one is visited. Never empty.
    pub(super) stops: &'a [Vec<usize>],
    /// The place where the tour begins; none: at any stop.
    pub(super) start: Option<usize>,
    /// Where the tour ends.
    pub(super) end: End,
    /// Pairs of stops of which the first is visited before the second. Free of cycles.
    pub(super) precedence: &'a [(usize, usize)],
}

/// Where a tour ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At any stop.
    Free,
    /// At a place.
    At(usize),
    /// Where it began. Without a start, precedence counts from the first stop of the solution.
    Closed,
}

/// When a search ends early.
pub(super) struct Limits<'a> {
    /// Work at most, in units of one or two nanoseconds. The same limit gives the same tour on every machine.
    pub(super) work: u64,
    /// The gap that is small enough: the search ends when `cost - lower_bound <= gap * cost`. Zero asks for a proof.
    pub(super) gap: f64,
    /// Asked every few dozen microseconds of work; true ends the search.
    pub(super) should_stop: &'a dyn Fn() -> bool,
}

/// A tour.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Solution {
    /// The stops in the order of the visit.
    pub(super) order: Vec<usize>,
    /// The place of each of them, in the same order.
    pub(super) places: Vec<usize>,
    /// The sum of the costs from the start to the end.
    pub(super) cost: f64,
    /// No tour costs less. Equal to `cost` when that is proved: exactly for integers that sum up to less than 2^30, and
    /// otherwise up to a billionth of the cost, which is also how far this bound may be above the true optimum.
    pub(super) lower_bound: f64,
}

#[cfg(test)]
impl Solution {
    /// Whether no tour is shorter.
    pub(super) fn is_proved(&self) -> bool {
        self.lower_bound >= self.cost
    }
}

impl TourProblem<'_> {
    fn cost(&self, from: usize, to: usize) -> f64 {
        self.costs[from * self.places + to]
    }

    /// What a tour past these places costs.
    fn length(&self, places: &[usize]) -> f64 {
        let first = self.start.or(places.first().copied());
        let last = match self.end {
            End::Free => None,
            End::At(place) => Some(place),
            End::Closed => first,
        };
        let sequence: Vec<usize> = self.start.into_iter().chain(places.iter().copied()).chain(last).collect();
        sequence.windows(2).map(|step| self.cost(step[0], step[1])).sum()
    }

    /// The solution that makes these visits, each of a stop and its place; none when that costs infinitely much.
    fn solution(&self, visits: &[(usize, usize)], proved: f64) -> Option<Solution> {
        let (order, places): (Vec<usize>, Vec<usize>) = visits.iter().copied().unzip();
        let cost = self.length(&places);
        let margin = Margin::of(self.costs, self.stops.len() + 1);
        let is_tour = cost.is_finite() && order.len() == self.stops.len();
        is_tour.then(|| Solution { order, places, cost, lower_bound: margin.bound(proved.max(0.0), cost) })
    }
}

/// Below this, 1-trees have too few nodes to be of use.
const SYMMETRIC_STOPS_MIN: usize = 4;

/// Finds a short tour and proves how short a tour can be. None when no tour of finite cost was found, which is a proof that
/// there is none unless a limit ended the search.
pub(super) fn solve(problem: &TourProblem<'_>, limits: &Limits<'_>) -> Option<Solution> {
    let mut budget = Budget::new(limits.work, limits.should_stop);
    let has_choice = problem.stops.iter().any(|places| places.len() > 1) || !problem.precedence.is_empty();
    if has_choice || problem.stops.len() < SYMMETRIC_STOPS_MIN || !cycle::is_symmetric(problem) {
        directed::solve(problem, limits.gap, &mut budget)
    } else {
        symmetric::solve(problem, limits.gap, &mut budget)
    }
}
