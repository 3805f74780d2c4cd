//! Measures QuickCart against named peers, alternating in one run, and prints one table.
//!
//! A bench hands its contenders to [`alternate`] and the outcome to [`print()`]. It fails on wrong answers and never on
//! speed.

pub mod costs;
pub mod graph;
pub mod grid;
pub mod scenario;
pub mod serving;
pub mod spread;
pub mod tsplib;

mod child;
mod client;
mod cpu;
mod in_turns;
mod machine;
mod memory;
mod numbers;
mod plain_table;
mod python;
mod spread_table;
mod table;
mod trial;
mod venv;

pub use child::Child;
pub use client::{Connection, cost_of_clients, microseconds_since};
pub use cpu::{ThreadTimes, process_cpu, processor_time_of_tree};
pub use in_turns::{Asked, Asker, Faster, in_turns};
pub use memory::{peak, resident};
pub use numbers::scattered_number;
pub use plain_table::print_rows;
pub use python::Python;
pub use spread_table::print_asked;
pub use table::{Figure, Section, number, print, print_figures};
pub use trial::{Contender, Cost, Goal, Latency, Measured, Ours, alternate, measure};
pub use venv::Venv;

/// Whatever went wrong.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What benches answer with: any failure ends the run.
pub type Result<T> = std::result::Result<T, Failure>;

/// Whether cargo started this program to measure; `cargo test` starts bench programs, too.
#[must_use]
pub fn is_wanted() -> bool {
    has_flag("--bench")
}

/// Whether to measure what takes minutes, too: `cargo bench -p benches -- --long`.
#[must_use]
pub fn is_long() -> bool {
    has_flag("--long")
}

/// Whether to leave SQLite out: `cargo bench -p benches --bench growth -- --postgres`.
#[must_use]
pub fn is_postgres_only() -> bool {
    has_flag("--postgres")
}

fn has_flag(flag: &str) -> bool {
    std::env::args().any(|argument| argument == flag)
}
