//! What Firebase's answers mean. The table is at [`FcmClient`](super::FcmClient).

use serde_json::Value as Json;

use crate::gateway::answer::{Answer, CallError, text_of};
use crate::operation::answer::{GatewayError, Receipt};

/// The meaning of the answer to a message.
pub(super) fn receipt(answer: Result<Answer, CallError>) -> Result<Receipt, GatewayError> {
    let answer = answer?;
    answer.keep_pause();
    match answer.status {
        200..=299 => Ok(Receipt {
            provider_ref: answer.text("name"),
            result: None,
        }),
        300..=399 => Err(answer.redirected()),
        401 if code(&answer).as_deref() != Some("THIRD_PARTY_AUTH_ERROR") => {
            Err(answer.unavailable())
        }
        425 | 429 | 503 => Err(answer.unavailable()),
        408 | 500..=599 => Err(answer.perhaps()),
        _ => Err(refusal(&answer)),
    }
}

fn refusal(answer: &Answer) -> GatewayError {
    let error = &answer.body["error"];
    let status = answer.status;
    GatewayError::Refused {
        code: code(answer)
            .or_else(|| text_of(&error["status"]))
            .unwrap_or_else(|| format!("HTTP_{status}")),
        message: text_of(&error["message"])
            .unwrap_or_else(|| format!("the provider answered {status}")),
    }
}

/// Firebase's own code, which says more than the status that all of Google's APIs have.
fn code(answer: &Answer) -> Option<String> {
    let details: &[Json] = answer.body["error"]["details"]
        .as_array()
        .map_or(&[], Vec::as_slice);
    details
        .iter()
        .find_map(|detail| text_of(&detail["errorCode"]))
}
