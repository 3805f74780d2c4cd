//! Lagrangian lower bounds by subgradient ascent: weights of the nodes punish a relaxed tour for not visiting every node
//! once, and so push the shortest relaxed tour up towards the shortest tour (Held and Karp, "The traveling-salesman problem
//! and minimum spanning trees", Operations Research 18, 1970, and part II, Mathematical Programming 1, 1971). Step length
//! after Polyak (1969), towards the known tour; direction after Volgenant and Jonker (European Journal of Operational
//! Research 9, 1982).

use super::budget::Budget;

/// Something easier than a tour, of which every tour is an example.
pub(super) trait Relaxation {
    /// The shortest relaxed tour under these weights, less what a tour pays for the weights: no tour is shorter. Writes by
    /// how much it visits each node too often, zero everywhere for a tour. Infinite when there is none.
    fn bound(&mut self, weights: &[f64], violations: &mut [i32]) -> f64;

    /// Units of work of one bound.
    fn work(&self) -> usize;
}

/// Weights of the nodes and the bound they prove.
#[derive(Clone)]
pub(super) struct Weights {
    pub(super) node: Box<[f64]>,
    pub(super) bound: f64,
}

impl Weights {
    pub(super) fn zero(nodes: usize) -> Self {
        Self { node: vec![0.0; nodes].into(), bound: f64::NEG_INFINITY }
    }
}

/// How far an ascent goes.
#[derive(Clone, Copy)]
pub(super) struct Ascent {
    pub(super) steps_max: usize,
    /// Of the step length: 1 leads to where the bound would meet the tour if it were linear.
    pub(super) scale: f64,
    /// It ends below this scale.
    pub(super) scale_min: f64,
    /// The scale is halved after so many steps without a better bound.
    pub(super) patience: usize,
}

/// How much of the last direction goes into the next one.
const MOMENTUM: f64 = 0.4;

impl Ascent {
    /// Raises the bound from the given weights until it reaches `target` or the ascent ends. `upper_bound` is the cost of
    /// a known tour.
    pub(super) fn run(
        self,
        relaxation: &mut impl Relaxation,
        from: &Weights,
        upper_bound: f64,
        target: f64,
        budget: &mut Budget<'_>,
    ) -> Weights {
        let mut best = from.clone();
        let mut weights = from.node.clone();
        let mut violations = vec![0_i32; weights.len()];
        let mut direction = vec![0.0; weights.len()];
        let (mut scale, mut failures) = (self.scale, 0);
        for step in 0..self.steps_max {
            let bound = relaxation.bound(&weights, &mut violations);
            failures += 1;
            if bound > best.bound {
                best.bound = bound;
                best.node.copy_from_slice(&weights);
                failures = 0;
            }
            let norm: i32 = violations.iter().map(|violation| violation.pow(2)).sum();
            if norm == 0 || best.bound >= target || !budget.spend(relaxation.work()) {
                break;
            }
            if failures > self.patience {
                (scale, failures) = (scale * 0.5, 0);
            }
            if scale < self.scale_min {
                break;
            }
            let length = scale * (upper_bound - bound) / f64::from(norm);
            let keep = if step == 0 { 0.0 } else { MOMENTUM };
            for ((weight, direction), violation) in weights.iter_mut().zip(&mut direction).zip(&violations) {
                *direction = (1.0 - keep) * f64::from(*violation) + keep * *direction;
                *weight += length * *direction;
            }
        }
        best
    }
}
