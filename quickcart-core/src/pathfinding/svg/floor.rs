//! What stands on a floor, and the marks of its places.

use super::super::{Floor, FloorPlan, Heading, Passage, PassageKind, Point, Rect};
use super::canvas::{Canvas, Escaped, Px};

const WALL: &str = "#3f4756";
const SHELF: &str = "#d9bf94";
const ZONE: &str = "#f2a33a";
const ONE_WAY: &str = "#4f8fd0";
const AISLE: &str = "#eef1f4";
const AISLE_NAME: &str = "#7a8494";
const RIDE: &str = "#7a4fb5";
const DOCK: &str = "#2f8f83";
const CHECKOUT: &str = "#b5476b";
const ENTRANCE: &str = "#2e8b57";

/// How far arrows are from each other, in pixels.
const ARROW_EVERY: f64 = 56.0;

/// What lies under the walks.
pub(super) fn ground(canvas: &mut Canvas, floor: &Floor) {
    let all = Rect { x1_m: 0.0, y1_m: 0.0, x2_m: floor.width_m, y2_m: floor.depth_m };
    canvas.rects(&format!(r##"fill="#fff" stroke="{WALL}""##), [all].iter());
    canvas.rects(&format!(r#"fill="{AISLE}""#), floor.aisles.iter().map(|aisle| &aisle.area));
    let zones = format!(r#"fill="{ZONE}" fill-opacity=".28" stroke="{ZONE}" stroke-dasharray="4 3""#);
    canvas.rects(&zones, floor.zones.iter().map(|zone| &zone.area));
    let one_ways = format!(r#"fill="{ONE_WAY}" fill-opacity=".16""#);
    canvas.rects(&one_ways, floor.one_ways.iter().map(|one_way| &one_way.area));
    canvas.rects(&format!(r##"fill="{SHELF}" stroke="#b79a6a" stroke-width=".6""##), floor.shelves.iter());
    canvas.rects(&format!(r#"fill="{WALL}""#), floor.walls.iter());
    let arrows = format!(r#"fill="none" stroke="{ONE_WAY}" stroke-width="2" stroke-linecap="round""#);
    canvas.group(&arrows, |canvas| {
        floor.one_ways.iter().for_each(|one_way| arrows_in(canvas, &one_way.area, one_way.heading));
    });
    canvas.group(&format!(r#"fill="{AISLE_NAME}" text-anchor="middle""#), |canvas| {
        floor.aisles.iter().for_each(|aisle| canvas.label(&aisle.area, &aisle.name, 13.0));
    });
    canvas.group(r##"fill="#9a5b00" text-anchor="middle""##, |canvas| {
        for zone in &floor.zones {
            let factor = (zone.cost_factor * 100.0).round() / 100.0;
            // Along the upper edge, away from what stands in the zone.
            let strip = Rect { y2_m: zone.area.y2_m.min(zone.area.y1_m + canvas.metres(18.0)), ..zone.area };
            canvas.label(&strip, &format!("×{factor}"), 13.0);
        }
    });
}

/// The marks of the places on a floor.
pub(super) fn places(canvas: &mut Canvas, plan: &FloorPlan, level: i32) {
    for passage in &plan.passages {
        way(canvas, passage, level);
    }
    for lift in plan.lifts.iter().filter(|lift| lift.levels.contains(&level)) {
        named(canvas, RIDE, "L", Point::new(level, lift.x_m, lift.y_m), &lift.name);
    }
    for passage in &plan.passages {
        let letter = match passage.kind {
            PassageKind::Stairs => "S",
            PassageKind::Ramp => "R",
            PassageKind::Escalator => "E",
        };
        for end in [passage.from, passage.to].into_iter().filter(|end| end.level == level) {
            named(canvas, RIDE, letter, end, &passage.name);
        }
    }
    for checkout in plan.checkouts.iter().filter(|checkout| checkout.point.level == level) {
        named(canvas, CHECKOUT, "$", checkout.point, &checkout.name);
    }
    for dock in plan.docks.iter().filter(|dock| dock.point.level == level) {
        let (x, y) = (canvas.px(dock.point.x_m), canvas.px(dock.point.y_m));
        canvas.put(format_args!(
            r##"<rect x="{}" y="{}" width="15" height="11" rx="2" fill="{DOCK}"/><text x="{}" y="{}" dy=".35em" font-size="7" fill="#fff" text-anchor="middle">{}</text>"##,
            Px(x - 7.5),
            Px(y - 5.5),
            Px(x),
            Px(y),
            Escaped(&dock.id)
        ));
    }
    if plan.entrance.level == level {
        named(canvas, ENTRANCE, "⌂", plan.entrance, "Entrance");
    }
}

/// A disc with a letter, and the name below it.
fn named(canvas: &mut Canvas, colour: &str, letter: &str, at: Point, name: &str) {
    let (x, y) = (canvas.px(at.x_m), canvas.px(at.y_m));
    disc(canvas, colour, letter, at);
    canvas.put(format_args!(
        r##"<text x="{}" y="{}" font-size="9" fill="{colour}" stroke="#fff" stroke-width="2.5" paint-order="stroke" text-anchor="middle">{}</text>"##,
        Px(x),
        Px(y + 17.0),
        Escaped(name)
    ));
}

/// A disc with a letter or a number.
pub(super) fn disc(canvas: &mut Canvas, colour: &str, letter: &str, at: Point) {
    let (x, y) = (Px(canvas.px(at.x_m)), Px(canvas.px(at.y_m)));
    canvas.put(format_args!(
        r##"<circle cx="{x}" cy="{y}" r="8" fill="{colour}" stroke="#fff" stroke-width="1.5"/><text x="{x}" y="{y}" dy=".35em" font-size="10" font-weight="bold" fill="#fff" text-anchor="middle">{letter}</text>"##
    ));
}

/// A passage whose ends are both on this floor, as a dashed line; an arrow where it leads one way.
fn way(canvas: &mut Canvas, passage: &Passage, level: i32) {
    if passage.from.level != level || passage.to.level != level {
        return;
    }
    let from = (canvas.px(passage.from.x_m), canvas.px(passage.from.y_m));
    let to = (canvas.px(passage.to.x_m), canvas.px(passage.to.y_m));
    let attributes = format!(r#"fill="none" stroke="{RIDE}" stroke-width="2""#);
    canvas.group(&attributes, |canvas| {
        canvas.put(format_args!(
            r#"<path d="M{} {}L{} {}" stroke-dasharray="2 4"/>"#,
            Px(from.0),
            Px(from.1),
            Px(to.0),
            Px(to.1)
        ));
        if passage.is_one_way {
            let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
            head(canvas, middle, (to.1 - from.1).atan2(to.0 - from.0));
        }
    });
}

/// Arrows all over an area.
fn arrows_in(canvas: &mut Canvas, area: &Rect, heading: Heading) {
    let angle: f64 = match heading {
        Heading::East => 0.0,
        Heading::South => 90.0,
        Heading::West => 180.0,
        Heading::North => -90.0,
    };
    let middles = |from_m: f64, to_m: f64| {
        let (from, to) = (canvas.px(from_m), canvas.px(to_m));
        let count = ((to - from) / ARROW_EVERY).floor().clamp(1.0, 100.0);
        let middle = move |index: u32| from + (to - from) * (f64::from(index) + 0.5) / count;
        (0..count as u32).map(middle).collect::<Vec<f64>>()
    };
    let (columns, rows) = (middles(area.x1_m, area.x2_m), middles(area.y1_m, area.y2_m));
    for &y in &rows {
        for &x in &columns {
            shaft(canvas, (x, y), angle.to_radians());
            let tip = (x + 10.0 * angle.to_radians().cos(), y + 10.0 * angle.to_radians().sin());
            head(canvas, tip, angle.to_radians());
        }
    }
}

fn shaft(canvas: &mut Canvas, (x, y): (f64, f64), angle: f64) {
    let (dx, dy) = (10.0 * angle.cos(), 10.0 * angle.sin());
    canvas.put(format_args!(r#"<path d="M{} {}L{} {}"/>"#, Px(x - dx), Px(y - dy), Px(x + dx), Px(y + dy)));
}

/// The two strokes of an arrow's head.
pub(super) fn head(canvas: &mut Canvas, (x, y): (f64, f64), angle: f64) {
    let end = |turn: f64| (x + 5.0 * (angle + turn).cos(), y + 5.0 * (angle + turn).sin());
    let ((x1, y1), (x2, y2)) = (end(2.5), end(-2.5));
    canvas.put(format_args!(
        r#"<path d="M{} {}L{} {}L{} {}"/>"#,
        Px(x1),
        Px(y1),
        Px(x),
        Px(y),
        Px(x2),
        Px(y2)
    ));
}
