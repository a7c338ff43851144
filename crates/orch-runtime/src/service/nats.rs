//! The variables that say by which NATS server the events of sagas travel, and under which names.

use crate::secret::Secret;

use super::environment::Environment;
use super::module::Service;
use super::problem::Problem;

const NATS_URL: &str = "ORCH_NATS_URL";
const NATS_PREFIX: &str = "ORCH_NATS_PREFIX";

/// What the names of the streams may begin with: it is part of every subject.
const LONGEST_PREFIX: usize = 32;

/// A server that is used.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "nats"),
    expect(dead_code, reason = "refused without the feature")
)]
pub(super) struct NatsSettings {
    /// Its address, which may hold a password.
    url: Secret<String>,
    /// What tells the streams of this service from those of others on the same account.
    prefix: Option<String>,
}

/// The server, when there is one.
pub(super) fn read(service: &Service, environment: &mut Environment) -> Option<NatsSettings> {
    if service.sagas.is_empty() {
        return None;
    }
    #[cfg(feature = "nats")]
    let meaning = "a NATS server by which events of sagas travel";
    #[cfg(not(feature = "nats"))]
    let meaning = "needs the cargo feature nats of orch-runtime";
    let url = environment.text(NATS_URL, "none: inside the process", meaning);
    let prefix = environment.value(
        NATS_PREFIX,
        (None, "none: streams are named as the tables".to_owned()),
        "begins the names of the streams, apart from other services on the same account",
        |text| prefix(text).map(Some),
    );
    let Some(url) = url else {
        if !environment.is_set(NATS_URL) && environment.is_set(NATS_PREFIX) {
            let message = "names streams of no server: set ORCH_NATS_URL, or unset it";
            environment.report(Problem::about(NATS_PREFIX, message));
        }
        return None;
    };
    #[cfg(not(feature = "nats"))]
    {
        let message = "needs the cargo feature \"nats\" of orch-runtime: add it to the dependency in \
                       Cargo.toml and build again";
        environment.report(Problem::about(NATS_URL, message));
    }
    let url = Secret::new(url);
    Some(NatsSettings { url, prefix })
}

/// A dot would be another level of the subject, `*` and `>` would be any.
fn prefix(text: &str) -> Result<String, &'static str> {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match text.len() <= LONGEST_PREFIX && text.chars().all(is_legal) {
        true => Ok(text.to_owned()),
        false => Err("expected at most 32 letters, digits, - and _, such as shop"),
    }
}

/// A server that is there.
#[cfg(feature = "nats")]
pub(super) struct NatsServer {
    client: async_nats::Client,
    prefix: Option<String>,
}

#[cfg(feature = "nats")]
impl NatsServer {
    /// The server, when there is one. Without it nothing that is told would be heard.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(super) async fn of(
        settings: Option<&NatsSettings>,
    ) -> Result<Option<Self>, super::setup::SetupError> {
        let Some(NatsSettings { url, prefix }) = settings else {
            return Ok(None);
        };
        let client = crate::events::Nats::client(url.expose()).await;
        let help = |error| format!("{NATS_URL}: {error}: start the server, or unset the variable");
        let client = client.map_err(|error| super::setup::SetupError::new(help(error)))?;
        Ok(Some(Self {
            client,
            prefix: prefix.clone(),
        }))
    }

    /// The stream of the sagas whose tables begin with `tables`. Each kind has one of its own: handlers of two kinds
    /// have the same names.
    pub(super) fn stream(&self, tables: &str) -> crate::events::Nats {
        let stream = match &self.prefix {
            Some(prefix) => format!("{prefix}-{tables}"),
            None => tables.to_owned(),
        };
        let config = crate::events::NatsConfig::new(stream);
        crate::events::Nats::on(self.client.clone(), config)
    }
}
