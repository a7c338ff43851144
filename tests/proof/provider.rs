//! A provider over real HTTP that counts what it did.
//!
//! **Deliberately absent:** deduplication. A provider that forgets a repeated key would hide a second
//! call; this one has an effect for every request that it acts on, so a second call is seen.

use std::collections::HashMap;
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::http::Message;

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Acts and says so.
    Done,
    /// Does nothing and says 503, try again in a second.
    Busy,
    /// Acts, and something on the way says 504.
    DoneButBusy,
    /// Does nothing and says 402.
    Refuse,
    /// Acts, and the connection breaks before the answer.
    ActAndDrop,
    /// The connection breaks and nothing happened.
    Drop,
    /// Acts, and answers when hardly anybody waits for it any more.
    Late,
    /// Acts, and answers twice.
    Twice,
    /// Acts, and answers after [`Provider::release`].
    Hold,
    /// Acts, and answers neither the call nor any question about it.
    Silence,
}

/// How late a late answer is.
const LATE: Duration = Duration::from_millis(700);

/// What was counted under one key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) requests: u32,
    pub(crate) effects: u32,
    pub(crate) probes: u32,
}

#[derive(Default)]
struct Book {
    counts: HashMap<String, Count>,
    authorization: Vec<String>,
    released: bool,
}

type Script = dyn Fn(&str, u32) -> Answer + Send + Sync;

/// A running provider.
#[derive(Clone)]
pub(crate) struct Provider {
    address: SocketAddr,
    book: Arc<(Mutex<Book>, Condvar)>,
    script: Arc<Script>,
}

impl Provider {
    /// Answers as `script` says for a key and the number of the request under it, counted from 1.
    pub(crate) fn start(script: impl Fn(&str, u32) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let provider = Self {
            address: listener.local_addr().unwrap(),
            book: Arc::default(),
            script: Arc::new(script),
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

    /// Where calls go.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/payments", self.address)
    }

    /// What was counted under `key`.
    pub(crate) fn count(&self, key: &str) -> Count {
        let book = self.book.0.lock().unwrap();
        book.counts.get(key).cloned().unwrap_or_default()
    }

    /// What was counted, by key.
    pub(crate) fn counts(&self) -> HashMap<String, Count> {
        self.book.0.lock().unwrap().counts.clone()
    }

    /// The `Authorization` headers of all calls.
    pub(crate) fn authorizations(&self) -> Vec<String> {
        self.book.0.lock().unwrap().authorization.clone()
    }

    /// Lets held calls answer.
    pub(crate) fn release(&self) {
        self.book.0.lock().unwrap().released = true;
        self.book.1.notify_all();
    }

    /// Waits until some call has arrived.
    pub(crate) fn wait_for_a_call(&self) {
        let (book, changed) = &*self.book;
        let book = book.lock().unwrap();
        drop(changed.wait_while(book, |book| book.counts.is_empty()));
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let message = Message::read(&mut BufReader::new(stream.try_clone()?))?;
        let answer = match message.line.strip_prefix("GET /payments/") {
            Some(rest) => self.tell(rest.split(' ').next().unwrap_or_default()),
            None => self.act(&message),
        };
        for (status, body) in answer {
            write!(
                stream,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?;
        }
        Ok(())
    }

    /// The answer to a probe; without one the connection breaks.
    fn tell(&self, key: &str) -> Vec<(&'static str, String)> {
        let mut book = self.book.0.lock().unwrap();
        let count = book.counts.entry(key.to_owned()).or_default();
        count.probes += 1;
        if (self.script)(key, 1) == Answer::Silence {
            return Vec::new();
        }
        vec![match count.effects {
            0 => ("404 Not Found", String::new()),
            _ => accepted(key),
        }]
    }

    /// The answers to a call; without one the connection breaks.
    fn act(&self, call: &Message) -> Vec<(&'static str, String)> {
        let key = call.header("idempotency-key").unwrap_or("none").to_owned();
        let (book, changed) = &*self.book;
        let mut book = book.lock().unwrap();
        let sent = call.header("authorization").map(ToOwned::to_owned);
        book.authorization.extend(sent);
        let count = book.counts.entry(key.clone()).or_default();
        count.requests += 1;
        let answer = (self.script)(&key, count.requests);
        if !matches!(answer, Answer::Busy | Answer::Refuse | Answer::Drop) {
            count.effects += 1;
        }
        changed.notify_all();
        match answer {
            Answer::Hold => drop(changed.wait_while(book, |book| !book.released)),
            Answer::Late => {
                drop(book);
                std::thread::sleep(LATE);
            }
            _ => drop(book),
        }
        match answer {
            Answer::Done | Answer::Hold | Answer::Late => vec![accepted(&key)],
            Answer::Twice => vec![accepted(&key), accepted(&key)],
            Answer::Busy => vec![("503 Busy\r\nretry-after: 1", String::new())],
            Answer::DoneButBusy => vec![("504 Gateway Timeout", String::new())],
            Answer::Refuse => {
                let body = r#"{"code":"DECLINED","message":"no funds"}"#;
                vec![("402 Payment Required", body.to_owned())]
            }
            Answer::ActAndDrop | Answer::Drop | Answer::Silence => Vec::new(),
        }
    }
}

fn accepted(key: &str) -> (&'static str, String) {
    ("200 OK", format!(r#"{{"id":"ref-{key}"}}"#))
}
