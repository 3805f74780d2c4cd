//! Good round trips by local search: 2-opt moves (Croes, Operations Research 6(6), 1958) and moved segments (Or, 1976)
//! over neighbour lists, restarted from small double bridges (Martin, Otto and Felten, Complex Systems 5(3), 1991; kept
//! local as in Johnson and McGeoch, "The traveling salesman problem: a case study", 1997).

use super::budget::Budget;
use super::random::XorShift;

const NEIGHBOURS_MAX: usize = 9;
const SEGMENT_MAX: usize = 3;

/// A round trip that only ever gets shorter.
pub(super) struct LocalSearch {
    nodes: usize,
    /// Row-major, finite: a step that does not exist costs more than every round trip that does.
    costs: Vec<f64>,
    neighbours: Vec<usize>,
    neighbours_each: usize,
    order: Vec<usize>,
    position: Vec<usize>,
    /// Nodes whose surroundings changed since they were last looked at.
    queue: Vec<usize>,
    is_queued: Vec<bool>,
    /// Gains below this are rounding.
    tolerance: f64,
    random: XorShift,
    best: Vec<usize>,
    best_cost: f64,
}

impl LocalSearch {
    /// Starts with the nearest node each time (`costs`: row-major, infinite where no step is).
    pub(super) fn new(costs: &[f64], nodes: usize) -> Self {
        let finite = costs.iter().copied().filter(|cost| cost.is_finite());
        let longest = finite.fold(1.0, |longest: f64, cost| longest.max(cost.abs()));
        let forbidden = 4.0 * longest * nodes as f64;
        let costs: Vec<f64> =
            costs.iter().map(|&cost| if cost.is_finite() { cost } else { forbidden }).collect();
        let neighbours_each = NEIGHBOURS_MAX.min(nodes - 1);
        let neighbours = nearest(&costs, nodes, neighbours_each);
        let order = nearest_neighbour_tour(&costs, nodes);
        let mut search = Self {
            nodes,
            costs,
            neighbours,
            neighbours_each,
            position: vec![0; nodes],
            queue: order.clone(),
            is_queued: vec![true; nodes],
            tolerance: 1e-12 * longest * nodes as f64,
            random: XorShift::default(),
            best: order.clone(),
            best_cost: f64::INFINITY,
            order,
        };
        search.index();
        search.descend();
        search.best.clone_from(&search.order);
        search.best_cost = search.length();
        search
    }

    pub(super) fn best(&self) -> (&[usize], f64) {
        (&self.best, self.best_cost)
    }

    /// Up to `kicks` times, while the round trip is longer than `enough`: disturbs it, descends, and keeps what is not
    /// longer.
    pub(super) fn improve(&mut self, kicks: usize, enough: f64, budget: &mut Budget<'_>) {
        if self.nodes < 8 {
            return;
        }
        for _ in 0..kicks {
            if self.best_cost <= enough || !budget.spend(1000 + 10 * self.nodes) {
                break;
            }
            let change = self.double_bridge() + self.descend();
            if change <= self.tolerance {
                self.best_cost += change;
                self.best.copy_from_slice(&self.order);
            } else {
                self.order.copy_from_slice(&self.best);
                self.index();
            }
        }
        self.best_cost = self.length();
    }

    fn length(&self) -> f64 {
        let next = self.best.iter().cycle().skip(1);
        self.best.iter().zip(next).map(|(&from, &to)| self.cost(from, to)).sum()
    }

    fn cost(&self, from: usize, to: usize) -> f64 {
        self.costs[from * self.nodes + to]
    }

    fn index(&mut self) {
        for (position, &node) in self.order.iter().enumerate() {
            self.position[node] = position;
        }
    }

    fn next(&self, node: usize) -> usize {
        let after = self.position[node] + 1;
        self.order[if after == self.nodes { 0 } else { after }]
    }

    fn previous(&self, node: usize) -> usize {
        let position = self.position[node];
        self.order[if position == 0 { self.nodes - 1 } else { position - 1 }]
    }

    fn step(&self, node: usize, forward: bool) -> usize {
        if forward { self.next(node) } else { self.previous(node) }
    }

    fn enqueue(&mut self, node: usize) {
        if !self.is_queued[node] {
            self.is_queued[node] = true;
            self.queue.push(node);
        }
    }

    /// Applies moves until none shortens the round trip; the change of its length.
    fn descend(&mut self) -> f64 {
        let mut change = 0.0;
        while let Some(node) = self.queue.pop() {
            self.is_queued[node] = false;
            while let Some(gain) = self.two_opt(node).or_else(|| self.or_opt(node)) {
                change -= gain;
            }
        }
        change
    }

    /// Replaces the steps a-b and c-d by a-c and b-d.
    fn two_opt(&mut self, a: usize) -> Option<f64> {
        for forward in [true, false] {
            let b = self.step(a, forward);
            let before = self.cost(a, b);
            for index in 0..self.neighbours_each {
                let c = self.neighbours[a * self.neighbours_each + index];
                let gained = before - self.cost(a, c);
                if gained <= self.tolerance {
                    break;
                }
                let d = self.step(c, forward);
                let gain = gained + self.cost(c, d) - self.cost(b, d);
                if gain > self.tolerance {
                    if forward {
                        self.reverse(b, c);
                    } else {
                        self.reverse(c, b);
                    }
                    [a, b, c, d].into_iter().for_each(|node| self.enqueue(node));
                    return Some(gain);
                }
            }
        }
        None
    }

