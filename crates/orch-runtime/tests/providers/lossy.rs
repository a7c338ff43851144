//! A way to an HTTP provider on which answers get lost: the provider acts, its client never hears of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type IsMeant = Box<dyn Fn(&str, &str) -> bool + Send>;

/// Passes requests on to a provider, one for each connection. Bodies need a `Content-Length`.
pub(crate) struct LossyProxy {
    address: SocketAddr,
    losses: Arc<Mutex<Losses>>,
}

#[derive(Default)]
struct Losses {
    left: usize,
    is_meant: Option<IsMeant>,
    lost: usize,
    passed: Vec<String>,
}

impl LossyProxy {
    /// In front of the provider at `target`; loses nothing yet.
    pub(crate) async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let losses: Arc<Mutex<Losses>> = Arc::default();
        let shared = Arc::clone(&losses);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let losses = Arc::clone(&shared);
                tokio::spawn(async move { drop(converse(client, target, &losses).await) });
            }
        });
        Self { address, losses }
    }

    /// Where clients reach it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Of the next requests for whose method and path `is_meant` holds, `count` reach the provider, and
    /// their connection is cut when its answer comes.
    pub(crate) fn lose(
        &self,
        count: usize,
        is_meant: impl Fn(&str, &str) -> bool + Send + 'static,
    ) {
        let mut losses = self.losses.lock().unwrap();
        losses.left = count;
        losses.is_meant = Some(Box::new(is_meant));
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> usize {
        self.losses.lock().unwrap().lost
    }

    /// The requests so far, each as `<method> <path>`.
    pub(crate) fn passed(&self) -> Vec<String> {
        self.losses.lock().unwrap().passed.clone()
    }
}

impl Losses {
    fn note(&mut self, method: &str, path: &str) -> bool {
        self.passed.push(format!("{method} {path}"));
        let is_meant = self.is_meant.as_ref().is_some_and(|is| is(method, path));
        let is_lost = is_meant && self.left > 0;
        self.left -= usize::from(is_lost);
        is_lost
    }
}

/// Both sides are told that the connection ends with the answer, so that the end of one is the end of
/// the other.
async fn converse(
    mut client: TcpStream,
    target: SocketAddr,
    losses: &Mutex<Losses>,
) -> std::io::Result<()> {
    let (head, early) = read_head(&mut client).await?;
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let is_lost = losses.lock().unwrap().note(method, path);
    let mut server = TcpStream::connect(target).await?;
    server.write_all(closing(&head).as_bytes()).await?;
    server.write_all(&early).await?;
    let rest = length(&head).saturating_sub(early.len() as u64);
    // A provider may answer before it has read everything.
    let _ = tokio::io::copy(&mut (&mut client).take(rest), &mut server).await;
    let (head, early) = read_head(&mut server).await?;
    if is_lost {
        losses.lock().unwrap().lost += 1;
        return client.set_zero_linger();
    }
    client.write_all(closing(&head).as_bytes()).await?;
    client.write_all(&early).await?;
    tokio::io::copy(&mut server, &mut client).await?;
    client.shutdown().await
}

/// The head of a message with the empty line at its end, and what came behind it.
async fn read_head(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        if let Some(end) = end {
            let early = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), early));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The head, saying that the connection is closed afterwards.
fn closing(head: &str) -> String {
    let mut lines: Vec<&str> = head.trim_end().split("\r\n").collect();
    lines.retain(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    lines.push("Connection: close");
    lines.join("\r\n") + "\r\n\r\n"
}

fn length(head: &str) -> u64 {
    let head = head.to_ascii_lowercase();
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length:"));
    length.map_or(0, |length| length.trim().parse().unwrap())
}
