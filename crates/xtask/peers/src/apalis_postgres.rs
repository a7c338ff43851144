//! apalis on PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use apalis::prelude::*;
use apalis_postgres::queries::push_tasks;
use apalis_postgres::{Config, PgPool, PostgresStorage, Pubsub};
use futures::StreamExt;
use sqlx::postgres::PgPoolOptions;

use crate::ledger::Ledger;
use crate::looks::Looks;
use crate::measure::Peer;

const QUEUE: &str = "noop";
/// Connections: enough that commits are shared, as many as two cores can serve.
const CONNECTIONS: u32 = 32;
/// Tasks per fetch: as many as are in flight.
const BATCH: usize = 256;

/// A pool; workers are started on it.
#[derive(Debug, Clone)]
pub(crate) struct ApalisPostgres(PgPool);

impl ApalisPostgres {
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect(url)
            .await?;
        PostgresStorage::setup(&pool).await?;
        Ok(Self(pool))
    }

    pub(crate) async fn close(&self) {
        let limit = Duration::from_secs(1);
        drop(tokio::time::timeout(limit, self.0.close()).await);
    }
}

impl Peer for ApalisPostgres {
    async fn start(&self, ledger: Arc<Ledger>) -> Result<()> {
        let notifications = Pubsub::new(self.0.clone(), QUEUE.to_owned());
        let looks = Strategy::new()
            .apply(Looks::new())
            .stream(notifications.ready_chunks(BATCH));
        let config = Config::default()
            .queue(QUEUE)
            .batch_size(BATCH)
            .lock_tasks(false);
        let backend = PostgresStorage::<usize>::new(&self.0)
            .with_config(config)
            .poll_with_strategy(looks);
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
        push_tasks(&mut *connection, QUEUE, vec![task]).await?;
        Ok(())
    }

    async fn all_done(&self, operations: usize) -> Result<bool> {
        let open: bool =
            sqlx::query_scalar("select exists (select from apalis.jobs where status <> 'Done')")
                .fetch_one(&self.0)
                .await?;
        Ok(!open && self.all_accepted(operations).await?)
    }

    async fn all_accepted(&self, operations: usize) -> Result<bool> {
        let count: i64 = sqlx::query_scalar("select count(*) from apalis.jobs")
            .fetch_one(&self.0)
            .await?;
        Ok(usize::try_from(count)? == operations)
    }
}

async fn execute(number: usize, ledger: Data<Arc<Ledger>>) -> Result<(), BoxDynError> {
    ledger.execute(number);
    Ok(())
}
