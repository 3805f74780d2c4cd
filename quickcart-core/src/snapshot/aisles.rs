//! A map for a store that has none: aisles along its sections.

use serde_json::{Value, json};

use crate::catalog::Section;
use crate::pathfinding::{Point, Rect};

/// Half the width of an aisle, in metres: as the first version of the smart-cart backend had it.
const HALF_WIDTH_M: f64 = 0.15;
/// Sides of cells in metres, the finest first. Each is five times the one before, so that the middle of a coarse cell is that
/// of a fine one, too.
const RESOLUTIONS_M: [f64; 3] = [0.04, 0.2, 1.0];
/// How many cells a map has before it gets coarser.
const CELLS_MAX: f64 = 4e6;
/// How far a floor goes on behind what is known of it: places that a shopper names need not be in a section.
const MARGIN_M: f64 = 10.0;

/// The map as JSON, for [`parse_map`](crate::catalog::import::parse_map), and the place where trolleys wait.
///
/// An aisle runs along the middle of each section's long side, and what is no aisle is a wall. A store without sections has
/// a floor that is free. Trolleys wait where the first section's aisle begins.
pub(super) fn map_of(sections: &[Section]) -> (String, Point) {
    let mut levels: Vec<i32> = sections.iter().map(|section| section.level).collect();
    levels.sort_unstable();
    levels.dedup();
    if levels.is_empty() {
        levels.push(0);
    }
    let sizes: Vec<(f64, f64)> = levels.iter().map(|&level| size_m(level, sections)).collect();
    let cells = |resolution_m: f64| -> f64 {
        sizes.iter().map(|(width_m, depth_m)| width_m * depth_m / resolution_m.powi(2)).sum()
    };
    let coarsest = RESOLUTIONS_M[RESOLUTIONS_M.len() - 1];
    let fits = |resolution_m: &f64| !sections.is_empty() && cells(*resolution_m) <= CELLS_MAX;
    let resolution_m = RESOLUTIONS_M.into_iter().find(fits).unwrap_or(coarsest);
    // Twice the side of a cell, so that at least one whole cell is in the aisle, wherever it is.
    let half_m = HALF_WIDTH_M.max(resolution_m);

    let on = |level: i32| sections.iter().filter(move |section| section.level == level);
    let first = levels.iter().find_map(|&level| on(level).min_by_key(|section| section.section_id));
    let dock = first.map_or(Point::new(levels[0], half_m, half_m), |section| {
        let area = aisle(section, half_m);
        let (x_m, y_m) = axis(section);
        if is_wide(section) {
            Point::new(section.level, area.x1_m + half_m, y_m)
        } else {
            Point::new(section.level, x_m, area.y1_m + half_m)
        }
    });
    let floors: Vec<Value> = levels
        .iter()
        .zip(sizes)
        .map(|(&level, (width_m, depth_m))| {
            let areas: Vec<Rect> = on(level).map(|section| aisle(section, half_m)).collect();
            let walls: Vec<Value> = walls(&areas, width_m, depth_m).iter().map(rect).collect();
            let aisles: Vec<Value> = on(level)
                .zip(&areas)
                .map(|(section, area)| {
                    let mut aisle = rect(area);
                    aisle["aisle_num"] = json!(section.section_id);
                    aisle["name"] = json!(section.name);
                    aisle
                })
                .collect();
            let name = format!("Level {level}");
            json!({ "level": level, "name": name, "width_m": width_m, "depth_m": depth_m, "walls": walls, "aisles": aisles })
        })
        .collect();
    let place = json!({ "level": dock.level, "x_m": dock.x_m, "y_m": dock.y_m });
    let mut named = place.clone();
    named["id"] = json!("D1");
    let map = json!({ "resolution_m": resolution_m, "floors": floors, "entrance": place, "docks": [named] });
    (map.to_string(), dock)
}

