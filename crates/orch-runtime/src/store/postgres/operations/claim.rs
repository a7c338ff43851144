//! Leasing operations, and taking them from lost workers.

use sqlx::{Connection as _, Row as _, SqlStr};

use crate::clock::Timestamp;
use crate::fault::{Boundary, Fate, Step};
use crate::ids::OpId;
use crate::store::postgres::error::postgres_error;
use crate::store::postgres::row;
use crate::store::settled::lost_text;
use crate::store::{Claim, Lease, StoreError, StoreErrorKind};

use super::PostgresOperations;
use super::Statement;

impl PostgresOperations {
    /// A claiming statement with what both have.
    pub(super) fn claiming(&self, sql: &SqlStr, now: Timestamp, claim: &Claim) -> Statement {
        self.statement(sql)
            .bind(now)
            .bind(claim.term.worker.to_string())
            .bind(claim.term.expires_at)
            .bind(i64::from(claim.limit))
            .bind(claim.event_types.to_vec())
    }

    /// Runs a claiming statement. A row that cannot be read is parked, and holds up no other.
    pub(super) async fn lease(
        &self,
        statement: Statement,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Vec<Lease>, StoreError> {
        let rows = self.stepping("claim", Step::Claim, statement).await?;
        let mut leases = Vec::with_capacity(rows.len());
        for found in &rows {
            match row::lease(found, &self.sealer, expires_at) {
                Ok(lease) => leases.push(lease),
                Err(error) => self.park_unreadable(found, now, &error).await?,
            }
        }
        Ok(leases)
    }

    async fn park_unreadable(
        &self,
        found: &sqlx::postgres::PgRow,
        now: Timestamp,
        error: &sqlx::Error,
    ) -> Result<(), StoreError> {
        let op_id: String = found.try_get(0).map_err(postgres_error("claim"))?;
        tracing::error!(op_id, %error, "parked: the operation's row cannot be read");
        let statement = self
            .statement(&self.sql.park_unreadable)
            .bind(op_id)
            .bind(format!("its row cannot be read: {error}"))
            .bind(now);
        self.execute("park", statement).await.map(|_| ())
    }

    pub(super) async fn reap_once(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OpId>, StoreError> {
        let statement = self
            .statement(&self.sql.reap)
            .bind(now)
            .bind(i64::from(limit))
            .bind(lost_text());
        let rows = self.stepping("reap", Step::Reap, statement).await?;
        // One whose name is none is set aside when it is claimed.
        let names = rows
            .iter()
            .filter_map(|row| row.try_get::<String, _>(0).ok());
        Ok(names.filter_map(|name| OpId::new(name).ok()).collect())
    }

    /// Runs a writing statement with the boundaries around its commit; they count only where it wrote.
    pub(super) async fn stepping(
        &self,
        operation: &'static str,
        step: Step,
        statement: Statement,
    ) -> Result<Vec<sqlx::postgres::PgRow>, StoreError> {
        let error = postgres_error(operation);
        let link = &self.store.link;
        let mut connection = link.pool.acquire().await.map_err(&error)?;
        let mut transaction = connection.begin().await.map_err(&error)?;
        let rows = statement
            .fetch_all(&mut *transaction)
            .await
            .map_err(&error)?;
        let dies = |boundary| !rows.is_empty() && link.faults.reach(boundary) == Fate::Die;
        if dies(Boundary::BeforeCommit(step)) {
            return Err(dead(operation));
        }
        transaction.commit().await.map_err(&error)?;
        if dies(Boundary::AfterCommit(step)) {
            return Err(dead(operation));
        }
        Ok(rows)
    }
}

/// The fault plan says that the process ended here.
pub(in crate::store::postgres) fn dead(operation: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Closed, operation, "the process died")
}
