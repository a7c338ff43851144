//! Steps that begin with `-- no-transaction`.

use std::time::Duration;

use orch_runtime::store::postgres::{PostgresConfig, PostgresStore};
use orch_runtime::store::{Migration, StoreError, StoreErrorKind};
use sqlx::PgPool;

use crate::schema;

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_notes",
        up: "create table if not exists notes (text text)",
    },
    Migration {
        name: "0002_notes_index",
        up: "-- no-transaction\n\
             -- Written while the service runs.\n\
             create unique index concurrently if not exists idx_notes_text on notes (text);\n\
             create index concurrently if not exists idx_notes_text_length\n\
                 on notes (length(text));\n",
    },
];

const VALID: &str = "select count(*) from pg_index where indisvalid and indexrelid in \
                     (to_regclass('idx_notes_text'), to_regclass('idx_notes_text_length'))";
const RECORDED: &str = "select count(*) from orch_migrations where name = '0002_notes_index'";

async fn start(url: &str) -> Result<(), StoreError> {
    let config = PostgresConfig::new(url);
    let store = PostgresStore::open(&config, MIGRATIONS).await?;
    store.close().await;
    Ok(())
}

/// A schema in which the first step was applied.
async fn before_the_index() -> (String, PgPool) {
    let url = schema::empty().await;
    let config = PostgresConfig::new(&url);
    let store = PostgresStore::open(&config, &MIGRATIONS[..1]).await;
    store.unwrap().close().await;
    let pool = schema::pool(&url).await;
    (url, pool)
}

#[tokio::test]
async fn an_index_is_built_concurrently_and_once() {
    let (url, pool) = before_the_index().await;
    start(&url).await.unwrap();
    assert_eq!(schema::number(&pool, VALID).await, 2);
    assert_eq!(schema::number(&pool, RECORDED).await, 1);
    schema::run(&pool, "drop index idx_notes_text").await;
    start(&url).await.unwrap();
    assert_eq!(schema::number(&pool, VALID).await, 1, "it is not run again");
}

/// A rolling start: the second process comes while the first one builds. It must neither take the half
/// built index for broken, nor for built, nor wait in a way for which the first one waits. The building
/// is held up by a transaction that has written to the table. At the highest level of isolation, who
/// waits holds a snapshot.
#[tokio::test]
async fn processes_that_start_at_once_build_an_index_once() {
    for level in ["read committed", "repeatable read"] {
        let (url, pool) = before_the_index().await;
        let url = format!("{url}&options[default_transaction_isolation]={level}");
        let mut writing = pool.begin().await.unwrap();
        sqlx::query("insert into notes values ('a')")
            .execute(&mut *writing)
            .await
            .unwrap();
        let mut processes = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let url = url.clone();
            processes.spawn(async move { start(&url).await });
        }
        let building = "select count(*) from pg_stat_progress_create_index as building \
                        where relid = to_regclass('notes') and phase like 'waiting%'";
        while schema::number(&pool, building).await == 0 {
            tokio::task::yield_now().await;
        }
        let others = tokio::time::timeout(Duration::from_secs(1), processes.join_next());
        assert!(others.await.is_err(), "one went on without the index");
        assert_eq!(schema::number(&pool, RECORDED).await, 0);
        writing.commit().await.unwrap();
        let all = tokio::time::timeout(Duration::from_secs(30), processes.join_all());
        for ended in all.await.expect("nobody waits for ever") {
            ended.unwrap();
        }
        assert_eq!(schema::number(&pool, VALID).await, 2, "{level}");
        assert_eq!(schema::number(&pool, RECORDED).await, 1, "{level}");
    }
}

/// `if not exists` keeps an index that nothing uses and that forbids nothing: duplicates would come in.
#[tokio::test]
async fn an_index_that_was_left_invalid_is_named_with_the_statement_to_type() {
    let (url, pool) = before_the_index().await;
    schema::run(&pool, "insert into notes values ('a'), ('a')").await;
    let failed = start(&url).await.unwrap_err();
    assert_eq!(failed.kind(), StoreErrorKind::Schema);
    assert!(failed.to_string().contains("0002_notes_index"), "{failed}");

    schema::run(&pool, "delete from notes").await;
    let refused = start(&url).await.unwrap_err().to_string();
    let (_, from) = refused.split_once("DROP INDEX").unwrap();
    let (rest, _) = from.split_once(',').unwrap();
    assert_eq!(rest, " CONCURRENTLY idx_notes_text", "{refused}");
    assert_eq!(schema::number(&pool, RECORDED).await, 0);

    schema::run(&pool, &format!("DROP INDEX{rest}")).await;
    start(&url).await.unwrap();
    assert_eq!(schema::number(&pool, VALID).await, 2);
    assert_eq!(schema::number(&pool, RECORDED).await, 1);
    let twice = "insert into notes values ('a'), ('a')";
    schema::try_run(&pool, twice).await.unwrap_err();
}
