//! Names for what is kept beside a file.

use crate::disk::Tree;
use crate::error::Result;

/// The first free name beside a file: `FILE.orig`, then `FILE.orig.1`.
pub(super) fn free_beside(tree: Tree<'_>, path: &str, end: &str) -> Result<String> {
    let first = format!("{path}.{end}");
    let mut name = first.clone();
    let mut number = 0;
    while tree.is_there(&tree.path(&name))? {
        number += 1;
        name = format!("{first}.{number}");
    }
    Ok(name)
}
