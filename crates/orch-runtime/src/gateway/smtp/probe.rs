//! Asking by HTTP whether a mail was accepted.

use std::str::FromStr;

use serde_json::Value as Json;

use crate::gateway::answer::{Answer, CallError};
use crate::gateway::config;
use crate::operation::idempotency::Probe;

/// Where the message id stands in an address.
const PLACE: &str = "{message_id}";

/// An address that tells about one mail: `{message_id}` in it stands for the message id without its
/// brackets, escaped.
///
/// | server | address |
/// |---|---|
/// | Mailpit | `http://host:8025/api/v1/search?query=message-id:{message_id}` |
/// | maildev | `http://host:1080/email?messageId={message_id}` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeUrl(String);

/// A text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected http://host/path or https://host/path with {{message_id}} in it")]
pub struct InvalidProbeUrl;

impl FromStr for ProbeUrl {
    type Err = InvalidProbeUrl;

    fn from_str(text: &str) -> Result<Self, InvalidProbeUrl> {
        let url = Self(text.to_owned());
        let is_url = config::parse(&url.of("id")).is_ok();
        if is_url && text.contains(PLACE) {
            Ok(url)
        } else {
            Err(InvalidProbeUrl)
        }
    }
}

impl ProbeUrl {
    /// The address for one mail.
    pub(super) fn of(&self, message_id: &str) -> String {
        let mut escaped = String::new();
        for byte in message_id.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    escaped.push(char::from(byte));
                }
                other => escaped.push_str(&format!("%{other:02X}")),
            }
        }
        self.0.replace(PLACE, &escaped)
    }
}

/// | answer | means |
/// |---|---|
/// | 200 with the message id as a text of its JSON, with or without its brackets | accepted |
/// | 404; 200 with an empty list, or an object whose lists are all empty | not accepted |
/// | anything else | says nothing |
pub(super) fn meaning(answer: Result<Answer, CallError>, message_id: &str) -> Probe {
    let still_unknown = |reason: String| Probe::StillUnknown { reason };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return still_unknown(error.to_string()),
    };
    match answer.status {
        200 if contains(&answer.body, message_id) => Probe::Committed {
            message: "the mail was accepted".to_owned(),
            provider_ref: Some(message_id.to_owned()),
            result: None,
        },
        200 if is_empty(&answer.body) => Probe::NotCommitted,
        404 => Probe::NotCommitted,
        200 => {
            still_unknown("the answer does not hold the message id, and is not empty".to_owned())
        }
        status => still_unknown(format!(
            "asked about the mail, the server answered {status}"
        )),
    }
}

fn contains(json: &Json, text: &str) -> bool {
    match json {
        // An answer that repeats the question holds the id as a part of something.
        Json::String(found) => found.trim_matches(['<', '>']) == text,
        Json::Array(items) => items.iter().any(|item| contains(item, text)),
        Json::Object(fields) => fields.values().any(|field| contains(field, text)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

fn is_empty(json: &Json) -> bool {
    match json {
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => {
            let mut lists = fields.values().filter_map(Json::as_array).peekable();
            lists.peek().is_some() && lists.all(Vec::is_empty)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(status: u16, body: Json) -> &'static str {
        let answer = Answer {
            status,
            retry_after: None,
            headers: axum::http::HeaderMap::new(),
            body,
        };
        match meaning(Ok(answer), "op-1@a.b") {
            Probe::Committed { .. } => "committed",
            Probe::NotCommitted => "not committed",
            Probe::StillUnknown { .. } => "still unknown",
        }
    }

    /// A second mail cannot be taken back, so only a clear no lets it be sent.
    #[test]
    fn only_a_clear_answer_is_believed() {
        let found = json!([{"headers": {"message-id": "<op-1@a.b>"}}]);
        assert_eq!(said(200, found), "committed");
        assert_eq!(
            said(200, json!({"messages": [{"MessageID": "op-1@a.b"}]})),
            "committed"
        );
        assert_eq!(said(200, json!([])), "not committed");
        assert_eq!(
            said(200, json!({"messages": [], "total": 9})),
            "not committed"
        );
        assert_eq!(said(404, Json::Null), "not committed");
        for (status, body) in [
            (200, json!([{"messageId": "op-2@a.b"}])),
            (
                200,
                json!({"query": "message-id:op-1@a.b", "messages": [1]}),
            ),
            (200, json!({"total": 0})),
            (200, json!({"messages": [], "tags": ["a"]})),
            (200, Json::Null),
            (204, json!([])),
            (401, json!([])),
            (500, json!([])),
        ] {
            assert_eq!(
                said(status, body.clone()),
                "still unknown",
                "{status} {body}"
            );
        }
        let lost = meaning(Err(CallError::no_answer("reset")), "op-1@a.b");
        assert!(matches!(lost, Probe::StillUnknown { .. }));
    }

    #[test]
    fn the_message_id_is_escaped_and_must_have_a_place() {
        let url: ProbeUrl = "http://a/?q=message-id:{message_id}".parse().unwrap();
        assert_eq!(url.of("op-1@ä.b"), "http://a/?q=message-id:op-1%40%C3%A4.b");
        for text in [
            "",
            "http://a/",
            "smtp://a/{message_id}",
            "http://u:p@a/{message_id}",
        ] {
            assert_eq!(text.parse::<ProbeUrl>(), Err(InvalidProbeUrl), "{text}");
        }
    }
}
