//! Sources in a directory.

use std::path::{Component, PathBuf};

use super::{Content, Entry, MAX_FILE_BYTES, SourceTree, content, too_large};

/// A directory on disk.
///
/// Directories behind symbolic links are not walked, so a loop of links ends at once. Files behind
/// links are read.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// Reads below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Disk { root: root.into() }
    }
}

impl SourceTree for Disk {
    fn read(&self, path: &str) -> Option<Content> {
        let path = self.root.join(path);
        let meta = match std::fs::metadata(&path) {
            Ok(meta) => meta,
            Err(error) if is_absence(&error) => return None,
            Err(error) => return Some(Content::Unreadable(error.to_string())),
        };
        if !meta.is_file() {
            return None;
        }
        if meta.len() > MAX_FILE_BYTES {
            return Some(Content::Unreadable(too_large(meta.len())));
        }
        Some(match std::fs::read(&path) {
            Ok(bytes) => content(bytes),
            Err(error) => Content::Unreadable(error.to_string()),
        })
    }

    fn entries(&self, dir: &str) -> Vec<Entry> {
        let Ok(entries) = std::fs::read_dir(self.root.join(dir)) else {
            return Vec::new();
        };
        let entries = entries.filter_map(Result::ok).filter_map(|entry| {
            let kind = entry.file_type().ok()?;
            let name = entry.file_name().into_string().ok()?;
            let is_link_to_dir = kind.is_symlink() && entry.path().is_dir();
            let is_dir = kind.is_dir();
            (!is_link_to_dir).then_some(Entry { name, is_dir })
        });
        entries.collect()
    }

    fn above(&self) -> Vec<String> {
        let Ok(path) = self.root.canonicalize() else {
            return Vec::new();
        };
        let names = path.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        });
        names.collect()
    }
}

fn is_absence(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}
