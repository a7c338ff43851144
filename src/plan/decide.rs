//! For each file: what is there, what should be there, and what follows.
//!
//! The lock says what this program wrote last. What differs from it was changed by the user, and a
//! user's change is never lost: a generated file that was edited is a conflict, a file of the
//! user's own is merged, and what is not in the lock is not ours: `--force` replaces it, and keeps a
//! copy beside it.
//!
//! Line ends are no change: a checkout may turn them into CRLF.

use super::beside::free_beside;
use super::change::{Action, Change, Conflict, Conflicts, Decision, Decisions};
use super::merge::{is_marked, merge, merge_without_base};
use super::{base, line_ends};
use crate::components::{Class, GeneratedFile, Owned, Shapes};
use crate::disk::Tree;
use crate::error::{Code, Error, Result};
use crate::lock::{Hash, Lock, LockedFile};
use crate::parallel;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Decides about files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decider<'a> {
    pub(super) tree: Tree<'a>,
    pub(super) known: &'a Lock,
    /// What was parsed already.
    pub(super) shapes: &'a Shapes<'a>,
    /// Where files were before something was renamed, by where they are to be.
    pub(super) moves: &'a BTreeMap<String, String>,
    /// Edits of generated files are given up.
    pub(super) force: bool,
    /// Vendored files are taken to be what was written last.
    pub(super) trusts_vendored: bool,
    /// What becomes of a conflict.
    pub(super) conflicts: Conflicts,
    /// What becomes of the conflict of one file.
    pub(super) decisions: &'a Decisions,
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

/// What is done with a file, and what will be in it.
type Verdict = (Action, Option<Cow<'static, str>>);

/// A file in conflict.
#[derive(Debug, Clone, Copy)]
struct Found<'a> {
    text: &'a [u8],
    /// What the lock says of it, where it is still under the name that it had.
    known: Option<&'a LockedFile>,
}

impl Found<'_> {
    fn lossy(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }
}

/// A file under the name that it had.
struct Moved<'a> {
    from: &'a str,
    known: &'a LockedFile,
    text: Vec<u8>,
}

impl Moved<'_> {
    /// What becomes of it at its new place: it is made there, with what the user made of it.
    fn put_here(&self, action: Action, after: Option<Cow<'static, str>>) -> Verdict {
        match action {
            Action::Conflict(_) | Action::Skip(_) => (action, after),
            Action::Unchanged => {
                let text = String::from_utf8_lossy(&self.text).into_owned();
                (Action::Create, Some(Cow::Owned(text)))
            }
            _ => (Action::Create, after),
        }
    }
}

/// A verdict, and what comes with it where a conflict is written.
#[derive(Debug, Default)]
struct Settled {
    kept_as: Option<String>,
    beside: Option<(String, String)>,
    left: Option<Conflict>,
}

