//! Python's `sqlite3`, in a process of its own that measures itself.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use benches::{Cost, Result};

/// The script, as long as this is not dropped.
pub(crate) struct Python {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What it is, as it says itself.
    pub(crate) version: String,
}

impl Python {
    /// Starts the script on a new database; `None` when there is no Python with `sqlite3`.
    pub(crate) fn start(database: &Path) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("sqlite3_peer.py");
        let mut command = Command::new("python3");
        let command = command.arg(script).arg(database).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().ok()?;
        let (commands, answers) = (process.stdin.take(), BufReader::new(process.stdout.take()?));
        let mut python = Self { process, commands, answers, version: String::new() };
        python.version = python.line().ok()?;
        Some(python)
    }

    /// Does `name` so many times.
    pub(crate) fn run(&mut self, name: &str, operations: u64) -> Result<Cost> {
        let commands = self.commands.as_mut().ok_or("python3 has ended")?;
        writeln!(commands, "{name} {operations}")?;
        let line = self.line()?;
        let (wall, cpu) = line.split_once(' ').ok_or("python3 answers something else")?;
        let seconds = |text: &str| -> Result<Duration> { Ok(Duration::try_from_secs_f64(text.parse()?)?) };
        Ok(Cost { operations, wall: seconds(wall)?, cpu: seconds(cpu)?, latency: None })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() { Err("python3 has ended".into()) } else { Ok(line.trim().to_owned()) }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // The script ends with its input.
        self.commands = None;
        let _ = self.process.wait();
    }
}
