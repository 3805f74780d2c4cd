//! Good paths past accesses by local search: moved and turned segments (Or, 1976; Croes, 1958) whose gain counts every
//! step in its new direction, and the best access of each stop for the order so far (Renaud and Boctor, European Journal
//! of Operational Research 108(3), 1998), restarted from exchanged neighbouring segments.

use super::access_path::AccessPath;
use super::budget::Budget;
use super::random::XorShift;

const SEGMENT_MAX: usize = 3;

pub(super) struct SegmentSearch<'a> {
    path: &'a AccessPath,
    /// What a step costs that does not exist: more than every path that does.
    forbidden: f64,
    tolerance: f64,
    /// The accesses in order, between two times the node of the ends.
    sequence: Vec<usize>,
    cost: f64,
    random: XorShift,
}

impl<'a> SegmentSearch<'a> {
    pub(super) fn new(path: &'a AccessPath, budget: &mut Budget<'_>) -> Self {
        let longest = path.longest_step().max(1.0);
        let mut search = Self {
            path,
            forbidden: longest * 4.0 * (path.stops + 1) as f64,
            tolerance: 1e-12 * longest * (path.stops + 1) as f64,
            sequence: Vec::new(),
            cost: 0.0,
            random: XorShift::default(),
        };
        search.sequence = search.nearest_first();
        search.descend(budget);
        search
    }

    /// The path and its cost, which is no less than `forbidden` when it needs a step that does not exist.
    pub(super) fn best(&self) -> (&[usize], f64) {
        (&self.sequence[1..=self.path.stops], self.cost)
    }

    /// Up to `kicks` times, while the path costs more than `enough`: exchanges two segments, descends, and keeps what is
    /// not longer.
    pub(super) fn improve(&mut self, kicks: usize, enough: f64, budget: &mut Budget<'_>) {
        if self.path.stops < 4 {
            return;
        }
        for _ in 0..kicks {
            if self.cost <= enough || budget.is_spent() {
                break;
            }
            let (before, cost) = (self.sequence.clone(), self.cost);
            self.exchange();
            self.descend(budget);
            if self.cost > cost + self.tolerance {
                (self.sequence, self.cost) = (before, cost);
            }
        }
    }

    fn step(&self, from: usize, to: usize) -> f64 {
        let cost = self.path.cost(from, to);
        if cost.is_finite() { cost } else { self.forbidden }
    }

    fn length(&self) -> f64 {
        self.sequence.windows(2).map(|step| self.step(step[0], step[1])).sum()
    }

    fn nearest_first(&self) -> Vec<usize> {
        let ends = self.path.ends();
        let mut sequence = vec![ends];
        let mut left: Vec<usize> = (0..self.path.stops).collect();
        while !left.is_empty() {
            let from = sequence[sequence.len() - 1];
            let is_ready = |stop: usize| !left.iter().any(|&other| self.path.is_earlier(other, stop));
            let ready = left.iter().copied().filter(|&stop| is_ready(stop));
            let accesses = ready.flat_map(|stop| self.path.ranges[stop].clone());
            let closer = |a: &usize, b: &usize| self.step(from, *a).total_cmp(&self.step(from, *b));
            let Some(access) = accesses.min_by(closer) else { break };
            sequence.push(access);
            left.retain(|&stop| stop != self.path.accesses[access].stop);
        }
        sequence.push(ends);
        sequence
    }

    fn descend(&mut self, budget: &mut Budget<'_>) {
        loop {
            self.choose_accesses();
            let before = self.length();
            while self.move_segments() | self.turn_segments() {
                if !budget.spend(20 * self.path.stops * self.path.stops) {
                    break;
                }
            }
            self.cost = self.length();
            let is_done = self.cost >= before - self.tolerance || self.path.accesses.len() == self.path.stops;
            if is_done || !budget.spend(20 * self.path.stops * self.path.stops) {
                break;
            }
        }
    }

    /// The shortest path through the accesses of the stops in their present order.
    fn choose_accesses(&mut self) {
        if self.path.accesses.len() == self.path.stops {
            return;
        }
        let mut costs = vec![f64::INFINITY; self.path.accesses.len()];
        let mut before = vec![0; self.path.accesses.len()];
        let ends = self.path.ends();
        let mut reached = vec![(ends, 0.0)];
        let closest = |reached: &[(usize, f64)], to: usize| {
            let total = reached.iter().map(|&(from, cost)| (from, cost + self.step(from, to)));
            total.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((ends, f64::INFINITY))
        };
        for position in 1..=self.path.stops {
            let stop = self.path.accesses[self.sequence[position]].stop;
            for access in self.path.ranges[stop].clone() {
                (before[access], costs[access]) = closest(&reached, access);
            }
            reached = self.path.ranges[stop].clone().map(|access| (access, costs[access])).collect();
        }
        let (mut access, _) = closest(&reached, ends);
        for position in (1..=self.path.stops).rev() {
            self.sequence[position] = access;
            access = before[access];
        }
    }

