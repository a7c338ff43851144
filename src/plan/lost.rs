//! What can be made again from `orch.lock`.

use super::base;
use super::change::Step;
use crate::disk::Tree;
use crate::error::{Code, Error, Result};
use crate::lock::{self, Lock};
use crate::spec;

/// The step that writes a lost `orch.toml`.
///
/// # Errors
/// When it is not lost, or nothing remembers it.
pub fn spec(tree: Tree<'_>) -> Result<Vec<Step>> {
    if tree.is_there(&tree.path(spec::FILE))? {
        return Err(Error::new(Code::Occupied, "orch.toml is there")
            .at(tree.path(spec::FILE).display().to_string())
            .help("move it away first, if it is to be as it was applied last"));
    }
    let lock = tree.read_text(lock::FILE)?.unwrap_or_default();
    let hash = Lock::parse(&lock)?.spec;
    let text = hash.map(|hash| base::text(tree, &hash)).transpose()?;
    let text = text.flatten().ok_or_else(|| {
        Error::new(
            Code::NoPackage,
            "the text that orch.lock remembers is not there",
        )
        .at(tree.path(lock::BASE).display().to_string())
        .help("take orch.toml or .orch/base from version control")
    })?;
    Ok(vec![Step::create(spec::FILE.to_owned(), text)])
}
