//! Version control: what git has of a folder, and what of it changes.
//!
//! ```text
//!   Repository ──▶ Tree      the index or a commit, as sources for the linter
//!             └──▶ Changes   what is staged, or differs from a commit
//! ```
//!
//! Git itself is asked, so that its settings, its environment in hooks (`GIT_DIR`, `GIT_INDEX_FILE`) and
//! its kinds of repositories are respected. Every path is relative to the top of the working tree, with
//! `/` between names.
//!
//! **Deliberately absent:** anything that writes to a repository.

mod blobs;
mod changes;
mod tree;

pub use changes::Changes;
pub use tree::Tree;

use crate::error::{Code, Error, Result};
use std::env;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Variables that say where the repository is: git reads them from the folder that it is started in.
const PLACE: [&str; 4] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
];

/// A folder that is under version control.
#[derive(Debug)]
pub struct Repository {
    /// Where git is started: where its variables hold, else the top.
    start: PathBuf,
    /// The folder's path below the top: empty, or names with `/` between them.
    prefix: String,
}

impl Repository {
    /// The repository around `root`. `folder` is the one that this program was started in: in a hook it is
    /// where git's variables hold.
    ///
    /// # Errors
    /// When there is no git, or no repository with files around `root`.
    pub fn around(root: &Path, folder: &Path) -> Result<Self> {
        let is_told = PLACE.iter().any(|name| env::var_os(name).is_some());
        let start = if is_told { folder } else { root };
        let said = output(git(start).args(["rev-parse", "--show-toplevel"]))?;
        let top = said.strip_suffix(b"\n").unwrap_or(&said);
        let top = PathBuf::from(text(top).ok_or_else(|| foreign(root))?);
        let (real_top, real_root) = (real(&top)?, real(root)?);
        let below = real_root.strip_prefix(&real_top);
        let prefix = below.ok().and_then(slashed);
        Ok(Self {
            prefix: prefix.ok_or_else(|| foreign(root))?,
            start: if is_told { folder.to_owned() } else { top },
        })
    }

    /// The path of the folder from the top: empty, or names with `/` between them.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The folder of its hooks, wherever settings put it.
    ///
    /// # Errors
    /// When git does not say.
    pub fn hooks(&self) -> Result<PathBuf> {
        let said = self.ask(&["rev-parse", "--git-path", "hooks"])?;
        let said = said.strip_suffix(b"\n").unwrap_or(&said);
        let folder =
            text(said).ok_or_else(|| trouble("its hooks are in a folder that is no text"))?;
        Ok(self.start.join(folder))
    }

    /// From a path below the folder to one below the top; `None` for one that leads out.
    #[must_use]
    pub fn from_top(&self, path: &str) -> Option<String> {
        resolve(&self.prefix, path)
    }

    fn git(&self) -> Command {
        git(&self.start)
    }

    /// What a command of git says.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        output(self.git().args(arguments))
    }

    /// What a command of git says; `None` when it says no.
    fn try_ask(&self, arguments: &[&str]) -> Result<Option<Vec<u8>>> {
        let done = run(self.git().args(arguments))?;
        Ok(done.status.success().then_some(done.stdout))
    }
}

/// Git in a folder. It takes no locks that it can do without, and paths mean what they say.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env_remove("GIT_LITERAL_PATHSPECS")
        .stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Result<Output> {
    command.output().map_err(|error| not_started(&error))
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let done = run(command)?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let line = said.lines().next().unwrap_or("it failed");
    Err(trouble(line.trim_start_matches("fatal: ")))
}

fn not_started(error: &io::Error) -> Error {
    Error::new(Code::Git, format!("git cannot be started: {error}"))
        .help("install git, or lint the files as they are on the disk with `orch-gen lint`")
}

fn trouble(said: &str) -> Error {
    Error::new(Code::Git, format!("git cannot tell: {said}"))
        .help("run it in a git repository, or lint the files on the disk with `orch-gen lint`")
}

fn foreign(root: &Path) -> Error {
    trouble("the folder is in no working tree of this repository").at(root.display().to_string())
}

fn real(path: &Path) -> Result<PathBuf> {
    let fail = |error| crate::disk::refused("look at", path, &error);
    fs::canonicalize(path).map_err(fail)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn slashed(path: &Path) -> Option<String> {
    let names = path.components().map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    Some(names.collect::<Option<Vec<_>>>()?.join("/"))
}

/// `folder/path` without `.` and `..`.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut names = Vec::new();
    for name in folder.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => _ = names.pop()?,
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// The pieces of an answer that ends each with a zero byte.
fn pieces(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    let pieces = answer.split(|byte| *byte == 0);
    pieces.filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn paths_are_followed_up_to_the_top_and_not_beyond() {
        for (folder, path, found) in [
            ("", "src/lib.rs", Some("src/lib.rs")),
            ("a/b", "../c/./d.rs", Some("a/c/d.rs")),
            ("a", "", Some("a")),
            ("a", "../../etc", None),
        ] {
            assert_eq!(resolve(folder, path).as_deref(), found);
        }
    }
}
