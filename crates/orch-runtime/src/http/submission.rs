//! A request to start an operation, checked as far as it can be without knowing the command.
//!
//! The order of the checks is the order of their cost: whose it is, too many of the client, the body
//! as bytes, as JSON, the idempotency key, too many of the key. The command's own fields come after,
//! in the controller, and the database last.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRef, FromRequest, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use serde_json::{Map, Value as Json};

use crate::ids::{IdemKey, OwnerId, SagaId};
use crate::operation::command::JsonFields;

use super::api::{Api, Caller};
use super::body::{self, Limits};
use super::error::ApiError;
use super::{json, prefer};

/// The header with the client's name for the request.
const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The body field that may stand in for it.
const FIELD: &str = "idempotencyKey";

/// An extractor: the request and the fields of its body.
#[derive(Debug)]
pub struct Submission {
    /// Who asks, under which key, and where the answer will be.
    pub request: KeyedRequest,
    /// The fields of the body, without the key.
    pub fields: JsonFields,
}

/// A request that has a name and an owner.
#[derive(Debug)]
pub struct KeyedRequest {
    pub(super) owner: OwnerId,
    pub(super) key: IdemKey,
    pub(super) wait: Option<Duration>,
    pub(super) path: String,
}

impl KeyedRequest {
    /// Whose request it is.
    #[must_use]
    pub fn owner(&self) -> &OwnerId {
        &self.owner
    }

    /// The client's name for it.
    #[must_use]
    pub fn idem_key(&self) -> &IdemKey {
        &self.key
    }
}

impl<S> FromRequest<S> for Submission
where
    Api: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let api = Api::from_ref(state);
        let (parts, body) = request.into_parts();
        let caller = api.admit(&parts)?;
        let mut fields = read(&api, &parts, body).await?;
        let key = key(&parts.headers, &mut fields)?;
        api.admit_key(&caller, &key)?;
        let request = KeyedRequest {
            owner: caller.owner,
            key,
            wait: prefer::wait(&parts.headers, api.config().max_wait),
            path: path(&parts),
        };
        Ok(Self {
            request,
            fields: JsonFields::new(fields),
        })
    }
}

/// An extractor: who asks for something that may be asked for twice, and the fields of the body.
#[derive(Debug)]
pub struct Form {
    /// Who asks.
    pub caller: Caller,
    /// The fields of the body.
    pub fields: JsonFields,
}

impl<S> FromRequest<S> for Form
where
    Api: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let api = Api::from_ref(state);
        let (parts, body) = request.into_parts();
        let caller = api.admit(&parts)?;
        let fields = JsonFields::new(read(&api, &parts, body).await?);
        Ok(Self { caller, fields })
    }
}

/// The body as a JSON object, within the limits.
async fn read(api: &Api, parts: &Parts, body: Body) -> Result<Map<String, Json>, ApiError> {
    body::expect_json(&parts.headers)?;
    let limits = Limits {
        bytes: api.config().max_body,
        time: api.config().body_timeout,
    };
    json::object(&body::read(api.clock(), limits, &parts.headers, body).await?)
}

/// The path as the client wrote it, also below a nested router.
fn path(parts: &Parts) -> String {
    let original = parts.extensions.get::<OriginalUri>();
    let uri = original.map_or(&parts.uri, |OriginalUri(uri)| uri);
    uri.path().trim_end_matches('/').to_owned()
}

/// The key, from the header or from the body; both may name the same one.
fn key(headers: &HeaderMap, fields: &mut Map<String, Json>) -> Result<IdemKey, ApiError> {
    let from_header = header_key(headers)?;
    let from_body = match fields.remove(FIELD) {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(acceptable(FIELD, &text)?),
        Some(_) => return Err(ApiError::field(FIELD, "must be text")),
    };
    match (from_header, from_body) {
        (Some(header), Some(body)) if header != body => Err(ApiError::field(
            FIELD,
            "differs from the header Idempotency-Key: send one of the two",
        )),
        (Some(key), _) | (None, Some(key)) => Ok(key),
        (None, None) => Err(ApiError::field(
            "Idempotency-Key",
            "is required: a name for this request that stays the same when it is sent again",
        )),
    }
}

fn header_key(headers: &HeaderMap) -> Result<Option<IdemKey>, ApiError> {
    let mut found: Option<IdemKey> = None;
    for value in headers.get_all(HEADER) {
        let text = String::from_utf8_lossy(value.as_bytes());
        let key = acceptable("Idempotency-Key", &text)?;
        if found.as_ref().is_some_and(|first| *first != key) {
            let problem = "stands there more than once, with different values";
            return Err(ApiError::field("Idempotency-Key", problem));
        }
        found = Some(key);
    }
    Ok(found)
}

fn acceptable(place: &str, text: &str) -> Result<IdemKey, ApiError> {
    if text.trim() != text {
        return Err(ApiError::field(place, "must not begin or end with spaces"));
    }
    let key = IdemKey::new(text).map_err(|error| ApiError::field(place, error.problem()))?;
    if SagaId::of_key(&key).is_some() {
        let problem = format!(
            "\"{key}\" has the form TXN_…/…, which belongs to the operations of sagas: use another one"
        );
        return Err(ApiError::field(place, problem));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn key_of(headers: &[&'static str], body: &Json) -> Result<String, String> {
        let values = headers
            .iter()
            .map(|value| (HEADER, HeaderValue::from_static(value)));
        let headers: HeaderMap = values.collect();
        let Json::Object(mut fields) = body.clone() else {
            unreachable!()
        };
        let key = key(&headers, &mut fields);
        assert!(
            !fields.contains_key(FIELD),
            "the key is no field of the command"
        );
        let key = key.map_err(|error| error.errors()[0].field.clone())?;
        Ok(key.to_string())
    }

    #[test]
    fn the_key_comes_from_the_header_or_from_the_body() {
        let none = serde_json::json!({"a": 1});
        let body = serde_json::json!({"idempotencyKey": "k"});
        assert_eq!(key_of(&["k"], &none), Ok("k".to_owned()));
        assert_eq!(key_of(&[], &body), Ok("k".to_owned()));
        assert_eq!(key_of(&["k"], &body), Ok("k".to_owned()));
        assert_eq!(key_of(&["k", "k"], &none), Ok("k".to_owned()));
    }

    #[test]
    fn a_key_that_could_mean_two_requests_is_refused_and_its_place_named() {
        let none = serde_json::json!({});
        let body = |key: Json| serde_json::json!({ "idempotencyKey": key });
        let header = Err("Idempotency-Key".to_owned());
        let field = Err("idempotencyKey".to_owned());
        assert_eq!(key_of(&[], &none), header);
        assert_eq!(key_of(&[""], &none), header);
        assert_eq!(key_of(&["a", "b"], &none), header);
        assert_eq!(key_of(&["a"], &body("b".into())), field);
        assert_eq!(key_of(&[], &body("".into())), field);
        assert_eq!(key_of(&[], &body(" a".into())), field);
        assert_eq!(key_of(&[], &body("ключ".into())), field);
        assert_eq!(key_of(&[], &body(7.into())), field);
        assert_eq!(key_of(&[], &body("k".repeat(256).into())), field);
        assert_eq!(key_of(&["TXN_1/pay"], &none), header);
        assert_eq!(key_of(&[], &body("TXN_1/pay/undo/0".into())), field);
    }
}
