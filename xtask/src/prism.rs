//! Prism, which holds providers' requests to the official descriptions of their APIs.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::requirements::succeeds;
use crate::workspace;

/// <https://github.com/stoplightio/prism>, Apache-2.0.
const PACKAGE: &str = "@stoplight/prism-cli@5.14.2";

/// Where the descriptions lie, beside the workspace: not all of them may be copied into it.
const DESCRIPTIONS: &str = "../shared/providers/specs";

/// The program, installed below the target folder when it is not there; else why contracts cannot be checked.
///
/// Not having it fails nothing: the same tests run against servers of the project's own.
pub(crate) fn find_or_install(sh: &Shell, target: &Path) -> Result<PathBuf, &'static str> {
    if !workspace().join(DESCRIPTIONS).is_dir() {
        return Err("the descriptions of providers' APIs (../shared/providers/specs) are not here");
    }
    let folder = target.join("xtask").join("prism");
    let program = folder.join("node_modules/@stoplight/prism-cli/dist/index.js");
    if program.exists() {
        return Ok(program);
    }
    if !succeeds(sh, &["node", "--version"]) || !succeeds(sh, &["npm", "--version"]) {
        return Err("node and npm, which Prism needs, are not installed");
    }
    let install = cmd!(
        sh,
        "npm install --no-audit --no-fund --ignore-scripts --loglevel=error --prefix {folder} {PACKAGE}"
    );
    println!("$ {install}");
    let is_installed = sh.create_dir(&folder).is_ok() && install.quiet().run().is_ok() && program.exists();
    if is_installed { Ok(program) } else { Err("npm could not install Prism") }
}
