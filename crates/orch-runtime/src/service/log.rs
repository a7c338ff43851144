//! The log: one JSON object per line on standard output. Where spans are exported, they start here too.

use tokio::runtime::Handle;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

#[cfg(feature = "otlp")]
use super::exporter::Exporter;
use super::module::Service;
use super::settings::Settings;

/// What was started, to be finished.
pub(super) struct Log {
    #[cfg(feature = "otlp")]
    exporter: Option<Exporter>,
}

impl Log {
    /// Starts to log what the settings let through. A program that logs already keeps its own way, also
    /// with its spans.
    #[cfg_attr(
        not(feature = "otlp"),
        expect(unused_variables, reason = "the exporter needs them")
    )]
    pub(super) fn start(service: &Service, settings: &Settings, runtime: &Handle) -> Self {
        let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(std::io::stdout);
        let log = tracing_subscriber::registry().with(lines.with_filter(filter));
        #[cfg(feature = "otlp")]
        {
            let exporter = Exporter::start(service, &settings.spans, runtime);
            let layer = exporter.as_ref().ok().and_then(Option::as_ref);
            drop(log.with(layer.map(Exporter::layer)).try_init());
            if let Err(error) = &exporter {
                tracing::error!(error, "spans are not exported");
            }
            let exporter = exporter.unwrap_or_default();
            Self { exporter }
        }
        #[cfg(not(feature = "otlp"))]
        {
            drop(log.try_init());
            Self {}
        }
    }

    /// Sends what is left of the spans, for a moment.
    pub(super) fn finish(self) {
        #[cfg(feature = "otlp")]
        if let Some(exporter) = self.exporter {
            exporter.finish();
        }
    }
}
