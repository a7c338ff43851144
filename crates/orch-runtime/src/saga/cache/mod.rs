//! A cache in front of sagas that have ended, for those who ask again and again how theirs came out.
//!
//! Only sagas in their final states are in it: these never change, so no reader is shown an old one. What is kept
//! are the rows as the database has them: sealed texts stay sealed, and the owner is among them and is compared as
//! if they came from the database.
//!
//! **Invariant:** a cache is never needed. One that fails, hangs or gives nonsense is a warning and a miss, and is
//! left alone for a while.

#[cfg(feature = "redis")]
mod redis;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Timestamp, later, to_millis};
use crate::ids::SagaId;
use crate::value::{Row, Value};

#[cfg(feature = "redis")]
pub use self::redis::RedisCache;

/// For how long a saga is kept.
const KEPT: Duration = Duration::from_secs(3_600);

/// For how long a cache that failed is left alone.
const REST: Duration = Duration::from_secs(5);

/// A cache did not do what it was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct CacheError(String);

impl CacheError {
    /// It did not, for `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Keeps texts under keys for a while. It answers soon or fails: nobody waits for it as for a database.
#[async_trait]
pub trait SagaCache: std::fmt::Debug + Send + Sync + 'static {
    /// What is kept under `key`.
    ///
    /// # Errors
    /// When that is not known.
    async fn get(&self, key: &str) -> Result<Option<String>, CacheError>;

    /// Keeps `text` under `key` for `time`.
    ///
    /// # Errors
    /// When it does not.
    async fn set(&self, key: &str, text: &str, time: Duration) -> Result<(), CacheError>;

    /// Keeps nothing under `key` any more.
    ///
    /// # Errors
    /// When it perhaps does.
    async fn remove(&self, key: &str) -> Result<(), CacheError>;
}

/// A cache as sagas use it.
pub(super) struct Cached {
    cache: Arc<dyn SagaCache>,
    clock: Arc<dyn Clock>,
    rests_until: Mutex<Option<Timestamp>>,
}

impl Cached {
    pub(super) fn new(cache: Arc<dyn SagaCache>, clock: Arc<dyn Clock>) -> Self {
        Self {
            cache,
            clock,
            rests_until: Mutex::default(),
        }
    }

    /// The rows of a saga that has ended, if they are there.
    pub(super) async fn get(&self, id: &SagaId) -> Option<Vec<Row>> {
        if self.rests() {
            return None;
        }
        let found = self.cache.get(&key(id)).await;
        let text = self.answer(id, found).flatten()?;
        match serde_json::from_str::<Kept>(&text) {
            Ok(kept) => Some(kept.rows()),
            Err(error) => {
                tracing::warn!(saga = %id, %error, "what the cache has of a saga is no saga");
                None
            }
        }
    }

    /// Keeps the rows of a saga that has ended.
    pub(super) async fn set(&self, id: &SagaId, rows: &[Row]) {
        let Some(kept) = Kept::of(rows).filter(|_| !self.rests()) else {
            return;
        };
        match serde_json::to_string(&kept) {
            Ok(text) => {
                let done = self.cache.set(&key(id), &text, KEPT).await;
                self.answer(id, done);
            }
            Err(error) => tracing::warn!(saga = %id, %error, "the cache gets nothing of a saga"),
        }
    }

    /// Forgets a saga that was written, behind the commit.
    pub(super) async fn remove(&self, id: &SagaId) {
        if !self.rests() {
            let done = self.cache.remove(&key(id)).await;
            self.answer(id, done);
        }
    }

    fn rests(&self) -> bool {
        let until = self.rests_until.lock();
        let until = *until.unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| self.clock.now() < until)
    }

    fn answer<T>(&self, id: &SagaId, answer: Result<T, CacheError>) -> Option<T> {
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        tracing::warn!(saga = %id, %error, "goes on without the cache");
        let until = later(self.clock.now(), REST);
        let mut rests = self
            .rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *rests = Some(until);
        None
    }
}

fn key(id: &SagaId) -> String {
    format!("saga:{id}")
}

/// Rows as a cache has them.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// A value of a saga's row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Null,
    Integer(i64),
    Text(String),
}

impl Kept {
    /// Nothing where a row has a value of another kind: then it is not of a saga.
    fn of(rows: &[Row]) -> Option<Self> {
        let columns = rows.first()?.columns().to_vec();
        let cell = |value: &Value| match value {
            Value::Null => Some(Cell::Null),
            Value::Integer(number) => Some(Cell::Integer(*number)),
            // Times are read from numbers, too: that is how SQLite has them.
            Value::Time(time) => Some(Cell::Integer(to_millis(*time))),
            Value::Text(text) => Some(Cell::Text(text.clone())),
            _ => None,
        };
        let rows = rows
            .iter()
            .map(|row| row.values().iter().map(cell).collect());
        Some(Self {
            columns,
            rows: rows.collect::<Option<_>>()?,
        })
    }

    fn rows(self) -> Vec<Row> {
        let columns: Arc<[String]> = self.columns.into();
        let value = |cell| match cell {
            Cell::Null => Value::Null,
            Cell::Integer(number) => Value::Integer(number),
            Cell::Text(text) => Value::Text(text),
        };
        let rows = self.rows.into_iter();
        rows.map(|cells| Row::new(Arc::clone(&columns), cells.into_iter().map(value).collect()))
            .collect()
    }
}
