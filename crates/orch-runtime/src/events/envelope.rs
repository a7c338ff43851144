//! One event as it travels.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use crate::clock::Timestamp;
use crate::ids::{EventId, SagaId};

/// The names of the envelope's own fields, which no payload may use.
pub(crate) const RESERVED: [&str; 6] = [
    "eventId",
    "eventType",
    "timestamp",
    "aggregateId",
    "transactionId",
    "version",
];

/// The version of the envelope's form.
const VERSION: u32 = 1;

/// One event: what happened, in which saga, and what of it is to be known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Its name, unique for all time.
    pub event_id: EventId,
    /// What kind of thing happened, such as `UserValidated`.
    pub event_type: String,
    /// When.
    #[serde(serialize_with = "millis")]
    pub timestamp: Timestamp,
    /// The thing in the business that it is about, such as the user.
    pub aggregate_id: String,
    /// The version of this form.
    pub version: u32,
    /// The saga in which it happened.
    pub transaction_id: SagaId,
    /// What else is to be known. Its fields stand beside those of the envelope.
    #[serde(flatten)]
    pub payload: Map<String, Json>,
}

/// A field of a payload would stand where the envelope has one of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payload of an event cannot have a field \"{0}\": it is one of the envelope's own")]
pub struct InvalidPayload(String);

impl Envelope {
    /// An event of now, under a name of its own.
    ///
    /// # Errors
    /// When a field of `payload` is named like one of the envelope.
    pub fn new(
        event_type: impl Into<String>,
        about: (&SagaId, &str),
        now: Timestamp,
        payload: Map<String, Json>,
    ) -> Result<Self, InvalidPayload> {
        if let Some(name) = RESERVED.iter().find(|name| payload.contains_key(**name)) {
            return Err(InvalidPayload((*name).to_owned()));
        }
        let (transaction_id, aggregate_id) = about;
        Ok(Self {
            event_id: EventId::random(),
            event_type: event_type.into(),
            timestamp: now,
            aggregate_id: aggregate_id.to_owned(),
            version: VERSION,
            transaction_id: transaction_id.clone(),
            payload,
        })
    }
}

fn millis<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    fn event(payload: Json) -> Result<Envelope, InvalidPayload> {
        let Json::Object(payload) = payload else {
            panic!("{payload}")
        };
        let saga = SagaId::new("TXN_1").unwrap();
        let now = from_millis(1_735_689_600_000);
        Envelope::new("UserValidated", (&saga, "user-7"), now, payload)
    }

    #[test]
    fn an_event_is_one_flat_object() {
        let event = event(serde_json::json!({ "step": "validate" })).unwrap();
        let id = event.event_id.as_str();
        assert!(id.starts_with("EVT_") && id.len() == 36, "{id}");
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            text,
            format!(
                "{{\"eventId\":\"{id}\",\"eventType\":\"UserValidated\",\
                 \"timestamp\":\"2025-01-01T00:00:00.000Z\",\"aggregateId\":\"user-7\",\
                 \"version\":1,\"transactionId\":\"TXN_1\",\"step\":\"validate\"}}"
            )
        );
        assert_eq!(serde_json::from_str::<Envelope>(&text).unwrap(), event);
    }

    #[test]
    fn a_payload_cannot_pretend_to_be_the_envelope() {
        let refused = event(serde_json::json!({ "transactionId": "TXN_2" }));
        assert_eq!(
            refused.unwrap_err().to_string(),
            "the payload of an event cannot have a field \"transactionId\": it is one of the envelope's own"
        );
    }
}
