//! Clients that are slow, large, many, or gone.

use std::net::SocketAddr;
use std::time::Duration;

use orch_runtime::http::ServerConfig;
use orch_runtime::testing::Reply as Scripted;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::raw::{Reply, get, post, rest};
use crate::site::{Site, unlimited};

const PINGS: &str = "/api/pings";
const MIB: usize = 1024 * 1024;

async fn connect(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).await.unwrap()
}

/// The head of a submission whose body is `length` bytes.
fn head(length: usize) -> Vec<u8> {
    post(PINGS, "k", "")
        .header("content-length", length.to_string())
        .head()
}

/// Winds the clock until `task` ends.
async fn wind(site: &Site, task: tokio::task::JoinHandle<Reply>) -> Reply {
    while !task.is_finished() {
        site.clock.advance(Duration::from_millis(100));
        tokio::task::yield_now().await;
    }
    task.await.unwrap()
}

#[tokio::test]
async fn a_body_that_is_announced_as_too_large_is_refused_before_it_is_sent() {
    let site = Site::start(unlimited()).await;
    let mut stream = connect(site.address).await;
    let ask = post(PINGS, "k", "").header("content-length", (100 * MIB).to_string());
    stream
        .write_all(&ask.header("expect", "100-continue").head())
        .await
        .unwrap();
    let reply = rest(&mut stream).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (413, "BODY_TOO_LARGE")
    );
}

/// The length is not announced, so it is counted while it arrives; nobody waits for the end of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_mebibytes_are_refused_after_the_first() {
    let site = Site::start(unlimited()).await;
    let (mut reading, mut writing) = connect(site.address).await.into_split();
    let ask = post(PINGS, "k", "").header("transfer-encoding", "chunked");
    let sending = tokio::spawn(async move {
        writing.write_all(&ask.head()).await.unwrap();
        let chunk = [
            format!("{MIB:x}\r\n").into_bytes(),
            vec![b' '; MIB],
            b"\r\n".to_vec(),
        ]
        .concat();
        let mut sent = 0;
        while sent < 100 && writing.write_all(&chunk).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let mut answer = vec![0; 4_096];
    let length = reading.read(&mut answer).await.unwrap();
    let reply = Reply::parse(&answer[..length]);
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (413, "BODY_TOO_LARGE")
    );
    let sent = sending.await.unwrap();
    assert!(sent < 50, "the server took {sent} MiB");
    assert_eq!(get("/health").send(site.address).await.status, 200);
}

/// A client that writes first and reads afterwards would lose the answer to a reset.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_all_of_a_too_large_body_still_reads_why_it_was_refused() {
    let site = Site::start(unlimited()).await;
    for announced in [true, false] {
        let mut stream = connect(site.address).await;
        let body = vec![b' '; 3 * MIB];
        if announced {
            stream.write_all(&head(body.len())).await.unwrap();
        } else {
            let ask = post(PINGS, "k", "").header("transfer-encoding", "chunked");
            stream.write_all(&ask.head()).await.unwrap();
            stream
                .write_all(format!("{:x}\r\n", body.len()).as_bytes())
                .await
                .unwrap();
        }
        stream.write_all(&body).await.unwrap();
        assert_eq!(rest(&mut stream).await.status, 413);
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let site = Site::start(unlimited()).await;
    let mut body = r#"{"name":"ann"}"#.to_owned();
    body.push_str(&" ".repeat(MIB - body.len()));
    assert_eq!(post(PINGS, "a", &body).send(site.address).await.status, 202);
    body.push(' ');
    assert_eq!(post(PINGS, "b", &body).send(site.address).await.status, 413);
}

