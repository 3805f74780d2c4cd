//! How costs grow with the store.

use std::time::Instant;

use benches::graph::Graph;
use benches::grid::Moves;
use benches::{Asker, Result, in_turns, number, print_rows};
use quickcart_core::pathfinding::Point;

use super::field::{Field, assert_right, point};
use super::generated;
use super::matrices::SIDE;
use super::preparation::Ours;

const CELLS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const COSTS: [&str; 5] =
    ["ms to prepare", "MiB of the index", "us a distance", "us a walk", "us for 32 x 32 distances"];

pub(super) fn section() -> Result<()> {
    let mut rows = Vec::new();
    let mut before: Option<[f64; COSTS.len()]> = None;
    for cells in CELLS {
        let field = Field::drawn(format!("{cells} cells"), generated::store(cells), 5, 8)?;
        let now = costs(&field)?;
        let growth = |index: usize| {
            let times = before.map(|before| now[index] / before[index]).filter(|times| times.is_finite());
            times.map_or_else(String::new, |times| format!(" (x {})", number(times)))
        };
        let costs = (0..COSTS.len()).map(|index| format!("{}{}", number(now[index]), growth(index)));
        let sizes = [cells, field.grid.free_count()].map(|count| count.to_string());
        rows.push(sizes.into_iter().chain(costs).collect());
        before = Some(now);
    }
    let headings: Vec<&str> = ["cells", "free"].into_iter().chain(COSTS).collect();
    let notes = ["Means; in brackets, as a multiple of the store a tenth as large.".to_owned()];
    print_rows("pathfinding: generated stores, eight directions", &headings, &rows, &notes);
    Ok(())
}

fn costs(field: &Field) -> Result<[f64; COSTS.len()]> {
    let graph = Graph::of(&field.grid, Moves::Eight);
    let ours = Ours::prepare(field.plan(Moves::Eight)?)?;
    let map = &ours.map;
    let expected = field.expected(&graph, Moves::Eight);
    assert_right(map, field, &expected, Moves::Eight)?;
    let pairs = field.pairs();
    let askers = vec![
        Asker::new("distance", |query: usize| {
            map.distance(pairs[query].0, pairs[query].1).unwrap_or(f64::INFINITY)
        }),
        Asker::new("route", |query: usize| {
            map.route(pairs[query].0, pairs[query].1).map_or(f64::INFINITY, |route| route.length_m)
        }),
    ];
    let asked = in_turns(&expected, askers)?;
    let places: Vec<Point> = field.places(&graph, SIDE, 0)?.into_iter().map(point).collect();
    // Once to warm up.
    map.matrix(&places, &places)?;
    let started = Instant::now();
    std::hint::black_box(map.matrix(&places, &places)?);
    let matrix_us = started.elapsed().as_secs_f64() * 1e6;
    Ok([
        ours.took.as_secs_f64() * 1e3,
        ours.mib(),
        asked[0].spread.mean_us,
        asked[1].spread.mean_us,
        matrix_us,
    ])
}
