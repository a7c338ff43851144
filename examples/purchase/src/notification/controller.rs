//! The HTTP face of notifications: requests to commands, operations to answers.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. Owner,
//! idempotency key, limits and status codes are the runtime's business: see `orch_runtime::http`.

use orch_runtime::OperationView;
use orch_runtime::axum::extract::State;
use orch_runtime::axum::response::Response;
use orch_runtime::axum::routing::{get, post};
use orch_runtime::axum::{Json, Router};
use orch_runtime::http::{ApiError, Endpoint, Lookup, Submission};
use orch_runtime::operation::view::HistoryEntry;

use super::generated::command::NotificationCommand;
use super::rules;

/// `POST /api/notifications` and `GET /api/notifications/{opId}`.
pub fn routes(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/api/notifications", post(submit))
        .route("/api/notifications/{op_id}", get(status))
        .route("/api/notifications/{op_id}/history", get(history))
        .with_state(endpoint)
}

/// Accepts a notification: 202, or 200 with its end when the client prefers to wait for it.
async fn submit(
    State(endpoint): State<Endpoint>,
    submission: Submission,
) -> Result<Response, ApiError> {
    let command = NotificationCommand::from_json(submission.fields)?;
    rules::check(&command)?;
    let accepted = endpoint.submit(submission.request, &command).await?;
    Ok(accepted.respond(present))
}

/// Says where a notification stands, to its owner.
async fn status(
    State(endpoint): State<Endpoint>,
    lookup: Lookup,
) -> Result<Json<OperationView>, ApiError> {
    let operation = endpoint.find::<NotificationCommand>(&lookup).await?;
    Ok(Json(present(operation)))
}

/// Every dispatch so far: when it was tried and what came of it.
async fn history(
    State(endpoint): State<Endpoint>,
    lookup: Lookup,
) -> Result<Json<Vec<HistoryEntry>>, ApiError> {
    let history = endpoint.history::<NotificationCommand>(&lookup).await?;
    Ok(Json(history))
}

/// The answer's body. Map to a type of your own here to rename, hide or add fields.
fn present(operation: OperationView) -> OperationView {
    operation
}
