//! What of sagas waits for a person, for operators: shown and decided by HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `GET /choreography/dead-letters` | the events that a handler could not take, the oldest first |
//! | `POST /choreography/dead-letters/redrive` | `{"eventId","handler","by","reason"}`: 200 when the handler has it now; 404 when there is none; 409 when it was delivered again before, or failed again |
//! | `GET /sagas/parked` | the steps whose compensations did not work, those that wait longest first |
//! | `POST /sagas/parked/retry` | `{"transactionId","step","by","reason"}`: 200 when the compensation began again; 404 when there is no such step; 409 when it is not parked, or its operation is in doubt |
//! | `POST /sagas/parked/leave` | the same: 200 when the step is left as it is; 404 and 409 as above |
//!
//! Whoever asks must be an operator: 403 for everybody else, whoever owns the sagas. A 409 says what is.

use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};

use crate::dead_letter::Decision;
use crate::events::{Delivered, EventDeadLetter, RedriveError};
use crate::ids::{EventId, InvalidId, OwnerId, SagaId};
use crate::operation::command::JsonFields;
use crate::repository::MAX_PAGE;
use crate::saga::parked::{Parking, Verdict};
use crate::saga::{Choreography, ParkedStep, Settled, StepRecord};
use crate::scheduler::Workers;

use super::api::{Api, Caller};
use super::error::ApiError;
use super::submission::Form;

/// Who may see and decide what waits for a person; without a name, nobody.
#[derive(Debug, Clone, Default)]
pub struct Operators(Arc<[OwnerId]>);

impl Operators {
    /// These owners.
    ///
    /// # Errors
    /// When one is no name of an owner.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, InvalidId> {
        let owners = names.into_iter().map(OwnerId::new);
        owners.collect::<Result<_, _>>().map(Self)
    }

    fn admit(&self, caller: &Caller) -> Result<(), ApiError> {
        match self.0.contains(caller.owner()) {
            true => Ok(()),
            false => Err(ApiError::forbidden().with_reason("not among the operators")),
        }
    }
}

/// What operators work with.
#[derive(Clone)]
struct Desk {
    choreographies: Arc<[Choreography]>,
    parking: Arc<[Arc<dyn Parking>]>,
    operators: Operators,
    api: Api,
}

impl FromRef<Desk> for Api {
    fn from_ref(desk: &Desk) -> Self {
        desk.api.clone()
    }
}

/// The routes on which `operators` see and decide what waits for a person, of all sagas that `workers` look after. A
/// [`Service`](crate::service::Service) has them.
pub fn saga_operators<'w>(
    workers: impl IntoIterator<Item = &'w Workers>,
    api: &Api,
    operators: &Operators,
) -> Router {
    let (mut choreographies, mut parking) = (Vec::new(), Vec::new());
    for workers in workers {
        choreographies.extend_from_slice(workers.choreographies());
        parking.extend_from_slice(workers.parking());
    }
    Router::new()
        .route("/choreography/dead-letters", get(letters))
        .route("/choreography/dead-letters/redrive", post(redrive))
        .route("/sagas/parked", get(parked))
        .route("/sagas/parked/retry", post(retry))
        .route("/sagas/parked/leave", post(leave))
        .with_state(Desk {
            choreographies: choreographies.into(),
            parking: parking.into(),
            operators: operators.clone(),
            api: api.clone(),
        })
}

/// Something that waits, and the kind of its saga.
#[derive(Serialize)]
struct Waiting<T> {
    saga: &'static str,
    #[serde(flatten)]
    what: T,
}

async fn letters(State(desk): State<Desk>, caller: Caller) -> Result<Json<Value>, ApiError> {
    desk.operators.admit(&caller)?;
    let mut found: Vec<Waiting<EventDeadLetter>> = Vec::new();
    for choreography in desk.choreographies.iter() {
        let saga = choreography.dispatcher().tables().prefix;
        let letters = choreography.dead_letters(MAX_PAGE).await?.into_iter();
        found.extend(letters.map(|what| Waiting { saga, what }));
    }
    found.sort_by_key(|letter| letter.what.dead_at);
    found.truncate(MAX_PAGE as usize);
    Ok(Json(json!({ "deadLetters": found })))
}

