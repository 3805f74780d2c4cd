//! A sentinel, which replaces a master that is gone.

use super::config::Mode;
use super::server::RedisServer;
use crate::wait::wait_until;

/// A sentinel that decides alone, and quickly.
pub struct RedisSentinel {
    /// Its process, to be killed and paused like any other.
    pub server: RedisServer,
}

impl RedisSentinel {
    /// Starts a sentinel that knows `master` as `name`, and has spoken to each of its replicas.
    ///
    /// It takes a master for gone after 0.3 s without an answer; a replica takes over within a second or two.
    ///
    /// # Panics
    /// As [`RedisServer::start`] does, or the sentinel does not find the replicas.
    pub fn watch(master: &RedisServer, name: &str) -> Self {
        let monitor = format!("monitor {name} 127.0.0.1 {} 1", master.port());
        let down_after = format!("down-after-milliseconds {name} 300");
        let failover_timeout = format!("failover-timeout {name} 1000");
        let password = master.password().map(|password| format!("auth-pass {name} {password}"));
        let settings = [Some(monitor), Some(down_after), Some(failover_timeout), password];
        let directives: Vec<_> =
            settings.iter().flatten().map(|value| ("sentinel", value.as_str())).collect();

        let sentinel = Self { server: RedisServer::launch(Mode::Sentinel, &directives) };
        let replicas = replicas(master);
        wait_until("the sentinel has spoken to each replica", || sentinel.replicas(name) == replicas);
        sentinel
    }

    /// The port of the server that is the master of `name` now.
    ///
    /// # Panics
    /// The sentinel does not answer, or watches no master of that name.
    pub fn master_port(&self, name: &str) -> u16 {
        let address = self.ask("GET-MASTER-ADDR-BY-NAME", name);
        let port = address.lines().nth(1).unwrap_or_else(|| panic!("no master is called {name:?}"));
        port.parse().unwrap()
    }

    /// `redis://127.0.0.1:PORT` of the sentinel itself.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The port of the sentinel itself.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// How many have told the sentinel that they follow their master; only those can take over.
    fn replicas(&self, name: &str) -> usize {
        self.ask("REPLICAS", name).matches("master-link-status\nok").count()
    }

    fn ask(&self, question: &str, name: &str) -> String {
        self.server.command(&["SENTINEL", question, name]).unwrap()
    }
}

fn replicas(master: &RedisServer) -> usize {
    let info = master.command(&["INFO", "replication"]).unwrap();
    let count = info.lines().find_map(|line| line.strip_prefix("connected_slaves:"));
    count.unwrap().parse().unwrap()
}
