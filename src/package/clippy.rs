//! Which configuration of clippy is in force in a package.
//!
//! Clippy reads the first one on the way up from the package's folder, to the top of the disk, and
//! nothing else: <https://doc.rust-lang.org/clippy/configuration.html>. So a file in the package takes
//! all others out of force.

use crate::disk::{Read, Tree};
use std::path::Path;

/// The file's name, as it is written here.
pub const CLIPPY: &str = "clippy.toml";

/// Its names, in the order in which clippy looks for them.
const NAMES: [&str; 2] = [".clippy.toml", CLIPPY];

/// The configuration in force, as the package sees it: `../clippy.toml`.
pub(super) fn in_force(disk: &dyn Read, tree: Tree<'_>) -> Option<String> {
    let folders = tree.root().ancestors().enumerate();
    let mut found = folders.filter_map(|(up, folder)| Some((up, name_in(disk, folder)?)));
    found
        .next()
        .map(|(up, name)| format!("{}{name}", "../".repeat(up)))
}

/// What cannot be looked at is not there for clippy either.
fn name_in(disk: &dyn Read, folder: &Path) -> Option<&'static str> {
    let is_there = |name: &&str| matches!(disk.entry(&folder.join(name)), Ok(Some(_)));
    NAMES.into_iter().find(is_there)
}