    /// Moves segments of up to three stops elsewhere, as they are or turned; a single stop may change its access.
    fn move_segments(&mut self) -> bool {
        let mut improved = false;
        for length in 1..=SEGMENT_MAX.min(self.path.stops.saturating_sub(1)) {
            for from in 1..=self.path.stops + 1 - length {
                improved |= self.move_segment(from, length);
            }
        }
        improved
    }

    fn move_segment(&mut self, from: usize, length: usize) -> bool {
        let at = |position: usize| self.sequence[position];
        let (first, last) = (at(from), at(from + length - 1));
        let (before, after) = (at(from - 1), at(from + length));
        let inner: f64 = (from + 1..from + length).map(|to| self.step(at(to - 1), at(to))).sum();
        let turned: f64 = (from + 1..from + length).map(|to| self.step(at(to), at(to - 1))).sum();
        let removed = self.step(before, first) + inner + self.step(last, after) - self.step(before, after);
        let gaps = (0..from - 1).chain(from + length..=self.path.stops);
        let mut best = (self.tolerance, None);
        for gap in gaps {
            let (left, right) = (at(gap), at(gap + 1));
            let gained = removed + self.step(left, right);
            if length == 1 {
                for access in self.path.ranges[self.path.accesses[first].stop].clone() {
                    let gain = gained - self.step(left, access) - self.step(access, right);
                    if gain > best.0 {
                        best = (gain, Some((gap, access, false)));
                    }
                }
                continue;
            }
            let gain = gained - self.step(left, first) - inner - self.step(last, right);
            if gain > best.0 {
                best = (gain, Some((gap, first, false)));
            }
            let gain = gained - self.step(left, last) - turned - self.step(first, right);
            if gain > best.0 {
                best = (gain, Some((gap, first, true)));
            }
        }
        let (_, Some((gap, access, is_turned))) = best else { return false };
        let mut candidate = self.sequence.clone();
        candidate[from] = access;
        if is_turned {
            candidate[from..from + length].reverse();
        }
        if gap < from {
            candidate[gap + 1..from + length].rotate_right(length);
        } else {
            candidate[from..=gap].rotate_left(length);
        }
        self.accept(candidate)
    }

    /// Turns segments of any length.
    fn turn_segments(&mut self) -> bool {
        let mut improved = false;
        for first in 1..self.path.stops {
            let mut change = 0.0;
            let mut best = (-self.tolerance, None);
            for last in first + 1..=self.path.stops {
                let at = |position: usize| self.sequence[position];
                change += self.step(at(last), at(last - 1)) - self.step(at(last - 1), at(last));
                let (before, after) = (at(first - 1), at(last + 1));
                let total = change + self.step(before, at(last)) + self.step(at(first), after)
                    - self.step(before, at(first))
                    - self.step(at(last), after);
                if total < best.0 {
                    best = (total, Some(last));
                }
            }
            if let Some(last) = best.1 {
                let mut candidate = self.sequence.clone();
                candidate[first..=last].reverse();
                improved |= self.accept(candidate);
            }
        }
        improved
    }

    fn accept(&mut self, candidate: Vec<usize>) -> bool {
        let is_allowed = self.keeps_precedence(&candidate);
        if is_allowed {
            self.sequence = candidate;
        }
        is_allowed
    }

    fn keeps_precedence(&self, sequence: &[usize]) -> bool {
        let stop = |position: usize| self.path.accesses[sequence[position]].stop;
        let breaks = |late: usize| (1..late).any(|early| self.path.is_earlier(stop(late), stop(early)));
        !self.path.has_precedence() || !(1..=self.path.stops).any(breaks)
    }

    fn exchange(&mut self) {
        let longest = (self.path.stops / 2).min(10);
        let (left, right) = (1 + self.random.below(longest), 1 + self.random.below(longest));
        let first = 1 + self.random.below(self.path.stops + 1 - left - right);
        let mut candidate = self.sequence.clone();
        candidate[first..first + left + right].rotate_left(left);
        self.accept(candidate);
    }
}
