//! One client of the shop: a connection that is kept, and one request on it at a time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;

/// A connection.
pub(crate) struct Client(BufStream<TcpStream>);

/// What came back, and how long it took.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) took: Duration,
}

impl Client {
    pub(crate) async fn connect(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to).await.context("connect")?;
        stream.set_nodelay(true)?;
        Ok(Self(BufStream::new(stream)))
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: shop\r\n\r\n");
        self.ask(head).await
    }

    /// Posts JSON under `key`.
    pub(crate) async fn post(&mut self, path: &str, key: &str, body: &Value) -> Result<Answer> {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n\
             idempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.ask(head).await
    }

    async fn ask(&mut self, request: String) -> Result<Answer> {
        let begin = Instant::now();
        self.0.write_all(request.as_bytes()).await?;
        self.0.flush().await?;
        let status = self.line().await?;
        let status = status
            .split(' ')
            .nth(1)
            .context("no status line")?
            .parse()?;
        let mut length = 0;
        loop {
            let line = self.line().await?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok(Answer {
            status,
            body: serde_json::from_slice(&body).unwrap_or_default(),
            took: begin.elapsed(),
        })
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            bail!("the shop closed the connection");
        }
        Ok(line.trim_end().to_owned())
    }
}
