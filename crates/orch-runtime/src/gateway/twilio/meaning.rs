//! What Twilio's answers mean. The table is at [`TwilioClient`](super::TwilioClient).

use crate::gateway::answer::{Answer, CallError};
use crate::gateway::meaning as usual;
use crate::operation::answer::{GatewayError, Receipt};

/// The meaning of the answer to a `POST`: the usual one, but for the names of things.
pub(super) fn receipt(answer: Result<Answer, CallError>) -> Result<Receipt, GatewayError> {
    let text = |field: &str| answer.as_ref().ok().and_then(|answer| answer.text(field));
    let (sid, status) = (text("sid"), text("status"));
    let (code, message) = (text("error_code"), text("error_message"));
    let receipt = usual::receipt(answer)?;
    match status.as_deref() {
        Some(status @ ("failed" | "canceled")) => Err(GatewayError::Refused {
            code: code.unwrap_or_else(|| status.to_owned()),
            message: message.unwrap_or_else(|| format!("it is {status}")),
        }),
        _ => Ok(Receipt {
            provider_ref: sid,
            ..receipt
        }),
    }
}
