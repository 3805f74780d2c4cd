//! Fresh databases of each kind that a shop can be kept in.

use std::sync::{Arc, LazyLock};

use quickcart_core::store::{DatabaseUrl, Store, open};
use tempfile::TempDir;
use test_servers::PostgresServer;

/// Runs each of these functions, which take a [`Database`], with a fresh one of each kind.
macro_rules! on_every_database {
    ($($test:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::databases::Database::sqlite()).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::databases::Database::postgres()).await;
                }
            )*
        }
    };
}
pub(crate) use on_every_database;

/// One server for all tests, which ends with this process.
pub(crate) static POSTGRES: LazyLock<PostgresServer> = LazyLock::new(PostgresServer::start);

pub(crate) enum Database {
    /// A file in a folder of its own.
    Sqlite(TempDir),
    /// An address.
    Postgres(String),
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) fn postgres() -> Self {
        Self::Postgres(POSTGRES.create_database())
    }

    /// As every server does that keeps its shop there.
    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        open(&self.url()).await.unwrap()
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite(folder) => DatabaseUrl::Sqlite(folder.path().join("deep/shop.db")),
            Self::Postgres(url) => url.parse().unwrap(),
        }
    }
}
