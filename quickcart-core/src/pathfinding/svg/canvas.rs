//! Elements of SVG (W3C, Scalable Vector Graphics 1.1) as text. Colours stand in attributes, not in a style sheet: a page
//! that holds several pictures must not mix their rules.

use std::fmt::{self, Display, Write};

use super::super::Rect;

/// Collects elements; lengths come in metres and are written in pixels.
pub(super) struct Canvas {
    text: String,
    scale: f64,
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
        Self { text: String::new(), scale }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A length on the picture.
    pub(super) fn px(&self, length_m: f64) -> f64 {
        length_m * self.scale
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

    /// A text in the middle of a rectangle, turned where that is narrow and high, as large as fits and no larger than
    /// `size_max`; left out where it would be too small to read.
    pub(super) fn label(&mut self, area: &Rect, text: &str, size_max: f64) {
        const READABLE: f64 = 5.0;
        /// The width of a letter in sizes, on average.
        const LETTER: f64 = 0.58;
        let (width, height) = (self.px(area.x2_m - area.x1_m), self.px(area.y2_m - area.y1_m));
        let is_turned = height > width;
        let (along, across) = if is_turned { (height, width) } else { (width, height) };
        let letters = text.chars().count().max(1) as f64;
        let size = (along * 0.94 / (letters * LETTER)).min(across * 0.85).min(size_max);
        if size < READABLE {
            return;
        }
        let x = self.px(f64::midpoint(area.x1_m, area.x2_m));
        let y = self.px(f64::midpoint(area.y1_m, area.y2_m));
        let turn = if is_turned {
            format!(r#" transform="rotate(-90 {} {})""#, Px(x), Px(y))
        } else {
            String::new()
        };
        let (baseline, size) = (Px(y), Px(size));
        self.put(format_args!(
            r#"<text x="{}" y="{baseline}" dy=".35em" font-size="{size}"{turn}>{}</text>"#,
            Px(x),
            Escaped(text)
        ));
    }
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
    fn empty_groups_are_left_out() {
        let mut canvas = Canvas::new(1.0);
        canvas.group("fill=\"red\"", |canvas| canvas.rects("", [].iter()));
        assert_eq!(canvas.into_text(), "");
    }
}
