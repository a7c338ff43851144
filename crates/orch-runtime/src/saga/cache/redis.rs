//! A cache in a Redis server.

use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue};
use tokio::sync::Mutex;

use super::{CacheError, SagaCache};

/// Longer than any answer of a server that is well, and too short to be noticed.
const PATIENCE: Duration = Duration::from_millis(250);

/// Texts in a Redis server. All requests share a connection; one that broke is made anew by the next request.
#[derive(Debug)]
pub struct RedisCache {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl RedisCache {
    /// The server at `redis://[user:password@]host:port/[database]`. It is not asked for anything yet.
    ///
    /// # Errors
    /// When that is no such address.
    pub fn new(url: &str) -> Result<Self, CacheError> {
        // The message must not repeat the address: it may hold a password.
        let client = Client::open(url)
            .map_err(|_| CacheError::new("expected an address such as redis://127.0.0.1:6379/0"))?;
        Ok(Self {
            client,
            connection: Mutex::default(),
        })
    }

    /// Asks, and waits for no longer than [`PATIENCE`], also for a connection that somebody else makes.
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        let asked = tokio::time::timeout(PATIENCE, self.ask_patiently(command));
        if let Ok(answer) = asked.await {
            return answer;
        }
        // Who holds it makes another one.
        if let Ok(mut connection) = self.connection.try_lock() {
            *connection = None;
        }
        Err(CacheError::new("Redis: no answer in time"))
    }

    async fn ask_patiently<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        let mut connection = self.connection().await?;
        let answer = command.query_async(&mut connection).await;
        if let Err(error) = &answer {
            *self.connection.lock().await = None;
            return Err(failed(error));
        }
        answer.map_err(|error| failed(&error))
    }

    async fn connection(&self) -> Result<MultiplexedConnection, CacheError> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let made = made.await.map_err(|error| failed(&error))?;
        Ok(connection.insert(made).clone())
    }
}

fn failed(error: &redis::RedisError) -> CacheError {
    CacheError::new(format!("Redis: {error}"))
}

#[async_trait]
impl SagaCache for RedisCache {
    async fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        self.ask(redis::cmd("GET").arg(key)).await
    }

    async fn set(&self, key: &str, text: &str, time: Duration) -> Result<(), CacheError> {
        let mut command = redis::cmd("SET");
        command.arg(key).arg(text).arg("EX").arg(time.as_secs());
        self.ask(&command).await
    }

    async fn remove(&self, key: &str) -> Result<(), CacheError> {
        self.ask(redis::cmd("DEL").arg(key)).await
    }
}
