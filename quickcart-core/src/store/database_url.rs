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

impl DatabaseUrl {
    /// The address as the programs of its database take it, without a password.
    ///
    /// ```
    /// use quickcart_core::store::DatabaseUrl;
    ///
    /// let url: DatabaseUrl = "postgresql+asyncpg://asha:s3cret@db.example/shop?sslmode=require".parse()?;
    /// assert_eq!(url.without_password(), "postgresql://asha@db.example/shop?sslmode=require");
    /// # Ok::<(), quickcart_core::store::InvalidDatabaseUrl>(())
    /// ```
    #[must_use]
    pub fn without_password(&self) -> String {
        let Self::Postgres(url) = self else { return self.to_string() };
        let rest = url.strip_prefix("postgresql://").unwrap_or(url);
        let (server, settings) = rest.split_once('?').unwrap_or((rest, ""));
        if settings.contains('@') {
            // Where the password ends is not known for sure.
            return self.to_string();
        }
        let (user, server) = server.rsplit_once('@').unwrap_or(("", server));
        let user = user.split(':').next().filter(|user| !user.is_empty());
        let user = user.map_or_else(String::new, |user| format!("{user}@"));
        let is_open = |setting: &&str| !setting.split('=').next().unwrap_or_default().contains("password");
        let settings: Vec<&str> =
            settings.split('&').filter(|text| !text.is_empty()).filter(is_open).collect();
        let mark = if settings.is_empty() { "" } else { "?" };
        format!("postgresql://{user}{server}{mark}{}", settings.join("&"))
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
                write!(f, "postgresql://{}", server.split(['?', '&']).next().unwrap_or_default())
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
        let url: DatabaseUrl = "postgres://db/shop?user=asha@shop&password=s3cret".parse().unwrap();
        assert!(!url.to_string().contains("s3cret"));
    }

    #[test]
    fn an_address_for_others_keeps_all_but_the_password() {
        for (text, expected) in [
            (
                "postgres://asha:s3cret@db:5432/shop?sslmode=require",
                "postgresql://asha@db:5432/shop?sslmode=require",
            ),
            ("postgresql://asha:p@ss:s3cret@[::1]/shop", "postgresql://asha@[::1]/shop"),
            ("postgresql://:s3cret@db/shop", "postgresql://db/shop"),
            ("postgresql://db/shop?password=s3cret&sslpassword=s3cret", "postgresql://db/shop"),
            (
                "postgresql:///shop?host=/run&user=asha&password=s3cret",
                "postgresql:///shop?host=/run&user=asha",
            ),
            ("postgresql://asha:s3?cret@db/shop?sslmode=require", "postgresql://db/shop"),
            ("postgresql://db/shop?user=asha@shop&password=s3cret", "postgresql://shop"),
            ("sqlite:///shop.db", "sqlite:shop.db"),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().without_password(), expected, "{text}");
        }
    }
}
