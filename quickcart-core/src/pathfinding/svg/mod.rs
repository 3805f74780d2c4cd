//! A map as a picture: its floors in one SVG, with walks on them.

mod canvas;
mod floor;
mod walks;

use canvas::{Canvas, Escaped, Px};

use super::{Floor, Route, StoreMap};

/// The longest side of a floor, in pixels.
const FLOOR_PX: f64 = 1_000.0;
/// Around the picture and between its floors.
const MARGIN_PX: f64 = 24.0;
/// Above each floor, for its name.
const NAME_PX: f64 = 26.0;
/// Below all floors, for the scale.
const SCALE_PX: f64 = 34.0;

impl StoreMap {
    /// The map as an SVG picture: its floors, wide ones below each other and deep ones side by side, and on them
    /// `routes`, which may be the legs of a tour. A walk begins at a ring and ends at its number.
    ///
    /// ```
    /// use quickcart_core::pathfinding::{FloorPlan, Point, StoreMap};
    ///
    /// let map = StoreMap::build(FloorPlan::parse_map("....\n.##.\n....\n", 1.0)?)?;
    /// let route = map.route(Point::new(0, 0.5, 0.5), Point::new(0, 3.5, 2.5))?;
    /// let picture = map.svg(&[&route]);
    /// assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    /// # Ok::<(), quickcart_core::pathfinding::PathError>(())
    /// ```
    #[must_use]
    pub fn svg(&self, routes: &[&Route]) -> String {
        let plan = self.floor_plan();
        let floors = &plan.floors;
        let largest = floors.iter().map(|floor| floor.width_m.max(floor.depth_m)).fold(0.0, f64::max);
        let mut canvas = Canvas::new(FLOOR_PX / largest);
        let (places, width, height) = places(&canvas, floors);
        canvas.put(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" font-family="system-ui, sans-serif">"#,
            Px(width),
            Px(height)
        ));
        canvas.put(format_args!("<title>{}</title>", Escaped(&title(floors, routes))));
        canvas.put(format_args!(r##"<rect width="100%" height="100%" fill="#f7f8fa"/>"##));
        for (floor, (x, y)) in floors.iter().zip(places) {
            canvas.put(format_args!(
                r##"<text x="{}" y="{}" font-size="16" font-weight="bold" fill="#222b38">{}</text>"##,
                Px(x),
                Px(y - 9.0),
                Escaped(&floor.name)
            ));
            canvas.group(&format!(r#"transform="translate({} {})""#, Px(x), Px(y)), |canvas| {
                canvas.next_floor();
                floor::ground(canvas, floor);
                walks::lines(canvas, self, routes, floor.level);
                floor::places(canvas, plan, floor.level);
                walks::marks(canvas, routes, floor.level);
            });
        }
        scale_bar(&mut canvas, largest, height);
        canvas.put(format_args!("</svg>"));
        canvas.into_text()
    }
}

/// What is read to somebody who does not see the picture.
fn title(floors: &[Floor], routes: &[&Route]) -> String {
    let names: Vec<&str> = floors.iter().map(|floor| floor.name.as_str()).collect();
    let length_m: f64 = routes.iter().map(|route| route.length_m).sum();
    let walks = match routes.len() {
        0 => String::new(),
        1 => format!("; a walk of {length_m:.0} m"),
        count => format!("; {count} walks, {length_m:.0} m altogether"),
    };
    format!("Floor plan: {}{walks}", names.join(", "))
}

/// The upper left corner of each floor, and the size of the picture.
fn places(canvas: &Canvas, floors: &[Floor]) -> (Vec<(f64, f64)>, f64, f64) {
    let width = |floor: &Floor| canvas.px(floor.width_m);
    let depth = |floor: &Floor| canvas.px(floor.depth_m);
    let widest = floors.iter().map(width).fold(0.0, f64::max);
    let deepest = floors.iter().map(depth).fold(0.0, f64::max);
    let is_row = deepest > widest;
    let (mut x, mut y) = (MARGIN_PX, MARGIN_PX + NAME_PX);
    let mut places = Vec::with_capacity(floors.len());
    for floor in floors {
        places.push((x, y));
        if is_row {
            x += width(floor) + MARGIN_PX;
        } else {
            y += depth(floor) + MARGIN_PX + NAME_PX;
        }
    }
    if is_row {
        (places, x, y + deepest + SCALE_PX)
    } else {
        (places, widest + 2.0 * MARGIN_PX, y - MARGIN_PX - NAME_PX + SCALE_PX)
    }
}

/// A bar of a round number of metres, about a sixth of the largest floor.
fn scale_bar(canvas: &mut Canvas, largest_m: f64, height: f64) {
    let length_m = round_below(largest_m / 6.0);
    let (x, y) = (MARGIN_PX, height - 14.0);
    canvas.put(format_args!(
        r##"<path d="M{} {}v6h{}v-6" fill="none" stroke="#222b38" stroke-width="1.5"/><text x="{}" y="{}" font-size="12" fill="#222b38">{length_m} m</text>"##,
        Px(x),
        Px(y - 6.0),
        Px(canvas.px(length_m)),
        Px(x + canvas.px(length_m) + 7.0),
        Px(y + 2.0)
    ));
}

/// The largest of 1, 2 and 5 times a power of ten that is not above.
fn round_below(number: f64) -> f64 {
    let power = 10_f64.powf(number.log10().floor());
    [5.0, 2.0].map(|step| step * power).into_iter().find(|step| *step <= number).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::super::{
        Aisle, Floor, FloorPlan, Heading, Lift, OneWay, Passage, PassageKind, Point, Rect, Zone,
    };
    use super::*;

    /// A store with everything in it, all of it named badly.
    fn map() -> StoreMap {
        let area = Rect { x1_m: 2.0, y1_m: 2.0, x2_m: 6.0, y2_m: 5.0 };
        let mut ground = Floor::new(0, "Ground & <first>", 20.0, 12.0).with_shelf(Rect {
            x1_m: 8.0,
            y1_m: 2.0,
            x2_m: 9.0,
            y2_m: 9.0,
        });
        ground.aisles.push(Aisle { aisle_num: 1, name: "</text><script>".to_owned(), area });
        ground.zones.push(Zone { area, cost_factor: 2.5 });
        ground.one_ways.push(OneWay { area, heading: Heading::North });
        let mut plan =
            FloorPlan::new(0.5, vec![ground, Floor::new(1, "Upper", 20.0, 12.0)], Point::new(0, 1.0, 1.0));
        plan.lifts.push(Lift {
            name: "\"Lift\"".to_owned(),
            x_m: 15.0,
            y_m: 6.0,
            levels: vec![0, 1],
            cost_m: 9.0,
        });
        let (name, kind) = ("belt'".to_owned(), PassageKind::Escalator);
        let (from, to) = (Point::new(0, 3.0, 11.0), Point::new(0, 18.0, 11.0));
        plan.passages.push(Passage { name, kind, from, to, cost_m: 4.0, is_one_way: true });
        StoreMap::build(plan).unwrap()
    }

    /// The names of the elements that are not closed, in order; fails where a tag closes another element.
    fn open_elements(text: &str) -> Vec<&str> {
        let mut open = Vec::new();
        for tag in text.split('<').skip(1) {
            let (tag, after) = tag.split_once('>').expect("a tag ends");
            assert!(!after.contains('>') && !after.contains('"'), "{after}");
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap());
            }
        }
        open
    }

    #[test]
    fn pictures_are_well_formed_and_names_stay_texts() {
        let map = map();
        let first = map.route(Point::new(0, 1.0, 1.0), Point::new(0, 12.0, 3.0)).unwrap();
        let second = map.route(Point::new(0, 12.0, 3.0), Point::new(1, 3.0, 3.0)).unwrap();
        let picture = map.svg(&[&first, &second]);
        assert_eq!(open_elements(&picture), Vec::<&str>::new());
        let length_m = first.length_m + second.length_m;
        let title = format!(
            "<title>Floor plan: Ground &amp; &lt;first&gt;, Upper; 2 walks, {length_m:.0} m altogether</title>"
        );
        assert!(picture.contains(&title), "{picture}");
        assert!(!picture.contains("<script>") && picture.contains("&lt;/text&gt;&lt;script&gt;"));
        assert!(
            picture.contains("&quot;Lift&quot;") && picture.contains("belt&#39;") && picture.contains("×2.5")
        );
        assert!(picture.contains(">1</text>") && picture.contains(">2</text>") && picture.contains(">2 m<"));
        assert!(!picture.contains("stroke-dasharray=\"1 7\""), "nobody rides within a floor");
        assert_eq!(picture.matches("r=\"6\"").count(), 1, "the second walk begins where the first ends");
    }

    #[test]
    fn rides_within_a_floor_are_dashed() {
        let map = map();
        let ride = map.route(Point::new(0, 3.0, 11.0), Point::new(0, 19.0, 11.0)).unwrap();
        assert!(map.svg(&[&ride]).contains("stroke-dasharray=\"1 7\""));
    }

    #[test]
    fn a_map_without_walks_has_no_lines() {
        let picture = map().svg(&[]);
        assert_eq!(open_elements(&picture), Vec::<&str>::new());
        assert!(!picture.contains("polyline"));
    }

    #[test]
    fn bars_have_round_lengths() {
        for (number, round) in [(6.7, 5.0), (5.0, 5.0), (4.9, 2.0), (1.9, 1.0), (0.3, 0.2), (170.0, 100.0)] {
            assert_eq!(round_below(number), round);
        }
    }
}
