//! Applying fixes until nothing changes. In memory: whoever called writes the files.
//!
//! **Invariant:** a file is fixed in the text that was linted, whatever becomes of it on a disk
//! meanwhile, and a text that does not parse is never given out.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::engine::deep;
use crate::finding::Finding;
use crate::fix::{Applicability, Fix};
use crate::options::LintError;
use crate::report::Report;
use crate::sources::{Content, Entry, SourceTree};
use crate::syntax::parse;

/// What one fix makes possible another one may take back: after so many rounds it is enough.
const MAX_ROUNDS: usize = 10;

/// What fixes made of a tree.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Mended {
    /// The files that are to be written, by path.
    pub files: Vec<MendedFile>,
    /// How many findings were fixed.
    pub fixed: usize,
    /// Findings whose fix is allowed, in files that may not be changed.
    pub left: Vec<Finding>,
    /// Findings whose fix makes a file that does not parse: defects of the linter. They are not applied.
    pub defects: Vec<Finding>,
    /// What is found in the tree as it is with the files written.
    pub report: Report,
}

/// A file with its fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MendedFile {
    /// Relative to the root.
    pub path: String,
    /// The text that was linted.
    pub before: String,
    /// The text with its fixes.
    pub after: String,
}

/// Lints a tree with `lint`, applies the fixes that are at most `allowed` in files that `may_change`
/// accepts, and begins again until nothing changes, at most ten times. Of fixes that meet each other the
/// first one wins; the others have their turn in the next round.
///
/// # Errors
///
/// As `lint`.
pub fn mend(
    tree: &dyn SourceTree,
    allowed: Applicability,
    may_change: &dyn Fn(&str) -> bool,
    lint: &dyn Fn(&dyn SourceTree) -> Result<Report, LintError>,
) -> Result<Mended, LintError> {
    let drafts = Drafts::over(tree);
    let mut mended = Mended {
        report: lint(&drafts)?,
        ..Mended::default()
    };
    let mut wrong: HashSet<String> = HashSet::new();
    for _ in 0..MAX_ROUNDS {
        let fixed = round(&drafts, &mended.report, allowed, may_change, &mut wrong)?;
        mended.defects.extend(fixed.defects);
        if fixed.count == 0 {
            break;
        }
        mended.fixed += fixed.count;
        mended.report = lint(&drafts)?;
    }
    let left = mended.report.findings.iter();
    let left = left.filter(|of| of.allowed_fix(allowed).is_some() && !may_change(&of.path));
    mended.left = left.cloned().collect();
    mended.files = drafts.changed();
    Ok(mended)
}

impl Finding {
    fn allowed_fix(&self, allowed: Applicability) -> Option<&Fix> {
        self.fix.as_ref().filter(|fix| fix.applicability <= allowed)
    }
}

#[derive(Default)]
struct Round {
    count: usize,
    defects: Vec<Finding>,
}

fn round(
    drafts: &Drafts<'_>,
    report: &Report,
    allowed: Applicability,
    may_change: &dyn Fn(&str) -> bool,
    wrong: &mut HashSet<String>,
) -> Result<Round, LintError> {
    let mut by_file: BTreeMap<&str, Vec<(&Finding, &Fix)>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(fix) = finding.allowed_fix(allowed)
            && !wrong.contains(&finding.fingerprint)
            && may_change(&finding.path)
        {
            by_file
                .entry(&finding.path)
                .or_default()
                .push((finding, fix));
        }
    }
    let mut done = Round::default();
    for (path, fixes) in by_file {
        let Some(text) = drafts.text(path) else {
            continue;
        };
        let (mut after, mut count) = applied(&text, fixes.iter().map(|(_, fix)| *fix));
        if !parses(path, &after)? {
            let (good, bad) = one_by_one(path, &text, &fixes)?;
            wrong.extend(bad.iter().map(|of| of.fingerprint.clone()));
            done.defects.extend(bad.into_iter().cloned());
            (after, count) = applied(&text, good.into_iter());
        }
        if after != text {
            done.count += count;
            drafts.replace(path, after);
        }
    }
    Ok(done)
}

/// The fixes after which, together, a file parses, and the findings of the others.
fn one_by_one<'f>(
    path: &str,
    text: &str,
    fixes: &[(&'f Finding, &'f Fix)],
) -> Result<(Vec<&'f Fix>, Vec<&'f Finding>), LintError> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (finding, fix) in fixes {
        let mut tried = good.clone();
        tried.push(*fix);
        if parses(path, &applied(text, tried.into_iter()).0)? {
            good.push(*fix);
        } else {
            bad.push(*finding);
        }
    }
    Ok((good, bad))
}

/// Migrations are only ever rid of comments.
fn parses(path: &str, text: &str) -> Result<bool, LintError> {
    Ok(!path.ends_with(".rs") || deep(|| parse(text).is_ok())?)
}

