//! A fresh database of either kind, asked in SQL behind the servers' back.

use std::sync::Mutex;

use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;
use test_servers::PostgresServer;

use crate::program::{PATIENCE, folder};

pub(super) enum Database {
    /// `shop.db` in a folder of its own.
    Sqlite(TempDir),
    /// A server of its own, which may be killed, and the address of a database there.
    Postgres(Mutex<PostgresServer>, String),
}

impl Database {
    pub(super) fn sqlite() -> Self {
        Self::Sqlite(folder())
    }

    /// On disk is on disk here.
    pub(super) fn postgres() -> Self {
        let server = PostgresServer::with(&[("fsync", "on")]);
        let url = server.create_database();
        Self::Postgres(Mutex::new(server), url)
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("shop.db").display()),
            Self::Postgres(_, url) => url.clone(),
        }
    }

    /// What this answers: a row is a line, its values divided by `|`.
    pub(super) fn query(&self, sql: &str) -> Vec<String> {
        self.query_after("", sql)
    }

    /// The same if this was done before, which it is not afterwards.
    pub(super) fn query_after(&self, statements: &str, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(folder) => {
                let connection = Connection::open(folder.path().join("shop.db")).unwrap();
                connection.busy_timeout(PATIENCE).unwrap();
                connection.execute_batch(&format!("BEGIN; {statements}")).unwrap();
                let rows = rows(&connection, sql);
                connection.execute_batch("ROLLBACK").unwrap();
                rows
            }
            Self::Postgres(server, url) => {
                let sql = format!("BEGIN; {statements}; {sql}; ROLLBACK");
                let answer = server.lock().unwrap().query(url, &sql).unwrap();
                answer.lines().map(str::to_owned).collect()
            }
        }
    }

    /// Changes rows for good.
    pub(super) fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(folder) => {
                let connection = Connection::open(folder.path().join("shop.db")).unwrap();
                connection.busy_timeout(PATIENCE).unwrap();
                connection.execute_batch(sql).unwrap();
            }
            Self::Postgres(server, url) => drop(server.lock().unwrap().query(url, sql).unwrap()),
        }
    }

    /// Ends the database's own processes with SIGKILL and starts them again; SQLite has none.
    pub(super) fn kill_and_restart(&self) {
        if let Self::Postgres(server, _) = self {
            let mut server = server.lock().unwrap();
            server.kill();
            server.restart();
        }
    }
}

fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let text = |value| match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        other => panic!("{other:?} is not for people to read"),
    };
    let line = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|column| row.get(column).map(text));
        Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    };
    statement.query_map([], line).unwrap().map(Result::unwrap).collect()
}
