//! Databases that exist for one test.

use std::sync::Arc;

use crate::fault::FaultPlan;
use crate::store::{Database, Migration, Sealing, StoreKind};

/// An empty database with a schema, for one test. Dropping it removes a file; a schema on a server goes
/// with the server.
#[derive(Debug)]
pub struct TestDatabase {
    #[cfg(feature = "sqlite")]
    migrations: &'static [Migration],
    place: Place,
    cipher: Option<Arc<dyn Sealing>>,
}

#[derive(Debug)]
enum Place {
    #[cfg(feature = "sqlite")]
    File(tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Schema(String),
}

impl TestDatabase {
    /// A database of this kind, migrated.
    ///
    /// # Panics
    /// When there is no room for a file, or no PostgreSQL on this machine: the test cannot go on.
    #[must_use]
    pub fn fresh(store: StoreKind, migrations: &'static [Migration]) -> Self {
        let place = match store {
            #[cfg(feature = "sqlite")]
            StoreKind::Sqlite => Place::File(tempfile::tempdir().expect("a temporary folder")),
            #[cfg(feature = "postgres")]
            StoreKind::Postgres => {
                let schema = super::postgres::fresh_schema(migrations);
                Place::Schema(schema.unwrap_or_else(|error| panic!("{error}")))
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            other => panic!("orch-runtime is built without its feature {other}"),
        };
        Self {
            #[cfg(feature = "sqlite")]
            migrations,
            place,
            cipher: None,
        }
    }

    /// Every process that opens it from now on seals its operations by `cipher`.
    pub fn seal_by(&mut self, cipher: Arc<dyn Sealing>) {
        self.cipher = Some(cipher);
    }

    /// Opens it as one more process would. Nothing in it waits for the disk.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub fn open(&self, faults: Arc<dyn FaultPlan>) -> Database {
        let database = match &self.place {
            #[cfg(feature = "sqlite")]
            Place::File(folder) => {
                let path = folder.path().join("world.db");
                let open = crate::store::sqlite::SqliteStore::open_without_sync;
                let store = open(&path, self.migrations, faults);
                Database::Sqlite(store.expect("a database file"))
            }
            #[cfg(feature = "postgres")]
            Place::Schema(url) => {
                let config = crate::store::postgres::PostgresConfig::new(url);
                let store = crate::store::postgres::PostgresStore::connect_lazily(&config, faults);
                Database::Postgres(store.expect("an address"))
            }
        };
        match &self.cipher {
            Some(cipher) => database.sealed_by(Arc::clone(cipher)),
            None => database,
        }
    }

    /// Runs writing statements beside all processes, as a person at the database would.
    ///
    /// # Errors
    /// What the database says.
    ///
    /// # Panics
    /// When a database file cannot be opened.
    pub fn try_alter(&self, sql: &str) -> Result<(), String> {
        match &self.place {
            #[cfg(feature = "sqlite")]
            Place::File(folder) => {
                let opened = rusqlite::Connection::open(folder.path().join("world.db"));
                let connection = opened.expect("a database file");
                let done = connection.execute_batch(sql);
                done.map_err(|error| error.to_string())
            }
            #[cfg(feature = "postgres")]
            Place::Schema(url) => {
                let done = super::postgres::execute(url, sql);
                done.map_err(|error| error.to_string())
            }
        }
    }

    /// A copy of what is committed now, made while processes work on it, as the guide of sagas says: `VACUUM INTO`,
    /// or `pg_dump` and `pg_restore`.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn backed_up(&self) -> Self {
        let place = match &self.place {
            #[cfg(feature = "sqlite")]
            Place::File(folder) => {
                let opened = rusqlite::Connection::open(folder.path().join("world.db"));
                let copy = tempfile::tempdir().expect("a temporary folder");
                let path = copy.path().join("world.db").display().to_string();
                let done = opened.and_then(|opened| opened.execute("vacuum into ?1", [path]));
                done.expect("a copy of the file");
                Place::File(copy)
            }
            #[cfg(feature = "postgres")]
            Place::Schema(url) => {
                let copy = super::postgres::backed_up(url);
                Place::Schema(copy.unwrap_or_else(|error| panic!("{error}")))
            }
        };
        Self {
            #[cfg(feature = "sqlite")]
            migrations: self.migrations,
            place,
            cipher: self.cipher.clone(),
        }
    }

    /// What `DATABASE_URL` would say.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.place {
            #[cfg(feature = "sqlite")]
            Place::File(folder) => {
                format!("sqlite://{}", folder.path().join("world.db").display())
            }
            #[cfg(feature = "postgres")]
            Place::Schema(url) => url.clone(),
        }
    }
}
