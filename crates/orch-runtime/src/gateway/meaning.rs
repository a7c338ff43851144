//! What a provider's answers mean, as most providers mean them.

use crate::engine::{report_pause, report_unaccounted};
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::Probe;

use super::answer::{Answer, CallError};

impl From<CallError> for GatewayError {
    /// Nothing sent is worth another try; sent and unanswered may have happened.
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotSent { reason } => Self::Unavailable {
                reason,
                after: None,
            },
            CallError::NoAnswer { reason } => Self::NoAnswer { reason },
        }
    }
}

impl Answer {
    /// The refusal that this answer is: its `code` and `message`, or `HTTP_<status>` and the status.
    #[must_use]
    pub fn refusal(&self) -> GatewayError {
        let status = self.status;
        GatewayError::Refused {
            code: self
                .text("code")
                .unwrap_or_else(|| format!("HTTP_{status}")),
            message: self
                .text("message")
                .unwrap_or_else(|| format!("the provider answered {status}")),
        }
    }

    /// The provider is busy or broken; waits as long as it asks for.
    #[must_use]
    pub fn unavailable(&self) -> GatewayError {
        GatewayError::Unavailable {
            reason: format!("the provider answered {}", self.status),
            after: self.retry_after,
        }
    }

    /// [`unavailable`](Self::unavailable), and the provider may have acted: noted by
    /// [`report_unaccounted`].
    pub(super) fn perhaps(&self) -> GatewayError {
        report_unaccounted();
        self.unavailable()
    }

    /// May have happened: a redirect is not followed.
    pub(super) fn redirected(&self) -> GatewayError {
        GatewayError::NoAnswer {
            reason: format!(
                "the provider answered {} and a redirect is not followed",
                self.status
            ),
        }
    }

    /// Nobody calls before the time that a busy provider names: [`report_pause`].
    pub(super) fn keep_pause(&self) {
        if let (429 | 503, Some(pause)) = (self.status, self.retry_after) {
            report_pause(pause);
        }
    }

    /// The receipt that this answer is: `id` of the body is the provider's reference. A success whose
    /// body cannot be read is still a success, without a reference.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt {
            provider_ref: self.text("id"),
            result: None,
        }
    }
}

/// The usual meaning of the answer to a `POST`.
///
/// | answer | meaning |
/// |---|---|
/// | 2xx | done |
/// | 425, 429 | not now; `Retry-After` is kept |
/// | 429, 503 with `Retry-After` | the same, and nobody calls until then: [`report_pause`] |
/// | 408, 5xx | not now, and it may have acted: noted by [`report_unaccounted`] |
/// | 3xx | may have happened: a redirect is not followed, and 303 says that it was done |
/// | any other | refused |
/// | nothing sent | not now |
/// | sent, no full answer | may have happened |
///
/// # Errors
/// Everything but 2xx.
pub fn receipt(answer: Result<Answer, CallError>) -> Result<Receipt, GatewayError> {
    let answer = answer?;
    answer.keep_pause();
    match answer.status {
        200..=299 => Ok(answer.receipt()),
        425 | 429 => Err(answer.unavailable()),
        408 | 500..=599 => Err(answer.perhaps()),
        300..=399 => Err(answer.redirected()),
        _ => Err(answer.refusal()),
    }
}

/// The usual meaning of the answer to `GET <url>/<op_id>`: 200 is committed, 404 is not committed, all
/// else says nothing.
pub fn probe(answer: Result<Answer, CallError>) -> Probe {
    match answer {
        Ok(answer) if answer.status == 200 => Probe::Committed {
            message: "the provider has it".to_owned(),
            provider_ref: answer.text("id"),
            result: None,
        },
        Ok(answer) if answer.status == 404 => Probe::NotCommitted,
        Ok(answer) => Probe::StillUnknown {
            reason: format!("the provider answered {} when asked", answer.status),
        },
        Err(error) => Probe::StillUnknown {
            reason: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn answered(status: u16) -> Answer {
        Answer {
            status,
            retry_after: Some(Duration::from_secs(7)),
            headers: axum::http::HeaderMap::new(),
            body: json!({"id": "ch_1", "code": "CARD_DECLINED", "message": "declined"}),
        }
    }

    #[test]
    fn every_status_has_one_meaning() {
        for status in 100..=599 {
            let found = receipt(Ok(answered(status)));
            match status {
                200..=299 => assert!(
                    found.is_ok_and(|receipt| receipt.provider_ref.as_deref() == Some("ch_1"))
                ),
                408 | 425 | 429 | 500..=599 => assert!(matches!(
                    found,
                    Err(GatewayError::Unavailable { after: Some(wait), .. }) if wait.as_secs() == 7
                )),
                300..=399 => assert!(matches!(found, Err(GatewayError::NoAnswer { .. }))),
                _ => assert!(
                    matches!(found, Err(GatewayError::Refused { code, .. }) if code == "CARD_DECLINED")
                ),
            }
        }
    }

    #[test]
    fn a_refusal_without_words_is_named_after_its_status() {
        let bare = Answer {
            body: serde_json::Value::Null,
            ..answered(403)
        };
        let refused = receipt(Ok(bare)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "refused with HTTP_403: the provider answered 403"
        );
    }

    #[test]
    fn only_a_plain_no_makes_a_probe_say_that_nothing_happened() {
        for status in 100..=599 {
            let said = probe(Ok(answered(status)));
            assert_eq!(matches!(said, Probe::NotCommitted), status == 404);
            assert_eq!(matches!(said, Probe::Committed { .. }), status == 200);
        }
        let lost = CallError::no_answer("reset");
        assert!(matches!(probe(Err(lost)), Probe::StillUnknown { .. }));
    }
}
