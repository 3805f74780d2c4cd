//! Walks through zones, one-way areas and passages, compared with a slow and obvious search.

use proptest::prelude::*;
use quickcart_core::pathfinding::{
    Connectivity, Floor, FloorPlan, Heading, Lift, OneWay, Passage, PassageKind, PathError, PlanPart, Point,
    Rect, StoreMap, Technique, Zone,
};

const SIZE: usize = 9;
const FLOORS: usize = 2;
const CELLS: usize = FLOORS * SIZE * SIZE;

/// Steps through zones and rides are rounded to 1/33,461 of a cell's side, each.
const ROUNDED_M: f64 = 2e-5 * CELLS as f64;

/// A cell by its column, its row and its floor.
type Place = (usize, usize, usize);

#[derive(Clone, Debug)]
struct Store {
    connectivity: Connectivity,
    blocked: Vec<bool>,
    zones: Vec<(usize, Rect, f64)>,
    one_ways: Vec<(usize, Rect, Heading)>,
    /// From, to, cost, one way.
    passages: Vec<(usize, usize, f64, bool)>,
}

fn place(index: usize) -> Place {
    (index % SIZE, index / SIZE % SIZE, index / (SIZE * SIZE))
}

fn point(index: usize) -> Point {
    let (x, y, floor) = place(index);
    Point::new(i32::try_from(floor).unwrap(), x as f64 + 0.5, y as f64 + 0.5)
}

fn index(point: Point) -> usize {
    (usize::try_from(point.level).unwrap() * SIZE + point.y_m as usize) * SIZE + point.x_m as usize
}

impl Store {
    /// The entrance and the lift are in corners that stay free and that no rule touches.
    fn is_blocked(&self, index: usize) -> bool {
        self.blocked[index] && !index.is_multiple_of(SIZE * SIZE)
    }

    fn map(&self) -> Result<StoreMap, PathError> {
        let floors = (0..FLOORS).map(|level| {
            let mut floor = Floor::new(i32::try_from(level).unwrap(), "floor", SIZE as f64, SIZE as f64);
            for index in (0..CELLS).filter(|&index| place(index).2 == level && self.is_blocked(index)) {
                let (x, y, _) = place(index);
                let (x1_m, y1_m) = (x as f64, y as f64);
                floor = floor.with_shelf(Rect { x1_m, y1_m, x2_m: x1_m + 1.0, y2_m: y1_m + 1.0 });
            }
            let zones = self.zones.iter().filter(|zone| zone.0 == level);
            floor.zones = zones.map(|&(_, area, cost_factor)| Zone { area, cost_factor }).collect();
            let one_ways = self.one_ways.iter().filter(|one_way| one_way.0 == level);
            floor.one_ways = one_ways.map(|&(_, area, heading)| OneWay { area, heading }).collect();
            floor
        });
        let mut plan = FloorPlan::new(1.0, floors.collect(), point(0));
        plan.lifts.push(Lift {
            name: "Lift".to_owned(),
            x_m: 0.5,
            y_m: 0.5,
            levels: vec![0, 1],
            cost_m: 7.5,
        });
        plan.passages = self.passages.iter().map(passage).collect();
        StoreMap::build(plan.with_connectivity(self.connectivity))
    }

    fn factor(&self, index: usize) -> f64 {
        let (x, y, floor) = place(index);
        let holds =
            |zone: &&(usize, Rect, f64)| zone.0 == floor && zone.1.contains(x as f64 + 0.5, y as f64 + 0.5);
        self.zones.iter().filter(holds).map(|zone| zone.2).fold(1.0, f64::max)
    }

    fn allows(&self, index: usize, dx: i64, dy: i64) -> bool {
        let (x, y, floor) = place(index);
        self.one_ways.iter().all(|(level, area, heading)| {
            let is_against = match heading {
                Heading::East => dx < 0,
                Heading::South => dy < 0,
                Heading::West => dx > 0,
                Heading::North => dy > 0,
            };
            *level != floor || !area.contains(x as f64 + 0.5, y as f64 + 0.5) || !is_against
        })
    }

