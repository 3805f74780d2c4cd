//! What is to be visited, and in which order that is shortest.

use super::Point;
use super::tour_solver::{self, End, Limits, TourProblem};
use crate::error::{DomainError, ErrorKind};

/// The most stops of a tour over a map or a graph.
pub const STOPS_MAX: usize = 100;

/// The most stops of a tour over a matrix.
pub const MATRIX_STOPS_MAX: usize = 1_000;

/// The most places that all stops together may be visited at.
pub const PLACES_MAX: usize = 2_000;

/// Work at most, in nanoseconds or so: a tenth of a second.
const WORK_MAX: u64 = 100_000_000;

/// What a tour visits. A place is a [`Point`] of a map, a node of a graph or a row of a matrix.
///
/// ```
/// use quickcart_core::pathfinding::{FloorPlan, Point, StoreMap, TourRequest};
///
/// let map = StoreMap::build(FloorPlan::parse_map("..........", 1.0)?)?;
/// let at = |x_m: f64| Point::new(0, x_m + 0.5, 0.5);
/// let frozen_last = TourRequest::from(at(4.0)).stop(at(5.0)).stop(at(1.0)).before(1, 0).end_at(at(9.0));
/// let tour = map.tour_for(&frozen_last)?;
/// assert_eq!(tour.order, [1, 0]);
/// assert_eq!((tour.length, tour.lower_bound), (11.0, 11.0));
/// # Ok::<(), quickcart_core::pathfinding::PathError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct TourRequest<'a, P = Point> {
    start: Option<P>,
    end: TourEnd<P>,
    stops: Vec<Vec<P>>,
    precedence: Vec<(usize, usize)>,
    gap_max: f64,
    should_stop: &'a dyn Fn() -> bool,
}

/// Where a tour ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum TourEnd<P> {
    LastStop,
    At(P),
    Start,
}

impl<'a, P: Copy> TourRequest<'a, P> {
    /// A tour that begins here, and ends at the last stop.
    pub fn from(start: P) -> Self {
        Self { start: Some(start), end: TourEnd::LastStop, ..Self::round() }
    }

    /// A tour that begins at any stop, and ends there.
    pub fn round() -> Self {
        let (stops, precedence) = (Vec::new(), Vec::new());
        Self { start: None, end: TourEnd::Start, stops, precedence, gap_max: 0.0, should_stop: &|| false }
    }

    /// One more stop. Stops are counted from 0.
    pub fn stop(self, place: P) -> Self {
        self.stop_at_any([place])
    }

    /// One more stop, which may be visited at any of these places, such as the cells in front of a shelf.
    pub fn stop_at_any(mut self, places: impl IntoIterator<Item = P>) -> Self {
        self.stops.push(places.into_iter().collect());
        self
    }

    /// Ends the tour here, and not at the last stop.
    pub fn end_at(self, end: P) -> Self {
        Self { end: TourEnd::At(end), ..self }
    }

    /// Ends the tour where it began.
    pub fn back_to_start(self) -> Self {
        Self { end: TourEnd::Start, ..self }
    }

    /// Visits one stop, by its number, before another one: heavy things first, frozen ones last.
    pub fn before(mut self, first: usize, second: usize) -> Self {
        self.precedence.push((first, second));
        self
    }

    /// The gap between length and lower bound that is small enough, as a part of the length. Default: 0, which asks for a
    /// proof; a hundredth is found much faster for fifty stops and more.
    pub fn gap_max(self, gap_max: f64) -> Self {
        Self { gap_max, ..self }
    }

    /// Asked every few dozen microseconds; `true` ends the search with the best tour and bound so far. It ends by itself
    /// after a tenth of a second or so.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use quickcart_core::pathfinding::{TourRequest, tour_of_matrix};
    ///
    /// let costs = [0.0, 2.0, 9.0, 2.0, 0.0, 3.0, 9.0, 3.0, 0.0];
    /// let deadline = Instant::now() + Duration::from_millis(5);
    /// let is_over = || Instant::now() >= deadline;
    /// let tour = tour_of_matrix(&costs, 3, &TourRequest::from(0).stop(2).stop(1).stop_when(&is_over))?;
    /// assert_eq!((tour.order, tour.length), (vec![1, 0], 5.0));
    /// # Ok::<(), quickcart_core::pathfinding::TourError>(())
    /// ```
    pub fn stop_when(self, should_stop: &'a dyn Fn() -> bool) -> Self {
        Self { should_stop, ..self }
    }

