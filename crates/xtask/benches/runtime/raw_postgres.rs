//! The reference on PostgreSQL: the same rows in the same tables, in two shared commits, by a few
//! connections with nothing around them.

use std::ops::Range;

use anyhow::Result;
use orch_runtime::Timestamp;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;

use super::domain::POSTGRES;
use super::raw::Row;

const ACCEPT: &str = "with input as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as input (op, key, biz, cents)
), accepted as (
    insert into charge_operations (
        op_id, owner_id, idem_key, biz_key, event_type, fingerprint, payload, state, attempts, fence,
        lease_owner, lease_expires_at, first_sent_at, deadline_at, accepted_at, updated_at,
        order_id, cents
    )
    select op, 'anonymous', key, biz, 'CHARGE_REQUESTED', repeat('0123456789abcdef', 4),
        '{\"order_id\":\"' || biz || '\",\"cents\":1000}', 'IN_PROGRESS', 1, 1,
        'a-worker-of-some-process-0123456789abcdef', $5 + interval '15 s', $5,
        $5 + interval '1 h', $5, $5, biz, cents
    from input
)
insert into charge_write_ahead_logs (op_id, fence, attempt, state, created_at)
select op, 1, 1, 'INTENT', $5 from input";

const SETTLE: &str = "with input as (
    select * from unnest($1::text[]) as input (op)
), logged as (
    update charge_write_ahead_logs as log set state = 'COMPLETED', outcome_type = 'OK',
        outcome = '{\"type\":\"OK\",\"message\":\"charged\",\"provider_ref\":\"' || op || '\"}',
        written_at = $2, completed_at = $2
    from input where log.op_id = op and log.fence = 1
)
update charge_operations as operations set state = 'COMPLETED', message = 'charged',
    provider_ref = op, completed_at = $2, lease_owner = null, lease_expires_at = null, updated_at = $2
from input where operations.op_id = op and fence = 1 and state = 'IN_PROGRESS'";

/// Writes the operations numbered `numbers` in batches of `batch` over `connections`; answers how many
/// per second.
pub(crate) async fn load(
    url: &str,
    numbers: Range<u64>,
    batch: u64,
    connections: u64,
) -> Result<f64> {
    let operations = numbers.end - numbers.start;
    let mut first = PgConnection::connect(url).await?;
    sqlx::raw_sql(POSTGRES).execute(&mut first).await?;
    let begin = std::time::Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..connections {
        let url = url.to_owned();
        writers.spawn(async move {
            let mut connection = PgConnection::connect(&url).await?;
            let share = operations / connections;
            let mut number = numbers.start + writer * share;
            let end = number + share;
            while number < end {
                let size = batch.min(end - number);
                let rows: Vec<Row> = (number..number + size).map(Row::number).collect();
                write(&mut connection, &rows).await?;
                number += size;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(operations as f64 / begin.elapsed().as_secs_f64())
}

async fn write(connection: &mut PgConnection, rows: &[Row]) -> Result<()> {
    let text = |value: fn(&Row) -> &str| -> Vec<&str> { rows.iter().map(value).collect() };
    let at = rows.first().map_or(0, |row| row.at);
    let at = Timestamp::from_timestamp_millis(at).unwrap_or_default();
    sqlx::query(ACCEPT)
        .bind(text(|row| &row.op_id))
        .bind(text(|row| &row.key))
        .bind(text(|row| &row.charge.order_id))
        .bind(rows.iter().map(|row| row.charge.cents).collect::<Vec<_>>())
        .bind(at)
        .execute(&mut *connection)
        .await?;
    sqlx::query(SETTLE)
        .bind(text(|row| &row.op_id))
        .bind(at)
        .execute(connection)
        .await?;
    Ok(())
}
