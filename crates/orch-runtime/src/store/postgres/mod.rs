//! Operations on one PostgreSQL, shared by any number of processes.
//!
//! A few committers share what waits into transactions; claims skip what another worker has locked.
//! Nothing is kept in a session that a statement relies on: no temporary table, no session lock, so that
//! a pooler such as PgBouncer may stand in between (see [`PostgresConfig`]).
//!
//! **Invariant:** a transition is acknowledged after its transaction is durable, at
//! `synchronous_commit=on`; a database that is set to less is refused.
//!
//! **Deliberately absent:** `NOTIFY` in a transaction that holds operations: it would put all commits of
//! the database in one row. Hints travel by themselves, see `hints`.

mod committer;
mod error;
mod hints;
mod lanes;
pub(crate) mod migrate;
mod operations;
mod placeholder;
mod row;
mod session;
mod statements;
mod statistics;

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::Semaphore;

use crate::fault::{Boundary, Fate, FaultPlan, NoFaults, Step};
use crate::protection::LaneStore;
use crate::secret::Secret;
use crate::value::{Row, Value};

use super::database::Manner;
use super::hook::{Hook, HookError, HookTx};
use super::{
    DatabaseStatistics, Migration, OperationStore, Sealing, StoreError, StoreErrorKind, Tables,
};

use self::committer::{COMMITTERS, Committer};
use self::error::postgres_error;
use self::hints::Hints;
use self::operations::claim::dead;
use self::operations::finalize::Driver;
use self::session::Session;

/// How long a transition may wait for a connection before the store counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The committers, the listener, and two for everything else.
const LEAST_CONNECTIONS: u32 = 6;

/// What the committers write is found by its key, whatever the tables look like: one plan will do.
const COMMITTING: [(&str, &str); 4] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// What begins a transaction that finds rows by their keys. Its statements are planned once a connection: to plan
/// them takes longer than to run them. A plan from when a table was empty must not read all of it later. A change of
/// a row takes milliseconds: who holds its lock for longer is a person, or hangs.
const IMPATIENT: &str = "begin; set local plan_cache_mode = auto; set local enable_seqscan = off; \
    set local lock_timeout = '2s'";

/// What begins a transaction that takes the next rows of a queue. The planner knows a queue as it was when it was
/// last analyzed, mostly empty: it would read and sort all that wait, or compare each with all others.
const IN_ORDER: &str = "begin; set local plan_cache_mode = auto; \
    set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off; \
    set local enable_hashjoin = off; set local enable_mergejoin = off";

/// Transactions at the same time: two of the connections that are not the committers' are left to who only reads.
fn writing(connections: u32) -> usize {
    let others = (connections as usize).saturating_sub(COMMITTERS);
    others.saturating_sub(2).max(1)
}

/// Those of the background among them: one is left to requests.
fn background(connections: u32) -> usize {
    writing(connections).saturating_sub(1).max(1)
}

/// How a PostgreSQL is reached.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgres://user:password@host:port/database?sslmode=…`. With `statement-cache-capacity=0` no
    /// named statements are made and every statement runs in a transaction, which a pooler in
    /// transaction mode needs when it does not track prepared statements (PgBouncer before 1.21).
    pub url: Secret<String>,
    /// Connections at most; at least 6. Three of them are the committers', unless a pooler stands in
    /// between.
    pub connections: u32,
    /// Whether migrations are applied. Otherwise they are the business of somebody else, and what is
    /// missing is noticed at the first use.
    pub migrate: bool,
}

impl PostgresConfig {
    /// Ten connections to `url`, with migrations.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url.into()),
            connections: 10,
            migrate: true,
        }
    }

    fn options(&self) -> Result<PgConnectOptions, StoreError> {
        let parsed = self.url.expose().parse::<PgConnectOptions>();
        // The error could repeat the password.
        parsed.map_err(|_| {
            StoreError::new(
                StoreErrorKind::Unavailable,
                "open",
                "the address of the database cannot be read: expected \
                 postgres://user:password@host:port/database",
            )
        })
    }
}

/// A PostgreSQL that holds any number of domains.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    link: Link,
    committer: Arc<Committer>,
    hints: Arc<Hints>,
    writing: Arc<Semaphore>,
    background: Arc<Semaphore>,
    cipher: Option<Arc<dyn Sealing>>,
}

