//! Who asks a map often allocates nothing: every query is asked twice, and the second time is counted.

use allocation_counter::measure;
use quickcart_core::pathfinding::{FloorPlan, Lift, Point, Rect, Route, StoreMap, Technique};

const SIDE: usize = 40;

/// Two floors joined by two lifts, with shelves of two cells' depth and aisles of two between them, open at both ends.
fn shelves() -> FloorPlan {
    let row = |y: usize| {
        let cell = |x: usize| if y % 4 < 2 && (3..SIDE - 3).contains(&x) { '@' } else { '.' };
        (0..SIDE).map(cell).collect::<String>()
    };
    let rows: Vec<String> = (0..SIDE).map(row).collect();
    let text = format!("type octile\nheight {SIDE}\nwidth {SIDE}\nmap\n{}\n", rows.join("\n"));
    let mut plan = FloorPlan::parse_map(&text, 1.0).unwrap();
    let mut above = plan.floors[0].clone();
    above.level = 1;
    plan.floors.push(above);
    let lift = |x_m| Lift { name: "Lift".to_owned(), x_m, y_m: 2.5, levels: vec![0, 1], cost_m: 9.0 };
    plan.lifts = vec![lift(0.5), lift(SIDE as f64 - 0.5)];
    plan
}

/// Far apart and near by, on one floor and on two, between places in the aisles.
fn pairs() -> Vec<(Point, Point)> {
    let place = |index: usize| {
        let (x, y) = (index * 7 % SIDE, index * 11 % (SIDE / 4) * 4 + 2);
        Point::new((index % 5 / 3) as i32, x as f64 + 0.5, y as f64 + 0.5)
    };
    (0..60).map(|index| (place(index), place(index * 3 + 1))).collect()
}

fn ask(map: &StoreMap, pairs: &[(Point, Point)], route: &mut Route) -> f64 {
    let lengths = pairs.iter().map(|&(from, to)| {
        map.route_into(from, to, route).unwrap();
        let length_m = map.distance(from, to).unwrap();
        assert!((route.length_m - length_m).abs() < 1e-9);
        length_m
    });
    lengths.sum()
}

#[test]
fn a_query_allocates_nothing_after_the_first() {
    let pairs = pairs();
    for technique in [Technique::Table, Technique::Subgoals, Technique::Search] {
        let mut map = StoreMap::builder(shelves()).technique(technique).build().unwrap();
        assert_eq!(map.technique(), technique);
        let mut route = Route::default();
        // Then the same with an aisle blocked, which the index does not know.
        for blocked in [false, true] {
            if blocked {
                let aisle = Rect { x1_m: 18.0, y1_m: 6.0, x2_m: 20.0, y2_m: 8.0 };
                assert_eq!(map.block(0, aisle).unwrap(), 4);
            }
            let before_m = ask(&map, &pairs, &mut route);
            let mut again_m = 0.0;
            let counted = measure(|| again_m = ask(&map, &pairs, &mut route));
            assert_eq!(counted.count_total, 0, "{technique:?}, blocked: {blocked}");
            assert!((again_m - before_m).abs() < 1e-9);
        }
    }
}

#[test]
fn the_counter_counts() {
    assert!(measure(|| drop(std::hint::black_box(vec![1_u8]))).count_total > 0);
}
