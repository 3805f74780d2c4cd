//! The shortest tours of TSPLIB files and of plain matrices.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line")]

mod solver;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::costs::Costs;
use benches::{Result, tsplib};
use clap::Parser;

/// Finds the shortest tours of TSPLIB files and of matrices. Prints a line of JSON for each.
#[derive(Parser)]
#[command(
    name = "tours",
    after_help = "\
A file is one of two kinds:
  TSPLIB      a closed tour, TYPE TSP or ATSP; EDGE_WEIGHT_TYPE EUC_2D, EUC_3D, CEIL_2D, MAN_2D, MAN_3D, MAX_2D, MAX_3D,
              GEO, ATT or EXPLICIT with any EDGE_WEIGHT_FORMAT but FUNCTION; rounded as TSPLIB95 says
  a matrix    an open tour; a row a line, with blanks or commas between the numbers; it starts at the first row and ends
              at the last one

A line has these keys:
  n            how many places there are
  length       the length of the tour
  lower_bound  no tour is shorter than this
  proved       whether the tour is proved shortest
  us           the time to find it, costs given, the best of up to five turns, which end after two seconds

Example: cargo run --release -p benches --bin tours -- eil51.tsp gr17.tsp

Exit code: 0 when all tours were found, 2 when a file cannot be used; those before it have their lines."
)]
struct Options {
    /// TSPLIB files and matrices
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How far the length may be above the bound, in percent; 0 asks for a proof [default: 0, from 50 places on 1]
    #[arg(long, value_name = "PERCENT")]
    gap: Option<f64>,
}

/// From so many places on a proof takes long, and a small gap is enough unless told otherwise.
const MANY: usize = 50;
const GAP_MAX: f64 = 0.01;

const TURNS: usize = 5;
const ENOUGH: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let options = Options::parse();
    for file in options.files {
        match run(&file, options.gap) {
            Ok(line) => println!("{line}"),
            Err(failure) => {
                eprintln!("tours: {}: {failure}", file.display());
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

fn run(file: &Path, percent: Option<f64>) -> Result<serde_json::Value> {
    let text = std::fs::read_to_string(file)?;
    let costs = if tsplib::is_tsplib(&text) { tsplib::parse(&text) } else { Costs::parse_matrix(&text) }?;
    let gap_max = percent.map_or(if costs.places < MANY { 0.0 } else { GAP_MAX }, |percent| percent / 100.0);
    let began = Instant::now();
    let mut best = Duration::MAX;
    let mut solved = solver::Solved::default();
    for turn in 0..TURNS {
        if turn > 0 && began.elapsed() >= ENOUGH {
            break;
        }
        let started = Instant::now();
        solved = solver::solve(&costs, gap_max)?;
        best = best.min(started.elapsed());
    }
    if !costs.is_tour(&solved.order) {
        return Err("the order that was found is no tour".into());
    }
    Ok(serde_json::json!({
        "n": costs.places,
        "length": costs.length(&solved.order),
        "lower_bound": solved.lower_bound,
        "proved": solved.is_proved,
        "us": (best.as_secs_f64() * 1e9).round() / 1e3,
    }))
}
