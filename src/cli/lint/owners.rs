//! Which files fixes may change.

use crate::components::Class;
use crate::disk::{Entry, Read as _, Real};
use crate::lock::{self, Lock};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Who may change which file.
pub(in crate::cli) struct Owners<'r> {
    root: &'r Path,
    /// What the locks say, by folder.
    locks: RefCell<BTreeMap<PathBuf, Option<Lock>>>,
}

impl<'r> Owners<'r> {
    /// Of the files below a root.
    pub(in crate::cli) fn of(root: &'r Path) -> Self {
        Owners {
            root,
            locks: RefCell::default(),
        }
    }

    /// Whether a file is left to people: it lies where it seems to lie, and nothing writes it again.
    pub(in crate::cli) fn leave(&self, path: &str) -> bool {
        let is_below = !path.starts_with('/') && path.split('/').all(|part| part != "..");
        let is_made = path
            .split('/')
            .any(|part| matches!(part, "generated" | "vendor"));
        is_below && !is_made && self.is_plain(path) && !self.is_generated(path)
    }

    fn is_plain(&self, path: &str) -> bool {
        let path = self.root.join(path);
        let folders = path.ancestors().skip(1);
        let mut folders = folders.take_while(|folder| folder.starts_with(self.root));
        let is = |path: &Path, entry| matches!(Real.entry(path), Ok(Some(found)) if found == entry);
        is(&path, Entry::File)
            && folders.all(|folder| folder == self.root || is(folder, Entry::Folder))
    }

    /// Whether a lock beside or above it names it. What a damaged lock says is not known: then it does.
    fn is_generated(&self, path: &str) -> bool {
        let whole = self.root.join(path);
        whole.ancestors().skip(1).any(|folder| {
            let mut locks = self.locks.borrow_mut();
            let read = || Real.read(&folder.join(lock::FILE)).ok();
            let read = || Some(String::from_utf8_lossy(&read()?).into_owned());
            if !locks.contains_key(folder) {
                let found = read().map(|text| Lock::parse(&text).ok());
                let found = found.map(|lock| lock.unwrap_or_default());
                locks.insert(folder.to_owned(), found);
            }
            let Some(Some(lock)) = locks.get(folder) else {
                return false;
            };
            let below = whole.strip_prefix(folder).unwrap_or(&whole);
            let name = below.to_string_lossy().replace('\\', "/");
            let locked = lock.files.get(&name);
            locked.is_some_and(|file| file.class == Class::Generated)
        })
    }
}
