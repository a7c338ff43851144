//! What a database server says of itself: the numbers that an operator is shown.

use crate::clock::Timestamp;

/// How a database server is doing, at one moment.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct DatabaseStatistics {
    /// What the server's clock showed. Nothing is decided by it.
    pub server_time: Timestamp,
    /// Connections to this database that carry out a statement, without the one that asked. Those of
    /// other roles are seen by members of `pg_monitor` only.
    pub active_connections: u64,
    /// The tables that were asked for, as far as they exist.
    pub tables: Vec<TableStatistics>,
    /// Statements that are slow; `None` where the server does not measure statements, or does not tell.
    pub slow_queries: Option<SlowQueries>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStatistics {
    /// Its name.
    pub name: String,
    /// Bytes on disk, with indexes and what is stored beside.
    pub bytes: u64,
    /// Row versions that nobody sees any more and that were not swept up yet; an estimate.
    pub dead_rows: u64,
}

/// Statements of the role of this process in this database that take long on average.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct SlowQueries {
    /// How many there are.
    pub count: u64,
    /// The slowest of them, slowest first.
    pub slowest: Vec<SlowQuery>,
}

/// A statement, whatever its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct SlowQuery {
    /// The server's name for it.
    pub id: i64,
    /// How often it was carried out since the server began to count.
    pub calls: u64,
    /// How long it takes on average, in milliseconds.
    pub mean_millis: f64,
    /// The beginning of its text, with places instead of values: at most 80 characters.
    pub text: String,
}