    /// What one step or ride costs; infinite when there is none.
    fn step(&self, from: usize, to: usize) -> f64 {
        let lift = [0, SIZE * SIZE];
        let by_lift = from != to && lift.contains(&from) && lift.contains(&to);
        let lift = if by_lift { 7.5 } else { f64::INFINITY };
        let rides = self
            .passages
            .iter()
            .filter(|(a, b, _, is_one_way)| (*a, *b) == (from, to) || (*b, *a) == (from, to) && !is_one_way);
        rides.map(|ride| ride.2).fold(lift.min(self.walk(from, to)), f64::min)
    }

    fn walk(&self, from: usize, to: usize) -> f64 {
        let ((x1, y1, floor), (x2, y2, other)) = (place(from), place(to));
        let (dx, dy) = (x2 as i64 - x1 as i64, y2 as i64 - y1 as i64);
        let beside = [(x1, y2), (x2, y1), (x1, y1), (x2, y2)].map(|(x, y)| (floor * SIZE + y) * SIZE + x);
        let reach = if self.connectivity == Connectivity::Four { 1 } else { 2 };
        let is_step = floor == other && from != to && dx.abs() <= 1 && dy.abs() <= 1;
        let is_step = is_step && dx.abs() + dy.abs() <= reach;
        let is_free = beside.iter().all(|&cell| !self.is_blocked(cell));
        if is_step && is_free && self.allows(from, dx, dy) && self.allows(to, dx, dy) {
            return ((dx * dx + dy * dy) as f64).sqrt() * (self.factor(from) + self.factor(to)) / 2.0;
        }
        f64::INFINITY
    }

    fn steps(&self) -> Vec<(usize, usize, f64)> {
        let pairs = (0..CELLS).flat_map(|from| (0..CELLS).map(move |to| (from, to)));
        let steps = pairs.map(|(from, to)| (from, to, self.step(from, to)));
        steps.filter(|step| step.2.is_finite()).collect()
    }
}

/// Bellman and Ford: relaxes every step until nothing changes.
fn obvious_costs(steps: &[(usize, usize, f64)], start: usize) -> Vec<f64> {
    let mut costs = vec![f64::INFINITY; CELLS];
    costs[start] = 0.0;
    loop {
        let before = costs.clone();
        for &(from, to, cost) in steps {
            costs[to] = costs[to].min(costs[from] + cost);
        }
        if costs == before {
            return costs;
        }
    }
}

fn passage(&(from, to, cost_m, is_one_way): &(usize, usize, f64, bool)) -> Passage {
    let (from, to) = (point(from), point(to));
    Passage { name: "B".to_owned(), kind: PassageKind::Stairs, from, to, cost_m, is_one_way }
}

fn area() -> impl Strategy<Value = (usize, Rect)> {
    let edges = || {
        (0..SIZE - 1).prop_flat_map(|from| (Just(from as f64), (from + 1..=SIZE).prop_map(|to| to as f64)))
    };
    (0..FLOORS, edges(), edges())
        .prop_map(|(floor, (x1_m, x2_m), (y1_m, y2_m))| (floor, Rect { x1_m, y1_m, x2_m, y2_m }))
}

fn zones() -> impl Strategy<Value = Vec<(usize, Rect, f64)>> {
    let factor = prop::sample::select(vec![1.0, 1.5, 2.125, 10.0, 1_000.0]);
    prop::collection::vec((area(), factor).prop_map(|((floor, area), factor)| (floor, area, factor)), 0..3)
}

fn one_ways() -> impl Strategy<Value = Vec<(usize, Rect, Heading)>> {
    let heading = prop::sample::select(vec![Heading::East, Heading::South, Heading::West, Heading::North]);
    prop::collection::vec((area(), heading).prop_map(|((floor, area), heading)| (floor, area, heading)), 0..3)
}

