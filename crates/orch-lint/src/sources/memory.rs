//! Sources that were never on a disk.

use std::collections::{BTreeMap, BTreeSet};

use super::{Content, Entry, SourceTree};

/// A table of paths and texts.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: BTreeMap<String, Content>,
}

impl Memory {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Memory::default()
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.files.insert(path.into(), Content::Text(text.into()));
    }

    /// Adds or replaces a file given as bytes, as a disk would have it.
    pub fn insert_bytes(&mut self, path: impl Into<String>, bytes: Vec<u8>) {
        self.files.insert(path.into(), super::content(bytes));
    }

    /// Takes a file out.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Memory {
    fn from(files: [(&str, &str); N]) -> Self {
        let mut memory = Memory::new();
        for (path, text) in files {
            memory.insert(path, text);
        }
        memory
    }
}

impl SourceTree for Memory {
    fn read(&self, path: &str) -> Option<Content> {
        self.files.get(path).cloned()
    }

    fn entries(&self, dir: &str) -> Vec<Entry> {
        let prefix = if dir.is_empty() {
            String::new()
        } else {
            format!("{dir}/")
        };
        let below = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix));
        let names: BTreeSet<NameAndKind> = below.map(first_part).collect();
        let entries = names.into_iter();
        entries
            .map(|(name, is_dir)| Entry { name, is_dir })
            .collect()
    }
}

type NameAndKind = (String, bool);

fn first_part(path: &str) -> NameAndKind {
    match path.split_once('/') {
        Some((dir, _)) => (dir.into(), true),
        None => (path.into(), false),
    }
}
