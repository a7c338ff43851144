//! The user's part of the finalize transaction.

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;

use crate::value::{Row, Value};

/// The hook could not do its work; the transaction is rolled back and tried again later.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct HookError(String);

impl HookError {
    /// Refuses, for `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
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
