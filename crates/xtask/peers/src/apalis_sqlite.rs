//! apalis on a SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use apalis::prelude::*;
use apalis_sqlite::queries::push_tasks;
use apalis_sqlite::{Config, SqlitePool, SqliteStorage};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::files;
use crate::ledger::Ledger;
use crate::looks::Looks;
use crate::measure::Peer;

const QUEUE: &str = "noop";
/// Tasks per fetch: as many as are in flight.
const BATCH: usize = 256;

/// A pool; workers are started on it.
#[derive(Debug, Clone)]
pub(crate) struct ApalisSqlite(SqlitePool);

impl ApalisSqlite {
    /// A fresh file in `folder`.
    ///
    /// There is one connection: SQLite has one writer, and more of them only wait for each other in
    /// `busy_timeout`. apalis' own set-up turns `synchronous` off on one connection of the pool, which
    /// is not durable, so it is turned back to FULL, and that is checked.
    pub(crate) async fn open(folder: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(files::fresh(folder, "apalis.db")?)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await?;
        SqliteStorage::setup(&pool).await?;
        sqlx::query("pragma synchronous = full")
            .execute(&pool)
            .await?;
        let peer = Self(pool);
        ensure!(peer.number("pragma synchronous").await? == 2, "not FULL");
        Ok(peer)
    }

    async fn number(&self, query: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(query).fetch_one(&self.0).await?)
    }
}

impl Peer for ApalisSqlite {
    async fn start(&self, ledger: Arc<Ledger>) -> Result<()> {
        let config = Config::default()
            .queue(QUEUE)
            .batch_size(BATCH)
            .lock_tasks(false);
        let backend = SqliteStorage::<usize>::new(&self.0)
            .with_config(config)
            .poll_with_strategy(Strategy::new().apply(Looks::new()));
        let worker = WorkerBuilder::new("worker")
            .backend(backend)
            .data(ledger)
            .build(execute);
        tokio::spawn(worker.run());
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(())
    }

    async fn accept(&self, number: usize) -> Result<()> {
        let task = TaskBuilder::new(serde_json::to_vec(&number)?).build();
        let mut connection = self.0.acquire().await?;
        push_tasks(&mut *connection, QUEUE, &[task]).await?;
        Ok(())
    }

    /// Without it, SQLite ends a batch by walking through all that ever ended.
    async fn analyze(&self) -> Result<()> {
        sqlx::query("analyze").execute(&self.0).await?;
        Ok(())
    }

    async fn all_done(&self, operations: usize) -> Result<bool> {
        let open = "select exists (select 1 from Jobs where status <> 'Done')";
        Ok(self.number(open).await? == 0 && self.all_accepted(operations).await?)
    }

    async fn all_accepted(&self, operations: usize) -> Result<bool> {
        let count = self.number("select count(*) from Jobs").await?;
        Ok(usize::try_from(count)? == operations)
    }
}

async fn execute(number: usize, ledger: Data<Arc<Ledger>>) -> Result<(), BoxDynError> {
    ledger.execute(number);
    Ok(())
}
