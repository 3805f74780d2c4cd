//! Checkouts of three lines, each on the disk when it is answered: SQLite that writes what waits together, and PostgreSQL against
//! pgbench with the same statements.

mod carts;
mod pgbench;
mod postgres;
mod sqlite;

use benches::Result;

const REPETITIONS: usize = 5;

pub(crate) fn main() -> Result<()> {
    if !benches::is_wanted() {
        return Ok(());
    }
    sqlite::rows()?;
    postgres::rows()
}
