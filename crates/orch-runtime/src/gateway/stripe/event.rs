//! Webhooks of Stripe: which events end an operation.

use serde_json::Value as Json;

use crate::callback::{Callback, CallbackOutcome, CallbackRefused};
use crate::gateway::answer::text_of;
use crate::ids::{EventId, OpId};

use super::meaning::Standing;

/// The events that say how a charge or a refund ended, or may say it.
const EVENTS: [&str; 6] = [
    "charge.succeeded",
    "charge.failed",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
];

/// Reads an event whose signature was checked.
///
/// | event | ends the operation of `metadata.op_id` |
/// |---|---|
/// | `charge.succeeded`, `charge.failed` | as its `status` says |
/// | `refund.created`, `refund.updated`, `refund.failed`, `charge.refund.updated` | the same; not while it is pending |
/// | any other, or without our metadata | never: it is ignored |
///
/// # Errors
/// When it is no event of Stripe.
pub fn read_event(body: &[u8]) -> Result<Option<Callback>, CallbackRefused> {
    let event: Result<Json, _> = serde_json::from_slice(body);
    let event = event.map_err(|_| CallbackRefused::new("it is no JSON"))?;
    let Some(kind) = event["type"].as_str() else {
        return Err(CallbackRefused::new("it has no type"));
    };
    if !EVENTS.contains(&kind) {
        return Ok(None);
    }
    let object = &event["data"]["object"];
    // A charge that somebody else makes through the same account.
    let op_id = object["metadata"]["op_id"]
        .as_str()
        .and_then(|id| OpId::new(id).ok());
    let outcome = match Standing::of(object) {
        Standing::Succeeded => CallbackOutcome::Ok {
            message: "the provider has it".to_owned(),
            result: None,
        },
        Standing::Failed { code, message } => CallbackOutcome::Fail { code, message },
        Standing::Open(_) => return Ok(None),
    };
    let event_id = EventId::new(event["id"].as_str().unwrap_or_default());
    let event_id = event_id.map_err(|error| CallbackRefused::new(error.to_string()))?;
    Ok(op_id.map(|op_id| Callback {
        event_id,
        op_id: Some(op_id),
        provider_ref: text_of(&object["id"]),
        outcome,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(kind: &str, object: &Json) -> Option<Callback> {
        let event = json!({"id": "evt_1", "type": kind, "data": {"object": object}});
        read_event(event.to_string().as_bytes()).unwrap()
    }

    fn object(status: &str) -> Json {
        json!({"id": "ch_1", "status": status, "failure_code": "expired_card",
            "metadata": {"op_id": "op-1"}})
    }

    #[test]
    fn an_event_about_the_result_ends_the_operation_it_names() {
        for kind in EVENTS {
            let callback = read(kind, &object("succeeded")).unwrap();
            assert_eq!(callback.op_id, OpId::new("op-1").ok());
            assert_eq!(callback.provider_ref.as_deref(), Some("ch_1"));
            assert!(matches!(callback.outcome, CallbackOutcome::Ok { .. }));
            let failed = read(kind, &object("failed")).unwrap().outcome;
            let CallbackOutcome::Fail { code, .. } = failed else {
                panic!("{failed:?}");
            };
            assert_eq!(code, "expired_card");
        }
    }

    #[test]
    fn what_is_no_result_or_not_ours_ends_nothing() {
        assert_eq!(read("charge.succeeded", &object("pending")), None);
        assert_eq!(read("charge.refunded", &object("succeeded")), None);
        let foreign = json!({"id": "ch_2", "status": "succeeded", "metadata": {}});
        assert_eq!(read("charge.succeeded", &foreign), None);
        for unreadable in [
            "",
            "{",
            "[]",
            r#"{"type":"charge.failed","data":{"object":{"status":"failed"}}}"#,
        ] {
            assert!(read_event(unreadable.as_bytes()).is_err(), "{unreadable}");
        }
    }
}
