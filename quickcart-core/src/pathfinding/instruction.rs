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

pub(super) fn directions(map: &StoreMap, route: &Route) -> Vec<Waypoint> {
    let corners = &route.corners;
    let mut waypoints: Vec<Waypoint> = (0..corners.len().saturating_sub(1))
        .map(|index| {
            let before = index.checked_sub(1).map(|before| corners[before]);
            let instruction = instruction(map, before, corners[index], corners[index + 1]);
            Waypoint { point: corners[index], instruction }
        })
        .collect();
    let end = corners.last().map(|&point| Waypoint { point, instruction: "You have arrived".to_owned() });
    waypoints.extend(end);
    waypoints
}

fn instruction(map: &StoreMap, before: Option<Point>, here: Point, next: Point) -> String {
    let Some(length_m) = here.straight_m(next) else { return ride(map, here, next.level) };
    let turn = before
        .filter(|before| before.level == here.level)
        .map_or("Go straight", |before| turn(before, here, next));
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

fn ride(map: &StoreMap, here: Point, level: i32) -> String {
    let plan = map.floor_plan();
    let near = |lift: &&super::Lift| {
        let at = Point::new(here.level, lift.x_m, lift.y_m);
        here.straight_m(at).is_some_and(|distance| distance <= plan.resolution_m)
    };
    let lift = plan.lifts.iter().find(near).map_or("the lift", |lift| lift.name.as_str());
    let floor = plan.floor(level).map_or_else(|| format!("level {level}"), |floor| floor.name.clone());
    format!("Take {lift} to {floor}")
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
