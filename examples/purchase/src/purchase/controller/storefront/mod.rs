//! The shop over HTTP, under the paths and with the bodies that its clients know.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | what is served |
//! | `POST /purchase` | 201: the purchase is recorded, and where to follow it |
//! | `POST /purchase/choreography` | the same; 400 with a hint while purchases are orchestrated |
//! | `POST /compensate/{transaction_id}` | 201: what happened is being undone |
//! | `GET /saga/{transaction_id}` | the purchase and its steps |
//! | `GET /choreography/transaction/{transaction_id}` | the purchase and what handled its events |
//! | `GET /choreography/user/{user_id}/history` | choreographed purchases of a buyer, the youngest first |
//! | `GET /logs/{user_id}` | what a buyer bought |
//! | `GET /sagas/stats`, `GET /choreography/stats` | how many purchases are in each state |
//! | `GET /patterns/comparison` | both patterns beside each other |
//! | `GET /config/saga-mode`, `POST /config/saga-mode` | how new purchases are led; only an operator changes it |
//!
//! A `GET` for what is not there, or is somebody else's, is answered by 200 with `"found": false`. Requests that
//! are no requests are refused as everywhere else: 400, 401, 415, 429 with a problem body. `POST /purchase` needs
//! an idempotency key, in the header or as the field `idempotencyKey`: without one, a client who asks again
//! after a lost answer would buy twice.

mod buying;
mod counting;
mod following;
mod mode;

use orch_runtime::OwnerId;
use orch_runtime::axum::extract::FromRef;
use orch_runtime::axum::routing::{get, post};
use orch_runtime::axum::{Json, Router};
use orch_runtime::http::{Api, ApiError, SagaEndpoint};
use orch_runtime::serde_json::{Value, json};

use crate::purchase::generated::command::PurchaseCommand;

/// Environment variable: the owner id of who may change how purchases are led. Without it, nobody may.
pub const OPERATOR: &str = "SHOP_OPERATOR";

/// What the routes need.
#[derive(Debug, Clone)]
struct Shop {
    endpoint: SagaEndpoint<PurchaseCommand>,
    operator: Option<OwnerId>,
}

impl FromRef<Shop> for Api {
    fn from_ref(shop: &Shop) -> Self {
        Self::from_ref(&shop.endpoint)
    }
}

/// All routes of the table above. Nobody but `operator` may change how purchases are led.
pub fn routes(endpoint: SagaEndpoint<PurchaseCommand>, operator: Option<OwnerId>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/purchase", post(buying::purchase))
        .route("/purchase/choreography", post(buying::choreographed))
        .route("/compensate/{transaction_id}", post(buying::compensate))
        .route("/saga/{transaction_id}", get(following::saga))
        .route(
            "/choreography/transaction/{transaction_id}",
            get(following::transaction),
        )
        .route(
            "/choreography/user/{user_id}/history",
            get(following::history),
        )
        .route("/logs/{user_id}", get(following::logs))
        .route("/sagas/stats", get(counting::all))
        .route("/choreography/stats", get(counting::choreographed))
        .route("/patterns/comparison", get(counting::comparison))
        .route("/config/saga-mode", get(mode::show).post(mode::change))
        .with_state(Shop { endpoint, operator })
}

/// Who the environment says may change how purchases are led.
#[must_use]
pub fn operator() -> Option<OwnerId> {
    let named = std::env::var(OPERATOR).ok()?;
    OwnerId::new(named).ok()
}

async fn index() -> Json<Value> {
    Json(json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "endpoints": {
            "purchase": "POST /purchase",
            "choreography": "POST /purchase/choreography",
            "status": "GET /saga/{transactionId}",
            "mode": "GET /config/saga-mode",
        },
    }))
}

/// What was found; or that there is no such thing, which is an answer too.
fn found(result: Result<Value, ApiError>, name: &str) -> Result<Json<Value>, ApiError> {
    match result {
        Ok(value) => Ok(Json(json!({ "found": true, name: value }))),
        Err(error) if error.status() == 404 => Ok(Json(json!({
            "found": false,
            "message": format!("there is no such {name}"),
        }))),
        Err(error) => Err(error),
    }
}
