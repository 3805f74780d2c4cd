//! The table, in Markdown that is easy to read in a terminal, too.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::sync::Once;

use crate::machine::machine;
use crate::trial::{Goal, Latency, Measured, Ours, median};

/// A group of rows that were measured together.
pub struct Section {
    /// What one operation is.
    pub title: String,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// The rows, ours first.
    pub rows: Vec<Measured>,
}

static MACHINE: Once = Once::new();

/// Prints a section, and before the first one of the process the machine.
pub fn print(section: &Section) {
    MACHINE.call_once(|| println!("{}", machine()));
    println!("\n### {}\n", section.title);
    println!(
        "| {:<42} | {:>12} | {:>10} | {:>15} | {:>18} | {:>18} | {:<20} |",
        "contender", "per second", "CPU us", "p50 / p99 ms", "ours CPU", "ours time", "goal"
    );
    println!("|{:-<44}|{:->13}:|{:->11}:|{:->16}:|{:->19}:|{:->19}:|{:-<22}|", "", "", "", "", "", "", "");
    for row in &section.rows {
        let ratios =
            |of: fn(&Ours) -> &[f64]| row.ours.as_ref().map_or_else(String::new, |ours| ratio(of(ours)));
        let (cpu, time) = (ratios(|ours| &ours.cpu), ratios(|ours| &ours.time));
        println!(
            "| {:<42} | {:>12} | {:>10} | {:>15} | {cpu:>18} | {time:>18} | {:<20} |",
            row.name,
            number(row.per_second),
            number(row.cpu_us),
            row.latency.map_or_else(String::new, latency),
            goal(row),
        );
    }
    for note in &section.notes {
        println!("\n{note}");
    }
}

/// The median, and the smallest and the largest: how far the machine lets one trust it.
fn ratio(sorted: &[f64]) -> String {
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else { return String::new() };
    format!("{:.2} ({least:.2}-{most:.2})", median(sorted.iter().copied()))
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.3}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => grouped(value.round() as u64),
    }
}

fn grouped(value: u64) -> String {
    if value < 1_000 { value.to_string() } else { format!("{},{:03}", grouped(value / 1_000), value % 1_000) }
}

fn latency(Latency { p50, p99 }: Latency) -> String {
    format!("{:.2} / {:.2}", p50.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3)
}

fn goal(row: &Measured) -> String {
    let Some(ours) = &row.ours else { return String::new() };
    let judge = |what: &str, sorted: &[f64], most: f64| {
        let verdict = if median(sorted.iter().copied()) <= most { "met" } else { "MISSED" };
        format!("{what} <= {most:.2}: {verdict}")
    };
    match row.goal {
        Some(Goal::Cpu(most)) => judge("CPU", &ours.cpu, most),
        Some(Goal::Time(most)) => judge("time", &ours.time, most),
        None => String::new(),
    }
}
