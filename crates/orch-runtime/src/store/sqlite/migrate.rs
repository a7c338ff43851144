//! Migrations: each runs once, in its own transaction, and is remembered by name and content.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::store::{StoreError, StoreErrorKind};

use super::sqlite_error;

/// One step of the schema, known by its name: `0001_payment`, `0002_refund`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// File name without its ending.
    pub name: &'static str,
    /// Statements that make the step.
    pub up: &'static str,
}

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
    refuse_newer(connection, migrations)?;
    for migration in migrations {
        apply_one(connection, migration)?;
    }
    Ok(())
}

fn refuse_newer(connection: &Connection, migrations: &[Migration]) -> Result<(), StoreError> {
    let mut applied = connection
        .prepare("select name from orch_migrations order by name")
        .map_err(sqlite_error("migrate"))?;
    let names = applied
        .query_map([], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<String>>>)
        .map_err(sqlite_error("migrate"))?;
    match names
        .iter()
        .find(|name| migrations.iter().all(|known| known.name != *name))
    {
        None => Ok(()),
        Some(name) => Err(schema(format!(
            "the database has migration {name}, which this program does not know: \
             start the newer version of the program"
        ))),
    }
}

fn apply_one(connection: &mut Connection, migration: &Migration) -> Result<(), StoreError> {
    let checksum = checksum(migration.up);
    let transaction = connection.transaction().map_err(sqlite_error("migrate"))?;
    let known: Option<String> = transaction
        .query_row(
            "select checksum from orch_migrations where name = ?1",
            [migration.name],
            |row| row.get(0),
        )
        .optional()
        .map_err(sqlite_error("migrate"))?;
    match known {
        Some(known) if known == checksum => return Ok(()),
        Some(_) => {
            return Err(schema(format!(
                "migration {} was changed after it had been applied: put its text back and add a \
                 new migration",
                migration.name
            )));
        }
        None => {}
    }
    transaction
        .execute_batch(migration.up)
        .map_err(|error| schema(format!("migration {} failed: {error}", migration.name)))?;
    transaction
        .execute(
            "insert into orch_migrations (name, checksum) values (?1, ?2)",
            params![migration.name, checksum],
        )
        .and_then(|_| transaction.commit())
        .map_err(sqlite_error("migrate"))
}

fn schema(problem: String) -> StoreError {
    StoreError::new(StoreErrorKind::Schema, "migrate", problem)
}

fn checksum(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
