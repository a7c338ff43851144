//! The log of sagas in a SQLite file with `synchronous=FULL`.
//!
//! steno leaves it to whoever uses it to keep this log, and says when: a saga before it runs, each event of
//! a step before it goes on, and that it is done. These are the statements with which Omicron, which steno
//! was written for, does so: a row for each saga, a row for each event, and the saga's state, each in a
//! commit of its own.

use std::fmt;
use std::path::Path;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use steno::{
    SagaCachedState, SagaCreateParams, SagaId, SagaNodeEvent, SagaNodeEventType, SecStore,
};
use tokio::sync::Mutex;

use crate::files;

const SCHEMA: &str = "
    create table saga (
        id text not null primary key,
        name text not null,
        dag text not null,
        state text not null
    );
    create table saga_node_event (
        saga_id text not null,
        node_id integer not null,
        event_type text not null,
        data text,
        primary key (saga_id, node_id, event_type)
    ) without rowid";

const CREATE: &str = "insert into saga (id, name, dag, state) values (?, ?, ?, ?)";

/// An event may be recorded twice.
const RECORD: &str = "insert into saga_node_event (saga_id, node_id, event_type, data)
    values (?, ?, ?, ?) on conflict do nothing";

const UPDATE: &str = "update saga set state = ? where id = ?";

/// One connection: SQLite has one writer, and more of them only wait for each other.
pub(super) struct FileStore(Mutex<SqliteConnection>);

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileStore")
    }
}

impl FileStore {
    pub(super) async fn open(folder: &Path) -> Result<Self> {
        let mut connection = SqliteConnectOptions::new()
            .filename(files::fresh(folder, "steno.db")?)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .connect()
            .await?;
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
        let synchronous: i64 = sqlx::query_scalar("pragma synchronous")
            .fetch_one(&mut connection)
            .await?;
        ensure!(synchronous == 2, "not FULL");
        Ok(Self(Mutex::new(connection)))
    }

    /// How many sagas are recorded as done.
    pub(super) async fn done(&self) -> Result<usize> {
        let mut connection = self.0.lock().await;
        let count: i64 = sqlx::query_scalar("select count(*) from saga where state = 'done'")
            .fetch_one(&mut *connection)
            .await?;
        Ok(usize::try_from(count)?)
    }

    async fn record(&self, event: &SagaNodeEvent) -> Result<()> {
        let data = match &event.event_type {
            SagaNodeEventType::Succeeded(output) => Some(serde_json::to_string(output)?),
            SagaNodeEventType::Failed(error) => Some(serde_json::to_string(error)?),
            SagaNodeEventType::UndoFailed(error) => Some(serde_json::to_string(error)?),
            SagaNodeEventType::Started
            | SagaNodeEventType::UndoStarted
            | SagaNodeEventType::UndoFinished => None,
        };
        let record = sqlx::query(RECORD)
            .bind(event.saga_id.to_string())
            .bind(i64::from(u32::from(event.node_id)))
            .bind(event.event_type.label())
            .bind(data);
        record.execute(&mut *self.0.lock().await).await?;
        Ok(())
    }

    async fn update(&self, id: SagaId, state: SagaCachedState) -> Result<()> {
        let update = sqlx::query(UPDATE)
            .bind(state.to_string())
            .bind(id.to_string());
        update.execute(&mut *self.0.lock().await).await?;
        Ok(())
    }
}

#[async_trait]
impl SecStore for FileStore {
    async fn saga_create(&self, saga: SagaCreateParams) -> Result<()> {
        let create = sqlx::query(CREATE)
            .bind(saga.id.to_string())
            .bind(saga.name.to_string())
            .bind(serde_json::to_string(&saga.dag)?)
            .bind(saga.state.to_string());
        create.execute(&mut *self.0.lock().await).await?;
        Ok(())
    }

    async fn record_event(&self, event: SagaNodeEvent) {
        written(self.record(&event).await);
    }

    async fn saga_update(&self, id: SagaId, state: SagaCachedState) {
        written(self.update(id, state).await);
    }
}

/// steno goes on as if all were written, so nothing may go on.
fn written(result: Result<()>) {
    if let Err(error) = result {
        panic!("the log of a saga cannot be written: {error:#}");
    }
}
