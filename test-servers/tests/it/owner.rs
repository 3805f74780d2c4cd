//! What becomes of servers whose process ends, and what a machine without Redis reads.
//!
//! Each test here runs its own binary again, where the environment tells it to play the other part.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use test_servers::{PostgresServer, RedisServer, wait_until};

const OTHER_PART: &str = "TEST_SERVERS_OTHER_PART";

#[test]
fn a_server_ends_with_its_process() {
    outlive("owner::a_server_ends_with_its_process", redis);
}

#[test]
fn a_paused_server_ends_with_its_process() {
    let start = || {
        let started = redis();
        started.0.pause();
        started
    };
    outlive("owner::a_paused_server_ends_with_its_process", start);
}

#[test]
fn postgres_ends_with_its_process() {
    outlive("owner::postgres_ends_with_its_process", postgres);
}

#[test]
fn a_paused_postgres_ends_with_its_process() {
    let start = || {
        let started = postgres();
        started.0.pause();
        started
    };
    outlive("owner::a_paused_postgres_ends_with_its_process", start);
}

/// A server, its port and its folder.
type Started<S> = (S, u16, String);

fn redis() -> Started<RedisServer> {
    let redis = RedisServer::start();
    let dir = redis.command(&["CONFIG", "GET", "dir"]).unwrap();
    let (port, dir) = (redis.port(), dir.lines().nth(1).unwrap().to_owned());
    (redis, port, dir)
}

fn postgres() -> Started<PostgresServer> {
    let postgres = PostgresServer::start();
    let dir = postgres.query(&postgres.url("postgres"), "SHOW data_directory").unwrap();
    let port = postgres.port();
    (postgres, port, dir)
}

/// Kills the owner of a server.
fn outlive<S>(test: &str, start: fn() -> Started<S>) {
    if has_the_other_part() {
        return own_a_server(start);
    }
    let mut owner = run_again(test).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (port, dir) = server_of(&mut owner);
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    assert!(Path::new(&dir).is_dir());

    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until("the server is gone", || TcpStream::connect(("127.0.0.1", port)).is_err());
    wait_until("its folder is gone", || !Path::new(&dir).exists());
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn own_a_server<S>(start: fn() -> Started<S>) {
    let (_server, port, dir) = start();
    println!("\nserver {port} {dir}");
    // Ends by itself when the parent does without killing it.
    std::io::stdin().lines().for_each(drop);
}

fn server_of(owner: &mut Child) -> (u16, String) {
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.starts_with("server ")).unwrap();
    let (port, dir) = line.strip_prefix("server ").unwrap().split_once(' ').unwrap();
    (port.parse().unwrap(), dir.to_owned())
}

#[test]
fn says_how_to_install_redis() {
    if has_the_other_part() {
        return drop(RedisServer::start());
    }
    let mut again = run_again("owner::says_how_to_install_redis");
    let output = again.env("PATH", "/no/such/folder").output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success());
    assert!(
        format!("{stdout}{stderr}").contains("redis-server is missing: install it with"),
        "{stdout}{stderr}"
    );
}

fn has_the_other_part() -> bool {
    std::env::var_os(OTHER_PART).is_some()
}

fn run_again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(OTHER_PART, "yes");
    command
}
