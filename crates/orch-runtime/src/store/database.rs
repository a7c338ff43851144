//! The database of a process, whichever it is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::protection::LaneStore;
use crate::trace;
use crate::value::{Row, Value};

use super::hook::{Hook, HookError, HookFuture, HookTx};
use super::{DatabaseStatistics, OperationStore, Sealing, StoreError, Tables};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreKind {
    /// One file, embedded; feature `sqlite`.
    Sqlite,
    /// One server, shared by any number of processes; feature `postgres`.
    Postgres,
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// A transaction did not become durable.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransactionError {
    /// Its work refused.
    #[error(transparent)]
    Refused(#[from] HookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a transaction is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It waits for what somebody else has locked, and may read whatever it likes.
    Waits,
    /// It finds rows by their keys: one plan will do, whatever the tables look like. It can as well be done later,
    /// and does not wait long for what somebody else has locked.
    GivesUp,
    /// It takes the next rows of a queue: it reads them in the order of an index, and never the whole queue, however
    /// short the planner takes it for.
    InOrder,
}

/// What work in a transaction gives, when it is done.
pub(crate) type Giving<'a, T> = Pin<Box<dyn Future<Output = Result<T, HookError>> + Send + 'a>>;

/// What the last run of a transaction's work gave.
struct Given<T>(Arc<Mutex<Option<T>>>);

impl<T> Given<T> {
    fn take(&self) -> Result<T, TransactionError> {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or_else(|| HookError::new("the transaction gave nothing").into())
    }
}

/// `work` as a transaction runs it, and where what it gives is kept.
fn keeping<T, F>(work: F) -> (Hook, Given<T>)
where
    T: Send + 'static,
    F: for<'a> Fn(HookTx<'a>) -> Giving<'a, T> + Send + Sync + 'static,
{
    let (work, given) = (Arc::new(work), Arc::new(Mutex::new(None)));
    let result = Arc::clone(&given);
    let run: Hook = Box::new(move |tx| {
        let (work, result) = (Arc::clone(&work), Arc::clone(&result));
        Box::pin(async move {
            let value = work(tx).await?;
            *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            Ok(())
        })
    });
    (run, Given(given))
}

/// An open database; clones share it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Database {
    /// A SQLite file.
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::SqliteStore),
    /// A PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::PostgresStore),
}

impl Database {
    /// The same database, whose operations are sealed by `cipher` from now on. What is there already
    /// stays readable, and is sealed when [`rotate`](OperationStore::rotate) comes to it.
    #[must_use]
    pub fn sealed_by(self, cipher: Arc<dyn Sealing>) -> Self {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => Self::Sqlite(store.sealed_by(cipher)),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => Self::Postgres(store.sealed_by(cipher)),
        }
    }

    /// What seals it, if anything does.
    pub(crate) fn cipher(&self) -> Option<Arc<dyn Sealing>> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.cipher(),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.cipher(),
        }
    }

    /// The record of one domain.
    #[must_use]
    pub fn operations(&self, tables: Tables) -> Arc<dyn OperationStore> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.operations(tables),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.operations(tables),
        }
    }

    /// Runs `work` in a transaction: what it writes, and the operations that it accepts by
    /// [`Engine::submit_in`](crate::Engine::submit_in), become durable together. When `work` refuses,
    /// nothing does. It may run more than once.
    ///
    /// # Errors
    /// When `work` refuses or the database fails; of the latter nobody knows whether it was committed.
    pub async fn transaction<F>(&self, work: F) -> Result<(), TransactionError>
    where
        F: for<'a> FnMut(HookTx<'a>) -> HookFuture<'a> + Send + 'static,
    {
        self.run(Manner::Waits, Box::new(work)).await
    }

    /// [`transaction`](Self::transaction), begun in this manner, whose work gives something.
    ///
    /// # Errors
    /// As [`transaction`](Self::transaction).
    pub(crate) async fn transaction_as<T, F>(
        &self,
        manner: Manner,
        work: F,
    ) -> Result<T, TransactionError>
    where
        T: Send + 'static,
        F: for<'a> Fn(HookTx<'a>) -> Giving<'a, T> + Send + Sync + 'static,
    {
        let (work, given) = keeping(work);
        self.run(manner, work).await?;
        given.take()
    }

    #[cfg_attr(
        not(feature = "postgres"),
        expect(
            unused_variables,
            reason = "a file has one writer, and no planner that guesses"
        )
    )]
    async fn run(&self, manner: Manner, work: Hook) -> Result<(), TransactionError> {
        let work = trace::carried(work);
        let done = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.transaction(work).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.transaction(manner, work).await,
        };
        Ok(done??)
    }

    /// Room for transactions that nobody waits for, so that they leave connections to those that somebody
    /// waits for.
    pub(crate) fn background(&self) -> Arc<Semaphore> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.background(),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.background(),
        }
    }

    /// Runs a reading statement, with `?1`, `?2` … for `params`.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn query(&self, sql: String, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.query(sql, params).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.query(&sql, &params).await,
        }
    }

    /// What its processes know of the providers they call.
    #[must_use]
    pub fn lanes(&self) -> Arc<dyn LaneStore> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.lanes(),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.lanes(),
        }
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.ping().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.ping().await,
        }
    }

    /// Whether it is a server that others may use, too, and that keeps [`statistics`](Self::statistics).
    #[must_use]
    pub fn is_server(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => true,
        }
    }

    /// How the server is doing, and `tables` on it, as far as they exist. Of a file nothing is known.
    ///
    /// # Errors
    /// When the server does not say so within ten seconds.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "a file is not asked for its tables")
    )]
    pub async fn statistics(&self, tables: &[String]) -> Result<DatabaseStatistics, StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Ok(DatabaseStatistics::default()),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.statistics(tables).await,
        }
    }

    /// Leaves the database as a stopped program should: a SQLite file in one piece, a server without
    /// connections of ours.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(&self) -> Result<(), StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.checkpoint().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => {
                store.close().await;
                Ok(())
            }
        }
    }
}
