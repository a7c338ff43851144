//! For each file: what is there, what should be there, and what follows.
//!
//! The lock says what this program wrote last. What differs from it was changed by the user, and a
//! user's change is never lost: a generated file that was edited is a conflict, a file of the
//! user's own is merged, and what is not in the lock is not ours: `--force` replaces it, and keeps a
//! copy beside it.
//!
//! Line ends are no change: a checkout may turn them into CRLF.

use super::change::{Action, Change, Conflict};
use super::merge::merge;
use super::{base, line_ends};
use crate::components::{Class, GeneratedFile, Owned};
use crate::disk::Tree;
use crate::error::{Code, Error, Result};
use crate::lock::{Hash, Lock, LockedFile};
use crate::parallel;
use std::borrow::Cow;

/// Decides about files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decider<'a> {
    pub(super) tree: Tree<'a>,
    pub(super) known: &'a Lock,
    /// Edits of generated files are given up.
    pub(super) force: bool,
    /// The lock is lost: files of the user's own are taken as they are.
    pub(super) adopt: bool,
    /// Another member of the workspace uses what is vendored there.
    pub(super) shares_vendor: bool,
}

/// The decisions and the lock that results from them.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) changes: Vec<Change>,
    pub(super) lock: Lock,
}

type Verdict = (Action, Option<Cow<'static, str>>);

impl Decider<'_> {
    pub(super) fn all(self, files: &[Owned]) -> Result<Decided> {
        let mut decided = Decided {
            changes: Vec::with_capacity(files.len()),
            lock: Lock::default(),
        };
        for one in parallel::map(files, |owned| self.one(owned)) {
            let (change, entry) = one?;
            decided.lock.files.insert(change.path.clone(), entry);
            decided.changes.push(change);
        }
        for (path, entry) in &self.known.files {
            let is_shared = self.shares_vendor && path.starts_with("../");
            if !is_shared && !decided.lock.files.contains_key(path) {
                decided.changes.extend(self.stale(path, entry)?);
            }
        }
        Ok(decided)
    }

    /// Decides about one wanted file, and checks its text when it would be written.
    fn one(&self, owned: &Owned) -> Result<(Change, LockedFile)> {
        let file = &owned.file;
        let before = self.tree.read(file.path())?;
        if before.is_none() {
            self.no_other_module(file.path())?;
        }
        let hash = Hash::of(file.contents().as_bytes());
        let (action, after) = self.wanted(file, &hash, before.as_deref())?;
        if !matches!(action, Action::Unchanged | Action::Absent) {
            file.check()?;
        }
        let kept_as = self.kept_as(file.path(), action)?;
        let entry = LockedFile {
            owner: owned.owner.to_owned(),
            class: file.class(),
            hash,
        };
        let change = Change {
            path: file.path().to_owned(),
            owner: Cow::Borrowed(owned.owner),
            class: Some(file.class()),
            action,
            before,
            after,
            kept_as,
        };
        Ok((change, entry))
    }

    /// Where the bytes of a file go that somebody else wrote and `--force` replaces: the first free
    /// name beside it.
    fn kept_as(&self, path: &str, action: Action) -> Result<Option<String>> {
        if action != Action::Update || self.known.files.contains_key(path) {
            return Ok(None);
        }
        let first = format!("{path}.orig");
        let mut name = first.clone();
        let mut number = 0;
        while self.tree.is_there(&self.tree.path(&name))? {
            number += 1;
            name = format!("{first}.{number}");
        }
        Ok(Some(name))
    }

    /// `src/audit/mod.rs` beside the user's own `src/audit.rs` would not compile.
    fn no_other_module(&self, path: &str) -> Result<()> {
        let Some(folder) = path.strip_suffix("/mod.rs") else {
            return Ok(());
        };
        let other = format!("{folder}.rs");
        if !self.tree.is_there(&self.tree.path(&other))? {
            return Ok(());
        }
        Err(
            Error::new(Code::Occupied, "a module of this name is there already")
                .at(other)
                .help("rename it, or choose another name for the domain"),
        )
    }

    fn wanted(&self, file: &GeneratedFile, hash: &Hash, before: Option<&[u8]>) -> Result<Verdict> {
        let text = || Some(file.to_contents());
        let known = self.known.files.get(file.path());
        let Some(before) = before else {
            let deleted_by_user = file.class() == Class::Yours && known.is_some() && !self.force;
            let action = if deleted_by_user {
                Action::Absent
            } else {
                Action::Create
            };
            return Ok((action, text()));
        };
        let text_before = line_ends::unified(before);
        if *text_before == *file.contents().as_bytes() {
            return Ok((Action::Unchanged, text()));
        }
        match (file.class(), known) {
            (Class::Generated, Some(known)) if known.hash == Hash::of(&text_before) => {
                Ok((Action::Update, text()))
            }
            (Class::Generated, _) if self.force => Ok((Action::Update, text())),
            (Class::Generated, Some(_)) => Ok((Action::Conflict(Conflict::Edited), text())),
            (Class::Yours | Class::Shared, Some(known)) => self.yours(known, hash, before, file),
            (Class::Yours, None) if self.adopt => Ok((Action::Unchanged, text())),
            (Class::Yours, None) if self.force => Ok((Action::Update, text())),
            (_, None) => Ok((Action::Conflict(Conflict::Occupied), text())),
        }
    }

    /// A file of the user's own that differs from what the template makes today.
    fn yours(
        &self,
        known: &LockedFile,
        hash: &Hash,
        before: &[u8],
        file: &GeneratedFile,
    ) -> Result<Verdict> {
        let text = Some(file.to_contents());
        if known.hash == *hash {
            return Ok((Action::Unchanged, text));
        }
        let text_before = line_ends::unified(before);
        if known.hash == Hash::of(&text_before) {
            return Ok((Action::Update, text));
        }
        let base = base::text(self.tree, &known.hash)?;
        let (Some(base), Ok(yours)) = (base, std::str::from_utf8(&text_before)) else {
            return Ok((Action::Conflict(Conflict::NoBase), text));
        };
        Ok(match merge(&base, yours, file.contents()) {
            Some(merged) if merged == yours => (Action::Unchanged, text),
            Some(merged) => (
                Action::Merge,
                Some(Cow::Owned(line_ends::like(before, merged))),
            ),
            None => (Action::Conflict(Conflict::Overlap), text),
        })
    }

    /// A file that was written once and is not wanted any more. It goes, unless somebody edited it.
    fn stale(&self, path: &str, entry: &LockedFile) -> Result<Option<Change>> {
        let Some(before) = self.tree.read(path)? else {
            return Ok(None);
        };
        let untouched = Hash::of(&line_ends::unified(&before)) == entry.hash;
        let action = if untouched || (self.force && entry.class == Class::Generated) {
            Action::Delete
        } else {
            Action::Release
        };
        Ok(Some(Change {
            path: path.to_owned(),
            owner: Cow::Owned(entry.owner.clone()),
            class: Some(entry.class),
            action,
            before: Some(before),
            after: None,
            kept_as: None,
        }))
    }
}
