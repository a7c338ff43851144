//! The staging folder and the journal in it, as text.
//!
//! ```text
//! .orch/staging/0.new      what step 0 will write
//! .orch/staging/0.old      what is there now, under a second name
//! .orch/staging/journal    the steps; while it is there, the run is not over
//! .orch/staging/journal.*  the journals of both directions until one is in force
//! ```

use crate::disk::seen_from;
use crate::lock::Hash;
use crate::plan::Step;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The folder of the staging folder and the merge bases.
pub(super) const ORCH: &str = ".orch";

const FIRST_LINE: &str = "orch-gen journal 1";
const LAST_LINE: &str = "end";

/// Where an interrupted run has to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the new tree.
    Forward,
    /// To the old tree.
    Back,
}

/// One step as the journal knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    /// What was there.
    pub(super) old: Option<Hash>,
    /// What will be there.
    pub(super) new: Option<Hash>,
}

/// What a run is about to do, or is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    /// Folders that were not there, outermost first.
    pub(super) folders: Vec<String>,
    pub(super) entries: Vec<Entry>,
}

/// The paths of the staging folder.
#[derive(Debug, Clone)]
pub(super) struct Staging {
    root: PathBuf,
    pub(super) folder: PathBuf,
}

impl Staging {
    pub(super) fn of(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            folder: root.join(ORCH).join("staging"),
        }
    }

    pub(super) fn orch(&self) -> PathBuf {
        self.root.join(ORCH)
    }

    pub(super) fn target(&self, path: &str) -> PathBuf {
        seen_from(&self.root, path)
    }

    pub(super) fn new_file(&self, index: usize) -> PathBuf {
        self.folder.join(format!("{index}.new"))
    }

    pub(super) fn old_file(&self, index: usize) -> PathBuf {
        self.folder.join(format!("{index}.old"))
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub(super) fn draft(&self, direction: Direction) -> PathBuf {
        self.folder.join(match direction {
            Direction::Forward => "journal.draft",
            Direction::Back => "journal.back",
        })
    }
}

impl Journal {
    pub(super) fn new(steps: &[Step], folders: Vec<String>) -> Self {
        let entries = steps
            .iter()
            .map(|step| Entry {
                path: step.path.clone(),
                old: step.expected.clone(),
                new: step.contents.as_ref().map(|contents| Hash::of(contents)),
            })
            .collect();
        Self { folders, entries }
    }

    pub(super) fn to_text(&self, direction: Direction) -> String {
        let direction = match direction {
            Direction::Forward => "forward",
            Direction::Back => "back",
        };
        let mut text = format!("{FIRST_LINE}\n{direction}\n");
        for folder in &self.folders {
            let _ = writeln!(text, "folder {folder}");
        }
        let or_none = |hash: &Option<Hash>| hash.as_ref().map_or("-".to_owned(), Hash::to_string);
        for entry in &self.entries {
            let _ = writeln!(
                text,
                "file {} {} {}",
                or_none(&entry.old),
                or_none(&entry.new),
                entry.path
            );
        }
        text + LAST_LINE + "\n"
    }

    /// Reads a journal; `None` when it is not one, or not a whole one.
    pub(super) fn parse(text: &str) -> Option<(Direction, Self)> {
        let mut lines = text.strip_suffix('\n')?.lines();
        if lines.next()? != FIRST_LINE || lines.next_back()? != LAST_LINE {
            return None;
        }
        let direction = match lines.next()? {
            "forward" => Direction::Forward,
            "back" => Direction::Back,
            _ => return None,
        };
        let mut journal = Self {
            folders: Vec::new(),
            entries: Vec::new(),
        };
        for line in lines {
            match line.split_once(' ')? {
                ("folder", folder) => journal.folders.push(folder.to_owned()),
                ("file", rest) => journal.entries.push(parse_entry(rest)?),
                _ => return None,
            }
        }
        Some((direction, journal))
    }
}

fn parse_entry(rest: &str) -> Option<Entry> {
    let mut parts = rest.splitn(3, ' ');
    let mut hash = || match parts.next()? {
        "-" => Some(None),
        text => Hash::parse(text).map(Some),
    };
    let (old, new) = (hash()?, hash()?);
    Some(Entry {
        path: parts.next()?.to_owned(),
        old,
        new,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_read_as_written_and_a_torn_one_is_not() {
        let entry = |path: &str, old: Option<&[u8]>, new: Option<&[u8]>| Entry {
            path: path.into(),
            old: old.map(Hash::of),
            new: new.map(Hash::of),
        };
        let journal = Journal {
            folders: vec!["a".into(), "a/b".into()],
            entries: vec![
                entry("a/b/c d", None, Some(b"x")),
                entry("e", Some(b"y"), None),
            ],
        };
        let text = journal.to_text(Direction::Back);
        assert_eq!(Journal::parse(&text), Some((Direction::Back, journal)));
        for end in 0..text.len() {
            assert_eq!(Journal::parse(&text[..end]), None, "{end}");
        }
    }
}
