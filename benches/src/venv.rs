//! A virtual environment under `target/` with the peers in Python.
#![expect(clippy::print_stderr, reason = "installing takes a while, and says what it does")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;

/// A Python with the peers.
pub struct Venv {
    /// The interpreter.
    pub python: PathBuf,
    /// What it says it is.
    pub version: String,
}

impl Venv {
    /// The environment as `requirements.txt` has it, made now if there is none.
    ///
    /// # Errors
    /// When there is no Python, or pip cannot install what is required.
    pub fn ready() -> Result<Self> {
        // This program is in target/release/deps.
        let program = std::env::current_exe()?;
        let target = program.ancestors().nth(3).ok_or("there is no target folder")?;
        let folder = target.join("benches").join("venv");
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join("requirements.txt");
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
