//! The tables, version by version. `PRAGMA user_version` counts the steps that a file has had.

use rusqlite::{Connection, TransactionBehavior};

use super::error::OrStoreError;
use crate::error::StoreError;

/// Every step, oldest first. A step that was released is never changed.
const STEPS: [&str; 7] = [
    include_str!("../../../migrations/sqlite/0001_shop.sql"),
    include_str!("../../../migrations/sqlite/0002_order_events.sql"),
    include_str!("../../../migrations/sqlite/0003_registration.sql"),
    include_str!("../../../migrations/sqlite/0004_book_order.sql"),
    include_str!("../../../migrations/sqlite/0005_smart_cart.sql"),
    include_str!("../../../migrations/sqlite/0006_members.sql"),
    include_str!("../../../migrations/sqlite/0007_catalogue.sql"),
];

/// Takes the steps that are missing, all or none. Of two servers that start at once, one waits for the other.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).or_store_error()?;
    let version: usize =
        transaction.pragma_query_value(None, "user_version", |row| row.get(0)).or_store_error()?;
    if version > STEPS.len() {
        return Err(StoreError::internal(format!(
            "the database has version {version}, and this program knows {} only",
            STEPS.len()
        )));
    }
    for step in &STEPS[version..] {
        transaction.execute_batch(step).or_store_error()?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len()).or_store_error()?;
    transaction.commit().or_store_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_up_to_date_once_and_refuses_the_future() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        let count = "SELECT count(*) FROM sqlite_master WHERE name = 'orders'";
        assert_eq!(connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(migrate(&mut connection).is_err());
    }
}
