//! The variables that say by which NATS server the events of sagas travel, under which names, and to which handlers
//! of this process.

#[cfg(feature = "nats")]
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::secret::Secret;

use super::environment::Environment;
use super::module::Service;
use super::problem::Problem;
#[cfg(feature = "nats")]
use super::{sagas::SagaParts, setup::SetupError};

const NATS_URL: &str = "ORCH_NATS_URL";
const NATS_PREFIX: &str = "ORCH_NATS_PREFIX";
const NATS_HANDLERS: &str = "ORCH_NATS_HANDLERS";

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
    /// The handlers that this process serves, when it does not serve all.
    handlers: Option<Arc<[String]>>,
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
    let handlers = environment.value(
        NATS_HANDLERS,
        (None, "all".to_owned()),
        "the handlers of sagas that this process serves, separated by commas",
        |text| handlers(text).map(Some),
    );
    let Some(url) = url else {
        if !environment.is_set(NATS_URL) {
            report_needless(environment);
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
    Some(NatsSettings {
        url,
        prefix,
        handlers,
    })
}

/// What says nothing without a server.
fn report_needless(environment: &mut Environment) {
    let needless = [
        (NATS_PREFIX, "names streams"),
        (NATS_HANDLERS, "names handlers"),
    ];
    for (name, what) in needless {
        if environment.is_set(name) {
            let message = format!("{what} of no server: set ORCH_NATS_URL, or unset it");
            environment.report(Problem::about(name, message));
        }
    }
}

fn handlers(text: &str) -> Result<Arc<[String]>, &'static str> {
    let names: Arc<[String]> = text.split(',').map(|name| name.trim().to_owned()).collect();
    match names.iter().any(String::is_empty) {
        true => Err("expected names of handlers, such as PayHandler,CompensationHandler"),
        false => Ok(names),
    }
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
    /// The handlers that this process serves, when it does not serve all.
    pub(super) handlers: Option<Arc<[String]>>,
}

#[cfg(feature = "nats")]
impl NatsServer {
    /// The server, when there is one. Without it nothing that is told would be heard.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(super) async fn of(settings: Option<&NatsSettings>) -> Result<Option<Self>, SetupError> {
        let Some(NatsSettings {
            url,
            prefix,
            handlers,
        }) = settings
        else {
            return Ok(None);
        };
        let client = crate::events::Nats::client(url.expose()).await;
        let help = |error| format!("{NATS_URL}: {error}: start the server, or unset the variable");
        let client = client.map_err(|error| SetupError::new(help(error)))?;
        Ok(Some(Self {
            client,
            prefix: prefix.clone(),
            handlers: handlers.clone(),
        }))
    }

    /// Sees to it that each handler that is to be served is one of these sagas'.
    ///
    /// # Errors
    /// When one is none: the one that is meant would be served by nobody.
    pub(super) fn check(&self, sagas: &[SagaParts]) -> Result<(), SetupError> {
        let kinds = sagas.iter().flat_map(|part| part.workers.choreographies());
        let known: BTreeSet<&str> = kinds
            .flat_map(|kind| kind.subscriptions().handlers())
            .map(|handler| handler.name())
            .collect();
        for name in self.handlers.iter().flat_map(|names| names.iter()) {
            if !known.contains(name.as_str()) {
                let known: Vec<&str> = known.iter().copied().collect();
                return Err(SetupError::new(format!(
                    "{NATS_HANDLERS} names \"{name}\", and the service has no such handler: there are {}",
                    known.join(", ")
                )));
            }
        }
        Ok(())
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
