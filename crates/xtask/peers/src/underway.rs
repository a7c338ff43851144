//! underway on PostgreSQL.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use jiff::ToSpan;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx_0_8 as sqlx;
use underway::{Job, To};

use crate::ledger::Ledger;
use crate::measure::Peer;

/// Connections: each running task holds two for a moment, clients one.
const CONNECTIONS: u32 = 48;
/// Tasks at the same time: enough that their commits are shared.
const CONCURRENCY: usize = 16;

/// Milliseconds between looks. A notification that comes while all of these are busy is dropped, and as
/// shipped the next look is a minute away.
const LOOK: i64 = 100;

/// The job, as clients and workers use it.
#[derive(Clone)]
pub(crate) struct Underway {
    pool: PgPool,
    executions: Arc<Executions>,
    job: Job<usize, Arc<Executions>>,
}

/// Where executions are noted, once there is a place.
#[derive(Debug, Default)]
pub(crate) struct Executions(std::sync::OnceLock<Arc<Ledger>>);

impl Underway {
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(PgConnectOptions::from_str(url)?)
            .await?;
        underway::run_migrations(&pool).await?;
        let executions = Arc::new(Executions::default());
        let job = Job::builder()
            .state(Arc::clone(&executions))
            .step(|context, number: usize| async move {
                if let Some(ledger) = context.state.0.get() {
                    ledger.execute(number);
                }
                To::done()
            })
            .name("noop")
            .pool(pool.clone())
            .build()
            .await?;
        Ok(Self {
            pool,
            executions,
            job,
        })
    }

    pub(crate) async fn close(&self) {
        let limit = Duration::from_secs(1);
        drop(tokio::time::timeout(limit, self.pool.close()).await);
    }
}

impl Peer for Underway {
    async fn start(&self, ledger: Arc<Ledger>) -> Result<()> {
        self.executions.0.get_or_init(|| ledger);
        let mut worker = self.job.worker();
        worker.set_concurrency_limit(CONCURRENCY);
        tokio::spawn(async move { worker.run_every(LOOK.milliseconds()).await });
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(())
    }

    async fn accept(&self, number: usize) -> Result<()> {
        self.job.enqueue(&number).await?;
        Ok(())
    }

    async fn all_done(&self, operations: usize) -> Result<bool> {
        let open = "select exists (select from underway.task where state <> 'succeeded')";
        let open: bool = sqlx::query_scalar(open).fetch_one(&self.pool).await?;
        Ok(!open && self.all_accepted(operations).await?)
    }

    async fn all_accepted(&self, operations: usize) -> Result<bool> {
        let count: i64 = sqlx::query_scalar("select count(*) from underway.task")
            .fetch_one(&self.pool)
            .await?;
        Ok(usize::try_from(count)? == operations)
    }
}
