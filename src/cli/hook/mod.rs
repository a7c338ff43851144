//! `orch-gen hook`: the linter as a hook of git.
//!
//! A hook of somebody else is changed only when that is asked for, and then by lines between two marks
//! that can be taken out again.

mod script;

use super::Environment;
use super::args::{Hook, HookKind};
use super::lint::root;
use super::output::Output;
use crate::disk::{Entry, Read as _, Real, Write as _, refused};
use crate::error::{Code, Error, Exit, Result};
use crate::git::Repository;
use crate::plan::SCHEMA;
use script::{Block, Edit};
use serde_json::json;
use std::path::{Path, PathBuf};

/// When git runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    PreCommit,
    PrePush,
}

impl Kind {
    const fn of(hook: &Hook) -> Self {
        if hook.pre_push {
            Self::PrePush
        } else {
            Self::PreCommit
        }
    }

    /// The name of its file.
    const fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
        }
    }
}

/// Installs a hook or takes it out.
pub(super) fn run(
    what: &HookKind,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let (hook, append) = match what {
        HookKind::Install { hook, append } => (hook, Some(*append)),
        HookKind::Uninstall { hook } => (hook, None),
    };
    let kind = Kind::of(hook);
    let root = root(hook.path.as_deref(), environment)?;
    let repository = Repository::around(&root, &environment.folder)?;
    let block = Block::of(kind, repository.prefix());
    let path = repository.hooks()?.join(kind.name());
    let found = read(&path)?;
    let edit = match append {
        Some(append) => install(&block, &path, found.as_deref(), append)?,
        None => found
            .as_deref()
            .map_or(Edit::Nothing, |text| block.take_out(text)),
    };
    carry_out(&edit, &path)?;
    say(kind, append.is_some(), &edit, &path, output);
    Ok(Exit::Done)
}

fn install(block: &Block, path: &Path, found: Option<&str>, append: bool) -> Result<Edit> {
    let Some(text) = found else {
        return Ok(Edit::Write(block.alone()));
    };
    block.put_into(text, append).ok_or_else(|| {
        let how = if append {
            "it is no script of a POSIX shell; let it run this:"
        } else {
            "`--append` puts these lines into a shell script; or put them in by hand:"
        };
        taken(path, &format!("{how}\n{}", block.lines()))
    })
}

fn taken(path: &Path, help: &str) -> Error {
    Error::new(
        Code::HookTaken,
        "there is a hook already that orch-gen did not write",
    )
    .at(path.display().to_string())
    .help(help)
}

/// The text of a hook that is there.
fn read(path: &Path) -> Result<Option<String>> {
    let fail = |error| refused("read", path, &error);
    match Real.entry(path).map_err(fail)? {
        None => Ok(None),
        Some(Entry::File) => {
            let bytes = Real.read(path).map_err(fail)?;
            let text = String::from_utf8(bytes);
            text.map(Some).map_err(|_| {
                taken(
                    path,
                    "it is a program and no script; let it run `orch-gen lint`",
                )
            })
        }
        Some(Entry::Folder | Entry::Link | Entry::Other) => {
            let help = "it is no plain file; put `orch-gen lint` into what it leads to";
            Err(taken(path, help))
        }
    }
}

/// Writes a hook beside its place and moves it there, so that git never runs half of one.
fn carry_out(edit: &Edit, path: &Path) -> Result<()> {
    let fail = |error| refused("write", path, &error);
    let text = match edit {
        Edit::Nothing => return Ok(()),
        Edit::Remove => return Real.remove_file(path).map_err(fail),
        Edit::Write(text) => text,
    };
    make_folder(path.parent().unwrap_or(path))?;
    let new = beside(path);
    // What a run that was killed left behind.
    if Real.entry(&new).map_err(fail)?.is_some() {
        Real.remove_file(&new).map_err(fail)?;
    }
    Real.create_file(&new, text.as_bytes()).map_err(fail)?;
    if Real.entry(path).map_err(fail)?.is_some() {
        Real.copy_mode(path, &new).map_err(fail)?;
    } else {
        make_executable(&new).map_err(fail)?;
    }
    Real.rename(&new, path).map_err(fail)
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.orch-gen"))
}

fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| refused("make", folder, &error))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Git runs hooks without such a permission where there is none.
#[cfg(not(unix))]
const fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
const fn is_executable(_: &Path) -> bool {
    true
}

fn say(kind: Kind, installs: bool, edit: &Edit, path: &Path, output: &mut Output<'_>) {
    let changed = *edit != Edit::Nothing;
    let (name, shown) = (kind.name(), path.display().to_string());
    if output.json {
        output.document(&json!({
            "schema": SCHEMA, "kind": "hook", "hook": name, "path": shown,
            "installed": installs, "changed": changed,
        }));
        return;
    }
    output.say(&match (installs, changed) {
        (true, true) => format!("Linting before each {}: {shown}", kind.when()),
        (true, false) => format!("It is installed already: {shown}"),
        (false, true) => format!("Taken out of {shown}"),
        (false, false) => format!("Nothing of orch-gen is in {shown}"),
    });
    if installs && !is_executable(path) {
        output.note("git does not run it: it is not executable (`chmod +x`)");
    }
}

impl Kind {
    const fn when(self) -> &'static str {
        match self {
            Self::PreCommit => "commit",
            Self::PrePush => "push",
        }
    }
}
