//! Installing Debian packages without starting anything.

use xshell::{Cmd, Shell, cmd};

use crate::os_release;
use crate::requirements::succeeds;

const INSTALL: &str = include_str!("apt-install.sh");
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// A machine whose packages come from Debian or Ubuntu.
pub(crate) struct Apt {
    pub(crate) is_root: bool,
}

impl Apt {
    pub(crate) fn find(sh: &Shell) -> Option<Self> {
        let os_release = sh.read_file("/etc/os-release").ok()?;
        let usable = os_release::is_debian_like(&os_release) && succeeds(sh, &["apt-get", "--version"]);
        usable.then(|| Self { is_root: cmd!(sh, "id -u").quiet().read().is_ok_and(|id| id == "0") })
    }

    /// What a person would type for the same packages.
    pub(crate) fn command_line(&self, packages: &[&str]) -> String {
        let sudo = if self.is_root { "" } else { "sudo " };
        let packages = packages.join(" ");
        format!("{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {packages}")
    }

    pub(crate) fn install(&self, sh: &Shell, packages: &[&str]) -> anyhow::Result<()> {
        println!("$ {}", self.command_line(packages));
        let shell = if self.is_root { cmd!(sh, "sh") } else { cmd!(sh, "sudo sh") };
        // xshell's error would carry the whole script.
        let done = run_script(shell, POLICY, packages);
        done.map_err(|_| anyhow::anyhow!("the packages were not installed, see above"))
    }
}

fn run_script(shell: Cmd<'_>, policy: &str, packages: &[&str]) -> xshell::Result<()> {
    shell.args(["-c", INSTALL, "apt-install", policy]).args(packages).quiet().run()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    #[test]
    fn uses_sudo_unless_root() {
        let packages = ["build-essential", "python3-venv"];
        assert_eq!(
            Apt { is_root: false }.command_line(&packages),
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends build-essential python3-venv"
        );
        assert_eq!(
            Apt { is_root: true }.command_line(&packages),
            "apt-get update && apt-get install -y --no-install-recommends build-essential python3-venv"
        );
    }

    /// Stands in for apt-get: notes its arguments and what the policy answers meanwhile.
    const APT_GET: &str = r#"#!/bin/sh
answer=0
"$DIR/policy-rc.d" redis-server start || answer=$?
echo "$* ($answer)" >>"$DIR/log"
case $1 in "$FAILING") exit 100 ;; esac
"#;

    const FORBIDS: &str = "#!/bin/sh\nexit 101\n";
    const ALLOWS: &str = "#!/bin/sh\nexit 0\n";
    const INSTALLED: &str = "update (101)\ninstall -y --no-install-recommends redis-server (101)\n";

    #[test]
    fn services_stay_forbidden_and_the_policy_is_left_as_found() {
        // (policy found, apt-get command that fails) → (success, what apt-get saw)
        check(None, "", true, INSTALLED);
        check(None, "install", false, INSTALLED);
        check(None, "update", false, "update (101)\n");
        check(Some(FORBIDS), "", true, INSTALLED);
        check(Some(FORBIDS), "install", false, INSTALLED);
        check(Some(ALLOWS), "", false, "");
    }

    fn check(found: Option<&str>, failing: &str, success: bool, seen: &str) {
        let sh = Shell::new().unwrap();
        let dir = sh.create_temp_dir().unwrap();
        let policy = dir.path().join("policy-rc.d");
        write_executable(&dir.path().join("apt-get"), APT_GET);
        if let Some(found) = found {
            write_executable(&policy, found);
        }

        let path = std::env::join_paths([dir.path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        let shell =
            cmd!(sh, "sh").env("PATH", path).env("DIR", dir.path()).env("FAILING", failing).ignore_stderr();
        let result = run_script(shell, policy.to_str().unwrap(), &["redis-server"]);

        let case = format!("found {found:?}, failing {failing:?}");
        assert_eq!(result.is_ok(), success, "{case}");
        assert_eq!(fs::read_to_string(dir.path().join("log")).unwrap_or_default(), seen, "{case}");
        assert_eq!(fs::read_to_string(&policy).ok().as_deref(), found, "{case}");
    }

    fn write_executable(path: &Path, content: &str) {
        fs::write(path, content).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
}
