//! What only PostgreSQL does: servers that restart, hang and are away, and several of ours on one database.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quickcart_core::account::AccountStore;
use quickcart_core::catalog::CatalogStore;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::clock::Timestamp;
use quickcart_core::error::{DomainError, ErrorKind, StoreError};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::store::PostgresStore;
use test_servers::PostgresServer;

use crate::databases::POSTGRES;

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url, PostgresStore::CONNECTIONS).await.unwrap()
}

fn phone(index: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("98765{index:05}"), Region::IN).unwrap()
}

#[tokio::test]
async fn servers_that_start_at_once_make_the_tables_once() {
    let url = POSTGRES.create_database();
    let open = |url: String| tokio::spawn(async move { PostgresStore::open(&url, 2).await.map(drop) });
    let starts: Vec<_> = (0..8).map(|_| open(url.clone())).collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    assert_eq!(POSTGRES.query(&url, "SELECT version FROM schema_version").unwrap(), "6");
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    let url = POSTGRES.create_database();
    drop(open(&url).await);
    POSTGRES.query(&url, "UPDATE schema_version SET version = 99").unwrap();
    let error = PostgresStore::open(&url, 2).await.err().unwrap();
    assert!(matches!(&error, StoreError::Internal(cause) if cause.to_string().contains("99")), "{error:?}");
}

#[tokio::test]
async fn a_database_that_ends_before_its_first_word_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://postgres@{}/shop", listener.local_addr().unwrap());
    let database = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Whether it has TLS: read, so that the connection is closed, and not reset.
        stream.read_exact(&mut [0; 8]).unwrap();
    });
    let error = PostgresStore::open(&url, 1).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    database.join().unwrap();
}

#[tokio::test]
async fn the_audit_is_only_added_to() {
    let url = POSTGRES.create_database();
    drop(open(&url).await);
    let row = "INSERT INTO audit (at_ms, who, action, entity, entity_id, after_json) \
               VALUES (0, 'admin', 'create', 'product', 7, 'null')";
    POSTGRES.query(&url, row).unwrap();
    for statement in ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "TRUNCATE audit CASCADE"] {
        let refused = POSTGRES.query(&url, statement).unwrap_err().to_string();
        assert!(refused.contains("the audit is only added to"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn commits_are_on_disk_whatever_the_database_is_set_to() {
    let url = POSTGRES.create_database();
    drop(open(&url).await);
    let witness = "ALTER TABLE \"user\" ADD witness TEXT DEFAULT current_setting('synchronous_commit')";
    POSTGRES.query(&url, witness).unwrap();
    let weaken = format!("ALTER DATABASE {} SET synchronous_commit = off", url.rsplit('/').next().unwrap());
    POSTGRES.query(&url, &weaken).unwrap();
    open(&url).await.sign_in(&phone(0), Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(POSTGRES.query(&url, "SELECT witness FROM \"user\"").unwrap(), "on");
}

#[tokio::test]
async fn nobody_waits_for_a_lock_without_an_end() {
    let url = POSTGRES.create_database();
    let store = open(&url).await;
    let holder = std::thread::spawn({
        let url = url.clone();
        move || POSTGRES.query(&url, "BEGIN; LOCK TABLE store; SELECT pg_sleep(600)")
    });
    let of_holder =
        "FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'store'::REGCLASS";
    while POSTGRES.query(&url, &format!("SELECT count(*) {of_holder}")).unwrap() != "1" {}
    let error = store.map_version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    POSTGRES.query(&url, &format!("SELECT pg_terminate_backend(pid) {of_holder}")).unwrap();
    assert!(holder.join().unwrap().is_err());
    store.map_version().await.unwrap();
}

#[tokio::test]
async fn a_restarted_server_is_survived_without_an_error() {
    let mut server = PostgresServer::start();
    let store = Arc::new(open(&server.create_database()).await);
    // Many connections, all of which break.
    let sign_in = |index| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.sign_in(&phone(index), Timestamp::UNIX_EPOCH).await })
    };
    let tasks: Vec<_> = (0..64).map(sign_in).collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    for _ in 0..2 {
        server.restart();
        assert_eq!(store.map_version().await.unwrap(), None);
        server.restart();
        store.import(demo_store().unwrap(), Box::new(|_, _| ())).await.map(drop).unwrap();
        server.restart();
        store.sign_in(&phone(1), Timestamp::UNIX_EPOCH).await.unwrap();
        server.query(&server.url("test_0"), "DELETE FROM store").unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_told_in_time() {
    let mut server = PostgresServer::start();
    let url = server.create_database();
    let store = open(&url).await;
    server.kill();
    for _ in 0..2 {
        let began = Instant::now();
        let error = store.map_version().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.retry_after().is_some());
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    let error = PostgresStore::open(&url, 2).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    server.restart();
    store.map_version().await.unwrap();
}

#[tokio::test]
async fn who_signs_in_again_takes_no_number() {
    let store = open(&POSTGRES.create_database()).await;
    for index in [0, 0, 0, 1, 1, 0, 2] {
        let user = store.sign_in(&phone(index), Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(user.user_id, i64::from(index) + 1);
    }
}

#[tokio::test]
async fn an_error_names_no_value() {
    let url = POSTGRES.create_database();
    let store = open(&url).await;
    POSTGRES.query(&url, "ALTER TABLE \"user\" ADD CHECK (phone IS NULL)").unwrap();
    let error = store.sign_in(&phone(77), Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(!format!("{error:?}").contains("98765"), "{error:?}");
    assert!(format!("{error:?}").contains("23514"), "{error:?}");
}
