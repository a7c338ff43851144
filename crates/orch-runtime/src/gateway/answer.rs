//! How a call can end.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::RETRY_AFTER;
use serde_json::Value as Json;

use crate::clock::Timestamp;

use super::retry_after;

/// Longest text that is taken over from a provider, in characters.
const SHOWN: usize = 500;

/// A full answer: all of the body has arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// How long the provider asks us to wait.
    pub retry_after: Option<Duration>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null where it is empty or no JSON.
    pub body: Json,
}

/// A call without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Certainly nothing happened: no byte of the request was handed to a connection.
    #[error("not sent: {reason}")]
    NotSent {
        /// Why.
        reason: String,
    },
    /// The request may have arrived, and no full answer came back.
    #[error("no answer: {reason}")]
    NoAnswer {
        /// What came instead.
        reason: String,
    },
}

impl Answer {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Self {
        let wait = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        Self {
            status,
            retry_after: wait.and_then(|wait| retry_after::parse(wait, now)),
            headers: headers.clone(),
            body: serde_json::from_slice(body).unwrap_or(Json::Null),
        }
    }

    /// A header that is there once and readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().filter(|_| values.next().is_none());
        value.and_then(|value| value.to_str().ok())
    }

    /// A field of the body that is a text or a number, as text; characters that no database keeps are
    /// replaced, and of a very long one the beginning is taken.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<String> {
        text_of(self.body.get(field)?)
    }
}

/// A text or a number as text, cleaned and cut as [`Answer::text`] says.
pub(super) fn text_of(value: &Json) -> Option<String> {
    let text = match value {
        Json::String(text) if !text.is_empty() => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            return None;
        }
    };
    let readable = |c: char| {
        if c == '\0' {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    Some(text.chars().take(SHOWN).map(readable).collect())
}

impl CallError {
    pub(super) fn not_sent(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::NotSent { reason }
    }

    pub(super) fn no_answer(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::NoAnswer { reason }
    }
}

/// An error with its causes, which often say more than it does itself.
pub(super) fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_writes_is_cut_and_cleaned() {
        let long = "x".repeat(10_000);
        let body =
            serde_json::json!({"id": 7, "nul": "a\0b", "long": long, "list": [], "none": ""});
        let body = body.to_string();
        let answer = Answer::new(
            200,
            &HeaderMap::new(),
            body.as_bytes(),
            Timestamp::default(),
        );
        assert_eq!(answer.text("id").as_deref(), Some("7"));
        assert_eq!(answer.text("nul").as_deref(), Some("a\u{fffd}b"));
        assert_eq!(answer.text("long").map(|text| text.len()), Some(SHOWN));
        assert_eq!(
            (
                answer.text("list"),
                answer.text("none"),
                answer.text("absent")
            ),
            (None, None, None)
        );
    }

    #[test]
    fn a_body_that_is_no_json_is_null() {
        let answer = Answer::new(502, &HeaderMap::new(), b"<html>", Timestamp::default());
        assert_eq!((answer.body.is_null(), answer.text("id")), (true, None));
    }
}
