//! A replica takes over from its master.

use test_servers::{RedisSentinel, RedisServer, wait_until};

#[test]
fn a_replica_has_what_its_master_has() {
    let master = RedisServer::start();
    master.command(&["SET", "key", "value"]).unwrap();
    let replica = RedisServer::replica_of(&master);
    assert_eq!(replica.command(&["GET", "key"]).unwrap(), "value");
    assert!(replica.command(&["SET", "key", "other"]).unwrap_err().to_string().starts_with("READONLY "));
}

#[test]
fn a_replica_takes_over_when_its_master_is_gone() {
    take_over(RedisServer::start(), RedisServer::kill);
}

#[test]
fn a_replica_takes_over_when_its_master_hangs() {
    take_over(RedisServer::with(&[("requirepass", "secret")]), |master| master.pause());
}

fn take_over(mut master: RedisServer, end: impl FnOnce(&mut RedisServer)) {
    let replica = RedisServer::replica_of(&master);
    let sentinel = RedisSentinel::watch(&master, "shop");
    assert_eq!(sentinel.master_port("shop"), master.port());
    assert_eq!(sentinel.url(), format!("redis://127.0.0.1:{}", sentinel.port()));

    master.command(&["SET", "key", "value"]).unwrap();
    // Not WAIT, which counts the writes of its own connection only.
    wait_until("the replica has the value", || replica.command(&["GET", "key"]).unwrap() == "value");
    end(&mut master);
    wait_until("the replica is the master", || sentinel.master_port("shop") == replica.port());
    assert_eq!(replica.command(&["APPEND", "key", "!"]).unwrap(), "6");
}
