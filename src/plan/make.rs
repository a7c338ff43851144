//! Making a plan: what is wanted, what is known, what is there.

use super::{
    Change, LockState, Plan, Request, bookkeeping, decide, history, own_templates, renames, shared,
    undo, version, warning,
};
use crate::components::{self, Component, Owned, Shapes};
use crate::disk::Tree;
use crate::error::Result;
use crate::lock::{self, Hash, Lock};
use crate::model::{PackageModel, Place};
use crate::package::{CLIPPY, Host};
use crate::spec::{self, PackageKind, Spec};
use crate::templates::Templates;
use std::collections::BTreeMap;

/// What is known before anything is rendered.
struct Known<'a> {
    tree: Tree<'a>,
    request: &'a Request<'a>,
    lock: Lock,
    /// The lock is lost.
    adopt: bool,
    host: Host,
}

pub(super) fn plan(all: &[Component], tree: Tree<'_>, request: &Request<'_>) -> Result<Plan> {
    let spec = Spec::parse(request.spec_text)?;
    let old_text = tree.read_text(lock::FILE)?;
    let old = old_text.as_deref().map(Lock::parse).transpose()?;
    let spec_before = tree.read(spec::FILE)?;
    let host = match spec.package {
        PackageKind::Service => Host::of_service(tree.disk(), tree, request.joins)?,
        PackageKind::Existing { .. } => Host::look(tree.disk(), tree)?,
    };
    let known = Known {
        tree,
        request,
        adopt: old.is_none() && spec_before.is_some(),
        lock: old.unwrap_or_default(),
        host,
    };
    let behind = version::behind(&known.lock.generator)?;
    let own = own_templates::look(tree, &known.lock, request)?;
    let place = known.place(&spec, request.prune)?;
    let package = PackageModel::new(&spec, &place);
    let (phases, files) = components::render(all, &package, &own.templates)?;
    let from =
        behind.filter(|_| own.is_behind || known.has_other_templates(all, &own.templates, &files));
    if let Some(from) = from.as_ref().filter(|_| !request.upgrade) {
        return Err(version::outdated(from));
    }
    tree.check_folders(files.iter().map(|owned| owned.file.path()))?;
    let decide::Decided {
        mut changes,
        mut lock,
    } = known
        .decider(
            &known.moves(&package, &files),
            &Shapes::linted(request.facts),
        )
        .all(&files)?;
    let wanted = shared::wanted(&package, &known.host, &known.lock)?;
    let (edits, injected) = shared::changes(tree, &known.lock, &wanted)?;
    changes.extend(edits);
    changes.extend(own.changes);
    let has_router = shared::has_router(&injected);
    lock.injected = injected;
    let spec_text = Some(request.spec_text).filter(|_| !is_gone(&spec, request));
    lock.spec = spec_text.map(|text| Hash::of(text.as_bytes()));
    lock.templates = spec_text.map_or_else(Default::default, |_| own.origins);
    changes.push(match spec_text {
        Some(text) => Change::spec(spec_before, text),
        None => Change::spec_goes(spec_before),
    });
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let mut plan = Plan {
        phases,
        bookkeeping: bookkeeping::steps(tree, &lock, old_text.as_deref(), &files, spec_text)?,
        lock_state: known.lock_state(&lock),
        warnings: warning::of(&changes),
        changes,
        notes: known.notes(&package, &own.templates, from.is_some())?,
        place,
        has_router,
        from,
    };
    if request.upgrade && plan.from.is_some() {
        let undo = undo::keep(tree, &plan.steps())?;
        plan.bookkeeping.splice(0..0, undo);
    }
    Ok(plan)
}

