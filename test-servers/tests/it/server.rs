//! One server: what it answers, and what kill, restart and pause do to it.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::catch_unwind;
use std::path::Path;
use std::time::Duration;

use test_servers::RedisServer;

#[test]
fn answers_commands() {
    let redis = RedisServer::start();
    check(&redis, &["PING"], "PONG");
    check(&redis, &["RPUSH", "list", "a", "b c", ""], "3");
    check(&redis, &["LRANGE", "list", "0", "-1"], "a\nb c\n");
    check(&redis, &["GET", "nothing"], "");
    check(&redis, &["CONFIG", "SET", "maxmemory", "64mb"], "OK");
    check(&redis, &["CONFIG", "GET", "maxmemory"], "maxmemory\n67108864");
    let error = redis.command(&["INCR", "list"]).unwrap_err();
    assert!(error.to_string().starts_with("WRONGTYPE "), "{error}");
}

fn check(redis: &RedisServer, words: &[&str], expected: &str) {
    assert_eq!(redis.command(words).unwrap(), expected, "{words:?}");
}

#[test]
fn takes_directives() {
    let redis = RedisServer::with(&[
        ("maxmemory", "2mb"),
        ("requirepass", "secret"),
        ("client-output-buffer-limit", "pubsub 1mb 1mb 60"),
    ]);
    check(&redis, &["CONFIG", "GET", "maxmemory"], "maxmemory\n2097152");
    assert_eq!(redis.url(), format!("redis://:secret@127.0.0.1:{}", redis.port()));
}

#[test]
fn says_why_it_does_not_start() {
    let panic = catch_unwind(|| RedisServer::with(&[("maxmemory", "plenty")])).err().unwrap();
    let message = panic.downcast::<String>().unwrap();
    assert!(message.contains("did not start") && message.contains("maxmemory plenty"), "{message}");
}

#[test]
fn two_stand_side_by_side() {
    let (one, other) = (RedisServer::start(), RedisServer::start());
    assert_ne!(one.port(), other.port());
    check(&one, &["SET", "key", "value"], "OK");
    check(&other, &["DBSIZE"], "0");
}

#[test]
fn nothing_is_left_of_a_dropped_server() {
    let redis = RedisServer::start();
    let (port, dir) = (redis.port(), dir(&redis));
    assert!(Path::new(&dir).is_dir());
    drop(redis);
    assert_gone(port, &dir);
}

#[test]
fn a_panic_drops_its_server() {
    let panic = catch_unwind(|| {
        let redis = RedisServer::start();
        std::panic::panic_any((redis.port(), dir(&redis)));
    });
    let (port, dir) = *panic.unwrap_err().downcast::<(u16, String)>().unwrap();
    assert_gone(port, &dir);
}

fn dir(redis: &RedisServer) -> String {
    let answer = redis.command(&["CONFIG", "GET", "dir"]).unwrap();
    answer.lines().nth(1).unwrap().to_owned()
}

fn assert_gone(port: u16, dir: &str) {
    assert_eq!(TcpStream::connect(("127.0.0.1", port)).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(!Path::new(dir).exists());
}

#[test]
fn a_killed_server_loses_its_data_and_comes_back_where_it_was() {
    let mut redis = RedisServer::with(&[("maxmemory", "2mb")]);
    check(&redis, &["SET", "key", "value"], "OK");
    let port = redis.port();

    redis.kill();
    assert_eq!(redis.command(&["PING"]).unwrap_err().kind(), ErrorKind::ConnectionRefused);

    redis.restart();
    assert_eq!(redis.port(), port);
    check(&redis, &["DBSIZE"], "0");
    check(&redis, &["CONFIG", "GET", "maxmemory"], "maxmemory\n2097152");
}

#[test]
fn a_restart_waits_for_its_port() {
    let mut redis = RedisServer::start();
    redis.kill();
    let squatter = TcpListener::bind(("127.0.0.1", redis.port())).unwrap();
    // Leaves when it is asked whether it is the server.
    let leaves = std::thread::spawn(move || squatter.accept().map(drop).unwrap());
    redis.restart();
    leaves.join().unwrap();
    check(&redis, &["PING"], "PONG");
}

#[test]
fn what_is_on_disk_outlives_a_restart() {
    let mut redis = RedisServer::with(&[("appendonly", "yes"), ("appendfsync", "always")]);
    check(&redis, &["SET", "key", "value"], "OK");
    redis.restart();
    check(&redis, &["GET", "key"], "value");
}

#[test]
fn a_paused_server_answers_once_it_is_resumed() {
    let redis = RedisServer::start();
    redis.pause();
    redis.pause();

    let mut stream = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut answer = [0; 7];
    assert_eq!(stream.read(&mut answer).unwrap_err().kind(), ErrorKind::WouldBlock);

    redis.resume();
    stream.set_read_timeout(None).unwrap();
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[test]
fn a_paused_server_can_be_killed() {
    let mut redis = RedisServer::start();
    redis.pause();
    redis.restart();
    check(&redis, &["PING"], "PONG");
}

#[test]
fn a_dump_shows_every_type_as_it_was_written() {
    let redis = RedisServer::start();
    // Long and repetitive: compressed in Redis's own format. Digits: packed.
    let long = "secret ".repeat(100);
    for words in [
        &["SET", "string-key", &long][..],
        &["SET", "number-key", "9876543210"],
        &["HSET", "hash-key", "field", "hashed"],
        &["SADD", "set-key", "member"],
        &["RPUSH", "list-key", "element", "123456"],
        &["ZADD", "zset-key", "3", "ranked"],
        &["XADD", "stream-key", "1-1", "name", "streamed"],
    ] {
        redis.command(words).unwrap();
    }
    check(
        &redis,
        &["EVAL", "redis.call('SELECT', 5); return redis.call('SET', 'fifth', 'elsewhere')", "0"],
        "OK",
    );

    let dump = String::from_utf8(redis.dump()).unwrap();
    for part in [
        "string-key",
        &long,
        "number-key",
        "9876543210",
        "hash-key",
        "field",
        "hashed",
        "set-key",
        "member",
        "list-key",
        "element",
        "123456",
        "zset-key",
        "ranked",
        "stream-key",
        "name",
        "streamed",
        "fifth",
        "elsewhere",
    ] {
        assert!(dump.contains(part), "{part} is not in\n{dump}");
    }
}

#[test]
fn a_dump_of_nothing_is_empty() {
    assert!(RedisServer::start().dump().is_empty());
}
