//! What the controller of choreographed sagas needs besides that of sagas.
//!
//! | request | answer |
//! |---|---|
//! | `GET /choreography/transaction/{transaction_id}` | the saga and what handled its events; 404 also for somebody else's |
//! | `GET /choreography/dead-letters` | the events that a handler could not take, the oldest first |
//! | `POST /choreography/dead-letters/redrive` | `{"eventId","handler","by","reason"}`: 200 when the handler has it now; 404 when none waits; 409 when it failed again |
//!
//! Dead letters are a person's business, whoever owns their sagas: serve [`event_dead_letters`] where only
//! operators come, as `/metrics`.

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::dead_letter::Decision;
use crate::events::{Delivered, RedriveError};
use crate::ids::EventId;
use crate::repository::MAX_PAGE;
use crate::saga::{Choreography, TransactionView};

use super::api::{Api, Caller};
use super::error::ApiError;
use super::sagas::{SagaEndpoint, SagaLookup};
use super::submission::Form;

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> SagaEndpoint<I> {
    /// The saga that was asked for with what handled its events, if it is the caller's own.
    ///
    /// # Errors
    /// 404 when it is not; 503 or 500 when the database fails.
    pub async fn transaction(&self, lookup: &SagaLookup) -> Result<TransactionView, ApiError> {
        let (owner, id) = lookup.asked();
        let found = self.sagas().transaction_view(owner, id).await?;
        found.ok_or_else(ApiError::not_found)
    }
}

#[derive(Clone)]
struct Letters {
    choreography: Choreography,
    api: Api,
}

impl FromRef<Letters> for Api {
    fn from_ref(letters: &Letters) -> Self {
        letters.api.clone()
    }
}

/// The routes on which operators see the dead letters of events, and have them delivered again.
pub fn event_dead_letters(choreography: &Choreography, api: &Api) -> Router {
    Router::new()
        .route("/choreography/dead-letters", get(list))
        .route("/choreography/dead-letters/redrive", post(redrive))
        .with_state(Letters {
            choreography: choreography.clone(),
            api: api.clone(),
        })
}

async fn list(State(letters): State<Letters>, _: Caller) -> Result<Response, ApiError> {
    let found = letters.choreography.dead_letters(MAX_PAGE).await?;
    Ok(Json(json!({ "deadLetters": found })).into_response())
}

async fn redrive(State(letters): State<Letters>, form: Form) -> Result<Response, ApiError> {
    let mut fields = form.fields;
    let event_id: Option<String> = fields.required("eventId");
    let handler: Option<String> = fields.required("handler");
    let by: Option<String> = fields.required("by");
    let reason: Option<String> = fields.required("reason");
    fields.into_violations().into_result()?;
    let event_id = EventId::new(event_id.unwrap_or_default());
    let event_id = event_id.map_err(|error| refused(&error.to_string()))?;
    let decision = Decision::new(by.unwrap_or_default(), reason.unwrap_or_default());
    let decision = decision.map_err(|error| refused(&error.to_string()))?;
    let handler = handler.unwrap_or_default();
    let done = letters.choreography.redrive(&event_id, &handler, &decision);
    let status = match done.await? {
        Delivered::Now(_) => "HANDLED",
        Delivered::Before => "HANDLED_BEFORE",
    };
    Ok(Json(json!({ "eventId": event_id, "handler": handler, "status": status })).into_response())
}

fn refused(detail: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", detail)
}

impl From<RedriveError> for ApiError {
    fn from(error: RedriveError) -> Self {
        match error {
            RedriveError::None { .. } | RedriveError::NoHandler(_) => {
                Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", error.to_string())
            }
            RedriveError::Handler(error) => {
                let detail = format!("it failed again: {error}");
                Self::new(StatusCode::CONFLICT, "NOT_HANDLED", detail)
            }
            RedriveError::Store(error) => error.into(),
        }
    }
}
