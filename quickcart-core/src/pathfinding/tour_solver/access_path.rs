//! Paths past stops of which each can be served from several places, with steps that may cost more one way than the other
//! and stops that wait for others: the generalised travelling salesman problem (Noon and Bean, Operations Research 39(4),
//! 1991) with precedence.

use super::TourProblem;

/// A path from a first to a last place, both fixed or free. Its nodes are the places of the stops, the "accesses".
pub(super) struct AccessPath {
    pub(super) stops: usize,
    pub(super) accesses: Vec<Access>,
    /// For each stop, the range of its accesses.
    pub(super) ranges: Vec<std::ops::Range<usize>>,
    /// Row-major over accesses, then the first place (as a row) and the last one (as a column); infinite where a step
    /// does not exist or precedence forbids it.
    costs: Vec<f64>,
    /// `earlier[a * stops + b]`: stop a is visited before stop b.
    earlier: Vec<bool>,
}

/// A place that serves a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) stop: usize,
    pub(super) place: usize,
}

impl AccessPath {
    /// The path of a problem that visits the stops `wanted` between two places, where none means a free end.
    pub(super) fn new(
        problem: &TourProblem<'_>,
        wanted: &[usize],
        first: Option<usize>,
        last: Option<usize>,
    ) -> Self {
        let (mut accesses, mut ranges) = (Vec::new(), Vec::with_capacity(wanted.len()));
        for (stop, &original) in wanted.iter().enumerate() {
            let begin = accesses.len();
            accesses.extend(problem.stops[original].iter().map(|&place| Access { stop, place }));
            ranges.push(begin..accesses.len());
        }
        let mut path = Self {
            stops: wanted.len(),
            costs: Vec::new(),
            earlier: precedence_closure(problem, wanted),
            accesses,
            ranges,
        };
        path.fill(problem, first, last);
        path
    }

    fn fill(&mut self, problem: &TourProblem<'_>, first: Option<usize>, last: Option<usize>) {
        let places: Vec<usize> = self.accesses.iter().map(|access| access.place).collect();
        let width = self.accesses.len() + 1;
        self.costs = vec![f64::INFINITY; width * width];
        for (from, &place) in places.iter().enumerate() {
            for (to, &other) in places.iter().enumerate() {
                if self.may_follow(self.accesses[from].stop, self.accesses[to].stop) {
                    self.costs[from * width + to] = problem.cost(place, other);
                }
            }
            let stop = self.accesses[from].stop;
            if self.waits_for(stop) == 0 {
                self.costs[(width - 1) * width + from] =
                    first.map_or(0.0, |first| problem.cost(first, place));
            }
            if self.blocks(stop) == 0 {
                self.costs[from * width + width - 1] = last.map_or(0.0, |last| problem.cost(place, last));
            }
        }
    }

    /// Whether a stop may come right after another.
    fn may_follow(&self, stop: usize, next: usize) -> bool {
        let between = |middle: usize| self.is_earlier(stop, middle) && self.is_earlier(middle, next);
        stop != next && !self.is_earlier(next, stop) && !(0..self.stops).any(between)
    }

    pub(super) fn is_earlier(&self, stop: usize, than: usize) -> bool {
        self.earlier[stop * self.stops + than]
    }

    pub(super) fn has_precedence(&self) -> bool {
        self.earlier.contains(&true)
    }

    /// How many stops must come before one.
    pub(super) fn waits_for(&self, stop: usize) -> usize {
        (0..self.stops).filter(|&other| self.is_earlier(other, stop)).count()
    }

    /// How many stops must come after one.
    pub(super) fn blocks(&self, stop: usize) -> usize {
        (0..self.stops).filter(|&other| self.is_earlier(stop, other)).count()
    }

    /// The node that stands for the first place in front of a step, and for the last place behind it.
    pub(super) fn ends(&self) -> usize {
        self.accesses.len()
    }

    pub(super) fn cost(&self, from: usize, to: usize) -> f64 {
        self.costs[from * (self.accesses.len() + 1) + to]
    }

    pub(super) fn costs_from(&self, from: usize) -> &[f64] {
        let width = self.accesses.len() + 1;
        &self.costs[from * width..][..width]
    }

    pub(super) fn costs(&self) -> &[f64] {
        &self.costs
    }

    pub(super) fn longest_step(&self) -> f64 {
        self.costs.iter().copied().filter(|cost| cost.is_finite()).fold(0.0, f64::max)
    }

    /// What a sequence of accesses costs with both ends.
    pub(super) fn length(&self, sequence: &[usize]) -> f64 {
        let mut from = self.ends();
        let mut length = 0.0;
        for &to in sequence.iter().chain(&[self.ends()]) {
            length += self.cost(from, to);
            from = to;
        }
        length
    }
}

/// Warshall, Journal of the ACM 9(1), 1962.
fn precedence_closure(problem: &TourProblem<'_>, wanted: &[usize]) -> Vec<bool> {
    let all = problem.stops.len();
    let mut earlier = vec![false; all * all];
    for &(before, after) in problem.precedence {
        earlier[before * all + after] = true;
    }
    if !problem.precedence.is_empty() {
        for middle in 0..all {
            for before in (0..all).filter(|&before| before != middle) {
                if earlier[before * all + middle] {
                    for after in 0..all {
                        earlier[before * all + after] |= earlier[middle * all + after];
                    }
                }
            }
        }
    }
    wanted
        .iter()
        .flat_map(|a| wanted.iter().map(move |b| (a, b)))
        .map(|(a, b)| earlier[a * all + b])
        .collect()
}
