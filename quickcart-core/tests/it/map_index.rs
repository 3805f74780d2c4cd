//! The prepared index against a search without one, over random stores: whole, changed, saved and damaged.

use proptest::prelude::*;
use quickcart_core::pathfinding::{
    Connectivity, Floor, FloorPlan, Lift, Passage, PassageKind, PathError, Point, Rect, Route, StoreMap,
    Technique,
};

const COLUMNS: usize = 14;
const ROWS: usize = 11;

/// Floors of one-metre cells, joined by a lift in the corner, which is free.
#[derive(Clone, Debug)]
struct Store {
    blocked: Vec<Vec<bool>>,
    connectivity: Connectivity,
}

fn cell_rect(index: usize) -> Rect {
    let (x, y) = ((index % COLUMNS) as f64, (index / COLUMNS) as f64);
    Rect { x1_m: x, y1_m: y, x2_m: x + 1.0, y2_m: y + 1.0 }
}

fn middle(level: usize, index: usize) -> Point {
    let Rect { x1_m, y1_m, .. } = cell_rect(index);
    Point::new(i32::try_from(level).unwrap(), x1_m + 0.5, y1_m + 0.5)
}

impl Store {
    fn plan(&self) -> FloorPlan {
        let floors = self.blocked.iter().enumerate().map(|(level, cells)| {
            let level = i32::try_from(level).unwrap();
            let blocked = cells.iter().enumerate().filter(|(index, blocked)| **blocked && *index != 0);
            let shelves = blocked.map(|(index, _)| cell_rect(index)).collect();
            Floor { shelves, ..Floor::new(level, "floor", COLUMNS as f64, ROWS as f64) }
        });
        let mut plan = FloorPlan::new(1.0, floors.collect(), Point::new(0, 0.5, 0.5))
            .with_connectivity(self.connectivity);
        if self.blocked.len() > 1 {
            let levels = (0..i32::try_from(self.blocked.len()).unwrap()).collect();
            plan.lifts.push(Lift { name: "Lift".to_owned(), x_m: 0.5, y_m: 0.5, levels, cost_m: 3.0 });
        }
        plan
    }

    fn map(&self, technique: Technique) -> StoreMap {
        StoreMap::builder(self.plan()).technique(technique).build().unwrap()
    }

    fn free_points(&self) -> Vec<Point> {
        let cells = |(level, cells): (usize, &Vec<bool>)| {
            let free = cells.iter().enumerate().filter(|(index, blocked)| !**blocked || *index == 0);
            free.map(|(index, _)| middle(level, index)).collect::<Vec<_>>()
        };
        self.blocked.iter().enumerate().flat_map(cells).collect()
    }
}

fn stores() -> impl Strategy<Value = Store> {
    let cells = |density: f64| prop::collection::vec(prop::bool::weighted(density), COLUMNS * ROWS);
    let floors = (1..3_usize, prop::sample::select(vec![0.02, 0.1, 0.3, 0.5]))
        .prop_flat_map(move |(floors, density)| prop::collection::vec(cells(density), floors));
    let connectivity = prop::sample::select(vec![Connectivity::Four, Connectivity::Eight]);
    (floors, connectivity).prop_map(|(blocked, connectivity)| Store { blocked, connectivity })
}

/// The length of a route, step by step; nothing when a step is none.
fn walked_m(route: &Route, is_free: impl Fn(Point) -> bool) -> Option<f64> {
    let mut length_m = 0.0;
    for pair in route.points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let beside = [Point { x_m: to.x_m, ..from }, Point { y_m: to.y_m, ..from }];
        length_m += match from.straight_m(to) {
            Some(step) if step < 1.5 && beside.into_iter().all(&is_free) && is_free(to) => step,
            Some(_) => return None,
            None => 3.0,
        };
    }
    Some(length_m)
}

fn lengths(map: &StoreMap, points: &[Point]) -> Vec<Option<f64>> {
    let pairs = points.iter().flat_map(|&from| points.iter().map(move |&to| (from, to)));
    pairs
        .map(|(from, to)| match map.distance(from, to) {
            Ok(length_m) => Some(length_m),
            Err(PathError::Unreachable { .. }) => None,
            Err(other) => panic!("{other}"),
        })
        .collect()
}

