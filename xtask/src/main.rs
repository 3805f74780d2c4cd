//! The commands of this repository, run as `cargo xtask <command>`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task runner talks to its user")]

mod apt;
mod consent;
mod os_release;
mod prism;
mod python;
mod requirements;
mod run;
mod steps;
mod summary;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use xshell::Shell;

use crate::consent::Consent;
use crate::summary::Report;

/// Checks this repository the way its CI does.
///
/// A Debian or Ubuntu machine with Rust and Python is enough: what else the checks need is looked for first
/// and, with your consent, installed.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true,
    after_help = "Start with: cargo xtask test\nMore about a command: cargo xtask test --help"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks everything CI checks: format, lints, docs, tests, the Python wheel.
    ///
    /// One failing step does not stop the others. Those that need it are reported as not run, which counts as
    /// a failure; only the licence check and the contracts may be missing their tools. The last line reads "N passed, M failed",
    /// and the exit code is 0 only when nothing failed.
    #[command(after_long_help = TEST_HELP)]
    Test(Options),

    /// Runs the Rust tests again with twenty times the random cases, optimised.
    ///
    /// Sets PROPTEST_CASES, which proptest reads as the number of random cases to try, and QUICKCART_SOAK,
    /// with which the test that counts one-time codes takes ten million of them, and the proof by fire
    /// (quickcart-warp/tests/it/fire) twenty seeds. Meant for a spare hour, not for every change.
    Soak(Options),
}

#[derive(Args)]
struct Options {
    /// Installs missing Debian packages without asking, as with CI set.
    #[arg(long)]
    yes: bool,
}

const REQUIREMENTS: &str = "requirements";

const TEST_HELP: &str = "\
Steps, in order:
  requirements   a C compiler, rustfmt, clippy, Python 3.10 or newer with venv and headers,
                 redis-server, PostgreSQL, prlimit
  format         cargo fmt
  lint ...       cargo clippy on all targets, then quickcart-core with each feature alone
  docs           cargo doc, warnings are errors
  build, tests   cargo test: unit, integration and doc tests
  examples       the shop visit in Rust
  contracts      providers' requests against the official descriptions of their APIs, with Prism, where
                 ../shared has them and npm can install it
  wheel          pip install ./quickcart-py in a fresh virtual environment, target/xtask/venv
  python ...     pytest, stubtest, mypy --strict and the shop visit, all with the installed wheel
  openapi        schemathesis asks the built server whatever its own description allows, and more
  licences       cargo deny, when it is installed

Every command is printed before it runs ($ ...): paste its line to repeat one step.

Servers: the tests start what they need on free loopback ports. Packages are installed with service
starts forbidden, so nothing is left running.

Environment:
  CI                 not empty: installs missing packages without asking, like --yes
  CARGO_TARGET_DIR   where artefacts go, as for cargo itself";

fn main() -> ExitCode {
    let command = Cli::parse().command;
    match check(command) {
        Ok(report) => {
            print!("\n{report}");
            if report.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn check(command: Command) -> xshell::Result<Report> {
    let sh = Shell::new()?;
    let target = target_dir(&sh);
    sh.change_dir(workspace());
    let mut report = Report::default();
    let (Command::Test(options) | Command::Soak(options)) = &command;
    run::timed(&mut report, REQUIREMENTS, || requirements::meet(&sh, Consent::find(options.yes)));
    if report.has_passed(REQUIREMENTS) {
        let steps = match command {
            Command::Test(_) => steps::test(&sh, &target, prism::find_or_install(&sh, &target)),
            Command::Soak(_) => steps::soak(&sh),
        };
        run::all(&sh, steps, &mut report);
    }
    Ok(report)
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// Absolute, because some commands run in another directory.
fn target_dir(sh: &Shell) -> PathBuf {
    match sh.var_os("CARGO_TARGET_DIR") {
        Some(dir) => sh.current_dir().join(dir),
        None => workspace().join("target"),
    }
}
