//! Migrations: each runs once, whichever of the processes comes first, and is remembered by name and
//! content.
//!
//! A step runs in a transaction together with its note in the ledger. One that must not, because it
//! builds an index `CONCURRENTLY`, begins with `-- no-transaction`, as sqlx has it too; its statements
//! have to be such that they can be run again.
//!
//! **Invariant:** such a step is run by one process at a time. Who runs it holds a lock in a transaction
//! of a second connection, because a pooler may change the session between two statements. Others ask
//! for the lock again and again: whoever waits *in* a statement is waited for by `CONCURRENTLY`, and both
//! would wait for ever.

use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Postgres, Transaction};

use crate::store::StoreError;
use crate::store::migration::{Migration, refuse_newer, schema};

use super::error::postgres_error;

/// Key of the advisory lock under which processes migrate one after the other: "orch" in ASCII.
const LOCK: i64 = 0x6f72_6368;

/// Key of the lock of whoever runs a step outside of a transaction.
const UNTRANSACTED_LOCK: i64 = LOCK + 1;

/// Pause before the lock is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

const LEDGER: &str = "create table if not exists orch_migrations (
    name text primary key, checksum text not null, applied_at timestamptz not null default now()
)";

/// Belongs to the runtime and not to a domain.
const LANES: &str = include_str!("lane_table.sql");

const UNTRANSACTED: &str = "-- no-transaction";

/// Applies what has not been applied yet. A database that is up to date is only read.
pub(crate) async fn apply(pool: &PgPool, migrations: &[Migration]) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await.map_err(postgres_error("migrate"))?;
    let known = ledger(&mut connection).await?;
    let names: Vec<String> = known.iter().map(|(name, _)| name.clone()).collect();
    refuse_newer(&names, migrations)?;
    for migration in migrations {
        let checksum = known.iter().find(|(name, _)| name == migration.name);
        if !migration.is_due(checksum.map(|(_, checksum)| &**checksum))? {
            continue;
        }
        if migration.up.starts_with(UNTRANSACTED) {
            apply_untransacted(pool, &mut connection, migration).await?;
        } else {
            apply_one(&mut connection, migration).await?;
        }
    }
    Ok(())
}

/// What was applied; makes the ledger when there is none.
async fn ledger(connection: &mut PgConnection) -> Result<Vec<(String, String)>, StoreError> {
    let error = postgres_error("migrate");
    let mut transaction = connection.begin().await.map_err(&error)?;
    // A program may be allowed to do all but make tables.
    let exist = "select to_regclass('orch_migrations') is not null \
                 and to_regclass('orch_lanes') is not null";
    let exists: bool = sqlx::query_scalar(exist)
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await
        .map_err(&error)?;
    if !exists {
        lock(&mut transaction).await?;
        transaction.execute(LEDGER).await.map_err(&error)?;
        transaction.execute(LANES).await.map_err(&error)?;
    }
    let known = sqlx::query_as("select name, checksum from orch_migrations order by name")
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await
        .map_err(&error)?;
    transaction.commit().await.map_err(error)?;
    Ok(known)
}

async fn apply_one(connection: &mut PgConnection, migration: &Migration) -> Result<(), StoreError> {
    let error = postgres_error("migrate");
    let mut transaction = connection.begin().await.map_err(&error)?;
    lock(&mut transaction).await?;
    if !is_due(&mut transaction, migration).await? {
        return Ok(());
    }
    let run = transaction.execute(sqlx::raw_sql(migration.up));
    run.await.map_err(|error| migration.failed(&error))?;
    note(&mut transaction, migration).await?;
    transaction.commit().await.map_err(error)
}

/// Runs statement by statement. What is cut off is run again from its beginning.
async fn apply_untransacted(
    pool: &PgPool,
    connection: &mut PgConnection,
    migration: &Migration,
) -> Result<(), StoreError> {
    let mut turn = turn(pool).await?;
    if !is_due(&mut turn, migration).await? {
        return Ok(());
    }
    refuse_broken_indexes(&mut turn, migration).await?;
    for statement in statements(migration.up) {
        let statement = AssertSqlSafe(statement.to_owned());
        let run = connection.execute(sqlx::raw_sql(statement));
        run.await.map_err(|error| migration.failed(&error))?;
    }
    note(&mut turn, migration).await?;
    turn.commit().await.map_err(postgres_error("migrate"))
}

