//! A database of its own for each measurement, on a server that others use too.

use std::str::FromStr;

use anyhow::{Result, ensure};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

/// Settings without which a figure would not be one of durable work.
const DURABLE: &str = "select current_setting('fsync') = 'on' and
    current_setting('synchronous_commit') = 'on' and current_setting('full_page_writes') = 'on'";

/// A fresh database.
#[derive(Debug)]
pub(crate) struct Database {
    /// Its address.
    pub(crate) url: String,
    server: PgConnectOptions,
    name: String,
}

impl Database {
    /// Makes one on the server at `url`.
    pub(crate) async fn create(url: &str) -> Result<Self> {
        let server = PgConnectOptions::from_str(url)?;
        let name = format!("peer_{}", std::process::id());
        let mut connection = server.connect().await?;
        let durable: bool = sqlx::query_scalar(DURABLE)
            .fetch_one(&mut connection)
            .await?;
        ensure!(durable, "the server does not make its commits durable");
        let create = AssertSqlSafe(format!("create database {name}"));
        sqlx::raw_sql(create).execute(&mut connection).await?;
        connection.close().await?;
        let url = server.clone().database(&name).to_url_lossy().to_string();
        Ok(Self { url, server, name })
    }

    /// Where the write-ahead log is, right after a look at all tables and a checkpoint: every run then
    /// writes as many whole pages.
    pub(crate) async fn checkpointed(&self) -> Result<f64> {
        let own = self.server.clone().database(&self.name);
        let mut connection = own.connect().await?;
        sqlx::raw_sql("analyze").execute(&mut connection).await?;
        sqlx::raw_sql("checkpoint").execute(&mut connection).await?;
        position(connection).await
    }

    /// Where the write-ahead log is, in bytes.
    pub(crate) async fn log_position(&self) -> Result<f64> {
        position(self.server.connect().await?).await
    }

    /// Removes it, whoever is still connected.
    pub(crate) async fn remove(self) -> Result<()> {
        let mut connection = self.server.connect().await?;
        let remove = format!("drop database {} with (force)", self.name);
        let remove = AssertSqlSafe(remove);
        sqlx::raw_sql(remove).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}

async fn position(mut connection: PgConnection) -> Result<f64> {
    let position = sqlx::query("select (pg_current_wal_lsn() - '0/0')::float8")
        .fetch_one(&mut connection)
        .await?
        .try_get(0)?;
    connection.close().await?;
    Ok(position)
}
