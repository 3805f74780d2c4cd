//! Walks over random stores, compared with a slow and obvious search.

use proptest::prelude::*;
use quickcart_core::pathfinding::{
    Floor, FloorPlan, Lift, PathError, Point, Rect, STOPS_MAX, StoreMap, TourRequest,
};

const SIZE: usize = 12;

/// Rides are rounded to 1/33,461 of a cell's side.
const ROUNDED_M: f64 = 1e-4;

/// Floors of 12 x 12 cells of one metre, with random blocked cells, and a lift in a corner that is kept free.
fn map(blocked: &[Vec<bool>]) -> StoreMap {
    let floors = blocked.iter().enumerate().map(|(level, cells)| {
        let size = SIZE as f64;
        let mut floor = Floor::new(i32::try_from(level).unwrap(), "floor", size, size);
        for (index, _) in cells.iter().enumerate().filter(|(index, blocked)| **blocked && *index != 0) {
            let (x, y) = ((index % SIZE) as f64, (index / SIZE) as f64);
            floor = floor.with_shelf(Rect { x1_m: x, y1_m: y, x2_m: x + 1.0, y2_m: y + 1.0 });
        }
        floor
    });
    let mut plan = FloorPlan::new(1.0, floors.collect(), Point::new(0, 0.5, 0.5));
    let levels = (0..i32::try_from(blocked.len()).unwrap()).collect();
    plan.lifts.push(Lift { name: "Lift".to_owned(), x_m: 0.5, y_m: 0.5, levels, cost_m: 7.5 });
    StoreMap::build(plan).unwrap()
}

/// Bellman and Ford: relaxes every step until nothing changes.
fn obvious_distances(blocked: &[Vec<bool>], start: (usize, usize)) -> Vec<Vec<f64>> {
    let free = |floor: usize, x: i64, y: i64| {
        let inside = (0..SIZE as i64).contains(&x) && (0..SIZE as i64).contains(&y);
        inside && (x == 0 && y == 0 || !blocked[floor][y as usize * SIZE + x as usize])
    };
    let mut costs = vec![vec![f64::INFINITY; SIZE * SIZE]; blocked.len()];
    costs[start.0][start.1] = 0.0;
    loop {
        let before = costs.clone();
        for floor in 0..blocked.len() {
            for index in 0..SIZE * SIZE {
                let (x, y) = ((index % SIZE) as i64, (index / SIZE) as i64);
                for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
                    let allowed = free(floor, x, y)
                        && free(floor, x + dx, y + dy)
                        && free(floor, x + dx, y)
                        && free(floor, x, y + dy);
                    if allowed {
                        let next = (y + dy) as usize * SIZE + (x + dx) as usize;
                        let cost = costs[floor][index] + ((dx * dx + dy * dy) as f64).sqrt();
                        costs[floor][next] = costs[floor][next].min(cost);
                    }
                }
            }
            if floor + 1 < blocked.len() {
                let (below, above) = (costs[floor][0], costs[floor + 1][0]);
                costs[floor + 1][0] = above.min(below + 7.5);
                costs[floor][0] = below.min(above + 7.5);
            }
        }
        if costs == before {
            return costs;
        }
    }
}

fn cells(floors: usize) -> impl Strategy<Value = Vec<Vec<bool>>> {
    let cell = prop::bool::weighted(0.3);
    prop::collection::vec(prop::collection::vec(cell, SIZE * SIZE), floors)
}

fn middle(floor: usize, index: usize) -> Point {
    Point::new(i32::try_from(floor).unwrap(), (index % SIZE) as f64 + 0.5, (index / SIZE) as f64 + 0.5)
}

