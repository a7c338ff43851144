//! Reads and parses what the targets of a project reach.
//!
//! Files below `src` are parsed at once, on several threads when they are many; then those that `mod`
//! items of these name, and so on.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use crate::lock::Locks;
use crate::manifest::Package;
use crate::sources::{Content, SourceTree, join, parent, walk};
use crate::syntax::{self, Facts, FileFacts, Item, ItemKind, Name, ParseFailure, Span};
use crate::threads;

/// Index into [`Loaded::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FileId(pub(crate) usize);

/// One file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Relative to the root.
    pub(crate) path: String,
    /// Its text; empty when it cannot be read.
    pub(crate) text: String,
    /// The SHA-256 of its text, where that is known.
    pub(crate) hash: Option<[u8; 32]>,
    /// What it declares.
    pub(crate) facts: Facts,
    /// Whether a target reaches it.
    pub(crate) reached: bool,
}

impl SourceFile {
    /// What is known of its declarations.
    pub(crate) fn known(&self) -> Option<&FileFacts> {
        self.facts.as_deref().ok()
    }
}

/// All files of a project.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The files.
    pub(crate) files: Vec<SourceFile>,
    by_path: HashMap<String, FileId>,
    /// `mod x;` and `include!` without a file.
    pub(crate) missing: Vec<Missing>,
    /// What was generated, and edited since.
    locks: OnceLock<Locks>,
}

/// A file that is named and not there.
#[derive(Debug)]
pub(crate) struct Missing {
    /// Where it is named.
    pub(crate) file: FileId,
    /// The name in there.
    pub(crate) span: Span,
    /// The module, or the path.
    pub(crate) name: String,
}

/// A file as the place of a module: where its child modules are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Site {
    /// The file.
    pub(crate) file: FileId,
    /// The directory of `mod x;` declarations in it.
    pub(crate) children: String,
    /// The directory that `#[path]` in it is relative to.
    pub(crate) base: String,
}

/// With this many files, several threads parse.
const PARALLEL_FROM: usize = 12;

/// Finds what a text declares, whose SHA-256 may be known.
pub(crate) type Parse<'p> = dyn Fn(&str, Option<[u8; 32]>) -> Facts + Sync + 'p;

/// Loads everything that the targets of `packages` reach, and what lies unreached below `src`.
pub(crate) fn load(tree: &dyn SourceTree, parse: &Parse<'_>, packages: &[Package]) -> Loaded {
    let source = Source { tree, parse };
    let mut loaded = Loaded::default();
    let sources = packages
        .iter()
        .flat_map(|of| walk(tree, &join(&of.dir, "src"), "rs"));
    let mut sources: Vec<String> = sources.collect();
    sources.sort();
    loaded.add_all(source, &sources);
    let roots = packages.iter().flat_map(|of| &of.targets);
    let roots: Vec<String> = roots.map(|target| target.root.clone()).collect();
    loaded.add_all(source, &roots);
    let sites = roots.iter().filter_map(|root| loaded.site_of_root(root));
    let mut level: Vec<Site> = sites.collect();
    let mut seen = HashSet::new();
    while !level.is_empty() {
        level.retain(|site| seen.insert(site.clone()));
        level = loaded.follow_all(source, &level);
    }
    loaded
}

impl Loaded {
    /// The file at a path, if it was loaded.
    pub(crate) fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// What was generated, and edited since; nothing before locks were compared.
    pub(crate) fn locks(&self) -> &Locks {
        self.locks.get_or_init(Locks::default)
    }

    /// Says what was generated and edited since, once.
    pub(crate) fn set_locks(&self, locks: Locks) {
        self.locks.get_or_init(|| locks);
    }

    /// The site of a target's first file, if it was loaded.
    pub(crate) fn site_of_root(&self, root: &str) -> Option<Site> {
        Some(mod_rs_site(self.find(root)?, root))
    }

    /// The site that `mod name;` declares from `from`, if its file was loaded.
    pub(crate) fn child_site(&self, from: &Site, item: &Item) -> Option<Site> {
        let found = candidates(from, item).into_iter();
        found
            .into_iter()
            .find_map(|(path, is_mod_rs)| Some(site(self.find(&path)?, &path, is_mod_rs)))
    }

    /// The site of a file that `include!` puts in place.
    pub(crate) fn included_site(&self, from: &Site, path: &str) -> Option<Site> {
        let path = join(&from.base, path);
        Some(mod_rs_site(self.find(&path)?, &path))
    }

    fn push(&mut self, file: SourceFile) -> FileId {
        let id = FileId(self.files.len());
        self.by_path.insert(file.path.clone(), id);
        self.files.push(file);
        id
    }

