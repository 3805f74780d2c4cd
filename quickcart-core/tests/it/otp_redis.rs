//! What holds on a store in memory holds on Redis, alone and in a cluster.

use std::sync::{Arc, LazyLock};

use proptest::test_runner::Config;
use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_core::conformance;
use quickcart_core::otp::store::RedisOtpStore;
use quickcart_core::otp::{KeyRing, Otp, OtpError, Policy};
use quickcart_core::secret::SecretKey;
use test_servers::{RedisCluster, RedisServer};

use crate::otp::{
    BINDING, engine_on, five_of_many_wrong_codes_are_looked_at, no_limit_is_overdrawn,
    one_of_many_right_codes_is_accepted,
};

/// For tests that put up with each other's keys; it ends with the process.
static SHARED: LazyLock<RedisServer> = LazyLock::new(RedisServer::start);

/// A store on the server that tests share. Each test needs its own, because a connection belongs to a runtime.
pub(crate) fn shared() -> Arc<RedisOtpStore> {
    store_at(&SHARED.url())
}

pub(crate) fn store_at(url: &str) -> Arc<RedisOtpStore> {
    Arc::new(RedisOtpStore::new(url.parse().unwrap()))
}

#[tokio::test]
async fn redis_keeps_challenges() {
    conformance::otp_store(&*shared()).await;
}

/// The seeds begin after those of the conformance test; `xtask soak` tries twenty times as many.
#[tokio::test]
async fn redis_agrees_with_the_memory() {
    let server = RedisServer::start();
    let seeds = u64::from(Config::default().cases).div_ceil(64);
    for seed in 4..4 + seeds {
        server.command(&["FLUSHALL"]).unwrap();
        conformance::otp_store_agrees(&*store_at(&server.url()), seed, 300).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_parallel_requests_are_one_after_the_other() {
    one_of_many_right_codes_is_accepted(shared()).await;
    five_of_many_wrong_codes_are_looked_at(shared()).await;
    no_limit_is_overdrawn(shared()).await;
}

/// Two servers of the shop, each with a connection of its own.
#[tokio::test]
async fn a_code_issued_by_one_server_is_accepted_once_by_all() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let keys = KeyRing::new(&SecretKey::random());
    let [one, other] =
        [shared(), shared()].map(|store| Otp::new(store, keys.clone(), Policy::default(), clock.clone()));
    let code = one.issue(BINDING).await.unwrap().code;
    other.verify(BINDING, code.as_str()).await.unwrap();
    assert!(matches!(one.verify(BINDING, code.as_str()).await, Err(OtpError::NotFound)));
}

/// All keys are on one of the two nodes, so one of the URLs names the wrong one.
#[tokio::test]
async fn either_node_of_a_cluster_leads_to_the_keys() {
    let cluster = RedisCluster::start();
    for url in cluster.urls() {
        let (otp, _) = engine_on(store_at(&url));
        let code = otp.issue(BINDING).await.unwrap().code;
        otp.verify(BINDING, code.as_str()).await.unwrap();
        assert!(matches!(otp.verify(BINDING, code.as_str()).await, Err(OtpError::NotFound)));
    }
}
