//! The reference: the same rows in the same tables, written by one thread with nothing around it.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use orch_runtime::{Clock, IdSource, SystemClock, UuidSource};
use rusqlite::{CachedStatement, Connection, params};

use super::domain::{Charge, SQLITE, key};

const ACCEPT: &str = "insert into charge_operations (
    op_id, owner_id, idem_key, biz_key, event_type, fingerprint, payload, state, attempts, fence,
    lease_owner, lease_expires_at, first_sent_at, deadline_at, accepted_at, updated_at,
    order_id, cents
) values (?1, 'anonymous', ?2, ?3, 'CHARGE_REQUESTED', ?4, ?5, 'IN_PROGRESS', 1, 1,
    'a-worker-of-some-process-0123456789abcdef', ?6 + 15000, ?6, ?6 + 3600000, ?6, ?6, ?3, ?7)";

const INTENT: &str =
    "insert into charge_write_ahead_logs (op_id, fence, attempt, state, created_at)
    values (?1, 1, 1, 'INTENT', ?2)";

const OUTCOME: &str = "update charge_write_ahead_logs set state = 'COMPLETED', outcome_type = 'OK',
    outcome = ?2, written_at = ?3, completed_at = ?3 where op_id = ?1 and fence = 1";

const SETTLE: &str = "update charge_operations set state = 'COMPLETED', message = 'charged',
    provider_ref = ?1, completed_at = ?2, lease_owner = null, lease_expires_at = null, updated_at = ?2
    where op_id = ?1 and fence = 1 and state = 'IN_PROGRESS'";

/// Writes `operations`, two commits for each `batch` of them; answers how many per second.
pub(crate) fn load(file: &Path, operations: u64, batch: u64) -> Result<f64> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000;",
    )?;
    connection.execute_batch(SQLITE)?;
    let mut table = Writer::new(&connection)?;
    let begin = Instant::now();
    let mut number = 0;
    while number < operations {
        let size = batch.min(operations - number);
        let rows: Vec<Row> = (number..number + size).map(Row::number).collect();
        write(&connection, &mut table, &rows)?;
        number += size;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(operations as f64 / begin.elapsed().as_secs_f64())
}

fn write(connection: &Connection, table: &mut Writer<'_>, batch: &[Row]) -> Result<()> {
    connection.execute_batch("begin immediate")?;
    for row in batch {
        table.accept(row)?;
    }
    for row in batch {
        table.intent.execute(params![row.op_id, row.at])?;
    }
    connection.execute_batch("commit; begin immediate")?;
    for row in batch {
        let outcome = format!(
            r#"{{"type":"OK","message":"charged","provider_ref":"{}"}}"#,
            row.op_id
        );
        table.outcome.execute(params![row.op_id, outcome, row.at])?;
    }
    for row in batch {
        table.settle.execute(params![row.op_id, row.at])?;
    }
    connection.execute_batch("commit")?;
    Ok(())
}

/// One operation to be written.
pub(crate) struct Row {
    pub(crate) op_id: String,
    pub(crate) key: String,
    pub(crate) charge: Charge,
    pub(crate) at: i64,
}

impl Row {
    pub(crate) fn number(number: u64) -> Self {
        let now = SystemClock.now();
        Self {
            op_id: UuidSource.op_id(now).as_str().to_owned(),
            key: key(number),
            charge: Charge::number(number),
            at: now.timestamp_millis(),
        }
    }
}

struct Writer<'c> {
    accept: CachedStatement<'c>,
    intent: CachedStatement<'c>,
    outcome: CachedStatement<'c>,
    settle: CachedStatement<'c>,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection) -> Result<Self> {
        Ok(Self {
            accept: connection.prepare_cached(ACCEPT)?,
            intent: connection.prepare_cached(INTENT)?,
            outcome: connection.prepare_cached(OUTCOME)?,
            settle: connection.prepare_cached(SETTLE)?,
        })
    }

    fn accept(&mut self, row: &Row) -> Result<()> {
        let Charge { order_id, cents } = &row.charge;
        let payload = format!(r#"{{"order_id":"{order_id}","cents":{cents}}}"#);
        let fingerprint = "0123456789abcdef".repeat(4);
        self.accept.execute(params![
            row.op_id,
            row.key,
            order_id,
            fingerprint,
            payload,
            row.at,
            cents
        ])?;
        Ok(())
    }
}
