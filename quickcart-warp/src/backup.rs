//! `backup`: a copy of the database, while servers use it.

use std::borrow::Cow;
use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use quickcart_core::store::{DatabaseUrl, SqliteStore};

/// Copy the database of DATABASE_URL into a new file, also while servers use it
///
/// For SQLite. The copy holds everything that was acknowledged before it began, and nothing that came later; servers read and
/// write on meanwhile. It has `.partial` behind its name until it is whole and on the disk, and nothing is overwritten. To
/// restore it, stop the servers, delete what stands beside the database with -wal and -shm behind its name, copy the backup over
/// the database, and start them again. A later version of this program takes it, too.
///
/// PostgreSQL has programs of its own, which are better at it: pg_dump and pg_restore. docs/databases.md shows both.
#[derive(Args)]
pub(crate) struct Backup {
    /// The file to make
    file: PathBuf,
}

impl Backup {
    /// Answers what was made, and how it is restored.
    pub(crate) fn run(&self, database: &DatabaseUrl) -> Result<String, String> {
        let to = self.file.display().to_string();
        match database {
            DatabaseUrl::Sqlite(path) => {
                let bytes = copy(path, &self.file)?;
                let from = path.display().to_string();
                let (wal, shm) = (format!("{from}-wal"), format!("{from}-shm"));
                let [wal, shm, new, old] = [&wal, &shm, &to, &from].map(|name| quoted(name));
                Ok(format!(
                    "{to} has {bytes} bytes, and all that was in {from} when it was begun.\n\
                     To restore it, while no server runs:\n  rm -f {wal} {shm}\n  cp {new} {old}"
                ))
            }
            DatabaseUrl::Postgres(_) => Err(format!(
                "PostgreSQL makes its own backups: pg_dump --format=custom --file={} {} (docs/databases.md says how they \
                 are restored)",
                quoted(&to),
                quoted(&database.without_password())
            )),
        }
    }
}

fn copy(path: &Path, target: &Path) -> Result<u64, String> {
    let bar = ProgressBar::new(0).with_style(bar_style());
    let progress = |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let copied = SqliteStore::backup(path, target, progress);
    bar.finish_and_clear();
    copied.map_err(|error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{} was not backed up: {error}{cause}", path.display())
    })
}

fn bar_style() -> ProgressStyle {
    let template = "copying {bar:40} {pos}/{len} pages";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// As a shell reads it.
fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    // What begins with a dash would be an option.
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_plain) {
        text.into()
    } else {
        let mark = if text.starts_with('-') { "./" } else { "" };
        format!("'{mark}{}'", text.replace('\'', r"'\''")).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_shells_need_it() {
        for (text, expected) in [
            ("data/shop-1.db", "data/shop-1.db"),
            ("my shop.db", "'my shop.db'"),
            ("Asha's.db", r"'Asha'\''s.db'"),
            ("-rf", "'./-rf'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
        let url: DatabaseUrl = "postgres://asha:hush@db/shop?sslmode=require&user=x".parse().unwrap();
        let refused = Backup { file: "my shop.dump".into() }.run(&url).unwrap_err();
        let command = "pg_dump --format=custom --file='my shop.dump' 'postgresql://asha@db/shop?sslmode=require&user=x'";
        assert!(refused.contains(command) && !refused.contains("hush"), "{refused}");
    }
}
