//! The order of the stops: proved shortest by dynamic programming (Held and Karp, Journal of SIAM 10(1), 1962) for short
//! lists, improved by 2-opt moves (Croes, Operations Research 6(6), 1958) and moved stops (Or, 1976) for longer ones.

use super::Matrix;
use super::engine::Engine;
use super::sheet::Cell;

/// The most stops of a tour.
pub const STOPS_MAX: usize = 100;

/// Up to this many stops the order is proved to be the shortest: the table then has 2^15 * 15 entries, 4 MB.
pub const STOPS_PROVED_MAX: usize = 15;

/// An order of stops.
#[derive(Clone, Debug, PartialEq)]
pub struct Tour {
    /// Indices into the stops that were given, in the order of the visit.
    pub order: Vec<usize>,
    /// Indices of the stops that no walk reaches.
    pub unreachable: Vec<usize>,
    /// The length of the whole walk, in metres.
    pub length_m: f64,
    /// Whether no order is shorter; otherwise none was found, but there may be one.
    pub proved_shortest: bool,
}

/// Distances in metres: row 0 from the start, row i + 1 from stop i; columns are stops.
struct Costs {
    rows: Vec<Vec<f64>>,
}

impl Costs {
    fn between(&self, from: Option<usize>, to: usize) -> f64 {
        self.rows[from.map_or(0, |stop| stop + 1)][to]
    }

    fn length(&self, order: &[usize]) -> f64 {
        let before = std::iter::once(None).chain(order.iter().copied().map(Some));
        before.zip(order).map(|(from, &to)| self.between(from, to)).sum()
    }
}

pub(super) fn shortest(engine: &Engine, start: Cell, stops: &[Option<Cell>]) -> Tour {
    let known: Vec<Cell> = stops.iter().copied().flatten().collect();
    let from_start = matrix(engine, &[start], &known);
    let mut lengths_m = from_start.row(0).iter();
    let reachable = |stop: &Option<Cell>| stop.is_some() && lengths_m.next().is_some_and(|m| m.is_finite());
    let is_reachable: Vec<bool> = stops.iter().map(reachable).collect();
    let (wanted, unreachable): (Vec<usize>, Vec<usize>) =
        (0..stops.len()).partition(|&index| is_reachable[index]);

    let cells: Vec<Cell> = wanted.iter().filter_map(|&index| stops[index]).collect();
    let from_each: Vec<Cell> = std::iter::once(start).chain(cells.iter().copied()).collect();
    let lengths = matrix(engine, &from_each, &cells);
    let matrix = Costs { rows: (0..from_each.len()).map(|row| lengths.row(row).to_vec()).collect() };

    let proved_shortest = cells.len() <= STOPS_PROVED_MAX;
    let order =
        if proved_shortest { held_karp(&matrix, cells.len()) } else { improved(&matrix, cells.len()) };
    let length_m = matrix.length(&order);
    Tour {
        order: order.into_iter().map(|stop| wanted[stop]).collect(),
        unreachable,
        length_m,
        proved_shortest,
    }
}

fn matrix(engine: &Engine, from: &[Cell], to: &[Cell]) -> Matrix {
    Matrix::of(&engine.matrix(from, to), to.len(), engine.terrain().sheet.resolution_m())
}

/// `best[set * n + last]` is the length of the shortest walk from the start past all of `set` that ends at `last`.
fn held_karp(matrix: &Costs, n: usize) -> Vec<usize> {
    let mut best = vec![f64::INFINITY; n << n];
    for last in 0..n {
        best[(1 << last) * n + last] = matrix.between(None, last);
    }
    let without = |set: usize, stop: usize| set & !(1 << stop);
    let members = |set: usize| (0..n).filter(move |stop| set & (1 << stop) != 0);
    for set in 1_usize..1 << n {
        if set.is_power_of_two() {
            continue;
        }
        for last in members(set) {
            let rest = without(set, last);
            let via = |from: usize| best[rest * n + from] + matrix.between(Some(from), last);
            best[set * n + last] = members(rest).map(via).fold(f64::INFINITY, f64::min);
        }
    }
    let mut order = Vec::with_capacity(n);
    let mut set = (1 << n) - 1;
    while set != 0 {
        let next = order.last().copied();
        let length =
            |last: usize| best[set * n + last] + next.map_or(0.0, |next| matrix.between(Some(last), next));
        let Some(last) = members(set).min_by(|&a, &b| length(a).total_cmp(&length(b))) else { break };
        order.push(last);
        set = without(set, last);
    }
    order.reverse();
    order
}

