//! All costs between subgoals, and the first way of each walk.

use std::thread;

use super::progress::Progress;
use super::ways::Ways;

/// More than any walk costs; four of them still fit.
pub(super) const FAR: u32 = u32::MAX / 4;

/// The way is not among the first 255.
const HOP_UNKNOWN: u8 = u8::MAX;

/// The costs of the walks between all pairs of subgoals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    count: usize,
    /// A triangle: from each subgoal to itself and those before it.
    costs: Vec<u32>,
    /// For each goal, a row: which of its ways every subgoal takes first.
    hops: Vec<u8>,
}

impl Table {
    /// How many bytes it takes for so many subgoals.
    pub(super) fn bytes_for(count: usize) -> usize {
        4 * triangle(count) + count * count
    }

    /// `None` when a walk costs more than the numbers hold.
    pub(super) fn of(ways: &Ways, count: usize, progress: &Progress<'_>) -> Option<Self> {
        if ways.costs().iter().any(|&cost| cost >= FAR / 2) {
            return None;
        }
        let mut costs = vec![FAR; triangle(count)];
        let mut hops = vec![HOP_UNKNOWN; count * count];
        let mut rows: Vec<(usize, &mut [u32], &mut [u8])> = Vec::with_capacity(count);
        let mut left = costs.as_mut_slice();
        for (goal, hops) in hops.chunks_exact_mut(count.max(1)).enumerate() {
            let (row, rest) = left.split_at_mut(goal + 1);
            rows.push((goal, row, hops));
            left = rest;
        }
        let threads = threads();
        let mut shares: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
        for (index, row) in rows.into_iter().enumerate() {
            shares[index % threads].push(row);
        }
        let backs = backs(ways, count);
        let backs = &backs;
        thread::scope(|scope| {
            for share in shares {
                scope.spawn(move || {
                    let mut search = Search::new(ways, backs, count);
                    for (goal, costs, hops) in share {
                        search.run(goal, hops);
                        costs.copy_from_slice(&search.costs[..=goal]);
                        progress.advance(1);
                    }
                });
            }
        });
        // A walk of half that length cannot be followed by one step that passes FAR without being seen here.
        let holds = costs.iter().all(|&cost| cost == FAR || cost < FAR / 2);
        holds.then_some(Self { count, costs, hops })
    }

    /// The number of subgoals, the costs and the first ways.
    pub(super) fn parts(&self) -> (usize, &[u32], &[u8]) {
        (self.count, &self.costs, &self.hops)
    }

    pub(super) fn from_parts(count: usize, costs: Vec<u32>, hops: Vec<u8>) -> Self {
        Self { count, costs, hops }
    }

    /// Whether it is one for so many subgoals.
    pub(super) fn fits(&self, count: usize) -> bool {
        self.count == count
            && self.costs.len() == triangle(count)
            && self.hops.len() == count * count
            && self.costs.iter().all(|&cost| cost <= FAR)
    }

    pub(super) fn cost(&self, a: usize, b: usize) -> u32 {
        let (low, high) = (a.min(b), a.max(b));
        self.costs[triangle(high) + low]
    }

    /// The subgoal that follows on the walk to `goal`; `None` for a goal that no walk reaches.
    pub(super) fn next(&self, ways: &Ways, here: usize, goal: usize) -> Option<usize> {
        let (neighbours, costs) = ways.of(here);
        let hop = usize::from(self.hops[goal * self.count + here]);
        if hop < usize::from(HOP_UNKNOWN) {
            return neighbours.get(hop).map(|&next| usize::from(next));
        }
        let whole = self.cost(here, goal);
        let found = neighbours
            .iter()
            .zip(costs)
            .find(|&(&next, &cost)| whole < FAR && cost + self.cost(usize::from(next), goal) == whole);
        found.map(|(&next, _)| usize::from(next))
    }

    pub(super) fn bytes(&self) -> usize {
        4 * self.costs.len() + self.hops.len()
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
    /// For each way, its place among the ways of its other end.
    back: &'a [u8],
    width: u32,
    costs: Vec<u32>,
    /// As many as the dearest way spans, used round and round.
    buckets: Vec<Vec<u16>>,
}

impl<'a> Search<'a> {
    fn new(ways: &'a Ways, back: &'a [u8], count: usize) -> Self {
        let width = ways.costs().iter().copied().min().unwrap_or(1).max(1);
        let widest = ways.costs().iter().copied().max().unwrap_or(1);
        let buckets = vec![Vec::new(); (widest / width) as usize + 2];
        Self { ways, back, width, costs: vec![FAR; count], buckets }
    }

    /// Finds the costs to `goal` and the first way of each walk there.
    fn run(&mut self, goal: usize, hops: &mut [u8]) {
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
                let range = self.ways.range(usize::from(here));
                let (neighbours, costs) = self.ways.of(usize::from(here));
                for ((&next, &step), &back) in neighbours.iter().zip(costs).zip(&self.back[range]) {
                    let cost = known + step;
                    let next_index = usize::from(next);
                    if cost < self.costs[next_index] {
                        self.costs[next_index] = cost;
                        hops[next_index] = back;
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

/// For each way, its place among the ways of its other end, or [`HOP_UNKNOWN`].
fn backs(ways: &Ways, count: usize) -> Vec<u8> {
    let from_each = (0..count).flat_map(|here| ways.of(here).0.iter().map(move |&next| (here, next)));
    let place = |(here, next): (usize, u16)| {
        let (neighbours, _) = ways.of(usize::from(next));
        let place = neighbours.binary_search(&(here as u16)).unwrap_or(usize::MAX);
        u8::try_from(place).unwrap_or(HOP_UNKNOWN)
    };
    from_each.map(place).collect()
}
