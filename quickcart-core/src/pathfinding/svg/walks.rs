//! Walks over a floor: their lines, and the marks of where they begin and end.

use super::super::instruction::rides;
use super::super::{Point, Route, StoreMap};
use super::canvas::{Canvas, Px};
use super::floor::{disc, head};

/// One colour a walk, from the front again when there are more; told apart by colour-blind readers, too (Okabe and Ito,
/// Color Universal Design, 2008).
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#a67c00"];

/// The farthest that an arrow is from the one before, in pixels.
const ARROW_EVERY: f64 = 110.0;

/// The lines of all walks on one floor; rides within the floor are dashed.
pub(super) fn lines(canvas: &mut Canvas, map: &StoreMap, routes: &[&Route], level: i32) {
    for (route, colour) in routes.iter().zip(COLOURS.iter().cycle()) {
        let rides = rides(map, route);
        let mut begin = 0;
        for (index, pair) in route.corners.windows(2).enumerate() {
            let is_ride = rides[index].is_some() || pair[0].level != pair[1].level;
            if is_ride {
                line(canvas, &route.corners[begin..=index], level, colour, "");
                line(canvas, pair, level, colour, r#" stroke-dasharray="1 7""#);
                begin = index + 1;
            }
        }
        line(canvas, route.corners.get(begin..).unwrap_or_default(), level, colour, "");
    }
}

/// White below the colour, so that walks show where they cross each other.
fn line(canvas: &mut Canvas, corners: &[Point], level: i32, colour: &str, dashes: &str) {
    if corners.len() < 2 || corners.iter().any(|corner| corner.level != level) {
        return;
    }
    let places: Vec<(f64, f64)> =
        corners.iter().map(|corner| (canvas.px(corner.x_m), canvas.px(corner.y_m))).collect();
    let points: Vec<String> = places.iter().map(|(x, y)| format!("{},{}", Px(*x), Px(*y))).collect();
    let points = points.join(" ");
    let attributes = r#"fill="none" stroke-linejoin="round" stroke-linecap="round""#;
    canvas.group(attributes, |canvas| {
        canvas.put(format_args!(
            r##"<polyline points="{points}" stroke="#fff" stroke-width="6.5"/><polyline points="{points}" stroke="{colour}" stroke-width="3.5"{dashes}/>"##
        ));
    });
    let attributes = format!(r#"fill="none" stroke="{colour}" stroke-width="2.5" stroke-linecap="round""#);
    canvas.group(&attributes, |canvas| arrows(canvas, &places));
}

/// An arrow in the middle of a stretch, where the last one is far away.
fn arrows(canvas: &mut Canvas, places: &[(f64, f64)]) {
    let mut since_arrow = ARROW_EVERY / 2.0;
    for pair in places.windows(2) {
        let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
        let length = (x2 - x1).hypot(y2 - y1);
        since_arrow += length;
        if since_arrow > ARROW_EVERY && length > 24.0 {
            let middle = (f64::midpoint(x1, x2), f64::midpoint(y1, y2));
            head(canvas, middle, (y2 - y1).atan2(x2 - x1));
            since_arrow = length / 2.0;
        }
    }
}

/// A mark where a walk begins, unless the one before ends there, and a number where each of them ends.
pub(super) fn marks(canvas: &mut Canvas, routes: &[&Route], level: i32) {
    let is_here = |point: &&Point| point.level == level;
    for (index, (route, colour)) in routes.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let before = index.checked_sub(1).and_then(|before| routes[before].points.last());
        let start = route.points.first().filter(|start| before != Some(start));
        if let Some(start) = start.filter(is_here) {
            let (x, y) = (Px(canvas.px(start.x_m)), Px(canvas.px(start.y_m)));
            canvas.put(format_args!(
                r##"<circle cx="{x}" cy="{y}" r="6" fill="#fff" stroke="{colour}" stroke-width="3.5"/>"##
            ));
        }
        if let Some(&end) = route.points.last().filter(is_here) {
            disc(canvas, colour, &(index + 1).to_string(), end);
        }
    }
}
