//! A symmetric tour with or without ends as one round trip: a path from s to t is a round trip through a node of its
//! own that costs nothing between t and s.

use super::{End, TourProblem};

/// A symmetric round trip through all nodes.
pub(super) struct Cycle {
    pub(super) nodes: usize,
    /// Row-major `nodes` x `nodes`; infinite on the diagonal and where no walk is.
    pub(super) costs: Vec<f64>,
    /// What a round trip costs more than the tour it stands for.
    pub(super) offset: f64,
    roles: Vec<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    /// Joins the last place of a path with the first one.
    Joint,
    Start,
    End,
    Stop(usize),
}

impl Cycle {
    /// The round trip of a problem with one place for each stop and costs that [`is_symmetric`] accepts.
    pub(super) fn new(problem: &TourProblem<'_>) -> Self {
        let mut roles = Vec::with_capacity(problem.stops.len() + 3);
        if problem.end != End::Closed {
            roles.push(Role::Joint);
        }
        if problem.start.is_some() {
            roles.push(Role::Start);
        }
        if matches!(problem.end, End::At(_)) {
            roles.push(Role::End);
        }
        roles.extend((0..problem.stops.len()).map(Role::Stop));

        let nodes = roles.len();
        let mut cycle = Self { nodes, costs: vec![f64::INFINITY; nodes * nodes], offset: 0.0, roles };
        cycle.fill(problem);
        cycle
    }

    fn fill(&mut self, problem: &TourProblem<'_>) {
        let place = |role: Role| match (role, problem.end) {
            (Role::Start, _) => problem.start,
            (Role::End, End::At(place)) => Some(place),
            (Role::Stop(stop), _) => problem.stops[stop].first().copied(),
            (Role::Joint | Role::End, _) => None,
        };
        let places: Vec<Option<usize>> = self.roles.iter().map(|&role| place(role)).collect();
        for (from, &place) in places.iter().enumerate() {
            let Some(place) = place else { continue };
            for (to, &other) in places.iter().enumerate() {
                let Some(other) = other.filter(|_| to != from) else { continue };
                let (there, back) = (problem.cost(place, other), problem.cost(other, place));
                self.costs[from * self.nodes + to] = there.min(back);
            }
        }
        if self.roles[0] == Role::Joint {
            self.join();
        }
    }

    /// Ties the joint to the fixed ends, and to every stop where an end is free. The cost of a tie to a fixed end is so
    /// far below zero that no shortest round trip does without it.
    fn join(&mut self) {
        let fixed: Vec<usize> =
            (1..self.nodes).filter(|&node| !matches!(self.roles[node], Role::Stop(_))).collect();
        let finite = self.costs.iter().copied().filter(|cost| cost.is_finite());
        let tie = if fixed.len() == 2 { 0.0 } else { -(finite.fold(1.0, f64::max) * self.nodes as f64) };
        for node in 1..self.nodes {
            let cost = match self.roles[node] {
                Role::Stop(_) if fixed.len() == 2 => continue,
                Role::Stop(_) => 0.0,
                _ => tie,
            };
            self.costs[node] = cost;
            self.costs[node * self.nodes] = cost;
        }
        if let &[first, second] = fixed.as_slice() {
            self.costs[first * self.nodes + second] = f64::INFINITY;
            self.costs[second * self.nodes + first] = f64::INFINITY;
        }
        self.offset = if fixed.len() == 1 { tie } else { 0.0 };
    }

    /// The stops in the order of a round trip, in the direction that the problem's ends ask for.
    pub(super) fn stops(&self, round_trip: &[usize]) -> Vec<usize> {
        let first = round_trip.iter().position(|&node| node == 0).unwrap_or(0);
        let mut rotated = [&round_trip[first..], &round_trip[..first]].concat();
        let role = |node: Option<&usize>| node.map(|&node| self.roles[node]);
        let ends_at_start = role(rotated.last()) == Some(Role::Start);
        if ends_at_start || role(rotated.get(1)) == Some(Role::End) {
            rotated.reverse();
        }
        let stop = |node: usize| if let Role::Stop(stop) = self.roles[node] { Some(stop) } else { None };
        rotated.into_iter().filter_map(stop).collect()
    }
}

/// Whether every pair costs the same both ways, up to the rounding of sums of the same steps in another order.
pub(super) fn is_symmetric(problem: &TourProblem<'_>) -> bool {
    let n = problem.places;
    let same = |a: f64, b: f64| a == b || (a - b).abs() <= 1e-12 * a.max(b);
    (0..n).all(|from| (0..from).all(|to| same(problem.cost(from, to), problem.cost(to, from))))
}
