//! Buying, and taking back.

use orch_runtime::axum::Json;
use orch_runtime::axum::extract::State;
use orch_runtime::axum::http::StatusCode;
use orch_runtime::axum::response::{IntoResponse as _, Response};
use orch_runtime::http::{ApiError, SagaLookup, Submission};
use orch_runtime::saga::{SagaPattern, SagaState, StepState};
use orch_runtime::serde::Deserialize;
use orch_runtime::serde_json::{Number, json};
use orch_runtime::{CommandError, JsonFields, Money, taken};

use crate::purchase::generated::command::PurchaseCommand;
use crate::purchase::generated::events::PurchaseEvent;
use crate::shop::CURRENCY;

use super::Shop;
use super::following::status;

/// What is told of a choreographed purchase in which nothing fails.
const EVENT_CHAIN: [PurchaseEvent; 5] = [
    PurchaseEvent::PurchaseInitiated,
    PurchaseEvent::UserValidated,
    PurchaseEvent::ItemGranted,
    PurchaseEvent::LogRecorded,
    PurchaseEvent::PurchaseCompleted,
];

/// `POST /purchase`: records a purchase, which is led as purchases are led now.
pub(super) async fn purchase(
    State(shop): State<Shop>,
    submission: Submission,
) -> Result<Response, ApiError> {
    initiated(&shop, submission).await
}

/// `POST /purchase/choreography`: records a purchase where purchases are choreographed.
pub(super) async fn choreographed(
    State(shop): State<Shop>,
    submission: Submission,
) -> Result<Response, ApiError> {
    if shop.endpoint.sagas().pattern() == SagaPattern::Choreography {
        return initiated(&shop, submission).await;
    }
    let refused = json!({
        "success": false,
        "error": "purchases are orchestrated now",
        "hint": "POST /purchase, or have an operator POST {\"mode\":\"choreography\"} to /config/saga-mode",
    });
    Ok((StatusCode::BAD_REQUEST, Json(refused)).into_response())
}

/// `POST /compensate/{transaction_id}`: however often it is asked for, what happened is undone once.
pub(super) async fn compensate(
    State(shop): State<Shop>,
    lookup: SagaLookup,
) -> Result<Response, ApiError> {
    let saga = shop.endpoint.compensate(&lookup).await?;
    let (success, message) = match saga.state {
        SagaState::Completed => (
            false,
            "it is completed: what is sold is taken back by a return, and not by a compensation",
        ),
        SagaState::Failed if saga.steps.iter().any(|of| of.state == StepState::Left) => {
            (false, "the shop has left a part of it as it is")
        }
        SagaState::Compensated | SagaState::Failed => (true, "what happened is undone"),
        SagaState::Pending | SagaState::InProgress | SagaState::Compensating => {
            (true, "what happened is being undone")
        }
    };
    let answer = json!({
        "success": success,
        "transactionId": saga.id,
        "status": status(saga.state),
        "message": message,
    });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn initiated(shop: &Shop, submission: Submission) -> Result<Response, ApiError> {
    let command = command(submission.fields)?;
    let request = &submission.request;
    let (owner, key) = (request.owner().clone(), request.idem_key().clone());
    let sagas = shop.endpoint.sagas();
    let initiated = sagas.initiate(owner, key, &command).await?;
    // How purchases are led may be another thing by now: what was begun says how it is led.
    let begun = sagas.find(request.owner(), &initiated.id).await?;
    let pattern = begun.ok_or_else(ApiError::not_found)?.pattern;
    let mut answer = json!({
        "success": true,
        "message": "the purchase is recorded",
        "transactionId": initiated.id,
        "status": "initiated",
        "pattern": pattern.name(),
        "statusCheck": {
            "url": format!("/saga/{}", initiated.id),
            "polling": "every 1-2 seconds",
        },
    });
    if pattern == SagaPattern::Choreography {
        let url = format!("/choreography/transaction/{}", initiated.id);
        answer["statusCheck"]["url"] = url.into();
        answer["eventChain"] = json!(EVENT_CHAIN.map(PurchaseEvent::as_str));
    }
    let replayed = initiated.replayed.to_string();
    let headers = [("idempotent-replayed", replayed)];
    Ok((StatusCode::CREATED, headers, Json(answer)).into_response())
}

/// The price of these requests is a number, or its text: all that is bought, in euros and cents.
#[derive(Deserialize)]
#[serde(crate = "orch_runtime::serde", untagged)]
enum Price {
    Exact(Money),
    Text(String),
    Number(Number),
}

impl Price {
    /// # Errors
    /// When it is no amount of money: negative, with an exponent, or with parts of a cent.
    fn amount(&self) -> Result<Money, CommandError> {
        let text = match self {
            Self::Exact(money) => return Ok(*money),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        };
        let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
        let wrong = |why: String| CommandError::field("price", why);
        // An amount that names no currency is in the shop's.
        let currency = CURRENCY.parse().map_err(|_| wrong(CURRENCY.to_owned()))?;
        Money::parse(&format!("{whole}.{cents:0<2}"), currency)
            .map_err(|error| wrong(error.to_string()))
    }
}

/// The command in a request, whose price may be a bare number.
fn command(mut fields: JsonFields) -> Result<PurchaseCommand, CommandError> {
    let user_id = fields.required("userId");
    let item_id = fields.required("itemId");
    let quantity = fields.required("quantity");
    let price: Option<Price> = fields.required("price");
    fields.into_violations().into_result()?;
    let price = taken("price", price)?.amount()?;
    PurchaseCommand::new(
        taken("userId", user_id)?,
        taken("itemId", item_id)?,
        taken("quantity", quantity)?,
        price,
    )
}
