//! A provider on a raw socket, which does exactly what a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a provider does on one connection with one request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    /// Closes before it has read anything.
    CloseAtOnce,
    /// Reads the request, writes this, and closes.
    Say(&'static str),
    /// Reads the request, writes this, and resets the connection.
    Reset(&'static str),
    /// Reads the request, writes this, and waits for the next request.
    Keep(&'static str),
    /// Reads the request and does nothing more.
    Hang,
    /// Accepts and does nothing more.
    Stare,
}

/// A provider on a raw socket. Deeds are done in order, across connections; the last one is repeated.
pub(super) struct RawProvider {
    pub(super) address: SocketAddr,
    /// Requests that were read in full.
    seen: Arc<Mutex<Vec<String>>>,
}

pub(super) const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"id\":\"p1\"}";

impl RawProvider {
    pub(super) async fn start(deeds: &[Deed]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (requests, mut deeds) = (Arc::clone(&seen), deeds.to_vec());
        deeds.reverse();
        let deeds = Arc::new(Mutex::new(deeds));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(converse(stream, Arc::clone(&deeds), Arc::clone(&requests)));
            }
        });
        Self { address, seen }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/pay", self.address)
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn converse(
    mut stream: TcpStream,
    deeds: Arc<Mutex<Vec<Deed>>>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    loop {
        let deed = {
            let mut deeds = deeds.lock().unwrap();
            if deeds.len() > 1 {
                deeds.pop()
            } else {
                deeds.last().copied()
            }
        };
        let deed = deed.expect("a deed");
        match deed {
            Deed::CloseAtOnce => return,
            Deed::Stare => return std::future::pending().await,
            Deed::Say(_) | Deed::Reset(_) | Deed::Keep(_) | Deed::Hang => {}
        }
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        seen.lock().unwrap().push(request);
        match deed {
            Deed::Say(text) => {
                drop(stream.write_all(text.as_bytes()).await);
                return;
            }
            Deed::Reset(text) => {
                drop(stream.write_all(text.as_bytes()).await);
                stream.set_zero_linger().unwrap();
                return;
            }
            Deed::Keep(text) => drop(stream.write_all(text.as_bytes()).await),
            Deed::Hang | Deed::CloseAtOnce | Deed::Stare => return std::future::pending().await,
        }
    }
}

/// A request with its body, by `Content-Length`.
pub(super) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length = lower
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        let mut part = [0; 4_096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    }
}
