//! A sentinel replaces the master: limits that replicas had confirmed hold, and no used code comes back.

use quickcart_core::otp::OtpError;
use test_servers::{RedisSentinel, RedisServer, wait_until};

use crate::otp::BINDING;
use crate::otp_faults::{answer, engine_at, is_unavailable, issue_once_a_day, once_available};

fn url(sentinels: &[u16]) -> String {
    let hosts: Vec<_> = sentinels.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("redis+sentinel://{}/shop?replicas=1", hosts.join(","))
}

/// Replicas whose confirmation the master waits for: a link alone is not enough, they have to have answered once.
fn replicas<const N: usize>(master: &RedisServer) -> [RedisServer; N] {
    let replicas = [(); N].map(|()| RedisServer::replica_of(master));
    master.command(&["SET", "something", "to confirm"]).unwrap();
    catch_up(master, N);
    replicas
}

/// Sentinel may promote any replica, so also one that has not confirmed.
fn catch_up(master: &RedisServer, replicas: usize) {
    let wanted = offset(&replication(master), "master_repl_offset:");
    wait_until("every replica has everything", || {
        let info = replication(master);
        let confirmed = info.split(',').filter(|part| part.starts_with("offset="));
        confirmed.filter(|part| offset(part, "offset=") >= wanted).count() == replicas
    });
}

fn offset(info: &str, field: &str) -> u64 {
    info.lines().find_map(|line| line.strip_prefix(field)).unwrap().parse().unwrap()
}

fn replication(server: &RedisServer) -> String {
    server.command(&["INFO", "replication"]).unwrap()
}

#[tokio::test]
async fn with_a_replica_left_limits_hold_after_a_failover() {
    let mut master = RedisServer::start();
    let _replicas = replicas::<2>(&master);
    let sentinel = RedisSentinel::watch(&master, "shop");
    let (otp, clock) = engine_at(&url(&[sentinel.port()]));
    let code = issue_once_a_day(&otp, &clock, BINDING).await.unwrap().code;
    master.command(&["SCRIPT", "FLUSH"]).unwrap();
    otp.verify(BINDING, code.as_str()).await.unwrap();
    let pending = otp.issue(BINDING).await.unwrap().code;

    catch_up(&master, 2);
    master.kill();
    assert!(is_unavailable(&answer(otp.issue(BINDING)).await));
    let limited = once_available(async || issue_once_a_day(&otp, &clock, BINDING).await).await;
    assert!(matches!(limited, Err(OtpError::Limited { .. })), "{limited:?}");
    for code in [&code, &pending] {
        let verified = once_available(async || otp.verify(BINDING, code.as_str()).await).await;
        assert!(matches!(verified, Err(OtpError::NotFound)), "{verified:?}");
    }
    let code = once_available(async || otp.issue(BINDING).await).await.unwrap().code;
    once_available(async || otp.verify(BINDING, code.as_str()).await).await.unwrap();
}

/// The promoted server has nobody who confirms: what it decided could be forgotten.
#[tokio::test]
async fn without_a_replica_left_everything_is_refused() {
    let mut master = RedisServer::start();
    let [replica] = replicas(&master);
    let sentinel = RedisSentinel::watch(&master, "shop");
    let (otp, clock) = engine_at(&url(&[sentinel.port()]));
    let code = issue_once_a_day(&otp, &clock, BINDING).await.unwrap().code;
    master.kill();
    wait_until("the replica is the master", || sentinel.master_port("shop") == replica.port());
    for _ in 0..3 {
        assert!(is_unavailable(&answer(otp.issue(BINDING)).await));
        assert!(is_unavailable(&answer(otp.verify(BINDING, code.as_str())).await));
    }
    let _new = replicas::<1>(&replica);
    let limited = once_available(async || issue_once_a_day(&otp, &clock, BINDING).await).await;
    assert!(matches!(limited, Err(OtpError::Limited { .. })), "{limited:?}");
    // What was refused may have been kept, so that another code may be pending.
    let verified = once_available(async || otp.verify(BINDING, code.as_str()).await).await;
    assert!(verified.is_err(), "of another run");
}

#[tokio::test]
async fn a_sentinel_that_hangs_is_passed_over() {
    let (master, hanging) = (RedisServer::start(), RedisServer::start());
    let _replica = replicas::<1>(&master);
    let sentinel = RedisSentinel::watch(&master, "shop");
    hanging.pause();
    let (otp, _) = engine_at(&url(&[hanging.port(), sentinel.port()]));
    answer(otp.issue(BINDING)).await.unwrap();
}
