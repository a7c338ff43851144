//! HTTP by hand, so that a test sends and sees exactly what goes over the wire.

use std::net::SocketAddr;

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer as it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let body = self.json();
        assert_eq!(body["status"], self.status, "{self:?}");
        body["code"]
            .as_str()
            .expect("a problem has a code")
            .to_owned()
    }

    /// The fields that a problem names.
    pub(crate) fn fields(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| error["field"].as_str().unwrap_or("?").to_owned())
            .collect()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .expect("a status line");
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.parse().expect("a status"),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            text: body.to_owned(),
        }
    }
}

/// A request to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    line: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

pub(crate) fn get(path: &str) -> Ask {
    ask("GET", path)
}

/// A POST of JSON under `key`.
pub(crate) fn post(path: &str, key: &str, body: impl AsRef<[u8]>) -> Ask {
    let ask = ask("POST", path).header("content-type", "application/json");
    ask.header("idempotency-key", key).body(body)
}

pub(crate) fn ask(method: &str, path: &str) -> Ask {
    Ask {
        line: format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n"),
        headers: Vec::new(),
        body: Vec::new(),
    }
}

impl Ask {
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_owned();
        self
    }

    /// Everything up to the body.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut bytes = self.line.clone().into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    pub(crate) async fn send(self, to: SocketAddr) -> Reply {
        let sized = match self.body.len() {
            0 => self,
            length => self.header("content-length", length.to_string()),
        };
        let mut bytes = sized.head();
        bytes.extend_from_slice(&sized.body);
        let mut stream = TcpStream::connect(to).await.expect("the server listens");
        stream.write_all(&bytes).await.expect("the server reads");
        rest(&mut stream).await
    }
}

impl Ask {
    /// Sends the request to a server that will not live to answer it.
    pub(crate) async fn send_and_forget(self, to: SocketAddr) {
        let sized = self
            .clone()
            .header("content-length", self.body.len().to_string());
        let mut stream = TcpStream::connect(to).await.expect("the server listens");
        let bytes = [sized.head(), self.body].concat();
        stream.write_all(&bytes).await.expect("the server reads");
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
    }
}

/// What the server says until it closes the connection.
pub(crate) async fn rest(stream: &mut TcpStream) -> Reply {
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .await
        .expect("the server answers");
    Reply::parse(&answer)
}
