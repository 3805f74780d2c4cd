//! Tours with wishes.

use std::time::{Duration, Instant};

use quickcart_core::pathfinding::{Point, StoreMap, Tour, TourRequest};

use crate::errors::{Failure, InvalidArgument};

/// What a tour is to be like, besides short.
pub(super) struct Wishes {
    pub(super) end: Option<Point>,
    pub(super) back_to_start: bool,
    pub(super) before: Vec<(usize, usize)>,
    pub(super) gap_max: f64,
    pub(super) time_max_s: Option<f64>,
}

pub(super) fn find(
    map: &StoreMap,
    start: Point,
    stops: &[Vec<Point>],
    wishes: &Wishes,
) -> Result<Tour, Failure> {
    let invalid = |problem: &str| InvalidArgument::new("tour_invalid", problem.to_owned());
    if wishes.end.is_some() && wishes.back_to_start {
        return Err(invalid("a tour ends at its end or at its start, not at both").into());
    }
    if !(0.0..1.0).contains(&wishes.gap_max) {
        return Err(invalid("gap_max is a part of the length, from 0 to below 1").into());
    }
    let time_max = wishes.time_max_s.map(Duration::try_from_secs_f64).transpose();
    let time_max = time_max.map_err(|_| invalid("time_max_s is a number of seconds"))?;
    let deadline = time_max.and_then(|time_max| Instant::now().checked_add(time_max));
    let is_over = || deadline.is_some_and(|deadline| Instant::now() >= deadline);

    let mut request = stops
        .iter()
        .fold(TourRequest::from(start), |request, places| request.stop_at_any(places.iter().copied()));
    if let Some(end) = wishes.end {
        request = request.end_at(end);
    }
    if wishes.back_to_start {
        request = request.back_to_start();
    }
    let request =
        wishes.before.iter().fold(request, |request, &(first, second)| request.before(first, second));
    Ok(map.tour_for(&request.gap_max(wishes.gap_max).stop_when(&is_over))?)
}
