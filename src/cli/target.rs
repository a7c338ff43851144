//! Which package a command works on.

use super::Environment;
use super::args::Target;
use crate::disk::{Entry, Read, Tree, refused};
use crate::error::{Code, Error, Result};
use crate::lock;
use crate::package::{self, Found};
use crate::plan::{Conflicts, Decisions, Plan, Request};
use crate::spec;
use orch_lint::Cache;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// How a plan is to be made.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    /// Edits of generated files are given up.
    pub(super) force: bool,
    /// What becomes of a conflict.
    pub(super) conflicts: Conflicts,
    /// What was answered about single files.
    pub(super) decisions: Decisions,
    /// Migrations that nothing needs go.
    pub(super) prune: bool,
    /// A tree of another version may be brought to this one.
    pub(super) upgrade: bool,
    /// Vendored files are taken to be what was written last.
    pub(super) trusts_vendored: bool,
    /// Where what is found in the files is kept for the linter.
    pub(super) facts: Option<Arc<Cache>>,
    /// Built-in templates that the package is to have of its own.
    pub(super) eject: Vec<String>,
}

/// A package that is there, or the place of a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) root: PathBuf,
    /// Whether nothing was generated there yet.
    pub(super) new: bool,
    /// Whether a package is there that nothing was generated into yet.
    pub(super) foreign: bool,
}

impl Place {
    /// A package that something was generated into.
    pub(super) const fn ours(root: PathBuf) -> Self {
        Self {
            root,
            new: false,
            foreign: false,
        }
    }

    const fn foreign(root: PathBuf) -> Self {
        Self {
            root,
            new: false,
            foreign: true,
        }
    }

    /// The text of its `orch.toml`.
    pub(super) fn spec_text(&self, disk: &dyn Read) -> Result<Option<String>> {
        if self.new {
            Ok(None)
        } else {
            Tree::new(disk, &self.root).read_text(spec::FILE)
        }
    }

    /// The plan that makes it match `spec_text`.
    pub(super) fn plan(&self, disk: &dyn Read, spec_text: &str, wish: &Wish) -> Result<Plan> {
        let tree = Tree::new(disk, &self.root);
        let name = match package::name_in_manifest(tree)? {
            Some(name) => name,
            None => package::package_name(&self.root),
        };
        let standalone = package::is_standalone(disk, &self.root);
        Plan::new(
            tree,
            &Request {
                spec_text,
                package: &name,
                standalone,
                joins: self.new,
                force: wish.force,
                conflicts: wish.conflicts,
                decisions: wish.decisions.clone(),
                upgrade: wish.upgrade,
                prune: wish.prune,
                trusts_vendored: wish.trusts_vendored,
                facts: wish.facts.as_deref(),
                eject: &wish.eject,
            },
        )
    }
}

/// The folder that the options name, or the one that the command was started in.
pub(super) fn folder(
    disk: &dyn Read,
    target: &Target,
    environment: &Environment,
) -> Result<PathBuf> {
    match (&target.out, &target.package.package) {
        (Some(out), _) => Ok(absolute(environment, out)),
        (None, Some(name)) => package::member(disk, &environment.folder, name),
        (None, None) => Ok(environment.folder.clone()),
    }
}

/// The package that a command about an existing one means.
pub(super) fn existing(
    disk: &dyn Read,
    target: &Target,
    environment: &Environment,
) -> Result<Place> {
    let folder = folder(disk, target, environment)?;
    match package::find(disk, &folder)? {
        Found::Ours(root) => Ok(Place::ours(root)),
        Found::Foreign(root) => Err(foreign(&root)),
        Found::Nothing => Err(Error::new(Code::NoPackage, "there is no orch.toml here or above")
            .at(folder.display().to_string())
            .help("go into a package, name it with `--out DIR`, or make one with `orch-gen new DIR`")),
    }
}

/// The folder with an `orch.lock`, at or above the one that is meant.
pub(super) fn with_a_lock(
    disk: &dyn Read,
    target: &Target,
    environment: &Environment,
) -> Result<PathBuf> {
    let folder = match (&target.out, &target.package.package) {
        (Some(out), _) => absolute(environment, out),
        (None, Some(name)) => package::member(disk, &environment.folder, name)?,
        (None, None) => environment.folder.clone(),
    };
    let has_lock = |folder: &&Path| matches!(disk.entry(&folder.join(lock::FILE)), Ok(Some(_)));
    folder
        .ancestors()
        .find(has_lock)
        .map(Path::to_owned)
        .ok_or_else(|| {
            Error::new(Code::NoPackage, "there is no orch.lock here or above")
                .at(folder.display().to_string())
                .help("take orch.toml from version control, or begin with `orch-gen new DIR`")
        })
}

/// The package to add an operation to: the one named, the one around, or a new one.
pub(super) fn for_generation(
    disk: &dyn Read,
    target: &Target,
    environment: &Environment,
    new_folder: &str,
) -> Result<Place> {
    if let Some(name) = &target.package.package {
        let root = package::member(disk, &environment.folder, name)?;
        return ours_or_foreign(disk, &root);
    }
    if let Some(out) = &target.out {
        return named(disk, &absolute(environment, out));
    }
    match package::find(disk, &environment.folder)? {
        Found::Ours(root) => Ok(Place::ours(root)),
        Found::Foreign(root) => Ok(Place::foreign(root)),
        Found::Nothing => named(disk, &environment.folder.join(new_folder)),
    }
}

/// A folder that was named: a package of ours, or the place of a new one.
pub(super) fn named(disk: &dyn Read, root: &Path) -> Result<Place> {
    match disk
        .entry(root)
        .map_err(|error| refused("look at", root, &error))?
    {
        None => Ok(Place {
            root: root.to_owned(),
            new: true,
            foreign: false,
        }),
        Some(Entry::Folder) => ours_or_foreign(disk, root),
        Some(Entry::Link) => {
            let real = disk
                .resolve(root)
                .map_err(|error| refused("follow", root, &error))?;
            named(disk, &real)
        }
        Some(Entry::File | Entry::Other) => Err(Error::new(
            Code::Occupied,
            "a file is where the package's folder has to be",
        )
        .at(root.display().to_string())
        .help("name another folder with `--out DIR`")),
    }
}

fn ours_or_foreign(disk: &dyn Read, root: &Path) -> Result<Place> {
    match package::find(disk, root)? {
        Found::Ours(found) if found == root => Ok(Place::ours(found)),
        Found::Foreign(found) if found == root => Ok(Place::foreign(found)),
        _ => Ok(Place {
            root: root.to_owned(),
            new: true,
            foreign: false,
        }),
    }
}

fn foreign(root: &Path) -> Error {
    Error::new(
        Code::ForeignPackage,
        "nothing was generated into this package yet",
    )
    .at(root.join("Cargo.toml").display().to_string())
    .help("add an operation, such as `orch-gen Payment PaymentRequested`")
}

/// An absolute path without `.` and `..`, by its text alone.
pub(super) fn absolute(environment: &Environment, path: &Path) -> PathBuf {
    let mut absolute = PathBuf::new();
    for part in environment.folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                absolute.pop();
            }
            part => absolute.push(part),
        }
    }
    absolute
}

/// The way from one folder to another, when both are on the same disk.
pub(super) fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(shared)).collect();
    if way.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        way
    }
}
