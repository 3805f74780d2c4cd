//! Ends a server in the middle of a transaction of SQLite, without a hook in it: the system ends a process that makes a file longer
//! than it may (SIGXFSZ), so the file is given a reason to become long at the right moment.

use std::process::Command;

use super::database::Database;
use super::shop::Shop;

/// What a page takes in the log: itself and its header (<https://sqlite.org/fileformat2.html#walformat>).
const FRAME: u64 = 4_096 + 24;
/// How much longer the log may become while a fuse burns: more than a checkout writes.
const ROOM: u64 = 1 << 20;
/// More than that and what SQLite keeps in memory, 2 MB, so that it writes before the transaction ends.
const ASH: u64 = 16 << 20;

/// Makes triggers that count the rows that are changed, in all tables.
pub(super) fn lay(database: &Database) {
    let mut sql =
        "CREATE TABLE fuse (rows_left INTEGER); INSERT INTO fuse VALUES (NULL); CREATE TABLE ash (ash BLOB);"
            .to_owned();
    let tables = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'";
    for table in database.query(tables) {
        for change in ["INSERT", "UPDATE", "DELETE"] {
            sql += &format!(
                "CREATE TRIGGER fuse_{change}_{table} AFTER {change} ON \"{table}\" BEGIN \
                     UPDATE fuse SET rows_left = rows_left - 1; \
                     INSERT INTO ash SELECT zeroblob({ASH}) FROM fuse WHERE rows_left = 0; \
                 END;"
            );
        }
    }
    database.execute(&sql);
}

/// The server ends when it has changed so many rows.
pub(super) fn light(shop: &Shop, rows: usize) {
    shop.database.execute(&format!("UPDATE fuse SET rows_left = {rows}"));
    limit_log(shop, ROOM);
}

pub(super) fn put_out(database: &Database) {
    database.execute("UPDATE fuse SET rows_left = NULL");
}

/// The server ends within the page of its number, of those that it writes from now on.
pub(super) fn limit_pages(shop: &Shop, page: usize) {
    limit_log(shop, page as u64 * FRAME - FRAME / 2);
}

fn limit_log(shop: &Shop, more: u64) {
    let Database::Sqlite(folder) = &shop.database else { panic!("a log of SQLite") };
    let log = folder.path().join("shop.db-wal").metadata().unwrap().len();
    let process_id = shop.servers[0].lock().unwrap().process_id();
    // Of util-linux. Without the core that the signal leaves.
    let limits = ["--core=0".to_owned(), format!("--fsize={}", log + more), format!("--pid={process_id}")];
    assert!(Command::new("prlimit").args(limits).status().unwrap().success());
}
