//! Where the calls of a client go: to its provider, or to the simulated one.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;

use super::http_gateway::HttpGateway;
use super::simulated::SimulatedProvider;

/// A client's own API, or a provider inside this process, which speaks plain JSON whatever it stands
/// for.
#[derive(Debug, Clone)]
pub(super) enum Way<A> {
    Network(A),
    Simulated(HttpGateway),
}

impl<A> Way<A> {
    pub(super) fn simulated(
        provider: SimulatedProvider,
        timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::Simulated(HttpGateway::simulated(provider, timeout, clock))
    }
}

/// How long an attempt may take whose calls take `timeout` at most: a tenth longer, so that a call ends
/// first and says whether anything was sent.
pub(super) fn attempt_timeout(timeout: Duration) -> Duration {
    timeout + timeout / 10
}
