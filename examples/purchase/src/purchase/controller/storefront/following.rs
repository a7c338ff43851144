//! Where purchases stand.

use orch_runtime::axum::Json;
use orch_runtime::axum::extract::{Path, State};
use orch_runtime::http::{ApiError, Caller, SagaLookup};
use orch_runtime::saga::{SagaRecord, SagaState, StepRecord, StepState};
use orch_runtime::serde_json::{Value as JsonValue, from_str, json};
use orch_runtime::{DecodeError, Row, Timestamp, Value};

use super::{Shop, found};

/// Purchases in a history, at most.
const MAX_HISTORY: u32 = 100;

/// Purchases of a buyer that the caller asked for.
const HISTORY: &str = "select transaction_id, item_id, quantity, status, created_at, completed_at \
    from purchase_saga_states where owner_id = ?1 and user_id = ?2 and pattern = 'CHOREOGRAPHY' \
    order by created_at desc, transaction_id desc limit ?3";

/// What became of purchases of a buyer that the caller asked for.
const LOGS: &str = "select l.log_id, l.transaction_id, l.item_id, l.quantity, l.price, l.status \
    from transaction_logs l join purchase_saga_states s on s.transaction_id = l.transaction_id \
    where s.owner_id = ?1 and l.user_id = ?2 \
    order by s.created_at desc, l.log_id desc limit ?3";

/// `GET /saga/{transaction_id}`.
pub(super) async fn saga(
    State(shop): State<Shop>,
    lookup: Result<SagaLookup, ApiError>,
) -> Result<Json<JsonValue>, ApiError> {
    let found_saga = match lookup {
        Ok(lookup) => shop.endpoint.find(&lookup).await.map(|saga| view(&saga)),
        Err(error) => Err(error),
    };
    found(found_saga, "saga")
}

/// `GET /choreography/transaction/{transaction_id}`.
pub(super) async fn transaction(
    State(shop): State<Shop>,
    lookup: Result<SagaLookup, ApiError>,
) -> Result<Json<JsonValue>, ApiError> {
    let view = match lookup {
        Ok(lookup) => shop.endpoint.transaction(&lookup).await,
        Err(error) => Err(error),
    };
    match view {
        Ok(view) => Ok(Json(json!({
            "found": true,
            "transaction": view.transaction,
            "eventHandlers": view.event_handlers,
        }))),
        Err(error) => found(Err(error), "transaction"),
    }
}

/// `GET /choreography/user/{user_id}/history`.
pub(super) async fn history(
    State(shop): State<Shop>,
    caller: Caller,
    Path(user_id): Path<String>,
) -> Result<Json<JsonValue>, ApiError> {
    let purchases = list(&shop, &caller, &user_id, HISTORY, past).await?;
    Ok(Json(
        json!({ "found": !purchases.is_empty(), "userId": user_id, "history": purchases }),
    ))
}

/// `GET /logs/{user_id}`.
pub(super) async fn logs(
    State(shop): State<Shop>,
    caller: Caller,
    Path(user_id): Path<String>,
) -> Result<Json<JsonValue>, ApiError> {
    let logs = list(&shop, &caller, &user_id, LOGS, log).await?;
    Ok(Json(
        json!({ "found": !logs.is_empty(), "userId": user_id, "logs": logs }),
    ))
}

async fn list(
    shop: &Shop,
    caller: &Caller,
    user_id: &str,
    sql: &str,
    read: fn(&Row) -> Result<JsonValue, DecodeError>,
) -> Result<Vec<JsonValue>, ApiError> {
    // PostgreSQL takes no such text, and nobody has that name.
    if user_id.contains('\0') {
        return Ok(Vec::new());
    }
    let asked = vec![
        Value::from(caller.owner()),
        Value::from(user_id),
        Value::from(MAX_HISTORY),
    ];
    let database = shop.endpoint.sagas().database();
    let rows = database.query(sql.to_owned(), asked).await?;
    let read = rows.iter().map(read).collect::<Result<_, _>>();
    read.map_err(|error: DecodeError| ApiError::internal(error.to_string()))
}

fn past(row: &Row) -> Result<JsonValue, DecodeError> {
    let (created_at, completed_at): (Timestamp, Option<Timestamp>) =
        (row.get("created_at")?, row.get("completed_at")?);
    Ok(json!({
        "transactionId": row.get::<String>("transaction_id")?,
        "itemId": row.get::<String>("item_id")?,
        "quantity": row.get::<i64>("quantity")?,
        "status": status(row.get("status")?),
        "createdAt": created_at,
        "completedAt": completed_at,
    }))
}

fn log(row: &Row) -> Result<JsonValue, DecodeError> {
    Ok(json!({
        "logId": row.get::<String>("log_id")?,
        "transactionId": row.get::<String>("transaction_id")?,
        "itemId": row.get::<String>("item_id")?,
        "quantity": row.get::<i64>("quantity")?,
        "priceInCents": row.get::<i64>("price")?,
        "status": row.get::<String>("status")?,
    }))
}

/// The name of a state in these answers.
pub(super) fn status(state: SagaState) -> String {
    state.as_str().to_lowercase()
}

fn view(saga: &SagaRecord) -> JsonValue {
    let asked: JsonValue = from_str(&saga.payload).unwrap_or_default();
    let steps: Vec<_> = saga.steps.iter().map(step).collect();
    let compensations: Vec<_> = saga.steps.iter().filter_map(compensation).collect();
    let mut begun = saga
        .steps
        .iter()
        .rev()
        .filter(|step| step.state != StepState::Waiting);
    let mut failed = saga.steps.iter().filter(|step| step.error.is_some());
    json!({
        "transactionId": saga.id,
        "pattern": saga.pattern.name(),
        "status": status(saga.state),
        "userId": asked["userId"],
        "itemId": asked["itemId"],
        "quantity": asked["quantity"],
        "price": asked["price"],
        "currentStep": begun.next().map(|step| &step.name),
        "stop": saga.stop,
        "error": failed.next().map(|step| json!({ "step": step.name, "cause": step.error })),
        "createdAt": saga.created_at,
        "updatedAt": saga.updated_at,
        "completedAt": saga.completed_at,
        "steps": steps,
        "compensations": compensations,
    })
}

fn step(step: &StepRecord) -> JsonValue {
    json!({
        "step": step.name,
        "status": step.state.as_str().to_lowercase(),
        "executedAt": step.executed_at,
        "error": step.error,
    })
}

fn compensation(step: &StepRecord) -> Option<JsonValue> {
    let status = match step.state {
        StepState::Undoing => "in_progress",
        StepState::Undone => "success",
        StepState::UndoParked | StepState::Left => "failed",
        _ => return None,
    };
    Some(json!({
        "step": step.name,
        "action": "compensate",
        "status": status,
        "attempts": step.undo_attempts,
    }))
}
