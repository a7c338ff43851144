//! What the other tests of this target stand on: emulators start and stop, answers get lost.

use std::net::SocketAddr;
use std::time::Duration;

use orch_runtime::OpId;
use orch_runtime::clock::{Clock as _, SystemClock};
use orch_runtime::gateway::{CallError, JsonClient};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::emulator::{Emulator, named};
use super::lossy::LossyProxy;

/// An emulator that outlives its test would hold its port and its memory until the machine is started
/// anew.
#[tokio::test]
async fn an_emulator_ends_with_its_owner() {
    let prism = |command: &mut std::process::Command, [port]: [u16; 1], _: &std::path::Path| {
        command.args(["mock", "--host", "127.0.0.1", "--port"]);
        command.arg(port.to_string());
        command.arg(named("ORCH_TEST_TWILIO_OPENAPI"));
    };
    let emulator = Emulator::start("ORCH_TEST_PRISM", prism).await;
    let address = emulator.address(0);
    drop(emulator);
    for _ in 0..100 {
        if TcpStream::connect(address).await.is_err() {
            return;
        }
        SystemClock.sleep(Duration::from_millis(50)).await;
    }
    panic!("something still listens on {address}");
}

/// A test of recovery that loses nothing, or cuts before the provider acted, proves nothing.
#[tokio::test]
async fn a_lossy_way_lets_the_provider_act_and_keeps_the_answer() {
    let (provider, mut seen) = provider().await;
    let proxy = LossyProxy::start(provider).await;
    proxy.lose(1, |method, path| method == "POST" && path == "/pay");
    let client = JsonClient::new(Duration::from_secs(10));
    let url = format!("http://{}/pay", proxy.address());
    let key = OpId::new("op-1").unwrap();
    assert!(client.get(&url).await.is_ok());
    let cut = client.post(&url, &key, &json!({"amount": 1})).await;
    assert!(matches!(cut, Err(CallError::NoAnswer { .. })), "{cut:?}");
    let answer = client.post(&url, &key, &json!({"amount": 1})).await;
    assert_eq!(answer.unwrap().status, 200);
    assert_eq!(proxy.lost(), 1);
    assert_eq!(proxy.passed(), ["GET /pay", "POST /pay", "POST /pay"]);
    for body in ["", "{\"amount\":1}", "{\"amount\":1}"] {
        let request = seen.recv().await.unwrap();
        assert!(request.ends_with(&format!("\r\n\r\n{body}")), "{request}");
    }
}

/// Answers every request with 200; tells what it has read.
async fn provider() -> (SocketAddr, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, seen) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            let is_whole = |request: &[u8]| {
                let text = String::from_utf8_lossy(request);
                text.ends_with(if text.starts_with("POST") {
                    "}"
                } else {
                    "\r\n\r\n"
                })
            };
            while !is_whole(&request) {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
            }
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(answer.as_bytes()).await.unwrap();
            tell.send(String::from_utf8(request).unwrap())
                .await
                .unwrap();
        }
    });
    (address, seen)
}
