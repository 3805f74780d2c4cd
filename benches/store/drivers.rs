//! One statement at a time, committed on its own: rusqlite, sqlx and Python's `sqlite3`.

use std::cell::{Cell, RefCell};
use std::path::Path;

use benches::{Contender, Cost, Goal, Python, Result, Section, alternate, measure};
use rusqlite::{Connection, params};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqliteConnection};
use tokio::runtime::Runtime;

use super::REPETITIONS;

const INSERTS: u64 = 5_000;
const SELECTS: u64 = 10_000;
const TABLE: &str =
    "CREATE TABLE item (item_id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_minor INTEGER NOT NULL)";
const INSERT: &str = "INSERT INTO item (item_id, name, price_minor) VALUES (?, ?, ?)";
const SELECT: &str = "SELECT name, price_minor FROM item WHERE item_id = ?";
const NAME: &str = "Toned Milk 1 L";

pub(crate) fn rows(folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let connection = Connection::open(folder.join("rusqlite.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(TABLE)?;
    let options = SqliteConnectOptions::new()
        .filename(folder.join("sqlx.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .disable_statement_logging();
    let sqlx = runtime.block_on(async {
        let mut connection = options.connect().await?;
        sqlx::query(TABLE).execute(&mut connection).await?;
        Ok::<_, sqlx::Error>(connection)
    })?;
    let (sqlx, python) = (
        RefCell::new(sqlx),
        RefCell::new(Python::start("sqlite3_peer.py", &[folder.join("python.db").as_os_str()])),
    );
    let (last, sqlx_last) = (Cell::new(0), Cell::new(0));

    let mut inserts = vec![
        Contender::new("rusqlite (our driver)", || rusqlite_inserts(&connection, &last)),
        Contender::new("sqlx", || sqlx_inserts(&runtime, &mut sqlx.borrow_mut(), &sqlx_last)),
    ];
    inserts.extend(python_rows(&python, "insert", INSERTS));
    benches::print(&Section {
        title: "store: INSERT of one row, WAL, synchronous NORMAL, one at a time".to_owned(),
        notes: Vec::new(),
        rows: alternate(REPETITIONS, inserts)?,
    });

    let mut selects = vec![
        Contender::new("rusqlite (our driver)", || rusqlite_selects(&connection, last.get())),
        Contender::new("sqlx", || sqlx_selects(&runtime, &mut sqlx.borrow_mut(), sqlx_last.get())),
    ];
    selects.extend(python_rows(&python, "select", SELECTS));
    let version = match &*python.borrow() {
        Some(python) => format!("{} (its own library).", python.version),
        None => "There is no python3 with sqlite3 here: that peer is left out.".to_owned(),
    };
    benches::print(&Section {
        title: "store: SELECT by primary key, one at a time".to_owned(),
        notes: vec![format!("rusqlite and sqlx share SQLite {}; {version}", rusqlite::version())],
        rows: alternate(REPETITIONS, selects)?,
    });
    Ok(())
}

fn python_rows<'a>(
    python: &'a RefCell<Option<Python>>,
    name: &'a str,
    operations: u64,
) -> Option<Contender<'a>> {
    python.borrow().as_ref()?;
    let run = move || python.borrow_mut().as_mut().ok_or("python3 has ended")?.run(name, operations);
    Some(Contender::new("Python sqlite3", run).with_goal(Goal::Time(1.0)))
}

/// The ids of the next rows.
fn next(last: &Cell<u64>) -> std::ops::RangeInclusive<u64> {
    let first = last.get() + 1;
    last.set(last.get() + INSERTS);
    first..=last.get()
}

/// Ids all over the table.
fn spread(last: u64) -> impl Iterator<Item = u64> {
    (0..SELECTS).map(move |n| n * 7_919 % last + 1)
}

fn check(id: u64, name: &str, price_minor: u64) -> Result<()> {
    if (name, price_minor) == (NAME, id) { Ok(()) } else { Err(format!("item {id} is {name}").into()) }
}

fn rusqlite_inserts(connection: &Connection, last: &Cell<u64>) -> Result<Cost> {
    measure(INSERTS, || {
        for id in next(last) {
            connection.prepare_cached(INSERT)?.execute(params![id, NAME, id])?;
        }
        Ok(())
    })
}

fn rusqlite_selects(connection: &Connection, last: u64) -> Result<Cost> {
    measure(SELECTS, || {
        for id in spread(last) {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?));
            let (name, price_minor) = connection.prepare_cached(SELECT)?.query_row([id], read)?;
            check(id, &name, price_minor)?;
        }
        Ok(())
    })
}

fn sqlx_inserts(runtime: &Runtime, connection: &mut SqliteConnection, last: &Cell<u64>) -> Result<Cost> {
    measure(INSERTS, || {
        runtime.block_on(async {
            for id in next(last) {
                let id = i64::try_from(id)?;
                sqlx::query(INSERT).bind(id).bind(NAME).bind(id).execute(&mut *connection).await?;
            }
            Ok(())
        })
    })
}

fn sqlx_selects(runtime: &Runtime, connection: &mut SqliteConnection, last: u64) -> Result<Cost> {
    measure(SELECTS, || {
        runtime.block_on(async {
            for id in spread(last) {
                let query = sqlx::query(SELECT).bind(i64::try_from(id)?);
                let row = query.fetch_one(&mut *connection).await?;
                let (name, price_minor): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
                check(id, &name, price_minor.unsigned_abs())?;
            }
            Ok(())
        })
    })
}
