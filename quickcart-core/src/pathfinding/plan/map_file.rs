//! Maps drawn with letters: the format of the grids at movingai.com (Sturtevant, Benchmarks for Grid-Based Pathfinding,
//! 2012), and the same without its head.

use super::super::{Floor, FloorPlan, PathError, Point, Rect};

impl FloorPlan {
    /// Reads a map of letters, each a cell with sides of `resolution_m` metres: `.`, `G` and `S` are free, `@`, `O`, `T`,
    /// `W` and `#` are blocked. The head of a MovingAI file (`type`, `height`, `width`, `map`) may stand above it. The
    /// first free cell is the entrance.
    ///
    /// ```
    /// use quickcart_core::pathfinding::{FloorPlan, Point, StoreMap};
    ///
    /// let plan = FloorPlan::parse_map("....\n.##.\n....\n", 1.0)?;
    /// let map = StoreMap::build(plan)?;
    /// assert_eq!(map.distance(Point::new(0, 0.5, 0.5), Point::new(0, 3.5, 2.5))?, 5.0);
    /// # Ok::<(), quickcart_core::pathfinding::PathError>(())
    /// ```
    ///
    /// # Errors
    /// [`PathError::InvalidMap`] with the line of what is wrong.
    pub fn parse_map(text: &str, resolution_m: f64) -> Result<Self, PathError> {
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end())).peekable();
        let size = match lines.peek() {
            Some((_, line)) if line.starts_with("type") => Some(read_head(&mut lines)?),
            _ => None,
        };
        let mut walls = Vec::new();
        let mut entrance = None;
        let (mut columns, mut rows, mut last_line) = (size.map(|(width, _)| width), 0_usize, 0);
        for (line_number, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let width = *columns.get_or_insert(line.len());
            if line.len() != width {
                let reason = format!("the row has {} cells, and {width} were expected", line.len());
                return Err(invalid(line_number, reason));
            }
            let cells = read_row(line_number, line)?;
            let at = |index: usize| index as f64 * resolution_m;
            if let (None, Some(column)) = (entrance, cells.iter().position(|free| *free)) {
                entrance =
                    Some(Point::new(0, at(column) + resolution_m / 2.0, at(rows) + resolution_m / 2.0));
            }
            walls.extend(blocked_runs(&cells).map(|(from, to)| Rect {
                x1_m: at(from),
                y1_m: at(rows),
                x2_m: at(to),
                y2_m: at(rows + 1),
            }));
            rows += 1;
            last_line = line_number;
        }
        if let Some((_, height)) = size.filter(|(_, height)| *height != rows) {
            return Err(invalid(last_line, format!("there are {rows} rows, and {height} were announced")));
        }
        let entrance = entrance.ok_or_else(|| invalid(last_line, "no cell is free".to_owned()))?;
        let (width_m, depth_m) = (columns.unwrap_or(0) as f64 * resolution_m, rows as f64 * resolution_m);
        let floor = Floor { walls, ..Floor::new(0, "Ground floor", width_m, depth_m) };
        Ok(Self::new(resolution_m, vec![floor], entrance))
    }
}

/// The width and the height.
fn read_head<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Result<(usize, usize), PathError> {
    let (mut width, mut height) = (None, None);
    let mut last_line = 0;
    for (line_number, line) in lines {
        last_line = line_number;
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        let number = || {
            let value = value.trim().parse().ok().filter(|value| *value > 0);
            value.ok_or_else(|| invalid(line_number, format!("{name} needs a number above zero")))
        };
        match name {
            "type" => {}
            "height" => height = Some(number()?),
            "width" => width = Some(number()?),
            "map" => break,
            _ => return Err(invalid(line_number, "expected type, height, width or map".to_owned())),
        }
    }
    width.zip(height).ok_or_else(|| invalid(last_line, "the head needs height and width".to_owned()))
}

/// Which cells of a row are free.
fn read_row(line_number: usize, line: &str) -> Result<Vec<bool>, PathError> {
    let cell = |(column, letter): (usize, u8)| {
        let letter_shown = char::from(letter).escape_default();
        let reason = || format!("the letter {letter_shown} in column {} is no cell", column + 1);
        is_free(letter).ok_or_else(|| invalid(line_number, reason()))
    };
    line.bytes().enumerate().map(cell).collect()
}

fn is_free(letter: u8) -> Option<bool> {
    match letter {
        b'.' | b'G' | b'S' => Some(true),
        b'@' | b'O' | b'T' | b'W' | b'#' => Some(false),
        _ => None,
    }
}

/// From which column to which, the latter excluded, cells are blocked.
fn blocked_runs(cells: &[bool]) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    cells.chunk_by(|a, b| a == b).filter_map(move |run| {
        let from = start;
        start += run.len();
        (!run[0]).then_some((from, start))
    })
}

fn invalid(line: usize, reason: String) -> PathError {
    PathError::InvalidMap { line, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        let rows = "@@@@\n@..@\n@T.@\n";
        let bare = FloorPlan::parse_map(rows, 0.5).unwrap();
        let with_head = format!("type octile\nheight 3\nwidth 4\nmap\n{rows}");
        assert_eq!(FloorPlan::parse_map(&with_head, 0.5).unwrap(), bare);
        assert_eq!((bare.floors[0].width_m, bare.floors[0].depth_m), (2.0, 1.5));
        assert_eq!(bare.entrance, Point::new(0, 0.75, 0.75));
        assert_eq!(bare.floors[0].walls.len(), 5);
    }

    #[test]
    fn names_the_line_of_a_mistake() {
        let line_of = |text: &str| match FloorPlan::parse_map(text, 1.0) {
            Err(PathError::InvalidMap { line, .. }) => line,
            other => panic!("{text:?}: {other:?}"),
        };
        for (text, line) in [
            ("..\n...\n", 2),
            (".\n?\n", 2),
            ("##\n##\n", 2),
            ("", 0),
            ("type octile\nheight x\n", 2),
            ("type octile\nheight 1\nmap\n.\n", 3),
            ("type octile\nheight 2\nwidth 1\nmap\n.\n", 5),
            ("type octile\nwide 2\n", 2),
            (".\u{e9}\n", 1),
        ] {
            assert_eq!(line_of(text), line, "{text:?}");
        }
    }
}
