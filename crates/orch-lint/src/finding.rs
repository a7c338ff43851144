//! What a run says: findings, and what could not be decided.

use std::ops::Range;

use crate::baseline;
use crate::fix::{Fix, Source};
use crate::sources::{has_extension, join};
use crate::syntax::{Pos, Span};

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
    pub chain: Vec<Link>,
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
    /// The text of the stretch, with single spaces.
    pub(crate) text: String,
    /// How many like it stand before it in its item.
    pub(crate) ordinal: usize,
    /// The first line of the stretch, for rendering.
    pub(crate) source_line: String,
}

/// One step of the way from an orchestrator to a cause.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// What the way leads through: `StripeGateway.audit`, `Journal::record`, `crate::refund`.
    pub name: String,
    /// Where that is named: a field where it is declared, a function where it is called. Absent for what
    /// is named nowhere, such as `execute`.
    pub site: Option<Site>,
}

/// A stretch of a file.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// The file, relative to the root, with `/`.
    pub path: String,
    /// Where it begins.
    pub start: Place,
    /// Where it ends, exclusive.
    pub end: Place,
    /// The same stretch in bytes.
    pub bytes: Range<usize>,
    /// The first line of the stretch, for rendering.
    pub(crate) source_line: String,
}

impl Site {
    pub(crate) fn new(path: &str, span: Span, source: &Source<'_>) -> Self {
        let place = |pos: Pos| Place {
            line: pos.line,
            column: pos.column + 1,
        };
        Site {
            path: path.into(),
            start: place(span.start),
            end: place(span.end),
            bytes: source.bytes(span),
            source_line: source.index.line(span.start.line).into(),
        }
    }
}

impl Finding {
    /// The same finding in a run over a folder further up, from which `folder` leads to the root.
    pub(crate) fn below(mut self, folder: &str) -> Self {
        // What is found in a migration is in a table of the folder of migrations.
        if has_extension(&self.path, "sql") {
            self.item = join(folder, &self.item);
        }
        self.path = join(folder, &self.path);
        let parts = [self.code, &self.path, &self.item, &self.text];
        self.fingerprint = fingerprint(parts, self.ordinal);
        self.kin = baseline::kin(self.code, &self.item, &self.text);
        self
    }

    /// Where it is.
    pub(crate) fn site(&self) -> Site {
        Site {
            path: self.path.clone(),
            start: self.start,
            end: self.end,
            bytes: self.bytes.clone(),
            source_line: self.source_line.clone(),
        }
    }

    /// The steps of its way that are known to stand somewhere else than the finding itself.
    pub fn elsewhere(&self) -> impl Iterator<Item = (&Link, &Site)> {
        let is_here =
            |of: &Site| (&of.path, of.start, of.end) == (&self.path, self.start, self.end);
        let sites = self.chain.iter();
        let sites = sites.filter_map(|link| Some((link, link.site.as_ref()?)));
        sites.filter(move |(_, site)| !is_here(site))
    }

    /// The names of the steps of its way.
    pub(crate) fn names_on_way(&self) -> Vec<&str> {
        self.chain.iter().map(|link| link.name.as_str()).collect()
    }
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

/// What a finding is known by: rule, file, item, text, and which of equals it is.
pub(crate) fn fingerprint(parts: [&str; 4], ordinal: usize) -> String {
    let [code, path, item, text] = parts;
    stable_hash(&[code, path, item, text, &ordinal.to_string()])
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
