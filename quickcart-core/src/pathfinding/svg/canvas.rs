//! Elements of SVG (W3C, Scalable Vector Graphics 1.1) as text. Colours stand in attributes, not in a style sheet: a page
//! that holds several pictures must not mix their rules.

use std::fmt::{self, Display, Write};

use super::super::Rect;

/// Collects elements; lengths come in metres and are written in pixels.
pub(super) struct Canvas {
    text: String,
    scale: f64,
    /// Where labels are on this floor, in pixels.
    labels: Vec<Rect>,
}

/// A length in pixels, to a tenth.
pub(super) struct Px(pub(super) f64);

/// A text with what XML reserves escaped, and what it forbids left out.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero makes -0 a 0.
        write!(f, "{}", (self.0 * 10.0).round() / 10.0 + 0.0)
    }
}

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\u{fffe}' | '\u{ffff}' => {}
                letter if letter.is_control() => {}
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

impl Canvas {
    /// `scale` is in pixels per metre.
    pub(super) fn new(scale: f64) -> Self {
        Self { text: String::new(), scale, labels: Vec::new() }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Forgets the labels of another floor.
    pub(super) fn next_floor(&mut self) {
        self.labels.clear();
    }

    /// A length on the picture.
    pub(super) fn px(&self, length_m: f64) -> f64 {
        length_m * self.scale
    }

    /// So many pixels of the picture as a length on the floor.
    pub(super) fn metres(&self, length_px: f64) -> f64 {
        length_px / self.scale
    }

    pub(super) fn put(&mut self, element: fmt::Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.text, "{element}");
    }

    /// A group whose parts share `attributes`; left out when nothing is drawn in it.
    pub(super) fn group(&mut self, attributes: &str, draw: impl FnOnce(&mut Self)) {
        let before = self.text.len();
        self.put(format_args!("<g {attributes}>"));
        let opened = self.text.len();
        draw(self);
        if self.text.len() == opened {
            self.text.truncate(before);
        } else {
            self.put(format_args!("</g>"));
        }
    }

    /// All rectangles as one path: a map drawn with letters has thousands.
    pub(super) fn rects<'r>(&mut self, attributes: &str, rects: impl Iterator<Item = &'r Rect>) {
        let mut path = String::new();
        for rect in rects {
            let (x, y) = (Px(self.px(rect.x1_m)), Px(self.px(rect.y1_m)));
            let (width, height) = (self.px(rect.x2_m - rect.x1_m), self.px(rect.y2_m - rect.y1_m));
            let _ = write!(path, "M{x} {y}h{}v{}h{}z", Px(width), Px(height), Px(-width));
        }
        if !path.is_empty() {
            self.put(format_args!(r#"<path d="{path}" {attributes}/>"#));
        }
    }

    /// A text within a rectangle, turned where that is narrow and high, where no other label is, and as large as fits and
    /// no larger than `size_max`; left out where it would be too small to read.
    pub(super) fn label(&mut self, area: &Rect, text: &str, size_max: f64) {
        const READABLE: f64 = 5.0;
        let (width, height) = (self.px(area.x2_m - area.x1_m), self.px(area.y2_m - area.y1_m));
        let (left, top) = (self.px(area.x1_m), self.px(area.y1_m));
        let area = Rect { x1_m: left, y1_m: top, x2_m: left + width, y2_m: top + height };
        let letters = text.chars().count().max(1) as f64;
        let (along, across) = (width.max(height), width.min(height));
        let size_max = size_max.min(along / (letters * LETTER)).min(across * 0.85);
        if size_max < READABLE {
            return;
        }
        let sizes = [1.0, 0.85, 0.7].map(|part| (part * size_max).max(READABLE));
        // The nearer to the middle, the better.
        let shares = (0..20).flat_map(|step| [0.5 + f64::from(step) / 40.0, 0.5 - f64::from(step) / 40.0]);
        let choices = sizes.into_iter().flat_map(|size| shares.clone().map(move |share| (size, share)));
        let places = choices.map(|(size, share)| (size, spot(&area, letters * LETTER * size, size, share)));
        let is_clear = |place: &Rect| !self.labels.iter().any(|other| overlap(place, other));
        let clear = places.clone().find(|(_, place)| is_clear(place));
        let Some((size, place)) = clear.or_else(|| places.clone().next()) else { return };
        let (x, y) = (Px(f64::midpoint(place.x1_m, place.x2_m)), Px(f64::midpoint(place.y1_m, place.y2_m)));
        let turn =
            if height > width { format!(r#" transform="rotate(-90 {x} {y})""#) } else { String::new() };
        let (size, text) = (Px(size), Escaped(text));
        self.put(format_args!(r#"<text x="{x}" y="{y}" dy=".35em" font-size="{size}"{turn}>{text}</text>"#));
        self.labels.push(place);
    }
}

/// The width of a letter in sizes, on average.
const LETTER: f64 = 0.58;

/// A part of an area, `length` long and `size` wide, on its middle line; a `share` of what is left lies before it.
fn spot(area: &Rect, length: f64, size: f64, share: f64) -> Rect {
    let (width, height) = (area.x2_m - area.x1_m, area.y2_m - area.y1_m);
    let (dx, dy) = if height > width { (size, length) } else { (length, size) };
    let (x, y) = if height > width { (0.5, share) } else { (share, 0.5) };
    let (x1_m, y1_m) = (area.x1_m + x * (width - dx), area.y1_m + y * (height - dy));
    Rect { x1_m, y1_m, x2_m: x1_m + dx, y2_m: y1_m + dy }
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x1_m < b.x2_m && b.x1_m < a.x2_m && a.y1_m < b.y2_m && b.y1_m < a.y2_m
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_element() {
        assert_eq!(Escaped("<b>&\"'\u{1b}é").to_string(), "&lt;b&gt;&amp;&quot;&#39;é");
    }

    #[test]
    fn lengths_are_short() {
        for (length, text) in [(1.0, "1"), (0.04, "0"), (-0.04, "0"), (12.345, "12.3"), (-3.25, "-3.3")] {
            assert_eq!(Px(length).to_string(), text);
        }
    }

    #[test]
    fn labels_make_way_for_each_other() {
        let mut canvas = Canvas::new(1.0);
        let area = Rect { x1_m: 0.0, y1_m: 0.0, x2_m: 200.0, y2_m: 20.0 };
        ["here", "there"].iter().for_each(|text| canvas.label(&area, text, 10.0));
        assert!(!overlap(&canvas.labels[0], &canvas.labels[1]));
        canvas.label(&Rect { x2_m: 3.0, ..area }, "too small", 10.0);
        assert_eq!(canvas.labels.len(), 2);
    }

    #[test]
    fn empty_groups_are_left_out() {
        let mut canvas = Canvas::new(1.0);
        canvas.group("fill=\"red\"", |canvas| canvas.rects("", [].iter()));
        assert_eq!(canvas.into_text(), "");
    }
}
