//! Settings: the section `[lint]` of `orch.toml`.
//!
//! ```text
//!   reader    text ─▶ section, strictly
//!   section   what one section says
//!   glob      which files a pattern is for
//!   levels    which rule runs where, together with what the caller chose
//!   verify    also what changes nothing
//! ```
//!
//! **Invariant:** a section that is not entirely right ends the run. A setting that is passed over
//! would be a rule that its author believes to be on.
//!
//! **Deliberately absent:** files above the root that is linted, and what sections would inherit from each
//! other.

pub(crate) mod glob;
mod levels;
mod reader;
mod section;
mod verify;

use std::fmt;

pub(crate) use levels::Levels;
pub use verify::{Verified, verify};

use crate::manifest::Package;
use crate::options::LintError;
use crate::sources::{Content, SourceTree, join};
use section::Section;

/// The file, at the root that is linted and in members of a workspace.
pub const FILE: &str = "orch.toml";

/// Something that is wrong with a section.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The file, relative to the root.
    pub path: String,
    /// One-based line.
    pub line: u32,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Problem {
    fn new(
        path: impl Into<String>,
        line: u32,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Problem {
            path: path.into(),
            line,
            message: message.into(),
            help: help.into(),
        }
    }

    /// `orch.toml:12`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.path, self.line)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place(), self.message, self.help)
    }
}

/// What is wrong with the section of one text, by line; nothing when there is none. What only files
/// could tell, such as a pattern that is for none of them, is left to [`verify`].
#[must_use]
pub fn check(text: &str) -> Vec<Problem> {
    reader::read(FILE, text).err().unwrap_or_default()
}

/// The sections of a tree.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The deepest folders first; the last one is the root's, which is there in any case.
    sections: Vec<Governed>,
}

/// A section, and the folder whose files it is for.
#[derive(Debug)]
struct Governed {
    dir: String,
    /// The text of its file, empty when there is none.
    text: String,
    /// Whether the file has a section.
    is_there: bool,
    section: Section,
}

impl Governed {
    fn file(&self) -> String {
        join(&self.dir, FILE)
    }
}

impl Settings {
    /// Reads the sections of the root and of the packages.
    pub(crate) fn read(tree: &dyn SourceTree, packages: &[Package]) -> Result<Self, LintError> {
        let (settings, problems) = Self::look(tree, packages);
        match problems.is_empty() {
            true => Ok(settings),
            false => Err(LintError::settings(problems)),
        }
    }

    /// The sections, and what is wrong with them: such a one says nothing.
    fn look(tree: &dyn SourceTree, packages: &[Package]) -> (Self, Vec<Problem>) {
        let mut dirs: Vec<&str> = packages.iter().map(|of| of.dir.as_str()).collect();
        dirs.push("");
        dirs.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        dirs.dedup();
        let (mut sections, mut problems) = (Vec::new(), Vec::new());
        for dir in dirs {
            let (text, section) = match one(tree, dir) {
                Ok((text, section)) => (text, section),
                Err(found) => {
                    problems.extend(found);
                    (String::new(), Some(Section::default()))
                }
            };
            if section.is_some() || dir.is_empty() {
                sections.push(Governed {
                    dir: dir.to_owned(),
                    text,
                    is_there: section.is_some(),
                    section: section.unwrap_or_default(),
                });
            }
        }
        problems.sort_by(|a, b| a.path.cmp(&b.path));
        (Settings { sections }, problems)
    }

    /// The number of the section that a file belongs to, and the file's path from there.
    fn governing<'p>(&self, path: &'p str) -> (usize, &'p str) {
        let inside = |of: &Governed| match of.dir.as_str() {
            "" => Some(path),
            dir => path.strip_prefix(dir)?.strip_prefix('/'),
        };
        let mut sections = self.sections.iter().enumerate();
        let found = sections.find_map(|(at, of)| Some((at, inside(of)?)));
        found.unwrap_or((self.sections.len() - 1, path))
    }

    /// The texts that findings may point into, by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (String, &str)> {
        self.sections.iter().map(|of| (of.file(), of.text.as_str()))
    }
}

fn one(tree: &dyn SourceTree, dir: &str) -> Result<(String, Option<Section>), Vec<Problem>> {
    let path = join(dir, FILE);
    match tree.read(&path) {
        None => Ok((String::new(), None)),
        Some(Content::Text(text)) => {
            let section = reader::read(&path, &text)?;
            Ok((text, section))
        }
        Some(Content::Unreadable(why)) => Err(vec![reader::unreadable(&path, &why)]),
    }
}
