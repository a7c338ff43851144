//! Migrations: each runs once, in its own transaction, and is remembered by name and content.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::StoreError;
use crate::store::migration::{Migration, refuse_newer};

use super::sqlite_error;

const LEDGER: &str = "create table if not exists orch_migrations (
    name text primary key, checksum text not null
) without rowid";

/// Belongs to the runtime and not to a domain, so that no migration of a program makes it.
const LANES: &str = include_str!("lane_table.sql");

/// Applies what has not been applied yet.
pub(super) fn apply(
    connection: &mut Connection,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    connection
        .execute_batch(LEDGER)
        .and_then(|()| connection.execute_batch(LANES))
        .map_err(sqlite_error("migrate"))?;
    refuse_newer(&applied(connection)?, migrations)?;
    for migration in migrations {
        apply_one(connection, migration)?;
    }
    Ok(())
}

fn applied(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut names = connection
        .prepare("select name from orch_migrations order by name")
        .map_err(sqlite_error("migrate"))?;
    names
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(sqlite_error("migrate"))
}

fn apply_one(connection: &mut Connection, migration: &Migration) -> Result<(), StoreError> {
    let transaction = connection.transaction().map_err(sqlite_error("migrate"))?;
    let known: Option<String> = transaction
        .query_row(
            "select checksum from orch_migrations where name = ?1",
            [migration.name],
            |row| row.get(0),
        )
        .optional()
        .map_err(sqlite_error("migrate"))?;
    if !migration.is_due(known.as_deref())? {
        return Ok(());
    }
    transaction
        .execute_batch(migration.up)
        .map_err(|error| migration.failed(&error))?;
    transaction
        .execute(
            "insert into orch_migrations (name, checksum) values (?1, ?2)",
            params![migration.name, migration.checksum()],
        )
        .and_then(|_| transaction.commit())
        .map_err(sqlite_error("migrate"))
}
