//! A peer in Python, in a process of its own that measures itself.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::{Cost, Result};

/// A script that does what it is told on standard input, until this is dropped.
pub struct Python {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What it is, as it says itself.
    pub version: String,
}

impl Python {
    /// Starts a script of this package, which says what it is first; `None` when there is no Python that can run it.
    #[must_use]
    pub fn start(script: &str, arguments: &[&OsStr]) -> Option<Self> {
        Self::start_with(Path::new("python3"), script, arguments)
    }

    /// The same with a Python of one's own.
    #[must_use]
    pub fn start_with(python: &Path, script: &str, arguments: &[&OsStr]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let mut command = Command::new(python);
        let command = command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().ok()?;
        let (commands, answers) = (process.stdin.take(), BufReader::new(process.stdout.take()?));
        let mut python = Self { process, commands, answers, version: String::new() };
        python.version = python.line().ok()?;
        Some(python)
    }

    /// Does `name` so many times.
    ///
    /// # Errors
    /// When the script has ended, or answers something else than two durations.
    pub fn run(&mut self, name: &str, operations: u64) -> Result<Cost> {
        let line = self.ask(&format!("{name} {operations}"))?;
        let (wall, cpu) = line.split_once(' ').ok_or("python3 answers something else")?;
        let seconds = |text: &str| -> Result<Duration> { Ok(Duration::try_from_secs_f64(text.parse()?)?) };
        Ok(Cost { operations, wall: seconds(wall)?, cpu: seconds(cpu)?, latency: None })
    }

    /// What the script answers, in a line.
    ///
    /// # Errors
    /// When it has ended.
    pub fn ask(&mut self, command: &str) -> Result<String> {
        let commands = self.commands.as_mut().ok_or("python3 has ended")?;
        writeln!(commands, "{command}")?;
        self.line()
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
