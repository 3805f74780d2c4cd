//! A server in a process of its own, so that its processor time and memory are counted apart.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::Result;

/// A server that runs until this is dropped.
pub struct Child {
    process: std::process::Child,
    /// Where it listens, on this machine.
    pub port: u16,
}

impl Child {
    /// Starts this program with these arguments, as a server that says its port on standard error, and waits until it does.
    ///
    /// # Errors
    /// When it does not start, or says something else.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            // Settings of whoever runs the bench are not for this server.
            .env_clear()
            .stdin(Stdio::piped())
            // Messages with codes are printed there; nobody reads them here.
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut errors = BufReader::new(process.stderr.take().ok_or("no standard error")?);
        let mut line = String::new();
        errors.read_line(&mut line)?;
        let port = line.trim().parse().map_err(|_| format!("the server {arguments:?} says: {line}"))?;
        // Whatever it says later is shown.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        Ok(Self { process, port })
    }

    /// Its process, for [`ThreadTimes`](crate::ThreadTimes).
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The server stops when this end of its standard input closes.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
