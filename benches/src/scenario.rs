//! Queries of the MovingAI benchmarks: `.scen` files (Sturtevant, Benchmarks for Grid-Based Pathfinding, 2012).

use crate::Result;
use crate::grid::{Cell, Grid};

/// Sums of thousands of steps differ by less, whoever adds them up.
const ROUNDING: f64 = 1e-4;

/// From where to where, and how long the shortest walk is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// Where the walk starts.
    pub start: Cell,
    /// Where it ends.
    pub goal: Cell,
    /// Its length in sides of a cell, with diagonal steps.
    pub optimum: f64,
    /// By how much a right answer may differ from `optimum`, which the file has rounded.
    pub tolerance: f64,
}

/// Reads the queries of a file, which must be for a map of this size and between free cells.
///
/// # Errors
/// The first line that is not as it should be, with its number.
pub fn parse(text: &str, grid: &Grid) -> Result<Vec<Query>> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let version = lines.next().and_then(|(_, line)| line.trim().strip_prefix("version"));
    if !matches!(version.map(str::trim), Some("1" | "1.0")) {
        return Err("this is no .scen file: its first line has to be \"version 1\"".into());
    }
    let queries = lines.map(|(number, line)| {
        query(line, grid).map_err(|failure| format!("line {number} of the .scen file: {failure}"))
    });
    let queries: Vec<Query> = queries.collect::<std::result::Result<_, _>>()?;
    if queries.is_empty() { Err("the .scen file has no queries".into()) } else { Ok(queries) }
}

fn query(line: &str, grid: &Grid) -> Result<Query> {
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let &[_bucket, _map, width, height, start_x, start_y, goal_x, goal_y, optimum] = fields.as_slice() else {
        return Err(format!(
            "{} fields instead of nine with tabs between them: bucket, map, width, height, start x, start y, goal \
             x, goal y, optimal length",
            fields.len()
        )
        .into());
    };
    let whole = |field: &str| field.parse().map_err(|_| format!("{field:?} is no whole number"));
    let size = (whole(width)?, whole(height)?);
    if size != (grid.columns, grid.rows) {
        let (columns, rows) = (grid.columns, grid.rows);
        return Err(format!(
            "it is for a map of {width} x {height} cells, and this one has {columns} x {rows}"
        )
        .into());
    }
    let free = |x: &str, y: &str| {
        let cell = (whole(x)?, whole(y)?);
        if grid.is_free(cell) { Ok(cell) } else { Err(format!("the cell {x}, {y} is not free")) }
    };
    let length: f64 = optimum
        .parse()
        .ok()
        .filter(|length: &f64| length.is_finite() && *length >= 0.0)
        .ok_or_else(|| format!("{optimum:?} is no length"))?;
    Ok(Query {
        start: free(start_x, start_y)?,
        goal: free(goal_x, goal_y)?,
        optimum: length,
        tolerance: ROUNDING + rounded_by(length, optimum),
    })
}

/// Newer files have eight decimals. Older ones have six digits in all, without trailing zeros: 1006.71.
fn rounded_by(length: f64, written: &str) -> f64 {
    let decimals = written.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let digits_before = length.max(1.0).log10().floor() as i32 + 1;
    if decimals >= 8 { 0.0 } else { 0.5 * 10_f64.powi(digits_before - 6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid::new(10, 5, |cell| cell != (9, 4))
    }

    #[test]
    fn reads_queries_and_how_far_they_are_rounded() {
        let text =
            "version 1\n0\ta.map\t10\t5\t0\t1\t2\t3\t2.82842712\r\n9\ta.map\t10\t5\t1\t1\t2\t1\t1006.71\n";
        let queries = parse(text, &grid()).unwrap();
        assert_eq!((queries[0].start, queries[0].goal, queries[0].optimum), ((0, 1), (2, 3), 2.828_427_12));
        assert_eq!(queries[0].tolerance, ROUNDING);
        assert!((queries[1].tolerance - ROUNDING - 0.005).abs() < 1e-12);
    }

    #[test]
    fn names_the_line_of_a_mistake() {
        let after = |line: &str| parse(&format!("version 1\n{line}\n"), &grid()).unwrap_err().to_string();
        assert!(parse("0\ta.map\n", &grid()).unwrap_err().to_string().contains("version 1"));
        assert!(parse("version 1\n", &grid()).unwrap_err().to_string().contains("no queries"));
        assert!(after("0\ta.map\t10\t5").starts_with("line 2 of the .scen file: 4 fields"));
        assert!(after("0\ta\t10\t6\t0\t0\t0\t0\t0").contains("10 x 6 cells, and this one has 10 x 5"));
        assert!(after("0\ta\t10\t5\t9\t4\t0\t0\t0").contains("9, 4 is not free"));
        assert!(after("0\ta\t10\t5\t0\t0\t-1\t0\t0").contains("\"-1\" is no whole number"));
        assert!(after("0\ta\t10\t5\t0\t0\t1\t0\tfar").contains("\"far\" is no length"));
    }
}
