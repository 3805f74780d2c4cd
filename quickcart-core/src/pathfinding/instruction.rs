//! What to tell somebody who walks a route.

use super::{Point, Route, StoreMap};

/// A turning point of a walk and what to do there.
#[derive(Clone, Debug, PartialEq)]
pub struct Waypoint {
    /// Where.
    pub point: Point,
    /// What to do, in English: "Turn left into Aisle 3 and walk 6 m".
    pub instruction: String,
}

impl StoreMap {
    /// What to tell somebody who walks `route`: its turning points, each with an instruction.
    #[must_use]
    pub fn directions(&self, route: &Route) -> Vec<Waypoint> {
        let corners = &route.corners;
        let rides = rides(self, route);
        let mut waypoints: Vec<Waypoint> = (0..corners.len().saturating_sub(1))
            .map(|index| {
                let (here, next) = (corners[index], corners[index + 1]);
                let before = index.checked_sub(1).filter(|&before| rides[before].is_none());
                let instruction = match &rides[index] {
                    Some(ride) => ride.clone(),
                    None => walk(self, before.map(|before| corners[before]), here, next),
                };
                Waypoint { point: here, instruction }
            })
            .collect();
        let end = corners.last().map(|&point| Waypoint { point, instruction: "You have arrived".to_owned() });
        waypoints.extend(end);
        waypoints
    }
}

/// For each corner of a route but the last, how to ride from there to the next one, if one does not walk.
pub(super) fn rides(map: &StoreMap, route: &Route) -> Vec<Option<String>> {
    let mut points = route.points.windows(2);
    let leaving = |pair: &[Point]| {
        let step = points.find(|step| step[0] == pair[0])?;
        (step[1] == pair[1]).then(|| ride(map, pair[0], pair[1])).flatten()
    };
    route.corners.windows(2).map(leaving).collect()
}

fn walk(map: &StoreMap, before: Option<Point>, here: Point, next: Point) -> String {
    let length_m = (here.x_m - next.x_m).hypot(here.y_m - next.y_m);
    let turn = before.map_or("Go straight", |before| turn(before, here, next));
    let middle = Point::new(here.level, f64::midpoint(here.x_m, next.x_m), f64::midpoint(here.y_m, next.y_m));
    let plan = map.floor_plan();
    match plan.aisle_at(middle) {
        Some(aisle) if plan.aisle_at(here) == Some(aisle) => {
            format!("{turn} along {} and walk {length_m:.0} m", aisle.name)
        }
        Some(aisle) => format!("{turn} into {} and walk {length_m:.0} m", aisle.name),
        None => format!("{turn} and walk {length_m:.0} m"),
    }
}

/// The cheapest lift or passage from one cell to another, as an order to take it; `None` where one walks.
fn ride(map: &StoreMap, here: Point, next: Point) -> Option<String> {
    let (terrain, plan) = (map.terrain(), map.floor_plan());
    let (from, to) = (terrain.cell_at(here)?, terrain.cell_at(next)?);
    if !terrain.is_ride(from, to) {
        return None;
    }
    let joins = |a: Point, b: Point| terrain.cell_at(a) == Some(from) && terrain.cell_at(b) == Some(to);
    let lifts = plan.lifts.iter().filter(|lift| {
        let stops: Vec<Point> = lift.points().collect();
        stops.windows(2).any(|pair| joins(pair[0], pair[1]) || joins(pair[1], pair[0]))
    });
    let passages = plan.passages.iter().filter(|passage| {
        joins(passage.from, passage.to) || !passage.is_one_way && joins(passage.to, passage.from)
    });
    let lifts = lifts.map(|lift| (lift.cost_m, lift.name.clone()));
    let passages = passages.map(|passage| (passage.cost_m, passage.spoken()));
    let (_, name) = lifts.chain(passages).min_by(|(a, _), (b, _)| a.total_cmp(b))?;
    if here.level == next.level {
        return Some(format!("Take {name}"));
    }
    let floor = plan.floor(next.level).map_or_else(String::new, |floor| floor.name.clone());
    Some(format!("Take {name} to {floor}"))
}

/// The angle between the way here and the way on; y grows downwards, so a positive one is to the right.
fn turn(before: Point, here: Point, next: Point) -> &'static str {
    let (ax, ay) = (here.x_m - before.x_m, here.y_m - before.y_m);
    let (bx, by) = (next.x_m - here.x_m, next.y_m - here.y_m);
    let degrees = (ax * by - ay * bx).atan2(ax * bx + ay * by).to_degrees();
    match degrees {
        -20.0..=20.0 => "Go straight",
        20.0..60.0 => "Bear right",
        -60.0..-20.0 => "Bear left",
        60.0..=135.0 => "Turn right",
        -135.0..=-60.0 => "Turn left",
        _ => "Turn around",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_turns_as_a_walker_sees_them() {
        let at = |x, y| Point::new(0, x, y);
        // Walking to the right on a plan whose y grows downwards.
        assert_eq!(turn(at(0.0, 0.0), at(1.0, 0.0), at(2.0, 0.0)), "Go straight");
        assert_eq!(turn(at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0)), "Turn right");
        assert_eq!(turn(at(0.0, 0.0), at(1.0, 0.0), at(1.0, -1.0)), "Turn left");
        assert_eq!(turn(at(0.0, 0.0), at(1.0, 0.0), at(2.0, 1.0)), "Bear right");
        assert_eq!(turn(at(0.0, 0.0), at(1.0, 0.0), at(0.0, 0.0)), "Turn around");
    }
}