/// All that a map says about some of the points must be what `searching` says.
fn check_same(map: &StoreMap, searching: &StoreMap, points: &[Point]) -> Result<(), TestCaseError> {
    let some: Vec<Point> = points.iter().copied().step_by(points.len().div_ceil(16).max(1)).collect();
    let expected = lengths(searching, &some);
    for (index, (length_m, expected)) in lengths(map, &some).iter().zip(&expected).enumerate() {
        let (from, to) = (some[index / some.len()], some[index % some.len()]);
        prop_assert_eq!(length_m, expected, "from {} to {}", from, to);
    }
    let matrix = map.matrix(&some, &some).unwrap();
    let in_matrix = matrix.lengths_m().iter().map(|&length_m| Some(length_m).filter(|m| m.is_finite()));
    prop_assert_eq!(&in_matrix.collect::<Vec<_>>(), &expected);
    let is_free = |point: Point| map.nearest_free(point) == Ok(point);
    for (index, expected) in expected.iter().enumerate() {
        let (from, to) = (some[index / some.len()], some[index % some.len()]);
        let Ok(route) = map.route(from, to) else {
            prop_assert_eq!(expected, &None);
            continue;
        };
        prop_assert_eq!(Some(route.length_m), *expected);
        let walked = walked_m(&route, is_free);
        prop_assert!(walked.is_some_and(|m| (m - route.length_m).abs() < 1e-9), "{:?} {:?}", walked, route);
        let ends = (route.points.first(), route.points.last());
        prop_assert_eq!(ends, (Some(&from), Some(&to)));
        prop_assert_eq!((route.corners.first(), route.corners.last()), ends);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn all_techniques_answer_the_same(store in stores()) {
        let (map, searching) = (store.map(Technique::Table), store.map(Technique::Search));
        prop_assert_eq!(map.technique(), Technique::Table);
        check_same(&map, &searching, &store.free_points())?;
        check_same(&store.map(Technique::Subgoals), &searching, &store.free_points())?;
    }

    #[test]
    fn changes_hold_from_the_next_answer_on(
        store in stores(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..12),
    ) {
        let mut map = store.map(Technique::Table);
        let mut searching = store.map(Technique::Search);
        let before = map.clone();
        for (place, is_free) in changes {
            let index = 1 + place.index(COLUMNS * ROWS - 1);
            let change = if is_free { StoreMap::free } else { StoreMap::block };
            prop_assert_eq!(change(&mut map, 0, cell_rect(index)), change(&mut searching, 0, cell_rect(index)));
        }
        let points = store.free_points();
        let free: Vec<Point> = points.iter().copied().filter(|&point| map.nearest_free(point) == Ok(point)).collect();
        check_same(&map, &searching, &free)?;
        check_same(&before, &store.map(Technique::Search), &points)?;
        let mut restored = map.clone();
        restored.restore(0, Rect { x1_m: 0.0, y1_m: 0.0, x2_m: COLUMNS as f64, y2_m: ROWS as f64 }).unwrap();
        prop_assert!(restored.is_prepared(), "the index knows it again");
        check_same(&restored, &before, &points)?;
        map.prepare();
        prop_assert!(map.is_prepared());
        check_same(&map, &searching, &free)?;
    }

    #[test]
    fn blocking_never_shortens(store in stores(), place in any::<prop::sample::Index>()) {
        let mut map = store.map(Technique::Table);
        let points = store.free_points();
        let before = lengths(&map, &points[..points.len().min(20)]);
        map.block(0, cell_rect(1 + place.index(COLUMNS * ROWS - 1))).unwrap();
        let still = |point: &&Point| map.nearest_free(**point) == Ok(**point);
        if points[..points.len().min(20)].iter().all(|point| still(&point)) {
            for (before, after) in before.iter().zip(lengths(&map, &points[..points.len().min(20)])) {
                prop_assert!(after.is_none_or(|after| before.is_some_and(|before| before <= after)));
            }
        }
    }

    #[test]
    fn a_saved_index_is_the_same_and_a_damaged_one_is_refused(
        store in stores(),
        damage in (any::<prop::sample::Index>(), 1..=255_u8),
        cut in any::<prop::sample::Index>(),
    ) {
        let map = store.map(Technique::Table);
        let mut bytes = Vec::new();
        map.save_index(&mut bytes).unwrap();
        let load = |bytes: &[u8]| StoreMap::builder(store.plan()).load_index(bytes);
        check_same(&load(&bytes).unwrap(), &store.map(Technique::Search), &store.free_points())?;
        let is_refused = |bytes: &[u8]| matches!(load(bytes), Err(PathError::InvalidIndex { .. }));
        prop_assert!(is_refused(&bytes[..cut.index(bytes.len())]));
        prop_assert!(is_refused(&[bytes.as_slice(), &[0]].concat()));
        let damaged = damage.0.index(bytes.len());
        bytes[damaged] ^= damage.1;
        prop_assert!(is_refused(&bytes));
    }

    #[test]
    fn any_bytes_are_refused_as_an_index(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let plan = FloorPlan::parse_map("...\n.#.\n...\n", 1.0).unwrap();
        let loaded = StoreMap::builder(plan).load_index(bytes.as_slice());
        let is_refused = matches!(loaded, Err(PathError::InvalidIndex { .. }));
        prop_assert!(is_refused);
    }
}

#[test]
fn rides_past_a_way_that_is_free_but_longer() {
    let mut plan = FloorPlan::parse_map("..........\n..........\n", 1.0).unwrap();
    let (from, to) = (Point::new(0, 0.5, 0.5), Point::new(0, 9.5, 0.5));
    let (name, kind) = ("Moving walkway".to_owned(), PassageKind::Escalator);
    plan.passages.push(Passage { name, kind, from, to, cost_m: 4.0, is_one_way: false });
    for technique in [Technique::Table, Technique::Subgoals, Technique::Search] {
        let map = StoreMap::builder(plan.clone()).technique(technique).build().unwrap();
        let route = map.route(Point::new(0, 0.5, 1.5), to).unwrap();
        assert_eq!((route.length_m, &route.points[1..]), (5.0, &[from, to][..]), "{technique:?}");
        assert_eq!(map.route(to, from).unwrap().corners, [to, from], "{technique:?}");
    }
}

#[test]
fn an_index_is_for_its_own_map() {
    let plan = |map: &str| FloorPlan::parse_map(map, 1.0).unwrap();
    let mut bytes = Vec::new();
    let mut map = StoreMap::build(plan("...\n.#.\n...\n")).unwrap();
    map.save_index(&mut bytes).unwrap();
    let other = StoreMap::builder(plan("...\n..#\n...\n")).load_index(bytes.as_slice()).unwrap_err();
    assert_eq!(other.to_string(), "the saved index cannot be used: it is of another map; make it anew");

    map.block(0, Rect { x1_m: 0.0, y1_m: 1.0, x2_m: 1.0, y2_m: 2.0 }).unwrap();
    assert_eq!(map.save_index(Vec::new()), Err(PathError::NotPrepared));
    let searching = StoreMap::builder(plan("...\n")).technique(Technique::Search).build().unwrap();
    assert_eq!(searching.save_index(Vec::new()), Err(PathError::NotPrepared));
}

#[test]
fn a_table_that_is_too_large_gives_way() {
    let plan = || FloorPlan::parse_map("...\n.#.\n...\n", 1.0).unwrap();
    let small = StoreMap::builder(plan()).bytes_max(10);
    assert_eq!(small.build().unwrap().technique(), Technique::Subgoals);
    let table = StoreMap::builder(plan()).bytes_max(10).technique(Technique::Table);
    assert_eq!(table.build().unwrap_err(), PathError::TechniqueUnfit { technique: Technique::Table });
}

#[test]
fn preparation_says_how_far_it_is() {
    let heard = std::sync::Mutex::new(Vec::new());
    let plan = FloorPlan::parse_map("....\n.#..\n..#.\n....\n", 1.0).unwrap();
    let on_progress = |done: f64| heard.lock().unwrap().push(done);
    StoreMap::builder(plan).on_progress(&on_progress).build().unwrap();
    let heard = heard.into_inner().unwrap();
    assert!(heard.len() > 1 && heard.iter().all(|done| (0.0..=1.0).contains(done)), "{heard:?}");
    assert_eq!(heard.iter().copied().fold(0.0, f64::max), 1.0);
}
