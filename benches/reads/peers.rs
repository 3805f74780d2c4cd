//! Flask and FastAPI as their users run them, in a virtual environment under `target/`.
#![expect(clippy::print_stderr, reason = "installing takes a while, and says what it does")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use benches::Result;
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

/// A Python with the peers.
pub(crate) struct Venv {
    python: PathBuf,
    /// What it says it is.
    pub(crate) version: String,
}

impl Venv {
    /// The environment as `requirements.txt` has it, made now if there is none.
    pub(crate) fn ready() -> Result<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("there is no target folder")?;
        let folder = target.join("benches").join("venv");
        let requirements = Path::new(FOLDER).join("requirements.txt");
        let (wanted, installed) = (std::fs::read_to_string(&requirements)?, folder.join("installed.txt"));
        let python = folder.join("bin").join("python");
        if std::fs::read_to_string(&installed).ok() != Some(wanted.clone()) {
            say_and_run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
            say_and_run(Command::new(&python).args(pip).arg(&requirements))?;
            std::fs::write(&installed, wanted)?;
        }
        let version = Command::new(&python).arg("--version").output()?.stdout;
        Ok(Self { python, version: String::from_utf8_lossy(&version).trim().to_owned() })
    }
}

fn say_and_run(command: &mut Command) -> Result<()> {
    eprintln!("{command:?}");
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} fails: {status}").into()) }
}

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
