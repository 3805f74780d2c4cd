//! Starts the program in a folder of its own, listens to what it prints, and ends it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

/// Longer than anything here takes; only a test that fails waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A command in `folder` whose environment holds nothing but `settings`.
pub(crate) fn command(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickcart-warp"));
    command.current_dir(folder).env_clear().envs(settings.iter().copied());
    command
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    printed: Arc<Mutex<String>>,
    log: Option<JoinHandle<String>>,
    pub(crate) url: String,
}

impl Server {
    /// Starts a server on a free port of this machine.
    pub(crate) fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_with(folder, settings, &[])
    }

    /// As [`start`](Self::start), with arguments.
    pub(crate) fn start_with(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = command(folder, settings);
        if !settings.iter().any(|(name, _)| *name == "QUICKCART_LISTEN") {
            command.env("QUICKCART_LISTEN", "127.0.0.1:0");
        }
        command.args(arguments);
        Self::run(command)
    }

    /// Starts a server with this command.
    pub(crate) fn run(mut command: Command) -> Self {
        choose_cryptography();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, lines) = channel();
        let printed = Arc::new(Mutex::new(String::new()));
        let copy = Arc::clone(&printed);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                copy.lock().unwrap().extend([line.as_str(), "\n"]);
                let _ = sender.send(line);
            }
        });
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            let _ = stderr.read_to_string(&mut log);
            log
        });
        let mut server = Self { child, lines, printed, log: Some(log), url: String::new() };
        let first = server.line(" listens on ");
        server.url = first.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        server
    }

    /// The next printed line that contains `part`.
    pub(crate) fn line(&self, part: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{part:?} was not printed"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The code in the next message that is printed.
    pub(crate) fn code(&self) -> String {
        let line = self.line("verification code is: ");
        line.split("code is: ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect()
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once, as a loss of power would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to stop.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.process_id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end; answers how it ended, what was printed and what was logged.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, String) {
        let status = self.child.wait().unwrap();
        let log = self.log.take().unwrap().join().unwrap();
        let printed = self.printed.lock().unwrap().clone();
        (status, printed, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder for the files of a test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The demo store as files.
pub(crate) fn demo_store() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../quickcart-core/demo-store")
}

/// The tests' own client wants to know whose cryptography to use, although it never uses TLS: the core's reqwest has TLS
/// without a choice of its own, and there is one reqwest for both.
pub(crate) fn choose_cryptography() {
    // It is chosen already when another test came first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
