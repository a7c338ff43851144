//! Calls over TLS.

use std::sync::Arc;

use orch_runtime::gateway::JsonClient;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::raw_provider::DONE;
use super::{TIMEOUT, not_sent, op};

/// A provider that speaks TLS with a certificate for `localhost` of an authority of its own.
async fn tls_provider() -> String {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certificate = CertificateDer::from(&include_bytes!("../tls/server.der")[..]);
    let key = PrivateKeyDer::try_from(&include_bytes!("../tls/server.key.der")[..]).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut part = [0; 4_096];
            drop(stream.read(&mut part).await);
            drop(stream.write_all(DONE.as_bytes()).await);
            drop(stream.shutdown().await);
        }
    });
    format!("https://localhost:{port}/pay")
}

#[tokio::test]
async fn a_provider_is_called_over_tls_when_its_certificate_is_trusted() {
    let url = tls_provider().await;
    let client =
        JsonClient::trusting_only(include_bytes!("../tls/authority.der"), TIMEOUT).unwrap();
    let answer = client.post(&url, &op("op-1"), &json!({})).await.unwrap();
    assert_eq!(answer.text("id").as_deref(), Some("p1"));
}

#[tokio::test]
async fn a_provider_whose_certificate_is_not_trusted_or_for_another_host_is_sent_nothing() {
    let url = tls_provider().await;
    let usual = JsonClient::new(TIMEOUT);
    let answer = usual.post(&url, &op("op-1"), &json!({})).await;
    assert!(not_sent(&answer), "{answer:?}");
    let trusting =
        JsonClient::trusting_only(include_bytes!("../tls/authority.der"), TIMEOUT).unwrap();
    let elsewhere = url.replace("localhost", "127.0.0.1");
    let answer = trusting.post(&elsewhere, &op("op-1"), &json!({})).await;
    assert!(not_sent(&answer), "{answer:?}");
    assert!(JsonClient::trusting_only(b"garbage", TIMEOUT).is_err());
}