/// The text with the fixes that do not meet one before them, and how many these are. Two that do the same
/// are both done.
fn applied<'f>(text: &str, fixes: impl Iterator<Item = &'f Fix>) -> (String, usize) {
    let mut taken: Vec<(Range<usize>, &str)> = Vec::new();
    let mut count = 0;
    for fix in fixes {
        let edits = fix.edits.iter();
        let edits: Vec<_> = edits
            .map(|of| (of.bytes.clone(), of.replacement.as_str()))
            .collect();
        if edits.iter().all(|edit| taken.contains(edit)) {
            count += 1;
            continue;
        }
        let meets = |(bytes, _): &(Range<usize>, &str)| {
            taken
                .iter()
                .any(|(other, _)| bytes.start <= other.end && other.start <= bytes.end)
        };
        if !edits.iter().any(meets) {
            taken.extend(edits);
            count += 1;
        }
    }
    taken.sort_by_key(|(bytes, _)| bytes.start);
    let (mut after, mut at) = (String::with_capacity(text.len()), 0);
    for (bytes, replacement) in taken {
        after.push_str(&text[at..bytes.start]);
        after.push_str(replacement);
        at = bytes.end;
    }
    after.push_str(&text[at..]);
    (after, count)
}

/// A tree as it was when it was first read, with some files changed.
struct Drafts<'t> {
    under: &'t dyn SourceTree,
    files: Mutex<BTreeMap<String, Draft>>,
}

struct Draft {
    read: Option<Content>,
    after: Option<String>,
}

impl<'t> Drafts<'t> {
    fn over(under: &'t dyn SourceTree) -> Self {
        Drafts {
            under,
            files: Mutex::default(),
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Draft>) -> T) -> T {
        look(&mut self.files.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn text(&self, path: &str) -> Option<String> {
        match self.read(path) {
            Some(Content::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn replace(&self, path: &str, text: String) {
        self.with(|files| {
            if let Some(draft) = files.get_mut(path) {
                draft.after = Some(text);
            }
        });
    }

    fn changed(self) -> Vec<MendedFile> {
        let files = self
            .files
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let files = files.into_iter().filter_map(|(path, draft)| {
            let (Some(Content::Text(before)), Some(after)) = (draft.read, draft.after) else {
                return None;
            };
            (before != after).then_some(MendedFile {
                path,
                before,
                after,
            })
        });
        files.collect()
    }
}

impl SourceTree for Drafts<'_> {
    fn read(&self, path: &str) -> Option<Content> {
        let known = self.with(|files| {
            let draft = files.get(path)?;
            let after = draft.after.clone().map(Content::Text);
            Some(after.or_else(|| draft.read.clone()))
        });
        if let Some(known) = known {
            return known;
        }
        // Read by several threads at once: the first answer is the one that stays.
        let read = self.under.read(path);
        self.with(|files| {
            let draft = files.entry(path.to_owned());
            let draft = draft.or_insert(Draft { read, after: None });
            draft.read.clone()
        })
    }

    fn entries(&self, dir: &str) -> Vec<Entry> {
        self.under.entries(dir)
    }

    fn above(&self) -> Vec<String> {
        self.under.above()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::Source;
    use crate::sources::Memory;
    use crate::{Options, lint_sources};

    const MANIFEST: &str = "[package]\nname = 'case'\n[dependencies]\norch-runtime = '1'\n";

    fn fix(edits: &[(Range<usize>, &str)]) -> Fix {
        let source = Source::new("abcdefgh");
        Fix {
            title: "x".into(),
            applicability: Applicability::Safe,
            edits: edits
                .iter()
                .map(|(bytes, text)| source.edit(bytes.clone(), text))
                .collect(),
        }
    }

    /// Half of a fix beside half of another one is neither.
    #[test]
    fn of_fixes_that_meet_the_first_is_applied_whole() {
        let first = fix(&[(0..1, "A"), (6..7, "G")]);
        let second = fix(&[(2..3, "C"), (6..8, "")]);
        let both = [&first, &second];
        assert_eq!(
            applied("abcdefgh", both.into_iter()),
            ("AbcdefGh".into(), 1)
        );
        let apart = fix(&[(2..3, "C")]);
        let both = [&first, &apart];
        assert_eq!(
            applied("abcdefgh", both.into_iter()),
            ("AbCdefGh".into(), 2)
        );
        let twice = [&first, &first];
        assert_eq!(
            applied("abcdefgh", twice.into_iter()),
            ("AbcdefGh".into(), 2)
        );
    }

    /// A fix of ours that breaks somebody's code is our fault, and must not reach the disk.
    #[test]
    fn a_fix_after_which_a_file_does_not_parse_is_left_out_and_named() {
        let text = "//! Case.\nuse orch_runtime::Outcome;\nfn f(o: Outcome) { match o { Outcome::Ok { .. } => {}, _ => {} } }\nfn g(o: Outcome) { match o { Outcome::Ok { .. } => {}, _ => {} } }\n";
        let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text)]);
        let options = Options {
            allow_empty: true,
            rules: crate::Selection::only(["ORC302"]),
            ..Options::default()
        };
        let broken = |tree: &dyn SourceTree| {
            let mut report = lint_sources(tree, &options)?;
            if let Some(fix) = report.findings.first_mut().and_then(|of| of.fix.as_mut()) {
                fix.edits[0].replacement = ") {".into();
            }
            Ok(report)
        };
        let mended = mend(&tree, Applicability::Unsafe, &|_| true, &broken).unwrap();
        assert_eq!((mended.fixed, mended.defects.len()), (1, 1));
        assert_eq!(mended.report.findings.len(), 1);
        assert!(parse(&mended.files[0].after).is_ok());
    }
}