    /// # Errors
    /// Too many stops, a stop without places, or precedence that nobody can keep.
    pub(super) fn check(&self, stops_max: usize) -> Result<(), TourError> {
        let count = self.stops.len();
        if count > stops_max {
            return Err(TourError::TooManyStops { count, max: stops_max });
        }
        let places = self.stops.iter().map(Vec::len).sum();
        if places > PLACES_MAX {
            return Err(TourError::TooManyPlaces { count: places });
        }
        if let Some(stop) = self.stops.iter().position(Vec::is_empty) {
            return Err(TourError::NoPlace { stop });
        }
        let outside = self.precedence.iter().flat_map(|&(a, b)| [a, b]).find(|&stop| stop >= count);
        match outside {
            Some(stop) => Err(TourError::NoSuchStop { stop, count }),
            None => check_order(count, &self.precedence),
        }
    }

    /// The start and the end, as far as they are places of their own.
    pub(super) fn ends(&self) -> impl Iterator<Item = P> {
        self.start.into_iter().chain(self.own_end())
    }

    /// All places: the start, those of the stops, and the end.
    pub(super) fn places(&self) -> Vec<P> {
        let stops = self.stops.iter().flatten().copied();
        self.start.into_iter().chain(stops).chain(self.own_end()).collect()
    }

    fn own_end(&self) -> Option<P> {
        match self.end {
            TourEnd::At(end) => Some(end),
            TourEnd::LastStop | TourEnd::Start => None,
        }
    }

    /// Solves it with the costs between all [`places`](Self::places), row after row.
    pub(super) fn solve(&self, costs: &[f64]) -> Result<Tour<P>, TourError> {
        let places = self.places();
        let count = places.len();
        let mut next = usize::from(self.start.is_some());
        let all: Vec<Vec<usize>> = self
            .stops
            .iter()
            .map(|stop| {
                next += stop.len();
                (next - stop.len()..next).collect()
            })
            .collect();
        let is_reachable =
            |places: &[usize]| self.start.is_none() || places.iter().any(|&place| costs[place].is_finite());
        let (wanted, unreachable): (Vec<usize>, Vec<usize>) =
            (0..all.len()).partition(|&stop| is_reachable(&all[stop]));
        let place_of = |stop: usize| wanted.binary_search(&stop).ok();
        let precedence: Vec<(usize, usize)> =
            self.precedence.iter().filter_map(|&(a, b)| place_of(a).zip(place_of(b))).collect();
        let stops: Vec<Vec<usize>> = wanted.iter().map(|&stop| all[stop].clone()).collect();
        let end = match self.end {
            TourEnd::LastStop => End::Free,
            TourEnd::At(_) => End::At(count - 1),
            TourEnd::Start => End::Closed,
        };
        let start = self.start.map(|_| 0);
        let problem =
            TourProblem { costs, places: count, stops: &stops, start, end, precedence: &precedence };
        let limits = Limits { work: WORK_MAX, gap: self.gap_max, should_stop: self.should_stop };
        let solution = tour_solver::solve(&problem, &limits).ok_or(TourError::NoTour)?;
        Ok(Tour {
            order: solution.order.iter().map(|&stop| wanted[stop]).collect(),
            places: solution.places.iter().map(|&place| places[place]).collect(),
            unreachable,
            length: solution.cost,
            lower_bound: solution.lower_bound,
        })
    }
}