fn size_m(level: i32, sections: &[Section]) -> (f64, f64) {
    let here = sections.iter().filter(|section| section.level == level);
    let (x_m, y_m) =
        here.fold((0.0_f64, 0.0_f64), |(x_m, y_m), section| (x_m.max(section.x2_m), y_m.max(section.y2_m)));
    (x_m + MARGIN_M, y_m + MARGIN_M)
}

fn is_wide(section: &Section) -> bool {
    section.x2_m - section.x1_m >= section.y2_m - section.y1_m
}

/// The middle of the section.
fn axis(section: &Section) -> (f64, f64) {
    (f64::midpoint(section.x1_m, section.x2_m), f64::midpoint(section.y1_m, section.y2_m))
}

/// The aisle of a section, no shorter than it is wide.
fn aisle(section: &Section, half_m: f64) -> Rect {
    let (x_m, y_m) = axis(section);
    // As wide at the edge of the floor as elsewhere.
    let around = |middle_m: f64| {
        let least_m = (middle_m - half_m).max(0.0);
        (least_m, least_m + 2.0 * half_m)
    };
    let along = |from_m: f64, to_m: f64| {
        let (least_m, most_m) = around(f64::midpoint(from_m, to_m));
        (from_m.min(least_m), to_m.max(most_m))
    };
    let ((x1_m, x2_m), (y1_m, y2_m)) = if is_wide(section) {
        (along(section.x1_m, section.x2_m), around(y_m))
    } else {
        (around(x_m), along(section.y1_m, section.y2_m))
    };
    Rect { x1_m, y1_m, x2_m, y2_m }
}

/// What is left of a floor outside of some areas, as rectangles; nothing when there are no areas.
fn walls(areas: &[Rect], width_m: f64, depth_m: f64) -> Vec<Rect> {
    if areas.is_empty() {
        return Vec::new();
    }
    let edges = |ends: [f64; 2], of: fn(&Rect) -> [f64; 2]| {
        let mut edges: Vec<f64> = ends.into_iter().chain(areas.iter().flat_map(of)).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        edges
    };
    let xs = edges([0.0, width_m], |area| [area.x1_m, area.x2_m]);
    let ys = edges([0.0, depth_m], |area| [area.y1_m, area.y2_m]);
    let columns = xs.len() - 1;
    let mut is_aisle = vec![false; columns * (ys.len() - 1)];
    let index = |edges: &[f64], edge_m: f64| edges.partition_point(|&other| other < edge_m);
    for area in areas {
        for row in index(&ys, area.y1_m)..index(&ys, area.y2_m) {
            let (from, to) = (index(&xs, area.x1_m), index(&xs, area.x2_m));
            is_aisle[row * columns + from..row * columns + to].fill(true);
        }
    }
    // Walls that end with the row above, unless this one goes on with them.
    let (mut walls, mut above) = (Vec::new(), Vec::<Rect>::new());
    for (row, is_aisle) in is_aisle.chunks(columns).enumerate() {
        let (mut here, mut column) = (Vec::new(), 0);
        for run in is_aisle.chunk_by(|left, right| left == right) {
            let (x1_m, x2_m) = (xs[column], xs[column + run.len()]);
            column += run.len();
            if !run[0] {
                let same = above.iter().position(|wall| wall.x1_m == x1_m && wall.x2_m == x2_m);
                let y1_m = same.map_or(ys[row], |index| above.swap_remove(index).y1_m);
                here.push(Rect { x1_m, y1_m, x2_m, y2_m: ys[row + 1] });
            }
        }
        walls.append(&mut above);
        above = here;
    }
    walls.append(&mut above);
    walls
}

