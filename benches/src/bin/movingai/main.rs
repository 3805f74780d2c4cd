//! Checks QuickCart against a MovingAI benchmark: every query of a `.scen` file, its length and its walk, and what they
//! take.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line")]

mod check;
mod progress;
mod timing;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use benches::Result;
use benches::grid::{Cell, Grid, Moves};
use benches::scenario::{self, Query};
use benches::spread::Spread;
use clap::{Parser, ValueEnum};
use quickcart_core::pathfinding::{Connectivity, FloorPlan, Point, StoreMap};

/// Checks every query of a MovingAI .scen file and measures it. Prints one line of JSON.
#[derive(Parser)]
#[command(
    name = "movingai",
    after_help = "\
The line has these keys:
  queries        how many there are
  mismatches     how many answers are wrong: the distance is not the shortest, the walk has another length, takes a
                 step that is none, or does not lead from the start to the goal
  unsolved       for how many no walk is found; where there is one, that is a mismatch, too
  prepare_ms     the time to make a map ready to be asked
  index_bytes    how many bytes the index takes
  distance_us_*  the time of a query for the distance: median, mean and 99th percentile over all queries
  route_us_*     the same for the whole walk, with every cell

Each query is asked five times, in rounds over all of them, and its best time counts; one that takes over 10 ms is
asked twice. What the clock itself takes is taken off.

With eight directions, right is what the .scen file says, to 0.0001 and what the file has rounded; with four, what a
breadth-first search finds.

Example: cargo run --release -p benches --bin movingai -- arena2.map arena2.map.scen
Maps and .scen files: https://movingai.com/benchmarks/grids.html

Exit code: 0 when all was checked, whatever came out; 2 when a file cannot be used."
)]
struct Options {
    /// A map in MovingAI's format
    map: PathBuf,
    /// A .scen file for this map
    scen: PathBuf,
    /// In how many directions one moves
    #[arg(long, value_enum, default_value = "8")]
    connectivity: Directions,
}

#[derive(Clone, Copy, ValueEnum)]
enum Directions {
    #[value(name = "4")]
    Four,
    #[value(name = "8")]
    Eight,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("movingai: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<serde_json::Value> {
    let (moves, connectivity) = match options.connectivity {
        Directions::Four => (Moves::Four, Connectivity::Four),
        Directions::Eight => (Moves::Eight, Connectivity::Eight),
    };
    let text = read(&options.map)?;
    let in_map = |failure: &dyn std::fmt::Display| format!("{}: {failure}", options.map.display());
    let grid = Grid::parse(&text).map_err(|failure| in_map(&failure))?;
    let plan = FloorPlan::parse_map(&text, 1.0).map_err(|failure| in_map(&failure))?;
    let queries = scenario::parse(&read(&options.scen)?, &grid)
        .map_err(|failure| format!("{}: {failure}", options.scen.display()))?;

    let started = Instant::now();
    let map = StoreMap::build(plan.with_connectivity(connectivity)).map_err(|failure| in_map(&failure))?;
    let prepared = started.elapsed();

    let outcome = check::all(&map, &grid, moves, &queries);
    let pairs: Vec<(Point, Point)> =
        queries.iter().map(|&Query { start, goal, .. }| (point(start), point(goal))).collect();
    let distance = timing::spread("distances", &pairs, |from, to| map.distance(from, to).ok());
    let route = timing::spread("walks", &pairs, |from, to| map.route(from, to).ok());
    let us = |value: f64| (value * 1e3).round() / 1e3;
    let Spread { median_us, mean_us, p99_us } = distance;
    Ok(serde_json::json!({
        "queries": queries.len(),
        "mismatches": outcome.mismatches,
        "unsolved": outcome.unsolved,
        "prepare_ms": us(prepared.as_secs_f64() * 1e3),
        "index_bytes": map.index_bytes(),
        "distance_us_median": us(median_us),
        "distance_us_mean": us(mean_us),
        "distance_us_p99": us(p99_us),
        "route_us_median": us(route.median_us),
        "route_us_mean": us(route.mean_us),
        "route_us_p99": us(route.p99_us),
    }))
}

fn read(path: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(path).map_err(|failure| format!("{}: {failure}", path.display()))?)
}

/// The middle of a cell.
fn point((column, row): Cell) -> Point {
    Point::new(0, column as f64 + 0.5, row as f64 + 0.5)
}
