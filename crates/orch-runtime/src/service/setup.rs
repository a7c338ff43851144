//! What a domain is put together from.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Clock;
use crate::engine::{BuildError, Engine, EngineBuilder};
use crate::fault::FaultPlan;
#[cfg(feature = "fcm")]
use crate::gateway::FcmClient;
#[cfg(feature = "s3")]
use crate::gateway::S3Client;
#[cfg(feature = "smtp")]
use crate::gateway::SmtpClient;
#[cfg(feature = "stripe")]
use crate::gateway::StripeClient;
#[cfg(feature = "twilio")]
use crate::gateway::TwilioClient;
use crate::gateway::{HttpGateway, InvalidUrl};
use crate::http::{Api, Endpoint, Operators};
use crate::metrics::Metrics;
use crate::saga::{SagaCache, SagaKinds, SagaPattern};
use crate::secret::Secret;
#[cfg(feature = "s3")]
use crate::spool::Spool;
use crate::store::{Database, StoreError, Tables};

use super::clients::Gateway;
use super::intervals::Intervals;

/// A domain could not be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(String);

impl SetupError {
    /// Refuses, for `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

macro_rules! setup_error_from {
    ($($error:ty),*) => {$(
        impl From<$error> for SetupError {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        }
    )*};
}
setup_error_from!(BuildError, StoreError, InvalidUrl);
#[cfg(feature = "s3")]
setup_error_from!(crate::gateway::s3::InvalidBucket);
#[cfg(feature = "callbacks")]
setup_error_from!(crate::callback::InvalidSecret);

fn not_listed(name: &str, kind: &str) -> SetupError {
    SetupError(format!(
        "no module lists {name} among its gateways with GatewayKind::{kind}"
    ))
}

/// The parts that all domains of a process share, opened and checked.
pub struct Setup {
    pub(super) store: Database,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) faults: Arc<dyn FaultPlan>,
    pub(super) metrics: Metrics,
    pub(super) api: Api,
    pub(super) gateways: HashMap<&'static str, Gateway>,
    #[cfg(feature = "s3")]
    pub(super) spools: HashMap<&'static str, Spool>,
    pub(super) callbacks: HashMap<&'static str, Vec<Secret<String>>>,
    pub(super) callback_urls: HashMap<&'static str, String>,
    pub(super) pattern: SagaPattern,
    pub(super) operators: Operators,
    pub(super) kinds: SagaKinds,
    pub(super) cache: Option<Arc<dyn SagaCache>>,
    #[cfg(feature = "nats")]
    pub(super) nats: Option<super::nats::NatsServer>,
    pub(super) intervals: Intervals,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup")
            .field("store", &self.store)
            .field("gateways", &self.gateways)
            .finish_non_exhaustive()
    }
}

impl Setup {
    /// An engine for the domain whose tables are `tables`, with everything but its orchestrators.
    #[must_use]
    pub fn engine(&self, tables: Tables) -> EngineBuilder {
        Engine::builder(self.store.operations(tables), tables)
            .lanes(self.store.lanes())
            .config(self.intervals.engine)
            .clock(Arc::clone(&self.clock))
            .faults(Arc::clone(&self.faults))
            .metrics(self.metrics.clone())
    }

    /// The provider that `<name>_GATEWAY_URL` names, or the simulated one.
    ///
    /// # Errors
    /// When the module does not list `name` among its gateways, as one over plain HTTP.
    pub fn gateway(&self, name: &str) -> Result<HttpGateway, SetupError> {
        match self.gateways.get(name) {
            Some(Gateway::Http(gateway)) => Ok(gateway.clone()),
            _ => Err(not_listed(name, "Http")),
        }
    }

    /// The account at Stripe that `<name>_GATEWAY_TOKEN` names, or a simulated provider.
    ///
    /// # Errors
    /// When the module does not list `name` among its gateways, as one to Stripe.
    #[cfg(feature = "stripe")]
    pub fn stripe(&self, name: &str) -> Result<StripeClient, SetupError> {
        match self.gateways.get(name) {
            Some(Gateway::Stripe(client)) => Ok(client.clone()),
            _ => Err(not_listed(name, "Stripe")),
        }
    }

