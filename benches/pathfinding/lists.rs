//! The order of shopping lists on the large warehouse.

use std::time::{Duration, Instant};

use benches::graph::Graph;
use benches::grid::Moves;
use benches::spread::Spread;
use benches::{Figure, Result, number, print_figures, print_rows};
use quickcart_core::pathfinding::{Point, StoreMap, Tour, TourRequest, tour_of_matrix};

use super::field::{Field, point};

/// How many stops, and how many lists of them at most.
const SIZES: [(usize, usize); 4] = [(12, 50), (20, 100), (50, 10), (100, 4)];
/// What the lists of a size may take together; the first one always runs.
const ENOUGH: Duration = Duration::from_secs(6);
/// The slowest list of twenty stops may take so long.
const WORST_MS_MAX: f64 = 10.0;
/// From so many stops on a proof is not asked for, but a gap of at most a hundredth.
const MANY: usize = 50;
const GAP_MAX: f64 = 0.01;
const HEADINGS: [&str; 9] = [
    "stops",
    "lists",
    "us a tour, median",
    "mean",
    "worst",
    "us for the matrix",
    "proved shortest",
    "worst gap, %",
    "length / nearest first",
];

pub(super) fn section(field: &Field) -> Result<()> {
    let graph = Graph::of(&field.grid, Moves::Eight);
    let map = StoreMap::build(field.plan(Moves::Eight)?)?;
    let most = SIZES.iter().map(|(stops, lists)| (stops + 2) * lists).max().unwrap_or(0);
    let places: Vec<Point> = field.places(&graph, most, 0)?.into_iter().map(point).collect();
    let mut rows = Vec::new();
    let mut goals = Vec::new();
    for (stops, lists) in SIZES {
        let (mut tours, mut matrices) = (Vec::new(), Vec::new());
        let (mut proved, mut worst_gap, mut ours_m, mut nearest_m) = (0_u32, 0.0_f64, 0.0, 0.0);
        let began = Instant::now();
        for list in places.chunks_exact(stops + 2).take(lists) {
            if !tours.is_empty() && began.elapsed() >= ENOUGH {
                break;
            }
            let started = Instant::now();
            let matrix = map.matrix(list, list)?;
            matrices.push(started.elapsed());
            // The first place is the start, the last one the end.
            let request = (1..=stops).fold(TourRequest::from(0), TourRequest::stop).end_at(stops + 1);
            let request = request.gap_max(if stops < MANY { 0.0 } else { GAP_MAX });
            let started = Instant::now();
            let tour = tour_of_matrix(matrix.lengths_m(), list.len(), &request)?;
            tours.push(started.elapsed());
            let nearest = nearest_first(list.len(), |from, to| matrix.row(from)[to]);
            assert_is_right(&tour, stops, |from, to| matrix.row(from)[to]);
            assert!(tour.length <= nearest + 1e-6, "the nearest stop each time is shorter");
            proved += u32::from(tour.is_proved_shortest());
            worst_gap = worst_gap.max(tour.gap());
            (ours_m, nearest_m) = (ours_m + tour.length, nearest_m + nearest);
        }
        let count = tours.len() as f64;
        let spread = |times: &[Duration]| Spread::of(times.iter().copied());
        let worst_us = tours.iter().max().copied().unwrap_or_default().as_secs_f64() * 1e6;
        let values = [
            spread(&tours).median_us,
            spread(&tours).mean_us,
            worst_us,
            spread(&matrices).median_us,
            f64::from(proved) / count,
            worst_gap * 100.0,
            ours_m / nearest_m,
        ];
        let counts = [stops, tours.len()].map(|count| count.to_string());
        rows.push(counts.into_iter().chain(values.map(number)).collect());
        let goal =
            |what: &str, value: f64, most: f64| Figure { what: what.to_owned(), value, most: Some(most) };
        let median_us = spread(&tours).median_us;
        goals.extend(match stops {
            12 => vec![goal("us for 12 stops, a fiftieth of Concorde's branch and bound", median_us, 55.0)],
            20 => vec![
                goal("us for 20 stops, a twentieth of Concorde's branch and bound", median_us, 3_700.0),
                goal("ms for the slowest list of 20 stops", worst_us / 1e3, WORST_MS_MAX),
            ],
            50 => vec![goal("us for 50 stops, a tenth of LKH", median_us, 7_100.0)],
            _ => vec![goal("us for 100 stops, a tenth of LKH", median_us, 36_000.0)],
        });
        if stops >= MANY {
            goals.push(goal(&format!("% gap at most, {stops} stops"), worst_gap * 100.0, GAP_MAX * 100.0));
        }
    }
    let title = format!("pathfinding, {}, eight directions: the order of the stops", field.name);
    let notes = ["From a fixed start to a fixed end, the matrix given. The goals are parts of what Concorde and LKH took on a \
         machine of this kind; `peers/pathfinding_peers.py` runs them where they are installed."
        .to_owned()];
    print_rows(&title, &HEADINGS, &rows, &notes);
    print_figures(&format!("{title}, goals"), &goals);
    Ok(())
}

/// Place 0 is the start, stop i is place i + 1, and the end follows.
fn assert_is_right(tour: &Tour<usize>, stops: usize, between: impl Fn(usize, usize) -> f64) {
    let mut visited = tour.order.clone();
    visited.sort_unstable();
    assert_eq!(visited, (0..stops).collect::<Vec<_>>());
    let places: Vec<usize> =
        std::iter::once(0).chain(tour.order.iter().map(|stop| stop + 1)).chain([stops + 1]).collect();
    let length_m: f64 = places.windows(2).map(|pair| between(pair[0], pair[1])).sum();
    assert!((length_m - tour.length).abs() < 1e-6, "{length_m} and {}", tour.length);
}

/// The length of the walk to the nearest stop each time, and then to the end.
fn nearest_first(places: usize, between: impl Fn(usize, usize) -> f64) -> f64 {
    let end = places - 1;
    let mut left: Vec<usize> = (1..end).collect();
    let (mut from, mut length_m) = (0, 0.0);
    while let Some(nearest) =
        (0..left.len()).min_by(|&a, &b| between(from, left[a]).total_cmp(&between(from, left[b])))
    {
        let stop = left.swap_remove(nearest);
        length_m += between(from, stop);
        from = stop;
    }
    length_m + between(from, end)
}
