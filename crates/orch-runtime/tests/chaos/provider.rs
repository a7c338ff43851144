//! A provider over real HTTP that loses calls and answers, and counts by order what it did.
//!
//! **Deliberately absent:** deduplication. A provider that forgets a repeated key would hide a second call.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use orch_runtime::testing::sim::Random;

/// What it did, by key and by order.
#[derive(Debug, Default)]
struct Book {
    keys: BTreeMap<String, u32>,
    orders: BTreeMap<String, usize>,
    calls: u32,
    lost: u32,
}

/// A running provider; clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
    random: Arc<Mutex<Random>>,
}

impl Provider {
    pub(crate) fn start(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let provider = Self {
            address: listener.local_addr().unwrap(),
            book: Arc::default(),
            random: Arc::new(Mutex::new(Random::new(seed))),
        };
        let serving = provider.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let provider = serving.clone();
                // A caller that was killed in between is the point of these tests.
                std::thread::spawn(move || drop(provider.serve(stream)));
            }
        });
        provider
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/acts", self.address)
    }

    /// How often it acted for an order.
    pub(crate) fn effects(&self, order: &str) -> usize {
        let book = self.book.lock().unwrap();
        book.orders.get(order).copied().unwrap_or(0)
    }

    /// How often it acted for any.
    pub(crate) fn all_effects(&self) -> usize {
        self.book.lock().unwrap().orders.values().sum()
    }

    /// The calls that it got, and those of which it lost the answer or the call.
    pub(crate) fn figures(&self) -> (u32, u32) {
        let book = self.book.lock().unwrap();
        (book.calls, book.lost)
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let (line, key, length) = head(&mut reader)?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let answer = match line.strip_prefix("GET /acts/") {
            Some(rest) => self.tell(rest.split(' ').next().unwrap_or_default()),
            None => self.act(&key, &body),
        };
        match answer {
            Some((status, body)) => write!(
                stream,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ),
            None => Ok(()),
        }
    }

    fn tell(&self, key: &str) -> Option<(&'static str, String)> {
        let book = self.book.lock().unwrap();
        Some(match book.keys.get(key) {
            Some(_) => accepted(key),
            None => ("404 Not Found", String::new()),
        })
    }

    /// The answer to a call; without one the connection breaks.
    fn act(&self, key: &str, body: &[u8]) -> Option<(&'static str, String)> {
        let asked: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let order = asked["order_id"].as_str().unwrap_or("none").to_owned();
        let chance = self.random.lock().unwrap().between(0, 99);
        let mut book = self.book.lock().unwrap();
        book.calls += 1;
        if asked["cents"] == 0 {
            let body = r#"{"code":"REFUSED","message":"not to be had"}"#;
            return Some(("402 Payment Required", body.to_owned()));
        }
        book.lost += u32::from(chance < 15);
        if chance < 5 {
            return None;
        }
        if chance > 94 {
            return Some(("429 Too Many Requests", String::new()));
        }
        *book.keys.entry(key.to_owned()).or_default() += 1;
        *book.orders.entry(order).or_default() += 1;
        (chance >= 15).then(|| accepted(key))
    }
}

/// The first line, the key and the length of the body.
fn head(reader: &mut impl io::BufRead) -> io::Result<(String, String, usize)> {
    let (mut first, mut key, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        // A caller that was killed while it asked has asked for nothing.
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return Ok((first, key, length));
        };
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => value.trim().clone_into(&mut key),
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
}

fn accepted(key: &str) -> (&'static str, String) {
    ("200 OK", format!(r#"{{"id":"ref-{key}"}}"#))
}
