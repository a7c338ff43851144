//! Commands: what a client asks for, checked once and never changed afterwards.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::ids::BizKey;
use crate::value::Column;

/// A validated request to do one thing at a provider.
///
/// Fields are private and there are no setters: whatever holds a command holds a valid one, also
/// after it came back from the database.
pub trait Command:
    fmt::Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The event it stands for, such as `PAYMENT_REQUESTED`.
    const EVENT_TYPE: &'static str;

    /// The thing in the business that it is about.
    fn biz_key(&self) -> BizKey;

    /// Its fields as typed columns, next to the payload. Secrets have none.
    fn columns(&self) -> Vec<Column>;

    /// Names of its secret fields as they stand in the payload.
    const SECRETS: &'static [&'static str] = &[];
}

/// One field of a request is missing or not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The field's name in the request.
    pub field: String,
    /// What is wrong, to be read after the name.
    pub message: String,
}

/// A command was refused; names every field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CommandError {
    violations: Vec<Violation>,
}

impl CommandError {
    /// The refusal of one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            violations: vec![Violation {
                field: field.into(),
                message: message.into(),
            }],
        }
    }

    /// Every field that is wrong.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, violation) in self.violations.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{} {}", violation.field, violation.message)?;
        }
        Ok(())
    }
}

/// Collects what is wrong with a command's fields, so that a client learns it all at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Nothing found yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes what a check of `field` found.
    pub fn note(&mut self, field: &str, check: Result<(), String>) {
        if let Err(problem) = check {
            self.add(field, problem);
        }
    }

    /// Notes that `field` is wrong.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(Violation {
            field: field.to_owned(),
            message: message.into(),
        });
    }

    /// `Ok` when nothing was noted.
    ///
    /// # Errors
    /// All that was noted.
    pub fn into_result(self) -> Result<(), CommandError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(CommandError { violations: self.0 })
        }
    }
}

/// The fields of a JSON request body, taken one by one; remembers every one that is missing, of the
/// wrong type or not asked for.
#[derive(Debug)]
pub struct JsonFields {
    fields: Map<String, Json>,
    violations: Violations,
}

impl JsonFields {
    /// The fields of `body`.
    #[must_use]
    pub fn new(body: Map<String, Json>) -> Self {
        Self {
            fields: body,
            violations: Violations::new(),
        }
    }

    /// Takes a field that must be there.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        match self.fields.remove(name) {
            None | Some(Json::Null) => {
                self.violations.add(name, "is required");
                None
            }
            Some(value) => self.read(name, value),
        }
    }

    /// Takes a field that may be absent or null.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        match self.fields.remove(name) {
            None | Some(Json::Null) => None,
            Some(value) => self.read(name, value),
        }
    }

    fn read<T: DeserializeOwned>(&mut self, name: &str, value: Json) -> Option<T> {
        match serde_json::from_value(value) {
            Ok(value) => Some(value),
            Err(error) => {
                let why = without_values(&error);
                self.violations
                    .add(name, format!("is not acceptable: {why}"));
                None
            }
        }
    }

    /// Ends the reading: fields that nobody took are violations too, so that a misspelt optional field
    /// is not silently ignored.
    #[must_use]
    pub fn into_violations(mut self) -> Violations {
        for name in self.fields.keys() {
            let shown: String = name.chars().take(64).collect();
            self.violations
                .add(&shown, "is not a field of this request");
        }
        self.violations
    }
}

/// A required field's value, after all violations were reported.
///
/// # Errors
/// When there is no value: nothing reported that.
pub fn taken<T>(field: &str, value: Option<T>) -> Result<T, CommandError> {
    value.ok_or_else(|| CommandError::field(field, "is required"))
}

/// A digest of what was asked, to tell a repeated request from another one under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    text: String,
    /// What stands in rows from before digests were keyed.
    unkeyed: Option<String>,
}

impl Fingerprint {
    /// The fingerprint of `payload` for `event_type`: SHA-256 over both, in hex. `payload` must be the
    /// serialised command, whose fields always come in the same order.
    ///
    /// Whoever has the digest can find out a small payload by trying; see [`keyed`](Self::keyed).
    #[must_use]
    pub fn of(event_type: &str, payload: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(event_type.as_bytes());
        hash.update([0]);
        hash.update(payload.as_bytes());
        Self {
            text: hex(&hash.finalize()),
            unkeyed: None,
        }
    }

    /// The fingerprint whose text is `digest`, made with a key over the same input as `unkeyed`. Rows
    /// that were written before there was a key hold `unkeyed`, and match too.
    #[must_use]
    pub fn keyed(digest: &[u8; 32], unkeyed: Self) -> Self {
        Self {
            text: hex(digest),
            unkeyed: Some(unkeyed.text),
        }
    }

    /// 64 hexadecimal digits: what is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `stored` is a fingerprint of the same command.
    #[must_use]
    pub fn matches(&self, stored: &str) -> bool {
        self.text == stored || self.unkeyed.as_deref() == Some(stored)
    }
}

fn hex(digest: &[u8]) -> String {
    let mut text = String::with_capacity(2 * digest.len());
    for byte in digest {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    text
}

/// What is wrong, without the values that serde quotes: one of them may be a secret.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if let Some((_, expected)) = text.split_once(", expected ") {
        return format!("expected {expected}");
    }
    let mut shown = String::with_capacity(text.len());
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => continue,
            None if matches!(c, '`' | '"') => quote = Some(c),
            None => {}
        }
        shown.push(c);
        if quote.is_some() {
            shown.push('…');
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let body = serde_json::json!({"amount": "x", "ammount": 1, "size": -1});
        let Json::Object(body) = body else {
            unreachable!()
        };
        let mut fields = JsonFields::new(body);
        let order: Option<String> = fields.required("orderId");
        let amount: Option<crate::Money> = fields.required("amount");
        let size: Option<u32> = fields.optional("size");
        assert!(order.is_none() && amount.is_none() && size.is_none());
        let names: Vec<String> = fields
            .into_violations()
            .into_result()
            .unwrap_err()
            .violations()
            .iter()
            .map(|violation| violation.field.clone())
            .collect();
        assert_eq!(names, ["orderId", "amount", "size", "ammount"]);
    }

    #[test]
    fn a_fingerprint_tells_commands_apart() {
        let one = Fingerprint::of("PAYMENT_REQUESTED", r#"{"a":1}"#);
        assert_eq!(one, Fingerprint::of("PAYMENT_REQUESTED", r#"{"a":1}"#));
        assert_ne!(one, Fingerprint::of("PAYMENT_REQUESTED", r#"{"a":2}"#));
        assert_ne!(one, Fingerprint::of("REFUND_REQUESTED", r#"{"a":1}"#));
        assert_eq!(one.as_str().len(), 64);
    }

    /// A card number that was sent as a number must not come back in the answer, or in a log.
    #[test]
    fn what_is_refused_is_not_repeated() {
        let number = serde_json::from_str::<String>("4111111111111111").unwrap_err();
        let word = serde_json::from_str::<u32>("\"4111111111111111\"").unwrap_err();
        let own = serde::de::Error::custom("the value `4111111111111111` is no \"currency\"");
        for error in [number, word, own] {
            let shown = without_values(&error);
            assert!(!shown.contains("4111"), "{shown}");
            assert!(shown.len() > 10, "{shown}");
        }
        let money = serde::de::Error::custom("\"4111\" is no amount in EUR");
        assert_eq!(without_values(&money), "\"…\" is no amount in EUR");
    }
}
