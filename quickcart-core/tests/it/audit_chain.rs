//! What becomes of the chain of the audit when somebody writes to the database who may not, and when many write at once.

use std::sync::Arc;

use quickcart_core::admin::{AuditFault, AuditHead, VerifiedAudit, verify_audit};
use quickcart_core::clock::{Clock, SystemClock, Timestamp};
use quickcart_core::store::{DatabaseUrl, Store, open, open_as_is};
use rusqlite::Connection;

use crate::databases::{Database, POSTGRES, on_every_database};
use crate::stores::{demo_shop, shopper};

on_every_database! {
    every_change_behind_the_back_of_the_shop_is_found
    what_is_cut_off_is_missed_by_who_kept_a_head
    what_was_put_in_is_linked_by_the_next_server_and_by_nobody_who_looks
    many_changes_at_once_make_one_chain
    servers_that_start_at_once_link_the_history_once
}

/// Rows without links, as older servers write them.
fn history(rows: i64) -> String {
    format!(
        "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) \
         INSERT INTO audit (at_ms, who, action, entity, entity_id, after_json) \
         SELECT n, 'admin', 'change', 'product', n, '{{}}' FROM s"
    )
}

/// Somebody with a client of the database, who takes off what is in the way.
fn intrude(database: &Database, sql: &str) {
    match database.url() {
        DatabaseUrl::Sqlite(path) => {
            let tables = "PRAGMA foreign_keys = FALSE; \
                          DROP TRIGGER IF EXISTS audit_is_not_changed; DROP TRIGGER IF EXISTS audit_is_not_deleted; \
                          DROP TRIGGER IF EXISTS audit_link_is_not_changed; DROP TRIGGER IF EXISTS audit_link_is_not_deleted";
            Connection::open(path).unwrap().execute_batch(&format!("{tables}; {sql}")).unwrap();
        }
        DatabaseUrl::Postgres(url) => {
            let tables = "DROP TRIGGER IF EXISTS audit_is_not_changed ON audit; \
                          DROP TRIGGER IF EXISTS audit_link_is_not_changed ON audit_link; \
                          ALTER TABLE audit_link DROP CONSTRAINT IF EXISTS audit_link_audit_id_fkey";
            POSTGRES.query(&url, &format!("{tables}; {sql}")).unwrap();
        }
    }
}

/// A shop in which five products were retired.
async fn audited_shop(database: &Database) -> Arc<dyn Store> {
    let store = demo_shop(database).await;
    for product_id in 1..=5 {
        store.retire_product(product_id, None, "admin", Timestamp::UNIX_EPOCH).await.unwrap();
    }
    let saved = "CREATE TABLE saved_audit AS SELECT * FROM audit; CREATE TABLE saved_link AS SELECT * FROM audit_link; \
                 CREATE TABLE saved_head AS SELECT * FROM audit_head";
    intrude(database, saved);
    store
}

async fn verified(store: &dyn Store, expected: Option<AuditHead>) -> Result<VerifiedAudit, String> {
    verify_audit(store, expected, |_, _| ()).await.map_err(|fault: AuditFault| fault.to_string())
}

async fn every_change_behind_the_back_of_the_shop_is_found(database: Database) {
    let store = audited_shop(&database).await;
    let whole = verified(&*store, None).await.unwrap();
    assert_eq!((whole.head.link_id, whole.unlinked), (5, 0));
    assert_eq!(whole.times, Some((Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH)));
    let third = "link 3 does not fit: its row 3";
    for (change, expected) in [
        ("UPDATE audit SET at_ms = at_ms + 1 WHERE audit_id = 3", third),
        ("UPDATE audit SET who = 'nobody' WHERE audit_id = 3", third),
        ("UPDATE audit SET action = 'change' WHERE audit_id = 3", third),
        ("UPDATE audit SET entity = 'user' WHERE audit_id = 3", third),
        ("UPDATE audit SET entity_id = 7 WHERE audit_id = 3", third),
        ("UPDATE audit SET before_json = NULL WHERE audit_id = 3", third),
        ("UPDATE audit SET after_json = replace(after_json, 'true', 'false') WHERE audit_id = 3", third),
        ("UPDATE audit SET audit_id = 9 WHERE audit_id = 3", "link 3 is there, and its row 3 is not"),
        ("DELETE FROM audit WHERE audit_id = 3", "link 3 is there, and its row 3 is not"),
        (
            "DELETE FROM audit WHERE audit_id = 3; DELETE FROM audit_link WHERE audit_id = 3",
            "link 3 is missing",
        ),
        (
            "UPDATE audit SET after_json = \
             (SELECT after_json FROM saved_audit AS other WHERE other.audit_id = 5 - audit.audit_id) \
             WHERE audit_id IN (2, 3)",
            "link 2 does not fit",
        ),
        (
            "UPDATE audit_link SET audit_id = -audit_id WHERE link_id IN (2, 3); \
             UPDATE audit_link SET audit_id = 5 + audit_id WHERE link_id IN (2, 3)",
            "link 2 does not fit: its row 3",
        ),
        (
            "UPDATE audit_link SET link_id = -1 - link_id WHERE link_id >= 3; \
             UPDATE audit_link SET link_id = -link_id WHERE link_id < 0; \
             INSERT INTO audit SELECT 9, at_ms, who, action, entity, entity_id, before_json, after_json \
             FROM saved_audit WHERE audit_id = 3; \
             INSERT INTO audit_link SELECT 3, 9, digest FROM saved_link WHERE link_id = 3; \
             UPDATE audit_head SET link_id = 6",
            "link 3 does not fit: its row 9",
        ),
        (
            "UPDATE audit_link SET digest = (SELECT digest FROM saved_link WHERE link_id = 2) WHERE link_id = 3",
            third,
        ),
        ("DELETE FROM audit_link WHERE link_id = 5", "the chain ends at 4:"),
        ("UPDATE audit_head SET link_id = 4", "the chain ends at 5:"),
    ] {
        intrude(&database, change);
        let fault = verified(&*store, None).await.unwrap_err();
        assert!(fault.starts_with(expected), "{change}: {fault}");
        intrude(
            &database,
            "DELETE FROM audit_link; DELETE FROM audit; DELETE FROM audit_head; \
             INSERT INTO audit SELECT * FROM saved_audit; INSERT INTO audit_link SELECT * FROM saved_link; \
             INSERT INTO audit_head SELECT * FROM saved_head",
        );
        assert_eq!(verified(&*store, None).await, Ok(whole));
    }
}

