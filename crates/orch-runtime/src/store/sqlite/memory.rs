//! A database in memory for simulations: several processes, no threads, nothing happens by itself.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::fault::{Fate, FaultPlan};
use crate::store::StoreError;
use crate::value::{Row, Value};

use super::committer::{Committer, Inline};
use super::connection::{self, Readers};
use super::{BACKGROUND, Migration, SqliteStore, migrate, row, sqlite_error};

/// A database that lives as long as this value and the stores on it.
#[derive(Debug, Clone)]
pub struct MemoryDatabase {
    connection: Arc<Mutex<Connection>>,
}

impl MemoryDatabase {
    /// An empty database with `migrations` applied.
    ///
    /// # Errors
    /// When a migration fails.
    pub fn open(migrations: &[Migration]) -> Result<Self, StoreError> {
        let mut connection = connection::open_memory()?;
        migrate::apply(&mut connection, migrations)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// A store on it, as one process has. Several can be open; each dies by its own `faults`.
    ///
    /// What it is asked to write waits until [`SqliteStore::commit_waiting`]; reads are answered at
    /// once. Once dead, it answers nothing.
    #[must_use]
    pub fn process(&self, faults: Arc<dyn FaultPlan>) -> SqliteStore {
        let nowhere = PathBuf::from(":memory:");
        let inline = Inline::new(Arc::clone(&self.connection), faults);
        SqliteStore {
            cipher: None,
            background: Arc::new(Semaphore::new(BACKGROUND)),
            readers: Arc::new(Readers::new(&nowhere)),
            path: nowhere,
            committer: Arc::new(Committer::Inline(inline)),
        }
    }

    /// Runs a reading statement on what is committed.
    ///
    /// # Errors
    /// When the statement fails.
    pub fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        row::query(&self.lock(), sql, params).map_err(sqlite_error("query"))
    }

    /// How many rows were changed since it was opened.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.lock().total_changes()
    }

    /// Runs statements beside all processes, as a person with a shell would.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.lock()
            .execute_batch(sql)
            .map_err(sqlite_error("execute"))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl SqliteStore {
    /// How many transitions wait for [`commit_waiting`](Self::commit_waiting); 0 for a store on a file.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inline().map_or(0, Inline::waiting)
    }

    /// Commits one batch of at most `size` waiting transitions of a store in memory. `pick` says which
    /// of the given number of transitions comes next; `loses`, of each, whether its answer is lost: it is done,
    /// and who waits for it is told of trouble.
    pub fn commit_waiting(
        &self,
        size: usize,
        pick: &mut dyn FnMut(usize) -> usize,
        loses: &mut dyn FnMut() -> bool,
    ) -> Fate {
        let commit = |inline: &Inline| inline.commit(size, pick, loses);
        self.inline().map_or(Fate::Continue, commit)
    }

    pub(super) fn inline(&self) -> Option<&Inline> {
        match &*self.committer {
            Committer::Thread(_) => None,
            Committer::Inline(inline) => Some(inline),
        }
    }
}