    /// Loads those that are there and not loaded yet.
    fn add_all(&mut self, source: Source<'_>, paths: &[String]) {
        let mut asked: HashSet<&String> = HashSet::new();
        let new = paths.iter().filter(|path| self.find(path).is_none());
        let new: Vec<&String> = new.filter(|path| asked.insert(*path)).collect();
        for file in parse_many(source, &new) {
            self.push(file);
        }
    }

    /// Loads the modules that some files declare, all at once; gives their sites.
    fn follow_all(&mut self, source: Source<'_>, level: &[Site]) -> Vec<Site> {
        let mut declared: Vec<(FileId, Name, Candidates)> = Vec::new();
        for from in level {
            self.files[from.file.0].reached = true;
            if let Ok(facts) = &self.files[from.file.0].facts {
                let mut of_file = Vec::new();
                collect(&facts.items, from, &mut of_file);
                let of_file = of_file.into_iter();
                declared.extend(of_file.map(|(name, candidates)| (from.file, name, candidates)));
            }
        }
        let paths = declared.iter().flat_map(|(_, _, candidates)| candidates);
        let paths: Vec<String> = paths.map(|(path, _)| path.clone()).collect();
        self.add_all(source, &paths);
        let mut found = Vec::new();
        for (file, name, candidates) in declared {
            let before = found.len();
            for (path, is_mod_rs) in candidates {
                let loaded = self.find(&path);
                found.extend(loaded.map(|file| site(file, &path, is_mod_rs)));
            }
            if found.len() == before {
                let (name, span) = (name.text.into(), name.span);
                self.missing.push(Missing { file, span, name });
            }
        }
        found
    }
}

/// Paths a module's file may have, and whether its own children lie beside it.
type Candidates = Vec<(String, bool)>;

fn collect(items: &[Item], from: &Site, declared: &mut Vec<(Name, Candidates)>) {
    for item in items {
        match &item.kind {
            ItemKind::Mod(def) => match &def.inline {
                Some(items) => collect(items, &inline_site(from, item), declared),
                None => declared.push((item.name.clone(), candidates(from, item))),
            },
            ItemKind::Fn(def) => collect(&def.items, from, declared),
            ItemKind::Include(path) => {
                let (text, span) = (path.into(), item.name.span);
                declared.push((Name { text, span }, vec![(join(&from.base, path), true)]));
            }
            _ => {}
        }
    }
}

/// The site of `mod name { .. }`.
pub(crate) fn inline_site(from: &Site, item: &Item) -> Site {
    let dir = match item.attrs.paths.first() {
        Some(path) => join(&from.base, path),
        None => join(&from.children, &item.name.text),
    };
    Site {
        file: from.file,
        children: dir.clone(),
        base: dir,
    }
}

fn candidates(from: &Site, item: &Item) -> Candidates {
    let named = item.attrs.paths.iter();
    let mut found: Candidates = named.map(|path| (join(&from.base, path), true)).collect();
    if found.is_empty() {
        let name = &item.name.text;
        found.push((join(&from.children, &format!("{name}.rs")), false));
        found.push((join(&from.children, &format!("{name}/mod.rs")), true));
    }
    found
}

fn site(file: FileId, path: &str, is_mod_rs: bool) -> Site {
    if is_mod_rs {
        return mod_rs_site(file, path);
    }
    Site {
        file,
        children: path.trim_end_matches(".rs").into(),
        base: parent(path).into(),
    }
}

fn mod_rs_site(file: FileId, path: &str) -> Site {
    Site {
        file,
        children: parent(path).into(),
        base: parent(path).into(),
    }
}

/// Where texts come from, and how it is found what they declare.
#[derive(Clone, Copy)]
struct Source<'s> {
    tree: &'s dyn SourceTree,
    parse: &'s Parse<'s>,
}

impl Source<'_> {
    fn file(self, path: &str) -> Option<SourceFile> {
        let (content, hash) = self.tree.read_hashed(path)?;
        let (text, facts) = match content {
            Content::Text(text) => {
                let facts = (self.parse)(&text, hash);
                (text, facts)
            }
            Content::Unreadable(message) => {
                let span = syntax::Span::file_start();
                let failure = Err(ParseFailure { message, span });
                (String::new(), failure)
            }
        };
        Some(SourceFile {
            path: path.into(),
            text,
            hash,
            facts,
            reached: false,
        })
    }
}

/// Reads and parses files, in the order given.
fn parse_many(source: Source<'_>, paths: &[&String]) -> Vec<SourceFile> {
    let files = threads::map(paths, PARALLEL_FROM, |path| source.file(path));
    files.into_iter().flatten().collect()
}
