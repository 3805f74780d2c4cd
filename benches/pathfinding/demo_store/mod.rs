//! Walks through the demo store, against A* of the crate `pathfinding`, and the order of the stops against the nearest
//! one each time.

mod peer;

use std::hint::black_box;

use benches::{Contender, Result, Section, alternate, measure};
use peer::{Cell, PeerMap};
use quickcart_core::catalog::import::{StoreData, demo_store};
use quickcart_core::pathfinding::{Point, StoreMap};

const WALKS: usize = 60;
const STOPS: usize = 12;
const TOURS: usize = 8;
const REPETITIONS: usize = 7;

pub(super) fn sections() -> Result<()> {
    let store = demo_store()?;
    let map = StoreMap::build(store.floor_plan.clone())?;
    walks(&map, &store)?;
    tours(&map, &store)
}

/// Free places in front of shelves all over the store, always the same ones.
fn places(map: &StoreMap, store: &StoreData, count: usize, seed: usize) -> Result<Vec<Point>> {
    let shelves = &store.shelf_places;
    // A step that shares no factor with the number of places meets all of them.
    let indices = (0..count).map(|n| (seed + n * 7_919) % shelves.len());
    Ok(indices.map(|index| map.nearest_free(shelves[index].point)).collect::<std::result::Result<_, _>>()?)
}

fn walks(map: &StoreMap, store: &StoreData) -> Result<()> {
    let peer = PeerMap::of(map.floor_plan());
    let points = places(map, store, WALKS + 1, 0)?;
    let walks: Vec<(Point, Point)> = points.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let cell = |point| peer.cell(point).ok_or("a point off the map");
    let cells = walks.iter().map(|&(from, to)| Ok((cell(from)?, cell(to)?)));
    let cells: Vec<(Cell, Cell)> = cells.collect::<Result<_>>()?;
    let mut between_floors = 0;
    for (&(from, to), &(start, goal)) in walks.iter().zip(&cells) {
        let (steps, length_m) = peer.route(start, goal).ok_or("the peer finds no walk")?;
        let (route, distance_m) = (map.route(from, to)?, map.distance(from, to)?);
        // The peer rounds each diagonal step to a millionth of a cell.
        assert!((distance_m - length_m).abs() < 1e-3, "{from} to {to}: {distance_m} and {length_m}");
        assert_eq!(route.length_m, distance_m);
        assert!(!steps.is_empty() && route.points.first() == Some(&from) && route.points.last() == Some(&to));
        between_floors += usize::from(from.level != to.level);
    }
    let count = WALKS as u64;
    let contenders = vec![
        Contender::new("quickcart StoreMap::distance", || {
            measure(count, || {
                for &(from, to) in &walks {
                    black_box(map.distance(from, to)?);
                }
                Ok(())
            })
        }),
        Contender::new("quickcart StoreMap::route, with corners", || {
            measure(count, || {
                for &(from, to) in &walks {
                    black_box(map.route(from, to)?);
                }
                Ok(())
            })
        }),
        Contender::new("pathfinding astar, the same cells", || {
            measure(count, || {
                for &(start, goal) in &cells {
                    black_box(peer.route(start, goal).ok_or("no walk")?);
                }
                Ok(())
            })
        }),
    ];
    benches::print(&Section {
        title: format!("pathfinding: one of {WALKS} walks, {between_floors} of them between floors"),
        notes: vec!["Two floors of 160 x 100 cells. All find walks of the same lengths.".to_owned()],
        rows: alternate(REPETITIONS, contenders)?,
    });
    Ok(())
}

fn tours(map: &StoreMap, store: &StoreData) -> Result<()> {
    let start = map.nearest_free(map.floor_plan().entrance)?;
    let lists = (0..TOURS).map(|seed| places(map, store, STOPS, seed * 31)).collect::<Result<Vec<_>>>()?;
    let (mut ours_m, mut nearest_m) = (0.0, 0.0);
    for stops in &lists {
        let tour = map.tour(start, stops)?;
        let mut visited = tour.order.clone();
        visited.sort_unstable();
        assert_eq!(visited, (0..STOPS).collect::<Vec<_>>());
        let length_m = length(map, start, tour.order.iter().map(|&stop| stops[stop]))?;
        assert!((length_m - tour.length).abs() < 1e-6, "{length_m} and {}", tour.length);
        let nearest = nearest_first(map, start, stops)?;
        let by_nearest_m = length(map, start, nearest.iter().map(|&stop| stops[stop]))?;
        assert!(tour.is_proved_shortest() && tour.length <= by_nearest_m + 1e-6);
        (ours_m, nearest_m) = (ours_m + tour.length, nearest_m + by_nearest_m);
    }
    let contenders = vec![
        Contender::new("quickcart StoreMap::tour, proved shortest", || {
            measure(TOURS as u64, || {
                for stops in &lists {
                    black_box(map.tour(start, stops)?);
                }
                Ok(())
            })
        }),
        Contender::new("the nearest stop each time", || {
            measure(TOURS as u64, || {
                for stops in &lists {
                    black_box(nearest_first(map, start, stops)?);
                }
                Ok(())
            })
        }),
    ];
    benches::print(&Section {
        title: format!("pathfinding: the order of {STOPS} stops, one of {TOURS} lists"),
        notes: vec![format!(
            "Length of all walks: ours {ours_m:.1} m, nearest first {nearest_m:.1} m: {:.3} of it.",
            ours_m / nearest_m
        )],
        rows: alternate(REPETITIONS, contenders)?,
    });
    Ok(())
}

fn length(map: &StoreMap, start: Point, stops: impl Iterator<Item = Point>) -> Result<f64> {
    let mut from = start;
    let mut length_m = 0.0;
    for stop in stops {
        length_m += map.distance(from, stop)?;
        from = stop;
    }
    Ok(length_m)
}

/// Asks for the distance to every stop that is left, each time.
fn nearest_first(map: &StoreMap, start: Point, stops: &[Point]) -> Result<Vec<usize>> {
    let mut left: Vec<usize> = (0..stops.len()).collect();
    let mut order = Vec::with_capacity(stops.len());
    let mut from = start;
    while !left.is_empty() {
        let mut nearest = (f64::INFINITY, 0);
        for (index, &stop) in left.iter().enumerate() {
            let distance_m = map.distance(from, stops[stop])?;
            if distance_m < nearest.0 {
                nearest = (distance_m, index);
            }
        }
        let stop = left.swap_remove(nearest.1);
        from = stops[stop];
        order.push(stop);
    }
    Ok(order)
}
