//! A tree that knows what was read of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::sources::{Content, Entry, SourceTree};
use crate::threads;

/// All that a run read, by path.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Trace {
    files: Vec<(String, Seen)>,
    folders: Vec<(String, [u8; 32])>,
    above: Option<Vec<String>>,
}

/// What was found where a file was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Seen {
    Nothing,
    /// A text of this hash.
    Text([u8; 32]),
    Unreadable(String),
}

impl Seen {
    fn of(content: Option<&Content>) -> Self {
        match content {
            None => Seen::Nothing,
            Some(Content::Text(text)) => Seen::Text(Sha256::digest(text).into()),
            Some(Content::Unreadable(why)) => Seen::Unreadable(why.clone()),
        }
    }
}

/// What is compared with a trace is held for the run that may follow, so nothing is read twice for it.
pub(super) struct Recorded<'t> {
    tree: &'t dyn SourceTree,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Compared, and not asked for yet.
    held: FxHashMap<String, (Seen, Option<Content>)>,
    held_folders: FxHashMap<String, ([u8; 32], Vec<Entry>)>,
    files: BTreeMap<String, Seen>,
    folders: BTreeMap<String, [u8; 32]>,
    /// The folders that lead to the root, once asked for.
    above: Option<Vec<String>>,
    /// A file or a folder changed while it was read.
    is_torn: bool,
}

impl<'t> Recorded<'t> {
    pub(super) fn new(tree: &'t dyn SourceTree) -> Self {
        Recorded {
            tree,
            memory: Mutex::default(),
        }
    }

    /// Whether everything reads as it did.
    pub(super) fn is_as_it_was(&self, trace: &Trace) -> bool {
        let is_same_folder = |(path, hash): &(String, _)| self.hold_folder(path) == *hash;
        let is_same_file = |(path, seen): &(String, _)| self.hold(path) == *seen;
        trace
            .above
            .as_ref()
            .is_none_or(|above| *above == self.tree.above())
            && all(&trace.folders, is_same_folder)
            && all(&trace.files, is_same_file)
    }

    /// What was read; nothing when no later run can be sure to read the same.
    pub(super) fn into_trace(self) -> Option<Trace> {
        let memory = self.memory.into_inner();
        let memory = memory.unwrap_or_else(PoisonError::into_inner);
        (!memory.is_torn).then(|| Trace {
            files: memory.files.into_iter().collect(),
            folders: memory.folders.into_iter().collect(),
            above: memory.above,
        })
    }

    fn hold(&self, path: &str) -> Seen {
        if let Some((seen, _)) = self.memory().held.get(path) {
            return seen.clone();
        }
        let content = self.tree.read(path);
        let seen = Seen::of(content.as_ref());
        let held = (seen.clone(), content);
        self.memory().held.insert(path.to_owned(), held);
        seen
    }

    fn hold_folder(&self, path: &str) -> [u8; 32] {
        if let Some((hash, _)) = self.memory().held_folders.get(path) {
            return *hash;
        }
        let entries = self.tree.entries(path);
        let hash = hash_of(&entries);
        let held = (hash, entries);
        self.memory().held_folders.insert(path.to_owned(), held);
        hash
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // What is in it is whole whenever its lock is free.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SourceTree for Recorded<'_> {
    fn read(&self, path: &str) -> Option<Content> {
        self.read_hashed(path).map(|(content, _)| content)
    }

    fn read_hashed(&self, path: &str) -> Option<(Content, Option<[u8; 32]>)> {
        let held = self.memory().held.remove(path);
        let (seen, content) = held.unwrap_or_else(|| {
            let content = self.tree.read(path);
            (Seen::of(content.as_ref()), content)
        });
        let mut memory = self.memory();
        let is_other = memory.files.get(path).is_some_and(|before| *before != seen);
        memory.is_torn |= is_other;
        let hash = match &seen {
            Seen::Text(hash) => Some(*hash),
            Seen::Nothing | Seen::Unreadable(_) => None,
        };
        memory.files.insert(path.to_owned(), seen);
        Some((content?, hash))
    }

    fn entries(&self, dir: &str) -> Vec<Entry> {
        let held = self.memory().held_folders.remove(dir);
        let (hash, entries) = held.unwrap_or_else(|| {
            let entries = self.tree.entries(dir);
            (hash_of(&entries), entries)
        });
        let before = self.memory().folders.insert(dir.to_owned(), hash);
        self.memory().is_torn |= before.is_some_and(|before| before != hash);
        entries
    }

    fn above(&self) -> Vec<String> {
        let above = self.tree.above();
        self.memory().above = Some(above.clone());
        above
    }
}

/// Of names and kinds, in any order.
fn hash_of(entries: &[Entry]) -> [u8; 32] {
    let mut names: Vec<(&str, bool)> = entries.iter().map(|of| (&*of.name, of.is_dir)).collect();
    names.sort_unstable();
    let mut hash = Sha256::new();
    for (name, is_dir) in names {
        hash.update(name);
        hash.update([0, u8::from(is_dir)]);
    }
    hash.finalize().into()
}

/// With this many, several threads compare.
const PARALLEL_FROM: usize = 64;

/// Whether something is true of each, which ends at the first of which it is not.
fn all<T: Sync>(of: &[T], is_so: impl Fn(&T) -> bool + Sync) -> bool {
    let is_over = AtomicBool::new(false);
    threads::map(of, PARALLEL_FROM, |one| {
        if !is_over.load(Ordering::Relaxed) && !is_so(one) {
            is_over.store(true, Ordering::Relaxed);
        }
    });
    !is_over.into_inner()
}
