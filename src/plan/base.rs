//! What the program wrote last to a file that must not be lost, read back from `.orch/base`.

use super::line_ends;
use crate::disk::Tree;
use crate::error::Result;
use crate::lock::{BASE, Hash};

/// The text behind a hash of the lock; nothing when it is not kept, or is not that text.
pub(super) fn text(tree: Tree<'_>, hash: &Hash) -> Result<Option<String>> {
    let bytes = tree.read(&format!("{BASE}/{hash}"))?;
    let text = bytes.map(|bytes| line_ends::unified(&bytes).into_owned());
    let text = text.filter(|text| Hash::of(text) == *hash);
    Ok(text.and_then(|text| String::from_utf8(text).ok()))
}
