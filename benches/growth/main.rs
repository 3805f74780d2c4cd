//! What the calls behind the routes cost as a shop grows: the same calls in shops of more and more products and orders, on SQLite
//! and on PostgreSQL.

mod calls;
mod shop;

use std::sync::Arc;
use std::time::Instant;

use benches::{Result, number, print_rows};
use calls::Call;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::store::{self, Store};
use shop::{Database, SIZES, Size};
use test_servers::PostgresServer;
use tokio::runtime::Runtime;

/// How often each call is made; the median of them counts.
const ROUNDS: i64 = 101;

pub(crate) fn main() -> Result<()> {
    if !benches::is_wanted() {
        return Ok(());
    }
    // The largest takes some 15 GB on the disk with SQLite and some 40 with PostgreSQL, and twenty minutes to fill.
    let sizes = if benches::is_long() { &SIZES[..] } else { &SIZES[..SIZES.len() - 1] };
    if !benches::is_postgres_only() {
        on_sqlite(sizes)?;
    }
    on_postgres(sizes)
}

fn on_sqlite(sizes: &[Size]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shop.db");
    let mut columns = Vec::new();
    for size in sizes {
        columns.push(medians(&Database::Sqlite(&path), *size)?);
        std::fs::remove_file(&path)?;
    }
    print("SQLite", sizes, &columns);
    Ok(())
}

fn on_postgres(sizes: &[Size]) -> Result<()> {
    // As a package of PostgreSQL sets it up: every commit is on the disk.
    let server = PostgresServer::with(&[("fsync", "on"), ("max_wal_size", "4GB"), ("shared_buffers", "1GB")]);
    let mut columns = Vec::new();
    for size in sizes {
        let url = server.create_database();
        columns.push(medians(&Database::Postgres { server: &server, url }, *size)?);
    }
    print("PostgreSQL", sizes, &columns);
    Ok(())
}

/// The median of each call in a shop of this size, in microseconds.
#[expect(clippy::print_stderr, reason = "whoever waits for minutes wants to know for what")]
fn medians(database: &Database<'_>, size: Size) -> Result<Vec<f64>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let store = runtime.block_on(store::open(&database.url()?))?;
    runtime.block_on(store.import(demo_store()?, Box::new(|_, _| ())))?;
    eprintln!("growth: filling a shop of {} products and {} orders", size.products, size.orders);
    database.fill(size)?;
    eprintln!("growth: measuring");
    Call::ALL.into_iter().map(|call| median(&runtime, &store, size, call)).collect()
}

fn median(runtime: &Runtime, store: &Arc<dyn Store>, size: Size, call: Call) -> Result<f64> {
    let mut times_us = Vec::new();
    for round in 0..ROUNDS {
        let started = Instant::now();
        let found = runtime.block_on(call.ask(store, size, round))?;
        times_us.push(started.elapsed().as_secs_f64() * 1e6);
        assert!(found, "{} finds nothing in round {round}", call.route());
    }
    times_us.sort_by(f64::total_cmp);
    Ok(times_us[times_us.len() / 2])
}

fn print(database: &str, sizes: &[Size], columns: &[Vec<f64>]) {
    let heading = |size: &Size| format!("{} / {}", number(size.products as f64), number(size.orders as f64));
    let headings: Vec<String> = sizes.iter().map(heading).collect();
    let headings: Vec<&str> = ["call"]
        .into_iter()
        .chain(headings.iter().map(String::as_str))
        .chain(["largest / smallest"])
        .collect();
    let row = |(index, call): (usize, Call)| {
        let times_us: Vec<f64> = columns.iter().map(|column| column[index]).collect();
        let growth = times_us.last().zip(times_us.first()).map_or(1.0, |(last, first)| last / first);
        let cells = times_us.into_iter().map(number).chain([format!("{growth:.2}")]);
        [call.route().to_owned()].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = Call::ALL.into_iter().enumerate().map(row).collect();
    print_rows(
        &format!("growth: {database}, us a call, by products / orders"),
        &headings,
        &rows,
        &[format!(
            "The median of {ROUNDS} calls of the store, one at a time, each with another product and shopper. Ten orders a shopper, \
             three lines an order, all products counted."
        )],
    );
}
