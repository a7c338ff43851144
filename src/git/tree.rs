//! The index, or a commit, as a tree of sources.
//!
//! What the linter sees is what a checkout would give it: links are followed to files of the same tree,
//! submodules are left out, and a file in conflict is one that cannot be read.

use super::blobs::Blobs;
use super::{Repository, pieces, resolve, text};
use crate::error::Result;
use orch_lint::sources::{Content, Entry, SourceTree};
use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;

/// The files of an index or a commit, seen from one folder.
#[derive(Debug)]
pub struct Tree {
    prefix: String,
    files: BTreeMap<String, File>,
    blobs: Blobs,
}

/// What is listed at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum File {
    Regular(String),
    Link(String),
    Conflict,
}

/// Ids of the empty file, by SHA-1 and by SHA-256.
const EMPTY: [&str; 2] = [
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/// Links that lead to links are followed this often.
const MAX_LINKS: usize = 8;

impl Tree {
    /// What is in the index.
    ///
    /// # Errors
    /// When git fails.
    pub fn index(repository: &Repository) -> Result<Self> {
        let listed = repository.ask(&["ls-files", "-s", "-z", "--full-name", "--", ":/"])?;
        // `mode id stage\tpath`
        let mut tree = Self::of(repository, &listed, |head| {
            let mut words = head.split(' ');
            let (mode, id, stage) = (words.next()?, words.next()?, words.next()?);
            Some(if stage == "0" {
                file(mode, id)?
            } else {
                File::Conflict
            })
        })?;
        tree.drop_intended(repository)?;
        Ok(tree)
    }

    /// What a commit has.
    ///
    /// # Errors
    /// When git fails.
    pub fn commit(repository: &Repository, id: &str) -> Result<Self> {
        let listed = repository.ask(&["ls-tree", "-r", "-z", "--full-tree", id])?;
        // `mode type id\tpath`
        Self::of(repository, &listed, |head| {
            let mut words = head.split(' ');
            let (mode, _, id) = (words.next()?, words.next()?, words.next()?);
            file(mode, id)
        })
    }

    /// Whether there is anything to lint in the folder: a manifest or Rust.
    #[must_use]
    pub fn has_sources(&self) -> bool {
        let below = self.below("");
        let is_source = |path: &str| path == "Cargo.toml" || path.ends_with(".rs");
        let mut inside = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&below));
        inside.any(is_source)
    }

    fn of(
        repository: &Repository,
        listed: &[u8],
        file: impl Fn(&str) -> Option<File>,
    ) -> Result<Self> {
        // A path that is no text can be named neither by a module nor by a target.
        let files = pieces(listed).filter_map(|line| {
            let (head, path) = text(line)?.split_once('\t')?;
            Some((path.to_owned(), file(head)?))
        });
        Ok(Self {
            prefix: repository.prefix().to_owned(),
            files: files.collect(),
            blobs: Blobs::of(&mut repository.git())?,
        })
    }

    /// `git add --intent-to-add` lists an empty file that a commit would not have.
    fn drop_intended(&mut self, repository: &Repository) -> Result<()> {
        let is_empty = |file: &File| matches!(file, File::Regular(id) if EMPTY.contains(&&**id));
        if !self.files.values().any(is_empty) {
            return Ok(());
        }
        let added = [
            "diff",
            "--name-only",
            "-z",
            "--no-relative",
            "--diff-filter=A",
        ];
        let added = repository.ask(&added)?;
        let added: HashSet<&str> = pieces(&added).filter_map(text).collect();
        self.files
            .retain(|path, file| !(is_empty(file) && added.contains(path.as_str())));
        Ok(())
    }

    /// The path of `dir` from the top, as what paths below it begin with.
    fn below(&self, dir: &str) -> String {
        match resolve(&self.prefix, dir) {
            Some(dir) if dir.is_empty() => dir,
            Some(dir) => dir + "/",
            None => "\0".to_owned(),
        }
    }

    /// The id of the contents at a path, behind links too.
    fn find(&self, path: &str) -> Option<Found<'_>> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let id = match self.files.get(&path)? {
                File::Regular(id) => return Some(Found::Contents(id)),
                File::Conflict => return Some(Found::Conflict),
                File::Link(id) => id,
            };
            let goal = String::from_utf8(self.blobs.read(id).ok()?).ok()?;
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            path = resolve(folder, &goal).filter(|_| !goal.starts_with('/'))?;
        }
        None
    }
}

enum Found<'t> {
    Contents(&'t str),
    Conflict,
}

fn file(mode: &str, id: &str) -> Option<File> {
    match mode {
        "100644" | "100755" | "100664" => Some(File::Regular(id.to_owned())),
        "120000" => Some(File::Link(id.to_owned())),
        _ => None,
    }
}

impl SourceTree for Tree {
    fn read(&self, path: &str) -> Option<Content> {
        let path = resolve(&self.prefix, path)?;
        Some(match self.find(&path)? {
            Found::Conflict => {
                Content::Unreadable("it is in conflict: resolve it, then `git add`".into())
            }
            Found::Contents(id) => match self.blobs.read(id) {
                Ok(bytes) => Content::of(bytes),
                Err(error) => Content::Unreadable(error.to_string()),
            },
        })
    }

    fn entries(&self, dir: &str) -> Vec<Entry> {
        let below = self.below(dir);
        let mut entries = Vec::new();
        let mut from = Bound::Included(below.clone());
        while let Some((path, file)) = self.files.range((from, Bound::Unbounded)).next() {
            let Some(name) = path.strip_prefix(&below) else {
                break;
            };
            let (name, is_dir) = match name.split_once('/') {
                Some((dir, _)) => (dir, true),
                None => (name, false),
            };
            if is_dir || !matches!(file, File::Link(_)) || self.find(path).is_some() {
                let name = name.to_owned();
                entries.push(Entry { name, is_dir });
            }
            // Behind everything in a folder is what sorts after its slash.
            from = if is_dir {
                Bound::Included(format!("{below}{name}0"))
            } else {
                Bound::Excluded(path.clone())
            };
        }
        entries
    }

    fn above(&self) -> Vec<String> {
        let names = self.prefix.split('/').filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    }
}
