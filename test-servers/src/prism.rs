//! Prism, which answers as an OpenAPI document says, and checks requests against it.

use std::io;
use std::path::Path;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::port::{PORTS_TRIED, free_ports};
use crate::process::Process;
use crate::wait::poll;

/// A Prism on a free port of 127.0.0.1 that runs until it is dropped.
///
/// An answer to a request that breaks the document has the header `sl-violations`, whatever its status.
pub struct Prism {
    // Above the folder, so that it is dropped before.
    process: Process,
    port: u16,
    _dir: TempDir,
}

/// How many times as long as others it may take to start: it reads and compiles whole documents.
const PATIENCE: usize = 6;

impl Prism {
    /// Starts `program`, which is `dist/index.js` of the package @stoplight/prism-cli, with an OpenAPI document.
    ///
    /// # Panics
    /// Node.js is not installed, or Prism does not start; the message says why.
    pub fn start(program: &Path, document: &Path) -> Self {
        let attempt = |_| {
            let [port] = free_ports();
            Self::run(program, document, port)
        };
        (0..PORTS_TRIED).find_map(attempt).unwrap_or_else(|| panic!("{PORTS_TRIED} free ports were lost"))
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// All it has printed, among it what was wrong with requests.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// `None` when another process has the port.
    fn run(program: &Path, document: &Path, port: u16) -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("test-prism-").tempdir().unwrap();
        let path = |path: &Path| path.canonicalize().unwrap_or_else(|error| missing(path, &error));
        let (program, document) = (path(program), path(document));
        let port_text = port.to_string();
        // Several processes, which NODE_ENV may ask for, would outlive the one that is ended here.
        let arguments = [
            program.to_str().unwrap(),
            "mock",
            "--host",
            "127.0.0.1",
            "--port",
            &port_text,
            "--errors",
            "--no-multiprocess",
            document.to_str().unwrap(),
        ];
        let mut process = Process::start(dir.path(), Signal::KILL, "node", &arguments);
        let mut ready = || match process.exit_status() {
            None => process.log().contains("Prism is listening").then_some(true),
            Some(_) => Some(false),
        };
        let is_ready = (0..PATIENCE).find_map(|_| poll(&mut ready));
        match is_ready {
            Some(true) => Some(Self { process, port, _dir: dir }),
            Some(false) if process.log().contains("EADDRINUSE") => None,
            _ => panic!("Prism did not start; it says:\n{}", process.log()),
        }
    }
}

fn missing(path: &Path, error: &io::Error) -> ! {
    panic!("{} is missing: {error}", path.display())
}
