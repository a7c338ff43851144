//! Binary data in a command: base64 in JSON and tables, only its length in logs.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::value::{FromValue, Value};

/// Any bytes; base64 with the standard alphabet and padding wherever they are text.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes(Vec<u8>);

/// The text is no base64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected base64 with the standard alphabet and padding")]
pub struct InvalidBase64;

impl Bytes {
    /// Wraps `bytes`.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        STANDARD.encode(bytes.0)
    }
}

impl TryFrom<String> for Bytes {
    type Error = InvalidBase64;

    fn try_from(text: String) -> Result<Self, InvalidBase64> {
        STANDARD.decode(text).map(Self).map_err(|_| InvalidBase64)
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Text(bytes.into())
    }
}

impl FromValue for Bytes {
    fn from_value(value: &Value) -> Result<Self, String> {
        Self::try_from(String::from_value(value)?).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_log_shows_how_much_and_not_what() {
        assert_eq!(format!("{:?}", Bytes::new(*b"secret")), "Bytes(6 bytes)");
    }

    #[test]
    fn only_one_spelling_is_read() {
        assert!(
            serde_json::from_str::<Bytes>(r#""aGk=""#).is_ok_and(|bytes| bytes.as_slice() == b"hi")
        );
        for text in [r#""aGk""#, r#""aGk=\n""#, r#""a-_=""#, "[104,105]", "7"] {
            assert!(serde_json::from_str::<Bytes>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn all_bytes_survive_the_wire(bytes: Vec<u8>) {
            let text = serde_json::to_string(&Bytes::new(bytes.clone())).unwrap();
            let read: Bytes = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.as_slice(), bytes);
        }
    }
}
