//! Taking an upgrade back: what it replaced, kept until the next one.
//!
//! ```text
//! .orch/undo/list      one line for each file: hash before, hash after, path
//! .orch/undo/<hash>    what was there
//! ```
//!
//! The folder says itself that version control leaves it alone.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::beside::free_beside;
use super::change::Step;
use crate::disk::Tree;
use crate::error::{Code, Error, Result};
use crate::lock::{self, Hash};

/// The folder of it.
const FOLDER: &str = ".orch/undo";
const FIRST_LINE: &str = "orch-gen undo 1";

/// The steps that make `steps` revocable, in place of an earlier upgrade's.
pub(super) fn keep(tree: Tree<'_>, steps: &[Step]) -> Result<Vec<Step>> {
    let mut undo = forget(tree)?;
    let mut list = format!("{FIRST_LINE}\n");
    let mut kept = BTreeSet::new();
    for step in steps {
        let new = step.contents.as_ref().map(|contents| Hash::of(contents));
        let or_none = |hash: &Option<Hash>| hash.as_ref().map_or("-".to_owned(), Hash::to_string);
        let _ = writeln!(
            list,
            "{} {} {}",
            or_none(&step.expected),
            or_none(&new),
            step.path
        );
        let Some(hash) = &step.expected else { continue };
        if let Some(bytes) = tree.read(&step.path)?.filter(|_| kept.insert(hash.clone())) {
            write(&mut undo, tree, format!("{FOLDER}/{hash}"), bytes)?;
        }
    }
    write(
        &mut undo,
        tree,
        format!("{FOLDER}/.gitignore"),
        b"*\n".to_vec(),
    )?;
    write(&mut undo, tree, format!("{FOLDER}/list"), list.into_bytes())?;
    Ok(undo)
}

/// Writes a file, also where the upgrade before left one.
fn write(undo: &mut Vec<Step>, tree: Tree<'_>, path: String, contents: Vec<u8>) -> Result<()> {
    undo.retain(|step| step.path != path);
    let before = tree.read(&path)?;
    if before.as_deref() != Some(contents.as_slice()) {
        undo.push(Step {
            path,
            expected: before.map(|bytes| Hash::of(&bytes)),
            contents: Some(contents.into()),
            precious: false,
        });
    }
    Ok(())
}

/// The steps that take away what an earlier upgrade kept.
fn forget(tree: Tree<'_>) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for name in tree.list(FOLDER)? {
        let path = format!("{FOLDER}/{name}");
        if let Some(bytes) = tree.read(&path)? {
            steps.push(Step::delete(path, &bytes));
        }
    }
    Ok(steps)
}

/// The steps that take the last upgrade back. A file that was changed after it is kept as `.orig`.
///
/// # Errors
/// When there was none, or something else was generated since.
pub fn abort(tree: Tree<'_>) -> Result<Vec<Step>> {
    let Some(list) = tree.read_text(&format!("{FOLDER}/list"))? else {
        return Err(
            Error::new(Code::NoUpgrade, "there is no upgrade to take back")
                .at(tree.root().display().to_string())
                .help("`git checkout` or its like goes further back"),
        );
    };
    let entries = parse(&list).ok_or_else(|| damaged(tree))?;
    let lock = entries.iter().find(|entry| entry.path == lock::FILE);
    let now = tree.read(lock::FILE)?.map(|bytes| Hash::of(&bytes));
    if lock.is_some_and(|entry| entry.new != now) {
        return Err(Error::new(
            Code::NoUpgrade,
            "something was generated after the upgrade, so that it cannot be taken back",
        )
        .at(lock::FILE)
        .help("take the tree from version control"));
    }
    let mut steps = Vec::new();
    for entry in &entries {
        steps.extend(entry.back(tree)?);
    }
    steps.extend(forget(tree)?);
    Ok(steps)
}

/// One file of an upgrade.
struct Entry<'a> {
    old: Option<Hash>,
    new: Option<Hash>,
    path: &'a str,
}

impl Entry<'_> {
    fn back(&self, tree: Tree<'_>) -> Result<Vec<Step>> {
        let there = tree.read(self.path)?;
        let now = there.as_deref().map(Hash::of);
        if now == self.old {
            return Ok(Vec::new());
        }
        let mut steps = Vec::new();
        if let Some(bytes) = there.filter(|_| now != self.new) {
            steps.push(Step {
                path: free_beside(tree, self.path, "orig")?,
                expected: None,
                contents: Some(bytes.into()),
                precious: true,
            });
        }
        let contents = match &self.old {
            Some(hash) => {
                let kept = tree.read(&format!("{FOLDER}/{hash}"))?;
                let kept = kept.filter(|bytes| Hash::of(bytes) == *hash);
                Some(kept.ok_or_else(|| damaged(tree))?.into())
            }
            None => None,
        };
        steps.push(Step {
            path: self.path.to_owned(),
            expected: now,
            contents,
            precious: true,
        });
        Ok(steps)
    }
}

fn parse(list: &str) -> Option<Vec<Entry<'_>>> {
    let lines = list.strip_prefix(FIRST_LINE)?.lines().skip(1);
    let hash = |text: &str| match text {
        "-" => Some(None),
        text => Hash::parse(text).map(Some),
    };
    lines
        .map(|line| {
            let mut parts = line.splitn(3, ' ');
            Some(Entry {
                old: hash(parts.next()?)?,
                new: hash(parts.next()?)?,
                path: parts.next()?,
            })
        })
        .collect()
}

fn damaged(tree: Tree<'_>) -> Error {
    Error::new(
        Code::NoUpgrade,
        "what the upgrade replaced is not whole any more",
    )
    .at(tree.path(FOLDER).display().to_string())
    .help("take the tree from version control, and delete .orch/undo")
}
