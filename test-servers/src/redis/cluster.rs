//! Two servers that share the keys.

use super::config::Mode;
use super::server::RedisServer;
use crate::wait::wait_until;

/// A cluster of two masters without replicas.
pub struct RedisCluster {
    /// The first keeps slots 0 to 8191, the second 8192 to 16383.
    pub nodes: [RedisServer; 2],
}

impl RedisCluster {
    /// Starts a cluster that accepts commands, which takes two seconds: so long a master waits before it
    /// serves its slots (`CLUSTER_WRITABLE_DELAY` in Redis's cluster.c).
    ///
    /// # Panics
    /// As [`RedisServer::start`] does, or the nodes do not find each other. Redis must be 7.0 or newer.
    pub fn start() -> Self {
        let nodes = [(); 2].map(|()| RedisServer::launch(Mode::ClusterNode, &[]));
        let [first, second] = &nodes;
        tell(first, &["ADDSLOTSRANGE", "0", "8191"]);
        tell(second, &["ADDSLOTSRANGE", "8192", "16383"]);
        tell(first, &["MEET", "127.0.0.1", &second.port().to_string(), &bus_port(second)]);
        wait_until("the nodes agree on their cluster", || nodes.iter().all(is_ok));
        Self { nodes }
    }

    /// The URLs of both nodes.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(RedisServer::url).collect()
    }
}

fn tell(node: &RedisServer, words: &[&str]) -> String {
    node.command(&[&["CLUSTER"], words].concat()).unwrap()
}

fn bus_port(node: &RedisServer) -> String {
    let answer = node.command(&["CONFIG", "GET", "cluster-port"]).unwrap();
    answer.lines().nth(1).unwrap().to_owned()
}

fn is_ok(node: &RedisServer) -> bool {
    let info = tell(node, &["INFO"]);
    let says = |line| info.lines().any(|other| other == line);
    says("cluster_state:ok") && says("cluster_slots_ok:16384") && says("cluster_known_nodes:2")
}
