//! What a controller works with: the engine of its domain behind the API's rules.

use axum::extract::FromRef;

use crate::engine::Engine;
use crate::operation::command::Command;
use crate::operation::view::{HistoryEntry, OperationView};

use super::acceptance::Acceptance;
use super::api::Api;
use super::error::ApiError;
use super::lookup::Lookup;
use super::submission::KeyedRequest;

/// An [`Engine`] and the [`Api`] settings; the state of a generated router.
#[derive(Debug, Clone)]
pub struct Endpoint {
    engine: Engine,
    api: Api,
}

impl FromRef<Endpoint> for Api {
    fn from_ref(endpoint: &Endpoint) -> Self {
        endpoint.api.clone()
    }
}

impl Endpoint {
    pub(super) fn new(engine: Engine, api: Api) -> Self {
        Self { engine, api }
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Records `command`, and waits for its end as long as the client prefers to.
    ///
    /// # Errors
    /// 422 when the key was used for another command; 503 or 500 when the database fails.
    pub async fn submit<C: Command>(
        &self,
        request: KeyedRequest,
        command: &C,
    ) -> Result<Acceptance, ApiError> {
        let KeyedRequest {
            owner,
            key,
            wait,
            path,
        } = request;
        let submitted = self.engine.submit(owner.clone(), key, command).await?;
        let mut acceptance = Acceptance::new(submitted, &path);
        if let Some(wait) = wait {
            let seen = self.engine.wait(&owner, &acceptance.op_id, wait).await;
            // It is accepted, whatever happens to the waiting.
            acceptance.waited(wait, seen.unwrap_or_default());
        }
        Ok(acceptance)
    }

    /// The operation that was asked for, if it is a `C` and the caller's own.
    ///
    /// # Errors
    /// 404 when it is not; 503 or 500 when the database fails.
    pub async fn find<C: Command>(&self, lookup: &Lookup) -> Result<OperationView, ApiError> {
        let found = self.engine.find(&lookup.owner, &lookup.op_id).await?;
        found
            .filter(|view| view.event_type == C::EVENT_TYPE)
            .ok_or_else(ApiError::not_found)
    }

    /// The attempts of the operation that was asked for, oldest first.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn history<C: Command>(
        &self,
        lookup: &Lookup,
    ) -> Result<Vec<HistoryEntry>, ApiError> {
        self.find::<C>(lookup).await?;
        let history = self.engine.history(&lookup.owner, &lookup.op_id).await?;
        history.ok_or_else(ApiError::not_found)
    }
}
