//! Sending spans to a collector, behind the work.
//!
//! ```text
//!  span ends ─▶ queue ─▶ a thread takes batches ─▶ POST /v1/traces
//!                │ full: the span is lost             │ refused, late, gone: the batch is lost
//! ```
//!
//! **Invariant:** no operation waits for a collector. Spans are only ever lost.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::{Clock as _, SystemClock};
use crate::gateway::Network;

use super::module::Service;
use super::spans::Spans;

/// How long one batch may take, as the standard has it.
const BATCH: Duration = Duration::from_secs(10);
/// How long the last spans may hold up the end of the process.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// Sends the spans of this process.
pub(super) struct Exporter {
    provider: SdkTracerProvider,
}

impl Exporter {
    /// Starts the thread that sends, where there is a collector. Nothing is sent yet, so nothing is
    /// known of the collector.
    pub(super) fn start(
        service: &Service,
        spans: &Spans,
        runtime: &Handle,
    ) -> Result<Option<Self>, String> {
        let Spans::Sent {
            endpoint,
            service: name,
        } = spans
        else {
            return Ok(None);
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client {
                network: Arc::new(Network::new()),
                runtime: runtime.clone(),
            })
            .with_endpoint(endpoint)
            .build()
            .map_err(|error| error.to_string())?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource(service, name.as_deref()))
            .build();
        Ok(Some(Self { provider }))
    }

    /// What turns spans of the program into exported ones. Events are in the log and stay there.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let spans =
            FilterFn::new(|metadata| metadata.is_span() && *metadata.level() <= Level::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("orch-runtime"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(spans.with_max_level_hint(LevelFilter::INFO))
    }

    /// Sends what is left.
    pub(super) fn finish(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST_WAIT) {
            tracing::warn!(%error, "the last spans may be lost");
        }
    }
}

/// Which service it is: as the standard variables say, else as it calls itself.
fn resource(service: &Service, name: Option<&str>) -> Resource {
    let named = Resource::builder().build();
    let known = named.get(&Key::from_static_str("service.name"));
    let known = known.map(|name| name.to_string());
    let known = known.filter(|name| !name.starts_with("unknown_service"));
    let name = name.map(str::to_owned).or(known);
    Resource::builder()
        .with_attribute(KeyValue::new("service.version", service.version))
        .with_service_name(name.unwrap_or_else(|| service.name.to_owned()))
        .build()
}

/// The client of [`gateway`](crate::gateway), for the thread that sends.
#[derive(Clone)]
struct Client {
    network: Arc<Network>,
    runtime: Handle,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    async fn send(self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (mut parts, body) = request.into_parts();
        let uri = parts.uri;
        let host = uri.authority().map_or("", |authority| authority.as_str());
        parts.headers.insert(HOST, HeaderValue::try_from(host)?);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse::<Uri>()?;
        let request = Request::from_parts(parts, Full::new(body));
        let line = self.network.connect(&uri).await?;
        let whole = self.network.exchange(line, &uri, request).await?;
        Ok(whole.map(Bytes::from))
    }
}

#[async_trait]
impl HttpClient for Client {
    /// The thread that sends has no reactor, so the request is made by a task.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let send = self.clone().send(request);
        let bounded = async {
            tokio::select! {
                answer = send => answer,
                () = SystemClock.sleep(BATCH) => Err("no answer in time".into()),
            }
        };
        self.runtime.spawn(bounded).await?
    }
}
