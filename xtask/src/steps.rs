//! The steps of each command, as data.

use std::path::{Path, PathBuf};

use xshell::{Cmd, Shell, cmd};

use crate::python;
use crate::requirements::succeeds;

/// Random cases per test when nothing else is said: proptest's own default.
const CASES_DEFAULT: u32 = 256;
const CASES_SOAK: u32 = 20 * CASES_DEFAULT;

/// Commands that pass or fail together.
pub(crate) struct Step<'sh> {
    pub(crate) name: &'static str,
    pub(crate) commands: Vec<Cmd<'sh>>,
    /// Variables set for all commands.
    pub(crate) env: Vec<(&'static str, String)>,
    /// Earlier steps without which this one says nothing.
    pub(crate) needs: &'static [&'static str],
    /// Shows output only when a command fails.
    pub(crate) is_captured: bool,
    /// Why this step may be left out without failing.
    pub(crate) skip: Option<&'static str>,
}

impl<'sh> Step<'sh> {
    pub(crate) fn new(name: &'static str, commands: impl Into<Vec<Cmd<'sh>>>) -> Self {
        Self { name, commands: commands.into(), env: Vec::new(), needs: &[], is_captured: false, skip: None }
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    pub(crate) fn needs(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    pub(crate) fn captured(self) -> Self {
        Self { is_captured: true, ..self }
    }
}

/// `prism` is its program, or why it is not there.
pub(crate) fn test<'sh>(
    sh: &'sh Shell,
    target: &Path,
    prism: Result<PathBuf, &'static str>,
) -> Vec<Step<'sh>> {
    let mut steps = rust(sh);
    steps.push(contracts(sh, prism));
    steps.extend(python::steps(sh, target));
    steps.push(licences(sh));
    steps
}

pub(crate) fn soak(sh: &Shell) -> Vec<Step<'_>> {
    vec![
        Step::new("soak", [cmd!(sh, "cargo test --workspace --profile soak --no-fail-fast --locked")])
            .env("PROPTEST_CASES", CASES_SOAK.to_string())
            .env("QUICKCART_SOAK", "1"),
    ]
}

fn rust(sh: &Shell) -> Vec<Step<'_>> {
    vec![
        Step::new("format", [cmd!(sh, "cargo fmt --all --check")]),
        Step::new("lint", [cmd!(sh, "cargo clippy --workspace --all-targets --locked -- -D warnings")]),
        // The workspace build turns every feature on, so a missing cfg shows only here.
        core_with(sh, "lint: core, no features", None),
        core_with(sh, "lint: core, sqlite", Some("sqlite")),
        core_with(sh, "lint: core, postgres", Some("postgres")),
        core_with(sh, "lint: core, redis", Some("redis")),
        core_with(sh, "lint: core, http", Some("http")),
        core_with(sh, "lint: core, smtp", Some("smtp")),
        core_with(sh, "lint: core, conformance", Some("conformance")),
        Step::new("docs", [cmd!(sh, "cargo doc --workspace --no-deps --locked")])
            .env("RUSTDOCFLAGS", "-D warnings"),
        Step::new("build", [cmd!(sh, "cargo test --workspace --no-run --locked")]),
        Step::new("tests", [cmd!(sh, "cargo test --workspace --locked")]).needs(&["build"]),
        Step::new("examples", [cmd!(sh, "cargo run --locked -p examples --example visit")])
            .needs(&["build"])
            .captured(),
    ]
}

fn core_with<'sh>(sh: &'sh Shell, name: &'static str, feature: Option<&str>) -> Step<'sh> {
    let features = feature.map(|feature| format!("--features={feature}"));
    Step::new(
        name,
        [cmd!(
            sh,
            "cargo clippy -p quickcart-core --locked --no-default-features {features...} -- -D warnings"
        )],
    )
}

/// Providers' requests against the official descriptions of their APIs.
fn contracts<'sh>(sh: &'sh Shell, prism: Result<PathBuf, &'static str>) -> Step<'sh> {
    let test =
        cmd!(sh, "cargo test -p quickcart-core --locked --test it providers_contract -- --test-threads=1");
    let step = Step::new("contracts", [test]).needs(&["build"]);
    match prism {
        Ok(program) => step.env("QUICKCART_PRISM", program.display().to_string()),
        Err(why) => Step { skip: Some(why), ..step },
    }
}

/// Fetches first: cargo-deny reads the crates of every platform and may not download them itself.
fn licences(sh: &Shell) -> Step<'_> {
    let is_installed = succeeds(sh, &["cargo", "deny", "--version"]);
    let commands =
        [cmd!(sh, "cargo fetch --locked"), cmd!(sh, "cargo deny --offline check licenses bans sources")];
    let skip = (!is_installed).then_some("cargo-deny is not installed (cargo install cargo-deny)");
    Step { skip, ..Step::new("licences", commands) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_is_an_earlier_step() {
        let sh = Shell::new().unwrap();
        let target = Path::new("/target");
        for steps in [test(&sh, target, Err("it is not here")), soak(&sh)] {
            let names: Vec<_> = steps.iter().map(|step| step.name).collect();
            for (index, step) in steps.iter().enumerate() {
                assert!(!names[..index].contains(&step.name), "{} comes twice", step.name);
                for need in step.needs {
                    assert!(names[..index].contains(need), "{} needs {need}", step.name);
                }
            }
        }
    }

    #[test]
    fn features_are_linted_one_at_a_time() {
        let sh = Shell::new().unwrap();
        let line = |feature| core_with(&sh, "lint", feature).commands[0].to_string();
        assert_eq!(
            line(None),
            "cargo clippy -p quickcart-core --locked --no-default-features -- -D warnings"
        );
        assert_eq!(
            line(Some("sqlite")),
            "cargo clippy -p quickcart-core --locked --no-default-features --features=sqlite -- -D warnings"
        );
    }
}
