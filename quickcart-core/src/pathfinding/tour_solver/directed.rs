//! Tours whose costs depend on the direction, with several access places for a stop and with precedence: local search
//! above, walks that may come back below, and a dynamic program between.

use super::access_path::AccessPath;
use super::ascent::{Ascent, Relaxation, Weights};
use super::bounded_program;
use super::budget::Budget;
use super::margin::Margin;
use super::q_paths::QPaths;
use super::segment_search::SegmentSearch;
use super::{End, Solution, TourProblem};

/// Disturbances of the local search for each stop.
const KICKS_EACH: usize = 4;

/// Steps of the ascent.
const STEPS_MAX: usize = 120;

pub(super) fn solve(problem: &TourProblem<'_>, gap: f64, budget: &mut Budget<'_>) -> Option<Solution> {
    let mut best = Best { visits: Vec::new(), cost: f64::INFINITY, lower_bound: f64::INFINITY };
    for fixed in fixed_ends(problem) {
        best.try_ends(problem, &fixed, gap, budget);
    }
    problem.solution(&best.visits, best.lower_bound)
}

/// Both ends of a path. A closed tour without a start begins and ends at a stop, which the path then leaves out.
struct Ends {
    head: Option<(usize, usize)>,
    first: Option<usize>,
    last: Option<usize>,
}

fn fixed_ends(problem: &TourProblem<'_>) -> Vec<Ends> {
    let (first, last) = match (problem.start, problem.end) {
        (first, End::Free) => (first, None),
        (first, End::At(place)) => (first, Some(place)),
        (Some(place), End::Closed) => (Some(place), Some(place)),
        (None, End::Closed) => return heads(problem),
    };
    vec![Ends { head: None, first, last }]
}

/// Every place where a round trip may begin.
fn heads(problem: &TourProblem<'_>) -> Vec<Ends> {
    let all = 0..problem.stops.len();
    let stops: Vec<usize> = if problem.precedence.is_empty() {
        all.min_by_key(|&stop| problem.stops[stop].len()).into_iter().collect()
    } else {
        all.filter(|&stop| !problem.precedence.iter().any(|&(_, after)| after == stop)).collect()
    };
    let places =
        stops.into_iter().flat_map(|stop| problem.stops[stop].iter().map(move |&place| (stop, place)));
    places.map(|head| Ends { head: Some(head), first: Some(head.1), last: Some(head.1) }).collect()
}

/// The best tour over all ends so far, and the lowest bound.
struct Best {
    visits: Vec<(usize, usize)>,
    cost: f64,
    lower_bound: f64,
}

impl Best {
    fn try_ends(&mut self, problem: &TourProblem<'_>, ends: &Ends, gap: f64, budget: &mut Budget<'_>) {
        let head = ends.head.map(|(stop, _)| stop);
        let wanted: Vec<usize> = (0..problem.stops.len()).filter(|&stop| Some(stop) != head).collect();
        let mut visits: Vec<(usize, usize)> = ends.head.into_iter().collect();
        let mut lower_bound = None;
        if !wanted.is_empty() {
            let path = AccessPath::new(problem, &wanted, ends.first, ends.last);
            let found = shortest(&path, self.cost, gap, budget);
            visits.extend(found.sequence.iter().map(|&access| {
                let access = path.accesses[access];
                (wanted[access.stop], access.place)
            }));
            lower_bound = Some(found.lower_bound);
        }
        let places: Vec<usize> = visits.iter().map(|&(_, place)| place).collect();
        let cost = problem.length(&places);
        if cost < self.cost {
            (self.visits, self.cost) = (visits, cost);
        }
        self.lower_bound = self.lower_bound.min(lower_bound.unwrap_or(cost));
    }
}

struct Found {
    sequence: Vec<usize>,
    lower_bound: f64,
}

/// A short path, and a bound for all paths; of those that cost no less than `known` it only says that much.
fn shortest(path: &AccessPath, known: f64, gap: f64, budget: &mut Budget<'_>) -> Found {
    let margin = Margin::of(path.costs(), path.stops + 1);
    let mut search = SegmentSearch::new(path, budget);
    let mut q_paths = QPaths::new(path);
    let ascent = Ascent { steps_max: STEPS_MAX, scale: 1.0, scale_min: 0.02, patience: 5 };
    let target = |cost: f64| margin.target(cost.min(known));
    let enough = |cost: f64| target(cost).min(cost.min(known) * (1.0 - gap));

    let (_, cost) = search.best();
    let mut weights = ascent.run(&mut q_paths, &Weights::zero(path.stops), cost, enough(cost), budget);
    if weights.bound < enough(cost) {
        let good = weights.bound + (cost - enough(cost));
        search.improve(KICKS_EACH * path.stops, good, budget);
        let (_, better) = search.best();
        if better < target(cost) && weights.bound < enough(better) {
            let again = Ascent { scale: 0.5, ..ascent };
            weights = again.run(&mut q_paths, &weights, better, enough(better), budget);
        }
    }
    let (sequence, cost) = search.best();
    let mut found = Found { sequence: sequence.to_vec(), lower_bound: weights.bound };
    let mut cost = cost;
    if weights.bound < enough(cost) && path.stops <= bounded_program::STOPS_MAX && !budget.is_spent() {
        let mut violations = vec![0; path.stops];
        q_paths.bound(&weights.node, &mut violations);
        let outcome = bounded_program::shortest(path, &q_paths, &weights.node, target(cost), budget);
        found.lower_bound = found.lower_bound.max(outcome.lower_bound);
        if let Some(sequence) = outcome.better {
            cost = path.length(&sequence);
            found = Found { sequence, lower_bound: cost };
        }
    }
    found.lower_bound = found.lower_bound.min(cost.min(known));
    found
}
