//! Which findings a baseline holds back, and which of its entries hold back nothing.
//!
//! Fingerprints decide first. An entry that is left over then looks for a finding of the same rule,
//! item and text in another file, but only when its own file is gone: while that is there, the one
//! was mended and the other is new.

use std::collections::HashMap;

use super::{Baseline, Entry};
use crate::finding::{Finding, stable_hash};
use crate::sources::{SourceTree, join};

/// A baseline held against findings.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Judgement {
    /// Entries whose finding is where it was.
    pub kept: Vec<Entry>,
    /// Entries whose finding is in a file that has another name now.
    pub moved: Vec<Moved>,
    /// Entries whose finding is gone.
    pub stale: Vec<Entry>,
    /// Entries of rules that do not exist, or that allow no exceptions.
    pub ineffective: Vec<Entry>,
    held: Vec<bool>,
}

/// An entry whose file was renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// As it is written down.
    pub from: Entry,
    /// As it is now.
    pub to: Entry,
}

impl Judgement {
    /// Whether the baseline holds back the finding at an index.
    #[must_use]
    pub fn holds(&self, index: usize) -> bool {
        self.held.get(index).copied().unwrap_or(false)
    }

    /// Whether every entry holds back its finding where it says.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.stale.is_empty() && self.moved.is_empty() && self.ineffective.is_empty()
    }
}

/// What a finding keeps when its file gets another name.
pub(crate) fn kin(code: &str, item: &str, text: &str) -> String {
    stable_hash(&[code, item_in_file(item), text])
}

impl Baseline {
    /// Holds the entries against findings of a tree, found without a baseline.
    #[must_use]
    pub fn judge(&self, findings: &[Finding], tree: &dyn SourceTree) -> Judgement {
        let mut judgement = Judgement {
            held: vec![false; findings.len()],
            ..Judgement::default()
        };
        let places = findings.iter().enumerate();
        let by_identity: HashMap<(&str, &str), usize> = places
            .map(|(at, found)| ((found.code, found.fingerprint.as_str()), at))
            .collect();
        let mut left = Vec::new();
        for entry in self.entries() {
            if entry.ineffective().is_some() {
                judgement.ineffective.push(entry.clone());
            } else if let Some(at) = by_identity.get(&entry.identity()) {
                judgement.held[*at] = true;
                judgement.kept.push(entry.clone());
            } else {
                left.push(entry);
            }
        }
        judgement.follow(&left, findings, tree);
        judgement
    }
}

impl Judgement {
    /// Looks for the findings of entries whose file is gone.
    fn follow(&mut self, left: &[&Entry], findings: &[Finding], tree: &dyn SourceTree) {
        let mut free: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (at, found) in findings.iter().enumerate().rev() {
            if !self.held[at] {
                free.entry((found.code, &found.kin)).or_default().push(at);
            }
        }
        let mut gone: HashMap<&str, bool> = HashMap::new();
        for entry in left {
            let is_gone = *gone
                .entry(&entry.path)
                .or_insert_with(|| tree.read(&join("", &entry.path)).is_none());
            let kin = free.get_mut(&(entry.code.as_str(), entry.kin.as_str()));
            match kin.filter(|_| is_gone).and_then(Vec::pop) {
                Some(at) => {
                    self.held[at] = true;
                    self.moved.push(Moved {
                        from: (*entry).clone(),
                        to: Entry::of(&findings[at], &entry.reason),
                    });
                }
                None => self.stale.push((*entry).clone()),
            }
        }
    }
}

/// An item without its modules, which are named after files: from its type on, or its last name.
fn item_in_file(item: &str) -> &str {
    let mut rest = item;
    while let Some((module, inner)) = rest.split_once("::") {
        if !module.starts_with(|c: char| c.is_lowercase() || c == '_') {
            break;
        }
        rest = inner;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::item_in_file;

    #[test]
    fn an_item_in_its_file_has_no_modules() {
        for (item, in_file) in [
            ("crate::pay::orchestrator::Pay::execute", "Pay::execute"),
            (
                "crate::pay::<Pay as a::B>::execute",
                "<Pay as a::B>::execute",
            ),
            ("crate::pay::r#type::settle", "settle"),
            (
                "migrations/sqlite:pays.idem_key",
                "migrations/sqlite:pays.idem_key",
            ),
            ("crate", "crate"),
            ("", ""),
        ] {
            assert_eq!(item_in_file(item), in_file);
        }
    }
}
