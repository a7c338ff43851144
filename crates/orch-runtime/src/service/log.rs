//! The log: one JSON object per line on standard output.

use tracing_subscriber::EnvFilter;

/// Starts to log what `directives` let through. A program that logs already keeps its own way.
pub(super) fn start(directives: &str) {
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stdout);
    drop(log.try_init());
}
