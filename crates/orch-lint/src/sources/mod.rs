//! Where sources come from. The engine never touches a disk.
//!
//! A [`SourceTree`] answers two questions, so that a directory, an index of a version control
//! system, an editor's buffers and a test's table of strings are all the same to the engine.

mod disk;
mod memory;
mod overlay;

pub use disk::Disk;
pub use memory::Memory;
pub use overlay::Overlay;

/// Files beyond this size are not parsed.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// What reading a file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Its text.
    Text(String),
    /// It exists and cannot be linted; says why in one line.
    Unreadable(String),
}

impl Content {
    /// What the bytes of a file are: text, unless they are too many or no text.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Self {
        content(bytes)
    }
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the directory.
    pub name: String,
    /// Whether it is a directory to look into.
    pub is_dir: bool,
}

/// A tree of files with `/` between names, relative to the root that is linted.
pub trait SourceTree: Sync {
    /// Reads a file; `None` when there is none.
    fn read(&self, path: &str) -> Option<Content>;

    /// Reads a file, with the SHA-256 of its text where that is known already; `None` when there is none.
    fn read_hashed(&self, path: &str) -> Option<(Content, Option<[u8; 32]>)> {
        Some((self.read(path)?, None))
    }

    /// The entries of a directory in any order; empty when there is none.
    fn entries(&self, dir: &str) -> Vec<Entry>;

    /// The names of the folders that lead to the root, the nearest last, as far as what is in them can be
    /// read with `..`; empty when nothing above the root is known.
    fn above(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Turns bytes into something the engine can use.
pub(crate) fn content(bytes: Vec<u8>) -> Content {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Content::Unreadable(too_large(bytes.len() as u64));
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Content::Unreadable("it is a binary file".into()),
        Ok(text) => Content::Text(text),
        Err(_) => Content::Unreadable("it is not UTF-8".into()),
    }
}

pub(crate) fn too_large(bytes: u64) -> String {
    format!("it has {bytes} bytes, more than {MAX_FILE_BYTES}")
}

/// All files below a directory, sorted. Hidden, `target` and `vendor` directories are left out.
pub(crate) fn walk(tree: &dyn SourceTree, dir: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk_into(tree, dir, extension, 0, &mut found);
    found.sort();
    found
}

/// Deeper directories than this are not entered.
pub(crate) const MAX_DEPTH: usize = 64;

fn walk_into(
    tree: &dyn SourceTree,
    dir: &str,
    extension: &str,
    depth: usize,
    found: &mut Vec<String>,
) {
    for entry in tree.entries(dir) {
        let path = join(dir, &entry.name);
        if entry.is_dir && depth < MAX_DEPTH && !is_skipped(&entry.name) {
            walk_into(tree, &path, extension, depth + 1, found);
        } else if !entry.is_dir && has_extension(&entry.name, extension) {
            found.push(path);
        }
    }
}

/// Whether a directory of this name is never linted: it is hidden, or what a build or others made.
#[must_use]
pub fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "target" | "vendor")
}

/// Whether a file name ends in `.extension`.
pub(crate) fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(stem, found)| found == extension && !stem.is_empty())
}

/// `dir/name` with `.` and `..` resolved.
pub(crate) fn join(dir: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in dir.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The directory of a path; empty for the root.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_resolves_dots() {
        assert_eq!(join("src/a", "../b.rs"), "src/b.rs");
        assert_eq!(join("", "./src/lib.rs"), "src/lib.rs");
        assert_eq!(join("a", "../../b"), "../b");
    }

    #[test]
    fn a_walk_leaves_out_what_is_not_ours() {
        let tree = Memory::from([
            ("src/a.rs", ""),
            ("src/.hidden/b.rs", ""),
            ("src/vendor/c.rs", ""),
            ("src/x/d.rs", ""),
            ("src/e.txt", ""),
        ]);
        assert_eq!(walk(&tree, "src", "rs"), ["src/a.rs", "src/x/d.rs"]);
    }

    #[test]
    fn what_is_not_text_is_unreadable() {
        assert!(matches!(content(vec![0xff, 0xfe]), Content::Unreadable(_)));
        assert!(matches!(content(b"a\0b".to_vec()), Content::Unreadable(_)));
    }
}