    /// The account at Twilio that `<name>_GATEWAY_TOKEN` names, or a simulated provider.
    ///
    /// # Errors
    /// When the module does not list `name` among its gateways, as one to Twilio.
    #[cfg(feature = "twilio")]
    pub fn twilio(&self, name: &str) -> Result<TwilioClient, SetupError> {
        match self.gateways.get(name) {
            Some(Gateway::Twilio(client)) => Ok(client.clone()),
            _ => Err(not_listed(name, "Twilio")),
        }
    }

    /// The project of Firebase that `<name>_GATEWAY_CREDENTIALS_FILE` names, or a simulated provider.
    ///
    /// # Errors
    /// When the module does not list `name` among its gateways, as one to Firebase.
    #[cfg(feature = "fcm")]
    pub fn fcm(&self, name: &str) -> Result<FcmClient, SetupError> {
        match self.gateways.get(name) {
            Some(Gateway::Fcm(client)) => Ok(client.clone()),
            _ => Err(not_listed(name, "Fcm")),
        }
    }

    /// The bucket that `<name>_GATEWAY_URL` names, fed from [`spool`](Self::spool), or a simulated
    /// provider.
    ///
    /// # Errors
    /// When the module does not list `name` among its gateways, as one to S3.
    #[cfg(feature = "s3")]
    pub fn s3(&self, name: &str) -> Result<S3Client, SetupError> {
        match self.gateways.get(name) {
            Some(Gateway::S3(client)) => Ok(client.clone()),
            _ => Err(not_listed(name, "S3")),
        }
    }

    /// Where contents wait that clients have uploaded: the folder that `<name>_SPOOL` names.
    ///
    /// # Errors
    /// As [`s3`](Self::s3).
    #[cfg(feature = "s3")]
    pub fn spool(&self, name: &str) -> Result<Spool, SetupError> {
        let spool = self.spools.get(name).cloned();
        spool.ok_or_else(|| not_listed(name, "S3"))
    }

    /// The mail server that `<name>_GATEWAY_URL` names, or a simulated provider.
    ///
    /// # Errors
    /// When the module does not list `name` among its gateways, as one to a mail server.
    #[cfg(feature = "smtp")]
    pub fn smtp(&self, name: &str) -> Result<SmtpClient, SetupError> {
        match self.gateways.get(name) {
            Some(Gateway::Smtp(client)) => Ok(client.clone()),
            _ => Err(not_listed(name, "Smtp")),
        }
    }

    /// The secrets that `<name>_CALLBACK_SECRET` holds, at least one. With simulated providers and
    /// without the variable it is one that nobody knows.
    ///
    /// # Errors
    /// When the service does not list `name` among its [`callbacks`](super::Service::callbacks).
    pub fn callback_secrets(&self, name: &str) -> Result<&[Secret<String>], SetupError> {
        let secrets = self.callbacks.get(name).map(Vec::as_slice);
        secrets.ok_or_else(|| SetupError(format!("the service takes no callbacks of {name}")))
    }

    /// The address at which a provider reports that signs it, which `<name>_CALLBACK_URL` holds.
    ///
    /// # Errors
    /// When the service takes no callbacks of `name`, or its provider does not sign addresses.
    pub fn callback_url(&self, name: &str) -> Result<&str, SetupError> {
        let url = self.callback_urls.get(name).map(String::as_str);
        url.ok_or_else(|| SetupError(format!("no provider called {name} signs its address")))
    }

    /// What the controllers of `engine`'s domain need.
    #[must_use]
    pub fn endpoint(&self, engine: &Engine) -> Endpoint {
        self.api.endpoint(engine)
    }

    /// The pattern that new sagas take at the start.
    #[must_use]
    pub fn saga_pattern(&self) -> SagaPattern {
        self.pattern
    }

    /// How often schedulers look.
    #[must_use]
    pub fn intervals(&self) -> Intervals {
        self.intervals
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Database {
        &self.store
    }

    /// Where time comes from.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The counters of the process.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}
