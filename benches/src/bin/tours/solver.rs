//! Where the tours come from.

use benches::Result;
use benches::costs::{Costs, Ends};
use quickcart_core::pathfinding::{TourRequest, tour_of_matrix};

/// A tour and how good it is.
#[derive(Default)]
pub(crate) struct Solved {
    /// All places in the order of the visit.
    pub(crate) order: Vec<usize>,
    /// No tour is shorter.
    pub(crate) lower_bound: f64,
    /// Whether none is shorter than this one.
    pub(crate) is_proved: bool,
}

/// Solves it with the core's solver, within the work that it does by itself.
pub(crate) fn solve(costs: &Costs, gap_max: f64) -> Result<Solved> {
    let last = costs.places.saturating_sub(1);
    let (request, stops) = match costs.ends {
        Ends::Closed => (TourRequest::from(0).back_to_start(), 1..costs.places),
        Ends::Open => (TourRequest::from(0).end_at(last), 1..last.max(1)),
    };
    let request = stops.clone().fold(request, TourRequest::stop).gap_max(gap_max);
    let tour = tour_of_matrix(&costs.square, costs.places, &request)?;
    let end = (costs.ends == Ends::Open && last > 0).then_some(last);
    let order =
        std::iter::once(0).chain(tour.order.iter().map(|stop| stop + stops.start)).chain(end).collect();
    Ok(Solved { order, lower_bound: tour.lower_bound, is_proved: tour.is_proved_shortest() })
}
