//! The records that protect providers: one row per lane, read and written in one shared commit.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::{Timestamp, to_millis};
use crate::protection::record::transition;
use crate::protection::{LaneGrant, LaneReport, LaneStore, ProtectionPolicy};
use crate::store::StoreError;

use super::committer::Committer;
use super::sqlite_error;

/// The lanes of one file.
#[derive(Debug)]
pub(super) struct SqliteLanes {
    committer: Arc<Committer>,
}

impl SqliteLanes {
    pub(super) fn new(committer: Arc<Committer>) -> Self {
        Self { committer }
    }
}

#[async_trait]
impl LaneStore for SqliteLanes {
    async fn sync(
        &self,
        lane: &str,
        now: Timestamp,
        policy: &ProtectionPolicy,
        report: LaneReport,
    ) -> Result<LaneGrant, StoreError> {
        let (lane, policy) = (lane.to_owned(), policy.clone());
        // The committer's transaction is IMMEDIATE: no other process reads the row in between.
        let run = move |connection: &mut Connection| {
            let stored = load(connection, &lane).map_err(sqlite_error("load lane"))?;
            let (record, grant) = transition(&lane, stored.as_deref(), now, &policy, &report)?;
            save(connection, &lane, &record, now).map_err(sqlite_error("save lane"))?;
            Ok(grant)
        };
        self.committer.submit(None, run).await
    }
}

/// The row's text as bytes, so that one that is no text is unreadable and not an error of the
/// database.
fn load(connection: &Connection, lane: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached(include_str!("lane_load.sql"))?
        .query_row([lane], |row| {
            Ok(row.get_ref(0)?.as_bytes().unwrap_or_default().to_vec())
        })
        .optional()
}

fn save(connection: &Connection, lane: &str, record: &str, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("lane_save.sql"))?
        .execute(params![lane, record, to_millis(now)])?;
    Ok(())
}
