//! What it costs to ask a map from Python instead of from Rust: `cargo bench -p quickcart-py`, with the wheel and NumPy
//! installed for the Python that `QUICKCART_PYTHON` names, else `python3`.
//!
//! Both sides ask the same questions in turn, pass by pass, so that a slow minute of the machine hits both; shown are the
//! quickest passes and the median of the ratios.

#![expect(clippy::print_stdout, reason = "figures are printed")]

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;
use std::{env, fs};

use quickcart_core::pathfinding::{FloorPlan, Point, StoreMap, Technique};

const COLUMNS: usize = 240;
const ROWS: usize = 160;
const PAIRS: usize = 10_000;
const MATRIX_SIDE: usize = 100;
const REPETITIONS: usize = 201;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let text = shelves();
    let map = StoreMap::builder(FloorPlan::parse_map(&text, 1.0)?).technique(Technique::Table).build()?;
    let pairs = pairs(&map)?;
    let folder = env::temp_dir().join(format!("quickcart-bench-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let measured = measure(&folder, &text, &map, &pairs);
    fs::remove_dir_all(&folder)?;
    measured
}

fn measure(folder: &Path, text: &str, map: &StoreMap, pairs: &[(Point, Point)]) -> Result<()> {
    let (map_path, pairs_path) = (folder.join("map.txt"), folder.join("pairs.f64"));
    fs::write(&map_path, text)?;
    let numbers = pairs.iter().flat_map(|(from, to)| [from.x_m, from.y_m, to.x_m, to.y_m]);
    fs::write(&pairs_path, numbers.flat_map(f64::to_le_bytes).collect::<Vec<u8>>())?;
    let mut python = Python::start(&map_path, &pairs_path)?;

    let single = || pairs.iter().map(|&(from, to)| map.distance(from, to).unwrap_or(f64::NAN)).sum::<f64>();
    let (from, to): (Vec<Point>, Vec<Point>) = pairs[..MATRIX_SIDE].iter().copied().unzip();
    let matrix = || map.matrix(&from, &to).map_or(f64::NAN, |matrix| matrix.lengths_m().iter().sum());
    println!("{COLUMNS} x {ROWS} cells, index of {} bytes; ns for one length", map.index_bytes());
    println!("{:<34}{:>8}{:>8}{:>8}{:>8}", "Python", "Python", "Rust", "more", "ratio");
    for (name, title) in [
        ("nothing", "an empty loop"),
        ("of_tuples", "distance, tuples kept"),
        ("of_numbers", "distance, tuples made of floats"),
        ("of_points", "distance, points kept"),
        ("batch", "distances, arrays"),
        ("batch_of_lists", "distances, lists of tuples"),
    ] {
        compare(title, name, PAIRS, &mut python, &single)?;
    }
    compare("matrix, arrays", "matrix", MATRIX_SIDE * MATRIX_SIDE, &mut python, &matrix)
}

fn compare(title: &str, name: &str, count: usize, python: &mut Python, rust: &dyn Fn() -> f64) -> Result<()> {
    let (mut python_ns, mut rust_ns, mut ratios) = (f64::INFINITY, f64::INFINITY, Vec::new());
    for _ in 0..REPETITIONS {
        let (python_s, python_sum_m) = python.pass(name)?;
        let start = Instant::now();
        let sum_m = black_box(rust());
        let rust_s = start.elapsed().as_secs_f64();
        if name != "nothing" && (sum_m - python_sum_m).abs() > 1e-6 * sum_m {
            return Err(format!("{name}: Python sums up to {python_sum_m} m, Rust to {sum_m} m").into());
        }
        let ns = |pass_s: f64| pass_s * 1e9 / count as f64;
        (python_ns, rust_ns) = (python_ns.min(ns(python_s)), rust_ns.min(ns(rust_s)));
        ratios.push(python_s / rust_s);
    }
    ratios.sort_by(f64::total_cmp);
    let (more_ns, ratio) = (python_ns - rust_ns, ratios[REPETITIONS / 2]);
    println!("{title:<34}{python_ns:>8.0}{rust_ns:>8.0}{more_ns:>8.0}{ratio:>8.2}");
    Ok(())
}

/// Shelves in rows with gaps here and there.
fn shelves() -> String {
    let is_shelf =
        |x: usize, y: usize| y % 5 >= 2 && y % 5 < 4 && x % 24 > 2 && !(x / 24 + y / 5).is_multiple_of(7);
    let cell = |x, y| if is_shelf(x, y) { '#' } else { '.' };
    (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| cell(x, y)).chain(['\n'])).collect()
}

/// Always the same ones.
fn pairs(map: &StoreMap) -> Result<Vec<(Point, Point)>> {
    let mut state = 1_u64;
    let mut below = |bound: usize| {
        // Knuth's linear congruential generator (MMIX).
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    let mut point = || map.nearest_free(Point::new(0, below(COLUMNS) as f64 + 0.5, below(ROWS) as f64 + 0.5));
    (0..PAIRS).map(|_| Ok((point()?, point()?))).collect()
}

struct Python {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    fn start(map: &Path, pairs: &Path) -> Result<Self> {
        let program = env::var_os("QUICKCART_PYTHON").unwrap_or_else(|| "python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join("store_map.py");
        let mut command = Command::new(program);
        let command = command.arg("-I").arg(script).arg(map).arg(pairs);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let answers = BufReader::new(process.stdout.take().ok_or("a pipe is missing")?);
        let mut python = Self { commands: process.stdin.take(), process, answers };
        python.line()?;
        Ok(python)
    }

    /// How many seconds it took, and the sum of the lengths.
    fn pass(&mut self, name: &str) -> Result<(f64, f64)> {
        writeln!(self.commands.as_mut().ok_or("Python has ended")?, "{name}")?;
        let line = self.line()?;
        let (took_s, sum_m) = line.split_once(' ').ok_or("Python answers something else")?;
        Ok((took_s.parse()?, sum_m.parse()?))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() { Err("Python has ended".into()) } else { Ok(line.trim().to_owned()) }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // The script ends with its input.
        self.commands = None;
        let _ = self.process.wait();
    }
}
