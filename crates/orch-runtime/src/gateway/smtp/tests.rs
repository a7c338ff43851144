//! Every place at which a session can end, against a server that does what a test says.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::clock::SystemClock;
use crate::ids::OpId;
use crate::operation::answer::{GatewayError, Receipt};

use super::{SmtpClient, SmtpConfig, SmtpMail};

const AUTHORITY: &[u8] = include_bytes!("../../../tests/http/tls/authority.der");
const CERTIFICATE: &[u8] = include_bytes!("../../../tests/http/tls/server.der");
const KEY: &[u8] = include_bytes!("../../../tests/http/tls/server.key.der");

/// What a server says to a line that begins so, in order; `CUT` ends the connection, `MUTE` says nothing
/// more. Everything else is answered as usual.
type Script = &'static [(&'static str, &'static str)];

const CUT: &str = "cut";
const MUTE: &str = "mute";

struct Server {
    port: u16,
    seen: tokio::task::JoinHandle<Vec<String>>,
}

impl Server {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            converse(Box::new(stream), script, &mut seen).await;
            seen
        });
        Self { port, seen }
    }
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Ends when the client is gone.
async fn converse(wire: Box<dyn Wire>, script: Script, seen: &mut Vec<String>) {
    let mut wire = BufReader::new(wire);
    let said = |line: &str| script.iter().find(|(begin, _)| line.starts_with(begin));
    let mut line = "CONNECT".to_owned();
    let mut is_text = false;
    loop {
        let answer = match (said(&line), &*line) {
            (Some((_, CUT)), _) => return,
            (Some((_, MUTE)), _) => std::future::pending().await,
            (Some((_, answer)), _) => answer,
            (None, "CONNECT") => "220 ready",
            (None, "." | "MAIL" | "QUIT") => "250 taken",
            (None, "DATA") => "354 go",
            (None, _) if is_text => "",
            (None, _) => "250 fine",
        };
        is_text = (is_text || line == "DATA") && line != ".";
        if !answer.is_empty() {
            wire.get_mut()
                .write_all(format!("{answer}\r\n").as_bytes())
                .await
                .unwrap();
        }
        if line == "STARTTLS" && answer.starts_with('2') {
            let secure = tls().accept(wire.into_inner()).await;
            let Ok(secure) = secure else { return };
            wire = BufReader::new(Box::new(secure));
        }
        let mut next = String::new();
        match wire.read_line(&mut next).await {
            Ok(read) if read > 0 => line = next.trim_end().to_owned(),
            _ => return,
        }
        seen.push(line.clone());
    }
}

fn tls() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE)],
            PrivateKeyDer::try_from(KEY).unwrap(),
        );
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

const MAIL: SmtpMail<'_> = SmtpMail {
    to: "ann@example.com",
    subject: "Hello",
    body: "Hello, Ann",
};

fn gateway(port: u16, credentials: Option<&str>) -> SmtpClient {
    let config = SmtpConfig {
        server: format!("smtp://localhost:{port}").parse().unwrap(),
        credentials: credentials.map(|text| text.parse().unwrap()),
        from: "Shop <shop@example.com>".parse().unwrap(),
        probe_url: None,
        timeout: Duration::from_millis(500),
    };
    SmtpClient::trusting_only(AUTHORITY, config, Arc::new(SystemClock)).unwrap()
}

/// Sends the mail to a server that follows `script`.
async fn sent(script: Script) -> Result<Receipt, GatewayError> {
    let server = Server::start(script).await;
    let op_id = OpId::new("op-1").unwrap();
    let sent = gateway(server.port, None).send(&op_id, &MAIL).await;
    server.seen.abort();
    sent
}

/// The same with credentials, and the lines that the server has read.
async fn logged_in(script: Script) -> (Result<Receipt, GatewayError>, Vec<String>) {
    let server = Server::start(script).await;
    let op_id = OpId::new("op-1").unwrap();
    let gateway = gateway(server.port, Some("me:secret"));
    let sent = gateway.send(&op_id, &MAIL).await;
    (sent, server.seen.await.unwrap())
}

#[tokio::test]
async fn an_accepted_mail_is_named_after_its_operation() {
    let sent = sent(&[(".", "250 queued as 7")]).await;
    let receipt = sent.unwrap();
    assert_eq!(receipt.provider_ref.as_deref(), Some("op-1@example.com"));
    assert_eq!(receipt.result.unwrap()["reply"], "queued as 7");
}

/// Taken for "perhaps", each of these would wait for a person for nothing.
#[tokio::test]
async fn before_the_dot_nothing_can_have_been_accepted() {
    let scripts: [Script; 11] = [
        &[("CONNECT", CUT)],
        &[("CONNECT", MUTE)],
        &[("CONNECT", "HTTP/1.1 400 Bad Request")],
        &[("CONNECT", "421 busy")],
        &[("EHLO", CUT)],
        &[("MAIL", "452 full")],
        &[("RCPT", "450 later")],
        &[("RCPT", MUTE)],
        &[("DATA", "250 what?")],
        &[("DATA", CUT)],
        &[(".", "451 greylisted")],
    ];
    for script in scripts {
        let sent = sent(script).await;
        assert!(
            matches!(sent, Err(GatewayError::Unavailable { .. })),
            "{script:?}: {sent:?}"
        );
    }
}

