//! The user's part of the finalize transaction.

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;

use crate::value::{Row, Value};

/// The hook could not do its work; the transaction is rolled back and tried again later.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct HookError {
    reason: String,
    kind: HookErrorKind,
}

/// What a refusal of a transaction's work comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookErrorKind {
    /// The work itself, or a statement that is wrong.
    Refusal,
    /// A rule of the tables: a key that is there already, a check, a row that has to be there.
    Constraint,
    /// Somebody else changed meanwhile what was read. Begun anew, it may succeed at once.
    Conflict,
    /// Somebody else holds a lock for too long.
    Busy,
    /// The work did without a savepoint, and would have needed it: it has to be done with one.
    Unguarded,
}

impl HookError {
    /// Refuses, for `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self::of(HookErrorKind::Refusal, reason)
    }

    pub(crate) fn of(kind: HookErrorKind, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason, kind }
    }

    pub(crate) fn kind(&self) -> HookErrorKind {
        self.kind
    }

    /// Whether somebody else held for too long what a statement needed.
    pub(crate) fn is_busy(&self) -> bool {
        self.kind == HookErrorKind::Busy
    }

    /// Whether a statement broke a rule of the tables, such as a unique key or a check: it would break it
    /// again.
    #[must_use]
    pub fn is_constraint(&self) -> bool {
        self.kind == HookErrorKind::Constraint
    }
}

/// A transaction that belongs to the runtime's database: the one that ends an operation, or a caller's
/// own. What is written through it becomes durable together, or not at all.
pub struct HookTx<'a> {
    driver: &'a mut dyn HookDriver,
}

impl std::fmt::Debug for HookTx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HookTx")
    }
}

impl<'a> HookTx<'a> {
    pub(crate) fn new(driver: &'a mut dyn HookDriver) -> Self {
        Self { driver }
    }

    /// Runs a writing statement; says how many rows it changed.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, HookError> {
        self.driver.execute(sql, params).await
    }

    /// Runs a reading statement.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, HookError> {
        self.driver.query(sql, params).await
    }

    /// Whether statements travel, so that one for many rows is worth its making: such a database reads the rows
    /// out of a JSON text.
    pub(crate) fn is_remote(&self) -> bool {
        self.driver.is_remote()
    }

    /// The connection below, if it is one to a SQLite file.
    #[cfg(feature = "sqlite")]
    pub(crate) fn sqlite(&mut self) -> Option<&mut rusqlite::Connection> {
        self.driver.sqlite()
    }

    /// The connection below, if it is one to a PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres(&mut self) -> Option<&mut sqlx::PgConnection> {
        self.driver.postgres()
    }
}

/// A store's side of a [`HookTx`].
#[async_trait]
pub(crate) trait HookDriver: Send {
    async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, HookError>;
    async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, HookError>;

    fn is_remote(&self) -> bool {
        false
    }

    #[cfg(feature = "sqlite")]
    fn sqlite(&mut self) -> Option<&mut rusqlite::Connection> {
        None
    }

    #[cfg(feature = "postgres")]
    fn postgres(&mut self) -> Option<&mut sqlx::PgConnection> {
        None
    }
}

/// What a hook returns while it runs.
pub type HookFuture<'a> = Pin<Box<dyn Future<Output = Result<(), HookError>> + Send + 'a>>;

/// A hook, ready to run. It may run more than once: each run starts from a clean transaction.
pub type Hook = Box<dyn for<'a> FnMut(HookTx<'a>) -> HookFuture<'a> + Send>;