fn passages() -> impl Strategy<Value = Vec<(usize, usize, f64, bool)>> {
    let cost_m = prop::sample::select(vec![0.25, 1.0, 3.5, 20.0]);
    let passage = (0..CELLS, 1..CELLS, cost_m, any::<bool>());
    let passage = passage.prop_map(|(from, by, cost, one_way)| (from, (from + by) % CELLS, cost, one_way));
    prop::collection::vec(passage, 0..4)
}

/// Passages end on free floor; whether they can be reached is left to chance.
fn stores() -> impl Strategy<Value = Store> {
    let blocked = prop::collection::vec(prop::bool::weighted(0.25), CELLS);
    let connectivity = prop::sample::select(vec![Connectivity::Four, Connectivity::Eight]);
    let parts = (connectivity, blocked, zones(), one_ways(), passages());
    parts.prop_map(|(connectivity, mut blocked, zones, one_ways, passages)| {
        passages.iter().for_each(|&(from, to, ..)| (blocked[from], blocked[to]) = (false, false));
        Store { connectivity, blocked, zones, one_ways, passages }
    })
}

fn check_route(
    store: &Store,
    map: &StoreMap,
    from: usize,
    to: usize,
    expected: f64,
) -> Result<(), TestCaseError> {
    let route = match map.route(point(from), point(to)) {
        Ok(route) => route,
        Err(PathError::Unreachable { .. }) if expected.is_infinite() => return Ok(()),
        Err(other) => return Err(TestCaseError::fail(format!("{other}, and {expected} was expected"))),
    };
    prop_assert!((route.length_m - expected).abs() < ROUNDED_M, "{} {}", route.length_m, expected);
    prop_assert_eq!((route.points.first(), route.points.last()), (Some(&point(from)), Some(&point(to))));
    let cells: Vec<usize> = route.points.iter().map(|&point| index(point)).collect();
    let walked: f64 = cells.windows(2).map(|pair| store.step(pair[0], pair[1])).sum();
    prop_assert!((walked - expected).abs() < 1e-9 + ROUNDED_M, "{} {}", walked, expected);
    let directions = map.directions(&route);
    prop_assert_eq!(
        directions.iter().map(|waypoint| waypoint.point).collect::<Vec<_>>(),
        route.corners.clone()
    );
    let rides =
        cells.windows(2).filter(|pair| store.step(pair[0], pair[1]) < store.walk(pair[0], pair[1])).count();
    let told = directions.iter().filter(|waypoint| waypoint.instruction.starts_with("Take ")).count();
    prop_assert_eq!(told, rides, "{:?}", directions);
    prop_assert_eq!(directions.last().map(|end| end.instruction.as_str()), Some("You have arrived"));
    Ok(())
}

