//! What queries take.

use std::hint::black_box;
use std::time::Duration;

use benches::spread::{Spread, Stopwatch};
use quickcart_core::pathfinding::Point;

use crate::progress::Progress;

/// How often each query is asked; its best time counts, because others were disturbed.
const ROUNDS: usize = 5;
/// Queries that still take longer after two rounds are asked no more: disturbances are small against them.
const LONG: Duration = Duration::from_millis(10);

/// Asks all queries in rounds, so that none finds in the caches what it has just left there.
pub(crate) fn spread<T>(
    what: &'static str,
    queries: &[(Point, Point)],
    ask: impl Fn(Point, Point) -> T,
) -> Spread {
    let stopwatch = Stopwatch::calibrated();
    let mut best = vec![Duration::MAX; queries.len()];
    let mut progress = Progress::new(what, ROUNDS * queries.len());
    for round in 0..ROUNDS {
        for (&(from, to), best) in queries.iter().zip(&mut best) {
            if round < 2 || *best < LONG {
                let (_, time) = stopwatch.time(|| black_box(ask(black_box(from), black_box(to))));
                *best = time.min(*best);
            }
            progress.step();
        }
    }
    Spread::of(best.into_iter())
}
