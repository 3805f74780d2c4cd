//! Where the database is, in the notations of SQLite, PostgreSQL and SQLAlchemy.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A database, as `DATABASE_URL` names it. `Debug` hides the password.
///
/// ```
/// use quickcart_core::store::DatabaseUrl;
/// use std::path::PathBuf;
///
/// assert_eq!("sqlite:///./shop.db".parse(), Ok(DatabaseUrl::Sqlite(PathBuf::from("./shop.db"))));
/// assert_eq!("sqlite:////var/lib/shop.db".parse(), Ok(DatabaseUrl::Sqlite(PathBuf::from("/var/lib/shop.db"))));
/// let url: DatabaseUrl = "postgresql+psycopg2://user:secret@localhost/shop".parse()?;
/// assert_eq!(url, DatabaseUrl::Postgres("postgresql://user:secret@localhost/shop".to_owned()));
/// # Ok::<(), quickcart_core::store::InvalidDatabaseUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as `postgresql://…`.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let (scheme, rest) = text.trim().split_once(':').ok_or(InvalidDatabaseUrl)?;
        // SQLAlchemy names the driver behind a plus sign.
        let dialect = scheme.split('+').next().unwrap_or(scheme);
        match dialect {
            "sqlite" => {
                // `sqlite:///relative`, `sqlite:////absolute`, `sqlite://relative`, `sqlite:path`.
                let path = rest.strip_prefix("///").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
                let path = path.split('?').next().unwrap_or(path);
                let in_memory = path.is_empty() || path == ":memory:";
                if in_memory { Err(InvalidDatabaseUrl) } else { Ok(Self::Sqlite(PathBuf::from(path))) }
            }
            "postgres" | "postgresql" if rest.len() > 2 && rest.starts_with("//") => {
                Ok(Self::Postgres(format!("postgresql:{rest}")))
            }
            _ => Err(InvalidDatabaseUrl),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows the file or the server, without user and password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let server = url.rsplit('@').next().unwrap_or_default();
                let server = server.strip_prefix("postgresql://").unwrap_or(server);
                write!(f, "postgresql://{}", server.split('?').next().unwrap_or_default())
            }
        }
    }
}

/// The text names no database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database is written as sqlite:data/shop.db or postgresql://user:password@host/name")]
pub struct InvalidDatabaseUrl;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_every_notation_of_a_file() {
        for (text, path) in [
            ("sqlite:data/shop.db", "data/shop.db"),
            ("sqlite://data/shop.db", "data/shop.db"),
            ("sqlite:///./x.db", "./x.db"),
            ("sqlite:////abs/x.db", "/abs/x.db"),
            ("sqlite+pysqlite:///x.db?timeout=5", "x.db"),
        ] {
            assert_eq!(text.parse(), Ok(DatabaseUrl::Sqlite(PathBuf::from(path))), "{text}");
        }
        for text in ["", "shop.db", "sqlite:", "sqlite:///:memory:", "mysql://h/d", "postgresql:"] {
            assert_eq!(text.parse::<DatabaseUrl>(), Err(InvalidDatabaseUrl), "{text}");
        }
    }

    #[test]
    fn hides_the_password() {
        let url: DatabaseUrl = "postgres://asha:s3cret@db.example:5432/shop?sslmode=require".parse().unwrap();
        assert_eq!(format!("{url:?}"), "postgresql://db.example:5432/shop");
    }
}
