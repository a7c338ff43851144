//! The one place that decides how a refusal looks to a client: status, code and words.
//!
//! Bodies are RFC 9457 problems (`application/problem+json`). What went wrong inside is logged where
//! the answer is made and never sent.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::engine::SubmitError;
use crate::ids::InvalidId;
use crate::operation::command::{CommandError, Violation};
use crate::store::{StoreError, StoreErrorKind};

/// Most wrong fields that one answer names.
const MAX_ERRORS: usize = 50;

/// A request was refused, or could not be served.
#[derive(Debug)]
pub struct ApiError(Box<Problem>);

#[derive(Debug)]
struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    errors: Vec<Violation>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
    reason: Option<Cow<'static, str>>,
}

/// Why a request was refused, as the audit line says it; travels with the answer inside the process.
#[derive(Debug, Clone)]
pub(super) struct Reason(pub(super) Cow<'static, str>);

/// A problem as it is sent.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Violation],
}

impl ApiError {
    /// A problem with a stable `code` for programs and a `detail` for people. Both are sent.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Problem {
            status,
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            cause: None,
            reason: None,
        }))
    }

    /// 400: one field is missing or wrong.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        CommandError::field(field, message).into()
    }

    /// 401: the caller did not say who they are, in the way that `scheme` (such as `Bearer`) asks for.
    #[must_use]
    pub fn unauthenticated(scheme: &'static str) -> Self {
        let detail = "the request does not say whose it is";
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", detail)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(scheme))
    }

    /// 403: the caller may not do this.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", "this is not allowed")
    }

    /// 404: there is no such thing, or it is somebody else's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "there is no such resource",
        )
    }

    /// 405: the path is served, this method is not. The caller adds `Allow`.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let detail = "this method is not served here; Allow names the ones that are";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail)
    }

    /// 429: come back after `wait`.
    #[must_use]
    pub fn too_many(wait: Duration) -> Self {
        let detail = "too many requests; Retry-After says when to come back";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", detail).retry_after(wait)
    }

    /// 503: the database cannot be reached now. Whether the request took effect is not known to the
    /// client, who may send the same key again.
    #[must_use]
    pub fn unavailable(cause: impl Into<String>) -> Self {
        let detail = "not available now; the same request may be sent again under the same key";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", detail)
            .retry_after(Duration::from_secs(1))
            .with_cause(cause)
    }

    /// 500: `cause` is logged and not sent.
    #[must_use]
    pub fn internal(cause: impl Into<String>) -> Self {
        let detail = "the request could not be served; the log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", detail).with_cause(cause)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds what is logged and not sent.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds why the request is refused, for the audit line of a 401, 403 or 429. It is not sent, so it
    /// may say what a client must not learn; it must hold no credential.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.0.reason = Some(reason.into());
        self
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code, such as `KEY_REUSED`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The fields that are wrong.
    #[must_use]
    pub fn errors(&self) -> &[Violation] {
        &self.0.errors
    }

    /// Rounds up: who comes back a moment too early is refused again.
    fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.0.status.as_u16(),
            self.0.code,
            self.0.detail
        )
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Problem {
            status,
            code,
            detail,
            errors,
            headers,
            cause,
            reason,
        } = *self.0;
        if let Some(cause) = cause {
            tracing::error!(status = status.as_u16(), %code, cause, "request failed");
        }
        let body = Body {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &detail,
            code: &code,
            errors: &errors,
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (status, text).into_response();
        let problem = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, problem);
        response.headers_mut().extend(headers);
        response
            .extensions_mut()
            .insert(Reason(reason.unwrap_or(code)));
        response
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        let wrong = error.violations();
        let detail = match wrong.len() {
            1 => "one field is not acceptable".to_owned(),
            more => format!("{more} fields are not acceptable"),
        };
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", detail);
        problem.0.errors = wrong.iter().take(MAX_ERRORS).cloned().collect();
        problem
    }
}

impl From<InvalidId> for ApiError {
    fn from(error: InvalidId) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "INVALID_REQUEST",
            error.to_string(),
        )
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::Busy | StoreErrorKind::Unavailable | StoreErrorKind::Closed => {
                Self::unavailable(error.to_string())
            }
            StoreErrorKind::Corrupt | StoreErrorKind::Schema | StoreErrorKind::Statement => {
                Self::internal(error.to_string())
            }
        }
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "KEY_REUSED",
                "this idempotency key was used before for another request; nothing was changed",
            ),
            SubmitError::KeyReserved(_) => Self::new(
                StatusCode::BAD_REQUEST,
                "INVALID_REQUEST",
                error.to_string(),
            ),
            SubmitError::Store(error) => error.into(),
            SubmitError::NotServed(_) | SubmitError::Unserialisable(_) => {
                Self::internal(error.to_string())
            }
        }
    }
}

/// The answer for paths that nothing serves.
pub(super) async fn no_such_path() -> ApiError {
    ApiError::not_found()
}

/// The answer for methods that a path does not serve; the router adds `Allow`.
pub(super) async fn no_such_method() -> ApiError {
    ApiError::method_not_allowed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    async fn sent(error: ApiError) -> (StatusCode, serde_json::Value) {
        let response = error.into_response();
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_refused_command_names_each_field() {
        let (status, body) = sent(CommandError::field("amount", "is required").into()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["errors"][0]["field"], "amount");
        assert_eq!(body["errors"][0]["message"], "is required");
        assert_eq!(body["title"], "Bad Request");
        assert_eq!(body["status"], 400);
    }

    #[tokio::test]
    async fn the_cause_of_a_failure_is_never_sent() {
        let secret = StoreError::new(StoreErrorKind::Corrupt, "accept", "/var/db: page 7");
        let (status, body) = sent(secret.into()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.to_string().contains("page 7"), "{body}");
    }

    #[test]
    fn a_busy_database_asks_to_come_back() {
        let busy = StoreError::new(StoreErrorKind::Busy, "accept", "locked");
        let response = ApiError::from(SubmitError::Store(busy)).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }

    #[test]
    fn the_wait_is_rounded_up() {
        let response = ApiError::too_many(Duration::from_millis(1_001)).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }
}
