//! Schemas in which nothing was made yet.

use orch_runtime::Uuid;
use orch_runtime::store::postgres::PostgresConfig;
use orch_runtime::testing::postgres::PostgresServer;
use sqlx::PgPool;

/// The address that leads into a new schema of the shared server.
pub(crate) async fn empty() -> String {
    let server = PostgresServer::shared().unwrap();
    let name = format!("world_{}", Uuid::now_v7().simple());
    let url = format!("{server}&options[search_path]={name}");
    let pool = pool(&url).await;
    run(&pool, &format!("create schema {name}")).await;
    pool.close().await;
    url
}

pub(crate) async fn pool(url: &str) -> PgPool {
    PgPool::connect(url).await.unwrap()
}

pub(crate) async fn run(pool: &PgPool, sql: &str) {
    try_run(pool, sql).await.unwrap();
}

pub(crate) async fn try_run(pool: &PgPool, sql: &str) -> Result<(), sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(pool).await.map(|_| ())
}

/// The one number that `sql` answers.
pub(crate) async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// A service whose migrations are somebody else's business.
pub(crate) fn not_migrating(url: &str) -> PostgresConfig {
    PostgresConfig {
        migrate: false,
        ..PostgresConfig::new(url)
    }
}
