//! Comparing two folders byte for byte.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What building and running leave behind.
const LEFT_BEHIND: &[&str] = &["target", "Cargo.lock"];

/// Copies one file, making the folders above it.
pub(super) fn copy_file(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    Ok(())
}

/// Copies every file below `from`.
pub(super) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for path in files(from)? {
        copy_file(&from.join(&path), &to.join(&path))?;
    }
    Ok(())
}

/// The files in which two folders differ, each with what is wrong.
pub(super) fn differences(committed: &Path, written: &Path) -> Result<Vec<String>> {
    let (left, right) = (files(committed)?, files(written)?);
    let mut found = Vec::new();
    for path in left.union(&right) {
        let wrong = match (left.contains(path), right.contains(path)) {
            (true, false) => "is committed and not written any more",
            (false, true) => "is written and not committed",
            _ if read(committed, path)? == read(written, path)? => continue,
            _ => "differs",
        };
        found.push(format!("{} {wrong}", path.display()));
    }
    Ok(found)
}

fn read(folder: &Path, path: &Path) -> Result<Vec<u8>> {
    let path = folder.join(path);
    fs::read(&path).with_context(|| path.display().to_string())
}

/// Every file below `folder`, by its path from there.
fn files(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            let inside = path.strip_prefix(folder)?.to_owned();
            if LEFT_BEHIND.iter().any(|name| inside == Path::new(name)) {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(inside);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A check that cannot fail proves nothing.
    #[test]
    fn a_missing_an_added_and_a_changed_file_are_named() {
        let folder = std::env::temp_dir().join(format!("xtask-files-{}", std::process::id()));
        let (left, right) = (folder.join("left"), folder.join("right"));
        for (path, text) in [("same", "1"), ("changed", "1"), ("gone", "1")] {
            write(&left, path, text);
        }
        for (path, text) in [("same", "1"), ("changed", "2"), ("deep/new", "1")] {
            write(&right, path, text);
        }
        let found = differences(&left, &right).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            found,
            [
                "changed differs",
                "deep/new is written and not committed",
                "gone is committed and not written any more",
            ]
        );
    }

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}
