//! The table and the search over subgoals against the search over cells: on every small map, before and after changes,
//! they answer the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quickcart_core::pathfinding::{Connectivity, FloorPlan, Point, Rect, StoreMap, Technique};

const COLUMNS_MAX: usize = 20;
const ROWS_MAX: usize = 20;
/// Lengths are sums in another order.
const TOLERANCE_M: f64 = 1e-9;

fuzz_target!(|bytes: &[u8]| {
    let [columns, connectivity, change, cells @ ..] = bytes else { return };
    let columns = 1 + usize::from(*columns) % COLUMNS_MAX;
    let connectivity = if connectivity & 1 == 0 { Connectivity::Eight } else { Connectivity::Four };
    let Some(plan) = plan(columns, cells) else { return };
    let plan = plan.with_connectivity(connectivity);
    let built = |technique| {
        StoreMap::builder(plan.clone()).technique(technique).build().expect("a map of letters fits")
    };
    let free = free_cells(columns, cells);
    let at = free[usize::from(*change) % free.len()];
    let area = Rect {
        x1_m: at.x_m - 0.5,
        y1_m: at.y_m - 0.5,
        x2_m: (at.x_m + 1.5).min(plan.floors[0].width_m),
        y2_m: at.y_m + 0.5,
    };
    for technique in [Technique::Table, Technique::Subgoals] {
        same_through_changes(built(technique), built(Technique::Search), &free, area);
    }
});

fn same_through_changes(mut quick: StoreMap, mut search: StoreMap, free: &[Point], area: Rect) {
    same(&quick, &search, free);
    assert_eq!(quick.block(0, area), search.block(0, area));
    same(&quick, &search, free);
    quick.prepare();
    same(&quick, &search, free);
    assert_eq!(quick.free(0, area), search.free(0, area));
    same(&quick, &search, free);
}

/// A bit for each cell, set where it is blocked.
fn is_blocked(cells: &[u8], index: usize) -> bool {
    cells[index / 8] >> (index % 8) & 1 == 1
}

fn rows(columns: usize, cells: &[u8]) -> usize {
    (cells.len() * 8 / columns).min(ROWS_MAX)
}

fn plan(columns: usize, cells: &[u8]) -> Option<FloorPlan> {
    let letter = |index| if is_blocked(cells, index) { '#' } else { '.' };
    let row = |row: usize| (0..columns).map(move |column| letter(row * columns + column)).chain(['\n']);
    let text: String = (0..rows(columns, cells)).flat_map(row).collect();
    FloorPlan::parse_map(&text, 1.0).ok()
}

fn free_cells(columns: usize, cells: &[u8]) -> Vec<Point> {
    let indices = (0..columns * rows(columns, cells)).filter(|&index| !is_blocked(cells, index));
    let middle = |index| Point::new(0, (index % columns) as f64 + 0.5, (index / columns) as f64 + 0.5);
    indices.map(middle).collect()
}

/// From some of the places to all of them.
fn same(quick: &StoreMap, search: &StoreMap, places: &[Point]) {
    for &from in places.iter().step_by(places.len().div_ceil(8)) {
        for &to in places {
            match (quick.distance(from, to), search.distance(from, to)) {
                (Ok(length_m), Ok(found_m)) => {
                    assert!(
                        (length_m - found_m).abs() < TOLERANCE_M,
                        "{from} to {to}: {length_m}, {found_m}"
                    );
                    let route = quick.route(from, to).expect("it has a length");
                    assert!((route.length_m - length_m).abs() < TOLERANCE_M, "{from} to {to}");
                }
                (answer, found) => assert_eq!(answer, found, "{from} to {to}"),
            }
        }
    }
}
