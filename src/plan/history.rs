//! The migrations that were written before, as they were written.

use super::{base, line_ends};
use crate::disk::Tree;
use crate::error::Result;
use crate::lock::Lock;
use crate::schema::History;
use crate::spec::StoreKind;

/// Reads them: what was written is kept as a merge base, and counts more than what the file holds
/// now. Where the lock is lost, every migration that is there counts as written.
pub(super) fn read(tree: Tree<'_>, lock: &Lock, adopt: bool, store: StoreKind) -> Result<History> {
    let mut files = Vec::new();
    for (path, known) in lock.files.iter().filter(|(path, _)| History::holds(path)) {
        let text = match base::text(tree, &known.hash)? {
            Some(text) => Some(text),
            None => on_disk(tree, path)?,
        };
        files.push((path.clone(), text.unwrap_or_default()));
    }
    if adopt {
        let folder = format!("migrations/{}", store.keyword());
        for name in tree.list(&folder)? {
            let path = format!("{folder}/{name}");
            if History::holds(&path)
                && let Some(text) = on_disk(tree, &path)?
            {
                files.push((path, text));
            }
        }
    }
    Ok(History::new(files, store))
}

fn on_disk(tree: Tree<'_>, path: &str) -> Result<Option<String>> {
    let bytes = tree.read(path)?;
    let text = bytes.map(|bytes| line_ends::unified(&bytes).into_owned());
    Ok(text.and_then(|text| String::from_utf8(text).ok()))
}
