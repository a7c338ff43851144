//! A PostgreSQL for tests: one server for all test processes of this machine, and a schema for each
//! world.
//!
//! `ORCH_TEST_POSTGRES` names a server to use instead. Without it, the server is made by `initdb` in the
//! temporary folder, listens on a free port of this machine only, waits for no disk, and stops by itself
//! soon after the last test process has ended.

mod backup;
mod binaries;
mod bouncer;
mod server;

pub(super) use self::backup::backed_up;
pub use self::bouncer::PgBouncer;
pub use self::server::{PostgresServer, ServerError};

use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgPoolOptions};

use crate::store::Migration;
use crate::store::postgres::migrate;

/// Makes a schema of its own for one world; answers the address that leads into it.
pub(super) fn fresh_schema(migrations: &'static [Migration]) -> Result<String, ServerError> {
    let server = PostgresServer::shared()?;
    let schema = format!("world_{}", uuid::Uuid::now_v7().simple());
    let separator = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{separator}options[search_path]={schema}");
    let inside = url.clone();
    blocking(async move {
        let mut connection = PgConnection::connect(&inside).await?;
        let create = sqlx::AssertSqlSafe(format!("create schema {schema}"));
        sqlx::raw_sql(create).execute(&mut connection).await?;
        connection.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect(&inside)
            .await?;
        let migrated = migrate::apply(&pool, migrations).await;
        migrated.map_err(|error| ServerError::new(error.to_string()))?;
        pool.close().await;
        Ok(())
    })?;
    Ok(url)
}

/// Runs one writing statement beside the world's own connections.
pub(super) fn execute(url: &str, sql: &str) -> Result<(), ServerError> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    blocking(async move {
        let mut connection = PgConnection::connect(&url).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(())
    })
}

/// Runs `work` to its end on a thread of its own: a test's own runtime must not be blocked on.
fn blocking<F>(work: F) -> Result<(), ServerError>
where
    F: Future<Output = Result<(), ServerError>> + Send + 'static,
{
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(work)
    };
    std::thread::spawn(run)
        .join()
        .map_err(|_| ServerError::new("the thread broke"))?
}
