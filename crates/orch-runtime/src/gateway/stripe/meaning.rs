//! What Stripe's answers mean. The table is at [`StripeClient`](super::StripeClient).

use serde_json::Value as Json;

use crate::gateway::answer::{Answer, CallError, text_of};
use crate::operation::answer::{GatewayError, Receipt};

/// How a charge or a refund stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    Succeeded,
    Failed {
        code: String,
        message: String,
    },
    /// Neither yet, in Stripe's word.
    Open(String),
}

impl Standing {
    /// Of a charge or a refund as Stripe describes it.
    pub(super) fn of(object: &Json) -> Self {
        let text = |field: &str| object.get(field).and_then(text_of);
        let status = text("status").unwrap_or_else(|| "without a status".to_owned());
        match status.as_str() {
            "succeeded" => Self::Succeeded,
            "failed" | "canceled" => Self::Failed {
                code: text("failure_code")
                    .or_else(|| text("failure_reason"))
                    .unwrap_or_else(|| status.clone()),
                message: text("failure_message").unwrap_or_else(|| format!("it is {status}")),
            },
            _ => Self::Open(status),
        }
    }
}

/// The meaning of the answer to a `POST`.
pub(super) fn receipt(answer: Result<Answer, CallError>) -> Result<Receipt, GatewayError> {
    let answer = answer?;
    answer.keep_pause();
    let should_retry = answer.header("stripe-should-retry");
    match (answer.status, should_retry) {
        (200..=299, _) => settled(&answer),
        (300..=399, _) => Err(answer.redirected()),
        (425 | 429, _) => Err(answer.unavailable()),
        (408 | 409 | 424 | 500..=599, Some("false")) => Err(GatewayError::NoAnswer {
            reason: format!(
                "the provider answered {}, and will not answer otherwise",
                answer.status
            ),
        }),
        (408 | 409 | 424 | 500..=599, _) | (_, Some("true")) => Err(answer.perhaps()),
        (_, _) if is_other_call(&answer) => Err(GatewayError::NoAnswer {
            reason: "the provider took another call under this key".to_owned(),
        }),
        (_, _) => Err(refusal(&answer)),
    }
}

/// An earlier call under the key had other parameters: a program of another version made it. It may have
/// had its effect.
fn is_other_call(answer: &Answer) -> bool {
    answer.body["error"]["type"] == "idempotency_error"
}

fn settled(answer: &Answer) -> Result<Receipt, GatewayError> {
    match Standing::of(&answer.body) {
        Standing::Succeeded => Ok(answer.receipt()),
        Standing::Failed { code, message } => Err(GatewayError::Refused { code, message }),
        Standing::Open(status) => Err(GatewayError::NoAnswer {
            reason: format!("the provider took it, and it is {status}"),
        }),
    }
}

fn refusal(answer: &Answer) -> GatewayError {
    let error = &answer.body["error"];
    let text = |field: &str| error.get(field).and_then(text_of);
    let status = answer.status;
    GatewayError::Refused {
        code: ["decline_code", "code", "type"]
            .into_iter()
            .find_map(text)
            .unwrap_or_else(|| format!("HTTP_{status}")),
        message: text("message").unwrap_or_else(|| format!("the provider answered {status}")),
    }
}
