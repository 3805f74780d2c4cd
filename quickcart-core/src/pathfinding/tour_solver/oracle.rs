//! The slow and obvious answer to compare with: every order and every choice of places.

use super::TourProblem;

/// The cost of the shortest tour; infinite when there is none.
pub(super) fn shortest(problem: &TourProblem<'_>) -> f64 {
    extend(problem, &mut Vec::new(), &mut Vec::new())
}

fn extend(problem: &TourProblem<'_>, order: &mut Vec<usize>, places: &mut Vec<usize>) -> f64 {
    if order.len() == problem.stops.len() {
        return problem.length(places);
    }
    let mut best = f64::INFINITY;
    for stop in 0..problem.stops.len() {
        let is_late =
            problem.precedence.iter().any(|&(before, after)| after == stop && !order.contains(&before));
        if order.contains(&stop) || is_late {
            continue;
        }
        for &place in &problem.stops[stop] {
            order.push(stop);
            places.push(place);
            best = best.min(extend(problem, order, places));
            order.pop();
            places.pop();
        }
    }
    best
}

/// The cost of a solution, after checking that it is one.
pub(super) fn check(problem: &TourProblem<'_>, order: &[usize], places: &[usize]) -> f64 {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..problem.stops.len()).collect::<Vec<_>>());
    assert_eq!(order.len(), places.len());
    assert!(order.iter().zip(places).all(|(&stop, place)| problem.stops[stop].contains(place)));
    let position = |stop: usize| order.iter().position(|&other| other == stop);
    assert!(problem.precedence.iter().all(|&(before, after)| position(before) < position(after)));
    problem.length(places)
}
