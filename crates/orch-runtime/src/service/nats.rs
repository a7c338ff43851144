//! The variable that says by which NATS server the events of sagas travel.

use crate::secret::Secret;

use super::environment::Environment;
use super::module::Service;
#[cfg(not(feature = "nats"))]
use super::problem::Problem;

const NATS_URL: &str = "ORCH_NATS_URL";

/// Its address, when there is one; it may hold a password.
pub(super) fn read(service: &Service, environment: &mut Environment) -> Option<Secret<String>> {
    if service.sagas.is_empty() {
        return None;
    }
    #[cfg(feature = "nats")]
    let meaning = "a NATS server by which events of sagas travel";
    #[cfg(not(feature = "nats"))]
    let meaning = "needs the cargo feature nats of orch-runtime";
    let url = environment.text(NATS_URL, "none: inside the process", meaning)?;
    #[cfg(not(feature = "nats"))]
    {
        let message = "needs the cargo feature \"nats\" of orch-runtime: add it to the dependency in \
                       Cargo.toml and build again";
        environment.report(Problem::about(NATS_URL, message));
    }
    Some(Secret::new(url))
}

/// The client of the server, when there is one. Without it nothing that is told would be heard.
///
/// # Errors
/// When the server cannot be reached.
#[cfg(feature = "nats")]
pub(super) async fn connect(
    url: Option<&Secret<String>>,
) -> Result<Option<async_nats::Client>, super::setup::SetupError> {
    let Some(url) = url else { return Ok(None) };
    let client = crate::events::Nats::client(url.expose()).await;
    let help = |error| format!("{NATS_URL}: {error}: start the server, or unset the variable");
    client
        .map(Some)
        .map_err(|error| super::setup::SetupError::new(help(error)))
}
