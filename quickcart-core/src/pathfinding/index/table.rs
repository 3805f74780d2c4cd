//! All costs between subgoals.

use std::thread;

use super::super::ground::cost::STRAIGHT;
use super::progress::Progress;
use super::ways::Ways;

/// More than any walk costs; four of them still fit.
pub(super) const FAR: u32 = u32::MAX / 4;

/// The cheapest way that a table takes: a sixteenth of a cell's side. Only a link can be cheaper.
const WAY_MIN: u32 = STRAIGHT as u32 / 16;

/// The costs of the walks between all pairs of subgoals, which are the same there and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// A triangle: from each subgoal to those before it and itself.
    costs: Vec<u32>,
}

impl Table {
    /// How many bytes it takes for so many subgoals.
    pub(super) fn bytes_for(count: usize) -> usize {
        4 * triangle(count)
    }

    /// `None` when a walk costs more than the numbers hold, or a way less than the buckets of the search.
    pub(super) fn of(ways: &Ways, count: usize, progress: &Progress<'_>) -> Option<Self> {
        if !ways.costs().iter().all(|cost| (WAY_MIN..FAR / 2).contains(cost)) {
            return None;
        }
        let mut costs = vec![FAR; triangle(count)];
        let mut shares: Vec<Vec<&mut [u32]>> = (0..threads()).map(|_| Vec::new()).collect();
        let mut left = costs.as_mut_slice();
        for goal in 0..count {
            let (row, rest) = left.split_at_mut(goal + 1);
            let share = goal % shares.len();
            shares[share].push(row);
            left = rest;
        }
        thread::scope(|scope| {
            for share in shares {
                scope.spawn(move || {
                    let mut search = Search::new(ways, count);
                    for row in share {
                        search.run(row.len() - 1);
                        row.copy_from_slice(&search.costs[..row.len()]);
                        progress.advance(1);
                    }
                });
            }
        });
        // A walk of half that length cannot be followed by one step that passes FAR without being seen here.
        let holds = costs.iter().all(|&cost| cost == FAR || cost < FAR / 2);
        holds.then_some(Self { costs })
    }

    pub(super) fn costs(&self) -> &[u32] {
        &self.costs
    }

    /// A table for so many subgoals, if the costs are one.
    pub(super) fn from_costs(costs: Vec<u32>, count: usize) -> Option<Self> {
        let is_one = costs.len() == triangle(count) && costs.iter().all(|&cost| cost <= FAR);
        is_one.then_some(Self { costs })
    }

    pub(super) fn cost(&self, a: usize, b: usize) -> u32 {
        let (low, high) = (a.min(b), a.max(b));
        self.costs[triangle(high) + low]
    }

    /// The subgoal that follows on the walk to `goal`: whatever way and what is left of the walk add up to the whole.
    /// `None` for a goal that no walk reaches.
    pub(super) fn next(&self, ways: &Ways, here: usize, goal: usize) -> Option<usize> {
        let whole = self.cost(here, goal);
        let (neighbours, costs) = ways.of(here);
        let mut steps = neighbours.iter().map(|&next| usize::from(next)).zip(costs);
        let is_next = |&(next, &cost): &(usize, &u32)| cost + self.cost(next, goal) == whole;
        steps.find(is_next).filter(|_| whole < FAR).map(|(next, _)| next)
    }

    pub(super) fn bytes(&self) -> usize {
        4 * self.costs.len()
    }
}

/// How many threads prepare a map.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// How many pairs there are among so many, each with itself included.
fn triangle(count: usize) -> usize {
    count * (count + 1) / 2
}

/// A search over the subgoals, with the open list in buckets as wide as the cheapest way: what is in one bucket cannot
/// improve what else is in it, so no order is needed there (Dial, Algorithm 360, Communications of the ACM 12(11), 1969;
/// Dinitz, 1978).
struct Search<'a> {
    ways: &'a Ways,
    width: u32,
    costs: Vec<u32>,
    /// As many as the dearest way spans, used round and round.
    buckets: Vec<Vec<u16>>,
}

impl<'a> Search<'a> {
    fn new(ways: &'a Ways, count: usize) -> Self {
        let width = ways.costs().iter().copied().min().unwrap_or(1).max(1);
        let widest = ways.costs().iter().copied().max().unwrap_or(1);
        let buckets = vec![Vec::new(); (widest / width) as usize + 2];
        Self { ways, width, costs: vec![FAR; count], buckets }
    }

    /// Finds the costs to `goal`.
    fn run(&mut self, goal: usize) {
        self.costs.fill(FAR);
        self.costs[goal] = 0;
        self.buckets[0].push(goal as u16);
        let (mut open, mut round) = (1_usize, 0_u32);
        while open > 0 {
            let index = round as usize % self.buckets.len();
            let mut bucket = std::mem::take(&mut self.buckets[index]);
            open -= bucket.len();
            for here in bucket.drain(..) {
                let known = self.costs[usize::from(here)];
                // It was undercut, and settled before.
                if known / self.width != round {
                    continue;
                }
                let (neighbours, costs) = self.ways.of(usize::from(here));
                for (&next, &step) in neighbours.iter().zip(costs) {
                    let cost = known + step;
                    let next_index = usize::from(next);
                    if cost < self.costs[next_index] {
                        self.costs[next_index] = cost;
                        let bucket = (cost / self.width) as usize % self.buckets.len();
                        self.buckets[bucket].push(next);
                        open += 1;
                    }
                }
            }
            self.buckets[index] = bucket;
            round += 1;
        }
    }
}