proptest! {
    #[test]
    fn routes_are_those_of_the_obvious_search(store in stores(), from in 0..CELLS, to in 0..CELLS) {
        let (from, to) = (if store.is_blocked(from) { 0 } else { from }, if store.is_blocked(to) { 0 } else { to });
        let steps = store.steps();
        let from_entrance = obvious_costs(&steps, 0);
        let ends = store.passages.iter().flat_map(|&(a, b, ..)| [a, b]);
        let is_lost = ends.chain([SIZE * SIZE]).any(|end| from_entrance[end].is_infinite());
        let map = match store.map() {
            Ok(map) => map,
            Err(PathError::Unreachable { .. }) if is_lost => return Ok(()),
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        prop_assert!(!is_lost, "an end that nobody reaches is refused");
        let there = obvious_costs(&steps, from);
        check_route(&store, &map, from, to, there[to])?;
        check_route(&store, &map, to, from, obvious_costs(&steps, to)[from])?;
        let all: Vec<usize> = (0..CELLS).filter(|&cell| !store.is_blocked(cell)).collect();
        let points: Vec<Point> = all.iter().map(|&cell| point(cell)).collect();
        let lengths = map.matrix(&[point(from)], &points).unwrap();
        for (&cell, &length_m) in all.iter().zip(lengths.row(0)) {
            let same = length_m == there[cell] || (length_m - there[cell]).abs() < ROUNDED_M;
            prop_assert!(same, "{} {}", length_m, there[cell]);
        }
        let is_plain = store.zones.is_empty() && store.one_ways.is_empty();
        let goes_back = store.passages.iter().all(|passage| {
            let (from, to, cost, is_one_way) = *passage;
            !is_one_way || store.passages.iter().any(|&(a, b, other, one_way)| {
                other == cost && ((a, b) == (to, from) || (a, b) == (from, to) && !one_way)
            })
        });
        prop_assert_eq!(map.technique() == Technique::Table, is_plain && goes_back);
    }

    #[test]
    fn without_one_ways_the_way_back_is_as_long(mut store in stores(), from in 0..CELLS, to in 0..CELLS) {
        store.one_ways.clear();
        store.passages.iter_mut().for_each(|passage| passage.3 = false);
        if let Ok(map) = store.map() {
            let (from, to) = (point(from), point(to));
            prop_assert_eq!(map.distance(from, to).ok(), map.distance(to, from).ok());
        }
    }

    #[test]
    fn blocking_never_shortens(mut store in stores(), from in 0..CELLS, to in 0..CELLS, block in 0..CELLS) {
        store.passages.clear();
        store.blocked[from] = false;
        store.blocked[to] = false;
        store.blocked[block] = false;
        let opened = store.clone();
        store.blocked[block] = block != from && block != to;
        if let (Ok(blocked), Ok(open)) = (store.map(), opened.map()) {
            let (from, to) = (point(from), point(to));
            let length_m = |map: &StoreMap| map.distance(from, to).unwrap_or(f64::INFINITY);
            prop_assert!(length_m(&blocked) >= length_m(&open));
        }
    }
}

#[test]
fn corners_go_around_a_zone_and_rides_are_told() {
    let mut ground = Floor::new(0, "Ground floor", 9.0, 9.0);
    ground.zones.push(Zone { area: Rect { x1_m: 3.0, y1_m: 0.0, x2_m: 6.0, y2_m: 7.0 }, cost_factor: 50.0 });
    let mut plan =
        FloorPlan::new(1.0, vec![ground, Floor::new(1, "Upper floor", 9.0, 9.0)], Point::new(0, 0.5, 0.5));
    let (foot, head) = (Point::new(0, 8.5, 0.5), Point::new(1, 4.5, 0.5));
    let kind = PassageKind::Escalator;
    plan.passages.push(Passage {
        name: "up".to_owned(),
        kind,
        from: foot,
        to: head,
        cost_m: 6.0,
        is_one_way: true,
    });
    let belt = (Point::new(1, 4.5, 0.5), Point::new(1, 4.5, 8.5));
    plan.passages.push(Passage {
        name: "Long ramp".to_owned(),
        kind: PassageKind::Ramp,
        from: belt.0,
        to: belt.1,
        cost_m: 2.0,
        is_one_way: false,
    });
    let map = StoreMap::build(plan).unwrap();
    let goal = Point::new(1, 6.5, 8.5);
    let route = map.route(Point::new(0, 0.5, 0.5), goal).unwrap();
    assert!(route.corners.iter().any(|corner| corner.level == 0 && corner.y_m > 7.0), "around the zone");
    let told: Vec<String> = map.directions(&route).into_iter().map(|waypoint| waypoint.instruction).collect();
    let end = [
        "Take the escalator up to Upper floor",
        "Take Long ramp",
        "Go straight and walk 2 m",
        "You have arrived",
    ];
    assert_eq!(told[told.len() - 4..], end);
    assert!(matches!(map.route(goal, foot), Err(PathError::Unreachable { .. })), "no way down");
}

#[test]
fn refuses_rules_that_cannot_hold_and_names_them() {
    let area = Rect { x1_m: 1.0, y1_m: 1.0, x2_m: 3.0, y2_m: 3.0 };
    let plan = || FloorPlan::new(0.5, vec![Floor::new(3, "Floor", 10.0, 10.0)], Point::new(3, 0.75, 0.75));
    let refused = |plan: FloorPlan| match StoreMap::build(plan) {
        Err(PathError::InvalidPart { part, .. }) => part,
        other => panic!("{other:?}"),
    };
    let usable = Zone { area, cost_factor: 1.0 };
    let zone_part = PlanPart::Zone { level: 3, index: 1 };
    let huge = Rect { x2_m: 11.0, ..area };
    let thin = Rect { x2_m: 1.2, ..area };
    let unclear = Rect { x1_m: f64::NAN, ..area };
    for (cost_factor, area) in [
        (0.5, area),
        (0.0, area),
        (-1.0, area),
        (f64::NAN, area),
        (f64::INFINITY, area),
        (1_000.5, area),
        (2.0, huge),
        (2.0, thin),
        (2.0, unclear),
    ] {
        let mut plan = plan();
        plan.floors[0].zones.push(usable);
        plan.floors[0].zones.push(Zone { area, cost_factor });
        assert_eq!(refused(plan), zone_part);
    }
    for area in [huge, thin, unclear] {
        let mut plan = plan();
        plan.floors[0].one_ways.push(OneWay { area, heading: Heading::West });
        assert_eq!(refused(plan), PlanPart::OneWay { level: 3, index: 0 });
    }
    let stairs = |from: Point, to: Point, cost_m: f64| {
        let kind = PassageKind::Stairs;
        Passage { name: "B".to_owned(), kind, from, to, cost_m, is_one_way: false }
    };
    let (here, there) = (Point::new(3, 1.0, 1.0), Point::new(3, 5.0, 5.0));
    for (to, cost_m) in
        [(there, 0.0), (there, -1.0), (there, f64::NAN), (there, f64::INFINITY), (there, 1e300), (here, 1.0)]
    {
        let mut plan = plan();
        plan.passages.push(stairs(here, to, cost_m));
        assert_eq!(refused(plan), PlanPart::Passage { index: 0, name: "B".to_owned() });
    }
    for (levels, cost_m) in [(vec![3], 1.0), (vec![3, 3], 1.0), (vec![3, 4], f64::INFINITY)] {
        let mut plan = plan();
        plan.lifts.push(Lift { name: "A".to_owned(), x_m: 1.0, y_m: 1.0, levels, cost_m });
        assert_eq!(refused(plan), PlanPart::Lift { index: 0, name: "A".to_owned() });
    }
    let built = |from: Point, to: Point| {
        let mut plan = plan();
        plan.floors[0].shelves.push(Rect { x1_m: 6.0, y1_m: 0.0, x2_m: 7.0, y2_m: 10.0 });
        plan.passages.push(Passage { is_one_way: true, ..stairs(from, to, 4.0) });
        StoreMap::build(plan)
    };
    let (blocked, beyond) = (Point::new(3, 6.5, 1.0), Point::new(3, 8.0, 1.0));
    assert!(built(here, beyond).is_ok());
    assert_eq!(
        built(here, blocked).unwrap_err(),
        PathError::Blocked { name: "B".to_owned(), point: blocked }
    );
    assert_eq!(built(beyond, here).unwrap_err(), PathError::Unreachable { point: beyond });
    for off in [Point::new(3, 11.0, 1.0), Point::new(9, 1.0, 1.0)] {
        assert_eq!(built(here, off).unwrap_err(), PathError::OffTheMap { point: off });
    }
}
