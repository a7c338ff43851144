//! Events as they are written: sealed where the operations of their database are. On the way to other processes
//! they are as they were told, and their transport has to keep them.

use std::sync::Arc;

use crate::store::hook::HookError;
use crate::store::{Place, SealedColumn, Sealing};

use super::envelope::Envelope;

/// The place of an event in the tables that begin with `prefix`.
pub(crate) fn place<'p>(prefix: &'p str, event_id: &'p str) -> Place<'p> {
    Place {
        domain: prefix,
        column: SealedColumn::SagaEvent,
        op_id: event_id,
        event_type: "",
        fence: 0,
    }
}

/// An event as it is written.
pub(super) fn sealed(
    cipher: Option<&Arc<dyn Sealing>>,
    prefix: &str,
    event: &Envelope,
) -> Result<String, HookError> {
    let wrong = |error: String| HookError::new(format!("an event: {error}"));
    let text = serde_json::to_string(event).map_err(|error| wrong(error.to_string()))?;
    let Some(cipher) = cipher else {
        return Ok(text);
    };
    let sealed = cipher.seal(&place(prefix, event.event_id.as_str()), &text);
    sealed.map_err(|error| wrong(error.to_string()))
}

/// The event that was written; why it cannot be read, if it cannot.
pub(super) fn opened(
    cipher: Option<&Arc<dyn Sealing>>,
    prefix: &str,
    (event_id, stored): (&str, String),
) -> Result<Envelope, String> {
    let text = match cipher {
        Some(cipher) => cipher
            .open(&place(prefix, event_id), stored)
            .map_err(|error| error.to_string())?,
        None => stored,
    };
    serde_json::from_str(&text).map_err(|error| error.to_string())
}
