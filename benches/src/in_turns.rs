//! The same queries to several askers, in rounds: each query has a time of its own, and every asker meets the same mood of
//! the machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::Result;
use crate::spread::{Spread, Stopwatch};

/// In how many rounds each query is asked; its best time counts, because others were disturbed.
const ROUNDS: usize = 5;
/// What an asker may take in a round: one that is slow is asked fewer queries, down to these.
const ENOUGH: Duration = Duration::from_millis(250);
const ASKED_AT_LEAST: usize = 10;

/// Somebody who answers queries. The first of a list is ours.
pub struct Asker<'a> {
    name: String,
    goal: Option<Faster>,
    ask: Box<dyn FnMut(usize) -> f64 + 'a>,
}

/// How many times as fast as this asker we want to be.
#[derive(Clone, Copy, Debug)]
pub struct Faster {
    /// In the mean.
    pub mean: f64,
    /// At the 99th percentile, where that was set.
    pub p99: Option<f64>,
}

impl<'a> Asker<'a> {
    /// An asker that answers the query with this index by a length.
    pub fn new(name: impl Into<String>, ask: impl FnMut(usize) -> f64 + 'a) -> Self {
        Self { name: name.into(), goal: None, ask: Box::new(ask) }
    }

    /// The same, with what we set out to reach against it.
    #[must_use]
    pub fn with_goal(self, goal: Option<Faster>) -> Self {
        Self { goal, ..self }
    }
}

/// What an asker took.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The asker.
    pub name: String,
    /// How many of the queries it was asked: the first ones.
    pub queries: usize,
    /// What they took.
    pub spread: Spread,
    /// What this asker took, as a multiple of what ours took for the same queries. `None` for ourselves.
    pub times_ours: Option<Spread>,
    /// What was aimed at.
    pub goal: Option<Faster>,
}

/// Asks everybody once and compares the answers with what is `expected`, a length and by how much it may differ; then
/// measures, in turns.
///
/// # Errors
/// The first wrong answer.
pub fn in_turns(expected: &[(f64, f64)], mut askers: Vec<Asker<'_>>) -> Result<Vec<Asked>> {
    let stopwatch = Stopwatch::calibrated();
    let mut best: Vec<Vec<Duration>> = Vec::new();
    for asker in &mut askers {
        let began = Instant::now();
        let mut answered = 0;
        for (query, &(length, tolerance)) in expected.iter().enumerate() {
            if query >= ASKED_AT_LEAST && began.elapsed() >= ENOUGH {
                break;
            }
            let answer = (asker.ask)(query);
            if answer != length && (answer - length).abs() > tolerance {
                return Err(
                    format!("{}: query {query} is {length} long, and not {answer}", asker.name).into()
                );
            }
            answered += 1;
        }
        best.push(vec![Duration::MAX; answered]);
    }
    for _ in 0..ROUNDS {
        for (asker, best) in askers.iter_mut().zip(&mut best) {
            for (query, best) in best.iter_mut().enumerate() {
                let (_, time) = stopwatch.time(|| black_box((asker.ask)(black_box(query))));
                *best = time.min(*best);
            }
        }
    }
    let rows = askers.into_iter().zip(&best).enumerate().map(|(index, (asker, times))| Asked {
        name: asker.name,
        queries: times.len(),
        spread: Spread::of(times.iter().copied()),
        times_ours: (index > 0).then(|| {
            let both = best[0].len().min(times.len());
            Spread::of(times[..both].iter().copied()).over(Spread::of(best[0][..both].iter().copied()))
        }),
        goal: asker.goal,
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_ends_the_run() {
        let expected = [(1.0, 0.1), (f64::INFINITY, 0.1)];
        let right = |query: usize| if query == 0 { 1.05 } else { f64::INFINITY };
        let rows = in_turns(&expected, vec![Asker::new("ours", right), Asker::new("peer", right)]).unwrap();
        assert_eq!(rows.iter().map(|row| row.queries).collect::<Vec<_>>(), [2, 2]);
        assert!(rows[0].times_ours.is_none() && rows[1].times_ours.is_some());
        let failure = in_turns(&expected, vec![Asker::new("ours", |_| 1.2)]).unwrap_err();
        assert_eq!(failure.to_string(), "ours: query 0 is 1 long, and not 1.2");
    }
}
