//! What changes: files that are staged, or that differ from a commit.

use super::{Repository, Tree, pieces, text};
use crate::error::{Code, Error, Result};
use std::collections::HashSet;

/// Files that change, and the commit they change from.
#[derive(Debug)]
pub struct Changes {
    files: HashSet<String>,
    any: bool,
    before: Option<String>,
}

/// A list of paths from the top, whatever the settings say of diffs. A renamed file is a new one, and an
/// old one that is gone.
const LIST: [&str; 6] = [
    "diff",
    "--name-status",
    "-z",
    "--no-renames",
    "--no-relative",
    "--no-ext-diff",
];

impl Changes {
    /// What a commit would change.
    ///
    /// # Errors
    /// When git fails.
    pub fn staged(repository: &Repository) -> Result<Self> {
        let listed = repository.ask(&[&LIST[..], &["--cached"]].concat())?;
        let head = repository.try_ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
        Ok(Self::of(&listed, head.as_deref().map(id)))
    }

    /// What is different on the disk from where the branch left `revision`, files that git does not know
    /// yet among it.
    ///
    /// # Errors
    /// When there is no such revision, or it shares no commit with HEAD, or git fails.
    pub fn since(repository: &Repository, revision: &str) -> Result<Self> {
        let commit = format!("{revision}^{{commit}}");
        let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
        let found = repository.try_ask(&[&verify[..], &[&commit]].concat())?;
        let found = found.map(|said| id(&said)).ok_or_else(|| {
            Error::new(Code::Git, format!("git knows no revision `{revision}`")).help(
                "name a branch, a tag or a commit; `git fetch` brings what only the server has",
            )
        })?;
        let base = repository.try_ask(&["merge-base", &found, "HEAD"])?;
        let base = base.map(|said| id(&said)).ok_or_else(|| {
            Error::new(Code::Git, format!("HEAD and `{revision}` share no commit"))
                .help("in CI, check out the whole history: `git fetch --unshallow`")
        })?;
        let listed = repository.ask(&[&LIST[..], &[&base]].concat())?;
        let mut changes = Self::of(&listed, Some(base));
        let new = [
            "ls-files",
            "-o",
            "-z",
            "--exclude-standard",
            "--full-name",
            "--",
            ":/",
        ];
        let new = repository.ask(&new)?;
        let new = pieces(&new).filter_map(text).map(str::to_owned);
        changes.files.extend(new);
        changes.any |= !changes.files.is_empty();
        Ok(changes)
    }

    /// Whether nothing changes: no file is other, new or gone.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        !self.any
    }

    /// Whether the file at a path from the top is another one or a new one.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// The files as they were; `None` when there was no commit yet.
    ///
    /// # Errors
    /// When git fails.
    pub fn before(&self, repository: &Repository) -> Result<Option<Tree>> {
        let commit = self.before.as_deref();
        commit.map(|id| Tree::commit(repository, id)).transpose()
    }

    /// From pairs of a status and a path.
    fn of(listed: &[u8], before: Option<String>) -> Self {
        let mut pieces = pieces(listed);
        let (mut files, mut any) = (HashSet::new(), false);
        while let (Some(status), Some(path)) = (pieces.next(), pieces.next()) {
            any = true;
            if status != b"D" {
                files.extend(text(path).map(str::to_owned));
            }
        }
        Self { files, any, before }
    }
}

fn id(said: &[u8]) -> String {
    String::from_utf8_lossy(said).trim().to_owned()
}
