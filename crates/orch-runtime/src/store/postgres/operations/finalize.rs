//! Ending an operation together with what a hook writes.

use async_trait::async_trait;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::clock::Timestamp;
use crate::fault::{Boundary, Fate, Step};
use crate::store::hook::{Hook, HookDriver, HookError, HookTx};
use crate::store::postgres::error::{postgres_error, refused};
use crate::store::postgres::row::number;
use crate::store::postgres::{placeholder, row};
use crate::store::settled::End;
use crate::store::{Finalized, Lease, StoreError};
use crate::unwind::catching;
use crate::value::{Row, Value};
use crate::wal::WalState;

use super::PostgresOperations;
use super::claim::dead;

impl PostgresOperations {
    pub(super) async fn finalize_once(
        &self,
        now: Timestamp,
        lease: &Lease,
        end: &End,
        hook: &mut Hook,
    ) -> Result<Finalized, StoreError> {
        let error = postgres_error("finalize");
        let link = &self.store.link;
        let mut connection = link.pool.acquire().await.map_err(&error)?;
        let mut transaction = connection.begin().await.map_err(&error)?;
        let is_applied = self
            .end(&mut transaction, now, lease, end)
            .await
            .map_err(&error)?;
        if is_applied && let Err(refused) = run(&mut transaction, link.wrapped, hook).await {
            transaction.rollback().await.map_err(&error)?;
            return Ok(Finalized::HookFailed(refused.to_string()));
        }
        let (state, finalized) = if is_applied {
            (WalState::Completed, Finalized::Applied)
        } else {
            (WalState::Late, Finalized::Stale)
        };
        self.statement(&self.sql.log_applied)
            .bind(lease.op_id().as_str().to_owned())
            .bind(number(lease.fence.0))
            .bind(state.as_str())
            .bind(now)
            .execute(&mut *transaction)
            .await
            .map_err(&error)?;
        let dies = |boundary| link.faults.reach(boundary) == Fate::Die;
        if dies(Boundary::BeforeCommit(Step::Finalize)) {
            return Err(dead("finalize"));
        }
        transaction.commit().await.map_err(&error)?;
        if dies(Boundary::AfterCommit(Step::Finalize)) {
            return Err(dead("finalize"));
        }
        Ok(finalized)
    }

    /// Writes the end of the operation; `false` when a newer term owns it.
    async fn end(
        &self,
        connection: &mut PgConnection,
        now: Timestamp,
        lease: &Lease,
        end: &End,
    ) -> Result<bool, sqlx::Error> {
        let text =
            |text: &Option<String>| text.as_deref().map(|text| row::clean(text).into_owned());
        let done = self
            .statement(&self.sql.finalize)
            .bind(lease.op_id().as_str().to_owned())
            .bind(number(lease.fence.0))
            .bind(now)
            .bind(end.state.as_str())
            .bind(row::clean(&end.message).into_owned())
            .bind(text(&end.provider_ref))
            .bind(text(&end.result))
            .bind(text(&end.error_code))
            .bind(text(&end.error_cause))
            .bind(text(&end.redacted))
            .execute(connection)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

/// Runs the hook. Its panics are refusals, and so is a statement that failed and was passed over: the commit
/// of such a transaction would be answered like any other, and nothing of it would be durable.
pub(in crate::store::postgres) async fn run(
    connection: &mut PgConnection,
    wrapped: bool,
    hook: &mut Hook,
) -> Result<(), HookError> {
    let mut driver = Driver {
        connection,
        wrapped,
        has_failed: false,
    };
    let future = hook(HookTx::new(&mut driver));
    let answer = catching(future).await;
    answer.unwrap_or_else(|_| Err(HookError::new("the transaction's work panicked")))?;
    if driver.has_failed {
        let alive = driver.query("select 1", &[]).await;
        alive.map_err(|_| {
            HookError::new("a statement failed, and with it all of the transaction")
        })?;
    }
    Ok(())
}

/// A transaction on PostgreSQL, as hooks see it.
pub(in crate::store::postgres) struct Driver<'c> {
    pub(in crate::store::postgres) connection: &'c mut PgConnection,
    pub(in crate::store::postgres) wrapped: bool,
    /// A statement failed. A savepoint before it may have saved the rest.
    pub(in crate::store::postgres) has_failed: bool,
}

impl Driver<'_> {
    fn statement(&self, sql: &str, params: &[Value]) -> row::Statement {
        let sql = sqlx::AssertSqlSafe(placeholder::numbered(sql));
        let statement = sqlx::query(sql).persistent(!self.wrapped);
        params.iter().fold(statement, row::bind)
    }
}

#[async_trait]
impl HookDriver for Driver<'_> {
    async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, HookError> {
        let statement = self.statement(sql, params);
        let done = statement.execute(&mut *self.connection).await;
        self.has_failed |= done.is_err();
        let done = done.map_err(|error| refused(&error))?;
        Ok(done.rows_affected())
    }

    async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, HookError> {
        let statement = self.statement(sql, params);
        let found = statement.fetch_all(&mut *self.connection).await;
        self.has_failed |= found.is_err();
        let rows = found.and_then(|found| row::rows(&found));
        rows.map_err(|error| refused(&error))
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn postgres(&mut self) -> Option<&mut PgConnection> {
        Some(self.connection)
    }
}