proptest! {
    #[test]
    fn distances_and_routes_are_those_of_the_obvious_search(blocked in cells(2), from in 0..SIZE * SIZE, to in 0..SIZE * SIZE) {
        let map = map(&blocked);
        let (from, to) = (if blocked[0][from] { 0 } else { from }, if blocked[1][to] { 0 } else { to });
        let expected = obvious_distances(&blocked, (0, from))[1][to];
        let (start, goal) = (middle(0, from), middle(1, to));
        match map.route(start, goal) {
            Ok(route) => {
                prop_assert!((route.length_m - expected).abs() < ROUNDED_M, "{} {}", route.length_m, expected);
                prop_assert!((map.distance(goal, start).unwrap() - expected).abs() < ROUNDED_M, "there and back");
                prop_assert_eq!(route.points.first(), Some(&start));
                prop_assert_eq!(route.points.last(), Some(&goal));
                let mut length_m = 0.0;
                for pair in route.points.windows(2) {
                    let step = pair[0].straight_m(pair[1]).unwrap_or(7.5);
                    prop_assert!(step < 1.5 || step == 7.5, "{:?}", pair);
                    length_m += step;
                }
                prop_assert!((length_m - expected).abs() < 1e-9);
                let directions = map.directions(&route);
                prop_assert_eq!(directions.last().map(|end| end.point), Some(goal));
            }
            Err(PathError::Unreachable { .. }) => prop_assert!(expected.is_infinite()),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn a_tour_visits_every_stop_that_can_be_reached(blocked in cells(2), stops in prop::collection::vec((0..2_usize, 0..SIZE * SIZE), 0..20)) {
        let map = map(&blocked);
        let points: Vec<Point> = stops.iter().map(|&(floor, index)| middle(floor, index)).collect();
        let tour = map.tour(Point::new(0, 0.5, 0.5), &points).unwrap();
        let mut seen: Vec<usize> = tour.order.iter().chain(&tour.unreachable).copied().collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..points.len()).collect::<Vec<_>>());
        let mut here = Point::new(0, 0.5, 0.5);
        let mut length_m = 0.0;
        for &index in &tour.order {
            length_m += map.distance(here, points[index]).unwrap();
            here = points[index];
        }
        prop_assert!((length_m - tour.length).abs() < ROUNDED_M);
    }
}

#[test]
fn refuses_plans_that_cannot_be_walked() {
    let floor = || Floor::new(0, "Ground floor", 10.0, 10.0);
    let entrance = Point::new(0, 1.0, 1.0);
    let refused = |plan: FloorPlan| StoreMap::build(plan).expect_err("it must be refused");
    let invalid = |error| matches!(error, PathError::InvalidPlan { .. });
    assert!(invalid(refused(FloorPlan::new(0.5, vec![], entrance))));
    assert!(invalid(refused(FloorPlan::new(0.0, vec![floor()], entrance))));
    assert!(invalid(refused(FloorPlan::new(f64::NAN, vec![floor()], entrance))));
    assert!(invalid(refused(FloorPlan::new(0.5, vec![floor(), floor()], entrance))));
    let outside = Rect { x1_m: 9.0, y1_m: 0.0, x2_m: 11.0, y2_m: 1.0 };
    assert!(invalid(refused(FloorPlan::new(0.5, vec![floor().with_shelf(outside)], entrance))));
    assert!(matches!(refused(FloorPlan::new(0.000_1, vec![floor()], entrance)), PathError::TooLarge { .. }));
    let all = Rect { x1_m: 0.0, y1_m: 0.0, x2_m: 10.0, y2_m: 10.0 };
    assert!(matches!(
        refused(FloorPlan::new(0.5, vec![floor().with_shelf(all)], entrance)),
        PathError::Blocked { .. }
    ));
}

#[test]
fn refuses_starts_off_the_map_and_endless_lists() {
    let plan = FloorPlan::new(0.5, vec![Floor::new(0, "Ground floor", 10.0, 10.0)], Point::new(0, 1.0, 1.0));
    let map = StoreMap::build(plan).unwrap();
    let here = Point::new(0, 1.0, 1.0);
    assert!(matches!(map.tour(Point::new(0, 11.0, 1.0), &[here]), Err(PathError::OffTheMap { .. })));
    let endless = map.tour(here, &vec![here; STOPS_MAX + 1]).unwrap_err();
    assert_eq!(endless.to_string(), "a tour takes at most 100 stops, and 101 were given");
    let tour = map.tour(here, &vec![here; STOPS_MAX]).unwrap();
    assert_eq!((tour.order.len(), tour.length), (STOPS_MAX, 0.0));
    assert_eq!(map.tour(here, &[Point::new(0, f64::NAN, 1.0)]).unwrap().unreachable, [0]);
}

#[test]
fn a_stop_is_visited_where_it_is_on_the_map() {
    let map = StoreMap::build(FloorPlan::parse_map("......#.\n", 1.0).unwrap()).unwrap();
    let at = |x_m: f64| Point::new(0, x_m, 0.5);
    let request = TourRequest::from(at(0.5)).stop_at_any([at(40.0), at(7.5), at(3.5)]).stop(at(f64::NAN));
    let tour = map.tour_for(&request).unwrap();
    assert_eq!((tour.order, tour.places, tour.unreachable), (vec![0], vec![at(3.5)], vec![1]));
    assert!(matches!(map.tour_for(&request.end_at(at(40.0))), Err(PathError::OffTheMap { .. })));
}
