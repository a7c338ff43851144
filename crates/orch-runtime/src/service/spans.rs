//! Where spans are sent, by the standard variables of OpenTelemetry.
//!
//! Those that say where and by which name are read and checked here. The exporter itself reads the
//! others, such as `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER` and `OTEL_BSP_*`.

use std::fmt;

use axum::http::Uri;

use super::environment::Environment;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
#[cfg(feature = "otlp")]
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spans {
    /// Nowhere.
    Off,
    /// Nowhere, because the program cannot, although a collector is named.
    Unsupported,
    /// To a collector.
    #[cfg_attr(
        not(feature = "otlp"),
        expect(dead_code, reason = "nobody sends them without the feature")
    )]
    Sent {
        /// The address for spans, whole.
        endpoint: String,
        /// What the service is called there, if the environment says so.
        service: Option<String>,
    },
}

/// For the first line of the log.
impl fmt::Display for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off | Self::Unsupported => f.write_str("off"),
            Self::Sent { endpoint, .. } => {
                let uri: Uri = endpoint.parse().unwrap_or_default();
                f.write_str(uri.authority().map_or("", |authority| authority.as_str()))
            }
        }
    }
}

/// Where the environment says that spans go.
#[cfg(feature = "otlp")]
pub(super) fn read(environment: &mut Environment) -> Spans {
    let whole = "the same, for spans alone: the whole address";
    let service = environment.standard(SERVICE_NAME, "its own", "the service's name in traces");
    let base = endpoint(ENDPOINT, "spans are sent to this collector", environment);
    let base = base.map(|base| format!("{}/v1/traces", base.trim_end_matches('/')));
    match endpoint(TRACES_ENDPOINT, whole, environment).or(base) {
        Some(endpoint) => Spans::Sent { endpoint, service },
        None => Spans::Off,
    }
}

#[cfg(feature = "otlp")]
fn endpoint(name: &str, meaning: &'static str, environment: &mut Environment) -> Option<String> {
    let text = environment.standard(name, "none", meaning)?;
    match crate::gateway::parse(&text) {
        Ok(_) => Some(text),
        Err(expected) => {
            let problem = super::problem::Problem::value(name, &text, expected);
            environment.report(problem);
            None
        }
    }
}

/// The variables may be set for all programs of a machine, so they are no reason not to start.
#[cfg(not(feature = "otlp"))]
pub(super) fn read(environment: &mut Environment) -> Spans {
    if environment.is_set(ENDPOINT) || environment.is_set(TRACES_ENDPOINT) {
        Spans::Unsupported
    } else {
        Spans::Off
    }
}
