//! One statement's connection, in a transaction where a pooler demands it.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, Transaction};

use crate::store::StoreError;

use super::Link;
use super::error::postgres_error;

/// A connection for one statement.
pub(super) enum Session {
    /// The statement commits by itself.
    Plain(PoolConnection<Postgres>),
    /// Its parse and its execution must reach the same server.
    Wrapped(Transaction<'static, Postgres>),
}

impl Session {
    pub(super) async fn begin(link: &Link, operation: &'static str) -> Result<Self, StoreError> {
        let begun = if link.wrapped {
            link.pool.begin().await.map(Self::Wrapped)
        } else {
            link.pool.acquire().await.map(Self::Plain)
        };
        begun.map_err(postgres_error(operation))
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Plain(connection) => connection,
            Self::Wrapped(transaction) => transaction,
        }
    }

    pub(super) async fn end(self, operation: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Wrapped(transaction) => transaction
                .commit()
                .await
                .map_err(postgres_error(operation)),
        }
    }
}
