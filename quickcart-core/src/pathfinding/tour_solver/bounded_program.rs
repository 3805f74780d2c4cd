//! The dynamic program over sets of visited stops (Held and Karp, Journal of SIAM 10(1), 1962; Bellman, Journal of the ACM
//! 9(1), 1962), with states left out that a lower bound shows to be too long (Morin and Marsten, "Branch-and-bound
//! strategies for dynamic programming", Operations Research 24(4), 1976).

use super::access_path::AccessPath;
use super::budget::Budget;
use super::q_paths::QPaths;

/// The sets are bit masks.
pub(super) const STOPS_MAX: usize = 128;

/// Of one layer: some hundred megabytes altogether at the very most.
const STATES_MAX: usize = 1 << 20;

#[derive(Clone, Copy)]
struct State {
    visited: u128,
    access: u32,
    /// The index of the state before, in the layer before.
    before: u32,
    /// With the weights of the visited stops.
    cost: f64,
    /// No path through this state costs less.
    bound: f64,
}

/// What the program found out.
pub(super) struct Outcome {
    /// The accesses of the shortest path, when it is shorter than asked.
    pub(super) better: Option<Vec<usize>>,
    /// No path costs less than this, or than the target.
    pub(super) lower_bound: f64,
}

/// Finds the shortest path if it costs less than `target`.
pub(super) fn shortest(
    path: &AccessPath,
    q_paths: &QPaths<'_>,
    weights: &[f64],
    target: f64,
    budget: &mut Budget<'_>,
) -> Outcome {
    let program =
        Program { path, q_paths, weights, target: target + weights.iter().sum::<f64>(), before: masks(path) };
    let mut layers = vec![program.first_layer()];
    for position in 1..path.stops {
        let last = layers.last().map_or(&[][..], Vec::as_slice);
        match program.next_layer(position, last, budget) {
            Some(layer) => layers.push(layer),
            None => {
                let least = last.iter().map(|state| state.bound).fold(f64::INFINITY, f64::min);
                return Outcome { better: None, lower_bound: least - weights.iter().sum::<f64>() };
            }
        }
    }
    Outcome { better: trace(&layers), lower_bound: f64::INFINITY }
}

struct Program<'a> {
    path: &'a AccessPath,
    q_paths: &'a QPaths<'a>,
    weights: &'a [f64],
    /// With all weights.
    target: f64,
    /// The stops that must come before each one.
    before: Vec<u128>,
}

impl Program<'_> {
    fn first_layer(&self) -> Vec<State> {
        let from = State { visited: 0, access: self.path.ends() as u32, before: 0, cost: 0.0, bound: 0.0 };
        let mut layer = Layer::default();
        self.expand(0, &from, 0, &mut layer);
        layer.states
    }

    /// None when there is too much to do.
    fn next_layer(&self, position: usize, states: &[State], budget: &mut Budget<'_>) -> Option<Vec<State>> {
        let mut layer = Layer::default();
        for (index, state) in states.iter().enumerate() {
            self.expand(position, state, index, &mut layer);
            if layer.states.len() > STATES_MAX || !budget.spend(8 * self.path.accesses.len()) {
                return None;
            }
        }
        Some(layer.states)
    }

    fn expand(&self, position: usize, from: &State, index: usize, layer: &mut Layer) {
        let costs = self.path.costs_from(from.access as usize);
        for (stop, range) in self.path.ranges.iter().enumerate() {
            if from.visited >> stop & 1 == 1 || self.before[stop] & !from.visited != 0 {
                continue;
            }
            let visited = from.visited | 1 << stop;
            for access in range.clone() {
                let cost = from.cost + costs[access] + self.weights[stop];
                let bound = cost + self.q_paths.completion(position, access, visited);
                if bound < self.target {
                    layer.offer(State { visited, access: access as u32, before: index as u32, cost, bound });
                }
            }
        }
    }
}

/// The states of one size of set, found by an open-addressed table of their indices.
#[derive(Default)]
struct Layer {
    states: Vec<State>,
    table: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl Layer {
    /// Adds a state, or makes the one of the same set and access cheaper.
    fn offer(&mut self, state: State) {
        if self.states.len() * 2 >= self.table.len() {
            self.grow();
        }
        let slot = self.slot(&state);
        match self.table[slot] {
            EMPTY => {
                self.table[slot] = self.states.len() as u32;
                self.states.push(state);
            }
            index => {
                let known = &mut self.states[index as usize];
                if state.cost < known.cost {
                    *known = state;
                }
            }
        }
    }

    fn slot(&self, state: &State) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = hash(state) & mask;
        while self.table[slot] != EMPTY {
            let known = &self.states[self.table[slot] as usize];
            if known.visited == state.visited && known.access == state.access {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.table = vec![EMPTY; (self.table.len() * 4).max(64)];
        for index in 0..self.states.len() {
            let slot = self.slot(&self.states[index]);
            self.table[slot] = index as u32;
        }
    }
}

/// Multiplicative hashing (Knuth, The Art of Computer Programming 3, section 6.4).
fn hash(state: &State) -> usize {
    let folded = (state.visited as u64 ^ (state.visited >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((folded ^ u64::from(state.access)).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 32) as usize
}

fn masks(path: &AccessPath) -> Vec<u128> {
    let bit = |other: usize, stop: usize| u128::from(path.is_earlier(other, stop)) << other;
    (0..path.stops)
        .map(|stop| (0..path.stops).map(|other| bit(other, stop)).fold(0, |mask, bit| mask | bit))
        .collect()
}

/// The cheapest state of the last layer (whose bound is the whole cost) and how it was reached.
fn trace(layers: &[Vec<State>]) -> Option<Vec<usize>> {
    let mut state = layers.last()?.iter().min_by(|a, b| a.bound.total_cmp(&b.bound))?;
    let mut sequence = vec![state.access as usize];
    for layer in layers.iter().rev().skip(1) {
        state = &layer[state.before as usize];
        sequence.push(state.access as usize);
    }
    sequence.reverse();
    Some(sequence)
}
