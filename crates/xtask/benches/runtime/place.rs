//! Where the databases of a run are.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use orch_runtime::fault::FaultPlan;
use orch_runtime::store::Database;
use orch_runtime::store::postgres::{PostgresConfig, PostgresStore};
use orch_runtime::store::sqlite::SqliteStore;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::domain::{POSTGRES, SAGAS_POSTGRES, SAGAS_SQLITE, SQLITE, migrations};

/// A place for a database.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A file, with `synchronous=FULL`.
    File(PathBuf),
    /// A server, with `fsync` and `synchronous_commit` on, at this address.
    Server(String),
}

impl Place {
    /// The store's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "SQLite",
            Self::Server(_) => "PostgreSQL",
        }
    }

    /// Takes away what is there.
    pub(crate) async fn clear(&self) -> Result<()> {
        match self {
            Self::File(path) => {
                for ending in ["db", "db-wal", "db-shm"] {
                    let old = path.with_extension(ending);
                    if old.exists() {
                        std::fs::remove_file(old)?;
                    }
                }
            }
            Self::Server(url) => {
                let mut connection = PgConnection::connect(url).await?;
                let anew = "drop schema if exists public cascade; create schema public; checkpoint";
                sqlx::raw_sql(anew).execute(&mut connection).await?;
                connection.close().await?;
            }
        }
        Ok(())
    }

    /// Opens it as a service does.
    pub(crate) async fn open(&self, plan: Arc<dyn FaultPlan>) -> Result<Database> {
        Ok(match self {
            Self::File(path) => {
                let migrations = migrations(SQLITE, SAGAS_SQLITE);
                let store = SqliteStore::open_with_faults(path, &migrations, plan)?;
                Database::Sqlite(store)
            }
            Self::Server(url) => {
                let config = PostgresConfig::new(url);
                let migrations = migrations(POSTGRES, SAGAS_POSTGRES);
                let store = PostgresStore::open_with_faults(&config, &migrations, plan).await?;
                Database::Postgres(store)
            }
        })
    }

    /// Bytes that the server has written to its log so far; nothing for a file.
    pub(crate) async fn wal_bytes(&self) -> Result<f64> {
        let Self::Server(url) = self else {
            return Ok(0.0);
        };
        let mut connection = PgConnection::connect(url).await?;
        let sql = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";
        let bytes = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(bytes)
    }
}
