//! The HTTP face of cancellations: requests to commands, operations to answers.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. Owner,
//! idempotency key, limits and status codes are the runtime's business: see `orch_runtime::http`.

use orch_runtime::OperationView;
use orch_runtime::axum::extract::State;
use orch_runtime::axum::response::Response;
use orch_runtime::axum::routing::{get, post};
use orch_runtime::axum::{Json, Router};
use orch_runtime::http::{ApiError, Endpoint, Lookup, Submission};

use super::generated::command::CancellationCommand;
use super::rules;

/// `POST /api/cancellations` and `GET /api/cancellations/{opId}`.
pub fn routes(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/api/cancellations", post(submit))
        .route("/api/cancellations/{op_id}", get(status))
        .with_state(endpoint)
}

/// Accepts a cancellation: 202, or 200 with its end when the client prefers to wait for it.
async fn submit(
    State(endpoint): State<Endpoint>,
    submission: Submission,
) -> Result<Response, ApiError> {
    let command = CancellationCommand::from_json(submission.fields)?;
    rules::check(&command)?;
    let accepted = endpoint.submit(submission.request, &command).await?;
    Ok(accepted.respond(present))
}

/// Says where a cancellation stands, to its owner.
async fn status(
    State(endpoint): State<Endpoint>,
    lookup: Lookup,
) -> Result<Json<OperationView>, ApiError> {
    let operation = endpoint.find::<CancellationCommand>(&lookup).await?;
    Ok(Json(present(operation)))
}

/// The answer's body. Map to a type of your own here to rename, hide or add fields.
fn present(operation: OperationView) -> OperationView {
    operation
}
