//! The table of single queries, in Markdown that is easy to read in a terminal, too.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use crate::in_turns::{Asked, Faster};
use crate::spread::Spread;
use crate::table::{head, number, verdict};

/// Prints what askers took for the same queries.
pub fn print_asked(title: &str, notes: &[String], rows: &[Asked]) {
    head(title);
    println!(
        "| {:<36} | {:>7} | {:>10} | {:>10} | {:>10} | {:>23} | {:<34} |",
        "asker", "queries", "mean us", "median us", "p99 us", "ours faster: mean, p99", "goal"
    );
    println!("|{:-<38}|{:->8}:|{:->11}:|{:->11}:|{:->11}:|{:->24}:|{:-<36}|", "", "", "", "", "", "", "");
    for Asked { name, queries, spread, times_ours, goal } in rows {
        let Spread { median_us, mean_us, p99_us } = *spread;
        let times = times_ours.map_or_else(String::new, |times| {
            format!("{}x, {}x", number(times.mean_us), number(times.p99_us))
        });
        let goal = goal.zip(*times_ours).map_or_else(String::new, |(goal, times)| judged(goal, times));
        println!(
            "| {name:<36} | {queries:>7} | {:>10} | {:>10} | {:>10} | {times:>23} | {goal:<34} |",
            number(mean_us),
            number(median_us),
            number(p99_us),
        );
    }
    for note in notes {
        println!("\n{note}");
    }
}

fn judged(Faster { mean, p99 }: Faster, times: Spread) -> String {
    let is_met = times.mean_us >= mean && p99.is_none_or(|p99| times.p99_us >= p99);
    let p99 = p99.map_or_else(String::new, |p99| format!(", p99 {p99}x"));
    format!(">= mean {mean}x{p99}: {}", verdict(is_met))
}
