//! How the server is doing. Asked in transactions of their own, so that a pooler may stand in between.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row as _};

use crate::clock::Timestamp;
use crate::store::StoreError;
use crate::store::statistics::{DatabaseStatistics, SlowQueries, SlowQuery, TableStatistics};

use super::Link;
use super::error::postgres_error;

/// Statements that take longer on average are slow.
const SLOW_MILLIS: f64 = 1_000.0;
/// How many of them are named.
const NAMED: i64 = 10;
/// A table that somebody alters cannot be measured meanwhile, and is not waited for.
const PATIENCE: &str = "set local statement_timeout = '10s'";

const OPERATION: &str = "read statistics";

pub(super) async fn read(link: &Link, tables: &[String]) -> Result<DatabaseStatistics, StoreError> {
    let error = postgres_error(OPERATION);
    let mut transaction = link.pool.begin().await.map_err(&error)?;
    let read = connections_and_tables(&mut transaction, tables);
    let (active_connections, tables) = read.await.map_err(&error)?;
    transaction.commit().await.map_err(&error)?;
    let slow_queries = slow_queries(link).await?;
    // Last, so that the answer is young when the caller looks at its own clock.
    Ok(DatabaseStatistics {
        active_connections,
        tables,
        slow_queries,
        server_time: server_time(link).await?,
    })
}

async fn connections_and_tables(
    connection: &mut PgConnection,
    tables: &[String],
) -> Result<(u64, Vec<TableStatistics>), sqlx::Error> {
    sqlx::raw_sql(PATIENCE).execute(&mut *connection).await?;
    let active: i64 = sqlx::query_scalar(include_str!("active_connections.sql"))
        .persistent(false)
        .fetch_one(&mut *connection)
        .await?;
    let rows = sqlx::query(include_str!("table_statistics.sql"))
        .persistent(false)
        .bind(tables)
        .fetch_all(connection)
        .await?;
    let table = |row: &PgRow| {
        Ok(TableStatistics {
            name: row.try_get(0)?,
            bytes: count(row.try_get(1)?),
            dead_rows: count(row.try_get(2)?),
        })
    };
    let tables: Result<_, sqlx::Error> = rows.iter().map(table).collect();
    Ok((count(active), tables?))
}

async fn server_time(link: &Link) -> Result<Timestamp, StoreError> {
    let error = postgres_error(OPERATION);
    let mut transaction = link.pool.begin().await.map_err(&error)?;
    let now = sqlx::query_scalar("select clock_timestamp()")
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await
        .map_err(&error)?;
    transaction.commit().await.map_err(error)?;
    Ok(now)
}

/// `None` where the server has no `pg_stat_statements`, has it not loaded, or does not let this role
/// read it.
async fn slow_queries(link: &Link) -> Result<Option<SlowQueries>, StoreError> {
    let error = postgres_error(OPERATION);
    let mut transaction = link.pool.begin().await.map_err(&error)?;
    match read_slow_queries(&mut transaction).await {
        Ok(slow) => {
            transaction.commit().await.map_err(error)?;
            if slow.is_none() {
                tracing::debug!("slow queries are not known: there is no pg_stat_statements");
            }
            Ok(slow)
        }
        Err(why @ sqlx::Error::Database(_)) => {
            tracing::debug!(%why, "slow queries are not known");
            Ok(None)
        }
        Err(why) => Err(error(why)),
    }
}

async fn read_slow_queries(
    connection: &mut PgConnection,
) -> Result<Option<SlowQueries>, sqlx::Error> {
    sqlx::raw_sql(PATIENCE).execute(&mut *connection).await?;
    let place: Option<(String, String)> = sqlx::query_as(include_str!("statement_view.sql"))
        .persistent(false)
        .fetch_optional(&mut *connection)
        .await?;
    let Some((view, mean)) = place else {
        return Ok(None);
    };
    let sql = include_str!("slow_queries.sql")
        .replace("{view}", &view)
        .replace("{mean}", &mean);
    let rows = sqlx::query(AssertSqlSafe(sql))
        .persistent(false)
        .bind(SLOW_MILLIS)
        .bind(NAMED)
        .fetch_all(connection)
        .await?;
    let slowest: Result<_, sqlx::Error> = rows.iter().map(slow_query).collect();
    let all = rows.first().map(|row| row.try_get(4)).transpose()?;
    Ok(Some(SlowQueries {
        count: count(all.unwrap_or_default()),
        slowest: slowest?,
    }))
}

fn slow_query(row: &PgRow) -> Result<SlowQuery, sqlx::Error> {
    Ok(SlowQuery {
        id: row.try_get(0)?,
        calls: count(row.try_get(1)?),
        mean_millis: row.try_get(2)?,
        text: row.try_get(3)?,
    })
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}