async fn what_is_cut_off_is_missed_by_who_kept_a_head(database: Database) {
    let store = audited_shop(&database).await;
    let kept = verified(&*store, None).await.unwrap().head;
    intrude(
        &database,
        "DELETE FROM audit_link WHERE link_id > 3; DELETE FROM audit WHERE audit_id > 3; \
         UPDATE audit_head SET link_id = 3, digest = (SELECT digest FROM saved_link WHERE link_id = 3)",
    );
    assert_eq!(verified(&*store, None).await.unwrap().head.link_id, 3, "it is as whole as it was once");
    let fault = verified(&*store, Some(kept)).await.unwrap_err();
    assert!(fault.starts_with(&format!("{kept} is not in the chain, which ends at 3:")), "{fault}");
    for product_id in 6..=9 {
        store.retire_product(product_id, None, "admin", Timestamp::UNIX_EPOCH).await.unwrap();
    }
    assert_eq!(verified(&*store, None).await.unwrap().head.link_id, 7);
    assert!(verified(&*store, Some(kept)).await.is_err(), "another link has its number");
}

async fn what_was_put_in_is_linked_by_the_next_server_and_by_nobody_who_looks(database: Database) {
    let store = audited_shop(&database).await;
    intrude(&database, &history(2));
    for _ in 0..2 {
        let store = open_as_is(&database.url()).await.unwrap();
        let looked_at = verified(&*store, None).await.unwrap();
        assert_eq!((looked_at.head.link_id, looked_at.unlinked), (5, 2));
    }
    store.retire_product(6, None, "admin", Timestamp::UNIX_EPOCH).await.unwrap();
    let store = database.open().await;
    let linked = verified(&*store, None).await.unwrap();
    assert_eq!((linked.head.link_id, linked.unlinked), (8, 0), "behind what came later");
}

async fn many_changes_at_once_make_one_chain(database: Database) {
    let (first, second) = (demo_shop(&database).await, database.open().await);
    let mut tasks = Vec::new();
    for index in 0..50 {
        let store = Arc::clone(if index % 4 < 2 { &first } else { &second });
        let user_id = shopper(&*store, index).await;
        tasks.push(tokio::spawn(async move {
            let now = SystemClock.now();
            if index % 2 == 0 {
                store.retire_user(user_id, None, "admin", now).await
            } else {
                store.retire_product(index.into(), None, "admin", now).await
            }
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let whole = verified(&*first, None).await.unwrap();
    assert_eq!((whole.head.link_id, whole.unlinked), (50, 0));
    assert_eq!(verified(&*second, Some(whole.head)).await, Ok(whole));
}

async fn servers_that_start_at_once_link_the_history_once(database: Database) {
    drop(open_as_is(&database.url()).await.unwrap());
    intrude(&database, &history(1_700));
    let start = |url| tokio::spawn(async move { open(&url).await.map(drop) });
    let starts: Vec<_> = (0..4).map(|_| start(database.url())).collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let store = open_as_is(&database.url()).await.unwrap();
    let linked = verified(&*store, None).await.unwrap();
    assert_eq!((linked.head.link_id, linked.unlinked), (1_700, 0));
    let last = Timestamp::from_millisecond(1_700).unwrap();
    assert_eq!(
        linked.times,
        Some((Timestamp::from_millisecond(1).unwrap(), last)),
        "in the order of their numbers"
    );
}
