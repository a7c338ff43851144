//! Identities: who asked, for what, and under which name it runs.
//!
//! Each is a newtype with a checked constructor, so that a string of the wrong kind or length never
//! reaches a store. Lengths are bytes and equal the limits the tables are documented with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A string was not acceptable as an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct InvalidId {
    what: &'static str,
    problem: String,
}

impl InvalidId {
    fn new(what: &'static str, problem: impl Into<String>) -> Self {
        Self {
            what,
            problem: problem.into(),
        }
    }

    /// What is wrong, to be read after the name of the place where it stood.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $legal:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest accepted text, in bytes.
            pub const MAX_LEN: usize = $max;

            /// Checks `text` and wraps it.
            ///
            /// # Errors
            /// When it is empty, longer than [`Self::MAX_LEN`] or has a character that is not allowed.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if text.is_empty() {
                    return Err(InvalidId::new($what, "must not be empty"));
                }
                if text.len() > Self::MAX_LEN {
                    return Err(InvalidId::new($what, concat!("must be at most ", $max, " bytes")));
                }
                if !text.chars().all($legal) {
                    return Err(InvalidId::new($what, $rule));
                }
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

text_id!(
    /// Names one operation for its whole life, and is the idempotency key that the provider gets.
    OpId, "operation id", 64, |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_',
    "may hold only letters, digits, '-' and '_'"
);
text_id!(
    /// Names one saga for its whole life, and is part of the key of each of its steps.
    SagaId, "saga id", 100, |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_',
    "may hold only letters, digits, '-' and '_'"
);
text_id!(
    /// Who an operation belongs to. Keys and operations of one owner are invisible to all others.
    OwnerId, "owner id", 128, |c: char| !c.is_control(), "must not hold control characters"
);
text_id!(
    /// The client's stable name for one request: the same key always means the same operation.
    ///
    /// Never made from a time or an attempt number, or every retry would be a new charge.
    IdemKey, "idempotency key", 255, |c: char| c.is_ascii_graphic() || c == ' ',
    "may hold only printable ASCII"
);
text_id!(
    /// The name of one event: the provider's for what it reports by a callback, ours for what happens in a
    /// saga.
    EventId, "event id", 255, |c: char| !c.is_control(), "must not hold control characters"
);
text_id!(
    /// The thing in the business that the operation is about, such as an order number.
    BizKey, "business key", 255, |c: char| !c.is_control(), "must not hold control characters"
);

impl BizKey {
    /// The business key that `value` makes: cut to the longest accepted text, without control
    /// characters, `-` when nothing is left.
    pub fn of(value: impl fmt::Display) -> Self {
        let mut text: String = value
            .to_string()
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        while text.len() > Self::MAX_LEN {
            text.pop();
        }
        if text.is_empty() {
            text.push('-');
        }
        Self(text)
    }
}

impl OpId {
    /// When it was made, where it is a UUID of version 7, as [`UuidSource`] makes them.
    #[must_use]
    pub fn made_at(&self) -> Option<Timestamp> {
        let id = uuid::Uuid::parse_str(&self.0).ok()?;
        let (seconds, nanos) = id.get_timestamp()?.to_unix();
        (id.get_version_num() == 7)
            .then(|| Timestamp::from_timestamp(i64::try_from(seconds).ok()?, nanos))?
    }
}

impl SagaId {
    /// The saga whose id is made like that of an operation: `TXN_` before it.
    #[must_use]
    pub fn of(made: &OpId) -> Self {
        Self(format!("{SAGA}{made}"))
    }

    /// Stands for the saga of what does not say of which it is. There is none of this name.
    #[cfg(feature = "nats")]
    pub(crate) fn unknown() -> Self {
        Self("unknown".to_owned())
    }

