//! What the controller of a saga needs.
//!
//! | request | answer |
//! |---|---|
//! | `POST` with `Idempotency-Key` | 202, `Location`, `{"transactionId","status":"initiated"}` |
//! | the same key and input again | 202, the same `transactionId`, `Idempotent-Replayed: true` |
//! | the same key, another input | 422, nothing changed |
//! | `GET …/{transaction_id}` | the saga and its steps; 404 also for somebody else's |

use axum::Json;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ids::{OwnerId, SagaId};
use crate::saga::{Initiated, SagaError, SagaRecord, Sagas};
use crate::store::TransactionError;

use super::acceptance::headers;
use super::api::Api;
use super::error::ApiError;
use super::lookup::asked_for;
use super::submission::KeyedRequest;

/// The part of the route that holds the saga's name.
const PARAM: &str = "transaction_id";

/// A [`Sagas`] and the [`Api`] settings; the state of a generated router.
#[derive(Debug)]
pub struct SagaEndpoint<I> {
    sagas: Sagas<I>,
    api: Api,
}

impl<I> Clone for SagaEndpoint<I> {
    fn clone(&self) -> Self {
        Self {
            sagas: self.sagas.clone(),
            api: self.api.clone(),
        }
    }
}

impl<I> FromRef<SagaEndpoint<I>> for Api {
    fn from_ref(endpoint: &SagaEndpoint<I>) -> Self {
        endpoint.api.clone()
    }
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> SagaEndpoint<I> {
    /// What the controller of these sagas needs.
    #[must_use]
    pub fn new(sagas: &Sagas<I>, api: &Api) -> Self {
        Self {
            sagas: sagas.clone(),
            api: api.clone(),
        }
    }

    /// The engine.
    #[must_use]
    pub fn sagas(&self) -> &Sagas<I> {
        &self.sagas
    }

    /// Records a saga, and begins with it.
    ///
    /// # Errors
    /// 422 when the key was used for another input; 503 or 500 when the database fails.
    pub async fn initiate(&self, request: KeyedRequest, input: &I) -> Result<Response, ApiError> {
        let KeyedRequest {
            owner, key, path, ..
        } = request;
        let Initiated { id, replayed } = self.sagas.initiate(owner, key, input).await?;
        let headers = headers(&format!("{path}/{id}"), replayed);
        let body = InitiatedBody {
            transaction_id: &id,
            status: "initiated",
        };
        Ok((StatusCode::ACCEPTED, headers, Json(body)).into_response())
    }

    /// The saga that was asked for, if it is the caller's own.
    ///
    /// # Errors
    /// 404 when it is not; 503 or 500 when the database fails.
    pub async fn find(&self, lookup: &SagaLookup) -> Result<SagaRecord, ApiError> {
        let found = self.sagas.find(&lookup.owner, &lookup.id).await?;
        found.ok_or_else(ApiError::not_found)
    }

    /// Has what the saga did undone, and says where it stands then.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn compensate(&self, lookup: &SagaLookup) -> Result<SagaRecord, ApiError> {
        self.find(lookup).await?;
        self.sagas.compensate(&lookup.id).await?;
        self.find(lookup).await
    }
}

/// The body of a 202.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InitiatedBody<'a> {
    transaction_id: &'a SagaId,
    status: &'static str,
}

/// An extractor for routes with `{transaction_id}`: who asks, and for which saga.
#[derive(Debug)]
pub struct SagaLookup {
    owner: OwnerId,
    id: SagaId,
}

impl SagaLookup {
    /// Who asks, and for which saga.
    pub(super) fn asked(&self) -> (&OwnerId, &SagaId) {
        (&self.owner, &self.id)
    }
}

impl<S> FromRequestParts<S> for SagaLookup
where
    Api: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let (owner, id) = asked_for(parts, state, PARAM).await?;
        Ok(Self { owner, id })
    }
}

impl From<SagaError> for ApiError {
    fn from(error: SagaError) -> Self {
        match error {
            SagaError::KeyReused => crate::engine::SubmitError::KeyReused.into(),
            SagaError::NoSuchStep(_) => {
                Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", error.to_string())
            }
            SagaError::Input(_) => Self::internal(error.to_string()),
            SagaError::Busy(_) => Self::unavailable(error.to_string()),
            SagaError::Transaction(TransactionError::Store(error)) => error.into(),
            SagaError::Transaction(TransactionError::Refused(error)) => {
                Self::internal(error.to_string())
            }
        }
    }
}
