//! One request, before it is sent.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::ids::OpId;
use crate::secret::Secret;

use super::answer::CallError;

/// A request: where it goes, under which key, and what it says.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) key: Option<OpId>,
    pub(super) head: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// A `GET` of `url`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url.into())
    }

    /// A `POST` to `url`, without a body yet.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url.into())
    }

    fn new(method: Method, url: String) -> Self {
        Self {
            method,
            url,
            key: None,
            head: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// Sends `Idempotency-Key: <key>`.
    #[must_use]
    pub fn key(mut self, key: &OpId) -> Self {
        self.key = Some(key.clone());
        self
    }

    /// Sends a header of fixed text.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        let value = HeaderValue::from_static(value);
        self.head.insert(HeaderName::from_static(name), value);
        self
    }

    /// Sends `token` as `Authorization: Bearer`.
    ///
    /// # Errors
    /// When it cannot stand in a header.
    pub fn bearer(self, token: &Secret<String>) -> Result<Self, CallError> {
        self.authorization(format!("Bearer {}", token.expose()))
    }

    /// Sends a name and a password as `Authorization: Basic`.
    ///
    /// # Errors
    /// As [`bearer`](Self::bearer).
    pub fn basic(self, name: &str, password: &Secret<String>) -> Result<Self, CallError> {
        let pair = STANDARD.encode(format!("{name}:{}", password.expose()));
        self.authorization(format!("Basic {pair}"))
    }

    fn authorization(mut self, value: String) -> Result<Self, CallError> {
        let value = HeaderValue::try_from(value);
        // The error of the header would be no help, and the value must not be shown.
        let mut value =
            value.map_err(|_| CallError::not_sent("the token has no place in a header"))?;
        value.set_sensitive(true);
        self.head.insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// Sends `body` as JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn json(self, body: &impl Serialize) -> Result<Self, CallError> {
        let body = serde_json::to_vec(body);
        let body = body.map_err(|error| CallError::not_sent(error.to_string()))?;
        Ok(self.body(HeaderValue::from_static("application/json"), body))
    }

    /// Sends names and values as a form.
    #[cfg(any(feature = "stripe", feature = "twilio", feature = "fcm"))]
    #[must_use]
    pub fn form<'a>(self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.body(kind, encoded(fields).into_bytes())
    }

    fn body(mut self, kind: HeaderValue, body: Vec<u8>) -> Self {
        self.head.insert(CONTENT_TYPE, kind);
        self.body = body;
        self
    }
}

/// Names and values as they stand in a form, or behind the `?` of an address.
#[cfg(any(feature = "stripe", feature = "twilio", feature = "fcm"))]
pub(super) fn encoded<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