impl Decider<'_> {
    pub(super) fn all(self, files: &[Owned]) -> Result<Decided> {
        let mut decided = Decided {
            changes: Vec::with_capacity(files.len()),
            lock: Lock::default(),
        };
        for one in parallel::map(files, |owned| self.one(owned)) {
            let (change, entry) = one?;
            if let Some(entry) = entry {
                decided.lock.files.insert(change.path.clone(), entry);
            }
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

    /// Decides about one wanted file, and checks its text when it would be written. The lock goes on to
    /// say of a file that is skipped what it said before, so that it is found to differ again.
    fn one(&self, owned: &Owned) -> Result<(Change, Option<LockedFile>)> {
        let file = &owned.file;
        if self.is_trusted(file) {
            return Ok(unchanged(owned));
        }
        let before = self.tree.read(file.path())?;
        if before.is_none() {
            self.no_other_module(file.path())?;
        }
        let hash = file.hash();
        let moved = self.moved(file.path(), before.as_deref())?;
        let (mut action, mut after) = match &moved {
            Some(moved) => self.yours(moved.known, &hash, &moved.text, file)?,
            None => self.wanted(file, &hash, before.as_deref())?,
        };
        if !matches!(action, Action::Unchanged | Action::Absent) {
            file.check(self.shapes)?;
        }
        let mut settled = Settled {
            kept_as: match moved {
                Some(_) => None,
                None => self.kept_as(file.path(), action)?,
            },
            ..Settled::default()
        };
        let there = moved.as_ref().map(|moved| &moved.text).or(before.as_ref());
        if let (Action::Conflict(kind), Some(there)) = (action, there) {
            let found = Found {
                text: there,
                known: moved.as_ref().map(|moved| moved.known),
            };
            (action, after) = self.conflict(file, kind, found, &mut settled)?;
        }
        if let Some(moved) = &moved {
            (action, after) = moved.put_here(action, after);
        }
        let Settled {
            kept_as,
            beside,
            left,
        } = settled;
        let entry = if matches!(action, Action::Skip(_)) {
            self.known.files.get(file.path()).cloned()
        } else {
            Some(entry(owned, hash))
        };
        let change = Change {
            path: file.path().to_owned(),
            owner: Cow::Borrowed(owned.owner),
            class: Some(file.class()),
            action,
            // Of thousands of files that stay as they are, nobody asks for the texts.
            before: before.filter(|_| action != Action::Unchanged),
            after,
            kept_as,
            beside,
            left,
            moved_from: moved.map(|moved| moved.from.to_owned()),
        };
        Ok((change, entry))
    }

    /// Whether the file is a part of this program that was written before, and is not looked at.
    fn is_trusted(&self, file: &GeneratedFile) -> bool {
        let known = || self.known.files.get(file.path());
        let is_known = || known().is_some_and(|known| known.hash == file.hash());
        self.trusts_vendored && file.is_embedded() && is_known()
    }

    /// What becomes of a conflict: what was decided about this file, or what holds for all.
    fn conflict(
        &self,
        file: &GeneratedFile,
        kind: Conflict,
        found: Found<'_>,
        settled: &mut Settled,
    ) -> Result<Verdict> {
        let text = Some(file.to_contents());
        match (self.decisions.get(file.path()), self.conflicts) {
            (Some(Decision::Skip), _) => Ok((Action::Skip(kind), text)),
            (Some(Decision::Overwrite), _) => {
                let kept = free_beside(self.tree, file.path(), "orig")?;
                match found.known {
                    Some(_) => settled.beside = Some((kept, found.lossy())),
                    None => settled.kept_as = Some(kept),
                }
                Ok((Action::Update, text))
            }
            (Some(Decision::Merge), _) => self.settle(file, kind, Conflicts::Mark, found, settled),
            (None, Conflicts::Refuse) => Ok((Action::Conflict(kind), text)),
            (None, form) => self.settle(file, kind, form, found, settled),
        }
    }

    /// Writes a conflict down, so that a person can settle it in the files: no line of either side is
    /// lost.
    fn settle(
        &self,
        file: &GeneratedFile,
        kind: Conflict,
        form: Conflicts,
        found: Found<'_>,
        settled: &mut Settled,
    ) -> Result<Verdict> {
        let text = Some(file.to_contents());
        if kind == Conflict::Unsettled {
            return Ok((Action::Conflict(kind), text));
        }
        settled.left = Some(kind);
        let yours = line_ends::unified(found.text).into_owned();
        match (kind, form, String::from_utf8(yours)) {
            (Conflict::Edited, _, _) => {
                settled.kept_as = Some(free_beside(self.tree, file.path(), "orig")?);
                Ok((Action::Update, text))
            }
            (Conflict::Overlap | Conflict::NoBase, Conflicts::Mark, Ok(yours)) => {
                let known = found.known.or_else(|| self.known.files.get(file.path()));
                let base = known.map(|known| base::text(self.tree, &known.hash));
                let joined = match base.transpose()?.flatten() {
                    Some(base) => merge(&base, &yours, file.contents()),
                    None => merge_without_base(&yours, file.contents()),
                };
                let (Ok(joined) | Err(joined)) = joined;
                Ok((
                    Action::Merge,
                    Some(Cow::Owned(line_ends::like(found.text, joined))),
                ))
            }
            (_, _, _) => {
                let beside = free_beside(self.tree, file.path(), "rej")?;
                settled.beside = Some((beside, file.contents().to_owned()));
                Ok((Action::Unchanged, text))
            }
        }
    }

    /// The file under the name that it had, where something was renamed and nothing is at its new place.
    fn moved(&self, path: &str, before: Option<&[u8]>) -> Result<Option<Moved<'_>>> {
        let from = self.moves.get(path).filter(|_| before.is_none());
        let Some((from, known)) = from.and_then(|from| Some((from, self.known.files.get(from)?)))
        else {
            return Ok(None);
        };
        let text = self.tree.read(from)?;
        Ok(text.map(|text| Moved { from, known, text }))
    }

    /// Where the bytes of a file go that somebody else wrote and `--force` replaces.
    fn kept_as(&self, path: &str, action: Action) -> Result<Option<String>> {
        if action != Action::Update || self.known.files.contains_key(path) {
            return Ok(None);
        }
        free_beside(self.tree, path, "orig").map(Some)
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
            return Ok((Action::Unchanged, None));
        }
        match (file.class(), known) {
            (Class::Generated, Some(known)) if known.hash == Hash::of(&text_before) => {
                Ok((Action::Update, text()))
            }
            (Class::Generated, _) if self.force => Ok((Action::Update, text())),
            (Class::Generated, Some(_)) => Ok((Action::Conflict(Conflict::Edited), text())),
            (Class::Yours | Class::Shared, Some(known)) => self.yours(known, hash, before, file),
            (Class::Yours, None) if self.adopt => Ok((Action::Unchanged, None)),
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
        let text_before = line_ends::unified(before);
        if std::str::from_utf8(&text_before).is_ok_and(is_marked) {
            return Ok((Action::Conflict(Conflict::Unsettled), text));
        }
        if known.hash == *hash {
            return Ok((Action::Unchanged, None));
        }
        if known.hash == Hash::of(&text_before) {
            return Ok((Action::Update, text));
        }
        let base = base::text(self.tree, &known.hash)?;
        let (Some(base), Ok(yours)) = (base, std::str::from_utf8(&text_before)) else {
            return Ok((Action::Conflict(Conflict::NoBase), text));
        };
        Ok(match merge(&base, yours, file.contents()) {
            Ok(merged) if merged == yours => (Action::Unchanged, None),
            Ok(merged) => (
                Action::Merge,
                Some(Cow::Owned(line_ends::like(before, merged))),
            ),
            Err(_) => (Action::Conflict(Conflict::Overlap), text),
        })
    }

    /// A file that was written once and is not wanted any more. It goes, unless somebody edited it.
    fn stale(&self, path: &str, entry: &LockedFile) -> Result<Option<Change>> {
        let Some(before) = self.tree.read(path)? else {
            return Ok(None);
        };
        let untouched = Hash::of(&line_ends::unified(&before)) == entry.hash;
        let is_skipped = |to: &String| self.decisions.get(to) == Some(&Decision::Skip);
        let mut moves = self.moves.iter();
        let has_moved = moves.any(|(to, from)| from == path && !is_skipped(to));
        let action = if untouched || has_moved || (self.force && entry.class == Class::Generated) {
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
            beside: None,
            left: None,
            moved_from: None,
        }))
    }
}

/// What the lock says of a file that is written as it is rendered.
fn entry(owned: &Owned, hash: Hash) -> LockedFile {
    LockedFile {
        owner: owned.owner.to_owned(),
        class: owned.file.class(),
        hash,
    }
}

/// A file that stays as it is, and what the lock says of it.
fn unchanged(owned: &Owned) -> (Change, Option<LockedFile>) {
    let file = &owned.file;
    let change = Change {
        path: file.path().to_owned(),
        owner: Cow::Borrowed(owned.owner),
        class: Some(file.class()),
        action: Action::Unchanged,
        before: None,
        after: None,
        kept_as: None,
        beside: None,
        left: None,
        moved_from: None,
    };
    (change, Some(entry(owned, file.hash())))
}