/// Starts with the nearest stop each time, then reverses and moves parts of the order while that shortens it.
fn improved(matrix: &Costs, n: usize) -> Vec<usize> {
    let mut order = nearest_first(matrix, n);
    let mut length = matrix.length(&order);
    loop {
        let better = neighbours(&order).map(|other| (matrix.length(&other), other)).find(|(other, _)| {
            // Sums of the same steps in another order differ in the last digits; those are no gain.
            *other < length - 1e-9
        });
        match better {
            Some((shorter, other)) => (length, order) = (shorter, other),
            None => return order,
        }
    }
}

fn nearest_first(matrix: &Costs, n: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..n).collect();
    let mut order = Vec::with_capacity(n);
    while !left.is_empty() {
        let from = order.last().copied();
        let distance = |index: &usize| matrix.between(from, left[*index]);
        let Some(nearest) = (0..left.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))) else { break };
        order.push(left.swap_remove(nearest));
    }
    order
}

/// Every order that differs by one reversed part, or by one to three stops moved elsewhere.
fn neighbours(order: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let n = order.len();
    let reversed = (0..n).flat_map(move |first| (first + 1..n).map(move |last| (first, last))).map(
        move |(first, last)| {
            let mut other = order.to_vec();
            other[first..=last].reverse();
            other
        },
    );
    let moved = (1..=3_usize.min(n)).flat_map(move |length| {
        (0..=n - length).flat_map(move |first| (0..=n - length).map(move |to| (length, first, to)))
    });
    let moved = moved.filter(|(_, first, to)| first != to).map(move |(length, first, to)| {
        let mut other = order.to_vec();
        let part: Vec<usize> = other.drain(first..first + length).collect();
        other.splice(to..to, part);
        other
    });
    reversed.chain(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a line, so that distances obey the triangle inequality and the best order is easy to see.
    fn line(start: f64, stops: &[f64]) -> Costs {
        let from_each = std::iter::once(start).chain(stops.iter().copied());
        Costs { rows: from_each.map(|from| stops.iter().map(|to| (from - to).abs()).collect()).collect() }
    }

    fn all_orders(n: usize) -> Vec<Vec<usize>> {
        if n == 0 {
            return vec![Vec::new()];
        }
        let shorter = all_orders(n - 1);
        let insert = |order: &Vec<usize>, at: usize| {
            let mut order = order.clone();
            order.insert(at, n - 1);
            order
        };
        shorter.iter().flat_map(|order| (0..n).map(move |at| insert(order, at))).collect()
    }

    #[test]
    fn finds_the_shortest_of_all_orders() {
        let stops = [7.0, -3.0, 12.5, 4.0, -8.0, 0.5, 3.0];
        let matrix = line(1.0, &stops);
        let shortest =
            all_orders(stops.len()).iter().map(|order| matrix.length(order)).fold(f64::INFINITY, f64::min);
        assert_eq!(matrix.length(&held_karp(&matrix, stops.len())), shortest);
        assert!(held_karp(&line(0.0, &[]), 0).is_empty());
    }

    #[test]
    fn improved_orders_visit_every_stop_once_and_beat_the_nearest_first() {
        let stops: Vec<f64> = (0..30).map(|n| f64::from((n * 37) % 101) - 50.0).collect();
        let matrix = line(3.0, &stops);
        let order = improved(&matrix, stops.len());
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..30).collect::<Vec<_>>());
        assert!(matrix.length(&order) <= matrix.length(&nearest_first(&matrix, stops.len())));
    }
}
