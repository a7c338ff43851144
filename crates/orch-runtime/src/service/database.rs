//! Opening the database that the settings name.

use std::sync::Arc;

use crate::fault::FaultPlan;
use crate::store::{Database, StoreError, StoreErrorKind};

use super::database_url::DatabaseUrl;
use super::module::Service;
use super::settings::DatabaseSettings;
use super::setup::SetupError;

/// Opens and migrates the database.
///
/// # Errors
/// When it cannot be used; the message says what to do.
pub(super) async fn open(
    service: &Service,
    settings: &DatabaseSettings,
    faults: Arc<dyn FaultPlan>,
) -> Result<Database, SetupError> {
    let opened = match &settings.url {
        DatabaseUrl::Sqlite(path) => sqlite(service, path, faults),
        DatabaseUrl::Postgres(url) => postgres(service, settings, url, faults).await,
    };
    opened.map_err(|error| {
        let advice = advice(error.kind());
        SetupError::new(format!(
            "the database {} cannot be used: {error}{advice}; DATABASE_URL names it",
            settings.url
        ))
    })
}

#[cfg(feature = "sqlite")]
fn sqlite(
    service: &Service,
    path: &std::path::Path,
    faults: Arc<dyn FaultPlan>,
) -> Result<Database, StoreError> {
    use crate::store::sqlite::SqliteStore;
    let store = SqliteStore::open_with_faults(path, &service.migrations, faults)?;
    Ok(Database::Sqlite(store))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &Service, _: &std::path::Path, _: Arc<dyn FaultPlan>) -> Result<Database, StoreError> {
    Err(missing("sqlite"))
}

#[cfg(feature = "postgres")]
async fn postgres(
    service: &Service,
    settings: &DatabaseSettings,
    url: &crate::secret::Secret<String>,
    faults: Arc<dyn FaultPlan>,
) -> Result<Database, StoreError> {
    use crate::store::postgres::{PostgresConfig, PostgresStore};
    let config = PostgresConfig {
        url: url.clone(),
        connections: settings.connections,
        migrate: settings.migrate,
    };
    let store = PostgresStore::open_with_faults(&config, &service.migrations, faults).await?;
    Ok(Database::Postgres(store))
}

#[cfg(not(feature = "postgres"))]
async fn postgres(
    _: &Service,
    _: &DatabaseSettings,
    _: &crate::secret::Secret<String>,
    _: Arc<dyn FaultPlan>,
) -> Result<Database, StoreError> {
    Err(missing("postgres"))
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn missing(feature: &str) -> StoreError {
    let problem = format!("this program is built without the feature {feature} of orch-runtime");
    StoreError::new(StoreErrorKind::Unavailable, "open", problem)
}

/// What to do about it, where that is not in the error itself.
fn advice(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Busy => ": stop the other program that holds it",
        StoreErrorKind::Corrupt => ": name another file, or restore a backup",
        _ => "",
    }
}
