//! A lower bound that knows direction, access places and precedence: the shortest walk of as many steps as there are
//! stops, which may come back to a stop, though not at once and not after one step. State-space relaxation: Christofides,
//! Mingozzi and Toth, Networks 11(2), 1981; without two-step cycles: Houck, Picard, Queyranne and Vemuganti, Opsearch 17,
//! 1980. Weights of the stops punish coming back, as in the ascent of the 1-tree.

use super::access_path::AccessPath;
use super::ascent::Relaxation;

const NONE: u32 = u32::MAX;

/// The shortest ends of walks, for each number of visited stops and each access.
pub(super) struct QPaths<'a> {
    path: &'a AccessPath,
    /// `completions[position * accesses + access]`, without the weight of the access itself.
    completions: Vec<Completion>,
    /// The positions of each stop that precedence allows.
    windows: Vec<(usize, usize)>,
}

/// The cheapest way to the end, and the cheapest one whose next stop is another.
#[derive(Clone, Copy)]
struct Completion {
    costs: [f64; 2],
    next: [u32; 2],
    next_stop: [u32; 2],
}

const DEAD_END: Completion = Completion { costs: [f64::INFINITY; 2], next: [NONE; 2], next_stop: [NONE; 2] };

impl Completion {
    fn offer(&mut self, cost: f64, next: usize, stop: usize) {
        if cost < self.costs[0] {
            *self = Self {
                costs: [cost, self.costs[0]],
                next: [next as u32, self.next[0]],
                next_stop: [stop as u32, self.next_stop[0]],
            };
        } else if cost < self.costs[1] {
            (self.costs[1], self.next[1], self.next_stop[1]) = (cost, next as u32, stop as u32);
        }
    }

    fn avoiding(&self, stop: usize) -> (f64, u32) {
        let which = usize::from(self.next_stop[0] == stop as u32);
        (self.costs[which], self.next[which])
    }
}

impl<'a> QPaths<'a> {
    pub(super) fn new(path: &'a AccessPath) -> Self {
        let window = |stop| (path.waits_for(stop), path.stops - path.blocks(stop));
        Self {
            path,
            completions: vec![DEAD_END; path.stops * path.accesses.len()],
            windows: (0..path.stops).map(window).collect(),
        }
    }

    /// No way from an access at a position past the stops outside `visited` to the end costs less, all weights included
    /// but that of the access.
    pub(super) fn completion(&self, position: usize, access: usize, visited: u128) -> f64 {
        let completion = &self.completions[position * self.path.accesses.len() + access];
        let stop = completion.next_stop[0];
        let is_visited = stop != NONE && visited >> stop & 1 == 1;
        completion.costs[usize::from(is_visited)]
    }

    fn is_open(&self, stop: usize, position: usize) -> bool {
        let (first, end) = self.windows[stop];
        (first..end).contains(&position)
    }

    fn complete(&mut self, position: usize, weights: &[f64]) {
        let accesses = self.path.accesses.len();
        let (here, after) = self.completions[position * accesses..].split_at_mut(accesses);
        for (from, completion) in here.iter_mut().enumerate() {
            *completion = DEAD_END;
            let stop = self.path.accesses[from].stop;
            let (first, end) = self.windows[stop];
            if !(first..end).contains(&position) {
                continue;
            }
            let costs = self.path.costs_from(from);
            if position + 1 == self.path.stops {
                completion.costs[0] = costs[accesses];
                continue;
            }
            for (next_stop, range) in self.path.ranges.iter().enumerate() {
                let (mut least, mut least_at) = (f64::INFINITY, 0);
                for next in range.clone() {
                    let cost = costs[next] + after[next].avoiding(stop).0;
                    if cost < least {
                        (least, least_at) = (cost, next);
                    }
                }
                completion.offer(least + weights[next_stop], least_at, next_stop);
            }
        }
    }

    fn first_step(&self, weights: &[f64]) -> (f64, usize) {
        let costs = self.path.costs_from(self.path.ends());
        let cost = |access: usize| {
            let stop = self.path.accesses[access].stop;
            let reachable = self.is_open(stop, 0);
            if reachable {
                costs[access] + weights[stop] + self.completions[access].costs[0]
            } else {
                f64::INFINITY
            }
        };
        let all = (0..self.path.accesses.len()).map(|access| (cost(access), access));
        all.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::INFINITY, 0))
    }
}

impl Relaxation for QPaths<'_> {
    fn bound(&mut self, weights: &[f64], violations: &mut [i32]) -> f64 {
        for position in (0..self.path.stops).rev() {
            self.complete(position, weights);
        }
        let (cost, first) = self.first_step(weights);
        if cost == f64::INFINITY {
            return cost;
        }
        violations.fill(-1);
        let (mut before, mut access) = (usize::MAX, first);
        for position in 0..self.path.stops {
            let stop = self.path.accesses[access].stop;
            violations[stop] += 1;
            let completion = &self.completions[position * self.path.accesses.len() + access];
            let (_, next) = completion.avoiding(before);
            before = stop;
            if next != NONE {
                access = next as usize;
            }
        }
        cost - weights.iter().sum::<f64>()
    }

    fn work(&self) -> usize {
        self.path.stops * self.path.accesses.len() * self.path.accesses.len() * 2
    }
}