/// An order of stops. Lengths are in metres on a map, and else in the unit of the costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Tour<P = Point> {
    /// The numbers of the stops, in the order of the visit.
    pub order: Vec<usize>,
    /// Where each of them is visited, in the same order.
    pub places: Vec<P>,
    /// The numbers of the stops that no walk from the start reaches.
    pub unreachable: Vec<usize>,
    /// The length of the whole walk.
    pub length: f64,
    /// No tour is shorter than this.
    pub lower_bound: f64,
}

impl<P> Tour<P> {
    /// Whether no order of the stops is shorter: the lower bound is the length, exactly where costs are whole numbers and
    /// to a billionth elsewhere.
    #[must_use]
    pub fn is_proved_shortest(&self) -> bool {
        self.lower_bound >= self.length
    }

    /// How much shorter a tour could be at most, as a part of the length.
    #[must_use]
    pub fn gap(&self) -> f64 {
        if self.length > 0.0 { ((self.length - self.lower_bound) / self.length).max(0.0) } else { 0.0 }
    }
}

/// Why there is no tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TourError {
    /// A tour takes fewer stops.
    #[error("a tour takes at most {max} stops, and {count} were given")]
    TooManyStops {
        /// How many were given.
        count: usize,
        /// How many are allowed.
        max: usize,
    },
    /// The stops have too many places.
    #[error("the stops of a tour have at most {PLACES_MAX} places, and {count} were given")]
    TooManyPlaces {
        /// How many were given.
        count: usize,
    },
    /// A stop can be visited nowhere.
    #[error("stop {stop} has no place")]
    NoPlace {
        /// Its number, counted from 0.
        stop: usize,
    },
    /// A stop is named that is not there.
    #[error("there is no stop {stop}: {count} were given, counted from 0")]
    NoSuchStop {
        /// Its number.
        stop: usize,
        /// How many there are.
        count: usize,
    },
    /// A stop would have to be visited before itself.
    #[error("stop {stop} would have to be visited before itself")]
    CircularOrder {
        /// Its number, counted from 0.
        stop: usize,
    },
    /// The costs are no matrix, or one is negative or not a number.
    #[error("the costs are no matrix of {places} places without negative numbers; see entry {index}")]
    InvalidCosts {
        /// How many rows and columns there should be.
        places: usize,
        /// The first entry that is wrong or missing.
        index: usize,
    },
    /// A place is named that has no row.
    #[error("there is no place {place} in a matrix of {places}")]
    NoSuchPlace {
        /// Its number.
        place: usize,
        /// How many there are.
        places: usize,
    },
    /// All stops are reached from the start, but no walk passes all of them.
    #[error("no walk passes all stops in an order that is allowed")]
    NoTour,
}

impl DomainError for TourError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoTour => ErrorKind::NotFound,
            _ => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooManyStops { .. } | Self::TooManyPlaces { .. } => "too_many_stops",
            Self::InvalidCosts { .. } => "costs_invalid",
            Self::NoTour => "no_tour",
            _ => "tour_invalid",
        }
    }
}

/// The shortest tour over a square matrix of costs, row after row: from the row to the column, infinite where no way leads.
///
/// # Errors
/// [`TourError`] that names what is wrong.
pub fn tour_of_matrix(
    costs: &[f64],
    places: usize,
    request: &TourRequest<'_, usize>,
) -> Result<Tour<usize>, TourError> {
    request.check(MATRIX_STOPS_MAX)?;
    let size = places.saturating_mul(places);
    let wrong = costs.iter().take(size).position(|cost| cost.is_nan() || *cost < 0.0);
    if let Some(index) = wrong.or_else(|| (costs.len() != size).then(|| costs.len().min(size))) {
        return Err(TourError::InvalidCosts { places, index });
    }
    let named = request.places();
    if let Some(&place) = named.iter().find(|&&place| place >= places) {
        return Err(TourError::NoSuchPlace { place, places });
    }
    let rows = named.iter().flat_map(|&from| named.iter().map(move |&to| costs[from * places + to]));
    request.solve(&rows.collect::<Vec<f64>>())
}

