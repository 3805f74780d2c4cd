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

/// Prints a title, and before the first one of the process the machine.
pub(crate) fn head(title: &str) {
    static MACHINE: Once = Once::new();
    MACHINE.call_once(|| println!("{}", machine()));
    println!("\n### {title}\n");
}

/// Prints a section.
pub fn print(section: &Section) {
    head(&section.title);
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

/// Something that was measured once, and that no peer has.
pub struct Figure {
    /// What it is, with its unit.
    pub what: String,
    /// How much of it.
    pub value: f64,
    /// How much it may be.
    pub most: Option<f64>,
}

/// Prints figures in a table of their own.
pub fn print_figures(title: &str, figures: &[Figure]) {
    head(title);
    println!("| {:<72} | {:>12} | {:<20} |", "figure", "value", "goal");
    println!("|{:-<74}|{:->13}:|{:-<22}|", "", "", "");
    for Figure { what, value, most } in figures {
        let goal =
            most.map_or_else(String::new, |most| format!("<= {}: {}", number(most), verdict(*value <= most)));
        println!("| {what:<72} | {:>12} | {goal:<20} |", number(*value));
    }
}

/// The median, and the smallest and the largest: how far the machine lets one trust it.
fn ratio(sorted: &[f64]) -> String {
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else { return String::new() };
    format!("{:.2} ({least:.2}-{most:.2})", median(sorted.iter().copied()))
}

/// Three digits that mean something.
#[must_use]
pub fn number(value: f64) -> String {
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
    let ours =
        |of: fn(&Ours) -> &[f64]| row.ours.as_ref().map_or(f64::NAN, |ours| median(of(ours).iter().copied()));
    let (cpu, time) = (ours(|ours| &ours.cpu), ours(|ours| &ours.time));
    match row.goal {
        Some(Goal::Cpu(most)) => format!("CPU <= {most:?}: {}", verdict(cpu <= most)),
        Some(Goal::Time(most)) => format!("time <= {most:?}: {}", verdict(time <= most)),
        Some(Goal::CpuAndTime(most)) => {
            format!("both <= {most:?}: {}", verdict(cpu <= most && time <= most))
        }
        Some(Goal::PerCoreSecond(least)) => {
            format!(">= {} a core: {}", number(least), verdict(1e6 / row.cpu_us >= least))
        }
        None => String::new(),
    }
}

pub(crate) fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}