/// A short text is on its way before the end of the connection is seen; a long one is not.
#[tokio::test]
async fn a_text_that_breaks_off_was_not_accepted() {
    let server = Server::start(&[("Subject", CUT)]).await;
    let body = &"x".repeat(16 * 1024 * 1024);
    let op_id = OpId::new("op-1").unwrap();
    let gateway = gateway(server.port, None);
    let sent = gateway.send(&op_id, &SmtpMail { body, ..MAIL }).await;
    assert!(
        matches!(sent, Err(GatewayError::Unavailable { .. })),
        "{sent:?}"
    );
}

/// Taken for "no", each of these would send the mail a second time.
#[tokio::test]
async fn after_the_dot_an_answer_that_does_not_come_is_a_perhaps() {
    let scripts: [Script; 4] = [
        &[(".", CUT)],
        &[(".", MUTE)],
        &[(".", "354 go on")],
        &[(".", "what?")],
    ];
    for script in scripts {
        let sent = sent(script).await;
        assert!(
            matches!(sent, Err(GatewayError::NoAnswer { .. })),
            "{script:?}: {sent:?}"
        );
    }
}

#[tokio::test]
async fn a_refusal_is_for_good_wherever_it_comes() {
    for place in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let script: &'static [(&str, &str)] = Vec::leak(vec![(place, "550 5.1.1 no such user")]);
        let sent = sent(script).await;
        assert_eq!(
            sent.unwrap_err().to_string(),
            "refused with SMTP_550: 5.1.1 no such user",
            "{place}"
        );
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_not_now() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let op_id = OpId::new("op-1").unwrap();
    let sent = gateway(port, None).send(&op_id, &MAIL).await;
    assert!(matches!(sent, Err(GatewayError::Unavailable { .. })));
}

/// Before TLS everybody on the way reads along.
#[tokio::test]
async fn tls_begins_where_it_is_offered_and_credentials_come_after_it() {
    let (sent, seen) = logged_in(&[("EHLO", "250-me\r\n250-STARTTLS\r\n250 AUTH PLAIN")]).await;
    assert!(sent.is_ok(), "{sent:?}");
    let place = |begin: &str| seen.iter().position(|line| line.starts_with(begin));
    assert!(
        place("STARTTLS") < place("AUTH PLAIN AG1lAHNlY3JldA=="),
        "{seen:?}"
    );
    assert!(
        place("AUTH") < place("MAIL FROM:<shop@example.com>"),
        "{seen:?}"
    );
    assert!(
        place("MAIL") < place("RCPT TO:<ann@example.com>"),
        "{seen:?}"
    );
}

/// Somebody on the way puts words behind the answer, to be taken for the server's once TLS has begun.
#[tokio::test]
async fn words_in_clear_behind_starttls_end_the_session() {
    let script: Script = &[
        ("EHLO", "250-me\r\n250-STARTTLS\r\n250 AUTH PLAIN"),
        ("STARTTLS", "220 go\r\n250 AUTH PLAIN"),
    ];
    let (sent, seen) = logged_in(script).await;
    assert!(
        matches!(sent, Err(GatewayError::Unavailable { .. })),
        "{sent:?}"
    );
    assert!(
        !seen.iter().any(|line| line.starts_with("AUTH")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn both_ways_to_log_in_are_known_and_a_wrong_password_is_refused() {
    let script: Script = &[
        ("EHLO", "250-me\r\n250 AUTH LOGIN"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("bWU=", "334 UGFzc3dvcmQ6"),
        ("c2VjcmV0", "235 welcome"),
    ];
    let (sent, _) = logged_in(script).await;
    assert!(sent.is_ok(), "{sent:?}");
    let script: Script = &[("EHLO", "250-me\r\n250 AUTH PLAIN"), ("AUTH", "535 wrong")];
    let (sent, _) = logged_in(script).await;
    assert_eq!(
        sent.unwrap_err().to_string(),
        "refused with SMTP_535: wrong"
    );
    let (sent, seen) = logged_in(&[("EHLO", "250 me")]).await;
    assert!(
        matches!(sent, Err(GatewayError::Unavailable { .. })),
        "{sent:?}"
    );
    assert!(
        !seen.iter().any(|line| line.starts_with("MAIL")),
        "{seen:?}"
    );
}

/// Without the extension a server may do anything with such an address.
#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_knows_them() {
    let mail = SmtpMail {
        to: "bob@bücher.example",
        ..MAIL
    };
    let op_id = OpId::new("op-1").unwrap();
    for (offers, works) in [("250-me\r\n250 SMTPUTF8", true), ("250 me", false)] {
        let server = Server::start(Vec::leak(vec![("EHLO", offers)])).await;
        let sent = gateway(server.port, None).send(&op_id, &mail).await;
        assert_eq!(sent.is_ok(), works, "{sent:?}");
        let seen = server.seen.await.unwrap();
        let says = |text| seen.iter().any(|line: &String| line == text);
        assert_eq!(
            says("MAIL FROM:<shop@example.com> SMTPUTF8"),
            works,
            "{seen:?}"
        );
    }
}