/// Waits until no other process runs a step outside of a transaction; none does while this is held.
#[expect(
    clippy::disallowed_methods,
    reason = "a pause at the start of a process, before there is a clock to wind"
)]
async fn turn(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    let error = postgres_error("migrate");
    loop {
        let mut transaction = pool.begin().await.map_err(&error)?;
        // At this level it holds no snapshot between its statements, for which `CONCURRENTLY` would
        // wait; and it may be idle for hours.
        let patient = "set transaction isolation level read committed; \
                       set local idle_in_transaction_session_timeout = 0";
        transaction.execute(patient).await.map_err(&error)?;
        let is_ours: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
            .persistent(false)
            .bind(UNTRANSACTED_LOCK)
            .fetch_one(&mut *transaction)
            .await
            .map_err(&error)?;
        if is_ours {
            return Ok(transaction);
        }
        transaction.rollback().await.map_err(&error)?;
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Whether the step has not been applied meanwhile.
async fn is_due(connection: &mut PgConnection, migration: &Migration) -> Result<bool, StoreError> {
    let known: Option<String> =
        sqlx::query_scalar("select checksum from orch_migrations where name = $1")
            .persistent(false)
            .bind(migration.name)
            .fetch_optional(connection)
            .await
            .map_err(postgres_error("migrate"))?;
    migration.is_due(known.as_deref())
}

/// Remembers that the step was applied.
async fn note(connection: &mut PgConnection, migration: &Migration) -> Result<(), StoreError> {
    sqlx::query("insert into orch_migrations (name, checksum) values ($1, $2)")
        .persistent(false)
        .bind(migration.name)
        .bind(migration.checksum())
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(postgres_error("migrate"))
}

/// Holds until the end of the transaction.
async fn lock(transaction: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .persistent(false)
        .bind(LOCK)
        .execute(transaction)
        .await
        .map(|_| ())
        .map_err(postgres_error("migrate"))
}

/// A `CONCURRENTLY` that was cut off leaves an index that nothing uses and `IF NOT EXISTS` keeps.
async fn refuse_broken_indexes(
    connection: &mut PgConnection,
    migration: &Migration,
) -> Result<(), StoreError> {
    let broken: Vec<String> = sqlx::query_scalar(
        "select indexrelid::regclass::text from pg_index where not indisvalid order by 1",
    )
    .persistent(false)
    .fetch_all(connection)
    .await
    .map_err(postgres_error("migrate"))?;
    match broken.iter().find(|index| names(migration.up, index)) {
        None => Ok(()),
        Some(index) => Err(schema(format!(
            "migration {} was cut off and left the index {index} invalid: DROP INDEX \
             CONCURRENTLY {index}, then start again",
            migration.name
        ))),
    }
}

/// Whether `index` is named in `text`, and not only a longer name that it is a part of.
fn names(text: &str, index: &str) -> bool {
    let is_part_of_name = |char: char| char.is_alphanumeric() || char == '_';
    let mut words = text.match_indices(index).map(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        !before.is_some_and(is_part_of_name) && !after.is_some_and(is_part_of_name)
    });
    words.any(|whole| whole)
}

/// Statements that end in `;` at the end of a line.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split_inclusive(";\n").map(str::trim);
    parts.filter(|part| {
        part.lines()
            .any(|line| !line.is_empty() && !line.starts_with("--"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody else's broken index would keep the service from starting.
    #[test]
    fn an_index_is_named_by_its_whole_name_only() {
        let text = "create index concurrently if not exists idx_pay_late on pay (late);\n";
        assert!(names(text, "idx_pay_late"));
        assert!(!names(text, "idx_pay"));
        assert!(!names(text, "pay_late"));
        assert!(names(text, "pay"), "the table is named so");
    }
}
