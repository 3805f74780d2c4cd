//! How much shorter a tour must be to count as shorter.

/// Integral costs whose sums stay below this leave rounding errors far below one.
const INTEGRAL_MAX: f64 = (1_u64 << 30) as f64;

/// What a search leaves open, of a cost; far above the rounding of sums in another order, far below what matters.
const RELATIVE: f64 = 0.5e-9;

/// The least difference between two costs that are not the same.
#[derive(Clone, Copy)]
pub(super) struct Margin {
    integral: bool,
}

impl Margin {
    /// The margin for sums of `terms` of these costs.
    pub(super) fn of(costs: &[f64], terms: usize) -> Self {
        let is_small = |cost: f64| cost.fract() == 0.0 && cost.abs() * (terms as f64) < INTEGRAL_MAX;
        Self { integral: costs.iter().all(|&cost| cost == f64::INFINITY || is_small(cost)) }
    }

    /// A tour that is shorter than this `cost` costs less than the target.
    pub(super) fn target(self, cost: f64) -> f64 {
        if self.integral { cost - 0.999 } else { cost - RELATIVE * cost }
    }

    /// The highest bound that follows from a proved one, no higher than the cost of a tour.
    pub(super) fn bound(self, proved: f64, cost: f64) -> f64 {
        // Twice what a search leaves open, since that was about a sum in another order.
        let is_proved =
            if self.integral { proved > cost - 0.9995 } else { proved >= cost - 2.0 * RELATIVE * cost };
        if is_proved {
            cost
        } else if self.integral {
            (proved - 0.001).ceil()
        } else {
            proved
        }
    }
}
