//! Which answers are right.

use benches::graph::Graph;
use benches::grid::{Cell, Grid, Moves};
use benches::scenario::Query;
use quickcart_core::pathfinding::{Route, StoreMap};

use crate::point;
use crate::progress::Progress;

/// Sums of the same steps in another order differ by less.
const ROUNDING: f64 = 1e-6;

/// How many answers were not as they should be.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) mismatches: usize,
    pub(crate) unsolved: usize,
}

/// Asks every query once, for its distance and for its walk.
pub(crate) fn all(map: &StoreMap, grid: &Grid, moves: Moves, queries: &[Query]) -> Outcome {
    let graph = (moves == Moves::Four).then(|| Graph::of(grid, moves));
    let mut progress = Progress::new("checked", queries.len());
    let mut outcome = Outcome::default();
    for query in queries {
        let expected = match &graph {
            None => Some((query.optimum, query.tolerance)),
            Some(graph) => graph
                .fewest_steps(graph.node(query.start), graph.node(query.goal))
                .map(|steps| (f64::from(steps), ROUNDING)),
        };
        let (start, goal) = (point(query.start), point(query.goal));
        let answer = map.distance(start, goal).ok().zip(map.route(start, goal).ok());
        let is_right = match (&answer, expected) {
            (Some((distance, route)), Some((length, tolerance))) => {
                (distance - length).abs() <= tolerance
                    && (route.length_m - distance).abs() <= ROUNDING
                    && is_walk(route, query, grid, moves)
            }
            (None, None) => true,
            _ => false,
        };
        outcome.unsolved += usize::from(answer.is_none());
        outcome.mismatches += usize::from(!is_right);
        progress.step();
    }
    outcome
}

/// Whether the walk is one, is as long as it says, and leads from the start to the goal.
fn is_walk(route: &Route, query: &Query, grid: &Grid, moves: Moves) -> bool {
    let cells: Vec<Cell> =
        route.points.iter().map(|point| (point.x_m as usize, point.y_m as usize)).collect();
    let length = grid.walk_length(&cells, moves);
    cells.first() == Some(&query.start)
        && cells.last() == Some(&query.goal)
        && length.is_some_and(|length| (length - route.length_m).abs() <= ROUNDING)
}