    /// The saga that an operation's key belongs to, if it is one of a saga: `TXN_<id>/…`. This is the one
    /// place that knows the form, which no key from outside may have.
    #[must_use]
    pub fn of_key(key: &IdemKey) -> Option<Self> {
        let (id, part) = key.as_str().split_once('/')?;
        let is_one = id.len() > SAGA.len() && id.starts_with(SAGA) && !part.is_empty();
        is_one.then(|| id.parse().ok())?
    }

    /// The key of a part of this saga, such as a step: [`of_key`](Self::of_key) knows it again.
    ///
    /// # Errors
    /// When the two are too long together.
    pub fn key_of(&self, part: impl fmt::Display) -> Result<IdemKey, InvalidId> {
        IdemKey::new(format!("{self}/{part}"))
    }
}

impl EventId {
    /// A name for an event of ours: `EVT_` before 32 random hexadecimal digits.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("EVT_{}", uuid::Uuid::new_v4().simple()))
    }

    /// The name of what came without one: the same for the same number.
    #[cfg(feature = "nats")]
    pub(crate) fn numbered(number: u64) -> Self {
        Self(format!("EVT_{number:032}"))
    }
}

/// What the names of sagas begin with.
pub(crate) const SAGA: &str = "TXN_";

impl OwnerId {
    /// The owner of requests that nobody signed.
    #[must_use]
    pub fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }
}

/// The number of one term of ownership. Every claim raises it, and every write after a claim must
/// carry the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub u32);

/// Where operation ids come from.
pub trait IdSource: Send + Sync + 'static {
    /// A new id, unique for all time. Ids of later operations should sort after earlier ones: tables
    /// are then written at their end.
    fn op_id(&self, now: Timestamp) -> OpId;
}

/// UUIDs of version 7 (RFC 9562): a millisecond time, then 74 random bits.
#[derive(Debug, Default, Clone, Copy)]
pub struct UuidSource;

impl IdSource for UuidSource {
    fn op_id(&self, now: Timestamp) -> OpId {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let nanos = u32::try_from((millis % 1000) * 1_000_000).unwrap_or(0);
        let stamp = uuid::Timestamp::from_unix(uuid::NoContext, millis / 1000, nanos);
        OpId(uuid::Uuid::new_v7(stamp).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_a_header_or_a_table_could_not_hold() {
        assert!(IdemKey::new("").is_err());
        assert!(IdemKey::new("k".repeat(256)).is_err());
        assert!(IdemKey::new("a\0b").is_err());
        assert!(IdemKey::new("ключ").is_err());
        assert!(IdemKey::new("order 42/charge").is_ok());
        assert!(OpId::new("../../etc").is_err());
    }

    #[test]
    fn a_key_of_a_saga_names_it_and_no_other_key_does() {
        let saga = SagaId::of(&OpId::new("op-1").unwrap());
        for part in ["pay", "pay/undo/0"] {
            let key = saga.key_of(part).unwrap();
            assert_eq!(SagaId::of_key(&key), Some(saga.clone()), "{key}");
        }
        for other in [
            "TXN_op-1",
            "TXN_op-1/",
            "TXN_/pay",
            "txn_op-1/pay",
            "a/TXN_op-1/pay",
            "TXN_a b/pay",
        ] {
            assert_eq!(
                SagaId::of_key(&IdemKey::new(other).unwrap()),
                None,
                "{other}"
            );
        }
    }

    #[test]
    fn later_ids_sort_later() {
        let early = UuidSource.op_id(crate::clock::from_millis(1_000));
        let late = UuidSource.op_id(crate::clock::from_millis(2_000));
        assert!(early < late);
    }

    #[test]
    fn an_id_of_ours_says_when_it_was_made() {
        let made = crate::clock::from_millis(1_735_689_600_123);
        assert_eq!(UuidSource.op_id(made).made_at(), Some(made));
        for other in ["op-1", "9b2e7c3a-5b1c-4a7e-9d2f-0a1b2c3d4e01"] {
            assert_eq!(OpId::new(other).unwrap().made_at(), None, "{other}");
        }
    }
}
