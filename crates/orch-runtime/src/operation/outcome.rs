//! What one call to the provider came to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The answer of `execute`. Closed on purpose: every `match` names all four.
#[must_use = "an outcome that nobody records is a lost answer of the provider"]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The provider did it.
    Ok {
        /// What to tell the client.
        message: String,
        /// The provider's name for what it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_ref: Option<String>,
        /// What the provider answered, as far as it is worth keeping. No secrets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<serde_json::Value>,
    },
    /// Not now, but perhaps later. The provider did nothing, unless the call said
    /// [`report_unaccounted`](crate::report_unaccounted).
    Retry {
        /// Why it did nothing.
        reason: String,
        /// How long the provider asked us to wait; wins over the backoff.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Duration>,
    },
    /// The provider refused for good.
    Fail {
        /// A stable code, such as `CARD_DECLINED`.
        code: String,
        /// What to tell the client.
        message: String,
        /// Detail for operators.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// The call may or may not have happened. Never treated as a failure, never blindly repeated.
    Unknown {
        /// Why no answer came.
        reason: String,
    },
}

impl Outcome {
    /// Success, with the provider's reference.
    pub fn ok(message: impl Into<String>, provider_ref: impl Into<String>) -> Self {
        Self::Ok {
            message: message.into(),
            provider_ref: Some(provider_ref.into()),
            result: None,
        }
    }

    /// Nothing happened; try again after the usual backoff.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry {
            reason: reason.into(),
            after: None,
        }
    }

    /// Refused for good.
    pub fn fail(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Fail {
            code: code.into(),
            message: message.into(),
            cause: None,
        }
    }

    /// It may have happened.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown {
            reason: reason.into(),
        }
    }

    /// The kind as it is stored and counted: `OK`, `RETRY`, `FAIL` or `UNKNOWN`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ok { .. } => "OK",
            Self::Retry { .. } => "RETRY",
            Self::Fail { .. } => "FAIL",
            Self::Unknown { .. } => "UNKNOWN",
        }
    }
}

/// An [`Outcome`] as the write-ahead log keeps it: with a version, so that a newer program's rows are
/// recognised and set aside instead of misread.
#[derive(Debug, Serialize, Deserialize)]
struct Stored<T> {
    v: u32,
    #[serde(flatten)]
    outcome: T,
}

const VERSION: u32 = 1;

/// The stored text of `outcome`.
pub(crate) fn encode(outcome: &Outcome) -> String {
    serde_json::to_string(&Stored {
        v: VERSION,
        outcome,
    })
    .unwrap_or_default()
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// The reason, when the text is damaged or of another version.
pub(crate) fn decode(text: &str) -> Result<Outcome, String> {
    let stored: Stored<Outcome> =
        serde_json::from_str(text).map_err(|error| format!("unreadable outcome: {error}"))?;
    if stored.v == VERSION {
        Ok(stored.outcome)
    } else {
        Err(format!(
            "outcome of version {}, this program reads {VERSION}",
            stored.v
        ))
    }
}

/// What a stored outcome says in words; why it cannot be read, if it cannot.
pub(crate) fn detail(text: &str) -> String {
    match decode(text) {
        Ok(Outcome::Ok { message, .. }) => message,
        Ok(Outcome::Retry { reason, .. } | Outcome::Unknown { reason }) => reason,
        Ok(Outcome::Fail { code, message, .. }) => format!("{code}: {message}"),
        Err(why) => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outcomes() -> impl Strategy<Value = Outcome> {
        let text = || {
            prop_oneof![
                any::<String>(),
                Just("\"quoted\"\n\r\t\u{0}🦀\\".to_owned())
            ]
        };
        prop_oneof![
            (text(), proptest::option::of(text())).prop_map(|(message, provider_ref)| {
                let result = provider_ref.clone().map(serde_json::Value::String);
                Outcome::Ok {
                    message,
                    provider_ref,
                    result,
                }
            }),
            (text(), proptest::option::of(any::<u32>())).prop_map(|(reason, secs)| {
                Outcome::Retry {
                    reason,
                    after: secs.map(|s| Duration::from_secs(s.into())),
                }
            }),
            (text(), text(), proptest::option::of(text())).prop_map(|(code, message, cause)| {
                Outcome::Fail {
                    code,
                    message,
                    cause,
                }
            }),
            text().prop_map(|reason| Outcome::Unknown { reason }),
        ]
    }

    proptest! {
        #[test]
        fn every_outcome_survives_the_log(outcome in outcomes()) {
            prop_assert_eq!(decode(&encode(&outcome)), Ok(outcome));
        }
    }

    #[test]
    fn another_version_is_set_aside_not_guessed() {
        let text = encode(&Outcome::unknown("lost")).replace("\"v\":1", "\"v\":2");
        assert!(decode(&text).is_err_and(|why| why.contains("version 2")));
        assert!(decode("{").is_err());
    }
}
