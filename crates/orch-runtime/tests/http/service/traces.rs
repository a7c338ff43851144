//! Traces of a whole service: to the provider, into the log, and to a collector that may not be there.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use orch_runtime::SystemClock;
use orch_runtime::axum::Router;
use orch_runtime::axum::body::Bytes;
use orch_runtime::axum::extract::State;
use orch_runtime::axum::http::{HeaderMap, Uri};
use orch_runtime::engine::{Shutdown, ShutdownSignal};
use orch_runtime::http::{ServerConfig, serve};
use tokio::net::TcpListener;

use crate::raw::{Reply, post};

use super::process::{Process, finished};
use super::provider::CountingProvider;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Submits as a part of the caller's trace, and waits for the end.
async fn ping(address: SocketAddr) -> Reply {
    let ask = post("/api/pings", "k", r#"{"name":"ann-the-secret"}"#);
    let ask = ask
        .header("prefer", "wait=10")
        .header("traceparent", CALLER);
    let reply = ask.send(address).await;
    assert_eq!(reply.json()["state"], "COMPLETED", "{reply:?}");
    reply
}

/// Whoever takes no part in a trace must not cut it in two.
#[tokio::test]
async fn without_a_collector_the_trace_is_passed_on_as_it_came_and_logged() {
    let provider = CountingProvider::start().await;
    let process = Process::start("", &[("PING_GATEWAY_URL", &provider.url())]).await;
    ping(process.address).await;
    assert_eq!(provider.traces(), [Some(CALLER.to_owned())]);
    process.signal("TERM").await;
    let log = process.end().await.out;
    for message in ["completed", "answered"] {
        let message = format!(r#""message":"{message}""#);
        let line = log.lines().find(|line| line.contains(&message)).unwrap();
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["span"]["trace_id"], TRACE, "{line}");
    }
}

#[tokio::test]
async fn a_request_of_no_trace_makes_a_call_of_no_trace() {
    let provider = CountingProvider::start().await;
    let process = Process::start("", &[("PING_GATEWAY_URL", &provider.url())]).await;
    let ask = post("/api/pings", "k", r#"{"name":"ann"}"#).header("prefer", "wait=10");
    ask.send(process.address).await;
    assert_eq!(provider.traces(), [None]);
    process.signal("TERM").await;
    assert!(!process.end().await.out.contains("trace_id"));
}

/// One request to a collector: its path, headers and body.
type Export = (String, HeaderMap, Bytes);

/// A collector that keeps what it is sent.
struct Collector {
    url: String,
    exports: Arc<Mutex<Vec<Export>>>,
    _serving: ShutdownSignal,
}

impl Collector {
    async fn start() -> Self {
        type Exports = Arc<Mutex<Vec<Export>>>;
        async fn take(
            State(exports): State<Exports>,
            uri: Uri,
            headers: HeaderMap,
            body: Bytes,
        ) -> HeaderMap {
            let export = (uri.path().to_owned(), headers, body);
            exports.lock().unwrap().push(export);
            [(
                "content-type".parse().unwrap(),
                "application/x-protobuf".parse().unwrap(),
            )]
            .into_iter()
            .collect()
        }
        let exports = Exports::default();
        let app = Router::new()
            .fallback(take)
            .with_state(Arc::clone(&exports));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (signal, shutdown) = Shutdown::new();
        let config = ServerConfig::default();
        let clock = Arc::new(SystemClock);
        tokio::spawn(serve(listener, app, config, clock, shutdown));
        Self {
            url,
            exports,
            _serving: signal,
        }
    }

    /// All bytes that came to the path for spans.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (path, headers, body) in self.exports.lock().unwrap().iter() {
            assert_eq!(path, "/v1/traces");
            assert_eq!(headers["content-type"], "application/x-protobuf");
            bytes.extend_from_slice(body);
        }
        bytes
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The bytes that hexadecimal digits write.
fn raw(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

#[tokio::test]
async fn a_collector_gets_the_spans_and_the_provider_the_place_of_its_call() {
    let (provider, collector) = (CountingProvider::start().await, Collector::start().await);
    let variables = [
        ("PING_GATEWAY_URL", provider.url()),
        (ENDPOINT, format!("{}/", collector.url)),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment=blue".to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, &**value));
    let process = Process::start("", &variables).await;
    let op_id = ping(process.address).await.json()["opId"].to_string();
    process.signal("TERM").await;
    let end = process.end().await;
    assert_eq!(end.code, 0, "{end:?}");
    let bytes = collector.bytes();
    for part in [
        "POST /api/pings",
        "orchestration.accept",
        "orchestration.execute",
        "orchestration.finalize",
        "PING_REQUESTED",
        "COMPLETED",
        op_id.trim_matches('"'),
        "pinger",
        "1.2.3",
        "blue",
    ] {
        assert!(
            holds(&bytes, part.as_bytes()),
            "{part} is not among what was exported"
        );
    }
    assert!(
        !holds(&bytes, b"ann-the-secret"),
        "payloads stay in the house"
    );
    let call = provider.traces().remove(0).unwrap();
    let ids: Vec<&str> = call.split('-').collect();
    assert_eq!(ids[1], TRACE);
    assert_ne!(
        ids[2],
        &CALLER[36..52],
        "the call is made by a span of its own"
    );
    assert!(holds(&bytes, &raw(ids[1])) && holds(&bytes, &raw(ids[2])));
}

/// Traces are a comfort. A payment that waits for them, or is lost with them, would not be.
#[tokio::test]
async fn a_collector_that_is_gone_or_silent_holds_up_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = gone.local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for address in [gone, silent.local_addr().unwrap()] {
        let endpoint = format!("http://{address}");
        let process = Process::start("--simulate", &[(ENDPOINT, &endpoint)]).await;
        let asked = Instant::now();
        ping(process.address).await;
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "{:?}",
            asked.elapsed()
        );
        process.signal("TERM").await;
        let end = process.end().await;
        assert_eq!(end.code, 0, "{end:?}");
        assert!(
            asked.elapsed() < Duration::from_secs(20),
            "{:?}",
            asked.elapsed()
        );
    }
}

#[tokio::test]
async fn a_collectors_address_is_checked_and_an_empty_one_is_none() {
    let refused = finished("--check --simulate", &[(ENDPOINT, "collector:4318")]).await;
    assert_eq!(refused.code, 1);
    let problem = r#"error: OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4318": expected http://"#;
    assert!(refused.err.contains(problem), "{refused:?}");
    let fine = finished("--check --simulate", &[(ENDPOINT, "")]).await;
    assert_eq!(fine.code, 0, "{fine:?}");
}