fn rect(rect: &Rect) -> Value {
    json!({ "x1_m": rect.x1_m, "y1_m": rect.y1_m, "x2_m": rect.x2_m, "y2_m": rect.y2_m })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::import::parse_map;

    fn section(section_id: i64, level: i32, [x1_m, y1_m, x2_m, y2_m]: [f64; 4]) -> Section {
        Section { section_id, name: format!("Section {section_id}"), level, x1_m, y1_m, x2_m, y2_m }
    }

    #[test]
    fn aisles_run_along_the_long_side_of_each_section() {
        let sections = [section(1, 0, [0.0, 0.0, 4.0, 1.0]), section(2, 0, [0.0, 0.0, 1.0, 6.0])];
        let (map, dock) = map_of(&sections);
        let map = parse_map(&map).unwrap();
        let nearest = |x, y| map.nearest_free(Point::new(0, x, y)).unwrap();
        assert_eq!(
            nearest(0.5, 0.5),
            Point::new(0, 0.5, 0.5),
            "the middle of an aisle is the middle of a cell"
        );
        assert!((nearest(3.0, 1.0).y_m - 0.5).abs() <= 0.15, "{}", nearest(3.0, 1.0));
        assert!((nearest(1.0, 4.0).x_m - 0.5).abs() <= 0.15, "{}", nearest(1.0, 4.0));
        assert!(
            (nearest(3.0, 4.0).x_m - 0.5).abs() <= 0.15,
            "not through the shelves: {}",
            nearest(3.0, 4.0)
        );
        let length_m = map.distance(Point::new(0, 3.0, 0.5), Point::new(0, 0.5, 5.0)).unwrap();
        assert!((6.5..7.0).contains(&length_m), "around the corner, not straight: {length_m}");
        assert!(
            map.distance(dock, Point::new(0, 14.0, 16.0)).is_ok(),
            "a place behind the store is near an aisle"
        );
    }

    #[test]
    fn every_store_gets_a_map_that_can_be_walked() {
        let long = 2_000.0;
        for sections in [
            vec![],
            vec![section(1, 3, [0.0, 0.0, 0.01, 0.01])],
            vec![section(1, 0, [7.13, 0.31, 7.14, 9.97]), section(2, 1, [0.0, 0.0, 3.3, 0.02])],
            vec![section(1, 0, [0.0, 0.0, long, 3.17]), section(2, 0, [33.3, 0.0, 35.1, long])],
            vec![section(1, 0, [1.0, 1.0, 5.0, 2.0]), section(2, 0, [1.0, 3.0, 5.0, 4.0])],
        ] {
            let (map, dock) = map_of(&sections);
            let map = parse_map(&map).unwrap_or_else(|error| panic!("{sections:?}: {error}"));
            for section in &sections {
                let (x_m, y_m) = axis(section);
                let middle = Point::new(section.level, x_m, y_m);
                let off_m = map.nearest_free(middle).unwrap().straight_m(middle).unwrap();
                assert!(off_m < map.floor_plan().resolution_m, "{section:?} has its aisle: {off_m}");
            }
            assert!(map.nearest_free(dock).is_ok());
        }
    }

    #[test]
    fn walls_are_all_that_is_no_aisle_and_in_one_piece_where_they_can_be() {
        let aisle = |x1_m, y1_m, x2_m, y2_m| Rect { x1_m, y1_m, x2_m, y2_m };
        let areas = [aisle(1.0, 1.0, 5.0, 2.0), aisle(1.0, 3.0, 5.0, 4.0), aisle(1.0, 1.0, 2.0, 4.0)];
        let walls = walls(&areas, 6.0, 5.0);
        let area = |rect: &Rect| (rect.x2_m - rect.x1_m) * (rect.y2_m - rect.y1_m);
        assert_eq!(walls.iter().map(area).sum::<f64>(), 30.0 - (4.0 + 4.0 + 1.0));
        for (x, y) in (0..6).flat_map(|x| (0..5).map(move |y| (f64::from(x) + 0.5, f64::from(y) + 0.5))) {
            let is_aisle = areas.iter().any(|area| area.contains(x, y));
            assert_eq!(
                walls.iter().filter(|wall| wall.contains(x, y)).count(),
                usize::from(!is_aisle),
                "{x} {y}"
            );
        }
        assert!(walls.contains(&aisle(0.0, 1.0, 1.0, 4.0)), "{walls:?}");
    }
}
