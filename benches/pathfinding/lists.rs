//! The order of shopping lists on the large warehouse.

use std::time::{Duration, Instant};

use benches::graph::Graph;
use benches::grid::Moves;
use benches::spread::Spread;
use benches::{Figure, Result, number, print_figures, print_rows};
use quickcart_core::pathfinding::{Point, StoreMap, Tour};

use super::field::{Field, point};

/// How many stops, and how many lists of them at most.
const SIZES: [(usize, usize); 4] = [(12, 50), (20, 100), (50, 10), (100, 4)];
/// What the lists of a size may take together; the first one always runs.
const ENOUGH: Duration = Duration::from_secs(6);
/// The slowest list of twenty stops may take so long.
const WORST_MS_MAX: f64 = 10.0;
const HEADINGS: [&str; 8] = [
    "stops",
    "lists",
    "us a tour, median",
    "mean",
    "worst",
    "us for the matrix",
    "proved shortest",
    "length / nearest first",
];

pub(super) fn section(field: &Field) -> Result<()> {
    let graph = Graph::of(&field.grid, Moves::Eight);
    let map = StoreMap::build(field.plan(Moves::Eight)?)?;
    let most = SIZES.iter().map(|(stops, lists)| (stops + 1) * lists).max().unwrap_or(0);
    let places: Vec<Point> = field.places(&graph, most, 0)?.into_iter().map(point).collect();
    let mut rows = Vec::new();
    let mut goals = Vec::new();
    for (stops, lists) in SIZES {
        let (mut tours, mut matrices) = (Vec::new(), Vec::new());
        let (mut proved, mut ours_m, mut nearest_m) = (0_u32, 0.0, 0.0);
        let began = Instant::now();
        for list in places.chunks_exact(stops + 1).take(lists) {
            if !tours.is_empty() && began.elapsed() >= ENOUGH {
                break;
            }
            let (start, stops) = (list[0], &list[1..]);
            let started = Instant::now();
            let matrix = map.matrix(list, list)?;
            matrices.push(started.elapsed());
            let started = Instant::now();
            let tour = map.tour(start, stops)?;
            tours.push(started.elapsed());
            let nearest = nearest_first(list.len(), |from, to| matrix.row(from)[to]);
            assert_is_right(&tour, stops.len(), |from, to| matrix.row(from)[to]);
            assert!(tour.length_m <= nearest + 1e-6, "the nearest stop each time is shorter");
            proved += u32::from(tour.proved_shortest);
            (ours_m, nearest_m) = (ours_m + tour.length_m, nearest_m + nearest);
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
            ours_m / nearest_m,
        ];
        let counts = [stops, tours.len()].map(|count| count.to_string());
        rows.push(counts.into_iter().chain(values.map(number)).collect());
        if stops == 20 {
            let what = "ms for the slowest list of 20 stops".to_owned();
            goals.push(Figure { what, value: worst_us / 1e3, most: Some(WORST_MS_MAX) });
        }
    }
    let title = format!("pathfinding, {}, eight directions: the order of the stops", field.name);
    let notes = ["`tour` finds its matrix itself. Concorde, LKH and OR-tools: `peers/pathfinding_peers.py`."
        .to_owned()];
    print_rows(&title, &HEADINGS, &rows, &notes);
    print_figures(&format!("{title}, goals"), &goals);
    Ok(())
}

/// Place 0 is the start, stop i is place i + 1.
fn assert_is_right(tour: &Tour, stops: usize, between: impl Fn(usize, usize) -> f64) {
    let mut visited = tour.order.clone();
    visited.sort_unstable();
    assert_eq!(visited, (0..stops).collect::<Vec<_>>());
    let places: Vec<usize> = std::iter::once(0).chain(tour.order.iter().map(|stop| stop + 1)).collect();
    let length_m: f64 = places.windows(2).map(|pair| between(pair[0], pair[1])).sum();
    assert!((length_m - tour.length_m).abs() < 1e-6, "{length_m} and {}", tour.length_m);
}

/// The length of the walk to the nearest stop each time.
fn nearest_first(places: usize, between: impl Fn(usize, usize) -> f64) -> f64 {
    let mut left: Vec<usize> = (1..places).collect();
    let (mut from, mut length_m) = (0, 0.0);
    while let Some(nearest) =
        (0..left.len()).min_by(|&a, &b| between(from, left[a]).total_cmp(&between(from, left[b])))
    {
        let stop = left.swap_remove(nearest);
        length_m += between(from, stop);
        from = stop;
    }
    length_m
}