/// Whether stops can be visited in an order that keeps to all pairs (Kahn, Communications of the ACM 5(11), 1962).
fn check_order(count: usize, precedence: &[(usize, usize)]) -> Result<(), TourError> {
    let mut waits_for = vec![0; count];
    precedence.iter().for_each(|&(_, second)| waits_for[second] += 1);
    let mut ready: Vec<usize> = (0..count).filter(|&stop| waits_for[stop] == 0).collect();
    while let Some(stop) = ready.pop() {
        for &(_, second) in precedence.iter().filter(|&&(first, _)| first == stop) {
            waits_for[second] -= 1;
            if waits_for[second] == 0 {
                ready.push(second);
            }
        }
    }
    let waiting = waits_for.iter().position(|&count| count > 0);
    waiting.map_or(Ok(()), |stop| Err(TourError::CircularOrder { stop }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places on a line, one unit apart.
    fn line(places: usize) -> Vec<f64> {
        (0..places * places).map(|index| (index / places).abs_diff(index % places) as f64).collect()
    }

    #[test]
    fn ends_where_it_is_told() {
        let costs = line(10);
        let solve = |request: &TourRequest<'_, usize>| tour_of_matrix(&costs, 10, request).unwrap();
        let request = TourRequest::from(4).stop(6).stop(1);
        assert_eq!(solve(&request).order, [0, 1]);
        assert_eq!(solve(&request.clone().end_at(9)).order, [1, 0]);
        assert_eq!(solve(&request.clone().back_to_start()).length, 10.0);
        assert_eq!(solve(&request.before(1, 0)).order, [1, 0]);
        assert_eq!(solve(&TourRequest::round().stop(2).stop(5).stop(3)).length, 6.0);
        let empty = solve(&TourRequest::from(4).end_at(9));
        assert_eq!((empty.order.len(), empty.length, empty.is_proved_shortest()), (0, 5.0, true));
    }

    #[test]
    fn visits_a_stop_at_the_best_of_its_places() {
        let request = TourRequest::from(0).stop_at_any([9, 3]).stop_at_any([2, 8]).stop(5);
        let tour = tour_of_matrix(&line(10), 10, &request).unwrap();
        assert_eq!((tour.order, tour.places, tour.length), (vec![1, 0, 2], vec![2, 3, 5], 5.0));
    }

    #[test]
    fn names_what_is_wrong() {
        let costs = line(3);
        let fails =
            |costs: &[f64], request: TourRequest<'_, usize>| tour_of_matrix(costs, 3, &request).unwrap_err();
        let start = || TourRequest::from(0);
        assert_eq!(fails(&costs, start().stop_at_any([])), TourError::NoPlace { stop: 0 });
        assert_eq!(fails(&costs, start().stop(3)), TourError::NoSuchPlace { place: 3, places: 3 });
        assert_eq!(fails(&costs, start().stop(1).before(0, 1)), TourError::NoSuchStop { stop: 1, count: 1 });
        let circle = start().stop(1).stop(2).before(0, 1).before(1, 0);
        assert_eq!(fails(&costs, circle), TourError::CircularOrder { stop: 0 });
        assert_eq!(fails(&costs[1..], start()), TourError::InvalidCosts { places: 3, index: 8 });
        let mut negative = costs.clone();
        negative[4] = -1.0;
        assert_eq!(fails(&negative, start()), TourError::InvalidCosts { places: 3, index: 4 });
        let many = (0..=MATRIX_STOPS_MAX).fold(start(), |request, _| request.stop(1));
        let (count, max) = (MATRIX_STOPS_MAX + 1, MATRIX_STOPS_MAX);
        assert_eq!(fails(&costs, many), TourError::TooManyStops { count, max });
    }

    #[test]
    fn leaves_out_what_no_walk_reaches() {
        let far = f64::INFINITY;
        let costs = [0.0, 1.0, far, 1.0, 0.0, far, far, far, 0.0];
        let request = TourRequest::from(0).stop(2).stop(1).before(0, 1);
        let tour = tour_of_matrix(&costs, 3, &request).unwrap();
        assert_eq!((tour.order, tour.unreachable), (vec![1], vec![0]));
    }
}
