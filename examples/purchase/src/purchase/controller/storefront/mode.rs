//! How new purchases are led. Those that run end in the pattern in which they began.

use orch_runtime::axum::Json;
use orch_runtime::axum::extract::State;
use orch_runtime::axum::http::StatusCode;
use orch_runtime::axum::response::{IntoResponse as _, Response};
use orch_runtime::http::{ApiError, Caller, Form};
use orch_runtime::saga::SagaPattern;
use orch_runtime::serde_json::{Value, json};
use orch_runtime::taken;

use super::{OPERATOR, Shop};

/// `GET /config/saga-mode`.
pub(super) async fn show(State(shop): State<Shop>, _: Caller) -> Json<Value> {
    Json(json!({
        "currentMode": shop.endpoint.sagas().pattern().name(),
        "availableModes": SagaPattern::ALL.map(SagaPattern::name),
    }))
}

/// `POST /config/saga-mode`: for this process, until it is started again; `SAGA_PATTERN_MODE` says how it
/// starts.
pub(super) async fn change(State(shop): State<Shop>, form: Form) -> Result<Response, ApiError> {
    if shop.operator.as_ref() != Some(form.caller.owner()) {
        let reason = format!("{OPERATOR} names another owner, or nobody");
        return Err(ApiError::forbidden().with_reason(reason));
    }
    let mut fields = form.fields;
    let mode: Option<String> = fields.required("mode");
    fields.into_violations().into_result()?;
    let mode = taken("mode", mode)?.parse::<SagaPattern>();
    let mode = mode.map_err(|error| ApiError::field("mode", error.to_string()))?;
    let sagas = shop.endpoint.sagas();
    let previous = sagas.pattern();
    let set = sagas.set_pattern(mode);
    set.map_err(|error| ApiError::internal(error.to_string()))?;
    let answer = json!({
        "success": true,
        "previousMode": previous.name(),
        "newMode": mode.name(),
        "currentlyActive": sagas.pattern().name(),
        "warning": "other processes of this service, and this one when it is started again, are not changed",
        "recommendation": format!("start all of them with SAGA_PATTERN_MODE={mode}"),
    });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}
