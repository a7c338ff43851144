//! Every way a call can end, on raw sockets: what was certainly not sent, and what may have arrived.

mod raw_provider;
mod tls;
mod twice;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use orch_runtime::gateway::{
    Answer, CallError, GatewayConfig, HttpGateway, JsonClient, SimulatedProvider, probe, receipt,
};
use orch_runtime::testing::ManualClock;
use orch_runtime::{GatewayError, OpId, Probe, Secret, SystemClock};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use self::raw_provider::{DONE, Deed, RawProvider, read_request};

const TIMEOUT: Duration = Duration::from_secs(5);

fn op(name: &str) -> OpId {
    OpId::new(name).unwrap()
}

async fn call(deeds: &[Deed], timeout: Duration) -> (Result<Answer, CallError>, usize) {
    let provider = RawProvider::start(deeds).await;
    let client = JsonClient::new(timeout);
    let answer = client
        .post(&provider.url(), &op("op-1"), &json!({"amount": 1}))
        .await;
    let seen = provider.seen().len();
    (answer, seen)
}

fn not_sent(answer: &Result<Answer, CallError>) -> bool {
    matches!(answer, Err(CallError::NotSent { .. }))
}

fn no_answer(answer: &Result<Answer, CallError>) -> bool {
    matches!(answer, Err(CallError::NoAnswer { .. }))
}

