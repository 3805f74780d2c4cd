//! Where and with what was measured.

use std::path::Path;
use std::process::Command;

use quickcart_core::clock::{Clock, SystemClock};

/// The crates that are peers, or that carry both sides.
const CRATES: [&str; 16] = [
    "hyper",
    "warp",
    "tokio",
    "serde_json",
    "hmac",
    "sha2",
    "jsonwebtoken",
    "rusqlite",
    "libsqlite3-sys",
    "sqlx",
    "pathfinding",
    "petgraph",
    "fast_paths",
    "routingkit-cch",
    "rand",
    "redis",
];

/// The machine, the commit and the versions, in a few lines.
pub(crate) fn machine() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read(Path::new("/proc/cpuinfo"));
    let models = || processors.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = models().next().map_or("unknown processor", |(_, model)| model);
    let kernel = read(Path::new("/proc/sys/kernel/osrelease"));
    let commit = output("git", &["rev-parse", "--short", "HEAD"], package);
    let changed =
        output("git", &["status", "--porcelain", "--", "../quickcart-core", "../quickcart-warp"], package);
    let commit = if changed.is_empty() { commit } else { format!("{commit} with changes") };
    let lock = read(&package.parent().unwrap_or(package).join("Cargo.lock"));
    let versions: Vec<String> =
        CRATES.iter().map(|name| format!("{name} {}", versions(&lock, name))).collect();
    let date = SystemClock.now().strftime("%Y-%m-%d %H:%M UTC");
    format!(
        "Machine: {model}, {} cores, Linux {}\nCommit: {commit}, {date}\nBuilt with: {}; {}",
        models().count(),
        kernel.trim(),
        output("rustc", &["--version"], package),
        versions.join(", ")
    )
}

fn output(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// All versions of a crate in the lock file: more than one is worth seeing.
fn versions(lock: &str, name: &str) -> String {
    let heading = format!("name = \"{name}\"\nversion = \"");
    let found: Vec<&str> = lock.split(&heading).skip(1).filter_map(|rest| rest.split('"').next()).collect();
    found.join(" and ")
}
