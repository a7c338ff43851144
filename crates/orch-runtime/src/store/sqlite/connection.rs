//! Opening connections to the file: one that writes, a few that read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::{StoreError, StoreErrorKind};

use super::sqlite_error;

/// How long another process may hold the write lock before a statement gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Reads at the same time; more would only wait for each other's pages.
const READERS: usize = 8;
/// Reading connections kept open between reads.
const IDLE_READERS: usize = 4;
/// Prepared statements kept per connection; a domain has about twenty.
const STATEMENTS: usize = 256;

/// The writing connection.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let problem = format!(
            "the folder {} does not exist: create it first",
            folder.display()
        );
        return Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "open",
            problem,
        ));
    }
    let connection = Connection::open(path).map_err(|error| {
        let problem = format!("{}: {error}", path.display());
        StoreError::new(StoreErrorKind::Unavailable, "open", problem)
    })?;
    prepare(&connection)?;
    connection
        .execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; \
             pragma wal_autocheckpoint = 4000; pragma cache_size = -65536; \
             pragma secure_delete = on; pragma temp_store = memory;",
        )
        .map_err(sqlite_error("open"))?;
    Ok(connection)
}

/// A connection to an empty database that is gone when it is closed.
#[cfg(feature = "testing")]
pub(super) fn open_memory() -> Result<Connection, StoreError> {
    let connection = Connection::open_in_memory().map_err(sqlite_error("open"))?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(sqlite_error("open"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A bound limit would else have its statement planned again at each run.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(|_| ())
        .map_err(sqlite_error("open"))
}

/// Reading connections, opened as needed.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    room: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::new(Vec::new()),
            room: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// Waits for a turn to read, which lasts until it is dropped.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    /// Lends a connection to `read`.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let answer = read(&mut connection);
        let mut idle = self.lock();
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        answer
    }

    /// Closes the connections that nobody uses.
    pub(super) fn close(&self) {
        self.lock().clear();
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&self.path, flags).map_err(sqlite_error("open"))?;
        prepare(&connection)?;
        Ok(connection)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
