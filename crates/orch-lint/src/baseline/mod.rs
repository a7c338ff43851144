//! Findings that are known and left for later, one per line of [`Baseline::FILE`].
//!
//! ```text
//!   line      one finding as text
//!   matching  which findings the lines hold back, and which lines hold back nothing
//!   around    the baseline of the workspace around a package
//! ```
//!
//! **Invariant:** a line holds back one finding, never a number of them: one that is mended and
//! another of the same rule that is new do not cancel out.
//!
//! **Deliberately absent:** writing, and line numbers of sources.

mod around;
mod line;
mod matching;

use std::collections::HashSet;

use around::Around;
pub use line::Entry;
pub(crate) use matching::kin;
pub use matching::{Judgement, Moved};

use crate::finding::Finding;
use crate::options::LintError;
use crate::sources::{Content, SourceTree};

/// What a new file begins with.
const HEADER: &str = "\
# Findings that were known when they were written down; the linter leaves them out.
# One per line: rule, fingerprint, fingerprint without the file, file, item, # reason.
# Lines may stand in any order, and twice, so that a merge may keep both sides.
";

/// The findings that are left for later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    comments: Vec<String>,
    entries: Vec<Entry>,
}

impl Default for Baseline {
    fn default() -> Self {
        Baseline {
            comments: HEADER.lines().map(str::to_owned).collect(),
            entries: Vec::new(),
        }
    }
}

impl Baseline {
    /// The file, in the directory that is linted.
    pub const FILE: &'static str = "orch-lint.baseline";

    /// The baseline of a tree; `None` when it has none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and when one of its lines cannot: the message names the line.
    pub fn of(tree: &dyn SourceTree) -> Result<Option<Self>, LintError> {
        Self::read(tree, Self::FILE)
    }

    /// The same, called `shown` in messages.
    fn read(tree: &dyn SourceTree, shown: &str) -> Result<Option<Self>, LintError> {
        match tree.read(Self::FILE) {
            None => Ok(None),
            Some(Content::Text(text)) => Self::parse_as(shown, &text).map(Some),
            Some(Content::Unreadable(why)) => Err(LintError::baseline(format!("{shown}: {why}"))),
        }
    }

    /// Reads the text of a baseline. Lines may stand in any order, and twice.
    ///
    /// # Errors
    ///
    /// When a line is neither empty, nor a comment, nor a finding: the message names it.
    pub fn parse(text: &str) -> Result<Self, LintError> {
        Self::parse_as(Self::FILE, text)
    }

    fn parse_as(shown: &str, text: &str) -> Result<Self, LintError> {
        let mut read = Baseline {
            comments: Vec::new(),
            entries: Vec::new(),
        };
        let lines = text.trim_start_matches('\u{feff}').lines();
        for (number, line) in lines.map(str::trim).enumerate() {
            if line.starts_with('#') {
                if !read.comments.iter().any(|known| known == line) {
                    read.comments.push(line.to_owned());
                }
            } else if !line.is_empty() {
                let damaged = |why| LintError::baseline(format!("{shown}:{}: {why}", number + 1));
                read.entries.push(Entry::parse(line).map_err(damaged)?);
            }
        }
        read.tidy();
        Ok(read)
    }

    /// The text of the file: comments, then one line per finding, sorted.
    #[must_use]
    pub fn render(&self) -> String {
        let comments = self.comments.iter().map(|line| format!("{line}\n"));
        let entries = self.entries.iter().map(|entry| format!("{entry}\n"));
        comments.chain(entries).collect()
    }

    /// The findings in it, by rule, file and item.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds findings for one reason; gives the entries that are new. Findings of rules that allow no
    /// exceptions are not added.
    pub fn add<'f>(
        &mut self,
        findings: impl IntoIterator<Item = &'f Finding>,
        reason: &str,
    ) -> Vec<Entry> {
        let known = self.entries.iter().map(Entry::identity);
        let known: HashSet<_> = known
            .map(|(code, id)| (code.to_owned(), id.to_owned()))
            .collect();
        let entries = findings.into_iter().map(|found| Entry::of(found, reason));
        let is_new = |entry: &Entry| {
            let (code, fingerprint) = entry.identity();
            !known.contains(&(code.to_owned(), fingerprint.to_owned()))
        };
        let added: Vec<Entry> = entries
            .filter(|entry| entry.ineffective().is_none() && is_new(entry))
            .collect();
        self.entries.extend_from_slice(&added);
        self.tidy();
        added
    }

    /// What is left when stale entries go and those that moved take their new place.
    #[must_use]
    pub fn pruned(&self, judgement: &Judgement) -> Self {
        let stay = judgement.kept.iter().chain(&judgement.ineffective);
        let moved = judgement.moved.iter().map(|moved| &moved.to);
        let mut pruned = Baseline {
            comments: self.comments.clone(),
            entries: stay.chain(moved).cloned().collect(),
        };
        pruned.tidy();
        pruned
    }

    /// Sorts; of two lines for one finding one stays, with a reason if one of them has one.
    fn tidy(&mut self) {
        self.entries.sort();
        self.entries.dedup_by(|later, first| {
            let is_same = later.identity() == first.identity();
            if is_same && first.reason.is_empty() {
                first.reason = std::mem::take(&mut later.reason);
            }
            is_same
        });
    }
}

/// What is known to a run: the package's own baseline, and that of the workspace around it.
#[derive(Default)]
pub(crate) struct Known<'t> {
    own: Option<Baseline>,
    around: Option<(Around<'t>, Baseline)>,
}

impl<'t> Known<'t> {
    /// The baselines for a tree.
    pub(crate) fn of(tree: &'t dyn SourceTree) -> Result<Self, LintError> {
        Ok(Known {
            own: Baseline::of(tree)?,
            around: Around::with_baseline(tree)?,
        })
    }

    /// Takes out the findings that are held back; gives how many they are.
    pub(crate) fn hold_back(&self, tree: &dyn SourceTree, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        if let Some(own) = &self.own {
            take_out(&own.judge(findings, tree), findings);
        }
        if let Some((around, baseline)) = &self.around {
            take_out(&baseline.judge(&around.seen(findings), around), findings);
        }
        before - findings.len()
    }
}

fn take_out(judgement: &Judgement, findings: &mut Vec<Finding>) {
    let mut at = 0;
    findings.retain(|_| {
        at += 1;
        !judgement.holds(at - 1)
    });
}