async fn redrive(State(desk): State<Desk>, form: Form) -> Result<Json<Value>, ApiError> {
    desk.operators.admit(&form.caller)?;
    let (event_id, handler, decision) = decided(form.fields, ["eventId", "handler"])?;
    let event_id = EventId::new(event_id)?;
    let mut none = ApiError::not_found();
    for choreography in desk.choreographies.iter() {
        let status = match choreography.redrive(&event_id, &handler, &decision).await {
            Ok(Delivered::Now(_)) => "HANDLED",
            Ok(Delivered::Before) => "HANDLED_BEFORE",
            Err(error @ (RedriveError::None { .. } | RedriveError::NoHandler(_))) => {
                none = error.into();
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        return Ok(Json(
            json!({ "eventId": event_id, "handler": handler, "status": status }),
        ));
    }
    Err(none)
}

async fn parked(State(desk): State<Desk>, caller: Caller) -> Result<Json<Value>, ApiError> {
    desk.operators.admit(&caller)?;
    let mut found: Vec<Waiting<ParkedStep>> = Vec::new();
    for sagas in desk.parking.iter() {
        let (saga, steps) = (sagas.prefix(), sagas.waiting().await?.into_iter());
        found.extend(steps.map(|what| Waiting { saga, what }));
    }
    found.sort_by_key(|step| step.what.since);
    found.truncate(MAX_PAGE as usize);
    Ok(Json(json!({ "parked": found })))
}

async fn retry(State(desk): State<Desk>, form: Form) -> Result<Json<Value>, ApiError> {
    settle(&desk, form, Verdict::Again).await
}

async fn leave(State(desk): State<Desk>, form: Form) -> Result<Json<Value>, ApiError> {
    settle(&desk, form, Verdict::Leave).await
}

async fn settle(desk: &Desk, form: Form, verdict: Verdict) -> Result<Json<Value>, ApiError> {
    desk.operators.admit(&form.caller)?;
    let (id, step, decision) = decided(form.fields, ["transactionId", "step"])?;
    let id = SagaId::new(id)?;
    for sagas in desk.parking.iter() {
        return match sagas.settle(verdict, (&id, &step), &decision).await? {
            Settled::NoSuchSaga => continue,
            Settled::Done(state) => Ok(Json(
                json!({ "transactionId": id, "step": step, "status": state }),
            )),
            Settled::NotParked(step) => Err(not_parked(&step)),
            Settled::InDoubt(op_id) => {
                let detail = format!(
                    "perhaps it was undone: the operation {op_id} is PARKED and is decided where dead letters are"
                );
                Err(conflict("IN_DOUBT", detail))
            }
            Settled::NotBegun => Err(ApiError::unavailable("the compensation could not begin")),
        };
    }
    Err(ApiError::not_found())
}

/// What two fields name, and who decides about it and why.
fn decided(
    mut fields: JsonFields,
    names: [&'static str; 2],
) -> Result<(String, String, Decision), ApiError> {
    let [first, second] = names.map(|name| fields.required::<String>(name));
    let [by, reason] = ["by", "reason"].map(|name| fields.required::<String>(name));
    fields.into_violations().into_result()?;
    let decision = Decision::new(by.unwrap_or_default(), reason.unwrap_or_default());
    let decision = decision.map_err(|error| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "INVALID_REQUEST",
            error.to_string(),
        )
    })?;
    Ok((
        first.unwrap_or_default(),
        second.unwrap_or_default(),
        decision,
    ))
}

fn conflict(code: &'static str, detail: String) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, code, detail)
}

fn not_parked(step: &StepRecord) -> ApiError {
    let (name, state) = (&step.name, step.state);
    let detail = match &step.error {
        Some(error) => format!("\"{name}\" is not parked, it is {state}: {}", error.message),
        None => format!("\"{name}\" is not parked, it is {state}"),
    };
    conflict("NOT_PARKED", detail)
}

impl From<RedriveError> for ApiError {
    fn from(error: RedriveError) -> Self {
        match error {
            RedriveError::None { .. } | RedriveError::NoHandler(_) => {
                Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", error.to_string())
            }
            RedriveError::Before { .. } => conflict("REDRIVEN_BEFORE", error.to_string()),
            RedriveError::Handler(error) => {
                conflict("NOT_HANDLED", format!("it failed again: {error}"))
            }
            RedriveError::Store(error) => error.into(),
        }
    }
}
