//! A server's redis.conf.

/// How a server is started.
pub(super) struct Config {
    pub(super) mode: Mode,
    pub(super) port: u16,
    /// Where nodes of a cluster talk to each other; by default 10000 above the port, which may be too much.
    bus_port: u16,
    directives: Vec<(String, String)>,
}

/// What a `redis-server` process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Alone,
    ClusterNode,
    Sentinel,
}

impl Config {
    pub(super) const FILE: &'static str = "redis.conf";

    pub(super) fn new(mode: Mode, [port, bus_port]: [u16; 2], directives: &[(&str, &str)]) -> Self {
        let directives =
            directives.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { mode, port, bus_port, directives }
    }

    pub(super) fn password(&self) -> Option<&str> {
        let last = self.directives.iter().rev().find(|(name, _)| name == "requirepass");
        last.map(|(_, password)| password.as_str())
    }

    /// The later of two equal directives counts.
    pub(super) fn text(&self) -> String {
        let Self { port, bus_port, .. } = self;
        // A replica's first synchronisation otherwise waits five seconds for others to join.
        let mut text = format!(
            "bind 127.0.0.1\nport {port}\ndaemonize no\nsave \"\"\nappendonly no\nrepl-diskless-sync-delay 0\n"
        );
        if self.mode == Mode::ClusterNode {
            text += &format!("cluster-enabled yes\ncluster-port {bus_port}\ncluster-announce-ip 127.0.0.1\n");
        }
        for (name, value) in &self.directives {
            let value = if value.is_empty() { "\"\"" } else { value };
            text += &format!("{name} {value}\n");
        }
        text
    }
}

impl Mode {
    pub(super) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Alone | Self::ClusterNode => &[Config::FILE],
            Self::Sentinel => &[Config::FILE, "--sentinel"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_directives_come_last() {
        let config = Config::new(Mode::Alone, [7000, 7001], &[("appendonly", "yes"), ("requirepass", "")]);
        assert_eq!(
            config.text(),
            "bind 127.0.0.1\nport 7000\ndaemonize no\nsave \"\"\nappendonly no\nrepl-diskless-sync-delay 0\n\
             appendonly yes\nrequirepass \"\"\n"
        );
    }

    #[test]
    fn only_nodes_of_a_cluster_have_a_bus() {
        for (mode, expected) in [(Mode::Alone, false), (Mode::ClusterNode, true), (Mode::Sentinel, false)] {
            let text = Config::new(mode, [7000, 7001], &[]).text();
            assert_eq!(text.contains("cluster-port 7001\n"), expected, "{mode:?}");
        }
    }

    #[test]
    fn the_last_password_counts() {
        let directives = [("requirepass", "first"), ("maxmemory", "1mb"), ("requirepass", "second")];
        assert_eq!(Config::new(Mode::Alone, [0, 0], &directives).password(), Some("second"));
        assert_eq!(Config::new(Mode::Alone, [0, 0], &[]).password(), None);
    }
}
