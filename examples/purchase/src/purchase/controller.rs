//! The HTTP face of purchases: requests to sagas, sagas to answers.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. Owner,
//! idempotency key, limits and status codes are the runtime's business: see `orch_runtime::http`.

pub mod storefront;

use orch_runtime::axum::extract::State;
use orch_runtime::axum::response::Response;
use orch_runtime::axum::routing::{get, post};
use orch_runtime::axum::{Json, Router};
use orch_runtime::http::{ApiError, SagaEndpoint, SagaLookup, Submission};
use orch_runtime::saga::{SagaRecord, TransactionView};

use super::generated::command::PurchaseCommand;

/// `POST /api/purchases`, `GET /api/purchases/{transaction_id}`
/// and `POST /api/purchases/{transaction_id}/compensate`, beside [the storefront](storefront::routes).
pub fn routes(endpoint: SagaEndpoint<PurchaseCommand>) -> Router {
    Router::new()
        .route("/api/purchases", post(initiate))
        .route("/api/purchases/{transaction_id}", get(status))
        .route(
            "/api/purchases/{transaction_id}/compensate",
            post(compensate),
        )
        .route("/api/purchases/{transaction_id}/handlers", get(handlers))
        .with_state(endpoint.clone())
        .merge(storefront::routes(endpoint, storefront::operator()))
}

/// Accepts a purchase and begins with it: 202.
async fn initiate(
    State(endpoint): State<SagaEndpoint<PurchaseCommand>>,
    submission: Submission,
) -> Result<Response, ApiError> {
    let command = PurchaseCommand::from_json(submission.fields)?;
    endpoint.initiate(submission.request, &command).await
}

/// Says where a purchase and its steps stand, to its owner.
async fn status(
    State(endpoint): State<SagaEndpoint<PurchaseCommand>>,
    lookup: SagaLookup,
) -> Result<Json<SagaRecord>, ApiError> {
    Ok(Json(endpoint.find(&lookup).await?))
}

/// Has what happened undone, however often it is asked for.
async fn compensate(
    State(endpoint): State<SagaEndpoint<PurchaseCommand>>,
    lookup: SagaLookup,
) -> Result<Json<SagaRecord>, ApiError> {
    Ok(Json(endpoint.compensate(&lookup).await?))
}

/// Says who handled which of its events.
async fn handlers(
    State(endpoint): State<SagaEndpoint<PurchaseCommand>>,
    lookup: SagaLookup,
) -> Result<Json<TransactionView>, ApiError> {
    Ok(Json(endpoint.transaction(&lookup).await?))
}
