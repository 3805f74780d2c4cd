//! A copy of a file that is being served, as it stands at one moment.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::SqliteStore;
use super::connection::set_up;
use super::error::OrStoreError;
use crate::error::StoreError;

/// How long to wait for another process that recovers or closes the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many pages are copied between two reports: 4 MiB.
const PAGES: i32 = 1_024;
/// What the name of a copy ends with that is not whole yet.
const PARTIAL: &str = ".partial";

/// There is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// What is there is not overwritten.
    #[error("{0} is there already, and a backup overwrites nothing")]
    Exists(PathBuf),
    /// Another backup is at it, or was cut off.
    #[error("{0} is there: another backup is under way, or one was cut off and this may be deleted")]
    UnderWay(PathBuf),
    /// The copy could not be written.
    #[error("{path} cannot be written: {cause}")]
    File {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The database could not be read, or the copy was not taken.
    #[error(transparent)]
    Database(#[from] StoreError),
}

impl SqliteStore {
    /// Copies the shop in the file `path`, as it stands now, into the new file `target`, and answers how many bytes that has. Servers
    /// read and write on meanwhile. `progress` hears how many pages are copied, and how many there are.
    ///
    /// The copy has `.partial` behind its name until it is whole and on the disk. Blocks until then.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn backup(path: &Path, target: &Path, progress: impl Fn(usize, usize)) -> Result<u64, BackupError> {
        let mut partial = target.as_os_str().to_owned();
        partial.push(PARTIAL);
        let partial = PathBuf::from(partial);
        File::create_new(&partial).map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => BackupError::UnderWay(partial.clone()),
            _ => BackupError::File { path: partial.clone(), cause },
        })?;
        let made = make(path, &partial, target, progress);
        if made.is_err() {
            // It is of no use, and in the way of the next one.
            let _ = fs::remove_file(&partial);
        }
        made
    }
}

fn make(
    path: &Path,
    partial: &Path,
    target: &Path,
    progress: impl Fn(usize, usize),
) -> Result<u64, BackupError> {
    // Nobody else makes it now, because that would take the same partial file.
    if target.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(target.to_path_buf()));
    }
    copy(path, partial, progress)?;
    publish(partial, target).map_err(|cause| BackupError::File { path: target.to_path_buf(), cause })
}

fn copy(path: &Path, partial: &Path, progress: impl Fn(usize, usize)) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut source = Connection::open_with_flags(path, flags).or_store_error()?;
    set_up(&source, BUSY_TIMEOUT)?;
    // Who may not read the one may not read the other.
    path.metadata()
        .and_then(|metadata| fs::set_permissions(partial, metadata.permissions()))
        .map_err(StoreError::unavailable)?;
    // One snapshot for all steps: without it, whoever writes in between would make the copy begin again.
    let snapshot = source.transaction().or_store_error()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).or_store_error()?;
    let mut copy = Connection::open(partial).or_store_error()?;
    // There is nothing to go back to.
    copy.pragma_update(None, "journal_mode", "OFF").or_store_error()?;
    let backup = Backup::new(&snapshot, &mut copy).or_store_error()?;
    loop {
        let step = backup.step(PAGES).or_store_error()?;
        let pages = backup.progress();
        let count = |pages: i32| usize::try_from(pages).unwrap_or(0);
        progress(count(pages.pagecount - pages.remaining), count(pages.pagecount));
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => return Err(StoreError::unavailable("the database is locked")),
        }
    }
}

/// Gives the copy its name once it is on the disk.
fn publish(partial: &Path, target: &Path) -> io::Result<u64> {
    let file = File::open(partial)?;
    file.sync_all()?;
    fs::rename(partial, target)?;
    #[cfg(unix)]
    {
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(file.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn rows(path: &Path) -> i64 {
        let connection = Connection::open(path).unwrap();
        let intact: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(intact, "ok");
        connection.query_row("SELECT count(*) FROM note", [], |row| row.get(0)).unwrap()
    }

    /// A file of some ten megabytes that somebody has open.
    fn served(path: &Path) -> Connection {
        let writer = Connection::open(path).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        let fill = "CREATE TABLE note (text BLOB);
                    INSERT INTO note SELECT randomblob(3000) FROM (WITH RECURSIVE number (n) AS \
                        (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 3000) SELECT n FROM number);";
        writer.execute_batch(fill).unwrap();
        writer
    }

    #[test]
    fn what_is_written_between_two_steps_is_not_in_the_copy_and_does_not_begin_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let [path, target] = ["shop.db", "copy.db"].map(|name| folder.path().join(name));
        let writer = served(&path);
        let (steps, last) = (Cell::new(0), Cell::new(0));
        let size = SqliteStore::backup(&path, &target, |done, all| {
            steps.set(steps.get() + 1);
            assert!(done > last.get() && done <= all);
            last.set(done);
            writer.execute("INSERT INTO note VALUES (zeroblob(3000))", []).unwrap();
        });
        assert_eq!(size.unwrap(), target.metadata().unwrap().len());
        assert!(steps.get() > 2);
        assert_eq!(rows(&target), 3_000);
        assert_eq!(rows(&path), 3_000 + steps.get());
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let [path, target, partial, text] =
            ["shop.db", "copy.db", "copy.db.partial", "text"].map(|name| folder.path().join(name));
        let backup = |path: &Path, target: &Path| SqliteStore::backup(path, target, |_, _| ());
        let missing = backup(&path, &target).unwrap_err();
        assert!(matches!(missing, BackupError::Database(StoreError::Unavailable(_))), "{missing:?}");
        fs::write(&text, "this is no database, although it is there").unwrap();
        assert!(matches!(backup(&text, &target).unwrap_err(), BackupError::Database(_)));
        let _writer = served(&path);
        let nowhere = backup(&path, &folder.path().join("nowhere/copy.db")).unwrap_err();
        assert!(matches!(nowhere, BackupError::File { .. }), "{nowhere:?}");
        fs::write(&partial, "").unwrap();
        assert!(
            matches!(backup(&path, &target).unwrap_err(), BackupError::UnderWay(path) if path == partial)
        );
        fs::remove_file(&partial).unwrap();
        assert!(matches!(backup(&path, &path).unwrap_err(), BackupError::Exists(_)));
        assert!(!partial.exists() && !target.exists());
        backup(&path, &target).unwrap();
        assert!(matches!(backup(&path, &target).unwrap_err(), BackupError::Exists(path) if path == target));
        assert!(!partial.exists());
        assert_eq!((rows(&path), rows(&target)), (3_000, 3_000));
    }

    #[cfg(unix)]
    #[test]
    fn who_may_not_read_the_database_may_not_read_the_copy() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let [path, target] = ["shop.db", "copy.db"].map(|name| folder.path().join(name));
        drop(served(&path));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        SqliteStore::backup(&path, &target, |_, _| ()).unwrap();
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
