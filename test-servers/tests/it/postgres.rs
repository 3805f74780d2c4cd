//! A PostgreSQL server: what it answers, and what kill, restart and pause do to it.

use std::net::TcpStream;
use std::panic::catch_unwind;
use std::path::Path;
use std::thread;

use test_servers::{PostgresServer, wait_until};

#[test]
fn answers_in_databases_of_their_own() {
    let postgres = PostgresServer::start();
    let (one, other) = (postgres.create_database(), postgres.create_database());
    check(&postgres, &one, "CREATE TABLE a (n INT); INSERT INTO a VALUES (1), (2)", "");
    check(&postgres, &one, "SELECT n, n + 1 FROM a ORDER BY n", "1|2\n2|3");
    check(&postgres, &one, "SHOW fsync", "off");
    let error = postgres.query(&other, "SELECT n FROM a").unwrap_err().to_string();
    assert!(error.contains("relation \"a\" does not exist"), "{error}");
}

fn check(postgres: &PostgresServer, url: &str, sql: &str, expected: &str) {
    assert_eq!(postgres.query(url, sql).unwrap(), expected, "{sql}");
}

#[test]
fn takes_settings() {
    let postgres = PostgresServer::with(&[("fsync", "on"), ("work_mem", "5MB")]);
    let url = postgres.url("postgres");
    check(&postgres, &url, "SELECT current_setting('fsync'), current_setting('work_mem')", "on|5MB");
}

#[test]
fn says_why_it_does_not_start() {
    let panic = catch_unwind(|| PostgresServer::with(&[("work_mem", "plenty")])).err().unwrap();
    let message = panic.downcast::<String>().unwrap();
    assert!(message.contains("did not start") && message.contains("work_mem"), "{message}");
}

#[test]
fn nothing_is_left_of_a_dropped_server() {
    let postgres = PostgresServer::start();
    let port = postgres.port();
    let url = postgres.url("postgres");
    let dir = postgres.query(&url, "SHOW data_directory").unwrap();
    assert!(Path::new(&dir).is_dir());
    drop(postgres);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!Path::new(&dir).exists());
}

#[test]
fn what_was_committed_outlives_a_kill() {
    let mut postgres = PostgresServer::start();
    let (url, port) = (postgres.create_database(), postgres.port());
    check(&postgres, &url, "CREATE TABLE a (n INT); INSERT INTO a VALUES (1)", "");
    postgres.kill();
    assert!(postgres.query(&url, "SELECT 1").is_err());
    postgres.restart();
    assert_eq!(postgres.port(), port);
    check(&postgres, &url, "SELECT n FROM a", "1");
    postgres.restart();
    check(&postgres, &url, "SELECT n FROM a", "1");
}

#[test]
fn a_paused_server_answers_once_it_is_resumed() {
    let postgres = PostgresServer::start();
    let url = postgres.create_database();
    check(&postgres, &url, "CREATE TABLE a (n INT)", "");
    thread::scope(|scope| {
        // Asks on and on in one connection, so that its process is paused, too.
        let sql =
            "DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM a) LOOP PERFORM pg_sleep(0.001); END LOOP; END $$";
        let asking = scope.spawn(|| postgres.query(&url, sql));
        let others = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %'";
        wait_until("the other asks", || postgres.query(&url, others).unwrap() == "1");

        postgres.pause();
        postgres.pause();
        let impatient = format!("{url}?connect_timeout=2");
        let error = postgres.query(&impatient, "SELECT 1").unwrap_err().to_string();
        assert!(error.contains("timeout expired"), "{error}");
        assert!(!asking.is_finished());

        postgres.resume();
        check(&postgres, &url, "INSERT INTO a VALUES (1)", "");
        assert_eq!(asking.join().unwrap().unwrap(), "");
    });
}

#[test]
fn a_paused_server_can_be_killed_and_dropped() {
    let mut postgres = PostgresServer::start();
    postgres.pause();
    postgres.restart();
    check(&postgres, &postgres.url("postgres"), "SELECT 1", "1");
    postgres.pause();
}
