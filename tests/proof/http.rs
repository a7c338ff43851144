//! HTTP by hand: one connection for each request, so that what is sent is what is written here.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value as Json;

/// An answer that takes longer has been lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where payments are posted.
pub(crate) const PAYMENTS: &str = "/api/payments";

/// A message as it came: the first line, the headers in lower case, the body.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    /// Reads one message; without a length its body ends with the stream.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Self> {
        let line = head_line(from)?;
        let mut headers = Vec::new();
        loop {
            let header = head_line(from)?;
            let Some((name, value)) = header.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self {
            line,
            headers,
            body: String::new(),
        };
        let length = message.header("content-length").map(str::parse::<u64>);
        match length {
            Some(length) => {
                let length = length.map_err(io::Error::other)?;
                from.take(length).read_to_string(&mut message.body)?;
            }
            None if message.line.starts_with("HTTP/") => {
                from.read_to_string(&mut message.body)?;
            }
            None => {}
        }
        Ok(message)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> u16 {
        let status = self.line.split(' ').nth(1);
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The text of a field of the body; empty when there is none.
    pub(crate) fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_default().to_owned()
    }
}

fn head_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

/// Sends one request and reads the whole answer.
pub(crate) fn send(
    to: SocketAddr,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Message> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = format!("{line} HTTP/1.1\r\nhost: proof\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes())?;
    Message::read(&mut BufReader::new(stream))
}

/// Posts a payment under `key`.
pub(crate) fn post(to: SocketAddr, key: &str, body: &str) -> io::Result<Message> {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    send(to, &format!("POST {PAYMENTS}"), &headers, body)
}

/// Gets `path`.
pub(crate) fn get(to: SocketAddr, path: &str) -> io::Result<Message> {
    send(to, &format!("GET {path}"), &[], "")
}

/// The request of `order`.
pub(crate) fn payment(order: &str) -> String {
    format!(
        r#"{{"orderId":"{order}","amount":{{"value":"10.00","currency":"EUR"}},"cardToken":"{CARD}"}}"#
    )
}

/// The secret in every request.
pub(crate) const CARD: &str = "planted-card-4000056655665556";
