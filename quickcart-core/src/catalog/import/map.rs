//! `map.json`: the floor plan, each part of it with its place in the file.

use std::fmt::Display;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ImportError;
use crate::pathfinding::{
    Aisle, Checkout, Dock, Floor, FloorPlan, Heading, Lift, OneWay, Passage, PassageKind, PathError,
    PlanPart, Point, Rect, StoreMap, Zone,
};

const FILE: &str = "map.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapJson<'a> {
    resolution_m: f64,
    #[serde(borrow)]
    floors: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    lifts: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    passages: Vec<&'a RawValue>,
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
    #[serde(borrow, default)]
    zones: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    one_ways: Vec<&'a RawValue>,
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
struct ZoneJson {
    cost_factor: f64,
    x1_m: f64,
    y1_m: f64,
    x2_m: f64,
    y2_m: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneWayJson {
    #[serde(with = "HeadingJson")]
    heading: Heading,
    x1_m: f64,
    y1_m: f64,
    x2_m: f64,
    y2_m: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", remote = "Heading")]
enum HeadingJson {
    East,
    South,
    West,
    North,
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
struct PassageJson {
    name: String,
    #[serde(with = "PassageKindJson")]
    kind: PassageKind,
    from: PointJson,
    to: PointJson,
    cost_m: f64,
    #[serde(default)]
    is_one_way: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", remote = "PassageKind")]
enum PassageKindJson {
    Stairs,
    Ramp,
    Escalator,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointJson {
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

/// Reads a floor plan and makes a map of it that can be walked. Lengths are metres; `floors` and `entrance` are due, the
/// rest is as the store needs it. Headings are `east`, `south`, `west` and `north`, kinds of passages `stairs`, `ramp` and
/// `escalator`; what the fields mean is said at [`FloorPlan`].
///
/// ```
/// use quickcart_core::catalog::import::parse_map;
///
/// let map = parse_map(
///     r#"{
///   "resolution_m": 0.5,
///   "floors": [
///     {
///       "level": 0, "name": "Ground floor", "width_m": 20, "depth_m": 10,
///       "walls": [{"x1_m": 0, "y1_m": 4, "x2_m": 5, "y2_m": 4.5}],
///       "shelves": [{"x1_m": 8, "y1_m": 2, "x2_m": 9, "y2_m": 8}],
///       "aisles": [{"aisle_num": 1, "name": "Aisle 1", "x1_m": 9, "y1_m": 2, "x2_m": 11, "y2_m": 8}],
///       "zones": [{"cost_factor": 2.5, "x1_m": 12, "y1_m": 0, "x2_m": 16, "y2_m": 3}],
///       "one_ways": [{"heading": "south", "x1_m": 9, "y1_m": 2, "x2_m": 11, "y2_m": 8}]
///     },
///     {"level": 1, "name": "Upper floor", "width_m": 20, "depth_m": 10}
///   ],
///   "lifts": [{"name": "Lift A", "x_m": 1, "y_m": 1, "levels": [0, 1], "cost_m": 15}],
///   "passages": [
///     {
///       "name": "Escalator up", "kind": "escalator", "cost_m": 8, "is_one_way": true,
///       "from": {"level": 0, "x_m": 18, "y_m": 9}, "to": {"level": 1, "x_m": 12, "y_m": 9}
///     }
///   ],
///   "entrance": {"level": 0, "x_m": 2, "y_m": 9},
///   "docks": [{"id": "D1", "level": 0, "x_m": 3, "y_m": 9}],
///   "checkouts": [{"name": "Till 1", "level": 0, "x_m": 5, "y_m": 9}]
/// }"#,
/// )?;
/// assert_eq!(map.floor_plan().passages[0].name, "Escalator up");
/// # Ok::<(), quickcart_core::catalog::import::ImportError>(())
/// ```
///
/// # Errors
/// [`ImportError`] with the line and column of what is wrong.
pub fn parse_map(text: &str) -> Result<StoreMap, ImportError> {
    let located = Located::new(FILE, text);
    let json: MapJson<'_> = located.parse(text)?;
    let mut places: Vec<(Point, &RawValue)> = Vec::new();
    let mut parts: Vec<(PlanPart, &RawValue)> = Vec::new();

    let entrance = located.parse::<PointJson>(json.entrance.get())?.into();
    places.push((entrance, json.entrance));
    let mut plan = FloorPlan::new(json.resolution_m, Vec::new(), entrance);
    for raw in &json.floors {
        plan.floors.push(floor(&located, raw.get(), &mut parts)?);
    }
    for (index, &raw) in json.lifts.iter().enumerate() {
        let LiftJson { name, x_m, y_m, levels, cost_m } = located.parse(raw.get())?;
        let lift = Lift { name, x_m, y_m, levels, cost_m };
        places.extend(lift.points().map(|point| (point, raw)));
        parts.push((PlanPart::Lift { index, name: lift.name.clone() }, raw));
        plan.lifts.push(lift);
    }
    for (index, &raw) in json.passages.iter().enumerate() {
        let PassageJson { name, kind, from, to, cost_m, is_one_way } = located.parse(raw.get())?;
        let passage = Passage { name, kind, from: from.into(), to: to.into(), cost_m, is_one_way };
        places.extend([passage.from, passage.to].map(|point| (point, raw)));
        parts.push((PlanPart::Passage { index, name: passage.name.clone() }, raw));
        plan.passages.push(passage);
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
    StoreMap::build(plan)
        .map_err(|error| located.fault(culprit(&error, &places, &parts).unwrap_or(text), &error))
}

impl From<PointJson> for Point {
    fn from(PointJson { level, x_m, y_m }: PointJson) -> Self {
        Self { level, x_m, y_m }
    }
}

fn floor<'a>(
    located: &Located<'_>,
    text: &'a str,
    parts: &mut Vec<(PlanPart, &'a RawValue)>,
) -> Result<Floor, ImportError> {
    let json: FloorJson<'a> = located.parse(text)?;
    let level = json.level;
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
    let zone = |raw: &&RawValue| {
        let ZoneJson { cost_factor, x1_m, y1_m, x2_m, y2_m } = located.parse(raw.get())?;
        Ok(Zone { cost_factor, area: checked(raw, Rect { x1_m, y1_m, x2_m, y2_m })? })
    };
    let one_way = |raw: &&RawValue| {
        let OneWayJson { heading, x1_m, y1_m, x2_m, y2_m } = located.parse(raw.get())?;
        Ok(OneWay { heading, area: checked(raw, Rect { x1_m, y1_m, x2_m, y2_m })? })
    };
    floor.walls = json.walls.iter().map(rect).collect::<Result<_, _>>()?;
    floor.shelves = json.shelves.iter().map(rect).collect::<Result<_, _>>()?;
    floor.aisles = json.aisles.iter().map(aisle).collect::<Result<_, _>>()?;
    floor.zones = json.zones.iter().map(zone).collect::<Result<_, _>>()?;
    floor.one_ways = json.one_ways.iter().map(one_way).collect::<Result<_, _>>()?;
    let zones = json.zones.iter().enumerate();
    parts.extend(zones.map(|(index, &raw)| (PlanPart::Zone { level, index }, raw)));
    let one_ways = json.one_ways.iter().enumerate();
    parts.extend(one_ways.map(|(index, &raw)| (PlanPart::OneWay { level, index }, raw)));
    Ok(floor)
}

/// The text of the place or the part that an error names.
fn culprit<'a>(
    error: &PathError,
    places: &[(Point, &'a RawValue)],
    parts: &[(PlanPart, &'a RawValue)],
) -> Option<&'a str> {
    if let PathError::InvalidPart { part, .. } = error {
        return parts.iter().find(|(known, _)| known == part).map(|(_, raw)| raw.get());
    }
    let (PathError::Blocked { point, .. }
    | PathError::OffTheMap { point }
    | PathError::Unreachable { point }) = error
    else {
        return None;
    };
    places.iter().find(|(place, _)| place == point).map(|(_, raw)| raw.get())
}

/// A JSON text whose parts know where they stand in their file.
pub(crate) struct Located<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Located<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text }
    }

    /// Reads a part of the text.
    pub(crate) fn parse<'p, T: Deserialize<'p>>(&self, part: &'p str) -> Result<T, ImportError> {
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
    pub(crate) fn fault(&self, part: &str, reason: impl Display) -> ImportError {
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