    /// Moves the segment from a to e, as it is or turned, so that a comes beside c.
    fn or_opt(&mut self, a: usize) -> Option<f64> {
        for forward in [true, false] {
            let p = self.step(a, !forward);
            let mut e = a;
            for length in 1..=SEGMENT_MAX {
                if length > 1 {
                    e = self.step(e, forward);
                }
                let q = self.step(e, forward);
                if q == p || self.step(q, forward) == p {
                    break;
                }
                let removed = self.cost(p, a) + self.cost(e, q) - self.cost(p, q);
                for index in 0..self.neighbours_each {
                    let c = self.neighbours[a * self.neighbours_each + index];
                    let gained = removed - self.cost(a, c);
                    if gained <= self.tolerance {
                        break;
                    }
                    if self.distance(a, c, forward) < length {
                        continue;
                    }
                    for after in [true, false] {
                        let d = self.step(c, after == forward);
                        // Beside p or q there is no other gap to move into on that side.
                        if (c == p && after) || (c == q && !after) {
                            continue;
                        }
                        let gain = gained + self.cost(c, d) - self.cost(e, d);
                        if gain > self.tolerance {
                            self.move_segment(a, e, c, d, forward, after);
                            [p, q, a, e, c, d].into_iter().for_each(|node| self.enqueue(node));
                            return Some(gain);
                        }
                    }
                }
            }
        }
        None
    }

    /// Steps from one node to another in a direction.
    fn distance(&self, from: usize, to: usize, forward: bool) -> usize {
        let (from, to) = if forward { (from, to) } else { (to, from) };
        let (from, to) = (self.position[from], self.position[to]);
        if to >= from { to - from } else { to + self.nodes - from }
    }

    /// Takes a..e out and puts it between c and d, a beside c. All in the sense of `forward`; d follows c if `after`.
    fn move_segment(&mut self, a: usize, e: usize, c: usize, d: usize, forward: bool, after: bool) {
        let (first, last) = if forward { (a, e) } else { (e, a) };
        let (left, right) = if after == forward { (c, d) } else { (d, c) };
        let (p, q) = (self.previous(first), self.next(last));
        // The segment changes places with the nodes between it and the gap, on the side where they are fewer.
        if self.distance(q, left, true) <= self.distance(right, p, true) {
            self.reverse(first, left);
            self.reverse(left, q);
        } else {
            self.reverse(right, last);
            self.reverse(p, right);
        }
        // It stands turned now, from last to first.
        if (left == c) != (last == a) {
            self.reverse(last, first);
        }
    }

    /// Turns the part from one node forward to another round.
    fn reverse(&mut self, from: usize, to: usize) {
        let last = self.nodes - 1;
        let (mut i, mut j) = (self.position[from], self.position[to]);
        for _ in 0..self.distance(from, to, true).div_ceil(2) {
            self.order.swap(i, j);
            self.position[self.order[i]] = i;
            self.position[self.order[j]] = j;
            i = if i == last { 0 } else { i + 1 };
            j = if j == 0 { last } else { j - 1 };
        }
    }

    /// Exchanges two short neighbouring parts; the change of the length.
    fn double_bridge(&mut self) -> f64 {
        let longest = (self.nodes / 3).min(30);
        let from = self.random.below(self.nodes);
        let (first, second) = (1 + self.random.below(longest), 1 + self.random.below(longest));
        let at = |offset: usize| self.order[(from + offset) % self.nodes];
        let (a, b, c, d) = (at(0), at(1), at(first), at(first + 1));
        let (e, f) = (at(first + second), at(first + second + 1));
        let change = self.cost(a, d) + self.cost(e, b) + self.cost(c, f)
            - self.cost(a, b)
            - self.cost(c, d)
            - self.cost(e, f);
        self.reverse(b, e);
        self.reverse(e, d);
        self.reverse(c, b);
        [a, b, c, d, e, f].into_iter().for_each(|node| self.enqueue(node));
        change
    }
}

/// The nearest nodes of each node, nearest first.
fn nearest(costs: &[f64], nodes: usize, each: usize) -> Vec<usize> {
    let mut nearest = Vec::with_capacity(nodes * each);
    let mut others: Vec<usize> = Vec::with_capacity(nodes);
    for (node, row) in costs.chunks_exact(nodes).enumerate() {
        others.clear();
        others.extend((0..nodes).filter(|&other| other != node));
        let closer = |&a: &usize, &b: &usize| row[a].total_cmp(&row[b]);
        if each < others.len() {
            others.select_nth_unstable_by(each, closer);
        }
        others.truncate(each);
        others.sort_unstable_by(closer);
        nearest.extend_from_slice(&others);
    }
    nearest
}

fn nearest_neighbour_tour(costs: &[f64], nodes: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..nodes).collect();
    for placed in 1..nodes {
        let row = &costs[order[placed - 1] * nodes..][..nodes];
        let closest = (placed..nodes).min_by(|&a, &b| row[order[a]].total_cmp(&row[order[b]]));
        order.swap(placed, closest.unwrap_or(placed));
    }
    order
}
