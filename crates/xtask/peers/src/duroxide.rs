//! duroxide on a SQLite file.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Result, ensure};
use duroxide::providers::sqlite::SqliteProvider;
use duroxide::runtime::registry::ActivityRegistry;
use duroxide::runtime::{Runtime, RuntimeOptions};
use duroxide::{ActivityContext, Client, OrchestrationContext, OrchestrationRegistry};
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx_0_8 as sqlx;
use tracing::subscriber::{NoSubscriber, set_global_default};

use crate::files;
use crate::ledger::{Effect, Ledger, Work};
use crate::measure::Peer;

/// Connections of its pool, which it does not let others choose.
const CONNECTIONS: usize = 5;

/// Between looks of a dispatcher that found nothing.
const LOOK: Duration = Duration::from_millis(2);

const OPEN: &str = "select exists (select 1 from executions where status = 'Running')
    or exists (select 1 from orchestrator_queue)";
const COMPLETED: &str = "select count(*) from executions where status = 'Completed'";
const FAILED: &str = "select count(*) from executions where status = 'Failed'";

/// Its store, and its runtime once that runs.
#[derive(Clone)]
pub(crate) struct Duroxide {
    store: Arc<SqliteProvider>,
    client: Client,
    running: Arc<OnceLock<Running>>,
    /// Connections that its store must not use.
    _held: Arc<[PoolConnection<Sqlite>]>,
}

struct Running {
    work: Work,
    _runtime: Arc<Runtime>,
}

impl Duroxide {
    /// A fresh file in `folder`.
    ///
    /// It asks SQLite for `synchronous = WAL`, which is no value that SQLite knows, and gets NORMAL: a power
    /// cut loses what was acknowledged. It is set to FULL and checked, on the one connection that is left to
    /// it: its transactions read first and write later, so that those of several connections only refuse one
    /// another, after which it pauses for 200 ms and more.
    pub(crate) async fn open(folder: &Path) -> Result<Self> {
        // As shipped, its log goes where the figures go.
        set_global_default(NoSubscriber::default())?;
        let file = files::fresh(folder, "duroxide.db")?;
        let url = format!("sqlite:{}?mode=rwc", file.display());
        let store = Arc::new(SqliteProvider::new(&url, None).await?);
        let mut held = Vec::new();
        for _ in 1..CONNECTIONS {
            held.push(store.get_pool().acquire().await?);
        }
        let peer = Self {
            client: Client::new(Arc::clone(&store) as _),
            store,
            running: Arc::default(),
            _held: held.into(),
        };
        sqlx::query("pragma synchronous = full")
            .execute(peer.store.get_pool())
            .await?;
        ensure!(peer.number("pragma synchronous").await? == 2, "not FULL");
        Ok(peer)
    }

    async fn number(&self, query: &'static str) -> Result<i64> {
        let query = sqlx::query_scalar(query);
        Ok(query.fetch_one(self.store.get_pool()).await?)
    }
}

impl Peer for Duroxide {
    async fn start(&self, ledger: Arc<Ledger>) -> Result<()> {
        let work = ledger.work();
        let options = RuntimeOptions {
            dispatcher_min_poll_interval: LOOK,
            ..RuntimeOptions::default()
        };
        let orchestrations = OrchestrationRegistry::builder()
            .register("order", order)
            .build();
        let runtime = Runtime::start_with_options(
            Arc::clone(&self.store) as _,
            activities(&ledger),
            orchestrations,
            options,
        );
        let running = Running {
            work,
            _runtime: runtime.await,
        };
        self.running.get_or_init(|| running);
        Ok(())
    }

    async fn accept(&self, number: usize) -> Result<()> {
        let (instance, input) = (format!("order-{number}"), number.to_string());
        let started = self.client.start_orchestration(instance, "order", input);
        Ok(started.await?)
    }

    /// As its runtime would find after long use.
    async fn analyze(&self) -> Result<()> {
        sqlx::query("analyze")
            .execute(self.store.get_pool())
            .await?;
        Ok(())
    }

    async fn all_done(&self, sagas: usize) -> Result<bool> {
        Ok(self.number(OPEN).await? == 0 && self.all_accepted(sagas).await?)
    }

    async fn all_accepted(&self, sagas: usize) -> Result<bool> {
        let ended = match self.running.get().map(|running| running.work) {
            Some(Work::SagasUndone) => FAILED,
            _ => COMPLETED,
        };
        let count = self.number(ended).await?;
        Ok(usize::try_from(count)? == sagas)
    }
}

/// Each step with what undoes it.
const STEPS: [(&str, Effect, &str, Effect); 3] = [
    ("reserve", Effect::Reserve, "release", Effect::Release),
    ("pay", Effect::Pay, "refund", Effect::Refund),
    ("ship", Effect::Ship, "take-back", Effect::TakeBack),
];

fn activities(ledger: &Arc<Ledger>) -> ActivityRegistry {
    let mut registry = ActivityRegistry::builder();
    for (step, effect, undo, undone) in STEPS {
        for (name, effect) in [(step, effect), (undo, undone)] {
            let ledger = Arc::clone(ledger);
            let activity = move |_: ActivityContext, number: String| {
                let ledger = Arc::clone(&ledger);
                async move { perform(&ledger, &number, effect) }
            };
            registry = registry.register(name, activity);
        }
    }
    registry.build()
}

fn perform(ledger: &Ledger, number: &str, effect: Effect) -> Result<String, String> {
    let number = number
        .parse()
        .map_err(|_| format!("{number} is no number"))?;
    let performed = ledger.perform(number, effect);
    performed.map_err(|refused| refused.to_string())?;
    Ok(String::new())
}

/// What was done is undone from the last to the first.
async fn order(context: OrchestrationContext, number: String) -> Result<String, String> {
    let mut compensations = Vec::new();
    for (step, _, undo, _) in STEPS {
        match context.schedule_activity(step, number.clone()).await {
            Ok(_) => compensations.push(undo),
            Err(refused) => {
                while let Some(undo) = compensations.pop() {
                    context.schedule_activity(undo, number.clone()).await?;
                }
                return Err(refused);
            }
        }
    }
    Ok(String::new())
}
