//! Sagas as parts of a service: started behind the domains, whose operations their steps are.

use axum::Router;

use crate::engine::Engine;
use crate::http::SagaEndpoint;
use crate::saga::{SagaBuildError, SagaTables, Sagas, SagasBuilder, StepPlan};
use crate::scheduler::Workers;

use super::module::Parts;
use super::setup::{Setup, SetupError};

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
#[derive(Debug, Clone, Copy)]
pub struct Engines<'p>(pub(super) &'p [Parts]);

impl<'p> Engines<'p> {
    /// The engine of a domain, named as its tables are.
    ///
    /// # Errors
    /// When the service has no such domain.
    pub fn of(&self, domain: &str) -> Result<&'p Engine, SetupError> {
        let mut engines = self.0.iter().map(|parts| &parts.engine);
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

impl Setup {
    /// Sagas of these steps, kept in `tables`, with everything but what the steps do.
    #[must_use]
    pub fn sagas<I>(&self, tables: SagaTables, plan: &[StepPlan]) -> SagasBuilder<I>
    where
        I: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        Sagas::builder(self.store().clone(), tables, plan)
            .clock(self.clock().clone())
            .metrics(&self.metrics)
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
