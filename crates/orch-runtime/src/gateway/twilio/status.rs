//! Status callbacks of Twilio: which of them end an operation.

use crate::callback::{Callback, CallbackOutcome, CallbackRefused, CallbackRequest};
use crate::ids::{EventId, OpId};

use super::OP_ID;

/// Reads a status callback whose signature was checked.
///
/// | `MessageStatus` | ends the operation named behind the `?` |
/// |---|---|
/// | `sent`, `delivered`, `read` | it happened |
/// | `failed`, `undelivered`, `canceled` | it failed, with `ErrorCode` |
/// | any other | not yet |
///
/// Twilio has no names for its events; a message reaches each status once, so that is the name.
///
/// # Errors
/// When it names no message, or no operation.
pub fn read_status(request: &CallbackRequest<'_>) -> Result<Option<Callback>, CallbackRefused> {
    let value = |text: &[u8], name: &str| {
        let mut pairs = form_urlencoded::parse(text);
        let found = pairs.find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.into_owned())
    };
    let field = |name| value(request.body, name);
    let (Some(sid), Some(status)) = (field("MessageSid"), field("MessageStatus")) else {
        return Err(CallbackRefused::new("it names no message and status"));
    };
    let outcome = match &*status {
        "sent" | "delivered" | "read" => CallbackOutcome::Ok {
            message: format!("the provider has it, and it is {status}"),
            result: None,
        },
        "failed" | "undelivered" | "canceled" => CallbackOutcome::Fail {
            code: field("ErrorCode").unwrap_or_else(|| status.clone()),
            message: field("ErrorMessage").unwrap_or_else(|| format!("the message is {status}")),
        },
        _ => return Ok(None),
    };
    let op_id = value(request.query.as_bytes(), OP_ID).and_then(|id| OpId::new(id).ok());
    let op_id = op_id.ok_or(CallbackRefused::new("its address names no operation"))?;
    let event_id = EventId::new(format!("{sid}-{status}"));
    Ok(Some(Callback {
        event_id: event_id.map_err(|error| CallbackRefused::new(error.to_string()))?,
        op_id: Some(op_id),
        provider_ref: Some(sid),
        outcome,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderMap;

    fn read(query: &str, body: &str) -> Result<Option<Callback>, CallbackRefused> {
        let head = HeaderMap::new();
        let body = body.as_bytes();
        read_status(&CallbackRequest {
            query,
            head: &head,
            body,
        })
    }

    #[test]
    fn a_last_status_ends_the_operation_behind_the_question_mark() {
        let sent = read("op_id=op-1", "MessageSid=SM1&MessageStatus=sent")
            .unwrap()
            .unwrap();
        assert_eq!(sent.op_id, OpId::new("op-1").ok());
        assert_eq!(sent.event_id.as_str(), "SM1-sent");
        assert!(matches!(sent.outcome, CallbackOutcome::Ok { .. }));
        let body = "ErrorCode=30005&MessageSid=SM1&MessageStatus=undelivered";
        let CallbackOutcome::Fail { code, .. } = read("op_id=op-1", body).unwrap().unwrap().outcome
        else {
            panic!("it failed");
        };
        assert_eq!(code, "30005");
    }

    #[test]
    fn a_status_on_the_way_ends_nothing_and_what_names_nothing_is_refused() {
        for status in ["queued", "sending", "accepted"] {
            let body = format!("MessageSid=SM1&MessageStatus={status}");
            assert_eq!(read("op_id=op-1", &body), Ok(None));
        }
        for (query, body) in [
            ("op_id=op-1", ""),
            ("op_id=op-1", "MessageStatus=sent"),
            ("", "MessageSid=SM1&MessageStatus=sent"),
            ("op_id=a%20b", "MessageSid=SM1&MessageStatus=sent"),
        ] {
            assert!(read(query, body).is_err(), "{query} {body}");
        }
    }
}
