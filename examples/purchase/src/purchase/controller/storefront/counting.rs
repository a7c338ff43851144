//! How many purchases there are.

use orch_runtime::axum::Json;
use orch_runtime::axum::extract::State;
use orch_runtime::http::{ApiError, Caller};
use orch_runtime::saga::SagaPattern;
use orch_runtime::serde_json::{Value, json};

use super::Shop;

/// `GET /sagas/stats`: of both patterns.
pub(super) async fn all(State(shop): State<Shop>, _: Caller) -> Result<Json<Value>, ApiError> {
    stats(&shop, None).await
}

/// `GET /choreography/stats`: of choreographed purchases alone.
pub(super) async fn choreographed(
    State(shop): State<Shop>,
    _: Caller,
) -> Result<Json<Value>, ApiError> {
    stats(&shop, Some(SagaPattern::Choreography)).await
}

/// `GET /patterns/comparison`.
pub(super) async fn comparison(
    State(shop): State<Shop>,
    _: Caller,
) -> Result<Json<Value>, ApiError> {
    let mut patterns = Vec::new();
    for pattern in SagaPattern::ALL {
        let stats = shop.endpoint.sagas().statistics(Some(pattern)).await?;
        let ended = stats.completed + stats.compensated + stats.failed;
        patterns.push(json!({
            "pattern": pattern.name(),
            "isActive": pattern == shop.endpoint.sagas().pattern(),
            "stats": stats,
            "completedShare": (ended > 0).then(|| share(stats.completed, ended)),
        }));
    }
    Ok(Json(json!({ "success": true, "patterns": patterns })))
}

async fn stats(shop: &Shop, pattern: Option<SagaPattern>) -> Result<Json<Value>, ApiError> {
    let stats = shop.endpoint.sagas().statistics(pattern).await?;
    Ok(Json(json!({ "success": true, "stats": stats })))
}

/// A share in per mille, so that nothing is rounded behind the comma of a float.
fn share(part: u64, whole: u64) -> String {
    let per_mille = part * 1_000 / whole;
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}
