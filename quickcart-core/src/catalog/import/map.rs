//! `map.json`: the floor plan, each part of it with its place in the file.

use std::fmt::Display;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ImportError;
use crate::pathfinding::{Aisle, Checkout, Dock, Floor, FloorPlan, Lift, PathError, Point, Rect, StoreMap};

const FILE: &str = "map.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapJson<'a> {
    resolution_m: f64,
    #[serde(borrow)]
    floors: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    lifts: Vec<&'a RawValue>,
    #[serde(borrow)]
    entrance: &'a RawValue,
    #[serde(borrow, default)]
    docks: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    checkouts: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FloorJson<'a> {
    level: i32,
    name: String,
    width_m: f64,
    depth_m: f64,
    #[serde(borrow, default)]
    walls: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    shelves: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    aisles: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RectJson {
    x1_m: f64,
    y1_m: f64,
    x2_m: f64,
    y2_m: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AisleJson {
    aisle_num: u32,
    name: String,
    x1_m: f64,
    y1_m: f64,
    x2_m: f64,
    y2_m: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LiftJson {
    name: String,
    x_m: f64,
    y_m: f64,
    levels: Vec<i32>,
    cost_m: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntranceJson {
    level: i32,
    x_m: f64,
    y_m: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DockJson {
    id: String,
    level: i32,
    x_m: f64,
    y_m: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckoutJson {
    name: String,
    level: i32,
    x_m: f64,
    y_m: f64,
}

/// Reads a floor plan and makes a map of it that can be walked.
///
/// # Errors
/// [`ImportError`] with the line and column of what is wrong.
pub fn parse_map(text: &str) -> Result<StoreMap, ImportError> {
    let located = Located::new(FILE, text);
    let json: MapJson<'_> = located.parse(text)?;
    let mut places: Vec<(Point, &RawValue)> = Vec::new();

    let entrance: EntranceJson = located.parse(json.entrance.get())?;
    let entrance = Point::new(entrance.level, entrance.x_m, entrance.y_m);
    places.push((entrance, json.entrance));
    let mut plan = FloorPlan::new(json.resolution_m, Vec::new(), entrance);
    for raw in &json.floors {
        plan.floors.push(floor(&located, raw.get())?);
    }
    for &raw in &json.lifts {
        let LiftJson { name, x_m, y_m, levels, cost_m } = located.parse(raw.get())?;
        let lift = Lift { name, x_m, y_m, levels, cost_m };
        places.extend(lift.points().map(|point| (point, raw)));
        plan.lifts.push(lift);
    }
    for &raw in &json.docks {
        let DockJson { id, level, x_m, y_m } = located.parse(raw.get())?;
        let point = Point::new(level, x_m, y_m);
        if plan.docks.iter().any(|dock| dock.id == id) {
            return Err(located.fault(raw.get(), "a dock with this id is there twice"));
        }
        places.push((point, raw));
        plan.docks.push(Dock { id, point });
    }
    for &raw in &json.checkouts {
        let CheckoutJson { name, level, x_m, y_m } = located.parse(raw.get())?;
        let point = Point::new(level, x_m, y_m);
        places.push((point, raw));
        plan.checkouts.push(Checkout { name, point });
    }
    StoreMap::build(plan).map_err(|error| located.fault(culprit(&error, &places).unwrap_or(text), &error))
}

fn floor(located: &Located<'_>, text: &str) -> Result<Floor, ImportError> {
    let json: FloorJson<'_> = located.parse(text)?;
    let mut floor = Floor::new(json.level, &json.name, json.width_m, json.depth_m);
    let checked = |raw: &RawValue, rect: Rect| {
        let fits = rect.is_inside(json.width_m, json.depth_m);
        let reason = "a rectangle reaches from x1_m, y1_m to a larger x2_m, y2_m, all within its floor";
        if fits { Ok(rect) } else { Err(located.fault(raw.get(), reason)) }
    };
    let rect = |raw: &&RawValue| {
        let RectJson { x1_m, y1_m, x2_m, y2_m } = located.parse(raw.get())?;
        checked(raw, Rect { x1_m, y1_m, x2_m, y2_m })
    };
    let aisle = |raw: &&RawValue| {
        let AisleJson { aisle_num, name, x1_m, y1_m, x2_m, y2_m } = located.parse(raw.get())?;
        Ok(Aisle { aisle_num, name, area: checked(raw, Rect { x1_m, y1_m, x2_m, y2_m })? })
    };
    floor.walls = json.walls.iter().map(rect).collect::<Result<_, _>>()?;
    floor.shelves = json.shelves.iter().map(rect).collect::<Result<_, _>>()?;
    floor.aisles = json.aisles.iter().map(aisle).collect::<Result<_, _>>()?;
    Ok(floor)
}

/// The text of the place that an error names.
fn culprit<'a>(error: &PathError, places: &[(Point, &'a RawValue)]) -> Option<&'a str> {
    let (PathError::Blocked { point, .. }
    | PathError::OffTheMap { point }
    | PathError::Unreachable { point }) = error
    else {
        return None;
    };
    places.iter().find(|(place, _)| place == point).map(|(_, raw)| raw.get())
}

/// A JSON text whose parts know where they stand in their file.
pub(super) struct Located<'a> {
    file: &'static str,
    text: &'a str,
}

impl<'a> Located<'a> {
    pub(super) fn new(file: &'static str, text: &'a str) -> Self {
        Self { file, text }
    }

    /// Reads a part of the text.
    pub(super) fn parse<'p, T: Deserialize<'p>>(&self, part: &'p str) -> Result<T, ImportError> {
        serde_json::from_str(part).map_err(|error| {
            let before = lines_before(part, error.line(), error.column());
            let (line, column) = place_of(self.text, self.offset(part) + before);
            let message = error.to_string();
            // serde_json appends a place that counts from the start of the part.
            let reason = message.rsplit_once(" at line ").map_or(message.as_str(), |(reason, _)| reason);
            ImportError::at(self.file, line, column, reason)
        })
    }

    /// A fault in a part of the text.
    pub(super) fn fault(&self, part: &str, reason: impl Display) -> ImportError {
        let (line, column) = place_of(self.text, self.offset(part));
        ImportError::at(self.file, line, column, reason.to_string())
    }

    /// How far behind the start of the text a part of it stands.
    fn offset(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr()).min(self.text.len())
    }
}

/// The bytes in front of a place that serde_json has named.
fn lines_before(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before + column.saturating_sub(1)
}

/// The line and the column, both counted from 1, of a byte of the text.
pub(super) fn place_of(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
    (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}