#[tokio::test]
async fn a_body_that_trickles_in_is_given_up() {
    let site = Site::start(unlimited()).await;
    let mut stream = connect(site.address).await;
    stream.write_all(&head(100)).await.unwrap();
    stream.write_all(br#"{"name":"#).await.unwrap();
    let reading = tokio::spawn(async move { rest(&mut stream).await });
    let reply = wind(&site, reading).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (408, "BODY_TOO_SLOW")
    );
    assert_eq!(reply.header("connection"), Some("close"));
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_off() {
    let server = ServerConfig {
        head_timeout: Duration::from_millis(50),
        ..ServerConfig::default()
    };
    let site = Site::start_with(unlimited(), server).await;
    let mut slow = connect(site.address).await;
    slow.write_all(b"POST /api/pings HTTP/1.1\r\nhost: te")
        .await
        .unwrap();
    let mut silent = connect(site.address).await;
    let mut seen = Vec::new();
    slow.read_to_end(&mut seen).await.unwrap();
    silent.read_to_end(&mut seen).await.unwrap();
    assert!(!String::from_utf8_lossy(&seen).contains("202"));
    assert_eq!(get("/health").send(site.address).await.status, 200);
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_its_body_leaves_nothing_behind() {
    let site = Site::start(unlimited()).await;
    let mut stream = connect(site.address).await;
    let body = br#"{"name":"ann"}"#;
    stream.write_all(&head(body.len() + 1)).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 2"));
    assert_eq!(site.operations().await, 0);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let site = Site::start(unlimited()).await;
    let mut stream = connect(site.address).await;
    for _ in 0..3 {
        stream
            .write_all(b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n")
            .await
            .unwrap();
        let mut answer = vec![0; 4_096];
        let length = stream.read(&mut answer).await.unwrap();
        assert_eq!(Reply::parse(&answer[..length]).status, 200);
    }
}

#[tokio::test]
async fn one_connection_more_than_there_is_room_for_waits_and_is_served() {
    let server = ServerConfig {
        connections: 2,
        ..ServerConfig::default()
    };
    let site = Site::start_with(unlimited(), server).await;
    let (first, second) = (connect(site.address).await, connect(site.address).await);
    let mut third = tokio::spawn(get("/health").send(site.address));
    let early = tokio::time::timeout(Duration::from_millis(100), &mut third).await;
    assert!(early.is_err(), "served beyond the bound");
    drop(first);
    assert_eq!(third.await.unwrap().status, 200);
    drop(second);
}

#[tokio::test]
async fn a_request_under_way_is_answered_after_the_order_to_stop() {
    let site = Site::start(unlimited()).await;
    site.provider.script([Scripted::Hang]);
    let mut idle = connect(site.address).await;
    let waiting = tokio::spawn(
        post(PINGS, "k", r#"{"name":"ann"}"#)
            .header("prefer", "wait=30")
            .send(site.address),
    );
    while site.provider.total_requests() == 0 {
        tokio::task::yield_now().await;
    }
    site.signal.request();
    let mut nothing = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), idle.read_to_end(&mut nothing));
    closed
        .await
        .expect("an idle connection is closed at once")
        .unwrap();
    assert!(nothing.is_empty());
    while TcpStream::connect(site.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    site.provider.release();
    assert_eq!(waiting.await.unwrap().status, 200);
    site.serving.await.unwrap();
}

#[tokio::test]
async fn a_request_that_outlives_the_grace_does_not_keep_the_server_up() {
    let server = ServerConfig {
        grace: Duration::from_millis(50),
        ..ServerConfig::default()
    };
    let site = Site::start_with(unlimited(), server).await;
    let mut stream = connect(site.address).await;
    stream.write_all(&head(100)).await.unwrap();
    site.signal.request();
    site.serving.await.unwrap();
}

/// Many small questions, no answer read: the answers fill the buffers and then nothing moves.
#[tokio::test]
async fn a_client_that_asks_and_never_reads_is_let_go() {
    let server = ServerConfig {
        read_timeout: Duration::from_millis(50),
        ..ServerConfig::default()
    };
    let site = Site::start_with(unlimited(), server).await;
    let mut stream = connect(site.address).await;
    let asks = "GET /metrics HTTP/1.1\r\nhost: test\r\n\r\n".repeat(1_000);
    let asking = async { while stream.write_all(asks.as_bytes()).await.is_ok() {} };
    let ended = tokio::time::timeout(Duration::from_secs(30), asking).await;
    assert!(ended.is_ok(), "the connection is held for ever");
}
