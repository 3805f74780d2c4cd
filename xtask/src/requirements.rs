//! What the machine needs before any step makes sense.

use xshell::Shell;

use crate::apt::Apt;
use crate::consent::Consent;

struct Requirement {
    name: &'static str,
    /// A command that succeeds when the requirement is met.
    probe: &'static [&'static str],
    from: Source,
    why: &'static str,
}

#[derive(Clone, Copy)]
enum Source {
    /// A Debian and Ubuntu package.
    Apt(&'static str),
    /// A component of the Rust toolchain.
    Rustup(&'static str),
}

/// A server for tests is one more line here.
const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        name: "a C compiler (cc)",
        probe: &["cc", "--version"],
        from: Source::Apt("build-essential"),
        why: "SQLite is built from source",
    },
    Requirement {
        name: "rustfmt",
        probe: &["cargo", "fmt", "--version"],
        from: Source::Rustup("rustfmt"),
        why: "checks the format",
    },
    Requirement {
        name: "clippy",
        probe: &["cargo", "clippy", "--version"],
        from: Source::Rustup("clippy"),
        why: "checks for common mistakes",
    },
    Requirement {
        name: "Python 3.10 or newer",
        probe: &["python3", "-c", "import sys; sys.exit(sys.version_info < (3, 10))"],
        from: Source::Apt("python3"),
        why: "runs the Python package",
    },
    Requirement {
        name: "Python's venv and ensurepip",
        probe: &["python3", "-c", "import venv, ensurepip"],
        from: Source::Apt("python3-venv"),
        why: "the wheel is installed into an environment of its own",
    },
    Requirement {
        name: "Python's headers and library",
        probe: &[
            "python3",
            "-c",
            "import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path('include') + '/Python.h'))",
        ],
        from: Source::Apt("python3-dev"),
        why: "cargo test links the Python module against libpython",
    },
    Requirement {
        name: "redis-server",
        probe: &["redis-server", "--version"],
        from: Source::Apt("redis-server"),
        why: "tests start Redis servers of their own",
    },
    Requirement {
        name: "PostgreSQL",
        // Debian keeps the server's programs out of PATH.
        probe: &["sh", "-c", "command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb"],
        from: Source::Apt("postgresql"),
        why: "tests start PostgreSQL servers of their own",
    },
    Requirement {
        name: "prlimit",
        probe: &["prlimit", "--version"],
        from: Source::Apt("util-linux"),
        why: "tests end servers in the middle of what they write",
    },
];

/// Installs what is missing, if it may.
///
/// # Errors
/// Something is missing still; the error says what to run.
pub(crate) fn meet(sh: &Shell, consent: Consent) -> anyhow::Result<()> {
    let mut missing = missing(sh);
    let packages = packages(&missing);
    let apt = Apt::find(sh);
    if let Some(apt) = &apt
        && !packages.is_empty()
        && consent.obtain(&question(&missing))?
    {
        if let Err(error) = apt.install(sh, &packages) {
            eprintln!("{error}");
        }
        missing = self::missing(sh);
    }
    if missing.is_empty() { Ok(()) } else { anyhow::bail!(remedy(&missing, apt.as_ref())) }
}

pub(crate) fn succeeds(sh: &Shell, probe: &[&str]) -> bool {
    sh.cmd(probe[0]).args(&probe[1..]).quiet().ignore_stdout().ignore_stderr().run().is_ok()
}

fn missing(sh: &Shell) -> Vec<&'static Requirement> {
    REQUIREMENTS.iter().filter(|requirement| !succeeds(sh, requirement.probe)).collect()
}

fn question(missing: &[&Requirement]) -> String {
    format!("{}\nInstall {} with apt?", list(missing), packages(missing).join(" "))
}

fn remedy(missing: &[&Requirement], apt: Option<&Apt>) -> String {
    let mut text = list(missing);
    let packages = packages(missing);
    match apt {
        _ if packages.is_empty() => {}
        Some(apt) => text += &format!("\ninstall with:\n  {}", apt.command_line(&packages)),
        None => text += &format!("\ninstall what Debian calls:\n  {}", packages.join(" ")),
    }
    let components = components(missing);
    if !components.is_empty() {
        text += &format!("\ninstall with:\n  rustup component add {}", components.join(" "));
    }
    text
}

fn list(missing: &[&Requirement]) -> String {
    let lines = missing.iter().map(|Requirement { name, why, .. }| format!("\n  {name}: {why}"));
    format!("missing:{}", lines.collect::<String>())
}

fn packages(missing: &[&Requirement]) -> Vec<&'static str> {
    let name = |source| if let Source::Apt(package) = source { Some(package) } else { None };
    missing.iter().filter_map(|requirement| name(requirement.from)).collect()
}

fn components(missing: &[&Requirement]) -> Vec<&'static str> {
    let name = |source| if let Source::Rustup(component) = source { Some(component) } else { None };
    missing.iter().filter_map(|requirement| name(requirement.from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CC: &Requirement =
        &Requirement { name: "cc", probe: &["false"], from: Source::Apt("build-essential"), why: "SQLite" };
    const VENV: &Requirement =
        &Requirement { name: "venv", probe: &["false"], from: Source::Apt("python3-venv"), why: "wheel" };
    const CLIPPY: &Requirement =
        &Requirement { name: "clippy", probe: &["false"], from: Source::Rustup("clippy"), why: "lints" };

    #[test]
    fn asks_for_packages_only() {
        assert_eq!(
            question(&[CC, CLIPPY, VENV]),
            "missing:\n  cc: SQLite\n  clippy: lints\n  venv: wheel\n\
             Install build-essential python3-venv with apt?"
        );
        assert!(packages(&[CLIPPY]).is_empty());
    }

    #[test]
    fn says_what_to_run() {
        let apt = Apt { is_root: true };
        for (missing, apt, expected) in [
            (
                &[CC, CLIPPY][..],
                Some(&apt),
                "missing:\n  cc: SQLite\n  clippy: lints\n\
                 install with:\n  \
                 apt-get update && apt-get install -y --no-install-recommends build-essential\n\
                 install with:\n  rustup component add clippy",
            ),
            (
                &[CC, VENV],
                None,
                "missing:\n  cc: SQLite\n  venv: wheel\n\
                 install what Debian calls:\n  build-essential python3-venv",
            ),
            (
                &[CLIPPY],
                None,
                "missing:\n  clippy: lints\n\
                 install with:\n  rustup component add clippy",
            ),
        ] {
            assert_eq!(remedy(missing, apt), expected);
        }
    }

    #[test]
    fn a_missing_program_is_a_failed_probe() {
        let sh = Shell::new().unwrap();
        assert!(succeeds(&sh, &["true"]));
        assert!(!succeeds(&sh, &["false"]));
        assert!(!succeeds(&sh, &["no-such-program-here"]));
    }
}
