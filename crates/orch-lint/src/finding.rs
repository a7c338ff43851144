//! What a run says: findings, and what could not be decided.

use std::ops::Range;

use crate::fix::Fix;

/// How much a finding matters.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Can lose or double an external effect, or hides that something was not checked.
    Error,
    /// Likely wrong.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One proven violation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The code of the rule, such as `ORC002`.
    pub code: &'static str,
    /// The name of the rule, such as `txn-in-execute`.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The way from the orchestrator to the cause, when there is one.
    pub chain: Vec<String>,
    /// The file, relative to the root, with `/`.
    pub path: String,
    /// Where it begins.
    pub start: Place,
    /// Where it ends, exclusive.
    pub end: Place,
    /// The same stretch in bytes.
    pub bytes: Range<usize>,
    /// The item it is in: `crate::payment::PaymentOrchestrator::execute`.
    pub item: String,
    /// The same for the same finding, wherever it moves in its file.
    pub fingerprint: String,
    /// What takes it away, when that can be written down.
    pub fix: Option<Fix>,
    /// The same for the same finding in a file of another name.
    pub(crate) kin: String,
    /// The first line of the stretch, for rendering.
    pub(crate) source_line: String,
}

/// A place in a file.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// One-based line.
    pub line: u32,
    /// One-based column, in characters.
    pub column: u32,
}

/// A question of a rule that could not be decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Unknown {
    /// The file, relative to the root.
    pub path: String,
    /// One-based line.
    pub line: u32,
    /// One-based column, in characters.
    pub column: u32,
    /// The code of the rule.
    pub code: &'static str,
    /// Why it could not be decided.
    pub message: String,
}

/// A hash that is the same on every machine: FNV-1a with 128 bits, in hexadecimal.
pub(crate) fn stable_hash(parts: &[&str]) -> String {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash ^= u128::from(byte);
            hash = hash.wrapping_mul(PRIME);
        }
    }
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a_and_keeps_parts_apart() {
        assert_eq!(stable_hash(&[]), "6c62272e07bb014262b821756295c58d");
        assert_ne!(stable_hash(&["ab", "c"]), stable_hash(&["a", "bc"]));
        assert_eq!(stable_hash(&["a"]), "0880954519ab1be95aa0733055b70e0c");
    }
}
