//! Operations in one SQLite file, at full durability.
//!
//! The file is in WAL mode with `synchronous=FULL`: what was acknowledged survives a power cut. One
//! committer thread writes; reads run on connections of their own beside it.

mod committer;
mod connection;
mod lanes;
#[cfg(feature = "testing")]
mod memory;
mod migrate;
mod operations;
mod row;
mod statements;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::fault::{FaultPlan, NoFaults, Step};
use crate::protection::LaneStore;
use crate::store::hook::{Hook, HookError};
use crate::store::migration::Migration;
use crate::store::{OperationStore, Sealing, StoreError, StoreErrorKind, Tables};
use crate::value::{Row, Value};

use self::committer::Committer;
use self::connection::Readers;
#[cfg(feature = "testing")]
pub use self::memory::MemoryDatabase;

/// A SQLite file that holds any number of domains.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    path: PathBuf,
    committer: Arc<Committer>,
    readers: Arc<Readers>,
    background: Arc<Semaphore>,
    cipher: Option<Arc<dyn Sealing>>,
}

/// Transactions of the background at the same time: those that wait share the next commit.
const BACKGROUND: usize = 64;

impl SqliteStore {
    /// Opens the file, creating it when it does not exist, and applies `migrations`.
    ///
    /// # Errors
    /// When the folder is missing or not writable, the file is no database or damaged, or its schema
    /// is newer than `migrations`.
    pub fn open(path: &Path, migrations: &[Migration]) -> Result<Self, StoreError> {
        Self::open_with_faults(path, migrations, Arc::new(NoFaults))
    }

    /// [`open`](Self::open), with a plan of where to die.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_faults(
        path: &Path,
        migrations: &[Migration],
        faults: Arc<dyn FaultPlan>,
    ) -> Result<Self, StoreError> {
        let mut writer = connection::open_writer(path)?;
        migrate::apply(&mut writer, migrations)?;
        Self::start(path, writer, faults)
    }

    /// A store for tests: it survives the death of the process and not a power cut, because nothing
    /// waits for the disk.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    #[cfg(feature = "testing")]
    pub fn open_without_sync(
        path: &Path,
        migrations: &[Migration],
        faults: Arc<dyn FaultPlan>,
    ) -> Result<Self, StoreError> {
        let mut writer = connection::open_writer(path)?;
        writer
            .execute_batch("pragma synchronous = off")
            .map_err(sqlite_error("open"))?;
        migrate::apply(&mut writer, migrations)?;
        Self::start(path, writer, faults)
    }

    fn start(
        path: &Path,
        writer: Connection,
        faults: Arc<dyn FaultPlan>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_owned(),
            committer: Arc::new(Committer::start(writer, faults)?),
            readers: Arc::new(Readers::new(path)),
            background: Arc::new(Semaphore::new(BACKGROUND)),
            cipher: None,
        })
    }

    /// The same file, whose operations are sealed by `cipher` from now on.
    #[must_use]
    pub fn sealed_by(self, cipher: Arc<dyn Sealing>) -> Self {
        Self {
            cipher: Some(cipher),
            ..self
        }
    }

    pub(super) fn cipher(&self) -> Option<Arc<dyn Sealing>> {
        self.cipher.clone()
    }

    /// The record of one domain.
    #[must_use]
    pub fn operations(&self, tables: Tables) -> Arc<dyn OperationStore> {
        Arc::new(operations::SqliteOperations::new(self.clone(), tables))
    }

    /// The records that protect providers, shared by all programs that use the file.
    #[must_use]
    pub fn lanes(&self) -> Arc<dyn LaneStore> {
        Arc::new(lanes::SqliteLanes::new(Arc::clone(&self.committer)))
    }

    /// Runs `work` in a transaction of its own, inside the next shared commit. When `work` refuses,
    /// nothing of it is durable. It may wait for its transaction only.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn transaction(&self, mut work: Hook) -> Result<Result<(), HookError>, StoreError> {
        let run = move |connection: &mut Connection| {
            operations::in_savepoint(connection, &mut work).map_err(sqlite_error("transaction"))
        };
        self.committer.submit(Some(Step::Transaction), run).await
    }

    pub(super) fn background(&self) -> Arc<Semaphore> {
        Arc::clone(&self.background)
    }

    /// Runs a reading statement.
    pub(super) async fn query(
        &self,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let run = move |connection: &mut Connection| row::query(connection, &sql, &params);
        self.read("query", run).await
    }

    /// Whether the file can be read now.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read("ping", |connection| {
            connection.query_row("select 1", [], |_| Ok(()))
        })
        .await
    }

    /// Folds the file's own write-ahead log into it, so that a stopped program leaves one file and
    /// nothing of what was overwritten.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        let store = self.clone();
        let fold = move || {
            store.readers.close();
            let connection = connection::open_writer(&store.path)?;
            connection
                .execute_batch("pragma wal_checkpoint(truncate)")
                .map_err(sqlite_error("checkpoint"))
        };
        tokio::task::spawn_blocking(fold)
            .await
            .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, "checkpoint", error))?
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `read` on a reading connection, away from the async threads.
    async fn read<T, F>(&self, operation: &'static str, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        #[cfg(feature = "testing")]
        if let Some(inline) = self.inline() {
            return inline.read(read).map_err(sqlite_error(operation));
        }
        let readers = Arc::clone(&self.readers);
        let turn = readers.turn().await;
        let job = move || {
            let _turn = turn;
            readers.with(|connection| read(connection).map_err(sqlite_error(operation)))
        };
        tokio::task::spawn_blocking(job)
            .await
            .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, operation, error))?
    }
}

/// Says what kind of trouble a SQLite error is.
fn sqlite_error(operation: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    move |error| {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Busy,
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::PermissionDenied,
            ) => StoreErrorKind::Unavailable,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreErrorKind::Corrupt,
            Some(ErrorCode::SchemaChanged) => StoreErrorKind::Schema,
            Some(_) | None => StoreErrorKind::Statement,
        };
        StoreError::new(kind, operation, error)
    }
}