#[tokio::test]
async fn a_call_carries_its_key_its_token_and_its_body() {
    let provider = RawProvider::start(&[Deed::Keep(DONE)]).await;
    let client = JsonClient::new(TIMEOUT).bearer(Secret::new("t0ken".to_owned()));
    let url = format!("{}?mode=test", provider.url());
    let answer = client
        .post(&url, &op("op-1"), &json!({"amount": 1}))
        .await
        .unwrap();
    assert_eq!(
        (answer.status, answer.text("id").as_deref()),
        (200, Some("p1"))
    );
    let request = provider.seen().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.starts_with("post /pay?mode=test http/1.1"), "{head}");
    for line in [
        format!("host: {}", provider.address),
        "idempotency-key: op-1".to_owned(),
        "authorization: bearer t0ken".to_owned(),
        "content-type: application/json".to_owned(),
    ] {
        assert!(head.contains(&line), "{line} is missing in {head}");
    }
    assert_eq!(body, r#"{"amount":1}"#);
    assert!(!format!("{client:?}").contains("t0ken"));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pay", listener.local_addr().unwrap());
    drop(listener);
    let answer = JsonClient::new(TIMEOUT)
        .post(&url, &op("op-1"), &json!({}))
        .await;
    assert!(not_sent(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_not_sent() {
    let client = JsonClient::new(Duration::from_secs(20));
    for url in [
        "http://no-such-host.invalid/pay",
        "https://no-such-host.invalid/pay",
        "not a url",
    ] {
        let answer = client.post(url, &op("op-1"), &json!({})).await;
        assert!(not_sent(&answer), "{url}: {answer:?}");
    }
}

/// Before TLS stands, no byte of the request can have left.
#[tokio::test]
async fn a_failed_or_hanging_tls_handshake_is_not_sent() {
    for deed in [Deed::CloseAtOnce, Deed::Stare] {
        let provider = RawProvider::start(&[deed]).await;
        let url = provider.url().replace("http:", "https:");
        let client = JsonClient::new(Duration::from_millis(200));
        let answer = client.post(&url, &op("op-1"), &json!({})).await;
        assert!(not_sent(&answer), "{deed:?}: {answer:?}");
    }
    let garbage = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/pay", garbage.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = garbage.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    });
    let answer = JsonClient::new(TIMEOUT)
        .post(&url, &op("op-1"), &json!({}))
        .await;
    assert!(not_sent(&answer), "{answer:?}");
}

/// Whatever goes wrong once there is a connection may have gone wrong after the effect.
#[tokio::test]
async fn every_broken_answer_is_no_answer() {
    let head = "HTTP/1.1 200 OK\r\ncontent-";
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":";
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n";
    let garbled = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    for deed in [
        Deed::CloseAtOnce,
        Deed::Say(""),
        Deed::Say(head),
        Deed::Say(short),
        Deed::Say(chunk),
        Deed::Say(garbled),
        Deed::Say("SSH-2.0-OpenSSH_9\r\n"),
        Deed::Say("HTTP/1.1 2000 OK\r\n\r\n"),
        Deed::Reset(""),
        Deed::Reset(short),
    ] {
        let (answer, seen) = call(&[deed], TIMEOUT).await;
        assert!(no_answer(&answer), "{deed:?}: {answer:?}");
        assert!(seen <= 1, "{deed:?} was sent {seen} times");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_no_answer() {
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    for deed in [
        Deed::Hang,
        Deed::Stare,
        Deed::Keep("HTTP/1.1 200"),
        Deed::Keep(short),
    ] {
        let (answer, _) = call(&[deed], Duration::from_millis(100)).await;
        assert!(no_answer(&answer), "{deed:?}: {answer:?}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_no_answer_and_is_not_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pay", listener.local_addr().unwrap());
    let sending = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let mut sent = 0_usize;
        while sent < 64 * 1024 * 1024 && stream.write_all(&[b' '; 65_536]).await.is_ok() {
            sent += 65_536;
        }
        sent
    });
    let answer = JsonClient::new(TIMEOUT)
        .post(&url, &op("op-1"), &json!({}))
        .await;
    assert!(no_answer(&answer), "{answer:?}");
    assert!(sending.await.unwrap() < 32 * 1024 * 1024);
}

#[tokio::test]
async fn whole_answers_are_answers_whatever_they_say() {
    for (deed, status) in [
        (Deed::Say(DONE), 200),
        (Deed::Say("HTTP/1.1 204 No Content\r\n\r\n"), 204),
        (Deed::Say("HTTP/1.1 200 OK\r\n\r\nnot json"), 200),
        (
            Deed::Say(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
            ),
            201,
        ),
        (
            Deed::Say("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"),
            503,
        ),
        (Deed::Say("HTTP/1.0 500 Oh\r\n\r\n<html>"), 500),
    ] {
        let (answer, seen) = call(&[deed], TIMEOUT).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status, seen), (status, 1), "{deed:?}");
        let wait = (status == 503).then_some(Duration::from_secs(7));
        assert_eq!(answer.retry_after, wait);
    }
}

/// The request must not be repeated at an address that the provider's owner did not configure.
#[tokio::test]
async fn a_redirect_is_not_followed_and_proves_nothing() {
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let (answer, seen) = call(&[Deed::Keep(redirect)], TIMEOUT).await;
    assert_eq!(seen, 1);
    let error = receipt(answer).unwrap_err();
    assert!(matches!(error, GatewayError::NoAnswer { .. }), "{error}");
    assert!(error.to_string().contains("307"), "{error}");
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let provider =
        RawProvider::start(&[Deed::Keep(DONE), Deed::Keep(DONE), Deed::CloseAtOnce]).await;
    let client = JsonClient::new(TIMEOUT);
    for key in ["op-1", "op-2"] {
        assert!(
            client
                .post(&provider.url(), &op(key), &json!({}))
                .await
                .is_ok()
        );
    }
}

/// The danger of pools: the connection dies under a request that may have been read, and the pool
/// sends it again on another one.
#[tokio::test]
async fn a_request_on_a_kept_connection_that_dies_is_no_answer_and_is_not_sent_again() {
    for deed in [
        Deed::Say(""),
        Deed::Reset(""),
        Deed::Say("HTTP/1.1 200 OK\r\n"),
    ] {
        let provider = RawProvider::start(&[Deed::Keep(DONE), deed, Deed::Keep(DONE)]).await;
        let client = JsonClient::new(TIMEOUT);
        assert!(
            client
                .post(&provider.url(), &op("op-1"), &json!({}))
                .await
                .is_ok()
        );
        let answer = client.post(&provider.url(), &op("op-2"), &json!({})).await;
        assert!(no_answer(&answer), "{deed:?}: {answer:?}");
        assert_eq!(provider.seen().len(), 2, "{deed:?}");
    }
}

/// A server that closes kept connections whenever it likes, also in the moment of sending: each request
/// arrives at most once, and what is said about it is true.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_close_at_any_moment_never_double_a_request() {
    let deeds: Vec<Deed> = (0..2_000)
        .map(|at| match at % 7 {
            0 | 3 => Deed::Say(DONE),
            5 => Deed::CloseAtOnce,
            _ => Deed::Keep(DONE),
        })
        .collect();
    let provider = RawProvider::start(&deeds).await;
    let client = JsonClient::new(TIMEOUT);
    let mut calls = tokio::task::JoinSet::new();
    for lane in 0..4 {
        let (client, url) = (client.clone(), provider.url());
        calls.spawn(async move {
            let mut ends = Vec::new();
            for at in 0..200 {
                let key = op(&format!("op-{lane}-{at}"));
                ends.push((key.clone(), client.post(&url, &key, &json!({})).await));
            }
            ends
        });
    }
    let ends: Vec<_> = calls.join_all().await.into_iter().flatten().collect();
    let mut arrived: HashMap<String, u32> = HashMap::new();
    for request in provider.seen() {
        let key = request
            .lines()
            .find_map(|line| line.strip_prefix("idempotency-key: "));
        *arrived.entry(key.unwrap().to_owned()).or_default() += 1;
    }
    for (key, end) in &ends {
        let times = arrived.get(key.as_str()).copied().unwrap_or(0);
        match end {
            Ok(_) => assert_eq!(times, 1, "{key}"),
            Err(CallError::NotSent { .. }) => assert_eq!(times, 0, "{key}"),
            Err(CallError::NoAnswer { .. }) => assert!(times <= 1, "{key}"),
        }
    }
    assert!(ends.iter().filter(|(_, end)| end.is_ok()).count() > 100);
}

#[tokio::test]
async fn the_default_gateway_acts_by_post_and_asks_by_get() {
    let provider = RawProvider::start(&[Deed::Keep(DONE)]).await;
    let config = GatewayConfig::new(provider.url());
    let gateway = HttpGateway::new(config, Arc::new(SystemClock)).unwrap();
    let paid = receipt(gateway.post(&op("op-1"), &json!({})).await).unwrap();
    assert_eq!(paid.provider_ref.as_deref(), Some("p1"));
    let told = probe(gateway.get(&op("op-1")).await);
    assert!(matches!(told, Probe::Committed { provider_ref: Some(id), .. } if id == "p1"));
    let refunds = gateway.below("refunds").unwrap();
    drop(refunds.get(&op("op-2")).await);
    let lines: Vec<String> = provider
        .seen()
        .iter()
        .map(|seen| seen.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "POST /pay HTTP/1.1",
            "GET /pay/op-1 HTTP/1.1",
            "GET /pay/refunds/op-2 HTTP/1.1"
        ]
    );
}

#[tokio::test]
async fn the_simulated_provider_has_one_effect_per_key_and_remembers_it() {
    let (provider, clock) = (SimulatedProvider::new(), ManualClock::default());
    let gateway = HttpGateway::simulated(provider.clone(), TIMEOUT, Arc::new(clock.clone()));
    let scene = tokio::spawn(async move {
        let asked_before = probe(gateway.get(&op("op-1")).await);
        let first = receipt(gateway.post(&op("op-1"), &json!({})).await).unwrap();
        let again = receipt(gateway.post(&op("op-1"), &json!({})).await).unwrap();
        let asked_after = probe(gateway.get(&op("op-1")).await);
        (asked_before, first, again, asked_after)
    });
    while !scene.is_finished() {
        clock.advance(Duration::from_millis(10));
        tokio::task::yield_now().await;
    }
    let (before, first, again, after) = scene.await.unwrap();
    assert_eq!((before, &first), (Probe::NotCommitted, &again));
    assert!(
        matches!(after, Probe::Committed { provider_ref, .. } if provider_ref == first.provider_ref)
    );
    assert_eq!(provider.effects(), 1);
}