impl Known<'_> {
    fn place(&self, spec: &Spec, prune: bool) -> Result<Place> {
        let Self { host, request, .. } = self;
        Ok(Place {
            package: request.package.to_owned(),
            library: host.library.clone(),
            style: host.style,
            vendor: host.vendor(),
            owns_library: !host.has_library || self.lock.files.contains_key("src/lib.rs"),
            owns_clippy: self.owns_clippy(),
            standalone: request.standalone && !host.joins,
            history: history::read(self.tree, &self.lock, self.adopt, spec.store)?,
            prune,
        })
    }

    /// Whether the configuration of clippy is this package's own to write: nothing that somebody else wrote is
    /// replaced, or put out of force.
    fn owns_clippy(&self) -> bool {
        self.lock.files.contains_key(CLIPPY)
            || self
                .host
                .clippy
                .as_deref()
                .is_none_or(|found| self.adopt && found == CLIPPY)
    }

    /// What the package's owner should know of it. That clippy is configured elsewhere is said when there
    /// would be a file otherwise: once, and again by an upgrade.
    fn notes(
        &self,
        package: &PackageModel,
        templates: &Templates,
        is_upgrade: bool,
    ) -> Result<Vec<String>> {
        let mut notes = self.host.notes.clone();
        let is_first = self.lock.files.is_empty() && !self.adopt;
        if let Some(found) = &self.host.clippy
            && (is_first || is_upgrade)
            && !package.owns_clippy
        {
            notes.push(components::clippy_lines(found, package, templates)?);
        }
        Ok(notes)
    }

    fn decider<'k>(
        &'k self,
        moves: &'k BTreeMap<String, String>,
        shapes: &'k Shapes<'k>,
    ) -> decide::Decider<'k> {
        decide::Decider {
            tree: self.tree,
            known: &self.lock,
            moves,
            shapes,
            force: self.request.force,
            trusts_vendored: self.request.trusts_vendored,
            conflicts: self.request.conflicts,
            decisions: &self.request.decisions,
            adopt: self.adopt,
            shares_vendor: self.host.shares_vendor,
        }
    }

    /// Where files of the user's own were before something was renamed. What is lost of the spec before
    /// is no error: the files are made anew then, and the old ones stay.
    fn moves(&self, package: &PackageModel, files: &[Owned]) -> BTreeMap<String, String> {
        if self.is_applied() {
            return BTreeMap::new();
        }
        let before = self.applied_last().and_then(|text| {
            let spec = Spec::parse_applied(&text)?;
            Ok(PackageModel::new(&spec, &self.place(&spec, false)?))
        });
        match before {
            Ok(before) => {
                let mut moves = renames::moves(&before, package, files);
                let is_wanted = |path: &str| files.iter().any(|owned| owned.file.path() == path);
                moves.retain(|_, from| !is_wanted(from));
                moves
            }
            Err(_) => BTreeMap::new(),
        }
    }

    /// The spec that was applied last, or the one there is where that is not kept.
    fn applied_last(&self) -> Result<String> {
        let hash = self.lock.spec.as_ref();
        let text = hash
            .map(|hash| super::base::text(self.tree, hash))
            .transpose()?;
        let text = text.flatten();
        Ok(text.unwrap_or_else(|| self.request.spec_text.to_owned()))
    }

    /// Whether the spec is the one that was applied last.
    fn is_applied(&self) -> bool {
        let hash = Hash::of(self.request.spec_text.as_bytes());
        self.lock.spec.as_ref().is_some_and(|last| *last == hash)
    }

    /// Whether today's templates make other files of the spec that was applied last; of the spec there is
    /// now they make `files`.
    fn has_other_templates(
        &self,
        all: &[Component],
        templates: &Templates,
        files: &[Owned],
    ) -> bool {
        let rendered = || -> Result<Vec<Owned>> {
            let spec = Spec::parse_applied(&self.applied_last()?)?;
            let package = PackageModel::new(&spec, &self.place(&spec, false)?);
            Ok(components::render(all, &package, templates)?.1)
        };
        let last = match self.is_applied() && !self.request.prune {
            true => None,
            false => match rendered() {
                Ok(last) => Some(last),
                Err(_) => return true,
            },
        };
        let files = last.as_deref().unwrap_or(files);
        let is_same = |owned: &Owned| {
            let known = self.lock.files.get(owned.file.path());
            known.is_some_and(|known| known.hash == owned.file.hash())
        };
        files.len() != self.lock.files.len() || !files.iter().all(is_same)
    }

    fn lock_state(&self, new: &Lock) -> LockState {
        let is_same = new.files == self.lock.files
            && new.injected == self.lock.injected
            && new.templates == self.lock.templates;
        match (self.adopt, is_same) {
            (true, _) => LockState::Rebuilt,
            (false, true) => LockState::Current,
            (false, false) => LockState::Changed,
        }
    }
}

/// Whether the last domain was taken out of a package that was there before, so that nothing of ours
/// is left in it.
fn is_gone(spec: &Spec, request: &Request<'_>) -> bool {
    let is_guest = spec.package != PackageKind::Service;
    is_guest
        && spec.domains.is_empty()
        && request.prune
        && request.spec_text == spec::new_document(spec)
}
