//! The answer to a submission.

use std::time::Duration;

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::engine::Submitted;
use crate::ids::OpId;
use crate::operation::view::OperationView;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A command was accepted, now or before; perhaps its end is known already.
#[derive(Debug)]
pub struct Acceptance {
    pub(super) op_id: OpId,
    replayed: bool,
    location: String,
    waited: Option<Duration>,
    end: Option<OperationView>,
}

/// The body of a 202.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted<'a> {
    op_id: &'a OpId,
    status: &'static str,
    message: &'static str,
}

impl Acceptance {
    pub(super) fn new(submitted: Submitted, path: &str) -> Self {
        Self {
            location: format!("{path}/{}", submitted.op_id),
            op_id: submitted.op_id,
            replayed: submitted.replayed,
            waited: None,
            end: None,
        }
    }

    /// Notes that `wait` was waited for, and what was seen then. Only a final state is worth telling.
    pub(super) fn waited(&mut self, wait: Duration, seen: Option<OperationView>) {
        self.waited = Some(wait);
        self.end = seen.filter(|view| view.state.is_final());
    }

    /// The operation.
    #[must_use]
    pub fn op_id(&self) -> &OpId {
        &self.op_id
    }

    /// Whether the same command had been accepted under the same key before.
    #[must_use]
    pub fn replayed(&self) -> bool {
        self.replayed
    }

    /// The operation at its end, if the client preferred to wait and it came in time.
    #[must_use]
    pub fn end(&self) -> Option<&OperationView> {
        self.end.as_ref()
    }

    /// 200 with `present` of the operation when its end is known, else 202; `Location` names it in
    /// both cases.
    pub fn respond<T: Serialize>(self, present: impl FnOnce(OperationView) -> T) -> Response {
        let headers = self.headers();
        if let Some(end) = self.end {
            return (StatusCode::OK, headers, Json(present(end))).into_response();
        }
        let body = Accepted {
            op_id: &self.op_id,
            status: "ACCEPTED",
            message: match self.replayed {
                false => "Operation accepted",
                true => "Operation already accepted",
            },
        };
        (StatusCode::ACCEPTED, headers, Json(body)).into_response()
    }

    /// `Location`, `Idempotent-Replayed` and `Preference-Applied`, for answers made by hand.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = headers(&self.location, self.replayed);
        if let Some(wait) = self.waited {
            let applied = HeaderValue::try_from(format!("wait={}", wait.as_secs()));
            headers.extend(applied.map(|applied| (PREFERENCE_APPLIED, applied)));
        }
        headers
    }
}

/// `Location` and `Idempotent-Replayed`.
pub(super) fn headers(location: &str, replayed: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::try_from(location) {
        headers.insert(LOCATION, location);
    }
    if replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    headers
}
