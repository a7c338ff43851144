//! Migrations: each runs once, whichever of the processes comes first, and is remembered by name and
//! content.
//!
//! A step runs in a transaction together with its note in the ledger. One that must not, because it
//! builds an index `CONCURRENTLY`, begins with `-- no-transaction`, as sqlx has it too; its statements
//! have to be such that they can be run again.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::store::StoreError;
use crate::store::migration::{Migration, refuse_newer, schema};

use super::error::postgres_error;

/// Key of the advisory lock under which processes migrate one after the other: "orch" in ASCII.
const LOCK: i64 = 0x6f72_6368;

const LEDGER: &str = "create table if not exists orch_migrations (
    name text primary key, checksum text not null, applied_at timestamptz not null default now()
)";

/// Belongs to the runtime and not to a domain.
const LANES: &str = include_str!("lane_table.sql");

const UNTRANSACTED: &str = "-- no-transaction";

/// Applies what has not been applied yet. A database that is up to date is only read.
pub(crate) async fn apply(
    connection: &mut PgConnection,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let known = ledger(connection).await?;
    let names: Vec<String> = known.iter().map(|(name, _)| name.clone()).collect();
    refuse_newer(&names, migrations)?;
    for migration in migrations {
        let checksum = known.iter().find(|(name, _)| name == migration.name);
        if migration.is_due(checksum.map(|(_, checksum)| &**checksum))? {
            apply_one(connection, migration).await?;
        }
    }
    Ok(())
}

/// What was applied; makes the ledger when there is none.
async fn ledger(connection: &mut PgConnection) -> Result<Vec<(String, String)>, StoreError> {
    let error = postgres_error("migrate");
    // A program may be allowed to do all but make tables.
    let exist = "select to_regclass('orch_migrations') is not null \
                 and to_regclass('orch_lanes') is not null";
    let exists: bool = sqlx::query_scalar(exist)
        .persistent(false)
        .fetch_one(&mut *connection)
        .await
        .map_err(&error)?;
    if !exists {
        let mut transaction = connection.begin().await.map_err(&error)?;
        lock(&mut transaction).await?;
        transaction.execute(LEDGER).await.map_err(&error)?;
        transaction.execute(LANES).await.map_err(&error)?;
        transaction.commit().await.map_err(&error)?;
    }
    sqlx::query_as("select name, checksum from orch_migrations order by name")
        .persistent(false)
        .fetch_all(connection)
        .await
        .map_err(error)
}

async fn apply_one(connection: &mut PgConnection, migration: &Migration) -> Result<(), StoreError> {
    let error = postgres_error("migrate");
    if migration.up.starts_with(UNTRANSACTED) {
        refuse_broken_indexes(connection, migration).await?;
        for statement in statements(migration.up) {
            let statement = AssertSqlSafe(statement.to_owned());
            let run = connection.execute(sqlx::raw_sql(statement));
            run.await.map_err(|error| migration.failed(&error))?;
        }
    }
    let mut transaction = connection.begin().await.map_err(&error)?;
    lock(&mut transaction).await?;
    let known: Option<String> =
        sqlx::query_scalar("select checksum from orch_migrations where name = $1")
            .persistent(false)
            .bind(migration.name)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(&error)?;
    if !migration.is_due(known.as_deref())? {
        return Ok(());
    }
    if !migration.up.starts_with(UNTRANSACTED) {
        let run = transaction.execute(sqlx::raw_sql(migration.up));
        run.await.map_err(|error| migration.failed(&error))?;
    }
    sqlx::query("insert into orch_migrations (name, checksum) values ($1, $2)")
        .persistent(false)
        .bind(migration.name)
        .bind(migration.checksum())
        .execute(&mut *transaction)
        .await
        .map_err(&error)?;
    transaction.commit().await.map_err(error)
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
    match broken.iter().find(|index| migration.up.contains(&***index)) {
        None => Ok(()),
        Some(index) => Err(schema(format!(
            "migration {} was cut off and left the index {index} invalid: DROP INDEX \
             CONCURRENTLY {index}, then start again",
            migration.name
        ))),
    }
}

/// Statements that end in `;` at the end of a line.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split_inclusive(";\n").map(str::trim);
    parts.filter(|part| {
        part.lines()
            .any(|line| !line.is_empty() && !line.starts_with("--"))
    })
}
