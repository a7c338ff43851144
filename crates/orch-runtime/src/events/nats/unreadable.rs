//! What becomes of a message that is no event: as much of an event as can be made out of it, for its dead letter.
//!
//! A later release may write what this one cannot read, or somebody else wrote into the stream.

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::Message;
use serde_json::{Map, Value as Json};

use crate::clock::Timestamp;
use crate::events::envelope::Envelope;
use crate::ids::{EventId, SagaId};

/// Stands for what cannot be made out.
const UNKNOWN: &str = "unknown";

/// The event that `message` may have been: its kind by its subject, its name and its saga where they can be read,
/// and all of it as the payload `unreadable`. Delivered again it is the same.
pub(super) fn event(message: &Message, now: Timestamp) -> Envelope {
    let event_type = message.subject.rsplit('.').next().unwrap_or(UNKNOWN);
    let text = String::from_utf8_lossy(&message.payload).into_owned();
    Envelope {
        event_id: name(message),
        event_type: event_type.to_owned(),
        timestamp: now,
        aggregate_id: UNKNOWN.to_owned(),
        version: 0,
        transaction_id: saga(&message.payload),
        payload: Map::from_iter([("unreadable".to_owned(), Json::from(text))]),
    }
}

/// Where `message` is, for who wants to look at it.
pub(super) fn place(message: &Message) -> String {
    match message.info() {
        Ok(info) => format!(
            "message {} of the NATS stream {} is no event that this release can read",
            info.stream_sequence, info.stream
        ),
        Err(_) => "a NATS message is no event that this release can read".to_owned(),
    }
}

/// The name under which the relay sent it; without one, its number in the stream.
fn name(message: &Message) -> EventId {
    let headers = message.headers.as_ref();
    let sent = headers.and_then(|headers| headers.get(NATS_MESSAGE_ID));
    let sent = sent.and_then(|name| EventId::new(name.as_str()).ok());
    sent.unwrap_or_else(|| {
        let number = message.info().map_or(0, |info| info.stream_sequence);
        EventId::numbered(number)
    })
}

fn saga(payload: &[u8]) -> SagaId {
    let text = serde_json::from_slice::<Json>(payload).ok();
    let saga = text.as_ref().and_then(|text| text.get("transactionId"));
    let saga = saga.and_then(|saga| SagaId::new(saga.as_str()?).ok());
    saga.unwrap_or_else(SagaId::unknown)
}
