//! Where PostgreSQL's programs are. Debian keeps each version in a folder of its own, which PATH does not have.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A folder for each version, and its programs in `bin`.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The folder of `initdb`, `postgres` and `psql`.
pub(super) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    in_path(&path).or_else(|| newest(Path::new(VERSIONS)))
}

/// Behind a link, because not everything needs one.
fn in_path(path: &OsStr) -> Option<PathBuf> {
    let initdb = std::env::split_paths(path).find_map(|folder| folder.join("initdb").canonicalize().ok())?;
    initdb.parent().filter(|folder| folder.join("postgres").exists()).map(Path::to_path_buf)
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let folders = versions.read_dir().ok()?.flatten().map(|entry| entry.path());
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<f64>().ok();
    let numbered = folders.filter_map(|folder| Some((version(&folder)?, folder.join("bin"))));
    let usable = numbered.filter(|(_, programs)| programs.join("initdb").exists());
    usable.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, programs)| programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_taken() {
        let versions = tempfile::tempdir().unwrap();
        assert_eq!(newest(versions.path()), None);
        for version in ["9.6", "15", "14", "common"] {
            let programs = versions.path().join(version).join("bin");
            std::fs::create_dir_all(&programs).unwrap();
            std::fs::write(programs.join("initdb"), "").unwrap();
        }
        // Only the client of that version is there.
        std::fs::create_dir_all(versions.path().join("16/bin")).unwrap();
        assert_eq!(newest(versions.path()), Some(versions.path().join("15/bin")));
    }

    #[test]
    fn a_link_in_the_path_leads_to_the_folder() {
        let (links, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for program in ["initdb", "postgres"] {
            std::fs::write(programs.path().join(program), "").unwrap();
        }
        assert_eq!(in_path(links.path().as_os_str()), None);
        let link = links.path().join("initdb");
        std::os::unix::fs::symlink(programs.path().join("initdb"), link).unwrap();
        assert_eq!(in_path(links.path().as_os_str()), programs.path().canonicalize().ok());
    }
}
