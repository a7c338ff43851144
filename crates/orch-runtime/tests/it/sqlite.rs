//! What only a SQLite file can do wrong.

use std::path::{Path, PathBuf};

use orch_runtime::Migration;
use orch_runtime::store::sqlite::SqliteStore;
use orch_runtime::store::{StoreError, StoreErrorKind};

use crate::charge::MIGRATIONS;

const NEWER: &[Migration] = &[
    MIGRATIONS[0],
    MIGRATIONS[1],
    Migration {
        name: "0003_later",
        up: "create table later (id integer)",
    },
];

fn refusal(path: &Path, migrations: &[Migration]) -> StoreError {
    SqliteStore::open(path, migrations).unwrap_err()
}

#[test]
fn a_missing_folder_is_named_and_not_created() {
    let folder = tempfile::tempdir().unwrap();
    let error = refusal(&folder.path().join("nowhere/store.db"), MIGRATIONS);
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let text = "these are my notes and not a database\n".repeat(40);
    std::fs::write(&path, &text).unwrap();
    assert_eq!(refusal(&path, MIGRATIONS).kind(), StoreErrorKind::Corrupt);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_schema_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(SqliteStore::open(&path, NEWER).unwrap());
    let error = refusal(&path, MIGRATIONS);
    assert_eq!(error.kind(), StoreErrorKind::Schema);
    assert!(error.to_string().contains("0003_later"), "{error}");
}

#[test]
fn an_older_schema_is_brought_up_to_date_and_a_second_start_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(SqliteStore::open(&path, MIGRATIONS).unwrap());
    drop(SqliteStore::open(&path, NEWER).unwrap());
    drop(SqliteStore::open(&path, NEWER).unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    let count = |sql: &str| raw.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("select count(*) from orch_migrations"), 3);
}

#[test]
fn a_migration_that_was_changed_afterwards_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(SqliteStore::open(&path, MIGRATIONS).unwrap());
    let changed = [
        MIGRATIONS[0],
        Migration {
            name: "0002_orders",
            up: "create table other (id integer)",
        },
    ];
    let error = refusal(&path, &changed);
    assert!(error.to_string().contains("0002_orders"), "{error}");
}

/// Half a migration would be neither the old nor the new schema.
#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let broken = [Migration {
        name: "0001_broken",
        up: "create table first (id integer); create table first (id integer)",
    }];
    assert_eq!(refusal(&path, &broken).kind(), StoreErrorKind::Schema);
    let raw = rusqlite::Connection::open(&path).unwrap();
    let tables = "select count(*) from sqlite_master where name = 'first'";
    assert_eq!(raw.query_row(tables, [], |row| row.get::<_, i64>(0)), Ok(0));
}

#[test]
fn readers_do_not_block_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(SqliteStore::open(&path, MIGRATIONS).unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    let mode = raw.query_row("pragma journal_mode", [], |row| row.get::<_, String>(0));
    assert_eq!(mode.unwrap(), "wal");
}

/// Backups copy one file, and a secret that was redacted in it must not live on beside it, also when
/// the command is so long that it is spread over pages of its own.
#[tokio::test]
async fn a_checkpoint_leaves_one_file_without_what_was_overwritten() {
    let world = crate::charge::keyed_world();
    let mut long = crate::charge::charge("order-1");
    for length in [0, 3_000, 20_000] {
        long.pin = format!("{}4711-secret", "x".repeat(length));
        let key = format!("k{length}");
        world.submit(&key, &long).await.unwrap();
    }
    let url = world.database().url();
    let path = PathBuf::from(url.trim_start_matches("sqlite://"));
    let store = SqliteStore::open(&path, MIGRATIONS).unwrap();
    store.checkpoint().await.unwrap();
    let log = path.with_extension("db-wal");
    assert_eq!(std::fs::metadata(log).map_or(0, |log| log.len()), 0);
    let file = std::fs::read(&path).unwrap();
    let secret = b"4711-secret";
    assert!(!file.windows(secret.len()).any(|part| part == secret));
}

/// A column of a SQLite table holds whatever somebody wrote into it.
#[tokio::test]
async fn what_is_no_text_stops_no_rotation() {
    let mut world = crate::charge::keyed_world();
    let submit = async |key: &str| {
        let order = crate::charge::charge(key);
        world.submit(key, &order).await.unwrap()
    };
    let (damaged, _nameless, good) = (submit("1").await, submit("2").await, submit("3").await);
    world.alter(&format!(
        "update charge_operations set payload = x'ff' where op_id = '{damaged}';
         update charge_operations set op_id = x'ff' where idem_key = '2'"
    ));
    let keys = crate::encryption::cipher(&["1-first"]);
    world.restart_sealed_by(std::sync::Arc::new(keys));
    let rotated = world.store().rotate(None, 10).await.unwrap();
    assert_eq!((rotated.unreadable, rotated.rewritten), (1, 3));
    let last = damaged.max(good);
    assert_eq!(rotated.end.as_deref(), Some(last.as_str()));
    let rest = world.store().rotate(rotated.end, 10).await.unwrap();
    assert_eq!(rest.end, None);
}
