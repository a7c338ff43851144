//! Connections to providers: opened, used for one request at a time, kept for a while.
//!
//! The pool is our own and small, because one question must have a sure answer: was any byte of the
//! request handed to a connection? Everything before [`SendRequest::try_send_request`] is connecting,
//! and fails as [`CallError::NotSent`]; everything after it is [`CallError::NoAnswer`]. The one case in
//! between, a connection that closed while it was kept, gives the request back untouched, and only then
//! it goes to another connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{Request, Response, Uri};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use tower_service::Service as _;

use crate::clock::Sleep;

use super::answer::{CallError, in_full};
use super::config::InvalidAuthority;

/// Connections without a request are kept this long: less than the five seconds after which common
/// servers close them.
const KEPT: Duration = Duration::from_secs(4);
/// Kept connections per provider.
const MOST_KEPT: usize = 128;
/// Bytes of an answer's body at most.
const BODY_BYTES: usize = 1024 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Outgoing = UnsyncBoxBody<Bytes, BoxError>;
type Sender = SendRequest<Outgoing>;

/// An answer as it came: status, headers, whole body.
pub(crate) type Whole = Response<Vec<u8>>;

/// The connections of one client.
pub(crate) struct Network {
    connector: HttpsConnector<HttpConnector>,
    kept: Mutex<HashMap<String, Vec<Kept>>>,
}

struct Kept {
    sender: Sender,
    since: Instant,
}

/// A connection that is ready for a request.
pub(crate) struct Line {
    origin: String,
    sender: Sender,
}

impl Network {
    /// Trusts the authorities of Mozilla's list, which is built in.
    pub(crate) fn new() -> Self {
        Self::with_tls(web_tls())
    }

    /// Trusts one authority and no other.
    pub(super) fn trusting_only(authority: &[u8]) -> Result<Self, InvalidAuthority> {
        private_tls(authority).map(Self::with_tls)
    }

    fn with_tls(tls: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Self {
            connector,
            kept: Mutex::default(),
        }
    }

    /// A connection to the host of `uri`. Nothing of a request is involved yet.
    pub(crate) async fn connect(&self, uri: &Uri) -> Result<Line, CallError> {
        let origin = origin(uri);
        while let Some(mut sender) = self.take(&origin) {
            if sender.ready().await.is_ok() {
                return Ok(Line { origin, sender });
            }
        }
        self.open(uri, origin).await
    }

    /// Connects, sends `request` and reads the whole answer. `limit` ends it as what it is at that moment:
    /// not sent while there is no connection, without an answer from then on. `waited` says how long that
    /// was.
    pub(super) async fn call<B>(
        &self,
        uri: &Uri,
        request: Request<B>,
        limit: &mut Sleep,
        waited: &str,
    ) -> Result<Whole, CallError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let line = tokio::select! {
            line = self.connect(uri) => line?,
            () = &mut *limit => return Err(CallError::not_sent(format!("no connection {waited}"))),
        };
        tokio::select! {
            whole = self.exchange(line, uri, request) => whole,
            () = limit => Err(CallError::no_answer(format!("no full answer {waited}"))),
        }
    }

    /// Sends `request` and reads the whole answer. The line is kept when all went well.
    pub(crate) async fn exchange<B>(
        &self,
        mut line: Line,
        uri: &Uri,
        request: Request<B>,
    ) -> Result<Whole, CallError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        let sent = line.sender.try_send_request(request).await;
        let response = match sent {
            Ok(response) => response,
            Err(mut error) => {
                let Some(untouched) = error.take_message() else {
                    return Err(CallError::no_answer(in_full(error.error())));
                };
                line = self.open(uri, line.origin).await?;
                let sent = line.sender.send_request(untouched).await;
                sent.map_err(|error| CallError::no_answer(in_full(&error)))?
            }
        };
        let (parts, body) = response.into_parts();
        let body = collect(body).await?;
        self.keep(line);
        Ok(Response::from_parts(parts, body))
    }

    async fn open(&self, uri: &Uri, origin: String) -> Result<Line, CallError> {
        let connecting = self.connector.clone().call(uri.clone());
        let stream = connecting
            .await
            .map_err(|error| CallError::not_sent(in_full(error.as_ref())))?;
        let (sender, connection) = http1::handshake(stream)
            .await
            .map_err(|error| CallError::not_sent(in_full(&error)))?;
        tokio::spawn(async move {
            // Whoever uses the connection sees its errors.
            drop(connection.await);
        });
        Ok(Line { origin, sender })
    }

    fn take(&self, origin: &str) -> Option<Sender> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = kept.get_mut(origin)?;
        lines.retain(|line| line.since.elapsed() < KEPT && !line.sender.is_closed());
        lines.pop().map(|line| line.sender)
    }

    fn keep(&self, line: Line) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = kept.entry(line.origin).or_default();
        if lines.len() < MOST_KEPT && !line.sender.is_closed() {
            lines.push(Kept {
                sender: line.sender,
                since: Instant::now(),
            });
        }
    }
}

/// TLS with servers whose certificates an authority of Mozilla's list has signed.
pub(super) fn web_tls() -> ClientConfig {
    tls().with_webpki_roots().with_no_client_auth()
}

/// TLS with servers whose certificates this authority has signed.
pub(super) fn private_tls(authority: &[u8]) -> Result<ClientConfig, InvalidAuthority> {
    let mut roots = RootCertStore::empty();
    let added = roots.add(CertificateDer::from(authority.to_owned()));
    added.map_err(|_| InvalidAuthority)?;
    Ok(tls().with_root_certificates(roots).with_no_client_auth())
}

/// The provider of cryptography is named here: a program in which two are linked has no default one.
fn tls() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring serves the protocol versions that rustls knows")
}

/// What connections are shared by.
fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{authority}").to_ascii_lowercase()
}

async fn collect(mut body: Incoming) -> Result<Vec<u8>, CallError> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| CallError::no_answer(in_full(&error)))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > BODY_BYTES - read.len() {
            let reason = format!("the answer is larger than {BODY_BYTES} bytes");
            return Err(CallError::no_answer(reason));
        }
        read.extend_from_slice(&data);
    }
    Ok(read)
}
