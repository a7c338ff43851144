//! The write-ahead log: attempts before the call, outcomes before they are applied.
//!
//! One entry per term of ownership (operation, fence). It is written as [`WalState::Intent`] before
//! the first byte leaves for the provider; the answer is added before the operation moves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far an entry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WalState {
    /// An attempt may be under way; no answer is known.
    Intent,
    /// The answer is durable and waits to be applied.
    Pending,
    /// The answer is applied.
    Completed,
    /// The answer came after the attempt had lost its lease. Kept as evidence, never applied.
    Late,
    /// The entry could not be read. Set aside for a person.
    Corrupt,
}

impl WalState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Intent,
        Self::Pending,
        Self::Completed,
        Self::Late,
        Self::Corrupt,
    ];

    /// The name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "INTENT",
            Self::Pending => "PENDING",
            Self::Completed => "COMPLETED",
            Self::Late => "LATE",
            Self::Corrupt => "CORRUPT",
        }
    }
}

impl fmt::Display for WalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state of a log entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown write-ahead log state \"{0}\"")]
pub struct UnknownWalState(String);

impl FromStr for WalState {
    type Err = UnknownWalState;

    fn from_str(text: &str) -> Result<Self, UnknownWalState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownWalState(text.to_owned()))
    }
}
