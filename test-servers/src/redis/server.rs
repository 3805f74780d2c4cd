//! One `redis-server` process.

use std::io;

use rustix::process::Signal;
use tempfile::TempDir;

use super::config::{Config, Mode};
use super::dump::dump;
use super::resp::Connection;
use crate::port::{PORTS_TRIED, free_ports};
use crate::process::Process;
use crate::wait::{poll, wait_until};

/// A Redis server on a free port of 127.0.0.1 that keeps nothing on disk and runs until it is dropped.
pub struct RedisServer {
    // Above the folder, so that it is dropped before.
    process: Option<Process>,
    config: Config,
    dir: TempDir,
}

/// The shell's answer when there is no such program (POSIX, Shell Command Language, 2.8.2).
const NOT_FOUND: i32 = 127;

impl RedisServer {
    /// Starts a server that answers.
    ///
    /// # Panics
    /// redis-server is not installed or does not start; the message says why.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a server with more directives, each a name and its value as redis.conf has them; they outweigh
    /// ours. A password given as `requirepass` is part of the URL as it is.
    ///
    /// # Panics
    /// As [`Self::start`] does.
    pub fn with(directives: &[(&str, &str)]) -> Self {
        Self::launch(Mode::Alone, directives)
    }

    /// Starts a replica that has caught up with `master`, with the same password.
    ///
    /// # Panics
    /// As [`Self::start`] does, or the replica gets no link to its master.
    pub fn replica_of(master: &Self) -> Self {
        let address = format!("127.0.0.1 {}", master.port());
        let mut directives = vec![("replicaof", address.as_str())];
        if let Some(password) = master.password() {
            directives.extend([("masterauth", password), ("requirepass", password)]);
        }
        let replica = Self::with(&directives);
        wait_until("the replica has caught up with its master", || {
            replica.command(&["INFO", "replication"]).unwrap().contains("master_link_status:up")
        });
        replica
    }

    /// `redis://127.0.0.1:PORT`, or `redis://:PASSWORD@127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        let user = self.password().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{user}127.0.0.1:{}", self.port())
    }

    /// The port, which stays the same for as long as this value lives.
    pub fn port(&self) -> u16 {
        self.config.port
    }

    /// Ends the process at once, as a loss of power would. What was not on disk is lost: by default all of it.
    pub fn kill(&mut self) {
        drop(self.process.take());
    }

    /// Starts the server again, after ending it if it runs: same port, same folder, same directives.
    ///
    /// # Panics
    /// As [`Self::start`] does, or another process keeps the port.
    pub fn restart(&mut self) {
        self.kill();
        self.process = poll(|| self.run());
        assert!(self.process.is_some(), "another process keeps port {}", self.port());
    }

    /// Makes the server hang: connections are accepted by the kernel and never answered.
    ///
    /// # Panics
    /// The server does not run.
    pub fn pause(&self) {
        self.running().pause();
    }

    /// Lets the server go on after [`Self::pause`].
    ///
    /// # Panics
    /// The server does not run.
    pub fn resume(&self) {
        self.running().resume();
    }

    /// Sends one command, over a connection of its own, and answers its result as text: nil is empty, an
    /// array has a line for each element.
    ///
    /// # Errors
    /// The server's error answer, or why there was no answer within ten seconds.
    pub fn command(&self, words: &[&str]) -> io::Result<String> {
        let answer = self.connect()?.command(words)?.into_bytes();
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// The names and values of all keys in all databases, one below the other, for tests that look for what
    /// must not be there.
    ///
    /// # Panics
    /// The server does not answer, or holds a type that this function does not know.
    pub fn dump(&self) -> Vec<u8> {
        dump(&mut self.connect().unwrap())
    }

    pub(super) fn launch(mode: Mode, directives: &[(&str, &str)]) -> Self {
        let attempt = |_| {
            let mut server = Self::prepare(Config::new(mode, free_ports(), directives));
            server.process = server.run();
            server.process.is_some().then_some(server)
        };
        (0..PORTS_TRIED).find_map(attempt).unwrap_or_else(|| panic!("{PORTS_TRIED} free ports were lost"))
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.config.password()
    }

    fn prepare(config: Config) -> Self {
        let dir = tempfile::Builder::new().prefix("test-redis-").tempdir().unwrap();
        std::fs::write(dir.path().join(Config::FILE), config.text()).unwrap();
        Self { process: None, config, dir }
    }

    /// Starts the process and waits until it answers; `None` when another process has its port.
    fn run(&self) -> Option<Process> {
        let mut process =
            Process::start(self.dir.path(), Signal::KILL, "redis-server", self.config.mode.arguments());
        let status = poll(|| match process.exit_status() {
            None => self.is_answered_by(process.id()).then_some(None),
            status => Some(status),
        });
        match status {
            Some(None) => return Some(process),
            Some(Some(status)) if status.code() == Some(NOT_FOUND) => {
                panic!(
                    "redis-server is missing: install it with `cargo xtask test`, or apt-get install redis-server"
                )
            }
            Some(Some(_)) if process.log().contains("Address already in use") => return None,
            _ => {}
        }
        panic!("redis-server did not start; it says:\n{}", process.log())
    }

    /// The process is compared, because the port could be another server's.
    fn is_answered_by(&self, process_id: u32) -> bool {
        let is_ready = self.command(&["PING"]).is_ok_and(|answer| answer == "PONG");
        let own = format!("process_id:{process_id}");
        is_ready && self.command(&["INFO", "server"]).is_ok_and(|info| info.lines().any(|line| line == own))
    }

    fn connect(&self) -> io::Result<Connection> {
        let mut connection = Connection::open(self.port())?;
        if let Some(password) = self.password() {
            connection.command(&["AUTH", password])?;
        }
        Ok(connection)
    }

    fn running(&self) -> &Process {
        self.process.as_ref().expect("the server does not run: restart it first")
    }
}
