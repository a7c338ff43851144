//! The records that protect providers: one row per lane, locked from its reading to its writing.

use async_trait::async_trait;
use sqlx::postgres::PgConnection;

use crate::clock::Timestamp;
use crate::protection::record::transition;
use crate::protection::{LaneGrant, LaneReport, LaneStore, ProtectionPolicy};
use crate::store::StoreError;

use super::Link;
use super::error::postgres_error;

/// The lanes of one database.
#[derive(Debug)]
pub(super) struct PostgresLanes {
    link: Link,
}

impl PostgresLanes {
    pub(super) fn new(link: Link) -> Self {
        Self { link }
    }
}

#[async_trait]
impl LaneStore for PostgresLanes {
    async fn sync(
        &self,
        lane: &str,
        now: Timestamp,
        policy: &ProtectionPolicy,
        report: LaneReport,
    ) -> Result<LaneGrant, StoreError> {
        let error = postgres_error("sync lane");
        let mut transaction = self.link.pool.begin().await.map_err(&error)?;
        let persistent = !self.link.wrapped;
        let stored = load(&mut transaction, lane, persistent)
            .await
            .map_err(&error)?;
        let stored = match stored {
            Some(stored) => stored,
            // Two processes that begin a lane at once must not both begin with nothing.
            None => {
                let make = "insert into orch_lanes (name, record, updated_at) \
                            values ($1, '', $2) on conflict (name) do nothing";
                let made = sqlx::query(make)
                    .persistent(persistent)
                    .bind(lane)
                    .bind(now);
                made.execute(&mut *transaction).await.map_err(&error)?;
                let stored = load(&mut transaction, lane, persistent).await;
                stored.map_err(&error)?.unwrap_or_default()
            }
        };
        let stored = (!stored.is_empty()).then_some(stored.as_bytes());
        let (record, grant) = transition(lane, stored, now, policy, &report)?;
        sqlx::query(include_str!("lane_save.sql"))
            .persistent(persistent)
            .bind(lane)
            .bind(record)
            .bind(now)
            .execute(&mut *transaction)
            .await
            .map_err(&error)?;
        transaction.commit().await.map_err(&error)?;
        Ok(grant)
    }
}

async fn load(
    connection: &mut PgConnection,
    lane: &str,
    persistent: bool,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(include_str!("lane_load.sql"))
        .persistent(persistent)
        .bind(lane)
        .fetch_optional(connection)
        .await
}
