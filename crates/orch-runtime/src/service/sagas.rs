//! Sagas as parts of a service: started behind the domains, whose operations their steps are.

use std::sync::Arc;

use axum::Router;

use crate::engine::Engine;
use crate::events::EventRetention;
use crate::http::{Operators, SagaEndpoint};
use crate::saga::{
    Choreography, ChoreographyBuilder, ChoreographyError, SagaBuildError, SagaPattern, SagaTables,
    Sagas, SagasBuilder, StepPlan,
};
use crate::scheduler::Workers;

use super::environment::Environment;
use super::module::Service;
use super::setup::{Setup, SetupError};

/// The variable that names operators.
const OPERATORS: &str = "ORCH_OPERATORS";

/// One kind of saga as a service knows it before it starts.
#[derive(Debug, Clone, Copy)]
pub struct SagaModule {
    /// The saga, such as `ORDER_CREATION`.
    pub saga: &'static str,
    /// Puts the saga together.
    pub start: fn(&Setup, &Engines<'_>) -> Result<SagaParts, SetupError>,
}

/// The running parts of one kind of saga.
#[derive(Debug)]
pub struct SagaParts {
    /// Its HTTP routes.
    pub routes: Router,
    /// What looks after its sagas: see [`Workers::with_sagas`].
    pub workers: Workers,
}

/// The engines of the domains of a service.
#[derive(Debug, Clone)]
pub struct Engines<'p>(Vec<&'p Engine>);

impl<'p> FromIterator<&'p Engine> for Engines<'p> {
    fn from_iter<E: IntoIterator<Item = &'p Engine>>(engines: E) -> Self {
        Self(engines.into_iter().collect())
    }
}

impl<'p> Engines<'p> {
    /// The engine of a domain, named as its tables are.
    ///
    /// # Errors
    /// When the service has no such domain.
    pub fn of(&self, domain: &str) -> Result<&'p Engine, SetupError> {
        let mut engines = self.0.iter().copied();
        let found = engines.find(|engine| engine.domain() == domain);
        found.ok_or_else(|| {
            SetupError::new(format!(
                "the service has no domain `{domain}`: add its module before the saga"
            ))
        })
    }
}

impl From<SagaBuildError> for SetupError {
    fn from(error: SagaBuildError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<ChoreographyError> for SetupError {
    fn from(error: ChoreographyError) -> Self {
        Self::new(error.to_string())
    }
}

/// The pattern that new sagas of the service take.
pub(super) fn pattern(service: &Service, environment: &mut Environment) -> SagaPattern {
    if service.sagas.is_empty() {
        return SagaPattern::default();
    }
    let default = SagaPattern::default();
    environment.value(
        "SAGA_PATTERN_MODE",
        (default, default.to_string()),
        "who moves new sagas on: orchestration or choreography",
        |text| {
            let pattern = text.parse::<SagaPattern>();
            pattern.map_err(|_| "expected orchestration or choreography")
        },
    )
}

/// Who may see and decide what of the sagas waits for a person.
pub(super) fn operators(service: &Service, environment: &mut Environment) -> Operators {
    if service.sagas.is_empty() {
        return Operators::default();
    }
    environment.value(
        OPERATORS,
        (Operators::default(), "nobody".to_owned()),
        "owners who see and decide what of sagas waits for a person, separated by commas",
        |text| Operators::named(text.split(',').map(str::trim)),
    )
}

impl Setup {
    /// Sagas of these steps, kept in `tables`, with everything but what the steps do.
    #[must_use]
    pub fn sagas<I>(&self, tables: SagaTables, plan: &[StepPlan]) -> SagasBuilder<I>
    where
        I: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        let builder = Sagas::builder(self.store().clone(), tables, plan)
            .clock(self.clock().clone())
            .metrics(&self.metrics)
            .beside(&self.kinds)
            .pattern(self.saga_pattern());
        match &self.cache {
            Some(cache) => builder.cache(Arc::clone(cache)),
            None => builder,
        }
    }

    /// What moves choreographed sagas on, with everything but its handlers: add them, or
    /// [the usual ones](ChoreographyBuilder::handlers_of). A service needs it in either pattern, because sagas
    /// end in that in which they began.
    ///
    /// # Errors
    /// When the events of the sagas have no names.
    pub fn choreography<I>(&self, sagas: &Sagas<I>) -> Result<ChoreographyBuilder, SetupError>
    where
        I: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        let cleaner = self.intervals().cleaner;
        let retention = EventRetention {
            every: cleaner.every,
            batch: cleaner.batch,
            keep: cleaner.retention,
        };
        let builder = Choreography::builder(sagas)?.metrics(self.metrics());
        let builder = builder.retention(retention);
        #[cfg(feature = "nats")]
        if let Some(server) = &self.nats {
            let builder = builder.nats(&server.stream(sagas.tables().prefix));
            return Ok(match &server.handlers {
                Some(names) => builder.serving(names.iter().cloned()),
                None => builder,
            });
        }
        Ok(builder)
    }

    /// What the controller of `sagas` needs.
    #[must_use]
    pub fn saga_endpoint<I>(&self, sagas: &Sagas<I>) -> SagaEndpoint<I>
    where
        I: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        SagaEndpoint::new(sagas, &self.api)
    }
}
