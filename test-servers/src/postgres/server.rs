//! One `postgres` process, and those that it starts.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::Signal;
use tempfile::TempDir;

use super::account::Account;
use super::programs;
use crate::port::{PORTS_TRIED, free_ports};
use crate::process::Process;
use crate::wait::poll;

/// A PostgreSQL server on a free port of 127.0.0.1 that runs until it is dropped. Everybody on this machine may do
/// everything in it.
///
/// It keeps what was committed over [`Self::kill`], and, unless `fsync` is turned on, not over a loss of power.
pub struct PostgresServer {
    // Above the folder, so that it is dropped before.
    process: Option<Process>,
    programs: PathBuf,
    account: Option<Account>,
    port: u16,
    settings: Vec<String>,
    databases: AtomicU32,
    dir: TempDir,
}

const SCRIPT: &str = include_str!("server.sh");

/// Ends a server at once, and its processes with it, and gives the system back what shared memory it had.
const AT_ONCE: Signal = Signal::QUIT;

/// What is in the way of a start, and passes: another process with the port, or processes of the run before that were
/// killed and are not gone yet.
const PASSING: [&str; 2] = ["Address already in use", "pre-existing shared memory block"];

impl PostgresServer {
    /// Starts a server that answers.
    ///
    /// # Panics
    /// PostgreSQL is not installed or does not start; the message says why.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a server with more settings, each a name and its value as in postgresql.conf; they outweigh ours.
    ///
    /// # Panics
    /// As [`Self::start`] does.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let attempt = |_| {
            let [port] = free_ports();
            let mut server = Self::prepare(port, settings);
            server.process = server.run();
            server.process.is_some().then_some(server)
        };
        (0..PORTS_TRIED).find_map(attempt).unwrap_or_else(|| panic!("{PORTS_TRIED} free ports were lost"))
    }

    /// The address of a database, `postgres://postgres@127.0.0.1:PORT/DATABASE`. The database `postgres` is always there.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database that nobody else knows; answers its address.
    ///
    /// # Panics
    /// The server does not answer.
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        // template1 may have a visitor, which nobody may be copied beside.
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
        self.query(&self.url("postgres"), &sql).unwrap();
        self.url(&name)
    }

    /// Runs SQL in the database at `url`, over a connection of its own; a row is a line, its values divided by `|`.
    ///
    /// # Errors
    /// What the server says, or why it does not answer.
    pub fn query(&self, url: &str, sql: &str) -> io::Result<String> {
        let flags = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"];
        let mut psql = Command::new(self.programs.join("psql"));
        let output = psql.args(flags).args(["--command", sql, url]).output()?;
        let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(io::Error::other(text(&output.stderr)))
        }
    }

    /// The folder of PostgreSQL's own programs: `psql`, `pg_dump` and others.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// The port, which stays the same for as long as this value lives.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends all its processes at once, as `kill -9` does. What was committed is on disk, or with the system.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            // One that stands still starts no others meanwhile.
            process.pause();
            process.signal_children(Signal::KILL);
            process.kill();
        }
    }

    /// Starts the server again, after ending it if it runs: same port, same folder, same settings.
    ///
    /// # Panics
    /// As [`Self::start`] does, or another process keeps the port.
    pub fn restart(&mut self) {
        self.kill();
        self.process = poll(|| self.run());
        assert!(self.process.is_some(), "another process keeps port {}", self.port);
    }

    /// Makes the server hang: connections are accepted by the kernel and never answered, and those that there are
    /// hear nothing more.
    ///
    /// # Panics
    /// The server does not run.
    pub fn pause(&self) {
        self.running().pause();
        self.running().signal_children(Signal::STOP);
    }

    /// Lets the server go on after [`Self::pause`].
    ///
    /// # Panics
    /// The server does not run.
    pub fn resume(&self) {
        self.running().signal_children(Signal::CONT);
        self.running().resume();
    }

    fn prepare(port: u16, settings: &[(&str, &str)]) -> Self {
        let programs = programs::find().unwrap_or_else(|| {
            panic!("PostgreSQL is missing: install it with `cargo xtask test`, or apt-get install postgresql")
        });
        let dir = tempfile::Builder::new().prefix("test-postgres-").tempdir().unwrap();
        let account = Account::instead_of_root();
        if let Some(account) = &account {
            account.give(dir.path());
        }
        let port_text = port.to_string();
        let ours = [
            ("listen_addresses", "127.0.0.1"),
            ("port", &port_text),
            ("unix_socket_directories", ""),
            ("max_connections", "200"),
            // Slow, and of use only when the machine itself goes down.
            ("fsync", "off"),
        ];
        let settings = ours.iter().chain(settings).map(|(name, value)| format!("--{name}={value}")).collect();
        Self { process: None, programs, account, port, settings, databases: AtomicU32::new(0), dir }
    }

    /// Starts the process and waits until it answers; `None` when something that passes is in its way.
    fn run(&self) -> Option<Process> {
        let mut command: Vec<_> = self.account.iter().flat_map(Account::command).collect();
        command.extend(["sh", "-c", SCRIPT, "postgres", self.programs.to_str().unwrap()].map(String::from));
        command.extend_from_slice(&self.settings);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let mut process = Process::start(self.dir.path(), AT_ONCE, command[0], &command[1..]);
        let status = poll(|| match process.exit_status() {
            None => self.is_ready(process.id()).then_some(None),
            status => Some(status),
        });
        match status {
            Some(None) => return Some(process),
            Some(Some(_)) if PASSING.iter().any(|words| process.log().contains(words)) => return None,
            _ => {}
        }
        panic!("PostgreSQL did not start; it says:\n{}", process.log())
    }

    /// Reads what `pg_ctl` reads, too: the process id in the first line, and how it is in the eighth.
    fn is_ready(&self, process_id: u32) -> bool {
        let text = std::fs::read_to_string(self.dir.path().join("data/postmaster.pid")).unwrap_or_default();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        lines.first() == Some(&process_id.to_string().as_str()) && lines.get(7) == Some(&"ready")
    }

    fn running(&self) -> &Process {
        self.process.as_ref().expect("the server does not run: restart it first")
    }
}
