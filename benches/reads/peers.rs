//! Flask and FastAPI as their users run them, in a virtual environment under `target/`.
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use benches::{Result, Venv};
use rustix::process::{Pid, Signal, kill_process};

use super::shop::JWT_KEY;

/// Where the servers are, with their requirements.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");

pub(crate) const GUNICORN: &[&str] = &[
    "gunicorn",
    "--bind=127.0.0.1:0",
    "--workers=2",
    "--worker-class=gthread",
    "--threads=4",
    "--no-control-socket",
    "flask_shop:app",
];
/// gunicorn logs no requests of itself, and neither do we.
pub(crate) const UVICORN: &[&str] =
    &["uvicorn", "--host=127.0.0.1", "--port=0", "--workers=2", "--no-access-log", "fastapi_shop:app"];

/// A server with its workers, which runs until this is dropped.
pub(crate) struct PythonServer {
    process: std::process::Child,
    pub(crate) port: u16,
}

impl PythonServer {
    /// Starts a module of the environment on a database, and waits until it says where it listens.
    pub(crate) fn start(venv: &Venv, arguments: &[&str], database: &Path) -> Result<Self> {
        let mut process = Command::new(&venv.python)
            .arg("-m")
            .args(arguments)
            .current_dir(FOLDER)
            // Settings of whoever runs the bench are not for this server.
            .env_clear()
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SHOP_DATABASE", database)
            .env("JWT_SECRET_KEY", JWT_KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut errors = BufReader::new(process.stderr.take().ok_or("no standard error")?);
        let mut server = Self { process, port: 0 };
        let mut said = String::new();
        server.port = loop {
            let mut line = String::new();
            if errors.read_line(&mut line)? == 0 {
                return Err(format!("{arguments:?} ends, and says: {said}").into());
            }
            if let Some(port) = port_in(&line) {
                break port;
            }
            said.push_str(&line);
        };
        // Whatever it says later is shown.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        Ok(server)
    }

    /// The first of its processes.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }
}

/// `… http://127.0.0.1:40123 …`
fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("http://127.0.0.1:")?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

impl Drop for PythonServer {
    fn drop(&mut self) {
        // Asked to stop, it stops its workers, too.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
    }
}