/// A transaction that its caller began and will end.
pub struct CallersTransaction<'c>(Driver<'c>);

impl std::fmt::Debug for CallersTransaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallersTransaction")
    }
}

impl CallersTransaction<'_> {
    /// It, for the runtime to write to.
    pub fn tx(&mut self) -> HookTx<'_> {
        HookTx::new(&mut self.0)
    }
}

/// The connections, and how statements travel over them.
#[derive(Clone)]
pub(super) struct Link {
    pool: PgPool,
    /// The connections of the committers, whose few statements are planned once.
    committing: PgPool,
    /// Whether each statement needs a transaction of its own, because a pooler stands in between.
    wrapped: bool,
    faults: Arc<dyn FaultPlan>,
}

impl PostgresStore {
    /// Connects, applies `migrations` when `config` says so, and checks that commits are durable.
    ///
    /// # Errors
    /// When the server cannot be reached, its schema is newer than `migrations`, or it acknowledges
    /// commits before they are durable.
    pub async fn open(
        config: &PostgresConfig,
        migrations: &[Migration],
    ) -> Result<Self, StoreError> {
        Self::open_with_faults(config, migrations, Arc::new(NoFaults)).await
    }

    /// [`open`](Self::open), with a plan of where to die.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with_faults(
        config: &PostgresConfig,
        migrations: &[Migration],
        faults: Arc<dyn FaultPlan>,
    ) -> Result<Self, StoreError> {
        let store = Self::connect_lazily(config, faults)?;
        // The committers get theirs before anybody else.
        let mut committing = store.link.committing.acquire().await.map_err(unreachable)?;
        refuse_lossy_commits(&mut committing).await?;
        drop(committing);
        if config.migrate {
            migrate::apply(&store.link.pool, migrations).await?;
        }
        Ok(store)
    }

    /// A store whose first connection is made by its first use. Nothing is checked or migrated.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub(crate) fn connect_lazily(
        config: &PostgresConfig,
        faults: Arc<dyn FaultPlan>,
    ) -> Result<Self, StoreError> {
        let wrapped = config.url.expose().contains("statement-cache-capacity=0");
        // A pooler refuses what it does not know at the start of a connection.
        let options = config.options()?.extra_float_digits(None);
        let connections = config.connections.max(LEAST_CONNECTIONS);
        let (pool, committing) = if wrapped {
            let pool = pool(connections).connect_lazy_with(options);
            (pool.clone(), pool)
        } else {
            // A plan from when the tables were small reads all of them when they are large.
            let fresh = [("plan_cache_mode", "force_custom_plan")];
            let committers = u32::try_from(COMMITTERS).unwrap_or(u32::MAX);
            (
                pool(connections - committers).connect_lazy_with(options.clone().options(fresh)),
                // Idle ones stay, or others may have taken their places when they are needed.
                pool(committers)
                    .idle_timeout(None)
                    .connect_lazy_with(options.options(COMMITTING)),
            )
        };
        let link = Link {
            pool,
            committing,
            wrapped,
            faults,
        };
        Ok(Self {
            committer: Arc::new(Committer::start(&link)),
            hints: Arc::new(Hints::new(link.clone())),
            writing: Arc::new(Semaphore::new(writing(connections))),
            background: Arc::new(Semaphore::new(background(connections))),
            link,
            cipher: None,
        })
    }

    /// The same database, whose operations are sealed by `cipher` from now on.
    #[must_use]
    pub fn sealed_by(self, cipher: Arc<dyn Sealing>) -> Self {
        Self {
            cipher: Some(cipher),
            ..self
        }
    }

    pub(super) fn cipher(&self) -> Option<Arc<dyn Sealing>> {
        self.cipher.clone()
    }

    /// The record of one domain.
    #[must_use]
    pub fn operations(&self, tables: Tables) -> Arc<dyn OperationStore> {
        Arc::new(operations::PostgresOperations::new(self.clone(), tables))
    }

    /// What its processes know of the providers they call.
    #[must_use]
    pub fn lanes(&self) -> Arc<dyn LaneStore> {
        Arc::new(lanes::PostgresLanes::new(self.link.clone()))
    }

    /// Whether the server answers now.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut session = self.link.session("ping").await?;
        let ping = sqlx::raw_sql("select 1").execute(session.connection());
        ping.await.map_err(postgres_error("ping"))?;
        session.end("ping").await
    }

    /// How the server is doing, and `tables` on it, as far as they exist.
    ///
    /// # Errors
    /// When it does not say so within ten seconds.
    pub async fn statistics(&self, tables: &[String]) -> Result<DatabaseStatistics, StoreError> {
        statistics::read(&self.link, tables).await
    }

    /// Runs `work` in a transaction of its own. When `work` refuses, nothing of it is durable.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn transaction(
        &self,
        manner: Manner,
        mut work: Hook,
    ) -> Result<Result<(), HookError>, StoreError> {
        let begin = match manner {
            Manner::Waits => "begin",
            Manner::GivesUp => IMPATIENT,
            Manner::InOrder => IN_ORDER,
        };
        let error = postgres_error("transaction");
        let place = tokio::time::timeout(ACQUIRE_TIMEOUT, self.writing.acquire()).await;
        let _place = place.map_err(|_| error(sqlx::Error::PoolTimedOut))?;
        let begun = self.link.pool.begin_with(begin).await;
        let mut transaction = begun.map_err(&error)?;
        let done = operations::finalize::run(&mut transaction, self.link.wrapped, &mut work).await;
        if done.is_ok() {
            let dies = |boundary| self.link.faults.reach(boundary) == Fate::Die;
            if dies(Boundary::BeforeCommit(Step::Transaction)) {
                return Err(dead("transaction"));
            }
            transaction.commit().await.map_err(&error)?;
            if dies(Boundary::AfterCommit(Step::Transaction)) {
                return Err(dead("transaction"));
            }
        }
        Ok(done)
    }

    pub(super) fn background(&self) -> Arc<Semaphore> {
        Arc::clone(&self.background)
    }

    /// Runs a reading statement.
    pub(super) async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let sql = sqlx::AssertSqlSafe(placeholder::numbered(sql));
        let statement = sqlx::query(sql).persistent(!self.link.wrapped);
        let statement = params.iter().fold(statement, row::bind);
        let error = postgres_error("query");
        let mut session = self.link.session("query").await?;
        let found = statement.fetch_all(session.connection()).await;
        let rows = found.and_then(|found| row::rows(&found)).map_err(error)?;
        session.end("query").await?;
        Ok(rows)
    }

    /// A transaction of yours, as [`Engine::submit_in`](crate::Engine::submit_in) takes it.
    #[must_use]
    pub fn callers<'c>(&self, connection: &'c mut sqlx::PgConnection) -> CallersTransaction<'c> {
        CallersTransaction(Driver {
            connection,
            wrapped: self.link.wrapped,
            has_failed: false,
        })
    }

    /// The connections, for statements of your own.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.link.pool
    }

    /// Ends all connections, after what waits was committed.
    pub async fn close(&self) {
        self.committer.close().await;
        self.link.committing.close().await;
        self.link.pool.close().await;
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("wrapped", &self.wrapped)
            .finish_non_exhaustive()
    }
}

impl Link {
    async fn session(&self, operation: &'static str) -> Result<Session, StoreError> {
        Session::begin(self, operation).await
    }
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
}

fn unreachable(error: sqlx::Error) -> StoreError {
    match postgres_error("open")(error) {
        error if error.is_retryable() => error,
        error => StoreError::new(StoreErrorKind::Unavailable, "open", error),
    }
}

/// An acknowledged operation must survive the end of the server.
async fn refuse_lossy_commits(connection: &mut sqlx::PgConnection) -> Result<(), StoreError> {
    let error = postgres_error("open");
    let mut transaction = connection.begin().await.map_err(&error)?;
    let level: String = sqlx::query_scalar("select current_setting('synchronous_commit')")
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await
        .map_err(&error)?;
    transaction.commit().await.map_err(error)?;
    if level != "off" {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Unavailable,
        "open",
        "synchronous_commit is off, so that acknowledged operations could be lost: \
         ALTER ROLE … SET synchronous_commit = on",
    ))
}
